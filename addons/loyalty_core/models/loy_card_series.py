from odoo import fields, models
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from .loy_series_mixin import SERIES_MAX


class LoyCardSeries(models.Model):
    """Cards that are made and printed together."""

    _name = "loy.card.series"
    _inherit = ["loy.series.mixin"]
    _description = "Series of cards"
    _order = "id desc"
    _order_fields = {"type_id", "count"}
    _right = "card.series"

    type_id = fields.Many2one(
        "loy.card.type",
        string="Card type",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["loy.card.type"].search([("is_default", "=", True)], limit=1),
    )
    number_example = fields.Char(related="type_id.number_example")
    number_capacity = fields.Char(related="type_id.number_capacity")
    count = fields.Integer(string="How many cards")
    company_id = fields.Many2one(related="type_id.company_id", store=True, index="btree_not_null")
    card_ids = fields.One2many("loy.card", "series_id", string="Cards")
    export_ids = fields.One2many("loy.card.export", "series_id", string="Exports")
    issued_count = fields.Integer(string="Issued", compute="_compute_issued_count", help="Cards that members have.")

    _count_sound = models.Constraint(
        f"CHECK (count BETWEEN 1 AND {SERIES_MAX} AND made_count BETWEEN 0 AND count)",
        f"A series has from 1 to {SERIES_MAX} cards; make several series for more.",
    )
    _being_made = models.Index("(id) WHERE state = 'making'")

    def _compute_issued_count(self):
        counts = dict(
            self.env["loy.card"]._read_group(
                [("series_id", "in", self.ids), ("member_id", "!=", False)], ["series_id"], ["__count"]
            )
        )
        for series in self:
            series.issued_count = counts.get(series, 0)

    def _check_capacity(self, missing):
        if missing > self.type_id._capacity():
            raise self.env["loy.cards"]._exhausted(self.type_id)

    def _make(self, missing):
        cards, card_type, capacity = self.env["loy.cards"], self.type_id, self.type_id._capacity()

        def insert(serials: SQL) -> int:
            self.env.cr.execute(cards._insert_sql(card_type, capacity, serials, series=self))
            return self.env.cr.rowcount

        made = cards._fill(card_type, missing, insert)
        self.invalidate_recordset(["card_ids"])
        return made

    def _void_all(self):
        """The cards are closed, so their numbers are never given again. A card that is issued at this very moment is
        waited for."""
        self.env["loy.card"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE loy_card SET state = 'closed', write_uid = %s, write_date = now() AT TIME ZONE 'UTC'"
                " WHERE series_id = %s AND state = 'new'",
                self.env.uid,
                self.id,
            )
        )
        used = self.env.execute_query(
            SQL("SELECT number FROM loy_card WHERE series_id = %s AND state != 'closed' LIMIT 1", self.id)
        ) or self.env.execute_query(
            SQL("SELECT number FROM loy_card WHERE series_id = %s AND member_id IS NOT NULL LIMIT 1", self.id)
        )
        if used:
            raise LoyaltyError(
                "series_in_use",
                self.env._(
                    "Card %s of this series is in use already; close the misprinted cards one by one", used[0][0]
                ),
            )
        self.env["loy.card"].invalidate_model(["state"])

    def _cron(self):
        return self.env.ref("loyalty_core.loy_card_series_cron")

    def action_loy_export(self):
        """The wizard asks for format and columns."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Numbers for the printer"),
            "res_model": "loy.card.export.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_series_id": self.id},
        }

    def action_loy_cards(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cards of %s", self.name),
            "res_model": "loy.card",
            "view_mode": "list,form",
            "domain": [("series_id", "=", self.id)],
        }
