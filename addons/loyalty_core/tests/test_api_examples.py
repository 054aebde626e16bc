"""docs/api.md is true: every example answers as it says, and the page is what the declarations say."""

import os
import re
from pathlib import Path
from unittest.mock import patch

from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.addons.loyalty_core.services.gives import GIFTS
from odoo.addons.loyalty_core.tools.api_reference import api_markdown
from odoo.tests import TransactionCase, new_test_user, tagged

from . import api_examples
from .test_api_guard import OWN, own_methods

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


@tagged("post_install", "-at_install")
class TestApiExamples(TransactionCase):
    def test_every_example_is_answered_as_documented(self):
        self.env["loy.promotion"].search([("state", "=", "active")]).state = "paused"
        self.env["ir.config_parameter"].set_param("loyalty_core.is_test_database", "True")
        user = new_test_user(self.env, "t_examples", groups="loyalty_core.group_integrator")
        api = self.env["loy.api"].with_user(user)

        def call(method, request):
            try:
                return getattr(api, method)(request)
            except ApiError as refusal:
                raise api_examples.Refused(str(refusal)) from None

        def code_in_the_last_mail(_name):
            mail = self.env["mail.mail"].search([("model", "=", "loy.contact.code")], order="id desc", limit=1)
            return re.search(r"\b\d{6}\b", mail.body_html)[0]

        problems = api_examples.run(call, api_examples.load(), code_in_the_last_mail)
        self.assertFalse(problems, "\n".join(problems))

    def test_every_method_has_an_example(self):
        methods = {step["method"] for step in api_examples.load()["steps"] if "answer" in step}
        self.assertEqual(methods, set(own_methods(self.env["loy.api"])))

    def test_the_page_is_up_to_date(self):
        own = {key: of for key, of in GIFTS.items() if of.__module__.startswith(OWN)}
        with patch.dict(GIFTS, own, clear=True):  # add-ons tell of their own
            text = api_markdown(type(self.env["loy.api"]), api_examples.load())
        for name in own_methods(self.env["loy.api"]):
            self.assertIn(f"\n### {name}\n", text, "its first word wants a chapter of the page")
        if os.environ.get("LOY_WRITE_DOCS"):
            PAGE.write_text(text)
        self.assertEqual(
            PAGE.read_text(), text, "LOY_WRITE_DOCS=1 bin/test loyalty_core -k up_to_date writes it anew"
        )
