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
from odoo.addons.loyalty_core.sql.journals import PREPAID_SALE

from ..sql import purchases as sql


@dataclass(frozen=True, slots=True)
class Sale:
    """What a line sells: the certificate that it names, or so many of a type that are made with the sale."""

    line_ref: str
    type: models.Model
    number: str | None
    certificate: models.Model
    quantity_micro: int
    paid_minor: int
    value_minor: int  # of each

    @property
    def count(self) -> int:
        return self.quantity_micro // MICRO


class LoyPrepaid(models.AbstractModel):
    _inherit = "loy.prepaid"

    # ------------------------------------------------------------------ they pay

    def _presented(self, request, place, at: datetime, *, is_fact: bool = False) -> list[Tender]:
        if not request.certificates:
            return []
        service = self.env["loy.certificates"]
        wishes = {service._normalise(one.number): one for one in request.certificates}
        found = service._named(wishes)
        tenders = []
        for number, wish in wishes.items():
            certificate = found.get(number, self.env["loy.certificate"])
            if is_fact and not (certificate.account_id and self._is_money_of(certificate, place)):
                continue  # the receipt is printed; the sum that differs tells of it
            if not is_fact:
                service._check_pin(certificate, number, wish.pin)
                self._check_money(certificate, place)
            asked = None if wish.amount is None else to_minor(wish.amount, certificate.currency_id.decimal_places)
            tenders.append(Tender(str(certificate.id), certificate.account_id.id, asked))
        return tenders

    def _payable(self, tenders: Sequence[Tender], at: datetime, *, is_fact: bool = False):
        """What has become of them while their accounts were waited for counts."""
        if not is_fact:
            certificates = self._certificates(one.id for one in tenders)
            certificates.invalidate_recordset(["state"])
            left = self.env["loy.ledger"]._left_on(certificates.account_id.ids)
            free = self.env["loy.ledger"]._spendable(certificates.account_id.ids, at)
            for certificate in certificates:
                self.env["loy.certificates"]._check_usable(certificate, at)
                account = certificate.account_id.id
                if certificate.type_id.is_single_use and free[account].total < left[account]:
                    raise LoyaltyError(
                        "certificate_held",
                        self.env._("Certificate %s pays for another purchase just now", certificate.masked_number),
                    )
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

    def _is_money_of(self, certificate, place) -> bool:
        company_ids = (False, place.company_id)
        return certificate.currency_id.id == place.currency_id and certificate.company_id.id in company_ids

    def _check_money(self, certificate, place) -> None:
        if certificate and not self._is_money_of(certificate, place):
            raise LoyaltyError(
                "certificate_currency",
                self.env._(
                    "Certificate %(number)s is money of another company or currency (%(currency)s); it cannot pay here",
                    number=certificate.masked_number,
                    currency=certificate.currency_id.name,
                ),
            )

    # ------------------------------------------------------------------ they are sold

    @tools.ormcache("company_id")
    def _types_sold(self, company_id: int) -> Mapping[int, int]:
        """Product → the type that it sells in a company, its own one before a shared one; every basket asks for it."""
        # Whoever sells by a product need not see the type.
        types = self.env["loy.certificate.type"].sudo().search(
            [("product_id", "!=", False), ("company_id", "in", [False, company_id])]
        )
        own_last = types.sorted(lambda one: one.company_id.id or 0)
        return {one.product_id.id: one.id for one in own_last}

    def _sells(self, lines: Iterable, products: Mapping, place) -> frozenset[str]:
        types = self._types_sold(place.company_id)
        return frozenset(
            line.id
            for line in lines
            if line.certificate is not None
            or ((facts := products.get(line.sku)) is not None and facts.product_id in types)
        )

    def _check_sold(self, request, scene) -> None:
        if getattr(request, "offline", False):
            return  # the receipt is printed
        numbers = self._numbers(request)
        if len(set(numbers.values())) < len(numbers):
            raise LoyaltyError(
                "certificate_taken", self.env._("One certificate is on two lines; scan the other one instead")
            )
        for sale in self._sales(scene, numbers):
            self._check_sale(sale, request.purchase, scene.place)

    def _sales(self, scene, numbers: Mapping[str, str]) -> list[Sale]:
        """What the lines of a basket sell; ``numbers``: line → the certificate that it names."""
        found, types = self.env["loy.certificates"]._named(numbers.values()), self._types_sold(scene.place.company_id)
        sales = []
        for line in scene.basket.lines:
            if not line.prepaid:
                continue
            facts = scene.products.get(line.sku)
            # As in _types_sold.
            of = self.env["loy.certificate.type"].sudo().browse(types.get(facts.product_id if facts else None))
            number = numbers.get(line.id)
            pieces = max(line.quantity_micro // MICRO, 1)
            value = of._minor(of.value) if of.value_kind == "fixed" else line.base_minor // pieces
            certificate = found.get(number, self._certificates(()))
            sales.append(Sale(line.id, of, number, certificate, line.quantity_micro, line.base_minor, value))
        return sales

    def _check_sale(self, sale: Sale, purchase: str, place) -> None:
        service = self.env["loy.certificates"]
        if sale.number and not sale.certificate:
            raise service._not_found(sale.number)
        if not sale.type or (sale.certificate and sale.certificate.type_id != sale.type):
            raise LoyaltyError(
                "certificate_product",
                self.env._("Line %s: this product does not sell such a certificate; scan the right one", sale.line_ref),
                sale.number or "",
            )
        if not sale.number and not sale.type.is_virtual:
            raise LoyaltyError(
                "certificate_number_missing",
                self.env._("Line %s sells a certificate: scan its number too", sale.line_ref),
            )
        if sale.type.currency_id.id != place.currency_id:
            raise LoyaltyError(
                "certificate_currency",
                self.env._("Line %s: certificates in another currency are not sold here", sale.line_ref),
            )
        if sale.certificate and (sale.certificate.state != "new" or self._is_reserved(sale.certificate, purchase)):
            raise self._taken(sale.certificate)
        if sale.quantity_micro % MICRO or sale.count < 1 or sale.value_minor * sale.count != sale.paid_minor:
            raise LoyaltyError(
                "certificate_value",
                self.env._(
                    "Line %s: certificates are sold by whole pieces, each for what it is worth", sale.line_ref
                ),
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
            certificate.number,
        )

    def _numbers(self, request) -> dict[str, str]:
        """Line → the number of the certificate that it sells."""
        normalise = self.env["loy.certificates"]._normalise
        return {line.id: normalise(line.certificate) for line in request.lines or () if line.certificate}

    # ------------------------------------------------------------------ what becomes of a purchase

    def _held(self, purchase, request, scene, until: datetime) -> None:
        sold = self._sales(scene, self._numbers(request))
        if sold:
            kept = [{"line": one.line_ref, "certificate": one.certificate.id or None, "type": one.type.id,
                     "value": one.value_minor} for one in sold]  # fmt: skip
            purchase.by_line = {**purchase.by_line, "sold": kept}
        sales = [one for one in sold if one.certificate]
        if not sales:
            return
        rows = [(one.certificate.id, one.line_ref) for one in sales]
        reserved = {row[0] for row in self.env.execute_query(sql.reserve(rows, purchase.id, until))}
        self._forget()
        for sale in sales:
            if sale.certificate.id not in reserved:
                raise self._taken(sale.certificate)

    def _released(self, purchase) -> None:
        if purchase.prepaid:  # or it keeps none
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

    def _is_as_held(self, purchase, request) -> bool:
        held = {one["line"]: one["certificate"] for one in (purchase.by_line or {}).get("sold", ())}
        numbers = self._numbers(request)
        named = self.env["loy.certificates"]._named(numbers.values())
        sent = {line: named[number].id for line, number in numbers.items() if number in named}
        asked = {str(one["id"]): one["amount_minor"] for one in purchase.basket.get("certificates", ())}
        decimals = purchase.currency_id.decimal_places
        wishes = [to_minor(one.amount, decimals) for one in request.certificates if one.amount is not None]
        is_enough = all(any(wish >= amount for amount in asked.values()) for wish in wishes)
        return is_enough and {line: one for line, one in held.items() if one} == sent

    def _activate_sold(self, purchase, request, scene) -> list[dict]:
        """What is sold is good from now on. Of what is a fact already, held or printed, that which cannot be sold as it
        was promised is told of, and the rest happens."""
        if request.lines is None:
            sales = self._sales_held(purchase, scene)
        else:
            sales = self._sales(scene, self._numbers(request))
        is_fact = request.lines is None or request.offline
        self.env["loy.certificates"]._lock(self._certificates(()).union(*(one.certificate for one in sales)))
        told = []
        for sale in sales:
            try:
                with self.env.cr.savepoint():
                    told += self._activate_one(sale, purchase, scene)
            except LoyaltyError as refusal:
                if not is_fact:
                    raise
                number = {"number": sale.certificate.masked_number} if sale.certificate else {}
                told.append({"line": sale.line_ref, **number, "problem": refusal.code})
        return told

    def _sales_held(self, purchase, scene) -> list[Sale]:
        """What was promised when the purchase was held, whatever has become of types since."""
        lines = {line.id: line for line in scene.basket.lines}
        types = self.env["loy.certificate.type"].sudo()  # as in _types_sold
        return [
            Sale(
                line_ref=one["line"],
                type=types.browse(one["type"]),
                number=None,
                certificate=self._certificates([one["certificate"]] if one["certificate"] else ()),
                quantity_micro=lines[one["line"]].quantity_micro,
                paid_minor=lines[one["line"]].base_minor,
                value_minor=one["value"],
            )
            for one in (purchase.by_line or {}).get("sold", ())
        ]

    def _activate_one(self, sale: Sale, purchase, scene) -> list[dict]:
        service = self.env["loy.certificates"]
        # A printed one that was promised has a certificate, and no number to say.
        named = replace(sale, number=sale.number or (sale.certificate and sale.certificate.number) or None)
        self._check_sale(named, purchase.number, scene.place)
        source = replace(self.env["loy.purchases"]._source("purchase", purchase), kind=PREPAID_SALE)
        ones = sale.certificate or service._make(sale.type, sale.count)
        service._activate(
            ones,
            [sale.value_minor] * len(ones),
            at=scene.at,
            source=source,
            line_refs=[sale.line_ref] * len(ones),
        )
        return [{"line": sale.line_ref, **service._shown(one)} for one in ones]

    def _drain(self, purchase, scene, result: Result) -> list[dict]:
        """What is empty is used up; of what is good for one purchase only the rest is lost."""
        by_id = {str(one.id): one for one in self._certificates(one.id for one in result.certificates)}
        paid = [by_id[one.id] for one in result.certificates if one.value_minor]
        ledger, source = self.env["loy.ledger"], self.env["loy.purchases"]._source("purchase", purchase)
        self._certificates(by_id).invalidate_recordset(["state"])  # their accounts are locked
        once = {one.account_id.id for one in paid if one.type_id.is_single_use}
        free = ledger._spendable(once, scene.at) if once else {}
        if lost := {account: one.total for account, one in free.items() if one.total > 0}:
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
            [Reversal(transaction, {account: amount}) for transaction, account, amount in rows],
            at=at,
            source=source,
            is_debt_allowed=False,
        )
        self.env["loy.certificates"]._transition(certificates, "cancelled", at=at, purchase_id=returned.id)

    def _untouched(self, purchase, counts: Mapping[str, int]):
        """So many certificates of each line of which nothing was used; `certificate_in_use`."""
        # As in _certificates.
        sold = self.env["loy.certificate"].sudo().search([("sold_purchase_id", "=", purchase.id)], order="id")
        ledger = self.env["loy.ledger"]
        free = ledger._spendable(sold.account_id.ids, ledger._now()) if sold else {}
        found = self._certificates(())
        for line_ref, asked in counts.items():
            ones = [one for one in sold if one.sold_line_ref == line_ref]
            count = min(asked, len(ones))  # of a line that sold nothing nothing comes back but the money
            whole = [
                one
                for one in ones
                if one.state == "active" and free[one.account_id.id].total == one.type_id._minor(one.value)
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
        """Those that were used up, over or cancelled are good again, as long as what came back."""
        left = self.env["loy.ledger"]._left_on([one.account_id.id for one in certificates])
        full = [one for one in certificates if left[one.account_id.id] > 0]
        ends = dict(self.env.execute_query(sql.ends([one.account_id.id for one in full]))) if full else {}
        for one in full:
            one.expires_at = ends.get(one.account_id.id)
        if again := [one.id for one in full if one.state in ("used", "expired", "cancelled")]:
            self.env["loy.certificates"]._transition(
                self._certificates(again), "active", at=at, purchase_id=returned.id
            )

    def _told_back(self, amounts: Mapping[str, float]) -> list[dict]:
        certificates = self._certificates(amounts)
        return [
            {"number": certificate.masked_number, "amount": amount}
            for certificate, amount in zip(certificates, amounts.values(), strict=True)
        ]


def _without_id(told: dict) -> dict:
    return {key: value for key, value in told.items() if key != "id"}
