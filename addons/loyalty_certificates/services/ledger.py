from collections.abc import Iterable

from odoo import models
from odoo.addons.loyalty_core.sql.insert import insert_rows


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
