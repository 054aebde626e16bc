from . import certificate_export
from . import portal
