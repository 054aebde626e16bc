"""The vectors: cases worked out by hand, shared with every other implementation of the engine.

Of the expected answer only what is named is compared: keys of an object, all items of a list.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from engine import Basket, compile_programme, evaluate, explain
from engine.registry import CONDITIONS, REWARDS

FOLDER = Path(__file__).parents[2] / "addons" / "loyalty_core" / "tests" / "vectors"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['title']}")
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text())
]


def named(answer: Any, expected: Any) -> Any:
    """The part of an answer that an expectation names."""
    if isinstance(expected, dict):
        return {key: named(answer.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        return [named(item, value) for item, value in zip(answer, expected, strict=True)]
    return answer


@pytest.mark.parametrize("case", CASES)
def test_the_engine_answers_as_worked_out_by_hand(case: dict[str, Any]) -> None:
    calculate = explain if case.get("explain") else evaluate
    result = calculate(compile_programme(case["programme"]), Basket.from_document(case["basket"]))
    answer = json.loads(json.dumps(result.to_document()))
    assert named(answer, case["expected"]) == case["expected"]


@pytest.mark.parametrize("kind", [*CONDITIONS.names, *REWARDS.names])
def test_every_kind_has_its_vectors(kind: str) -> None:
    assert (FOLDER / f"{kind}.json").exists()
