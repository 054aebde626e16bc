"""Numbers of cards and of certificates are told apart by their templates: no number is of both."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError


def can_meet(one, other) -> bool:
    """Whether two templates could make the same number: they are of one length, and one prefix begins the other."""
    first, second = one.number_prefix or "", other.number_prefix or ""
    return one.number_length == other.number_length and (first.startswith(second) or second.startswith(first))


def check_apart(templates, others) -> None:
    """``numbers_meet`` when one of ``templates`` could make a number that one of ``others`` makes."""
    for template in templates:
        if met := others.filtered(lambda other, template=template: can_meet(template, other))[:1]:
            raise LoyaltyError(
                "numbers_meet",
                template.env._(
                    "Numbers of %(template)s could be those of %(other)s, and a till could not tell a card from a "
                    "certificate: give it another prefix or length",
                    template=template.name,
                    other=met.name,
                ),
            )
