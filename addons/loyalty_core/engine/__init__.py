"""The promotion engine: pure functions from a programme and a basket to effects and refusals.

It knows no Odoo, no clock and no I/O; the same arguments always give the same answer, to the byte.

    programme = compile_programme(document)      # DocumentError lists every problem of the document
    result = evaluate(programme, basket)         # refusals only for promotions that were looked at
    result = explain(programme, basket)          # every reason, for all promotions
    result.to_document()                         # the answer of purchase_calculate
"""

from . import conditions, rewards, schema, triggers
from .basket import (
    Attribute,
    Basket,
    Certificate,
    Conditional,
    Given,
    Line,
    Member,
    Offer,
    Payment,
    Place,
    PromoCode,
    Redemption,
    SpendRequest,
    Used,
)
from .codes import normal_code
from .evaluate import evaluate, explain, holds, limited, needed, set_off
from .expiry import Policies, Policy
from .facts import Bought, FirstUse, History, Needs, Profile, gather
from .limits import Bounds, Limits, SharedLimit
from .money import allocate
from .promotion import Programme, Promotion, compile_programme
from .result import (
    Base,
    CodeIssue,
    CodeUse,
    Earned,
    Issue,
    LineResult,
    Message,
    Refusal,
    Result,
    Spendable,
    Spent,
    Totals,
    Usability,
    Use,
)
from .schema import DocumentError, Problem
from .tiers import Edition, Standing, Tier, progress, stand, timeline

__all__ = [
    "Attribute",
    "Base",
    "Basket",
    "Bought",
    "Bounds",
    "Certificate",
    "CodeIssue",
    "CodeUse",
    "Conditional",
    "DocumentError",
    "Earned",
    "Edition",
    "FirstUse",
    "Given",
    "History",
    "Issue",
    "Limits",
    "Line",
    "LineResult",
    "Member",
    "Message",
    "Needs",
    "Offer",
    "Payment",
    "Place",
    "Policies",
    "Policy",
    "Problem",
    "Profile",
    "Programme",
    "PromoCode",
    "Promotion",
    "Redemption",
    "Refusal",
    "Result",
    "SharedLimit",
    "SpendRequest",
    "Spendable",
    "Spent",
    "Standing",
    "Tier",
    "Totals",
    "Usability",
    "Use",
    "Used",
    "allocate",
    "compile_programme",
    "conditions",
    "evaluate",
    "explain",
    "gather",
    "holds",
    "limited",
    "needed",
    "normal_code",
    "progress",
    "rewards",
    "schema",
    "set_off",
    "stand",
    "timeline",
    "triggers",
]
