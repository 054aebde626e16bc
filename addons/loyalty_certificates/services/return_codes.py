"""Certificates that a purchase gave to its customer, when its goods come back: as promo codes with a value."""

from collections.abc import Iterable
from datetime import datetime

from odoo import fields, models
from odoo.addons.loyalty_core.engine import Issue
from odoo.addons.loyalty_core.services.posting import Reversal
from odoo.addons.loyalty_core.services.return_codes import CodeCut, GivenCode

from ..engine.issue_certificate import CertificateIssue
from ..sql import purchases as sql

SORT = "certificate"


class LoyReturnCodes(models.AbstractModel):
    _inherit = "loy.return.codes"

    def _given(self, purchase, at: datetime) -> list[GivenCode]:
        found = super()._given(purchase, at)
        if not any("certificate_type" in one for one in (purchase.result or {}).get("issued", ())):
            return found
        # What the purchase gave comes back with it, whoever may see it.
        certificates = self.env["loy.certificate"].sudo().search(
            [("sold_purchase_id", "=", purchase.id), ("source", "=", "promotion")], order="id"
        )
        ledger, before = self.env["loy.ledger"], self._before(purchase)
        free = ledger._spendable(certificates.account_id.ids, ledger._now()) if certificates else {}
        return found + [
            GivenCode(
                id=one.id,
                pool_id=0,
                shown=one.masked_number,
                promotion=one.promotion_code,
                pool=one.type_id.code,
                state="issued" if one.state == "active" else one.state,
                is_valued=True,
                is_good=self.env["loy.certificates"]._state_at(one, at) == "active",
                value=one.type_id._minor(one.value),
                left=free[one.account_id.id].total if one.state == "active" else 0,
                cut=before[SORT, one.id, "cut"],
                reduced=before[SORT, one.id, "reduced"],
                sort=SORT,
            )
            for one in certificates
        ]

    def _worth(self, purchase, issues: Iterable[Issue]):
        worth, issues = super()._worth(purchase, issues), list(issues)
        for one in issues:
            if isinstance(one, CertificateIssue):
                of = self.env["loy.certificates"]._type_named(one.type, purchase.company_id.id)
                value = of._minor(of.value) if one.value_minor is None else one.value_minor
                worth[one.promotion, one.type, True] += value
        return worth

    def _book(self, purchase, returned, cuts: Iterable[CodeCut]) -> None:
        cuts = list(cuts)
        super()._book(purchase, returned, cuts)
        taken = {one.given.id: one.cut for one in cuts if one.cut and one.given.sort == SORT}
        if not taken:
            return
        certificates = self.env["loy.certificate"].sudo().browse(taken)  # as above
        of_account = {one.account_id.id: one for one in certificates}
        rows = self.env.execute_query(sql.activations(list(of_account)))
        ledger, at = self.env["loy.ledger"], returned.purchased_at or fields.Datetime.now()
        ledger._reverse(
            [Reversal(transaction, {account: taken[of_account[account].id]}) for transaction, account, _sum in rows],
            at=at,
            source=self.env["loy.purchases"]._source("return", returned),
            is_debt_allowed=False,
        )
        left = ledger._left_on(list(of_account))
        whole = {one.given.id for one in cuts if one.given.sort == SORT and one.given.cut + one.cut >= one.given.value}
        empty = {one.id for account, one in of_account.items() if left[account] <= 0}
        for state, ended in (("cancelled", empty & whole), ("used", empty - whole)):
            if ended:
                self.env["loy.certificates"]._transition(
                    certificates.browse(sorted(ended)), state, at=at, purchase_id=returned.id
                )

    def _known_as(self, given: GivenCode) -> dict:
        if given.sort != SORT:
            return super()._known_as(given)
        return {"certificate": given.shown, "type": given.pool}
