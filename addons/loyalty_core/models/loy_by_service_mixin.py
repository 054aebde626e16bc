from odoo import api, models


class LoyByServiceMixin(models.AbstractModel):
    """Law: such records are made and changed by their service alone, which acts as superuser: what they tell is what
    has happened."""

    _name = "loy.by.service.mixin"
    _description = "Record that its service makes and changes"

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_by_hand()
        return super().write(vals)

    def _refuse_by_hand(self):
        if not self.env.su:
            raise self._by_service()

    def _by_service(self) -> Exception:
        """The refusal, which says what to do instead."""
        raise NotImplementedError
