from odoo import fields, models


class LoyApprovalMixin(models.AbstractModel):
    """A request that one person makes and, above a limit, another one decides; both are known for ever.

    A model adds its ``state`` with at least draft, waiting, done, refused and cancelled, and says in
    `_approval_service` who books it.
    """

    _name = "loy.approval.mixin"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Request that may need approval"
    _mail_post_access = "read"
    _approval_service = ""

    requested_by_id = fields.Many2one(
        "res.users", string="Requested by", readonly=True, copy=False, default=lambda self: self.env.user
    )
    decided_by_id = fields.Many2one(
        "res.users",
        string="Decided by",
        readonly=True,
        copy=False,
        help="Who answers for it: the one who asked, within the limits; above them the one who approved.",
    )
    decided_at = fields.Datetime("Decided", readonly=True, copy=False)
    approval_note = fields.Char("Why approval is needed", readonly=True, copy=False)
    refusal = fields.Char("Why it was refused", readonly=True, copy=False)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    def _compute_can_decide(self):
        may = bool(self._approval_service) and self.env[self._approval_service]._may_approve(self.env.user)
        for record in self:
            record.can_decide = may and record.state == "waiting" and record.requested_by_id != self.env.user

    def action_loy_submit(self):
        self.check_access("write")
        self.env[self._approval_service]._submit(self)
        return True

    def action_loy_approve(self):
        self.check_access("read")
        self.env[self._approval_service]._approve(self)
        return True

    def action_loy_cancel(self):
        self.check_access("read")
        self.env[self._approval_service]._cancel(self)
        return True

    def action_loy_refuse(self):
        """Asks why first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": "loy.refusal.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_res_model": self._name, "default_res_id": self.id},
        }
