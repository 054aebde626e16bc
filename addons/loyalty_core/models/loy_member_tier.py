from odoo import api, fields, models

from ..fields import BigMany2one, FactMany2one

KINDS = [
    ("rise", "Risen"),
    ("fall", "Fallen"),
    ("manual", "Set by staff"),
    ("import", "Brought along"),
    ("merge", "From a merged member"),
]


class LoyMemberTier(models.Model):
    """A time in which a member had a tier, or none; the current one is open. Worked out by ``loy.tiers`` from what was
    bought and what was set by hand: it is what a rebuild gives, also of the past."""

    _name = "loy.member.tier"
    _inherit = ["loy.bigint.mixin"]
    _description = "Tier of a member"
    _order = "is_current desc, since desc, id desc"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    tier_id = fields.Many2one("loy.tier", readonly=True, index="btree_not_null", ondelete="restrict")
    color = fields.Integer(related="tier_id.color")
    since = fields.Date(readonly=True)
    until = fields.Date(readonly=True, help="Included. Of the current one: as things are; empty: no end.")
    changes_on = fields.Date(
        string="Changes on", readonly=True, help="The day of the next change, if nothing more is bought until then."
    )
    is_current = fields.Boolean(string="Current", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="How", required=True, readonly=True)
    grant_id = fields.Many2one("loy.member.tier.grant", readonly=True, index="btree_not_null", ondelete="restrict")
    note = fields.Char(related="grant_id.note")
    purchase_id = BigMany2one(
        "loy.purchase", string="With purchase", readonly=True, index="btree_not_null", ondelete="restrict",
        help="The purchase or return by which the change came.",
    )  # fmt: skip
    ladder_version = fields.Integer(readonly=True, required=True, help="How many changes of the tiers it knows.")
    worked_out_at = fields.Datetime(string="Worked out", readonly=True)

    _one_current = models.UniqueIndex("(member_id, company_id) WHERE is_current")
    _by_since = models.Index("(since)")
    _by_change = models.Index("(company_id, changes_on) WHERE is_current AND changes_on IS NOT NULL")
    _by_ladder = models.Index("(company_id, ladder_version) WHERE is_current")

    @api.depends("member_id", "tier_id")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.member_id.display_name} · {one.tier_id.display_name or '–'}"

    def _cron_work_out(self):
        self.env["loy.tiers"]._run()
