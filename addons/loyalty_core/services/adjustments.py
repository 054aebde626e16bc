"""Movements by hand: from the back office and by the API."""

from __future__ import annotations

from datetime import datetime

from odoo import fields, models
from odoo.tools import formatLang

from .errors import LoyaltyError
from .posting import Accrual, Source
from .transaction import run_with_retry

NOTICE = "loyalty_core.loy_adjustment_mail_template"
#: The right that a movement by hand takes, by its direction.
RIGHTS = {"accrual": "account.accrue", "write_off": "account.write_off"}
QUIET = {"tracking_disable": True, "mail_create_nosubscribe": True}


class LoyAdjustments(models.AbstractModel):
    """Books movements by hand within limits; above them a second person does."""

    _name = "loy.adjustments"
    _inherit = "loy.approvals"
    _description = "Manual movements service"

    def _request(self, values: dict):
        """A movement that a person asks for: booked at once or left waiting; of a refused one nothing stays."""

        def work():
            adjustment = self.env["loy.adjustment"].create(values)
            self._submit_now(adjustment)
            return adjustment

        return run_with_retry(self.env, work)

    def _submit_now(self, records) -> None:
        for record in records:
            self.env["loy.rights"]._check(RIGHTS[record.direction])
            self._check(record)
        return super()._submit_now(records)

    def _from_api(self, values: dict, may_wait: bool):
        """A movement that the API asks for: booked, or waiting where the caller says that it may, or refused."""
        adjustment = self.env["loy.adjustment"].with_context(**QUIET).create(
            {**values, "source": "api", "company_id": self.env.company.id, "requested_by_id": self.env.uid}
        )
        self._check(adjustment)
        excess = self._excess(adjustment, self.env.user)
        if not excess:
            self._done(adjustment)
        elif may_wait:
            self._ask(adjustment, excess)
        else:
            raise LoyaltyError(
                "approval_required",
                self.env._("%s. Send may_wait to ask a second person for approval, or move less.", excess),
            )
        return adjustment

    def _check(self, adjustment) -> None:
        """What can be said before booking. Codes: bad_amount, reason_not_usable, bad_period, member_not_found."""
        if adjustment.amount_minor <= 0:
            raise LoyaltyError("bad_amount", self.env._("Enter an amount greater than zero."))
        if not adjustment.member_id.is_loyalty_member:
            raise LoyaltyError(
                "member_not_found", self.env._("%s is not a member.", adjustment.member_id.display_name)
            )
        self.env["loy.reach"]._check(adjustment.member_id)
        self._check_reason(adjustment.reason_id, adjustment.direction)
        starts = adjustment.active_from or fields.Datetime.now()
        if adjustment.direction == "accrual" and adjustment.expires_at and adjustment.expires_at <= starts:
            raise LoyaltyError(
                "bad_period", self.env._("A lot must expire after it becomes active: change one of the dates")
            )

    def _check_reason(self, reason, direction: str) -> None:
        """`reason_not_usable` for a reason that is meant for something else."""
        if reason and reason.usage not in ("any", direction):
            names = dict(reason._fields["usage"]._description_selection(self.env))
            raise LoyaltyError(
                "reason_not_usable",
                self.env._(
                    "%(reason)s is a reason for: %(usage)s. Choose another reason.",
                    reason=reason.display_name,
                    usage=names[reason.usage],
                ),
            )

    def _movements(self, record) -> list[tuple]:
        return [(record.unit_id, record.direction, {record.member_id.id: record.amount_minor}, None)]

    def _book(self, record) -> None:
        # sudo: whoever is allowed to book by hand need not be allowed to write accounts
        ledger = self.env["loy.ledger"].sudo()
        key = record.member_id.id, record.unit_id.id
        account_id = ledger._accounts([key[0]], [key[1]], create=True)[key]
        at = record.occurred_at or fields.Datetime.now()
        source = Source(
            "manual", reason_id=record.reason_id.id or None, note=record.note or "", company_id=record.company_id.id
        )
        if record.direction == "accrual":
            transaction_id = ledger._accrue([self._accrual(record, account_id, at)], at=at, source=source)[0]
        else:
            transaction_id = ledger._write_off(
                account_id, record.amount_minor, at=at, reason_id=source.reason_id, source=source
            )
        record.write({"state": "done", "transaction_id": transaction_id, **self._decision()})
        self._notify(record)

    def _accrual(self, record, account_id: int, at: datetime) -> Accrual:
        return Accrual(
            account_id=account_id,
            amount_minor=record.amount_minor,
            active_from=record.active_from or None,
            expires_at=record.expires_at or None,
            terms_id=record.terms_id.id or None,
        )

    def _notify(self, record) -> None:
        """The member reads of it where the reason says so and there is an address to write to."""
        template = self.env.ref(NOTICE, raise_if_not_found=False)
        if template and record.reason_id.is_notified and record.member_id.email:
            # sudo: whoever books by hand need not see the template
            template.sudo().send_mail(record.id)

    def _summary(self, record) -> str:
        amount = formatLang(self.env, record.signed_amount, digits=record.unit_id.decimals)
        parts = (f"{amount} {record.unit_id.display_name}", record.reason_id.display_name, record.note)
        return " · ".join(part for part in parts if part)
