"""Rewards: one kind, one file, one vector file."""

from . import amount, message, multiply, percent, points, price, spend

__all__ = ["amount", "message", "multiply", "percent", "points", "price", "spend"]
