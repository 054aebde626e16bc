"""Ready reports: their figures are those of a plain computation, and of nothing that the user may not read."""

import io
import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from unittest.mock import patch

import openpyxl
from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import ReadOnlySqlTransaction

from ..reports import periods
from ..reports.registry import REPORTS
from ..services.clock import to_local
from ..services.errors import LoyaltyError
from .api_common import ApiCase

BEGIN = date(2026, 2, 27)
DAYS = 12
PERIOD = {"period": "custom", "from": "2026-02-27", "to": "2026-03-10"}
LIMIT = 1_000
#: Columns of a row that are not those of its days added up: they compare with the months and days around.
NOT_BY_DAY = {"members_active", "purchase_frequency", "best_customers", "promo_codes", "tiers", "personal_offers"}


class ReportCase(ApiCase):
    """A dozen days in two stores, across the end of a month: sales to members and others, and what came back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stores = {code: cls.env["loy.store"].search([("code", "=", code)]) for code in ("T_S1", "T_S2")}
        cls.analyst = new_test_user(cls.env, "t_analyst", groups="loyalty_core.group_analyst")
        cls.others = [
            cls.call("member_register", phone=f"+38067111000{number}", first_name=f"M{number}", store=store)["member"]
            for number, store in ((2, "T_S1"), (3, "T_S2"))
        ]
        cls.chance = random.Random(7)
        for number in range(36):
            cls.sell(number)
        cls.env["loy.sales.facts"]._fold_now()

    @classmethod
    def sell(cls, number):
        chance = cls.chance
        at = datetime.combine(BEGIN, datetime.min.time()) + timedelta(minutes=chance.randrange(DAYS * 24 * 60))
        store = chance.choice(["T_S1", "T_S2"])
        member = chance.choice([cls.member, *cls.others, None])
        body = {
            "purchase": f"R-{number}",
            "store": store,
            "register": "R1" if store == "T_S1" else None,
            "at": at.isoformat(),
            "member": {"member": member} if member else None,
            "lines": [
                {"id": str(place), "sku": sku, "quantity": chance.randint(1, 4)}
                for place, sku in enumerate(chance.sample(["T-1001", "T-1002"], chance.randint(1, 2)), start=1)
            ],
            "spend": [{"unit": "T_BONUS", "amount": "max"}] if member and chance.random() < 0.4 else None,
        }
        cls.call("purchase_confirm", **{key: value for key, value in body.items() if value})
        if chance.random() < 0.3:
            parts = {} if chance.random() < 0.4 else {"lines": [{"id": "1", "quantity": 1}]}
            cls.call("purchase_return", purchase=f"R-{number}", return_=f"R-{number}-B", **parts)

    @property
    def places(self):
        return {"stores": [store.id for store in self.stores.values()]}

    def asked(self, report, **params):
        """What the report takes of these, so that it tells of this history alone wherever it can."""
        asked = {}
        if report.is_compared:
            asked |= PERIOD
        if "places" in report.takes:
            asked |= self.places
        if "unit" in report.takes:
            asked["unit"] = self.env["loy.unit"].search([("code", "=", "T_BONUS")]).id
        if "limit" in report.takes:
            asked["limit"] = LIMIT
        if "days" in report.takes:
            asked["days"] = 1
        return {**asked, **params}

    def tell(self, code, user=None, **params):
        reports = self.env["loy.reports"].with_user(user or self.analyst)
        return reports._tell(code, self.asked(REPORTS.get(code), **params), 10_000)

    def rows(self, code, **params):
        return self.tell(code, **params)["rows"]

    def purchases(self, kind=None):
        domain = [("store_id", "in", self.places["stores"]), ("state", "in", ("confirmed", "returned"))]
        if kind:
            domain.append(("kind", "=", kind))
        found = self.env["loy.purchase"].search(domain)
        return found.filtered(lambda one: BEGIN <= one.purchased_on < BEGIN + timedelta(days=DAYS))

    def assertMoney(self, one, other, told=None):
        self.assertAlmostEqual(one, other, 4, told)


@tagged("post_install", "-at_install")
class TestReportLaws(ReportCase):
    def test_every_report_tells_its_columns_and_totals_are_sums_of_its_rows(self):
        for report in REPORTS:
            with self.subTest(report.code):
                told = self.tell(report.code, **({"compare": "before"} if report.is_compared else {}))
                for row in told["rows"]:
                    for column in report.columns:
                        self.assertIn(column.key, row)
                    for key in report.keys:
                        self.assertIn(key, row)
                for column in report.columns:
                    if column.is_summed:
                        wanted = sum(row[column.key] or 0 for row in told["rows"])
                        self.assertMoney(told["totals"][column.key], wanted)
                for name in (report.chart.x, *report.chart.series) if report.chart else ():
                    self.assertIn(name, [column.key for column in report.columns])
                if report.behind and told["rows"]:
                    model, domain = report.behind(self.ask(report), told["rows"][0])
                    self.env[model].with_user(self.analyst).search_count(list(domain))

    def ask(self, report):
        reports = self.env["loy.reports"].with_user(self.analyst)
        return reports._ask(report, reports._chosen(report, self.asked(report)))

    def test_a_period_is_the_sum_of_its_days(self):
        for report in REPORTS:
            if not report.is_compared or report.code in NOT_BY_DAY:
                continue
            summed = [column.key for column in report.columns if column.is_summed]
            whole, days = self.tell(report.code)["totals"], Counter()
            for number in range(DAYS):
                day = (BEGIN + timedelta(days=number)).isoformat()
                one = self.tell(report.code, **{"from": day, "to": day})["totals"]
                days.update({key: one[key] for key in summed})
            for key in summed:
                if (report.code, key) not in {("points_statement", "worth"), ("incomplete_receipts", "days")}:
                    self.assertMoney(whole[key], days[key], (report.code, key))

    def test_whoever_is_bound_to_a_store_sees_its_figures_only(self):
        mine = self.stores["T_S1"]
        manager = new_test_user(self.env, "t_manager", groups="loyalty_core.group_store_manager")
        manager.loy_store_ids = mine
        analyst = new_test_user(self.env, "t_bound", groups="loyalty_core.group_analyst")
        analyst.loy_store_ids = mine
        for user in (manager, analyst):
            reports = self.env["loy.reports"].with_user(user)
            codes = [one["code"] for topic in reports.catalogue()["topics"] for one in topic["reports"]]
            self.assertIn("returns_by_register", codes)
            self.assertNotIn("points_statement", codes)
            for code in codes:
                report = REPORTS.get(code)
                if "places" not in report.takes:
                    continue
                with self.subTest(code, user=user.login):
                    own = self.tell(code, stores=mine.ids)
                    seen = self.tell(code, user=user)
                    everything = self.tell(code, user=user, stores=[])
                    if not {"buying"} & {column.key for column in report.columns}:
                        self.assertEqual(seen["rows"], own["rows"])
                    others = self.tell(code, user=user, stores=self.stores["T_S2"].ids)
                    for one in others["totals"].values():
                        self.assertFalse(one)
                    self.assertEqual(everything["totals"], seen["totals"])

    def test_a_partner_without_a_bound_sees_nothing(self):
        partner = new_test_user(self.env, "t_partner", groups="loyalty_core.group_partner")
        self.assertTrue(self.rows("returns_by_register"))
        self.assertEqual(self.tell("returns_by_register", user=partner, stores=[])["rows"], [])

    def test_another_company_sees_nothing_of_it(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.env["loy.unit"].create({"code": "T_OTHER", "name": "Other", "company_id": company.id})
        self.analyst.company_ids = [Command.link(company.id)]
        for report in REPORTS:
            with self.subTest(report.code):
                asked = self.asked(report, **({"stores": []} if "places" in report.takes else {}))
                asked.pop("unit", None)
                reports = self.env["loy.reports"].with_user(self.analyst)
                told = reports.with_context(allowed_company_ids=company.ids)._tell(report.code, asked, LIMIT)
                if report.source in ("res.partner", "loy.card"):
                    continue  # members and their cards are shared
                self.assertFalse(any(value for value in told["totals"].values() if value), told["rows"])

    def test_money_of_two_currencies_is_never_added(self):
        euro, dollar = self.env.ref("base.EUR"), self.env.ref("base.USD")
        other = euro if self.env.company.currency_id != euro else dollar
        company = self.env["res.company"].create({"name": "Abroad", "currency_id": other.id})
        self.analyst.company_ids = [Command.link(company.id)]
        reports = self.env["loy.reports"].with_user(self.analyst)
        both = reports.with_context(allowed_company_ids=[self.env.company.id, company.id])
        told = both._tell("returns_by_register", self.asked(REPORTS.get("returns_by_register")), LIMIT)
        self.assertEqual(told["rows"], self.rows("returns_by_register"))
        self.assertIn("Abroad", told["notes"][0])

    def test_the_file_has_the_rows_as_numbers_and_dates(self):
        files = self.env["loy.report.files"].with_user(self.analyst)
        currency = self.env.company.currency_id.name
        for report in REPORTS:
            with self.subTest(report.code):
                asked = self.asked(report)
                name, content = files._make(report.code, asked)
                self.assertTrue(name.endswith(".xlsx"))
                sheet = openpyxl.load_workbook(io.BytesIO(content)).active
                cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
                labels = [self.env._(column.label) for column in report.columns]
                place = next(
                    number
                    for number, row in enumerate(cells)
                    if [one and str(one).removesuffix(f", {currency}") for one in row] == labels
                )
                told = self.tell(report.code)
                for row, read in zip(told["rows"], cells[place + 1 :], strict=False):
                    for column, value in zip(report.columns, read, strict=True):
                        wanted = row[column.key]
                        if isinstance(wanted, date):
                            self.assertEqual(value.date(), wanted)
                        elif column.is_figure and wanted is not None:
                            self.assertAlmostEqual(value, wanted / (100 if column.type == "percent" else 1), 6)
                        else:
                            self.assertEqual(value or None, wanted or None)
                self.assertEqual(len(cells) - place - 1, len(told["rows"]) + bool(told["rows"]))
                self.assertEqual(sheet.freeze_panes, f"A{place + 2}")

    def test_a_name_that_looks_like_a_formula_is_a_text(self):
        self.stores["T_S1"].name = "=1+1"
        _name, content = self.env["loy.report.files"].with_user(self.analyst)._make(
            "returns_by_register", self.asked(REPORTS.get("returns_by_register"))
        )
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1")
        self.assertEqual(cell.data_type, "s")

    def test_what_cannot_be_asked_is_refused_by_its_code(self):
        reports = self.env["loy.reports"].with_user(self.analyst)
        for code, params, wanted in (
            ("no_such", {}, "report_not_found"),
            ("sales_by_product", {"period": "someday"}, "bad_period"),
            ("sales_by_product", {"period": "custom"}, "bad_period"),
            ("sales_by_product", {"period": "custom", "from": "2026-02-02", "to": "2026-02-01"}, "bad_period"),
            ("sales_by_product", {"period": "custom", "from": "1926-02-02", "to": "2026-02-01"}, "bad_period"),
            ("sales_by_product", {"period": "custom", "from": "x", "to": 7}, "bad_period"),
            ("sales_by_product", {"limit": 0}, "bad_parameter"),
            ("sales_by_product", {"limit": "9"}, "bad_parameter"),
            ("sales_by_product", {"stores": [True]}, "bad_parameter"),
            ("sales_by_product", {"stores": "all"}, "bad_parameter"),
            ("sales_by_product", {"compare": "ever"}, "bad_parameter"),
            ("sales_by_product", {"unit": 1}, "bad_parameter"),
            ("members_registered", {"step": "hour"}, "bad_parameter"),
            ("points_ageing", {"unit": 0x7FFFFFFF}, "report_unit_missing"),
        ):
            with self.subTest(code=code, params=params), self.assertRaises(LoyaltyError) as caught:
                reports.run(code, params)
            self.assertEqual(caught.exception.code, wanted)

    def test_it_takes_the_right_and_changes_nothing(self):
        cashier = new_test_user(self.env, "t_cashier", groups="loyalty_core.group_cashier")
        with self.assertRaises(LoyaltyError) as caught:
            self.env["loy.reports"].with_user(cashier).run("sales_by_product", {})
        self.assertEqual(caught.exception.code, "right_missing")
        with self.read_only():
            for report in REPORTS:
                self.tell(report.code)

    @mute_logger("odoo.sql_db")
    def test_a_query_that_writes_is_refused_by_the_database(self):
        report = REPORTS.get("tiers")
        ask = self.ask(report)
        writing = type("Writing", (), {"query": staticmethod(lambda ask: SQL("SELECT NEXTVAL('res_users_id_seq')"))})
        with self.assertRaises(ReadOnlySqlTransaction):
            self.env["loy.reports"]._rows(writing, ask, 1)
        self.env["loy.reason"].create({"code": "after", "name": "It can be written afterwards"})

    def test_a_comparison_is_the_report_of_the_period_before(self):
        asked = {"from": "2026-03-03", "to": "2026-03-06", "compare": "before"}
        told = self.tell("sales_by_product", **asked)
        before = self.tell("sales_by_product", **{"from": "2026-02-27", "to": "2026-03-02"})
        self.assertEqual(told["previous"]["totals"], before["totals"])
        known = {row["sku"]: row for row in before["rows"]}
        for row, earlier in zip(told["rows"], told["previous"]["rows"], strict=True):
            self.assertEqual(earlier, known.get(row["sku"]))

    def test_what_is_worse_when_there_is_more_of_it_is_said_so_and_coloured_so(self):
        meanings = {one.key: one.more for one in REPORTS.get("sales_by_store").columns}
        self.assertEqual({key for key, more in meanings.items() if more == "worse"}, {"returns", "discount", "off"})
        self.assertEqual(meanings["amount"], "better")
        self.assertFalse(meanings["spent"] or meanings["share"])
        unpleasant = {"returns", "returned", "discount", "off", "cost", "expired", "lost", "fallen", "incomplete"}
        for report in REPORTS:
            for one in report.columns:
                self.assertTrue(one.is_figure or not one.more, f"{report.code}: {one.key}")
                if one.key in unpleasant:
                    self.assertEqual(one.more, "worse", f"{report.code}: {one.key}")
        asked = self.asked(REPORTS.get("sales_by_store"), **{"from": "2026-03-03", "to": "2026-03-06"})
        asked["compare"] = "before"
        told = self.env["loy.reports"].with_user(self.analyst)._tell("sales_by_store", asked, LIMIT)
        files = self.env["loy.report.files"].with_user(self.analyst)
        _name, content = files._make("sales_by_store", asked)
        cells = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows())
        figures = [one for one in told["columns"] if one["is_figure"]]
        total = cells[-1][len(told["columns"]) - len(figures) :: 2]
        seen = set()
        for column, cell in zip(figures, total, strict=True):
            value, before = (one["totals"].get(column["key"]) for one in (told, told["previous"]))
            wanted = None
            if column["more"] and value != before and value is not None:
                wanted = "FF1E7B34" if (value > before) == (column["more"] == "better") else "FFB02A37"
            found = cell.font.color.rgb if cell.font.color and cell.font.color.type == "rgb" else None
            self.assertEqual(found, wanted, column["key"])
            seen.add(wanted)
        self.assertEqual(len(seen), 3)
        letter = self.env["loy.report.mails"].with_user(self.analyst)._html_table(told)
        self.assertIn("color: #1E7B34", letter)
        self.assertIn("color: #B02A37", letter)

    def test_periods(self):
        today = date(2026, 3, 31)
        wanted = {
            "yesterday": ("2026-03-30", "2026-03-30"),
            "last_7_days": ("2026-03-24", "2026-03-30"),
            "this_week": ("2026-03-30", "2026-03-31"),
            "last_week": ("2026-03-23", "2026-03-29"),
            "this_month": ("2026-03-01", "2026-03-31"),
            "last_month": ("2026-02-01", "2026-02-28"),
            "this_quarter": ("2026-01-01", "2026-03-31"),
            "last_quarter": ("2025-10-01", "2025-12-31"),
            "last_12_months": ("2025-03-31", "2026-03-30"),
            "last_year": ("2025-01-01", "2025-12-31"),
        }
        for code, days in wanted.items():
            _words, period = periods.PERIODS[code]
            self.assertEqual(tuple(day.isoformat() for day in period(today)), days, code)
        for code, (_words, period) in periods.PERIODS.items():
            from_, to = period(today)
            self.assertLessEqual(from_, to, code)
            self.assertEqual(periods.before((from_, to))[1] < from_, True, code)


@tagged("post_install", "-at_install")
class TestReportFigures(ReportCase):
    """Each report beside a plain loop over the records."""

    def sums(self, key):
        """What a loop over the receipts comes to, by a key of each."""
        sums = defaultdict(Counter)
        for one in self.purchases():
            sums[key(one)].update(
                receipts=one.kind == "sale",
                returns=one.kind == "return",
                base=one.base,
                discount=one.discount,
                spent=one.spent,
                amount=one.to_pay,
                of_members=one.kind == "sale" and bool(one.member_id),
            )
        return sums

    def assertSums(self, code, key_of_row, key, **params):
        rows, wanted = self.rows(code, **params), self.sums(key)
        self.assertEqual({key_of_row(row) for row in rows if row["receipts"] or row["amount"]}, set(wanted))
        for row in rows:
            for name, value in row.items():
                if name in ("receipts", "returns", "base", "discount", "spent", "amount", "of_members"):
                    self.assertMoney(value, wanted[key_of_row(row)][name], (code, row, name))

    def test_sales_by_time_and_place(self):
        self.assertSums("sales_by_day", lambda row: row["day"], lambda one: one.purchased_on)
        self.assertEqual(len(self.rows("sales_by_day")), DAYS)
        self.assertSums(
            "sales_by_day", lambda row: row["day"], lambda one: one.purchased_on.replace(day=1), step="month"
        )
        self.assertSums(
            "sales_by_day",
            lambda row: row["day"],
            lambda one: one.purchased_on - timedelta(days=one.purchased_on.weekday()),
            step="week",
        )
        self.assertSums("sales_by_store", lambda row: row["store_id"], lambda one: one.store_id.id)
        self.assertSums("member_share", lambda row: row["is_member"], lambda one: bool(one.member_id))
        self.assertSums(
            "sales_by_hour", lambda row: row["hour"], lambda one: one.store_id._to_local(one.purchased_at).hour
        )
        self.assertSums(
            "sales_by_register",
            lambda row: (row["store_id"], row["register_id"], row["channel"]),
            lambda one: (one.store_id.id, one.register_id.id or None, one.channel or None),
        )
        for row in self.rows("sales_by_hour"):
            self.assertEqual(row["receipts"], row["working"] + row["weekend"])
        shares = self.rows("member_share")
        self.assertAlmostEqual(sum(row["share"] for row in shares), 100)

    def test_what_is_behind_a_row_is_what_it_counts(self):
        for code in ("sales_by_day", "sales_by_store", "sales_by_register", "member_share"):
            report = REPORTS.get(code)
            reports = self.env["loy.reports"].with_user(self.analyst)
            params = self.asked(report)
            for row in self.rows(code):
                model, domain = report.behind(reports._ask(report, reports._chosen(report, params)), row)
                found = self.env[model].search(domain)
                self.assertEqual(len(found.filtered(lambda one: one.kind == "sale")), row["receipts"])
                self.assertMoney(sum(found.mapped("to_pay")), row["amount"])
            action = reports.behind(code, params, self.rows(code)[0])
            self.assertEqual(action["res_model"], "loy.purchase")

    def test_lines_and_uses_behind_a_row_are_those_of_its_receipts(self):
        self.purchases().filtered(lambda one: one.store_id == self.stores["T_S1"]).purchased_on = False
        reports = self.env["loy.reports"].with_user(self.analyst)
        for channel in ("", "none"):
            with self.subTest(channel):
                params = self.asked(REPORTS.get("sales_by_product"), channel=channel)
                for row in self.rows("sales_by_product"):
                    action = reports.behind("sales_by_product", params, row)
                    lines = self.env["loy.purchase.line"].search(action["domain"])
                    amount = sum(lines.mapped("amount"))
                    self.assertMoney(amount, 0 if channel else row["amount"])
        for row in self.rows("promotions_by_store"):
            action = reports.behind("promotions_by_store", self.asked(REPORTS.get("promotions_by_store")), row)
            uses = self.env["loy.purchase.promotion"].search(action["domain"])
            self.assertEqual(uses.purchase_id.store_id.ids, [row["store_id"]])
            self.assertEqual(uses.promotion_id.ids, [row["promotion_id"]])

    def test_the_screen_is_sent_no_more_rows_of_before_than_of_now(self):
        reports = self.env["loy.reports"].with_user(self.analyst)
        with patch("odoo.addons.loyalty_core.services.reports.SCREEN_ROWS", 1):
            told = reports.run("sales_by_day", self.asked(REPORTS.get("sales_by_day"), compare="before"))
        self.assertGreater(told["row_count"], 1)
        self.assertEqual([len(told["rows"]), len(told["previous"]["rows"])], [1, 1])

    def test_receipts_of_earlier_versions_kept_no_day_of_their_own(self):
        before = self.tell("returns_by_register")["totals"]
        kyiv = self.purchases().filtered(lambda one: one.store_id == self.stores["T_S1"])
        kyiv.purchased_on = False
        self.assertEqual(self.tell("returns_by_register")["totals"], before)

    def test_sales_by_category(self):
        sums = defaultdict(Counter)
        for line in self.purchases().line_ids:
            sums[line.categ_id.id or None].update(quantity=line.quantity, base=line.base, amount=line.amount)
        rows = self.rows("sales_by_category")
        self.assertEqual({row["categ_id"] for row in rows}, set(sums))
        for row in rows:
            for name, value in sums[row["categ_id"]].items():
                self.assertMoney(row[name], value)

    def test_promotions(self):
        sums, by_store = defaultdict(Counter), defaultdict(Counter)
        for use in self.purchases().promotion_ids:
            given = {"discount": use.discount, "spent": use.spent, "points": use.points}
            sums[use.promotion_id.id].update(given)
            by_store[use.store_id.id, use.promotion_id.id].update(given)
        rows = self.rows("promotions")
        self.assertEqual({row["promotion_id"] for row in rows}, set(sums))
        for row in rows:
            for name, value in sums[row["promotion_id"]].items():
                self.assertMoney(row[name], value)
            uses = self.purchases("sale").filtered(
                lambda one, row=row: row["promotion_id"] in one.promotion_ids.promotion_id.ids
            )
            self.assertEqual(row["receipts"], len(uses))
        for row in self.rows("promotions_by_store"):
            for name, value in by_store[row["store_id"], row["promotion_id"]].items():
                self.assertMoney(row[name], value)
        chosen = rows[0]["promotion_id"]
        self.assertEqual([row["promotion_id"] for row in self.rows("promotions", promotions=[chosen])], [chosen])

    def test_sales_by_product_and_brand(self):
        products, brands = defaultdict(Counter), defaultdict(Counter)
        for line in self.purchases().line_ids:
            for sums in (products[line.sku], brands[line.product_id.loy_brand_id.id or None]):
                sums.update(quantity=line.quantity, base=line.base, discount=line.discount, amount=line.amount)
        for code, key, wanted in (("sales_by_product", "sku", products), ("sales_by_brand", "brand_id", brands)):
            rows = self.rows(code)
            self.assertEqual({row[key] for row in rows}, set(wanted))
            for row in rows:
                for name, value in wanted[row[key]].items():
                    self.assertMoney(row[name], value)
        amounts = [row["amount"] for row in self.rows("sales_by_product")]
        self.assertEqual(amounts, sorted(amounts, reverse=True))
        self.assertEqual(self.rows("sales_by_product", limit=1)[0]["amount"], amounts[0])

    def test_sizes_of_receipts(self):
        sizes = self.purchases("sale").mapped("to_pay")
        rows = self.rows("receipt_sizes")
        for row in rows:
            below = row["below"] or float("inf")
            self.assertEqual(row["receipts"], sum(row["at_least"] <= size < below for size in sizes))
        self.assertEqual(sum(row["receipts"] for row in rows), len(sizes))
        self.assertMoney(sum(row["amount"] for row in rows), sum(sizes))

    def test_returns_and_discounts(self):
        for row in self.rows("returns_by_register"):
            ours = self.purchases().filtered(
                lambda one, row=row: (one.store_id.id, one.register_id.id or None)
                == (row["store_id"], row["register_id"])
            )
            sales, returns = (ours.filtered(lambda one, kind=kind: one.kind == kind) for kind in ("sale", "return"))
            self.assertEqual((row["sales"], row["returns"]), (len(sales), len(returns)))
            self.assertMoney(row["sold"], sum(sales.mapped("to_pay")))
            self.assertMoney(row["returned"], -sum(returns.mapped("to_pay")))
        off = self.purchases("sale").filtered(lambda one: one.discount + one.spent)
        rows = self.rows("largest_discounts")
        self.assertEqual({row["purchase_id"] for row in rows}, set(off.ids))
        self.assertEqual(rows[0]["off"], max(one.discount + one.spent for one in off))
        worst = off.browse(rows[0]["purchase_id"])
        self.assertEqual(rows[0]["time"], f"{worst.store_id._to_local(worst.purchased_at):%Y-%m-%d %H:%M}")

    def bought(self):
        """Member → day → what was bought then and kept."""
        days = defaultdict(lambda: defaultdict(lambda: [0, 0.0]))
        for sale in self.purchases("sale").filtered("member_id"):
            kept = days[sale.member_id.id][sale.purchased_on]
            kept[0] += sale.state == "confirmed"
            kept[1] += sale.to_pay + sum(sale.return_ids.mapped("to_pay"))
        return {
            member: {day: one for day, one in of_member.items() if one[0]} for member, of_member in days.items()
        }

    def test_members_by_what_they_bought(self):
        bought = {member: days for member, days in self.bought().items() if days}
        best = self.rows("best_customers")
        self.assertEqual({row["member_id"] for row in best}, set(bought))
        for row in best:
            days = bought[row["member_id"]]
            self.assertEqual((row["days"], row["last"]), (len(days), max(days)))
            self.assertEqual(row["purchases"], sum(count for count, _amount in days.values()))
            self.assertMoney(row["amount"], sum(amount for _count, amount in days.values()))
        for row in self.rows("purchase_frequency"):
            most = row["at_most"] or 1e9
            members = [one for one in best if row["at_least"] <= one["purchases"] <= most]
            self.assertEqual(row["members"], len(members))
            self.assertMoney(row["amount"], sum(one["amount"] for one in members))

    def test_active_members(self):
        bought = self.bought()
        months = {
            month: {member for member, days in bought.items() if any(day.month == month for day in days)}
            for month in (2, 3)
        }
        february, march = self.rows("members_active")
        self.assertEqual((february["active"], february["new"], february["lost"]), (len(months[2]), len(months[2]), 0))
        self.assertEqual(march["active"], len(months[3]))
        self.assertEqual(march["stayed"], len(months[2] & months[3]))
        self.assertEqual(march["new"], len(months[3] - months[2]))
        self.assertEqual(march["lost"], len(months[2] - months[3]))
        for row in (february, march):
            self.assertEqual(row["active"], row["new"] + row["stayed"] + row["back"])

    def test_lost_customers(self):
        last = {member: max(days) for member, days in self.bought().items() if days}
        today = self.env["loy.reports"]._today()
        for ago in sorted({(today - day).days for day in last.values()}):
            rows = self.rows("lost_customers", days=ago)
            lost = {one for one, day in last.items() if (today - day).days >= ago}
            self.assertEqual({row["member_id"] for row in rows}, lost)
            for row in rows:
                self.assertEqual(row["last"], last[row["member_id"]])

    def test_members_as_they_are(self):
        self.call("member_update", member=self.others[0], birth_date="1990-05-05", sex="female")
        self.env["res.partner"].browse(int(self.others[0])).city = " kyiv "
        members = self.env["res.partner"].browse([int(one) for one in self.others])
        rows = {row["age"]: row for row in self.rows("members_by_age")}
        self.assertEqual(sum(row["members"] for row in rows.values()), len(members))
        self.assertEqual(sum(row["women"] for row in rows.values()), 1)
        cities = {row["city"]: row["members"] for row in self.rows("members_by_city")}
        self.assertEqual(cities, {"Kyiv": 1, "Not known": len(members) - 1})
        today = self.env["loy.reports"]._today().isoformat()
        registered = self.tell("members_registered", **{"from": today, "to": today})
        self.assertEqual(registered["totals"]["members"], len(members))

    def test_cards_and_tiers(self):
        cards = self.env["loy.card"]
        for row in self.rows("cards"):
            of_type = [("type_id", "=", row["type_id"])]
            self.assertEqual(row["cards"], cards.search_count(of_type))
            self.assertEqual(row["blocked"], cards.search_count([*of_type, ("state", "=", "blocked")]))
            states = ("new", "active", "blocked", "closed", "completed")
            self.assertEqual(row["cards"], sum(row[state] for state in states))
        tiers = self.env["loy.member.tier"]
        for row in self.rows("tiers"):
            current = [("is_current", "=", True), ("tier_id", "=", row["tier_id"] or False)]
            self.assertEqual(row["members"], tiers.search_count(current))

    def test_the_statement_is_the_ledger(self):
        unit = self.env["loy.unit"].search([("code", "=", "T_BONUS")])
        entries = self.env["loy.entry"].search([("unit_id", "=", unit.id), ("account_id.kind", "=", "member")])
        (row,) = (row for row in self.rows("points_statement") if row["unit_id"] == unit.id)
        within, until = Counter(), 0
        for entry in entries:
            day = to_local(entry.occurred_at, "Europe/Kyiv").date()
            other = entry.from_account_id if entry.delta_minor > 0 else entry.to_account_id
            until += entry.delta_minor * (day <= date(2026, 3, 10))
            within[other.role] += entry.delta_minor * (BEGIN <= day <= date(2026, 3, 10))
        self.assertEqual(row["closing"], until)
        self.assertEqual((row["issued"], row["redeemed"]), (within["issued"], within["redeemed"]))
        self.assertLess(row["redeemed"], 0)
        moves = self.tell("points_movements")["totals"]
        self.assertEqual((moves["given"], moves["spent"]), (row["issued"], -row["redeemed"]))
        self.assertEqual(row["opening"] + moves["change"], row["closing"])

    def test_lots_by_promotion_and_by_the_month_in_which_they_expire(self):
        unit = self.env["loy.unit"].search([("code", "=", "T_BONUS")])
        self.give(30, expires_at="2027-05-31T12:00:00Z")
        lots = self.env["loy.lot"].search([("unit_id", "=", unit.id)])
        ageing = {row["month"]: row["points"] for row in self.rows("points_ageing")}
        self.assertEqual(ageing["2027-05"], 30)
        self.assertEqual(sum(ageing.values()), sum(lots.mapped("remaining")))
        given = {row["code"]: row for row in self.rows("points_by_source")}
        of_base = lots.filtered(lambda lot: lot.promotion_code == "T_BASE5" and not lot.origin_id)
        of_base = of_base.filtered(
            lambda lot: BEGIN <= to_local(lot.transaction_id.occurred_at, "Europe/Kyiv").date() <= date(2026, 3, 10)
        )
        self.assertTrue(of_base)
        self.assertEqual(given["T_BASE5"]["points"], sum(of_base.mapped("amount")))
        self.assertEqual(given["T_BASE5"]["left"], sum(of_base.mapped("remaining")))

    def test_a_month_in_which_points_of_two_companies_expire_is_one_row(self):
        company = self.env["res.company"].create({"name": "Other", "currency_id": self.env.company.currency_id.id})
        self.analyst.company_ids = [Command.link(company.id)]
        self.give(30, expires_at="2027-05-31T12:00:00Z")
        lot = self.env["loy.lot"].search([("unit_id.code", "=", "T_BONUS"), ("expires_at", "!=", False)], limit=1)
        asked = self.asked(REPORTS.get("points_ageing"))
        reports = self.env["loy.reports"].with_user(self.analyst)
        both = reports.with_context(allowed_company_ids=[self.env.company.id, company.id])
        before = both._tell("points_ageing", asked, LIMIT)["rows"]
        self.env.flush_all()
        with self.undone():
            self.env.cr.execute("SET LOCAL session_replication_role = replica")
            self.env.cr.execute(SQL("UPDATE loy_lot SET company_id = %s WHERE id = %s", company.id, lot.id))
            after = both._tell("points_ageing", asked, LIMIT)["rows"]
        months = [row["month"] for row in after]
        self.assertEqual(len(months), len(set(months)))
        self.assertEqual([row["points"] for row in after], [row["points"] for row in before])

    def test_promo_codes_and_offers(self):
        when = {"kind": "promo_code", "pool": "T_WORD"}
        self.apply(
            {
                "code_pools": [{"code": "T_WORD", "kind": "multi", "codes": ["Spring-26"]}],
                "promotions": [
                    self.promotion("T_WORD20", {"kind": "percent", "value": 20}, when=when),
                    self.promotion("T_OFFER", {"kind": "percent", "value": "offer"}, when={"kind": "personal_offer"}),
                ],
            }
        )
        today = self.env["loy.reports"]._today().isoformat()
        days = {"from": today, "to": today}
        for number in range(3):
            self.call("purchase_confirm", purchase=f"C-{number}", **self.basket(codes=["SPRING26"]))
        self.call("purchase_return", purchase="C-0", return_="C-0R")
        (row,) = (one for one in self.rows("promo_codes", **days) if one["pool"] == "T_WORD")
        self.assertEqual((row["uses"], row["members"]), (2, 1))
        self.assertFalse(any(one["uses"] for one in self.rows("promo_codes") if one["pool"] == "T_WORD"))
        offers = [{"promotion": "T_OFFER", "member": one, "value": 25} for one in (self.member, self.others[0])]
        self.call("offers_import", offers=offers, batch="May")
        self.call("purchase_confirm", purchase="C-9", **self.basket())
        self.env["loy.purchase"].search([("number", "=", "C-9")]).purchased_on = False
        (row,) = (one for one in self.rows("personal_offers", **days) if one["batch"] == "May")
        self.assertEqual((row["offers"], row["members"], row["used"], row["share"]), (2, 2, 1, 50.0))

    def test_partners_and_incomplete_receipts(self):
        self.stores["T_S2"].partner_id = partner = self.env["loy.partner"].create({"code": "T_FUEL", "name": "Fuel"})
        rows = {row["partner_id"]: row for row in self.rows("coalition")}
        wanted = Counter()
        for entry in self.env["loy.entry"].search([("unit_id.code", "=", "T_BONUS")]):
            other = entry.from_account_id if entry.delta_minor > 0 else entry.to_account_id
            day = to_local(entry.occurred_at, "Europe/Kyiv").date()
            if entry.transaction_id.store_id.partner_id == partner and BEGIN <= day <= date(2026, 3, 10):
                wanted[other.role] += entry.delta_minor
        row = rows[partner.id]
        self.assertEqual((row["given"], row["redeemed"]), (wanted["issued"], -wanted["redeemed"]))
        self.assertEqual(row["settle"], row["redeemed_worth"] - row["given_worth"])
        store = self.stores["T_S1"]
        day = {"store_id": store.id, "company_id": store.company_id.id, "sale_count": 10}
        self.env["loy.purchase.day"].create(
            [{**day, "day": "2026-03-01", "incomplete_count": 2}, {**day, "day": "2026-03-02", "incomplete_count": 0}]
        )
        (row,) = self.rows("incomplete_receipts")
        self.assertEqual((row["receipts"], row["incomplete"], row["share"], row["days"]), (20, 2, 10.0, 1))

    def test_every_period_has_an_index(self):
        """However large the tables are: with no way around it, the database does not read any of them whole."""
        small = {"loy_ledger_mark"}
        for report in REPORTS:
            if not report.is_compared:
                continue
            with self.subTest(report.code), self.undone():
                self.env.cr.execute(SQL("SET LOCAL enable_seqscan = off"))
                ask = TestReportLaws.ask(self, report)
                plan = [line for (line,) in self.env.execute_query(SQL("EXPLAIN %s", report.query(ask)))]
                read = {line.partition("Seq Scan on ")[2].split()[0] for line in plan if "Seq Scan on " in line}
                current = {"loy_member_tier"} if report.code == "tiers" else set()
                self.assertLessEqual(read, small | current)

    def test_a_brand_manager_sees_the_goods_of_the_brand_and_no_member(self):
        brand = self.env["loy.brand"].search([("code", "=", "T_ACME")])
        manager = new_test_user(self.env, "t_brand", groups="loyalty_core.group_brand_manager")
        manager.loy_brand_ids = brand
        codes = {
            one["code"]
            for topic in self.env["loy.reports"].with_user(manager).catalogue()["topics"]
            for one in topic["reports"]
        }
        self.assertIn("sales_by_product", codes)
        self.assertFalse(codes & {"members_by_age", "best_customers", "largest_discounts", "cards"})
        (row,) = self.tell("sales_by_product", user=manager)["rows"]
        (wanted,) = (one for one in self.rows("sales_by_product") if one["sku"] == "T-1001")
        self.assertEqual((row["sku"], row["amount"]), ("T-1001", wanted["amount"]))
        asked = self.asked(REPORTS.get("sales_by_product"))
        self.assertIsNone(self.env["loy.reports"].with_user(manager).behind("sales_by_product", asked, row))


@tagged("post_install", "-at_install")
class TestOwnReports(ReportCase):
    def test_own_ones_and_shared_ones_are_seen_and_own_ones_changed(self):
        marketer = new_test_user(self.env, "t_marketer", groups="loyalty_core.group_marketer")
        reports = self.env["loy.report"].with_user(self.analyst)
        own = reports.create({"name": "Mine", "code": "sales_by_product", "params": {"limit": 3}})
        shared = reports.create({"name": "Ours", "code": "sales_by_brand", "params": {}, "is_shared": True})
        seen = self.env["loy.reports"].with_user(marketer).catalogue()["saved"]
        self.assertEqual([one["id"] for one in seen], shared.ids)
        self.assertTrue(own.has_access("write"))
        self.assertFalse(own.with_user(marketer).has_access("read"))
        self.assertFalse(shared.with_user(marketer).has_access("write"))
        action = own.action_loy_open()
        self.assertEqual((action["tag"], action["params"]), ("loy_report", {"saved": own.id}))

    def test_what_cannot_be_asked_is_not_saved(self):
        reports = self.env["loy.report"].with_user(self.analyst)
        with self.assertRaises(LoyaltyError):
            reports.create({"name": "Bad", "code": "sales_by_product", "params": {"limit": 0}})

