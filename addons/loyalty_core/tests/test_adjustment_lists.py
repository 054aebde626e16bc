"""Points to all members of a file: looked at first, booked once, whatever is stopped, killed, repeated or garbage."""

import base64
import doctest
import io
import random
import zipfile
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from openpyxl import Workbook
from psycopg2 import InterfaceError, OperationalError

from ..services import adjustment_lists
from ..services.transaction import run_with_retry
from ..tools import table_files
from .committed_common import Beside, CommittedCase
from .test_adjustments import AdjustmentCase


class ListCase(AdjustmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.country_id = cls.env.ref("base.ua")
        members = cls.env["loy.members"]
        cls.people = cls.env["res.partner"].concat(
            *(
                members._register_member(
                    {
                        "phone": f"+38067111{number:04}",
                        "email": f"list{number}@example.com",
                        "external_id": f"LIST-{number}",
                    }
                )[0]
                for number in range(1, 6)
            )
        )
        cls.service = cls.env["loy.adjustment.lists"]

    def list_of(self, content, user=None, **values):
        content = content.encode() if isinstance(content, str) else content
        return (
            self.env["loy.adjustment.list"]
            .with_user(user or self.operator)
            .create(
                {
                    "file": base64.b64encode(content),
                    "file_name": "winners.csv",
                    "unit_id": self.unit.id,
                    "reason_id": self.reason.id,
                    **values,
                }
            )
        )

    def checked(self, content, user=None, **values):
        record = self.list_of(content, user, **values)
        record.action_loy_check()
        return record

    def booked(self, content, user=None, **values):
        record = self.checked(content, user, **values)
        record.action_loy_submit()
        return record

    def faults(self, record):
        return {line.position: line.fault for line in record.line_ids if line.fault}

    def given(self, *members):
        """What each has, in units."""
        ledger = self.env["loy.ledger"]
        members = members or self.people
        accounts = {member: ledger._accounts([member.id], [self.unit.id]) for member in members}
        balances = ledger._balances([one for found in accounts.values() for one in found.values()])
        return [sum(balances[one].available for one in accounts[member].values()) / 100 for member in members]

    def entries(self, record):
        """The sum of what the ledger has of the lines, in minor units."""
        return sum(record.line_ids.transaction_id.entry_ids.mapped("delta_minor"))

    @contextmanager
    def batches(self, size, small=0):
        """Lists are booked by the scheduler, so many lines at a time."""
        with patch.object(adjustment_lists, "BOOK_BATCH", size), patch.object(adjustment_lists, "SMALL", small):
            yield

    def run_scheduler(self, left=60):
        seen = []

        def commit_progress(cron, processed=0, *, remaining=None, deactivate=False):
            seen.append((processed, remaining))
            return left

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", commit_progress):
            self.env["loy.adjustment.list"]._cron_work()
        return seen


@tagged("post_install", "-at_install")
class TestLists(ListCase):
    def test_nothing_is_booked_before_somebody_has_looked_and_said_so(self):
        record = self.checked("phone,amount\n+380671110001,10\n+380671110002,2.50\n")
        self.assertEqual((record.state, record.line_count, record.fault_count), ("checked", 2, 0))
        self.assertEqual((record.member_count, record.total, record.name), (2, 12.5, "winners.csv"))
        self.assertEqual(self.given(), [0] * 5)
        record.action_loy_submit()
        self.assertEqual((record.state, record.booked, record.progress), ("done", 12.5, 100))
        self.assertEqual(self.given(), [10, 2.5, 0, 0, 0])
        self.assertEqual(self.entries(record), record.total_minor)
        transaction = record.line_ids[0].transaction_id
        self.assertEqual((transaction.kind, transaction.source), ("accrue", "manual"))
        self.assertEqual((transaction.member_id, transaction.reason_id), (self.people[0], self.reason))
        self.assertEqual((transaction.author_id, transaction.company_id), (self.operator, self.env.company))
        self.assertFalse(record.file, "what the lines say is not kept a second time")

    def test_members_are_known_by_whatever_the_head_says(self):
        card = self.people[0].loy_main_card_id.number
        for head, key in (
            ("member", self.people[0].id),
            ("Card", f"{card[:4]} {card[4:]}"),
            ("телефон", "067 111-00-01"),
            ("Phone", "380671110001"),
            ("E-mail", " LIST1@example.com"),
            ("external_id", "LIST-1"),
        ):
            record = self.checked(f"{head};сума\n{key};1\n")
            self.assertEqual((record.line_ids.member_id, record.fault_count), (self.people[0], 0), head)

    def test_the_first_column_that_names_members_counts_unless_another_is_chosen(self):
        content = "name,email,phone,amount\nAnn,list1@example.com,+380671110002,1\n"
        record = self.checked(content)
        self.assertEqual((record.line_ids.member_id, record.used_key), (self.people[0], "email"))
        record.key_kind = "phone"
        record.action_loy_check()
        self.assertEqual((record.line_ids.member_id, record.used_key), (self.people[1], "phone"))

    def test_who_was_merged_gets_it_as_the_survivor(self):
        merged, survivor = self.people[3], self.people[4]
        old = {"phone": merged.loy_phone, "external_id": merged.loy_external_id, "member": merged.id}
        before = self.checked("phone,amount\n+380671110004,7\n")
        self.env["loy.merges"]._merge(survivor, merged)
        for kind, key in old.items():
            self.assertEqual(self.checked(f"{kind},amount\n{key},1\n").line_ids.member_id, survivor, kind)
        before.action_loy_submit()
        self.assertEqual((before.state, self.given(survivor)), ("done", [7]))

    def test_each_fault_is_told_and_the_other_lines_are_booked(self):
        cards = {}
        for state in ("blocked", "closed"):
            member = self.env["loy.members"]._register_member({"external_id": state})[0]
            cards[state] = member.loy_main_card_id.number
            self.env["loy.cards"]._transition(member.loy_main_card_id, state)
        cards["new"] = self.env["loy.cards"]._generate(self.people[0].loy_main_card_id.type_id, 1)[0]
        good = self.people[0].loy_main_card_id.number
        self.people[1].active = False
        rows = [good, "", "###", "2999", cards["new"], cards["blocked"], cards["closed"]]
        rows.append(self.people[1].loy_main_card_id.number)
        lines = [f"{key},1" for key in rows] + [f"{good},{amount}" for amount in ("0", "-1", "x", "1.001", "")] + [
            f"{good},5"
        ]
        record = self.checked("card,amount\n" + "\n".join(lines))
        self.assertEqual(
            self.faults(record),
            {
                3: "no_key", 4: "bad_key", 5: "unknown", 6: "card_new", 7: "card_blocked", 8: "card_closed",
                9: "archived", 10: "bad_amount", 11: "bad_amount", 12: "bad_amount", 13: "bad_amount",
                14: "bad_amount", 15: "repeated",
            },
        )  # fmt: skip
        self.assertEqual((record.sound_count, record.total), (1, 1))
        self.assertEqual(len(record.fault_ids), 13)
        record.action_loy_submit()
        self.assertEqual((self.given(self.people[0]), record.state), ([1], "done"))

    def test_a_member_in_several_lines_gets_each_only_where_that_is_said(self):
        content = "phone,amount\n+380671110001,1\n+380671110002,2\n0671110001,4\n"
        record = self.checked(content)
        self.assertEqual((self.faults(record), record.total), ({4: "repeated"}, 3))
        record.repeats = "sum"
        record.action_loy_check()
        record.action_loy_submit()
        self.assertEqual((self.given()[:2], record.member_count, record.total), ([5, 2], 2, 7))

    def test_a_line_without_an_amount_of_its_own_gives_the_amount_for_each(self):
        content = "phone,amount,comment\n+380671110001,,\n+380671110002,3,Prize\n"
        record = self.checked(content, amount=9, note="Lottery")
        self.assertEqual(record.line_ids.mapped("amount"), [9, 3])
        record.action_loy_submit()
        self.assertEqual(record.line_ids.transaction_id.mapped("note"), ["Lottery", "Prize"])
        self.refused("amount_missing", self.list_of("phone\n+380671110003\n").action_loy_check)

    def test_the_dates_of_the_list_are_those_of_the_lots(self):
        now = fields.Datetime.now()
        record = self.booked(
            "phone\n+380671110001\n",
            amount=5,
            active_from=now + timedelta(days=1),
            expires_at=now + timedelta(days=9),
        )
        lot = self.env["loy.lot"].search([("transaction_id", "=", record.line_ids.transaction_id.id)])
        self.assertEqual((lot.active_from, lot.expires_at), (record.active_from, record.expires_at))
        late = self.list_of("phone\n+380671110002\n", amount=5, expires_at=now - timedelta(days=1))
        self.refused("bad_period", late.action_loy_check)

    def test_points_are_taken_from_those_who_have_so_much_and_from_nobody_else(self):
        correction = self.env.ref("loyalty_core.loy_reason_correction")
        self.booked("phone,amount\n+380671110001,10\n+380671110002,5\n")
        content = (
            "phone,amount,comment\n+380671110001,4,Twice\n+380671110002,5.01,\n+380671110003,1,\n+380671110001,4,\n"
            "+380671110001,4,\n"
        )
        terms = {"direction": "write_off", "reason_id": correction.id, "repeats": "sum", "note": "Paid by mistake"}
        with self.batches(10):
            record = self.booked(content, **terms)
            self.run_scheduler()
        self.assertEqual((record.state, self.given()[:3]), ("done", [2, 5, 0]))
        self.assertEqual(self.faults(record), {3: "short", 4: "short", 6: "short"})
        self.assertEqual((record.booked, record.total, self.entries(record)), (8, 8, -800))
        transactions = record.line_ids.transaction_id.sorted("id")
        self.assertEqual(transactions.mapped("kind"), ["adjust", "adjust"])
        self.assertEqual(transactions.mapped("note"), ["Twice", "Paid by mistake"])
        self.assertEqual(transactions.member_id, self.people[0])
        self.assertTrue(self.env["loy.ledger"]._check_books()["ok"])

    def test_to_take_from_a_list_takes_the_right_to_take_by_hand(self):
        marketer = new_test_user(self.env, "t_taker", groups="loyalty_core.group_marketer")
        correction = self.env.ref("loyalty_core.loy_reason_correction")
        content = "phone,amount\n+380671110001,1\n"
        terms = {"direction": "write_off", "reason_id": correction.id}
        self.refused("right_missing", self.list_of(content, marketer, **terms).action_loy_check)
        self.refused("reason_not_usable", self.list_of(content, direction="write_off").action_loy_check)

    def test_members_of_a_pool_get_it_together_and_each_fact_is_of_its_member(self):
        one, other = self.people[:2]
        self.env["loy.pools"]._create(one, other, "", fields.Datetime.now())
        record = self.booked("phone,amount\n+380671110001,3\n+380671110002,4\n")
        self.assertEqual(self.given(one, other), [7, 7])
        self.assertEqual(record.line_ids.transaction_id.member_id, one | other)

    # ------------------------------------------------------------------ once

    def test_a_file_is_booked_once_and_the_second_time_names_the_first(self):
        content = "phone,amount\n+380671110001,10\n"
        first = self.booked(content)
        second = self.list_of(content, self.colleague, file_name="again.csv")
        self.assertEqual(second.earlier_id, first)
        with self.assertRaisesRegex(Exception, r"file_repeated: .*winners\.csv.*Booked"):
            second.action_loy_check()
        self.assertEqual(self.given()[0], 10)

    def test_a_file_is_free_again_when_its_list_was_withdrawn_before_anything_was_booked(self):
        content = "phone,amount\n+380671110001,10\n+380671110002,10\n"
        first = self.checked(content)
        self.refused("file_repeated", self.list_of(content).action_loy_check)
        first.action_loy_cancel()
        with self.batches(1):
            second = self.booked(content)
            self.service._continue(second)
            second.action_loy_stop()
            second.action_loy_cancel()
        self.assertEqual((second.booked, second.decided_by_id), (10, self.operator))
        self.refused("file_repeated", self.list_of(content).action_loy_check)
        self.refused("already_decided", second.action_loy_submit)

    def test_what_was_looked_at_is_what_is_booked(self):
        record = self.checked("phone\n+380671110001\n", amount=5)
        record.amount = 500
        self.assertEqual(record.state, "draft")
        self.refused("already_decided", record.action_loy_submit)
        record.action_loy_check()
        record.action_loy_submit()
        self.assertEqual(self.given()[0], 500)

    # ------------------------------------------------------------------ the scheduler

    def test_a_long_list_is_booked_in_batches_each_line_once(self):
        content = "phone,amount\n" + "".join(f"+38067111000{number},{number}\n" for number in range(1, 6))
        with self.batches(2):
            record = self.booked(content)
            self.assertEqual((record.state, self.given()), ("booking", [0] * 5))
            self.assertEqual(self.run_scheduler(), [(2, 3), (2, 1), (1, 0), (0, 0)])
            self.assertEqual((record.state, self.given()), ("done", [1, 2, 3, 4, 5]))
            self.run_scheduler()
        self.assertEqual(self.given(), [1, 2, 3, 4, 5])
        self.assertEqual(self.entries(record), record.total_minor)
        self.assertEqual(len(record.line_ids.transaction_id), 5)

    def test_a_batch_that_is_lost_leaves_neither_points_nor_marks(self):
        with self.batches(2):
            record = self.booked("phone,amount\n+380671110001,1\n+380671110002,2\n+380671110003,3\n")
            self.service._continue(record)
            with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
                self.service._continue(record)
                raise ZeroDivisionError
            record.invalidate_recordset()
            self.assertEqual((record.booked_count, self.given()[:3]), (2, [1, 2, 0]))
            self.run_scheduler()
        self.assertEqual((record.state, self.given()[:3]), ("done", [1, 2, 3]))

    def test_a_list_that_is_stopped_goes_on_where_it_stopped(self):
        with self.batches(1):
            record = self.booked("phone,amount\n+380671110001,1\n+380671110002,2\n")
            self.service._continue(record)
            record.action_loy_stop()
            self.assertEqual(self.service._continue(record), 0)
            self.assertEqual((record.state, self.given()[:2]), ("stopped", [1, 0]))
            record.action_loy_continue()
            self.run_scheduler()
        self.assertEqual((record.state, self.given()[:2]), ("done", [1, 2]))

    def test_a_list_for_later_waits_for_its_time(self):
        record = self.booked("phone,amount\n+380671110001,1\n", planned_at=fields.Datetime.now() + timedelta(days=1))
        self.run_scheduler()
        self.assertEqual((record.state, self.given()[0]), ("booking", 0))
        record.sudo().planned_at = fields.Datetime.now() - timedelta(minutes=1)
        self.run_scheduler()
        self.assertEqual((record.state, self.given()[0]), ("done", 1))

    def test_a_test_database_is_wound_forward_to_its_time(self):
        self.env["ir.config_parameter"].set_param("loyalty_core.is_test_database", "True")
        planned_at = fields.Datetime.now() + timedelta(days=40)
        record = self.booked("phone,amount\n+380671110001,1\n", planned_at=planned_at)
        wind = self.env["loy.jobs"]._wind
        wind(planned_at - timedelta(days=1))
        self.assertEqual(record.state, "booking")
        self.assertIn({"job": "adjustment_list", "done": 1}, wind(planned_at))
        self.assertEqual((record.state, record.line_ids.transaction_id.occurred_at), ("done", planned_at))

    def test_who_left_on_the_way_gets_nothing_and_the_sum_says_so(self):
        with self.batches(5):
            record = self.booked("phone,amount\n+380671110001,1\n+380671110002,2\n")
            self.people[0].active = False
            self.run_scheduler()
        self.assertEqual((record.state, record.total, record.booked, record.fault_count), ("done", 2, 2, 1))
        self.assertEqual(self.faults(record), {2: "archived"})

    def test_a_problem_stops_the_list_and_is_told(self):
        with self.batches(5):
            record = self.booked(
                "phone,amount\n+380671110001,1\n", expires_at=fields.Datetime.now() + timedelta(hours=1)
            )
            record.sudo().expires_at = record.decided_at
            self.run_scheduler()
        self.assertEqual((record.state, self.given()[0]), ("stopped", 0))
        self.assertIn("bad_period", record.problem)

    def test_a_large_file_is_read_by_the_scheduler_and_its_problem_told(self):
        with patch.object(adjustment_lists, "FILE_SMALL", 0):
            good = self.checked("phone,amount\n+380671110001,1\n")
            bad = self.checked("what,amount\n+380671110001,1\n")
        self.assertEqual((good.state, bad.state), ("checking", "checking"))
        self.run_scheduler()
        self.assertEqual((good.state, good.total, bad.state), ("checked", 1, "draft"))
        self.assertIn("file_head", bad.problem)

    # ------------------------------------------------------------------ limits and a second person

    def test_the_sum_of_the_list_is_what_the_limit_of_one_movement_is_about(self):
        self.limit(amount_max=10)
        self.assertEqual(self.booked("phone,amount\n+380671110001,6\n+380671110002,4\n").state, "done")
        waiting = self.booked("phone,amount\n+380671110001,6\n+380671110002,4.01\n")
        self.assertEqual((waiting.state, waiting.requested_by_id), ("waiting", self.operator))
        self.assertIn(self.chief, waiting.activity_ids.user_id)
        self.refused("right_missing", waiting.with_user(self.colleague).action_loy_approve)
        self.refused("not_editable", waiting.write, {"amount": 1})
        waiting.with_user(self.chief).action_loy_approve()
        self.assertEqual((waiting.state, waiting.decided_by_id), ("done", self.chief))
        self.assertEqual(waiting.line_ids.transaction_id.author_id, self.chief)
        self.assertEqual(self.given()[:2], [12, 8.01])
        self.refused("already_decided", waiting.with_user(self.chief).action_loy_approve)

    def test_nobody_approves_the_own_list_and_a_refusal_is_read(self):
        self.limit("admin", amount_max=1)
        own = self.booked("phone,amount\n+380671110001,6\n", self.chief)
        self.refused("own_request", own.with_user(self.chief).action_loy_approve)
        self.limit(amount_max=1)
        asked = self.booked("phone,amount\n+380671110001,1\n+380671110002,1\n")
        action = asked.with_user(self.chief).action_loy_refuse()
        wizard = self.env[action["res_model"]].with_user(self.chief).with_context(**action["context"])
        wizard.create({"reason": "Too many"}).action_loy_refuse()
        self.assertEqual((asked.state, asked.refusal, self.given()[0]), ("refused", "Too many", 0))

    def test_lists_and_single_movements_share_the_limits_of_a_day(self):
        limit = self.limit(giver_day_max=10)
        self.assertEqual(self.booked("phone,amount\n+380671110001,6\n").state, "done")
        self.assertEqual(self.give(4.01).state, "waiting")
        self.assertEqual(self.give(4).state, "done")
        self.assertEqual(self.booked("phone,amount\n+380671110001,0.01\n").state, "waiting")
        limit.write({"giver_day_max": 0, "member_day_max": 10})
        self.assertEqual(self.give(4.01, self.colleague, member_id=self.people[0].id).state, "waiting")
        listed = self.booked("phone,amount\n+380671110001,4.01\n+380671110002,1\n", self.colleague)
        self.assertEqual(listed.state, "waiting")
        self.assertEqual(self.booked("phone,amount\n+380671110001,4\n", self.colleague).state, "done")

    def test_what_is_being_booked_counts_for_the_day_as_if_it_were(self):
        self.limit(giver_day_max=10, member_day_max=7)
        with self.batches(1):
            record = self.booked("phone,amount\n+380671110001,1\n+380671110002,7\n")
            self.assertEqual(self.give(2.01, self.operator).state, "waiting")
            self.assertEqual(self.give(1, self.colleague, member_id=self.people[1].id).state, "waiting")
            self.service._continue(record)
            record.action_loy_stop()
            record.action_loy_cancel()
        self.assertEqual(self.give(2.01, self.operator).state, "done")
        self.assertEqual(self.give(1, self.colleague, member_id=self.people[1].id).state, "done")

    # ------------------------------------------------------------------ rights

    def test_it_takes_the_right_and_only_buttons_change_the_state(self):
        agent = new_test_user(self.env, "t_agent", groups="loyalty_core.group_contact_centre")
        analyst = new_test_user(self.env, "t_reader", groups="loyalty_core.group_analyst")
        marketer = new_test_user(self.env, "t_market", groups="loyalty_core.group_marketer")
        content = "phone,amount\n+380671110001,1\n"
        with self.assertRaises(AccessError):
            self.list_of(content, agent)
        record = self.checked(content, marketer)
        with self.assertRaises(AccessError):
            record.with_user(analyst).action_loy_check()
        with self.assertRaises(AccessError):
            record.with_user(analyst).action_loy_submit()
        for forged in ({"state": "done"}, {"booked_count": 1}, {"total_minor": 1}, {"file_hash": "x"}):
            self.refused("not_editable", record.write, forged)
            self.refused("not_editable", self.list_of, content, marketer, **forged)
        with self.assertRaises(AccessError):
            record.line_ids.write({"amount_minor": 100})
        record.action_loy_submit()
        self.assertEqual(record.state, "done")
        self.refused("not_editable", record.write, {"amount": 7})
        self.refused("not_editable", record.unlink)
        role = self.env["loy.role"].search([("group_id", "=", self.env.ref("loyalty_core.group_operator").id)])
        own = role.copy({"name": "Without lists"})
        own.right_ids = own.right_ids.filtered(lambda right: right.code != "account.accrue_list")
        person = new_test_user(self.env, "t_without", groups="base.group_user")
        own.user_ids = person
        self.refused("right_missing", self.list_of("phone\n+380671110002\n", person, amount=1).action_loy_check)

    def test_who_is_bound_to_stores_gives_to_their_members_only(self):
        store = self.env["loy.store"].create({"code": "T_LIST", "name": "List store"})
        self.operator.loy_store_ids = store
        self.people[0].loy_store_id = store
        content = "phone,amount\n+380671110001,1\n+380671110002,1\n"
        record = self.checked(content)
        self.assertEqual(self.faults(record), {3: "out_of_reach"})
        record.action_loy_cancel()
        wide = self.checked(content, self.colleague)
        self.refused("member_out_of_reach", wide.with_user(self.operator).action_loy_submit)

    def test_members_are_told_only_where_the_list_says_so(self):
        mails = lambda: self.env["mail.mail"].search([("model", "=", "loy.adjustment.list.line")])  # noqa: E731
        before = mails()
        self.booked("phone,amount\n+380671110001,1\n")
        self.assertFalse(mails() - before)
        self.people[1].email = False
        self.booked("phone,amount\n+380671110001,2\n+380671110002,2\n", is_notified=True)
        mail = mails() - before
        self.assertEqual(mail.recipient_ids, self.people[0])
        self.assertIn("2", mail.body_html)
        self.reason.is_notified = True
        self.assertTrue(self.list_of("phone\n+380671110001\n").is_notified)

    def test_nothing_of_an_erased_person_stays_in_the_lines(self):
        record = self.checked("phone,amount,comment\n+380671110001,1,Best wishes Ann\n")
        self.env["loy.privacy"]._erase(self.people[0])
        line = record.line_ids
        line.invalidate_recordset()
        self.assertEqual((line.key, line.note), (False, False))
        record.action_loy_submit()
        self.assertEqual((record.state, record.booked, self.faults(record)), ("done", 0, {2: "archived"}))


@tagged("post_install", "-at_install")
class TestListFiles(ListCase):
    def xlsx(self, rows):
        book, file = Workbook(), io.BytesIO()
        for row in rows:
            book.active.append(row)
        book.save(file)
        return file.getvalue()

    def test_doctests(self):
        self.assertEqual(doctest.testmod(table_files).failed, 0)
        self.assertEqual(doctest.testmod(adjustment_lists).failed, 0)

    def test_every_common_encoding_and_delimiter_is_read(self):
        for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251")):
            for mark in ",;\t|":
                text = f"телефон{mark}сума{mark}коментар\r\n+380671110001{mark}{number + 1}{mark}Вітаємо\r\n"
                record = self.checked(text.encode(encoding))
                self.assertEqual((record.fault_count, record.total), (0, number + 1), (encoding, mark))
                self.assertEqual(record.line_ids.note, "Вітаємо")

    def test_a_sheet_gives_numbers_as_people_see_them(self):
        card = int(self.people[0].loy_main_card_id.number)
        record = self.checked(self.xlsx([["Card", "Amount"], [card, 0.1 + 0.2], [None, None], [str(card), "1 234,50"]]),
                              repeats="sum")  # fmt: skip
        self.assertEqual((record.fault_count, record.line_ids.mapped("amount")), (0, [0.3, 1234.5]))
        self.assertEqual(record.line_ids.mapped("position"), [2, 4])

    def test_what_cannot_be_read_is_told_in_clear_and_nothing_stays(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
            parts.writestr("xl/workbook.xml", b"0" * 2_000_000)
        sheet = self.xlsx([["phone", "amount"], ["+380671110001", 1]])
        files = {
            "file_empty": [b"", b"\n\n", b"phone,amount\n", self.xlsx([])],
            "file_head": [b"a,b\n1,2\n", b"+380671110001,5\n", b"amount\n5\n", self.xlsx([["a", "b"], [1, 2]])],
            "file_unreadable": [
                sheet[:-200], b"PK\x03\x04garbage", b"%PDF-1.7 x", b"\xd0\xcf\x11\xe0\xa1\xb1", b"\x01\x02\x03,\n",
                self.zipped({"a.txt": b"1"}),
            ],
            "file_encoding": [b"phone,amount\n\x98\xff,1\n", b"\xff\xfep\x00h"  + b"\x00\xd8"],
            "file_formula": [self.xlsx([["phone", "amount"], ["+380671110001", "=1+1"]])],
            "file_rounded": [self.xlsx([["card", "amount"], [1234567890123456, 1]])],
        }  # fmt: skip
        for code, contents in files.items():
            for content in contents:
                with self.subTest(code=code, content=content[:20]):
                    record = self.list_of(content or b" ")
                    self.refused(code, record.action_loy_check)
                    self.assertEqual((record.state, record.line_count), ("draft", 0))
        with patch.object(table_files, "UNPACKED_MAX", 1_000_000):
            self.refused("file_too_large", self.list_of(bomb.getvalue()).action_loy_check)
        with patch.object(adjustment_lists, "FILE_MAX", 10):
            self.refused("file_too_large", self.list_of(sheet).action_loy_check)
        with patch.object(adjustment_lists, "ROWS_MAX", 1):
            self.refused("file_rows", self.list_of("phone,amount\n1,1\n2,2\n").action_loy_check)
        empty = self.env["loy.adjustment.list"].create({"unit_id": self.unit.id, "reason_id": self.reason.id})
        self.refused("file_missing", empty.action_loy_check)

    def zipped(self, parts):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return file.getvalue()

    def test_garbage_gets_a_code_or_faults_and_books_nothing(self):
        chance = random.Random(7)
        alphabet = ["phone", "amount", ",", ";", "\n", '"', "\x00", "\t", "1", "-", "Ї", "\r", "=", "1e9", "😀", " "]
        seen = set()
        for _round in range(150):
            text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 60)))
            head = chance.choice(("", "phone,amount\n", "card;amount\n", "member\tamount\n"))
            content = (head + text).encode(chance.choice(("utf-8", "utf-16")))
            try:
                with self.cr.savepoint():
                    record = self.checked(content)
            except adjustment_lists.LoyaltyError as error:
                seen.add(error.code)
                continue
            self.assertFalse(record.sound_count, text)
            self.refused("list_empty", record.action_loy_submit)
        self.assertLessEqual(seen, {"file_empty", "file_head", "file_unreadable", "file_encoding", "file_repeated",
                                    "amount_missing"})  # fmt: skip
        self.assertGreater(len(seen), 2)


@tagged("post_install", "-at_install")
class TestListFaultsFile(HttpCase, ListCase):
    def test_the_faults_are_a_file_that_can_be_uploaded_again(self):
        record = self.checked("phone,amount\n+380671110001,1\n+380679999999,2.50\n=cmd,x\n")
        new_test_user(self.env, "t_http", groups="loyalty_core.group_operator", password="t_http")
        self.authenticate("t_http", "t_http")
        answer = self.url_open(record.action_loy_export_faults()["url"])
        lines = answer.content.decode("utf-8-sig").splitlines()
        self.assertEqual(lines[0], "phone,amount,comment,line,fault")
        self.assertEqual(lines[1], "+380679999999,2.50,,3,No such member")
        self.assertTrue(lines[2].startswith("'=cmd,x,,4,"))
        told = self.env["loy.audit"].search([("model", "=", "loy.adjustment.list.line")], limit=1)
        self.assertEqual((told.operation, told.name), ("export", "Records: 2"))
        self.assertEqual(self.checked(answer.content).fault_count, 2)
        new_test_user(self.env, "t_http2", groups="loyalty_core.group_analyst", password="t_http2")
        self.authenticate("t_http2", "t_http2")
        self.assertNotEqual(self.url_open(record.action_loy_export_faults()["url"]).status_code, 200)


@tagged("post_install", "-at_install")
class TestListsConcurrent(CommittedCase):
    """Real transactions that meet."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            unit = env["loy.unit"].create({"code": "T_LIST_RACE", "name": "Race"})
            self.members = env["res.partner"].create(
                [{"name": f"R{n}", "is_loyalty_member": True, "phone": f"+38067222000{n}"} for n in range(6)]
            ).ids
            self.unit = unit.id
            self.reason = env.ref("loyalty_core.loy_reason_goodwill").id

    def make(self, env, content):
        return env["loy.adjustment.list"].create(
            {"file": base64.b64encode(content), "unit_id": self.unit, "reason_id": self.reason}
        )

    @property
    def content(self):
        return b"member,amount\n" + b"".join(b"%d,1\n" % member for member in self.members)

    def test_two_jobs_on_one_list_book_each_line_once(self):
        with patch.object(adjustment_lists, "BOOK_BATCH", 4), patch.object(adjustment_lists, "SMALL", 0):
            with self.transaction() as env:
                record = self.make(env, self.content)
                record.action_loy_check()
                record.action_loy_submit()
                list_id = record.id

            def book(env):
                return env["loy.adjustment.lists"]._continue(env["loy.adjustment.list"].browse(list_id))

            with self.transaction() as env:
                self.assertEqual(book(env), 4)
                other = self.start(book)
                self.assertTrue(other.is_alive(), "the second waits for the first")
            self.assertEqual(other.result(), 2)
            with self.transaction() as env:
                record = env["loy.adjustment.list"].browse(list_id)
                self.assertEqual((record.state, record.booked_count), ("done", 6))
                totals = env["loy.account"].search([("unit_id", "=", self.unit), ("kind", "=", "member")])
                self.assertEqual(totals.mapped("total_minor"), [1] * 6)

    def test_a_job_that_is_killed_at_any_moment_books_each_line_once(self):
        chance, killed = random.Random(3), 0
        with patch.object(adjustment_lists, "BOOK_BATCH", 1), patch.object(adjustment_lists, "SMALL", 0):
            with self.transaction() as env:
                record = self.make(env, self.content)
                record.action_loy_check()
                record.action_loy_submit()
                list_id = record.id

            def book(env):
                env.cr.execute("SELECT pg_backend_pid()")
                pids.append(env.cr.fetchone()[0])
                done = env["loy.adjustment.lists"]._continue(env["loy.adjustment.list"].browse(list_id))
                env.cr.execute("SELECT pg_sleep(%s)", [0.3 if is_doomed else 0])
                return done

            for turn in range(60):
                pids, is_doomed = [], turn < 10 and turn % 2
                worker = Beside(self, book)
                with mute_logger("odoo.sql_db"):
                    worker.start()
                    while not pids and worker.is_alive():
                        worker.join(0.001)
                    if is_doomed:
                        worker.join(chance.uniform(0, 0.1))
                        with self.transaction() as env:
                            env.cr.execute(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                " WHERE pid = %s AND pid != pg_backend_pid() AND state != 'idle'",
                                pids,
                            )
                    try:
                        if not worker.result():
                            break
                    except (OperationalError, InterfaceError):
                        killed += 1
        self.assertGreater(killed, 2)
        with self.transaction() as env:
            record = env["loy.adjustment.list"].browse(list_id)
            self.assertEqual((record.state, record.booked_count, record.booked_minor), ("done", 6, 6))
            accounts = env["loy.account"].search([("unit_id", "=", self.unit), ("kind", "=", "member")])
            self.assertEqual(accounts.mapped("total_minor"), [1] * 6)

    def test_the_same_file_checked_twice_at_once_is_one_list(self):
        with self.transaction() as env:
            ids = [self.make(env, self.content).id for _ in range(2)]

        def check(env, list_id):
            return run_with_retry(env, env["loy.adjustment.list"].browse(list_id).action_loy_check)

        with self.transaction() as env:
            check(env, ids[0])
            env.flush_all()
            other = self.start(lambda env: check(env, ids[1]))
        with self.assertRaisesRegex(Exception, "file_repeated"):
            other.result()

    def test_a_merge_waits_for_the_batch_and_a_batch_for_the_merge(self):
        with patch.object(adjustment_lists, "BOOK_BATCH", 3), patch.object(adjustment_lists, "SMALL", 0):
            with self.transaction() as env:
                record = self.make(env, self.content)
                record.action_loy_check()
                record.action_loy_submit()
                list_id = record.id

            def book(env):
                return env["loy.adjustment.lists"]._continue(env["loy.adjustment.list"].browse(list_id))

            def merge(env):
                partners = env["res.partner"]
                env["loy.merges"]._merge(partners.browse(self.members[0]), partners.browse(self.members[5]))

            with self.transaction() as env:
                book(env)
                first = self.start(merge)
            first.result()
            with self.transaction() as env:
                while book(env):
                    pass
                record = env["loy.adjustment.list"].browse(list_id)
                self.assertEqual((record.state, record.booked_count), ("done", 6))
                account = env["loy.ledger"]._accounts([self.members[0]], [self.unit])[self.members[0], self.unit]
                self.assertEqual(env["loy.account"].browse(account).total_minor, 2)
