"""What a role may allow about certificates."""

from odoo.addons.loyalty_core.services.rights import CONTACT_CENTRE, MARKETER, OPERATOR, Right, declare, place
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

place("loy.certificate", "cards")
declare(
    Right(
        "certificate.type",
        _lt("Make types of certificates and change them"),
        "cards",
        (MARKETER,),
        opens=("loy.certificate.type rwc",),
    ),
    Right(
        "certificate.series",
        _lt("Make a series of new certificates"),
        "cards",
        (OPERATOR,),
        opens=("loy.certificate.series rwc", "loy.certificate.export r", "loy.certificate.export.wizard"),
    ),
    Right(
        "certificate.issue",
        _lt("Give a certificate by hand"),
        "cards",
        (OPERATOR,),
        opens=(
            "loy.certificate.issue.wizard",
            "loy.certificate.delivery.wizard",
            "loy.certificate.delivery r",
        ),
    ),
    Right(
        "certificate.block",
        _lt("Block and unblock a certificate"),
        "cards",
        (CONTACT_CENTRE,),
        opens=("loy.certificate.transition.wizard",),
    ),
    Right(
        "certificate.cancel",
        _lt("Cancel a certificate for good"),
        "cards",
        (OPERATOR,),
        opens=("loy.certificate.transition.wizard",),
    ),
    Right(
        "certificate.validity",
        _lt("Change how long a certificate is good"),
        "cards",
        (OPERATOR,),
        opens=("loy.certificate.validity.wizard",),
    ),
    Right(
        "certificate.numbers",
        _lt("See whole numbers and PINs of certificates"),
        "cards",
        group="loyalty_certificates.group_certificate_numbers",
    ),
)
