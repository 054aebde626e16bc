"""Who changed what, from what to what: rows of ``loy.audit``, written with the change and undone with it."""

import re
from collections.abc import Collection
from enum import Enum

from odoo import SUPERUSER_ID, fields, models
from odoo.http import request

from ..sql.insert import insert_rows

#: What stands where a secret stood.
MASK = "•••"


class Door(Enum):
    """By which way somebody came. It stands in the context as this object, which no client can send."""

    API = "api"


class LoyAuditor(models.AbstractModel):
    """Writes the audit of changes: one insert for a call, whatever the number of records. What is told of a record is
    what its model says counts (``loy.audited.mixin``)."""

    _name = "loy.auditor"
    _description = "Audit service"

    def _states(self, records, names: Collection[str]) -> dict[int, dict]:
        """Record id → what it says, to be compared with later."""
        # What changes is kept, whether or not the user may read it.
        return {record.id: {name: record[name] for name in names} for record in records.sudo()}

    def _changes(self, records, before: dict[int, dict], after: dict[int, dict]) -> dict[int, dict]:
        """Record id → {field: [old, new]} of what differs; of sets, what went and what came."""
        found = {}
        for record in records:
            old, new = before.get(record.id, {}), after.get(record.id, {})
            found[record.id] = {
                name: self._pair(record, name, old.get(name), new.get(name))
                for name in {**old, **new}
                if (old.get(name) or None) != (new.get(name) or None)
            }
        return found

    def _pair(self, record, name: str, old, new) -> list:
        field = record._fields[name]
        if record._audit_is_secret(name):
            return [MASK if old else None, MASK if new else None]
        if field.type in ("many2many", "one2many"):
            old, new = (value if value is not None else record.env[field.comodel_name] for value in (old, new))
            return [(old - new).mapped("display_name"), (new - old).mapped("display_name")]
        return [self._plain(field, old), self._plain(field, new)]

    def _plain(self, field, value):
        """A value as JSON, for people who read it when the record is gone."""
        if field.type == "many2one":
            return value.display_name or None if value else None
        if field.type == "binary":
            return MASK if value else None
        if field.type == "date":
            return fields.Date.to_string(value) or None if value else None
        if field.type == "datetime":
            return fields.Datetime.to_string(value) if value else None
        if value is False and field.type != "boolean":
            return None
        return value

    def _rows(self, records, operation: str, changes: dict[int, dict], names: dict[int, str]) -> list[dict]:
        """The rows of one call, made while the records are there."""
        common = self._common(operation)
        return [
            {
                **common,
                "model": record._name,
                "res_id": record.id,
                "name": names[record.id],
                "changes": changes[record.id],
                "company_id": self._company_id(record),
            }
            for record in records
            if record.id in changes
        ]

    def _keep(self, rows: list[dict]) -> None:
        insert_rows(self.env["loy.audit"], rows)

    def _is_export_told(self, records, columns: list[str]) -> bool:
        """Lists of ours are told of; who takes out members, or what names them, must have the right to."""
        if records._name == "res.partner":
            # How many of them are members is asked of the database, whoever may see which.
            domain = [("id", "in", records.ids), ("is_loyalty_member", "=", True)]
            names_members = bool(records.sudo().with_context(active_test=False).search_count(domain, limit=1))
        elif records._name.startswith("loy."):
            starts = {re.split(r"[/.:]", column)[0] for column in columns} & records._fields.keys()
            names_members = any(records._fields[name].comodel_name == "res.partner" for name in starts)
        else:
            return False
        if names_members:
            self.env["loy.rights"]._check("member.list_export")
        if records._name == "res.partner":
            self.env["loy.reach"]._check(records)
        return names_members or records._name != "res.partner"

    def _note_export(self, records, columns: list[str]) -> None:
        """A list was taken out: which, how long, with which columns. What stood in it is not kept."""
        row = {
            **self._common("export"),
            "model": records._name,
            "res_id": 0,
            "name": self.env._("Records: %s", len(records)),
            "changes": {"columns": [None, sorted(columns)]},
            "company_id": self.env.company.id,
        }
        self._keep([row])

    def _common(self, operation: str) -> dict:
        return {
            "at": fields.Datetime.now(),
            "user_id": self.env.uid,
            # The own name of a user, who need not be able to read it.
            "user_name": self.env.user.sudo().name,
            "operation": operation,
            "door": self._door(),
        }

    def _door(self) -> str:
        if self.env.context.get("loy_door") is Door.API:
            return "api"
        return "office" if request and self.env.uid != SUPERUSER_ID else "system"

    def _company_id(self, record) -> int | None:
        return ("company_id" in record._fields and record.sudo().company_id.id) or None  # as for _states
