"""What a report is asked, and the rows of the database that whoever asks may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from odoo.fields import Date, Domain
from odoo.tools import SQL

from ..services import clock

#: A clock on the wall is at most so far from UTC.
CLOCKS = timedelta(hours=26)
STEPS = ("day", "week", "month")


@dataclass(frozen=True)
class Ask:
    """The question: a period of days, what was chosen, and whose eyes look.

    Of money it is asked in one currency only: ``companies`` are those of the user's choice that keep it.
    """

    env: object
    source: str
    companies: tuple[int, ...]
    timezone: str
    today: date
    from_: date
    to: date
    step: str = "day"
    stores: tuple[int, ...] | None = None
    promotions: tuple[int, ...] = ()
    unit: object = None
    channel: str = ""
    limit: int = 100
    days: int = 90

    # ------------------------------------------------------------------ rows

    def facts(
        self,
        *more,
        model: str | None = None,
        day: str | None = "day",
        at: str | None = None,
        store: str | None = "store_id",
    ) -> SQL:
        """What stands after FROM: the rows of the model that the user may read, of the companies, the period and the
        places. Their table is called by its own name.

        ``day`` is the field with the day, ``at`` an instant that has an index where the day has none.
        """
        domain = self.of_companies() & self.within(day, at)
        if store:
            domain &= self.of_places(store)
        return self._rows(self.env[model or self.source], domain, *more)

    def _rows(self, records, domain: Domain, *more) -> SQL:
        """A search of the ORM: access rights and record rules hold because it is."""
        query = records.with_context(active_test=False)._search(domain & Domain.AND(Domain(one) for one in more))
        table = SQL.identifier(records._table)
        return SQL("(%s) AS %s", query.select(SQL("%s.*", table)), table)

    def of_companies(self, name: str = "company_id") -> Domain:
        """Rows of the companies; members and what else is shared belong to all of them."""
        return Domain(name, "in", [*self.companies, False])

    def within(self, day: str | None = "day", at: str | None = None) -> Domain:
        """Days of the period; an instant of the same is near to them, whatever clock the day is of.

        What has an instant and no day, as receipts of earlier versions, is of the day on the clock of the programme.
        """
        domain = Domain.TRUE
        if day:
            domain = Domain(day, ">=", self.from_) & Domain(day, "<=", self.to)
        if at:
            begin, end = (datetime.combine(one, time.min) for one in (self.from_, self.to + timedelta(days=1)))
            exact = [clock.to_utc(one, self.timezone) for one in (begin, end)]
            if day:
                domain |= Domain(day, "=", False) & Domain(at, ">=", exact[0]) & Domain(at, "<", exact[1])
            domain &= Domain(at, ">=", begin - CLOCKS) & Domain(at, "<", end + CLOCKS)
        return domain

    def of_places(self, store: str = "store_id") -> Domain:
        """Rows of the stores that were chosen, among those to which the user is bound."""
        domain = Domain.TRUE
        if self.stores is not None:
            domain &= Domain(store, "in", self.stores)
        if bound := self.env["res.users"]._loy_bound_store_ids():
            domain &= Domain(store, "in", list(bound))
        return domain

    def purchases(self, *more) -> SQL:
        """Receipts and returns that count, by the day on the wall clock of the store."""
        return self.facts(
            [("state", "in", ("confirmed", "returned"))], *more, self._of_channel(),
            model="loy.purchase", day="purchased_on", at="purchased_at",
        )  # fmt: skip

    def sales(self) -> SQL:
        """Sums of receipts by hours."""
        return self.facts(self._of_channel(), model="loy.sales.hour")

    def uses(self) -> SQL:
        """What promotions gave by days, of those that were chosen."""
        chosen = Domain("promotion_id", "in", self.promotions) if self.promotions else Domain.TRUE
        return self.facts(chosen, model="loy.promotion.day")

    def lines(self, *more) -> SQL:
        """Lines of receipts and returns that count. Whoever sees how a brand sells need not see receipts."""
        return self._rows(self.env["loy.purchase.line"], Domain("purchase_id", "any!", self._counted()), *more)

    def _counted(self) -> Domain:
        """Receipts and returns that count, as a condition."""
        return (
            Domain("state", "in", ("confirmed", "returned"))
            & self.of_companies()
            & self.within("purchased_on", "purchased_at")
            & self.of_places()
            & self._of_channel()
        )

    def members(self, *more, at: str | None = None) -> SQL:
        """Members by the stores that they prefer; ``at`` is the instant that lies in or near the period."""
        return self.facts(
            [("is_loyalty_member", "=", True), ("active", "=", True), ("loy_merged_into_id", "=", False)],
            *more,
            model="res.partner",
            day=None,
            at=at,
            store="loy_store_id",
        )

    def is_buying(self) -> SQL:
        """Whether a member has bought something within the days that were asked for, as far as the user may see."""
        since = datetime.combine(self.today, time.min) - timedelta(days=self.days)
        sales = self.facts(
            [("kind", "=", "sale"), ("state", "=", "confirmed"), ("purchased_at", ">=", since)],
            model="loy.purchase",
            day=None,
        )
        return SQL(
            "EXISTS (SELECT 1 FROM %s WHERE loy_purchase.member_id = res_partner.id)", sales
        )

    def _of_channel(self) -> Domain:
        return Domain("channel", "=", self.channel) if self.channel else Domain.TRUE

    # ------------------------------------------------------------------ what is behind a row

    def receipts_behind(self, which: list, first: str | date | None = None) -> tuple[str, list] | None:
        """Receipts and returns of the period that count; of one step of it where its first day is named."""
        if not self.env["loy.purchase"].has_access("read"):
            return None
        days = self.within("purchased_on", "purchased_at")
        if first:
            begin = Date.to_date(first)
            end = begin + relativedelta(**{f"{self.step}s": 1})
            days &= Domain("purchased_on", ">=", begin) & Domain("purchased_on", "<", end)
        counted = Domain("state", "in", ("confirmed", "returned"))
        return "loy.purchase", list(counted & days & self.of_places() & self._of_channel() & Domain(which))

    def lines_behind(self, which: list) -> tuple[str, list] | None:
        return self._behind_of_purchases("loy.purchase.line", self._counted(), which)

    def uses_behind(self, which: list) -> tuple[str, list] | None:
        """Uses of promotions; the store is that of the receipt."""
        of_store = Domain.AND([one] for one in which if one[0] == "store_id")
        others = [one for one in which if one[0] != "store_id"]
        return self._behind_of_purchases("loy.purchase.promotion", self._counted() & of_store, others)

    def _behind_of_purchases(self, model: str, purchases: Domain, which: list) -> tuple[str, list] | None:
        """Rows of receipts, for whoever may read receipts: whoever sees how a brand sells need not."""
        if not self.env["loy.purchase"].has_access("read"):
            return None
        return model, [("purchase_id", "any", list(purchases)), *which]

    # ------------------------------------------------------------------ time

    def local_day(self, instant: SQL) -> SQL:
        """The day of an instant, by the clock of the programme."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", instant, self.timezone)

    def in_step(self, moment: SQL) -> SQL:
        """The first day of the step in which a day lies."""
        return SQL("DATE_TRUNC(%s, %s)::date", self.step, moment)

    def steps(self) -> SQL:
        """Rows (day) of all steps of the period: those without a fact are told too."""
        return SQL(
            "SELECT one::date AS day FROM GENERATE_SERIES(DATE_TRUNC(%s, %s::timestamp), %s::timestamp, %s::interval)"
            " AS one",
            self.step,
            self.from_,
            self.to,
            f"1 {self.step}",
        )

    # ------------------------------------------------------------------ words

    def translated(self, name: SQL) -> SQL:
        """A translated column of a table, in the language of whoever asks."""
        return SQL("COALESCE(%s->>%s, %s->>'en_US')", name, self.env.lang or "en_US", name)

    @property
    def scale(self) -> SQL:
        """How many minor units are one of the unit that was asked for."""
        return SQL("(10::numeric ^ %s)", self.unit.decimals if self.unit else 0)
