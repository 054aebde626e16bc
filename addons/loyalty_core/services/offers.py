"""Personal offers: loaded in bulk, by requests and files; each loaded twice is there once."""

import base64
import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from types import SimpleNamespace

from odoo import fields, models

from ..sql import lists
from ..sql import offers as sql
from ..tools.table_files import TableError, parse_amount, read_table
from . import clock
from .adjustment_lists import HEADS as LIST_HEADS
from .adjustment_lists import KNOWN_BY, ROWS_MAX
from .errors import LoyaltyError
from .members import KEYS
from .number_files import FORMULA

RIGHT = "promotion.offers"
BATCH = 10_000
VALUE_MAX = 10**9
#: Heads of columns, small letters, in the languages that the suite speaks.
HEADS = {
    **{kind: LIST_HEADS[kind] for kind, _label in KNOWN_BY},
    "promotion": "promotion|акція|код акції|акция|код акции",
    "sku": "sku|product|product code|товар|артикул|код товару|код товара",
    "value": "value|size|percent|amount|price|розмір|відсоток|знижка|ціна|размер|процент|скидка|цена",
    "from": "from|start|starts|з|від|початок|с|от|начало",
    "to": "to|end|ends|until|до|по|кінець|конец",
}
MEANINGS = {head: meaning for meaning, heads in HEADS.items() for head in heads.split("|")}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An offer as it is asked for: ``plain`` is what it names its member by, as that is stored."""

    position: int
    kind: str
    plain: str | None
    promotion_id: int | None
    sku: str | None
    value: Decimal | None
    starts_on: date | None
    ends_on: date | None
    fault: str | None = None


@dataclass(slots=True)
class Loaded:
    """What a load came to; ``faults`` are [position, fault]."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Loaded") -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.faults += other.faults


class LoyOffers(models.AbstractModel):
    """Law: an offer is of one member, promotion, product and first day; loaded again it takes the new value and end, so
    a load that was cut off is simply loaded again. A row that names nobody is told and left out."""

    _name = "loy.offers"
    _description = "Personal offers service"

    # ------------------------------------------------------------------ loading

    def _load(self, wanted: Iterable[Wanted], batch: str | None, company) -> Loaded:
        """Load up to a few thousand offers by a few statements."""
        wanted = list(wanted)
        members = self._members(wanted, company)
        loaded, rows = Loaded(), []
        for one in wanted:
            member_id, fault = members.get((one.kind, one.plain), (None, "unknown"))
            if one.fault or fault:
                loaded.faults.append((one.position, one.fault or fault))
            else:
                rows.append(
                    sql.Row(one.promotion_id, member_id, one.sku or None, one.value, one.starts_on, one.ends_on)
                )
        if not rows:
            return loaded
        model = self.env["loy.offer"]
        model.flush_model()
        [(created, updated)] = self.env.execute_query(sql.load(company.id, batch or None, rows))
        model.invalidate_model(flush=False)
        loaded.created, loaded.updated = created, updated
        loaded.unchanged = len(rows) - created - updated
        return loaded

    def _members(self, wanted: Sequence[Wanted], company) -> dict[tuple[str, str | None], tuple[int | None, str]]:
        """(what by, plain) → the member as it is now, and what is against it; one query for each kind of key."""
        plains: dict[str, set[str]] = defaultdict(set)
        for one in wanted:
            if one.plain and not one.fault:
                plains[one.kind].add(one.plain)
        self.env["res.partner"].flush_model()
        self.env["loy.card"].flush_model()
        bound = self.env["res.users"]._loy_bound_store_ids()
        found = {
            (kind, plain): (member_id, fault)
            for kind, values in plains.items()
            for plain, member_id, fault in self.env.execute_query(
                lists.members_of(kind, KEYS.get(kind), company.id, bound, values)
            )
        }
        merged = dict(self.env.execute_query(sql.lock_members({one for one, fault in found.values() if not fault})))
        return {key: (merged.get(member_id) or member_id, fault) for key, (member_id, fault) in found.items()}

    def _import(self, request) -> Loaded:
        """The offers of a request. Codes: promotion_not_found, and those of keys that cannot be read."""
        company = self.env.company
        promotions = self._promotions({one.promotion for one in request.offers}, company)
        today = self._today(company)
        plain_forms = {kind: self._plain_form(company, kind) for kind, _label in KNOWN_BY}
        wanted = []
        for i, one in enumerate(request.offers):
            [(kind, key)] = one.given().items()
            plain = plain_forms[kind](key)
            wanted.append(
                Wanted(
                    position=i,
                    kind=kind,
                    plain=plain,
                    promotion_id=promotions[one.promotion],
                    sku=one.sku,
                    value=one.value,
                    starts_on=one.from_ or today,
                    ends_on=one.to,
                    fault="bad_key" if plain is None else self._period_fault(one.from_ or today, one.to),
                )
            )
        return self._load(wanted, request.batch, company)

    def _promotions(self, codes: set[str], company) -> dict[str, int]:
        """Code → promotion; the company's own goes before a shared one."""
        found = {}
        domain = [("code", "in", list(codes)), ("company_id", "in", [False, company.id])]
        for promotion in self.env["loy.promotion"].search(domain, order="company_id desc"):
            found[promotion.code] = promotion.id
        own = self.env["loy.promotion"].search([*domain, ("company_id", "=", company.id)])
        found |= {promotion.code: promotion.id for promotion in own}
        if missing := sorted(codes - found.keys()):
            raise LoyaltyError(
                "promotion_not_found", self.env._("There is no promotion %s. Check the code.", missing[0])
            )
        return found

    def _plain_form(self, company, kind: str):
        return self.env["loy.adjustment.lists"]._plain_form(SimpleNamespace(company_id=company), kind)

    @staticmethod
    def _period_fault(starts_on: date, ends_on: date | None) -> str | None:
        return "bad_period" if ends_on and ends_on < starts_on else None

    def _today(self, company, at: datetime | None = None) -> date:
        at = at or fields.Datetime.now()
        settings = self.env["loy.programme"]._at(company, at).settings
        return clock.to_local(at, settings.timezone or "UTC").date()

    # ------------------------------------------------------------------ files

    def _load_file(self, wizard) -> None:
        """Load the file of a wizard, and tell in it what it came to. Codes: right_missing, those of files."""
        self.env["loy.rights"]._check(RIGHT)
        service = self.env["loy.adjustment.lists"]
        content = service._content(wizard)
        company, loaded, written = wizard.company_id, Loaded(), {}
        # Whoever may load offers may do so for members and promotions of the company.
        system = self.sudo()
        try:
            rows = read_table(content)
            wanted = system._read(wizard, rows, written)
            while page := list(islice(wanted, BATCH)):
                loaded.add(system._load(page, wizard.batch or wizard.file_name, company))
                faulty = {position for position, _fault in loaded.faults}
                for one in page:
                    if one.position not in faulty:
                        written.pop(one.position, None)
        except TableError as error:
            raise self._file_error(error) from error
        wizard.write(
            {
                "state": "done",
                "created_count": loaded.created,
                "updated_count": loaded.updated,
                "unchanged_count": loaded.unchanged,
                "fault_count": len(loaded.faults),
                "fault_file": self._faults(loaded, written) if loaded.faults else False,
                "fault_name": f"{(wizard.file_name or 'offers').rpartition('.')[0] or 'offers'} faults.csv",
            }
        )

    def _file_error(self, error: TableError) -> LoyaltyError:
        if error.code == "file_head":
            return LoyaltyError(
                "file_head",
                self.env._(
                    "The first line must name the columns: one of %s; promotion; sku; value; from; to.",
                    ", ".join(kind for kind, _label in KNOWN_BY),
                ),
            )
        return self.env["loy.adjustment.lists"]._file_error(error)

    def _read(self, wizard, rows: Iterator[tuple[int, list[str]]], written: dict[int, list[str]]) -> Iterator[Wanted]:
        """The offers below the head; the cells of each line are ``written`` down until it is loaded."""
        _number, head = next(rows, (0, []))
        places: dict[str, int] = {}
        for place, cell in enumerate(head):
            places.setdefault(MEANINGS.get(" ".join(cell.casefold().replace("_", " ").split()), ""), place)
        kinds = [kind for kind, _label in KNOWN_BY if kind in places]
        if not kinds:
            raise TableError("file_head")
        kind = min(kinds, key=places.__getitem__)
        plain_form = self._plain_form(wizard.company_id, kind)
        known = self._known_promotions(wizard.company_id)
        today = self._today(wizard.company_id)
        written[0] = head
        for count, (position, row) in enumerate(rows, start=1):
            if count > ROWS_MAX:
                raise TableError("file_rows")
            cells = {name: row[place] if place < len(row) else "" for name, place in places.items() if name}
            written[position] = row
            yield self._line(position, kind, cells, plain_form, known, wizard, today)

    def _known_promotions(self, company) -> dict[str, int]:
        promotions = self.env["loy.promotion"].search([("company_id", "in", [False, company.id])])
        return {one.code: one.id for one in promotions.sorted(lambda one: bool(one.company_id))}

    def _line(self, position, kind, cells, plain_form, known, wizard, today: date) -> Wanted:
        key, code = cells[kind], cells.get("promotion", "")
        plain = plain_form(key) if key else None
        promotion_id = known.get(code) if code else wizard.promotion_id.id
        value, is_value = _value(cells.get("value", ""), wizard.value)
        starts_on, is_start = _day(cells.get("from", ""), wizard.starts_on or today)
        ends_on, is_end = _day(cells.get("to", ""), wizard.ends_on or None)
        fault = None
        if not key:
            fault = "no_key"
        elif plain is None:
            fault = "bad_key"
        elif not promotion_id:
            fault = "no_promotion"
        elif not is_value:
            fault = "bad_value"
        elif not is_start or not is_end:
            fault = "bad_date"
        else:
            fault = self._period_fault(starts_on, ends_on)
        sku = cells.get("sku", "")[:128] or None
        return Wanted(position, kind, plain, promotion_id, sku, value, starts_on, ends_on, fault)

    def _faults(self, loaded: Loaded, written: dict[int, list[str]]) -> bytes:
        """The lines with faults as they were, and what is wrong with each: to be corrected and loaded again."""
        labels = self._fault_labels()
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";")
        writer.writerow([*written[0], self.env._("Fault"), self.env._("Line")])
        for position, fault in loaded.faults:
            cells = [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in written.get(position, [])]
            cells += [""] * (len(written[0]) - len(cells))
            writer.writerow([*cells, labels.get(fault, fault), position])
        return base64.b64encode(("\ufeff" + text.getvalue()).encode())

    def _fault_labels(self) -> dict[str, str]:
        return {
            "no_key": self.env._("Names nobody"),
            "bad_key": self.env._("Cannot be a phone, an e-mail, a card or an id"),
            "unknown": self.env._("No such member"),
            "archived": self.env._("The member is archived or has left"),
            "card_new": self.env._("The card is not issued yet"),
            "card_blocked": self.env._("The card is blocked"),
            "card_closed": self.env._("The card is closed"),
            "out_of_reach": self.env._("Not a member of your stores"),
            "no_promotion": self.env._("No such promotion"),
            "bad_value": self.env._("The value is no number, is below zero, or can be read in two ways"),
            "bad_date": self.env._("A day is written like 2026-11-23 or 23.11.2026"),
            "bad_period": self.env._("It ends before it begins"),
        }

    # ------------------------------------------------------------------ what a member was offered

    def _current(self, member, at: datetime) -> list[dict]:
        """What holds for the member at a moment in promotions that do, as the API tells it."""
        company = self.env.company
        compiled = self.env["loy.programme"]._at(company, at)
        timezone = compiled.settings.timezone or "UTC"
        local = clock.to_local(at, timezone)
        live = {
            compiled.promotions[one.code]: one
            for one in compiled.programme.promotions
            if one.code in compiled.promotions and not any(one.dates(local))
        }
        self.env["loy.offer"].flush_model()
        rows = self.env.execute_query(sql.valid(member.id, company.id, list(live), local.date()))
        return [
            {
                "promotion": live[promotion_id].code,
                "name": live[promotion_id].name or live[promotion_id].code,
                "sku": sku,
                "value": None if value is None else float(value),
                "from": starts_on.isoformat(),
                "to": ends_on and ends_on.isoformat(),
            }
            for promotion_id, sku, value, starts_on, ends_on in rows
        ]

    def _absorb(self, from_member_id: int, to_member_id: int) -> None:
        self.env["loy.offer"].flush_model()
        self.env.cr.execute(sql.absorb(from_member_id, to_member_id))


def _value(text: str, default: float) -> tuple[Decimal | None, bool]:
    """(the number, whether it can be one, with two decimals at most); nothing written is the default, if there is one.
    """
    text = text.removesuffix("%").strip()
    if not text:
        return (Decimal(repr(default)) if default else None), True
    hundredths = parse_amount(text, 2)  # with more decimals 1,234 could be either
    if hundredths is None or not 0 <= hundredths <= VALUE_MAX * 100:
        return None, False
    return Decimal(hundredths).scaleb(-2), True


def _day(text: str, default: date | None) -> tuple[date | None, bool]:
    """(the day, whether it is one): 2026-11-23 or 23.11.2026."""
    if not text:
        return default, True
    if dotted := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", text):
        day, month, year = map(int, dotted.groups())
    elif iso := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)([T ].*)?", text):
        year, month, day = (int(iso[i]) for i in (1, 2, 3))
    else:
        return None, False
    try:
        return date(year, month, day), True
    except ValueError:
        return None, False
