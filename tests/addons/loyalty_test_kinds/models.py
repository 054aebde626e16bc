from odoo import fields, models
from odoo.addons.loyalty_core.services.sections import CodedDocument, Section, add_section

add_section(Section("external_programmes", "loy.test.programme", CodedDocument, is_named=True))
add_section(Section("voucher_types", "loy.test.voucher.type", CodedDocument, is_named=True))


class LoyTestProgramme(models.Model):
    """A programme of somebody else."""

    _name = "loy.test.programme"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "External programme"


class LoyTestVoucherType(models.Model):
    """A type of vouchers."""

    _name = "loy.test.voucher.type"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Voucher type"


class LoyTestVoucher(models.Model):
    """A voucher that a purchase gave."""

    _name = "loy.test.voucher"
    _description = "Voucher"

    type_id = fields.Many2one("loy.test.voucher.type", required=True, index=True)
    purchase_id = fields.Many2one("loy.purchase", required=True, index=True)
    value = fields.Float()


class ResPartner(models.Model):
    _inherit = "res.partner"

    test_segments = fields.Char(string="Segments, separated by commas")
    test_programme_ids = fields.Many2many("loy.test.programme", string="External programmes")
