from odoo import fields, models

from ..services.transaction import run_with_retry


class LoyOfferWizard(models.TransientModel):
    """Personal offers of a file: loaded at once; what could not be is handed back as a file."""

    _name = "loy.offer.wizard"
    _description = "Personal offers from a file"

    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    promotion_id = fields.Many2one(
        "loy.promotion", domain="[('state', '!=', 'ended')]", help="For lines without a column “promotion”."
    )
    value = fields.Float(digits=(16, 6), help="For lines without a column “value”. 0: none.")
    starts_on = fields.Date("From", help="For lines without a column “from”. Empty: today.")
    ends_on = fields.Date("To", help="For lines without a column “to”. Empty: as long as the promotion lasts.")
    batch = fields.Char(help="What the load is called; the name of the file where empty.")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    state = fields.Selection([("draft", "Draft"), ("done", "Loaded")], default="draft", readonly=True)
    created_count = fields.Integer("New", readonly=True)
    updated_count = fields.Integer("Changed", readonly=True)
    unchanged_count = fields.Integer("As they were", readonly=True)
    fault_count = fields.Integer("With faults", readonly=True)
    fault_file = fields.Binary("Lines with faults", attachment=False, readonly=True)
    fault_name = fields.Char(readonly=True)

    def action_loy_load(self):
        self.ensure_one()
        run_with_retry(self.env, lambda: self.env["loy.offers"]._load_file(self))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Load Personal Offers"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_loy_open(self):
        """The offers of this load."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_offer_action")
        return {**action, "domain": [("batch", "=", self.batch or self.file_name)], "context": {}}
