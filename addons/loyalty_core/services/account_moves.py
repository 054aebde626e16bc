"""What members and staff do with accounts by themselves: a gift to another member, one unit for another, money
paid in.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..sql import passing as passing_sql
from . import clock
from .errors import LoyaltyError
from .posting import Accrual, Source
from .transaction import run_with_retry


class LoyAccountMoves(models.AbstractModel):
    _name = "loy.account.moves"
    _description = "Transfers, conversions and top-ups"

    def _transfer(self, giver, taker, unit, amount: Decimal, at: datetime, source: Source) -> int:
        """A member gives another one of a unit, within the unit's limits. Returns the transaction.

        `transfer_not_allowed`, `transfer_too_small`, `transfer_limit`, `same_account`, `insufficient_points`.
        """
        self.env["loy.reach"]._check(giver)
        ledger = self.env["loy.ledger"]
        amount_minor = self._minor(amount, unit)
        if not unit.is_transferable:
            raise LoyaltyError(
                "transfer_not_allowed", self.env._("%s cannot be given to another member.", unit.display_name)
            )
        if amount_minor < round(unit.transfer_min * 10**unit.decimals):
            raise LoyaltyError(
                "transfer_too_small",
                self.env._(
                    "At least %(least)s %(unit)s are given at once.", least=f"{unit.transfer_min:g}", unit=unit.name
                ),
            )
        accounts = ledger._accounts([giver.id, taker.id], [unit.id], create=True)
        account_id, to_account_id = accounts[giver.id, unit.id], accounts[taker.id, unit.id]
        ledger._lock([account_id, to_account_id])
        self._check_day(account_id, unit, amount_minor, at)
        return ledger._transfer(account_id, to_account_id, amount_minor, at=at, source=source)

    def _check_day(self, account_id: int, unit, amount_minor: int, at: datetime) -> None:
        """Under the lock of the account: two transfers at once cannot both be the last."""
        most = round(unit.transfer_day_max * 10**unit.decimals)
        if not most:
            return
        period = self._day_of(at)
        given = self.env.execute_query(passing_sql.transferred(account_id, *period))[0][0]
        if given + amount_minor > most:
            raise LoyaltyError(
                "transfer_limit",
                self.env._(
                    "At most %(most)s %(unit)s are given in a day; %(left)s are left.",
                    most=f"{unit.transfer_day_max:g}",
                    unit=unit.name,
                    left=f"{max(most - given, 0) / 10**unit.decimals:g}",
                ),
            )

    def _day_of(self, at: datetime) -> tuple[datetime, datetime]:
        timezone = self.env["loy.programme"]._at(self.env.company, at).settings.timezone or "UTC"
        day = clock.to_local(at, timezone).replace(hour=0, minute=0, second=0, microsecond=0)
        return clock.to_utc(day, timezone), clock.to_utc(day + timedelta(days=1), timezone)

    def _convert(self, member, unit, to_unit, amount: Decimal, at: datetime, source: Source) -> Decimal:
        """A member turns one unit into another at the rate that the two had at that time. Returns what was got.

        `no_conversion_rate`, `conversion_step`, `conversion_too_small`, `conversion_limit`, `insufficient_points`.
        """
        self.env["loy.reach"]._check(member)
        company = self.env["res.company"].browse(source.company_id)
        rate, got_minor = self._quote(company, unit, to_unit, amount, at)
        amount_minor = self._minor(amount, unit)
        ledger = self.env["loy.ledger"]
        accounts = ledger._accounts([member.id], [unit.id, to_unit.id], create=True)
        account_id, to_account_id = accounts[member.id, unit.id], accounts[member.id, to_unit.id]
        ledger._lock([account_id, to_account_id])
        if rate.day_max:
            query = passing_sql.converted(account_id, to_unit.id, *self._day_of(at))
            if self.env.execute_query(query)[0][0] + amount_minor > round(rate.day_max * 10**unit.decimals):
                raise LoyaltyError(
                    "conversion_limit", self.env._("At most %s are converted in a day.", f"{rate.day_max:g}")
                )
        expires_at = at + timedelta(days=rate.expire_days) if rate.expire_days else None
        gain = Accrual(to_account_id, got_minor, expires_at=expires_at)
        ledger._convert(account_id, amount_minor, gain, at=at, source=source)
        return Decimal(got_minor).scaleb(-to_unit.decimals)

    def _quote(self, company, unit, to_unit, amount: Decimal, at: datetime) -> tuple:
        """The rate at that time, and how much (in minor units) comes of the amount by it."""
        rate = self.env["loy.programme"]._at(company, at).conversions.get((unit.id, to_unit.id))
        if not rate:
            raise LoyaltyError(
                "no_conversion_rate",
                self.env._("%(unit)s is not converted into %(other)s.", unit=unit.name, other=to_unit.name),
            )
        self._minor(amount, unit)
        if rate.step and amount % rate.step:
            raise LoyaltyError("conversion_step", self.env._("Only multiples of %s are converted.", f"{rate.step:g}"))
        got = amount * rate.rate
        got_minor = int(got.scaleb(to_unit.decimals))
        if amount < rate.minimum or not got_minor:
            raise LoyaltyError(
                "conversion_too_small", self.env._("At least %s are converted at once.", f"{rate.minimum:g}")
            )
        return rate, got_minor

    def _top_up(self, member, unit, amount: Decimal, at: datetime, source: Source) -> int:
        """Money that was paid in; a payment (``source.note`` its method, ``source.document`` its reference) is booked
        once. Returns the transaction. `unit_not_money`, `payment_booked`.
        """
        self.env["loy.reach"]._check(member)
        if unit.kind != "money":
            raise LoyaltyError(
                "unit_not_money", self.env._("%s are points: only money accounts are topped up.", unit.display_name)
            )
        booked = SQL(
            "SELECT occurred_at FROM loy_transaction "
            "WHERE source = 'top_up' AND company_id = %s AND note = %s AND document = %s",
            source.company_id,
            source.note,
            source.document,
        )
        if found := self.env.execute_query(booked):
            raise LoyaltyError(
                "payment_booked",
                self.env._(
                    "Payment %(reference)s was booked already, of %(at)s UTC.",
                    reference=source.document,
                    at=found[0][0].isoformat(sep=" ", timespec="minutes"),
                ),
            )
        ledger = self.env["loy.ledger"]
        account_id = ledger._accounts([member.id], [unit.id], create=True)[member.id, unit.id]
        return ledger._accrue([Accrual(account_id, self._minor(amount, unit))], at=at, source=source)[0]

    # ------------------------------------------------------------------ by staff, for a member

    def _by_hand(self, kind: str, member, unit, amount: Decimal, **terms) -> None:
        """Staff does it for the member, who asks for it in person: the right ``account.KIND``, then the same rules as
        for the API. ``terms``: ``to`` (a member or a unit), or ``method`` and ``reference`` of a payment.
        """
        self.env["loy.rights"]._check(f"account.{kind}")
        member.check_access("read")
        unit.check_access("read")
        # Nobody has rights on the books; the right to this one booking was checked.
        moves = self.sudo()
        company_id, at = self.env.company.id, fields.Datetime.now()

        def work():
            if kind == "transfer":
                terms["to"].check_access("read")
                source = Source("transfer", company_id=company_id, member_id=member.id)
                moves._transfer(member, terms["to"], unit, amount, at, source)
            elif kind == "convert":
                source = Source("conversion", company_id=company_id, member_id=member.id)
                moves._convert(member, unit, terms["to"], amount, at, source)
            else:
                source = Source(
                    "top_up",
                    document=terms["reference"],
                    note=terms["method"],
                    company_id=company_id,
                    member_id=member.id,
                )
                moves._top_up(member, unit, amount, at, source)

        run_with_retry(self.env, work)

    def _minor(self, amount: Decimal, unit) -> int:
        minor = amount.scaleb(unit.decimals)
        if minor != int(minor):
            raise LoyaltyError(
                "bad_request",
                self.env._(
                    "amount has more than the %(places)s decimals of %(unit)s", places=unit.decimals, unit=unit.code
                ),
            )
        return int(minor)
