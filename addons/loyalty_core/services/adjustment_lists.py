"""Points to all members of a file: read and looked at by SQL, booked in batches, each line once."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from odoo import fields, models
from odoo.tools import SQL, formatLang

from ..sql import lists as sql
from ..sql.lists import Line
from ..tools.table_files import TableError, parse_amount, read_table
from .adjustments import RIGHTS
from .cards import NUMBER
from .errors import LoyaltyError
from .members import KEYS as COLUMNS
from .number_files import FORMULA
from .posting import Accrual, Source, Taking
from .transaction import lock_name, run_with_retry

RIGHT = "account.accrue_list"
NOTICE = "loyalty_core.loy_adjustment_list_mail_template"
CRON = "loyalty_core.loy_adjustment_list_cron"
FILE_MAX = 50 * 1024 * 1024
ROWS_MAX = 1_000_000
#: A file up to this size is read, and a list up to so many lines booked, while the person waits.
FILE_SMALL = 4 * 1024 * 1024
SMALL = 1_000
#: So many lines are read in a go, and so many booked in a transaction: tills wait for no more than that.
READ_BATCH = 10_000
BOOK_BATCH = 1_000
#: No line gives more minor units: the sum of a million lines stays within eight bytes.
AMOUNT_MAX = 10**12
TEXT_MAX = 200
#: What a line may name its member by.
KNOWN_BY = [
    ("member", "Member id"),
    ("card", "Card"),
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("external_id", "External id"),
]
#: Heads of columns, small letters, in the languages that the suite speaks.
HEADS = {
    "member": "member|member id|member code|код учасника|учасник|код участника|участник",
    "card": "card|card number|картка|номер картки|карта|номер карты",
    "phone": "phone|phone number|mobile|телефон|номер телефону|номер телефона",
    "email": "email|e-mail|пошта|електронна пошта|почта|электронная почта",
    "external_id": "external id|зовнішній код|зовнішній id|внешний код|внешний id",
    "amount": "amount|sum|points|сума|кількість|бали|бонуси|сумма|количество|баллы|бонусы",
    "note": "comment|note|коментар|примітка|комментарий|примечание",
}
MEANINGS = {head: meaning for meaning, heads in HEADS.items() for head in heads.split("|")}


class LoyAdjustmentLists(models.AbstractModel):
    """Law: a list gives (or takes) exactly what its sound lines say, each line once, whenever the work was stopped or
    killed; a file that is booked is not booked again.

    ``draft`` → ``checked`` (nothing is booked, faults are told) → ``booking`` → ``done``; above the limits of the
    person's role a second person decides first. Only sound lines count; a line with a fault is left out.
    """

    _name = "loy.adjustment.lists"
    _inherit = "loy.approvals"
    _description = "Points to lists service"
    _ready_state = "checked"
    _open_states = ("draft", "checked", "waiting", "stopped")

    # ------------------------------------------------------------------ looking at the file

    def _check_files(self, records) -> None:
        """Read the files and look at their lines: at once, or by the scheduler where a file is large.

        Codes: right_missing, reason_not_usable, bad_period, file_repeated, amount_missing, and those of the file.
        """
        self._check_rights(records)

        def work():
            for record in self._locked(records, "draft", "checked"):
                self._check_terms(record)
                if record.file and len(self._content(record)) > FILE_SMALL:
                    record.write({"state": "checking", "problem": False})
                    self._wake()
                else:
                    self._read(record)

        run_with_retry(self.env, work)

    def _read_or_tell(self, record) -> int:
        """What the scheduler does: the problem is told in the list. How many were read."""
        record = self._lock_one(record)
        if record.state != "checking":
            return 0
        asker = record.write_uid  # to whose stores it may be bound
        try:
            with self.env.cr.savepoint():
                self.with_user(asker)._read(record.with_user(asker).sudo())
        except LoyaltyError as problem:
            record.write({"state": "draft", "problem": str(problem)})
        return 1

    def _check_terms(self, record) -> None:
        self.env["loy.adjustments"]._check_reason(record.reason_id, record.direction)
        starts = record.active_from or record.planned_at or fields.Datetime.now()
        is_accrual = record.direction == "accrual"
        if is_accrual and record.expires_at and record.expires_at <= max(starts, fields.Datetime.now()):
            raise LoyaltyError(
                "bad_period", self.env._("A lot must expire after it becomes active: change one of the dates")
            )
        # The same file, uploaded twice at once, is looked at by one after the other.
        lock_name(self.env, "list", record.company_id.id, record.file_hash)
        if earlier := self._earlier(record):
            raise LoyaltyError(
                "file_repeated",
                self.env._(
                    "This very file was uploaded before, as the list “%(name)s” (%(state)s). It is not booked twice.",
                    name=earlier.display_name,
                    state=dict(earlier._fields["state"]._description_selection(self.env))[earlier.state],
                ),
            )

    def _read(self, record) -> None:
        """The lines of the file replace those of an earlier look; the list says how many, how much, what is wrong."""
        content = self._content(record)
        if len(content) > FILE_MAX:
            raise self._file_error(TableError("file_too_large"))
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM loy_adjustment_list_line WHERE list_id = %s", record.id))
        bound = self.env["res.users"]._loy_bound_store_ids()
        try:
            rows = read_table(content)
            kind, lines = self._lines(record, rows)
            while page := list(islice(lines, READ_BATCH)):
                self.env.cr.execute(
                    sql.insert_lines(record.id, record.company_id.id, kind, COLUMNS.get(kind), bound, page)
                )
        except TableError as error:
            raise self._file_error(error) from error
        if record.repeats == "refuse":
            self.env.cr.execute(sql.refuse_repeated(record.id))
        line_count, fault_count, member_count, total = self.env.execute_query(sql.sums(record.id))[0]
        if not line_count:
            raise self._file_error(TableError("file_empty"))
        self.env["loy.adjustment.list.line"].invalidate_model(flush=False)
        record.write(
            {
                "state": "checked",
                "problem": False,
                "used_key": kind,
                "line_count": line_count,
                "fault_count": fault_count,
                "member_count": member_count,
                "total_minor": int(total),
            }
        )

    def _lines(self, record, rows: Iterator[tuple[int, list[str]]]) -> tuple[str, Iterator[Line]]:
        """What members are known by, and the lines below the head; the head is read at once."""
        _number, head = next(rows, (0, []))
        places: dict[str, int] = {}
        for place, cell in enumerate(head):
            places.setdefault(MEANINGS.get(" ".join(cell.casefold().replace("_", " ").split()), ""), place)
        if not head:
            raise TableError("file_empty")
        kinds = [kind for kind, _label in KNOWN_BY if kind in places]
        kind = record.key_kind or min(kinds, key=places.get, default=None)
        if kind not in places:
            raise TableError("file_head", wanted=record.key_kind or ", ".join(kind for kind, _label in KNOWN_BY))
        if "amount" not in places and record.amount_minor <= 0:
            raise LoyaltyError(
                "amount_missing", self.env._("The file has no column “amount”: enter the amount for each member.")
            )
        return kind, self._each_line(record, rows, places, self._plain_form(record, kind), kind)

    def _each_line(self, record, rows, places, plain_form, kind: str) -> Iterator[Line]:
        decimals = record.unit_id.decimals

        def cell(row: list[str], name: str) -> str:
            place = places.get(name, len(row))
            return row[place][:TEXT_MAX] if place < len(row) else ""

        for count, (position, row) in enumerate(rows, start=1):
            if count > ROWS_MAX:
                raise TableError("file_rows")
            key, written = cell(row, kind), cell(row, "amount")
            amount = parse_amount(written, decimals) if written else record.amount_minor
            plain, fault = plain_form(key), None
            if not key:
                fault = "no_key"
            elif plain is None:
                fault = "bad_key"
            elif amount is None or not 0 < amount <= AMOUNT_MAX:
                fault = "bad_amount"
            if amount is not None and not 0 < amount <= AMOUNT_MAX:
                amount = None
            yield Line(
                position,
                key or None,
                plain,
                amount,
                written if amount is None else None,
                cell(row, "note") or None,
                fault,
            )

    def _plain_form(self, record, kind: str):
        """key as written → as it is stored, or None where it cannot be one."""
        members, cards = self.env["loy.members"], self.env["loy.cards"]
        country = record.company_id.country_id

        def phone(key: str) -> str | None:
            digits = re.sub(r"[\s().-]", "", key)
            if re.fullmatch(r"\+[1-9][0-9]{6,14}", digits):
                return digits  # as it is stored: the slow library would say the same
            return members._phone(key, country)

        def card(key: str) -> str | None:
            number = cards._normalise(key)
            return number if NUMBER.fullmatch(number) else None

        def member(key: str) -> str | None:
            return key if re.fullmatch(r"[0-9]{1,9}", key) else None

        forms = {"phone": phone, "card": card, "member": member, "email": members._email, "external_id": str.strip}
        return partial(self._plain_or_none, forms[kind])

    @staticmethod
    def _plain_or_none(form, key: str) -> str | None:
        try:
            return form(key) or None
        except LoyaltyError:
            return None

    def _hash(self, file) -> str | bool:
        return hashlib.sha256(self._decoded(file)).hexdigest() if file else False

    def _content(self, record) -> bytes:
        if not record.file:
            raise LoyaltyError("file_missing", self.env._("Upload a CSV or XLSX file first."))
        return self._decoded(record.with_context(bin_size=False).file)

    def _decoded(self, file) -> bytes:
        try:
            return base64.b64decode(file)
        except (binascii.Error, ValueError) as error:
            raise self._file_error(TableError("file_unreadable")) from error

    def _earlier(self, record):
        """The list that has booked, or is about to book, the same file in the same company."""
        if not record.file_hash:
            return record.browse()
        # sudo: a file is booked once, whoever may see the list of which
        return record.sudo().search(
            [
                ("id", "not in", record.ids),
                ("file_hash", "=", record.file_hash),
                ("company_id", "=", record.company_id.id),
                ("state", "not in", ("draft", "checking")),
                "|",
                ("state", "not in", ("refused", "cancelled")),
                ("booked_count", ">", 0),
            ],
            limit=1,
        )

    def _file_error(self, error: TableError) -> LoyaltyError:
        line = error.values.get("line", 0)
        texts = {
            "file_empty": self.env._("The file has no lines below its head."),
            "file_unreadable": self.env._("The file cannot be read: save it as CSV or XLSX and upload it again."),
            "file_encoding": self.env._("The letters of the file cannot be read: save it as CSV in UTF-8."),
            "file_too_large": self.env._("The file is larger than %s MB: split it.", FILE_MAX // 1024**2),
            "file_rows": self.env._("The file has more than %s lines: split it.", ROWS_MAX),
            "file_formula": self.env._(
                "Line %s has a formula: copy the sheet, paste it as values and upload that.", line
            ),
            "file_rounded": self.env._(
                "Line %s has a number of more than 15 digits, which the spreadsheet has rounded: format the column as "
                "text and enter the numbers again.",
                line,
            ),
            "file_head": self.env._(
                "The first line must name the columns: one of %s; amount; comment.", error.values.get("wanted")
            ),
        }
        return LoyaltyError(error.code, texts[error.code])

    # ------------------------------------------------------------------ deciding

    def _check_rights(self, records) -> None:
        """It takes the right to lists; to take points, that to take them by hand besides."""
        self.env["loy.rights"]._check(RIGHT)
        if any(record.direction == "write_off" for record in records):
            self.env["loy.rights"]._check(RIGHTS["write_off"])

    def _submit_now(self, records) -> None:
        self._check_rights(records)
        for record in self._locked(records, self._ready_state):
            self._check_terms(record)
            if record.line_count == record.fault_count:
                raise LoyaltyError(
                    "list_empty", self.env._("No line of the list can be booked: correct the file and upload it again.")
                )
            if self.env["res.users"]._loy_bound_store_ids():
                amounts = self.env.execute_query(sql.by_member(record.id))
                self.env["loy.reach"]._check(self.env["res.partner"].browse(member for member, _amount in amounts))
            record.requested_by_id = self.env.uid
        return super()._submit_now(records)

    def _movements(self, record) -> list[tuple]:
        amounts = dict(self.env.execute_query(sql.by_member(record.id)))
        return [(record.unit_id, record.direction, amounts, record.total_minor)]

    def _book(self, record) -> None:
        """From now on it is booked: a short one at once, a long or a planned one by the scheduler. The file goes: what
        is to be known of it stands in the lines.
        """
        record.write({"state": "booking", "problem": False, "file": False, **self._decision()})
        is_due = not record.planned_at or record.planned_at <= fields.Datetime.now()
        if is_due and record.sound_count <= SMALL:
            while self._book_batch(record):
                pass
        else:
            self._wake(record.planned_at)

    def _cancel(self, records) -> None:
        super()._cancel(records)
        records.sudo().file = False  # see _book

    def _refuse(self, records, why: str) -> None:
        super()._refuse(records, why)
        records.sudo().file = False  # see _book

    def _stop(self, records) -> None:
        """What is booked stays; the rest waits."""
        self.env["loy.rights"]._check(RIGHT)

        def work():
            for record in self._locked(records, "booking"):
                record.state = "stopped"

        run_with_retry(self.env, work)

    def _resume(self, records) -> None:
        self.env["loy.rights"]._check(RIGHT)

        def work():
            for record in self._locked(records, "stopped"):
                record.write({"state": "booking", "problem": False})
                self._wake(record.planned_at)

        run_with_retry(self.env, work)

    def _wake(self, at=None) -> None:
        # sudo: the scheduler's own record is nobody's to read
        self.env.ref(CRON).sudo()._trigger(max(at, fields.Datetime.now()) if at else None)

    def _summary(self, record) -> str:
        amount = formatLang(self.env, record.total, digits=record.unit_id.decimals)
        of = self.env._("%(amount)s %(unit)s to %(count)s members", amount=amount, unit=record.unit_id.display_name,
                        count=record.member_count)  # fmt: skip
        return " · ".join(part for part in (of, record.reason_id.display_name, record.note) if part)

    # ------------------------------------------------------------------ booking

    def _continue(self, record) -> int:
        """One more batch, in the caller's transaction: how many lines were done with. A problem stops the list."""
        try:
            with self.env.cr.savepoint():
                return self._book_batch(record)
        except LoyaltyError as problem:
            record = self._lock_one(record)
            record.write({"state": "stopped", "problem": str(problem)})
            return 0

    def _book_batch(self, record) -> int:
        record = self._lock_one(record)
        if record.state != "booking":
            return 0
        lines = self._next_lines(record)
        refused = dict(self.env.execute_query(sql.refuse_gone([line.id for line in lines], record.company_id.id)))
        lines_left = [line for line in lines if line.id not in refused]
        booked, short = self._move(record, lines_left) if lines_left else ({}, [])
        self.env.cr.execute(sql.mark_booked(booked))
        refused |= dict(self.env.execute_query(sql.refuse(short, "short")))
        self.env["loy.adjustment.list.line"].invalidate_model(flush=False)
        values = {
            "fault_count": record.fault_count + len(refused),
            "total_minor": record.total_minor - sum(refused.values()),
            "booked_count": record.booked_count + len(booked),
            "booked_minor": record.booked_minor + sum(line.amount_minor for line in lines if line.id in booked),
        }
        done = len(booked) + len(refused)
        if done == len(lines) < BOOK_BATCH:
            values |= {"state": "done", "done_at": fields.Datetime.now()}
        record.write(values)
        self._notify(record, list(booked))
        return done

    def _next_lines(self, record) -> list[sql.ToBook]:
        """Lines whose members nobody merges or erases until the transaction ends."""
        while True:
            lines = [sql.ToBook(*row) for row in self.env.execute_query(sql.next_lines(record.id, BOOK_BATCH))]
            merged = self.env["loy.members"]._keep(self.env["res.partner"].browse({line.member_id for line in lines}))
            if not merged:
                return lines
            self.env.cr.execute(sql.follow_merged(record.id, merged))

    def _move(self, record, lines: list[sql.ToBook]) -> tuple[dict[int, int], list[int]]:
        """{line: transaction} of what is booked, and lines for which there is too little to take."""
        # sudo: whoever may give points to a list need not be allowed to write accounts; he is the author all the same
        ledger = self.env["loy.ledger"].with_user(record.decided_by_id).sudo()
        unit_id, at = record.unit_id.id, max(filter(None, (record.decided_at, record.planned_at)))
        found = ledger._accounts({line.member_id for line in lines}, [unit_id], create=True)
        accounts = {line.id: found[line.member_id, unit_id] for line in lines}
        source = Source(
            "manual",
            document=self.env._("List %s", record.id),
            reason_id=record.reason_id.id,
            note=record.note or "",
            company_id=record.company_id.id,
        )
        if record.direction == "accrual":
            moves = [
                Accrual(
                    account_id=accounts[line.id],
                    amount_minor=line.amount_minor,
                    active_from=record.active_from or None,
                    expires_at=record.expires_at or None,
                    note=line.note or "",
                    member_id=line.member_id,
                )
                for line in lines
            ]
            transaction_ids = ledger._accrue(moves, at=at, source=source)
            return dict(zip(accounts, transaction_ids, strict=True)), []
        # Of lines that draw on the same account the first is booked now, the next in the next batch.
        first = {accounts[line.id]: line for line in reversed(lines)}
        takings = [Taking(one, line.amount_minor, line.note or "", line.member_id) for one, line in first.items()]
        taken = ledger._write_off_each(takings, at=at, source=source)
        return (
            {first[account_id].id: transaction_id for account_id, transaction_id in taken.items()},
            [line.id for account_id, line in first.items() if account_id not in taken],
        )

    def _notify(self, record, line_ids: list[int]) -> None:
        """Members with an address read of it, where the list says so."""
        template = self.env.ref(NOTICE, raise_if_not_found=False)
        if not (template and record.is_notified and line_ids):
            return
        # sudo: whoever gives points need not see the template
        lines = self.env["loy.adjustment.list.line"].sudo().search(
            [("id", "in", line_ids), ("member_id.email", "!=", False)], order="id"
        )
        template.sudo().send_mail_batch(lines.ids)

    def _lock_one(self, record):
        """The record as it is now, of which nobody else books until the transaction ends."""
        record.flush_recordset()
        self.env.cr.execute(SQL("SELECT FROM loy_adjustment_list WHERE id = %s FOR NO KEY UPDATE", record.id))
        record.invalidate_recordset()
        # sudo: only services change what is being booked
        return record.sudo()

    # ------------------------------------------------------------------ what is wrong, as a file

    def _export_faults(self, record) -> bytes:
        """The lines with faults as CSV, for whoever may give points to lists: corrected, it can be uploaded."""
        self.env["loy.rights"]._check(RIGHT)
        labels = dict(self.env["loy.adjustment.list.line"]._fields["fault"]._description_selection(self.env))
        rows = self.env.execute_query(sql.faulty(record.id, record.unit_id.decimals))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([record.used_key or "member", "amount", "comment", self.env._("line"), self.env._("fault")])
        for position, key, note, fault, amount in rows:
            writer.writerow([_harmless(key), _harmless(amount), _harmless(note), position, labels[fault]])
        self.env["loy.auditor"]._note_export(
            self.env["loy.adjustment.list.line"].browse(range(1, len(rows) + 1)), ["key", "amount", "note", "fault"]
        )
        # The mark at the beginning tells Excel that the letters are UTF-8.
        return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str | None) -> str:
    """A spreadsheet takes a text with such a sign for a formula; a phone is none.

    >>> _harmless("=1+1"), _harmless("+380671234567"), _harmless(None)
    ("'=1+1", '+380671234567', '')
    """
    cell = cell or ""
    return f"'{cell}" if cell.startswith(FORMULA) and not re.fullmatch(r"[+-][0-9 ().,-]*", cell) else cell


__all__ = ["HEADS"]
