from contextlib import contextmanager
from threading import Thread
from unittest.mock import patch

from odoo import api
from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.requests import MemberUpdate
from odoo.exceptions import ValidationError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation


@tagged("post_install", "-at_install")
class TestMeetingRegistrations(BaseCase):
    """Two real transactions on two connections; what they commit is removed afterwards."""

    PHONES = ("+380671999001", "+380671999002")

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._remove)
        self._remove()
        with self._transaction() as env:
            env.ref("loyalty_core.loy_card_type_standard").is_default = True

    @contextmanager
    def _transaction(self, isolation=None):
        with db_connect(get_db_name()).cursor() as cr:
            if isolation:
                cr.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _remove(self):
        with self._transaction() as env:
            ids = env["res.partner"].search([("loy_phone", "in", self.PHONES)]).ids
            if not ids:
                return
            # Facts are never deleted, except by the one who owns the tables and tidies up after a test.
            env.cr.execute("ALTER TABLE loy_card_log DISABLE TRIGGER USER")
            env.cr.execute("ALTER TABLE loy_event DISABLE TRIGGER USER")
            env.cr.execute(
                "DELETE FROM loy_card_log USING loy_card WHERE loy_card.id = card_id AND member_id = ANY(%s)",
                [ids],
            )
            env.cr.execute("DELETE FROM loy_event WHERE member_id = ANY(%s)", [ids])
            env.cr.execute("ALTER TABLE loy_card_log ENABLE TRIGGER USER")
            env.cr.execute("ALTER TABLE loy_event ENABLE TRIGGER USER")
            env.cr.execute("DELETE FROM loy_card WHERE member_id = ANY(%s)", [ids])
            env["res.partner"].browse(ids).unlink()

    def _meet(self, isolation):
        """The errors of a registration that began before another one with the same phone was committed."""
        errors = []

        def second():
            try:
                with mute_logger("odoo.sql_db"), self._transaction(isolation) as env:
                    env["loy.members"]._register_member({"phone": self.PHONES[0]})
            except Exception as error:
                errors.append(error)

        with self._transaction(isolation) as env:
            winner = env["loy.members"]._register_member({"phone": self.PHONES[0]})[0].id
            env.flush_all()
            thread = Thread(target=second)
            thread.start()
            # The second one cannot see the first and waits for it on the index.
            thread.join(0.7)
            self.assertTrue(thread.is_alive())
        thread.join(10)
        return winner, errors

    def test_of_two_registrations_that_meet_one_wins(self):
        for isolation in ("READ COMMITTED", "REPEATABLE READ"):
            self._remove()
            winner, errors = self._meet(isolation)
            self.assertEqual([type(error) for error in errors], [UniqueViolation], isolation)
            with self._transaction() as env:
                # Run once more, as the transaction helper does, the second one sees the first.
                with self.assertRaises(LoyaltyError) as caught:
                    env["loy.members"]._register_member({"phone": self.PHONES[0]})
                self.assertEqual(caught.exception.code, "member_exists")
                self.assertIn(f"id {winner}", str(caught.exception))
                env.cr.rollback()

    def test_attributes_that_are_told_at_once_are_all_kept(self):
        with self._transaction() as env:
            member = env["loy.members"]._register_member({"phone": self.PHONES[0]})[0].id

        def update(env, name):
            body = {"key": name, "member": str(member), "attributes": {name: True}}
            api_model = env["loy.api"]
            type(api_model).member_update.__wrapped__(api_model, schema.read(MemberUpdate, body))
            env.flush_all()

        def second():
            with self._transaction("READ COMMITTED") as env:
                update(env, "second")

        with self._transaction("READ COMMITTED") as env:
            update(env, "first")
            thread = Thread(target=second)
            thread.start()
            thread.join(0.7)
            self.assertTrue(thread.is_alive())
        thread.join(10)
        with self._transaction() as env:
            self.assertEqual(set(env["res.partner"].browse(member).loy_attributes), {"first", "second"})

    def test_people_read_what_happened(self):
        with self._transaction() as env:
            env["loy.members"]._register_member({"phone": self.PHONES[0]})
        with (
            self._transaction() as env,
            patch.object(type(env["loy.members"]), "_check_unique"),
            mute_logger("odoo.sql_db"),
        ):
            with self.assertRaisesRegex(ValidationError, "member_exists: .*380671999001"):
                retrying(lambda: env["loy.members"]._register_member({"phone": self.PHONES[0]}), env)
