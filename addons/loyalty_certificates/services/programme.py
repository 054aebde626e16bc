from odoo import fields, models
from odoo.addons.loyalty_core.engine import DocumentError


class LoyProgramme(models.AbstractModel):
    _inherit = "loy.programme"

    def _problems_of_certificate_types(self, types) -> list[str]:
        """What is against the documents of ``types``, a sentence each; empty when nothing."""
        problems = self._unreadable(types)
        for one in types:
            when = one._document_in("when_text")
            if when is None:
                continue
            programme = self._at(one.company_id or self.env.company, fields.Datetime.now()).programme
            try:
                programme.read_terms(when)
            except DocumentError as error:
                problems.append(str(error))
        return problems
