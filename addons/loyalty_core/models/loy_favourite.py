from odoo import api, fields, models

from ..services.errors import LoyaltyError


class LoyFavourite(models.Model):
    """What members buy most, each of them something else: promotions name it in their selections."""

    _name = "loy.favourite"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Favourites"
    _refusal = "bad_favourite"

    of = fields.Selection(
        [("product", "Products"), ("category", "Categories"), ("brand", "Brands")],
        required=True,
        default="product",
    )
    measure = fields.Selection(
        [("amount", "Amount paid"), ("quantity", "Quantity"), ("count", "Number of purchases")],
        string="Most by",
        required=True,
        default="amount",
    )
    days = fields.Integer("In the last days", required=True, default=90, help="Today is one of them.")
    top = fields.Integer("How many", required=True, default=3)
    minimum = fields.Float(
        "At least", digits=(16, 6), help="Of what is bought less nobody has a favourite. 0: anything counts."
    )
    target_text = fields.Text(
        string="Of products",
        help="A selection of products as JSON; empty: all. The keys are described in docs/promotions.md.",
    )

    @api.constrains("of", "measure", "days", "top", "minimum", "target_text")
    def _check_document(self):
        problems = self.env["loy.programme"]._problems_of_favourites(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))
