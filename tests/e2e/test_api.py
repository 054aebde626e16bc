"""The API from outside: all examples of docs/api.md over both protocols, and what each protocol refuses."""

import importlib.util
import xmlrpc.client

import pytest

from tools import database
from tools.database import ADDONS
from tools.server import Json2Error, api_key

_spec = importlib.util.spec_from_file_location("api_examples", ADDONS / "loyalty_core/tests/api_examples.py")
api_examples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(api_examples)

EXAMPLES = api_examples.load()
METHODS = sorted({step["method"] for step in EXAMPLES["steps"]})
GARBAGE = [None, {}, [], "x", {"key": 7}, {"unheard_of": 1}, {"lines": [{"quantity": "many"}], "store": 5}]


class OverXmlRpc:
    """A till that speaks XML-RPC with an API key in place of the password."""

    def __init__(self, server, key, login="integrator"):
        self.client = server.xmlrpc(login, key)

    def call(self, method, request):
        try:
            return self.client.call("loy.api", method, [request])
        except xmlrpc.client.Fault as fault:
            raise api_examples.Refused(fault.faultString) from None


class OverJson2:
    """A till that speaks JSON-2."""

    def __init__(self, server, key, login="integrator"):
        self.client = server.json2(key)

    def call(self, method, request):
        try:
            return self.client.call("loy.api", method, request=request)
        except Json2Error as error:
            assert 400 <= error.status < 500, error
            assert "File " not in error.body.get("debug", ""), error.body
            raise api_examples.Refused(error.body["message"]) from None


PROTOCOLS = {"xmlrpc": OverXmlRpc, "json2": OverJson2}


@pytest.fixture(scope="module")
def key(bare_server):
    return bare_server.integrator_key()


@pytest.fixture(params=PROTOCOLS)
def till(request, bare_server, key):
    return PROTOCOLS[request.param](bare_server, key)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_example_is_answered_as_documented(bare_server, key, protocol):
    """Each protocol has codes, keys and numbers of its own, so that nothing is only a repetition."""
    bare_server.xmlrpc().call("ir.config_parameter", "set_param", ["loyalty_core.is_test_database", "True"])
    identity = str(1 + list(PROTOCOLS).index(protocol))
    till = PROTOCOLS[protocol](bare_server, key)

    def code_in_the_last_mail(_name):
        (code,) = database.sql(
            bare_server.database,
            "SELECT substring(body_html FROM '[0-9]{6}') FROM mail_mail JOIN loy_contact_code ON mail_id = mail_mail.id"
            " ORDER BY loy_contact_code.id DESC LIMIT 1",
        )
        return code

    problems = api_examples.run(till.call, api_examples.load(identity), code_in_the_last_mail)
    assert not problems, "\n".join(problems)


def test_both_protocols_give_the_same_answer(bare_server, key):
    tills = [protocol(bare_server, key) for protocol in PROTOCOLS.values()]
    programme = {"units": [{"code": "BOTH-UNIT"}], "stores": [{"code": "BOTH-S1", "timezone": "Europe/Kyiv"}]}
    lines = [{"id": "1", "sku": "X", "quantity": 2.5, "price": 3.99}]
    for method, request in (
        ("programme_apply", {"key": "both-1", "programme": programme}),
        ("purchase_calculate", {"store": "BOTH-S1", "lines": lines, "explain": True}),
        ("purchase_confirm", {"key": "both-2", "purchase": "BOTH-1", "store": "BOTH-S1", "lines": lines}),
        ("purchase_get", {"purchase": "BOTH-1"}),
        ("programme_export", {}),
    ):
        first, second = (till.call(method, request) for till in tills)
        assert first == second, method


@pytest.mark.parametrize("method", METHODS)
def test_garbage_is_refused_with_a_code_and_no_traceback(till, method):
    for request in GARBAGE:
        if (
            not request
            and not isinstance(request, str)
            and method in ("health", "books_check", "programme_export")
        ):
            continue  # nothing is just what they want
        with pytest.raises(api_examples.Refused) as refusal:
            till.call(method, request)
        text = str(refusal.value)
        assert text.startswith("bad_request: "), text
        assert "Traceback" not in text, text


def test_an_unknown_key_is_told_with_the_likely_meaning(till):
    request = {"store": "S", "lines": [{"id": "1", "sku": "X", "quantity": 1, "qty": 2}]}
    with pytest.raises(
        api_examples.Refused, match=r"^bad_request: lines\[0\]\.qty is not known; did you mean quantity"
    ):
        till.call("purchase_calculate", request)


@pytest.mark.parametrize("group", ["base.group_portal", "loyalty_core.group_admin"])
def test_a_key_of_anybody_else_opens_nothing(bare_server, group):
    login = group.replace(".", "-")
    key = api_key(bare_server.site, bare_server.database, login, group)
    for protocol in PROTOCOLS.values():
        stranger = protocol(bare_server, key, login)
        for method in METHODS:
            with pytest.raises(api_examples.Refused, match=r"\Aforbidden: "):
                stranger.call(method, {})


def test_an_integrator_reads_no_records(bare_server, key):
    client = bare_server.json2(key)
    for model, method in (
        ("loy.ledger", "search"),
        ("loy.api", "search"),
        ("loy.purchase", "search"),
        ("res.partner", "search"),
    ):
        with pytest.raises(Json2Error) as refusal:
            client.call(model, method)
        assert 400 <= refusal.value.status < 500, (model, method)


def test_the_servers_log_tells_nobodys_phone_card_or_key(bare_server, key):
    phone, card = "+380671110987", "2900000777776"
    before, client = bare_server.log.stat().st_size, bare_server.json2(key)
    for who, last in (({"phone": phone}, "0987"), ({"card": card}, "7776")):
        with pytest.raises(Json2Error, match=last):
            client.call("loy.api", "member_find", request=who)
    with bare_server.log.open() as file:
        file.seek(before)
        said = file.read()
    assert "member_not_found" in said and "***0987" in said and "***7776" in said
    assert phone not in said and card not in said
