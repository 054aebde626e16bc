from odoo import api, fields, models

from ..fields import BigInteger
from ..services.sections import UNITS_OF_PROGRAMME
from ..sql import catalogue


class LoyProductPoints(models.Model):
    """Points that a product carries: what one unit of it earns under an offer that gives points by
    product.
    """

    _name = "loy.product.points"
    _inherit = ["loy.audited.mixin"]
    _description = "Points of a product"
    _order = "product_tmpl_id, unit_id"

    product_tmpl_id = fields.Many2one("product.template", string="Product", required=True, ondelete="cascade")
    unit_id = fields.Many2one("loy.unit", required=True, ondelete="restrict", domain=UNITS_OF_PROGRAMME)
    amount_minor = BigInteger(string="Points (minor units)", required=True, default=0)
    amount = fields.Float(
        string="Points",
        compute="_compute_amount",
        inverse="_inverse_amount",
        help="Earned by one unit of the product.",
    )

    _product_unit_unique = models.UniqueIndex(
        "(product_tmpl_id, unit_id)", "The product already has points in this unit."
    )
    _positive = models.Constraint("CHECK (amount_minor >= 0)", "The points of a product cannot be negative.")

    def init(self):
        super().init()
        self.env.cr.execute(catalogue.define())

    @api.depends("amount_minor", "unit_id")
    def _compute_amount(self):
        for points in self:
            points.amount = points.amount_minor / 10**points.unit_id.decimals

    def _inverse_amount(self):
        for points in self:
            points.amount_minor = round(points.amount * 10**points.unit_id.decimals)
