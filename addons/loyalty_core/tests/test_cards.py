import doctest
from itertools import product

from odoo.addons.loyalty_core.models.loy_card import STATES, TRANSITIONS
from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.addons.loyalty_core.tools import check_digits
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger
from psycopg2 import InternalError

# Published numbers: the Luhn article's and payment processors' test cards; GS1's and well-known goods'
# barcodes.
LUHN = ("79927398713", "4111111111111111", "5555555555554444", "378282246310005", "6011111111111117")
EAN13 = ("4006381333931", "5901234123457", "9780201379624", "0012345678905")


class TestCheckDigits(MembersCase):
    def test_published_numbers_are_valid_and_no_other_last_digit_is(self):
        for scheme, numbers in (("luhn", LUHN), ("ean13", EAN13)):
            for number in numbers:
                valid = [
                    digit for digit in "0123456789" if check_digits.is_valid(scheme, number[:-1] + digit)
                ]
                self.assertEqual(valid, [number[-1]], (scheme, number))

    def test_a_mistyped_digit_is_always_caught(self):
        for scheme, number in (("luhn", LUHN[1]), ("ean13", EAN13[0])):
            for place, digit in product(range(len(number)), "0123456789"):
                if digit != number[place]:
                    self.assertFalse(
                        check_digits.is_valid(scheme, number[:place] + digit + number[place + 1 :])
                    )

    def test_doctests(self):
        self.assertEqual(doctest.testmod(check_digits).failed, 0)

    def test_sql_and_python_make_the_same_numbers(self):
        for prefix, length, check in (
            ("29", 13, "ean13"),
            ("4276", 16, "luhn"),
            ("", 9, "luhn"),
            ("AB", 8, False),
        ):
            card_type = self.env["loy.card.type"].new(
                {"number_prefix": prefix, "number_length": length, "number_check": check}
            )
            card_type.serial_from = 0
            serials = [0, 1, 7, 10, 98_765, card_type._capacity() - 1]
            query = SQL(
                "SELECT %s FROM unnest(%s::bigint[]) WITH ORDINALITY AS s(place, nth) ORDER BY nth",
                card_type._number_sql(),
                serials,
            )
            rows = self.env.execute_query(query)
            self.assertEqual(
                [number for (number,) in rows], [card_type._number(serial) for serial in serials]
            )
            self.assertTrue(all(card_type._fits(number) for (number,) in rows))


@tagged("post_install", "-at_install")
class TestNumbers(MembersCase):
    def _type(self, **values):
        return self.env["loy.card.type"].create({"code": "N", "name": "Numbers", **values})

    def test_a_series_has_distinct_numbers_of_the_template(self):
        card_type = self._type(number_prefix="27")
        numbers = self.cards._generate(card_type, 5_000)
        self.assertEqual(len(set(numbers)), 5_000)
        self.assertTrue(all(map(card_type._fits, numbers)))
        self.assertNotEqual(numbers, sorted(numbers))

    def test_a_series_of_any_size_costs_the_same_queries(self):
        card_type = self._type(number_prefix="27")
        card_type.flush_recordset()
        for count in (10, 1_000):
            with self.assertQueryCount(1):
                self.cards._generate(card_type, count)

    def test_sequential_numbers_follow_one_another(self):
        card_type = self._type(
            number_prefix="7", number_length=6, number_check=False, number_mode="sequential"
        )
        self.assertEqual(self.cards._generate(card_type, 3), ["700001", "700002", "700003"])
        self.assertEqual(self.cards._generate(card_type, 2), ["700004", "700005"])

    def test_a_number_in_use_is_passed_over(self):
        card_type = self._type(
            number_prefix="7", number_length=6, number_check=False, number_mode="sequential"
        )
        self.cards._issue(self._member(), card_type, "700002")
        self.assertEqual(self.cards._generate(card_type, 3), ["700001", "700003", "700004"])

    def test_the_template_is_filled_to_the_last_number(self):
        for mode, prefix in (("random", "71"), ("sequential", "72")):
            card_type = self._type(
                code=mode,
                number_prefix=prefix,
                number_length=5,
                number_check="luhn",
                number_mode=mode,
            )
            numbers = self.cards._generate(card_type, 60) + self.cards._generate(card_type, 39)
            self.assertEqual(len(set(numbers)), 99)
            self._fails("card_capacity", self.cards._generate, card_type, 1)

    def test_a_series_that_was_refused_takes_no_numbers_away(self):
        for mode in ("random", "sequential"):
            card_type = self._type(
                code=mode, number_prefix=mode[0], number_length=3, number_check=False, number_mode=mode
            )
            self._fails("card_capacity", self.cards._generate, card_type, 101)
            self.cards._generate(card_type, 50)
            self._fails("card_capacity", self.cards._generate, card_type, 60)
            self.assertEqual(len(self.cards._generate(card_type, 49)), 49)

    def test_numbers_stay_in_their_range(self):
        for mode in ("random", "sequential"):
            card_type = self._type(
                code=mode,
                number_prefix=mode[0],
                number_length=6,
                number_check=False,
                number_mode=mode,
                serial_from=500,
                serial_to=509,
            )
            numbers = self.cards._generate(card_type, 10)
            self.assertEqual(sorted(numbers), [f"{mode[0]}00{serial}" for serial in range(500, 510)])
            self.assertTrue(card_type._fits(numbers[0]))
            self.assertFalse(card_type._fits(f"{mode[0]}00510"))

    def test_a_template_that_makes_no_sound_number_is_refused(self):
        for values in (
            {"number_prefix": "A"},
            {"number_length": 12},
            {"number_prefix": "290000000000"},
            {"number_prefix": "№", "number_check": False},
            {"number_length": 30, "number_check": False},
            {"serial_from": 10, "serial_to": 9},
            {"serial_to": 10**10},
        ):
            self._fails("bad_card_template", self._type, **values)

    def test_a_company_has_one_default_type(self):
        first, second = self.card_type, self._type(is_default=True)
        self.assertEqual((first.is_default, second.is_default), (False, True))
        own = self._type(code="O", company_id=self.company.id, is_default=True)
        self.assertTrue(second.is_default)
        self.assertEqual(self.cards._default_type(), own)

    def test_without_a_default_type_registration_says_what_to_do(self):
        self.card_type.is_default = False
        self._fails("card_type_missing", self._member)


@tagged("post_install", "-at_install")
class TestCards(MembersCase):
    def test_every_transition_is_as_the_table_says(self):
        states = [state for state, _label in STATES]
        for origin, target in product(states, states):
            card = self._member().loy_main_card_id
            # The table is what is tested, so the card is put into its first state past it.
            card.state = origin
            if target in TRANSITIONS[origin]:
                self.cards._transition(card, target, note="test")
                self.assertEqual(card.state, target)
                last = card.log_ids[0]
                self.assertEqual((last.from_state, last.to_state, last.note), (origin, target, "test"))
                self.assertEqual(last.user_id, self.env.user)
            else:
                self._fails("card_transition", self.cards._transition, card, target)
                self.assertEqual(card.state, origin)

    def test_only_an_active_card_is_resolved(self):
        card = self._member().loy_main_card_id
        self.assertEqual(self.cards._resolve(card.number), card)
        self.assertEqual(self.cards._resolve(f" {card.number[:4]}-{card.number[4:]} "), card)
        self.cards._transition(card, "blocked")
        self._fails("card_blocked", self.cards._resolve, card.number)
        self._fails("card_blocked", self.members._find, {"card": card.number})
        self.cards._transition(card, "closed")
        self._fails("card_closed", self.cards._resolve, card.number)
        [number] = self.cards._generate(self.card_type, 1)
        self._fails("card_not_active", self.cards._resolve, number)
        for junk in ("", "0", None, "' OR 1=1", "9" * 80):
            self._fails("card_not_found", self.cards._resolve, junk)

    def test_a_printed_card_is_handed_out_once(self):
        [number] = self.cards._generate(self.card_type, 1)
        _member, card = self.members._register_member({"phone": "0631230001", "card": number})
        self.assertEqual((card.number, card.state, card.is_main), (number, "active", True))
        self._fails("card_taken", self.members._register_member, {"phone": "0631230002", "card": number})
        self._fails("card_taken", self.cards._issue, card.member_id, None, number)

    def test_a_strict_type_takes_its_own_numbers_only(self):
        member = self._member()
        self.assertEqual(self.cards._issue(member, None, "OLD-77").number, "OLD77")
        self.card_type.is_template_strict = True
        self._fails("bad_card_number", self.cards._issue, member, None, "OLD-78")
        self._fails("bad_card_number", self.cards._issue, member, None, "2900000000011")
        self.assertTrue(self.cards._issue(member, None, "2999999990011"))

    def test_when_the_main_card_ends_another_takes_its_place(self):
        member = self._member()
        first, second = member.loy_main_card_id, self.cards._issue(member)
        self.assertEqual((first.is_main, second.is_main), (True, False))
        self.cards._transition(first, "closed")
        self.assertEqual((first.is_main, second.is_main, member.loy_main_card_id), (False, True, second))
        third = self.cards._issue(member)
        third.action_loy_make_main()
        self.assertEqual(member.loy_main_card_id, third)
        self.cards._transition(third + second, "closed")
        self.assertEqual(member.loy_main_card_id, third)

    def test_the_history_cannot_be_changed_even_in_sql(self):
        card = self._member().loy_main_card_id
        self._fails("immutable_fact", card.log_ids.write, {"note": "x"})
        self._fails("immutable_fact", card.log_ids.unlink)
        for statement in ("UPDATE loy_card_log SET note = 'x'", "DELETE FROM loy_card_log"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(InternalError, "immutable"),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement)

    def test_only_cards_without_a_history_are_deleted(self):
        card = self._member().loy_main_card_id
        self._fails("card_in_use", card.unlink)
        self._fails("member_has_cards", card.member_id.unlink)
        [number] = self.cards._generate(self.card_type, 1)
        self.env["loy.card"].search([("number", "=", number)]).unlink()

    def test_a_card_is_resolved_by_two_queries(self):
        card = self._member().loy_main_card_id
        self.env.flush_all()
        card.invalidate_recordset()
        with self.assertQueryCount(2):
            self.cards._resolve(card.number)
