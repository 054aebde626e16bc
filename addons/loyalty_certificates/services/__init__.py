from . import rights
from . import sections
from . import ledger
from . import programme
from . import certificates
from . import prepaid
