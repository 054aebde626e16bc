from odoo import Command, api, fields, models


class LoyReturnWizard(models.TransientModel):
    """Goods come back in the office: what the till did not do, or did wrong, is put right by hand."""

    _name = "loy.return.wizard"
    _description = "Take goods back"

    purchase_id = fields.Many2one("loy.purchase", required=True, readonly=True)
    currency_id = fields.Many2one(related="purchase_id.currency_id")
    member_id = fields.Many2one(related="purchase_id.member_id")
    number = fields.Char(
        string="Number of the return", required=True, help="As the paper says; it must not be taken by another receipt."
    )
    line_ids = fields.One2many("loy.return.wizard.line", "wizard_id")
    refund = fields.Monetary(compute="_compute_refund", help="Money to be paid out, by the rules of the settings.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        purchase = self.env["loy.purchase"].browse(values.get("purchase_id"))
        if purchase:
            values["number"] = f"{purchase.number}/R{len(purchase.return_ids) + 1}"
            values["line_ids"] = [
                Command.create({"line_ref": ref, "sku": sku, "product_id": product_id, "left": left, "quantity": left})
                for ref, sku, product_id, left in self.env["loy.returns"]._left(purchase)
            ]
        return values

    @api.depends("line_ids.quantity")
    def _compute_refund(self):
        for wizard in self:
            wizard.refund = self.env["loy.returns"]._refund_of(wizard.purchase_id, wizard._quantities())

    def _quantities(self):
        return {line.line_ref: line.quantity for line in self.line_ids if line.quantity > 0}

    def action_loy_return(self):
        self.ensure_one()
        returned = self.env["loy.returns"]._return_by_hand(self.purchase_id, self.number, self._quantities())
        return {
            "type": "ir.actions.act_window",
            "res_model": "loy.purchase",
            "res_id": returned.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class LoyReturnWizardLine(models.TransientModel):
    """How much of a line comes back."""

    _name = "loy.return.wizard.line"
    _description = "Line that comes back"

    wizard_id = fields.Many2one("loy.return.wizard", required=True, ondelete="cascade")
    line_ref = fields.Char(string="Line", required=True, readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    left = fields.Float(string="Can come back", digits=(16, 3), readonly=True)
    quantity = fields.Float(string="Comes back", digits=(16, 3))
