"""SQL of deliveries of certificates."""

from datetime import datetime

from odoo.tools import SQL


def due(now: datetime, limit: int) -> SQL:
    """Those whose moment has come, claimed till the end of the transaction."""
    return SQL(
        """
        SELECT id FROM loy_certificate_delivery
         WHERE state = 'waiting' AND deliver_at <= %s
         ORDER BY deliver_at, id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        now,
        limit,
    )


def refused() -> SQL:
    """Rows (delivery, why) of those whose message a server has refused."""
    return SQL(
        """
        SELECT delivery.id, COALESCE(mail.failure_reason, mail.failure_type, sms.failure_type, mail.state, sms.state)
          FROM loy_certificate_delivery AS delivery
          LEFT JOIN mail_mail AS mail ON mail.id = delivery.mail_id
          LEFT JOIN sms_sms AS sms ON sms.id = delivery.sms_id
         WHERE delivery.state = 'sent' AND (mail.state = 'exception' OR sms.state = 'error')
         ORDER BY delivery.id
           FOR UPDATE OF delivery SKIP LOCKED
        """
    )
