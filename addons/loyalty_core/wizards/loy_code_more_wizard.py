from odoo import fields, models

from ..services.transaction import run_with_retry


class LoyCodeMoreWizard(models.TransientModel):
    """So many more codes of a pool, while its offer runs."""

    _name = "loy.code.more.wizard"
    _description = "Make more promo codes"

    pool_id = fields.Many2one("loy.code.pool", required=True, readonly=True)
    example = fields.Char(related="pool_id.example")
    count = fields.Integer(string="How many more", default=1_000, required=True)

    def action_loy_make(self):
        self.ensure_one()
        self.pool_id.check_access("write")
        self.env["loy.rights"]._check("code.generate")
        run_with_retry(self.env, lambda: self.env["loy.codes"]._extend(self.pool_id, self.count))
        return {"type": "ir.actions.act_window_close"}
