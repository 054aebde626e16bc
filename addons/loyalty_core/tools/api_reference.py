"""docs/api.md, made from the declarations of requests and programme sections, and from tested examples."""

import inspect
import itertools
import json
import re
from collections.abc import Iterator

from ..engine.document import classes_markdown, table_markdown
from ..engine.schema import documented, members
from ..services.sections import SECTIONS

OWN = "odoo.addons.loyalty_core."

CHAPTERS = {
    "programme": "The programme",
    "member": "Members",
    "contact": "Members",
    "tier": "Members",
    "offers": "Members",
    "reward": "Members",
    "referral": "Members",
    "card": "Cards",
    "account": "Accounts",
    "pool": "Pools of accounts",
    "purchase": "Purchases",
    "code": "Promo codes",
    "books": "Operations",
    "jobs": "Operations",
    "health": "Operations",
}

_HEAD = """# The API for tills, shops and other systems

Made from the declarations and from examples that a test runs; `LOY_WRITE_DOCS=1 bin/test loyalty_core -k
up_to_date` writes it anew. Promotions are described in [promotions.md](promotions.md).

## How to call

All methods belong to the model `loy.api`, take one object called `request` and answer one object. They are
the same over both protocols of Odoo 19. The user must be in the group *Loyalty integration / Integrator*,
needs no other right, and has an API key (Preferences → Account Security → New API Key).

JSON-2:

```sh
curl -X POST https://shop.example/json/2/loy.api/health \\
     -H "Authorization: bearer $KEY" -H "X-Odoo-Database: shop" -H "Content-Type: application/json" \\
     -d '{"request": {}}'
```

XML-RPC (Python):

```python
common = xmlrpc.client.ServerProxy("https://shop.example/xmlrpc/2/common")
user = common.authenticate("shop", "till-1", KEY, {})
models = xmlrpc.client.ServerProxy("https://shop.example/xmlrpc/2/object")
models.execute_kw("shop", user, KEY, "loy.api", "health", [{}])
```

## What holds for every call

- **Keys.** Whatever changes something takes `key`: any text of up to 64 characters that the client makes
  once for each new request. Repeated with the same body, it is answered the same, and nothing happens; so a
  call that got no answer is simply sent again. With another body it is refused (`key_reused`). `2` and
  `2.0` are the same, and so are `null` and absence. A refusal is not remembered. Keys belong to the user
  and are kept for 90 days.
- **Errors.** A refusal is a text that begins with a stable code and a colon: `card_blocked: Card 2900… is
  blocked`. XML-RPC gives it as the `faultString`, JSON-2 as `message` beside a status of 4xx. Nothing has
  been done then. Every method may answer `bad_request` (all problems, each with its path), `forbidden`,
  `busy` (send it again) and `internal_error`; those with a key `key_reused` too. `refused` comes before a
  sentence of Odoo itself.
- **Guessing.** Whoever names more than a number of cards, phones, members or promo codes that are not there (settings
  `guess_misses`, `guess_minutes`; for each till, and ten times as many for a user in all) is answered
  `too_many_attempts`, with the time when to try again, by every method that names somebody, for right
  numbers too. What names nobody goes on. The same wrong number again is not counted.
- **Rate.** A user may have a limit of calls a minute of the clock; what is beyond is answered `rate_limited`, with
  the seconds to wait. Nothing was done: send the same request again.
- **Unknown keys** are refused: `bad_request: lines[1].qty is not known; did you mean quantity?`
- **Times** are ISO 8601. In purchases a time without an offset is the wall clock of the store (of an hour
  that comes twice the first), elsewhere UTC. Answers about accounts are in UTC and say so.
- **Money and points** are numbers with the decimals of the currency or the unit. Ids are texts.
- **Absent** is what is not known: answers hold no `null`.
- **Companies.** Programme, stores and purchases are those of the user's company. A user may be bound to
  stores.
- **Reading is free of effects:** methods without `key` change nothing and may be answered by a replica."""

_SECTIONS = """## Sections of the programme document

`programme_apply` takes any of these sections, `programme_export` gives them all. Records are known by their
code (products by `sku`, registers by store and code); sections may refer to each other in any order. With
`replace` a section is the whole truth: what it does not name is ended or archived, never deleted. What a
record leaves out takes its default."""


def api_markdown(api: type, examples: dict) -> str:
    """The whole page, for the class of ``loy.api``."""
    return "\n\n".join(_page(api, examples)) + "\n"


def _page(api: type, examples: dict) -> Iterator[str]:
    methods = {
        name: getattr(api, name) for name in dict.fromkeys(step["method"] for step in examples["steps"])
    }
    chapters: dict[str, list[str]] = {}
    for prefix, title in CHAPTERS.items():
        chapters.setdefault(title, []).extend(name for name in methods if name.startswith(prefix))
    yield _HEAD
    yield _contents([name for names in chapters.values() for name in names], methods)
    for title, names in chapters.items():
        yield f"## {title}"
        for name in names:
            yield from _method(name, methods[name], examples)
    yield "## Objects within requests"
    requests = [method.loy_request for method in methods.values()]
    for part in documented(requests):
        if part not in requests:
            yield f"### {part.__name__}"
            yield from _parameters(part)
    yield _SECTIONS
    for section in SECTIONS:
        if not section.document.__module__.startswith(OWN):
            continue  # add-ons tell of their own
        keys = f" with {', '.join(f'`{key}`' for key in section.marks)}" if section.marks else ""
        yield f"### `{section.told_as}`{keys}" + (" (one object)" if section.is_single else "")
        yield from _parameters(section.document)
        for part in documented([section.document])[1:]:
            yield f"`{part.__name__}`:"
            yield from _parameters(part)


def _parameters(of: type) -> Iterator[str]:
    """What a declared class is, and its parameters."""
    return itertools.islice(classes_markdown(of, known=documented([of])[1:]), 2)


def _contents(order: list[str], methods: dict) -> str:
    rows = ((f"[`{name}`](#{name})", _sentence(methods[name]), _key_or_not(methods[name])) for name in order)
    return "## Methods\n\n" + table_markdown(("method", "what", "key"), rows)


def _key_or_not(method) -> str:
    return "yes" if "key" in method.loy_request.__dataclass_fields__ else ""


def _sentence(method) -> str:
    return inspect.cleandoc(method.__doc__).partition(" Codes:")[0].replace("\n", " ")


def _codes(method) -> str:
    """The codes of refusal that the docstring lists."""
    codes = " ".join(inspect.cleandoc(method.__doc__).split()).partition(" Codes:")[2].strip(" .")
    return re.sub(r"\b[a-z]+(_[a-z]+)+\b", lambda code: f"`{code[0]}`", codes)


def _method(name: str, method, examples: dict) -> Iterator[str]:
    yield f"### {name}"
    yield _sentence(method)
    if members(method.loy_request):
        yield from itertools.islice(_parameters(method.loy_request), 1, None)
    if codes := _codes(method):
        yield f"Refusals: {codes}."
    for step in examples["steps"]:
        if step["method"] == name:
            yield from _example(step, examples["samples"])


def _example(step: dict, samples: dict) -> Iterator[str]:
    if "note" in step:
        yield step["note"]
    yield f"```json\n{_json(step['request'], samples)}\n```"
    if "error" in step:
        yield f"is refused: `{step['error']}`"
    else:
        yield f"answers\n\n```json\n{_json(step['answer'], samples)}\n```"


def _json(value: object, samples: dict) -> str:
    text = _laid_out(value, 0)
    return (
        re.sub(r'"\{(\w+)\}"', lambda name: json.dumps(samples[name[1]]), text)
        .replace('"…": "…"', "…")
        .replace('"…"', "…")
    )


def _laid_out(value: object, depth: int, width: int = 100) -> str:
    """JSON with short things on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + 2 * depth <= width or not isinstance(value, (dict, list)) or not value:
        return flat
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        last = "…"  # that there is more is said at the end
        pairs = sorted(value.items(), key=lambda pair: pair[0] == last)
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(item, depth + 1)}" for key, item in pairs
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + "\n" + outer + "}"
    items = [_laid_out(item, depth + 1) for item in value]
    return "[\n" + ",\n".join(inner + item for item in items) + "\n" + outer + "]"
