from odoo import api, fields, models
from odoo.addons.loyalty_core.fields import BigInteger, BigMany2one
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.transaction import run_with_retry

STATES = [
    ("new", "New"),
    ("active", "Active"),
    ("used", "Used"),
    ("expired", "Expired"),
    ("blocked", "Blocked"),
    ("cancelled", "Cancelled"),
]

#: Every way a certificate can go. New: made, not sold. Used: nothing is left on it. A refund brings a used one back; a
#: change of its validity, an expired one. Only what is cancelled is so for good.
TRANSITIONS: dict[str, frozenset[str]] = {
    "new": frozenset({"active", "cancelled"}),
    "active": frozenset({"used", "expired", "blocked", "cancelled"}),
    "used": frozenset({"active", "expired"}),
    "expired": frozenset({"active"}),
    "blocked": frozenset({"active", "expired", "cancelled"}),
    "cancelled": frozenset({"active"}),
}

#: Why a certificate that is not active pays for nothing.
UNUSABLE = {
    "new": "certificate_not_active",
    "used": "certificate_used",
    "expired": "certificate_expired",
    "blocked": "certificate_blocked",
    "cancelled": "certificate_cancelled",
}

SOURCES = [
    ("sale", "Sold"),
    ("promotion", "Given by a promotion"),
    ("conversion", "Given for points"),
    ("hand", "Given by hand"),
]

NUMBERS = "loyalty_certificates.group_certificate_numbers"


class LoyCertificate(models.Model):
    """Money paid in advance: whoever has the number and the PIN may spend it.

    So both are shown to few. The value lies in the ledger, as one lot on an account of its own.
    """

    _name = "loy.certificate"
    _inherit = ["loy.by.service.mixin"]
    _description = "Certificate"
    _rec_name = "masked_number"
    _rec_names_search = ["serial"]
    _order = "id desc"

    number = fields.Char(required=True, readonly=True, copy=False, groups=NUMBERS)
    pin = fields.Char(string="PIN", readonly=True, copy=False, groups=NUMBERS)
    masked_number = fields.Char(
        string="Certificate", required=True, readonly=True, copy=False, help="The last four digits of its number."
    )
    serial = BigInteger(required=True, readonly=True, copy=False, help="Printed in the open; nobody pays by it.")
    type_id = fields.Many2one("loy.certificate.type", required=True, readonly=True, index=True, ondelete="restrict")
    series_id = fields.Many2one(
        "loy.certificate.series", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null", ondelete="restrict")
    currency_id = fields.Many2one(related="type_id.currency_id")
    state = fields.Selection(STATES, required=True, default="new", readonly=True, copy=False)
    value = fields.Monetary(readonly=True, copy=False, help="What it was worth when it was sold.")
    left = fields.Monetary(compute="_compute_left", help="What can still be spent; without what is held for a receipt.")
    account_id = fields.Many2one("loy.account", readonly=True, copy=False, ondelete="restrict")
    source = fields.Selection(SOURCES, string="Came by", readonly=True, copy=False)
    sold_purchase_id = BigMany2one(
        "loy.purchase", string="Sold with", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    sold_line_ref = fields.Char("Line of the purchase", readonly=True, copy=False)
    member_id = fields.Many2one(
        "res.partner", readonly=True, copy=False, index="btree_not_null", ondelete="restrict",
        help="Who has bought it or holds it, where that is known.",
    )  # fmt: skip
    activated_at = fields.Datetime("Active since", readonly=True, copy=False)
    expires_at = fields.Datetime("Good until", readonly=True, copy=False, help="Not any more at this moment.")
    used_at = fields.Datetime("Used up", readonly=True, copy=False)
    reserved_by_id = BigMany2one(
        "loy.purchase", string="Kept for", readonly=True, copy=False, index="btree_not_null", ondelete="restrict",
        help="The sale that is not finished yet; nobody else can buy it meanwhile.",
    )  # fmt: skip
    reserved_until_at = fields.Datetime("Kept until", readonly=True, copy=False)
    promotion_code = fields.Char("Promotion", readonly=True, copy=False)
    pin_misses = fields.Integer("Wrong PINs", readonly=True, copy=False, help="One after another.")
    pin_locked_until_at = fields.Datetime(
        "Closed until", readonly=True, copy=False, help="After wrong PINs; each further one doubles the time."
    )
    log_ids = fields.One2many("loy.certificate.log", "certificate_id", string="History")
    shown_count = fields.Integer("Shown", readonly=True, copy=False, help="How often the member looked at its number.")
    shown_at = fields.Datetime("Last shown", readonly=True, copy=False)
    delivery_ids = fields.One2many("loy.certificate.delivery", "certificate_id", string="Deliveries")
    is_virtual = fields.Boolean(related="type_id.is_virtual")
    color = fields.Integer(related="type_id.color")

    _number_unique = models.UniqueIndex(
        "(number text_pattern_ops)", "A certificate with this number already exists."
    )
    _account_unique = models.UniqueIndex(
        "(account_id) WHERE account_id IS NOT NULL", "An account is of one certificate."
    )
    _serial_of_type = models.Index("(type_id, serial)")
    _ending = models.Index("(expires_at) WHERE state IN ('active', 'blocked') AND expires_at IS NOT NULL")
    _worth_known = models.Constraint(
        "CHECK (account_id IS NOT NULL OR state IN ('new', 'cancelled'))", "A certificate in use has an account."
    )

    def _compute_left(self):
        left = self.env["loy.certificates"]._left(self)
        for certificate in self:
            certificate.left = left.get(certificate.id, 0.0)

    def _by_service(self):
        return LoyaltyError(
            "certificate_by_service",
            self.env._("a certificate is not edited; block it, cancel it or change its validity by its buttons"),
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self.filtered(lambda certificate: certificate.state != "new")[:1]:
            raise LoyaltyError(
                "certificate_in_use",
                self.env._("Certificate %s has a history and stays; cancel it instead", used.masked_number),
            )

    @api.model
    def _cron_expire(self):
        """What has ended says so, a batch at a time."""
        service, cron = self.env["loy.certificates"], self.env["ir.cron"]
        while done := run_with_retry(self.env, lambda: service._expire_ended(fields.Datetime.now())):
            if not cron._commit_progress(done, remaining=1):
                return
        cron._commit_progress(remaining=0)

    # ------------------------------------------------------------------ buttons

    def action_loy_block(self):
        return self._ask("blocked", self.env._("Block the certificate"))

    def action_loy_unblock(self):
        self._check_may("certificate.block")
        blocked = self.filtered(lambda one: one.state == "blocked")
        run_with_retry(self.env, lambda: self.env["loy.certificates"]._transition(blocked, "active"))
        return True

    def action_loy_cancel(self):
        return self._ask("cancelled", self.env._("Cancel the certificate"))

    def action_loy_change_validity(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change how long it is good"),
            "res_model": "loy.certificate.validity.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_certificate_id": self.id},
        }

    def action_loy_statement(self):
        """What was put on it and spent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_entry_action")
        return {**action, "domain": [("account_id", "=", self.account_id.id)], "context": {}}

    def _ask(self, state, name):
        """The wizard asks why."""
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "loy.certificate.transition.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_certificate_ids": self.ids, "default_state": state},
        }

    def _check_may(self, right):
        self.check_access("write")
        self.env["loy.rights"]._check(right)
