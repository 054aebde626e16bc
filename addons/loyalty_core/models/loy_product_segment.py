from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..services.errors import LoyaltyError
from ..services.sections import skus_in

LISTS = ("include_text", "exclude_text")


class LoyProductSegment(models.Model):
    """Products that promotions name together: by a selection, by their codes, or both."""

    _name = "loy.product.segment"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Segment of products"
    _refusal = "bad_segment"

    target_text = fields.Text(
        string="Which products",
        help="A selection by category, brand, supplier, tag, attribute or price. The keys are described in "
        "docs/promotions.md.",
    )
    include_text = fields.Text(
        string="These products too",
        help="Internal references, one a line; a column of a spreadsheet can be pasted.",
    )
    exclude_text = fields.Text(
        string="Never these products",
        help="Internal references, one a line. They are left out whatever else is said.",
    )
    product_count = fields.Integer(string="Products", compute="_compute_products")
    promotion_count = fields.Integer(compute="_compute_promotion_count")
    product_ids = fields.Many2many("product.product", string="First products", compute="_compute_products")

    @api.depends("code", "company_id", "target_text", *LISTS)
    def _compute_products(self):
        for segment in self:
            count, product_ids = self.env["loy.product.segments"]._preview(segment)
            segment.product_count = count
            segment.product_ids = product_ids

    def _compute_promotion_count(self):
        for segment in self:
            segment.promotion_count = len(self.env["loy.product.segments"]._promotions(segment)) if segment.code else 0

    @api.constrains("code", "target_text", *LISTS)
    def _check_document(self):
        """The engine itself is the judge."""
        problems = self.env["loy.programme"]._problems_of_segments(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))

    @api.constrains("active")
    def _check_unused(self):
        self.filtered(lambda segment: not segment.active)._check_unnamed()

    def _check_unnamed(self):
        """What names a segment that is not there stops; that is for people to do, one by one."""
        naming = self.env["loy.product.segments"]._naming(self) if self else []
        if naming:
            raise ValidationError(
                self.env._(
                    "%(segments)s can neither be archived nor get another code: %(records)s name it. "
                    "Take it out of them first.",
                    segments=", ".join(self.mapped("display_name")),
                    records=", ".join(record.display_name for record in naming),
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._tidied(vals) for vals in vals_list])

    def write(self, vals):
        if "code" in vals:
            self.filtered(lambda segment: segment.code != vals["code"])._check_unnamed()
        return super().write(self._tidied(vals))

    @api.model
    def _tidied(self, vals: dict) -> dict:
        """Lists of products are kept as documents tell them: each once, in order, one a line."""
        return {**vals, **{name: "\n".join(skus_in(vals[name])) or False for name in LISTS if name in vals}}

    def action_loy_promotions(self):
        """The promotions that name it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_promotion_action")
        promotions = self.env["loy.product.segments"]._promotions(self)
        return {**action, "domain": [("id", "in", promotions.ids)], "context": {}}

    def action_loy_products(self):
        """All products that are in it now."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("product.product_normal_action")
        return {
            **action,
            "name": self.env._("Products of %s", self.display_name),
            "domain": [("loy_segment_ids", "in", self.ids)],
            "context": {},
        }
