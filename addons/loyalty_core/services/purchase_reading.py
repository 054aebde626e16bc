"""What a member has bought, as a cabinet outside Odoo shows it."""

from collections import defaultdict
from datetime import datetime

from odoo import models

from ..sql import purchases as sql
from . import clock

SUMS = ("base", "discount", "spent", "certificates", "to_pay")
LINE_SUMS = ("quantity", "price", "base", "discount", "spent", "amount")


class LoyPurchases(models.AbstractModel):
    _inherit = "loy.purchases"

    def _of_member(
        self, member, from_: datetime | None, to: datetime | None, offset: int, limit: int
    ) -> list[dict]:
        """The purchases and returns of the member in the companies and stores of the user, the newest first. Their
        number costs no query."""
        self.env["loy.purchase"].flush_model()
        query = sql.page(
            member.id,
            self.env.companies.ids,
            self.env["res.users"]._loy_bound_store_ids(),
            from_,
            to,
            offset,
            limit,
        )
        rows = self.env.execute_query_dict(query)
        purchase_ids = [row["id"] for row in rows]
        lines, earned, returns = defaultdict(list), defaultdict(list), defaultdict(list)
        for line in self.env.execute_query_dict(sql.lines(purchase_ids, self.env.lang or "en_US")):
            lines[line["purchase_id"]].append(_line(line))
        for purchase_id, unit, amount in self.env.execute_query(sql.earned(purchase_ids)):
            earned[purchase_id].append({"unit": unit, "amount": float(amount)})
        for purchase_id, number in self.env.execute_query(sql.returns(purchase_ids)):
            returns[purchase_id].append(number)
        return [
            {
                **_purchase(row),
                "earned": earned[row["id"]],
                "lines": lines[row["id"]],
                "returns": returns[row["id"]] or None,
            }
            for row in rows
        ]


def _purchase(row: dict) -> dict:
    """A receipt as the API shows it, without its lines: what is not known is absent."""
    return {
        "purchase": row["number"],
        "at": clock.with_offset(row["purchased_at"], row["timezone"] or "UTC").isoformat(timespec="seconds"),
        **{name: row[name] for name in ("kind", "state", "store", "register", "channel", "currency")},
        "of": row["origin"],
        **{name: float(row[name] or 0) for name in SUMS},
    }


def _line(row: dict) -> dict:
    return {
        "id": row["line_ref"],
        "sku": row["sku"],
        "name": row["name"],
        **{name: float(row[name] or 0) for name in LINE_SUMS},
    }
