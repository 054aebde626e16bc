"""docs/promotions.md says what the engine accepts. Run this file to write it anew."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "addons" / "loyalty_core"))

import pytest
from engine import compile_programme
from engine.document import REFUSALS, promotions_markdown
from engine.registry import CONDITIONS, REWARDS, TRIGGERS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promotions.md"
VECTORS = ROOT / "addons" / "loyalty_core" / "tests" / "vectors"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == promotions_markdown(), (
        f"write it anew: python {Path(__file__).relative_to(ROOT)}"
    )


@pytest.mark.parametrize("name", CONDITIONS.names)
def test_the_example_of_a_condition_is_valid(name: str) -> None:
    when = {"kind": name, **CONDITIONS.leaves[name].example}
    promotion = {"code": "A", "when": when, "rewards": [{"kind": "points", "unit": "BONUS", "percent": 10}]}
    document = {"units": [{"code": "BONUS"}], "code_pools": [{"code": "SPRING"}], "promotions": [promotion]}
    assert compile_programme(document).promotions[0].when.kind == name


@pytest.mark.parametrize("name", REWARDS.names)
def test_the_example_of_a_reward_is_valid(name: str) -> None:
    reward = {"kind": name, **REWARDS.leaves[name].example}
    records = {"units": [{"code": "BONUS"}], "code_pools": [{"code": "COUPON"}]}
    document = {**records, "promotions": [{"code": "A", "rewards": [reward]}]}
    assert compile_programme(document).promotions[0].rewards[0].kind == name


@pytest.mark.parametrize("name", TRIGGERS.names)
def test_the_example_of_a_trigger_is_valid(name: str) -> None:
    on = {"event": name, **TRIGGERS.leaves[name].example}
    reward = {"kind": "points", "unit": "BONUS", "amount": 10}
    document = {"units": [{"code": "BONUS"}], "promotions": [{"code": "A", "on": on, "rewards": [reward]}]}
    trigger = compile_programme(document).promotions[0].on
    assert trigger is not None and trigger.kind == name


def test_every_refusal_of_the_vectors_is_explained() -> None:
    cases = [case for path in VECTORS.glob("*.json") for case in json.loads(path.read_text())]
    codes = {one["code"] for case in cases for one in case["expected"].get("refusals", ())}
    assert codes <= {*REFUSALS, *CONDITIONS.names}


if __name__ == "__main__":
    PAGE.write_text(promotions_markdown())
