"""What came of the receipts: figures read from the database, and every difference from what they must be."""

import json
from decimal import Decimal

from odoo.tools import SQL

from .till import UNIT

PURCHASES = """
    SELECT count(*), sum(base)::text, sum(discount)::text, sum(spent)::text, sum(to_pay)::text,
           count(*) FILTER (WHERE discount > 0), count(*) FILTER (WHERE spent > 0)
      FROM loy_purchase WHERE kind = 'sale' AND state = 'confirmed'
"""
LINES = "SELECT count(*), sum(base)::text, sum(amount)::text FROM loy_purchase_line"
# Points that promotions gave, by what the receipts say.
USES = "SELECT sum(points)::text, sum(discount)::text FROM loy_purchase_promotion"
POINTS = """
    SELECT entry.kind, sum(entry.delta_minor)::int8
      FROM loy_entry AS entry JOIN loy_unit AS unit ON unit.id = entry.unit_id AND unit.code = %s
     GROUP BY entry.kind
"""
ACCOUNTS = """
    SELECT coalesce(sum(account.total_minor - account.debt_minor), 0)::int8,
           count(*) FILTER (WHERE account.debt_minor > 0)
      FROM loy_account AS account JOIN loy_unit AS unit ON unit.id = account.unit_id AND unit.code = %s
     WHERE account.kind = 'member'
"""
PROMOTIONS = """
    SELECT promotion.code, count(*), sum(one.discount)::text, sum(one.points)::int8
      FROM loy_purchase_promotion AS one JOIN loy_promotion AS promotion ON promotion.id = one.promotion_id
     GROUP BY promotion.code ORDER BY promotion.code
"""


def collect(env, expected: dict, run: dict, told: list[tuple] = ()) -> dict:
    """The report; ``differences`` names what is not as it must be. ``told`` are laws of ready reports: (law, what the
    data set says, what the report says).
    """

    def rows(query, *values):
        return env.execute_query(SQL(query, *values))

    def exact(*sums):
        # As text, since Odoo reads numeric columns as floats.
        return [Decimal(one or 0) for one in sums]

    ((receipts, *sums, discounted, paid_with_points),) = rows(PURCHASES)
    base, discount, spent, to_pay = exact(*sums)
    ((lines, *sums),) = rows(LINES)
    lines_base, lines_amount = exact(*sums)
    given, given_discount = exact(*rows(USES)[0])
    moved = dict(rows(POINTS, UNIT))
    ((outstanding, in_debt),) = rows(ACCOUNTS, UNIT)
    rate = Decimal(str(env["loy.unit"].search([("code", "=", UNIT)]).rate))
    issued, redeemed, expired = (
        moved.get("accrue", 0),
        -moved.get("spend", 0),
        -moved.get("expire", 0),
    )
    books = env["loy.ledger"]._check_books()
    laws = [
        ("receipts are those of the data set", expected["receipts"], receipts),
        ("lines are those of the data set", expected["lines"], lines),
        ("turnover is that of the data set", expected["turnover"], base),
        ("turnover of lines is that of receipts", base, lines_base),
        ("base = discount + paid with points + to pay", base, discount + spent + to_pay),
        ("lines' amounts are what was paid", to_pay, lines_amount),
        ("discounts of promotions are those of receipts", discount, given_discount),
        ("points issued are those that receipts say", given, issued),
        ("points spent at their rate are the money paid with them", spent, redeemed * rate),
        ("issued = spent + expired + outstanding", issued, redeemed + expired + outstanding),
        ("no account is in debt", 0, in_debt),
        ("no other movements", [], sorted(moved.keys() - {"accrue", "spend", "expire"})),
        *((f"report: {law}", *first_difference(wanted, found)) for law, wanted, found in told),
    ]
    differences = [
        f"{law}: {wanted} expected, {found} found" for law, wanted, found in laws if wanted != found
    ] + [f"books_check: {difference}" for difference in books["differences"]]
    return {
        "ok": not differences,
        "receipts": receipts,
        "lines": lines,
        "turnover": base,
        "discount": discount,
        "receipts_discounted": discounted,
        "paid_with_points": spent,
        "receipts_with_points": paid_with_points,
        "to_pay": to_pay,
        "points_issued": issued,
        "points_spent": redeemed,
        "points_expired": expired,
        "points_outstanding": outstanding,
        "liability": outstanding * rate,
        "promotions": {
            code: {"uses": uses, "discount": Decimal(off), "points": points}
            for code, uses, off, points in rows(PROMOTIONS)
        },
        "oddities": expected["oddities"],
        "books_check": books,
        "run": run,
        "reports_checked": len(told),
        "differences": differences,
    }


def first_difference(wanted, found) -> tuple:
    """Of two lists only what differs first: they may be long."""
    if not isinstance(wanted, list) or wanted == found:
        return wanted, found
    here, there = set(map(tuple, wanted)), set(map(tuple, found))
    return min(here - there, default=None), min(there - here, default=None) or f"{len(found)} rows"


def as_json(report: dict) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False, default=float)


def as_text(report: dict) -> str:
    run = report["run"]
    rows = [
        ("receipts", f"{report['receipts']:,}"),
        ("lines", f"{report['lines']:,}"),
        ("turnover", f"{report['turnover']:,.2f}"),
        ("discount", f"{report['discount']:,.2f} on {report['receipts_discounted']:,} receipts"),
        (
            "paid with points",
            f"{report['paid_with_points']:,.2f} on {report['receipts_with_points']:,} receipts",
        ),
        ("paid", f"{report['to_pay']:,.2f}"),
        ("points issued", f"{report['points_issued']:,}"),
        ("points spent", f"{report['points_spent']:,}"),
        ("points expired", f"{report['points_expired']:,}"),
        ("points outstanding", f"{report['points_outstanding']:,}"),
        ("liability", f"{report['liability']:,.2f}"),
        ("receipts a second", f"{run['receipts_per_second']:.1f} ({run['receipts']:,} receipts in this run)"),
        ("calculate, median", f"{run['calculate_ms']:.1f} ms"),
        ("confirm, median", f"{run['confirm_ms']:.1f} ms"),
        ("peak memory", f"{run['peak_mb']:.0f} MB ({run['growth_mb']:+.0f} MB over the last nine tenths)"),
        ("books_check", "ok" if report["books_check"]["ok"] else "DIFFERS"),
        ("", ", ".join(f"{count:,} {name}" for name, count in report["books_check"]["checked"].items())),
    ]
    text = [f"{name:<20}{value}" for name, value in rows]
    text += ["", "promotions"]
    text += [
        f"  {code:<20}{one['uses']:>9,} uses {one['discount']:>14,.2f} off {one['points']:>12,} points"
        for code, one in report["promotions"].items()
    ]
    text += ["", "strange lines, none of them left out"]
    text += [f"  {count:>9,}  {name}" for name, count in report["oddities"].items()]
    text += ["", f"{report['reports_checked']} ready reports are what SQL over the data set says"]
    text += ["", *[f"DIFFERS: {difference}" for difference in report["differences"]]]
    text += ["ok: turnover is the data set's own, to the cent" if report["ok"] else "FAILED"]
    return "\n".join(text)
