"""What members buy most: equal to what follows from all their purchases, whenever and in whatever steps it is worked
out."""

import random
from collections import defaultdict
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..sql import favourites as sql
from .api_common import ApiCase

DAY = timedelta(days=1)
SKUS = ("T-1001", "T-1002", "T-1003", "T-1004", "T-UNKNOWN")
CATEGORY = {"T-1001": "T_COFFEE", "T-1003": "T_COFFEE", "T-1004": "T_BREAD"}
BRAND = {"T-1001": "T_ACME", "T-1004": "T_ACME", "T-1003": "T_OTHER"}
FAVOURITES = [
    {"code": "T_MONEY", "name": "By money", "days": 30, "top": 2},
    {"code": "T_OFTEN", "measure": "count", "days": 10, "minimum": 2},
    {"code": "T_PIECES", "measure": "quantity", "days": 7, "top": 1, "target": {"category": ["T_DRINKS"]}},
    {"code": "T_AISLE", "of": "category", "days": 20, "top": 1},
    {"code": "T_MAKER", "of": "brand", "days": 15, "top": 5, "measure": "quantity"},
]


@tagged("post_install", "-at_install")
class TestFavourites(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loy.favourite"].search([]).active = False
        cls.apply(
            {
                "brands": [{"code": "T_OTHER", "name": "Other"}],
                "categories": [{"code": "T_BREAD", "name": "Bread"}],
                "products": [
                    {"sku": "T-1003", "name": "Mocha", "price": 50, "category": "T_COFFEE", "brand": "T_OTHER"},
                    {"sku": "T-1004", "name": "Loaf", "price": 30, "category": "T_BREAD", "brand": "T_ACME"},
                ],
                "favourites": FAVOURITES,
            }
        )
        cls.number = 0
        cls.today = fields.Datetime.now().replace(hour=9, minute=0, second=0, microsecond=0)

    @classmethod
    def buy(cls, at, member=None, **quantities):
        """A purchase of these products, at 10 for one; the number."""
        cls.number += 1
        lines = [
            {"id": sku, "sku": sku.replace("_", "-"), "quantity": quantity, "price": 10}
            for sku, quantity in quantities.items()
        ]
        cls.call(
            "purchase_confirm",
            purchase=f"T-FAV-{cls.number}",
            store="T_S1",
            member={"member": member or cls.member},
            lines=lines,
            at=at.isoformat() + "Z",
        )
        return f"T-FAV-{cls.number}"

    def work_out(self, at=None, limit=1_000):
        """All that the job does at a moment; in how many pieces."""
        self.env["loy.triggers"]._seal()
        pieces = 0
        while self.env["loy.favourites"]._work_out_next(at or self.today, limit):
            pieces += 1
        return pieces

    def told(self, member=None):
        """Favourite → codes in their order."""
        answer = self.call("member_favourites", member=member or self.member)
        return {one["favourite"]: [item["code"] for item in one["items"]] for one in answer["favourites"]}

    def rows(self):
        """(member, favourite, rank, key, value) as the table has them."""
        records = self.env["loy.member.favourite"].search([("company_id", "=", self.env.company.id)])
        return {
            (one.member_id.id, one.favourite_id.code, one.rank, one.key, round(one.value, 6))
            for one in records
            if one.favourite_id.active
        }

    def rebuilt(self, day, favourites=FAVOURITES):
        """The same, from all purchases, by plain means."""
        self.env.flush_all()
        lines = self.env.execute_query(
            SQL(
                """
                SELECT line.member_id, COALESCE(origin.id, purchase.id),
                       COALESCE(origin.purchased_on, purchase.purchased_on), line.sku, line.quantity, line.amount
                  FROM loy_purchase_line AS line JOIN loy_purchase AS purchase ON purchase.id = line.purchase_id
                  LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
                 WHERE line.member_id IS NOT NULL AND purchase.company_id = %s AND purchase.number LIKE 'T-FAV%%'
                """,
                self.env.company.id,
            )
        )
        found = set()
        for one in favourites:
            since = day - (one.get("days", 90) - 1) * DAY
            keys = {"product": dict(zip(SKUS, SKUS, strict=True)), "category": CATEGORY, "brand": BRAND}[
                one.get("of", "product")
            ]
            bought = defaultdict(lambda: [0, 0])
            for member, purchase, bought_on, sku, quantity, amount in lines:
                is_drink = CATEGORY.get(sku) == "T_COFFEE"
                if since <= bought_on <= day and sku in keys and (is_drink or "target" not in one):
                    sums = bought[member, keys[sku], purchase]
                    sums[0] += quantity
                    sums[1] += amount
            values = defaultdict(lambda: defaultdict(float))
            for (member, key, _purchase), (quantity, amount) in bought.items():
                measure = one.get("measure", "amount")
                value = {"amount": amount, "quantity": quantity, "count": int(quantity > 0)}[measure]
                values[member][key] += float(value)
            for member, sums in values.items():
                best = sorted((-round(value, 6), key) for key, value in sums.items())
                best = [(value, key) for value, key in best if -value > 0 and -value >= one.get("minimum", 0)]
                for rank, (value, key) in enumerate(best[: one.get("top", 3)], start=1):
                    found.add((member, one["code"], rank, key, -value))
        return found

    # ------------------------------------------------------------------ what follows from purchases

    def test_the_most_of_the_window_counts_by_its_measure(self):
        self.buy(self.today - 20 * DAY, T_1001=5, T_1004=1)
        self.buy(self.today - 2 * DAY, T_1002=3, T_1003=1)
        self.buy(self.today - DAY, T_1002=1)
        self.work_out()
        self.assertEqual(
            self.told(),
            {
                "T_MONEY": ["T-1001", "T-1002"],
                "T_OFTEN": ["T-1002"],
                "T_PIECES": ["T-1003"],
                "T_AISLE": ["T_COFFEE"],
                "T_MAKER": ["T_OTHER"],
            },
        )
        answer = self.call("member_favourites", phone="+380671110001")["favourites"]
        self.assertEqual(
            answer[0]["items"][1], {"rank": 2, "code": "T-1002", "name": "Bun", "value": 40.0}
        )
        self.assertEqual(answer[3]["items"][0]["name"], "Coffee")

    def test_what_came_back_was_not_bought(self):
        number = self.buy(self.today - DAY, T_1001=3, T_1002=2)
        self.work_out()
        self.assertEqual(self.told()["T_MONEY"], ["T-1001", "T-1002"])
        self.call("purchase_return", purchase=number, return_="T-FAV-R", lines=[{"id": "T_1001", "quantity": 2}])
        self.work_out()
        self.assertEqual(self.told()["T_MONEY"], ["T-1002", "T-1001"])

    def test_what_is_too_long_ago_leaves_by_itself(self):
        self.buy(self.today - 9 * DAY, T_1002=9)
        self.buy(self.today - 3 * DAY, T_1001=1)
        self.work_out()
        self.assertEqual(self.told()["T_MONEY"], ["T-1002", "T-1001"])
        self.work_out(self.today + 20 * DAY)
        self.assertEqual(self.told()["T_MONEY"], ["T-1002", "T-1001"])
        self.assertEqual(self.told()["T_AISLE"], [])
        self.work_out(self.today + 21 * DAY)
        self.assertEqual(self.told()["T_MONEY"], ["T-1001"])
        self.work_out(self.today + 40 * DAY)
        self.assertEqual(self.told()["T_MONEY"], [])

    def test_only_those_of_whom_something_is_new_are_worked_out(self):
        other = self.call("member_register", email="bea@example.com")["member"]
        self.buy(self.today - 3 * DAY, T_1001=1)
        self.buy(self.today - 3 * DAY, other, T_1001=1)
        self.work_out()
        self.assertEqual(self.work_out(), 0)
        self.env.cr.execute("UPDATE loy_member_favourite SET value = 77")
        self.buy(self.today - 2 * DAY, other, T_1002=1)
        self.assertEqual(self.work_out(), 2)  # the events, and one batch
        self.env["loy.member.favourite"].invalidate_model()
        touched = {row[0] for row in self.rows() if row[-1] != 77}
        self.assertEqual(touched, {int(other)})

    def test_a_changed_favourite_is_worked_out_for_all(self):
        self.buy(self.today - 3 * DAY, T_1001=1, T_1002=2, T_1003=3)
        self.work_out()
        changed = [{**FAVOURITES[0], "top": 1, "measure": "quantity"}]
        self.call("programme_apply", programme={"favourites": changed}, replace=["favourites"])
        self.work_out(fields.Datetime.now() + timedelta(seconds=1))
        self.assertEqual(self.told(), {"T_MONEY": ["T-1003"]})

    def test_a_merge_brings_what_was_bought_together(self):
        other = self.call("member_register", email="bea@example.com")["member"]
        self.buy(self.today - 3 * DAY, T_1001=2)
        self.buy(self.today - 3 * DAY, other, T_1001=2, T_1002=3)
        self.work_out()
        self.call("member_merge", member=other, into=self.member)
        self.work_out()
        self.assertEqual(self.told()["T_MONEY"], ["T-1001", "T-1002"])
        self.assertEqual({row[0] for row in self.rows()}, {int(self.member)})

    def test_an_erased_member_has_none(self):
        self.buy(self.today - 3 * DAY, T_1001=2)
        self.work_out()
        self.assertTrue(self.rows())
        self.call("member_erase", member=self.member, confirm=self.member, write_off=True)
        self.assertFalse(self.rows())

    def test_in_whatever_steps_it_is_worked_out_it_is_what_follows_from_all_purchases(self):
        chance = random.Random(7)
        members = [self.member] + [
            self.call("member_register", email=f"fav{index}@example.com")["member"] for index in range(4)
        ]
        day, numbers = self.today - 60 * DAY, []
        for _step in range(120):
            match chance.choice(("buy", "buy", "buy", "late", "back", "night", "days")):
                case "buy" | "late" as what:
                    at = day - chance.randrange(25) * DAY if what == "late" else day
                    wanted = chance.sample(SKUS, chance.randint(1, 3))
                    products = {sku.replace("-", "_"): chance.randint(1, 5) for sku in wanted}
                    numbers.append((self.buy(at, chance.choice(members), **products), list(products)))
                case "back" if numbers:
                    number, products = numbers.pop(chance.randrange(len(numbers)))
                    lines = [{"id": chance.choice(products), "quantity": 1}]
                    returned = f"T-FAV-R{number}"
                    at = f"{day.isoformat()}Z"
                    self.call("purchase_return", purchase=number, return_=returned, lines=lines, at=at)
                case "days":
                    day += chance.randint(1, 6) * DAY
                    day = min(day, self.today)
                case "night":
                    self.work_out(day, chance.choice((1, 2, 1_000)))
                    self.assertEqual(self.rows(), self.rebuilt(day.date()))
        self.work_out(self.today)
        self.assertTrue(self.rows())
        self.assertEqual(self.rows(), self.rebuilt(self.today.date()))

    # ------------------------------------------------------------------ what is given for them

    def test_a_promotion_gives_each_member_its_own(self):
        target = {"favourite": ["T_MONEY"]}
        self.apply({"promotions": [self.promotion("T_OWN", {"kind": "percent", "value": 10, "target": target})]})
        other = self.call("member_register", email="bea@example.com")["member"]
        self.buy(self.today - 3 * DAY, T_1002=2)
        self.buy(self.today - 3 * DAY, other, T_1001=1)
        self.work_out()

        def discounted(**values):
            answer = self.call("purchase_calculate", **self.basket(**values))
            return [
                line["id"]
                for line in answer["lines"]
                if any(one["code"] == "T_OWN" for one in line["promotions"])
            ]

        self.assertEqual(discounted(), ["2"])
        self.assertEqual(discounted(member={"member": other}), ["1"])
        self.assertEqual(discounted(member=None), [])
        # What a purchase was judged by is kept with it.
        self.call("purchase_confirm", purchase="T-OWN", **self.basket())
        self.assertEqual(self.purchase_of("T-OWN").basket["member"]["favourites"], {"T_MONEY": ["T-1002"]})

    def test_they_are_read_only_where_a_promotion_asks_and_by_the_index(self):
        self.buy(self.today - 3 * DAY, T_1002=2)
        self.work_out()
        self.call("purchase_confirm", purchase="T-NONE", **self.basket())
        self.assertNotIn("favourites", self.purchase_of("T-NONE").basket["member"])
        favourite = self.env["loy.favourite"].search([("code", "=", "T_MONEY")])
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = sql.of_member(int(self.member), self.env.company.id, favourite.ids)
        plan = self.env.execute_query(SQL("EXPLAIN %s", query))
        self.assertIn("loy_member_favourite_place", str(plan))

    # ------------------------------------------------------------------ documents

    def test_a_document_is_read_and_exported_again(self):
        own = {one["code"]: one for one in self.call("programme_export")["programme"]["favourites"]}
        for one in FAVOURITES:
            self.assertEqual(own[one["code"]], {"name": one["code"], **one})

    def test_what_cannot_be_worked_out_is_refused(self):
        for wrong, path in (
            ({"top": 0}, "favourites[0].top"),
            ({"of": "colour"}, "favourites[0].of"),
            ({"target": {"price": {"max": 5}}}, "favourites[0].target"),
            ({"target": {"favourite": ["T_MONEY"]}}, "favourites[0].target"),
            ({"target": {"discounted": False}}, "favourites[0].target"),
        ):
            document = {"favourites": [{"code": "T_WRONG", **wrong}]}
            self.assertIn(path, self.refused("bad_request", "programme_apply", programme=document))
        reward = {"kind": "percent", "value": 10, "target": {"favourite": ["T_NONE"]}}
        document = {"promotions": [self.promotion("T_OWN", reward)]}
        self.assertIn("T_NONE", self.refused("bad_request", "programme_apply", programme=document))
