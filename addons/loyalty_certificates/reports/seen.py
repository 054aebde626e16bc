"""What reports of certificates may read."""

from odoo.addons.loyalty_core.reports.registry import TOPICS
from odoo.fields import Domain
from odoo.tools import SQL, LazyTranslate

_lt = LazyTranslate(__name__)
TOPICS["certificates"] = _lt("Certificates")


def certificates(ask) -> SQL:
    """What stands after FROM: certificates that have a value, in the currency that money is added up in. The place of
    one is that of the purchase that it came with."""
    places = ask.of_places()
    more = [
        Domain("account_id", "!=", False),
        Domain("type_id", "any!", Domain("currency_id", "=", ask.env.company.currency_id.id)),
    ]
    if not places.is_true():
        # The store is asked, which those who choose it may see.
        more.append(Domain("sold_purchase_id", "any!", places))
    return ask.facts(*more, day=None, store=None)


def lots(ask) -> SQL:
    """Rows (certificate_id, type_id, activated_at, expires_at, value) of what is left on them, as the companies owe
    it."""
    return SQL(
        """
        SELECT loy_certificate.id AS certificate_id, loy_certificate.type_id, loy_certificate.activated_at,
               lot.expires_at, lot.remaining_minor / POWER(10::numeric, unit.decimals) AS value
          FROM %s
          JOIN loy_lot AS lot ON lot.account_id = loy_certificate.account_id AND lot.is_open
          JOIN loy_unit AS unit ON unit.id = lot.unit_id
         WHERE lot.remaining_minor > 0 AND COALESCE(lot.company_id, %s) = ANY(%s)
        """,
        certificates(ask),
        ask.env.company.id,
        list(ask.companies),
    )
