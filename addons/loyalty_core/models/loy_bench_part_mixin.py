from odoo import api, fields, models


class LoyBenchPartMixin(models.AbstractModel):
    """A part of a case of the test bench: whoever changes it takes away the result, which is of what was before."""

    _name = "loy.bench.part.mixin"
    _description = "Part of a case of the test bench"
    _order = "case_id, sequence, id"

    case_id = fields.Many2one("loy.bench.case", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    currency_id = fields.Many2one(related="case_id.currency_id")
    sequence = fields.Integer(default=10)

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.case_id._outdate()
        return parts

    def write(self, vals):
        written = super().write(vals)
        self.case_id._outdate()
        return written

    def unlink(self):
        cases = self.case_id
        gone = super().unlink()
        cases._outdate()
        return gone
