"""What of cards goes to the printer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from odoo import models
from odoo.tools import SQL

from ..tools import barcodes
from . import number_files


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
    _inherit = "loy.number.exports"
    _description = "Service of card exports"

    _cells = COLUMNS
    _log_model = "loy.card.export"

    def _rows(self, series) -> Iterator[Row]:
        """The cards that nobody has closed, in the order in which they were made."""
        self.env["loy.card"].flush_model()
        has_check, type_name, series_name = bool(series.type_id.number_check), series.type_id.name, series.name
        query = SQL("SELECT number FROM loy_card WHERE series_id = %s AND state != 'closed' ORDER BY id", series.id)
        for position, (number,) in enumerate(number_files.pages(self.env, query), start=1):
            yield Row(position, number, has_check, type_name, series_name)

    def _labels(self) -> dict[str, str]:
        return {
            **super()._labels(),
            "position": self.env._("Position"),
            "check_digit": self.env._("Check digit"),
            "type": self.env._("Card type"),
        }
