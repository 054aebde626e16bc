"""Cards: numbers, issue, states."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL

from ..models.loy_card import TRANSITIONS
from .errors import LoyaltyError
from .numbering import fill

#: The event of a card's coming to a state.
EVENTS = {"active": "unblocked", "blocked": "blocked", "closed": "closed", "completed": "completed"}
#: What events say of a card that is brought along from another system.
IMPORTED = {"imported": True}
#: What a calculation reads of a card, by the query that finds it.
CARD_FIELDS = ["number", "state", "type_id", "member_id", "is_main", "company_id", "replaced_by_id"]
NUMBER = re.compile(r"[0-9A-Za-z]{1,64}")


class LoyCards(models.AbstractModel):
    """Everything that makes or changes a card."""

    _name = "loy.cards"
    _description = "Card service"

    # -- finding

    def _normalise(self, number: str) -> str:
        """A number as stored: people and scanners put spaces and hyphens into it."""
        return re.sub(r"[\s-]", "", str(number or ""))

    def _get(self, number: str):
        """The card with this number in whatever state; ``card_not_found``."""
        key = self._normalise(number)
        # By number alone and only one card, so no right to browse cards is needed.
        card = self.env["loy.card"].sudo()
        if NUMBER.fullmatch(key):
            card = card.search_fetch([("number", "=", key)], CARD_FIELDS, limit=1)
        if not card or (card.company_id and card.company_id not in self.env.companies):
            raise LoyaltyError("card_not_found", self.env._("there is no card %s; check the number", number))
        return card

    def _resolve(self, number: str):
        """The active card with this number.

        ``card_not_found``, ``card_not_active`` (never issued), ``card_blocked``, ``card_closed`` (also
        completed).
        """
        card = self._get(number)
        match card.state:
            case "active":
                return card
            case "new":
                raise LoyaltyError(
                    "card_not_active",
                    self.env._("Card %s is not issued yet; register a member with it", card.number),
                )
            case "blocked":
                raise LoyaltyError("card_blocked", self.env._("Card %s is blocked", card.number))
            case "completed":
                raise LoyaltyError("card_closed", self.env._("Card %s has served its term", card.number))
            case _ if card.replaced_by_id:
                # Whoever holds the old card learns that there is a new one, not its number.
                raise LoyaltyError(
                    "card_closed",
                    self.env._("Card %s was replaced by a new one; ask the customer for the new card", card.number),
                )
            case _:
                raise LoyaltyError("card_closed", self.env._("Card %s is closed", card.number))

    def _default_type(self):
        """The card type for new members: the company's own default, or else the shared one;
        ``card_type_missing``.
        """
        # Whoever registers a member need not read the configuration.
        types = self.env["loy.card.type"].sudo()
        card_type = types.search(
            [("is_default", "=", True), ("company_id", "in", [False, self.env.company.id])],
            order="company_id",
            limit=1,
        )
        if not card_type:
            raise LoyaltyError(
                "card_type_missing",
                self.env._(
                    "no card type is the default one; mark one under Loyalty > Configuration > Card types"
                ),
            )
        return card_type

    # -- issuing

    def _issue(self, partner, card_type=None, number: str | None = None, at: datetime | None = None):
        """A new active card of ``partner``; ``card_taken``, ``bad_card_number``, ``card_closed``,
        ``card_blocked``.
        """
        return self._issue_many([(partner, card_type, number)], at)

    def _issue_many(self, orders: Iterable[tuple], at: datetime | None = None, told: Mapping | None = None):
        """Active cards for (member, card type or None, number or None), in the same order.

        A printed card that nobody has yet is handed out; a number that does not exist becomes a card; without
        a number the template makes one. The member's first card is the main one. ``told``: what else the events say.
        """
        # Members get cards from people and systems that have no right on the table of cards.
        cards = self.env["loy.card"].sudo()
        # New cards are made by SQL, which must know who has a main card already.
        cards.flush_model(["member_id", "is_main"])
        result = []
        for member, card_type, number in orders:
            if not member.is_loyalty_member:
                raise LoyaltyError("member_not_found", self.env._("%s is not a member", member.display_name))
            if number:
                card = self._take(member, card_type, number)
            else:
                card_type = card_type or self._default_type()
                card = cards.browse(self._draw(card_type, 1, member=member)[0][0])
            result.append(card)
        issued = cards.concat(*result)
        issued.member_id.invalidate_recordset(["loy_card_ids", "loy_main_card_id", "loy_card_count"])
        self._log(issued, "active", from_states=dict.fromkeys(issued.ids, "new"), at=at, told=told)
        return issued

    def _take(self, member, card_type, number):
        """Hand out the card with this number, made now if it is not in stock."""
        key = self._normalise(number)
        if not NUMBER.fullmatch(key):
            raise LoyaltyError(
                "bad_card_number",
                self.env._("%s is not a card number: up to 64 digits and Latin letters", number),
            )
        # See _issue_many.
        cards = self.env["loy.card"].sudo()
        cards.flush_model()
        rows = self.env.execute_query(
            SQL("SELECT id, state, member_id FROM loy_card WHERE number = %s FOR UPDATE", key)
        )
        main = not self._has_main(member)
        now = fields.Datetime.now()
        if rows:
            card_id, state, owner_id = rows[0]
            card = cards.browse(card_id)
            if owner_id and owner_id != member.id:
                raise LoyaltyError("card_taken", self.env._("Card %s already belongs to another member", key))
            if state != "new":
                card.invalidate_recordset(["state"])
                self._resolve(key)
                raise LoyaltyError("card_taken", self.env._("Card %s is already issued", key))
            card.write({"member_id": member.id, "state": "active", "is_main": main, "issued_at": now})
            return card
        card_type = card_type or self._default_type()
        if card_type.is_template_strict and not card_type._fits(key):
            raise LoyaltyError(
                "bad_card_number",
                self.env._(
                    "%(number)s is not a number of card type %(type)s (for example %(example)s); check it",
                    number=key,
                    type=card_type.name,
                    example=card_type.number_example,
                ),
            )
        return cards.create(
            {
                "number": key,
                "type_id": card_type.id,
                "member_id": member.id,
                "state": "active",
                "is_main": main,
                "issued_at": now,
                "company_id": card_type.company_id.id,
            }
        )

    def _has_main(self, member) -> bool:
        self.env["loy.card"].flush_model(["member_id", "is_main"])
        return bool(
            self.env.execute_query(SQL("SELECT FROM loy_card WHERE member_id = %s AND is_main", member.id))
        )

    # -- series

    def _generate(self, card_type, count: int) -> list[str]:
        """The numbers of ``count`` new cards, made by a few statements whatever the count;
        ``card_capacity``.
        """
        return [number for _id, number in self._draw(card_type, count)]

    def _draw(self, card_type, count: int, member=None) -> list[tuple[int, str]]:
        """(id, number) of ``count`` new cards; with ``member``: active ones of the member."""
        made: list[tuple[int, str]] = []
        capacity = card_type._capacity()

        def insert(serials: SQL) -> int:
            statement = self._insert_sql(card_type, capacity, serials, member=member)
            new = self.env.execute_query(SQL("%s RETURNING id, number", statement))
            made.extend(new)
            return len(new)

        self._fill(card_type, count, insert)
        return made

    def _fill(self, card_type, count: int, insert: Callable[[SQL], int]) -> int:
        """``insert`` takes serials and answers how many of their numbers were free, until ``count`` cards are made;
        ``card_capacity``.
        """
        capacity = card_type._capacity()
        is_sequential = card_type.number_mode == "sequential"
        card_type.flush_recordset()
        return fill(
            count,
            capacity,
            insert,
            taken=SQL("SELECT FROM loy_card WHERE loy_card.number = %s", card_type._number_sql()),
            exhausted=lambda: self._exhausted(card_type),
            sequence=card_type._serial_sequence() if is_sequential else None,
            is_past_end=lambda: self._is_past_end(card_type, capacity),
        )

    def _insert_sql(self, card_type, capacity: int, serials: SQL, *, member=None, series=None) -> SQL:
        return SQL(
            """
            INSERT INTO loy_card (number, type_id, series_id, company_id, member_id, state, is_main, issued_at,
                                  create_uid, create_date, write_uid, write_date)
            SELECT %(number)s, %(type_id)s, %(series_id)s::integer, %(company_id)s, %(member_id)s::integer, %(state)s,
                   %(member_id)s::integer IS NOT NULL AND NOT EXISTS (
                       SELECT FROM loy_card other WHERE other.member_id = %(member_id)s::integer AND
                       other.is_main
                   ),
                   %(issued_at)s::timestamp, %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (%(serials)s) AS drawn
             WHERE place < %(capacity)s
                ON CONFLICT (number) DO NOTHING
            """,
            number=card_type._number_sql(),
            type_id=card_type.id,
            series_id=series.id if series else None,
            company_id=card_type.company_id.id or None,
            member_id=member.id if member else None,
            state="active" if member else "new",
            issued_at=fields.Datetime.now() if member else None,
            uid=self.env.uid,
            now=fields.Datetime.now(),
            serials=serials,
            capacity=capacity,
        )

    def _is_past_end(self, card_type, capacity: int) -> bool:
        [(last,)] = self.env.execute_query(
            SQL("SELECT last_value FROM %s", SQL.identifier(card_type._serial_sequence()))
        )
        return last >= capacity - 1

    def _exhausted(self, card_type) -> LoyaltyError:
        return LoyaltyError(
            "card_capacity",
            self.env._(
                "card type %(type)s has room for %(capacity)s numbers, and not enough of them are free;"
                " make its numbers longer, widen the range or change the prefix",
                type=card_type.name,
                capacity=card_type._capacity(),
            ),
        )

    # -- states

    def _transition(self, cards, state: str, reason=None, note: str = "", at: datetime | None = None):
        """Bring ``cards`` to ``state`` with a line of history each, dated ``at`` or now; ``card_transition``
        when no way leads there.

        The rows are locked first, so of two people who act at once the second sees what the first did.
        """
        # The caller has checked the right to change the card; the history has no other writer.
        cards = cards.sudo()
        cards.flush_recordset()
        states = dict(
            self.env.execute_query(
                SQL("SELECT id, state FROM loy_card WHERE id = ANY(%s) ORDER BY id FOR UPDATE", cards.ids)
            )
        )
        cards.invalidate_recordset(["state"])
        for card in cards:
            if state not in TRANSITIONS[states[card.id]]:
                names = dict(card._fields["state"]._description_selection(self.env))
                raise LoyaltyError(
                    "card_transition",
                    self.env._(
                        "Card %(number)s is %(from)s and cannot become %(to)s",
                        number=card.number,
                        **{"from": names[states[card.id]].lower(), "to": names[state].lower()},
                    ),
                )
        if state == "active" and (ownerless := cards.filtered(lambda card: not card.member_id)):
            raise LoyaltyError(
                "card_without_member",
                self.env._("Card %s has no member yet; issue it to one", ownerless[0].number),
            )
        cards.write({"state": state})
        if state in ("closed", "completed"):
            self._pass_main_on(cards)
        self._log(cards, state, from_states=states, reason=reason, note=note, at=at)
        return cards

    def _pass_main_on(self, cards):
        """When the main card ends, the oldest of the member's other cards in use takes its place."""
        ended = cards.filtered("is_main")
        if not ended:
            return
        heirs = {}
        for card in cards.search(
            [("member_id", "in", ended.member_id.ids), ("state", "=", "active")], order="id desc"
        ):
            heirs[card.member_id] = card
        replaced = ended.filtered(lambda card: card.member_id in heirs)
        replaced.is_main = False
        replaced.flush_recordset(["is_main"])
        cards.browse().concat(*heirs.values()).is_main = True

    def _make_main(self, card):
        """``card`` becomes the one that is shown and printed first."""
        # The caller has checked the right to change the card.
        card = card.sudo()
        others = card.search(
            [("member_id", "=", card.member_id.id), ("is_main", "=", True), ("id", "!=", card.id)]
        )
        others.is_main = False
        others.flush_recordset(["is_main"])
        card.is_main = True

    def _log(self, cards, state, *, from_states, reason=None, note="", at=None, told=None):
        """A line of history for each card, and an event for other addons."""
        at = at or fields.Datetime.now()
        # The history is written by this service alone; nobody has the right to create it.
        self.env["loy.card.log"].sudo().create(
            [
                {
                    "card_id": card.id,
                    "from_state": from_states[card.id],
                    "to_state": state,
                    "reason_id": reason.id if reason else False,
                    "note": note,
                    "user_id": self.env.uid,
                    "at": at,
                }
                for card in cards
            ]
        )
        self.env["loy.events"]._emit_many(
            [
                {
                    "kind": "card.issued"
                    if from_states[card.id] == "new" and state == "active"
                    else f"card.{EVENTS[state]}",
                    "at": at,
                    "member_id": card.member_id.id,
                    "company_id": card.company_id.id,
                    "data": {"card": card.number, "type": card.type_id.code, **(told or {})},
                }
                for card in cards
            ]
        )

    def _check_unused(self, cards):
        """Only a card that nobody ever had may be deleted: a misprinted series, say."""
        # The history is looked at to refuse, nothing of it is shown.
        used = cards.filtered(lambda card: card.member_id or card.state != "new")
        if used:
            raise LoyaltyError(
                "card_in_use", self.env._("Card %s has a history and stays; close it instead", used[0].number)
            )
