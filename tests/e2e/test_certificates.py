"""Fifty tills take one gift certificate at once, and sell one at once, against a server of eight workers.

Law: what is on a certificate is paid once, a certificate is sold once, and nobody gets an error but a refusal that the
API names.
"""

import itertools

import pytest

from tools import database
from tools.crowd import at_once
from tools.server import Json2Error, demo_server

TILLS = 50
PRODUCT = "E2E-GIFT"
PROGRAMME = {
    "settings": {"guess_misses": 0},
    "stores": [{"code": "GIFTS", "timezone": "Europe/Kyiv"}],
    "products": [{"sku": PRODUCT, "name": "Gift certificate", "price": 100}],
    "certificate_types": [
        {
            "code": "E2E-FREE",
            "name": "Virtual",
            "value_min": 1,
            "virtual": True,
            "number": {"prefix": "61", "length": 16},
        },
        {
            "code": "E2E-SOLD",
            "name": "Sold",
            "value": 100,
            "virtual": True,
            "product": PRODUCT,
            "number": {"prefix": "62", "length": 16},
        },
    ],
}
_numbers = itertools.count(1)


def new(prefix):
    return f"{prefix}-{next(_numbers)}"


class Tills:
    """Each has a connection of its own."""

    def __init__(self, server):
        key = server.integrator_key()
        self.clients = [server.json2(key) for _ in range(TILLS)]

    def call(self, method, number=0, **request):
        return self.clients[number].call("loy.api", method, request=request)

    def at_once(self, work):
        """``work(number)`` of all tills, started together; the answers, or the codes of refusals."""

        def one(number):
            try:
                return work(number)
            except Json2Error as error:
                return error.body["message"].partition(":")[0]

        return at_once(TILLS, one)

    def assert_books(self):
        books = self.call("books_check")
        assert books["ok"], books["differences"]


@pytest.fixture(scope="module")
def tills(_environment):
    with demo_server(workers=8, demo=False) as server:
        tills = Tills(server)
        tills.call("programme_apply", key="certificates", programme=PROGRAMME)
        yield tills
        server.stop()
        assert not database.problems(server.log)


def test_fifty_tills_take_no_more_than_there_is_on_one_certificate(tills):
    gift = tills.call("certificate_issue", key=new("gift"), type="E2E-FREE", value=100)
    wish = {"number": gift["number"], "pin": gift["pin"]}
    basket = {"store": "GIFTS", "lines": [{"id": "1", "sku": "thing", "quantity": 1, "price": 7}]}

    def work(number):
        return tills.call(
            "purchase_confirm", number, key=new("pay"), purchase=f"PAY-{number}", certificates=[wish], **basket
        )

    answers = tills.at_once(work)
    paid = [one["totals"]["certificates"] for one in answers if isinstance(one, dict)]
    assert sum(paid) == 100
    assert sorted(paid)[-14:] == [7] * 14  # fourteen whole receipts and one in part, the others find nothing
    assert {one for one in answers if isinstance(one, str)} == {"certificate_used"}
    told = tills.call("certificate_get", certificate=gift["number"], pin=gift["pin"])
    assert (told["left"], told["state"]) == (0, "used")
    assert sum(one["amount"] for one in told["movements"]) == 0
    tills.assert_books()


def test_fifty_tills_hold_and_let_go_of_two_certificates_in_any_order(tills):
    gifts = [tills.call("certificate_issue", key=new("gift"), type="E2E-FREE", value=300) for _place in range(2)]
    wishes = [{"number": gift["number"], "pin": gift["pin"]} for gift in gifts]
    basket = {"store": "GIFTS", "lines": [{"id": "1", "sku": "thing", "quantity": 1, "price": 40}]}

    def work(number):
        order = wishes if number % 2 else wishes[::-1]
        purchase = {"purchase": f"HOLD-{number}"}
        tills.call("purchase_hold", number, key=new("hold"), certificates=order, **purchase, **basket)
        method = "purchase_confirm" if number % 5 == 0 else "purchase_cancel"
        answer = tills.call(method, number, key=new("end"), **purchase)
        return answer["totals"]["certificates"] if "totals" in answer else 0

    answers = tills.at_once(work)
    assert not {one for one in answers if isinstance(one, str)}
    left = sum(tills.call("certificate_check", certificate=one["number"], pin=one["pin"])["left"] for one in gifts)
    assert left == 600 - sum(answers)
    tills.assert_books()


def test_a_purchase_that_many_confirm_sells_its_certificate_once(tills):
    line = {"id": "1", "sku": PRODUCT, "quantity": 1, "price": 100}

    def work(number):
        return tills.call(
            "purchase_confirm", number, key=f"sell-{number % 2}", purchase="SELL", store="GIFTS", lines=[line]
        )

    answers = tills.at_once(work)
    numbers = {one["sold"][0]["number"] for one in answers if isinstance(one, dict)}
    assert len(numbers) == 1
    assert {one for one in answers if isinstance(one, str)} <= {"purchase_confirmed"}
    tills.assert_books()


def test_wrong_pins_close_a_certificate_for_a_while_and_nobody_learns_that_it_is_there(tills):
    gift, other = (tills.call("certificate_issue", key=new("gift"), type="E2E-FREE", value=100) for _place in range(2))
    wrong = "0000" if gift["pin"] != "0000" else "1111"

    def refusal(number, pin):
        with pytest.raises(Json2Error) as caught:
            tills.call("certificate_check", certificate=number, pin=pin)
        return caught.value.body["message"]

    for _time in range(3):
        tills.call("certificate_check", certificate=gift["number"], pin=gift["pin"])  # begins anew with the right one
        texts = {refusal(gift["number"], wrong) for _miss in range(3)}
    texts |= {refusal(gift["number"], wrong), refusal(gift["number"], gift["pin"]), refusal("6100000000000000", "1")}
    assert len(texts) == 1
    assert texts.pop().startswith("certificate_not_found: ")
    asked = {"certificate": other["number"], "pin": other["pin"]}
    answers = tills.at_once(lambda number: tills.call("certificate_check", number, **asked))
    assert all(one["usable"] for one in answers)
