from odoo.addons.loyalty_core.tools import check_digits
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .certificates_common import SOURCE, CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificateSeries(CertificatesCase):
    def series(self, count=100, **values):
        return self.env["loy.certificate.series"].create({"type_id": self.gift.id, "count": count, **values})

    def made(self, count=100):
        series = self.series(count)
        series.action_loy_make()
        return series

    def test_numbers_are_unlike_and_checked_and_each_has_a_pin_and_a_serial(self):
        series = self.made(3000)
        self.assertEqual((series.state, series.made_count, series.company_id), ("ready", 3000, self.env.company))
        certificates = series.certificate_ids
        self.assertEqual(len(set(certificates.mapped("number"))), 3000)
        self.assertEqual(len(set(certificates.mapped("serial"))), 3000)
        for one in certificates:
            self.assertTrue(check_digits.is_valid("ean13", one.number))
            self.assertTrue(one.number.startswith("99"))
            self.assertRegex(one.pin, r"^\d{4}$")
            self.assertEqual(one.masked_number, f"•••• {one.number[-4:]}")
        self.assertGreater(len(set(certificates.mapped("pin"))), 2000)
        self.assertEqual(set(certificates.mapped("state")), {"new"})

    def test_a_series_is_made_by_as_many_statements_whatever_its_size(self):
        counts = []
        for size in (10, 5000):
            series = self.series(size)
            series.flush_recordset()
            before = self.cr.sql_log_count
            series.action_loy_make()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_a_large_series_is_made_by_the_scheduler(self):
        series = self.series(10_001)
        series.action_loy_make()
        self.assertEqual((series.state, series.made_count), ("making", 0))
        pieces = dict(self.env["loy.jobs"]._jobs(self.start))["certificate_series"]
        self.assertEqual([self.env["loy.jobs"]._exhaust(piece) for piece in pieces], [10_001])
        self.assertEqual(series.state, "ready")

    def test_no_more_numbers_than_there_are(self):
        self.gift.write({"number_prefix": "9955", "number_length": 6, "number_check": False})
        self._fails("certificate_capacity", self.series(101).action_loy_make)

    def test_a_series_that_is_cancelled_sells_nothing(self):
        series = self.made(20)
        series.action_loy_void()
        self.assertEqual(set(series.certificate_ids.mapped("state")), {"cancelled"})
        self.assertEqual(series.certificate_ids[0].log_ids.to_state, "cancelled")
        series = self.made(5)
        one = series.certificate_ids[0]
        self.certificates._activate(one, [500 * self.scale], at=self.start, source=SOURCE)
        text = self._fails("series_in_use", series.action_loy_void)
        self.assertIn(one.masked_number, text)
        self.assertEqual(series.sold_count, 1)

    def test_only_who_has_the_right_makes_one(self):
        marketer = new_test_user(self.env, "gs_marketer", groups="loyalty_core.group_marketer")
        operator = new_test_user(self.env, "gs_operator", groups="loyalty_core.group_operator")
        series = self.series(3)
        with self.assertRaises(AccessError), self.cr.savepoint():
            series.with_user(marketer).action_loy_make()
        series.with_user(operator).action_loy_make()
        self.assertEqual(series.state, "ready")
