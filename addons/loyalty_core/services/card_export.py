"""Numbers of a series as a file for the card printer: read through a cursor, so memory does not grow with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from odoo import fields, models
from odoo.tools import SQL

from ..tools import barcodes
from . import number_files
from .errors import LoyaltyError


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


class LoyCardExports(models.AbstractModel):
    """Whoever holds the numbers can use the cards, so each export is a fact with its time and user."""

    _name = "loy.card.exports"
    _description = "Service of card exports"

    def _export(self, series, file_format: str, columns: list[str]) -> BinaryIO:
        """A temporary file, at its beginning; the caller has checked the right. ``series_state``, ``bad_request``."""
        unknown = [column for column in columns if column not in COLUMNS]
        if file_format not in number_files.FORMATS or not columns or unknown:
            raise LoyaltyError(
                "bad_request",
                self.env._("choose csv or xlsx, and columns among %s", ", ".join(COLUMNS)),
            )
        self.env["loy.series"]._check_state(series, "ready", "exported")
        cells = ([COLUMNS[name](row) for name in columns] for row in self._rows(series))
        file, count = number_files.make(file_format, self._head(columns), cells)
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
        query = SQL("SELECT number FROM loy_card WHERE series_id = %s AND state != 'closed' ORDER BY id", series.id)
        for position, (number,) in enumerate(number_files.pages(self.env, query), start=1):
            yield Row(position, number, has_check, type_name, series_name)

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
