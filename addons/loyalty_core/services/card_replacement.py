"""Lost and worn cards: another number takes the place of one, everything else stays the member's."""

from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL

from .errors import LoyaltyError

#: A closed card may be replaced later (the member comes back); what has served its term is not.
REPLACEABLE = ("active", "blocked", "closed")


class LoyCards(models.AbstractModel):
    """Replacement: balance and history belong to the member, so only the number changes."""

    _inherit = "loy.cards"

    def _replace(
        self,
        card,
        number: str | None = None,
        card_type=None,
        *,
        reason=None,
        note: str = "",
        at: datetime | None = None,
    ):
        """The new active card of the member of ``card``, which is closed and points to it.

        ``number``: of the card in hand; without it the template of the type makes one. The new card is of the old
        one's type unless told otherwise, and is the main card where the old one was.
        Codes: card_replaced, card_transition, card_without_member, member_not_found and those of ``_issue``.
        """
        # The caller has checked the right to replace the card.
        card = card.sudo()
        self._check_replaceable(card)
        was_main = card.is_main
        if card.state != "closed":
            self._transition(card, "closed", reason=reason, note=note, at=at)
        new = self._issue(card.member_id, card_type or card.type_id, number, at)
        card.replaced_by_id = new
        if was_main:
            self._make_main(new)
        self.env["loy.events"]._emit(
            "card.replaced",
            at=at or fields.Datetime.now(),
            member_id=new.member_id.id,
            company_id=new.company_id.id,
            data={"card": card.number, "new_card": new.number},
        )
        return new

    def _check_replaceable(self, card) -> None:
        """The row is locked first: of two who replace a card at once, the second sees what the first did."""
        card.ensure_one()
        card.flush_recordset()
        self.env.cr.execute(SQL("SELECT FROM loy_card WHERE id = %s FOR UPDATE", card.id))
        card.invalidate_recordset()
        if card.replaced_by_id:
            raise LoyaltyError(
                "card_replaced", self.env._("Card %s is replaced already; look at the member's cards", card.number)
            )
        if not card.member_id:
            raise LoyaltyError(
                "card_without_member", self.env._("Card %s has no member yet; issue it to one", card.number)
            )
        if card.state not in REPLACEABLE:
            raise LoyaltyError(
                "card_transition",
                self.env._("Card %s has served its term and is not replaced; issue a new card", card.number),
            )
        self.env["loy.members"]._check_live(card.member_id.id)
