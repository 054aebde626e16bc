"""``loy.api``: everything that tills, shops and other systems may call."""

from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal

from odoo import fields, models, release

from . import requests
from .endpoint import reads, tells, writes
from .errors import LoyaltyError
from .posting import Source

STATEMENT_PAGE = 80
PURCHASES_PAGE = 80
EXPIRING_DAYS = 30
API_VERSION = 1
SHOWN_MAX = 200


class LoyApi(models.AbstractModel):
    """The API for integrators, over XML-RPC and JSON-2 alike; one dictionary in, one dictionary out.

    Each method's docstring lists the codes of its refusals. All may answer ``bad_request`` (every problem with its
    path), ``forbidden`` and ``busy``; those with a key ``key_reused``.
    """

    _name = "loy.api"
    _description = "Loyalty API"

    # ------------------------------------------------------------------ programme

    @writes(requests.ProgrammeApply)
    def programme_apply(self, request):
        """Creates or updates the programme by code. Codes: bad_request, approval_required, cases_differ."""
        return self._service("loy.programme.document")._apply(request)

    @reads(requests.Empty)
    def programme_export(self, request):
        """The programme as a document; applying it changes nothing."""
        return self._service("loy.programme.document")._export()

    # ------------------------------------------------------------------ members and cards

    @writes(requests.MemberRegister)
    def member_register(self, request):
        """A new member with a card. Codes: member_exists, bad_phone, bad_email, bad_birth_date, bad_attribute,
        store_not_found, store_forbidden, brand_not_found, card_not_found, card_taken, bad_card_number,
        referral_not_found, referral_self."""
        values = self._member_values(request, ("card",))
        if request.at:
            store = self._service("loy.store").browse(values.get("store_id"))
            values["registered_at"] = store._to_utc(request.at) if store else _to_utc(request.at)
        self._service("loy.members")._claim(values)
        partner, card = self._service("loy.members")._register_member(values)
        if request.referral_code:
            self._service("loy.referrals")._join(partner, request.referral_code, partner.loy_registered_at)
        return {"member": str(partner.id), "card": card.number or None, "duplicate": False}

    @reads(requests.MemberFind)
    def member_find(self, request):
        """Profile, cards, promo codes, balances and choices of a member. Codes: member_not_found, card_not_found,
        card_blocked, card_closed, card_not_active."""
        partner = self._service("loy.members")._find(request.given())
        profile = self._service("loy.members")._profile(partner)
        codes = self._service("loy.codes")._of_member(partner, self._company())
        choices = self._service("loy.choices")._of(partner, fields.Datetime.now())
        balances = self._balances(partner, None, None)
        answer = {**profile, "member": str(partner.id), "codes": codes, "balances": balances}
        return {**answer, "choices": choices} if choices else answer

    @writes(requests.MemberUpdate)
    def member_update(self, request):
        """New values of a member. Codes: member_not_found, member_out_of_reach, member_exists, bad_phone, bad_email,
        bad_birth_date, bad_attribute, brand_not_found, at_out_of_range."""
        members = self._service("loy.members")
        partner = members._find({"member": request.member})
        members._lock(partner)
        values = self._member_values(request)
        if request.attributes is not None:
            values["attributes"] = {**(partner.loy_attributes or {}), **request.attributes}
        members._update(partner, values, self._moment(request.at))
        return {**members._profile(partner), "member": str(partner.id)}

    @writes(requests.MembersImport)
    def members_import(self, request):
        """Members of another system with their cards, points and what they bought: all of them, or every problem with
        its path and none. Nobody is welcomed anew. Codes: bad_members, at_out_of_range."""
        created = self._service("loy.member.import")._import(request, self._moment(request.at))
        return {"created": len(created), "members": created}

    @reads(requests.TierGet)
    def tier_get(self, request):
        """The tier of a member today, and how far it is to the next one. Codes: member_not_found."""
        member = self._service("loy.members")._find({"member": request.member})
        return self._service("loy.tiers")._get(member, self._company())

    @writes(requests.OffersImport)
    def offers_import(self, request):
        """Personal offers in bulk, up to ten thousand at once. Rows whose member is not found are told (``faults``, the
        first 200, by their place) and left out. Codes: promotion_not_found."""
        loaded = self._service("loy.offers")._import(request)
        faults = [{"offer": position, "fault": fault} for position, fault in loaded.faults[:SHOWN_MAX]]
        counts = {name: getattr(loaded, name) for name in ("created", "updated", "unchanged")}
        return {**counts, "unknown": len(loaded.faults), "faults": faults}

    @reads(requests.MemberOffers)
    def member_offers(self, request):
        """What the member was offered by name and holds now, or at a moment, in promotions that do; and what it may
        choose, with what it has chosen. Codes: member_not_found, card_not_found, card_blocked, card_closed,
        card_not_active."""
        member = self._service("loy.members")._find(request.given())
        at = _to_utc(request.at) or fields.Datetime.now()
        return {
            "member": str(member.id),
            "offers": self._service("loy.offers")._current(member, at),
            "choices": self._service("loy.choices")._of(member, at),
        }

    @reads(requests.MemberFavourites)
    def member_favourites(self, request):
        """What the member buys most, by the favourites of the programme, as of last night. Codes: member_not_found,
        card_not_found, card_blocked, card_closed, card_not_active."""
        member = self._service("loy.members")._find(request.given())
        found = self._service("loy.favourites")._of(member, fields.Datetime.now())
        return {"member": str(member.id), "favourites": found}

    @writes(requests.MemberChoose)
    def member_choose(self, request):
        """Options of a choice, for as long as the programme says; what holds already is told again. Codes:
        member_not_found, member_out_of_reach, choice_not_found, option_not_found, choice_count, choice_closed,
        choice_locked, at_out_of_range."""
        member = self._service("loy.members")._find({"member": request.member})
        return self._service("loy.choices")._choose(
            member, request.choice, request.options, self._moment(request.at)
        )

    @writes(requests.ReferralCode)
    def referral_code(self, request):
        """The code by which a member's friends register (``member_register``), made when it is first asked for, and how
        many have joined and bought. Codes: member_not_found, member_out_of_reach."""
        member = self._service("loy.members")._find({"member": request.member})
        self._service("loy.reach")._check(member)
        return self._service("loy.referrals")._code(member)

    @writes(requests.RewardRedeem)
    def reward_redeem(self, request):
        """A reward of the catalogue for points. Discounts and products are taken with a purchase instead (``redeem``).
        Codes: member_not_found, member_out_of_reach, reward_not_found, reward_in_purchase, reward_points, reward_limit,
        insufficient_points, code_pool_empty, code_pool_ended, code_value, at_out_of_range."""
        member = self._service("loy.members")._find({"member": request.member})
        return self._service("loy.rewards")._redeem(
            member, request.reward, request.points, request.purchase, self._moment(request.at)
        )

    @tells(requests.MemberOf)
    def member_export(self, request):
        """All that is held on a person, as a zip in base64: JSON, CSV and a page to read. The export is written to the
        access log; the answer is not kept. Codes: member_not_found, member_out_of_reach."""
        name, content = self._service("loy.privacy")._export(
            self._service("loy.members")._find({"member": request.member})
        )
        return {"name": name, "file": b64encode(content).decode()}

    @writes(requests.MemberErase)
    def member_erase(self, request):
        """The person is forgotten for good: contacts, names, messages and files go, cards are closed; purchases and
        movements stay without a name. Codes: member_not_found, member_out_of_reach, not_confirmed,
        member_has_login, account_held, balance_remains, at_out_of_range."""
        if request.confirm != request.member:
            raise LoyaltyError("not_confirmed", self.env._("Repeat the member's id in confirm: this is for good"))
        partner = self._service("loy.members")._find({"member": request.member})
        written_off = self._service("loy.privacy")._erase(
            partner, is_written_off=request.write_off, at=self._moment(request.at), reason=request.reason or ""
        )
        amounts = [{"unit": unit, "amount": amount} for unit, amount in written_off.items()]
        return {"erased": request.member, "written_off": amounts}

    @writes(requests.MemberMerge)
    def member_merge(self, request):
        """A member becomes a part of another: accounts, cards, purchases and history move, and the old id, cards,
        phone and e-mail find the survivor. Codes: member_not_found, member_out_of_reach, merge_itself,
        member_merged, member_archived, merge_companies, merge_logins, merge_family, account_held, at_out_of_range."""
        members = self._service("loy.members")
        survivor = members._find({"member": request.into})
        other = self._service("res.partner").browse(int(request.member) if request.member.isdecimal() else 0)
        merges = self._service("loy.merges")
        merges._merge(survivor, other, at=self._moment(request.at), reason=request.reason or "")
        balances = self._balances(survivor, None, None)
        profile = {**members._profile(survivor), "member": str(survivor.id)}
        return {**profile, "merged": request.member, "balances": balances}

    @writes(requests.ContactConfirmStart)
    def contact_confirm_start(self, request):
        """A code goes to the member's phone or e-mail; a code sent before is worthless from now on. Codes:
        member_not_found, member_out_of_reach, contact_missing, confirm_limit."""
        partner = self._service("loy.members")._find({"member": request.member})
        codes = self._service("loy.contact.codes")
        started = codes._start(partner, request.contact)
        return {
            "member": str(partner.id),
            "contact": request.contact,
            "sent_to": codes._mask(started),
            "expires_at": started.expires_at,
        }

    @writes(requests.ContactConfirm)
    def contact_confirm(self, request):
        """The member has told the code: the phone or e-mail is confirmed. After five wrong codes a new one must be
        sent, and after a change of the contact too. Codes: member_not_found, member_out_of_reach, confirm_not_started,
        code_void, code_expired, wrong_code."""
        partner = self._service("loy.members")._find({"member": request.member})
        confirmed_at = self._service("loy.contact.codes")._confirm(partner, request.contact, request.code)
        answer = {"member": str(partner.id), "contact": request.contact}
        return {**answer, "confirmed": True, "confirmed_at": confirmed_at}

    @writes(requests.CardIssue)
    def card_issue(self, request):
        """A further card. Codes: member_not_found, card_type_not_found, card_taken, card_not_found, bad_card_number,
        at_out_of_range."""
        partner = self._service("loy.members")._find({"member": request.member})
        card_type = request.card_type and self._by_code("loy.card.type", request.card_type, "card_type_not_found")
        card = self._service("loy.cards")._issue(
            partner, card_type or None, request.card, self._moment(request.at)
        )
        return self._card(card)

    @writes(requests.CardChange)
    def card_block(self, request):
        """The card is refused until it is unblocked. Codes: card_not_found, card_transition, at_out_of_range."""
        return self._card_transition(request, "blocked")

    @writes(requests.CardChange)
    def card_unblock(self, request):
        """A blocked card works again. Codes: card_not_found, card_transition, at_out_of_range."""
        return self._card_transition(request, "active")

    @writes(requests.CardChange)
    def card_close(self, request):
        """The card is never used again, nor is its number; the member's points stay. Codes: card_not_found,
        card_transition, at_out_of_range."""
        return self._card_transition(request, "closed")

    @writes(requests.CardReplace)
    def card_replace(self, request):
        """The card is closed and a new one takes its place: the member's balance and history stay, the main card stays
        the main one. A blocked card may be replaced, and a closed one, each once. Codes: card_not_found,
        card_replaced, card_transition, card_without_member, member_not_found, card_taken, card_closed, card_blocked,
        bad_card_number, at_out_of_range."""
        cards = self._service("loy.cards")
        old = cards._get(request.card)
        reason, note = self._reason(request.reason)
        at = self._moment(request.at)
        new = cards._replace(old, request.new_card, reason=reason, note=note, at=at)
        return {**self._card(new), "main": new.is_main, "replaces": old.number}

    # ------------------------------------------------------------------ purchases

    @reads(requests.PurchaseCalculate)
    def purchase_calculate(self, request):
        """What a purchase comes to, without any effect; what comes back on the same receipt as purchase_return would
        answer it (``exchange``). Codes: store_not_found, store_forbidden, register_not_found, member_not_found,
        card_not_found, card_blocked, product_not_found, unit_not_found, reward_not_found, at_out_of_range,
        certificate_not_found; with certificates in use also certificate_not_active, certificate_blocked,
        certificate_used, certificate_expired, certificate_cancelled, certificate_currency, and of lines that sell them
        certificate_taken, certificate_product, certificate_value, certificate_number_missing; for lines that come back
        those of purchase_return."""
        return self._guarded(request, self._service("loy.purchases")._calculate(request))

    @writes(requests.PurchaseHold)
    def purchase_hold(self, request):
        """As calculated, and the points are reserved. Codes: those of purchase_calculate; purchase_confirmed,
        purchase_cancelled, purchase_returned, insufficient_points."""
        return self._guarded(request, self._service("loy.purchases")._hold(request))

    @writes(requests.PurchaseConfirm)
    def purchase_confirm(self, request):
        """The purchase is a fact. Codes: those of purchase_calculate; total_changed, purchase_not_found,
        purchase_confirmed, purchase_cancelled, purchase_returned, insufficient_points."""
        return self._guarded(request, self._service("loy.purchases")._confirm(request))

    @writes(requests.PurchaseCancel)
    def purchase_cancel(self, request):
        """The purchase will not happen. Codes: purchase_confirmed, purchase_returned, at_out_of_range."""
        return self._service("loy.purchases")._cancel(request)

    @writes(requests.PurchaseReturn)
    def purchase_return(self, request):
        """Goods come back, all or in part, with their purchase or without. Codes: purchase_not_found, purchase_held,
        purchase_cancelled, purchase_returned, line_not_found, return_exceeds, return_exists, return_elsewhere,
        return_needs_purchase, store_not_found, store_forbidden, register_not_found, member_not_found, card_not_found,
        card_blocked, at_out_of_range."""
        return self._service("loy.returns")._return(request)

    @reads(requests.PurchaseNumber)
    def purchase_get(self, request):
        """State and result of a purchase. Codes: purchase_not_found."""
        return self._service("loy.purchases")._get(request)

    @reads(requests.MemberPurchases)
    def member_purchases(self, request):
        """What a member has bought and brought back, with lines, the newest first; of the stores that the user works
        for. What is held or cancelled has no lines and has earned nothing. Codes: member_not_found."""
        member = self._service("loy.members")._find({"member": request.member})
        found = self._service("loy.purchases")._of_member(
            member,
            from_=_to_utc(request.from_),
            to=_to_utc(request.to),
            offset=(request.page - 1) * PURCHASES_PAGE,
            limit=PURCHASES_PAGE + 1,
        )
        return {
            "page": request.page,
            "purchases": found[:PURCHASES_PAGE],
            "more": len(found) > PURCHASES_PAGE,
        }

    # ------------------------------------------------------------------ promo codes

    @reads(requests.CodeCheck)
    def code_check(self, request):
        """Whether a promo code can be used, by this member or whoever has it, and what it is worth. Where it cannot,
        ``reason`` is unknown, used, expired, not_yet, other_member, void or pool_ended. Codes: member_not_found,
        at_out_of_range."""
        member = request.member and self._service("loy.members")._find({"member": request.member})
        codes = self._service("loy.codes")
        return self._guarded(
            request,
            codes._check(request.code, self._company(), member.id if member else None, self._moment(request.at)),
        )

    @writes(requests.CodeIssue)
    def code_issue(self, request):
        """A promo code of a pool for a member or whoever gets it. Codes: code_pool_not_found, code_pool_ended,
        code_pool_empty, code_capacity, code_value, member_required, member_not_found, member_out_of_reach,
        at_out_of_range."""
        pool = self._by_code("loy.code.pool", request.pool, "code_pool_not_found")
        member = request.member and self._service("loy.members")._find({"member": request.member})
        if member:
            self._service("loy.reach")._check(member)
        return self._service("loy.codes")._issue(
            pool, self._company(), member, request.value, self._moment(request.at)
        )

    @writes(requests.CodePoolExtend)
    def code_pool_extend(self, request):
        """So many more codes in a pool; many are made by the scheduler, meanwhile ``state`` is ``making``. Codes:
        code_pool_not_found, code_pool_ended, code_pattern, code_capacity."""
        pool = self._by_code("loy.code.pool", request.pool, "code_pool_not_found")
        series = self._service("loy.codes")._extend(pool, request.size)
        return {"pool": pool.code, "size": pool.size, "made": series.made_count, "state": series.state}

    # ------------------------------------------------------------------ accounts

    @reads(requests.AccountBalance)
    def account_balance(self, request):
        """Balances by unit, at any moment past or to come; at the present one with what of `available` is good on some
        purchases only (`conditional`). Codes: member_not_found, unit_not_found."""
        partner = self._service("loy.members")._find({"member": request.member})
        unit = request.unit and self._by_code("loy.unit", request.unit, "unit_not_found")
        return {"balances": self._balances(partner, unit, _to_utc(request.at))}

    @reads(requests.AccountStatement)
    def account_statement(self, request):
        """Movements with lot, source and the balance after each, the newest first. Codes: member_not_found,
        unit_not_found, unit_required."""
        partner = self._service("loy.members")._find({"member": request.member})
        ledger = self._service("loy.ledger")
        units = self._units(request.unit and self._by_code("loy.unit", request.unit, "unit_not_found"))
        accounts = ledger._accounts([partner.id], units.ids)
        if len(accounts) > 1:
            raise LoyaltyError("unit_required", self.env._("The member has accounts of several units; name one."))
        answer = {"page": request.page, "movements": []}
        for (_member_id, unit_id), account_id in accounts.items():
            unit = units.browse(unit_id)
            rows = ledger._statement(
                account_id,
                from_=_to_utc(request.from_),
                to=_to_utc(request.to),
                offset=(request.page - 1) * STATEMENT_PAGE,
                limit=STATEMENT_PAGE,
            )
            answer |= {"unit": unit.code, "movements": [_movement(row, unit) for row in rows]}
        return answer

    @writes(requests.AccountAccrue)
    def account_accrue(self, request):
        """Points or money given by hand, within the limits of the user's roles. Codes: member_not_found,
        member_out_of_reach, unit_not_found, at_out_of_range, bad_period, reason_not_usable, approval_required."""
        return self._adjust(
            "accrual",
            request,
            {
                "active_from": _to_utc(request.active_from),
                "expires_at": _to_utc(request.expires_at),
                "terms_id": self._service("loy.ledger")._terms_asked(self._company(), request.usable_when),
            },
        )

    @writes(requests.AccountMove)
    def account_write_off(self, request):
        """Points or money taken by hand, never more than is available, within the limits of the user's roles. Codes:
        member_not_found, member_out_of_reach, unit_not_found, at_out_of_range, insufficient_points, reason_not_usable,
        approval_required."""
        return self._adjust("write_off", request, {})

    @writes(requests.AccountTransfer)
    def account_transfer(self, request):
        """A member gives another one of a unit; the lots keep their terms. Codes: member_not_found,
        member_out_of_reach, unit_not_found, transfer_not_allowed, transfer_too_small, transfer_limit, same_account,
        insufficient_points, at_out_of_range."""
        members = self._service("loy.members")
        giver, taker = members._find({"member": request.member}), members._find({"member": request.to})
        unit = self._by_code("loy.unit", request.unit, "unit_not_found")
        reason, note = self._reason(request.reason)
        source = Source(
            "transfer",
            reason_id=reason.id if reason else None,
            note=note,
            company_id=self._company().id,
            member_id=giver.id,
        )
        self._service("loy.account.moves")._transfer(
            giver, taker, unit, request.amount, self._moment(request.at), source
        )
        return {"member": request.member, "to": request.to, "balances": self._balances(giver, unit, None)}

    @writes(requests.AccountConvert)
    def account_convert(self, request):
        """One unit of a member becomes another at the rate of the programme. Codes: member_not_found,
        member_out_of_reach, unit_not_found, no_conversion_rate, conversion_step, conversion_too_small,
        conversion_limit, insufficient_points, at_out_of_range."""
        partner = self._service("loy.members")._find({"member": request.member})
        unit = self._by_code("loy.unit", request.unit, "unit_not_found")
        to_unit = self._by_code("loy.unit", request.to_unit, "unit_not_found")
        source = Source("conversion", company_id=self._company().id, member_id=partner.id)
        got = self._service("loy.account.moves")._convert(
            partner, unit, to_unit, request.amount, self._moment(request.at), source
        )
        return {"member": request.member, "got": float(got), "balances": self._balances(partner, unit | to_unit, None)}

    @writes(requests.AccountTopUp)
    def account_top_up(self, request):
        """Money paid into a money account; a payment is booked once. Codes: member_not_found, member_out_of_reach,
        unit_not_found, unit_not_money, payment_booked, store_not_found, register_not_found, store_forbidden,
        at_out_of_range."""
        partner = self._service("loy.members")._find({"member": request.member})
        unit = self._by_code("loy.unit", request.unit, "unit_not_found")
        place = self._service("loy.catalogue")._place(request.store, request.register) if request.store else None
        at = place.to_utc(request.at) if place and request.at else request.at
        source = Source(
            "top_up",
            document=request.payment.reference,
            note=request.payment.method,
            company_id=place.company_id if place else self._company().id,
            store_id=place.store_id if place else None,
            member_id=partner.id,
        )
        self._service("loy.account.moves")._top_up(partner, unit, request.amount, self._moment(at), source)
        return {"member": request.member, "balances": self._balances(partner, unit, None)}

    # ------------------------------------------------------------------ pools

    @writes(requests.PoolCreate)
    def pool_create(self, request):
        """Members share their accounts: any card of theirs earns into the pool and spends from it. Codes:
        member_not_found, member_out_of_reach, pool_taken, pool_many, pool_companies, account_held,
        at_out_of_range."""
        members = self._service("loy.members")
        owner = members._find({"member": request.owner})
        others = self._service("res.partner").union(*(members._find({"member": one}) for one in request.members))
        pools = self._service("loy.pools")
        return self._pool(pools._create(owner, others, request.name or "", self._moment(request.at)))

    @writes(requests.PoolJoin)
    def pool_join(self, request):
        """A member joins; all that is on the accounts is the pool's. Codes: pool_not_found, pool_closed,
        member_not_found, member_out_of_reach, pool_taken, pool_many, pool_companies, account_held,
        at_out_of_range."""
        pool, member = self._find_pool(request.pool), self._service("loy.members")._find({"member": request.member})
        self._service("loy.pools")._join(pool, member, self._moment(request.at))
        return self._pool(pool)

    @writes(requests.PoolLeave)
    def pool_leave(self, request):
        """A member leaves and begins anew, with what is given along. Codes: pool_not_found, pool_closed,
        member_not_found, member_out_of_reach, pool_not_in, pool_owner, unit_not_found, insufficient_points,
        at_out_of_range."""
        pool, member = self._find_pool(request.pool), self._service("loy.members")._find({"member": request.member})
        units = [(self._by_code("loy.unit", one.unit, "unit_not_found"), one.amount) for one in request.along]
        along = {unit: self._minor(amount, unit) for unit, amount in units}
        self._service("loy.pools")._leave(pool, member, self._moment(request.at), along)
        return {**self._pool(pool), "left": request.member, "along": self._balances(member, None, None)}

    @writes(requests.PoolClose)
    def pool_close(self, request):
        """The pool ends; all in it, and what still comes back to it, is its owner's. Codes: pool_not_found,
        pool_closed, member_out_of_reach, account_held, at_out_of_range."""
        pool = self._find_pool(request.pool)
        self._service("loy.pools")._close(pool, self._moment(request.at))
        return self._pool(pool)

    @reads(requests.PoolOf)
    def pool_get(self, request):
        """Who is in a pool and what is on its accounts. Codes: pool_not_found, member_not_found."""
        if request.pool is not None:
            return self._pool(self._find_pool(request.pool))
        pool = self._service("loy.pools")._of(self._service("loy.members")._find({"member": request.member}))
        if not pool:
            raise LoyaltyError("pool_not_found", self.env._("Member %s is in no pool", request.member))
        return self._pool(pool)

    # ------------------------------------------------------------------ operations

    @reads(requests.Empty)
    def books_check(self, request):
        """Proves the laws of the ledger for the whole database, and says what differs."""
        return self._service("loy.ledger")._check_books()

    @writes(requests.JobsRun)
    def jobs_run(self, request):
        """On a test database (one that Odoo has neutralized, or whose system parameter `loyalty_core.is_test_database`
        is True): all scheduled work at once, as if the clock stood at a moment that need not have come, and how much
        each job has done; again it finds nothing left. What is booked has the moment at which it was due: ask for
        balances `at` it. In this order: `event` (tables of coming months), `card_series`, `code_series`, `hold`,
        `counter` (limits get back what overdue holds used), `adjustment_list`, `trigger` (promotions that events and
        birthdays set off), `expiry_policy` (dates of lots), `conversion` (on a schedule), `expire`, `merge` (late
        purchases of merged members), `tier`, `ledger_day`, `journal`, `incomplete`, `duplicate` (searched anew each
        time), `retention`, `books`. Codes: not_a_test_database, at_out_of_range."""
        until = _to_utc(request.until) or fields.Datetime.now()
        return {"until": until, "jobs": self._service("loy.jobs")._wind(until)}

    @reads(requests.Empty)
    def health(self, request):
        """Version, time of the database, lengths of queues."""
        module = self._service("ir.module.module").search([("name", "=", "loyalty_core")])
        return {
            "v": API_VERSION,
            "version": module.installed_version,
            "odoo": release.version,
            "database_time": self.env.cr.now(),
            "queues": {"holds_overdue": self._overdue_holds()},
        }

    # ------------------------------------------------------------------ small translations

    def _service(self, name: str):
        """Services act for integrators, who have no rights on records; what they may do is what is called here."""
        return self.env[name].sudo()  # the guard has authorised the call

    def _guarded(self, request, answer: dict) -> dict:
        """Who tries promo codes that are not there is stopped like who tries cards."""
        return self.env["loy.guesses"]._watch_codes(request, answer)

    def _company(self):
        return self.env.company.sudo()  # integrators read no companies; its currency and settings count all the same

    def _overdue_holds(self) -> int:
        return self._service("loy.hold").search_count(
            [("state", "=", "open"), ("deadline_at", "<=", fields.Datetime.now())]
        )

    def _by_code(self, model: str, code: str, refusal: str):
        # A user may sell for several companies: the user's main one goes first, then what all share.
        records = self._service(model).search(
            [("code", "=", code), ("company_id", "in", [False, *self.env.companies.ids])], order="company_id"
        )
        record = records.sorted(lambda one: (one.company_id != self.env.company, bool(one.company_id)))[:1]
        if not record:
            raise LoyaltyError(refusal, self.env._("There is no %(code)s. Check the code.", code=code))
        return record

    def _units(self, unit=None):
        return unit or self._service("loy.unit").search([("company_id", "in", [False, *self.env.companies.ids])])

    def _member_values(self, request, also: tuple[str, ...] = ()) -> dict:
        names = (
            "phone", "email", "first_name", "last_name", "birth_date", "sex", "timezone", "external_id", *also,
        )  # fmt: skip
        values = {name: getattr(request, name) for name in names if getattr(request, name) is not None}
        if "card" in also:
            values["attributes"] = request.attributes
        if request.brands is not None:
            values["brand_ids"] = [self._by_code("loy.brand", code, "brand_not_found").id for code in request.brands]
        if request.store:
            values["store_id"] = self._service("loy.catalogue")._find_store(request.store).id
        return values

    def _card(self, card) -> dict:
        return {
            "number": card.number,
            "state": card.state,
            "type": card.type_id.code,
            "member": str(card.member_id.id) if card.member_id else None,
        }

    def _card_transition(self, request, state: str) -> dict:
        cards = self._service("loy.cards")
        card = cards._get(request.card)
        reason, note = self._reason(request.reason)
        cards._transition(card, state, reason, note, self._moment(request.at))
        return self._card(card)

    def _reason(self, text: str | None):
        """A reason is the code of a record, or else a free text."""
        if not text:
            return None, ""
        reason = self._service("loy.reason").search(
            [("code", "=", text), ("company_id", "in", [False, self.env.company.id])], limit=1
        )
        return (reason, "") if reason else (None, text)

    def _adjust(self, direction: str, request, values: dict) -> dict:
        partner = self._service("loy.members")._find({"member": request.member})
        unit = self._by_code("loy.unit", request.unit, "unit_not_found")
        amount_minor = self._minor(request.amount, unit)
        reason, note = self._reason(request.reason)
        adjustment = self._service("loy.adjustments")._from_api(
            {
                "direction": direction,
                "member_id": partner.id,
                "unit_id": unit.id,
                "amount_minor": amount_minor,
                "reason_id": reason and reason.id,
                "note": note,
                "occurred_at": request.at and self._moment(request.at),
                **values,
            },
            request.may_wait,
        )
        answer = {"member": request.member, "balances": self._balances(partner, unit, None)}
        if adjustment.state == "waiting":
            answer |= {"state": "waiting", "adjustment": str(adjustment.id)}
        return answer

    def _minor(self, amount: Decimal, unit) -> int:
        return self._service("loy.account.moves")._minor(amount, unit)

    def _moment(self, at) -> datetime:
        """The moment of a fact that no store's clock dates, within the bounds of the settings."""
        moment = _to_utc(at) or fields.Datetime.now()
        self._service("loy.purchases")._check_time(moment, self._company())
        return moment

    def _find_pool(self, number: str):
        companies = [False, *self.env.companies.ids]
        domain = [("id", "=", int(number) if number.isdecimal() else 0), ("company_id", "in", companies)]
        pool = self._service("loy.pool").search(domain)
        if not pool:
            raise LoyaltyError("pool_not_found", self.env._("There is no pool %s", number))
        return pool

    def _pool(self, pool) -> dict:
        told = self._service("loy.pools")._get(pool)
        return {**told, "balances": self._balances(pool.owner_id, None, None) if pool.state == "open" else []}

    def _balances(self, partner, unit, at) -> list[dict]:
        ledger = self._service("loy.ledger")
        units = self._units(unit)
        accounts = ledger._accounts([partner.id], units.ids)
        balances = ledger._balances(list(accounts.values()), at=at)
        now = fields.Datetime.now()
        settings = self._service("loy.programme")._at(self._company(), now).settings
        expiring = ledger._expiring(
            list(accounts.values()), at or now, EXPIRING_DAYS, tz=settings.timezone or "UTC"
        )
        answer = []
        for (_member_id, unit_id), account_id in accounts.items():
            one, balance = units.browse(unit_id), balances[account_id]
            answer.append(
                {
                    "unit": one.code,
                    **{
                        name: _number(getattr(balance, name), one)
                        for name in ("active", "pending", "held", "debt", "available")
                    },
                    "expiring": [
                        {"amount": _number(amount, one), "on": on.isoformat()}
                        for amount, on in expiring.get(account_id, ())
                    ],
                    **self._conditional(balance, one),
                }
            )
        return answer

    def _conditional(self, balance, unit) -> dict:
        """What of it is good on some purchases only, where there is such."""
        if not balance.conditional:
            return {}
        document_of = self._service("loy.ledger")._document_of_terms
        return {
            "conditional": [
                {
                    "amount": _number(one.amount, unit),
                    "usable_when": document_of(one.terms_id),
                    **({"expires_at": one.expires_at} if one.expires_at else {}),
                }
                for one in balance.conditional
            ]
        }


def _number(minor: int, unit) -> float:
    return float(Decimal(minor).scaleb(-unit.decimals))


def _to_utc(moment):
    """Account calls know no store: without an offset the moment is UTC."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def _movement(row: dict, unit) -> dict:
    """One line of a statement as the API shows it: what is not known is absent."""
    texts = {"document": "document", "promotion": "promotion_code", "reason": "reason_code", "note": "note"}
    return {
        "id": str(row["id"]),
        "kind": row["kind"],
        "source": row["source"],
        "at": row["occurred_at"],
        "booked_at": row["booked_at"],
        "amount": _number(row["delta_minor"], unit),
        "balance_after": _number(row["balance_after_minor"], unit),
        "lot": row["lot_id"] and str(row["lot_id"]),
        "active_from": row["active_from"],
        "expires_at": row["expires_at"],
        **({"other": str(row["other_member_id"])} if row["other_member_id"] else {}),
        **{name: row[column] for name, column in texts.items() if row[column]},
    }
