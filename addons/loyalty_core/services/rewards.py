"""The catalogue of rewards: what members get for points when they ask for it."""

from datetime import datetime
from decimal import Decimal

from odoo import models

from ..sql.insert import insert_rows
from .errors import LoyaltyError
from .gives import IN_PURCHASE, Grant
from .money import to_minor
from .posting import Source
from .sections import PointsRange, RewardDocument
from .transaction import lock_name


class LoyRewards(models.AbstractModel):
    """Law: the points are taken and the reward is given, or neither; with one purchase at most so many times."""

    _name = "loy.rewards"
    _description = "Reward catalogue service"

    def _redeem(self, member, code: str, points: Decimal | None, purchase: str | None, at: datetime) -> dict:
        """Codes: member_out_of_reach, reward_not_found, reward_in_purchase, reward_points, reward_limit,
        insufficient_points, and those of what it gives."""
        self.env["loy.reach"]._check(member)
        company = self.env.company
        compiled = self.env["loy.programme"]._at(company, at)
        if code not in compiled.rewards:
            raise LoyaltyError("reward_not_found", self.env._("There is no reward %s. Check the code.", code))
        reward_id, document = compiled.rewards[code]
        if isinstance(document.gives, tuple(IN_PURCHASE.values())):
            raise LoyaltyError(
                "reward_in_purchase",
                self.env._("%s is taken with a purchase: name it in redeem of the purchase.", code),
            )
        if document.unit not in compiled.units:
            raise LoyaltyError("unit_not_found", self.env._("There is no unit %s.", document.unit))
        unit = compiled.units[document.unit]
        price, times = self._price(document, points)
        self._check_limit(reward_id, document, purchase)
        ledger = self.env["loy.ledger"]
        account_id = ledger._accounts([member.id], [unit.id], create=True)[member.id, unit.id]
        source = Source("reward", document=code, company_id=company.id, member_id=member.id)
        grant = Grant(member.id, account_id, to_minor(price, unit.decimals), times)
        given = self.env["loy.gives"]._give(grant, document.gives, at=at, source=source)
        transaction_id = given.pop("transaction")
        if given.get("expires_at"):
            given["expires_at"] = given["expires_at"].isoformat(timespec="seconds") + "Z"
        self._insert(reward_id, grant, given, transaction_id, purchase, at)
        return {"member": str(member.id), "reward": code, "points": float(price), **given}

    def _price(self, document: RewardDocument, points: Decimal | None) -> tuple[Decimal, int]:
        """How many points, and how many times the gift they are worth."""
        price = document.points
        if not isinstance(price, PointsRange):
            if points is not None and points != price:
                raise LoyaltyError(
                    "reward_points", self.env._("%(reward)s costs %(points)s.", reward=document.code, points=price)
                )
            return price, 1
        if points is None or not price.min <= points <= price.max or points % price.step:
            raise LoyaltyError(
                "reward_points",
                self.env._(
                    "%(reward)s takes from %(min)s to %(max)s points in steps of %(step)s.",
                    reward=document.code,
                    min=price.min,
                    max=price.max,
                    step=price.step,
                ),
            )
        return points, int(points / price.step)

    def _check_limit(self, reward_id: int, document: RewardDocument, purchase: str | None) -> None:
        if purchase is None:
            return
        lock_name(self.env, "reward", reward_id, self.env.company.id, purchase)
        taken = self.env["loy.redemption"].search_count(
            [("reward_id", "=", reward_id), ("company_id", "=", self.env.company.id), ("purchase", "=", purchase)]
        )
        if taken >= document.per_purchase:
            raise LoyaltyError(
                "reward_limit",
                self.env._(
                    "%(reward)s is given at most %(count)s times with one purchase.",
                    reward=document.code,
                    count=document.per_purchase,
                ),
            )

    def _insert(
        self, reward_id: int, grant: Grant, given: dict, transaction_id: int, purchase: str | None, at: datetime
    ) -> None:
        company_id = self.env.company.id
        insert_rows(
            self.env["loy.redemption"],
            [
                {
                    "reward_id": reward_id,
                    "member_id": grant.member_id,
                    "company_id": company_id,
                    "purchase": purchase,
                    "points_minor": grant.points_minor,
                    "given": self.env["loy.gives"]._kept(given),
                    "transaction_id": transaction_id,
                    "redeemed_at": at,
                }
            ],
        )
        code = self.env["loy.reward"].browse(reward_id).code
        self.env["loy.events"]._emit(
            "reward.redeemed", at=at, member_id=grant.member_id, company_id=company_id, data={"reward": code}
        )
