"""Dashboards: who may read the facts of one, sees it."""

import json
from collections.abc import Iterator

from odoo import models
from odoo.fields import Command

#: Where a spreadsheet names the model that a pivot, a list or a chart is made of.
SOURCES = ("model", "resModel")


class LoyDashboards(models.AbstractModel):
    """Law: an own role sees a dashboard exactly where it may read all that the dashboard tells of; what of it a person
    sees is said by the record rules, as everywhere."""

    _name = "loy.dashboards"
    _description = "Dashboards of the programme"

    def _show(self, roles) -> None:
        """The dashboards that these roles see are those whose facts they may read."""
        for dashboard in self._ours():
            facts = self._facts_of(dashboard)
            groups = dashboard.group_ids
            for group in roles.group_id:
                rows = (group | group.all_implied_ids).model_access.filtered("perm_read")
                shown = facts and facts <= set(rows.model_id.mapped("model"))
                groups = groups | group if shown else groups - group
            if groups != dashboard.group_ids:
                dashboard.group_ids = [Command.set(groups.ids)]

    def _open(self) -> dict:
        """The first dashboard that the user sees, beside the others."""
        action = self.env["ir.actions.client"]._for_xml_id("loyalty_core.loy_dashboard_action")
        first = self.env["spreadsheet.dashboard"].search(
            [("dashboard_group_id", "=", self.env.ref("loyalty_core.loy_dashboard_group").id)], limit=1
        )
        return {**action, "params": {"dashboard_id": first.id}}

    def _ours(self):
        group = self.env.ref("loyalty_core.loy_dashboard_group", raise_if_not_found=False)
        if not group:
            return self.env["spreadsheet.dashboard"]
        # Managers of roles have no right on dashboards; the role alone decides who sees them.
        return self.env["spreadsheet.dashboard"].sudo().search([("dashboard_group_id", "=", group.id)])

    def _facts_of(self, dashboard) -> set[str]:
        """The models of its pivots, lists and charts."""
        return {name for name in _sources(json.loads(dashboard.spreadsheet_data or "{}")) if name in self.env}


def _sources(part) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in SOURCES and isinstance(value, str):
                yield value
            else:
                yield from _sources(value)
    elif isinstance(part, list):
        for one in part:
            yield from _sources(one)
