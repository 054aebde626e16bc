from . import adjustment_list
from . import card_export
from . import code_export
from . import member_export
from . import monitor
from . import report_file
