from odoo import api, fields, models

from ..services.errors import LoyaltyError

STATES = [
    ("new", "New"),
    ("active", "Active"),
    ("blocked", "Blocked"),
    ("closed", "Closed"),
    ("completed", "Completed"),
]

#: Every way a card can go. New: made, nobody uses it yet. Closed: ended by a person (lost, given back).
#: Completed: it has served its term or purpose. Both ends are final: numbers are not given twice.
TRANSITIONS: dict[str, frozenset[str]] = {
    "new": frozenset({"active", "closed"}),
    "active": frozenset({"blocked", "closed", "completed"}),
    "blocked": frozenset({"active", "closed", "completed"}),
    "closed": frozenset(),
    "completed": frozenset(),
}


class LoyCard(models.Model):
    """A card: a number by which a member is known at the till."""

    _name = "loy.card"
    _inherit = ["loy.by.service.mixin"]
    _description = "Card"
    _rec_name = "number"
    _order = "id desc"

    number = fields.Char(required=True, readonly=True, copy=False)
    type_id = fields.Many2one("loy.card.type", required=True, index=True, ondelete="restrict")
    series_id = fields.Many2one(
        "loy.card.series", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    member_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain=[("is_loyalty_member", "=", True)],
    )
    state = fields.Selection(STATES, required=True, default="new", readonly=True, copy=False)
    is_main = fields.Boolean(
        string="Main card", readonly=True, copy=False, help="The one that is shown and printed first."
    )
    issued_at = fields.Datetime(string="Issued", readonly=True, copy=False)
    company_id = fields.Many2one("res.company", readonly=True)
    replaced_by_id = fields.Many2one(
        "loy.card", string="Replaced by", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    replaced_ids = fields.One2many("loy.card", "replaced_by_id", string="Replaces")
    color = fields.Integer(related="type_id.color")
    purchase_ids = fields.One2many("loy.purchase", "card_id", string="Purchases")
    purchase_count = fields.Integer(string="Number of purchases", compute="_compute_purchase_count")
    log_ids = fields.One2many("loy.card.log", "card_id", string="History")

    _number_unique = models.UniqueIndex(
        "(number text_pattern_ops)", "A card with this number already exists."
    )
    _main_unique = models.UniqueIndex("(member_id) WHERE is_main", "The member already has a main card.")
    _issued_of_series = models.Index("(series_id) WHERE series_id IS NOT NULL AND member_id IS NOT NULL")
    _member_known = models.Constraint(
        "CHECK (member_id IS NOT NULL OR state IN ('new', 'closed'))", "A card in use belongs to a member."
    )

    def _compute_purchase_count(self):
        counts = dict(
            self.env["loy.purchase"]._read_group([("card_id", "in", self.ids)], ["card_id"], ["__count"])
        )
        for card in self:
            card.purchase_count = counts.get(card, 0)

    def _by_service(self):
        return LoyaltyError(
            "card_by_service", self.env._("a card is not edited; issue, block or close it by its buttons")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.env["loy.cards"]._check_unused(self)

    def action_loy_block(self):
        return self._action_transition("blocked")

    def action_loy_unblock(self):
        return self._action_transition("active")

    def action_loy_close(self):
        """Closing cannot be taken back, so it asks for the reason first."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Close the card"),
            "res_model": "loy.card.transition.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_card_ids": self.ids, "default_state": "closed"},
        }

    def action_loy_replace(self):
        """Lost, stolen or worn: the wizard asks for the new card."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replace card %s", self.number),
            "res_model": "loy.card.replace.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_card_id": self.id},
        }

    def action_loy_purchases(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_purchase_action"),
            "name": self.env._("Purchases by card %s", self.number),
            "domain": [("card_id", "=", self.id)],
            "context": {},
        }

    def action_loy_make_main(self):
        self.ensure_one()
        self.check_access("write")
        self.env["loy.cards"]._make_main(self)

    def _action_transition(self, state):
        self.check_access("write")
        self.env["loy.rights"]._check("card.block")
        self.env["loy.cards"]._transition(self, state)
