"""What must be settled before the suite may go."""

from odoo import models
from odoo.tools import SQL, str2bool

from .errors import LoyaltyError


class LoyLedger(models.AbstractModel):
    _inherit = "loy.ledger"

    def _check_uninstall(self, parameter: str) -> None:
        """Refuses while there are movements, unless the system parameter allows to lose them."""
        # sudo: the parameter is read for whoever presses the button
        if str2bool(self.env["ir.config_parameter"].sudo().get_param(parameter) or "", False):
            return
        ((count,),) = self.env.execute_query(SQL("SELECT COUNT(*) FROM loy_entry"))
        if count:
            raise LoyaltyError(
                "ledger_not_empty",
                self.env._(
                    "Loyalty Core cannot be uninstalled: the ledger has %(count)s movements of members' points and "
                    "money, and they would be lost. Make a backup, then set the system parameter %(parameter)s to True "
                    "and uninstall again.",
                    count=count,
                    parameter=parameter,
                ),
            )
