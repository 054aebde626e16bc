"""Conditions: one kind, one file, one vector file."""

from . import (
    basket_amount,
    basket_distinct,
    basket_quantity,
    basket_share,
    bundle,
    card_type,
    identified,
    line_quantity,
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
    "bundle",
    "card_type",
    "identified",
    "line_quantity",
    "payment_method",
    "place",
    "time",
]
