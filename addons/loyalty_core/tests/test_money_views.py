"""Graphs and pivots of sums: what they show is what SQL adds up, whatever the rates of the currencies."""

from datetime import date

from odoo.tests import TransactionCase, new_test_user, tagged

from ..sql.insert import insert_rows

DAY = date(2026, 3, 5)


@tagged("post_install", "-at_install")
class TestMoneyViews(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = (("T_UAH", 40.0), ("T_EUR", 0.8))
        currencies = [
            cls.env["res.currency"].create({"name": f"T{name[2:4]}", "symbol": name}) for name, _rate in names
        ]
        cls.home, cls.abroad = (
            cls.env["res.company"].create({"name": currency.symbol, "currency_id": currency.id})
            for currency in currencies
        )
        for currency, (_name, rate) in zip(currencies, names, strict=True):
            cls.env["res.currency.rate"].create(
                {"currency_id": currency.id, "name": "2026-01-01", "rate": rate, "company_id": False}
            )
        cls.analyst = new_test_user(
            cls.env,
            "t_money_analyst",
            groups="loyalty_core.group_analyst",
            company_id=cls.home.id,
            company_ids=[(6, 0, [cls.home.id, cls.abroad.id])],
        )
        for company, amount, receipts in ((cls.home, 400, 3), (cls.abroad, 8, 1)):
            store = cls.env["loy.store"].create({"code": f"T_{company.id}", "name": "S", "company_id": company.id})
            insert_rows(
                cls.env["loy.sales.hour"],
                [
                    {"day": DAY, "hour": 9, "weekday": "4", "store_id": store.id, "company_id": company.id,
                     "is_member": True, "receipt_count": receipts, "return_count": 0, "line_count": receipts,
                     "base": amount, "discount": 0, "spent": 0, "certificates": 0, "amount": amount}
                ],
            )  # fmt: skip

    def told(self, measure, *companies):
        """What a graph of the measure shows, as the client asks for it and shows it."""
        hours = self.env["loy.sales.hour"].with_user(self.analyst).with_context(
            allowed_company_ids=[company.id for company in companies]
        )
        aggregator = hours.fields_get([measure])[measure]["aggregator"]
        asked = [f"{measure}:{aggregator}", "currency_id:array_agg_distinct", f"{measure}:sum_currency"]
        ((plain, currencies, converted),) = hours._read_group([("day", "=", DAY)], [], asked)
        return float(converted if len(currencies) > 1 else plain)

    def test_of_one_currency_the_sum_is_that_of_sql_whatever_its_rate(self):
        self.assertEqual(self.told("amount", self.home), 400)
        self.assertEqual(self.told("amount", self.abroad), 8)

    def test_several_currencies_are_added_up_in_that_of_the_company_in_hand(self):
        self.assertAlmostEqual(self.told("amount", self.home, self.abroad), 400 + 8 / 0.8 * 40)
        self.assertAlmostEqual(self.told("amount", self.abroad, self.home), 8 + 400 / 40 * 0.8)

    def test_an_average_is_that_of_the_sums_also_of_several_currencies(self):
        self.assertAlmostEqual(self.told("average", self.home), 400 / 3)
        self.assertAlmostEqual(self.told("average", self.home, self.abroad), (400 + 400) / 4)
