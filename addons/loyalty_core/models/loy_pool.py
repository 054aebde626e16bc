from odoo import api, fields, models


class LoyPool(models.Model):
    """Members who share their accounts: a family, friends, the cards of a firm. All that they have and earn is on the
    accounts of the pool, and any card of theirs spends from it. Written by ``loy.pools`` only."""

    _name = "loy.pool"
    _inherit = ["loy.audited.mixin"]
    _description = "Pool of accounts"
    _order = "owner_id, id"
    _rec_names_search = ["name", "owner_id"]
    _audit_fields = ("name", "owner_id", "state")

    name = fields.Char(
        "Own name", readonly=True, help="What people call it; where they call it nothing, it is called after its owner."
    )
    owner_id = fields.Many2one(
        "res.partner",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
        help="Whose pool it is: this member stays until it is closed, and gets what is in it then.",
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")], required=True, default="open", readonly=True, index=True
    )
    opened_at = fields.Datetime("Since", required=True, readonly=True)
    closed_at = fields.Datetime("Until", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict", index="btree_not_null")
    line_ids = fields.One2many("loy.pool.member", "pool_id", string="Who is or was in it", readonly=True)
    account_ids = fields.One2many("loy.account", "pool_id", string="Accounts", readonly=True)
    member_ids = fields.Many2many("res.partner", string="Members", compute="_compute_members")
    member_count = fields.Integer("Number of members", compute="_compute_members")

    @api.depends("line_ids.left_at", "line_ids.member_id")
    def _compute_members(self):
        for pool in self:
            pool.member_ids = pool.line_ids.filtered(lambda line: not line.left_at).member_id
            pool.member_count = len(pool.member_ids)

    @api.depends("name", "owner_id.display_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """The owner's name is the owner's: it is kept nowhere else, and goes when the owner is erased."""
        for pool in self:
            # Whoever sees the pool may know whose it is.
            owner = pool.owner_id.sudo()
            pool.display_name = pool.name or (self.env._("Family of %s", owner.display_name) if owner else "")

    def action_loy_entries(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_entry_action"),
            "name": self.env._("Statement of %s", self.display_name),
            "domain": [("account_id", "in", self.account_ids.ids)],
            "context": {},
        }

    def action_loy_join(self):
        return self._open_wizard("join", self.env._("A member joins"))

    def action_loy_leave(self):
        return self._open_wizard("leave", self.env._("A member leaves"))

    def action_loy_close(self):
        return self._open_wizard("close", self.env._("Close the pool"))

    def _open_wizard(self, kind, title):
        self.ensure_one()
        return self.env["loy.pool.wizard"]._open(title, default_kind=kind, default_pool_id=self.id)
