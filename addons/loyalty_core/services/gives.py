"""What members get for points, by conversions on a schedule and from the catalogue of rewards.

A kind of gift is known by the key that its document has and no other: ``{"unit": "STAR", "amount": 5}``. Whoever adds
one declares its document in ``GIFTS`` and extends ``loy.gives`` by a method ``_give_KEY``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from odoo import models

from ..engine import schema
from .errors import LoyaltyError
from .money import to_minor
from .posting import Accrual, Source


@dataclass(frozen=True, slots=True)
class UnitGift:
    """So much of another unit."""

    unit: str = schema.reference("units")
    amount: object = schema.decimal(above=0, max=10**9)
    expire_days: int = schema.integer(min=0, max=36_500, default=0, help="How long it lives; 0: for ever.")


@dataclass(frozen=True, slots=True)
class DiscountGift:
    """A discount in a purchase, as a promotion gives it (docs/promotions.md)."""

    discount: dict = schema.json_object()


@dataclass(frozen=True, slots=True)
class ProductGift:
    """A unit of a product for nothing, in a purchase."""

    sku: str = schema.text(max_length=128)


GIFTS: dict[str, type] = {"unit": UnitGift}
#: What only a purchase can give.
IN_PURCHASE: dict[str, type] = {"discount": DiscountGift, "sku": ProductGift}


@dataclass(frozen=True, slots=True)
class Gift(schema.Type):
    """One of the kinds."""

    is_in_purchase: bool = False
    name = "object"

    @property
    def kinds(self) -> dict[str, type]:
        return {**GIFTS, **IN_PURCHASE} if self.is_in_purchase else GIFTS

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        if not isinstance(value, dict):
            return reading.refuse(path, "type", "must be an object")
        keys = [key for key in self.kinds if key in value]
        if len(keys) != 1:
            return reading.refuse(path, "missing", f"needs one of {', '.join(self.kinds)}")
        return schema.read_object(self.kinds[keys[0]], value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        return schema.write(value, decimals)

    def limits(self) -> str:
        return f"known by {', '.join(f'`{key}`' for key in self.kinds)}"

    def parts(self):
        return iter(self.kinds.values())


def gift(is_in_purchase=False, **about):
    """The declaration of what is given."""
    return schema.declare(Gift(is_in_purchase), **about)


def kind_of(given: object) -> str:
    return next(key for key, of in GIFTS.items() if isinstance(given, of))


@dataclass(frozen=True, slots=True)
class Grant:
    """What one member pays from an account, and how many times the gift it gets for it."""

    member_id: int
    account_id: int
    points_minor: int
    times: int = 1


class LoyGives(models.AbstractModel):
    """The points are taken and the gift is given in one go, or neither."""

    _name = "loy.gives"
    _description = "Gifts for points"

    def _give(self, grant: Grant, given: object, *, at: datetime, source: Source) -> dict:
        """What was given, as the API tells it, with the ``transaction`` that took the points. Codes:
        insufficient_points, unit_not_found, and those of the kind."""
        return getattr(self, f"_give_{kind_of(given)}")(grant, given, at=at, source=source)

    def _accounts_for(self, member_ids, given: object, company, at: datetime) -> list[int]:
        """The accounts that giving it to these members would lock beside those that pay."""
        if not isinstance(given, UnitGift):
            return []
        unit = self.env["loy.programme"]._at(company, at).units.get(given.unit)
        return list(self.env["loy.ledger"]._accounts(member_ids, [unit.id], create=True).values()) if unit else []

    def _give_unit(self, grant: Grant, given: UnitGift, *, at: datetime, source: Source) -> dict:
        company = self.env["res.company"].browse(source.company_id)
        unit = self.env["loy.programme"]._at(company, at).units.get(given.unit)
        if unit is None:
            raise LoyaltyError("unit_not_found", self.env._("There is no unit %s.", given.unit))
        amount = Decimal(str(given.amount)) * grant.times
        account_id = self.env["loy.ledger"]._accounts([grant.member_id], [unit.id], create=True)[
            grant.member_id, unit.id
        ]
        expires_at = at + timedelta(days=given.expire_days) if given.expire_days else None
        gain = Accrual(account_id, to_minor(amount, unit.decimals), expires_at=expires_at)
        transaction = self.env["loy.ledger"]._convert(
            grant.account_id, grant.points_minor, gain, at=at, source=source
        )
        return {
            "unit": given.unit,
            "amount": float(amount),
            "expires_at": expires_at,
            "transaction": transaction,
        }
