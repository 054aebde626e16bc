"""One guard for every public method of the API: who may call and how often, what is understood, and only once."""

import functools
import hashlib
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from odoo import api, fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from psycopg2 import OperationalError

from ..engine import schema
from .auditor import Door
from .errors import LoyaltyError
from .meter import meter_of
from .transaction import RETRIED, lock_name, run_with_retry

_logger = logging.getLogger(__name__)

XMLRPC_INTEGER_LIMIT = 2**31 - 1


class ApiError(LoyaltyError):
    """What a client is told. It has no traceback: JSON-2 would print it into the answer. A refusal is an ordinary
    answer, so Odoo logs it as information: warnings are for those who run the server."""

    loglevel = logging.INFO
    __traceback__ = property(lambda self: None, lambda self, value: None)  # type: ignore[assignment]

    def __init__(self, text: str):
        UserError.__init__(self, text)
        self.code = text.partition(":")[0]


class ApiAccessError(AccessError):
    """The user may not call the API at all; it has no traceback either."""

    __traceback__ = ApiError.__traceback__
    code = "forbidden"


def reads(request_class: type) -> Callable:
    """A method without effect: it may run on a replica, and takes no key."""
    return _public(request_class, _read, api.readonly)


def tells(request_class: type) -> Callable:
    """A method whose telling is itself on record: it takes no key and its answer is kept nowhere, but it runs where the
    record can be written, not on a replica."""
    return _public(request_class, _read, _on_record)


def _on_record(method: Callable) -> Callable:
    method.loy_on_record = True
    return method


def writes(request_class: type) -> Callable:
    """A method that changes something: it happens wholly and once for a ``key``, or not at all.

    The same key with the same body gets the first answer again; with another body it is refused (``key_reused``).
    """
    return _public(request_class, _write)


def _public(request_class: type, run: Callable, *marks: Callable) -> Callable:
    def decorate(method):
        @functools.wraps(method)
        def guarded(self, request=None):
            start, result = time.perf_counter(), "ok"
            try:
                return _guard(
                    self, method.__name__, lambda api_model: run(api_model, method, request_class, request)
                )
            except (ApiError, ApiAccessError) as refusal:
                result = refusal.code
                raise
            except BaseException:
                result = "broken_off"
                raise
            finally:
                meter_of(self.env.cr.dbname).add(method.__name__, result, time.perf_counter() - start)
                self.env["loy.meter"]._flush_due()

        guarded.loy_request = request_class
        for mark in (api.model, *marks):
            guarded = mark(guarded)
        return guarded

    return decorate


def _guard(self, name: str, call: Callable):
    """The caller has the right to this method; the context is our own; what goes wrong is a code and a sentence."""
    self.env["loy.era"]._meet()  # a call may run over another connection than its request came with
    rights = self.env["loy.rights"]
    if not rights._has(f"api.{name}"):
        raise ApiAccessError(_refusal(rights, name))
    # Company, language and record rules must not depend on what the client puts into the context.
    lang = self.env["res.users"].context_get()["lang"]
    api_model = self.with_env(self.env(context={"lang": lang, "loy_door": Door.API}))
    try:
        api_model.env["loy.rates"]._take()
        return call(api_model)
    except UserError as error:
        raise ApiError(_with_code(error)) from None
    except Exception as error:
        if api_model.env.cr.connection.closed:
            _logger.warning("The database went away during a call: %s", error)
            raise ApiError(
                self.env._("busy: the database is away for a moment; nothing was done. Send the same request again.")
            ) from None
        if isinstance(error, (*RETRIED, OperationalError)):
            raise  # inside somebody else's transaction: its owner repeats it
        _logger.exception("The API failed")
        raise ApiError(
            self.env._("internal_error: something is wrong on the server; nothing was done. The log has the details.")
        ) from None


def _refusal(rights, name: str) -> str:
    """A program that may call some methods is told which right it lacks; anybody else, that this is not for people."""
    if any(code.startswith("api.") for code in rights._codes()):
        try:
            rights._check(f"api.{name}")
        except LoyaltyError as missing:
            return str(missing)
    return rights.env._(
        "forbidden: user %s is not in the group Loyalty integration / Integrator.", rights.env.user.login
    )


def _with_code(error: UserError) -> str:
    """A refusal by Odoo itself (a constraint, say) has no code of ours."""
    text = str(error)
    return text if isinstance(error, LoyaltyError) else f"refused: {text}"


def _read(api_model, method, request_class, body) -> dict:
    return _served(api_model, method, _parse(api_model, request_class, body))


def _served(api_model, method, request) -> dict:
    with api_model.env["loy.guesses"]._watch(request):
        return _outgoing(method(api_model, request))


def _write(api_model, method, request_class, body) -> dict:
    request = _parse(api_model, request_class, body)
    return run_with_retry(api_model.env, lambda: _once(api_model, method, request))


def _once(api_model, method, request) -> dict:
    """The key is locked before it is looked up, so of two that meet the second reads the first one's answer."""
    env = api_model.env
    digest = _digest(request)
    lock_name(env, "request", env.uid, request.key)
    env.cr.execute(
        SQL(
            "SELECT method, body_hash, answer FROM loy_request WHERE user_id = %s AND key = %s", env.uid, request.key
        )
    )
    known = env.cr.fetchone()
    if known:
        if known[:2] != (method.__name__, digest):
            raise LoyaltyError(
                "key_reused",
                env._("Key %s was used for another request. Make a new key for each new request.", request.key),
            )
        return json.loads(known[2])
    answer = _served(api_model, method, request)
    env.cr.execute(
        SQL(
            """
            INSERT INTO loy_request (user_id, key, method, body_hash, answer, answered_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            env.uid,
            request.key,
            method.__name__,
            digest,
            json.dumps(answer),
            fields.Datetime.now(),
        )
    )
    return answer


def _parse(api_model, request_class, body):
    try:
        return schema.read(request_class, {} if body is None else body)
    except schema.DocumentError as error:
        raise LoyaltyError("bad_request", str(error)) from None


def _digest(request) -> str:
    """Of the parsed request, so that 2 equals 2.0 and null equals absent; the key itself is not part of it."""
    body = _canonical(request)
    body.pop("key")
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _canonical(value):
    """One form for all that means the same: what is absent or goes without saying is left out (so a parameter that a
    later version adds does not make old requests look new), numbers are told by their value."""
    if is_dataclass(value):
        members = schema.members(type(value)).values()
        given = {member.name: getattr(value, member.name) for member in members}
        value = {
            member.name: given[member.name]
            for member in members
            if member.is_required or given[member.name] != member.default
        }
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return {"number": f"{number.normalize():f}"}
    return value


def _outgoing(value):
    """What both protocols can carry: no None, no integer beyond 32 bits, no number that is not finite; instants of the
    database are UTC and say so."""
    if isinstance(value, dict):
        return {key: _outgoing(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_outgoing(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return value if abs(value) <= XMLRPC_INTEGER_LIMIT else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot be sent")
    return value
