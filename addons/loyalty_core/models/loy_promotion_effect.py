from odoo import api, fields, models

from ..fields import FactMany2one


class LoyPromotionEffect(models.Model):
    """What a promotion did up to a day, by the difference of its control group. Kept by ``loy.effects``: one row a day,
    so that one sees how the estimate grew sure."""

    _name = "loy.promotion.effect"
    _description = "Effect of a promotion"
    _order = "day desc, id desc"
    _rec_name = "promotion_id"
    _log_access = False

    promotion_id = FactMany2one("loy.promotion", required=True, readonly=True)
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    day = fields.Date("Told on", required=True, readonly=True)
    began_on = fields.Date(
        "Groups as of", readonly=True, help="The first day on which it was at work with this control group."
    )
    from_on = fields.Date("From", required=True, readonly=True)
    to_on = fields.Date("To", required=True, readonly=True)
    computed_at = fields.Datetime("Measured", readonly=True)
    population = fields.Selection(
        [("customers", "Customers"), ("all", "All members")],
        string="Who is compared",
        required=True,
        default="customers",
        readonly=True,
        help="Customers: who bought in the 90 days before, or registered meanwhile.",
    )
    control_percent = fields.Float("Control group, %", digits=(7, 4), readonly=True, aggregator=None)
    main_count = fields.Integer("Members", readonly=True, aggregator=None)
    control_count = fields.Integer("Members of the control group", readonly=True, aggregator=None)
    main_buyers = fields.Integer("Buyers", readonly=True, aggregator=None)
    control_buyers = fields.Integer("Buyers of the control group", readonly=True, aggregator=None)
    main_receipts = fields.Float("Receipts per member", digits=(16, 3), readonly=True, aggregator=None)
    control_receipts = fields.Float(
        "Receipts per member of the control group", digits=(16, 3), readonly=True, aggregator=None
    )
    main_amount = fields.Monetary("Paid per member", readonly=True, aggregator=None)
    control_amount = fields.Monetary("Paid per member of the control group", readonly=True, aggregator=None)
    main_discount = fields.Monetary("Given off per member", readonly=True, aggregator=None)
    control_discount = fields.Monetary(
        "Given off per member of the control group", readonly=True, aggregator=None
    )
    verdict = fields.Selection(
        [
            ("up", "Sales rose"),
            ("down", "Sales fell"),
            ("unclear", "Cannot be told from chance"),
            ("few", "Too few members"),
        ],
        readonly=True,
    )
    is_relative = fields.Boolean(readonly=True)
    uplift = fields.Float("Uplift, %", digits=(16, 2), readonly=True, aggregator="avg")
    uplift_low = fields.Float("Uplift at least, %", digits=(16, 2), readonly=True, aggregator="avg")
    uplift_high = fields.Float("Uplift at most, %", digits=(16, 2), readonly=True, aggregator="avg")
    difference = fields.Monetary("More paid per member", readonly=True, aggregator=None)
    difference_low = fields.Monetary("More paid per member, at least", readonly=True, aggregator=None)
    difference_high = fields.Monetary("More paid per member, at most", readonly=True, aggregator=None)
    receipts_uplift = fields.Float("Uplift of receipts, %", digits=(16, 2), readonly=True, aggregator=None)
    receipts_verdict = fields.Char(readonly=True)
    extra_base = fields.Monetary("Sold more at shelf prices", readonly=True, aggregator=None)
    extra_discount = fields.Monetary("Given off more", readonly=True, aggregator=None)
    extra_amount = fields.Monetary("Paid more", readonly=True, aggregator="avg")
    extra_amount_low = fields.Monetary("Paid more, at least", readonly=True, aggregator=None)
    extra_amount_high = fields.Monetary("Paid more, at most", readonly=True, aggregator=None)
    promotion_discount = fields.Monetary("Discount of the promotion", readonly=True, aggregator=None)
    points_worth = fields.Monetary("Worth of points given", readonly=True, aggregator=None)
    profit = fields.Monetary("What is left", readonly=True, aggregator="avg", help="Paid more, less points given.")
    profit_low = fields.Monetary("What is left, at least", readonly=True, aggregator=None)
    profit_high = fields.Monetary("What is left, at most", readonly=True, aggregator=None)
    times_needed = fields.Integer("Times as many members needed", readonly=True, aggregator=None)
    seen_from = fields.Float("Change that can be seen, %", digits=(16, 2), readonly=True, aggregator=None)
    told = fields.Char("In words", compute="_compute_told")

    _once = models.UniqueIndex("(promotion_id, company_id, day)")

    @api.depends("verdict", "uplift", "uplift_low", "uplift_high")
    @api.depends_context("lang")
    def _compute_told(self):
        for effect in self:
            effect.told = self.env["loy.effects"]._told(effect)

    def _cron_measure(self):
        """Nightly: measures what promotions with a control group did."""
        self.env["loy.effects"]._run()

    def action_open(self):
        """The analytics of its promotion."""
        self.ensure_one()
        return {
            **self.env["ir.actions.client"]._for_xml_id("loyalty_core.loy_promotion_analytics_action"),
            "context": {
                "active_id": self.promotion_id.id,
                "active_model": "loy.promotion",
                "loy_company_id": self.company_id.id,
            },
        }
