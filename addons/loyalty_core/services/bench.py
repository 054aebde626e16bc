"""The test bench: a basket is calculated as a till would have it, at any time and place, with drafts taking part."""

from dataclasses import dataclass
from datetime import datetime

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..engine import Basket, DocumentError, schema
from .errors import LoyaltyError
from .money import from_minor
from .programme import CompiledProgramme
from .requests import PurchaseCalculate

#: Since when earned points are good and how long: these move with the clock where the case names no day.
MOVING = ("active_from", "expires_at")
#: What is told by its number; all else that is compared is money.
COUNTED = ("points", "issued", "given_back", "taken_back")


@dataclass(frozen=True, slots=True)
class Trial(PurchaseCalculate):
    """A purchase to be calculated with promotions that are not live."""

    drafts: tuple[int, ...] = schema.list_of(
        schema.integer(min=1, max=2**31 - 1), max_length=1_000, default=(), help="Records of promotions."
    )


class LoyBench(models.AbstractModel):
    """The purchase service itself, but for what it is judged by: drafts take part, and no moment is too far away."""

    _name = "loy.bench"
    _inherit = "loy.purchases"
    _description = "Test bench service"

    # ------------------------------------------------------------------ the calls

    def _try(self, case) -> dict:
        """What the basket of the case comes to: the answer that a till would get, and all promotions looked at."""
        self._check_case(case)
        return self._result_of(case, case.promotion_ids)

    def _kept(self, company):
        """The cases of which a result was kept: of a company, of all where it is none."""
        of_company = [("company_id", "=", company.id)] if company else []
        # sudo: those of other marketers count as well
        return self.env["loy.bench.case"].sudo().search([("state", "!=", "open"), *of_company], order="id")

    def _holding(self, cases):
        """Those that come out as they were kept."""
        return cases.filtered(self._holds)

    def _holds(self, case) -> bool:
        try:
            return not self._compare(case, self._result_of(case, case.promotion_ids))
        except UserError:
            return False

    def _verdict(self, case, promotion) -> dict:
        """What a promotion that goes live does to a kept case. ``differences`` from what was kept, as `_compare` has
        them, in order: none where it makes none; ``is_stale`` where the case is another one already, without it;
        ``problem`` where it cannot be calculated any more; ``names`` of promotions by code."""
        drafts = case.promotion_ids
        try:
            without = self._result_of(case, drafts - promotion)
        except UserError:
            return {"differences": [], "is_stale": True, "problem": "", "names": {}}
        try:
            result = self._result_of(case, drafts | promotion)
        except UserError as error:
            return {"differences": [], "is_stale": False, "problem": str(error), "names": {}}
        is_changed = self._digest(case, result) != self._digest(case, without)
        return {
            "differences": sorted(self._compare(case, result), key=lambda one: one[:2]) if is_changed else [],
            "is_stale": bool(self._compare(case, without)),
            "problem": "",
            "names": self._names(result),
        }

    def _tell(self, verdict: dict) -> dict:
        """A verdict as people read it; the case may have been deleted since."""
        # sudo: whoever may see a publication may see what it does to the cases of other marketers
        case = self.env["loy.bench.case"].sudo().browse(verdict["id"]).exists()
        return {
            "id": case.id,
            "name": verdict["name"],
            "problem": verdict["problem"],
            "differences": [self._show_difference(case, *one, verdict["names"]) for one in verdict["differences"]],
        }

    def _result_of(self, case, drafts) -> dict:
        # Whoever may use the bench need not be able to read ledgers, counters and codes; a till is not asked either.
        bench = self.sudo().with_context(allowed_company_ids=case.company_id.ids)
        try:
            trial = schema.read(Trial, {**self._request(case), "drafts": drafts.ids})
        except DocumentError as error:
            raise LoyaltyError("bad_request", "; ".join(map(str, error.problems))) from None
        scene, result = bench._work_out(trial)
        compiled = scene.compiled
        return {
            "answer": bench._told(trial, scene, result),
            "at": scene.basket.at.isoformat(),
            "promotions": [
                [one.code, compiled.promotions.get(one.code) or 0, compiled.rewards.get(one.code, (0,))[0]]
                for one in compiled.programme.promotions
            ],
            "drafts": [(one.version_of_id or one).id for one in drafts],
            "used": [one.promotion for one in result.uses],
        }

    def _compare(self, case, result: dict) -> list[list]:
        """Where a result differs from the one that was kept: what, what it was, and what it is."""
        if not case.expected:
            return []
        kept, found = self._digest(case, case.expected), self._digest(case, result)
        return [
            [*key, kept.get(key), found.get(key)]
            for key in dict.fromkeys([*kept, *found])
            if kept.get(key) != found.get(key)
        ]

    # ------------------------------------------------------------------ from a receipt

    def _paid(self, purchase) -> dict:
        """How a receipt was paid, as values of a case: what is not known any more, by its code, is left out."""
        if not purchase.basket:
            return {}
        basket = Basket.from_document(purchase.basket)
        rewards, units = self._coded("loy.reward", purchase), self._coded("loy.unit", purchase)
        values = {
            "payment_ids": [
                Command.create(
                    {
                        "method": one.method,
                        "amount": from_minor(one.amount_minor or 0, purchase.currency_id.decimal_places),
                    }
                )
                for one in basket.payments
            ],
            "reward_ids": [
                Command.create({"reward_id": rewards[one.reward].id, "times": one.times})
                for one in basket.redeem
                if one.reward in rewards
            ],
        }
        # Nothing asked for is no wish; a case has one unit.
        for one in [one for one in basket.spend if one.unit in units and one.amount_minor != 0][:1]:
            unit = units[one.unit]
            values |= {"spend_unit_id": unit.id, "spend_amount": from_minor(one.amount_minor or 0, unit.decimals)}
        return values

    def _coded(self, model: str, purchase) -> dict:
        """Code → record, of those that the company of the purchase knows; its own stand before those of all."""
        records = self.env[model].search([("company_id", "in", (False, purchase.company_id.id))])
        return {one.code: one for one in records.sorted(lambda one: bool(one.company_id))}

    # ------------------------------------------------------------------ how

    def _check_case(self, case) -> None:
        self.env["loy.rights"]._check("bench.use")
        case.check_access("read")
        case.promotion_ids.check_access("read")
        if case.return_of_id:
            case.return_of_id.check_access("read")
        if case.member_id:
            self.env["loy.rights"]._check("member.read")
            case.member_id.check_access("read")

    def _programme(self, request, company, at: datetime) -> CompiledProgramme:
        drafts = self.env["loy.promotion"].browse(request.drafts).exists()
        return self.env["loy.programme"]._with_drafts(company, at, drafts)

    def _check_time(self, at: datetime, company, number: int | None = None, is_offline: bool = False) -> None:
        """A trial leaves nothing behind, so it may be of any time."""

    def _request(self, case) -> dict:
        """The case as a till would send it to ``purchase_calculate``."""
        request = {
            "store": case.store_id.code,
            "register": case.register_id.code,
            "channel": case.channel,
            "at": case._moment(),
            "member": {"member": str(case.member_id.id)} if case.member_id else None,
            "lines": [
                *(self._request_line(number, line) for number, line in enumerate(case.line_ids, start=1)),
                *(self._request_return(case, line) for line in case.return_ids if line.quantity),
            ],
            "codes": (case.codes_text or "").replace(",", " ").split(),
            "payments": [{"method": one.method, "amount": one.amount or "rest"} for one in case.payment_ids],
            "spend": [self._request_spend(case)] if case.spend_unit_id else None,
            "redeem": [{"reward": one.reward_id.code, "times": one.times} for one in case.reward_ids],
            "explain": True,
        }
        return {key: value for key, value in request.items() if value}

    def _request_line(self, number: int, line) -> dict:
        known = {"id": str(number), "sku": line.sku, "quantity": line.quantity}
        # A product that is typed by its code alone costs what the catalogue says.
        priced = {"price": line.price} if line.product_id or line.price else {}
        return {**known, **priced, **({"no_discount": True} if line.is_closed else {})}

    def _request_return(self, case, line) -> dict:
        origin = {"purchase": case.return_of_id.number, "line": line.line_ref}
        return {"id": f"back {line.id}", "sku": line.sku, "quantity": -line.quantity, "of": origin}

    def _request_spend(self, case) -> dict:
        return {"unit": case.spend_unit_id.code, "amount": case.spend_amount or "max"}

    def _digest(self, case, result: dict) -> dict[tuple[str, str], object]:
        """What of a result is to stay as it is, flat: (what, of which) → how much."""
        answer = result["answer"]
        digest: dict[tuple[str, str], object] = {("total", name): value for name, value in answer["totals"].items()}
        for line in answer["lines"]:
            digest["line", line["id"]] = line["amount"]
            for one in line["promotions"]:
                digest["discount", one["code"]] = round(
                    digest.get(("discount", one["code"]), 0) + one["discount"], 6
                )
        for one in answer["earned"]:
            key = ("points", f"{one['promotion']} {one['unit']}")
            digest[key] = round(digest.get(key, 0) + one["amount"], 6)
            if case.at_on:
                digest.update({(name, one["promotion"]): one[name] for name in MOVING if name in one})
        for one in answer["issued"]:
            digest["issued", one["promotion"]] = digest.get(("issued", one["promotion"]), 0) + 1
        for one in self._back(answer):
            digest["refund", one["purchase"]] = one["refund"]["money"]
            digest.update({("back", line["id"]): line["amount"] for line in one["lines"]})
            digest.update({("given_back", points["unit"]): points["amount"] for points in one["refund"]["points"]})
            digest.update({("taken_back", points["unit"]): points["amount"] for points in one["taken_back"]})
            digest.update({("code_back", _known_as(code)): code["state"] for code in one.get("codes", ())})
        refused = {one["promotion"] for one in answer["refusals"]}
        digest |= {("works", code): True for code, *_ids in result["promotions"] if code not in refused}
        return digest

    def _back(self, answer: dict) -> list[dict]:
        """The returns of an answer."""
        return answer["exchange"]["returns"] if "exchange" in answer else []

    # ------------------------------------------------------------------ words

    def _show(self, case) -> dict:
        """The result as people read it, in the language of whoever asks."""
        if not case.result:
            return {}
        answer, names = case.result["answer"], self._names(case.result)
        return {
            "at": self.env["loy.refusal.words"]._moment(case.result["at"]),
            "lines": self._show_lines(case, answer, names),
            "totals": self._show_totals(case, answer["totals"]),
            "back": [self._show_back(case, one) for one in self._back(answer)],
            "balance": self._show_balance(case, answer),
            "earned": [self._show_earned(case, one, names) for one in answer["earned"]],
            "spendable": [self._points(one["max"], one["unit"]) for one in answer["spendable"] if one["max"]],
            "codes": [self._show_code(one) for one in answer.get("codes", ())],
            "issued": [self._show_issued(case, one, names) for one in answer["issued"]],
            "messages": [
                {"to": self._receiver(one["to"]), "text": one["text"], "promotion": names.get(one["promotion"])}
                for one in answer["messages"]
            ],
            "suggestions": [
                self.env._(
                    "%(quantity)s more of the goods of “%(promotion)s” would be a gift.",
                    quantity=self._number(one["quantity"]),
                    promotion=names.get(one["promotion"], one["promotion"]),
                )
                for one in answer["suggestions"]
            ],
            "promotions": self._show_promotions(case, answer, names),
            "differences": [self._show_difference(case, *one, names) for one in self._compare(case, case.result)],
        }

    def _names(self, result: dict) -> dict[str, str]:
        """Code → name of every promotion and reward that was looked at."""
        promotions = self.env["loy.promotion"].browse([one for _code, one, _reward in result["promotions"] if one])
        rewards = self.env["loy.reward"].browse([one for _code, _one, one in result["promotions"] if one])
        # What a promotion is called is no secret from who may read the case; it may have been deleted since.
        named = {record: record.name for record in (*promotions.sudo().exists(), *rewards.sudo().exists())}
        return {
            code: named.get(promotions.browse(one), "") or named.get(rewards.browse(reward), "") or code
            for code, one, reward in result["promotions"]
        }

    def _show_lines(self, case, answer: dict, names: dict) -> list[dict]:
        """The lines were numbered as they were sent; where the case has changed since, the number tells them."""
        named = {str(number): line for number, line in enumerate(case.line_ids, start=1)}
        rows = []
        for line in answer["lines"]:
            sent = named.get(line["id"], self.env["loy.bench.line"])
            rows.append(
                {
                    "id": line["id"],
                    "name": sent.product_id.display_name or sent.sku or line["id"],
                    "quantity": self._number(sent.quantity),
                    "base": self._money(case, line["base"]),
                    "discounts": [
                        {"name": names.get(one["code"], one["code"]), "amount": self._money(case, -one["discount"])}
                        for one in line["promotions"]
                    ],
                    "spent": self._money(case, -line["spent"]) if line["spent"] else "",
                    "amount": self._money(case, line["amount"]),
                }
            )
        return rows

    def _show_totals(self, case, totals: dict) -> list[dict]:
        rows = [
            (self.env._("Shelf amount"), totals["base"], True),
            (self.env._("Discounts"), -totals["discount"], totals["discount"]),
            (self.env._("Paid with points"), -totals["spent"], totals["spent"]),
            (self.env._("Paid with certificates"), -totals["certificates"], totals["certificates"]),
            (self.env._("To pay"), totals["to_pay"], True),
        ]
        return [{"name": name, "amount": self._money(case, amount)} for name, amount, is_shown in rows if is_shown]

    def _show_back(self, case, answer: dict) -> dict:
        """What comes back of a receipt: its lines, and what the customer gets and loses for them."""
        named = {line.line_ref: line.product_id.display_name or line.sku for line in case.return_ids}
        refund = answer["refund"]
        reduced = refund.get("reduced", 0)
        rows = [
            (self.env._("Less for promo codes that were used"), self._money(case, -reduced), reduced),
            (self.env._("Money back"), self._money(case, refund["money"]), True),
            *(
                (self.env._("Points given back"), f"+{self._points(one['amount'], one['unit'])}", True)
                for one in refund["points"]
            ),
            *(
                (self.env._("Points taken back"), f"−{self._points(one['amount'], one['unit'])}", True)
                for one in answer["taken_back"]
            ),
            *(
                (self.env._("Promo code %s", _known_as(one)), self._code_state(case, one), True)
                for one in answer.get("codes", ())
            ),
        ]
        return {
            "purchase": answer["purchase"],
            "title": self.env._("Comes back of receipt %s", answer["purchase"]),
            "lines": [
                {
                    "id": line["id"],
                    "name": named.get(line["id"], line["id"]),
                    "quantity": self._number(line["quantity"]),
                    "base": self._money(case, line["base"]),
                    "less": [
                        {"name": name, "amount": self._money(case, -amount)}
                        for name, amount in (
                            (self.env._("Discounts"), round(line["base"] - line["spent"] - line["amount"], 6)),
                            (self.env._("Paid with points"), line["spent"]),
                        )
                        if amount
                    ],
                    "amount": self._money(case, line["amount"]),
                }
                for line in answer["lines"]
            ],
            "rows": [{"name": name, "value": value} for name, value, is_shown in rows if is_shown],
        }

    def _show_balance(self, case, answer: dict) -> dict:
        """What is left to pay when something is bought and something comes back; nothing where it is one of both."""
        if "exchange" not in answer or not answer["lines"]:
            return {}
        balance = answer["exchange"]["balance"]
        name = self.env._("Left to pay") if balance >= 0 else self.env._("Paid out to the customer")
        return {"name": name, "amount": self._money(case, abs(balance))}

    def _code_state(self, case, one: dict) -> str:
        states = dict(self.env["loy.code"]._fields["state"]._description_selection(self.env))
        parts = [states.get(one["state"], one["state"])]
        if "left" in one:
            parts.append(self.env._("%s left", self._money(case, one["left"])))
        return " · ".join(parts)

    def _show_earned(self, case, one: dict, names: dict) -> dict:
        moment = self.env["loy.refusal.words"]._moment
        return {
            "points": self._points(one["amount"], one["unit"]),
            "promotion": names.get(one["promotion"], one["promotion"]),
            "from": moment(one["active_from"]) if "active_from" in one else self.env._("at once"),
            "to": moment(one["expires_at"]) if "expires_at" in one else self.env._("never"),
            "is_conditional": "usable_when" in one,
        }

    def _show_code(self, one: dict) -> dict:
        if not one["usable"]:
            text = self.env["loy.refusal.words"]._say_code(one["reason"])
            return {"code": one["code"], "is_good": False, "text": text}
        used = bool(one["promotions"])
        return {"code": one["code"], "is_good": used, "text": self.env._("Used") if used else self.env._("Not needed")}

    def _show_issued(self, case, one: dict, names: dict) -> str:
        until = one.get("expires_at") and self.env["loy.refusal.words"]._moment(one["expires_at"])
        parts = [
            names.get(one["promotion"], one["promotion"]),
            self.env._("a code of the pool %s", one["pool"]) if "pool" in one else "",
            self._money(case, one["value"]) if "value" in one else "",
            self.env._("until %s", until) if until else "",
        ]
        return " · ".join(filter(None, parts))

    def _show_promotions(self, case, answer: dict, names: dict) -> list[dict]:
        """Those that worked come first, then those that would if asked for; last what no purchase sets off."""
        gave, why, used = self._gave(case, answer), self._why(case, answer, names), set(case.result["used"])
        beside = {one["promotion"] for one in answer["refusals"] if one["code"] == "event"}
        offered = self.env._("The customer may pay with points by it, and has not asked to.")
        rows = [
            {
                "code": code,
                "name": names[code],
                "is_draft": record in case.result["drafts"],
                "is_applied": code in used,
                "gave": gave.get(code, []),
                "why": [] if code in used else why.get(code, [offered]),
            }
            for code, record, _reward in case.result["promotions"]
        ]
        return sorted(rows, key=lambda row: (not row["is_applied"], row["code"] in why, row["code"] in beside))

    def _why(self, case, answer: dict, names: dict) -> dict[str, list[str]]:
        """Code → every reason why the promotion did not apply, once."""
        customer = {"which": "known" if case.member_id else "nobody"}
        why: dict[str, dict[str, None]] = {}
        for one in answer["refusals"]:
            params = {**one["params"], **(customer if one["code"] == "identified" else {})}
            sentence = self.env["loy.refusal.words"]._say(one["code"], params, names)
            why.setdefault(one["promotion"], {})[sentence] = None
        return {code: list(sentences) for code, sentences in why.items()}

    def _gave(self, case, answer: dict) -> dict[str, list[str]]:
        """Code → what the promotion gave, in words."""
        gave: dict[str, list[str]] = {}
        discounts: dict[str, float] = {}
        for line in answer["lines"]:
            for one in line["promotions"]:
                discounts[one["code"]] = discounts.get(one["code"], 0) + one["discount"]
        for code, amount in discounts.items():
            gave.setdefault(code, []).append(self.env._("%s off", self._money(case, amount)))
        for one in answer["earned"]:
            gave.setdefault(one["promotion"], []).append(f"+{self._points(one['amount'], one['unit'])}")
        for one in answer["spent"]:
            text = self.env._("%s paid", self._points(one["amount"], one["unit"]))
            gave.setdefault(one["promotion"], []).append(text)
        for one in answer["issued"]:
            gave.setdefault(one["promotion"], []).append(self.env._("a code"))
        for one in answer["messages"]:
            gave.setdefault(one["promotion"], []).append(self.env._("a message"))
        return gave

    def _show_difference(self, case, what: str, of: str, was, found, names: dict) -> dict:
        if what == "points":
            code, _separator, unit = of.rpartition(" ")
            name = self.env._("Points of %(promotion)s in %(unit)s", promotion=names.get(code, code), unit=unit)
        else:
            words = {
                "discount": self.env._("Discount by %s", names.get(of, of)),
                "line": self.env._("To pay for line %s", of),
                "active_from": self.env._("Points of %s are good from", names.get(of, of)),
                "expires_at": self.env._("Points of %s expire", names.get(of, of)),
                "issued": self.env._("Codes given by %s", names.get(of, of)),
                "works": self.env._("%s works", names.get(of, of)),
                "refund": self.env._("Money back for %s", of),
                "back": self.env._("Money back for line %s", of),
                "given_back": self.env._("Points given back in %s", of),
                "taken_back": self.env._("Points taken back in %s", of),
                "code_back": self.env._("Promo code %s", of),
            }
            totals = {
                "base": self.env._("Shelf amount"),
                "discount": self.env._("Discounts"),
                "spent": self.env._("Paid with points"),
                "certificates": self.env._("Paid with certificates"),
                "to_pay": self.env._("To pay"),
            }
            name = totals[of] if what == "total" else words[what]
        return {"name": name, "was": self._value(case, what, was), "found": self._value(case, what, found)}

    def _value(self, case, what: str, value) -> str:
        if what == "works":
            return self.env._("yes") if value else self.env._("no")
        if value is None:
            return "–"
        if what in MOVING:
            return self.env["loy.refusal.words"]._moment(value)
        if what == "code_back":
            return self._code_state(case, {"state": value})
        return self._number(value) if what in COUNTED else self._money(case, value)

    def _receiver(self, to: str) -> str:
        words = {
            "receipt": self.env._("On the receipt"),
            "cashier": self.env._("To the cashier"),
            "customer": self.env._("To the customer"),
        }
        return words.get(to, to)

    def _money(self, case, amount: float) -> str:
        return format_amount(self.env, amount + 0.0, case.currency_id or self.env.company.currency_id)

    def _points(self, amount: float, unit: str) -> str:
        return f"{self._number(amount)} {unit}"

    def _number(self, value: float) -> str:
        return self.env["loy.refusal.words"]._number(value)


def _known_as(code: dict) -> str:
    """By what people know a code that comes back, or what an addon has in place of one (``loy.return.codes``)."""
    return code.get("code") or code.get("certificate", "")
