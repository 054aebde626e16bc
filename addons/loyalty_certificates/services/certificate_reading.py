"""What is told of certificates to whoever holds one."""

from datetime import datetime

from odoo import models

from ..models.loy_certificate import UNUSABLE
from ..sql import purchases as sql


class LoyCertificatesReading(models.AbstractModel):
    """A chapter of `loy.certificates`."""

    _name = "loy.certificates.reading"
    _description = "Certificates: reading"

    def _told(self, certificate, at: datetime) -> dict:
        """What is on it, and whether it can be used at a moment; by its last digits only."""
        balance = self.env["loy.ledger"]._balances(certificate.account_id.ids, at).get(certificate.account_id.id)
        scale = 10**certificate.currency_id.decimal_places
        left = max(balance.available, 0) / scale if balance else 0.0
        state = self._state_at(certificate, at)
        answer = {
            "certificate": certificate.masked_number,
            "serial": str(certificate.serial),
            "type": certificate.type_id.code,
            "name": certificate.type_id.name or certificate.type_id.code,
            "state": state,
            "currency": certificate.currency_id.name,
            "value": certificate.value,
            "left": left,
            "usable": state == "active" and left > 0,
        }
        if reason := UNUSABLE.get(state):
            answer["reason"] = reason.removeprefix("certificate_")
        if certificate.expires_at:
            answer["expires_at"] = self._local(certificate, certificate.expires_at).isoformat()
        if when := self._terms_on(certificate):
            answer["when"] = when
        return answer

    def _terms_on(self, certificate) -> dict | None:
        """Where and for what it is good, as it was when it was sold."""
        ledger = self.env["loy.ledger"]
        if not certificate.account_id:
            return None
        spendable = ledger._spendable(certificate.account_id.ids, ledger._now())[certificate.account_id.id]
        terms = next(iter(spendable.conditional), None)
        return None if terms is None else ledger._document_of_terms(terms)

    def _history(self, certificate) -> dict:
        """Its states, and what came on it and went off."""
        scale = 10**certificate.currency_id.decimal_places
        movements = self.env.execute_query(sql.movements(certificate.account_id.ids))
        return {
            "states": [
                {
                    "at": self._local(certificate, line.at).isoformat(timespec="seconds"),
                    "state": line.to_state,
                    **({"purchase": line.purchase_id.number} if line.purchase_id else {}),
                }
                for line in certificate.log_ids.sorted("id")
            ],
            "movements": [
                {
                    "at": self._local(certificate, at).isoformat(timespec="seconds"),
                    "kind": kind,
                    "amount": amount / scale,
                    **({"purchase": purchase} if purchase else {}),
                }
                for at, kind, amount, purchase in movements
            ],
        }

    def _of_member(self, member, at: datetime) -> list[dict]:
        """Those that a member holds; what was cancelled is nobody's."""
        # Of the member who was found, for whoever may look at members.
        held = self.env["loy.certificate"].sudo().search(
            [("member_id", "=", member.id), ("state", "!=", "cancelled")], order="id"
        )
        return [self._told(one, at) for one in held]
