from . import test_certificate_types
from . import test_certificates
from . import test_certificate_purchases
