"""All that a promotion did in a period, for one screen."""

from datetime import date, timedelta

from odoo import fields, models
from odoo.tools import SQL, format_datetime
from psycopg2.errors import QueryCanceled

from ..sql import effects as sql
from .errors import LoyaltyError

#: A screen shows no more at once.
DAYS_MAX = 366
STORES_MAX = 50
TIMEOUT = "60s"


class LoyPromotionAnalytics(models.AbstractModel):
    """Sums are of the rows that the user may see: whoever answers for a store sees what it did there."""

    _name = "loy.promotion.analytics"
    _description = "Analytics of promotions"

    def _of(self, promotion, from_: date | None, to: date | None, population: str, company_id: int | None) -> dict:
        company = self._company(promotion, company_id)
        is_usual = not from_ and not to and population == "customers"
        days = self.env["loy.promotion.day"]
        mine = [("promotion_id", "=", promotion.id), ("company_id", "=", company.id)]
        ((first, last),) = days._read_group(mine, [], ["day:min", "day:max"])
        today = self.env["loy.effects"]._today(company)
        to = to or min(today, promotion.ends_on or today)
        from_ = from_ or max((one for one in (promotion.starts_on, first) if one), default=to)
        from_ = max(min(from_, to), to - timedelta(days=DAYS_MAX - 1))
        period = [("company_id", "=", company.id), ("day", ">=", from_), ("day", "<=", to)]
        mine += period[1:]
        # Units are known to whoever sees points.
        worth = dict(self.env.execute_query(sql.worth_of_units(company.id)))
        moment = self.env["loy.sales.facts"]._told_until()
        all_receipts = self._receipts(period, ["store_id"])
        return {
            "name": promotion.display_name,
            "code": promotion.code,
            "state": promotion.state,
            "state_told": dict(promotion._fields["state"]._description_selection(self.env))[promotion.state],
            "currency_id": company.currency_id.id,
            "as_of": format_datetime(self.env, moment, dt_format="short") if moment else "",
            "from_on": fields.Date.to_string(from_),
            "to_on": fields.Date.to_string(to),
            "first_on": fields.Date.to_string(first) if first else False,
            "last_on": fields.Date.to_string(last) if last else False,
            "is_event": promotion.on_event != "purchase",
            "occurrence_count": self._occurrences(promotion),
            "total": self._total(mine, worth, sum(all_receipts.values())),
            "parts": self._parts(mine, period, worth),
            "units": self._units(mine, worth),
            "days": self._by_day(mine, worth, from_, to),
            "stores": self._by_store(mine, worth, all_receipts),
            "control": self._control(promotion, company, None if is_usual else (from_, to, population)),
        }

    def _company(self, promotion, company_id: int | None):
        """Whose sums are told: of the promotion's own company; of what is shared, of the one asked for or chosen."""
        company = promotion.company_id or self.env["res.company"].browse(company_id or ()) or self.env.company
        if company not in self.env.companies:
            raise LoyaltyError(
                "bad_company",
                self.env._("These sums are of another company. Choose it in the list of companies first."),
            )
        return company

    def _occurrences(self, promotion) -> int | None:
        """How often an event gave it; None for whoever may not see that."""
        return promotion.occurrence_count if self.env["loy.promotion.occurrence"].has_access("read") else None

    # ------------------------------------------------------------------ sums

    def _receipts(self, domain: list, groupby: list[str]) -> dict:
        """Of all promotions and none."""
        return {
            row[0].id if groupby == ["store_id"] else row[0]: row[1]
            for row in self.env["loy.sales.hour"]._read_group(domain, groupby, ["receipt_count:sum"])
        }

    def _rows(self, domain: list, key: str, worth: dict[int, float]) -> dict:
        """Key → sums; points of all units in money."""
        names = ("receipt_count", "amount", "touched", "discount", "spent", "points")
        found: dict = {}
        for what, unit, *sums in self.env["loy.promotion.day"]._read_group(
            domain, [key, "unit_id"], [f"{name}:sum" for name in names]
        ):
            known = found.setdefault(what, dict.fromkeys((*names[:-1], "points_worth"), 0.0))
            for name, value in zip(names[:-1], sums, strict=False):
                known[name] += value or 0.0
            known["points_worth"] += (sums[-1] or 0.0) * worth.get(unit.id, 0.0)
        return {what: self._told(sums) for what, sums in found.items()}

    def _told(self, sums: dict, receipts: float = 0) -> dict:
        """Sums with what is divided of them."""
        count, touched = sums["receipt_count"], sums["touched"]
        return {
            **sums,
            "cost": sums["discount"] + sums["points_worth"],
            "average": sums["amount"] / count if count else 0.0,
            "discount_percent": 100 * sums["discount"] / touched if touched else 0.0,
            "share": 100 * count / receipts if receipts else 0.0,
        }

    def _total(self, domain: list, worth: dict[int, float], receipts: float) -> dict:
        rows = self._rows(domain, "is_member", worth).values()
        names = ("receipt_count", "amount", "touched", "discount", "spent", "points_worth")
        return self._told({name: sum(row[name] for row in rows) for name in names}, receipts)

    def _parts(self, domain: list, period: list, worth: dict[int, float]) -> list[dict]:
        rows, receipts = self._rows(domain, "is_member", worth), self._receipts(period, ["is_member"])
        labels = {True: self.env._("Members"), False: self.env._("Without a member")}
        return [
            {"name": labels[is_member], **self._told(row, receipts.get(is_member, 0))}
            for is_member, row in sorted(rows.items(), reverse=True)
        ]

    def _units(self, domain: list, worth: dict[int, float]) -> list[dict]:
        """What was given and taken of each unit."""
        rows = self.env["loy.promotion.day"]._read_group(
            [*domain, ("unit_id", "!=", False)], ["unit_id"], ["points:sum", "spent:sum"]
        )
        return [
            {
                "name": unit.display_name,
                "points": points or 0.0,
                "worth": (points or 0.0) * worth.get(unit.id, 0.0),
                "spent": spent or 0.0,
            }
            for unit, points, spent in rows
        ]

    def _by_day(self, domain: list, worth: dict[int, float], from_: date, to: date) -> list[dict]:
        """Every day of the period, those without anything too."""
        rows = self._rows(domain, "day:day", worth)
        nothing = dict.fromkeys(("receipt_count", "amount", "discount", "points_worth", "spent"), 0.0)
        days = (from_ + timedelta(days=count) for count in range((to - from_).days + 1))
        return [{"day": fields.Date.to_string(day), **rows.get(day, nothing)} for day in days]

    def _by_store(self, domain: list, worth: dict[int, float], receipts: dict[int, float]) -> list[dict]:
        rows = self._rows(domain, "store_id", worth)
        told = [
            {"id": store.id, "name": store.display_name, **self._told(row, receipts.get(store.id, 0))}
            for store, row in rows.items()
        ]
        return sorted(told, key=lambda row: (-row["receipt_count"], row["name"]))[:STORES_MAX]

    # ------------------------------------------------------------------ the control group

    def _control(self, promotion, company, asked: tuple[date, date, str] | None) -> dict | None:
        """What the control group shows of the days and members asked for, or as the last night found it; None where
        there was none, or for whoever may not see it."""
        effects = self.env["loy.promotion.effect"]
        if not effects.has_access("read") or self.env["res.users"]._loy_bound_store_ids():
            return None
        history = effects.search(
            [("promotion_id", "=", promotion.id), ("company_id", "=", company.id)], order="day desc", limit=DAYS_MAX
        )
        values = (not asked and self._kept(history[:1])) or self._measured(promotion, company, *(asked or ()))
        if values is None:
            return None
        return {
            **values,
            "began_on": fields.Date.to_string(values["began_on"]),
            "from_on": fields.Date.to_string(values["from_on"]),
            "to_on": fields.Date.to_string(values["to_on"]),
            "computed_at": fields.Datetime.to_string(values["computed_at"]),
            "told": self.env["loy.effects"]._told(values),
            "history": [
                {
                    "day": fields.Date.to_string(one.day),
                    "uplift": one.uplift,
                    "low": one.uplift_low,
                    "high": one.uplift_high,
                }
                for one in reversed(history)
                if one.is_relative
            ],
        }

    def _kept(self, effect) -> dict | None:
        """What the last night found; None where it did not look."""
        if not effect or effect.day < self.env["loy.effects"]._today(effect.company_id) - timedelta(days=1):
            return None
        names = [name for name, field in effect._fields.items() if field.store and not field.relational]
        return effect.read(names)[0]

    def _measured(self, promotion, company, *asked) -> dict | None:
        """Measured while somebody waits, who does not wait for ever."""
        self.env.flush_all()
        try:
            with self.env.cr.savepoint(flush=False) as savepoint:
                self.env.cr.execute(SQL("SET LOCAL statement_timeout = %s", TIMEOUT))
                # Groups are counted over all members; the one who asks sees sums only, and may see those.
                values = self.env["loy.effects"].sudo()._measure(promotion, company, *asked)
                savepoint.rollback()
        except QueryCanceled:
            raise LoyaltyError(
                "effect_too_long", self.env._("It takes too long to compare the groups. Choose a shorter period.")
            ) from None
        return values
