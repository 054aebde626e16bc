"""Triggers: what sets promotions off beside purchases; one kind, one file."""

from . import (
    birthday,
    card_activated,
    phone_confirmed,
    profile_filled,
    referral_first_purchase,
    referral_joined,
    registered,
)

__all__ = [
    "birthday",
    "card_activated",
    "phone_confirmed",
    "profile_filled",
    "referral_first_purchase",
    "referral_joined",
    "registered",
]
