"""Members' choices: what they chose holds as long, and changes as often, as the programme says."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import tagged

from .api_common import ApiCase

OPTIONS = [
    {"code": "coffee", "name": "Coffee", "target": {"category": ["T_COFFEE"]}},
    {"code": "buns", "target": {"sku": ["T-1002"]}},
]


@tagged("post_install", "-at_install")
class TestChoices(ApiCase):
    def choice(self, **values):
        """A choice, and a promotion of 10 % off what is chosen."""
        self.apply(
            {
                "choices": [{"code": "T_FAV", "name": "Favourite", "options": OPTIONS, **values}],
                "promotions": [
                    self.promotion("T_CHOSEN", {"kind": "percent", "value": 10, "target": {"choice": ["T_FAV"]}})
                ],
            }
        )

    def choose(self, *options, at="2026-03-10T12:00:00Z", **values):
        return self.call("member_choose", member=self.member, choice="T_FAV", options=list(options), at=at, **values)

    def locked(self, *options, at):
        return self.refused(
            "choice_locked", "member_choose", member=self.member, choice="T_FAV", options=list(options), at=at
        )

    def chosen(self, at, **values):
        """The lines that the offer discounts."""
        answer = self.call("purchase_calculate", **self.basket(at=at, **values))
        return [
            line["id"] for line in answer["lines"] for one in line["promotions"] if one["code"] == "T_CHOSEN"
        ]

    def test_a_choice_holds_so_many_days_from_choosing(self):
        self.choice(days=30)
        answer = self.choose("buns")
        self.assertEqual(
            answer,
            {
                "member": self.member,
                "choice": "T_FAV",
                "options": ["buns"],
                "from": "2026-03-10",
                "to": "2026-04-08",
                "changes_left": 0,
            },
        )
        days = {"2026-03-09T12:00:00": [], "2026-03-10T00:00:00": ["2"], "2026-04-08T23:59:59": ["2"]}
        days |= {"2026-04-09T00:00:00": []}
        for at, lines in days.items():
            self.assertEqual(self.chosen(at), lines, at)
        self.assertEqual(self.chosen("2026-03-20T12:00:00", member=None), [])
        self.assertIn("after 2026-04-08", self.locked("coffee", at="2026-04-08T12:00:00Z"))
        # The same once more is no change; a new one begins when the first is over.
        self.assertEqual(self.choose("buns", at="2026-03-20T12:00:00Z")["to"], "2026-04-08")
        self.assertEqual(self.choose("coffee", at="2026-04-09T12:00:00Z")["from"], "2026-04-09")
        self.assertEqual(self.chosen("2026-04-10T12:00:00"), ["1"])

    def test_a_choice_changes_as_often_as_it_may_and_is_not_lengthened(self):
        self.choice(days=10, changes_max=2)
        self.assertEqual(self.choose("buns")["changes_left"], 2)
        changed = self.choose("coffee", at="2026-03-12T12:00:00Z")
        self.assertEqual((changed["from"], changed["to"], changed["changes_left"]), ("2026-03-12", "2026-03-19", 1))
        self.assertEqual(self.chosen("2026-03-11T12:00:00"), ["2"])
        self.assertEqual(self.chosen("2026-03-12T12:00:00"), ["1"])
        self.choose("buns", at="2026-03-13T12:00:00Z")
        self.locked("coffee", at="2026-03-14T12:00:00Z")

    def test_several_options_at_once(self):
        self.choice(pick=2, calendar="month")
        answer = self.choose("buns", "coffee")
        self.assertEqual((answer["from"], answer["to"]), ("2026-03-10", "2026-03-31"))
        self.assertEqual(self.chosen("2026-03-31T12:00:00"), ["1", "2"])
        self.assertEqual(self.chosen("2026-04-01T12:00:00"), [])
        self.choose("coffee", "buns", at="2026-03-11T12:00:00Z")

    def test_a_choice_for_the_next_month(self):
        self.choice(calendar="month", starts="next_period", opens=5, closes=20, changes_max=1)
        for at in ("2026-03-04T12:00:00Z", "2026-03-21T12:00:00Z"):
            self.refused(
                "choice_closed", "member_choose", member=self.member, choice="T_FAV", options=["buns"], at=at
            )
        answer = self.choose("buns")
        self.assertEqual((answer["from"], answer["to"]), ("2026-04-01", "2026-04-30"))
        self.assertEqual(self.chosen("2026-03-31T12:00:00"), [])
        self.assertEqual(self.chosen("2026-04-01T12:00:00"), ["2"])
        self.choose("coffee", at="2026-03-11T12:00:00Z")
        self.locked("buns", at="2026-03-12T12:00:00Z")
        self.assertEqual(self.chosen("2026-04-01T12:00:00"), ["1"])

    def test_a_choice_that_goes_on_may_be_changed_in_each_month(self):
        self.choice(calendar="month", renews=True, changes_max=1)
        self.assertNotIn("to", self.choose("buns"))
        self.choose("coffee", at="2026-03-11T12:00:00Z")
        self.locked("buns", at="2026-03-12T12:00:00Z")
        self.assertEqual(self.chosen("2026-05-01T12:00:00"), ["1"])
        self.choose("buns", at="2026-04-01T12:00:00Z")
        self.locked("coffee", at="2026-04-02T12:00:00Z")

    def test_what_there_is_not_is_not_chosen(self):
        self.choice(days=30)
        request = {"member": self.member, "choice": "T_FAV", "at": "2026-03-10T12:00:00Z"}
        self.refused("choice_not_found", "member_choose", **{**request, "choice": "T_NONE"}, options=["buns"])
        text = self.refused("option_not_found", "member_choose", **request, options=["fish"])
        self.assertIn("it has coffee, buns", text)
        self.refused("choice_count", "member_choose", **request, options=["buns", "coffee"])
        self.refused("member_not_found", "member_choose", **{**request, "member": "0"}, options=["buns"])

    def test_a_member_is_told_what_there_is_to_choose(self):
        self.choice(days=30)
        offered = [{"code": "coffee", "name": "Coffee"}, {"code": "buns", "name": "buns"}]
        told = {"choice": "T_FAV", "name": "Favourite", "pick": 1, "offered": offered}
        at = "2026-03-12T12:00:00Z"
        self.assertEqual(self.call("member_offers", member=self.member, at=at)["choices"], [told])
        self.choose("buns")
        told |= {"options": ["buns"], "from": "2026-03-10", "to": "2026-04-08", "changes_left": 0}
        self.assertEqual(self.call("member_offers", member=self.member, at=at)["choices"], [told])

    def test_whoever_finds_a_member_sees_what_it_has_chosen(self):
        self.assertNotIn("choices", self.call("member_find", member=self.member))
        self.choice()
        self.choose("coffee")
        [choice] = self.call("member_find", member=self.member)["choices"]
        self.assertEqual((choice["choice"], choice["options"]), ("T_FAV", ["coffee"]))

    def test_a_survivor_of_a_merge_has_chosen_what_was_chosen_last(self):
        self.choice(days=30)
        other = self.call("member_register", phone="+380671110002")["member"]
        self.choose("buns")
        self.call(
            "member_choose", member=other, choice="T_FAV", options=["coffee"], at="2026-03-11T12:00:00Z"
        )
        self.call("member_merge", member=other, into=self.member)
        self.assertEqual(self.chosen("2026-03-12T12:00:00"), ["1"])

    def test_a_programme_takes_its_choices_along(self):
        self.choice(days=30, changes_max=1)
        programme = self.call("programme_export")["programme"]
        [choice] = [one for one in programme["choices"] if one["code"] == "T_FAV"]
        expected = {"code": "T_FAV", "name": "Favourite", "options": OPTIONS, "days": 30, "changes_max": 1}
        self.assertEqual(choice, expected)
        self.assertEqual(self.apply({"choices": [choice]})["unchanged"], 1)

    def test_a_choice_that_makes_no_sense_is_refused(self):
        for values, problem in (
            ({"days": 3, "calendar": "week"}, "must not be given with calendar"),
            ({"renews": True}, "is required with next_period and renews"),
            ({"opens": 9, "closes": 3}, "is before opens"),
            ({"options": [{"code": "a", "target": {"colour": ["red"]}}]}, "is not known"),
            ({"options": [{"code": "a"}, {"code": "a"}]}, "two options with the same code"),
        ):
            with self.subTest(problem=problem):
                document = {"code": "T_BAD", "options": OPTIONS, **values}
                self.assertIn(
                    problem, self.refused("bad_request", "programme_apply", programme={"choices": [document]})
                )
        self.choice(days=30)
        choice = self.env["loy.choice"].search([("code", "=", "T_FAV")])
        for values in ({"options_text": "[{]"}, {"calendar": "week"}, {"options_text": "[]"}):
            with self.assertRaises(LoyaltyError):
                choice.write(values)
