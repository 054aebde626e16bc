"""Role x model x operation: the whole table, and nothing beside it."""

from odoo.addons.loyalty_core.tests.test_access import OPERATIONS, ROLES, parse
from odoo.tests import TransactionCase, new_test_user, tagged

TABLE = """
                                   cashier  store_manager  promoter  contact_centre  operator  analyst  marketer  admin
loy.certificate                    r        r              r         rw              rw        r        r         rwcd
loy.certificate.delivery           -        -              -         r               r         -        -         r
loy.certificate.delivery.wizard    -        -              -         -               rwcd      -        -         rwcd
loy.certificate.export             -        -              -         -               r         r        r         r
loy.certificate.export.wizard      -        -              -         -               rwcd      -        -         rwcd
loy.certificate.issue.wizard       -        -              -         -               rwcd      -        -         rwcd
loy.certificate.log                r        r              r         r               r         r        r         r
loy.certificate.series             -        -              -         -               rwc       r        r         rwcd
loy.certificate.transition.wizard  -        -              -         rwcd            rwcd      -        -         rwcd
loy.certificate.type               r        r              r         r               r         r        rwc       rwc
loy.certificate.validity.wizard    -        -              -         -               rwcd      -        -         rwcd
"""


@tagged("post_install", "-at_install")
class TestCertificateAccess(TransactionCase):
    def test_each_role_may_do_what_the_table_says_and_nothing_else(self):
        table = parse(TABLE)
        own = self.env["ir.model.data"].search([("module", "=", "loyalty_certificates"), ("model", "=", "ir.model")])
        names = self.env["ir.model"].browse(own.mapped("res_id")).mapped("model")
        own = {name for name in names if name.startswith("loy.certificate") and not self.env[name]._abstract}
        self.assertEqual(own, set(table))
        users = {role: new_test_user(self.env, f"c_{role}", groups=group) for role, group in ROLES.items()}
        for model, cells in table.items():
            for role, user in users.items():
                records = self.env[model].with_user(user)
                may = "".join(letter for letter, name in OPERATIONS.items() if records.has_access(name))
                self.assertEqual(may or "-", cells.get(role, "-"), f"{role} on {model}")

    def test_records_of_another_company_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Another company"})
        user = new_test_user(self.env, "c_here", groups="loyalty_core.group_admin")
        kind = self.env["loy.certificate.type"].create(
            {"code": "THERE", "name": "There", "value": 5, "company_id": other.id}
        )
        series = self.env["loy.certificate.series"].create({"type_id": kind.id, "count": 2})
        series.action_loy_make()
        for records in (kind, series, series.certificate_ids):
            self.assertFalse(self.env[records._name].with_user(user).search([("id", "in", records.ids)]))

    def test_rights_stand_among_the_cards_and_are_given_to_roles(self):
        rights = self.env["loy.right"].search([("code", "=like", "certificate.%")])
        self.assertEqual(set(rights.mapped("section")), {"cards"})
        self.assertEqual(len(rights), 7)
        of_model = self.env["loy.right"].search([("code", "=", "loy.certificate.type.write")])
        self.assertEqual(of_model.section, "cards")
        operator = new_test_user(self.env, "c_operator", groups="loyalty_core.group_operator")
        rights = self.env["loy.rights"].with_user(operator)
        self.assertTrue(rights._has("certificate.series"))
        self.assertFalse(rights._has("certificate.numbers"))
