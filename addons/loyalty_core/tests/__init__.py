from . import test_members
from . import test_ledger
from . import test_members_concurrent
from . import test_cards
from . import test_catalogue
from . import test_api_guard
from . import test_idempotency
from . import test_api_requests
