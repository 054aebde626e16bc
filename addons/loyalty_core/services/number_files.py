"""Long lists as files: read through a cursor and written row by row, so memory does not grow with them."""

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import xlsxwriter
from odoo.api import Environment
from odoo.tools import SQL

PAGE = 10_000
#: Rows that Excel opens (1,048,576), without the head.
SHEET_ROWS = 1_048_575
#: Signs with which a spreadsheet takes a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
FORMATS = ("csv", "xlsx")


def pages(env: Environment, query: SQL) -> Iterator[tuple]:
    """The rows of a query, of which few are in memory at once."""
    env.cr.execute(SQL("DECLARE loy_file NO SCROLL CURSOR FOR %s", query))
    while page := env.execute_query(SQL("FETCH %s FROM loy_file", SQL(str(PAGE)))):
        yield from page
    env.cr.execute(SQL("CLOSE loy_file"))


def make(file_format: str, head: list[str], rows: Iterator[list[str]]) -> tuple[BinaryIO, int]:
    """A temporary file, at its beginning, and how many rows it has; whoever sends it closes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        count = (_write_csv if file_format == "csv" else _write_xlsx)(file, head, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, count


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


def _write_xlsx(file: BinaryIO, head: list[str], rows: Iterator[list[str]]) -> int:
    """All cells are texts: a number of 13 digits stays as it is printed. A sheet is as long as Excel can read."""
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        bold, count, sheet = book.add_format({"bold": True}), 0, None
        for row in rows:
            line = count % SHEET_ROWS
            if line == 0:
                sheet = _add_sheet(book, head, bold)
            for place, cell in enumerate(row):
                sheet.write_string(line + 1, place, cell)
            count += 1
        if sheet is None:
            _add_sheet(book, head, bold)
    return count


def _add_sheet(book, head: list[str], bold):
    sheet = book.add_worksheet()
    sheet.set_column(0, len(head) - 1, 24)
    for place, label in enumerate(head):
        sheet.write_string(0, place, label, bold)
    return sheet
