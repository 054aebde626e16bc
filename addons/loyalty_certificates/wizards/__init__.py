from . import loy_certificate_delivery_wizard
from . import loy_certificate_export_wizard
from . import loy_certificate_issue_wizard
from . import loy_certificate_transition_wizard
from . import loy_certificate_validity_wizard
