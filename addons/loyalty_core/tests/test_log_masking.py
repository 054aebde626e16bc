"""What tells a person or opens a door does not stand in log files; the same of a server: tests/e2e/test_api.py."""

import doctest
import io
import logging

from odoo.addons.loyalty_core.tools import log_masking
from odoo.tests import BaseCase, tagged

SECRETS = ("+380671119999", "secret.person@example.com", "2900000000999", "0123456789abcdef0123456789abcdef01234567")


@tagged("post_install", "-at_install")
class TestLogMasking(BaseCase):
    def written(self, name, message, *arguments, error=None):
        """What a log file gets of a record."""
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.addFilter(log_masking.MaskingFilter())
        handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
        trace = error and (type(error), error, error.__traceback__)
        handler.handle(logging.getLogger(name).makeRecord(name, logging.ERROR, "", 0, message, arguments, trace))
        return stream.getvalue()

    def test_the_examples(self):
        self.assertFalse(doctest.testmod(log_masking).failed)

    def test_messages_arguments_and_tracebacks_are_masked(self):
        for name in ("odoo.addons.loyalty_core.services.members", "odoo.http", "odoo.sql_db"):
            for secret in SECRETS:
                for text in (
                    self.written(name, "said %s of %r", 17, secret),
                    self.written(name, f"said 17 of {secret}"),
                    self.written(name, "said 17", error=ValueError(f"Key (x)=({secret}) is there")),
                ):
                    self.assertNotIn(secret, text)
                    self.assertIn("said 17", text)
                    self.assertIn("***", text)

    def test_other_loggers_say_what_they_say(self):
        self.assertIn(SECRETS[1], self.written("some.other.library", "to %s", SECRETS[1]))

    def test_every_handler_of_the_process_masks_once(self):
        handler = logging.NullHandler()
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        before = {one: list(one.filters) for one in root.handlers}
        self.addCleanup(lambda: [setattr(one, "filters", filters) for one, filters in before.items()])
        log_masking.install()
        log_masking.install()
        self.assertEqual([type(one) for one in handler.filters], [log_masking.MaskingFilter])
