"""Rewards: one kind, one file, one vector file."""

from . import amount, gift, message, multiply, nth, percent, points, price, round_total, spend

__all__ = [
    "amount",
    "gift",
    "message",
    "multiply",
    "nth",
    "percent",
    "points",
    "price",
    "round_total",
    "spend",
]
