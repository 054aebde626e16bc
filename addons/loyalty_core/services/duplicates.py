"""Members who may be one person: looked for in batches of the whole base, each by a few statements."""

from odoo import fields, models

from ..sql import duplicates as sql

BATCH = 50_000
#: How many batches the button waits for; what is left goes on in the background.
BATCHES_AT_ONCE = 4


class LoyDuplicates(models.AbstractModel):
    """Of each member three keys are kept (phone, e-mail, name with birth date), made anew when the contact has
    changed. Members with a key in common are a pair; whoever looks at it merges the two or says that they differ,
    and that is remembered.
    """

    _name = "loy.duplicates"
    _description = "Duplicate finder"

    def _scan_batch(self) -> bool:
        """One batch of the search that is under way, or of a new one. Whether more is to be done."""
        scans = self.env["loy.duplicate.scan"].sudo()  # the search is the system's, whoever asks for it
        scan = scans.search([("finished_at", "=", False)], limit=1) or scans.create({})
        self.env.flush_all()
        [(last, count)] = self.env.execute_query(sql.batch_end(scan.last_id, BATCH))
        if last is None:
            scan.finished_at = fields.Datetime.now()
            return False
        gone = self.env.execute_query(sql.forget_gone(scan.last_id, last))
        changed = self.env.execute_query(sql.refresh_keys(scan.last_id, last))
        member_ids = [member_id for (member_id,) in gone + changed]
        if member_ids:
            self.env.cr.execute(sql.forget_pairs(member_ids))
            self.env.cr.execute(sql.find_pairs(member_ids, self.env.uid, fields.Datetime.now()))
            scan.pair_count += self.env.cr.rowcount
        scan.last_id = last
        scan.contact_count += count
        self.env["loy.duplicate"].invalidate_model()
        return True

    def _scan(self, batches: int = BATCHES_AT_ONCE) -> bool:
        """Some batches; whether the whole base has been searched."""
        return not all(self._scan_batch() for _batch in range(batches))

    def _dismiss(self, pairs) -> None:
        """These are different people; the finder does not offer them again."""
        # The caller has checked the right to change pairs.
        pairs.sudo().write({"state": "dismissed", "decided_uid": self.env.uid, "decided_at": fields.Datetime.now()})

    def _reopen(self, pairs) -> None:
        # The caller has checked the right to change pairs.
        pairs.sudo().write({"state": "open", "decided_uid": False, "decided_at": False})

    def _settle(self, member_ids: list[int], survivor_id: int) -> None:
        """After a merge: the pairs of those who are one now are done, others are found anew with the survivor."""
        # Follows from the merge, which was checked.
        pairs = self.env["loy.duplicate"].sudo()
        merged = [member_id for member_id in member_ids if member_id != survivor_id]
        mine = pairs.search([("member_id", "in", member_ids), ("other_id", "in", member_ids)])
        mine.write({"state": "merged", "decided_uid": self.env.uid, "decided_at": fields.Datetime.now()})
        pairs.search(
            ["&", ("state", "=", "open"), "|", ("member_id", "in", merged), ("other_id", "in", merged)]
        ).unlink()
