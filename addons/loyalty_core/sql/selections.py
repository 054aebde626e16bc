"""SQL of selections: which products of the catalogue the engine's ``Target`` picks."""

from collections.abc import Iterator
from decimal import Decimal

from odoo.tools import SQL

from ..engine.select import Target

#: What one unit costs on the shelf; as ``loy_products`` has it.
_PRICE = "ROUND((template.list_price + COALESCE(variant.price_extra, 0))::numeric, %s)"

_PRODUCTS = """
  FROM product_product product
  JOIN product_template template ON template.id = product.product_tmpl_id
LEFT JOIN loy_brand brand ON brand.id = template.loy_brand_id
LEFT JOIN (
    SELECT combination.product_product_id, SUM(value.price_extra) AS price_extra
      FROM product_variant_combination combination
      JOIN product_template_attribute_value value ON value.id = combination.product_template_attribute_value_id
     GROUP BY combination.product_product_id
) variant ON variant.product_product_id = product.id
 WHERE product.active AND (template.company_id IS NULL OR template.company_id = %s) AND (%s)
"""


def products(target: Target, company_id: int, decimals: int) -> SQL:
    """The ids of all products of a company that the selection picks, as a query."""
    return SQL("SELECT product.id %s", SQL(_PRODUCTS, company_id, _picks(target, company_id, decimals)))


def first_products(target: Target, company_id: int, decimals: int, limit: int) -> SQL:
    """(id, how many there are in all) of the first so many of them, by name."""
    return SQL(
        "SELECT product.id, COUNT(*) OVER () %s ORDER BY template.name->>'en_US', product.id LIMIT %s",
        SQL(_PRODUCTS, company_id, _picks(target, company_id, decimals)),
        limit,
    )


def _picks(target: Target, company_id: int, decimals: int) -> SQL:
    """Whether the product at hand is picked."""
    asked = list(_asked(target, company_id, decimals))
    return SQL(" AND ").join(SQL("(%s)", one) for one in asked) if asked else SQL("TRUE")


def _asked(target: Target, company_id: int, decimals: int) -> Iterator[SQL]:
    if target.sku:
        yield SQL(
            "COALESCE(NULLIF(product.default_code, ''), NULLIF(product.barcode, ''), '') = ANY(%s)",
            sorted(target.sku),
        )
    if target.category:
        yield SQL(
            """template.categ_id IN (
                SELECT below.id
                  FROM product_category named
                  JOIN product_category below ON below.parent_path LIKE named.parent_path || '%%'
                 WHERE named.loy_code = ANY(%s)
            )""",
            sorted(target.category),
        )
    if target.brand:
        yield SQL("COALESCE(brand.code, '') = ANY(%s)", sorted(target.brand))
    if target.supplier:
        yield SQL(
            """EXISTS (
                SELECT FROM product_supplierinfo info
                  JOIN res_partner supplier ON supplier.id = info.partner_id
                 WHERE info.product_tmpl_id = template.id
                   AND (info.product_id IS NULL OR info.product_id = product.id)
                   AND (info.company_id IS NULL OR info.company_id = %s)
                   AND COALESCE(NULLIF(supplier.ref, ''), supplier.name) = ANY(%s)
            )""",
            company_id,
            sorted(target.supplier),
        )
    if target.tag:
        yield SQL(
            """EXISTS (
                SELECT FROM product_tag tag
                 WHERE tag.name->>'en_US' = ANY(%s)
                   AND (tag.id IN (SELECT product_tag_id FROM product_tag_product_template_rel rel
                                    WHERE rel.product_template_id = template.id)
                     OR tag.id IN (SELECT product_tag_id FROM product_tag_product_product_rel rel
                                    WHERE rel.product_product_id = product.id))
            )""",
            sorted(target.tag),
        )
    for name, values in target.attribute.items():
        yield SQL(
            """EXISTS (
                SELECT FROM product_variant_combination combination
                  JOIN product_template_attribute_value chosen
                    ON chosen.id = combination.product_template_attribute_value_id
                  JOIN product_attribute_value value ON value.id = chosen.product_attribute_value_id
                  JOIN product_attribute attribute ON attribute.id = value.attribute_id
                 WHERE combination.product_product_id = product.id
                   AND attribute.name->>'en_US' = %s AND value.name->>'en_US' = ANY(%s)
            )""",
            name,
            sorted(values),
        )
    if target.price is not None:
        price = SQL(_PRICE, decimals)
        if target.price.min is not None:
            yield SQL("%s >= %s", price, Decimal(target.price.min).scaleb(-decimals))
        if target.price.max is not None:
            yield SQL("%s <= %s", price, Decimal(target.price.max).scaleb(-decimals))
    if target.among:
        yield SQL(" OR ").join(SQL("(%s)", _picks(one, company_id, decimals)) for one in target.among)
    if target.not_ is not None:
        yield SQL("(%s) IS NOT TRUE", _picks(target.not_, company_id, decimals))
