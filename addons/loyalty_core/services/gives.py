"""What members get for points, by conversions on a schedule and from the catalogue of rewards.

A kind of gift is known by the key that its document has and no other: ``{"unit": "STAR", "amount": 5}``. Whoever adds
one declares its document in ``GIFTS`` and extends ``loy.gives`` by a method ``_give_KEY``; by ``_give_each_KEY`` if it
is given to many by a few statements, and by ``_lacks_KEY`` if it may not be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from odoo import fields, models

from ..engine import schema
from . import clock
from .errors import LoyaltyError
from .money import from_minor, to_minor
from .posting import Accrual, Source, Taking


@dataclass(frozen=True, slots=True)
class UnitGift:
    """So much of another unit."""

    unit: str = schema.reference("units")
    amount: object = schema.decimal(above=0, max=10**9)
    expire_days: int = schema.integer(min=0, max=36_500, default=0, help="How long it lives; 0: for ever.")


@dataclass(frozen=True, slots=True)
class CodeGift:
    """A promo code that is the member's. Of a pool of codes with a value it is one, worth so much for each time."""

    pool: str = schema.reference("code_pools")
    value: object = schema.decimal(above=0, max=10**9, default=None, help="What it is worth; as the pool says.")


@dataclass(frozen=True, slots=True)
class DiscountGift:
    """A discount in a purchase, as a promotion gives it (docs/promotions.md)."""

    discount: dict = schema.json_object()


@dataclass(frozen=True, slots=True)
class ProductGift:
    """A unit of a product for nothing, in a purchase."""

    sku: str = schema.text(max_length=128)


GIFTS: dict[str, type] = {"unit": UnitGift, "pool": CodeGift}
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


@dataclass(frozen=True, slots=True)
class Handout:
    """A code that somebody is to get beside a purchase."""

    member_id: int
    value_minor: int | None
    at: datetime
    valid_until_at: datetime | None


class LoyGives(models.AbstractModel):
    """The points are taken and the gift is given in one go, or neither."""

    _name = "loy.gives"
    _description = "Gifts for points"

    def _give(self, grant: Grant, given: object, *, at: datetime, source: Source) -> dict:
        """What was given, as the API tells it, with the ``transaction`` that took the points. Codes:
        insufficient_points, unit_not_found, and those of the kind."""
        return getattr(self, f"_give_{kind_of(given)}")(grant, given, at=at, source=source)

    def _give_each(self, grants: Sequence[Grant], given: object, *, at: datetime, source: Source) -> list[dict]:
        """The same to many, each of an account of its own that is locked, in their order: as many as can be given."""
        each = getattr(self, f"_give_each_{kind_of(given)}", None)
        if each:
            return each(grants, given, at=at, source=source)
        return [self._give(one, given, at=at, source=replace(source, member_id=one.member_id)) for one in grants]

    def _lacks(self, given: object, compiled) -> LoyaltyError | None:
        """Why it cannot be given to anybody now; nothing where it can."""
        lacks = getattr(self, f"_lacks_{kind_of(given)}", None)
        return lacks(given, compiled) if lacks else None

    def _kept(self, given: dict) -> dict:
        """What is kept of what was given, for everybody who may read of it."""
        return {key: value for key, value in given.items() if value is not None}

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

    # ------------------------------------------------------------------ promo codes

    def _lacks_pool(self, given: CodeGift, compiled) -> LoyaltyError | None:
        said = _pool_of(given, compiled)[1]
        if said is None or said.state == "ended":
            return LoyaltyError("code_pool_ended", self.env._("Pool %s has ended.", given.pool))
        if said.valued and not (given.value or said.value):
            return LoyaltyError("code_value", self.env._("Say what a code of pool %s is worth.", given.pool))
        return None

    def _give_pool(self, grant: Grant, given: CodeGift, *, at: datetime, source: Source) -> dict:
        company = self.env["res.company"].browse(source.company_id)
        if lack := self._lacks(given, self.env["loy.programme"]._at(company, at)):
            raise lack
        # First the points, which tell when there are too few.
        transaction = self.env["loy.ledger"]._spend({grant.account_id: grant.points_minor}, at=at, source=source)
        [codes] = self._codes([grant], given, at=at, company=company) or [None]
        if codes is None:
            raise LoyaltyError("code_pool_empty", self.env._("Pool %s has no code left. Extend it.", given.pool))
        return {**codes, "transaction": transaction}

    def _give_each_pool(self, grants: Sequence[Grant], given: CodeGift, *, at: datetime, source: Source) -> list[dict]:
        company = self.env["res.company"].browse(source.company_id)
        # A day that is made up for gives codes that are as good as those of any other.
        codes = self._codes(grants, given, at=max(at, fields.Datetime.now()), company=company)
        takings = [
            Taking(one.account_id, one.points_minor, member_id=one.member_id)
            for one, _codes in zip(grants, codes, strict=False)
        ]
        transactions = self.env["loy.ledger"]._spend_each(takings, at=at, source=source) if takings else {}
        return [
            {**one, "transaction": transactions[taking.account_id]} for one, taking in zip(codes, takings, strict=True)
        ]

    def _codes(self, grants: Sequence[Grant], given: CodeGift, *, at: datetime, company) -> list[dict]:
        """The codes of each as the API tells them, as far as the pool has any."""
        compiled = self.env["loy.programme"]._at(company, at)
        pool_id, said = _pool_of(given, compiled)
        decimals, zone = compiled.currency_decimals, compiled.settings.timezone or "UTC"
        until = said.valid and clock.to_utc(said.valid.moment(clock.to_local(at, zone)), zone)
        worth = to_minor(Decimal(str(given.value or said.value or 0)), decimals) if said.valued else None
        values = [None if worth is None else worth * one.times for one in grants]
        counts = [1 if said.valued else one.times for one in grants]
        handouts = [
            Handout(one.member_id, value, at, until)
            for one, value, count in zip(grants, values, counts, strict=True)
            for _time in range(count)
        ]
        pool = self.env["loy.code.pool"].browse(pool_id)
        fresh = iter(self.env["loy.codes"]._take_many(pool, said, handouts, counts=counts))
        found = []
        for value, count in zip(values, counts, strict=True):
            codes = list(islice(fresh, count))
            if len(codes) < count:
                break
            found.append(
                {
                    "pool": given.pool,
                    "codes": codes,
                    "value": None if value is None else float(from_minor(value, decimals)),
                    "expires_at": until or None,
                }
            )
        return found


def _pool_of(given: CodeGift, compiled) -> tuple:
    """(record, document) of its pool; nothing where there is none."""
    return next(((pool_id, one) for pool_id, one in compiled.code_pools.items() if one.code == given.pool), (0, None))
