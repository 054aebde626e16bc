from odoo import api, models

#: Names of parameters and fields that hold a secret.
SECRET_WORDS = ("token", "secret", "password", "api_key")
#: What the ORM and the chatter keep for themselves.
SKIPPED_PREFIXES = ("message_", "activity_", "create_", "write_", "parent_path", "access_token")


class LoyAuditedMixin(models.AbstractModel):
    """A record whose every change is told in ``loy.audit``: who, when, from what to what.

    A model of our own inherits it first, so that what it writes by itself is not told as the user's doing.
    """

    _name = "loy.audited.mixin"
    _description = "Record whose changes are kept"
    #: The fields that count; None: all that are stored and that people set.
    _audit_fields: tuple[str, ...] | None = None

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._audit_created()
        return records

    def write(self, vals):
        names = [name for name in self._audit_names() if name in vals]
        if not names or not self:
            return super().write(vals)
        auditor, kept = self.env["loy.auditor"], self._audit_concerned()
        before = auditor._states(self, names)
        called = self._audit_called()
        result = super().write(vals)
        kept |= self._audit_concerned()
        changes = auditor._changes(kept, before, auditor._states(kept, names))
        changes = {key: change for key, change in changes.items() if change}
        auditor._keep(auditor._rows(kept, "write", changes, called))
        return result

    def unlink(self):
        auditor, kept = self.env["loy.auditor"], self._audit_concerned()
        changes = auditor._changes(kept, auditor._states(kept, self._audit_names()), {})
        rows = auditor._rows(kept, "unlink", changes, kept._audit_called())
        result = super().unlink()
        auditor._keep(rows)
        return result

    def _audit_created(self):
        auditor, kept = self.env["loy.auditor"], self._audit_concerned()
        changes = auditor._changes(kept, {}, auditor._states(kept, self._audit_names()))
        auditor._keep(auditor._rows(kept, "create", changes, kept._audit_called()))

    @api.model
    def _audit_names(self) -> list[str]:
        """The fields whose changes are told; lines are told by themselves."""
        if self._audit_fields is not None:
            return [name for name in self._audit_fields if name in self._fields]
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and field.type != "one2many"
            and name != "id"
            and not name.startswith(SKIPPED_PREFIXES)
            and not (field.compute and field.readonly)
        ]

    def _audit_concerned(self):
        """Those of the records that are the suite's business."""
        return self

    def _audit_called(self) -> dict[int, str]:
        """Record id → what people call it."""
        # The name is kept whether or not the user may read it.
        return {record.id: record.display_name or "" for record in self.sudo()}

    def _audit_is_secret(self, name: str) -> bool:
        return any(word in name for word in SECRET_WORDS)
