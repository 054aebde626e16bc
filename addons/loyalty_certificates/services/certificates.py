"""Certificates: numbers, activation, states, validity."""

import hmac
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.addons.loyalty_core.services.clock import to_local, to_utc
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.numbering import fill
from odoo.addons.loyalty_core.services.posting import Accrual, Source, Taking
from odoo.addons.loyalty_core.services.transaction import run_with_retry
from odoo.tools import SQL

from ..models.loy_certificate import TRANSITIONS, UNUSABLE
from ..sql import certificates as sql

_logger = logging.getLogger(__name__)

NUMBER = re.compile(r"[0-9A-Za-z]{1,64}")
#: The event of a certificate's coming to a state.
EVENTS = {
    "active": "certificate.unblocked",
    "used": "certificate.used",
    "expired": "certificate.expired",
    "blocked": "certificate.blocked",
    "cancelled": "certificate.cancelled",
}


class LoyCertificates(models.AbstractModel):
    """Everything that makes or changes a certificate. Callers have checked the right to it; the value is booked by the
    ledger alone.
    """

    _name = "loy.certificates"
    _inherit = ["loy.certificates.giving", "loy.certificates.reading"]
    _description = "Certificate service"

    # -- finding

    def _normalise(self, number: str) -> str:
        """A number as stored: people and scanners put spaces and hyphens into it."""
        return re.sub(r"[\s-]", "", str(number or ""))

    def _get(self, number: str):
        """The certificate with this number in whatever state; ``certificate_not_found``. Whoever sells one has it in
        the hand, with its PIN covered; whoever pays by one is answered by ``_find``.
        """
        certificate = self._by_number(number)
        if not certificate:
            raise self._not_found(str(number))
        return certificate

    def _find(self, number: str, pin: str = ""):
        """The certificate with this number and PIN in whatever state. A wrong PIN and a wrong number are one refusal,
        ``certificate_not_found``: nobody learns which numbers there are.
        """
        certificate = self._by_number(number)
        self._check_pin(certificate, number, pin)
        return certificate

    def _check_pin(self, certificate, number: str, pin: str | None) -> None:
        """``certificate_not_found`` where it is none, or has another PIN, or was asked for with wrong ones too often:
        nobody learns which numbers there are."""
        asked = f"{number} {pin or ''}"
        if not certificate or self._is_closed(certificate):
            raise self._not_found(asked)
        known = str(certificate.pin or "").encode()
        if not hmac.compare_digest(known, self._normalise(pin).encode()):
            self._count_miss(certificate, sql.count_pin_miss)
            raise self._not_found(asked)
        if certificate.pin_misses:
            self._count_miss(certificate, sql.forget_pin_misses)

    def _is_closed(self, certificate) -> bool:
        until = certificate.pin_locked_until_at
        return bool(until and until > fields.Datetime.now())

    def _count_miss(self, certificate, statement) -> None:
        """In a transaction of its own: that of a refused request is rolled back, and one that reads cannot write."""
        with self.env.registry.cursor() as cr:
            own = self.with_env(self.env(cr=cr))
            run_with_retry(own.env, lambda: own._write_misses(certificate.id, statement))

    def _write_misses(self, certificate_id: int, statement) -> None:
        """Whoever watches hears of it when the certificate closes for a while."""
        for misses, until, company_id, masked in self.env.execute_query(statement(certificate_id)):
            if until:
                self.env["loy.events"]._emit(
                    "certificate.guessed",
                    at=fields.Datetime.now(),
                    company_id=company_id,
                    data={"certificate": masked, "misses": misses, "until": until.isoformat(timespec="seconds")},
                )
                _logger.warning("Certificate %s is closed until %s UTC: %s wrong PINs", masked, until, misses)

    def _by_number(self, number: str):
        key = self._normalise(number)
        return self._named([key]).get(key, self.env["loy.certificate"])

    def _named(self, numbers: Iterable[str]) -> dict:
        """Number → the certificate, of those that the user's companies may see."""
        # By number alone, so no right to browse certificates is needed.
        certificates = self.env["loy.certificate"].sudo()
        found = certificates.search([("number", "in", [one for one in numbers if NUMBER.fullmatch(one)])])
        companies = self.env.companies
        return {one.number: one for one in found if not one.company_id or one.company_id in companies}

    def _not_found(self, asked: str) -> LoyaltyError:
        # The number is not repeated: messages go to logs.
        return LoyaltyError(
            "certificate_not_found",
            self.env._(
                "there is no certificate with this number and PIN; check both. After some wrong PINs it is closed for a"
                " while"
            ),
            asked,
        )

    def _state_at(self, certificate, at: datetime) -> str:
        """Its time may be over before the job says so."""
        is_over = certificate.expires_at and certificate.expires_at <= at
        return "expired" if certificate.state == "active" and is_over else certificate.state

    def _check_usable(self, certificate, at: datetime) -> None:
        """Refuses unless it is active at ``at``: ``certificate_not_active`` (not sold), ``certificate_used``,
        ``certificate_expired``, ``certificate_blocked``, ``certificate_cancelled``.
        """
        state = self._state_at(certificate, at)
        if state != "active":
            names = dict(certificate._fields["state"]._description_selection(self.env))
            raise LoyaltyError(
                UNUSABLE[state],
                self.env._(
                    "Certificate %(number)s is %(state)s, and nothing can be paid by it",
                    number=certificate.masked_number,
                    state=names[state].lower(),
                ),
            )

    def _shown(self, certificate) -> dict:
        """What whoever gets it is told, once: the API's answer."""
        end = certificate.expires_at
        return {
            "number": certificate.number,
            # Of what is printed it stands under the scratch layer, for nobody but the buyer.
            **({"pin": certificate.pin} if certificate.pin and certificate.type_id.is_virtual else {}),
            "type": certificate.type_id.code,
            "value": certificate.value,
            **({"expires_at": self._local(certificate, end).isoformat()} if end else {}),
        }

    def _local(self, certificate, moment: datetime) -> datetime:
        """By the clock of the programme."""
        company = certificate.company_id or self.env.company
        return to_local(moment, self.env["loy.programme"]._timezone(company))

    def _masked(self, number: str) -> str:
        """What is shown of a number."""
        return sql.MASK + self._normalise(number)[-4:]

    def _left(self, certificates) -> dict[int, float]:
        """What can still be spent of each, without what is held for receipts."""
        self.env["loy.account"].flush_model()
        certificates.flush_recordset(["account_id"])
        rows = self.env.execute_query(sql.left(certificates.ids))
        return {certificate: minor / 10**decimals for certificate, minor, decimals in rows}

    # -- types

    def _templates(self, model: str):
        """All that make numbers, also archived and of other companies: a number is one for all."""
        # See above; nothing of them but a name is shown.
        return self.env[model].sudo().search([("active", "in", [True, False])])

    def _make_units(self, types) -> None:
        """A unit of its own for each type: the ledger, its journals and reports tell types by it."""
        # Whoever makes a type need not be able to make units.
        units = self.env["loy.unit"].sudo().with_context(active_test=False)
        for one in types.sudo():
            one.unit_id = units.create(
                {
                    **self._said_by_unit(one),
                    "kind": "certificate",
                    "decimals": one.currency_id.decimal_places,
                    "rate": 1.0,
                }
            )

    def _tell_units(self, types) -> None:
        """The units are called as their types are."""
        for one in types.sudo().filtered("unit_id"):  # see _make_units
            said, unit = self._said_by_unit(one), one.unit_id
            now = unit._convert_to_write({name: unit[name] for name in said})
            if changed := {name: value for name, value in said.items() if now[name] != value}:
                unit.write(changed)

    def _said_by_unit(self, one) -> dict:
        said = {"code": self._unit_code(one), "name": one.name, "active": one.active, "company_id": one.company_id.id}
        return said if one.company_id else {**said, "currency_id": one.currency_id.id}

    def _unit_code(self, one) -> str:
        """``GC-`` and the code of the type, cut to what fits and told from units that have it already."""
        units = self.env["loy.unit"].sudo().with_context(active_test=False)  # see _make_units
        code, place = f"GC-{one.code}"[:64], 1
        while units.search_count(
            [("code", "=", code), ("company_id", "=", one.company_id.id), ("id", "!=", one.unit_id.id)], limit=1
        ):
            place += 1
            code = f"GC-{one.code}"[: 63 - len(str(place))] + f"-{place}"
        return code

    def _check_unit(self, types) -> None:
        """``certificate_type_in_use`` when what has been booked would be money of another currency or company."""
        # Whether anything was booked must not depend on the companies of whoever asks.
        for one in types.sudo().filtered("unit_id"):
            unit = one.unit_id
            currency = unit.currency_id or unit.company_id.currency_id
            if unit.company_id == one.company_id and currency == one.currency_id:
                continue
            if self.env["loy.account"].sudo().search_count([("unit_id", "=", unit.id)], limit=1):
                raise LoyaltyError(
                    "certificate_type_in_use",
                    self.env._(
                        "Certificates of %s have been sold: its company and currency stay. Make another type instead.",
                        one.name,
                    ),
                )

    def _keep_price(self, products) -> None:
        """Money is not sold for less than it is worth."""
        # Whoever makes a type need not be able to change products.
        products.sudo().filtered(lambda product: not product.loy_no_discount).loy_no_discount = True

    # -- making

    def _issue(self, certificate_type, value_minor: int, count: int = 1, *, member=None, note: str = "", at=None):
        """Certificates that are given by hand, active at once; ``certificate_value``, ``certificate_capacity``."""
        at = at or self.env["loy.ledger"]._now()
        made = self._make(certificate_type, count)
        company = certificate_type.company_id or self.env.company
        source = Source("manual", note=note, company_id=company.id, member_id=member.id if member else None)
        return self._activate(
            made, [value_minor] * count, at=at, source=source, origin="hand", member=member, note=note
        )

    def _make(self, certificate_type, count: int, **values):
        """So many new certificates of a type, not sold yet; ``certificate_capacity``. ``values``: what else they
        say."""
        # They are made for people and systems that have no right on the table of certificates.
        certificates = self.env["loy.certificate"].sudo()
        made: list[int] = []

        def insert(serials: SQL) -> int:
            statement = self._insert_sql(certificate_type.sudo(), serials, values)
            new = [row[0] for row in self.env.execute_query(SQL("%s RETURNING id", statement))]
            made.extend(new)
            return len(new)

        self._fill(certificate_type, count, insert)
        return certificates.browse(made)

    def _fill(self, certificate_type, count: int, insert) -> int:
        certificate_type = certificate_type.sudo()  # see _make
        certificate_type.flush_recordset()
        self.env["loy.card"].flush_model(["number"])
        return fill(
            count,
            certificate_type._capacity(),
            insert,
            taken=sql.taken(certificate_type),
            exhausted=lambda: self._exhausted(certificate_type),
        )

    def _insert_sql(self, certificate_type, serials: SQL, values: Mapping[str, object]) -> SQL:
        now = fields.Datetime.now()
        return sql.insert(
            certificate_type,
            serials,
            {
                "type_id": certificate_type.id,
                "company_id": certificate_type.company_id.id or None,
                "state": "new",
                "create_uid": self.env.uid,
                "create_date": now,
                "write_uid": self.env.uid,
                "write_date": now,
                **values,
            },
        )

    def _exhausted(self, certificate_type) -> LoyaltyError:
        return LoyaltyError(
            "certificate_capacity",
            self.env._(
                "certificate type %(type)s has room for %(capacity)s numbers, and not enough of them are free;"
                " make its numbers longer or change the prefix",
                type=certificate_type.name,
                capacity=certificate_type._capacity(),
            ),
        )

    # -- activation

    def _activate(
        self, certificates, values_minor: Sequence[int], *, at: datetime, source: Source, origin: str = "sale",
        member=None, line_refs: Sequence[str] = (), promotion_code: str = "", note: str = "",
    ):  # fmt: skip
        """What is on new certificates can be spent from ``at`` on: each gets its account, and on it one lot of its
        value (minor units of its type's currency, in the order of the certificates). ``origin`` is how they came to
        people, ``line_refs`` name the lines of the purchase of ``source`` that sold them.

        ``certificate_transition`` unless all are new; ``certificate_value`` where the type is of another value.
        """
        # See _make: whoever sells certificates has no right on their table.
        certificates = certificates.sudo()
        states = self._lock(certificates)
        self._check_transition(certificates, states, "active", only="new")
        for certificate, value in zip(certificates, values_minor, strict=True):
            self._check_value(certificate.type_id, value)
        ledger = self.env["loy.ledger"]
        accounts = ledger._certificate_accounts([certificate.type_id.unit_id for certificate in certificates])
        # The terms are of the company that sells, whoever asks.
        company = self.env["res.company"].sudo().browse(source.company_id) if source.company_id else self.env.company
        terms = {
            one: ledger._terms_asked(one.company_id or company, one._document_in("when_text"))
            for one in certificates.type_id
        }
        ends = {one: self._end_of(one, at, one.company_id or company) for one in certificates.type_id}
        member_id = member.id if member else source.member_id
        ledger._accrue(
            [
                Accrual(
                    account,
                    value,
                    active_from=at,
                    expires_at=ends[certificate.type_id],
                    promotion_code=promotion_code,
                    note=note,
                    member_id=member_id,
                    terms_id=terms[certificate.type_id],
                )
                for certificate, account, value in zip(certificates, accounts, values_minor, strict=True)
            ],
            at=at,
            source=source,
        )
        refs = list(line_refs) or [False] * len(certificates)
        for certificate, account, value, ref in zip(certificates, accounts, values_minor, refs, strict=True):
            certificate.write(
                {
                    "state": "active",
                    "source": origin,
                    "value": value / 10**certificate.currency_id.decimal_places,
                    "account_id": account,
                    "sold_purchase_id": source.purchase_id,
                    "sold_line_ref": ref,
                    "member_id": member_id,
                    "activated_at": at.replace(microsecond=0),
                    "expires_at": ends[certificate.type_id],
                    "reserved_by_id": False,
                    "reserved_until_at": False,
                    "promotion_code": promotion_code or False,
                }
            )
        self._log(certificates, "active", from_states=states, note=note, at=at, purchase_id=source.purchase_id)
        return certificates

    def _check_value(self, certificate_type, value_minor: int) -> None:
        """``certificate_value`` where certificates of the type are worth something else."""
        one = certificate_type.sudo()  # see _activate
        scale = 10**one.currency_id.decimal_places
        lowest, highest = (one.value, one.value) if one.value_kind == "fixed" else (one.value_min, one.value_max)
        is_sound = value_minor > 0 and round(lowest * scale) <= value_minor <= (round(highest * scale) or value_minor)
        if not is_sound:
            raise LoyaltyError(
                "certificate_value",
                self.env._(
                    "A certificate of type %(type)s is worth %(lowest)s to %(highest)s, not %(value)s",
                    type=one.name,
                    lowest=one.currency_id.format(lowest),
                    highest=one.currency_id.format(highest) if highest else "∞",
                    value=one.currency_id.format(value_minor / scale),
                ),
            )

    def _end_of(self, certificate_type, at: datetime, company) -> datetime | None:
        """The first moment at which what is sold at ``at`` is not good any more: the end of a day by the clock of the
        company's programme.
        """
        if not certificate_type.validity_count:
            return None
        term = relativedelta(**{certificate_type.validity_unit: certificate_type.validity_count})
        return self._after(to_local(at, self.env["loy.programme"]._timezone(company)).date() + term, company)

    def _end_of_day(self, day: date, certificate) -> datetime:
        """The first moment after a day, by the clock of the programme that the certificate is of."""
        # The clock of a company is no secret.
        return self._after(day, self.env["res.company"].sudo().browse(self._issuer(certificate.sudo())))

    def _after(self, day: date, company) -> datetime:
        midnight = datetime.combine(day + timedelta(days=1), time.min)
        return to_utc(midnight, self.env["loy.programme"]._timezone(company))

    # -- validity and cancelling

    def _change_validity(self, certificate, until: datetime | None, reason=None, note: str = "", at=None) -> None:
        """It is good until just before ``until``, for ever where absent; one whose time is over can be spent again.

        ``certificate_until`` for a moment that has passed, ``certificate_transition`` unless it is sold and has a
        value, ``account_held`` while a purchase reserves some of it.
        """
        certificate = certificate.sudo()  # the caller has checked the right
        states = self._lock(certificate)
        before, at = states[certificate.id], at or self.env["loy.ledger"]._now()
        if until and until <= at:
            raise LoyaltyError(
                "certificate_until", self.env._("Choose a moment that has not passed yet; to end it, cancel it")
            )
        if before not in ("active", "blocked", "expired"):
            raise self._no_way(certificate, before, "active")
        state = "active" if before == "expired" else before
        source = self._by_hand(self._issuer(certificate), reason, note)
        self.env["loy.ledger"]._renew(certificate.account_id.id, until, at=at, source=source)
        certificate.write({"state": state, "expires_at": until or False})
        self._log(certificate, state, from_states=states, reason=reason, note=note, at=at)

    def _cancel(self, certificates, reason=None, note: str = "", at: datetime | None = None) -> None:
        """Nobody will ever use them; what is left on them is written off. ``certificate_transition``,
        ``certificate_held`` while a purchase reserves some of it.
        """
        certificates = certificates.sudo()  # the caller has checked the right
        self._check_transition(certificates, self._lock(certificates), "cancelled")
        ledger, at = self.env["loy.ledger"], at or self.env["loy.ledger"]._now()
        certificates.account_id.invalidate_recordset(["total_minor"])
        for company_id in {self._issuer(one) for one in certificates}:
            moves = [
                Taking(one.account_id.id, one.account_id.total_minor)
                for one in certificates
                if one.account_id.total_minor and self._issuer(one) == company_id
            ]
            source = self._by_hand(company_id, reason, note)
            done = ledger._write_off_each(moves, at=at, source=source) if moves else {}
            if any(move.account_id not in done for move in moves):
                raise LoyaltyError(
                    "certificate_held",
                    self.env._("A purchase that is not finished is paid by it: confirm or cancel the purchase first"),
                )
        self._transition(certificates, "cancelled", reason=reason, note=note, at=at)

    def _by_hand(self, company_id: int, reason, note: str) -> Source:
        return Source("manual", reason_id=reason.id if reason else None, note=note, company_id=company_id)

    def _issuer(self, certificate) -> int:
        """The company that owes its value: the one whose lot it is."""
        lot = certificate.env["loy.lot"].search([("account_id", "=", certificate.account_id.id)], limit=1)
        return lot.company_id.id or certificate.company_id.id or self.env.company.id

    def _expire_ended(self, until: datetime, limit: int = 1000) -> int:
        """Certificates whose time is over by ``until`` say so, at most so many, each since its own end; what was left
        is booked by the ledger. Returns how many.
        """
        # The job is nobody's in particular.
        certificates = self.env["loy.certificate"].sudo()
        certificates.flush_model()
        ends: dict[datetime, list[int]] = defaultdict(list)
        for certificate_id, moment in self.env.execute_query(sql.ended(until, limit)):
            ends[moment].append(certificate_id)
        for moment, ids in ends.items():
            self._transition(certificates.browse(ids), "expired", at=moment)
        return sum(map(len, ends.values()))

    # -- states

    def _transition(
        self, certificates, state: str, *, reason=None, note: str = "", at: datetime | None = None,
        purchase_id: int | None = None,
    ):  # fmt: skip
        """Bring ``certificates`` to ``state`` with a line of history each, dated ``at`` or now;
        ``certificate_transition`` when no way leads there. The value is not touched.

        The rows are locked first, so of two people who act at once the second sees what the first did.
        """
        certificates = certificates.sudo()  # the caller has checked the right; the history has no other writer
        states = self._lock(certificates)
        self._check_transition(certificates, states, state)
        if state == "active" and (unsold := certificates.filtered(lambda one: not one.account_id)[:1]):
            raise self._no_way(unsold, "new", state)
        at = at or fields.Datetime.now()
        values = {"state": state}
        if state == "used":
            values["used_at"] = at.replace(microsecond=0)
        elif state == "active":
            values["used_at"] = False
        certificates.write(values)
        self._log(
            certificates, state, from_states=states, reason=reason, note=note, at=at, purchase_id=purchase_id
        )
        return certificates

    def _lock(self, certificates) -> dict[int, str]:
        """{certificate: state}, which nobody changes till the end of the transaction."""
        certificates.flush_recordset()
        rows = self.env.execute_query(
            SQL("SELECT id, state FROM loy_certificate WHERE id = ANY(%s) ORDER BY id FOR UPDATE", certificates.ids)
        )
        certificates.invalidate_recordset()
        return dict(rows)

    def _check_transition(self, certificates, states: Mapping[int, str], state: str, only: str = "") -> None:
        for certificate in certificates:
            before = states[certificate.id]
            if state not in TRANSITIONS[before] or before != (only or before):
                raise self._no_way(certificate, before, state)

    def _no_way(self, certificate, before: str, state: str) -> LoyaltyError:
        names = dict(certificate._fields["state"]._description_selection(self.env))
        return LoyaltyError(
            "certificate_transition",
            self.env._(
                "Certificate %(number)s is %(from)s and cannot become %(to)s",
                number=certificate.masked_number,
                **{"from": names[before].lower(), "to": names[state].lower()},
            ),
        )

    def _log(self, certificates, state, *, from_states, reason=None, note="", at=None, purchase_id=None):
        """A line of history for each certificate, and an event for other addons."""
        at = at or fields.Datetime.now()
        # The history is written by this service alone; nobody has the right to create it.
        self.env["loy.certificate.log"].sudo().create(
            [
                {
                    "certificate_id": certificate.id,
                    "from_state": from_states[certificate.id],
                    "to_state": state,
                    "purchase_id": purchase_id,
                    "reason_id": reason.id if reason else False,
                    "note": note,
                    "user_id": self.env.uid,
                    "at": at,
                }
                for certificate in certificates
            ]
        )
        self.env["loy.events"]._emit_many(
            [
                {
                    "kind": self._event(from_states[certificate.id], state),
                    "at": at,
                    "member_id": certificate.member_id.id,
                    "purchase_id": purchase_id,
                    "company_id": certificate.company_id.id,
                    "data": {
                        "certificate": certificate.masked_number,
                        "serial": certificate.serial,
                        "type": certificate.type_id.code,
                    },
                }
                for certificate in certificates
            ]
        )

    def _event(self, before: str, state: str) -> str:
        return "certificate.activated" if (before, state) == ("new", "active") else EVENTS[state]
