"""Certificates at a purchase: they pay for goods, lines of receipts sell them, and both come back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from odoo import fields, models, tools
from odoo.addons.loyalty_core.engine import Basket, Result
from odoo.addons.loyalty_core.engine.schema import MICRO
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.money import to_minor
from odoo.addons.loyalty_core.services.posting import Reversal
from odoo.addons.loyalty_core.services.prepaid import Tender
from odoo.addons.loyalty_core.sql.journals import PAID_IN

from ..sql import purchases as sql

#: The source of what is on a certificate that was sold.
SOLD = next(source for source in PAID_IN if source.startswith("prepaid"))


@dataclass(frozen=True, slots=True)
class Sale:
    """What a line sells: the certificate that it names, or so many of a type that are made with the sale."""

    line_ref: str
    type: models.Model
    number: str | None
    certificate: models.Model
    count: int
    value_minor: int  # of each


class LoyPrepaid(models.AbstractModel):
    _inherit = "loy.prepaid"

    # ------------------------------------------------------------------ they pay

    def _presented(self, request, place, at: datetime, *, is_fact: bool = False) -> list[Tender]:
        if not request.certificates:
            return []
        service = self.env["loy.certificates"]
        wishes = {service._normalise(one.number): one for one in request.certificates}
        found = self._named(wishes)
        tenders = []
        for number, wish in wishes.items():
            certificate = found.get(number, self.env["loy.certificate"])
            if is_fact and not certificate.account_id:
                continue  # the receipt is printed; the sum that differs tells of it
            if not is_fact:
                service._check_pin(certificate, wish.pin)
                self._check_money(certificate, place)
            asked = None if wish.amount is None else to_minor(wish.amount, certificate.currency_id.decimal_places)
            tenders.append(Tender(str(certificate.id), certificate.account_id.id, asked))
        return tenders

    def _payable(self, tenders: Sequence[Tender], at: datetime, *, is_fact: bool = False):
        """What has become of them while their accounts were waited for counts."""
        if not is_fact:
            certificates = self._certificates(one.id for one in tenders)
            certificates.invalidate_recordset(["state"])
            for certificate in certificates:
                self.env["loy.certificates"]._check_usable(certificate, at)
        return super()._payable(tenders, at, is_fact=is_fact)

    def _tenders_of(self, basket: Basket) -> tuple[Tender, ...]:
        accounts = {str(one.id): one.account_id.id for one in self._certificates(one.id for one in basket.certificates)}
        return tuple(Tender(one.id, accounts[one.id]) for one in basket.certificates)

    def _told(self, document: dict) -> dict:
        told = [one for one in document.get("certificates", ()) if "id" in one]
        if not told:
            return document
        numbers = {str(one.id): one.masked_number for one in self._certificates(one["id"] for one in told)}
        shown = [{"number": numbers[one["id"]], **_without_id(one)} for one in told]
        return {**document, "certificates": shown}

    def _certificates(self, ids: Iterable):
        # A purchase finds them by number and PIN, whatever else the user may see.
        return self.env["loy.certificate"].sudo().browse(int(one) for one in ids)

    def _named(self, numbers: Iterable[str]) -> dict:
        """Number → the certificate, of those that the user's companies may see."""
        # As above: numbers are no right to browse.
        found = self.env["loy.certificate"].sudo().search([("number", "in", list(numbers))])
        companies = self.env.companies
        return {one.number: one for one in found if not one.company_id or one.company_id in companies}

    def _check_money(self, certificate, place) -> None:
        company_ids = (False, place.company_id)
        if certificate.currency_id.id != place.currency_id or certificate.company_id.id not in company_ids:
            raise LoyaltyError(
                "certificate_currency",
                self.env._(
                    "Certificate %(number)s is money of another company or currency (%(currency)s); it cannot pay here",
                    number=certificate.masked_number,
                    currency=certificate.currency_id.name,
                ),
            )

    # ------------------------------------------------------------------ they are sold

    @tools.ormcache("tuple(sorted(self.env.companies.ids))")
    def _types_sold(self) -> Mapping[int, int]:
        """Product → the type that it sells; every basket asks for it."""
        # Whoever sells by a product need not see the type.
        types = self.env["loy.certificate.type"].sudo().search(
            [("product_id", "!=", False), ("company_id", "in", [False, *self.env.companies.ids])]
        )
        return {one.product_id.id: one.id for one in types}

    def _sells(self, lines: Iterable, products: Mapping) -> frozenset[str]:
        types = self._types_sold()
        return frozenset(
            line.id
            for line in lines
            if line.certificate is not None
            or ((facts := products.get(line.sku)) is not None and facts.product_id in types)
        )

    def _check_sold(self, request, scene) -> None:
        if getattr(request, "offline", False):
            return  # the receipt is printed
        for sale in self._sales(scene, self._numbers(request)):
            self._check_sale(sale, request.purchase)

    def _sales(self, scene, numbers: Mapping[str, str]) -> list[Sale]:
        """What the lines of a basket sell; ``numbers``: line → the certificate that it names."""
        found, types, sales = self._named(numbers.values()), self._types_sold(), []
        for line in scene.basket.lines:
            if not line.prepaid:
                continue
            facts = scene.products.get(line.sku)
            # As in _types_sold.
            of = self.env["loy.certificate.type"].sudo().browse(types.get(facts.product_id if facts else None))
            number = numbers.get(line.id)
            count = 1 if number else line.quantity_micro // MICRO
            is_fixed = of.value_kind == "fixed"
            value = of._minor(of.value) if is_fixed else line.base_minor // max(count, 1)
            sales.append(Sale(line.id, of, number, found.get(number, self._certificates(())), count, value))
        return sales

    def _check_sale(self, sale: Sale, purchase: str) -> None:
        service = self.env["loy.certificates"]
        if sale.number and not sale.certificate:
            raise service._not_found()
        if not sale.type or (sale.certificate and sale.certificate.type_id != sale.type):
            raise LoyaltyError(
                "certificate_product",
                self.env._("Line %s: this product does not sell such a certificate; scan the right one", sale.line_ref),
            )
        if not sale.number and not sale.type.is_virtual:
            raise LoyaltyError(
                "certificate_number_missing",
                self.env._("Line %s sells a certificate: scan its number too", sale.line_ref),
            )
        if sale.certificate and (sale.certificate.state != "new" or self._is_reserved(sale.certificate, purchase)):
            raise self._taken(sale.certificate)
        if sale.count < 1:
            raise LoyaltyError(
                "certificate_value", self.env._("Line %s: certificates are sold by whole pieces", sale.line_ref)
            )
        service._check_value(sale.type, sale.value_minor)

    def _is_reserved(self, certificate, purchase: str) -> bool:
        """For a sale that somebody else has not finished."""
        until, by = certificate.reserved_until_at, certificate.reserved_by_id
        return bool(by and until and until > fields.Datetime.now() and by.number != purchase)

    def _taken(self, certificate) -> LoyaltyError:
        return LoyaltyError(
            "certificate_taken",
            self.env._("Certificate %s is sold already, or just being sold; take another", certificate.masked_number),
        )

    def _numbers(self, request) -> dict[str, str]:
        """Line → the number of the certificate that it sells."""
        normalise = self.env["loy.certificates"]._normalise
        return {line.id: normalise(line.certificate) for line in request.lines or () if line.certificate}

    def _numbers_held(self, purchase) -> dict[str, str]:
        """The same of a purchase that is held."""
        # As in _certificates.
        held = self.env["loy.certificate"].sudo().search([("reserved_by_id", "=", purchase.id)])
        return {one.sold_line_ref: one.number for one in held}

    # ------------------------------------------------------------------ what becomes of a purchase

    def _held(self, purchase, request, scene, until: datetime) -> None:
        sales = [one for one in self._sales(scene, self._numbers(request)) if one.certificate]
        if not sales:
            return
        rows = [(one.certificate.id, one.line_ref) for one in sales]
        reserved = {row[0] for row in self.env.execute_query(sql.reserve(rows, purchase.id, until))}
        self._forget()
        for sale in sales:
            if sale.certificate.id not in reserved:
                raise self._taken(sale.certificate)

    def _released(self, purchase) -> None:
        self.env.cr.execute(sql.free(purchase.id))
        self._forget()

    def _forget(self) -> None:
        self.env["loy.certificate"].invalidate_model(["reserved_by_id", "reserved_until_at", "sold_line_ref"])

    def _confirmed(self, purchase, request, scene, result: Result) -> dict:
        told = {}
        if any(line.prepaid for line in scene.basket.lines):
            told["sold"] = self._activate_sold(purchase, request, scene)
        if result.certificates:
            told["certificates"] = self._drain(purchase, scene, result)
        return told

    def _activate_sold(self, purchase, request, scene) -> list[dict]:
        """What is sold is good from now on. One that somebody else has bought meanwhile is told of: the receipt is a
        fact."""
        numbers = self._numbers_held(purchase) if request.lines is None else self._numbers(request)
        service, told = self.env["loy.certificates"], []
        source = replace(self.env["loy.purchases"]._source("purchase", purchase), kind=SOLD)
        for sale in self._sales(scene, numbers):
            ones = sale.certificate or service._make(sale.type, sale.count)
            if sale.certificate and service._lock(ones)[ones.id] != "new":
                told.append({"line": sale.line_ref, "number": ones.masked_number, "problem": "certificate_taken"})
                continue
            service._activate(
                ones,
                [sale.value_minor] * len(ones),
                at=scene.at,
                source=source,
                line_refs=[sale.line_ref] * len(ones),
            )
            told += [{"line": sale.line_ref, **service._shown(one)} for one in ones]
        return told

    def _drain(self, purchase, scene, result: Result) -> list[dict]:
        """What is empty is used up; of what is good for one purchase only the rest is lost."""
        by_id = {str(one.id): one for one in self._certificates(one.id for one in result.certificates)}
        paid = [by_id[one.id] for one in result.certificates if one.value_minor]
        ledger, source = self.env["loy.ledger"], self.env["loy.purchases"]._source("purchase", purchase)
        once = {one.account_id.id for one in paid if one.type_id.is_single_use}
        if lost := {account: left for account, left in ledger._left_on(once).items() if left > 0}:
            ledger._forfeit(lost, at=scene.at, source=source)
        left = ledger._left_on({one.account_id.id for one in by_id.values()})
        if empty := [one for one in paid if left[one.account_id.id] <= 0 and one.state == "active"]:
            self.env["loy.certificates"]._transition(
                self._certificates(one.id for one in empty), "used", at=scene.at, purchase_id=purchase.id
            )
        return [
            {
                "number": by_id[one["id"]].masked_number,
                **_without_id(one),
                "left": left[by_id[one["id"]].account_id.id] / 10**result.decimals,
            }
            for one in result.to_document()["certificates"]
        ]

    # ------------------------------------------------------------------ what comes back

    def _check_back(self, purchase, counts: Mapping[str, int]) -> None:
        self._untouched(purchase, counts)

    def _taken_back(self, purchase, returned, counts: Mapping[str, int], at: datetime, source) -> None:
        certificates = self._untouched(purchase, counts)
        rows = self.env.execute_query(sql.activations(certificates.account_id.ids))
        self.env["loy.ledger"]._reverse(
            [Reversal(transaction, {account: amount}) for transaction, account, amount in rows], at=at, source=source
        )
        self.env["loy.certificates"]._transition(certificates, "cancelled", at=at, purchase_id=returned.id)

    def _untouched(self, purchase, counts: Mapping[str, int]):
        """So many certificates of each line of which nothing was used; `certificate_in_use`."""
        # As in _certificates.
        sold = self.env["loy.certificate"].sudo().search([("sold_purchase_id", "=", purchase.id)], order="id")
        left = self.env["loy.ledger"]._left_on(sold.account_id.ids)
        found = self._certificates(())
        for line_ref, count in counts.items():
            whole = [
                one
                for one in sold
                if one.sold_line_ref == line_ref
                and one.state == "active"
                and left[one.account_id.id] == one.type_id._minor(one.value)
            ]
            if len(whole) < count:
                raise LoyaltyError(
                    "certificate_in_use",
                    self.env._("Line %s: the certificate has been used, so it cannot come back", line_ref),
                )
            found |= found.union(*whole[:count])
        return found

    def _refunded(self, purchase, returned, amounts: Mapping[str, int], at: datetime, source) -> None:
        certificates = dict(zip(amounts, self._certificates(amounts), strict=True))
        rows = self.env.execute_query(sql.payments(purchase.id, [one.account_id.id for one in certificates.values()]))
        payments = dict(rows)
        for key, certificate in certificates.items():
            account, grace = certificate.account_id.id, certificate.type_id.refund_grace_days
            self.env["loy.ledger"]._reverse(
                [Reversal(payments[account], {account: amounts[key]})],
                at=at,
                source=source,
                grace_until=at + timedelta(days=grace) if grace else None,
            )
        self._revive(list(certificates.values()), returned, at)

    def _revive(self, certificates: list, returned, at: datetime) -> None:
        """Those that were used up or over are good again, as long as what came back."""
        left = self.env["loy.ledger"]._left_on([one.account_id.id for one in certificates])
        again = [one for one in certificates if one.state in ("used", "expired") and left[one.account_id.id] > 0]
        if not again:
            return
        ends = dict(self.env.execute_query(sql.ends([one.account_id.id for one in again])))
        for one in again:
            one.expires_at = ends.get(one.account_id.id)
        self.env["loy.certificates"]._transition(
            self._certificates(one.id for one in again), "active", at=at, purchase_id=returned.id
        )

    def _told_back(self, amounts: Mapping[str, float]) -> list[dict]:
        certificates = self._certificates(amounts)
        return [
            {"number": certificate.masked_number, "amount": amount}
            for certificate, amount in zip(certificates, amounts.values(), strict=True)
        ]


def _without_id(told: dict) -> dict:
    return {key: value for key, value in told.items() if key != "id"}
