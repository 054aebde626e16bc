"""What purchases have to do with gift certificates: they pay for goods, and lines of receipts sell them.

The core knows none: whoever presents one is told so. The addon that keeps certificates extends this service.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from odoo import models

from ..engine import Basket, Certificate, Result
from .errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class Tender:
    """A certificate that pays: what stands in the basket by its ``id``, its account, and the terms of what is on it."""

    id: str
    account_id: int
    asked_minor: int | None = None  # at most so much of it
    terms: tuple[int, ...] = ()


class LoyPrepaid(models.AbstractModel):
    """Law: what a certificate pays comes off its account with the purchase, and what is sold is worth something only
    once the purchase is a fact. Accounts are locked by the purchase, together with those of the member."""

    _name = "loy.prepaid"
    _description = "Gift certificates of purchases"

    # ------------------------------------------------------------------ they pay

    def _presented(self, request, place, at: datetime, *, is_fact: bool = False) -> list[Tender]:
        """The certificates that a request presents, in its order. Of a receipt that is printed already (``is_fact``)
        one that is not there is left out. Codes: certificate_not_found and others of the addon."""
        if request.certificates and not is_fact:
            raise LoyaltyError(
                "certificate_not_found", self.env._("There is no such certificate. Check its number and PIN.")
            )
        return []

    def _payable(
        self, tenders: Sequence[Tender], at: datetime, *, is_fact: bool = False
    ) -> tuple[tuple[Tender, ...], tuple[Certificate, ...]]:
        """The same with their terms, and what the engine is told of each: so much may pay, if its terms hold. Their
        accounts are locked, where it matters."""
        ledger = self.env["loy.ledger"]
        spendable = ledger._spendable([one.account_id for one in tenders], at)
        known, certificates = [], []
        for one in tenders:
            balance = spendable[one.account_id]
            terms = () if balance.free else tuple(balance.conditional)
            left = max(balance.total, one.asked_minor or 0) if is_fact else balance.total
            known.append(Tender(one.id, one.account_id, one.asked_minor, terms))
            certificates.append(
                Certificate(
                    id=one.id,
                    amount_minor=left if one.asked_minor is None else min(left, one.asked_minor),
                    when=ledger._document_of_terms(terms[0]) if terms and not is_fact else None,
                )
            )
        return tuple(known), tuple(certificates)

    def _tenders_of(self, basket: Basket) -> tuple[Tender, ...]:
        """Those of a purchase that is held."""
        return ()

    def _told(self, document: dict) -> dict:
        """The answer with the certificates that pay as people know them."""
        return document

    # ------------------------------------------------------------------ they are sold

    def _sells(self, lines: Iterable, products: Mapping, place) -> frozenset[str]:
        """The ids of the lines that sell certificates, whatever a request says of them."""
        return frozenset()

    def _check_sold(self, request, scene) -> None:
        """That what the lines sell can be sold; ``certificate_taken`` and others of the addon."""

    # ------------------------------------------------------------------ what becomes of a purchase

    def _held(self, purchase, request, scene, until: datetime) -> None:
        """What its lines sell is nobody else's until then."""

    def _is_as_held(self, purchase, request) -> bool:
        """Whether a request names the certificates, and the sums on them, for which the purchase is held."""
        return True

    def _released(self, purchase) -> None:
        """It will not happen, or is held anew."""

    def _confirmed(self, purchase, request, scene, result: Result) -> dict:
        """It is a fact: what it sold is good from now on. Answers what is told beside what was calculated."""
        return {}

    # ------------------------------------------------------------------ what comes back

    def _check_back(self, purchase, counts: Mapping[str, int]) -> None:
        """That of the certificates which these lines sold so many can be taken back: nothing of them is used."""

    def _taken_back(self, purchase, returned, counts: Mapping[str, int], at: datetime, source) -> None:
        """So many of the certificates that these lines sold are good no more."""

    def _refunded(self, purchase, returned, amounts: Mapping[str, int], at: datetime, source) -> None:
        """Certificate → what of it comes back, in minor units: it is on the certificate again."""

    def _told_back(self, amounts: Mapping[str, float]) -> list[dict]:
        """The same as people know them: ``{"number", "amount"}`` each."""
        return []
