from odoo import models
from odoo.addons.loyalty_core.sql.ledger import ids
from odoo.tools import SQL


class LoyPrivacy(models.AbstractModel):
    _inherit = "loy.privacy"

    def _sections(self, partner):
        sections = super()._sections(partner)
        persons = partner | partner.with_context(active_test=False).loy_merged_from_ids
        own = [("member_id", "in", persons.ids)]
        history = [("certificate_id.member_id", "in", persons.ids)]
        return {
            **sections,
            "certificates": self._rows(
                "loy.certificate", own, "masked_number serial type_id state value left activated_at expires_at"
            ),
            "certificate_deliveries": self._rows(
                "loy.certificate.delivery",
                history,
                "deliver_at certificate_id channel address recipient_name sender_name greeting state",
            ),
            "certificate_history": self._rows("loy.certificate.log", history, "at certificate_id to_state note"),
        }

    def _erase_elsewhere(self, persons) -> None:
        """A certificate is its bearer's: it stays as it is, and what people wrote about the person goes."""
        super()._erase_elsewhere(persons)
        self.env.cr.execute(
            SQL(
                """
                SELECT set_config('loy.erasure', 'on', true);
                UPDATE loy_certificate_log SET note = NULL
                 WHERE note IS NOT NULL
                   AND certificate_id IN (SELECT id FROM loy_certificate WHERE member_id = ANY(%(who)s));
                UPDATE loy_certificate_delivery
                   SET address = '', recipient_name = NULL, sender_name = NULL, greeting = NULL,
                       state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END
                 WHERE certificate_id IN (SELECT id FROM loy_certificate WHERE member_id = ANY(%(who)s));
                UPDATE loy_transaction SET note = NULL
                 WHERE note IS NOT NULL AND id IN (
                       SELECT entry.transaction_id
                         FROM loy_certificate AS certificate
                         JOIN loy_entry AS entry ON entry.account_id = certificate.account_id
                        WHERE certificate.member_id = ANY(%(who)s));
                SELECT set_config('loy.erasure', '', true);
                """,
                who=ids(persons.ids, "int4"),
            )
        )
