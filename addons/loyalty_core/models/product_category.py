from odoo import api, fields, models, tools
from odoo.tools import SQL


class ProductCategory(models.Model):
    """Every category has a code by which promotions name it; a promotion on a category covers its
    children.
    """

    _inherit = "product.category"

    loy_code = fields.Char(
        string="Loyalty code",
        copy=False,
        help="How promotions and the API name the category; made up when left empty.",
    )

    _loy_code_unique = models.UniqueIndex("(loy_code)", "Another product category has this loyalty code.")

    def _init_column(self, column_name):
        """Categories that were there before the addon get their codes by one statement."""
        if column_name == "loy_code":
            self.env.cr.execute(
                SQL("UPDATE product_category SET loy_code = 'CAT-' || id WHERE loy_code IS NULL")
            )
            return
        super()._init_column(column_name)

    @api.model_create_multi
    def create(self, vals_list):
        categories = super().create(vals_list)
        for category in categories:
            if not category.loy_code:
                category.loy_code = f"CAT-{category.id}"
        self.env.registry.clear_cache()
        return categories

    def write(self, vals):
        if "loy_code" in vals and not vals["loy_code"]:
            vals = {key: value for key, value in vals.items() if key != "loy_code"}
        result = super().write(vals)
        if "loy_code" in vals or "parent_id" in vals:
            self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.env["loy.catalogue"]._check_uncounted("categ_id", self.search([("id", "child_of", self.ids)]))

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _loy_lineage(self) -> dict[int, frozenset[str]]:
        """{category id: codes of the category and of all its ancestors}, for every category.

        Read by each calculated basket, changed a few times a year: kept in the process, dropped by every
        change above (and by the registry's signal in the other processes).
        """
        self.flush_model(["loy_code", "parent_path"])
        rows = self.env.execute_query(SQL("SELECT id, parent_path, loy_code FROM product_category"))
        codes = {id_: code for id_, _path, code in rows}
        return {
            id_: frozenset(codes[int(step)] for step in (path or f"{id_}/").split("/") if step)
            for id_, path, _code in rows
        }
