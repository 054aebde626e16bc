from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from odoo import models
from odoo.addons.loyalty_core.services.posting import Accrual, Posting, Source
from odoo.addons.loyalty_core.sql.insert import insert_rows

from ..sql import certificates as certificates_sql


class LoyLedger(models.AbstractModel):
    _inherit = "loy.ledger"

    def _certificate_accounts(self, units: Iterable) -> list[int]:
        """A new account for a certificate of each unit, in the order of the units."""
        now = self.env.cr.now()
        stamp = {"create_uid": self.env.uid, "create_date": now, "write_uid": self.env.uid, "write_date": now}
        return insert_rows(
            self.env["loy.account"],
            [
                {
                    "kind": "certificate",
                    "unit_id": unit.id,
                    "company_id": unit.company_id.id or None,
                    "is_current": True,
                    "total_minor": 0,
                    "held_minor": 0,
                    "debt_minor": 0,
                    **stamp,
                }
                for unit in units
            ],
        )

    def _renew(self, account_id: int, until: datetime | None, *, at: datetime, source: Source) -> int | None:
        """All that is left of an account, and what has expired of it, can be spent from ``at`` on, until just before
        ``until`` (for ever where absent): new lots continue the old ones, for the terms of a lot never change. Returns
        the transaction, if there is something; ``account_held`` while a purchase reserves some of it.
        """
        accounts = self._lock_for_taking({account_id: 1}, at)
        self._check_not_held({account_id: account_id})
        rows = self.env.execute_query(certificates_sql.lots(account_id))
        if not rows:
            return None
        posting = Posting(self, accounts, at, source)
        headers: dict[str, int] = {}

        def header(kind: str) -> int:
            if kind not in headers:
                headers[kind] = posting.header(kind, company_id=posting.company(accounts[account_id]))
            return headers[kind]

        for lot, remaining, expired, active_from, promotion_code, company_id, terms_id in rows:
            if expired:
                posting.move(header("reverse"), account_id, lot, expired, ("expired", company_id))
            heir = Accrual(
                account_id,
                remaining + expired,
                active_from=at if expired else active_from,
                expires_at=until,
                promotion_code=promotion_code or "",
                origin_id=lot,
                company_id=company_id,
                terms_id=terms_id,
            )
            posting.pass_on(header("transfer"), account_id, lot, heir)
        return posting.write()[-1]
