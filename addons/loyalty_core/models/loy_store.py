from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.addons.base.models.res_partner import _tz_get

from ..services import clock
from ..services.errors import LoyaltyError


class LoyStore(models.Model):
    """A place of sale: its company gives the currency, its time zone gives the wall clock that promotions are
    read by.
    """

    _name = "loy.store"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin"]
    _description = "Store"

    company_id = fields.Many2one(required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    network_id = fields.Many2one("loy.network", index=True, ondelete="restrict")
    partner_id = fields.Many2one(
        "loy.partner",
        string="Coalition partner",
        index=True,
        ondelete="restrict",
        help="Empty: our own store.",
    )
    timezone = fields.Selection(
        _tz_get,
        string="Time zone",
        required=True,
        default=lambda self: self.env["loy.catalogue"]._default_timezone(),
    )
    clock = fields.Selection(
        [("store", "The store's"), ("member", "The member's")],
        string="Clock of promotions",
        default="store",
        required=True,
        help="A web shop may go by the clock of whoever buys: hours and days are those of the member's time zone, or of"
        " the store's where the member has none.",
    )
    is_price_tax_included = fields.Boolean(
        string="Prices include tax", default=True, help="How the tills of the store send prices."
    )
    register_ids = fields.One2many("loy.register", "store_id", string="Registers")
    register_count = fields.Integer(compute="_compute_register_count")
    attribute_ids = fields.One2many("loy.store.attribute", "store_id", string="Attributes")
    attributes = fields.Json(
        string="Attributes as a document",
        compute="_compute_attributes",
        inverse="_inverse_attributes",
        store=True,
        help="What promotions choose stores by: format, city, coffee corner …",
    )
    manager_ids = fields.Many2many(
        "res.users",
        "loy_store_managers_rel",
        "store_id",
        "user_id",
        string="Responsible",
        domain=[("share", "=", False)],
        help="Who answers for the store: notices about its tills go to these people.",
    )
    anew_from = fields.Date(
        string="Sums are counted anew from",
        readonly=True,
        copy=False,
        help="The time zone of the store was set right: reports by hour follow in the background, from this day on.",
    )
    street = fields.Char(string="Address")
    city = fields.Char()
    phone = fields.Char()

    def write(self, vals):
        """Where the clock is set right, the sums by hours and days follow."""
        zones = {store: store.timezone for store in self} if "timezone" in vals else {}
        result = super().write(vals)
        moved = [store.id for store, zone in zones.items() if store.timezone != zone]
        self.env["loy.sales.facts"]._clock_was_set(self.browse(moved))
        return result

    @api.depends("attribute_ids.name", "attribute_ids.value")
    def _compute_attributes(self):
        for store in self:
            store.attributes = {line.name: line.value for line in store.attribute_ids}

    def _inverse_attributes(self):
        for store in self:
            wanted = {str(name): str(value) for name, value in (store.attributes or {}).items()}
            lines = {line.name: line for line in store.attribute_ids}
            for name, line in lines.items():
                if name not in wanted:
                    line.unlink()
                elif line.value != wanted[name]:
                    line.value = wanted[name]
            self.env["loy.store.attribute"].create(
                [
                    {"store_id": store.id, "name": name, "value": wanted[name]}
                    for name in wanted
                    if name not in lines
                ]
            )

    def _compute_register_count(self):
        counts = dict(
            self.env["loy.register"]._read_group([("store_id", "in", self.ids)], ["store_id"], ["__count"])
        )
        for store in self:
            store.register_count = counts.get(store, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.env["loy.catalogue"]._check_unsold("store_id", self)

    @api.constrains("timezone")
    def _check_timezone(self):
        for store in self:
            try:
                ZoneInfo(store.timezone)
            except (KeyError, ValueError):
                raise LoyaltyError(
                    "bad_timezone", self.env._("Time zone %s is not known to this system", store.timezone)
                ) from None

    def _to_local(self, at: datetime) -> datetime:
        """The store's wall clock, naive, at the UTC instant ``at``."""
        self.ensure_one()
        return clock.to_local(at, self.timezone)

    def _to_utc(self, moment: datetime) -> datetime:
        """The UTC instant at which the wall clock shows ``moment``; of an hour that comes twice, the
        first.
        """
        self.ensure_one()
        return clock.to_utc(moment, self.timezone)


class LoyStoreAttribute(models.Model):
    """One property of a store; a store has one value of it."""

    _name = "loy.store.attribute"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin"]
    _description = "Attribute of a store"
    _order = "name, id"

    store_id = fields.Many2one("loy.store", required=True, index=True, ondelete="cascade")
    name = fields.Char(string="Attribute", required=True)
    value = fields.Char(required=True)

    _name_unique = models.UniqueIndex("(store_id, name)", "This attribute of the store is already there.")

    @api.depends("name", "value")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.name}: {line.value}"
