"""How a promotion becomes what receipts go by: looked at, tried on the kept cases, agreed to, published."""

from __future__ import annotations

from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL, format_datetime

from ..engine import schema
from . import clock
from .errors import LoyaltyError
from .sections import section_of
from .transaction import lock_name, run_with_retry

LIVE = "active"


class LoyPublications(models.AbstractModel):
    """Law: where the programme asks for a second person, what receipts go by is what a second person agreed to."""

    _name = "loy.publications"
    _inherit = "loy.approvals"
    _description = "Publications of promotions"
    _approve_right = "promotion.approve"

    # ------------------------------------------------------------------ asking

    def _propose(self, draft):
        """A publication of a draft, of a paused promotion, or of a prepared change, to be looked at first."""
        draft.ensure_one()
        draft.check_access("write")
        promotion = draft.version_of_id or draft
        is_started = bool(self._published(promotion)) or promotion.state != "draft"
        # sudo: publications are made by nobody but this service
        publication = self.env["loy.publication"].sudo().create(
            {
                "promotion_id": promotion.id,
                "draft_id": draft.id,
                "kind": "change" if draft != promotion else "restart" if is_started else "start",
            }
        )
        self._look(publication)
        return publication.with_env(self.env)

    def _look(self, publication) -> None:
        """What it would change now, and what the kept cases say to it."""
        draft, promotion = publication.draft_id, publication.promotion_id
        if publication.state != "draft" or not draft:
            return
        # sudo: as above; the cases of the bench are tried for whoever may publish
        publication.sudo().write(
            {
                "before": self._live_document(promotion),
                "document": self._document(draft),
                "company_id": draft.company_id.id,
                **self._tried(draft),
            }
        )

    def _tried(self, draft) -> dict:
        """The kept cases calculated without and with it: those that it makes different. A shared promotion is in the
        programme of every company."""
        bench = self.env["loy.bench"]
        cases = bench._kept((draft.version_of_id or draft).company_id)
        told, stale = [], 0
        for case in cases:
            verdict = bench._verdict(case, draft)
            stale += verdict["is_stale"]
            if verdict["problem"] or verdict["differences"]:
                told.append({"id": case.id, "name": case.name, **verdict})
        return {
            "case_count": len(cases),
            "case_differing_count": len(told),
            "case_stale_count": stale,
            "cases": told,
        }

    def _submit_now(self, records) -> None:
        for record in records:
            record.draft_id.check_access("write")
            seen = self._seen(record)
            self._look(record)
            if self._seen(record) != seen:
                raise self._changed_since(record)
            self._check_planned(record)
            if record.case_differing_count and not record.is_accepted:
                raise LoyaltyError(
                    "cases_differ",
                    self.env._(
                        "%(count)s kept cases come out different with it. Look at them: change the promotion, or say "
                        "that it is to be published all the same.",
                        count=record.case_differing_count,
                    ),
                )
        return super()._submit_now(records)

    @staticmethod
    def _seen(record) -> tuple:
        """What whoever asks has looked at: the texts, for whom, and where they are to accept them the cases."""
        cases = record.is_accepted and _found(record.cases)
        return record.before or {}, record.document, record.company_id, cases

    def _changed_since(self, record) -> LoyaltyError:
        return LoyaltyError(
            "changed_since",
            self.env._(
                "%s, or what the kept cases come to, has changed since this was looked at. Close it and publish anew.",
                record.promotion_id.display_name,
            ),
        )

    def _check_planned(self, record) -> None:
        """What is planned already is what a change is made of: it cannot come before that."""
        promotion = record.promotion_id
        if promotion.is_ahead and self._from(record) < promotion.valid_from_at:
            raise LoyaltyError(
                "planned_already",
                self.env._(
                    "A change of %(promotion)s is planned from %(moment)s on. Publish this one from then on, or later.",
                    promotion=promotion.display_name,
                    moment=format_datetime(self.env, promotion.valid_from_at),
                ),
            )

    def _from(self, record) -> datetime:
        """From when it holds; nothing that waited for somebody's consent is put back in time."""
        now = fields.Datetime.now()
        asked = record.valid_from_at or now
        return max(asked, now) if record.approval_note else asked

    def _excess(self, record, user) -> str:
        if not self._for_two(record.promotion_id):
            return ""
        return self.env._("Promotions are published when a second person has agreed")

    def _for_two(self, promotions):
        """Those that a second person has to agree to; a shared promotion is in every programme."""
        # sudo: what the programme asks for does not depend on who asks
        companies = self.env["loy.settings"].sudo().search([("is_second_person", "=", True)]).company_id
        return promotions.filtered(lambda one: one.company_id in companies if one.company_id else companies)

    def _approvers(self, record):
        company = record.promotion_id.company_id
        holders = self.env["loy.rights"]._holders(self._approve_right)
        return holders.filtered(lambda user: user != self.env.user and (not company or company in user.company_ids))

    def _approve(self, records) -> None:
        """Publish what somebody else has asked for. Codes: right_missing, own_request, already_decided,
        changed_since."""
        self._check_approver(records)

        def work():
            for record in self._locked(records, "waiting"):
                if record.draft_id and _found(self._tried(record.draft_id)["cases"]) != _found(record.cases):
                    raise self._changed_since(record)
                self._done(record)
                self._tell(record, self.env._("Approved and published"))

        run_with_retry(self.env, work)

    # ------------------------------------------------------------------ publishing

    def _book(self, record) -> None:
        draft, promotion = record.draft_id, record.promotion_id
        lock_name(self.env, "publication", promotion.id)  # another one of it may be decided at the same moment
        (draft | promotion).invalidate_recordset()
        found = draft and (self._live_document(promotion), self._document(draft), draft.company_id)
        if found != (record.before or {}, record.document, record.company_id):
            raise self._changed_since(record)
        self._check_planned(record)
        record.write({"state": "done", **self._decision()})
        record.flush_recordset()  # what is allowed to go live is found in the database
        values = draft._stated() if draft != promotion else {}
        promotion.write({**values, "state": LIVE, "valid_from_at": self._from(record)})
        if draft != promotion:
            draft.unlink()
        if record.is_accepted:
            # sudo: whoever agrees need not be able to use the bench
            cases = self.env["loy.bench.case"].sudo().browse(one["id"] for one in record.cases or ())
            cases.exists()._keep_anew()

    def _discard(self, draft) -> None:
        """A prepared change that is not wanted; what was asked of it is withdrawn."""
        draft.check_access("write")
        if not draft.version_of_id:
            raise LoyaltyError("bad_promotion", self.env._("%s is no change of a promotion.", draft.display_name))
        # sudo: as in _propose
        waiting = self.env["loy.publication"].sudo().search(
            [("draft_id", "in", draft.ids), ("state", "in", self._open_states)]
        )
        waiting.write({"state": "cancelled", **self._decision()})
        self._close_activities(waiting)
        # sudo: it is on no receipt, and whoever may change a promotion may leave a change of it
        draft.sudo().unlink()

    def _restore(self, revision):
        """The promotion, or the change of a live one, that says what the revision said."""
        revision.ensure_one()
        promotion = self.env["loy.promotion"].browse(revision.res_id)
        promotion.check_access("write")
        section = section_of("loy.promotion")
        row = section.values_of(
            section.read_one({**revision.document, "state": "draft"}, section.name, schema.Reading())
        )
        self.env["loy.programme.document"]._resolve(section, [row])
        draft = promotion._change() if promotion.state == LIVE else promotion
        draft.write({name: row[name] for name in draft._stated() if name in row})
        return draft

    # ------------------------------------------------------------------ the law

    def _check_live(self, promotions) -> None:
        """Refuses what would go live otherwise, or sooner, than a second person agreed to; what stays as it was may
        stay."""
        live = promotions.filtered(lambda one: one.state == LIVE and one.active and not one.version_of_id)
        asked = live and self._for_two(live)
        now = fields.Datetime.now()
        said = asked and self.env["loy.programme"]._said(asked, {one.id: one.valid_from_at or now for one in asked})
        for promotion in asked:
            document = self._document(promotion)
            says = (document, promotion.company_id.id or None)
            if says != said.get(promotion.id) and not self._is_agreed(promotion, document):
                raise LoyaltyError(
                    "approval_required",
                    self.env._(
                        "%s goes live only as a second person has agreed to it. Save it as a draft or prepare a "
                        "change, and publish that.",
                        promotion.display_name,
                    ),
                )

    def _is_agreed(self, promotion, document: dict) -> bool:
        """Whether two people have agreed to the last publication, and it says so, from no later moment."""
        published = self._published(promotion)
        from_at = published and self._agreed_from(published)
        return (
            (published.document, published.company_id) == (document, promotion.company_id)
            and published.decided_by_id != published.requested_by_id
            and from_at <= promotion.valid_from_at
        )

    @staticmethod
    def _agreed_from(published) -> datetime:
        return max(published.valid_from_at or published.decided_at, published.decided_at)

    # ------------------------------------------------------------------ the calendar

    def _days(self, promotions, at: datetime) -> list[tuple]:
        """Each promotion with the day at a moment by the clock of its programme."""
        home = self.env.company
        zones = self.env["loy.programme"]._timezones(promotions.company_id | home)
        return [(one, clock.to_local(at, zones[one.company_id or home]).date()) for one in promotions]

    def _follow_calendar(self, at: datetime) -> int:
        """Those that come to another stage by the day get it; how many. No version says so: nobody changed them."""
        promotions = self.env["loy.promotion"].search([("state", "in", ("active", "paused"))])
        moved = {
            one: stage for one, today in self._days(promotions, at) if (stage := one._phase_on(today)) != one.phase
        }
        if moved:
            self.env.cr.execute(
                SQL(
                    "UPDATE loy_promotion SET phase = fresh.phase"
                    " FROM unnest(%s, %s::text[]) AS fresh (id, phase) WHERE fresh.id = loy_promotion.id",
                    [one.id for one in moved],
                    list(moved.values()),
                )
            )
            promotions.invalidate_recordset(["phase"])
        return len(moved)

    # ------------------------------------------------------------------ what was published

    def _published(self, promotion):
        """The last publication of a promotion."""
        # sudo: what was agreed to does not depend on who asks
        return self.env["loy.publication"].sudo().search(
            [("promotion_id", "=", promotion.id), ("state", "=", "done")], order="id desc", limit=1
        )

    def _document(self, promotion) -> dict:
        """What receipts would go by."""
        return {**section_of("loy.promotion").document_of(promotion), "state": LIVE}

    def _live_document(self, promotion) -> dict:
        """What they go by; nothing of a promotion that is no live one."""
        return self._document(promotion) if promotion.state == LIVE else {}


def _found(cases: list[dict] | None) -> list[tuple]:
    """What cases come to, whatever language tells it."""
    return [(one["id"], one["differences"], bool(one["problem"])) for one in cases or ()]
