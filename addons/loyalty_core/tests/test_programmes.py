"""Published rules of real programmes as documents, and their worked cases through the public API.

Each file of ``programmes`` is one programme: where its rules are published, the document, and cases. A case names its
members (as ``members_import`` takes them) and steps; a step is a call with its request and what the answer must say of
the keys that it names. Of a request goes without saying: a new key, the store and number of a purchase, and the member
where there is one only. No case has code of its own.
"""

import json
from itertools import count
from pathlib import Path

from odoo.tests import tagged

from ..services.endpoint import ApiError
from .api_common import ApiCase

FOLDER = Path(__file__).parent / "programmes"
BEGINNING = "2010-01-01T00:00:00Z"
SETTINGS = {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "forward_days": 10_000, "guess_misses": 0}


def named(answer, expected):
    """The part of an answer that an expectation names."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return {key: named(answer.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        return [named(item, value) for item, value in zip(answer, expected, strict=True)]
    return answer


@tagged("post_install", "-at_install")
class TestProgrammes(ApiCase):
    programme = {"settings": SETTINGS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A test database is wound forward.
        cls.env["ir.config_parameter"].sudo().set_param("loyalty_core.is_test_database", "True")
        cls.files = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]

    @classmethod
    def apply(cls, programme, **request):
        return super().apply(programme, **{"at": BEGINNING, **request})

    def test_every_figure_of_every_case_comes_out(self):
        self.assertTrue(self.files)
        for programme in self.files:
            for case in programme["cases"]:
                with self.subTest(case=case["id"]), self.undone():
                    self.play(programme, case)

    def test_a_document_is_what_its_export_says(self):
        for programme in self.files:
            with self.subTest(programme=programme["name"]), self.undone():
                self.apply_whole(programme)
                exported = self.call("programme_export")["programme"]
                answer = self.call("programme_apply", programme=exported, dry_run=True)
                self.assertEqual((answer["created"], answer["updated"], answer["ended"]), (0, 0, 0))

    def apply_whole(self, programme):
        document = {**programme["programme"]}
        document["stores"] = [{"code": "S", "name": "Store"}, *document.get("stores", ())]
        document["settings"] = {**SETTINGS, **document.get("settings", {})}
        self.apply(document)

    def play(self, programme, case):
        self.apply_whole(programme)
        self.numbers = count(1)
        members = self.members_of(case)
        for number, step in enumerate(case["steps"], 1):
            with self.subTest(case=case["id"], step=number):
                self.play_step(step, members)

    def members_of(self, case):
        """{name: id}; a case that says nothing of members has one, M."""
        members = {}
        for name, opening in case.get("members", {"M": {}}).items():
            opening = {"external_id": name, **opening}
            at = opening.pop("at", opening.get("registered", BEGINNING))
            answer = self.call("members_import", members=[opening], at=at)
            members[name] = answer["members"][0]["member"]
        return members

    def play_step(self, step, members):
        method, request = step["call"], dict(step.get("request", {}))
        who = members[request.pop("who", next(iter(members)))]
        if method.startswith("purchase_"):
            request.setdefault("purchase", f"P{next(self.numbers)}")
            if method not in ("purchase_get", "purchase_cancel", "purchase_return"):
                request = {"store": "S", "member": {"member": who}, **request}
        elif "member" in getattr(self.api, method).loy_request.__dataclass_fields__:
            request.setdefault("member", who)
        try:
            answer = self.call(method, **request)
        except ApiError as refusal:
            answer = {"refused": refusal.code}
            self.assertIn("refused", step.get("answer", {}), str(refusal))
        expected = step.get("answer", {})
        self.assertEqual(named(answer, expected), expected)
