from odoo import models
from odoo.addons.loyalty_core.engine import Attribute


class LoyMemberFacts(models.AbstractModel):
    _inherit = "loy.member.facts"

    def _know_segments(self, member, asked):
        return frozenset((member.test_segments or "").split(","))

    def _know_attributes(self, member, asked):
        known = super()._know_attributes(member, asked)
        if codes := tuple(member.test_programme_ids.mapped("code")):
            known["external_programme"] = Attribute(value=codes)
        return known


class LoyIssues(models.AbstractModel):
    _inherit = "loy.issues"

    def _make_voucher(self, purchase, scene, issue):
        of = self.env["loy.test.voucher.type"].search([("code", "=", issue.type)])
        values = {"type_id": of.id, "purchase_id": purchase.id, "value": issue.value_minor / 100}
        # sudo: who may sell may give what the programme gives
        return {"voucher": self.env["loy.test.voucher"].sudo().create(values).id}
