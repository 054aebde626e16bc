"""Numbers of a series as a file for the printer: read through a cursor, so memory does not grow with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from odoo import fields, models
from odoo.addons.loyalty_core.services import number_files
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.tools import barcodes
from odoo.tools import SQL


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate of the file."""

    serial: int
    number: str
    pin: str
    type_name: str
    series_name: str


#: Column → its text in a row.
COLUMNS: dict[str, Callable[[Row], str]] = {
    "serial": lambda row: str(row.serial),
    "number": lambda row: row.number,
    "grouped": lambda row: barcodes.grouped(row.number),
    "pin": lambda row: row.pin,
    "ean13": lambda row: barcodes.ean13_text(row.number),
    "code128": lambda row: barcodes.code128_text(row.number),
    "type": lambda row: row.type_name,
    "series": lambda row: row.series_name,
}


class LoyCertificateExports(models.AbstractModel):
    """Whoever holds the numbers and PINs has the money, so each export is a fact with its time and user."""

    _name = "loy.certificate.exports"
    _description = "Service of certificate exports"

    def _export(self, series, file_format: str, columns: list[str]) -> BinaryIO:
        """A temporary file, at its beginning; the caller has checked the right. ``series_state``, ``bad_request``."""
        unknown = [column for column in columns if column not in COLUMNS]
        if file_format not in number_files.FORMATS or not columns or unknown:
            raise LoyaltyError(
                "bad_request", self.env._("choose csv or xlsx, and columns among %s", ", ".join(COLUMNS))
            )
        self.env["loy.series"]._check_state(series, "ready", "exported")
        cells = ([COLUMNS[name](row) for name in columns] for row in self._rows(series))
        file, count = number_files.make(file_format, self._head(columns), cells)
        # Only this service writes the log, and only services change a series.
        self.env["loy.certificate.export"].sudo().create(
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
        """The certificates that nobody has bought or cancelled yet, in the order of their serials: what is sold is in
        somebody's hands already.
        """
        self.env["loy.certificate"].flush_model()
        type_name, series_name = series.type_id.name, series.name
        query = SQL(
            "SELECT serial, number, COALESCE(pin, '') FROM loy_certificate"
            " WHERE series_id = %s AND state = 'new' ORDER BY serial",
            series.id,
        )
        for serial, number, pin in number_files.pages(self.env, query):
            yield Row(serial, number, pin, type_name, series_name)

    def _head(self, columns: list[str]) -> list[str]:
        labels = {
            "serial": self.env._("Serial"),
            "number": self.env._("Number"),
            "grouped": self.env._("Number in groups of four"),
            "pin": self.env._("PIN"),
            "ean13": self.env._("EAN-13 barcode text"),
            "code128": self.env._("Code 128 barcode text"),
            "type": self.env._("Certificate type"),
            "series": self.env._("Series"),
        }
        return [labels[column] for column in columns]
