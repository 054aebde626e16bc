"""What changed between two versions of a promotion, in the words of whoever reads it."""

import json

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
        return self._of_promotions([(was, now)])[0]

    def _of_promotions(self, pairs: list[tuple[dict, dict]]) -> list[list[dict]]:
        """The same of each pair; the names in all sentences are looked up together."""
        found = [differences(was, now) for was, now in pairs]
        nodes = [
            (one.sort, value)
            for several in found
            for one in several
            for value in (one.was, one.now)
            if one.sort and isinstance(value, dict)
        ]
        said = dict(zip(map(_key, nodes), self.env["loy.sentences"]._say_all(nodes), strict=True))
        return [
            [
                {
                    "label": self._label(one.path),
                    "was": self._text(one, one.was, said),
                    "now": self._text(one, one.now, said),
                }
                for one in several
            ]
            for several in found
        ]

    def _label(self, path: tuple[str, ...]) -> str:
        key = ".".join(path)
        name = LIMITS.get(key.removeprefix("limits.")) if key.startswith("limits.") else FIELDS.get(key, key)
        field = self.env["loy.promotion"]._fields.get(name or "")
        return field._description_string(self.env) if field else key

    def _text(self, difference, value, said: dict) -> str:
        if value is None:
            return ""
        if difference.sort:
            return said.get(_key((difference.sort, value))) or self._raw(value)
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
        before = self._before(revisions.filtered(lambda one: one.res_model == "loy.promotion"))
        told = revisions.filtered(lambda one: before.get(one.id))
        changes = self._of_promotions([(before[one.id], one.document) for one in told])
        return dict.fromkeys(revisions) | dict(zip(told, changes, strict=True))

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


def _key(node: tuple[str, object]) -> str:
    """The same for nodes that say the same."""
    return json.dumps(node, sort_keys=True, default=str)
