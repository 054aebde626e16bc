"""A series of cards: ordered, made in batches, stopped and continued, cancelled as long as nobody has one."""

from unittest.mock import patch

from odoo.addons.loyalty_core.services import card_series
from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger
from psycopg2 import IntegrityError


@tagged("post_install", "-at_install")
class TestCardSeries(MembersCase):
    def _series(self, count=7, **values):
        return self.env["loy.card.series"].create({"type_id": self.card_type.id, "count": count, **values})

    def _large(self, count=7):
        """A series that is made by the scheduler, though it is small: the tests have no time for a million."""
        self.enterContext(patch.object(card_series, "SMALL", 0))
        self.enterContext(patch.object(card_series, "SERIES_BATCH", 3))
        series = self._series(count)
        series.action_loy_make()
        return series

    def _numbers(self, series):
        return [
            number
            for (number,) in self.env.execute_query(
                SQL("SELECT number FROM loy_card WHERE series_id = %s AND state = 'new'", series.id)
            )
        ]

    def test_a_small_series_is_made_at_once(self):
        series = self._series()
        series.action_loy_make()
        self.assertEqual((series.state, series.made_count, series.progress), ("ready", 7, 100))
        self.assertEqual(series.card_ids.mapped("state"), ["new"] * 7)
        self.assertEqual(len(set(self._numbers(series))), 7)

    def test_a_large_series_is_made_by_the_scheduler_in_batches(self):
        series = self._large()
        self.assertEqual((series.state, series.made_count), ("making", 0))
        seen = []

        def commit_progress(cron, processed=0, *, remaining=None, deactivate=False):
            seen.append((processed, remaining))
            return 60

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", commit_progress):
            self.env["loy.card.series"]._cron_make()
        self.assertEqual(seen, [(3, 4), (3, 1), (1, 0), (0, 0)])
        self.assertEqual((series.state, series.made_count, len(set(self._numbers(series)))), ("ready", 7, 7))

    def test_a_series_that_is_stopped_goes_on_where_it_stopped(self):
        series = self._large()
        self.assertEqual(self.env["loy.series"]._continue(series), 3)
        series.action_loy_stop()
        self.assertEqual((series.state, series.made_count), ("draft", 3))
        self.assertEqual(self.env["loy.series"]._continue(series), 0)
        series.action_loy_make()
        while self.env["loy.series"]._continue(series):
            self.assertEqual(len(self._numbers(series)), series.made_count)
        self.assertEqual((series.state, len(set(self._numbers(series)))), ("ready", 7))

    def test_a_batch_that_is_lost_leaves_neither_cards_nor_a_count(self):
        series = self._large()
        self.env["loy.series"]._continue(series)
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self.env["loy.series"]._continue(series)
            raise ZeroDivisionError
        series.invalidate_recordset()
        self.assertEqual((series.made_count, len(self._numbers(series))), (3, 3))

    def test_a_template_without_room_stops_the_series_and_says_why(self):
        self.card_type.write({"number_prefix": "27", "number_length": 4, "number_check": False})
        self._fails("card_capacity", self._series(101).action_loy_make)
        self.cards._generate(self.card_type, 96)
        series = self._large(7)
        self.assertEqual(self.env["loy.series"]._continue(series), 3)
        self.assertEqual(self.env["loy.series"]._continue(series), 0)
        self.assertEqual((series.state, series.made_count, len(self._numbers(series))), ("draft", 3, 3))
        self.assertIn("card_capacity", series.problem)

    def test_a_misprinted_series_is_cancelled_as_long_as_nobody_has_a_card(self):
        series = self._series()
        series.action_loy_make()
        number = self._numbers(series)[0]
        series.action_loy_void()
        self.assertEqual((series.state, set(series.card_ids.mapped("state"))), ("cancelled", {"closed"}))
        self._fails("card_closed", self._member, card=number)
        other = self._series()
        other.action_loy_make()
        self._member(card=self._numbers(other)[0])
        self._fails("series_in_use", other.action_loy_void)
        self.assertEqual((other.state, len(self._numbers(other)), other.issued_count), ("ready", 6, 1))

    def test_a_card_closed_after_use_keeps_the_series_from_being_cancelled(self):
        series = self._series()
        series.action_loy_make()
        card = self._member(card=self._numbers(series)[0]).loy_main_card_id
        self.cards._transition(card, "closed")
        self._fails("series_in_use", series.action_loy_void)

    def test_a_series_is_changed_by_its_buttons_only(self):
        operator = new_test_user(self.env, "t_series_operator", groups="loyalty_core.group_operator")
        marketer = new_test_user(self.env, "t_series_marketer", groups="loyalty_core.group_marketer")
        series = (
            self.env["loy.card.series"]
            .with_user(operator)
            .create({"type_id": self.card_type.id, "count": 3, "state": "ready", "made_count": 3})
        )
        self.assertEqual((series.state, series.made_count, series.create_uid), ("draft", 0, operator))
        series.count = 4
        self._fails("series_by_service", series.write, {"state": "ready"})
        with self.assertRaises(AccessError):
            series.with_user(marketer).action_loy_make()
        series.action_loy_make()
        self._fails("series_by_service", series.write, {"count": 5})
        series.note = "Gold foil"
        series.action_loy_void()
        self.assertEqual(series.state, "cancelled")

    def test_only_a_series_without_cards_is_deleted_and_its_size_has_bounds(self):
        self._series().unlink()
        series = self._series()
        series.action_loy_make()
        self._fails("series_in_use", series.unlink)
        for count in (0, -1, 1_000_001):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
                self._series(count).flush_recordset()
