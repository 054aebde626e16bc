"""The ready reports beside SQL over the data set's own files: the same figures, to the cent."""

from collections import Counter
from decimal import Decimal

from .data import Journey
from .till import TIME_ZONE, UNIT

#: As many rows as a report tells at most.
MOST = 5_000


class Reports:
    """The reports of the whole journey, as an administrator sees them."""

    def __init__(self, env, journey: Journey, upto: int):
        env["loy.sales.facts"]._fold_now()
        self._env = env(user=env.ref("base.user_admin").id)
        self._journey, self._upto = journey, upto
        days = [day for day, *_sums in journey.days(upto, TIME_ZONE)]
        self._period = {"period": "custom", "from": str(min(days)), "to": str(max(days))}

    def differences(self) -> list[tuple[str, object, object]]:
        """(law, what the data set says, what the report says)."""
        return [
            ("sales by day", self._journey.days(self._upto, TIME_ZONE), self._told("sales_by_day", "day")),
            ("sales by store", self._journey.by_store(self._upto), self._told("sales_by_store", "store")),
            ("sales by category", self._journey.by_category(self._upto), self._categories()),
            ("sales by product", *self._products()),
            ("all receipts are of members", self._journey.sums(self._upto)["receipts"], self._of_members()),
            ("purchases of the best customers", self._journey.by_household(self._upto), self._customers()),
            ("active members by month", self._journey.active(self._upto, TIME_ZONE), self._active()),
            ("points given, spent and left", self._ledger(), self._statement()),
        ]

    def _rows(self, code: str, **params) -> list[dict]:
        return self._env["loy.reports"]._tell(code, {**self._period, **params}, 1_000_000)["rows"]

    def _told(self, code: str, key: str) -> list[tuple]:
        """(key, receipts, shelf amount) of the rows that have any."""
        rows = self._rows(code)
        name = (lambda value: int(value.removeprefix("Store "))) if key == "store" else (lambda value: value)
        return sorted((name(row[key]), row["receipts"], cents(row["base"])) for row in rows if row["receipts"])

    def _categories(self) -> list[tuple]:
        """(code, quantity, shelf amount)."""
        rows = self._rows("sales_by_category")
        categories = self._env["product.category"].browse([row["categ_id"] for row in rows if row["categ_id"]])
        codes = {one.id: one.loy_code for one in categories}
        return sorted(
            (codes.get(row["categ_id"], ""), round(row["quantity"]), cents(row["base"])) for row in rows
        )

    def _products(self) -> tuple[list[tuple], list[tuple]]:
        """(number, quantity, shelf amount) of those that sold for most: by the data set, and by the report."""
        rows = self._rows("sales_by_product", limit=MOST)
        told = sorted((int(row["sku"]), round(row["quantity"]), cents(row["base"])) for row in rows)
        known, everything = {number for number, *_sums in told}, self._journey.by_product(self._upto)
        wanted = [one for one in everything if one[0] in known]
        return wanted + [("missing",)] * (min(len(everything), MOST) - len(wanted)), told

    def _of_members(self) -> int:
        return sum(row["receipts"] for row in self._rows("member_share") if row["is_member"])

    def _customers(self) -> list[tuple]:
        """(household, purchases)."""
        rows = self._rows("best_customers", limit=MOST)
        members = self._env["res.partner"].browse([row["member_id"] for row in rows])
        household = {one.id: int(one.loy_external_id.removeprefix("household-")) for one in members}
        return sorted((household[row["member_id"]], row["purchases"]) for row in rows)

    def _active(self) -> list[tuple]:
        """(month, active, new, stayed, came back, lost)."""
        names = ("day", "active", "new", "stayed", "back", "lost")
        return [tuple(row[name] for name in names) for row in self._rows("members_active")]

    def _ledger(self) -> tuple:
        """(given, spent, left) by the entries themselves."""
        of_unit = [("unit_id.code", "=", UNIT)]
        moved = Counter(dict(self._env["loy.entry"]._read_group(of_unit, ["kind"], ["delta_minor:sum"])))
        return moved["accrue"], moved["spend"], sum(moved.values())

    def _statement(self) -> tuple:
        unit = self._env["loy.unit"].search([("code", "=", UNIT)])
        rows = [row for row in self._rows("points_statement") if row["unit_id"] == unit.id]
        return tuple(sum(round(row[name]) for row in rows) for name in ("issued", "redeemed", "closing"))


def cents(amount) -> Decimal:
    return Decimal(round((amount or 0) * 100)) / 100
