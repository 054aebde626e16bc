"""What the engine must know of products and places."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from odoo import models, tools

from ..sql import catalogue as sql
from . import clock
from .errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product as promotions see it; prices in currency units, points in minor units of their unit."""

    product_id: int
    category_id: int | None
    list_price: float
    min_price: float
    no_discount: bool
    brand: str
    categories: frozenset[str]
    suppliers: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    points: Mapping[str, int] = field(default_factory=dict)

    def traits(self) -> dict[str, Any]:
        """By what selections of lines know it, as the engine's ``Line`` takes it."""
        return {name: getattr(self, name) for name in ("categories", "brand", "suppliers", "tags", "attributes")}


#: What a calculation reads of a store, by the query that finds it.
STORE_FIELDS = [
    "code",
    "name",
    "active",
    "company_id",
    "network_id",
    "partner_id",
    "timezone",
    "attributes",
    "is_price_tax_included",
]


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A store, and one of its registers where one is named, as a purchase needs them: one query."""

    store_id: int
    code: str
    company_id: int
    currency_id: int
    timezone: str
    is_members_clock: bool
    is_price_tax_included: bool
    attributes: Mapping[str, str]
    network: str
    partner: str
    register_id: int | None

    def to_utc(self, moment: datetime) -> datetime:
        return clock.to_utc(moment, self.timezone)

    def to_local(self, instant: datetime) -> datetime:
        return clock.to_local(instant, self.timezone)

    def for_member(self, member) -> Self:
        """The same by the clock that promotions are judged by when this member buys."""
        is_own = self.is_members_clock and bool(member.tz)
        return replace(self, timezone=member.tz) if is_own else self


class LoyCatalogue(models.AbstractModel):
    """Facts of products and places, read by SQL: a basket of any length costs the same number of queries."""

    _name = "loy.catalogue"
    _description = "Catalogue service"

    def _facts(self, skus: list[str], company_id: int) -> dict[str, ProductFacts]:
        """The facts of each known product, by the key that was asked for; unknown keys are absent.

        A key is the internal reference of a product, or else its barcode; two queries, and one more when the
        categories have changed since they were last read.
        """
        keys = sorted({sku for sku in skus if sku})
        if not keys:
            return {}
        for model in ("product.product", "product.template", "loy.product.points"):
            self.env[model].flush_model()
        rows = self.env.execute_query(sql.products(keys, company_id))
        if not rows:
            return {}
        # The tree of categories is the same for everybody, whatever the caller may read.
        lineage = self.env["product.category"].sudo()._loy_lineage()
        traits: dict[int, dict[str, dict[str, set]]] = {}
        for product_id, trait, name, value in self.env.execute_query(
            sql.product_traits(sorted({row[1] for row in rows}), company_id)
        ):
            traits.setdefault(product_id, {}).setdefault(trait, {}).setdefault(name, set()).add(value)
        facts = {}
        for key, product_id, _template_id, category_id, list_price, brand, min_price, no_discount in rows:
            own = traits.get(product_id, {})
            facts[key] = ProductFacts(
                product_id=product_id,
                category_id=category_id,
                list_price=float(list_price or 0),
                min_price=float(min_price),
                no_discount=no_discount,
                brand=brand,
                categories=lineage.get(category_id, frozenset()),
                suppliers=frozenset(own.get("supplier", {}).get("", ())),
                tags=frozenset(own.get("tag", {}).get("", ())),
                attributes={name: frozenset(values) for name, values in own.get("attribute", {}).items()},
                points={name: int(next(iter(values))) for name, values in own.get("points", {}).items()},
            )
        return facts

    def _place(self, code: str, register: str | None) -> PlaceFacts:
        """Where a purchase happens; ``store_not_found``, ``store_forbidden``, ``register_not_found``."""
        place = self._known_place(code, register, tuple(self.env.companies.ids))
        bound = self.env["res.users"]._loy_bound_store_ids()
        if bound and place.store_id not in bound:
            raise LoyaltyError("store_forbidden", self.env._("you may not sell in store %s", code))
        return place

    @tools.ormcache("code", "register", "company_ids")
    def _known_place(self, code: str, register: str | None, company_ids: tuple[int, ...]) -> PlaceFacts:
        """Kept in the process until a store or what it belongs to changes; a place that is not there is never kept."""
        for model in ("loy.store", "loy.register", "loy.network", "loy.partner"):
            self.env[model].flush_model()
        self.env["res.company"].flush_model(["currency_id"])
        rows = self.env.execute_query(sql.place(code, register, list(company_ids)))
        if not rows:
            raise self._no_store(code)
        place = PlaceFacts(*rows[0])
        if register and not place.register_id:
            raise self._no_register(code, register)
        return place

    def _check_unsold(self, column: str, records, also: list | tuple = ()) -> None:
        """``sold_already``: what a receipt names is archived, never deleted; no foreign key guards it."""
        model = "loy.purchase.line" if column == "product_id" else "loy.purchase"
        # Whoever deletes it need not read receipts, nor those of all companies.
        if sold := self.env[model].sudo().search([*also, (column, "in", records.ids)], limit=1):
            raise LoyaltyError(
                "sold_already", self.env._("Receipts name %s; archive it instead", sold[column].display_name)
            )

    def _check_uncounted(self, column: str, records) -> None:
        """``sold_already``: what sums of sales name, or lines that are not in them yet, is renamed, never deleted; no
        foreign key guards it."""
        env = self.sudo().env  # whoever deletes it need not read sums of sales, nor those of all companies
        fresh = [("id", ">", env["loy.sales.mark"].search([], limit=1).folded_id)]
        for model, also in (("loy.category.day", []), ("loy.replay.category", []), ("loy.purchase.line", fresh)):
            if column in env[model]._fields and (
                found := env[model].search([*also, (column, "in", records.ids)], limit=1)
            ):
                raise LoyaltyError(
                    "sold_already",
                    self.env._("Sales name %s; rename it instead of deleting it.", found[column].display_name),
                )

    def _default_timezone(self) -> str:
        """The programme's, for a store that names none."""
        settings = self.env["loy.settings"].sudo()  # whoever makes a store need not read the settings
        return settings.search([("company_id", "=", self.env.company.id)]).timezone or self.env.user.tz or "UTC"

    def _place_of(self, store, register) -> PlaceFacts:
        """The place of a purchase that is under way already: an archived store does not undo it."""
        return PlaceFacts(
            store_id=store.id,
            code=store.code,
            company_id=store.company_id.id,
            currency_id=store.company_id.currency_id.id,
            timezone=store.timezone,
            is_members_clock=store.clock == "member",
            is_price_tax_included=store.is_price_tax_included,
            attributes=store.attributes or {},
            network=store.network_id.code or "",
            partner=store.partner_id.code or "",
            register_id=register.id or None,
        )

    def _no_store(self, code: str) -> LoyaltyError:
        return LoyaltyError(
            "store_not_found",
            self.env._("there is no store %s; its code is shown under Loyalty > Stores", code),
        )

    def _no_register(self, store: str, register: str) -> LoyaltyError:
        return LoyaltyError(
            "register_not_found",
            self.env._("store %(store)s has no register %(register)s", store=store, register=register),
        )

    def _find_store(self, code: str):
        """The store with this code that the user may sell in; ``store_not_found``, ``store_forbidden``."""
        # Integrators read no records: the bound stores below are their right to sell.
        stores = self.env["loy.store"].sudo()
        store = stores.search_fetch(
            [("code", "=", code), ("company_id", "in", self.env.companies.ids)],
            STORE_FIELDS,
            order="id",
            limit=1,
        )
        if not store:
            raise self._no_store(code)
        bound = self.env["res.users"]._loy_bound_store_ids()
        if bound and store.id not in bound:
            raise LoyaltyError("store_forbidden", self.env._("you may not sell in store %s", code))
        return store
