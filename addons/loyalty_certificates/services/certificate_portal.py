"""What members see of their own certificates in the portal."""

from odoo import fields, models
from odoo.addons.loyalty_core.tools.barcodes import grouped
from odoo.tools import SQL


class LoyCertificatePortal(models.AbstractModel):
    """Law: whoever is logged in is told of certificates that this person holds, and of no others."""

    _name = "loy.certificate.portal"
    _description = "Certificates in the portal"

    def _own(self):
        """Those of whoever is logged in: of this person alone, not of the company or family beside."""
        # Members have no right on certificates; what is theirs is chosen here.
        certificates = self.env["loy.certificate"].sudo()
        return certificates.search(
            [("member_id", "=", self.env.user.partner_id.id), ("state", "not in", ("new", "cancelled"))],
            order="expires_at, id",
        )

    def _own_cards(self) -> list[dict]:
        """Each as the page shows it, those that can be spent first."""
        own, now = self._own(), fields.Datetime.now()
        service = self.env["loy.certificates"].sudo()  # what is on them and where they are good is told to their owner
        looks = self.env["loy.certificate.looks"]
        told = [(one, service._told(one, now)) for one in own]
        words = service.env["loy.sentences"]._say_all([("condition", card.get("when")) for _one, card in told])
        states = dict(own._fields["state"]._description_selection(self.env))
        cards = [
            {
                "id": one.id,
                "name": one.type_id.name or one.type_id.code,
                "color": one.color,
                "masked": one.masked_number,
                "value": one.currency_id.format(card["value"]),
                "left": one.currency_id.format(card["left"]),
                "until": looks._until_text(one),
                "state": card["state"],
                "state_name": states[card["state"]],
                "where": where if card.get("when") else "",
                "usable": card["usable"],
                "can_show": card["usable"] and one.type_id.is_virtual,
            }
            for (one, card), where in zip(told, words, strict=True)
        ]
        return sorted(cards, key=lambda card: not card["usable"])

    def _told(self, certificate) -> dict:
        # See _own_cards.
        return self.env["loy.certificates"].sudo()._told(certificate, fields.Datetime.now())

    def _show_own(self, certificate_id: int) -> dict | None:
        """Number, PIN and barcode of a virtual one of whoever is logged in, counted; nothing where it is not theirs or
        cannot be spent."""
        certificate = self._own().filtered(lambda one: one.id == certificate_id and one.type_id.is_virtual)
        if not certificate or not self._told(certificate)["usable"]:
            return None
        certificate.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                UPDATE loy_certificate
                   SET shown_count = COALESCE(shown_count, 0) + 1, shown_at = now() AT TIME ZONE 'UTC'
                 WHERE id = %s RETURNING id
                """,
                certificate.id,
            )
        )
        certificate.invalidate_recordset(["shown_count", "shown_at"])
        return {
            "id": certificate.id,
            "number": grouped(certificate.number),
            "pin": certificate.pin or "",
            "barcode": self.env["loy.certificate.looks"]._barcode(certificate.number),
        }
