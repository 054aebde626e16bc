"""Receipts that were begun and never completed: counted by the store's clock, told once."""

from datetime import datetime, timedelta

from odoo.tests import new_test_user, tagged

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestIncomplete(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.env["loy.store"].search([("code", "=", "T_S1")])
        cls.manager = new_test_user(
            cls.env, "t_manager", groups="loyalty_core.group_cashier", email="manager@example.com"
        )
        cls.store.manager_ids = cls.manager
        cls.service = cls.env["loy.incomplete"]
        # Ten in the evening of yesterday in Kyiv; the job runs at noon of today.
        today = cls.store._to_local(datetime.utcnow()).replace(hour=0, minute=0, second=0, microsecond=0)
        cls.evening = today - timedelta(hours=2)
        cls.noon = cls.store._to_utc(today + timedelta(hours=12))

    def sell(self, number, method="purchase_confirm", at=None, **values):
        at = (at or self.evening).isoformat()
        self.call(method, **self.basket(purchase=number, register="R1", at=at, **values))
        purchase = self.purchase_of(number)
        if method == "purchase_hold":
            purchase.held_until_at = purchase.purchased_at + timedelta(minutes=30)
        return purchase

    def check(self, now=None):
        return self.service._check(self.store, now or self.noon)

    def rows(self):
        rows = self.env["loy.purchase.day"].search([("store_id", "=", self.store.id)])
        return {(row.day, row.register_id.code): (row.sale_count, row.incomplete_count) for row in rows}

    def test_a_receipt_left_open_is_counted_on_the_day_of_the_stores_clock(self):
        self.sell("T-1")
        lost = self.sell("T-2", "purchase_hold")
        self.call("purchase_cancel", purchase=self.sell("T-3", "purchase_hold").number)
        self.check()
        self.assertEqual(self.rows(), {(self.evening.date(), "R1"): (2, 1)})
        self.assertEqual(self.env["loy.purchase"].search(lost._incomplete_domain()) & lost, lost)
        (row,) = self.env["loy.purchase.day"].search([("store_id", "=", self.store.id)])
        self.assertEqual((row.share, row.incomplete_amount), (50, lost.to_pay))

    def test_a_late_confirm_takes_it_out_again(self):
        self.sell("T-1")
        self.sell("T-2", "purchase_hold")
        self.check()
        self.call("purchase_confirm", purchase="T-2")
        self.check()
        self.assertEqual(self.rows(), {(self.evening.date(), "R1"): (2, 0)})

    def test_one_notice_a_store_and_day_however_often_the_job_runs(self):
        self.sell("T-1")
        self.sell("T-2", "purchase_hold")
        notice = self.check()
        self.assertEqual((notice.day, notice.sale_count, notice.incomplete_count), (self.evening.date(), 2, 1))
        self.assertFalse(self.check())
        self.assertFalse(self.check(self.noon + timedelta(hours=1)))
        self.assertEqual(self.env["loy.incomplete.notice"].search([("store_id", "=", self.store.id)]), notice)
        message = notice.message_ids.filtered("partner_ids")
        self.assertEqual(len(message), 1)
        self.assertIn(self.manager.partner_id, message.partner_ids)
        self.assertIn(self.env.ref("base.user_admin").partner_id, message.partner_ids)
        for part in ("T-2", "R1", "22:00", "fiscal"):
            self.assertIn(part, f"{message.subject} {message.body}".replace("10:00\u202fPM", "22:00"))
        self.assertEqual(notice.activity_ids.user_id, self.manager)

    def test_a_day_that_lasts_still_is_counted_and_not_judged(self):
        self.sell("T-2", "purchase_hold")
        midnight = self.store._to_utc(self.evening + timedelta(hours=2))
        self.assertFalse(self.check(midnight + timedelta(minutes=-1)))
        self.assertTrue(self.check(midnight + timedelta(minutes=31)))

    def test_a_share_within_the_settings_is_no_news(self):
        self.apply({"settings": {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "incomplete_percent": 50}})
        self.sell("T-1")
        self.sell("T-2", "purchase_hold")
        self.assertFalse(self.check())

    def test_a_share_of_many_rows_is_that_of_their_sums(self):
        day = {"store_id": self.store.id, "company_id": self.store.company_id.id}
        self.env["loy.purchase.day"].create(
            [
                {**day, "day": "2026-01-01", "sale_count": 99, "incomplete_count": 0},
                {**day, "day": "2026-01-02", "sale_count": 1, "incomplete_count": 1},
            ]
        )
        ((share,),) = self.env["loy.purchase.day"]._read_group(
            [("store_id", "=", self.store.id)], [], ["share:avg"]
        )
        self.assertAlmostEqual(share, 1)
