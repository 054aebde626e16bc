from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import BigFactMany2one, BigInteger, BigMany2one, FactMany2one
from ..services.transaction import run_with_retry


class LoyLot(models.Model):
    """One accrual: usable from ``active_from`` until just before ``expires_at``, as long as something
    remains.

    Where the unit has expiry policies, ``expires_at`` is the earliest of the lot's own end and those of policies; it
    moves only while it lies ahead (``loy.expiry``).

    accrued = spent + expired + reversed + transferred + converted + remaining; the entries of a lot add up to
    what remains. Of a lot only what remains, what is held, whether it is open and what policies say ever change, and
    only the ledger and they do it.
    """

    _name = "loy.lot"
    _inherit = ["loy.bigint.mixin", "loy.amount.mixin"]
    _description = "Lot of points"
    _order = "account_id, expires_at, id"
    _log_access = False
    _amount_fields = {"amount": "amount_minor", "remaining": "remaining_minor", "held": "held_minor"}

    account_id = fields.Many2one("loy.account", required=True, ondelete="restrict")
    member_id = fields.Many2one(related="account_id.member_id")
    unit_id = FactMany2one("loy.unit", required=True)
    company_id = FactMany2one("res.company", help="The company that issued the lot.")
    transaction_id = BigMany2one("loy.transaction", string="Origin", required=True, ondelete="restrict")
    origin_id = BigMany2one(
        "loy.lot",
        string="Passed on from",
        ondelete="restrict",
        index="btree_not_null",
        help="The lot that this one continues: after a grace period, a merge, a pool or a transfer.",
    )
    promotion_code = fields.Char("Promotion")
    active_from = fields.Datetime("Active from", required=True)
    expires_at = fields.Datetime(
        "Expires", help="From this moment on the lot cannot be used. Empty: it never expires."
    )
    is_by_policy = fields.Boolean("By a policy", readonly=True, help="The unit has expiry policies that date it.")
    own_expires_at = fields.Datetime("Own end", readonly=True, help="By its own terms, where a policy dates it too.")
    calendar_expires_at = fields.Datetime("End by the calendar", readonly=True)
    idle_expires_at = fields.Datetime(
        "End by inactivity", readonly=True, help="Moves ahead with each activity as long as something is left."
    )
    terms_id = BigFactMany2one(
        "loy.lot.terms",
        string="Usable when",
        readonly=True,
        help="The points pay only for purchases on which this holds. Empty: for every purchase.",
    )
    amount_minor = BigInteger(string="Amount (minor units)", required=True)
    remaining_minor = BigInteger(string="Remaining (minor units)", required=True)
    held_minor = BigInteger(string="Held (minor units)", required=True, default=0)
    is_open = fields.Boolean("Open", required=True, default=True, help="Something remains in the lot.")
    amount = fields.Float("Accrued", compute="_compute_amounts", aggregator="sum")
    remaining = fields.Float(compute="_compute_amounts", aggregator="sum")
    held = fields.Float(compute="_compute_amounts", aggregator="sum")
    state = fields.Selection(
        [("pending", "Pending"), ("active", "Active"), ("expired", "Expired"), ("closed", "Used up")],
        compute="_compute_state",
        search="_search_state",
    )

    _amounts = models.Constraint(
        "CHECK (held_minor >= 0 AND held_minor <= remaining_minor AND remaining_minor <= amount_minor"
        " AND amount_minor > 0 AND is_open = (remaining_minor > 0))",
        "A lot cannot hold more than remains, nor can more remain than was accrued.",
    )
    _period = models.Constraint("CHECK (expires_at > active_from)", "A lot expires after it becomes active.")
    # What is used up leaves these indexes: their size is that of the open lots, whatever the history. Their
    # condition is a column of its own, so that taking a part of a lot touches no index.
    _open = models.Index("(account_id, expires_at) WHERE is_open")
    _pending = models.Index("(account_id, active_from) WHERE is_open")
    _expiring = models.Index("(expires_at) WHERE is_open AND expires_at IS NOT NULL")
    # Few accounts have such lots: for all others this costs nothing.
    _conditional = models.Index("(account_id) WHERE is_open AND terms_id IS NOT NULL")
    _account = models.Index("(account_id, id)")
    _transaction = models.Index("(transaction_id)")

    def init(self):
        """The terms of a lot stay as they were given; a lot is closed, never deleted."""
        super().init()
        self.env.cr.execute(SQL("ALTER TABLE loy_lot SET (fillfactor = 80)"))
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION loy_lot_guard() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF TG_OP <> 'UPDATE' THEN
                        RAISE EXCEPTION 'immutable_fact: rows of loy_lot are never deleted';
                    END IF;
                    IF (NEW.id, NEW.account_id, NEW.unit_id, NEW.transaction_id, NEW.amount_minor,
                        NEW.active_from, NEW.origin_id, NEW.terms_id,
                        CASE WHEN NEW.is_by_policy THEN NEW.own_expires_at ELSE NEW.expires_at END)
                       IS DISTINCT FROM
                       (OLD.id, OLD.account_id, OLD.unit_id, OLD.transaction_id, OLD.amount_minor,
                        OLD.active_from, OLD.origin_id, OLD.terms_id,
                        CASE WHEN OLD.is_by_policy THEN OLD.own_expires_at ELSE OLD.expires_at END) THEN
                        RAISE EXCEPTION 'immutable_fact: the terms of a lot never change'
                            USING HINT = 'Book a correcting transaction instead.';
                    END IF;
                    IF NEW.is_by_policy AND NEW.expires_at IS DISTINCT FROM
                       LEAST(NEW.own_expires_at, NEW.calendar_expires_at, NEW.idle_expires_at) THEN
                        RAISE EXCEPTION 'immutable_fact: a lot expires by the earliest of its dates';
                    END IF;
                    RETURN NEW;
                END $$
                """
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER loy_lot_guard BEFORE UPDATE OR DELETE ON loy_lot "
                "FOR EACH ROW EXECUTE FUNCTION loy_lot_guard()"
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER loy_lot_guard_truncate BEFORE TRUNCATE ON loy_lot "
                "FOR EACH STATEMENT EXECUTE FUNCTION loy_lot_guard()"
            )
        )

    @api.depends("unit_id", "active_from")
    def _compute_display_name(self):
        for lot in self:
            day = fields.Datetime.context_timestamp(self, lot.active_from).date() if lot.active_from else ""
            lot.display_name = f"{lot.unit_id.display_name} {day} #{lot.id}"

    @api.depends("amount_minor", "remaining_minor", "held_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()

    @api.depends("active_from", "expires_at", "is_open")
    def _compute_state(self):
        now = fields.Datetime.now()
        for lot in self:
            if not lot.is_open:
                lot.state = "closed"
            elif lot.active_from > now:
                lot.state = "pending"
            elif lot.expires_at and lot.expires_at <= now:
                lot.state = "expired"
            else:
                lot.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        domains = {
            "closed": [("is_open", "=", False)],
            "pending": [("is_open", "=", True), ("active_from", ">", now)],
            "expired": [("is_open", "=", True), ("active_from", "<=", now), ("expires_at", "<=", now)],
            "active": [
                "&", "&", ("is_open", "=", True), ("active_from", "<=", now),
                "|", ("expires_at", "=", False), ("expires_at", ">", now),
            ],
        }  # fmt: skip
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_entry_action")
        action["domain"] = [("lot_id", "=", self.id)]
        action["context"] = {}
        return action

    def _cron_expire(self):
        """Book what has expired, a batch at a time: safe to stop and to run again."""
        ledger = self.env["loy.ledger"]
        now = fields.Datetime.now()
        while count := run_with_retry(self.env, lambda: ledger._expire(now, limit=1000)):
            remaining_time = self.env["ir.cron"]._commit_progress(count, remaining=ledger._count_expired(now))
            if not remaining_time:
                break
