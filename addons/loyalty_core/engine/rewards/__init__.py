"""Rewards: one kind, one file, one vector file."""

from . import amount, gift, issue_code, message, multiply, nth, percent, points, price, redeem, round_total, spend

__all__ = [
    "amount",
    "gift",
    "issue_code",
    "message",
    "multiply",
    "nth",
    "percent",
    "points",
    "price",
    "redeem",
    "round_total",
    "spend",
]
