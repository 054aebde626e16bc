"""A report as a spreadsheet: what was asked on top, formats by type, totals below."""

from __future__ import annotations

import io
import json
import re
from datetime import date

import xlsxwriter
from odoo import models
from odoo.tools import format_date

from .errors import LoyaltyError
from .reports import FILE_ROWS, TONES, tone_of

#: Beyond it a column is cut on the screen; the cell has all of it.
WIDEST, NARROWEST = 48, 10
#: Figures that are better or worse than before, and those of which one cannot say so.
COLOURS = {"": {}, **{tone: {"font_color": colour} for tone, colour in TONES.items()}}
LONGEST_TEXT = 32_000


class LoyReportFiles(models.AbstractModel):
    """The rows of a file are those of the screen, all of them, as numbers and dates that a spreadsheet counts with."""

    _name = "loy.report.files"
    _description = "Files of reports"

    def _make_asked(self, code: str, text: str, title: str = "") -> tuple[str, bytes]:
        """The same, of parameters as an address has them."""
        try:
            params = json.loads(text)
        except ValueError:
            params = None
        if not isinstance(params, dict):
            raise LoyaltyError("bad_parameter", self.env._("The parameters of the report are no document."))
        return self._make(code, params, title)

    def _make(self, code: str, params: dict, title: str = "") -> tuple[str, bytes]:
        """The name of the file, and what is in it."""
        told = self.env["loy.reports"]._tell(code, params, FILE_ROWS)
        return self._name_of(told, title), self._content(told, title)

    def _name_of(self, told: dict, title: str) -> str:
        name = re.sub(r'[\\/:*?"<>|\s]+', " ", title or str(told["name"])).strip()
        days = f" {told['from']} {told['to']}" if told["from"] else ""
        return f"{name}{days}.xlsx"

    def _content(self, told: dict, title: str) -> bytes:
        file = io.BytesIO()
        # Rows go to a temporary file one by one: a long report takes no more memory than a short one.
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
        book.set_properties({"title": title or str(told["name"])})
        sheet = book.add_worksheet()
        formats = self._formats(book, told)
        columns = self._columns(told)
        for place, (label, _type, texts) in enumerate(columns):
            longest = max(map(len, [label, *texts]), default=0)
            sheet.set_column(place, place, min(max(longest + 2, NARROWEST), WIDEST))
        top = self._write_head(sheet, formats, told, title)
        sheet.freeze_panes(top + 1, 0)
        for place, (label, type_, _texts) in enumerate(columns):
            is_figure = type_ not in ("text", "date", "month")
            sheet.write_string(top, place, label, formats["head_figure" if is_figure else "head"])
        line = top
        for line, values in enumerate(self._rows(told), start=top + 1):
            for place, ((value, tone), (_label, type_, _texts)) in enumerate(zip(values, columns, strict=True)):
                self._write_cell(sheet, line, place, value, type_, formats["", type_, tone])
        sheet.autofilter(top, 0, max(line, top + 1), len(columns) - 1)
        if told["rows"]:
            self._write_totals(sheet, formats, told, columns, line + 1)
        book.close()
        return file.getvalue()

    def _formats(self, book, told: dict) -> dict:
        """Format of a type by what it came to; ``total`` of the same in the last row."""
        figures = {
            "int": "#,##0",
            "number": "#,##0.###",
            "money": f"#,##0{_digits(told['digits']['money'])}",
            "points": f"#,##0{_digits(told['digits']['points'])}",
            "percent": "0.0%",
            "date": "yyyy-mm-dd",
            "month": "yyyy-mm",
            "text": "@",
        }
        rows = {"": {}, "total": {"bold": True, "top": 1}}
        formats = {
            (row, type_, tone): book.add_format({"num_format": code, **look, **colour})
            for row, look in rows.items()
            for type_, code in figures.items()
            for tone, colour in COLOURS.items()
        }
        head = {"bold": True, "bottom": 1, "bg_color": "#EEEEEE", "text_wrap": True, "valign": "top"}
        return formats | {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "muted": book.add_format({"font_color": "#666666"}),
            "head": book.add_format(head),
            "head_figure": book.add_format({**head, "align": "right"}),
        }

    def _columns(self, told: dict) -> list[tuple[str, str, list[str]]]:
        """(label, type, texts whose length tells the width) of each column, with those of the comparison."""
        columns = []
        for one in told["columns"]:
            texts = [str(row[one["key"]] or "") for row in told["rows"][:1_000]] if one["type"] == "text" else []
            label = str(one["label"])
            if one["type"] == "money":
                label = f"{label}, {told['currency']['name']}"
            columns.append((label, one["type"], texts))
            if told["previous"] and one["is_figure"]:
                columns.append((self.env._("%s, before", label), one["type"], []))
        return columns

    def _rows(self, told: dict):
        previous = told["previous"]
        earlier = previous["rows"] if previous else [None] * len(told["rows"])
        for row, before in zip(told["rows"], earlier, strict=True):
            yield self._values(told, row, before)

    def _values(self, told: dict, row: dict, before: dict | None) -> list[tuple]:
        """(value, what it came to) of each cell of a row."""
        values = []
        for one in told["columns"]:
            value, earlier = row.get(one["key"]), (before or {}).get(one["key"])
            values.append((value, tone_of(one, value, earlier)))
            if told["previous"] and one["is_figure"]:
                values.append((earlier, ""))
        return values

    def _write_head(self, sheet, formats: dict, told: dict, title: str) -> int:
        """The title and what was asked; the number of the row for the names of the columns."""
        sheet.write_string(0, 0, title or str(told["name"]), formats["title"])
        words = [f"{name}: {value}" for name, value in told["chosen"]]
        if previous := told["previous"]:
            period = f"{format_date(self.env, previous['from'])} – {format_date(self.env, previous['to'])}"
            words.append(self.env._("Compared with: %s", period))
        lines = [str(told["about"]), " · ".join(words), *told["notes"]]
        for number, line in enumerate(lines, start=1):
            sheet.write_string(number, 0, line[:LONGEST_TEXT], formats["muted"])
        return len(lines) + 2

    def _write_totals(self, sheet, formats: dict, told: dict, columns: list, line: int) -> None:
        previous = told["previous"]
        values = self._values(told, told["totals"], previous and previous["totals"])
        if told["columns"][0]["key"] not in told["totals"]:
            values[0] = self.env._("Total"), ""
        for place, ((value, tone), (_label, type_, _texts)) in enumerate(zip(values, columns, strict=True)):
            type_ = type_ if place else "text"
            self._write_cell(sheet, line, place, value, type_, formats["total", type_, tone])

    def _write_cell(self, sheet, line: int, place: int, value, type_: str, form) -> None:
        """A text is written as a text, whatever it begins with: nobody runs a formula by naming a product so."""
        if value is None or value is False:
            sheet.write_blank(line, place, None, form)
        elif isinstance(value, date):
            sheet.write_datetime(line, place, value, form)
        elif type_ == "text":
            sheet.write_string(line, place, str(value)[:LONGEST_TEXT], form)
        else:
            sheet.write_number(line, place, float(value) / (100.0 if type_ == "percent" else 1.0), form)


def _digits(count: int) -> str:
    return "." + "0" * count if count else ""
