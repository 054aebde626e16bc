"""Promo codes that a purchase gave out, when its goods come back (``settings.returns.coupon``).

An addon that has things of another sort extends ``_given``, ``_worth``, ``_book`` and ``_known_as``.

What a code would be worth is what the same purchase gives for the goods that are kept: "10 for every full 50" has
steps, so a share of what comes back would be neither. What it is worth too much is due by now; less what earlier
returns took of it, the code is cut by it, or the refund is reduced. So parts in whatever order come to the same as one
return. A refund never goes below zero: what it cannot bear waits for the next one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from odoo import models

from ..engine import CodeIssue, Issue, Result, normal_code
from ..sql import codes as sql
from ..sql.insert import insert_rows
from .money import from_minor, to_minor

#: Where the refund bears what is not cut, and where a good code stays as it is.
REDUCING = ("reduce_refund", "cut_or_refund")
SPARING = ("reduce_refund",)


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A code as it was given with a purchase and as it stands. One without a value counts as one piece."""

    id: int
    pool_id: int
    shown: str
    promotion: str
    pool: str
    state: str
    is_valued: bool
    is_good: bool  # or else it is used up, void or has run out
    value: int
    left: int
    cut: int  # by earlier returns
    reduced: int  # of the refunds of earlier returns
    sort: str = "code"

    @property
    def is_untouched(self) -> bool:
        return self.state == "issued" and self.left == self.value - self.cut


@dataclass(frozen=True, slots=True)
class CodeCut:
    """What a return takes: of what is on the code, and of the refund instead."""

    given: GivenCode
    cut: int
    reduced: int

    @property
    def state(self) -> str:
        """Its state afterwards: what nobody can use any more is void, and what somebody has used is used."""
        if self.given.state != "issued" or self.cut < self.given.left or not self.cut:
            return self.given.state
        return "void" if self.given.is_untouched else "used"


class LoyReturnCodes(models.AbstractModel):
    """A chapter of ``loy.returns``."""

    _name = "loy.return.codes"
    _description = "Promo codes given with what comes back"

    def _lock(self, purchases, codes: Iterable[str] = ()) -> None:
        """All codes that these have used or given out, and those named, in the order of their ids."""
        self.env.cr.execute(sql.lock_of(purchases.ids, [normal_code(code) for code in codes]))

    def _given(self, purchase, at: datetime) -> list[GivenCode]:
        """The codes that a purchase gave to its customer; a word that everybody uses is no such code."""
        issued = [one for one in (purchase.result or {}).get("issued", ()) if "code" in one and "pool" in one]
        if not issued:
            return []
        rows = {row[0]: row[1:] for row in self.env.execute_query(sql.issued_in(purchase.id))}
        before = self._before(purchase)
        found = []
        for one in issued:
            if (row := rows.get(normal_code(one["code"]))) is None:
                continue
            code_id, pool_id, state, value, left, until = row
            cut, reduced = before["code", code_id, "cut"], before["code", code_id, "reduced"]
            found.append(
                GivenCode(
                    id=code_id,
                    pool_id=pool_id,
                    shown=one["code"],
                    promotion=one["promotion"],
                    pool=one["pool"],
                    state=state,
                    is_valued=value > 0,
                    is_good=state == "issued" and (until is None or until > at),
                    value=value or 1,
                    left=left if value else int(state == "issued"),
                    cut=cut,
                    reduced=reduced,
                )
            )
        return found

    def _before(self, purchase) -> Counter:
        """What earlier returns took for each code."""
        before: Counter = Counter()
        for returned in purchase.return_ids:
            for one in (returned.by_line or {}).get("given_codes", ()):
                for name in ("cut", "reduced"):
                    before[one.get("sort", "code"), one["code_id"], name] += one[name]
        return before

    def _cuts(
        self, purchase, given: list[GivenCode], kept: Result | None, policy: str, refund: int
    ) -> tuple[CodeCut, ...]:
        """What is taken for each code when goods come back and ``kept`` is what the others give; None: none are kept.
        ``refund`` is the money that would be paid out."""
        worth = self._worth(purchase, kept.issued if kept else ())
        cuts = []
        for one in given:
            of = one.promotion, one.pool, one.is_valued
            keeps = min(one.value, worth[of])
            worth[of] -= keeps
            due = max(0, one.value - keeps - one.cut - one.reduced)
            if policy == "keep" and not (kept is None and one.is_untouched):
                due = 0
            cut = 0 if policy in SPARING and one.is_good and one.is_valued else min(due, one.left)
            reduced = min(due - cut, refund) if policy in REDUCING and one.is_valued else 0
            refund -= reduced
            if cut or reduced:
                cuts.append(CodeCut(one, cut, reduced))
        return tuple(cuts)

    def _worth(self, purchase, issues: Iterable[Issue]) -> Counter:
        """(promotion, pool, whether with a value) → what codes given for the kept goods are worth together."""
        compiled = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        )
        pools = {pool.code: pool for pool in compiled.code_pools.values()}
        worth: Counter = Counter()
        for one in issues:
            if not isinstance(one, CodeIssue):
                continue
            pool = pools[one.pool]
            value = one.value_minor
            if value is None:
                value = to_minor(pool.value or 0, compiled.currency_decimals) if pool.valued else 1
            worth[one.promotion, one.pool, pool.valued] += value
        return worth

    def _book(self, purchase, returned, cuts: Iterable[CodeCut]) -> None:
        """The codes are less, and who took it is a fact: the return."""
        cuts = sorted((one for one in cuts if one.cut and one.given.sort == "code"), key=lambda one: one.given.id)
        if not cuts:
            return
        amounts = [one.cut if one.given.is_valued else 0 for one in cuts]
        self.env.cr.execute(
            sql.cut([(one.given.id, amount, one.state) for one, amount in zip(cuts, amounts, strict=True)])
        )
        insert_rows(
            self.env["loy.code.use"],
            [
                {
                    "kind": "cut",
                    "used_at": self.env.cr.now(),
                    "code_id": one.given.id,
                    "pool_id": one.given.pool_id,
                    "purchase_id": returned.id,
                    "company_id": purchase.company_id.id,
                    "currency_id": purchase.currency_id.id,
                    "member_id": purchase.member_id.id or None,
                    "uses": 0,
                    "amount_minor": 0,
                    "taken_minor": amount,
                    "is_whole": False,
                    "is_counted": False,
                    "is_over": False,
                }
                for one, amount in zip(cuts, amounts, strict=True)
            ],
        )

    def _kept_of(self, cuts: Iterable[CodeCut]) -> list[dict]:
        """What the return keeps of it, for those that follow."""
        return [
            {"sort": one.given.sort, "code_id": one.given.id, "cut": one.cut, "reduced": one.reduced} for one in cuts
        ]

    def _known_as(self, given: GivenCode) -> dict:
        """By what people know it, and of what it is."""
        return {"code": given.shown, "pool": given.pool}

    def _told(self, cuts: Iterable[CodeCut], decimals: int) -> list[dict]:
        """As the API answers it."""

        def number(minor: int) -> float:
            return float(from_minor(minor, decimals))

        return [
            {
                **self._known_as(one.given),
                "state": one.state,
                **(
                    {"cut": number(one.cut), "left": number(one.given.left - one.cut), "reduced": number(one.reduced)}
                    if one.given.is_valued
                    else {}
                ),
            }
            for one in cuts
        ]
