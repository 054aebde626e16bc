"""Ready reports: one report, one file. The order is that of the screen."""

from . import sales_by_product
from . import sales_by_brand
from . import receipt_sizes
from . import returns_by_register
from . import largest_discounts
from . import members_registered
from . import members_active
from . import purchase_frequency
from . import best_customers
from . import lost_customers
from . import members_by_age
from . import members_by_city
from . import tiers
from . import cards
from . import points_statement
from . import points_movements
from . import points_by_source
from . import points_ageing
from . import promo_codes
from . import personal_offers
from . import coalition
from . import incomplete_receipts
