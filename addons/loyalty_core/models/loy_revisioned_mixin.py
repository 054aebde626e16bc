import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..services.errors import LoyaltyError
from ..services.sections import section_of


class LoyRevisionedMixin(models.AbstractModel):
    """A coded record whose every change is kept: what it says is a document, valid from a moment.

    The record shows the newest statement; receipts are judged by the statement of their own time.
    """

    _name = "loy.revisioned.mixin"
    _inherit = "loy.code.mixin"
    _description = "Record with revisions by time"
    #: The code under which what cannot be read of it is refused.
    _refusal = "bad_programme"

    valid_from_at = fields.Datetime(
        string="Valid from",
        copy=False,
        default=fields.Datetime.now,
        help="Receipts from this moment on are judged by the record as it stands. Each change sets it to now, unless "
        "you set it together with the change. What was planned for a later moment stays planned.",
    )
    revision_count = fields.Integer(compute="_compute_revision_count")

    def _compute_revision_count(self):
        counts = dict(
            self.env["loy.revision"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)], ["res_id"], ["__count"]
            )
        )
        for record in self:
            record.revision_count = counts.get(record.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["loy.programme"]._revise(records._of_programme())
        return records

    def write(self, vals):
        if "valid_from_at" not in vals:
            vals = {**vals, "valid_from_at": fields.Datetime.now()}
        result = super().write(vals)
        self.env["loy.programme"]._revise(self._of_programme())
        return result

    def _of_programme(self):
        """Those that the programme consists of."""
        return self.filtered_domain(list(section_of(self._name).only))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Receipts refer to what the programme said; it is ended, never deleted."""
        if self._of_programme():
            raise UserError(
                self.env._("Receipts may refer to it, so it cannot be deleted. End it or archive it instead.")
            )

    def _document_in(self, name: str):
        """What a text field holds as JSON, None where it is empty; the model's refusal where it is none."""
        text = (self[name] or "").strip()
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            label = self._fields[name].string
            raise LoyaltyError(
                self._refusal, self.env._("%(field)s is not valid JSON: %(error)s", field=label, error=error)
            ) from None

    def action_open_revisions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Versions of %s", self.display_name),
            "res_model": "loy.revision",
            "view_mode": "list,form",
            "domain": [("res_model", "=", self._name), ("res_id", "=", self.id)],
        }
