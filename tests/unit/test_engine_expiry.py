"""Expiry policies: when lots are lost beside their own terms."""

from datetime import date, timedelta
from typing import Any

import pytest
from engine import DocumentError, compile_programme
from engine.expiry import POLICIES, Policies
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def policies(*documents: dict[str, Any]) -> Policies:
    named = [{"code": f"P{index}", "unit": "BONUS", **one} for index, one in enumerate(documents)]
    return compile_programme({"units": [{"code": "BONUS"}], "expiry_policies": named}).expiry["BONUS"]


def always(_policy: object, _day: date) -> bool:
    return True


@pytest.mark.parametrize("name", POLICIES.names)
def test_the_example_of_a_policy_is_valid(name: str) -> None:
    document = {"kind": name, **POLICIES.leaves[name].example}
    programme = compile_programme({"units": [{"code": "BONUS"}], "expiry_policies": [document]})
    assert [one.kind for one in programme.expiry["BONUS"].of] == [name]


@pytest.mark.parametrize(
    ("given_on", "gone_on"),
    [
        ("2019-08-15", "2022-10-01"),
        ("2019-09-30", "2022-10-01"),
        ("2019-10-01", "2023-10-01"),
        ("2021-02-01", "2024-10-01"),
    ],
)
def test_what_is_older_than_three_years_on_30_september_is_lost(given_on: str, gone_on: str) -> None:
    of = policies({"kind": "yearly", "on": "09-30", "older_than": {"months": 36}})
    assert of.calendar(date.fromisoformat(given_on), always) == date.fromisoformat(gone_on)


def test_leap_day_is_the_28th_in_common_years() -> None:
    of = policies({"kind": "yearly", "on": "02-29"})
    assert of.calendar(date(2027, 1, 1), always) == date(2027, 3, 1)
    assert of.calendar(date(2028, 1, 1), always) == date(2028, 3, 1)


@given(DAYS, st.integers(0, 400), st.sampled_from(["01-01", "02-29", "06-15", "12-31"]), st.integers(0, 40))
def test_calendars_lose_nothing_too_early_nor_keep_it_longer_than_they_say(
    day: date, grace: int, on: str, months: int
) -> None:
    year = policies({"kind": "calendar_year", "grace": grace}).calendar(day, always)
    assert year == date(day.year + 1, 1, 1) + timedelta(days=grace)
    age = {"older_than": {"months": months}} if months else {}
    gone = policies({"kind": "yearly", "on": on, **age}).calendar(day, always)
    assert gone is not None
    assert 28 * months < (gone - day).days <= 31 * months + 367


@given(DAYS, st.integers(1, 1000), st.dictionaries(st.sampled_from(["purchase", "accrual", "spend"]), DAYS))
def test_the_last_activity_that_counts_is_what_idle_time_begins_with(
    day: date, days: int, last: dict[str, date]
) -> None:
    of = policies({"kind": "inactivity", "days": days, "activity": ["purchase", "spend"]})
    counted = [day, *(one for name, one in last.items() if name != "accrual")]
    assert of.idle(last, day, day, always) == max(counted) + timedelta(days=days + 1)


def test_a_policy_that_does_not_concern_the_member_by_its_date_waits_for_the_next() -> None:
    of = policies({"kind": "yearly", "on": "03-01"})
    assert of.calendar(date(2016, 1, 25), lambda _policy, on: on.year > 2016) == date(2017, 3, 2)
    assert of.calendar(date(2016, 1, 25), lambda _policy, _on: False) is None


def test_the_earliest_of_several_counts() -> None:
    of = policies({"kind": "yearly", "on": "06-30"}, {"kind": "calendar_year"}, {"kind": "inactivity", "days": 9})
    assert of.calendar(date(2026, 3, 1), always) == date(2026, 7, 1)
    assert of.calendar(date(2026, 8, 1), always) == date(2027, 1, 1)
    assert of.idle({}, date(2026, 3, 1), date(2026, 3, 1), always) == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"kind": "yearly", "on": "13-01"}, "on"),
        ({"kind": "yearly", "on": "6-1"}, "on"),
        ({"kind": "yearly", "on": "06-30", "older_than": {}}, "older_than"),
        ({"kind": "inactivity", "days": 9, "when": {"kind": "basket_amount", "min": 1}}, "when"),
        ({"kind": "inactivity", "grace": 9, "days": 1}, "grace"),
        ({"kind": "calendar_year", "unit": "MOON"}, "unit"),
    ],
)
def test_what_cannot_be_is_refused(document: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        policies(document)
    assert [problem.path for problem in caught.value.problems] == [f"expiry_policies[0].{path}"]


def test_policies_of_a_unit_agree_on_what_activity_is() -> None:
    with pytest.raises(DocumentError):
        policies({"kind": "inactivity", "days": 9}, {"kind": "inactivity", "days": 9, "activity": ["spend"]})
