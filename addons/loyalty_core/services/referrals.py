"""Referrals: a member's code, who has joined by it, and the first purchase, which promotions reward to both."""

import re
import secrets
from datetime import datetime

from odoo import models
from odoo.tools import SQL

from ..sql.insert import insert_rows
from .errors import LoyaltyError

#: Digits and capital letters that nobody takes for one another.
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


class LoyReferrals(models.AbstractModel):
    """Law: a friend was sent by one member at most, and its first purchase is told once, to both; nobody is rewarded
    for sending oneself, nor another of the same pool."""

    _name = "loy.referrals"
    _description = "Referral service"

    def _code(self, member) -> dict:
        """The member's code, made when it is first asked for, and how many have joined and bought by it."""
        self.env["loy.members"]._lock(member)
        codes = self.env["loy.referral.code"]
        code = codes.search([("member_id", "=", member.id)]).code
        while not code:
            made = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
            if not codes.search_count([("code", "=", made)]):
                code = codes.create({"member_id": member.id, "code": made}).code
        referrals = self.env["loy.referral"].search([("member_id", "=", member.id)])
        bought = referrals.filtered(lambda one: one.purchase_id and not one.refusal)
        return {"member": str(member.id), "code": code, "joined": len(referrals), "bought": len(bought)}

    def _find(self, code: str):
        """Whose code it is; whoever has become a part of another is the other. `referral_not_found`."""
        plain = re.sub(r"[\W_]", "", code.upper())
        member = self.env["loy.referral.code"].search([("code", "=", plain)]).member_id
        member = member.loy_merged_into_id or member
        if not member or not member.is_loyalty_member or not member.active:
            raise LoyaltyError(
                "referral_not_found",
                self.env._("There is no referral code %s. Check it, or register the member without it.", code),
            )
        return member

    def _join(self, friend, code: str, at: datetime) -> None:
        """A new member says who has sent it. Codes: referral_not_found, referral_self."""
        member = self._find(code)
        if self._is_same(member, friend):
            raise LoyaltyError(
                "referral_self", self.env._("Nobody sends oneself: register the member without the referral code.")
            )
        company = member.company_id or self.env.company
        insert_rows(
            self.env["loy.referral"],
            [{"member_id": member.id, "friend_id": friend.id, "company_id": company.id, "joined_at": at}],
        )
        self._tell("referral.joined", member.id, friend.id, company.id, at)

    def _is_same(self, member, friend) -> bool:
        """Whether both have one mailbox, whatever stands behind its plus; phones and addresses differ anyway."""
        known = {member.loy_email, *member.loy_alias_ids.filtered(lambda one: one.kind == "email").mapped("value")}
        return bool(friend.loy_email) and _mailbox(friend.loy_email) in {_mailbox(email) for email in known if email}

    # ------------------------------------------------------------------ the first purchase

    def _bought(self, purchase) -> None:
        """The first purchase of a friend is told to both, once."""
        if not purchase.member_id:
            return
        purchase.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE loy_referral AS referral
                   SET purchase_id = %(purchase)s, purchased_at = %(at)s,
                       refusal = CASE WHEN referral.member_id = referral.friend_id
                                           OR sender.loy_merged_into_id = referral.friend_id THEN 'self'
                                      WHEN EXISTS (SELECT FROM loy_pool_member AS own
                                                     JOIN loy_pool_member AS other ON other.pool_id = own.pool_id
                                                    WHERE own.member_id = referral.friend_id AND own.left_at IS NULL
                                                      AND other.member_id = referral.member_id
                                                      AND other.left_at IS NULL) THEN 'pool' END
                  FROM res_partner AS sender
                 WHERE sender.id = referral.member_id AND referral.friend_id = %(friend)s
                   AND referral.purchase_id IS NULL
             RETURNING referral.member_id, referral.company_id, referral.refusal
                """,
                purchase=purchase.id,
                at=purchase.purchased_at,
                friend=purchase.member_id.id,
            )
        )
        self.env["loy.referral"].invalidate_model(flush=False)
        for member_id, company_id, refusal in rows:
            if not refusal:
                self._tell(
                    "referral.first_purchase",
                    member_id,
                    purchase.member_id.id,
                    company_id,
                    purchase.purchased_at,
                    purchase_id=purchase.id,
                )

    def _tell(self, kind: str, member_id: int, friend_id: int, company_id: int, at: datetime, **of) -> None:
        """An event of each of the two, with the other one."""
        self.env["loy.events"]._emit_many(
            [
                {
                    "kind": kind,
                    "at": at,
                    "member_id": one,
                    "company_id": company_id,
                    "data": {"role": role, "other": str(other)},
                    **of,
                }
                for one, role, other in ((member_id, "sender", friend_id), (friend_id, "friend", member_id))
            ]
        )


def _mailbox(email: str) -> str:
    """
    >>> _mailbox("ann+shop@example.com"), _mailbox("a.n.n@gmail.com")
    ('ann@example.com', 'ann@gmail.com')
    """
    name, _at, domain = email.partition("@")
    name = name.partition("+")[0]
    return f"{name.replace('.', '') if domain in ('gmail.com', 'googlemail.com') else name}@{domain}"
