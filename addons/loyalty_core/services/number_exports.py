"""Numbers of a series as a file for the printer: read through a cursor, so memory does not grow with it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from odoo import fields, models

from . import number_files
from .errors import LoyaltyError


class LoyNumberExports(models.AbstractModel):
    """Whoever holds the numbers can use what bears them, so each export is a fact with its time and user.

    What is printed, the service of its kind says: ``_rows``; ``_cells``, column → its text of a row; ``_labels``; and
    ``_log_model``, where exports are kept.
    """

    _name = "loy.number.exports"
    _description = "Service of exports of numbers"
    _cells: Mapping[str, Callable[[Any], str]] = {}
    _log_model = ""

    def _export(self, series, file_format: str, columns: list[str]) -> BinaryIO:
        """A temporary file, at its beginning; the caller has checked the right. ``series_state``, ``bad_request``."""
        unknown = [column for column in columns if column not in self._cells]
        if file_format not in number_files.FORMATS or not columns or unknown:
            raise LoyaltyError(
                "bad_request",
                self.env._("choose csv or xlsx, and columns among %s", ", ".join(self._cells)),
            )
        self.env["loy.series"]._check_state(series, "ready", "exported")
        labels = self._labels()
        cells = ([self._cells[name](row) for name in columns] for row in self._rows(series))
        file, count = number_files.make(file_format, [labels[name] for name in columns], cells)
        # Only this service writes the log, and only services change a series.
        self.env[self._log_model].sudo().create(
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

    def _rows(self, series) -> Iterator[Any]:
        """What is to be printed, one by one."""
        raise NotImplementedError

    def _labels(self) -> dict[str, str]:
        """Column → its head, in the language of whoever asks."""
        return {
            "number": self.env._("Number"),
            "grouped": self.env._("Number in groups of four"),
            "ean13": self.env._("EAN-13 barcode text"),
            "code128": self.env._("Code 128 barcode text"),
            "series": self.env._("Series"),
        }
