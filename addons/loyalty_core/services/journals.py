"""The journal effects of points: what is owed to members grows and shrinks, and something else with it."""

import logging
from collections import defaultdict
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from odoo import fields, models
from odoo.tools import SQL
from psycopg2.errors import LockNotAvailable

from ..sql import journals as sql
from ..sql import ledger_days
from . import clock
from .errors import LoyaltyError
from .transaction import run_with_retry

_logger = logging.getLogger(__name__)

#: Role of the other side → the account that changes with what is owed. What only passes between lots comes to nothing.
COUNTERS = {
    "issued": "expense_code",
    "adjusted": "expense_code",
    "forgiven": "expense_code",
    "converted": "expense_code",
    "redeemed": "revenue_code",
    "expired": "breakage_code",
    "settlement": "settlement_code",
    "paid_in": "cash_code",
}
PASSING = ("clearing", "transit")


class LoyJournals(models.AbstractModel):
    """Law: each entry of the ledger is in exactly one journal entry of each company that it concerns, debit equals
    credit, and what the liability account shows is what the company owes, at its worth, to the last cent.
    """

    _name = "loy.journals"
    _description = "Journal of points"

    def _run(self) -> None:
        """Of all units and companies; stopped anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        try:
            self.env["loy.ledger.days"]._seal()
        except LockNotAvailable:
            self.env.cr.rollback()
            _logger.info("Somebody books for long: the journal of points is written next time")
            return
        cron._commit_progress()
        for known in self.env["loy.journal.account"].search([("active", "=", True)]):
            try:
                run_with_retry(self.env, partial(self._make_whole, known))
            except LoyaltyError as error:  # of this unit; the others have their entries
                _logger.warning("No journal entry of %s: %s", known.display_name, error)
            cron._commit_progress(1)

    def _make_whole(self, known, at: datetime | None = None):
        with self.env.cr.savepoint():
            return self._make(known, at)

    def _make_all(self, at: datetime) -> int:
        """The same in the caller's transaction, as if it were that moment; how many entries."""
        self.env["loy.ledger.days"]._seal()
        made = 0
        for known in self.env["loy.journal.account"].search([("active", "=", True)]):
            try:
                made += len(self._make_whole(known, at))
            except LoyaltyError as error:  # as above
                _logger.warning("No journal entry of %s: %s", known.display_name, error)
        return made

    def _make_now(self) -> None:
        """Somebody wants it at once."""
        self.env["loy.rights"]._check("books.journal")
        # The right to write the journal is checked; journals are nobody's to write by hand.
        service, accounts = self.sudo(), self.env["loy.journal.account"].search([("active", "=", True)])

        def work():
            service.env["loy.ledger.days"]._seal()
            for known in accounts.sudo():  # as above
                service._make(known)

        run_with_retry(self.env, work)

    def _make(self, known, at: datetime | None = None):
        """The journal entries of what has been booked since the last one, of each day of booking one, so that a month
        ends with its own; the very first has all that was before, and the day of ``at`` (now where absent).
        """
        self.env.flush_all()
        self.env.cr.execute(SQL("SELECT FROM loy_journal_account WHERE id = %s FOR NO KEY UPDATE", known.id))
        known.invalidate_recordset()
        entries = self.env["loy.journal.entry"]
        ((sealed,),) = self.env.execute_query(ledger_days.sealed())
        if sealed <= known.until_id:
            return entries
        company, unit_id, today = known.company_id, known.unit_id.id, self._today(known.company_id, at)
        days: dict[date, list] = defaultdict(list)
        query = sql.changes(company.id, unit_id, known.until_id, sealed, self._timezone(company))
        for day, *change in self.env.execute_query(query):
            days[day if known.until_id else today].append(change)
        worth, rows = self._worth(known), []
        for day in sorted(days):
            rows += days[day]
            if entry := self._entry(known, rows, worth, day, sealed):
                entries, rows = entries | entry, []
        if rows and not entries:
            return entries  # less than a cent: it waits for more
        known.write({"until_id": sealed, "owed_minor": known.owed_minor + self._given(known, rows)})
        return entries

    def _entry(self, known, rows, worth: Decimal, day: date, until: int):
        """What the rows come to; nothing where that is less than a cent."""
        owed = known.owed_minor + self._given(known, rows)
        booked = self._value(known, owed, worth)
        lines = self._lines(known, rows, worth, booked - known.booked_minor)
        entry = self.env["loy.journal.entry"]
        if not lines:
            return entry
        entry = entry.create(
            {
                "journal_account_id": known.id,
                "company_id": known.company_id.id,
                "date": day,
                "after_id": known.until_id,
                "until_id": until,
                "worth": float(worth),
                "amount": (booked - known.booked_minor) / 10**known.currency_id.decimal_places,
                "line_ids": [fields.Command.create(line) for line in lines],
            }
        )
        known.write({"owed_minor": owed, "booked_minor": booked})
        return entry

    def _given(self, known, rows) -> int:
        """By how much the rows change what the company owes, in minor units."""
        return sum(change for _role, _paid, issuer, _booker, change in rows if issuer == known.company_id.id)

    def _worth(self, known) -> Decimal:
        worth = Decimal(self.env.execute_query(sql.worth(known.company_id.id, known.unit_id.id))[0][0])
        if not worth:
            raise LoyaltyError(
                "unit_without_worth",
                self.env._(
                    "%(unit)s has no worth in %(currency)s: name it in the unit, or archive its accounts in"
                    " %(company)s.",
                    unit=known.unit_id.name,
                    currency=known.currency_id.name,
                    company=known.company_id.name,
                ),
            )
        return worth

    def _lines(self, known, rows, worth: Decimal, liability: int) -> list[dict]:
        """The lines, in minor units of the currency, debit above zero: the liability as it must be, the others rounded.
        What a change of worth makes of the balance is an expense; what rounding leaves goes to the largest counter, and
        never between companies: there both sides have the same amount.
        """
        own = known.company_id.id
        changes: dict[tuple[str, str, int | None], int] = defaultdict(int)
        for role, is_paid_in, issuer, booker, change in rows:
            kind = "paid_in" if role == "issued" and is_paid_in else role
            if booker == own and role not in PASSING:
                changes[COUNTERS[kind], kind, None] += change
            if issuer != booker:
                other = booker if issuer == own else issuer
                changes["settlement_code", "settlement", other] += change if issuer == own else -change
        debits = {key: self._value(known, change, worth) for key, change in changes.items()}
        revalued = "expense_code", "worth", None
        debits[revalued] = self._value(known, known.owed_minor, worth) - known.booked_minor
        counters = [key for key in changes if key[2] is None]
        largest = max(counters, key=lambda key: abs(changes[key]), default=revalued)
        debits[largest] += liability - sum(debits.values())
        debits["liability_code", "owed", None] = -liability
        changes["liability_code", "owed", None] = self._given(known, rows)
        lines = []
        for (field, kind, other), debit in debits.items():
            if not debit:
                continue
            if not known[field]:
                raise LoyaltyError(
                    "journal_account_missing",
                    self.env._(
                        "%(unit)s has no account “%(account)s” in %(company)s: fill it in under"
                        " Configuration > Accounts of Units.",
                        unit=known.unit_id.name,
                        account=known._fields[field]._description_string(self.env),
                        company=known.company_id.name,
                    ),
                )
            lines.append(
                {
                    "code": known[field],
                    "kind": kind,
                    "other_company_id": other,
                    "units": changes.get((field, kind, other), 0) / 10**known.unit_id.decimals,
                    "debit_minor": max(debit, 0),
                    "credit_minor": max(-debit, 0),
                }
            )
        return lines

    def _value(self, known, minor: int, worth: Decimal) -> int:
        exact = Decimal(minor).scaleb(known.currency_id.decimal_places - known.unit_id.decimals) * worth
        return int(exact.to_integral_value(ROUND_HALF_UP))

    def _today(self, company, at: datetime | None) -> date:
        return clock.to_local(at or fields.Datetime.now(), self._timezone(company)).date()

    def _timezone(self, company) -> str:
        return self.env["loy.programme"]._at(company, fields.Datetime.now()).settings.timezone or "UTC"

    # ------------------------------------------------------------------ Odoo's accounting

    def _post(self, entries) -> None:
        """Each entry becomes a posted move of Odoo's accounting, once. Codes: no_accounting,
        journal_account_missing."""
        self.env["loy.rights"]._check("books.journal")
        entries.check_access("read")
        if "account.move" not in self.env:
            raise LoyaltyError(
                "no_accounting", self.env._("Odoo's accounting is not installed. Export the entries instead.")
            )
        # The right to the journal is checked; accounts are found by the codes that an administrator chose.
        for entry in entries.sudo().sorted("id"):
            entry.lock_for_update()
            entry.invalidate_recordset()
            if not entry.move_id:
                entry.move_id = self.sudo()._move(entry).id

    def _move(self, entry):
        company = entry.company_id
        codes = set(entry.line_ids.mapped("code"))
        accounts = self.env["account.account"].with_company(company)
        accounts = accounts.search([*accounts._check_company_domain(company), ("code", "in", list(codes))])
        known = {account.code: account for account in accounts.with_company(company)}
        code = entry.journal_account_id.journal_code
        journal = self.env["account.journal"].with_company(company)
        domain = [*journal._check_company_domain(company), ("code", "=", code), ("type", "=", "general")]
        journal = journal.search(domain, limit=1)
        missing = sorted(codes - known.keys()) or ([] if journal else [code or "–"])
        if missing:
            raise LoyaltyError(
                "journal_account_missing",
                self.env._(
                    "%(company)s has no account or journal %(code)s in Odoo's accounting: make it there, or"
                    " change the code under Configuration > Accounts of Units.",
                    company=company.name,
                    code=missing[0],
                ),
            )
        labels = dict(self.env["loy.journal.line"]._fields["kind"]._description_selection(self.env))
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": entry.date,
                    "ref": entry.name,
                    "line_ids": [
                        fields.Command.create(
                            {
                                "account_id": known[line.code].id,
                                "name": f"{entry.unit_id.name}: {labels[line.kind]}",
                                "debit": line.debit,
                                "credit": line.credit,
                            }
                        )
                        for line in entry.line_ids
                    ],
                }
            )
        )
        move.action_post()
        return move


__all__ = ["COUNTERS"]
