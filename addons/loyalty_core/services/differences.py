"""What changed between two versions of a promotion, in the words of whoever reads it."""

from odoo import models
from odoo.tools import SQL

from ..engine.difference import differences
from .sections import BASE_FIELDS, BASE_MEASURE, LIMIT_FIELDS

#: Keys of a promotion's document that its form shows under fields of other names.
FIELDS = {
    "from": "starts_on",
    "to": "ends_on",
    "group": "group_id",
    "exclusive": "is_exclusive",
    "on": "on_event",
    "when": "when_text",
    "rewards": "rewards_text",
}
#: The same of what stands under ``limits``.
LIMITS = {
    **LIMIT_FIELDS,
    "share": "limit_share_id",
    "base_per_member": BASE_MEASURE,
    **{f"base_per_member.{measure}.{period}": name for measure in ("amount", "quantity")
       for period, name in BASE_FIELDS.items()},
}  # fmt: skip


class LoyDifferences(models.AbstractModel):
    """Differences of documents as rows ``{"label", "was", "now"}``: "" where there was or is nothing."""

    _name = "loy.differences"
    _description = "Differences of versions in words"

    def _of_promotion(self, was: dict, now: dict) -> list[dict]:
        """Those of two documents of a promotion. What cannot be told in words stands as it was written."""
        return [
            {"label": self._label(one.path), "was": self._text(one, one.was), "now": self._text(one, one.now)}
            for one in differences(was, now)
        ]

    def _label(self, path: tuple[str, ...]) -> str:
        key = ".".join(path)
        name = LIMITS.get(key.removeprefix("limits.")) if key.startswith("limits.") else FIELDS.get(key, key)
        field = self.env["loy.promotion"]._fields.get(name or "")
        return field._description_string(self.env) if field else key

    def _text(self, difference, value) -> str:
        if value is None:
            return ""
        if difference.sort:
            said = self.env["loy.sentences"]._say(difference.sort, value) if isinstance(value, dict) else ""
            return said or self._raw(value)
        return self._value(difference.path[-1], value)

    def _value(self, key: str, value) -> str:
        if isinstance(value, bool):
            return self.env._("yes") if value else self.env._("no")
        if key in ("from", "to") and isinstance(value, str):
            return self.env["loy.refusal.words"]._moment(value)
        if key in ("state", "basis", "on") and isinstance(value, str):
            field = self.env["loy.promotion"]._fields[FIELDS.get(key, key)]
            return dict(field._description_selection(self.env)).get(value, value)
        if key == "group":
            return self.env["loy.editor"].names({"groups": [value]}).get("groups", {}).get(value, value)
        if isinstance(value, (int, float)):
            return self.env["loy.refusal.words"]._number(value)
        return value if isinstance(value, str) else self._raw(value)

    def _raw(self, value) -> str:
        return self.env["loy.programme"]._format_document(value)

    def _of_revisions(self, revisions) -> dict:
        """Revision → what it says otherwise than the one before it; None of the first ones and of other sections."""
        told = revisions.filtered(lambda one: one.res_model == "loy.promotion")
        before = self._before(told)
        return {
            one: self._of_promotion(before[one.id], one.document) if before.get(one.id) else None for one in revisions
        }

    def _before(self, revisions) -> dict[int, dict]:
        """Revision → the document of the one before it."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT id, before FROM (
                        SELECT id, LAG(document) OVER (PARTITION BY res_id ORDER BY number) AS before
                          FROM loy_revision WHERE res_model = 'loy.promotion' AND res_id = ANY(%s)
                    ) AS chain
                     WHERE id = ANY(%s)
                    """,
                    list(set(revisions.mapped("res_id"))),
                    revisions.ids,
                )
            )
        )
