"""What one document says otherwise than another."""

import copy
from collections import Counter

from engine.difference import differences
from hypothesis import given
from hypothesis import strategies as st

PERCENT = {"kind": "percent", "value": 10}
TIME = {"kind": "time", "weekdays": [1, 2]}
PLACE = {"kind": "place", "store": ["S1"]}

leaves = st.sampled_from([TIME, PLACE, {"kind": "tier", "in": ["GOLD"]}, {"kind": "time", "weekdays": [3]}])
trees = st.recursive(
    leaves, lambda inner: st.builds(lambda key, some: {key: some}, st.sampled_from(["all", "any"]), st.lists(inner))
)
documents = st.fixed_dictionaries(
    {
        "code": st.just("A"),
        "rewards": st.lists(st.sampled_from([PERCENT, {"kind": "percent", "value": 5}]), max_size=3),
    },
    optional={
        "name": st.sampled_from(["A", "B"]),
        "priority": st.integers(0, 2),
        "when": trees,
        "limits": st.dictionaries(st.sampled_from(["total", "per_day"]), st.integers(1, 2), max_size=2),
    },
)


@given(documents, documents)
def test_there_is_a_difference_exactly_where_documents_differ(was, now):
    assert bool(differences(was, now)) == (was != now)


@given(documents, documents)
def test_what_was_less_what_went_and_with_what_came_is_what_is(was, now):
    told = [one for one in differences(was, now) if one.path == ("rewards",)]
    rest = Counter(map(repr, was["rewards"]))
    rest.subtract(repr(one.was) for one in told if one.was is not None)
    rest.update(repr(one.now) for one in told if one.now is not None)
    assert +rest == Counter(map(repr, now["rewards"]))
    assert not -rest


@given(documents, documents)
def test_documents_stay_as_they_were(was, now):
    before = copy.deepcopy((was, now))
    differences(was, now)
    assert (was, now) == before


def test_a_node_stands_in_the_place_of_one_of_its_kind_whatever_is_beside_it():
    was = {"when": TIME, "rewards": [PERCENT]}
    now = {"when": {"all": [PLACE, {**TIME, "weekdays": [5]}]}, "rewards": [PERCENT]}
    found = [(one.path, one.sort, one.was, one.now) for one in differences(was, now)]
    assert found == [
        (("when",), "condition", TIME, {**TIME, "weekdays": [5]}),
        (("when",), "condition", None, PLACE),
    ]


def test_what_is_inside_of_an_object_is_told_by_itself():
    (found,) = differences({"limits": {"total": 5, "per_day": 1}}, {"limits": {"total": 5, "per_day": 2}})
    assert (found.path, found.was, found.now) == (("limits", "per_day"), 1, 2)
