from . import test_members
