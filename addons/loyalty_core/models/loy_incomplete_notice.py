from odoo import api, fields, models


class LoyIncompleteNotice(models.Model):
    """On one day a store left more receipts open than the settings allow: who is concerned is written to, once."""

    _name = "loy.incomplete.notice"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Notice of incomplete receipts"
    _order = "day desc, id desc"
    _mail_post_access = "read"

    store_id = fields.Many2one("loy.store", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    day = fields.Date(required=True, readonly=True, help="By the wall clock of the store.")
    sale_count = fields.Integer("Receipts", readonly=True)
    incomplete_count = fields.Integer("Incomplete", readonly=True)
    incomplete_amount = fields.Monetary("Incomplete, amount", readonly=True)
    share = fields.Float("Incomplete, %", readonly=True, digits=(16, 3), aggregator=None)
    share_max = fields.Float("Allowed, %", readonly=True, digits=(16, 3), aggregator=None)
    answer = fields.Char(help="What was found: the store writes it here.")

    _once = models.UniqueIndex("(store_id, day)", "There is a notice of this store and day already.")

    @api.depends("store_id", "day")
    def _compute_display_name(self):
        for notice in self:
            notice.display_name = f"{notice.store_id.display_name} · {fields.Date.to_string(notice.day)}"

    def action_loy_open_purchases(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_purchase_incomplete_action")
        action["domain"] = [
            *self.env["loy.purchase"]._incomplete_domain(),
            ("store_id", "=", self.store_id.id),
            ("purchased_on", "=", self.day),
        ]
        action["context"] = {}
        return action
