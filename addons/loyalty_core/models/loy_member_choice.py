from odoo import fields, models


class LoyMemberChoice(models.Model):
    """What a member has chosen, and from which day to which it holds: of several the one chosen last. Written by
    ``loy.choices``."""

    _name = "loy.member.choice"
    _inherit = ["loy.bigint.mixin"]
    _description = "Member's choice"
    _order = "chosen_at desc, id desc"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="cascade")
    choice_id = fields.Many2one("loy.choice", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    options = fields.Json(required=True, readonly=True)
    options_shown = fields.Char("Chosen", compute="_compute_options_shown")
    chosen_at = fields.Datetime(required=True, readonly=True)
    starts_on = fields.Date("From", required=True, readonly=True)
    ends_on = fields.Date("To", readonly=True, help="Included. Empty: until it is changed.")
    period_on = fields.Date("Period since", required=True, readonly=True)
    changes = fields.Integer(readonly=True, help="How often it was changed in its period, with this one.")

    _of_member = models.Index("(member_id, company_id, choice_id)")
    _by_choice = models.Index("(choice_id)")

    def _compute_options_shown(self):
        for one in self:
            options = one.choice_id.sudo()._document_in("options_text") or ()
            names = {option.get("code"): option.get("name") for option in options}
            one.options_shown = ", ".join(names.get(code) or code for code in one.options or [])

    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.choice_id.display_name}: {one.options_shown}"
