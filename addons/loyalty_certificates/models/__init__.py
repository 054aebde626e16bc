from . import loy_unit
from . import loy_account
from . import loy_card_type
from . import loy_certificate_type
from . import loy_certificate
from . import loy_certificate_log
