"""Purchases of the demo chain: every screen has something to show, made by the services that a till calls."""

import base64
import random
from datetime import timedelta

from odoo import api, fields, models

from ..engine import schema
from ..sql.insert import insert_rows
from .auditor import Door
from .posting import Accrual, Source
from .requests import ProgrammeApply, PurchaseConfirm, PurchaseHold, PurchaseReturn

FROM_500 = {"kind": "basket_amount", "min": 500}
#: What the marketers of the chain have set up through the programme document.
BESIDE_THE_BASKET = {
    "choices": [
        {
            "code": "FAVOURITE",
            "name": "Favourite category",
            "days": 30,
            "options": [
                {"code": code, "name": code.capitalize(), "target": {"category": [code]}}
                for code in ("DRINKS", "BAKERY", "DAIRY")
            ],
        }
    ],
    "code_pools": [
        {"code": "COUPON", "name": "Coupons", "pattern": "C-####-####", "valued": True, "bind": "member",
         "remainder": "kept", "valid": {"after_days": 60}},
    ],
    "product_segments": [
        {"code": "BREAKFAST", "name": "Breakfast", "target": {"category": ["BAKERY", "DAIRY"], "price": {"max": 90}},
         "include": ["1001"]},
    ],
    "favourites": [
        {"code": "OWN", "name": "Three products bought most", "measure": "count", "days": 60},
        {"code": "AISLE", "name": "The aisle of most money", "of": "category", "top": 1, "days": 60},
    ],
    "rewards": [
        {"code": "COUPON-15", "name": "A coupon of 15 for the next time", "unit": "BONUS", "points": 30,
         "gives": {"pool": "COUPON", "value": 15}},
        {"code": "COINS", "name": "Ten in the wallet", "unit": "BONUS", "points": 20,
         "gives": {"unit": "MONEY", "amount": 10}},
        {"code": "FIVE", "name": "Five off the receipt", "unit": "BONUS", "points": 10,
         "gives": {"discount": {"kind": "amount", "value": 5}}},
    ],
    "conversions": [
        {"code": "YEARLY", "name": "What is left at the end of the year goes into the wallet", "unit": "BONUS",
         "schedule": {"months": 12, "month": 12, "day": 31}, "minimum": 100, "step": 100,
         "gives": {"unit": "MONEY", "amount": 50}},
    ],
    "expiry_policies": [
        {"code": "IDLE", "name": "A year without a purchase", "unit": "BONUS", "kind": "inactivity", "days": 365,
         "activity": ["purchase"]},
    ],
    "promotions": [
        {"code": "FAVOURITE-2", "name": "2 % more on the favourite category", "state": "active", "group": "points",
         "rewards": [{"kind": "points", "unit": "BONUS", "percent": 2, "target": {"choice": ["FAVOURITE"]}}],
         "limits": {"base_per_member": {"amount": {"month": 3000}}}},
        {"code": "OWN-3", "name": "3 % more on what you buy most", "state": "active", "group": "points",
         "rewards": [{"kind": "points", "unit": "BONUS", "percent": 3, "target": {"favourite": ["OWN"]}}]},
        {"code": "LVIV-20", "name": "Twenty points for newcomers from Lviv", "state": "active", "group": "points",
         "on": "registered", "when": {"kind": "attribute", "name": "city", "value": "Lviv"},
         "rewards": [{"kind": "points", "unit": "BONUS", "amount": 20}]},
        {"code": "COUPON", "name": "What a coupon is worth", "state": "active", "group": "shelf",
         "when": {"kind": "promo_code", "pool": "COUPON"}, "rewards": [{"kind": "amount", "value": "code"}]},
        {"code": "BIRTHDAY-25", "name": "A coupon for the birthday", "state": "active", "group": "points",
         "on": "birthday", "rewards": [{"kind": "issue_code", "pool": "COUPON", "value": 25}]},
        {"code": "BIRTHDAY-50", "name": "Fifty points for the birthday, good on receipts from 500", "state": "active",
         "group": "points", "on": "birthday",
         "rewards": [{"kind": "points", "unit": "BONUS", "amount": 50, "expires": {"after_days": 30},
                      "usable_when": FROM_500}]},
        {"code": "FOR-YOU", "name": "For you alone", "state": "active", "group": "shelf",
         "when": {"kind": "personal_offer"}, "rewards": [{"kind": "percent", "value": "offer"}]},
    ],
}  # fmt: skip
DAYS = 45
RECEIPTS = 240
SEED = 19


class LoyDemo(models.AbstractModel):
    """Fills a database with demo purchases; called by the demo data only, and the same each time."""

    _name = "loy.demo"
    _description = "Demo purchases"

    @api.model
    def _fill(self) -> None:
        self._set_company()
        chance = random.Random(SEED)
        stores = self.env["loy.store"].search([("register_ids", "!=", False)])
        members = self.env["res.partner"].search([("is_loyalty_member", "=", True)], order="id")
        skus = self.env["product.product"].search([("default_code", "=like", "____")]).mapped("default_code")
        self._welcome(members)
        self._hand_out_discount_cards(members)
        self._order_cards()
        moments = sorted(self._moment(chance) for _ in range(RECEIPTS))
        for number, moment in enumerate(moments, start=1):
            store = chance.choice(stores)
            self._confirm(chance, number, moment, store, members, skus)
        self._leave_some_open(stores[0], members, skus)
        self._overrun(stores[0], members[-1], skus)
        self._work_in_the_office(stores[0], members)
        self._leave_some_incomplete(stores[0], members, skus)
        self._offer_more(members, skus)
        self._work_out_favourites()
        self._keep_a_journal()
        self._publish_a_change()
        self._replay_a_draft()
        self.env["loy.sales.facts"]._fold_now()
        self.env["loy.effects"]._keep_missing()

    def _overrun(self, store, member, skus) -> None:
        """A receipt made offline that was paid with points which the member did not have any more."""
        body = self._body(f"{store.code}-OFFLINE", store, member, fields.Datetime.now() - timedelta(hours=2))
        body["lines"] = [{"id": "1", "sku": skus[0], "quantity": 30}]
        body["spend"] = [{"unit": "BONUS", "amount": 900}]
        body["offline"] = True
        self.env["loy.purchases"]._confirm(schema.read(PurchaseConfirm, body))

    def _work_in_the_office(self, store, members) -> None:
        """What people do by hand: points given, one person registered twice, a look at a member's data."""
        self.env["loy.adjustments"]._request(
            {
                "member_id": members[1].id,
                "unit_id": self.env["loy.unit"].search([("code", "=", "BONUS")], limit=1).id,
                "reason_id": self.env.ref("loyalty_core.loy_reason_goodwill").id,
                "direction": "accrual",
                "amount_minor": 25,
                "note": "The coffee machine was broken",
            }
        )
        self._give_to_lists(members)
        survivor = members[2]
        twin, _card = self.env["loy.members"]._register_member({"phone": "+380671239876", "name": survivor.name})
        self.env["loy.merges"]._merge(survivor, twin, reason="Registered twice")
        self._administer(survivor)
        self.env["loy.pools"]._create(members[3], members[4], "", now := fields.Datetime.now())
        insert_rows(
            self.env["loy.lockout"],
            [
                {
                    "user_id": self.env.ref("base.user_admin").id,
                    "is_total": False,
                    "store_id": store.id,
                    "company_id": store.company_id.id,
                    "misses": 30,
                    "since_at": now - timedelta(hours=5),
                    "last_at": now - timedelta(hours=4),
                    "until_at": now - timedelta(hours=3, minutes=45),
                }
            ],
        )

    def _offer_more(self, members, skus) -> None:
        """What works beside the basket: choices, offers to persons, rewards, and who has sent whom."""
        request = {"key": "demo", "programme": BESIDE_THE_BASKET}
        self.env["loy.programme.document"]._apply(schema.read(ProgrammeApply, request))
        self._congratulate(members[5:8])
        now = fields.Datetime.now()
        for member, option in zip(members[:4], ("DRINKS", "BAKERY", "DRINKS", "DAIRY"), strict=True):
            self.env["loy.choices"]._choose(member, "FAVOURITE", [option], now)
        promotion = self.env["loy.promotion"].search([("code", "=", "FOR-YOU")])
        self.env["loy.offer"].create(
            [
                {"promotion_id": promotion.id, "member_id": member.id, "sku": sku, "value": 10 + 5 * place}
                for place, (member, sku) in enumerate(zip(members[:6], skus, strict=False))
            ]
        )
        for code in ("COINS", "COUPON-15"):
            self.env["loy.rewards"]._redeem(members[0], code, None, None, now)
        referrals = self.env["loy.referrals"]
        friend, _card = self.env["loy.members"]._register_member(
            {"phone": "+380671239877", "first_name": "Nina", "city": "Lviv"}
        )
        referrals._join(friend, referrals._code(members[5])["code"], now)

    def _publish_a_change(self) -> None:
        """A promotion that is prolonged, in the way in which marketers do it."""
        water = self.env["loy.promotion"].search([("code", "=", "WATER")])
        change = water._change()
        change.ends_on = water.ends_on + timedelta(days=7)
        publication = self.env["loy.publications"]._propose(change)
        publication.note = "It sells well"
        publication.action_loy_submit()

    def _replay_a_draft(self) -> None:
        """What a draft would have cost in the last month."""
        draft = self.env["loy.promotion"].search([("code", "=", "SWEETS20")])
        replay = self.env["loy.replay"]._of_promotion(draft)
        replay.action_loy_run()
        while self.env["loy.replays"]._continue(replay):
            pass

    def _work_out_favourites(self) -> None:
        """As the night would."""
        self.env["loy.triggers"]._seal()
        while self.env["loy.favourites"]._work_out_next(fields.Datetime.now()):
            pass

    def _keep_a_journal(self) -> None:
        """What points are in the books of the chain, up to now."""
        unit = self.env["loy.unit"].search([("code", "=", "BONUS")], limit=1)
        self.env["loy.journal.account"].create(
            {
                "unit_id": unit.id,
                "liability_code": "685",
                "expense_code": "939",
                "revenue_code": "702",
                "breakage_code": "719",
                "settlement_code": "683",
                "journal_code": "MISC",
            }
        )
        self.env["loy.journals"]._make_now()

    def _administer(self, member) -> None:
        """What the administrator did: a look at a member, a rule set through the API."""
        administrator = self.env.ref("base.user_admin")
        self.env["loy.privacy"].with_user(administrator)._note_access(member, "view")
        reason = self.env.ref("loyalty_core.loy_reason_goodwill")
        reason.with_user(administrator).with_context(loy_door=Door.API).write({"sequence": 5})

    def _give_to_lists(self, members) -> None:
        """One list that is booked, and one that somebody has looked at and not booked yet."""
        unit = self.env["loy.unit"].search([("code", "=", "BONUS")], limit=1)
        for name, keys in (
            ("winners of June.csv", [member.loy_main_card_id.number for member in members[:4]]),
            ("winners of July.csv", [*(member.loy_main_card_id.number for member in members[2:6]), "2900000000000"]),
        ):
            lines = "\n".join(f"{key};{10 * place}" for place, key in enumerate(keys, start=1))
            given = self.env["loy.adjustment.list"].create(
                {
                    "file": base64.b64encode(f"card;amount\n{lines}\n".encode()),
                    "file_name": name,
                    "unit_id": unit.id,
                    "reason_id": self.env.ref("loyalty_core.loy_reason_goodwill").id,
                    "note": "Lottery of the month",
                }
            )
            given.action_loy_check()
            if "June" in name:
                given.action_loy_submit()

    def _set_company(self) -> None:
        """A chain in Ukraine sells in hryvnias, unless somebody keeps books in another currency here already."""
        if "account.move" not in self.env:
            hryvnia = self.env.ref("base.UAH")
            hryvnia.active = True
            self.env.company.write({"currency_id": hryvnia.id, "country_id": self.env.ref("base.ua").id})
            per_hryvnia = hryvnia.rate_ids[:1].rate or 1
            currencies = self.env["res.currency"].with_context(active_test=False)
            for rate in currencies.search([("rate_ids", "!=", False)]).rate_ids:
                rate.rate /= per_hryvnia

    def _welcome(self, members) -> None:
        ledger = self.env["loy.ledger"]
        unit = self.env["loy.unit"].search([("code", "=", "BONUS")], limit=1)
        accounts = ledger._accounts(members.ids, unit.ids, create=True)
        at = fields.Datetime.now() - timedelta(days=DAYS)
        ledger._accrue(
            [
                Accrual(account_id=account_id, amount_minor=50, expires_at=at + timedelta(days=DAYS + 14 + index))
                for index, account_id in enumerate(accounts.values())
            ],
            at=at,
            source=Source(kind="manual", note="Welcome"),
        )

    def _congratulate(self, members) -> None:
        """Some had a birthday this week: what they were given is good on large receipts."""
        ledger, company = self.env["loy.ledger"], self.env.company
        unit = self.env["loy.unit"].search([("code", "=", "BONUS")], limit=1)
        accounts = ledger._accounts(members.ids, unit.ids, create=True)
        at = fields.Datetime.now() - timedelta(days=2)
        terms_id = ledger._terms_asked(company, FROM_500)
        ledger._accrue(
            [
                Accrual(
                    account_id,
                    50,
                    expires_at=at + timedelta(days=30),
                    promotion_code="BIRTHDAY-50",
                    terms_id=terms_id,
                )
                for account_id in accounts.values()
            ],
            at=at,
            source=Source("promotion", document="BIRTHDAY-50", company_id=company.id),
        )

    def _hand_out_discount_cards(self, members) -> None:
        types = self.env["loy.card.type"].search([("code", "in", ["DISCOUNT5", "DISCOUNT10"])], order="code")
        self.env["loy.cards"]._issue_many(
            [(member, card_type, None) for member, card_type in zip(members, types, strict=False)]
        )

    def _order_cards(self) -> None:
        """Two hundred cards that wait for the printer."""
        self.env["loy.card.series"].create({"name": "Opening in Odesa", "count": 200}).action_loy_make()

    @staticmethod
    def _moment(chance):
        """Some time within opening hours, as Kyiv keeps them (UTC+2), of a day before today."""
        day = fields.Datetime.now().replace(hour=0, minute=0, second=0) - timedelta(days=chance.randrange(1, DAYS))
        return day + timedelta(minutes=chance.randrange(5 * 60, 19 * 60))

    def _confirm(self, chance, number, moment, store, members, skus) -> None:
        member = chance.choice(members) if chance.random() < 0.75 else None
        body = self._body(f"{store.code}-{number:05d}", store, member, moment)
        body["lines"] = [
            {"id": str(index), "sku": sku, "quantity": chance.choice((1, 1, 1, 2, 3))}
            for index, sku in enumerate(chance.sample(skus, chance.randrange(1, 6)), start=1)
        ]
        body["register"] = chance.choice(store.register_ids).code if store.register_ids else None
        if member and chance.random() < 0.2:
            body["spend"] = [{"unit": "BONUS", "amount": "max"}]
        self.env["loy.purchases"]._confirm(schema.read(PurchaseConfirm, body))
        if chance.random() < 0.02:
            returned = {"key": f"{body['key']}-return", "purchase": body["purchase"], "return": f"{body['purchase']}-R"}
            if len(body["lines"]) > 1:
                returned["lines"] = [{"id": "1", "quantity": 1}]
            self.env["loy.returns"]._return(schema.read(PurchaseReturn, returned))

    def _leave_some_open(self, store, members, skus) -> None:
        """A receipt at the till right now: its points are held."""
        body = self._body(f"{store.code}-NOW", store, members[0], fields.Datetime.now())
        body["lines"] = [{"id": "1", "sku": skus[0], "quantity": 2}]
        body["spend"] = [{"unit": "BONUS", "amount": 10}]
        self.env["loy.purchases"]._hold(schema.read(PurchaseHold, body))

    def _leave_some_incomplete(self, store, members, skus) -> None:
        """Two receipts of yesterday that the till never confirmed, and the notice about them."""
        store.manager_ids = self.env.ref("base.user_admin")
        now = fields.Datetime.now()
        for number in (1, 2):
            moment = now - timedelta(days=1, minutes=number)
            body = self._body(f"{store.code}-LOST{number}", store, members[number], moment)
            body["lines"] = [{"id": "1", "sku": skus[number], "quantity": 1}]
            body["register"] = store.register_ids[:1].code
            self.env["loy.purchases"]._hold(schema.read(PurchaseHold, body))
            purchase = self.env["loy.purchase"].search([("number", "=", body["purchase"])])
            purchase.held_until_at = moment + timedelta(minutes=30)
        self.env["loy.incomplete"]._check(self.env["loy.store"].search([("active", "=", True)]), now, days_back=DAYS)

    @staticmethod
    def _body(number: str, store, member, moment) -> dict:
        body = {"key": f"demo-{number}", "purchase": number, "store": store.code}
        body["at"] = store._to_local(moment).isoformat(timespec="seconds")
        if member:
            cards = member.loy_card_ids.filtered(lambda card: card.state == "active").sorted("id")
            body["member"] = {"card": cards[-1].number} if cards else {"member": str(member.id)}
        return body
