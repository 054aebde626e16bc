from . import test_members
from . import test_ledger
from . import test_members_concurrent
from . import test_cards
from . import test_catalogue
