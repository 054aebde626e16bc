from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.member_merge import CHOSEN

PLACES = ("1", "2", "3")


class LoyMemberMergeWizard(models.TransientModel):
    """Up to three members side by side: who stays, which values stay, what moves."""

    _name = "loy.member.merge.wizard"
    _description = "Merge members"

    member_1_id = fields.Many2one("res.partner", string="First member", readonly=True, required=True)
    member_2_id = fields.Many2one(
        "res.partner", string="Second member", required=True,
        domain="[('is_loyalty_member', '=', True), ('id', '!=', member_1_id)]",
    )  # fmt: skip
    member_3_id = fields.Many2one("res.partner", string="Third member", readonly=True)
    survivor = fields.Selection(
        [("1", "First"), ("2", "Second"), ("3", "Third")],
        string="Who stays",
        required=True,
        default="1",
        help="The others are archived; their ids, cards, phones and e-mails find this one.",
    )
    reason = fields.Char(help="Stays in the log of merges.")
    duplicate_id = fields.Many2one("loy.duplicate", readonly=True)
    line_ids = fields.One2many("loy.member.merge.wizard.line", "wizard_id")
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    @api.model
    def _open(self, members, duplicate=None):
        self.env["loy.merges"]._check_right()
        if len(members) > len(PLACES):
            raise LoyaltyError("merge_many", self.env._("At most three members are merged at once"))
        members = members.sorted(lambda one: (one.loy_registered_at or fields.Datetime.now(), one.id))
        wizard = self.env["loy.member.merge.wizard"].new(
            {f"member_{place}_id": member.id for place, member in zip(PLACES, members, strict=False)}
        )
        values = {f"default_{name}": wizard[name].id for name in ("member_1_id", "member_2_id", "member_3_id")}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge members"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {**values, "default_duplicate_id": duplicate.id if duplicate else False, "dialog_size": "large"},
        }

    def _members(self):
        self.ensure_one()
        return {place: self[f"member_{place}_id"] for place in PLACES if self[f"member_{place}_id"]}

    @api.onchange("member_2_id", "survivor")
    def _onchange_members(self):
        """Each value of the one who stays; where that is empty, of the first who has it."""
        members = self._members()
        order = sorted(members, key=lambda place: (place != self.survivor, place))
        lines = [(5, 0, 0)]
        for key, name in CHOSEN.items():
            shown = {place: self._shown(member, name) for place, member in members.items()}
            if any(shown.values()):
                choice = next(place for place in order if shown[place])
                values = {f"value_{place}": text for place, text in shown.items()}
                label = self.env["res.partner"]._fields[name]._description_string(self.env)
                is_same = len({text for text in shown.values() if text}) == 1
                lines.append((0, 0, {"key": key, "label": label, "choice": choice, "is_same": is_same, **values}))
        self.line_ids = lines

    def _shown(self, member, name):
        value = member[name]
        field = member._fields[name]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "date":
            return fields.Date.to_string(value) if value else ""
        return (value.display_name if field.relational else value) or ""

    @api.depends("member_1_id", "member_2_id", "member_3_id", "survivor")
    def _compute_preview(self):
        for wizard in self:
            members = wizard._members()
            everybody = self.env["res.partner"].concat(*members.values())
            balances = self.env["loy.members"]._balances(everybody)
            units = {one["unit"].id: one["unit"] for found in balances.values() for one in found}
            rows = [
                (self.env._("Cards"), [member.loy_card_count for member in everybody]),
                (self.env._("Purchases"), [member.loy_purchase_count for member in everybody]),
            ]
            for unit in units.values():
                rows.append((unit.name, [self._held(balances[member.id], unit) for member in everybody]))
            wizard.preview = self.env["ir.qweb"]._render(
                "loyalty_core.loy_member_merge_preview",
                {"members": everybody, "rows": [(label, amounts, sum(amounts)) for label, amounts in rows]},
            )

    @staticmethod
    def _held(balances, unit):
        """All that there is of a unit, usable at once or not."""
        return sum(one["available"] + one["held"] + one["pending"] for one in balances if one["unit"] == unit)

    def action_loy_merge(self):
        self.ensure_one()
        merges = self.env["loy.merges"]
        merges._check_right()
        members = self._members()
        survivor = members.get(self.survivor)
        if not survivor:
            raise LoyaltyError("bad_request", self.env._("Choose who stays among the members shown"))
        others = self.env["res.partner"].concat(*members.values()) - survivor
        values = {line.key: members[line.choice][CHOSEN[line.key]] for line in self.line_ids if line.choice in members}
        merges._merge(survivor, others, values, reason=self.reason or "")
        return survivor.action_loy_member()


class LoyMemberMergeWizardLine(models.TransientModel):
    """One value of the members side by side, and whose is kept."""

    _name = "loy.member.merge.wizard.line"
    _description = "Value to choose when members are merged"

    wizard_id = fields.Many2one("loy.member.merge.wizard", required=True, ondelete="cascade")
    key = fields.Char(required=True)
    label = fields.Char(string="Value", readonly=True)
    value_1 = fields.Char(string="First", readonly=True)
    value_2 = fields.Char(string="Second", readonly=True)
    value_3 = fields.Char(string="Third", readonly=True)
    is_same = fields.Boolean()
    choice = fields.Selection(
        [("1", "First"), ("2", "Second"), ("3", "Third")], string="Keep", required=True, default="1"
    )
