"""Numbers of a series as a file for the card printer: read through a cursor, so memory does not grow with it."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import xlsxwriter
from odoo import fields, models
from odoo.tools import SQL

from ..tools import barcodes
from .errors import LoyaltyError

PAGE = 10_000
#: Rows that Excel opens (1,048,576), without the head.
SHEET_ROWS = 1_048_575
#: Signs with which a spreadsheet takes a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One card of the file."""

    position: int
    number: str
    has_check_digit: bool
    type_name: str
    series_name: str


#: Column → its text in a row.
COLUMNS: dict[str, Callable[[Row], str]] = {
    "position": lambda row: str(row.position),
    "number": lambda row: row.number,
    "grouped": lambda row: barcodes.grouped(row.number),
    "check_digit": lambda row: row.number[-1] if row.has_check_digit else "",
    "ean13": lambda row: barcodes.ean13_text(row.number),
    "code128": lambda row: barcodes.code128_text(row.number),
    "type": lambda row: row.type_name,
    "series": lambda row: row.series_name,
}
FORMATS = ("csv", "xlsx")


class LoyCardExports(models.AbstractModel):
    """Whoever holds the numbers can use the cards, so each export is a fact with its time and user."""

    _name = "loy.card.exports"
    _description = "Service of card exports"

    def _export(self, series, file_format: str, columns: list[str]) -> BinaryIO:
        """A temporary file, at its beginning; the caller has checked the right. ``series_state``, ``bad_request``."""
        unknown = [column for column in columns if column not in COLUMNS]
        if file_format not in FORMATS or not columns or unknown:
            raise LoyaltyError(
                "bad_request",
                self.env._("choose csv or xlsx, and columns among %s", ", ".join(COLUMNS)),
            )
        self.env["loy.series"]._check_state(series, "ready", "exported")
        file = tempfile.TemporaryFile()  # noqa: SIM115 (whoever sends it closes it)
        try:
            write = self._write_csv if file_format == "csv" else self._write_xlsx
            cells = ([COLUMNS[name](row) for name in columns] for row in self._rows(series))
            count = write(file, self._head(columns), cells)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        # Only this service writes the log, and only services change a series.
        self.env["loy.card.export"].sudo().create(
            {
                "series_id": series.id,
                "file_format": file_format,
                "columns": ", ".join(columns),
                "count": count,
                "user_id": self.env.uid,
                "at": fields.Datetime.now(),
            }
        )
        series.sudo().state = "exported"  # see above
        return file

    def _rows(self, series) -> Iterator[Row]:
        """The cards that nobody has closed, in the order in which they were made."""
        self.env["loy.card"].flush_model()
        has_check, type_name, series_name = bool(series.type_id.number_check), series.type_id.name, series.name
        self.env.cr.execute(
            SQL(
                "DECLARE loy_card_export NO SCROLL CURSOR FOR"
                " SELECT number FROM loy_card WHERE series_id = %s AND state != 'closed' ORDER BY id",
                series.id,
            )
        )
        position = 0
        while page := self.env.execute_query(SQL("FETCH %s FROM loy_card_export", SQL(str(PAGE)))):
            for (number,) in page:
                position += 1
                yield Row(position, number, has_check, type_name, series_name)
        self.env.cr.execute(SQL("CLOSE loy_card_export"))

    def _head(self, columns: list[str]) -> list[str]:
        labels = {
            "position": self.env._("Position"),
            "number": self.env._("Number"),
            "grouped": self.env._("Number in groups of four"),
            "check_digit": self.env._("Check digit"),
            "ean13": self.env._("EAN-13 barcode text"),
            "code128": self.env._("Code 128 barcode text"),
            "type": self.env._("Card type"),
            "series": self.env._("Series"),
        }
        return [labels[column] for column in columns]

    @staticmethod
    def _write_csv(file: BinaryIO, head: list[str], rows: Iterator[list[str]]) -> int:
        # The mark at the beginning tells Excel that the letters are UTF-8.
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
        writer = csv.writer(text)
        writer.writerow(head)
        count = 0
        for count, row in enumerate(rows, start=1):  # noqa: B007
            writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
        text.detach()
        return count

    def _write_xlsx(self, file: BinaryIO, head: list[str], rows: Iterator[list[str]]) -> int:
        """All cells are texts: a number of 13 digits stays as it is printed. A sheet is as long as Excel can read."""
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            bold, count, sheet = book.add_format({"bold": True}), 0, None
            for row in rows:
                line = count % SHEET_ROWS
                if line == 0:
                    sheet = self._add_sheet(book, head, bold)
                for place, cell in enumerate(row):
                    sheet.write_string(line + 1, place, cell)
                count += 1
            if sheet is None:
                self._add_sheet(book, head, bold)
        return count

    @staticmethod
    def _add_sheet(book, head: list[str], bold):
        sheet = book.add_worksheet()
        sheet.set_column(0, len(head) - 1, 24)
        for place, label in enumerate(head):
            sheet.write_string(0, place, label, bold)
        return sheet
