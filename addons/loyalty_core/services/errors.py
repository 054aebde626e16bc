"""Errors that people and programs can act on."""

from odoo.exceptions import UserError


class LoyaltyError(UserError):
    """A refusal with a stable code: its text is always ``code: what happened and what to do``.

    Programs read the code, people read the rest; the text is translated by the caller. ``asked`` is what was named and
    is not there, for whoever counts guesses, where the text must not repeat it.

    >>> str(LoyaltyError("card_blocked", "Card 2900… is blocked"))
    'card_blocked: Card 2900… is blocked'
    """

    def __init__(self, code: str, text: str, asked: str = ""):
        self.code = code
        self.asked = asked
        super().__init__(f"{code}: {text}")
