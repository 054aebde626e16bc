from . import base_partner_merge
from . import loy_card_export_wizard
from . import loy_card_issue_wizard
from . import loy_card_replace_wizard
from . import loy_card_transition_wizard
from . import loy_refusal_wizard
from . import loy_adjustment_wizard
from . import loy_member_merge_wizard
