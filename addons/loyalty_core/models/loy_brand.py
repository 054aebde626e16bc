from odoo import api, fields, models


class LoyBrand(models.Model):
    """A brand of goods: promotions, reports and brand managers are told apart by it."""

    _name = "loy.brand"
    _inherit = ["loy.audited.mixin", "loy.code.mixin"]
    _description = "Brand"

    image_128 = fields.Image(string="Logo", max_width=128, max_height=128)
    product_tmpl_ids = fields.One2many("product.template", "loy_brand_id", string="Products")
    product_count = fields.Integer(compute="_compute_product_count")

    def _compute_product_count(self):
        counts = dict(
            self.env["product.template"]._read_group(
                [("loy_brand_id", "in", self.ids)], ["loy_brand_id"], ["__count"]
            )
        )
        for brand in self:
            brand.product_count = counts.get(brand, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.env["loy.catalogue"]._check_uncounted("brand_id", self)

    def action_loy_products(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Products of %s", self.name),
            "res_model": "product.template",
            "view_mode": "list,form",
            "domain": [("loy_brand_id", "=", self.id)],
            "context": {"default_loy_brand_id": self.id},
        }
