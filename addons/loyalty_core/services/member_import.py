"""Members of another system, with the cards, points and totals that they have there."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from ..sql.insert import insert_rows
from . import clock
from .cards import IMPORTED
from .errors import LoyaltyError
from .members import KEYS
from .money import to_minor
from .posting import Accrual, Source
from .requests import MemberOpening, MembersImport

SHOWN_MAX = 200
#: What of an opening goes into the contact as it is.
VALUES = ("phone", "email", "external_id", "first_name", "last_name", "birth_date", "sex", "timezone", "attributes")


@dataclass(frozen=True, slots=True)
class Named:
    """What openings may name, by code."""

    stores: Mapping[str, models.Model]
    units: Mapping[str, models.Model]
    brands: Mapping[str, models.Model]
    tiers: Mapping[str, models.Model]


class LoyMemberImport(models.AbstractModel):
    """All members of a request come in, or none and every problem is told with its path: nothing is half done."""

    _name = "loy.member.import"
    _description = "Import of members"

    def _import(self, request: MembersImport, at: datetime) -> list[dict]:
        """[{member, card}] in the order of the request; of a dry run nobody.

        ``bad_members``: what is wrong, each with its path.
        """
        named = self._named()
        vals_list, problems = self._read(request.members, named, at)
        problems += self._taken(vals_list, request.members)
        if problems:
            more = len(problems) - SHOWN_MAX
            shown = problems[:SHOWN_MAX] + ([self.env._("and %s more", more)] if more > 0 else [])
            raise LoyaltyError("bad_members", "\n".join(shown))
        if request.dry_run:
            return []
        # Integrators have no right on contacts; the guard of the API has checked theirs to import.
        members = self.env["res.partner"].sudo().create(vals_list)
        main = {member.id: member.loy_main_card_id.number for member in members}
        self._issue(members, request.members)
        self._accrue(members, request.members, named, at)
        self._insert_totals(members, request.members, named)
        self._set_tiers(members, request.members, named, at)
        return [{"member": str(member.id), "card": main[member.id]} for member in members]

    # ------------------------------------------------------------------ what is wrong

    def _read(self, openings: Sequence[MemberOpening], named: Named, at: datetime) -> tuple[list[dict], list[str]]:
        """The values of the contacts, and what is wrong with each opening by itself."""
        vals_list: list[dict] = []
        problems: list[str] = []
        for i, opening in enumerate(openings):
            path = f"members[{i}]"
            try:
                vals_list.append(self._vals(opening, named))
            except LoyaltyError as error:
                problems.append(f"{path}: {error}")
                vals_list.append({})
            problems += [f"{path}.{problem}" for problem in self._problems(opening, named, at)]
        return vals_list, problems

    def _named(self) -> Named:
        return Named(self._stores(), self._by_code("loy.unit"), self._by_code("loy.brand"), self._by_code("loy.tier"))

    def _by_code(self, name: str) -> dict[str, models.Model]:
        domain = [("company_id", "in", [False, *self.env.companies.ids])]
        records = self.env[name].search(domain, order="company_id desc")
        return {record.code: record for record in records}

    def _stores(self) -> dict[str, models.Model]:
        """Those for which the user works."""
        bound = self.env["res.users"]._loy_bound_store_ids()
        return {code: store for code, store in self._by_code("loy.store").items() if not bound or store.id in bound}

    def _vals(self, opening: MemberOpening, named: Named) -> dict:
        members = self.env["loy.members"]
        values = {name: getattr(opening, name) for name in VALUES if getattr(opening, name) is not None}
        if store := named.stores.get(opening.store or ""):
            values["store_id"] = store.id
        if opening.registered:
            values["registered_at"] = clock.to_utc(opening.registered, store.timezone if store else "UTC")
        values["attributes"] = self.env["loy.attributes"]._fit(opening.attributes, {})
        values["brand_ids"] = [named.brands[code].id for code in opening.brands if code in named.brands]
        vals = {**members._to_fields(values), "is_loyalty_member": True, "loy_is_imported": True}
        if opening.cards:
            vals["loy_new_card_number"] = opening.cards[0].number
        return members._prepare_contact(vals)

    def _problems(self, opening: MemberOpening, named: Named, at: datetime) -> Iterator[str]:
        for path, code, known in self._codes(opening, named):
            if code not in known:
                yield self.env._("%(path)s: there is no %(code)s", path=path, code=code)
        for i, lot in enumerate(opening.lots):
            unit = named.units.get(lot.unit)
            begins, ends = self._bounds(lot, at)
            if unit and lot.amount != round(lot.amount, unit.decimals):
                yield self.env._(
                    "lots[%(i)s].amount: %(unit)s has %(decimals)s decimals",
                    i=i,
                    unit=unit.code,
                    decimals=unit.decimals,
                )
            if ends and ends <= max(begins, at):
                yield self.env._("lots[%s].expires_at: these are gone already; leave them out", i)

    def _codes(self, opening: MemberOpening, named: Named) -> Iterator[tuple[str, str, Mapping]]:
        if opening.store:
            yield "store", opening.store, named.stores
        if opening.tier:
            yield "tier", opening.tier, named.tiers
        yield from ((f"brands[{i}]", code, named.brands) for i, code in enumerate(opening.brands))
        yield from ((f"lots[{i}].unit", lot.unit, named.units) for i, lot in enumerate(opening.lots))
        totals = enumerate(opening.totals)
        yield from ((f"totals[{i}].store", one.store, named.stores) for i, one in totals if one.store)

    def _taken(self, vals_list: Sequence[dict], openings: Sequence[MemberOpening]) -> Iterator[str]:
        """What two of them share, or somebody has already."""
        for key, column in KEYS.items():
            where = [(f"members[{i}].{key}", vals[column]) for i, vals in enumerate(vals_list) if vals.get(column)]
            yield from self._shared(where, lambda values, key=key, column=column: self._known(key, column, values))
        normalise = self.env["loy.cards"]._normalise
        cards = [
            (f"members[{i}].cards[{j}].number", normalise(card.number))
            for i, opening in enumerate(openings)
            for j, card in enumerate(opening.cards)
        ]
        yield from self._shared(cards, self._issued)

    def _shared(self, where: Sequence[tuple[str, str]], taken: Callable) -> Iterator[str]:
        times = Counter(value for _path, value in where)
        owned = taken(list(times)) if times else {}
        for path, value in where:
            if times[value] > 1:
                yield self.env._("%(path)s: %(value)s is named twice", path=path, value=value)
            elif value in owned:
                yield self.env._(
                    "%(path)s: member %(id)s has %(value)s already", path=path, value=value, id=owned[value]
                )

    def _known(self, key: str, column: str, values: list[str]) -> dict[str, int]:
        self.env["res.partner"].flush_model([column])
        rows = self.env.execute_query(
            SQL(
                "SELECT %(column)s, id FROM res_partner WHERE %(column)s = ANY(%(values)s) UNION ALL "
                "SELECT value, member_id FROM loy_member_alias WHERE kind = %(key)s AND value = ANY(%(values)s)",
                column=SQL.identifier(column),
                values=values,
                key=key,
            )
        )
        return dict(rows)

    def _issued(self, numbers: list[str]) -> dict[str, int]:
        """Cards that are not in stock any more."""
        self.env["loy.card"].flush_model(["number", "state", "member_id"])
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT number, COALESCE(member_id, 0) FROM loy_card"
                    " WHERE number = ANY(%s) AND (state <> 'new' OR member_id IS NOT NULL)",
                    numbers,
                )
            )
        )

    # ------------------------------------------------------------------ what they have

    def _issue(self, members, openings: Iterable[MemberOpening]) -> None:
        """Further cards; all are as old as they are."""
        pairs = list(zip(members, openings, strict=True))
        orders = [(member, None, card.number) for member, opening in pairs for card in opening.cards[1:]]
        if orders:
            self.env["loy.cards"]._issue_many(orders, told=IMPORTED)
        days = {
            self.env["loy.cards"]._normalise(card.number): datetime.combine(card.issued_on, time.min)
            if card.issued_on
            else member.loy_registered_at
            for member, opening in pairs
            for card in opening.cards
        }
        cards = self.env["loy.card"]
        cards.flush_model(["issued_at"])
        self.env.cr.execute(
            SQL(
                "UPDATE loy_card AS card SET issued_at = given.at"
                "  FROM unnest(%s::text[], %s::timestamp[]) AS given (number, at) WHERE card.number = given.number",
                list(days),
                list(days.values()),
            )
        )
        cards.invalidate_model(["issued_at"])

    def _accrue(self, members, openings: Iterable[MemberOpening], named: Named, at: datetime) -> None:
        units = named.units
        wanted = [(member, lot) for member, opening in zip(members, openings, strict=True) for lot in opening.lots]
        if not wanted:
            return
        ledger = self.env["loy.ledger"]
        accounts: dict[tuple[int, int], int] = {}
        for code in {lot.unit for _member, lot in wanted}:
            owners = {member.id for member, lot in wanted if lot.unit == code}
            accounts |= ledger._accounts(owners, [units[code].id], create=True)
        moves = []
        for member, lot in wanted:
            unit = units[lot.unit]
            begins, ends = self._bounds(lot, at)
            moves.append(
                Accrual(
                    account_id=accounts[member.id, unit.id],
                    amount_minor=to_minor(lot.amount, unit.decimals),
                    active_from=begins,
                    expires_at=ends,
                    member_id=member.id,
                )
            )
        ledger._accrue(moves, at=at, source=Source("opening", company_id=self.env.company.id))

    @staticmethod
    def _bounds(lot, at: datetime) -> tuple[datetime, datetime | None]:
        begins = clock.to_utc(lot.active_from, "UTC") if lot.active_from else at
        return begins, clock.to_utc(lot.expires_at, "UTC") if lot.expires_at else None

    def _insert_totals(self, members, openings: Iterable[MemberOpening], named: Named) -> None:
        stores = named.stores
        sums: dict[tuple, list] = {}
        for member, opening in zip(members, openings, strict=True):
            for one in opening.totals:
                key = (member.id, stores[one.store].id if one.store else 0, one.to)
                known = sums.setdefault(key, [0, Decimal(0)])
                known[0] += one.count
                known[1] += one.amount
        insert_rows(
            self.env["loy.member.day"],
            [
                {
                    "member_id": member_id,
                    "company_id": self.env.company.id,
                    "store_id": store_id,
                    "day": day,
                    "is_opening": True,
                    "purchase_count": count,
                    "base": amount,
                    "amount": amount,
                }
                for (member_id, store_id, day), (count, amount) in sums.items()
            ],
        )

    def _set_tiers(self, members, openings: Iterable[MemberOpening], named: Named, at: datetime) -> None:
        """A tier holds as it did in the other system; the rules go on from what was bought."""
        company, tiers = self.env.company, named.tiers
        service = self.env["loy.tiers"]
        holders: dict[tuple, list[int]] = {}
        for member, opening in zip(members, openings, strict=True):
            if opening.tier:
                holders.setdefault((opening.tier, opening.tier_since, opening.tier_until), []).append(member.id)
        for (code, since, until), member_ids in holders.items():
            day = since or service._ladder(company).today(at)
            service._grant(members.browse(member_ids), tiers[code], company, "import", since=day, until=until)
        service._work_out(company, members.ids, is_quiet=True)
