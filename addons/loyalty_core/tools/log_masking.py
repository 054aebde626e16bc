"""Log files go to more people than the data do: phones, e-mails, card numbers and keys stand in them masked.

What is masked are the records of the suite, and those of Odoo that quote requests and queries. Names cannot be told
from other words, so our own messages never carry them.
"""

import logging
import re
import traceback

#: Loggers whose records may quote what a request or a query carried.
MASKED = (
    *("odoo.addons.loyalty_", "odoo.addons.rpc", "odoo.addons.base", "odoo.addons.mail", "odoo.addons.auth_signup"),
    *("odoo.http", "odoo.models", "odoo.service", "odoo.sql_db", "werkzeug"),
)

EMAIL = re.compile(r"([\w.+%-])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)")
KEY = re.compile(r"(?i)(bearer\s+|x-api-key\s*[:=]\s*)\S+|(?<![\w/])[0-9a-f]{40}(?!\w)")
PHONE = re.compile(r"\+\d[\d ().-]{6,}\d")
#: A code that was sent to confirm a contact, as a request quotes it.
CODE = re.compile(r"""(["']code["']\s*:\s*["'])\d{6}(?=["'])""")
#: As people write them: (067) 123-45-67, and 2900 0000 0001 8.
LOCAL_PHONE = re.compile(r"(?<![\w.,:/-])\(?0\d{2}\)?(?:[ -]?\d){7}(?!\d)")
GROUPED_NUMBER = re.compile(r"(?<![\w.-])\d{4}(?:[ -]\d{4}){2,}(?:[ -]\d{1,3})?(?![\w-])")
NUMBER = re.compile(r"(?<![\w.-])\d{10,}(?![\w-])")


def mask(text: str) -> str:
    """
    >>> mask("member_exists: a member with phone +380671234567 and olena.koval@example.com is there: id 17")
    'member_exists: a member with phone +380***4567 and o***@example.com is there: id 17'
    >>> mask("card_blocked: Card 2900000000018 is blocked")
    'card_blocked: Card ***0018 is blocked'
    >>> mask("2026-11-27 16:35:05,636 purchase S1-R1-000123 of 1250.00, 380 ms")
    '2026-11-27 16:35:05,636 purchase S1-R1-000123 of 1250.00, 380 ms'
    >>> mask("authorization: bearer 5f2b9c")
    'authorization: bearer ***'
    >>> mask("X-Api-Key: 5f2b9c")
    'X-Api-Key: ***'
    >>> mask("contact_confirm {'contact': 'phone', 'code': '493817'}")
    "contact_confirm {'contact': 'phone', 'code': '***'}"
    >>> mask("call (067) 123-45-67 or 067 123 45 67 about card 2900-0000-0001-8")
    'call ***5-67 or ***5 67 about card ***01-8'
    """
    text = EMAIL.sub(r"\1***@\2", text)
    text = CODE.sub(r"\1***", text)
    text = KEY.sub(lambda found: f"{found[1] or ''}***", text)
    text = PHONE.sub(lambda found: f"{found[0][:4]}***{found[0][-4:]}", text)
    for written in (LOCAL_PHONE, GROUPED_NUMBER):
        text = written.sub(lambda found: f"***{found[0][-4:]}", text)
    return NUMBER.sub(lambda found: f"***{found[0][-4:]}", text)


class MaskingFilter(logging.Filter):
    """On a handler: what it writes is masked, whatever logger said it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(MASKED):
            said = record.getMessage()
            masked = mask(said)
            if masked != said:
                record.msg, record.args = masked, ()
            if record.exc_info and record.exc_info[0]:
                # A formatter takes what is there.
                record.exc_text = mask("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return True


def install() -> None:
    """All that the process logs from now on; called twice it is installed once."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(one, MaskingFilter) for one in handler.filters):
            handler.addFilter(MaskingFilter())
