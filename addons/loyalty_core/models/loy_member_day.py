from odoo import fields, models

from ..fields import FactMany2one


class LoyMemberDay(models.Model):
    """What a member bought in a store on a day and has kept. Written with each purchase by ``loy.member.facts``; what
    came back counts on the day of its purchase."""

    _name = "loy.member.day"
    _inherit = ["loy.money.mixin", "loy.bigint.mixin"]
    _description = "Member's purchases of a day"
    _order = "day desc, id desc"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    store_id = FactMany2one("loy.store", readonly=True)
    day = fields.Date(required=True, readonly=True, help="By the wall clock of the store.")
    is_opening = fields.Boolean(
        string="Brought along", required=True, readonly=True, default=False,
        help="A total from another system, counted on its last day.",
    )  # fmt: skip
    purchase_count = fields.Integer(string="Purchases", required=True, readonly=True)
    base = fields.Monetary(string="Shelf amount", required=True, readonly=True)
    amount = fields.Monetary(
        string="Paid", required=True, readonly=True, help="After discounts, without what points paid for."
    )

    _once = models.UniqueIndex("(member_id, company_id, day, store_id, is_opening)")
    _by_day = models.Index("(day)")

    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.member_id.display_name} · {fields.Date.to_string(one.day)}"
