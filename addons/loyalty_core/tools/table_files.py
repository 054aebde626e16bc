"""Tables that people upload: CSV in whatever encoding and with whatever delimiter, or XLSX, row by row.

Nothing of Odoo here: what is wrong is told by a code with values, and whoever calls says it in words.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from openpyxl import load_workbook

#: What an XLSX may unpack to: its compression hides a thousandfold.
UNPACKED_MAX = 400 * 1024 * 1024
PARTS_MAX = 10_000
#: Spreadsheets keep so many digits of a number and lose the rest without a word.
EXACT_DIGITS = 15
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: How files of old spreadsheets, PDF, gzip and RTF begin: people upload them for tables.
FOREIGN = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"{\\rtf")
DELIMITERS = ";\t,|"
SPACES = re.compile(r"[\s'’\u00a0\u2009\u202f]")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*")
#: A longer one is no amount but an accident.
AMOUNT_LENGTH = 24


class TableError(Exception):
    """The file as a whole cannot be read: ``code``, and ``values`` such as the line."""

    def __init__(self, code: str, **values: object):
        super().__init__(code)
        self.code, self.values = code, values


def read_table(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line number as people count, cells as texts) of each line that is not empty.

    Codes: file_empty, file_unreadable, file_too_large, file_encoding, file_formula, file_rounded.
    """
    if not content.strip(b"\x00\r\n\t "):
        raise TableError("file_empty")
    if content.startswith(b"PK\x03\x04"):
        return _read_xlsx(content)
    if content.startswith(FOREIGN):
        raise TableError("file_unreadable")
    return _read_csv(_decode(content))


def _decode(content: bytes) -> str:
    """UTF-8 and UTF-16 by their marks or by what they look like; what is neither was written by an old Windows."""
    for mark, name in MARKS.items():
        if content.startswith(mark):
            return _decode_as(content[len(mark) :], name)
    head = content[:4096]
    if b"\x00" in head:
        return _decode_as(content, "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be")
    try:
        return _decode_as(content, "utf-8")
    except TableError as error:
        if error.code != "file_encoding":
            raise
        return _decode_as(content, "cp1251")


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableError("file_encoding") from error
    if re.search(r"[\x00-\x08\x0e-\x1f]", text[:100_000]):
        raise TableError("file_unreadable")
    return text


def _read_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise TableError("file_unreadable") from error


def _read_xlsx(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The first sheet. A formula is refused: what it came to when the file was saved is not what it says."""
    file = io.BytesIO(content)
    try:
        with zipfile.ZipFile(file) as parts:
            sizes = [part.file_size for part in parts.infolist()]
    except zipfile.BadZipFile as error:
        raise TableError("file_unreadable") from error
    if sum(sizes) > UNPACKED_MAX or len(sizes) > PARTS_MAX:
        raise TableError("file_too_large")
    try:
        book = load_workbook(file, read_only=True)
        try:
            for line, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
                cells = [_text(cell, line) for cell in row]
                if any(cells):
                    yield line, cells
        finally:
            book.close()
    except TableError:
        raise
    # Whatever a broken file makes the reader of a foreign format stumble on.
    except Exception as error:
        raise TableError("file_unreadable") from error


def _text(cell: object, line: int) -> str:
    match cell:
        case None:
            return ""
        case str():
            if cell.startswith("="):
                raise TableError("file_formula", line=line)
            return cell.strip()
        case bool():
            return str(cell)
        case int() | float():
            if abs(cell) >= 10**EXACT_DIGITS:
                raise TableError("file_rounded", line=line)
            return _plain(cell)
        case date():
            return cell.isoformat()
    return str(cell).strip()


def _plain(number: float) -> str:
    """
    >>> _plain(380671234567), _plain(0.1 + 0.2), _plain(5e-7)
    ('380671234567', '0.3', '0.0000005')
    """
    return str(number) if isinstance(number, int) else f"{Decimal(f'{number:.{EXACT_DIGITS}g}'):f}"


def parse_amount(text: str, decimals: int) -> int | None:
    """An amount in minor units as people write it, or None when it is none, or may be read in two ways.

    >>> [parse_amount(text, 2) for text in ("12", "12,5", "12.50", "1 234,50", "1,234.50", "1.234.567")]
    [1200, 1250, 1250, 123450, 123450, 123456700]
    >>> [parse_amount(text, 2) for text in ("", "1,234", "12.345", "1,2,3", "ten", "-5", "1e3", "=1+1")]
    [None, None, None, None, None, -500, None, None]
    """
    plain = SPACES.sub("", text)
    if len(plain) > AMOUNT_LENGTH or not NUMBER.fullmatch(plain):
        return None
    whole, separator, fraction = plain, "", ""
    kinds = set(plain) & {".", ","}
    if len(kinds) == 2 or (kinds and sum(map(plain.count, kinds)) == 1):
        separator = max(kinds, key=plain.rfind)
        whole, _, fraction = plain.rpartition(separator)
    groups = re.split("[.,]", whole)
    if separator and separator in whole:
        return None
    if any(len(group) != 3 for group in groups[1:]) or (len(groups) > 1 and len(groups[0].lstrip("+-")) > 3):
        return None
    if len(fraction) > decimals:
        return None  # more digits than the unit has, or thousands: 1,234
    return int(Decimal(f"{''.join(groups)}.{fraction or 0}").scaleb(decimals))
