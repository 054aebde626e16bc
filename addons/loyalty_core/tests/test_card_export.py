"""Numbers for the card printer: as texts, harmless in a spreadsheet, for who may, and each time on record."""

import csv
import doctest
import io
from unittest.mock import patch

from odoo.addons.loyalty_core.services import card_export, number_files
from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.addons.loyalty_core.tools import barcodes
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from openpyxl import load_workbook


@tagged("post_install", "-at_install")
class TestCardExport(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.series = cls.env["loy.card.series"].create({"type_id": cls.card_type.id, "count": 5, "name": "=cmd()"})
        cls.series.action_loy_make()
        cls.numbers = cls.series.card_ids.sorted("id").mapped("number")
        cls.exports = cls.env["loy.card.exports"]

    def _read(self, file_format, columns):
        with self.exports._export(self.series, file_format, columns) as file:
            if file_format == "csv":
                return list(csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline="")))
            book = load_workbook(io.BytesIO(file.read()))
            return [[[cell.value for cell in row] for row in sheet.rows] for sheet in book]

    def test_barcode_texts(self):
        self.assertEqual(doctest.testmod(barcodes).failed, 0)

    def test_a_csv_has_the_columns_that_were_chosen(self):
        head, *rows = self._read("csv", list(card_export.COLUMNS))
        self.assertEqual(len(head), len(card_export.COLUMNS))
        self.assertEqual([row[1] for row in rows], self.numbers)
        self.assertEqual([row[0] for row in rows], ["1", "2", "3", "4", "5"])
        self.assertTrue(all(row[2].replace(" ", "") == row[1] and row[3] == row[1][-1] for row in rows))
        self.assertEqual({row[6] for row in rows}, {"Test"})

    def test_a_text_is_never_a_formula(self):
        self.assertEqual({row[0] for row in self._read("csv", ["series"])[1:]}, {"'=cmd()"})
        [[_head, *rows]] = self._read("xlsx", ["series"])
        self.assertEqual(rows, [["=cmd()"]] * 5)

    def test_excel_keeps_numbers_as_texts(self):
        [[_head, *rows]] = self._read("xlsx", ["number", "position"])
        self.assertEqual(rows, [[number, str(place)] for place, number in enumerate(self.numbers, start=1)])

    def test_what_excel_cannot_open_goes_on_in_another_sheet(self):
        with patch.object(number_files, "SHEET_ROWS", 2), patch.object(number_files, "PAGE", 3):
            sheets = self._read("xlsx", ["number"])
        self.assertEqual([len(sheet) for sheet in sheets], [3, 3, 2])
        self.assertEqual([number for sheet in sheets for [number] in sheet[1:]], self.numbers)

    def test_each_export_is_on_record(self):
        operator = new_test_user(self.env, "t_export_operator", groups="loyalty_core.group_operator")
        self.exports.with_user(operator)._export(self.series.with_user(operator), "csv", ["number"]).close()
        export = self.series.export_ids
        self.assertEqual((export.user_id, export.count, export.columns), (operator, 5, "number"))
        self.assertEqual(self.series.state, "exported")
        self._fails("immutable_fact", export.write, {"count": 1})

    def test_only_a_series_that_is_made_is_exported(self):
        draft = self.env["loy.card.series"].create({"type_id": self.card_type.id, "count": 5})
        self._fails("series_state", self.exports._export, draft, "csv", ["number"])
        for file_format, columns in (("pdf", ["number"]), ("csv", ["pin"]), ("csv", [])):
            self._fails("bad_request", self.exports._export, self.series, file_format, columns)


@tagged("post_install", "-at_install")
class TestCardExportDownload(HttpCase):
    def test_whoever_may_make_series_downloads_and_nobody_else(self):
        card_type = self.env["loy.card.type"].create({"code": "DL", "name": "Download"})
        series = self.env["loy.card.series"].create({"type_id": card_type.id, "count": 5, "name": "Printer"})
        series.action_loy_make()
        wizard = self.env["loy.card.export.wizard"].create({"series_id": series.id, "file_format": "xlsx"})
        url = wizard.action_loy_export()["url"]
        for role, status in (("cashier", 403), ("marketer", 403), ("operator", 200)):
            login = f"t_download_{role}"
            new_test_user(self.env, login, groups=f"loyalty_core.group_{role}")
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                answer = self.url_open(url)
            self.assertEqual(answer.status_code, status, role)
        self.assertIn("Printer.xlsx", answer.headers["Content-Disposition"])
        self.assertEqual(load_workbook(io.BytesIO(answer.content)).active.max_row, 6)
        self.assertEqual(series.export_ids.user_id.login, "t_download_operator")
