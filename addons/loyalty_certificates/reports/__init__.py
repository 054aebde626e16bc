"""Ready reports of certificates, as those of core. The order is that of the screen."""

from . import certificates_sold
from . import certificates_ending
from . import certificates_age
