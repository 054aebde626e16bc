from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Conditions on earlier purchases know those of before the upgrade too."""
    api.Environment(cr, SUPERUSER_ID, {})["loy.member.facts"]._rebuild()
