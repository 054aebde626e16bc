from odoo import api, fields, models


class LoyCalendar(models.Model):
    """Days that have a name together: public holidays, market days. Promotions refer to it; it grows each year."""

    _name = "loy.calendar"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Calendar of days"

    day_ids = fields.One2many("loy.calendar.day", "calendar_id", string="Days", copy=True)
    dates = fields.Json(
        string="Days as a document", compute="_compute_dates", inverse="_inverse_dates", store=True, copy=False
    )

    @api.depends("day_ids.date")
    def _compute_dates(self):
        for calendar in self:
            calendar.dates = sorted({day.date.isoformat() for day in calendar.day_ids if day.date})

    def _inverse_dates(self):
        for calendar in self:
            wanted = {fields.Date.to_date(date) for date in calendar.dates or []}
            calendar.day_ids.filtered(lambda day, wanted=wanted: day.date not in wanted).unlink()
            missing = sorted(wanted - set(calendar.day_ids.mapped("date")))
            self.env["loy.calendar.day"].create([{"calendar_id": calendar.id, "date": date} for date in missing])


class LoyCalendarDay(models.Model):
    """One day of a calendar; what it is called is for people."""

    _name = "loy.calendar.day"
    _inherit = ["loy.audited.mixin"]
    _description = "Day of a calendar"
    _order = "date, id"

    calendar_id = fields.Many2one("loy.calendar", required=True, index=True, ondelete="cascade")
    date = fields.Date(required=True)
    name = fields.Char(string="Occasion")

    _date_unique = models.UniqueIndex("(calendar_id, date)", "The calendar has this day already.")

    @api.model_create_multi
    def create(self, vals_list):
        days = super().create(vals_list)
        self.env["loy.programme"]._revise(days.calendar_id)
        return days

    def write(self, vals):
        calendars = self.calendar_id
        result = super().write(vals)
        self.env["loy.programme"]._revise(calendars | self.calendar_id)
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        self.env["loy.programme"]._revise(calendars.exists())
        return result
