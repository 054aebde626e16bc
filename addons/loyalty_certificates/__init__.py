from . import models
from . import services
from .hooks import uninstall_hook
