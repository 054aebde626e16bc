import json

from odoo import api, fields, models

from ..services.errors import LoyaltyError

EXAMPLE = [{"code": "dairy", "name": "Milk and cheese", "target": {"category": ["DAIRY"]}}]


class LoyChoice(models.Model):
    """What members choose of, a favourite category say, and how often. Promotions name it in their selections."""

    _name = "loy.choice"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Choice of members"
    _refusal = "bad_choice"

    options_text = fields.Text(
        "Options",
        required=True,
        default=lambda self: json.dumps(EXAMPLE, indent=2),
        help="A list as JSON: each with a code, a name and a target, which selects lines as promotions do.",
    )
    pick = fields.Integer("Options at once", required=True, default=1)
    days = fields.Integer("Holds for days", help="The day of choosing is one of them. 0: see the calendar period.")
    calendar = fields.Selection(
        [("week", "Week"), ("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
        string="Holds to the end of the",
        help="Empty, and no days: it holds until it is changed.",
    )
    starts = fields.Selection(
        [("at_once", "At once"), ("next_period", "With the next period")], required=True, default="at_once"
    )
    renews = fields.Boolean("Goes on until changed", help="In the next calendar periods, too.")
    changes_max = fields.Integer(
        "Changes", help="How often a choice that holds may be changed in its days or period. 0: never."
    )
    opens = fields.Integer("Chosen from the day of the month", help="0: any day.")
    closes = fields.Integer("Chosen to the day of the month", help="Included. 0: to the last.")

    @api.constrains("options_text", "pick", "days", "calendar", "starts", "renews", "changes_max", "opens", "closes")
    def _check_document(self):
        """The engine itself is the judge of options, the document's own laws of the rest."""
        problems = self.env["loy.programme"]._problems_of_choices(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))
