from . import errors
from . import cards
from . import catalogue
from . import members
from . import events
from . import ledger
