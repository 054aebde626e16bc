from odoo import api, fields, models

from ..fields import FactMany2one


class LoyLockout(models.Model):
    """How often a user named a card or a person who is not there, by till and in all; who guesses is stopped.

    Written in transactions of its own, by SQL: a refused request leaves nothing behind but this. References have
    no foreign keys, so that counting waits for nobody.
    """

    _name = "loy.lockout"
    _description = "Stopped for guessing"
    _order = "last_at desc, id desc"
    _rec_name = "user_id"
    _log_access = False

    user_id = FactMany2one("res.users", required=True, readonly=True)
    is_total = fields.Boolean(
        string="All places", readonly=True, help="What one user does at all tills is counted beside each till."
    )
    store_id = FactMany2one("loy.store", readonly=True)
    register_id = FactMany2one("loy.register", readonly=True)
    company_id = FactMany2one("res.company", readonly=True)
    misses = fields.Integer(
        string="Wrong numbers", required=True, readonly=True, help="Different ones, since the time beside."
    )
    last_digest = fields.Char(readonly=True)  # of the last miss: who repeats one wrong number does not guess
    since_at = fields.Datetime(string="Since", required=True, readonly=True)
    last_at = fields.Datetime(string="Last", required=True, readonly=True)
    until_at = fields.Datetime(string="Stopped until", readonly=True)
    is_stopped = fields.Boolean(compute="_compute_is_stopped", search="_search_is_stopped")

    _place_unique = models.UniqueIndex(
        "(user_id, is_total, COALESCE(store_id, 0), COALESCE(register_id, 0))", "A place is counted once."
    )
    _until = models.Index("(user_id, until_at) WHERE until_at IS NOT NULL")

    @api.depends("until_at")
    def _compute_is_stopped(self):
        now = fields.Datetime.now()
        for lockout in self:
            lockout.is_stopped = bool(lockout.until_at and lockout.until_at > now)

    def _search_is_stopped(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("until_at", ">", fields.Datetime.now())]

    def action_loy_unblock(self):
        """The person at the till was in good faith: the count begins anew."""
        self.check_access("write")
        self.env["loy.guesses"]._release(self)
        return True
