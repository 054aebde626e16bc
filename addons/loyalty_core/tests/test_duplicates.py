"""Members who may be one person are found, and what people have said of them is remembered."""

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .members_common import MembersCase


@tagged("post_install", "-at_install")
class TestDuplicates(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loy.duplicate"].search([("id", ">", 0)]).unlink()
        cls.finder = cls.env["loy.duplicates"]

    def pairs(self, *members):
        """(reason, score, state) of the pairs of these members."""
        while not self.finder._scan(batches=10):
            pass
        ids = [member.id for member in members]
        found = self.env["loy.duplicate"].search([("member_id", "in", ids), ("other_id", "in", ids)])
        return [(one.reason, one.score, one.state) for one in found]

    def test_one_phone_with_two_country_prefixes_is_one_phone(self):
        ann, bea = self._member(phone="+380671112233"), self._member(phone="+48671112233")
        self.assertEqual(self.pairs(ann, bea), [("phone", 85, "open")])

    def test_dots_and_plus_of_gmail_mean_nothing_and_dots_elsewhere_do(self):
        ann, bea = self._member(email="ann.lee@gmail.com"), self._member(email="annlee+shop@googlemail.com")
        self.assertEqual(self.pairs(ann, bea), [("email", 90, "open")])
        eva, ida = self._member(email="e.va@example.com"), self._member(email="eva@example.com")
        self.assertEqual(self.pairs(eva, ida), [])

    def test_names_are_compared_without_case_spaces_and_order(self):
        day = "1990-05-17"
        ann = self._member(first_name="Ганна", last_name="Коваль", birth_date=day)
        bea = self._member(first_name="КОВАЛЬ ", last_name=" ганна", birth_date=day)
        self._member(first_name="Ганна", last_name="Коваль", birth_date="1991-05-17")
        self.assertEqual(self.pairs(ann, bea), [("name", 75, "open")])

    def test_several_things_in_common_make_it_likelier_and_another_birth_date_less(self):
        day = "1990-05-17"
        ann = self._member(phone="+380671112244", name="Ann Lee", birth_date=day)
        bea = self._member(phone="+48671112244", name="Lee Ann", birth_date=day)
        eva = self._member(phone="+49671112244", name="Eva Lee", birth_date="2015-01-01")
        self.assertEqual(self.pairs(ann, bea), [("several", 96, "open")])
        self.assertEqual(self.pairs(ann, eva), [("phone", 43, "open")])

    def test_what_was_said_to_differ_is_not_offered_again(self):
        ann, bea = self._member(phone="+380671112255"), self._member(phone="+48671112255")
        self.pairs(ann, bea)
        pair = self.env["loy.duplicate"].search([("member_id", "=", ann.id), ("other_id", "=", bea.id)])
        pair.action_loy_dismiss()
        self.assertEqual(pair.decided_uid, self.env.user)
        ann.name = "Another name"
        self._touch(ann)
        self.assertEqual(self.pairs(ann, bea), [("phone", 85, "dismissed")])
        pair.action_loy_reopen()
        self.assertEqual(self.pairs(ann, bea), [("phone", 85, "open")])

    def test_a_pair_ends_when_nothing_is_in_common_any_more_or_one_has_left(self):
        ann, bea = self._member(phone="+380671112266"), self._member(phone="+48671112266")
        eva = self._member(phone="+49671112266")
        self.assertEqual(len(self.pairs(ann, bea, eva)), 3)
        ann.phone = "+380671112277"
        self._touch(ann)
        self.assertEqual(len(self.pairs(ann, bea, eva)), 1)
        eva.active = False
        self._touch(eva)
        self.assertEqual(self.pairs(ann, bea, eva), [])

    def test_members_of_two_companies_are_two_people(self):
        other = self.env["res.company"].create({"name": "Other"})
        ann, bea = self._member(phone="+380671112288"), self._member(phone="+48671112288")
        ann.company_id, bea.company_id = self.company, other
        self.assertEqual(self.pairs(ann, bea), [])

    def test_many_with_one_value_are_listed_once_each_and_a_placeholder_not_at_all(self):
        day = "1980-01-01"
        dozen = [self._member(first_name="Ivan", last_name="Twelve", birth_date=day) for _one in range(12)]
        crowd = [self._member(first_name="No", last_name="Name", birth_date="1900-01-01") for _one in range(51)]
        self.assertEqual(len(self.pairs(*dozen)), 11)
        self.assertEqual(self.pairs(*crowd), [])

    def test_a_search_takes_a_constant_number_of_statements(self):
        for _one in range(30):
            self._member(first_name="Ann", last_name="Lee", birth_date="1990-01-01")
        self.finder._scan_batch()  # warm
        self.env["loy.duplicate.scan"].search([("finished_at", "=", False)]).finished_at = "2026-01-01"
        self.env.cr.execute(SQL("DELETE FROM loy_duplicate_key"))
        self.env.flush_all()
        with self.assertQueryCount(__system__=10):
            self.finder._scan_batch()
            self.env.flush_all()

    def test_a_search_goes_on_where_it_was_stopped(self):
        self.env["loy.duplicate.scan"].search([("finished_at", "=", False)]).finished_at = "2026-01-01"
        self.assertTrue(self.finder._scan_batch())
        scan = self.env["loy.duplicate.scan"].search([("finished_at", "=", False)])
        self.assertTrue(scan.last_id)
        self.assertFalse(self.finder._scan_batch())
        self.assertTrue(scan.finished_at)

    def test_whoever_may_not_decide_is_refused(self):
        ann, bea = self._member(phone="+380671112299"), self._member(phone="+48671112299")
        self.pairs(ann, bea)
        pair = self.env["loy.duplicate"].search([("member_id", "=", ann.id)])
        marketer = new_test_user(self.env, "t_dup_marketer", groups="loyalty_core.group_marketer")
        with self.assertRaisesRegex(Exception, "not allowed|access"):
            pair.with_user(marketer).action_loy_dismiss()

    def _touch(self, member):
        """Inside one transaction all changes have one time; the finder tells changes by it."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE res_partner SET write_date = write_date + interval '1 second' WHERE id = %s", member.id)
        )
        self.env.invalidate_all()
