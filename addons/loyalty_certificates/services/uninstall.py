"""What must be settled before certificates may go."""

from odoo import models
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tools import SQL, str2bool

#: Whoever sets this system parameter has made a backup.
UNINSTALL = "loyalty_certificates.uninstall_with_data"


class LoyCertificateUninstall(models.AbstractModel):
    """Says whether the addon may go."""

    _name = "loy.certificate.uninstall"
    _description = "Uninstallation of certificates"

    def _check(self) -> None:
        """``certificates_not_empty`` while something is left on any, unless the system parameter allows to lose it."""
        # The parameter is read for whoever presses the button.
        if str2bool(self.env["ir.config_parameter"].sudo().get_param(UNINSTALL) or "", False):
            return
        self.env.flush_all()
        query = SQL("SELECT COUNT(*) FROM loy_account WHERE kind = 'certificate' AND total_minor > 0")
        if count := self.env.execute_query(query)[0][0]:
            raise LoyaltyError(
                "certificates_not_empty",
                self.env._(
                    "Certificates cannot be uninstalled: something is left on %(count)s of them, and people could not "
                    "spend it any more. Make a backup, then set the system parameter %(parameter)s to True and "
                    "uninstall again.",
                    count=count,
                    parameter=UNINSTALL,
                ),
            )
