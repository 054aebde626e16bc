"""Facts stay facts: the database refuses, the interface explains, and every role sees what it should."""

from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import CheckViolation, RaiseException

from ..services.errors import LoyaltyError
from .ledger_common import LedgerCase

FACTS = ("loy.transaction", "loy.entry", "loy.event")
LEDGER = ("loy.account", "loy.lot", "loy.transaction", "loy.entry", "loy.hold", "loy.hold.line", "loy.event")


@tagged("post_install", "-at_install")
class TestLedgerGuards(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account_record = cls.env["loy.account"].browse(cls.account)
        cls.env["loy.events"]._emit("member.registered", at=cls.start, member_id=cls.member.id, data={"a": 1})

    def setUp(self):
        super().setUp()
        self.transaction, self.lot = self.accrue(10, 0)

    def assert_refused(self, statement, error=RaiseException):
        with mute_logger("odoo.sql_db"), self.assertRaises(error), self.env.cr.savepoint():
            self.env.cr.execute(statement)

    def test_the_database_refuses_to_change_or_delete_facts(self):
        for model in FACTS:
            table = SQL.identifier(self.env[model]._table)
            self.assert_refused(SQL("UPDATE %s SET company_id = company_id", table))
            self.assert_refused(SQL("DELETE FROM %s", table))
            self.assert_refused(SQL("TRUNCATE %s CASCADE", table))

    def test_the_database_keeps_the_terms_of_a_lot(self):
        self.assert_refused(SQL("UPDATE loy_lot SET expires_at = now() WHERE id = %s", self.lot.id))
        self.assert_refused(SQL("UPDATE loy_lot SET amount_minor = 99 WHERE id = %s", self.lot.id))
        self.assert_refused(SQL("DELETE FROM loy_lot WHERE id = %s", self.lot.id))
        self.assert_refused(SQL("TRUNCATE loy_lot CASCADE"))

    def test_the_database_refuses_impossible_amounts(self):
        for values in ("remaining_minor = 11", "remaining_minor = -1", "held_minor = 11", "is_open = false"):
            self.assert_refused(
                SQL("UPDATE loy_lot SET %s WHERE id = %s", SQL(values), self.lot.id), CheckViolation
            )
        for values in ("total_minor = -1", "held_minor = 11", "debt_minor = -1"):
            self.assert_refused(
                SQL("UPDATE loy_account SET %s WHERE id = %s", SQL(values), self.account), CheckViolation
            )

    def test_the_interface_says_why_a_fact_stays(self):
        for model in FACTS:
            record = self.env[model].search([], limit=1)
            self.assertTrue(record)
            with self.assertRaisesRegex(LoyaltyError, "^immutable_fact: "):
                record.write({"company_id": False})
            with self.assertRaisesRegex(LoyaltyError, "^immutable_fact: "):
                record.unlink()

    def test_nobody_writes_the_ledger_in_the_interface(self):
        admin = new_test_user(self.env, "ledger_admin", groups="loyalty_core.group_admin")
        for model in LEDGER:
            records = self.env[model].with_user(admin)
            self.assertTrue(records.has_access("read"), model)
            for operation in ("create", "write", "unlink"):
                self.assertFalse(records.has_access(operation), (model, operation))

    def test_each_role_reads_what_it_works_with(self):
        shown = {
            "group_cashier": {"loy.unit", "loy.reason", "loy.account", "loy.lot"},
            "group_operator": {"loy.unit", "loy.reason", *LEDGER},
            "group_marketer": {"loy.unit", "loy.reason", *LEDGER},
            "group_admin": {"loy.unit", "loy.reason", *LEDGER},
            "group_integrator": set(),
            "base.group_portal": set(),
            "base.group_user": set(),
        }
        for group, models in shown.items():
            group = group if "." in group else f"loyalty_core.{group}"
            user = new_test_user(self.env, f"reader_{group}", groups=group)
            for model in ("loy.unit", "loy.reason", *LEDGER):
                self.assertEqual(
                    self.env[model].with_user(user).has_access("read"), model in models, (group, model)
                )

    def test_only_administrators_change_units_and_reasons(self):
        for group, may in (("operator", False), ("marketer", False), ("admin", True)):
            user = new_test_user(self.env, f"editor_{group}", groups=f"loyalty_core.group_{group}")
            for model in ("loy.unit", "loy.reason"):
                for operation in ("create", "write", "unlink"):
                    self.assertEqual(
                        self.env[model].with_user(user).has_access(operation), may, (group, model)
                    )

    def test_a_company_does_not_see_the_books_of_another(self):
        company = self.env["res.company"].create({"name": "Another chain"})
        unit = self.env["loy.unit"].create({"code": "THEIRS", "name": "Theirs", "company_id": company.id})
        account = self.account_of(self.member, unit)
        self.accrue(5, 0, account=account)
        user = new_test_user(self.env, "ours", groups="loyalty_core.group_admin")
        self.assertTrue(self.env["loy.account"].with_user(user).search([("id", "=", self.account)]))
        self.assertFalse(self.env["loy.account"].with_user(user).search([("id", "=", account)]))
        for model in ("loy.lot", "loy.entry"):
            self.assertTrue(self.env[model].with_user(user).search([("account_id", "=", self.account)]))
            self.assertFalse(self.env[model].with_user(user).search([("account_id", "=", account)]))
        with self.assertRaises(AccessError):
            self.env["loy.account"].with_user(user).browse(account).read(["total"])
        lot = self.env["loy.lot"].search([("account_id", "=", account)])
        self.assertEqual(lot.company_id, company)

    def test_decimals_stay_once_a_unit_has_accounts(self):
        with self.assertRaises(ValidationError):
            self.bonus.decimals = 2
        self.bonus.write({"decimals": 0, "name": "Still whole"})
        self.env["loy.unit"].create({"code": "UNUSED", "name": "Unused"}).decimals = 3

    def test_shown_amounts_are_summed_in_the_decimals_of_each_unit(self):
        wallet = self.account_of(self.member, self.wallet)
        self.accrue(1050, 0, account=wallet)
        self.accrue(25, 0, account=wallet)
        sums = self.env["loy.lot"]._read_group(
            [("account_id", "in", [self.account, wallet])], ["unit_id"], ["remaining:sum"]
        )
        self.assertEqual(dict(sums), {self.bonus: 10.0, self.wallet: 10.75})
        entries = self.env["loy.entry"].formatted_read_group(
            [("account_id", "=", wallet)], ["kind"], ["delta:sum", "__count"]
        )
        self.assertEqual(entries[0]["delta:sum"], 10.75)
        self.assertEqual(self.env["loy.lot"].fields_get(["remaining"])["remaining"]["aggregator"], "sum")

    def test_an_account_shows_its_balance(self):
        self.accrue(7, 0, active=100000)
        account = self.account_record
        self.assertEqual((account.total, account.active_amount, account.pending_amount), (17.0, 10.0, 7.0))
        self.assertEqual(account.available_amount, 10.0)
        self.assertEqual(account.display_name, "Ledger member · Test bonus")
        self.assertEqual(account.action_view_lots()["domain"], [("account_id", "=", account.id)])

    def test_the_state_of_a_lot_can_be_searched(self):
        _, pending = self.accrue(1, 0, active=100000)
        _, expired = self.accrue(1, 0, expires=1)
        _, used = self.accrue(1, 0, expires=2)
        self.spend(1, 1)
        lots = self.env["loy.lot"].search([("account_id", "=", self.account)])
        for state, lot in (
            ("pending", pending),
            ("expired", expired),
            ("closed", used),
            ("active", self.lot),
        ):
            self.assertEqual(lots.filtered(lambda one, state=state: one.state == state), lot)
            self.assertEqual(lots.search([("account_id", "=", self.account), ("state", "=", state)]), lot)

    def test_two_accounts_of_one_unit_need_two_partners(self):
        partner = self.env["loy.partner"].create({"code": "TEST_PARTNER", "name": "Partner"})
        scoped = self.ledger._accounts([self.member.id], [self.bonus.id], create=True, partner_id=partner.id)
        self.assertNotEqual(scoped[self.member.id, self.bonus.id], self.account)
        self.assertEqual(self.account_of(self.member), self.account)

    # events

    def test_an_event_is_in_the_partition_of_its_month(self):
        self.env["loy.events"]._make_partitions()
        today = date.today()
        ids = self.env["loy.events"]._emit_many(
            [
                {
                    "kind": "test.happened",
                    "at": f"{today} 10:00:00",
                    "member_id": self.member.id,
                    "data": {"n": 1},
                },
                {"kind": "test.happened", "at": "1999-01-01 10:00:00"},
            ]
        )
        events = self.env["loy.event"].search([("kind", "=", "test.happened")])
        self.assertEqual(events.ids, ids)
        self.assertEqual(events[0].data, {"n": 1})
        self.assertEqual(events[0].member_id, self.member)
        self.env.cr.execute(
            "SELECT tableoid::regclass::text FROM loy_event WHERE id = ANY(%s) ORDER BY at", [ids]
        )
        self.assertEqual(
            [row[0] for row in self.env.cr.fetchall()], ["loy_event_default", f"loy_event_{today:%Y_%m}"]
        )

    def test_partitions_are_made_once(self):
        self.env["loy.events"]._make_partitions()
        self.assertEqual(self.env["loy.events"]._make_partitions(), 0)
        later = date.today().replace(year=date.today().year + 1, day=1)
        self.assertGreater(self.env["loy.events"]._make_partitions(later), 5)

    # jobs

    def test_the_nightly_job_books_expiry_and_frees_forgotten_holds(self):
        account = self.account_of(self.env["res.partner"].create({"name": "Sleeper"}))
        self.accrue(10, 0, account=account, expires=2)
        hold = self.hold(4, 0, 1, account=account)
        with self.enter_registry_test_mode():
            self.env.ref("loyalty_core.loy_hold_cron").method_direct_trigger()
            self.env.ref("loyalty_core.loy_expire_cron").method_direct_trigger()
            self.env.ref("loyalty_core.loy_event_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.env["loy.hold"].browse(hold).state, "released")
        self.assertEqual(self.env["loy.account"].browse(account).total_minor, 0)
        self.assert_books()
