"""Conditions: one kind, one file, one vector file."""

from . import (
    basket_amount,
    basket_distinct,
    basket_quantity,
    basket_share,
    card_type,
    identified,
    payment_method,
    place,
    time,
)
from .tree import ALWAYS

__all__ = [
    "ALWAYS",
    "basket_amount",
    "basket_distinct",
    "basket_quantity",
    "basket_share",
    "card_type",
    "identified",
    "payment_method",
    "place",
    "time",
]
