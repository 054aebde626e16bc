"""Purchases: a request becomes a basket, the engine's result becomes facts and movements. No rule stands here."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from odoo import fields, models

from ..engine import (
    Basket,
    Conditional,
    Given,
    Line,
    Member,
    Payment,
    Place,
    Programme,
    Redemption,
    Result,
    SpendRequest,
    evaluate,
    explain,
    normal_code,
)
from ..sql.insert import insert_rows
from . import clock
from .catalogue import PlaceFacts
from .errors import LoyaltyError
from .money import from_minor, to_minor
from .posting import Accrual, Source
from .prepaid import Tender
from .programme import CompiledProgramme, Unit
from .requests import PurchaseCancel
from .transaction import lock_name, run_with_retry

AMOUNT_MINOR_MAX = 10**12
ASKED_AGAIN = (
    "number", "kind", "state", "company_id", "store_id", "member_id", "purchased_at", "is_late", "is_offline",
    "difference",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """Who, where, when and under which programme: all that a request refers to, looked up once."""

    place: PlaceFacts
    member: models.Model
    card: models.Model
    at: datetime  # UTC
    compiled: CompiledProgramme
    accounts: dict[str, int]  # unit code → account of the member
    products: dict  # sku → facts
    basket: Basket
    tenders: tuple[Tender, ...] = ()  # the certificates that pay


class LoyPurchases(models.AbstractModel):
    """The life of a purchase: calculated, held, confirmed or cancelled, returned.

    All that happens to one purchase number happens one after another (``_claim``), and a member's accounts are locked
    before their balances are read. Facts are written once: the purchase, its lines, the uses of promotions, movements.
    """

    _name = "loy.purchases"
    _description = "Purchase service"

    # ------------------------------------------------------------------ the calls

    def _calculate(self, request) -> dict:
        """What the purchase comes to, without any effect."""
        return self._told(request, *self._work_out(request))

    def _told(self, request, scene: Scene, result: Result) -> dict:
        """What was worked out, and what comes back on the same receipt."""
        answer = self.env["loy.prepaid"]._told(result.to_document())
        back = self.env["loy.exchange"]._preview(request)
        return answer if back is None else {**answer, "exchange": self._exchanged(result, back)}

    def _work_out(self, request) -> tuple[Scene, Result]:
        """What is calculated, and of what."""
        scene = self._scene(request, self._place(request), is_explained=request.explain)
        return self._judge(scene, explain if request.explain else evaluate)

    def _hold(self, request) -> dict:
        """As calculated, with the points reserved until the deadline. A new hold takes the place of the one before."""
        place = self._place(request)
        purchase = self._claim(request.purchase, place.company_id)
        self._refuse(purchase, "confirmed", "returned", "cancelled")
        self._release(purchase)
        return self._attempt(
            request, place, purchase, lambda scene, result: self._book_hold(request, purchase, scene, result)
        )

    def _book_hold(self, request, purchase, scene: Scene, result: Result) -> dict:
        now = fields.Datetime.now()
        deadline = now + timedelta(minutes=scene.compiled.settings.hold_minutes)
        was_held = bool(purchase.draws_until_at)
        draws_until_at = self.env["loy.counters"]._draws_until(scene.compiled, result, deadline)
        purchase = self._write_purchase(
            purchase,
            request.purchase,
            scene,
            result,
            {"state": "held", "held_until_at": deadline, "draws_until_at": draws_until_at},
        )
        points = self._points_spent(scene, result)
        if points:
            purchase.hold_id = self.env["loy.ledger"]._hold(
                # Points are reserved from now on, though the clock of the till be ahead of ours.
                points,
                at=min(scene.at, now),
                deadline_at=deadline,
                source=self._source("purchase", purchase),
                terms=_terms_of(scene, result),
            )
        self.env["loy.prepaid"]._held(purchase, request, scene, deadline)
        self._draw(purchase, scene, result, was_held=was_held)
        return {
            **self._answer(purchase, result.to_document()),
            "hold": str(purchase.id),
            "expires_at": scene.place.to_local(deadline).isoformat(),
        }

    def _confirm(self, request) -> dict:
        """The purchase is a fact: points are spent and earned, uses counted, lines kept.

        With lines it is calculated anew; with the number alone what was held is confirmed as it was answered.
        """
        place = None if request.lines is None else self._place(request)
        purchase = self._claim(request.purchase, place and place.company_id)
        self._refuse(purchase, "confirmed", "returned", "cancelled")
        if place is None:
            return self._confirm_held(purchase, request)
        is_late = self._is_past_deadline(purchase)
        if is_late and self._is_as_held(purchase, request, place):
            return self._confirm_held(purchase, request)
        self.env["loy.exchange"]._lock(request, place)
        self._release(purchase)
        back = self.env["loy.exchange"]._book(request, place)
        return self._attempt(
            request,
            place,
            purchase,
            lambda scene, result: self._book_confirm(request, purchase, scene, result, is_late, back),
        )

    def _attempt(self, request, place: PlaceFacts, purchase, book) -> dict:
        """``book(scene, result)``, as often as limits run out in between; all that it needs is locked before."""
        held = purchase.browse(purchase.id if purchase.draws_until_at else ())
        scene = self._scene(request, place, is_locked=True, held=held)
        return self.env["loy.counters"]._attempt(scene, held, book)

    def _book_confirm(
        self, request, purchase, scene: Scene, result: Result, is_late: bool, back: dict | None
    ) -> dict:
        values = {"state": "confirmed", "confirmed_at": fields.Datetime.now(), "is_late": is_late}
        if request.offline:
            values |= {"is_offline": True, "difference": self._difference(request, scene, result)}
        else:
            self._check_expected(request, result.to_document())
        was_held = bool(purchase.draws_until_at)
        purchase = self._write_purchase(purchase, request.purchase, scene, result, values)
        points = self._points_spent(scene, result)
        if points:
            self.env["loy.ledger"]._spend(
                points,
                at=scene.at,
                source=self._source("purchase", purchase),
                overrun=request.offline,
                terms=_terms_of(scene, result),
            )
        self._post(purchase, scene, result)
        document = self.env["loy.issues"]._make(purchase, scene, result)
        document |= self.env["loy.prepaid"]._confirmed(purchase, request, scene, result)
        self._draw(purchase, scene, result, was_held=was_held, is_fact=request.offline)
        answer = self._answer(purchase, document)
        if back is None:
            return answer
        self.env["loy.exchange"]._attach(purchase, back)
        return {**answer, "exchange": self._exchanged(result, back)}

    def _is_as_held(self, purchase, request, place: PlaceFacts) -> bool:
        """Whether the lines sent are those that are held: then what was promised is what happened."""
        # As of a receipt that is printed: what has become of cards and certificates since does not matter here.
        sent = self._scene(replace(request, offline=True), place).basket
        held = Basket.from_document(purchase.basket)
        return _asked(held) == _asked(sent) and self.env["loy.prepaid"]._is_as_held(purchase, request)

    def _difference(self, request, scene: Scene, result: Result) -> float:
        """By how much the till took more than the programme says, for a receipt made offline."""
        programme = result
        if any(line.given is not None for line in scene.basket.lines):
            lines = tuple(replace(line, given=None) for line in scene.basket.lines)
            programme = evaluate(scene.compiled.programme, replace(scene.basket, lines=lines))
        took = from_minor(result.totals.to_pay_minor, scene.compiled.currency_decimals)
        if request.expected is not None and request.expected.to_pay is not None:
            took = request.expected.to_pay
        return float(took - from_minor(programme.totals.to_pay_minor, scene.compiled.currency_decimals))

    def _exchanged(self, result: Result, back: dict) -> dict:
        """What the customer gets for what came back, and what is left to pay: less than zero is paid out."""
        to_pay = from_minor(result.totals.to_pay_minor, result.decimals)
        return {**back, "refund": float(back["refund"]), "balance": float(to_pay - back["refund"])}

    def _confirm_held(self, purchase, request) -> dict:
        if not purchase:
            raise LoyaltyError(
                "purchase_not_found",
                self.env._("There is no purchase %s that is held. Send its lines too.", request.purchase),
            )
        basket = Basket.from_document(purchase.basket)
        scene = self._scene_of(purchase, basket)
        result = evaluate(scene.compiled.programme, basket)
        self._check_expected(request, purchase.result)
        is_late = self._is_past_deadline(purchase)
        purchase.write(
            {
                "state": "confirmed",
                "confirmed_at": fields.Datetime.now(),
                "is_late": is_late,
                "draws_until_at": False,
            }
        )
        points = self._points_spent(scene, result)
        if points:
            ledger = self.env["loy.ledger"]
            source = self._source("purchase", purchase)
            if purchase.hold_id.state == "open":
                ledger._settle(purchase.hold_id.id, at=scene.at, source=source)
            else:
                # The receipt was printed on the strength of a hold that has run out: it is a fact.
                ledger._spend(points, at=scene.at, source=source, overrun=True, terms=_terms_of(scene, result))
        self._post(purchase, scene, result)
        issued = self.env["loy.issues"]._make(purchase, scene, result)["issued"]
        as_held = replace(request, lines=None)
        told = self.env["loy.prepaid"]._confirmed(purchase, as_held, scene, result)
        self._draw(purchase, scene, result, was_held=True, is_fact=True)
        return self._answer(purchase, {**purchase.result, "issued": issued, **told})

    def _cancel(self, request) -> dict:
        """The purchase will not happen; what was reserved is free. It also stops a hold that arrives later."""
        purchase = self._claim(request.purchase)
        self._refuse(purchase, "confirmed", "returned")
        if purchase.state != "cancelled":
            self._keep_member(purchase)
            self._release(purchase)
            if purchase:
                if purchase.draws_until_at:
                    self.env["loy.codes"]._give_back(purchase)
                    self.env["loy.counters"]._give_back(purchase)
                purchase.write({"state": "cancelled", "draws_until_at": False})
            else:
                purchase = self._insert_purchase(
                    {
                        "number": request.purchase,
                        "kind": "sale",
                        "state": "cancelled",
                        "company_id": self.env.company.id,
                        "purchased_at": fields.Datetime.now(),
                    }
                )
            self._emit("purchase.cancelled", purchase, self._cancelled_at(purchase, request))
        return {"purchase": request.purchase, "state": "cancelled"}

    def _cancel_by_hand(self, purchase) -> None:
        """Staff end a hold that no till will confirm."""
        self.env["loy.rights"]._check("purchase.cancel")
        purchase.check_access("read")
        request = PurchaseCancel(key="", purchase=purchase.number)
        # Staff write no purchases; the right to cancel them is checked above.
        run_with_retry(self.env, lambda: self.sudo()._cancel(request))

    def _cancelled_at(self, purchase, request) -> datetime:
        if request.at is None:
            return fields.Datetime.now()
        timezone = purchase.store_id.timezone or "UTC"  # a cancel before its hold knows no store
        at = clock.to_utc(request.at, timezone)
        self._check_time(at, purchase.company_id)
        return at

    def _get(self, request) -> dict:
        """State and result of a purchase."""
        purchase = self._find(request.purchase)
        if not purchase:
            raise self._not_found(request.purchase)
        answer = self._answer(purchase, purchase.result or {})
        if purchase.store_id:
            answer["store"] = purchase.store_id.code
            answer["at"] = purchase.store_id._to_local(purchase.purchased_at).isoformat()
        if purchase.member_id:
            answer["member"] = str(purchase.member_id.id)
        if purchase.return_ids:
            answer["returns"] = [returned.number for returned in purchase.return_ids]
        if purchase.exchange_ids:
            answer["exchanged"] = [returned.number for returned in purchase.exchange_ids]
        return answer

    # ------------------------------------------------------------------ what a request refers to

    def _place(self, request) -> PlaceFacts:
        return self.env["loy.catalogue"]._place(request.store, request.register)

    def _scene(
        self, request, place: PlaceFacts, is_locked: bool = False, is_explained: bool = False, held=None
    ) -> Scene:
        at = place.to_utc(request.at) if request.at else fields.Datetime.now()
        company = self.env["res.company"].browse(place.company_id)
        compiled = self._programme(request, company, at)
        is_offline = getattr(request, "offline", False)
        self._check_time(at, company, compiled.number, is_offline)
        member, card = self._find_member(request.member, is_offline)
        lines = [line for line in request.lines if line.quantity >= 0]
        products = self.env["loy.catalogue"]._facts([line.sku for line in lines], place.company_id)
        if is_locked:
            self.env["loy.members"]._keep_current(member)
        own_timezone, place = place.timezone, place.for_member(member)
        prepaid = self.env["loy.prepaid"]
        tenders = prepaid._presented(request, place, at, is_fact=is_offline)
        accounts = self._accounts(member, compiled.units)
        locked = [*accounts.values(), *(one.account_id for one in tenders)]
        if is_locked and locked:
            # As late as can be: other purchases of the member wait from here to the commit.
            self.env["loy.ledger"]._lock(locked)
        tenders, certificates = prepaid._payable(tenders, at, is_fact=is_offline) if tenders else ((), ())
        sold = prepaid._sells(lines, products, place)
        spend = self._spend_requests(request, compiled)
        redeem = self._redemptions(request, compiled)
        # What was paid with points offline is paid, whatever there was.
        paid = self._paid_offline(spend, redeem, compiled) if is_offline else {}
        basket = Basket(
            at=place.to_local(at),
            timezone=place.timezone if place.timezone != own_timezone else "",
            lines=tuple(self._line(line, products.get(line.sku), compiled, line.id in sold) for line in lines),
            place=Place(
                partner=place.partner,
                network=place.network,
                store=place.code,
                store_attributes=place.attributes,
                register=request.register or "",
                channel=request.channel,
            ),
            member=self._engine_member(member, card, accounts, at, paid),
            codes=tuple(dict.fromkeys(normal_code(code) or code for code in request.codes)),
            payments=self._payments(request, compiled),
            spend=spend,
            redeem=redeem,
            certificates=certificates,
        )
        scene = Scene(place, member, card, at, compiled, accounts, products, basket, tenders)
        if sold:
            prepaid._check_sold(request, scene)
        basket = self._with_past(scene, held, is_locked=is_locked, is_explained=is_explained, is_fact=is_offline)
        return replace(scene, basket=basket)

    def _programme(self, request, company, at: datetime) -> CompiledProgramme:
        """By what the request is judged."""
        return self.env["loy.programme"]._at(company, at)

    def _with_past(
        self, scene: Scene, held, *, is_locked: bool = False, is_explained: bool = False, is_fact: bool = False
    ) -> Basket:
        """The basket with what became of its promo codes and what is used of limits."""
        basket = self.env["loy.codes"]._with_codes(
            scene.basket,
            scene.compiled,
            place=scene.place,
            member_id=scene.member.id or None,
            at=scene.at,
            held=held,
            is_fact=is_fact,
        )
        basket = self.env["loy.member.facts"]._with_facts(
            basket, scene.compiled, scene.member, scene.place.company_id, is_explained=is_explained
        )
        return self.env["loy.counters"]._with_used(
            basket,
            scene.compiled,
            company_id=scene.place.company_id,
            member_id=scene.member.id or None,
            held=held,
            is_locked=is_locked,
            is_explained=is_explained,
        )

    def _judge(self, scene: Scene, judge: Callable[[Programme, Basket], Result] = evaluate) -> tuple[Scene, Result]:
        """What the basket comes to: where so set (``crossing``) with the tier to which the purchase itself lifts its
        member, unless it would not do so at what it comes to then."""
        result = judge(scene.compiled.programme, scene.basket)
        tier = self.env["loy.tiers"]._risen_to(scene, result)
        if not tier:
            return scene, result
        member = replace(scene.basket.member, tier=tier)
        risen = replace(scene, basket=replace(scene.basket, member=member))
        anew = judge(scene.compiled.programme, risen.basket)
        return (risen, anew) if self.env["loy.tiers"]._risen_to(scene, anew) == tier else (scene, result)

    def _draw(self, purchase, scene: Scene, result: Result, *, was_held: bool, is_fact: bool = False) -> None:
        """What others may use at the same time, last of all and in one order: codes, then counters."""
        for service in ("loy.codes", "loy.counters"):
            self.env[service]._draw(purchase, scene, result, was_held=was_held, is_fact=is_fact)

    def _scene_of(self, purchase, basket: Basket) -> Scene:
        """The scene of a purchase that is held, under the very programme by which it was answered."""
        compiled = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        )
        self._keep_member(purchase)
        accounts = self._accounts(purchase.member_id, compiled.units)
        tenders = self.env["loy.prepaid"]._tenders_of(basket) if basket.certificates else ()
        if locked := [*accounts.values(), *(one.account_id for one in tenders)]:
            self.env["loy.ledger"]._lock(locked)
        catalogue = self.env["loy.catalogue"]
        place = catalogue._place_of(purchase.store_id, purchase.register_id)
        return Scene(
            place=replace(place, timezone=basket.timezone or place.timezone),
            member=purchase.member_id,
            card=purchase.card_id,
            at=purchase.purchased_at,
            compiled=compiled,
            accounts=accounts,
            products=catalogue._facts([line.sku for line in basket.lines], purchase.company_id.id),
            basket=basket,
            tenders=tenders,
        )

    def _keep_member(self, purchase) -> None:
        """The member of a purchase stays who it is until the transaction ends, whoever it has become meanwhile."""
        while purchase.member_id and (merged := self.env["loy.members"]._keep(purchase.member_id)):
            purchase.invalidate_recordset(["member_id"])
            if purchase.member_id.id in merged:  # written by an earlier version while its member was being merged
                purchase.member_id = merged[purchase.member_id.id]
                purchase.flush_recordset(["member_id"])

    def _check_bound(self, store) -> None:
        bound = self.env["res.users"]._loy_bound_store_ids()
        if bound and store.id not in bound:
            raise LoyaltyError("store_forbidden", self.env._("This user may not work for store %s.", store.code))

    def _find_member(self, key, is_offline: bool = False):
        """Member and card that a request names; both empty for a purchase by nobody known.

        A card that was blocked since counts for what was sold with it offline: the receipt is printed.
        """
        if key is None:
            return self.env["res.partner"], self.env["loy.card"]
        members = self.env["loy.members"]
        if key.card:
            cards = self.env["loy.cards"]
            card = cards._get(key.card) if is_offline else cards._resolve(key.card)
            if not is_offline:
                members._check_live(card.member_id.id)
            return card.member_id, card
        member = members._find(key.given())
        card = members._main_card(member)
        return member, card if card.state == "active" else card.browse()

    def _check_time(self, at: datetime, company, number: int | None = None, is_offline: bool = False) -> None:
        """By the settings of today: those of the past know nothing of what is allowed now."""
        now = fields.Datetime.now()
        settings = self.env["loy.programme"]._at(company, now, number).settings
        backdate_days = settings.offline_days if is_offline else settings.backdate_days
        if not -settings.forward_days <= (now - at) / timedelta(days=1) <= backdate_days:
            raise LoyaltyError(
                "at_out_of_range",
                self.env._(
                    "The moment may lie at most %(back)s days back and %(ahead)s days ahead; see the settings.",
                    back=backdate_days,
                    ahead=settings.forward_days,
                ),
            )

    def _accounts(self, member, units: Mapping[str, Unit], create: bool = False) -> dict[str, int]:
        """Unit code → the member's account; a member who never had a unit has none."""
        if not member or not units:
            return {}
        codes = {unit.id: code for code, unit in units.items()}
        found = self.env["loy.ledger"]._accounts([member.id], list(codes), create=create)
        return {codes[unit_id]: account_id for (_member_id, unit_id), account_id in found.items()}

    # ------------------------------------------------------------------ the basket

    def _line(self, line, facts, compiled: CompiledProgramme, is_prepaid: bool) -> Line:
        """A product that the catalogue does not know is sold all the same if its price is given."""
        decimals = compiled.currency_decimals
        if line.price is None and facts is None:
            raise LoyaltyError(
                "product_not_found", self.env._("Product %s is not known, so its line must have a price.", line.sku)
            )
        price = line.price if line.price is not None else Decimal(str(facts.list_price))
        amount = line.amount if line.amount is not None else price * line.quantity
        known = {}
        if facts:
            known = {
                **facts.traits(),
                "min_price_minor": to_minor(Decimal(str(facts.min_price)), decimals),
                "points": {code: points for code, points in facts.points.items() if code in compiled.units},
            }
        return Line(
            id=line.id,
            sku=line.sku,
            quantity_micro=to_minor(line.quantity, 6),
            price_minor=self._minor(price, decimals),
            amount_minor=self._minor(amount, decimals),
            no_discount=line.no_discount or bool(facts and facts.no_discount),
            prepaid=is_prepaid,
            given=self._given(line, self._minor(amount, decimals), decimals),
            **known,
        )

    def _given(self, line, base_minor: int, decimals: int) -> tuple[Given, ...] | None:
        if line.given is None:
            return None
        given = tuple(
            Given(promotion=one.promotion, discount_minor=self._minor(one.discount, decimals)) for one in line.given
        )
        if sum(one.discount_minor for one in given) > base_minor:
            raise LoyaltyError(
                "bad_request", self.env._("Line %s was given more than it comes to; check the discounts.", line.id)
            )
        return given

    def _minor(self, amount: Decimal, decimals: int) -> int:
        """An amount as the engine takes it, and can read it back from what was stored."""
        minor = to_minor(amount, decimals)
        if minor > AMOUNT_MINOR_MAX:
            raise LoyaltyError("bad_request", self.env._("An amount of %s is too large.", amount))
        return minor

    def _engine_member(
        self, member, card, accounts: dict[str, int], at: datetime, paid: Mapping[str, int]
    ) -> Member | None:
        if not member:
            return None
        ledger = self.env["loy.ledger"]
        spendable = ledger._spendable(accounts.values(), at)
        return Member(
            id=str(member.id),
            card_type=card.type_id._code_of(card.type_id.id) if card else "",
            balances={code: max(spendable[account].free, paid.get(code, 0)) for code, account in accounts.items()},
            conditional=tuple(
                Conditional(
                    terms=str(terms_id), unit=code, amount_minor=amount, when=ledger._document_of_terms(terms_id)
                )
                for code, account in accounts.items()
                for terms_id, amount in spendable[account].conditional.items()
            ),
        )

    def _payments(self, request, compiled: CompiledProgramme) -> tuple[Payment, ...]:
        return tuple(
            Payment(
                method=payment.method,
                amount_minor=None
                if payment.amount is None
                else self._minor(payment.amount, compiled.currency_decimals),
            )
            for payment in request.payments
        )

    def _spend_requests(self, request, compiled: CompiledProgramme) -> tuple[SpendRequest, ...]:
        units = [self._unit(compiled, spend.unit) for spend in request.spend]
        return tuple(
            SpendRequest(
                unit=spend.unit,
                amount_minor=None if spend.amount is None else self._minor(spend.amount, unit.decimals),
            )
            for spend, unit in zip(request.spend, units, strict=True)
        )

    def _redemptions(self, request, compiled: CompiledProgramme) -> tuple[Redemption, ...]:
        times: Counter = Counter()
        for one in request.redeem:
            if one.reward not in compiled.rewards:
                raise LoyaltyError("reward_not_found", self.env._("There is no reward %s. Check the code.", one.reward))
            times[one.reward] += one.times
        return tuple(Redemption(reward=code, times=count) for code, count in times.items())

    @staticmethod
    def _paid_offline(spend, redeem, compiled: CompiledProgramme) -> dict[str, int]:
        """Unit → points that an offline receipt says were paid."""
        paid: Counter = Counter()
        for one in spend:
            paid[one.unit] += one.amount_minor or 0
        for one in redeem:
            _record_id, document = compiled.rewards[one.reward]
            if document.unit in compiled.units and isinstance(document.points, Decimal):
                paid[document.unit] += to_minor(document.points, compiled.units[document.unit].decimals) * one.times
        return dict(paid)

    def _unit(self, compiled: CompiledProgramme, code: str):
        if code not in compiled.units:
            raise LoyaltyError("unit_not_found", self.env._("There is no unit %s.", code))
        return compiled.units[code]

    # ------------------------------------------------------------------ facts

    def _claim(self, number: str, company_id: int | None = None, is_bound: bool = True):
        """The purchase of that number or an empty record; until the transaction ends nobody else works on it."""
        lock_name(self.env, "purchase", number)
        return self._find(number, company_id, is_bound)

    def _find(self, number: str, company_id: int | None = None, is_bound: bool = True):
        """The purchase of that number, in a store where the user may work if ``is_bound``.

        Companies number their receipts each by itself; a cancel that came before its hold named no store."""
        purchase = self.env["loy.purchase"].search(
            [("number", "=", number), ("company_id", "in", self.env.companies.ids)]
        )
        if company_id:
            own = purchase.filtered(lambda one: one.company_id.id == company_id)
            purchase = own or purchase.filtered(lambda one: not one.store_id)[:1]
        if len(purchase) > 1:
            raise LoyaltyError(
                "purchase_ambiguous",
                self.env._("Several companies have a purchase %s; give the user one company.", number),
            )
        if is_bound and purchase.store_id:
            self._check_bound(purchase.store_id)
        return purchase

    def _write_purchase(self, purchase, number: str, scene: Scene, result: Result, values: dict):
        decimals = scene.compiled.currency_decimals
        values = {
            "company_id": scene.place.company_id,
            "currency_id": scene.place.currency_id,
            "is_price_tax_included": scene.place.is_price_tax_included,
            "store_id": scene.place.store_id,
            "register_id": scene.place.register_id,
            "channel": scene.basket.place.channel or None,
            "member_id": scene.member.id or None,
            "card_id": scene.card.id or None,
            "purchased_at": scene.at,
            "purchased_on": scene.basket.at.date(),
            "base": from_minor(result.totals.base_minor, decimals),
            "discount": from_minor(result.totals.discount_minor, decimals),
            "spent": from_minor(result.totals.spent_minor, decimals),
            "certificates": from_minor(result.totals.certificates_minor, decimals),
            "to_pay": from_minor(result.totals.to_pay_minor, decimals),
            "prepaid": from_minor(result.totals.prepaid_minor, decimals),
            "programme_number": scene.compiled.number,
            "is_late": False,
            "draws_until_at": None,
            "is_offline": False,
            "difference": 0.0,
            "basket": scene.basket.to_document(),
            "result": result.to_document(),
            "by_line": _by_line(scene.compiled, result, scene.tenders),
            **values,
        }
        if purchase:
            purchase.write(values)
            return purchase
        return self._insert_purchase({"number": number, "kind": "sale", **values})

    def _insert_purchase(self, values: dict):
        (purchase_id,) = insert_rows(self.env["loy.purchase"], [values])
        purchase = self.env["loy.purchase"].browse(purchase_id)
        # What the rest of the call asks of it is known; reading would fetch the whole basket back.
        purchase._update_cache({name: values[name] for name in ASKED_AGAIN if name in values}, validate=False)
        return purchase

    def _post(self, purchase, scene: Scene, result: Result) -> None:
        """Everything that a confirmed purchase leaves behind, beside the points that it spends."""
        self._insert_lines(purchase, scene, result)
        self._insert_uses(purchase, scene, result)
        self._accrue(purchase, scene, result)
        units = {code: unit.id for code, unit in scene.compiled.units.items()}
        accounts = {account: units[code] for code, account in scene.accounts.items()}
        self.env["loy.expiry"]._purchased(purchase.company_id.id, accounts, scene.at)
        self.env["loy.member.facts"]._add(purchase, count=1)
        self.env["loy.tiers"]._follow(purchase)
        self.env["loy.referrals"]._bought(purchase)
        self._emit("purchase.confirmed", purchase)

    def _insert_lines(self, purchase, scene: Scene, result: Result) -> None:
        decimals = scene.compiled.currency_decimals
        rows = []
        for line, answered in zip(scene.basket.lines, result.lines, strict=True):
            facts = scene.products.get(line.sku)
            rows.append(
                {
                    "purchase_id": purchase.id,
                    "line_ref": line.id,
                    "member_id": scene.member.id or None,
                    "purchased_at": scene.at,
                    "product_id": facts and facts.product_id,
                    "categ_id": facts and facts.category_id,
                    "sku": line.sku,
                    "is_prepaid": line.prepaid,
                    "quantity": from_minor(line.quantity_micro, 6),
                    "price": from_minor(line.price_minor, decimals),
                    "base": from_minor(answered.base_minor, decimals),
                    "discount": from_minor(answered.discount_minor, decimals),
                    "spent": from_minor(answered.spent_minor, decimals),
                    "amount": from_minor(answered.amount_minor, decimals),
                }
            )
        insert_rows(self.env["loy.purchase.line"], rows)

    def _insert_uses(self, purchase, scene: Scene, result: Result) -> None:
        uses = _uses(result)
        if not uses:
            return
        decimals = scene.compiled.currency_decimals
        rows = []
        for (code, unit_code), use in sorted(uses.items()):
            if code not in scene.compiled.promotions:
                continue  # given offline by a till under a code that the programme does not know
            unit = scene.compiled.units.get(unit_code)
            rows.append(
                {
                    "purchase_id": purchase.id,
                    "promotion_id": scene.compiled.promotions[code],
                    "company_id": scene.place.company_id,
                    "currency_id": scene.place.currency_id,
                    "purchased_at": scene.at,
                    "discount": from_minor(use["discount"], decimals),
                    "spent": from_minor(use["spent"], decimals),
                    "unit_id": unit and unit.id,
                    "points": from_minor(use["points"], unit.decimals) if unit else 0,
                }
            )
        insert_rows(self.env["loy.purchase.promotion"], rows)

    def _accrue(self, purchase, scene: Scene, result: Result) -> None:
        earned_units = {earned.unit: scene.compiled.units[earned.unit] for earned in result.earned}
        accounts = self._accounts(scene.member, earned_units, create=True)
        ledger = self.env["loy.ledger"]
        terms = ledger._terms(scene.place.company_id, [earned.usable_when for earned in result.earned])
        moves = [
            Accrual(
                account_id=accounts[earned.unit],
                amount_minor=earned.amount_minor,
                active_from=earned.active_from and scene.place.to_utc(earned.active_from),
                expires_at=earned.expires_at and scene.place.to_utc(earned.expires_at),
                promotion_code=earned.promotion,
                terms_id=terms_id,
            )
            for earned, terms_id in zip(result.earned, terms, strict=True)
            if earned.amount_minor
        ]
        if moves:
            ledger._accrue(moves, at=scene.at, source=self._source("purchase", purchase))

    def _open_accounts(self, compiled: CompiledProgramme, basket: Basket) -> None:
        """Accounts of the member for what the basket may earn are there and locked, as limits of the member are locked
        after all accounts: one that another purchase opens meanwhile would be locked out of order."""
        if compiled.units.keys() <= basket.member.balances.keys():
            return
        result = evaluate(compiled.programme, replace(basket, used={}, used_shared={}))
        earned = {one.unit for one in result.earned} - basket.member.balances.keys()
        if earned:
            member = self.env["res.partner"].browse(int(basket.member.id))
            accounts = self._accounts(member, {code: compiled.units[code] for code in earned}, create=True)
            self.env["loy.ledger"]._lock(accounts.values())

    def _points_spent(self, scene: Scene, result: Result) -> dict[int, int]:
        """Account → points, or money of a certificate: several promotions may let the same unit pay."""
        points = Counter()
        for spent in result.spent:
            points[scene.accounts[spent.unit]] += spent.points_minor
        for tender, used in zip(scene.tenders, result.certificates, strict=True):
            points[tender.account_id] += used.value_minor
        return dict(+points)

    def _release(self, purchase) -> None:
        if purchase.state == "held":
            self.env["loy.prepaid"]._released(purchase)
        if purchase.hold_id.state == "open":
            self._keep_member(purchase)
            ledger = self.env["loy.ledger"]
            # All of the member's accounts at once: the hold may be of one, and the others would be locked after it,
            # whatever their order.
            own, held = ledger._accounts_of(purchase.member_id.id), ledger._accounts_held(purchase.hold_id.id)
            ledger._lock({*own, *held})
            ledger._release(purchase.hold_id.id, at=fields.Datetime.now())

    def _source(self, kind: str, purchase) -> Source:
        return Source(
            kind=kind,
            purchase_id=purchase.id,
            document=purchase.number,
            company_id=purchase.company_id.id,
            store_id=purchase.store_id.id,
            member_id=purchase.member_id.id or None,
            card_id=purchase.card_id.id or None,
        )

    def _emit(self, kind: str, purchase, at: datetime | None = None) -> None:
        self.env["loy.events"]._emit(
            kind,
            at=at or purchase.purchased_at,
            member_id=purchase.member_id.id or None,
            store_id=purchase.store_id.id or None,
            purchase_id=purchase.id,
            company_id=purchase.company_id.id,
            data={"purchase": purchase.number},
        )

    def _by_line_of(self, purchase) -> dict:
        """As it was kept; of a purchase of earlier versions it is worked out once more."""
        if purchase.by_line:
            return purchase.by_line
        compiled = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        )
        basket = Basket.from_document(purchase.basket)
        tenders = self.env["loy.prepaid"]._tenders_of(basket)
        return _by_line(compiled, evaluate(compiled.programme, basket), tenders)

    # ------------------------------------------------------------------ refusals and small things

    def _refuse(self, purchase, *states: str) -> None:
        if purchase and (purchase.kind == "return" or purchase.state in states):
            state = "returned" if purchase.kind == "return" else purchase.state
            texts = {
                "held": self.env._("Purchase %s is held only; confirm or cancel it.", purchase.number),
                "confirmed": self.env._("Purchase %s is confirmed; return it instead.", purchase.number),
                "cancelled": self.env._("Purchase %s was cancelled; use a new number.", purchase.number),
                "returned": self.env._("Purchase %s was returned; use a new number.", purchase.number),
            }
            raise LoyaltyError(f"purchase_{state}", texts[state])

    def _not_found(self, number: str) -> LoyaltyError:
        return LoyaltyError("purchase_not_found", self.env._("There is no purchase %s.", number))

    def _check_expected(self, request, document: dict) -> None:
        if request.expected is None or request.expected.to_pay is None:
            return
        to_pay = document["totals"]["to_pay"]
        if Decimal(str(to_pay)) != request.expected.to_pay:
            raise LoyaltyError(
                "total_changed",
                self.env._(
                    "The purchase comes to %(now)s, not to %(expected)s. Calculate it again and show the customer.",
                    now=to_pay,
                    expected=request.expected.to_pay,
                ),
            )

    @staticmethod
    def _is_past_deadline(purchase) -> bool:
        return bool(purchase.held_until_at and purchase.held_until_at < fields.Datetime.now())

    def _answer(self, purchase, document: dict) -> dict:
        document = self.env["loy.prepaid"]._told(document)
        answer = {**document, "purchase": purchase.number, "state": purchase.state}
        if purchase.is_late:
            answer["late"] = True
        if purchase.is_offline:
            answer["offline"] = True
            answer["difference"] = purchase.difference
        return answer


def _terms_of(scene: Scene, result: Result) -> list[int]:
    """The terms of lots that hold on the receipt."""
    of_certificates = (
        terms_id
        for tender, used in zip(scene.tenders, result.certificates, strict=True)
        if used.value_minor
        for terms_id in tender.terms
    )
    return sorted({*map(int, result.usable), *of_certificates})


def _asked(basket: Basket) -> tuple:
    """What a basket asks for; how much there is on accounts and certificates changes by the hold itself."""
    certificates = [one.id for one in basket.certificates]
    wishes = basket.lines, basket.place, basket.codes, basket.payments, basket.spend, basket.redeem
    return *wishes, certificates, basket.member and basket.member.id


def _by_line(compiled: CompiledProgramme, result: Result, tenders: Iterable[Tender]) -> dict:
    """What returns of parts work with; units and promotions are told by their records too, since codes may change."""
    by_line = result.by_line()
    for part, tender in zip(by_line["certificates"], tenders, strict=True):
        part["account_id"] = tender.account_id
    for part in (*by_line["given"], *by_line["earned"], *by_line["spent"], *by_line["bases"]):
        part["promotion_id"] = compiled.promotions.get(part["promotion"])
        if "limit" in part:
            part["limit_id"] = compiled.limits.get(part["limit"])
        if "unit" in part:
            part["unit_id"] = compiled.units[part["unit"]].id
    return by_line


def _uses(result: Result) -> dict[tuple[str, str], dict[str, int]]:
    """What each promotion gave, by (promotion, unit; none for money off): discount and spent money, points earned."""
    uses: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"discount": 0, "spent": 0, "points": 0})
    for line in result.lines:
        for code, discount_minor in line.promotions:
            uses[code, ""]["discount"] += discount_minor
    for spent in result.spent:
        uses[spent.promotion, spent.unit]["spent"] += spent.money_minor
    for earned in result.earned:
        uses[earned.promotion, earned.unit]["points"] += earned.amount_minor
    return uses
