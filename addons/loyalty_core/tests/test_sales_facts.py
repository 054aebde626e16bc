"""Sales by hours, promotions and categories by days: each receipt once, to the cent, in whatever batches."""

import random
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..services.clock import to_local
from ..sql import sales_facts as sql
from ..sql.insert import insert_rows
from .api_common import ApiCase
from .committed_common import CommittedCase

TABLES = ("loy.sales.hour", "loy.promotion.day", "loy.category.day")


@tagged("post_install", "-at_install")
class TestSalesFacts(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facts = cls.env["loy.sales.facts"]
        cls.facts._fold_now()
        cls.stores = cls.env["loy.store"].search([("code", "in", ("T_S1", "T_S2"))])
        cls.store = cls.stores.filtered(lambda one: one.code == "T_S1")

    def sell(self, number, at, **values):
        self.call("purchase_confirm", **self.basket(purchase=number, at=at, **values))
        return self.purchase_of(number)

    def bring_back(self, purchase, *lines, **values):
        if lines:
            values["lines"] = [{"id": line, "quantity": quantity} for line, quantity in lines]
        self.call("purchase_return", purchase=purchase.number, return_=f"{purchase.number}-R", **values)
        return self.purchase_of(f"{purchase.number}-R")

    def told(self, model, *columns, **keys):
        domain = [("store_id", "in", self.stores.ids), *((name, "=", value) for name, value in keys.items())]
        (row,) = self.env[model]._read_group(domain, [], [f"{column}:sum" for column in columns])
        return tuple(round(value or 0, 6) for value in row)

    def of(self, code, *columns, **keys):
        promotion = self.env["loy.promotion"].search([("code", "=", code)])
        return self.told("loy.promotion.day", *columns, promotion_id=promotion.id, **keys)

    def rows(self):
        """All sums of the stores of the test, whatever their ids."""
        return {
            facts.table: sorted(
                self.env.execute_query(
                    SQL(
                        "SELECT (%s)::text FROM %s WHERE store_id = ANY(%s)",
                        SQL("ROW(%s)", SQL(", ").join(map(SQL.identifier, (*facts.keys, *facts.beside, *facts.sums)))),
                        SQL.identifier(facts.table),
                        self.stores.ids,
                    )
                )
            )
            for facts in (sql.HOURS, sql.PROMOTIONS, sql.CATEGORIES)
        }

    def forget(self):
        for model in TABLES:
            self.env[model].search([]).unlink()
        self.env.cr.execute("UPDATE loy_sales_mark SET folded_id = 0, sealed_id = 0")

    def history(self, chance, count=40):
        """Receipts of two stores, held, confirmed out of order, returned in part and as a whole, some by nobody."""
        held = []
        for number in range(count):
            store = chance.choice(self.stores)
            at = datetime(2026, 3, 1, 8) + timedelta(minutes=chance.randrange(9 * 24 * 60))
            body = self.basket(purchase=f"H-{number}", store=store.code, at=at.isoformat())
            body["lines"] = [
                {"id": str(index), "sku": chance.choice(("T-1001", "T-1002", "T-X")), "price": chance.randrange(5, 90),
                 "quantity": chance.randrange(1, 4)}
                for index in range(1, chance.randrange(2, 6))
            ]  # fmt: skip
            if chance.random() < 0.3:
                del body["member"]
            elif chance.random() < 0.4:
                body["spend"] = [{"unit": "T_BONUS", "amount": "max"}]
            if store == self.store and chance.random() < 0.5:
                body["register"] = "R1"
            if chance.random() < 0.3:
                self.call("purchase_hold", **body)
                held.append(body["purchase"])
                continue
            self.call("purchase_confirm", **body)
            if chance.random() < 0.4:
                lines = [(line["id"], 1) for line in body["lines"] if chance.random() < 0.5]
                self.bring_back(self.purchase_of(body["purchase"]), *lines, at=(at + timedelta(days=1)).isoformat())
            if held and chance.random() < 0.5:
                self.call("purchase_confirm", purchase=held.pop(0))

    # ------------------------------------------------------------------ laws

    def test_in_any_batches_it_is_the_same_as_at_once(self):
        chance = random.Random(7)
        self.history(chance)
        self.forget()
        self.facts._fold_now()
        whole = self.rows()
        self.assertTrue(all(whole.values()))
        for _ in range(3):
            self.forget()
            self.facts._seal()
            while self.facts._fold(chance.randrange(1, 9)):
                pass
            self.assertEqual(self.rows(), whole)
            self.facts._fold_now()
            self.assertEqual(self.rows(), whole, "nothing counts twice")
        self.assertTrue(self.env["loy.ledger"]._check_books()["ok"])

    def test_out_of_time_it_goes_on_at_once_and_seals_no_more_before_it_is_through(self):
        told = []
        self.sell("T-1", "2026-03-05T10:00:00Z")
        self.forget()
        self.facts._seal()
        ((_folded, sealed),) = self.env.execute_query(sql.mark())
        self.sell("T-2", "2026-03-05T10:00:00Z")
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", lambda *args, remaining=None: told.append(remaining) or 0
        ):
            self.facts._run()
            self.assertEqual(self.env.execute_query(sql.mark()), [(sealed, sealed)])
            self.assertEqual(told[-1], 1, "there may be more")
            self.facts._run()
            self.facts._run()
        self.assertEqual(told[-1], 0)
        self.assertEqual(self.told("loy.sales.hour", "receipt_count"), (2,))

    def test_a_day_is_that_of_the_receipt(self):
        purchase = self.sell("T-1", "2026-03-05T10:00:00Z")
        self.env.cr.execute("UPDATE loy_purchase SET purchased_on = '2026-03-07' WHERE id = %s", [purchase.id])
        self.facts._fold_now()
        for model, figure in zip(TABLES, ("receipt_count", "receipt_count", "line_count"), strict=True):
            self.assertGreater(self.told(model, figure, day="2026-03-07"), (0,))
            self.assertEqual(self.told(model, figure, day="2026-03-05"), (0,))
        self.assertEqual(self.told("loy.sales.hour", "receipt_count", weekday="6"), (1,))

    def test_what_receipts_of_old_touched_is_the_whole_of_them(self):
        purchase = self.sell("T-1", "2026-03-05T10:00:00Z")
        self.env.cr.execute("UPDATE loy_purchase SET by_line = NULL WHERE id = %s", [purchase.id])
        self.facts._fold_now()
        self.assertEqual(self.of("T_COFFEE10", "discount", "touched"), (9, 110))

    def test_folded_while_tills_book_it_is_the_same_as_afterwards(self):
        chance = random.Random(11)
        for _ in range(4):
            with self.subTest(_):
                self.history_part(chance, _)
                self.facts._fold_now()
        bit_by_bit = self.rows()
        self.forget()
        self.facts._fold_now()
        self.assertEqual(self.rows(), bit_by_bit)

    def history_part(self, chance, part):
        for number in range(4):
            purchase = self.sell(f"P-{part}-{number}", f"2026-03-0{part + 1}T1{number}:00:00")
            if chance.random() < 0.5:
                self.bring_back(purchase, ("1", 1), at=f"2026-03-0{part + 2}T10:00:00")

    def test_hours_are_the_sums_of_all_receipts(self):
        self.history(random.Random(3))
        self.facts._fold_now()
        posted = self.env["loy.purchase"].search(
            [("store_id", "in", self.stores.ids), ("state", "in", ("confirmed", "returned"))]
        )
        names = ("base", "discount", "spent", "certificates")
        self.assertEqual(
            self.told("loy.sales.hour", *names, "amount", "receipt_count", "return_count", "line_count"),
            (
                *(round(sum(posted.mapped(name)), 6) for name in (*names, "to_pay")),
                len(posted.filtered(lambda one: one.kind == "sale")),
                len(posted.filtered(lambda one: one.kind == "return")),
                len(posted.filtered(lambda one: one.kind == "sale").line_ids),
            ),
        )
        by_members = posted.filtered("member_id")
        self.assertEqual(
            self.told("loy.sales.hour", "amount", is_member=True), (round(sum(by_members.mapped("to_pay")), 6),)
        )

    def test_categories_are_the_sums_of_all_lines(self):
        self.history(random.Random(4))
        self.facts._fold_now()
        lines = self.env["loy.purchase.line"].search([("store_id", "in", self.stores.ids)])
        for category in (lines.categ_id[:1], self.env["product.category"]):
            some = lines.filtered(lambda line, category=category: line.categ_id == category)
            names = ("quantity", "base", "discount", "spent", "amount")
            self.assertEqual(
                self.told("loy.category.day", *names, categ_id=category.id),
                tuple(round(sum(some.mapped(name)), 6) for name in names),
            )

    def test_promotions_are_the_sums_of_their_uses(self):
        self.history(random.Random(5))
        self.facts._fold_now()
        uses = self.env["loy.purchase.promotion"].search([("store_id", "in", self.stores.ids)])
        for promotion in uses.promotion_id:
            some = uses.filtered(lambda use, promotion=promotion: use.promotion_id == promotion)
            sales = some.purchase_id.filtered(lambda one: one.kind == "sale")
            self.assertEqual(
                self.of(promotion.code, "receipt_count", "discount", "spent", "points", "amount"),
                (
                    len(sales),
                    *(round(sum(some.mapped(name)), 6) for name in ("discount", "spent", "points")),
                    round(sum((sales | sales.return_ids).mapped("to_pay")), 6),
                ),
                promotion.code,
            )

    # ------------------------------------------------------------------ what counts where

    def test_day_and_hour_are_those_of_the_stores_clock(self):
        self.sell("T-1", "2026-03-05T22:30:00Z", register="R1", channel="app")  # half past midnight in Kyiv
        self.facts._fold_now()
        row = self.env["loy.sales.hour"].search([("store_id", "=", self.store.id)])
        self.assertEqual((str(row.day), row.hour, row.weekday), ("2026-03-06", 0, "5"))
        self.assertEqual((row.register_id.code, row.channel, row.is_member), ("R1", "app", True))
        self.assertEqual((row.receipt_count, row.line_count, row.base, row.discount), (1, 2, 110, 9))
        self.assertEqual(row.average, row.amount)

    def test_when_the_clock_of_a_store_is_set_right_its_days_are_folded_anew(self):
        self.history(random.Random(11))
        old = self.sell("T-OLD", "2026-03-05T22:30:00Z")
        self.sell("T-ELSE", "2026-03-05T22:30:00Z", store="T_S2")
        # receipts of earlier versions kept no day of their own
        self.env.cr.execute("UPDATE loy_purchase SET purchased_on = NULL WHERE id = %s", [old.id])
        self.facts._fold_now()
        self.assertEqual(self.by_clock("loy.sales.hour"), self.by_receipts())
        before = self.by_clock("loy.sales.hour")
        other = self.stores - self.store
        triggered = self.env["ir.cron.trigger"].search_count([])
        self.store.timezone = self.store.timezone
        self.assertFalse(self.store.anew_from)
        self.store.timezone = "America/New_York"
        self.assertTrue(self.store.anew_from)
        self.assertFalse(other.anew_from)
        self.assertGreater(self.env["ir.cron.trigger"].search_count([]), triggered)
        self.assertNotEqual(before, self.by_receipts())
        self.sell("T-NEXT", "2026-03-06T10:00:00Z")
        with patch("odoo.addons.loyalty_core.services.sales_facts.DAYS_ANEW", timedelta(days=3)):
            self.facts._fold_now()
        self.assertFalse(self.store.anew_from)
        self.assertEqual(self.by_clock("loy.sales.hour"), self.by_receipts())
        self.assertEqual(self.told("loy.promotion.day", "discount"), self.discounts())
        broken = {one["law"] for one in self.env["loy.ledger"]._check_books()["differences"]}
        self.assertFalse(broken & {law for law, _model, _rows in sql.CHECKS})
        rows = self.rows()
        self.forget()
        self.facts._fold_now()
        self.assertEqual(self.rows(), rows, "as if the clock had always been so")

    def by_clock(self, model):
        """(store, day, hour) → (receipts, turnover)."""
        groups = self.env[model]._read_group(
            [("store_id", "in", self.stores.ids)],
            ["store_id", "day:day", "hour"],
            ["receipt_count:sum", "return_count:sum", "amount:sum"],
        )
        return {
            (store.id, day, hour): (sold + back, round(amount, 4))
            for store, day, hour, sold, back, amount in groups
        }

    def by_receipts(self):
        """The same of the receipts, by the clocks of the stores as they are."""
        told = {}
        zones = {store: store.timezone for store in self.stores}
        for purchase in self.env["loy.purchase"].search(
            [("store_id", "in", self.stores.ids), ("state", "in", ("confirmed", "returned")), ("line_ids", "!=", False)]
        ):
            moment = to_local(purchase.purchased_at, zones[purchase.store_id])
            key = (purchase.store_id.id, purchase.purchased_on or moment.date(), moment.hour)
            count, amount = told.get(key, (0, 0))
            told[key] = (count + 1, round(amount + purchase.to_pay, 4))
        return told

    def discounts(self):
        uses = self.env["loy.purchase.promotion"].search([("purchase_id.store_id", "in", self.stores.ids)])
        return (round(sum(uses.mapped("discount")), 6),)

    def test_a_receipt_confirmed_after_later_ones_counts_once(self):
        self.call("purchase_hold", **self.basket(purchase="T-1"))
        self.call("purchase_confirm", **self.basket(purchase="T-2"))
        self.facts._fold_now()
        self.assertEqual(self.told("loy.sales.hour", "receipt_count"), (1,))
        self.call("purchase_confirm", purchase="T-1")
        self.facts._fold_now()
        self.assertEqual(self.told("loy.sales.hour", "receipt_count"), (2,))

    def test_what_comes_back_counts_on_its_own_day_below_zero(self):
        purchase = self.sell("T-1", "2026-03-05T10:00:00Z")
        self.bring_back(purchase, at="2026-03-07T10:00:00Z")
        self.facts._fold_now()
        for day, count, back, amount in (("2026-03-05", 1, 0, 101), ("2026-03-07", 0, 1, -101)):
            self.assertEqual(
                self.told("loy.sales.hour", "receipt_count", "return_count", "amount", day=day), (count, back, amount)
            )
        self.assertEqual(self.of("T_COFFEE10", "discount", "touched", "amount", "receipt_count"), (0, 0, 0, 1))
        self.assertEqual(self.of("T_BASE5", "points", "touched", "amount"), (0, 0, 0))
        self.assertEqual(self.told("loy.category.day", "quantity", "base", "amount"), (0, 0, 0))

    def test_goods_are_those_that_it_touched_and_turnover_is_the_whole_receipt(self):
        purchase = self.sell("T-1", "2026-03-05T10:00:00Z")
        self.facts._fold_now()
        self.assertEqual(self.of("T_COFFEE10", "discount", "touched", "amount"), (9, 90, 101))
        row = self.env["loy.promotion.day"].search([("promotion_id.code", "=", "T_COFFEE10")])
        self.assertEqual((row.discount_percent, row.average), (10, 101))
        bun = purchase.line_ids.filtered(lambda line: line.sku == "T-1002").line_ref
        self.bring_back(purchase, (bun, 1))  # on which there was no discount
        self.facts._fold_now()
        self.assertEqual(self.of("T_COFFEE10", "discount", "touched", "amount"), (9, 90, 81))

    def test_a_promotion_that_gives_several_things_is_on_one_receipt(self):
        rewards = [
            {"kind": "percent", "value": 10},
            {"kind": "points", "unit": "T_BONUS", "amount": 3},
            {"kind": "points", "unit": "T_MILES", "amount": 2},
        ]
        self.apply({"promotions": [self.promotion("T_BOTH", *rewards)]})
        self.sell("T-1", "2026-03-05T10:00:00Z")
        self.facts._fold_now()
        self.assertEqual(self.of("T_BOTH", "receipt_count", "touched"), (1, 110))
        units = {unit.code: unit.id for unit in self.env["loy.unit"].search([("code", "in", ("T_BONUS", "T_MILES"))])}
        self.assertEqual(self.of("T_BOTH", "points", unit_id=units["T_BONUS"]), (3,))
        self.assertEqual(self.of("T_BOTH", "points", unit_id=units["T_MILES"]), (2,))
        self.assertGreater(self.of("T_BOTH", "discount", unit_id=False), (0,))

    def test_what_sales_name_is_not_deleted(self):
        purchase = self.sell("T-1", "2026-03-05T10:00:00Z")
        products = purchase.line_ids.product_id
        category, brand = purchase.line_ids.categ_id[:1], products.loy_brand_id[:1]
        above = self.env["product.category"].create({"name": "Above"})
        category.parent_id = above
        products.write({"categ_id": self.env["product.category"].create({"name": "New"}).id})
        kept = [category, above]  # by lines that are in no sum yet
        for _ in range(2):
            for record in kept:
                with self.assertRaisesRegex(UserError, "sold_already"), self.env.cr.savepoint():
                    record.unlink()
            self.facts._fold_now()
            products.write({"loy_brand_id": False})
            kept.append(brand)
        self.env["product.category"].create({"name": "Unsold"}).unlink()
        self.env["loy.brand"].create({"code": "T_UNSOLD", "name": "Unsold"}).unlink()

    # ------------------------------------------------------------------ reading

    def test_ratios_are_those_of_sums_and_rows_are_grouped_by_network(self):
        self.sell("T-1", "2026-03-05T10:00:00Z")
        self.sell("T-2", "2026-03-06T10:00:00Z", lines=[{"id": "1", "sku": "T-1002", "quantity": 1}])
        self.facts._fold_now()
        found = self.env["loy.sales.hour"]._read_group(
            [("store_id", "in", self.stores.ids)],
            ["network_id", "partner_id"],
            ["average:avg", "discount_percent:avg"],
        )
        self.assertEqual([row[0].code for row in found], ["T_N1"])
        self.assertAlmostEqual(found[0][2], 121 / 2)
        self.assertAlmostEqual(found[0][3], 100 * 9 / 130)

    def test_the_title_says_up_to_when_it_tells(self):
        for model in TABLES:
            action = self.env[model]._action_told(f"loyalty_core.{model.replace('.', '_')}_action")
            self.assertIn("as of", action["name"])

    def test_the_books_tell_of_sums_that_are_wrong(self):
        self.sell("T-1", "2026-03-05T10:00:00Z")
        self.facts._fold_now()
        for model, name in zip(TABLES, ("amount", "discount", "base"), strict=True):
            self.env[model].search([("store_id", "=", self.store.id)], limit=1)[name] = 7777
        self.env.flush_all()
        laws = {one["law"] for one in self.env["loy.ledger"]._check_books()["differences"]}
        self.assertEqual(
            laws,
            {"hours_are_sums_of_receipts", "promotion_days_are_sums_of_uses", "category_days_are_sums_of_lines"},
        )

    def test_people_see_what_they_answer_for(self):
        self.sell("T-1", "2026-03-05T10:00:00Z")
        self.sell("T-2", "2026-03-05T10:00:00Z", store="T_S2")
        self.facts._fold_now()
        manager = new_test_user(self.env, "t_sales_manager", groups="loyalty_core.group_store_manager")
        manager.loy_store_ids = self.store
        analyst = new_test_user(self.env, "t_sales_analyst", groups="loyalty_core.group_analyst")
        brand_manager = new_test_user(self.env, "t_sales_brand", groups="loyalty_core.group_brand_manager")
        cashier = new_test_user(self.env, "t_sales_cashier", groups="loyalty_core.group_cashier")
        for model in TABLES:
            rows = self.env[model].search([("store_id", "in", self.stores.ids)])
            self.assertEqual(rows.with_user(manager).search([("id", "in", rows.ids)]).sudo().store_id, self.store)
            self.assertEqual(rows.with_user(analyst).search([("id", "in", rows.ids)]).sudo(), rows)
            with self.assertRaises(AccessError):
                rows.with_user(cashier).search([])
        goods = self.env["loy.category.day"].with_user(brand_manager)
        self.assertFalse(goods.search([]))
        brand_manager.loy_brand_ids = self.env["loy.brand"].search([("code", "=", "T_ACME")])
        self.assertEqual(goods.search([]).sudo().brand_id.code, "T_ACME")


@tagged("post_install", "-at_install")
class TestSalesFactsConcurrent(CommittedCase):
    """A line below the mark that is missing will never come."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.store_id = env["loy.store"].create({"code": "T_SEAL", "name": "Seal"}).id

    def book(self, env, number):
        store = env["loy.store"].browse(self.store_id)
        purchase = env["loy.purchases"]._insert_purchase(
            {"number": number, "kind": "sale", "state": "confirmed", "company_id": store.company_id.id,
             "store_id": store.id, "purchased_at": datetime(2026, 3, 1), "to_pay": 5}
        )  # fmt: skip
        row = {"purchase_id": purchase.id, "line_ref": "1", "sku": "X", "quantity": 1, "base": 5, "discount": 0,
               "spent": 0, "amount": 5}  # fmt: skip
        return insert_rows(env["loy.purchase.line"], [row])[0]

    def counted(self):
        with self.transaction() as env:
            while env["loy.sales.facts"]._fold():
                pass
            rows = env["loy.sales.hour"]._read_group([("store_id", "=", self.store_id)], [], ["receipt_count:sum"])
            return rows[0][0]

    def test_the_mark_waits_for_what_is_being_booked_and_then_covers_it(self):
        with self.transaction() as slow:
            self.book(slow, "T-SLOW")  # a lower number, committed later
            with self.transaction() as quick:
                self.book(quick, "T-QUICK")
            sealing = self.start(lambda env: env["loy.sales.facts"]._seal())
            self.assertTrue(sealing.is_alive(), "it waits")
        sealing.result()
        self.assertEqual(self.counted(), 2)
