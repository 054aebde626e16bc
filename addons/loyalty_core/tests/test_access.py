"""Role x model x operation: the whole table, and nothing beside it."""

import base64
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..models.loy_journal_account import CODES as JOURNAL_CODES

OPERATIONS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
ROLES = {
    "cashier": "loyalty_core.group_cashier",
    "store_manager": "loyalty_core.group_store_manager",
    "promoter": "loyalty_core.group_promoter",
    "partner": "loyalty_core.group_partner",
    "brand_manager": "loyalty_core.group_brand_manager",
    "contact_centre": "loyalty_core.group_contact_centre",
    "operator": "loyalty_core.group_operator",
    "analyst": "loyalty_core.group_analyst",
    "marketer": "loyalty_core.group_marketer",
    "admin": "loyalty_core.group_admin",
    "integrator": "loyalty_core.group_integrator",
    "internal": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
#: Model → what the roles of the shop may do. Integrators, plain internal users, portal users and visitors may
#: do nothing with any of them.
TABLE = """
                               cashier  store_manager  promoter  contact_centre  operator  analyst  marketer  admin
loy.access.log                 -        -              -         -               -         -        -         r
loy.account                    r        r              r         r               r         r        r         r
loy.adjustment                 -        -              -         rwcd            rwcd      r        r         rwcd
loy.adjustment.limit           -        -              -         r               r         r        r         rwcd
loy.adjustment.list            -        -              -         -               rwcd      r        rwcd      rwcd
loy.adjustment.list.line       -        -              -         -               r         r        r         r
loy.attribute                  r        r              r         r               r         r        rwcd      rwcd
loy.audit                      -        -              -         -               -         -        -         r
loy.bench.case                 -        -              -         -               -         rwcd     rwcd      rwcd
loy.bench.line                 -        -              -         -               -         rwcd     rwcd      rwcd
loy.bench.payment              -        -              -         -               -         rwcd     rwcd      rwcd
loy.bench.return               -        -              -         -               -         rwcd     rwcd      rwcd
loy.bench.reward               -        -              -         -               -         rwcd     rwcd      rwcd
loy.brand                      r        r              r         r               r         r        rwcd      rwcd
loy.calendar                   r        r              r         r               r         r        rwc       rwc
loy.calendar.day               r        r              r         r               r         r        rwcd      rwcd
loy.card                       r        r              r         rwc             rwc       r        r         rwcd
loy.card.export                -        -              -         -               r         r        r         r
loy.card.log                   r        r              r         r               r         r        r         r
loy.card.series                -        -              -         -               rwc       r        r         rwcd
loy.card.type                  r        r              r         r               r         r        rwcd      rwcd
loy.code                       -        -              -         r               r         r        r         r
loy.code.export                -        -              -         -               -         r        r         r
loy.code.more.wizard           -        -              -         -               -         -        rwcd      rwcd
loy.code.pool                  r        r              r         r               r         r        rwc       rwc
loy.code.series                -        -              -         -               -         r        rwc       rwc
loy.code.use                   -        -              -         r               r         r        r         r
loy.contact.code               -        -              -         -               -         -        -         -
loy.choice                     r        r              r         r               r         r        rwc       rwc
loy.conversion                 r        r              r         r               r         r        r         rwcd
loy.conversion.gift            -        -              -         r               r         r        r         r
loy.conversion.run             -        -              -         r               r         r        r         r
loy.conversion.rate            r        r              r         r               r         r        r         rwcd
loy.counter                    -        -              -         -               -         r        r         r
loy.counter.draw               -        -              -         r               r         r        r         r
loy.directory                  r        r              r         r               r         r        rwcd      rwcd
loy.directory.value            r        r              r         r               r         r        rwcd      rwcd
loy.duplicate                  -        -              -         -               rw        r        r         rw
loy.duplicate.key              -        -              -         -               -         -        -         r
loy.duplicate.scan             -        -              -         -               r         -        -         r
loy.expiry.mark                -        -              -         -               -         -        -         r
loy.expiry.policy              r        r              r         r               r         r        r         rwcd
loy.category.day               -        r              -         -               -         r        r         r
loy.entry                      -        -              -         r               r         r        r         r
loy.event                      -        -              -         r               r         r        r         r
loy.favourite                  r        r              r         r               r         r        rwc       rwc
loy.favourite.mark             -        -              -         -               -         -        -         r
loy.group                      r        r              r         r               r         r        rwc       rwc
loy.incomplete.notice          r        rw             r         r               rw        r        r         rw
loy.purchase.day               r        r              r         r               r         r        r         r
loy.hold                       -        -              -         r               r         r        r         r
loy.hold.line                  -        -              -         r               r         r        r         r
loy.journal.account            -        -              -         -               -         r        r         rwc
loy.journal.entry              -        -              -         -               -         r        r         r
loy.journal.line               -        -              -         -               -         r        r         r
loy.ledger.day                 -        -              -         -               -         r        r         r
loy.ledger.mark                -        -              -         -               -         -        -         r
loy.liability.report           -        -              -         -               -         r        r         r
loy.breakage.report            -        -              -         -               -         r        r         r
loy.liability.wizard           -        -              -         -               -         rwcd     rwcd      rwcd
loy.liability.wizard.line      -        -              -         -               -         rwcd     rwcd      rwcd
loy.lockout                    -        -              -         -               -         -        -         rw
loy.lot                        r        r              r         r               r         r        r         r
loy.lot.terms                  r        r              r         r               r         r        r         r
loy.member.alias               r        r              r         rd              rd        r        r         rd
loy.member.choice              r        r              r         r               r         r        r         r
loy.member.favourite           r        r              r         r               r         r        r         r
loy.member.day                 -        -              -         -               -         r        r         r
loy.member.tier                r        r              r         r               r         r        r         r
loy.member.tier.grant          r        r              r         r               r         r        r         r
loy.member.tier.wizard         -        -              -         -               rwcd      -        -         rwcd
loy.member.merge               -        -              -         -               r         r        r         r
loy.member.merge.wizard.line   -        -              -         -               rwcd      -        -         rwcd
loy.network                    r        r              r         r               r         r        r         rwcd
loy.offer                      r        r              r         r               r         r        rwcd      rwcd
loy.partner                    r        r              r         r               r         r        r         rwcd
loy.product.points             r        r              r         r               r         r        rwcd      rwcd
loy.pool                       r        r              r         r               r         r        r         r
loy.pool.member                r        r              r         r               r         r        r         r
loy.pool.wizard                -        -              -         rwcd            rwcd      -        -         rwcd
loy.pool.wizard.line           -        -              -         rwcd            rwcd      -        -         rwcd
loy.promotion                  r        r              r         r               r         r        rwc       rwc
loy.product.segment            r        r              r         r               r         r        rwc       rwc
loy.publication                -        -              -         -               -         r        rw        rw
loy.purchase                   r        r              r         r               r         r        r         r
loy.purchase.line              r        r              r         r               r         r        r         r
loy.promotion.day              -        r              -         -               -         r        r         r
loy.promotion.effect           -        -              -         -               -         r        r         r
loy.sales.hour                 -        r              -         -               -         r        r         r
loy.sales.mark                 -        -              -         -               -         -        -         r
loy.promotion.template         -        -              -         -               -         r        r         r
loy.promotion.template.wizard  -        -              -         -               -         -        rwcd      rwcd
loy.promotion.occurrence       -        -              -         r               r         r        r         r
loy.trigger.mark               -        -              -         -               -         -        -         r
loy.purchase.promotion         r        r              r         r               r         r        r         r
loy.reason                     r        r              r         r               r         r        r         rwcd
loy.referral                   -        -              -         r               r         r        r         r
loy.referral.code              -        -              -         r               r         r        r         r
loy.register                   r        r              r         r               r         r        r         rwcd
loy.report                     -        rwcd           -         -               -         rwcd     rwcd      rwcd
loy.replay                     -        -              -         -               -         rwcd     rwcd      rwcd
loy.replay.day                 -        -              -         -               -         r        r         r
loy.replay.category            -        -              -         -               -         r        r         r
loy.replay.promotion           -        -              -         -               -         r        r         r
loy.replay.receipt             -        -              -         -               -         r        r         r
loy.replay.member              -        -              -         -               -         -        -         -
loy.replay.use                 -        -              -         -               -         -        -         -
loy.report.schedule            -        -              -         -               -         rwcd     rwcd      rwcd
loy.request                    -        -              -         -               -         -        -         r
loy.retention                  -        -              -         -               -         -        -         rw
loy.revision                   -        -              -         -               -         r        r         r
loy.right                      r        r              r         r               r         r        r         r
loy.reward                     r        r              r         r               r         r        rwc       rwc
loy.redemption                 r        r              r         r               r         r        r         r
loy.role                       -        -              -         -               -         -        -         rwcd
loy.settings                   -        -              -         -               -         r        r         rwc
loy.shared.limit               r        r              r         r               r         r        rwc       rwc
loy.store                      r        r              r         r               r         r        r         rwcd
loy.store.attribute            r        r              r         r               r         r        r         rwcd
loy.tier                       r        r              r         r               r         r        rwc       rwc
loy.transaction                -        -              -         r               r         r        r         r
loy.unit                       r        r              r         r               r         r        r         rwcd
loy.unit.rate                  r        r              r         r               r         r        r         rwcd
loy.account.move.wizard        -        -              -         rwcd            rwcd      -        -         rwcd
loy.books.check.wizard         -        -              -         -               -         rwcd     rwcd      rwcd
loy.offer.wizard               -        -              -         -               -         -        rwcd      rwcd
loy.programme.wizard           -        -              -         -               -         -        rwcd      rwcd
loy.adjustment.wizard          -        -              -         rwcd            rwcd      -        -         rwcd
loy.card.export.wizard         -        -              -         -               rwcd      -        -         rwcd
loy.card.issue.wizard          -        -              -         rwcd            rwcd      -        -         rwcd
loy.card.replace.wizard        -        -              -         rwcd            rwcd      -        -         rwcd
loy.card.transition.wizard     -        -              -         rwcd            rwcd      -        -         rwcd
loy.member.merge.wizard        -        -              -         -               rwcd      -        -         rwcd
loy.refusal.wizard             -        -              -         rwcd            rwcd      -        rwcd      rwcd
loy.return.wizard              -        rwcd           -         -               rwcd      -        -         rwcd
loy.return.wizard.line         -        rwcd           -         -               rwcd      -        -         rwcd
"""


#: The people of a partner are store managers who see a report beside; those of a brand see these and no more.
PARTNER = {"loy.liability.report": "r"}
BRAND_MANAGER = {
    **dict.fromkeys(
        ("loy.brand", "loy.category.day", "loy.product.points", "loy.purchase.line", "loy.store", "loy.unit"), "r"
    ),
    "loy.report": "rwcd",
}


def parse(table):
    head, *rows = (line.split() for line in table.strip().splitlines())
    found = {model: dict(zip(head, cells, strict=True)) for model, *cells in rows}
    for model, cells in found.items():
        cells["partner"] = PARTNER.get(model, cells["store_manager"])
        cells["brand_manager"] = BRAND_MANAGER.get(model, "-")
    return found


@tagged("post_install", "-at_install")
class TestAccess(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: new_test_user(cls.env, f"t_{role}", groups=group) for role, group in ROLES.items()}
        cls.table = parse(TABLE)

    def own_models(self):
        """Models of this addon that have a table."""
        own = self.env["ir.model.data"].search([("module", "=", "loyalty_core"), ("model", "=", "ir.model")])
        names = self.env["ir.model"].browse(own.mapped("res_id")).exists().mapped("model")
        return {name for name in names if name.startswith("loy.") and not self.env[name]._abstract}

    def test_every_model_stands_in_the_table(self):
        self.assertEqual(self.own_models(), set(self.table))

    def test_each_role_may_do_what_the_table_says_and_nothing_else(self):
        for model, cells in self.table.items():
            for role, user in self.users.items():
                records = self.env[model].with_user(user)
                may = "".join(letter for letter, name in OPERATIONS.items() if records.has_access(name))
                self.assertEqual(may or "-", cells.get(role, "-"), f"{role} on {model}")

    def test_nobody_writes_what_services_book(self):
        booked = [f"loy.{name}" for name in BOOKED.split() if name != "card"]
        for model in [*booked, "loy.request"]:
            self.assertLessEqual(set("".join(self.table[model].values())), set("r-"), model)

    def test_services_are_closed_to_everybody(self):
        for model in self.env.registry:
            if model.startswith("loy.") and self.env[model]._abstract:
                for role, user in self.users.items():
                    with self.subTest(model=model, role=role), self.assertRaises(AccessError):
                        self.env[model].with_user(user).check_access("read")

    def test_a_role_opens_its_menus_and_no_other_opens_any(self):
        root = self.env.ref("loyalty_core.loy_root_menu")
        for role in ("cashier", "operator", "marketer", "admin", "internal"):
            visible = root.id in self.env["ir.ui.menu"].with_user(self.users[role])._visible_menu_ids()
            self.assertEqual(visible, role != "internal", role)

    def test_who_is_not_of_the_shop_reads_products_and_contacts_without_its_knowledge(self):
        product = self.env["product.template"].create({"name": "Bun"})
        product.with_user(self.users["internal"]).read()
        names = self.env["res.partner"].with_user(self.users["internal"]).fields_get()
        for name in ("loy_card_ids", "loy_balance_text", "loy_birth_date", "loy_attributes", "loy_purchase_amount"):
            self.assertNotIn(name, names)
            self.assertIn(name, self.env["res.partner"].with_user(self.users["cashier"]).fields_get())

    def test_members_of_the_shop_are_contacts(self):
        member = self.env["res.partner"].create(
            {"name": "Ann", "is_loyalty_member": True, "phone": "+380671110001"}
        )
        for role, may in {
            "cashier": "r",
            "store_manager": "r",
            "promoter": "rwc",
            "contact_centre": "rwc",
            "operator": "rwc",
            "analyst": "r",
            "marketer": "r",
            "admin": "rwc",
            "integrator": "-",
            "portal": "-",
            "public": "-",
        }.items():
            found = member.with_user(self.users[role])
            allowed = "".join(letter for letter, name in OPERATIONS.items() if found.has_access(name))
            self.assertEqual(allowed or "-", may, role)


CODED = [
    "unit", "group", "calendar", "choice", "shared.limit", "card.type", "brand", "directory", "favourite", "partner",
    "network",
    "reason", "store", "promotion",
]  # fmt: skip
#: What purchases and accruals leave behind.
BOOKED = """
account lot lot.terms transaction entry hold hold.line event purchase purchase.line purchase.promotion revision
card card.log counter counter.draw code code.use promotion.occurrence
"""


@tagged("post_install", "-at_install")
class TestCompanies(TransactionCase):
    """Whoever works for one company sees its records and the shared ones, and nothing of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = [cls.env["res.company"].create({"name": f"Company {index}"}) for index in (1, 2)]
        cls.users = [
            new_test_user(
                cls.env,
                f"t_admin{index}",
                groups="loyalty_core.group_admin",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for index, company in enumerate(cls.companies)
        ]
        cls.records = [cls.make(company) for company in cls.companies]

    @classmethod
    def make(cls, company):
        """Model → a record of each model, made as the system makes it."""
        env, made = cls.env(context={"allowed_company_ids": company.ids}), {}
        for name in CODED:
            made[f"loy.{name}"] = env[f"loy.{name}"].create(
                {"code": "A", "name": "A", "company_id": company.id}
            )
        made["loy.role"] = env["loy.role"].create({"name": company.name, "company_id": company.id})
        made["loy.product.segment"] = env["loy.product.segment"].create(
            {"code": "A", "name": "A", "include_text": "1001", "company_id": company.id}
        )
        made["loy.attribute"] = env["loy.attribute"].create({"code": "a", "name": "A", "company_id": company.id})
        made["loy.directory"].values = [{"code": "A", "name": "A"}]
        made["loy.directory.value"] = made["loy.directory"].value_ids
        store = made["loy.store"]
        store.attributes = {"format": "express"}
        made["loy.settings"] = env["loy.settings"].search([("company_id", "=", company.id)]) or env[
            "loy.settings"
        ].create({"company_id": company.id})
        made["loy.register"] = env["loy.register"].create({"code": "A", "name": "A", "store_id": store.id})
        made["loy.store.attribute"] = store.attribute_ids
        now = "2026-01-05 10:00:00"
        made["loy.card.series"] = env["loy.card.series"].create({"type_id": made["loy.card.type"].id, "count": 2})
        made["loy.card.series"].action_loy_make()
        env["loy.card.exports"]._export(made["loy.card.series"], "csv", ["number"]).close()
        made["loy.card.export"] = made["loy.card.series"].export_ids
        made["loy.lockout"] = env["loy.lockout"].create(
            {"user_id": env.uid, "misses": 1, "since_at": now, "last_at": now, "company_id": company.id}
        )
        user = new_test_user(
            cls.env,
            f"t_till{company.id}",
            groups="loyalty_core.group_integrator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        api = env["loy.api"].with_user(user)
        member = api.member_register({"key": "1", "phone": f"+38067222{company.id:04}"[:13]})["member"]
        api.account_accrue({"key": "2", "member": member, "unit": "A", "amount": 9})
        made["loy.adjustment"] = env["loy.adjustment"].search([("company_id", "=", company.id)])
        made["loy.adjustment.list"] = env["loy.adjustment.list"].create(
            {
                "file": base64.b64encode(f"member,amount\n{member},1\n".encode()),
                "reason_id": made["loy.reason"].id,
                "unit_id": made["loy.unit"].id,
                "company_id": company.id,
            }
        )
        made["loy.adjustment.list"].action_loy_check()
        made["loy.adjustment.list.line"] = made["loy.adjustment.list"].line_ids
        made["loy.incomplete.notice"] = env["loy.incomplete.notice"].create(
            {"store_id": store.id, "company_id": company.id, "day": "2026-01-01"}
        )
        made["loy.purchase.day"] = env["loy.purchase.day"].create(
            {"store_id": store.id, "company_id": company.id, "day": "2026-01-01"}
        )
        made["loy.adjustment.limit"] = env["loy.adjustment.limit"].create(
            {"group_id": env.ref("loyalty_core.group_operator").id, "company_id": company.id}
        )
        api.card_issue({"key": "6", "member": member, "card_type": "A"})
        promotion = {"code": "P", "state": "active", "rewards": [{"kind": "percent", "value": 10}]}
        promotion["limits"] = {"total": 9}
        gift = {"kind": "points", "unit": "A", "amount": 1, "usable_when": {"kind": "basket_amount", "min": 500}}
        welcome = {"code": "W", "state": "active", "on": "registered", "rewards": [gift]}
        spend = {
            "code": "S",
            "state": "active",
            "rewards": [{"kind": "spend", "unit": "A", "max_percent": 50}],
        }
        pool = {"code": "A", "pattern": "A########", "size": 1, "codes": ["ANNA"]}
        coupon = {**promotion, "code": "C", "when": {"kind": "promo_code", "pool": "A"}, "limits": None}
        programme = {"code_pools": [pool], "promotions": [promotion, spend, coupon, welcome]}
        api.programme_apply({"key": "3", "programme": programme, "at": "2020-01-01T00:00:00Z"})
        made["loy.code.pool"] = env["loy.code.pool"].search([("company_id", "=", company.id)])
        made["loy.code.series"] = made["loy.code.pool"].series_ids
        env["loy.codes"]._export(made["loy.code.pool"], "csv").close()
        made["loy.code.export"] = made["loy.code.pool"].export_ids
        purchase = {
            "purchase": "A",
            "store": "A",
            "register": "A",
            "member": {"member": member},
            "lines": [{"id": "1", "sku": "X", "quantity": 1, "price": 100}],
            "spend": [{"unit": "A", "amount": 2}],
            "codes": ["ANNA"],
        }
        api.purchase_confirm({"key": "4", **purchase})
        api.offers_import({"key": "11", "offers": [{"member": member, "promotion": "P"}]})
        made["loy.report"] = env["loy.report"].create({"name": "A", "code": "sales_by_product", "is_shared": True})
        made["loy.publication"] = env["loy.publication"].create(
            {"promotion_id": made["loy.promotion"].id, "kind": "start", "company_id": company.id}
        )
        of_company = [("company_id", "=", company.id), ("login", "=like", "t_admin%")]
        made["loy.report.schedule"] = env["loy.report.schedule"].create(
            {
                "name": "A",
                "code": "sales_by_product",
                "emails": "a@example.com",
                "user_id": env["res.users"].search(of_company).id,
            }
        )
        made["loy.bench.case"] = env["loy.bench.case"].create(
            {
                "name": "A",
                "store_id": store.id,
                "line_ids": [(0, 0, {"sku": "X", "price": 1})],
                "payment_ids": [(0, 0, {"method": "card"})],
            }
        )
        made["loy.bench.line"] = made["loy.bench.case"].line_ids
        made["loy.bench.payment"] = made["loy.bench.case"].payment_ids
        made["loy.replay"] = env["loy.replay"].create(
            {
                "company_id": company.id,
                "date_to": fields.Date.today() + timedelta(days=1),
                "without_a_ids": env["loy.promotion"].search([("code", "=", "P"), ("company_id", "=", company.id)]),
            }
        )
        env["loy.replays"]._start(made["loy.replay"])
        while env["loy.replays"]._continue(made["loy.replay"]):
            pass
        for name in ("day", "category", "promotion", "receipt"):
            made[f"loy.replay.{name}"] = env[f"loy.replay.{name}"].search([("company_id", "=", company.id)])
        made["loy.offer"] = env["loy.offer"].search([("company_id", "=", company.id)])
        api.member_choose({"key": "12", "member": member, "choice": "A", "options": ["dairy"]})
        made["loy.member.choice"] = env["loy.member.choice"].search([("company_id", "=", company.id)])
        while env["loy.favourites"]._work_out_next(fields.Datetime.now()):
            pass
        for name in ("loy.favourite.mark", "loy.member.favourite"):
            made[name] = env[name].search([("company_id", "=", company.id)])
        made["loy.member.day"] = env["loy.member.day"].search([("member_id", "=", int(member))])
        made["loy.tier"] = env["loy.tier"].create({"code": "T", "name": "T", "company_id": company.id})
        env["loy.tiers"]._set(env["res.partner"].browse(int(member)), made["loy.tier"])
        for name in ("loy.member.tier", "loy.member.tier.grant"):
            made[name] = env[name].search([("member_id", "=", int(member))])
        api.purchase_hold({"key": "5", **purchase, "purchase": "B"})
        other = api.member_register({"key": "7", "email": f"t{company.id}@example.com"})["member"]
        third = api.member_register({"key": "8", "email": f"third{company.id}@example.com"})["member"]
        api.member_merge({"key": "9", "member": third, "into": other})
        made["loy.member.merge"] = env["loy.member.merge"].search([("merged_id", "=", int(third))])
        api.member_export({"member": member})
        made["loy.access.log"] = env["loy.access.log"].search([("member_id", "=", int(member))])
        owner = env["res.partner"].create({"name": "A", "is_loyalty_member": True, "company_id": company.id})
        pool = api.pool_create({"key": "10", "owner": str(owner.id)})["pool"]
        made["loy.pool"] = env["loy.pool"].browse(int(pool))
        made["loy.pool.member"] = made["loy.pool"].line_ids
        pair = {"member_id": int(member), "other_id": int(other), "reason": "phone", "score": 85}
        made["loy.duplicate"] = env["loy.duplicate"].create({**pair, "company_id": company.id})
        made["loy.audit"] = env["loy.audit"].search([("company_id", "=", company.id)])
        made["loy.duplicate.key"] = env["loy.duplicate.key"].create(
            {"member_id": int(member), "company_id": company.id, "seen_at": "2026-01-01"}
        )
        env["loy.ledger.days"]._seal()
        env["loy.ledger.days"]._fold()
        env["loy.sales.facts"]._fold_now()
        for name in ("sales.hour", "promotion.day", "category.day"):
            made[f"loy.{name}"] = env[f"loy.{name}"].search([("company_id", "=", company.id)])
        made["loy.promotion.effect"] = env["loy.promotion.effect"].create(
            {"promotion_id": made["loy.promotion"].id, "company_id": company.id, "day": "2026-01-01",
             "from_on": "2026-01-01", "to_on": "2026-01-01"}
        )  # fmt: skip
        unit = env["loy.unit"].search([("company_id", "=", company.id), ("code", "=", "A")])
        codes = {name: name for name in JOURNAL_CODES}
        made["loy.journal.account"] = env["loy.journal.account"].create(
            {"unit_id": unit.id, "company_id": company.id, **codes}
        )
        made["loy.journal.entry"] = env["loy.journals"]._make(made["loy.journal.account"])
        made["loy.journal.line"] = made["loy.journal.entry"].line_ids
        for name in ("ledger.day", "liability.report", "breakage.report"):
            made[f"loy.{name}"] = env[f"loy.{name}"].search([("company_id", "=", company.id)])
        units = env["loy.unit"].search([("company_id", "=", company.id)], limit=1)
        units |= env["loy.unit"].create({"code": "RATE", "name": "Other", "company_id": company.id})
        made["loy.conversion.rate"] = env["loy.conversion.rate"].create(
            {
                "code": "RATE",
                "name": "Rate",
                "unit_id": units[0].id,
                "to_unit_id": units[1].id,
                "company_id": company.id,
            }
        )
        made["loy.expiry.policy"] = env["loy.expiry.policy"].create(
            {"code": "A", "name": "A", "unit_id": made["loy.unit"].id, "days": 9, "company_id": company.id}
        )
        while env["loy.expiry"]._redate(company.id, made["loy.unit"].id, fields.Datetime.now()):
            pass
        made["loy.expiry.mark"] = env["loy.expiry.mark"].search([("company_id", "=", company.id)])
        made["loy.trigger.mark"] = env["loy.trigger.mark"].create({"company_id": company.id, "done_on": "2026-01-01"})
        made["loy.reward"] = env["loy.reward"].create(
            {"code": "GIFT", "name": "Gift", "unit_id": units[0].id, "points": 1, "company_id": company.id,
             "gives_text": '{"unit": "RATE", "amount": 1}'}
        )  # fmt: skip
        made["loy.bench.reward"] = env["loy.bench.reward"].create(
            {"case_id": made["loy.bench.case"].id, "reward_id": made["loy.reward"].id}
        )
        made["loy.bench.return"] = env["loy.bench.return"].create(
            {"case_id": made["loy.bench.case"].id, "line_ref": "1", "sku": "X", "quantity": 1}
        )
        made["loy.redemption"] = env["loy.redemption"].create(
            {
                "reward_id": made["loy.reward"].id,
                "member_id": int(member),
                "company_id": company.id,
                "points_minor": 1,
                "redeemed_at": now,
            }
        )
        made["loy.referral"] = env["loy.referral"].create(
            {"member_id": int(member), "friend_id": int(other), "company_id": company.id, "joined_at": now}
        )
        made["loy.conversion"] = env["loy.conversion"].create(
            {"code": "C", "name": "C", "unit_id": units[0].id, "gives_text": '{"unit": "RATE", "amount": 1}',
             "company_id": company.id}
        )  # fmt: skip
        made["loy.conversion.run"] = env["loy.conversion.run"].create(
            {"conversion_id": made["loy.conversion"].id, "company_id": company.id, "due_on": "2026-01-01"}
        )
        made["loy.conversion.gift"] = env["loy.conversion.gift"].create(
            {
                "conversion_id": made["loy.conversion"].id,
                "due_on": "2026-01-01",
                "account_id": env["loy.account"].search([("member_id", "=", int(member))], limit=1).id,
                "member_id": int(member),
                "company_id": company.id,
                "taken_minor": 1,
                "given_at": now,
            }
        )
        for name in BOOKED.split():
            path = "hold_id.company_id" if name == "hold.line" else "company_id"
            made[f"loy.{name}"] = env[f"loy.{name}"].search([(path, "=", company.id)])
        return made

    def test_there_is_a_record_of_every_model_that_belongs_to_companies(self):
        for model in parse(TABLE):
            if "company_id" in self.env[model]._fields and not self.env[model]._transient:
                for made in self.records:
                    if model not in ("loy.card", "loy.card.log", "loy.request"):
                        self.assertTrue(made.get(model), f"no record of {model} to look at")

    def test_everybody_sees_the_own_records_and_not_the_others(self):
        for model, mine in self.records[0].items():
            theirs = self.records[1][model]
            self.assertTrue(mine and theirs, model)
            for user, own, others in ((self.users[0], mine, theirs), (self.users[1], theirs, mine)):
                visible = self.env[model].with_user(user).with_context(active_test=False).search([])
                with self.subTest(model=model, user=user.login):
                    self.assertEqual(own & visible.sudo(), own)
                    self.assertFalse(others & visible.sudo())
                    with self.assertRaises(AccessError):
                        others.with_user(user).check_access("read")

    def test_shared_records_are_everybodys(self):
        unit = self.env["loy.unit"].create({"code": "SHARED", "name": "Shared", "company_id": False})
        for user in self.users:
            self.assertIn(unit, self.env["loy.unit"].with_user(user).search([]).sudo())
