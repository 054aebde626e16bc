"""What is wrong with a document has a sentence for people; what the engine no longer says has none."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.problem_words import SENTENCES, sentence_of

ENGINE = Path(__file__).parents[2] / "addons" / "loyalty_core" / "engine"
WORDS = ENGINE / "problem_words.py"


def said(node: ast.expr) -> str:
    """A text of the source, with an X for each part that differs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in node.values)
    return ""


def texts() -> Iterator[str]:
    """Every text of the engine that may be a problem."""
    for path in ENGINE.rglob("*.py"):
        if path != WORDS:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, (ast.Constant, ast.JoinedStr)):
                    yield said(node)


def test_every_sentence_is_of_something_that_the_engine_says() -> None:
    told = {sentence for text in texts() for sentence, slots in [sentence_of(text)] if "text" not in slots}
    with_hints = {"is not known; did you mean X?", "must be one of X; did you mean X?"}
    told |= {sentence_of(text)[0] for text in with_hints}
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
        ("something of an addon", "%(text)s", {"text": "something of an addon"}),
    ],
)  # fmt: skip
def test_a_problem_is_told_with_what_stands_in_it(text: str, sentence: str, slots: dict[str, str]) -> None:
    assert sentence_of(text) == (sentence, slots)
