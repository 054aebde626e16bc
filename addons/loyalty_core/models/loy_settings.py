import zoneinfo

from odoo import fields, models


class LoySettings(models.Model):
    """The rules that hold for a company's whole programme; one record a company."""

    _name = "loy.settings"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Programme settings"

    code = fields.Char(default="settings")
    name = fields.Char(default=lambda self: self.env._("Programme settings"), translate=False)
    company_id = fields.Many2one(required=True, default=lambda self: self.env.company)
    timezone = fields.Selection(
        lambda self: [(zone, zone) for zone in sorted(zoneinfo.available_timezones())],
        string="Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="For stores that name none, and for what happens outside a store.",
    )
    backdate_days = fields.Integer(
        string="Days back",
        default=31,
        required=True, help="How far back a purchase may be dated. Older ones are refused."
    )
    forward_days = fields.Integer(
        string="Days ahead",
        default=1,
        required=True, help="How far ahead a purchase may be dated, for clocks that differ."
    )
    offline_days = fields.Integer(
        string="Days back, offline",
        default=31,
        required=True,
        help="How late a receipt that a till made offline may be sent. It is judged by the rules of its own time.",
    )
    hold_minutes = fields.Integer(
        string="Minutes of a hold",
        default=30,
        required=True, help="A hold that nobody confirms is released after so many minutes."
    )
    line_cap_percent = fields.Float(
        string="Largest discount of a line, %", default=100.0, help="A line is never discounted by more than this."
    )
    receipt_cap_percent = fields.Float(string="Largest discount of a receipt, %", default=100.0)
    is_cap_with_points = fields.Boolean(
        string="Points count towards the caps", help="Points spent as a discount count as a discount."
    )
    is_second_person = fields.Boolean(
        string="A second person agrees to promotions",
        help="Promotions and changes of them go live only when somebody else than the one who asks has agreed.",
    )
    guess_misses = fields.Integer(
        string="Wrong numbers allowed",
        default=30,
        required=True,
        help="Who names more cards, phones or members that are not there at one till is stopped; ten times as many at"
        " all tills of a user together. 0: nobody is stopped.",
    )
    guess_minutes = fields.Integer(
        string="Within minutes", default=15, required=True, help="And for so long the user is stopped."
    )
    confirm_minutes = fields.Integer(
        string="Minutes of a code",
        default=10,
        required=True,
        help="So long a code is good that was sent to confirm a phone or an e-mail.",
    )
    confirm_hour_max = fields.Integer(
        string="Codes an hour",
        default=5,
        required=True,
        help="So many are sent to a phone or an e-mail of a member within an hour.",
    )
    confirm_day_max = fields.Integer(
        string="Codes a day",
        default=10,
        required=True,
        help="So many are sent to one phone or e-mail within a day, whoever it belongs to.",
    )
    incomplete_percent = fields.Float(
        string="Incomplete receipts allowed, %",
        default=0.06,
        digits=(16, 4),
        help="When a store leaves a larger share of a day's receipts neither completed nor cancelled, the people "
        "responsible for it and the administrators are written to.",
    )
    expiry_from = fields.Selection(
        [("activation", "Their activation"), ("purchase", "The purchase")],
        string="Points expire counting from",
        default="activation",
        required=True,
    )
    crossing = fields.Selection(
        [("old", "As those before it"), ("new", "As those after it")],
        string="A purchase that lifts a tier",
        default="old",
        required=True,
        help="Whether a purchase by which a member comes to a higher tier earns at the rate of that tier already.",
    )
    return_points_back = fields.Selection(
        [("share", "With each part"), ("whole", "Only with the whole purchase"), ("never", "Never")],
        string="Points paid come back",
        default="share",
        required=True,
    )
    return_earned = fields.Selection(
        [("share", "Taken back in proportion"), ("re_earn", "Earned anew on what is kept")],
        string="Points earned are",
        default="share",
        required=True,
    )
    return_codes_back = fields.Selection(
        [("share", "Their value with each part"), ("whole", "Only with the whole purchase"), ("never", "Never")],
        string="Promo codes come back",
        default="share",
        required=True,
        help="A code that is used up by one purchase comes back with the whole of it.",
    )
    return_offers = fields.Selection(
        [("keep", "Stay as they were"), ("recheck", "Checked again for what is kept")],
        string="Discounts",
        default="keep",
        required=True,
        help="Checked again: a discount that what is kept does not earn any more is taken off the refund.",
    )
    return_coupon = fields.Selection(
        [
            ("keep", "Stay until all comes back"),
            ("cut", "Are cut to what is kept"),
            ("reduce_refund", "Stay, and reduce the refund"),
            ("cut_or_refund", "Are cut; the refund bears what was used"),
        ],
        string="Promo codes given with it",
        default="keep",
        required=True,
        help="A code that the purchase gave is worth what the goods that are kept would give. What it is worth too much"
        " is taken from what is left on it, or from the refund.",
    )
    is_return_negative = fields.Boolean(
        string="A balance may go below zero",
        default=True,
        help="Points earned by what comes back and spent since become a debt. Otherwise they are forgiven.",
    )
    is_return_without_purchase = fields.Boolean(
        string="Returns without their purchase", help="Goods are taken back though nobody knows the receipt."
    )
    is_return_elsewhere = fields.Boolean(string="Returns in another store", default=True)
    return_grace_days = fields.Integer(
        string="Days of grace",
        default=0,
        help="Points that come back after they have expired live so many days more. 0: they expire at once.",
    )

    _confirmation = models.Constraint(
        "CHECK (confirm_minutes BETWEEN 1 AND 1440 AND confirm_hour_max BETWEEN 1 AND 1000"
        " AND confirm_day_max BETWEEN 1 AND 1000)",
        "A code is good for 1 to 1440 minutes, and 1 to 1000 are sent an hour and a day.",
    )

    def _action_open(self):
        """The settings of the company in hand, at once; a list for whoever works in several."""
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_settings_action")
        if len(self.env.companies) == 1:
            settings = self.search([("company_id", "=", self.env.company.id)], limit=1)
            if settings or self.has_access("create"):
                action |= {"views": [(False, "form")], "view_mode": "form", "res_id": settings.id}
        return action
