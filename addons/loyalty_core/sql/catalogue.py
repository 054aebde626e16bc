"""SQL of the catalogue: all that promotions need to know of any number of products, in two statements.

Both join a dozen tables, and planning them costs more than running them. So they are functions of the database, whose
plans PostgreSQL keeps for the connection; ``define`` makes them on installation and on every update.
"""

from odoo.tools import SQL

FUNCTIONS = """
CREATE OR REPLACE FUNCTION loy_products(keys text[], company integer)
RETURNS TABLE (key text, product integer, template integer, category integer, price float8, brand text,
               min_price float8, no_discount boolean)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN RETURN QUERY
        SELECT DISTINCT ON (found.key)
               found.key::text, product.id, product.product_tmpl_id, template.categ_id,
               (template.list_price + COALESCE((
                   SELECT SUM(value.price_extra)
                     FROM product_variant_combination combination
                     JOIN product_template_attribute_value value
                       ON value.id = combination.product_template_attribute_value_id
                    WHERE combination.product_product_id = product.id
               ), 0))::float8,
               COALESCE(brand.code, '')::text,
               COALESCE(template.loy_min_price, 0)::float8,
               COALESCE(template.loy_no_discount, FALSE)
          FROM (
                SELECT default_code AS key, id, 0 AS rank FROM product_product WHERE default_code = ANY(keys)
                UNION ALL
                SELECT barcode, id, 1 FROM product_product WHERE barcode = ANY(keys)
               ) AS found
          JOIN product_product product ON product.id = found.id
          JOIN product_template template ON template.id = product.product_tmpl_id
     LEFT JOIN loy_brand brand ON brand.id = template.loy_brand_id
         WHERE template.company_id IS NULL OR template.company_id = company
      ORDER BY found.key, found.rank, product.active DESC, product.id;
END $$;

CREATE OR REPLACE FUNCTION loy_product_traits(ids integer[], company integer)
RETURNS TABLE (product integer, trait text, name text, value text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN RETURN QUERY
        WITH product AS (
            SELECT id, product_tmpl_id FROM product_product WHERE id = ANY(ids)
        )
        SELECT product.id, 'tag'::text, ''::text, tag.name->>'en_US'
          FROM product
          JOIN product_tag_product_template_rel rel ON rel.product_template_id = product.product_tmpl_id
          JOIN product_tag tag ON tag.id = rel.product_tag_id
         UNION ALL
        SELECT product.id, 'tag', '', tag.name->>'en_US'
          FROM product
          JOIN product_tag_product_product_rel rel ON rel.product_product_id = product.id
          JOIN product_tag tag ON tag.id = rel.product_tag_id
         UNION ALL
        SELECT product.id, 'attribute', attribute.name->>'en_US', value.name->>'en_US'
          FROM product
          JOIN product_variant_combination combination ON combination.product_product_id = product.id
          JOIN product_template_attribute_value chosen
            ON chosen.id = combination.product_template_attribute_value_id
          JOIN product_attribute_value value ON value.id = chosen.product_attribute_value_id
          JOIN product_attribute attribute ON attribute.id = value.attribute_id
         UNION ALL
        SELECT product.id, 'supplier', '', COALESCE(NULLIF(supplier.ref, ''), supplier.name)::text
          FROM product
          JOIN product_supplierinfo info
            ON info.product_tmpl_id = product.product_tmpl_id
           AND (info.product_id IS NULL OR info.product_id = product.id)
           AND (info.company_id IS NULL OR info.company_id = company)
          JOIN res_partner supplier ON supplier.id = info.partner_id
         UNION ALL
        SELECT product.id, 'points', unit.code::text, points.amount_minor::text
          FROM product
          JOIN loy_product_points points ON points.product_tmpl_id = product.product_tmpl_id
          JOIN loy_unit unit ON unit.id = points.unit_id AND (unit.company_id IS NULL OR unit.company_id = company)
         WHERE points.amount_minor > 0;
END $$;
"""


def define() -> SQL:
    """The functions as they stand here."""
    return SQL(FUNCTIONS)


def products(skus: list[str], company_id: int) -> SQL:
    """One row for each known key: key, product, template, category, price, brand, floor, closed to discounts.

    A key is an internal reference, or else a barcode. Of several products the active one wins, then the
    lowest id.
    """
    return SQL("SELECT * FROM loy_products(%s, %s)", skus, company_id)


def product_traits(product_ids: list[int], company_id: int) -> SQL:
    """Rows (product, trait, name, value): tags, attributes, suppliers, points for a unit."""
    return SQL("SELECT * FROM loy_product_traits(%s, %s)", product_ids, company_id)


def place(code: str, register: str | None, company_ids: list[int]) -> SQL:
    """The store with this code and what depends on it, in the order of ``PlaceFacts``; one row or none."""
    return SQL(
        """
        SELECT store.id, store.code, store.company_id, company.currency_id, store.timezone,
               store.clock = 'member',
        store.is_price_tax_included,
               COALESCE(store.attributes, '{}'), COALESCE(network.code, ''), COALESCE(partner.code, ''),
               (SELECT id FROM loy_register
                 WHERE store_id = store.id AND loy_register.code = %(register)s AND active)
          FROM loy_store store
          JOIN res_company company ON company.id = store.company_id
     LEFT JOIN loy_network network ON network.id = store.network_id
     LEFT JOIN loy_partner partner ON partner.id = store.partner_id
         WHERE store.code = %(code)s AND store.active AND store.company_id = ANY(%(company_ids)s)
      ORDER BY store.company_id LIMIT 1
        """,
        code=code,
        register=register,
        company_ids=company_ids,
    )
