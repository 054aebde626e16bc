"""Returns: how much of a purchase comes back, and what that gives to the customer and takes from them.

Everything that comes back is a share of what there was: of an amount x of a line of which r of q units have come back
so far, ``round(x · r ÷ q)`` is due, less what earlier returns gave already. So any series of part returns adds up to
the whole, to the cent and to the point, in whatever order (law 8 of docs/ledger.md).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..engine import Basket, Certificate, Given, Line, Result, SpendRequest, allocate, evaluate
from ..engine.money import half_up
from ..engine.schema import MICRO
from ..sql.insert import insert_rows
from .catalogue import PlaceFacts
from .errors import LoyaltyError
from .money import from_minor, to_minor
from .posting import Reversal
from .requests import PurchaseConfirm, PurchaseLine, PurchaseReturn, ReturnLine
from .return_codes import CodeCut
from .sections import ReturnsDocument
from .transaction import run_with_retry


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a purchase in minor units, and what has come back of it: ``before`` this return and ``after`` it.

    ``money`` is what was paid for it beside points and certificates.
    """

    ref: str
    sku: str
    quantity_micro: int
    before_micro: int
    after_micro: int
    base: int
    spent: int
    amount: int
    certificate: int
    money: int
    is_prepaid: bool = False

    def due(self, value: int, is_whole: bool) -> int:
        """The share of a value that has to be back after this return; what had no quantity goes with the rest."""
        return self._share(value, self.after_micro, is_whole)

    def now(self, value: int, is_whole: bool) -> int:
        """The share that this return brings."""
        return self.due(value, is_whole) - self._share(value, self.before_micro, False)

    def _share(self, value: int, back_micro: int, is_whole: bool) -> int:
        if not self.quantity_micro:
            return value if is_whole else 0
        sign = -1 if value < 0 else 1
        return sign * half_up(abs(value) * back_micro, self.quantity_micro)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a return comes to. ``asked`` is what it wants back of each thing earned and spent, in minor units of its
    unit, in the order in which the purchase answered them."""

    lines: tuple[SoldLine, ...]
    is_whole: bool
    amounts: Mapping[str, int]  # line → what comes back of its amount
    money: int
    certificates: Mapping[str, int]  # certificate → what of it comes back
    asked: Mapping[str, list[int]]
    codes: tuple[CodeCut, ...] = ()  # what is taken of codes that the purchase gave, or of the money instead

    def due(self, amounts: Mapping[str, int]) -> int:
        """Of amounts by line, how much has to be back by now."""
        return sum(line.due(amounts.get(line.ref, 0), self.is_whole) for line in self.lines)


class LoyReturns(models.AbstractModel):
    """A return is planned without effect and then booked: an exchange shows the plan before it happens."""

    _name = "loy.returns"
    _description = "Return service"

    # ------------------------------------------------------------------ the calls

    def _return(self, request) -> dict:
        """Goods come back, all or in part, with their purchase or without."""
        place = request.store and self.env["loy.catalogue"]._place(request.store, request.register)
        return self._return_at(request, place or None)

    def _return_at(self, request, place: PlaceFacts | None) -> dict:
        """The same at a known place; without one where the purchase was made."""
        if request.purchase is None:
            return self._return_unknown(request, place)
        purchase = self._origin(request.purchase, place)
        self._check_new(request.return_, purchase.company_id.id)
        place = place or self.env["loy.catalogue"]._place_of(purchase.store_id, purchase.register_id)
        at = self._returned_at(purchase, place, request)
        self.env["loy.purchases"]._check_time(at, purchase.company_id, is_offline=request.offline)
        rules = self._rules_for(purchase, place, at)
        self.env["loy.purchases"]._keep_member(purchase)
        self._lock_codes(purchase)
        plan = self._plan(purchase, request.lines, rules, at)
        returned = self._insert_return(purchase, request.return_, place, at, plan)
        reversals = self.env["loy.ledger"]._reverse(
            self._reversals(purchase, plan),
            at=at,
            source=self.env["loy.purchases"]._source("return", returned),
            is_debt_allowed=rules.negative,
            grace_until=at + timedelta(days=rules.grace_days) if rules.grace_days else None,
        )
        moved = self.env["loy.ledger"]._moved(one.transaction_id for one in reversals if one.transaction_id)
        self._book_prepaid(purchase, returned, plan, at)
        self.env["loy.member.facts"]._add(returned, count=-int(plan.is_whole))
        share = None if plan.is_whole else plan.due
        self.env["loy.codes"]._give_back(purchase, share, by=returned, policy=rules.codes_back)
        self.env["loy.return.codes"]._book(purchase, returned, plan.codes)
        self.env["loy.counters"]._give_back(purchase, share, by=returned)
        answer = {"return": request.return_, **self._answer(purchase, plan, moved)}
        returned.result = answer
        if plan.is_whole:
            purchase.state = "returned"
        self.env["loy.tiers"]._follow(returned)
        self.env["loy.purchases"]._emit("purchase.returned", returned)
        return answer

    def _preview(self, request, place: PlaceFacts) -> dict:
        """What a return would give and take, without any effect: where a balance may not go below zero, what is not
        there is forgiven when it is booked."""
        if request.purchase is None:
            self._check_goods(request, place)
            scene, _result = self._as_bought(request, place)
            self._check_unknown_allowed(scene)
            money = sum(line.base_minor for line in scene.basket.lines)
            return {"refund": {"money": float(from_minor(money, scene.compiled.currency_decimals))}}
        purchase = self._origin(request.purchase, place, is_claimed=False)
        at = self._returned_at(purchase, place, request)
        plan = self._plan(purchase, request.lines, self._rules_for(purchase, place, at), at)
        return self._answer(purchase, plan, self._moves(purchase, plan))

    # ------------------------------------------------------------------ in the office

    def _left(self, purchase) -> list[tuple[str, str, int | None, float]]:
        """What can come back still: (line, SKU, product, quantity)."""
        purchase.check_access("read")
        products = {line.line_ref: line.product_id.id or None for line in purchase.line_ids}
        return [
            (line.ref, line.sku, products[line.ref], float(from_minor(line.quantity_micro - line.before_micro, 6)))
            for line in self._sold(purchase, {})
            if line.quantity_micro > line.before_micro
        ]

    def _refund_of(self, purchase, quantities: Mapping[str, float]) -> float:
        """The money that such a return would pay out; nothing where more is named than can come back."""
        purchase.check_access("read")
        left = {ref: quantity for ref, _sku, _product, quantity in self._left(purchase)}
        if not quantities or any(quantity > left.get(ref, 0) for ref, quantity in quantities.items()):
            return 0.0
        # Rules and programme of the purchase, which whoever sees it need not be able to read.
        returns = self.sudo()
        now = fields.Datetime.now()
        rules = returns._rules(purchase.company_id, now)
        return self._number(returns._plan(purchase.sudo(), _return_lines(quantities), rules, now).money, purchase)

    def _return_by_hand(self, purchase, number: str, quantities: Mapping[str, float]):
        """The return that staff enter for a till; answers its record."""
        self.env["loy.rights"]._check("purchase.return")
        purchase.check_access("read")
        if not quantities:
            raise LoyaltyError("bad_request", self.env._("Say how much of which line comes back."))
        request = PurchaseReturn(
            key="", purchase=purchase.number, return_=number.strip(), lines=_return_lines(quantities)
        )
        place = self.env["loy.catalogue"]._place_of(purchase.store_id, purchase.register_id)
        # Staff write no purchases; the right to take them back is checked above.
        run_with_retry(self.env, lambda: self.sudo()._return_at(request, place))
        return purchase.search([("number", "=", request.return_), ("company_id", "=", purchase.company_id.id)])

    # ------------------------------------------------------------------ goods without their purchase

    def _return_unknown(self, request, place: PlaceFacts) -> dict:
        """Nobody knows what was paid and earned: the refund is what the till says, and what such goods would earn today
        is taken back from the member who brings them."""
        self._check_goods(request, place)
        self._check_new(request.return_, place.company_id)
        scene, result = self._as_bought(request, place, is_locked=True)
        self._check_unknown_allowed(scene)
        rules = scene.compiled.settings.returns
        purchases = self.env["loy.purchases"]
        returned = self._insert_unknown(request, scene)
        points: Counter = Counter()
        for earned in result.earned:
            if earned.unit in scene.accounts:
                points[scene.accounts[earned.unit]] += earned.amount_minor
        taken = self.env["loy.ledger"]._take_unknown(
            +points, at=scene.at, source=purchases._source("return", returned), is_debt_allowed=rules.negative
        )
        moved = self.env["loy.ledger"]._moved(taken)
        self.env["loy.member.facts"]._add(returned, count=0)
        self.env["loy.tiers"]._follow(returned)
        decimals = scene.compiled.currency_decimals
        answer = {
            "return": request.return_,
            "refund": {
                "money": float(from_minor(sum(line.base_minor for line in scene.basket.lines), decimals)),
                "points": [],
                "certificates": [],
            },
            "taken_back": [{"unit": unit, "amount": float(amount)} for unit, _given, amount in moved if amount],
            "lines": [
                {
                    "id": line.id,
                    "quantity": float(from_minor(line.quantity_micro, 6)),
                    "amount": float(from_minor(line.base_minor, decimals)),
                }
                for line in scene.basket.lines
            ],
        }
        returned.result = answer
        purchases._emit("purchase.returned", returned)
        return answer

    def _as_bought(self, request, place: PlaceFacts, is_locked: bool = False):
        """The goods as if they were bought now for what is paid back: a scene and what it would earn."""
        basket = PurchaseConfirm(
            key="",
            purchase=request.return_,
            store=request.store,
            register=request.register,
            at=request.at,
            member=request.member,
            lines=_as_lines(request.lines),
            offline=request.offline,
        )
        scene = self.env["loy.purchases"]._scene(basket, place, is_locked=is_locked)
        return scene, evaluate(scene.compiled.programme, scene.basket)

    def _check_goods(self, request, place: PlaceFacts) -> None:
        """Nobody knows whether a certificate was used, unless its purchase is known."""
        products = self.env["loy.catalogue"]._facts([line.sku for line in request.lines], place.company_id)
        types = self.env["loy.prepaid"]._sells(_as_lines(request.lines), products, place)
        if types and not request.offline:
            raise LoyaltyError(
                "return_needs_purchase", self.env._("Certificates come back only with their purchase: send its number.")
            )

    def _check_unknown_allowed(self, scene) -> None:
        if not scene.compiled.settings.returns.without_purchase:
            raise LoyaltyError(
                "return_needs_purchase",
                self.env._("Goods come back only with their purchase: send its number. The settings may allow others."),
            )

    def _insert_unknown(self, request, scene):
        decimals = scene.compiled.currency_decimals
        money = from_minor(-sum(line.base_minor for line in scene.basket.lines), decimals)
        returned = self.env["loy.purchases"]._insert_purchase(
            {
                "number": request.return_,
                "kind": "return",
                "state": "confirmed",
                "company_id": scene.place.company_id,
                "currency_id": scene.place.currency_id,
                "is_price_tax_included": scene.place.is_price_tax_included,
                "store_id": scene.place.store_id,
                "register_id": scene.place.register_id,
                "member_id": scene.member.id or None,
                "card_id": scene.card.id or None,
                "purchased_at": scene.at,
                "purchased_on": scene.basket.at.date(),
                "confirmed_at": fields.Datetime.now(),
                "is_offline": request.offline,
                "programme_number": scene.compiled.number,
                "basket": scene.basket.to_document(),
                "base": money,
                "to_pay": money,
                "prepaid": from_minor(-sum(line.base_minor for line in scene.basket.lines if line.prepaid), decimals),
            }
        )
        insert_rows(
            self.env["loy.purchase.line"],
            [
                {
                    "purchase_id": returned.id,
                    "line_ref": line.id,
                    "member_id": scene.member.id or None,
                    "purchased_at": scene.at,
                    "product_id": scene.products[line.sku].product_id if line.sku in scene.products else None,
                    "categ_id": scene.products[line.sku].category_id if line.sku in scene.products else None,
                    "sku": line.sku,
                    "is_prepaid": line.prepaid,
                    "quantity": from_minor(-line.quantity_micro, 6),
                    "price": from_minor(line.price_minor, decimals),
                    "base": from_minor(-line.base_minor, decimals),
                    "discount": 0,
                    "spent": 0,
                    "amount": from_minor(-line.base_minor, decimals),
                }
                for line in scene.basket.lines
            ],
        )
        return returned

    # ------------------------------------------------------------------ what is there

    def _origin(self, number: str, place: PlaceFacts | None, is_claimed: bool = True):
        """The purchase, if something of it can come back. Who returns elsewhere need not sell where it was made."""
        purchases = self.env["loy.purchases"]
        find = purchases._claim if is_claimed else purchases._find
        purchase = find(number, place and place.company_id, is_bound=place is None)
        if not purchase or (not purchase.store_id and purchase.state != "cancelled"):
            raise purchases._not_found(number)
        purchases._refuse(purchase, "held", "cancelled", "returned")
        return purchase

    def _check_new(self, number: str, company_id: int) -> None:
        if self.env["loy.purchases"]._claim(number, company_id, is_bound=False):
            raise LoyaltyError("return_exists", self.env._("There is a purchase or return %s already.", number))

    def _returned_at(self, purchase, place: PlaceFacts, request) -> datetime:
        # The clock of a till may be ahead of ours.
        return place.to_utc(request.at) if request.at else max(fields.Datetime.now(), purchase.purchased_at)

    def _rules_for(self, purchase, place: PlaceFacts, at: datetime) -> ReturnsDocument:
        """By what the purchase comes back there and then, if it can."""
        if at < purchase.purchased_at:
            raise LoyaltyError(
                "at_out_of_range",
                self.env._("Purchase %s cannot come back before it was made; check the date.", purchase.number),
            )
        rules = self._rules(purchase.company_id, at)
        if place.store_id != purchase.store_id.id and not rules.elsewhere:
            raise LoyaltyError(
                "return_elsewhere",
                self.env._("Purchase %s can only come back in the store where it was made.", purchase.number),
            )
        return rules

    def _lock_codes(self, purchase) -> None:
        """Where it gave codes out, or had to do with certificates, what is left on them says what is refunded: they are
        locked, after the accounts."""
        issued = (purchase.result or {}).get("issued")
        if not (issued or purchase.certificates or purchase.prepaid):
            return
        ledger = self.env["loy.ledger"]
        if accounts := ledger._accounts_touched(purchase.member_id.ids, purchase.ids):
            ledger._lock_families(accounts)
        if issued:
            self.env["loy.return.codes"]._lock(purchase)

    def _rules(self, company, at: datetime) -> ReturnsDocument:
        """As they are when the goods come back."""
        return self.env["loy.programme"]._at(company, at).settings.returns

    def _sold(self, purchase, wanted: Mapping[str, int] | None) -> tuple[SoldLine, ...]:
        """The lines of the purchase, with what comes back now: all that is left where nothing is named."""
        before = self._back_before(purchase)
        basket = {line["id"]: line for line in purchase.basket["lines"]}
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        payments = [part["money"] for part in by_line["spent"] if part["as"] == "payment"]
        certificates = [part["money"] for part in by_line["certificates"]]
        lines = []
        for line in purchase.line_ids.sorted("id"):
            quantity = basket[line.line_ref].get("quantity_micro", 10**6)
            gone = before.get(line.line_ref, 0)
            amount = self._minor(line.amount, purchase)
            certificate = sum(part.get(line.line_ref, 0) for part in certificates)
            lines.append(
                SoldLine(
                    ref=line.line_ref,
                    sku=line.sku,
                    quantity_micro=quantity,
                    before_micro=gone,
                    after_micro=quantity if wanted is None else gone + wanted.get(line.line_ref, 0),
                    base=self._minor(line.base, purchase),
                    spent=self._minor(line.spent, purchase),
                    amount=amount,
                    certificate=certificate,
                    money=amount - certificate - sum(payment.get(line.line_ref, 0) for payment in payments),
                    is_prepaid=line.is_prepaid,
                )
            )
        return tuple(lines)

    def _back_before(self, purchase) -> dict[str, int]:
        """What earlier returns brought of each line, in millionths."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.line_ref, (-SUM(line.quantity) * 1000000)::int8
                  FROM loy_purchase_line AS line JOIN loy_purchase AS returned ON returned.id = line.purchase_id
                 WHERE returned.origin_id = %s GROUP BY line.line_ref
                """,
                purchase.id,
            )
        )
        return dict(rows)

    # ------------------------------------------------------------------ the plan

    def _plan(self, purchase, wanted: Sequence | None, rules: ReturnsDocument, at: datetime) -> Plan:
        """What the wanted lines (all that is left without them) give and take under the rules."""
        lines = self._sold(purchase, self._wanted(purchase, wanted))
        self._check_quantities(purchase, lines)
        if sold := _sold_back(lines):
            self._check_pieces(lines)
            self.env["loy.prepaid"]._check_back(purchase, sold)
        is_whole = all(line.after_micro == line.quantity_micro for line in lines)
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        spent_due = [
            self._points_due(lines, is_whole, part["points"], rules.points_back) for part in by_line["spent"]
        ]
        earned_due = [self._points_due(lines, is_whole, part["points"], "share") for part in by_line["earned"]]
        refund = sum(line.due(line.money, is_whole) for line in lines)
        given = self.env["loy.return.codes"]._given(purchase, at)
        is_given_anew = bool(given) and rules.coupon != "keep"
        kept = None
        if not is_whole and (rules.offers == "recheck" or rules.earned == "re_earn" or is_given_anew):
            kept = self._kept(purchase, lines, spent_due, rules)
            if rules.earned == "re_earn":
                earned_due = self._earned_due(by_line["earned"], kept)
            if rules.offers == "recheck":
                refund = max(0, self._minor(purchase.to_pay, purchase) - kept.totals.to_pay_minor)
        before = sum(self._minor(one.to_pay, purchase) - _reduced_by(one) for one in purchase.return_ids)
        money = max(0, refund + before)
        codes = ()
        if is_whole or is_given_anew:
            codes = self.env["loy.return.codes"]._cuts(purchase, given, kept, rules.coupon, money)
            money -= sum(one.reduced for one in codes)
        asked = self._asked_before(purchase)
        return Plan(
            lines=lines,
            is_whole=is_whole,
            amounts=self._amounts(lines, is_whole, money),
            money=money,
            certificates={
                part["certificate"]: sum(line.now(part["money"].get(line.ref, 0), is_whole) for line in lines)
                for part in by_line["certificates"]
                if "certificate" in part
            },
            asked={
                name: [max(0, one - asked[name, index]) for index, one in enumerate(due)]
                for name, due in (("earned", earned_due), ("spent", spent_due))
            },
            codes=codes,
        )

    def _wanted(self, purchase, lines: Sequence | None) -> dict[str, int] | None:
        if lines is None:
            return None
        known = set(purchase.line_ids.mapped("line_ref"))
        for line in lines:
            if line.id not in known:
                raise LoyaltyError(
                    "line_not_found",
                    self.env._("Purchase %(number)s has no line %(line)s.", number=purchase.number, line=line.id),
                )
        return {line.id: to_minor(line.quantity, 6) for line in lines}

    def _check_quantities(self, purchase, lines: Iterable[SoldLine]) -> None:
        for line in lines:
            if line.after_micro > line.quantity_micro:
                raise LoyaltyError(
                    "return_exceeds",
                    self.env._(
                        "Line %(line)s: only %(left)s can come back.",
                        line=line.ref,
                        left=f"{from_minor(line.quantity_micro - line.before_micro, 6).normalize():f}",
                    ),
                )

    def _check_pieces(self, lines: Iterable[SoldLine]) -> None:
        for line in lines:
            if line.is_prepaid and line.after_micro % MICRO and line.after_micro != line.quantity_micro:
                raise LoyaltyError(
                    "return_pieces", self.env._("Line %s: certificates come back by whole pieces.", line.ref)
                )

    def _points_due(self, lines, is_whole: bool, parts: Mapping[str, int], policy: str) -> int:
        """Of points that fall on lines: what has to be back by now."""
        if policy == "never" or (policy == "whole" and not is_whole):
            return 0
        return sum(line.due(parts.get(line.ref, 0), is_whole) for line in lines)

    def _asked_before(self, purchase) -> Counter:
        """What earlier returns have asked back of each thing earned and spent."""
        asked: Counter = Counter()
        for returned in purchase.return_ids:
            for name in ("earned", "spent"):
                for index, amount in enumerate((returned.by_line or {}).get(name, ())):
                    asked[name, index] += amount
        return asked

    # ------------------------------------------------------------------ what is kept

    def _kept(self, purchase, lines: Sequence[SoldLine], spent_due: list[int], rules: ReturnsDocument) -> Result:
        """The purchase calculated for the goods that are kept, under the programme by which it was answered."""
        compiled = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        )
        basket = Basket.from_document(purchase.basket)
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        sold = {line.ref: line for line in lines}
        left: Counter = Counter()
        for part, due in zip(by_line["spent"], spent_due, strict=True):
            if part["as"] != "reward":  # which the basket asks for by itself
                left[part["unit"]] += sum(part["points"].values()) - due
        # Discounts that stay are as much a fact as those of a receipt made offline.
        given = by_line["given"] if rules.offers == "keep" else None
        kept = replace(
            basket,
            lines=tuple(
                self._kept_line(line, sold[line.id], given)
                for line in basket.lines
                if sold[line.id].after_micro < sold[line.id].quantity_micro
            ),
            spend=tuple(SpendRequest(unit=unit, amount_minor=amount) for unit, amount in left.items()),
            certificates=self._kept_certificates(by_line["certificates"], lines),
            # Points that have paid go on paying for what is kept, though it be less than their terms ask for.
            member=basket.member and basket.member.unbound(),
        )
        return evaluate(compiled.programme, kept)

    def _kept_certificates(self, parts: Sequence[Mapping], lines: Sequence[SoldLine]) -> tuple[Certificate, ...]:
        """What of certificates goes on paying for what is kept."""
        return tuple(
            Certificate(
                id=part["certificate"],
                amount_minor=sum(
                    amount - line.due(amount, False) for line in lines for amount in [part["money"].get(line.ref, 0)]
                ),
            )
            for part in parts
            if "certificate" in part
        )

    def _kept_line(self, line: Line, sold: SoldLine, given: Sequence[Mapping] | None) -> Line:
        return replace(
            line,
            quantity_micro=sold.quantity_micro - sold.after_micro,
            amount_minor=sold.base - sold.due(sold.base, False),
            given=None
            if given is None
            else tuple(
                Given(promotion=one["promotion"], discount_minor=amount - sold.due(amount, False))
                for one in given
                for amount in [one["money"].get(line.id, 0)]
            ),
        )

    def _earned_due(self, earned: Sequence[Mapping], kept: Result) -> list[int]:
        """Of each thing earned, what the kept goods would not earn."""
        earns: Counter = Counter()
        for one in kept.earned:
            earns[one.promotion, one.unit] += one.amount_minor
        due = []
        for part in earned:
            had = sum(part["points"].values())
            keeps = min(had, earns[part["promotion"], part["unit"]])
            earns[part["promotion"], part["unit"]] -= keeps
            due.append(had - keeps)
        return due

    def _amounts(self, lines: Sequence[SoldLine], is_whole: bool, money: int) -> dict[str, int]:
        """What comes back of each line; where the refund is not the sum of their shares, they bear the difference."""
        amounts = [line.now(line.amount, is_whole) for line in lines]
        extra = money - sum(line.now(line.money, is_whole) for line in lines)
        parts = allocate(abs(extra), amounts, amounts if extra < 0 else None)
        sign = 1 if extra > 0 else -1
        return {
            line.ref: amount + sign * part for line, amount, part in zip(lines, amounts, parts, strict=True)
        }

    # ------------------------------------------------------------------ booking

    def _reversals(self, purchase, plan: Plan) -> list[Reversal]:
        """The movements of the purchase, each with the part that is asked back; of a whole return all that is left."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT header.id, header.kind, entry.unit_id, MIN(entry.account_id)
                  FROM loy_transaction AS header JOIN loy_entry AS entry ON entry.transaction_id = header.id
                 WHERE header.purchase_id = %s AND header.kind IN ('accrue', 'spend', 'settle')
                   AND header.source = 'purchase'
                 GROUP BY header.id, header.kind, entry.unit_id ORDER BY header.id
                """,
                purchase.id,
            )
        )
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        spent: Counter = Counter()
        for part, amount in zip(by_line["spent"], plan.asked["spent"], strict=True):
            spent[part["unit_id"]] += amount
        back: dict[int, dict[int, int]] = {}
        for transaction_id, kind, unit_id, account_id in rows:
            if kind != "accrue" and spent[unit_id]:
                back.setdefault(transaction_id, {})[account_id] = spent[unit_id]
        accruals = [row for row in rows if row[1] == "accrue"]
        earned = [
            amount
            for part, amount in zip(by_line["earned"], plan.asked["earned"], strict=True)
            if sum(part["points"].values())
        ]
        for (transaction_id, _kind, _unit_id, account_id), amount in zip(accruals, earned, strict=True):
            if amount:
                back[transaction_id] = {account_id: amount}
        return [Reversal(transaction_id, amounts) for transaction_id, amounts in back.items()]

    def _book_prepaid(self, purchase, returned, plan: Plan, at: datetime) -> None:
        """What certificates have paid is on them again; those that were sold and come back are good no more."""
        prepaid = self.env["loy.prepaid"]
        source = self.env["loy.purchases"]._source("return", returned)
        if sold := _sold_back(plan.lines):
            prepaid._taken_back(purchase, returned, sold, at, source)
        if amounts := {certificate: amount for certificate, amount in plan.certificates.items() if amount}:
            prepaid._refunded(purchase, returned, amounts, at, source)

    def _insert_return(self, purchase, number: str, place: PlaceFacts, at: datetime, plan: Plan):
        now = {
            name: sum(line.now(getattr(line, name), plan.is_whole) for line in plan.lines)
            for name in ("base", "spent", "amount", "money")
        }
        certificates = sum(plan.certificates.values())
        spent = now["spent"] + now["amount"] - now["money"] - certificates
        sums = {
            "base": now["base"],
            "spent": spent,
            "certificates": certificates,
            "to_pay": plan.money,
            "discount": now["base"] - spent - certificates - plan.money,
            "prepaid": sum(line.now(line.amount, plan.is_whole) for line in plan.lines if line.is_prepaid),
        }
        decimals = purchase.currency_id.decimal_places
        returned = self.env["loy.purchases"]._insert_purchase(
            {
                "number": number,
                "kind": "return",
                "origin_id": purchase.id,
                "state": "confirmed",
                "company_id": purchase.company_id.id,
                "currency_id": purchase.currency_id.id,
                "is_price_tax_included": purchase.is_price_tax_included,
                "store_id": place.store_id,
                "register_id": place.register_id,
                "channel": purchase.channel or None,
                "member_id": purchase.member_id.id or None,
                "card_id": purchase.card_id.id or None,
                "purchased_at": at,
                "purchased_on": place.to_local(at).date(),
                "confirmed_at": fields.Datetime.now(),
                "programme_number": purchase.programme_number,
                "by_line": {**plan.asked, "given_codes": self.env["loy.return.codes"]._kept_of(plan.codes)},
                **{name: from_minor(-value, decimals) for name, value in sums.items()},
            }
        )
        purchase.invalidate_recordset(["return_ids"])
        self._insert_lines(purchase, returned, at, plan)
        self._insert_uses(purchase, returned, at, plan)
        return returned

    def _insert_lines(self, purchase, returned, at: datetime, plan: Plan) -> None:
        sold = {line.line_ref: line for line in purchase.line_ids}
        decimals = purchase.currency_id.decimal_places
        rows = []
        for line in plan.lines:
            quantity = line.after_micro - line.before_micro
            base, spent = (line.now(value, plan.is_whole) for value in (line.base, line.spent))
            amount = plan.amounts[line.ref]
            if not quantity and not base and not amount:
                continue
            original = sold[line.ref]
            rows.append(
                {
                    "purchase_id": returned.id,
                    "line_ref": line.ref,
                    "member_id": purchase.member_id.id or None,
                    "purchased_at": at,
                    "product_id": original.product_id.id or None,
                    "categ_id": original.categ_id.id or None,
                    "sku": line.sku,
                    "is_prepaid": line.is_prepaid,
                    "quantity": from_minor(-quantity, 6),
                    "price": original.price,
                    "base": from_minor(-base, decimals),
                    "discount": from_minor(amount + spent - base, decimals),
                    "spent": from_minor(-spent, decimals),
                    "amount": from_minor(-amount, decimals),
                }
            )
        insert_rows(self.env["loy.purchase.line"], rows)

    def _insert_uses(self, purchase, returned, at: datetime, plan: Plan) -> None:
        """What promotions gave for the goods that come back counts no more: uses with negative sums."""
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        lines = {line.ref: line for line in plan.lines}

        def back(part):
            return sum(lines[ref].now(amount, plan.is_whole) for ref, amount in part["money"].items())

        uses: dict[tuple[int, int | None], Counter] = defaultdict(Counter)
        for part in by_line["given"]:
            uses[part["promotion_id"], None]["discount"] += back(part)
        for part in by_line["spent"]:
            uses[part["promotion_id"], part["unit_id"]]["spent"] += back(part)
        for part, points in zip(by_line["earned"], plan.asked["earned"], strict=True):
            uses[part["promotion_id"], part["unit_id"]]["points"] += points
        decimals = purchase.currency_id.decimal_places
        units = {unit.id: unit.decimals for unit in purchase.promotion_ids.unit_id}
        insert_rows(
            self.env["loy.purchase.promotion"],
            [
                {
                    "purchase_id": returned.id,
                    "promotion_id": promotion_id,
                    "company_id": purchase.company_id.id,
                    "currency_id": purchase.currency_id.id,
                    "purchased_at": at,
                    "discount": from_minor(-use["discount"], decimals),
                    "spent": from_minor(-use["spent"], decimals),
                    "unit_id": unit_id,
                    "points": from_minor(-use["points"], units.get(unit_id, 0)),
                }
                for (promotion_id, unit_id), use in uses.items()
                if promotion_id and any(use.values())
            ],
        )

    def _moves(self, purchase, plan: Plan) -> list[tuple[str, Decimal, Decimal]]:
        """What the plan asks back of points, by unit: (unit code, given, taken), in whole units, as the ledger tells it
        of what it has moved."""
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        asked: dict[str, Counter] = {"spent": Counter(), "earned": Counter()}
        for name, sums in asked.items():
            for part, amount in zip(by_line[name], plan.asked[name], strict=True):
                sums[part["unit_id"]] += amount
        units = self.env["loy.unit"].browse({*+asked["spent"], *+asked["earned"]}).sorted("code")
        return [
            (unit.code, *(from_minor(asked[name][unit.id], unit.decimals) for name in ("spent", "earned")))
            for unit in units
        ]

    def _answer(self, purchase, plan: Plan, moved: list[tuple[str, Decimal, Decimal]]) -> dict:
        return {
            "purchase": purchase.number,
            "refund": {
                "money": self._number(plan.money, purchase),
                **self._reduced(purchase, plan),
                "points": [{"unit": unit, "amount": float(given)} for unit, given, _taken in moved if given],
                "certificates": self.env["loy.prepaid"]._told_back(
                    {one: self._number(amount, purchase) for one, amount in plan.certificates.items() if amount}
                ),
            },
            "taken_back": [{"unit": unit, "amount": float(taken)} for unit, _given, taken in moved if taken],
            **self._codes_told(purchase, plan),
            "lines": [
                {
                    "id": line.ref,
                    "quantity": float(from_minor(line.after_micro - line.before_micro, 6)),
                    "base": self._number(line.now(line.base, plan.is_whole), purchase),
                    "spent": self._number(line.now(line.spent, plan.is_whole), purchase),
                    "amount": self._number(plan.amounts[line.ref], purchase),
                }
                for line in plan.lines
                if line.after_micro > line.before_micro
            ],
            "left": [
                {"id": line.ref, "quantity": float(from_minor(line.quantity_micro - line.after_micro, 6))}
                for line in plan.lines
                if line.after_micro < line.quantity_micro
            ],
        }

    def _reduced(self, purchase, plan: Plan) -> dict:
        """By how much the refund is less for what was used of codes; nothing where it is not."""
        reduced = sum(one.reduced for one in plan.codes)
        return {"reduced": self._number(reduced, purchase)} if reduced else {}

    def _codes_told(self, purchase, plan: Plan) -> dict:
        told = self.env["loy.return.codes"]._told(plan.codes, purchase.currency_id.decimal_places)
        return {"codes": told} if told else {}

    def _minor(self, amount: float, purchase) -> int:
        return to_minor(Decimal(str(amount)), purchase.currency_id.decimal_places)

    def _number(self, amount_minor: int, purchase) -> float:
        return float(from_minor(amount_minor, purchase.currency_id.decimal_places))


def _as_lines(lines: Iterable) -> tuple[PurchaseLine, ...]:
    """Goods that come back as if they were bought."""
    return tuple(
        PurchaseLine(id=line.id, sku=line.sku, quantity=line.quantity, price=line.price, amount=line.amount, given=())
        for line in lines
    )


def _sold_back(lines: Iterable[SoldLine]) -> dict[str, int]:
    """Line → how many of the certificates that it sold come back."""
    return {
        line.ref: (line.after_micro - line.before_micro) // MICRO
        for line in lines
        if line.is_prepaid and line.after_micro > line.before_micro
    }


def _reduced_by(returned) -> int:
    """By how much its refund was less for codes."""
    return sum(one["reduced"] for one in (returned.by_line or {}).get("given_codes", ()))


def _return_lines(quantities: Mapping[str, float]) -> tuple[ReturnLine, ...]:
    return tuple(
        ReturnLine(id=ref, quantity=Decimal(str(round(quantity, 6)))) for ref, quantity in quantities.items()
    )
