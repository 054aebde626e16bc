"""Exchange: one receipt on which some goods come back and others are bought."""

from collections import defaultdict
from decimal import Decimal

from odoo import fields, models

from .catalogue import PlaceFacts
from .requests import PurchaseReturn, ReturnLine


class LoyExchange(models.AbstractModel):
    """Lines of a receipt with a quantity below zero are returns of their own: one for each purchase that they name, and
    one for those that name none. They are booked with the sale or not at all, before it: points that come back may pay.
    """

    _name = "loy.exchange"
    _description = "Exchange service"

    def _preview(self, request) -> dict | None:
        """What comes back for the lines below zero, without any effect; None where there are none."""
        returns = self._returns(request, "")
        if not returns:
            return None
        place = self.env["loy.purchases"]._place(request)
        return self._told([self.env["loy.returns"]._preview(one, place) for one in returns])

    def _lock(self, request, place: PlaceFacts) -> None:
        """Everything that the receipt and what comes back on it will touch, in the one order of all locks (numbers,
        members, accounts, limits, codes): goods of two members may cross on two tills.
        """
        back = [line for line in request.lines if line.quantity < 0]
        if not back:
            return
        purchases, origins = self.env["loy.purchases"], self.env["loy.purchase"]
        for number in sorted({line.of.purchase for line in back if line.of}):
            origins |= purchases._claim(number, place.company_id, is_bound=False)
        member, _card = purchases._find_member(request.member, request.offline)
        members = origins.member_id | member
        self.env["loy.members"]._keep(members)
        ledger = self.env["loy.ledger"]
        tenders = self.env["loy.prepaid"]._presented(request, place, fields.Datetime.now(), is_fact=True)
        paying = [one.account_id for one in tenders]
        if accounts := [*ledger._accounts_touched(members.ids, origins.ids), *paying]:
            ledger._lock_families(accounts)
        if member:
            self.env["loy.counters"]._lock_members(member.ids)
        self.env["loy.return.codes"]._lock(origins, request.codes)

    def _book(self, request, place: PlaceFacts) -> dict | None:
        """The returns of the receipt, numbered after it; None where nothing comes back."""
        returns = self._returns(request, request.purchase)
        if not returns:
            return None
        return self._told([self.env["loy.returns"]._return_at(one, place) for one in returns])

    def _attach(self, purchase, back: dict) -> None:
        """The returns know on which receipt they happened."""
        numbers = [answer["return"] for answer in back["returns"]]
        returns = self.env["loy.purchase"].search(
            [("number", "in", numbers), ("company_id", "=", purchase.company_id.id)]
        )
        returns.exchange_id = purchase
        purchase.invalidate_recordset(["exchange_ids"])

    def _returns(self, request, number: str) -> list[PurchaseReturn]:
        by_origin: dict[str | None, dict[str, ReturnLine]] = defaultdict(dict)
        for line in request.lines:
            if line.quantity >= 0:
                continue
            if line.of is None:
                by_origin[None][line.id] = ReturnLine(
                    id=line.id,
                    quantity=-line.quantity,
                    sku=line.sku,
                    price=line.price,
                    amount=None if line.amount is None else -line.amount,
                )
                continue
            lines = by_origin[line.of.purchase]
            before = lines[line.of.line].quantity if line.of.line in lines else 0
            lines[line.of.line] = ReturnLine(id=line.of.line, quantity=before - line.quantity)
        return [
            PurchaseReturn(
                key="",
                purchase=origin,
                return_=f"{number}/{index}",
                lines=tuple(lines.values()),
                store=request.store,
                register=request.register,
                member=request.member if origin is None else None,
                at=request.at,
                offline=getattr(request, "offline", False),
            )
            for index, (origin, lines) in enumerate(by_origin.items(), start=1)
        ]

    def _told(self, answers: list[dict]) -> dict:
        refund = sum((Decimal(str(answer["refund"]["money"])) for answer in answers), Decimal(0))
        return {"refund": refund, "returns": answers}
