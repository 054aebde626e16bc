"""What counts as bought: a certificate that is sold is money in another form, no turnover until it pays for goods."""

from odoo.tools import SQL

#: Of a receipt (``purchase``): shelf amounts, and what was left to pay, without what sold certificates.
BASE = SQL("COALESCE(purchase.base, 0) - COALESCE(purchase.prepaid, 0)")
TO_PAY = SQL("COALESCE(purchase.to_pay, 0) - COALESCE(purchase.prepaid, 0)")
#: Of a line (``line``): whether it sold goods.
IS_GOODS = SQL("line.is_prepaid IS NOT TRUE")
