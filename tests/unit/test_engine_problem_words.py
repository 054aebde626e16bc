"""What is wrong with a document has a sentence for people; what the engine no longer says has none."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.problem_words import SENTENCES, sentence_of

ADDON = Path(__file__).parents[2] / "addons" / "loyalty_core"
ENGINE = ADDON / "engine"
WORDS = ENGINE / "problem_words.py"
#: Where else documents are refused.
BESIDE = (ADDON / "services" / "attributes.py", ADDON / "services" / "editor.py")
CODES = {"missing", "unknown", "type", "length", "range", "decimals", "choice", "format", "duplicate", "reference",
         "conflict"}  # fmt: skip
#: What the source puts together of parts, as it comes out.
PUT_TOGETHER = {
    "is not knownX": ("is not known", "is not known; did you mean X?"),
    "must be one of XX": ("must be one of X", "must be one of X; did you mean X?"),
    "must be X, as X is": (
        "must be a number, as X is",
        "must be true or false, with eq or ne, as X is",
        "must be of its directory, with eq, ne, in or not_in, as X is",
        "must be a day like 2026-12-31, as X is",
        "must be a text, as X is",
    ),
    "needs kindX": ("needs kind", "needs kind or all or any or not"),
}


def said(node: ast.expr) -> str:
    """A text of the source, with an X for each part that differs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in node.values)
    return ""


def texts() -> Iterator[str]:
    """Every text of the source that may be a problem, as it comes out."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                yield from PUT_TOGETHER.get(said(node), (said(node),))


def trees() -> Iterator[ast.Module]:
    for path in (*ENGINE.rglob("*.py"), *BESIDE):
        if path != WORDS:
            yield ast.parse(path.read_text())


def refusals() -> Iterator[str]:
    """Every text with which the source refuses a document: (path, code, text) of calls and of yields. A text that has a
    name comes from what the function keeps under it, or from a function that is called after it."""
    functions = [node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    returned: dict[str, list[str]] = {}
    for function in functions:
        given = [said(one.value) for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
        returned.setdefault(function.name.rsplit("_", 1)[-1], []).extend(given)
    for function in functions:
        kept: dict[str, list[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                kept.setdefault(node.targets[0].id, []).append(said(node.value))
        for node in ast.walk(function):
            parts: list[ast.expr] = []
            if isinstance(node, ast.Call):
                parts = node.args
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                parts = node.value.elts
            if len(parts) == 3 and isinstance(parts[1], ast.Constant) and parts[1].value in CODES:
                told = [said(parts[2])]
                if isinstance(parts[2], ast.Name):
                    told = kept.get(parts[2].id) or returned.get(parts[2].id, [])
                    told = [text for text in told if text not in ("", "None")]
                assert told and all(told), f"say in plain text what is wrong: {ast.unparse(node)}"
                for text in told:
                    yield from PUT_TOGETHER.get(text, (text,))


def test_whatever_is_refused_has_a_sentence() -> None:
    without = {text for text in refusals() if "text" in sentence_of(text)[1]}
    assert not without
    assert len(set(refusals())) > 90


def test_every_sentence_is_of_something_that_the_engine_says() -> None:
    told = {sentence for text in texts() for sentence, slots in [sentence_of(text)] if "text" not in slots}
    assert set(SENTENCES.values()) == told


@pytest.mark.parametrize(
    ("text", "sentence", "slots"),
    [
        ("is required", "Fill this in.", {}),
        ("must be at least 5", "It must be at least %(bound)s.", {"bound": "5"}),
        ("is not known; did you mean sku?", "This is not known here; is %(meant)s meant?", {"meant": "sku"}),
        ("must be one of a, b; did you mean a?", "Choose one of these: %(values)s. Is %(meant)s meant?",
         {"values": "a, b", "meant": "a"}),
        ("must have 1 to 50 items", "From %(least)s to %(most)s of them are possible.", {"least": "1", "most": "50"}),
        ("needs kind or all or any or not", "Choose what it is.", {"others": " or all or any or not"}),
        ("needs exactly one of a, b", "Say exactly one of these: %(keys)s.", {"keys": "a, b"}),
        ("something of an addon", "%(text)s", {"text": "something of an addon"}),
    ],
)  # fmt: skip
def test_a_problem_is_told_with_what_stands_in_it(text: str, sentence: str, slots: dict[str, str]) -> None:
    assert sentence_of(text) == (sentence, slots)
