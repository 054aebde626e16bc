from . import test_members
from . import test_ledger
