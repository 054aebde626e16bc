import csv
import io

from odoo.tests import HttpCase, new_test_user, tagged

from .certificates_common import CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificateExport(CertificatesCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.series = cls.env["loy.certificate.series"].create({"type_id": cls.gift.id, "count": 5, "name": "Batch"})
        cls.series.action_loy_make()
        for login, group in (("ge_admin", "admin"), ("ge_operator", "operator")):
            new_test_user(cls.env, login, groups=f"loyalty_core.group_{group}", password=login)

    def rows(self, answer):
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_the_printer_gets_what_stands_on_certificates(self):
        sold = self.series.certificate_ids.sorted("serial")[0]
        self.certificates._transition(sold, "cancelled")
        self.authenticate("ge_admin", "ge_admin")
        url = self.env["loy.certificate.export.wizard"].create({"series_id": self.series.id}).action_loy_export()["url"]
        answer = self.url_open(url)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        head, *rows = self.rows(answer)
        self.assertEqual(head, ["Serial", "Number", "Number in groups of four", "PIN"])
        printed = (self.series.certificate_ids - sold).sorted("serial")
        self.assertEqual([row[0] for row in rows], [str(one.serial) for one in printed])
        self.assertEqual([row[1] for row in rows], printed.mapped("number"))
        self.assertEqual([row[3].lstrip("'") for row in rows], printed.mapped("pin"))
        self.env.invalidate_all()
        kept = self.series.export_ids
        self.assertEqual((kept.count, kept.user_id.login, self.series.state), (4, "ge_admin", "exported"))

    def test_whoever_may_not_see_numbers_gets_no_file(self):
        self.authenticate("ge_operator", "ge_operator")
        answer = self.url_open(f"/loy/certificate-series/{self.series.id}/export?columns=number")
        self.assertNotIn(self.series.certificate_ids[0].number, answer.text)
        self.assertFalse(self.series.export_ids)

    def test_unknown_columns_are_refused(self):
        exports = self.env["loy.certificate.exports"]
        self._fails("bad_request", exports._export, self.series, "csv", ["number", "secret"])
        self._fails("bad_request", exports._export, self.series, "pdf", ["number"])
