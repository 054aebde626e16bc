from odoo import api, fields, models


class LoyMemberFavourite(models.Model):
    """One of what a member buys most. Worked out by ``loy.favourites`` from what was bought."""

    _name = "loy.member.favourite"
    _inherit = ["loy.bigint.mixin"]
    _description = "Favourite of a member"
    _order = "member_id, favourite_id, rank, id"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    favourite_id = fields.Many2one("loy.favourite", required=True, readonly=True, ondelete="cascade")
    of = fields.Selection(related="favourite_id.of")
    rank = fields.Integer("Place", required=True, readonly=True)
    key = fields.Char("Code", required=True, readonly=True)
    name = fields.Char("What", compute="_compute_name")
    value = fields.Float(digits=(16, 2), readonly=True, help="Paid, units or purchases, as the favourite counts.")
    worked_out_on = fields.Date("As of", readonly=True)

    _place = models.UniqueIndex("(member_id, company_id, favourite_id, rank)")
    _by_favourite = models.Index("(favourite_id, key)")

    @api.depends("key", "favourite_id")
    @api.depends_context("lang")
    def _compute_name(self):
        for of, rows in self.grouped("of").items():
            names = self.env["loy.favourites"]._names(of, set(rows.mapped("key")))
            for row in rows:
                row.name = names.get(row.key, row.key)

    @api.depends("name", "member_id")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.member_id.display_name} · {one.name}"
