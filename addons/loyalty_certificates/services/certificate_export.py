"""What of certificates goes to the printer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from odoo import models
from odoo.addons.loyalty_core.services import number_files
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
    _inherit = "loy.number.exports"
    _description = "Service of certificate exports"

    _cells = COLUMNS
    _log_model = "loy.certificate.export"

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

    def _labels(self) -> dict[str, str]:
        return {
            **super()._labels(),
            "serial": self.env._("Serial"),
            "pin": self.env._("PIN"),
            "type": self.env._("Certificate type"),
        }
