from odoo.addons.loyalty_core.tests import test_translations
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestCertificateTranslations(test_translations.TestTranslations):
    addon = "loyalty_certificates"
    least_terms = 100
