from . import controllers
from . import engine
from . import models
from . import reports
from . import services
from . import wizards
from .hooks import uninstall_hook
