"""What promotions must know of a member beyond the purchase: the profile, and what was bought before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from odoo import models

from ..engine import Attribute, Basket, Bought, FirstUse, History, Line, Member, Needs, Offer, gather, needed
from ..sql import favourites, offers
from ..sql import member_days as sql
from . import clock
from .money import to_minor
from .programme import CompiledProgramme

#: Names under which promotions know what contacts have fields for.
KNOWN_ATTRIBUTES = {
    "birth_date": lambda member: member.loy_birth_date and member.loy_birth_date.isoformat(),
    "sex": lambda member: member.loy_sex,
    "language": lambda member: member.lang,
    "city": lambda member: member.city,
    "store": lambda member: member.loy_store_id.code,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be known, of a purchase on which day and where."""

    needs: Needs
    day: date
    timezone: str
    company_id: int
    promotions: Mapping[str, int]  # code → record
    favourites: Mapping[str, int]
    skus: frozenset[str]  # of the basket


class LoyMemberFacts(models.AbstractModel):
    """Only what the promotions that may apply ask for is read, each thing by one query; it is kept with the basket.

    An addon that knows more of members (segments, say) adds a method ``_know_PART``.
    """

    _name = "loy.member.facts"
    _description = "Facts of members"

    # ------------------------------------------------------------------ before the calculation

    def _with_facts(
        self, basket: Basket, compiled: CompiledProgramme, member, company_id: int, *, is_explained: bool = False
    ) -> Basket:
        """The basket with all that its promotions need to know of the member."""
        needs = needed(compiled.programme, basket, all_of_them=is_explained)
        return self._answered(basket, compiled, member, company_id, needs)

    def _baskets_of_nothing(
        self, compiled: CompiledProgramme, asking, company_id: int, moments: list[tuple[int, datetime]]
    ) -> list[Basket]:
        """For each (member, moment of the local clock) what is to be known of the member where there is no purchase;
        ``asking`` has needs."""
        # sudo: what the programme must know of members is nobody's look at them.
        members = self.env["res.partner"].sudo().browse({member_id for member_id, _at in moments})
        units = {unit.id: code for code, unit in compiled.units.items()}
        ledger = self.env["loy.ledger"]
        accounts = ledger._accounts(members.ids, units)
        spendable = ledger._spendable(accounts.values(), ledger._now())
        balances: dict[int, dict[str, int]] = defaultdict(dict)
        for (member_id, unit_id), account_id in accounts.items():
            if total := spendable[account_id].total:
                balances[member_id][units[unit_id]] = total
        # sudo: as above.
        cards = self.env["loy.card"].sudo().search([("member_id", "in", members.ids), ("is_main", "=", True)])
        types = {card.member_id.id: card.type_id.code for card in cards}
        found = []
        for member_id, at in moments:
            known = Member(id=str(member_id), card_type=types.get(member_id, ""), balances=balances[member_id])
            basket = Basket(at=at, lines=(), member=known)
            member = members.browse(member_id)
            found.append(self._answered(basket, compiled, member, company_id, gather(asking.needs())))
        return found

    def _answered(
        self, basket: Basket, compiled: CompiledProgramme, member, company_id: int, needs: Needs
    ) -> Basket:
        if not needs.by_key:
            return basket
        skus = frozenset(line.sku for line in basket.lines)
        timezone = compiled.settings.timezone or "UTC"
        kept = {code: record_id for code, (record_id, _document) in compiled.favourites.items()}
        asked = Asked(needs, basket.at.date(), timezone, company_id, compiled.promotions, kept, skus)
        known = {part: getattr(self, f"_know_{part}")(member, asked) for part in sorted(needs.parts())}
        if figures := self._figures(asked, compiled, member.id):
            known["history"] = figures
        return replace(basket, member=replace(basket.member, **known))

    # ------------------------------------------------------------------ the profile

    def _know_tier(self, member, asked: Asked) -> str:
        """As it was on the day of the receipt: a purchase that lifts a member earns as those before it."""
        company = self.env["res.company"].browse(asked.company_id)
        return self.env["loy.tiers"]._code_on(member.id, company, asked.day)

    def _know_tags(self, member, asked: Asked) -> frozenset[str]:
        """Names of the contact's tags as they were first written, the same for every user."""
        return frozenset(member.with_context(lang="en_US").category_id.mapped("name"))

    def _know_brands(self, member, asked: Asked) -> frozenset[str]:
        return frozenset(member.loy_brand_ids.mapped("code"))

    def _know_birth_date(self, member, asked: Asked) -> date | None:
        return member.loy_birth_date or None

    def _know_registered_on(self, member, asked: Asked) -> date | None:
        at = member.loy_registered_at
        return clock.to_local(at, asked.timezone).date() if at else None

    def _know_attributes(self, member, asked: Asked) -> dict[str, Attribute]:
        own, since = member.loy_attributes or {}, member.loy_known_since or {}
        names = asked.needs.names()
        found = {name: own[name] for name in names if name in own}
        found |= {name: KNOWN_ATTRIBUTES[name](member) for name in names if name in KNOWN_ATTRIBUTES}
        if "age" in names and member.loy_birth_date:
            found["age"] = _age(member.loy_birth_date, asked.day)
            since = {**since, "age": since.get("birth_date")}
        if "card_years" in names and (first := self._first_card_on(member, asked)):
            found["card_years"] = asked.day.year - first.year
        return {
            name: Attribute(value=_plain(value), since=since.get(name) and date.fromisoformat(since[name]))
            for name, value in found.items()
            if value not in (None, "") and not (value is False and name in KNOWN_ATTRIBUTES)
        }

    def _first_card_on(self, member, asked: Asked) -> date | None:
        # sudo: as the rest of the profile.
        cards = self.env["loy.card"].sudo().search([("member_id", "=", member.id), ("issued_at", "!=", False)])
        first = min(cards.mapped("issued_at"), default=None)
        return first and clock.to_local(first, asked.timezone).date()

    def _know_offers(self, member, asked: Asked) -> tuple[Offer, ...]:
        """What the member was offered by name of the products in the basket."""
        codes = {asked.promotions[code]: code for code in asked.needs.names("offers") if code in asked.promotions}
        self.env["loy.offer"].flush_model()
        rows = self.env.execute_query(offers.valid(member.id, asked.company_id, codes, asked.day, asked.skus))
        found = [
            Offer(
                promotion=codes[promotion_id],
                sku=sku or "",
                value=None if value is None else to_minor(_exact(value), 6),
            )
            for promotion_id, sku, value, _from, _to in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.promotion, one.sku)))

    def _know_choices(self, member, asked: Asked) -> dict[str, frozenset[str]]:
        """The options that hold of each choice."""
        rows = self.env["loy.choices"]._holding(member.id, asked.company_id, asked.day)
        return {code: frozenset(options) for code, options, *_rest in rows if code in asked.needs.names("choices")}

    def _know_favourites(self, member, asked: Asked) -> dict[str, frozenset[str]]:
        """What the member buys most, as of last night."""
        names = asked.needs.names("favourites")
        codes = {asked.favourites[code]: code for code in names if code in asked.favourites}
        known: dict[str, set[str]] = defaultdict(set)
        rows = self.env.execute_query(favourites.of_member(member.id, asked.company_id, codes))
        for favourite_id, _rank, key, _value in rows:
            known[codes[favourite_id]].add(key)
        return {code: frozenset(keys) for code, keys in known.items()}

    # ------------------------------------------------------------------ what was bought before

    def _figures(self, asked: Asked, compiled: CompiledProgramme, member_id: int) -> dict[str, int]:
        """Need → its figure; one that is nothing is left out."""
        day, company_id = asked.day, asked.company_id
        histories: list[History] = asked.needs.of(History)
        by_line = [one for one in histories if one.is_by_line]
        by_day = [one for one in histories if not one.is_by_line]
        figures = self._first_uses(asked.needs.of(FirstUse), compiled, member_id)
        if by_day:
            bought = self._days(member_id, company_id, _start(by_day, day), compiled.currency_decimals)
            figures |= {one.key: one.answer(bought, day) for one in by_day}
        if by_line:
            bought = self._lines(member_id, company_id, _start(by_line, day), compiled)
            figures |= {one.key: one.answer(bought, day) for one in by_line}
        return {key: figure for key, figure in figures.items() if figure}

    def _before(self) -> sql.Moment | None:
        """What was bought before which moment; None: all that is known."""
        return None

    def _days(self, member_id: int, company_id: int, since: date, decimals: int) -> list[Bought]:
        return [
            Bought(
                day=day,
                store=store,
                network=network,
                partner=partner,
                count=count,
                base_minor=to_minor(_exact(base), decimals),
                amount_minor=to_minor(_exact(amount), decimals),
            )
            for day, store, network, partner, count, base, amount in self._day_rows(member_id, company_id, since)
        ]

    def _day_rows(self, member_id: int, company_id: int, since: date) -> list[tuple]:
        return self.env.execute_query(sql.days(member_id, company_id, since))

    def _lines(self, member_id: int, company_id: int, since: date, compiled: CompiledProgramme) -> list[Bought]:
        rows = self.env.execute_query(sql.lines(member_id, company_id, since, self._before()))
        # A product is of the categories that it is of today.
        products = self.env["loy.catalogue"]._facts(list({row[5] for row in rows}), company_id)
        decimals = compiled.currency_decimals
        return [
            Bought(
                purchase=purchase,
                day=day,
                store=store,
                network=network,
                partner=partner,
                quantity_micro=to_minor(_exact(quantity), 6),
                base_minor=to_minor(_exact(base), decimals),
                amount_minor=to_minor(_exact(amount), decimals),
                line=_line(sku, to_minor(_exact(price), decimals), products.get(sku)),
            )
            for purchase, day, store, network, partner, sku, price, quantity, base, amount in rows
        ]

    def _first_uses(self, needs: list[FirstUse], compiled: CompiledProgramme, member_id: int) -> dict[str, int]:
        promotions = {
            compiled.promotions[need.promotion]: need for need in needs if need.promotion in compiled.promotions
        }
        if not promotions:
            return {}
        rows = self.env.execute_query(sql.first_uses(member_id, list(promotions), self._before()))
        return {promotions[promotion_id].key: day.toordinal() for promotion_id, day in rows}

    # ------------------------------------------------------------------ kept with each purchase

    def _add(self, purchase, count: int) -> None:
        """A purchase or a return is a fact of its member's day; ``count``: how many more purchases were kept."""
        if purchase.member_id:
            purchase.flush_recordset()
            self.env.cr.execute(sql.add(purchase.id, count))

    def _absorb(self, from_member_id: int, to_member_id: int) -> None:
        self.env.cr.execute(sql.absorb(from_member_id, to_member_id))

    def _rebuild(self) -> None:
        """All days anew, from the purchases."""
        self.env.flush_all()
        for statement in sql.rebuild():
            self.env.cr.execute(statement)


def _start(histories: list[History], day: date) -> date:
    return min(one.period.window(day)[0] for one in histories)


def _exact(number: float | Decimal | None) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(repr(number or 0.0))


def _line(sku: str, price_minor: int, facts) -> Line:
    return Line(id="1", sku=sku, price_minor=price_minor, **(facts.traits() if facts else {}))


def _plain(value):
    """A value as the engine knows it; whole lists are of texts."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    return str(value)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
