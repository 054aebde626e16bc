from odoo import fields, models

TIMELINE = "loy_timeline"
#: What the element of a timeline says: the fields of its bars' ends, colour and rows.
ATTRIBUTES = {
    "date_start", "date_stop", "color", "default_group_by", "string", "create", "class", "js_class", "__validate__",
}  # fmt: skip


class IrUiView(models.Model):
    """A timeline: records as bars between two days, in rows by group."""

    _inherit = "ir.ui.view"

    type = fields.Selection(selection_add=[(TIMELINE, "Timeline")])

    def _is_qweb_based_view(self, view_type):
        return super()._is_qweb_based_view(view_type) or view_type == TIMELINE

    def _get_view_info(self):
        return {TIMELINE: {"icon": "fa fa-align-left"}} | super()._get_view_info()

    def _validate_tag_loy_timeline(self, node, name_manager, node_info):
        if not node_info["validate"]:
            return
        for name in ("date_start", "date_stop", "color"):
            if node.get(name):
                name_manager.has_field(node, node.get(name), node_info)
        if unknown := set(node.attrib) - ATTRIBUTES:
            self._raise_view_error(
                self.env._("A timeline does not know %s.", ", ".join(sorted(unknown))), node
            )


class IrActionsActWindowView(models.Model):
    _inherit = "ir.actions.act_window.view"

    view_mode = fields.Selection(selection_add=[(TIMELINE, "Timeline")], ondelete={TIMELINE: "cascade"})
