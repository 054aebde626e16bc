from odoo import fields, models

from ..fields import BigMany2one, FactMany2one


class LoyPurchaseLine(models.Model):
    """One line of a receipt with what the programme did to it. Written once; a return has lines of its own."""

    _name = "loy.purchase.line"
    _inherit = ["loy.money.mixin", "loy.bigint.mixin"]
    _description = "Purchase line"
    _order = "id desc"
    _log_access = False

    purchase_id = BigMany2one("loy.purchase", required=True, readonly=True, index=True, ondelete="restrict")
    line_ref = fields.Char(string="Line", required=True, readonly=True, help="The till's own id of the line.")
    company_id = fields.Many2one(related="purchase_id.company_id")
    currency_id = fields.Many2one(related="purchase_id.currency_id")
    store_id = fields.Many2one(related="purchase_id.store_id")
    # Whoever may see how a brand sells need not see to whom.
    member_id = fields.Many2one(
        "res.partner", readonly=True, ondelete="restrict", groups="loyalty_core.group_staff"
    )
    purchased_at = fields.Datetime(string="Time", readonly=True)
    product_id = FactMany2one("product.product", readonly=True)
    categ_id = FactMany2one("product.category", string="Category", readonly=True, help="As it was at the purchase.")
    sku = fields.Char(string="SKU", required=True, readonly=True)
    quantity = fields.Float(digits=(16, 6), readonly=True)
    price = fields.Monetary(readonly=True)
    base = fields.Monetary(string="Shelf amount", readonly=True)
    discount = fields.Monetary(readonly=True)
    spent = fields.Monetary(string="Paid with points", readonly=True)
    amount = fields.Monetary(readonly=True)
    is_prepaid = fields.Boolean(string="Sells a certificate", readonly=True)

    _by_member = models.Index("(member_id, purchased_at) WHERE member_id IS NOT NULL")
    _by_product = models.Index("(product_id, purchased_at)")
