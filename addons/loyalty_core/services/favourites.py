"""What members buy most: worked out at night for those of whom something is new, read at the till by an index."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial

from odoo import fields, models

from ..engine import Line, schema
from ..engine.select import Target
from ..sql import favourites as sql
from ..sql import triggers as stream
from . import clock
from .sections import FavouriteDocument
from .transaction import lock_name, run_with_retry

BATCH = 1_000
EVENTS_BATCH = 5_000


class LoyFavourites(models.AbstractModel):
    """Law: once the job has read all that was told by a day, the rows are what follows from all purchases of the
    windows that end with that day. Nothing is written at the till: the job learns from the stream of events who has
    bought, and keeps of each member the day on which something leaves a window by itself.

    A product is of the categories and the brand that it was of when its buyer was last worked out.
    """

    _name = "loy.favourites"
    _description = "Favourites of members"

    # ------------------------------------------------------------------ at night

    def _run(self) -> None:
        """In batches, each a transaction. Stopped anywhere it goes on where it was, since who is done is not due."""
        self.env["loy.triggers"]._seal()
        self.env["ir.cron"]._commit_progress()
        work = partial(self._work_out_next, fields.Datetime.now())
        while count := run_with_retry(self.env, work):
            if not self.env["ir.cron"]._commit_progress(count, remaining=1):
                return
        self.env["ir.cron"]._commit_progress(remaining=0)

    def _work_out_next(self, at: datetime, limit: int = BATCH) -> int:
        """The next events, or the next members, and how many; 0 when nothing is left at that moment. One job at a time:
        what tills write meanwhile is told by later events."""
        lock_name(self.env, "favourites")
        self.env.flush_all()
        versions = self._versions(at)
        if count := self._read(versions):
            return count
        for company_id, version in versions.items():
            company = self.env["res.company"].browse(company_id)
            favourites, today = self._programme(company, at)
            due = self.env.execute_query(sql.due(company_id, today, version, limit))
            if not due and favourites:
                since = min(_since(document, today) for document in favourites.values())
                due = self.env.execute_query(sql.unknown(company_id, since, limit))
            if member_ids := sorted(member_id for (member_id,) in due):
                self._work_out(company, member_ids, favourites, today, version)
                return len(member_ids)
        return 0

    def _versions(self, at: datetime) -> dict[int, int]:
        """Company → how often its favourites have changed, of companies that have or had any."""
        said = dict(self.env.execute_query(sql.companies(at)))
        shared = said.pop(None, 0)
        if shared:
            active = self.env["res.company"].search([("active", "=", True)], order="id")
            return {company.id: said.get(company.id, 0) + shared for company in active}
        return dict(sorted(said.items()))

    def _read(self, versions: Mapping[int, int]) -> int:
        """The members of whom the next events tell are due."""
        ((read, sealed),) = self.env.execute_query(sql.position())
        if read >= sealed:
            return 0
        if not versions:
            self.env.cr.execute(sql.advance(sealed))
            return 0
        ((until,),) = self.env.execute_query(stream.end_of_batch(read, sealed, sql.KINDS, EVENTS_BATCH))
        self.env.cr.execute(sql.read(read, until, versions))
        told = self.env.cr.rowcount
        self.env.cr.execute(sql.advance(until))
        return told

    def _programme(self, company, at: datetime) -> tuple[dict[int, FavouriteDocument], date]:
        """The favourites of a company by their records, and its day."""
        compiled = self.env["loy.programme"]._at(company, at)
        today = clock.to_local(at, compiled.settings.timezone or "UTC").date()
        return dict(compiled.favourites.values()), today

    # ------------------------------------------------------------------ working out

    def _work_out(
        self,
        company,
        member_ids: Collection[int],
        favourites: Mapping[int, FavouriteDocument],
        today: date,
        version: int,
    ) -> None:
        """The rows of these members anew, by the same few statements however many members and favourites there are."""
        self.env.cr.execute(sql.forget(company.id, member_ids))
        facts = self._facts(company, member_ids, favourites, today)
        rules = [
            sql.Rule(favourite_id, one.measure, one.days, one.top, one.minimum, self._keys(one, facts, company))
            for favourite_id, one in favourites.items()
        ]
        changes = self.env.execute_query(sql.work_out(company.id, member_ids, rules, today)) if rules else ()
        self.env.cr.execute(sql.mark(company.id, member_ids, dict(changes), version))
        self.env["loy.member.favourite"].invalidate_model(flush=False)

    def _facts(self, company, member_ids, favourites: Mapping[int, FavouriteDocument], today: date) -> dict:
        """What is known of the products that they bought; of one that is not known nothing but its code."""
        if not favourites:
            return {}
        since = min(_since(document, today) for document in favourites.values())
        bought = [sku for (sku,) in self.env.execute_query(sql.skus(company.id, member_ids, since))]
        known = self.env["loy.catalogue"]._facts(bought, company.id)
        return {sku: known.get(sku) for sku in bought}

    def _keys(self, document: FavouriteDocument, facts: Mapping, company) -> dict[str, str]:
        """Product → as what it is counted, of those that the selection of the favourite has."""
        decimals = company.currency_id.decimal_places
        target = schema.read(Target, document.target, decimals=decimals)
        skus = list(facts)
        lines = [Line(id="1", sku=sku, price_minor=0, **(facts[sku].traits() if facts[sku] else {})) for sku in skus]
        picked = [skus[i] for i in target.pick(lines, frozenset())]
        if document.of == "product":
            return {sku: sku for sku in picked}
        if document.of == "brand":
            return {sku: facts[sku].brand for sku in picked if facts[sku] and facts[sku].brand}
        codes = self._category_codes({facts[sku].category_id for sku in picked if facts[sku]})
        return {sku: code for sku in picked if facts[sku] and (code := codes.get(facts[sku].category_id))}

    def _category_codes(self, category_ids: Iterable[int]) -> dict[int, str]:
        """Category → its code, or that of the first above it that has one."""
        found = {}
        # The tree of categories is the same for everybody, whatever the caller may read.
        for category in self.env["product.category"].sudo().browse(category_ids):
            coded = category
            while coded and not coded.loy_code:
                coded = coded.parent_id
            found[category.id] = coded.loy_code
        return found

    # ------------------------------------------------------------------ what is asked

    def _of(self, member, at: datetime) -> list[dict]:
        """As the API tells them: each favourite of the programme with what the member buys most of it."""
        company = self.env.company
        compiled = self.env["loy.programme"]._at(company, at)
        rows = defaultdict(list)
        if compiled.favourites:
            asked = [record_id for record_id, _document in compiled.favourites.values()]
            for favourite_id, *row in self.env.execute_query(sql.of_member(member.id, company.id, asked)):
                rows[favourite_id].append(row)
        return [
            {
                "favourite": code,
                "name": document.name or code,
                "of": document.of,
                "items": [
                    {"rank": rank, "code": key, "name": name, "value": float(value)}
                    for (rank, key, value), name in self._named(document.of, rows[record_id])
                ],
            }
            for code, (record_id, document) in compiled.favourites.items()
        ]

    def _named(self, of: str, rows: list) -> list[tuple]:
        names = self._names(of, {row[1] for row in rows})
        return [(row, names.get(row[1], row[1])) for row in rows]

    def _names(self, of: str, keys: Collection[str]) -> dict[str, str]:
        """What people call products, categories or brands, by their codes."""
        model, field = {
            "product": ("product.product", "default_code"),
            "category": ("product.category", "loy_code"),
            "brand": ("loy.brand", "code"),
        }[of]
        # What something is called follows from the right to see that it was bought.
        records = self.env[model].sudo().with_context(active_test=False).search([(field, "in", list(keys))])
        return {record[field]: record.name for record in records}

    def _leave(self, member_id: int) -> None:
        for statement in sql.leave(member_id):
            self.env.cr.execute(statement)
        self.env["loy.member.favourite"].invalidate_model(flush=False)


def _since(document: FavouriteDocument, today: date) -> date:
    """The first day of the window."""
    return today - timedelta(days=document.days - 1)
