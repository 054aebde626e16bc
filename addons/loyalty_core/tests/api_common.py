"""What tests of the API share: an integrator, a small programme, short calls, and the state of all tables."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count

from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import SQL

#: Long before any receipt of these tests.
BEGINNING = "2020-01-01T00:00:00Z"

PROGRAMME = {
    "settings": {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "forward_days": 1, "guess_misses": 0},
    "units": [
        {"code": "T_BONUS", "name": "Bonus", "decimals": 0, "rate": 1},
        {"code": "T_MILES", "name": "Miles", "decimals": 2, "rate": 0.1},
    ],
    "groups": [{"code": "t_discounts", "sequence": 20}, {"code": "t_points", "sequence": 30}],
    "networks": [{"code": "T_N1", "name": "Network"}],
    "stores": [
        {"code": "T_S1", "name": "Store 1", "timezone": "Europe/Kyiv", "network": "T_N1"},
        {"code": "T_S2", "name": "Store 2", "timezone": "America/New_York"},
    ],
    "registers": [{"store": "T_S1", "code": "R1"}],
    "brands": [{"code": "T_ACME", "name": "Acme"}],
    "categories": [
        {"code": "T_DRINKS", "name": "Drinks"},
        {"code": "T_COFFEE", "name": "Coffee", "parent": "T_DRINKS"},
    ],
    "products": [
        {
            "sku": "T-1001",
            "name": "Espresso",
            "category": "T_COFFEE",
            "brand": "T_ACME",
            "price": 45,
            "min_price": 10,
        },
        {"sku": "T-1002", "name": "Bun", "price": 20},
    ],
    "promotions": [
        {
            "code": "T_COFFEE10",
            "state": "active",
            "group": "t_discounts",
            "when": {"kind": "basket_quantity", "target": {"category": ["T_DRINKS"]}, "min": 2},
            "rewards": [{"kind": "percent", "value": 10, "target": {"category": ["T_DRINKS"]}}],
        },
        {
            "code": "T_BASE5",
            "state": "active",
            "group": "t_points",
            "rewards": [{"kind": "points", "unit": "T_BONUS", "percent": 5}],
        },
        {
            "code": "T_SPEND",
            "state": "active",
            "group": "t_points",
            "rewards": [{"kind": "spend", "unit": "T_BONUS", "max_percent": 50}],
        },
    ],
}


class ApiCase(TransactionCase):
    """A company with the programme above, one member, and an integrator who may call nothing but the API."""

    programme = PROGRAMME

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.country_id = cls.env.ref("base.ua")
        # What demo data and other tests left in the database is not what is tested here.
        cls.env["loy.promotion"].search([("state", "=", "active")]).state = "paused"
        cls.keys = count(1)
        cls.integrator = cls.new_integrator("t_integrator")
        cls.api = cls.env["loy.api"].with_user(cls.integrator)
        cls.apply(cls.programme)
        cls.member = cls.call(
            "member_register",
            phone="+380671110001",
            email="ann@example.com",
            first_name="Ann",
            last_name="Lee",
        )["member"]

    @classmethod
    def new_integrator(cls, login, **values):
        return new_test_user(cls.env, login, groups="loyalty_core.group_integrator", tz="UTC", **values)

    # ------------------------------------------------------------------ calls

    @classmethod
    def new_key(cls):
        return f"key-{next(cls.keys)}"

    @classmethod
    def call(cls, method, api=None, **request):
        """The answer to a request; one that changes something gets a key of its own unless it has one.

        Keys that are Python's words end with an underscore.
        """
        api = cls.api if api is None else api
        function = getattr(api, method)
        request = {key.removesuffix("_"): value for key, value in request.items()}
        if "key" in function.loy_request.__dataclass_fields__:
            request.setdefault("key", cls.new_key())
        return function(request)

    def refused(self, code, method, /, **request):
        """The text of the refusal with this code that a request must meet; nothing has changed by it."""
        before = self.state()
        with self.assertRaises(ApiError) as caught:
            self.call(method, **request)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        self.assertEqual(self.changes(before), {})
        return str(caught.exception)

    @classmethod
    def apply(cls, programme, **request):
        request.setdefault("at", BEGINNING)
        return cls.call("programme_apply", programme=programme, **request)

    @classmethod
    def promotion(cls, code, *rewards, **values):
        """A document of an active promotion."""
        return {"code": code, "state": "active", "group": "t_discounts", "rewards": list(rewards), **values}

    # ------------------------------------------------------------------ purchases

    @classmethod
    def basket(cls, **values):
        """Two espressos and a bun of the member, now: 110.00, and 101.00 after 10 % off coffee."""
        return {
            "store": "T_S1",
            "member": {"member": cls.member},
            "lines": [
                {"id": "1", "sku": "T-1001", "quantity": 2, "price": 45.00},
                {"id": "2", "sku": "T-1002", "quantity": 1},
            ],
            **values,
        }

    def give(self, amount, unit="T_BONUS", member=None, **values):
        return self.call("account_accrue", member=member or self.member, unit=unit, amount=amount, **values)

    def balance(self, unit="T_BONUS", member=None, **values):
        """The balance of a unit; zeros for an account that is not there yet."""
        (found,) = self.call("account_balance", member=member or self.member, unit=unit, **values)[
            "balances"
        ] or [{}]
        return {name: found.get(name, 0) for name in ("active", "pending", "held", "debt", "available")}

    def available(self, unit="T_BONUS"):
        return self.balance(unit)["available"]

    def purchase_of(self, number):
        purchase = self.env["loy.purchase"].search([("number", "=", number)])
        purchase.invalidate_recordset()
        return purchase

    def assert_books(self):
        books = self.call("books_check")
        self.assertTrue(books["ok"], books["differences"])

    # ------------------------------------------------------------------ the state of the database

    def state(self):
        """Table → digest of all its rows, for each table that a call of the API could touch."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT table_name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND table_name <> 'loy_meter'
               AND (table_name LIKE 'loy\\_%%' OR table_name LIKE 'product\\_%%'
                    OR table_name IN ('res_partner', 'mail_message', 'res_users', 'res_company'))
             ORDER BY 1
            """
        )
        tables = [table for (table,) in self.env.cr.fetchall()]
        digests = SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s, count(*) || ' ' || md5(COALESCE(string_agg(row, '' ORDER BY row), '')) "
                "FROM (SELECT md5(t::text) AS row FROM %s t) AS rows",
                table,
                SQL.identifier(table),
            )
            for table in tables
        )
        self.env.cr.execute(digests)
        return dict(self.env.cr.fetchall())

    def changes(self, before):
        """The tables that are not as they were."""
        return {table: digest for table, digest in self.state().items() if before.get(table) != digest}

    @contextmanager
    def undone(self):
        """What happens in it, leaves no trace."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            self.env.flush_all()
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    @contextmanager
    def read_only(self):
        """The database refuses any change."""
        self.env.flush_all()
        with self.undone():
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            yield


def ago(**units):
    """A moment in the past as a request says it, in UTC."""
    return (datetime.utcnow() - timedelta(**units)).isoformat(timespec="seconds") + "Z"
