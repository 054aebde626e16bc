"""A second person's decision: who is asked, who may decide, that it is decided once."""

from __future__ import annotations

from functools import reduce
from operator import and_

from markupsafe import Markup
from odoo import fields, models
from odoo.tools import SQL

from .errors import LoyaltyError
from .transaction import run_with_retry

ACTIVITY = "mail.mail_activity_data_todo"


class LoyApprovals(models.AbstractModel):
    """What movements by hand and accruals to lists have in common. A service of each says what booking means:
    ``_movements(record)`` gives [(unit, direction, {member: minor units}, total)], ``_book(record)`` books it.
    """

    _name = "loy.approvals"
    _description = "Approvals"
    #: The state from which it is booked, and those in which it can be withdrawn.
    _ready_state = "draft"
    _open_states = ("draft", "waiting")
    #: Who has this right may decide on what others ask for.
    _approve_right = "account.approve"

    def _submit(self, records) -> None:
        """Book what the requester may do alone; for the rest ask a second person."""
        run_with_retry(self.env, lambda: self._submit_now(records))

    def _submit_now(self, records) -> None:
        for record in self._locked(records, self._ready_state):
            if excess := self._excess(record, self.env.user):
                self._ask(record, excess)
            else:
                self._done(record)

    def _approve(self, records) -> None:
        """Book what somebody else has asked for. Codes: right_missing, own_request, limit_exceeded, already_decided."""
        self._check_approver(records)

        def work():
            for record in self._locked(records, "waiting"):
                if excess := self._excess(record, self.env.user):
                    raise LoyaltyError(
                        "limit_exceeded", self.env._("%s. Ask a person with a higher limit.", excess)
                    )
                self._done(record)
                self._tell(record, self.env._("Approved and booked"))

        run_with_retry(self.env, work)

    def _refuse(self, records, why: str) -> None:
        """Nothing will be booked. Codes as for approving."""
        self._check_approver(records)

        def work():
            for record in self._locked(records, "waiting"):
                record.write({"state": "refused", "refusal": why, **self._decision()})
                self._close_activities(record)
                self._tell(record, self.env._("Refused: %s", why))

        run_with_retry(self.env, work)

    def _cancel(self, records) -> None:
        """The requester, or an approver, withdraws what is not booked yet. Codes: right_missing, already_decided."""
        may_all = self._may_approve(self.env.user)
        if not may_all and any(record.requested_by_id != self.env.user for record in records):
            raise LoyaltyError("right_missing", self.env._("Only the person who has asked for it may withdraw it."))

        def work():
            for record in self._locked(records, *self._open_states):
                # Who decided on what is booked already, answers for that.
                record.write({"state": "cancelled", **({} if record.decided_by_id else self._decision())})
                self._close_activities(record)

        run_with_retry(self.env, work)

    # ------------------------------------------------------------------ steps

    def _locked(self, records, *states: str):
        """The records, each locked until the transaction ends and in one of these states still."""
        records.check_access("read")
        records.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT FROM %s WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(records._table),
                records.ids,
            )
        )
        records.invalidate_recordset()
        # sudo: what was decided is written by nobody else
        records = records.sudo()
        for record in records:
            if record.state not in states:
                names = dict(record._fields["state"]._description_selection(self.env))
                raise LoyaltyError(
                    "already_decided",
                    self.env._(
                        "%(what)s is %(state)s already. Reload the page.",
                        what=record.display_name,
                        state=names[record.state],
                    ),
                )
        return records

    def _may_approve(self, user) -> bool:
        return self.env["loy.rights"].with_user(user)._has(self._approve_right)

    def _check_approver(self, records) -> None:
        if not self._may_approve(self.env.user):
            raise LoyaltyError(
                "right_missing", self.env._("You may not approve what others ask for. Ask an administrator.")
            )
        if any(record.sudo().requested_by_id == self.env.user for record in records):  # the asker is read by anybody
            raise LoyaltyError("own_request", self.env._("Another person must decide on what you have asked for."))

    def _decision(self) -> dict:
        return {"decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}

    def _done(self, record) -> None:
        self._book(record)
        self._close_activities(record)

    def _excess(self, record, user) -> str:
        limits = self.env["loy.limits"]
        for unit, direction, amounts, total in self._movements(record):
            if excess := limits._excess(user, unit, record.company_id, direction, amounts, total):
                return excess
        return ""

    def _ask(self, record, excess: str) -> None:
        """It waits, and those who may approve it have an activity."""
        record.write({"state": "waiting", "approval_note": excess, "requested_by_id": self.env.uid})
        note = Markup("<p>%s</p><p>%s</p>") % (self._summary(record), excess)
        for user in self._approvers(record):
            record.activity_schedule(
                ACTIVITY, user_id=user.id, summary=self.env._("Approve: %s", record.display_name), note=note
            )
        self._tell(record, self.env._("Waits for approval. %s", excess))

    def _approvers(self, record):
        """Those who may approve all of it within limits of their own."""
        limits = self.env["loy.limits"]
        able = [
            limits._approvers(unit, record.company_id, direction, amounts, self.env.user, total)
            for unit, direction, amounts, total in self._movements(record)
        ]
        return reduce(and_, able) if able else self.env["res.users"]

    def _summary(self, record) -> str:
        return record.display_name

    def _close_activities(self, record) -> None:
        record.activity_unlink([ACTIVITY])

    def _tell(self, record, text: str) -> None:
        record.message_post(body=text)

    def _movements(self, record) -> list[tuple]:
        raise NotImplementedError

    def _book(self, record) -> None:
        raise NotImplementedError


