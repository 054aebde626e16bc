"""Nobody finds a card, a phone, a member or a promo code by trying."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..engine import schema
from ..sql import guesses as sql
from .errors import LoyaltyError
from .transaction import run_with_retry

_logger = logging.getLogger(__name__)

#: Keys of a request by which somebody is named; `new_card` and `from_member` are such too.
NAMES = {"member", "card", "phone", "email", "external_id", "code", "codes", "certificate", "certificates"}
#: Refusals that tell whether there is such a card or person.
MISSES = {
    "card_not_found", "card_not_active", "card_blocked", "card_closed", "card_taken", "member_not_found",
    "certificate_not_found", "certificate_taken", "certificate_product",
}  # fmt: skip
#: A user at all places together may be wrong so many times as often as at one.
PLACES = 10
#: A search for less than this may be a part of a name or of a street.
EXACT_LENGTH = 7


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a user calls from; a till that names no store is a place of its own."""

    store_id: int | None = None
    register_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A user who is stopped, at one place or at all."""

    is_total: bool
    store_id: int | None
    register_id: int | None
    until_at: datetime


class LoyGuesses(models.AbstractModel):
    """Law: of one user at one till not more than ``guess_misses`` different wrong numbers are answered within
    ``guess_minutes``, however many are asked at once; then nothing that names somebody is answered for as long, right
    numbers included.

    The doors call it (the API, the search of the back office), not the look-ups themselves: a job that reads a list
    of phones does not guess. Misses are counted in a transaction of their own, since that of a refused request is
    rolled back and a read runs on a cursor that cannot write. Who is stopped is kept in each process until the
    registry signals a change, so while nobody is, the check costs no query.
    """

    _name = "loy.guesses"
    _description = "Protection against guessing"

    @contextmanager
    def _watch(self, request) -> Iterator[None]:
        """Around the work of an API call; ``too_many_attempts``."""
        if self.env.uid == SUPERUSER_ID or not _names_somebody(request):
            yield
            return
        self._check(request)
        try:
            yield
        except LoyaltyError as refusal:
            if refusal.code in MISSES and (until := self._missed(refusal.asked or str(refusal), self._spot(request))):
                raise self._refusal(until) from None
            raise

    def _watch_codes(self, request, answer: dict) -> dict:
        """The answer to a request that presents promo codes: each that is not there is a miss."""
        told = answer.get("codes") or ([answer] if "usable" in answer else [])
        for one in told:
            is_miss = one.get("reason") == "unknown" and self.env.uid != SUPERUSER_ID
            if is_miss and (until := self._missed(f"code: {one['code']}", self._spot(request))):
                raise self._refusal(until)
        return answer

    def _watch_search(self, text: str, domain: Domain) -> None:
        """Around a search of the back office: a whole number, phone or e-mail that nobody has is a miss."""
        if self.env.uid == SUPERUSER_ID:
            return
        self._check(None)
        digits = sum(char.isdigit() for char in text)
        if len(text) < EXACT_LENGTH or (digits < EXACT_LENGTH and "@" not in text):
            return
        # What others may not see is no miss of theirs.
        members = self.env["res.partner"].sudo()
        is_miss = not members.search(Domain("is_loyalty_member", "=", True) & domain, limit=1)
        if is_miss and (until := self._missed(text, Spot())):
            raise self._refusal(until)

    # -- who is stopped

    def _check(self, request) -> None:
        stops = self._stops()
        if not stops:
            return
        spot, now = self._spot(request), fields.Datetime.now()
        for stop in stops:
            is_here = (stop.store_id, stop.register_id) == (spot.store_id, spot.register_id)
            if stop.until_at > now and (stop.is_total or is_here):
                raise self._refusal(stop.until_at)

    @tools.ormcache("self.env.uid")
    def _stops(self) -> tuple[Stop, ...]:
        return tuple(Stop(*row) for row in self.env.execute_query(sql.stopped(self.env.uid)))

    def _spot(self, request) -> Spot:
        store, register = getattr(request, "store", None), getattr(request, "register", None)
        if not store:
            return Spot()
        try:
            catalogue = self.env["loy.catalogue"].sudo()  # the guard has authorised the call
            place = catalogue._known_place(store, register, tuple(self.env.companies.ids))
        except LoyaltyError:
            return Spot()
        return Spot(place.store_id, place.register_id)

    # -- counting

    def _missed(self, text: str, spot: Spot) -> datetime | None:
        """Counts a miss. The time until which the user is stopped, when there were too many before this one."""
        settings = self._settings()
        # A user's own bound, which the user need not be able to read.
        limit = settings.guess_misses and (self.env.user.sudo().loy_guess_misses or settings.guess_misses)
        if not limit:
            return None
        misses = [
            {
                "user_id": self.env.uid,
                "is_total": is_total,
                "store_id": place.store_id,
                "register_id": place.register_id,
                "company_id": self.env.company.id,
                "digest": hashlib.sha256(text.encode()).hexdigest()[:8],
                "limit": bound,
                "minutes": settings.guess_minutes,
            }
            for is_total, place, bound in ((False, spot, limit), (True, Spot(), limit * PLACES))
        ]
        login = self.env.user.login
        with self.env.registry.cursor() as cr:
            own = self.with_env(self.env(cr=cr))
            return run_with_retry(own.env, lambda: own._count(misses, login))

    def _count(self, misses: list[dict], login: str) -> datetime | None:
        until = None
        for miss in misses:
            [(count, until_at, is_new)] = self.env.execute_query(sql.count_miss(**miss))
            if is_new:
                self._tell(miss, login, count, until_at)
            if count > miss["limit"]:
                until = max(until_at, until or until_at)
        return until

    def _tell(self, miss: dict, login: str, count: int, until: datetime) -> None:
        """Administrators hear of it, and all processes drop what they know."""
        self.env["loy.events"]._emit(
            "guessing.stopped",
            at=fields.Datetime.now(),
            store_id=miss["store_id"],
            company_id=miss["company_id"],
            data={"user": login, "misses": count, "until": until.isoformat(timespec="seconds")},
        )
        # As the registry does it, but together with the row and not with a request that is going to be rolled back.
        self.env.cr.execute(SQL("INSERT INTO orm_signaling_default DEFAULT VALUES"))
        _logger.warning(
            "User %s (id %s) is stopped until %s UTC: %s cards or members were named who are not there",
            login,
            miss["user_id"],
            until,
            count,
        )

    def _settings(self):
        company = self.env.company.sudo()  # the settings count for whoever calls
        return self.env["loy.programme"].sudo()._at(company, fields.Datetime.now()).settings

    def _release(self, lockouts) -> None:
        """The count begins anew."""
        # The caller has checked the right; the table has no other writer.
        lockouts.sudo().write({"misses": 0, "last_digest": False, "until_at": False})
        lockouts.flush_recordset()
        self.env.registry.clear_cache()

    def _refusal(self, until: datetime) -> LoyaltyError:
        return LoyaltyError(
            "too_many_attempts",
            self.env._(
                "Too many cards, members or promo codes were named that are not there. Try again after %(local)s"
                " (%(utc)s),"
                " or ask an administrator to unblock you.",
                local=format_datetime(self.env, until),
                utc=until.replace(tzinfo=UTC, microsecond=0).isoformat(),
            ),
        )


def _names_somebody(request) -> bool:
    if any(getattr(line, "certificate", None) for line in getattr(request, "lines", None) or ()):
        return True
    return any(
        getattr(request, key, None) not in (None, ())
        for key in schema.members(type(request))
        if key in NAMES or key.rpartition("_")[2] in NAMES
    )
