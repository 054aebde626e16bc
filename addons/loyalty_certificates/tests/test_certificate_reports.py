"""Ready reports of certificates: their figures are those of plain sums."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.addons.loyalty_core.services.posting import Source
from odoo.tests import new_test_user, tagged

from .purchases_common import CertificateCase

PERIOD = {"period": "custom", "from": "2026-02-01", "to": "2026-03-31"}
LIMIT = 1_000


@tagged("post_install", "-at_install")
class TestCertificateReports(CertificateCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst = new_test_user(cls.env, "t_certificate_analyst", groups="loyalty_core.group_analyst")

    def tell(self, code, user=None, **params):
        return self.env["loy.reports"].with_user(user or self.analyst)._tell(code, params, LIMIT)

    def rows(self, code="T_EGIFT", report="certificates_sold", **params):
        of = self.type_of(code)
        return [one for one in self.tell(report, **params)["rows"] if one["type_id"] == of.id]

    def on(self, month, day):
        return datetime(2026, month, day, 12)

    def spend(self, certificate, amount, at):
        source = Source("purchase", company_id=self.env.company.id)
        return self.env["loy.ledger"]._spend({certificate.account_id.id: amount * 100}, at=at, source=source)

    def history(self):
        """Certificates of a few months: one before the period, sold, given, used, expired, cancelled."""
        before = self.good(100, at=self.on(1, 10))
        self.spend(before, 10, self.on(1, 20))
        sold = self.good(300, at=self.on(2, 5))
        self.spend(sold, 120, self.on(3, 5))
        of = self.type_of("T_EGIFT")
        given = self.certificates._issue(of, 7000, at=self.on(2, 7))
        self.certificates._cancel(given, at=self.on(3, 9))
        self.spend(before, 30, self.on(2, 9))
        self.good(50, at=self.on(4, 2))  # after the period
        return before, sold, given

    def test_what_was_sold_and_used_is_told_by_months(self):
        self.history()
        february, march = self.rows(**PERIOD)
        self.assertEqual([str(one["month"])[:7] for one in (february, march)], ["2026-02", "2026-03"])
        self.assertEqual((february["sold_count"], february["sold"]), (1, 300))
        self.assertEqual((february["given_count"], february["given"], february["used"]), (1, 70, 30))
        self.assertEqual(february["owed"], 90 + 300 + 70 - 30)
        self.assertEqual((march["sold_count"], march["used"], march["cancelled"]), (0, 120, 70))
        self.assertEqual(march["owed"], 60 + 180)

    def test_a_sale_a_payment_and_what_comes_back_are_sums_of_the_ledger(self):
        gift, unused, short = self.fresh(), self.fresh(), self.good(80, "T_SHORT")
        lines = [
            {"id": str(place), "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": one.number}
            for place, one in enumerate((gift, unused), start=1)
        ]
        self.call("purchase_confirm", purchase="S-1", store="T_S2", lines=lines)
        self.call("purchase_return", purchase="S-1", return_="S-1-B", lines=[{"id": "2", "quantity": 1}])
        self.pay("C-1", gift)
        self.call("purchase_return", purchase="C-1", return_="R-1", lines=[{"id": "1", "quantity": 1}])
        once = self.good(150, "T_ONCE")
        self.pay("C-2", once)
        self.env["loy.ledger"]._expire(short.expires_at)
        today = fields.Date.context_today(self.env["loy.certificate"])
        period = {"period": "custom", "from": str(today - timedelta(days=2)), "to": str(today + timedelta(days=62))}
        for one in (gift, once, short):
            with self.subTest(one.type_id.code):
                self.assert_told(self.rows(one.type_id.code, **period), one.type_id)
        [row] = self.rows("T_GIFT", **period)
        self.assertEqual((row["store"], row["sold_count"], row["returned"]), (self.store_of("T_S2").name, 2, 500))
        self.assertGreater(row["refunded"], 0)
        self.assertEqual(row["owed"], self.left(gift))
        there, elsewhere = (self.rows("T_GIFT", stores=self.store_of(one).ids, **period) for one in ("T_S2", "T_S1"))
        self.assertEqual((there, elsewhere), ([row], []))

    def store_of(self, code):
        return self.env["loy.store"].search([("code", "=", code)])

    def assert_told(self, rows, of):
        """The columns of the rows are what the entries of the type come to, one by one."""
        wanted = Counter()
        entries = self.env["loy.entry"].search([("unit_id", "=", of.unit_id.id), ("account_id", "!=", False)])
        columns = {
            ("issued", True): "sold",
            ("issued", False): "returned",
            ("redeemed", True): "refunded",
            ("redeemed", False): "used",
            ("expired", False): "expired",
        }
        for entry in entries:
            is_more = entry.delta_minor > 0
            other = entry.from_account_id if is_more else entry.to_account_id
            wanted[columns[other.role, is_more]] += abs(entry.delta_minor) / 100
        told = Counter()
        for row in rows:
            told.update({name: float(row[name]) for name in (*columns.values(), "given", "cancelled", "other")})
        self.assertEqual(+told, +wanted)
        self.assertEqual(float(rows[-1]["owed"]), sum(entries.mapped("delta_minor")) / 100)

    def test_what_ends_and_how_old_it_is_is_what_is_left(self):
        self.history()
        now = fields.Datetime.now()
        for days, value in ((0, 60), (70, 40), (200, 25)):
            self.good(value, at=now - timedelta(days=days))
        self.good(35, "T_SHORT")
        ours = self.env["loy.certificate"].search([("state", "=", "active")])
        left = defaultdict(float)
        for one in ours:
            left[one.type_id.id] += one.left
        told = defaultdict(float)
        for row in self.tell("certificates_age")["rows"]:
            told[row["type_id"]] += float(row["value"])
        self.assertEqual({key: round(one, 2) for key, one in told.items()}, {k: v for k, v in left.items() if v})
        ages = {row["age"]: float(row["value"]) for row in self.rows(report="certificates_age")}
        self.assertEqual((ages["0–1"], ages["1–3"], ages["6–12"]), (60, 40, 25 + 60 + 180 + 50))
        ends = self.tell("certificates_ending")
        self.assertAlmostEqual(float(ends["totals"]["value"]), sum(left.values()), 2)
        short = self.env["loy.certificate"].search([("type_id", "=", self.type_of("T_SHORT").id)])
        month = (short.expires_at - timedelta(hours=4)).strftime("%Y-%m")
        self.assertIn(month, [row["month"] for row in ends["rows"]])

    def test_another_company_sees_nothing_of_it(self):
        self.history()
        company = self.env["res.company"].create({"name": "Other", "currency_id": self.env.company.currency_id.id})
        self.analyst.company_ids = [Command.link(company.id)]
        reports = self.env["loy.reports"].with_user(self.analyst).with_context(allowed_company_ids=company.ids)
        for code in ("certificates_sold", "certificates_ending", "certificates_age"):
            self.assertEqual(reports._tell(code, {}, LIMIT)["rows"], [])

    def test_they_have_a_heading_of_their_own(self):
        topics = self.env["loy.reports"].with_user(self.analyst).catalogue()["topics"]
        [ours] = [one for one in topics if one["topic"] == "certificates"]
        codes = [one["code"] for one in ours["reports"]]
        self.assertEqual(codes, ["certificates_sold", "certificates_ending", "certificates_age"])
