from . import test_certificate_access
from . import test_certificate_api
from . import test_certificate_export
from . import test_certificate_purchases
from . import test_certificate_series
from . import test_certificate_types
from . import test_certificate_validity
from . import test_certificates
