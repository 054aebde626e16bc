"""Points that people give and take by hand: limits, a second person, one booking."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from .api_common import ApiCase


class AdjustmentCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loy.adjustment.limit"].search([("id", ">", 0)]).unlink()
        cls.operator = new_test_user(cls.env, "t_desk", groups="loyalty_core.group_operator")
        cls.colleague = new_test_user(cls.env, "t_desk2", groups="loyalty_core.group_operator")
        cls.chief = new_test_user(cls.env, "t_chief", groups="loyalty_core.group_admin", email="chief@example.com")
        cls.unit = cls.env["loy.unit"].create({"code": "T_DESK", "name": "Desk points", "decimals": 2})
        cls.member = cls.env["res.partner"].create(
            {"name": "Ann Lee", "is_loyalty_member": True, "email": "ann.desk@example.com"}
        )
        cls.reason = cls.env.ref("loyalty_core.loy_reason_goodwill")

    def limit(self, role="operator", **values):
        group = self.env.ref(f"loyalty_core.group_{role}")
        return self.env["loy.adjustment.limit"].create({"group_id": group.id, "unit_id": self.unit.id, **values})

    def wizard(self, amount, user=None, **values):
        return (
            self.env["loy.adjustment.wizard"]
            .with_user(user or self.operator)
            .create(
                {
                    "member_id": self.member.id,
                    "unit_id": self.unit.id,
                    "amount": amount,
                    "reason_id": self.reason.id,
                    **values,
                }
            )
        )

    def give(self, amount, user=None, **values):
        """The movement that comes of the wizard."""
        self.wizard(amount, user, **values).action_loy_apply()
        return self.env["loy.adjustment"].search([], limit=1)

    def balance(self):
        ledger = self.env["loy.ledger"]
        accounts = ledger._accounts([self.member.id], [self.unit.id])
        return sum(balance.available for balance in ledger._balances(accounts.values()).values()) / 100

    def refused(self, code, call, *args, **kwargs):
        with self.assertRaises(LoyaltyError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code, str(caught.exception))


@tagged("post_install", "-at_install")
class TestAdjustments(AdjustmentCase):
    def test_another_unit_of_a_draft_keeps_the_amount_that_people_see(self):
        whole = self.env["loy.unit"].create({"code": "T_WHOLE", "name": "Whole", "decimals": 0})
        draft = (
            self.env["loy.adjustment"]
            .with_user(self.operator)
            .create({"member_id": self.member.id, "unit_id": self.unit.id, "amount": 100})
        )
        draft.unit_id = whole
        self.assertEqual((draft.amount, draft.amount_minor), (100, 100))
        draft.write({"unit_id": self.unit.id, "amount": 7.5})
        self.assertEqual((draft.amount, draft.amount_minor), (7.5, 750))
        self.refused("bad_amount", draft.write, {"unit_id": whole.id})

    def test_what_is_within_the_limit_is_booked_at_once_with_reason_and_author(self):
        self.limit(amount_max=100)
        done = self.give(99.99, note="Receipt 17")
        self.assertEqual((done.state, self.balance()), ("done", 99.99))
        self.assertEqual(done.decided_by_id, self.operator)
        transaction = done.transaction_id
        self.assertEqual((transaction.kind, transaction.source), ("accrue", "manual"))
        self.assertEqual((transaction.reason_id, transaction.note), (self.reason, "Receipt 17"))
        self.assertEqual(transaction.author_id, self.operator)

    def test_a_write_off_takes_no_more_than_there_is(self):
        self.give(10)
        correction = self.env.ref("loyalty_core.loy_reason_correction").id
        self.refused(
            "insufficient_points", self.give, 11, direction="write_off", reason_id=correction
        )
        done = self.give(4, direction="write_off", reason_id=correction)
        self.assertEqual((done.signed_amount, self.balance()), (-4, 6))

    def test_nothing_stays_of_what_was_refused(self):
        before = self.env["loy.adjustment"].search_count([])
        self.refused("bad_amount", self.give, 0)
        self.refused("bad_amount", self.give, 1.001)
        self.refused("reason_not_usable", self.give, 1, direction="write_off")
        self.refused("bad_period", self.give, 1, expires_at="2020-01-01")
        self.assertEqual(self.env["loy.adjustment"].search_count([]), before)

    def test_above_the_limit_it_waits_and_who_may_approve_is_told(self):
        self.limit(amount_max=100)
        self.assertIn("more than the 100.00", self.wizard(100.01).approval_note)
        self.assertFalse(self.wizard(100).approval_note)
        waiting = self.give(100.01)
        self.assertEqual((waiting.state, self.balance()), ("waiting", 0))
        self.assertIn(self.chief, waiting.activity_ids.user_id)
        self.assertNotIn(self.operator, waiting.activity_ids.user_id)
        waiting.with_user(self.chief).action_loy_approve()
        self.assertEqual((waiting.state, self.balance()), ("done", 100.01))
        self.assertEqual(waiting.decided_by_id, self.chief)
        self.assertEqual(waiting.requested_by_id, self.operator)
        self.assertFalse(waiting.activity_ids)

    def test_what_was_decided_is_decided_once(self):
        self.limit(amount_max=1)
        waiting = self.give(5)
        waiting.with_user(self.chief).action_loy_approve()
        for method in ("action_loy_approve", "action_loy_cancel"):
            self.refused("already_decided", getattr(waiting.with_user(self.chief), method))
        self.assertEqual(self.balance(), 5)

    def test_nobody_approves_the_own_request_nor_without_the_right(self):
        self.limit("admin", amount_max=1)
        self.limit(amount_max=1)
        own = self.give(5, self.chief)
        self.refused("own_request", own.with_user(self.chief).action_loy_approve)
        asked = self.give(5)
        self.refused("right_missing", asked.with_user(self.colleague).action_loy_approve)
        self.refused("right_missing", asked.with_user(self.colleague).action_loy_cancel)
        self.assertEqual(self.balance(), 0)

    def test_the_limit_of_the_approver_counts(self):
        self.limit(amount_max=1)
        self.limit("admin", amount_max=50)
        waiting = self.give(51)
        self.assertNotIn(self.chief, waiting.activity_ids.user_id)
        self.refused("limit_exceeded", waiting.with_user(self.chief).action_loy_approve)
        self.give(50).with_user(self.chief).action_loy_approve()
        self.assertEqual(self.balance(), 50)

    def test_refused_with_a_reason_that_the_requester_reads(self):
        self.limit(is_approval_always=True)
        waiting = self.give(1)
        action = waiting.with_user(self.chief).action_loy_refuse()
        wizard = self.env[action["res_model"]].with_user(self.chief).with_context(**action["context"])
        wizard.create({"reason": "No receipt"}).action_loy_refuse()
        self.assertEqual((waiting.state, waiting.refusal, self.balance()), ("refused", "No receipt", 0))
        self.assertIn("No receipt", " ".join(waiting.message_ids.mapped("body")))

    def test_a_day_has_a_limit_for_who_gives_and_for_who_gets(self):
        limit = self.limit(giver_day_max=10)
        self.assertEqual(self.give(6).state, "done")
        self.assertEqual(self.give(4).state, "done")
        self.assertEqual(self.give(0.01).state, "waiting")
        self.assertEqual(self.give(6, self.colleague).state, "done")
        limit.write({"giver_day_max": 0, "member_day_max": 20})
        self.assertEqual(self.give(4, self.colleague).state, "done")
        self.assertEqual(self.give(0.01, self.colleague).state, "waiting")
        other = self.env["res.partner"].create({"name": "Bo", "is_loyalty_member": True, "phone": "+380671110777"})
        self.assertEqual(self.give(20, self.colleague, member_id=other.id).state, "done")

    def test_what_another_approved_does_not_count_for_who_asked(self):
        self.limit(amount_max=5, giver_day_max=10)
        self.give(50).with_user(self.chief).action_loy_approve()
        self.assertEqual(self.give(5).state, "done")

    def test_of_several_roles_the_most_generous_counts_and_a_row_of_the_unit_first(self):
        general = self.limit(amount_max=1)
        general.unit_id = False
        self.assertEqual(self.give(2).state, "waiting")
        self.limit(amount_max=3)
        self.assertEqual(self.give(2).state, "done")
        self.limit("cashier", amount_max=9)
        self.assertEqual(self.give(8).state, "done")
        self.assertEqual(self.give(1000, self.chief).state, "done", "an administrator has no row of the own")

    def test_only_a_draft_is_changed_by_people_and_never_its_state(self):
        values = {"member_id": self.member.id, "unit_id": self.unit.id, "amount": 3, "reason_id": self.reason.id}
        mine = self.env["loy.adjustment"].with_user(self.operator)
        for forged in ({"state": "done"}, {"decided_by_id": self.chief.id}, {"requested_by_id": self.chief.id}):
            self.refused("not_editable", mine.create, {**values, **forged})
        draft = mine.create(values)
        draft.amount = 4
        self.refused("not_editable", draft.write, {"state": "done"})
        draft.action_loy_submit()
        self.refused("not_editable", draft.write, {"amount": 5})
        self.refused("not_editable", draft.unlink)
        self.assertEqual(self.balance(), 4)
        with self.assertRaises(AccessError):
            self.env["loy.adjustment"].with_user(new_test_user(self.env, "t_plain")).create(values)

    def test_the_member_is_told_in_the_own_language_where_the_reason_says_so(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        template = self.env.ref("loyalty_core.loy_adjustment_mail_template")
        template.with_context(lang="uk_UA").subject = "Ваш баланс змінився"
        self.member.lang = "uk_UA"
        mails = lambda: self.env["mail.mail"].search([("model", "=", "loy.adjustment")])  # noqa: E731
        before = mails()
        self.give(1)
        self.assertFalse(mails() - before)
        self.reason.is_notified = True
        self.give(2)
        mail = mails() - before
        self.assertEqual((mail.recipient_ids, mail.subject), (self.member, "Ваш баланс змінився"))
        before = mails()
        self.member.email = False
        self.member.phone = "+380671110778"
        self.give(2)
        self.assertFalse(mails() - before)


@tagged("post_install", "-at_install")
class TestAdjustmentsByApi(ApiCase):
    def setUp(self):
        super().setUp()
        self.limit = self.env["loy.adjustment.limit"].create(
            {"group_id": self.env.ref("loyalty_core.group_integrator").id, "amount_max": 100}
        )

    def test_movements_by_the_api_stand_in_the_list_with_their_transaction(self):
        self.give(7, reason="GOODWILL")
        adjustment = self.env["loy.adjustment"].search([], limit=1)
        self.assertEqual((adjustment.state, adjustment.source, adjustment.amount), ("done", "api", 7))
        self.assertEqual((adjustment.decided_by_id, adjustment.reason_id.code), (self.integrator, "GOODWILL"))
        self.assertEqual(adjustment.transaction_id.author_id, self.integrator)

    def test_above_the_limit_of_the_user_the_call_is_refused_and_nothing_happens(self):
        move = {"member": self.member, "unit": "T_BONUS", "amount": 101}
        for method in ("account_accrue", "account_write_off"):
            self.refused("approval_required", method, **move)

    def test_a_caller_that_may_wait_is_told_so_and_a_person_books_it(self):
        answer = self.give(101, may_wait=True, key="patient")
        self.assertEqual((answer["state"], self.available()), ("waiting", 0))
        self.assertEqual(self.give(101, may_wait=True, key="patient"), answer)
        waiting = self.env["loy.adjustment"].browse(int(answer["adjustment"]))
        waiting.with_user(new_test_user(self.env, "t_boss", groups="loyalty_core.group_admin")).action_loy_approve()
        self.assertEqual(self.available(), 101)
        self.assert_books()

    def test_a_reason_is_used_for_what_it_is_meant(self):
        move = {"member": self.member, "unit": "T_BONUS", "amount": 1}
        self.refused("reason_not_usable", "account_accrue", **move, reason="MONEY_BACK")
        self.refused("reason_not_usable", "account_write_off", **move, reason="GOODWILL")
        self.refused("reason_not_usable", "account_accrue", **move, reason="CARD_LOST")
