"""Tiers: by hand-worked histories, and by laws that hold for any."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from engine import Bought, Edition, Line, Standing, Tier, progress, schema, stand, timeline
from engine.select import Target
from engine.tiers import Given, Series, Window
from hypothesis import given
from hypothesis import strategies as st

LONG_AGO = date(2000, 1, 1)


def window(**values: Any) -> Window:
    return schema.read(Window, values)


def ladder(*tiers: tuple[str, int], first_day: date = LONG_AGO, **rules: Any) -> list[Edition]:
    rules["window"] = window(**rules.pop("window", {"calendar": "month"}))
    return [Edition(first_day, tuple(Tier(code, threshold, **rules) for code, threshold in tiers))]


def bought(**days: int) -> dict[date, int]:
    """``may10=1500``: of 2026."""
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return {date(2026, months.index(name[:3]) + 1, int(name[3:])): amount for name, amount in days.items()}


def gained(editions: Sequence[Edition], amounts: Mapping[date, int]) -> dict[str, Series]:
    return {tier.key: sorted(amounts.items()) for one in editions for tier in one.tiers}


def on(
    editions: Sequence[Edition], amounts: Mapping[date, int], day: date, set_by_hand: Sequence[Given] = ()
) -> Standing:
    return stand(editions, gained(editions, amounts), set_by_hand, LONG_AGO, day)


def of_2026(month: int, day: int) -> date:
    return date(2026, month, day)


# ---------------------------------------------------------------------------------------------- worked by hand

RYBA = ladder(("bronze", 0), ("silver", 2000), ("gold", 3500), ("platinum", 4500), keep="period")
RYBA_HISTORY = bought(
    apr5=1200, apr12=1400, apr20=2000, apr25=1000,
    may10=1500, may25=700,
    jun3=1000, jun20=2600, jun28=500,
    jul5=1000, aug2=1000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "tier", "since", "until"),
    [
        ("2026-04-05", "bronze", "2000-01-01", None),
        ("2026-04-12", "silver", "2026-04-12", "2026-05-31"),
        ("2026-04-20", "platinum", "2026-04-20", "2026-05-31"),
        ("2026-05-31", "platinum", "2026-04-20", "2026-05-31"),
        ("2026-06-01", "silver", "2026-06-01", "2026-06-30"),
        ("2026-06-20", "gold", "2026-06-20", "2026-07-31"),
        ("2026-07-31", "gold", "2026-06-20", "2026-07-31"),
        ("2026-08-02", "bronze", "2026-08-01", None),
    ],
)
def test_a_month_sets_the_level_of_the_next(day: str, tier: str, since: str, until: str | None) -> None:
    asked = date.fromisoformat(day)
    # What is bought later prolongs it.
    known = {one: amount for one, amount in RYBA_HISTORY.items() if one <= asked}
    standing = on(RYBA, known, asked)
    assert (standing.tier, standing.since) == (tier, date.fromisoformat(since))
    assert standing.until == (until and date.fromisoformat(until))


def test_until_when_is_what_is_known_on_the_day() -> None:
    known = {day: amount for day, amount in RYBA_HISTORY.items() if day <= of_2026(4, 20)}
    standing = on(RYBA, known, of_2026(4, 20))
    assert standing == Standing("platinum", of_2026(4, 20), of_2026(5, 31), of_2026(6, 1))
    assert on(RYBA, known, of_2026(6, 1)).tier == "bronze"


def test_what_was_ever_bought_counts_for_good() -> None:
    club = ladder(("silver", 15_000), ("gold", 150_000), window={"lifetime": True})
    amounts = {date(2015, 8, 1): 13_200, date(2015, 9, 5): 3_999}
    assert on(club, amounts, date(2015, 9, 4)) == Standing(changes_on=date(2015, 9, 5))
    assert on(club, amounts, date(2015, 9, 5)) == Standing("silver", date(2015, 9, 5), None, None)
    now = on(club, amounts, date(2015, 9, 5))
    step = progress(club, gained(club, amounts), now, date(2015, 9, 5))
    assert step is not None
    assert (step.tier.code, step.value) == ("gold", 17_199)
    assert progress(club, gained(club, amounts), replace(now, tier="gold"), date(2015, 9, 5)) is None


@pytest.mark.parametrize(
    ("rules", "until"),
    [
        ({"keep": "window", "window": {"days": 30}}, "2026-04-08"),
        ({"keep": "window", "window": {"months": 1}}, "2026-04-09"),
        ({"keep": "window", "window": {"calendar": "quarter"}}, "2026-03-31"),
        ({"keep": "window", "window": {"calendar": "week"}}, "2026-03-15"),
        ({"keep": "period", "window": {"calendar": "week"}}, "2026-03-22"),
        ({"keep": "period", "window": {"calendar": "year"}}, "2027-12-31"),
        ({"keep": "period", "window": {"days": 30}}, "2026-05-31"),
        ({"keep": "this_and_next", "window": {"days": 30}}, "2027-12-31"),
        ({"keep": "this_and_next", "window": {"days": 330}}, "2028-12-31"),
        ({"keep": "period", "window": {"lifetime": True}}, None),
        ({"keep": "window", "window": {"from": "2026-01-01", "to": "2026-06-30"}}, None),
    ],
)
def test_a_tier_is_kept(rules: dict[str, Any], until: str | None) -> None:
    standing = on(ladder(("silver", 100), **rules), bought(mar10=100), of_2026(3, 10))
    assert standing.since == of_2026(3, 10)
    assert standing.until == (until and date.fromisoformat(until))


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-01-28", 1, "2026-02-27"), ("2026-02-28", 1, "2026-03-27"),
     ("2026-03-01", 1, "2026-03-31"), ("2026-11-30", 3, "2027-02-28")],
)  # fmt: skip
def test_the_last_day_of_months_on_end(day: str, months: int, last: str) -> None:
    assert date.fromordinal(window(months=months).last_day(date.fromisoformat(day))) == date.fromisoformat(last)


def test_a_rise_of_the_next_period_waits_for_it() -> None:
    club = ladder(("base", 0), ("silver", 100), keep="period", rise="next_period")
    amounts = bought(mar10=100)
    assert on(club, amounts, of_2026(3, 31)) == Standing("base", LONG_AGO, None, of_2026(4, 1))
    assert on(club, amounts, of_2026(4, 1)) == Standing("silver", of_2026(4, 1), of_2026(4, 30), of_2026(5, 1))
    assert on(club, amounts, of_2026(5, 1)) == Standing("base", of_2026(5, 1), None, None)


def test_who_falls_by_one_step_stays_there_for_a_term() -> None:
    club = ladder(("base", 0), ("silver", 100), ("gold", 500), keep="period", fall="one")
    amounts = bought(mar10=500)
    assert on(club, amounts, of_2026(4, 30)).tier == "gold"
    assert on(club, amounts, of_2026(5, 1)) == Standing("silver", of_2026(5, 1), of_2026(6, 30), of_2026(7, 1))
    assert on(club, amounts, of_2026(7, 1)) == Standing("base", of_2026(7, 1), None, None)
    rolling = ladder(("silver", 100), ("gold", 500), fall="one", window={"days": 10})
    assert on(rolling, amounts, of_2026(3, 20)) == Standing(
        "silver", of_2026(3, 20), of_2026(3, 29), of_2026(3, 30)
    )
    assert on(rolling, amounts, of_2026(3, 30)) == Standing(since=of_2026(3, 30))


def test_what_is_given_holds_to_its_day_or_for_good() -> None:
    gift = Given("gold", of_2026(3, 1), of_2026(3, 20))
    assert on(RYBA, {}, of_2026(3, 20), [gift]) == Standing(
        "gold", of_2026(3, 1), of_2026(3, 20), of_2026(3, 21)
    )
    assert on(RYBA, {}, of_2026(3, 21), [gift]).tier == "bronze"
    assert on(RYBA, {}, of_2026(9, 9), [replace(gift, until=None)]).tier == "gold"
    assert on(RYBA, bought(mar5=4500), of_2026(3, 6), [gift]).tier == "platinum"
    # The last word counts, also of one day.
    words = [gift, Given("silver", of_2026(3, 1), None, "gold")]
    assert on(RYBA, {}, of_2026(3, 2), words).tier == "silver"


def test_who_is_lowered_rises_only_above_what_was_taken() -> None:
    amounts = bought(mar1=3600)
    lowered = Given("bronze", of_2026(3, 2), of_2026(4, 15), "gold")
    assert on(RYBA, amounts, of_2026(3, 10), [lowered]) == Standing(
        "bronze", of_2026(3, 2), None, of_2026(4, 16)
    )
    assert on(RYBA, amounts, of_2026(4, 16), [lowered]).tier == "gold"
    assert on(RYBA, {**amounts, of_2026(3, 9): 900}, of_2026(3, 10), [lowered]).tier == "platinum"


def test_each_day_is_judged_by_the_ladder_of_its_time() -> None:
    old = ladder(("silver", 2000), keep="period")
    harder = old + ladder(("silver", 3000), keep="period", first_day=of_2026(4, 15))
    amounts = bought(apr10=2500, may10=2500)
    assert on(harder, amounts, of_2026(5, 31)).until == of_2026(5, 31)
    assert on(harder, amounts, of_2026(6, 1)).tier == ""
    assert on(old, amounts, of_2026(6, 1)).tier == "silver"
    since_ever = ladder(("silver", 2000), window={"lifetime": True}, first_day=of_2026(5, 1))
    assert on(since_ever, amounts, of_2026(4, 30)) == Standing()
    assert on(since_ever, amounts, of_2026(5, 1)).since == of_2026(5, 1)


def test_a_tier_that_is_gone_stays_in_the_history() -> None:
    club = ladder(("base", 0), ("silver", 2000), keep="period")
    club += ladder(("base", 0), first_day=of_2026(4, 20))
    amounts = bought(apr10=2500)
    assert timeline(club, gained(club, amounts), [], of_2026(4, 1), of_2026(5, 1)) == [
        Standing("base", of_2026(4, 1), of_2026(4, 9)),
        Standing("silver", of_2026(4, 10), of_2026(4, 19)),
        Standing("base", of_2026(4, 20)),
    ]


def test_what_is_counted() -> None:
    def line(sku: str, quantity: int, purchase: int, day: int) -> Bought:
        return Bought(
            of_2026(1, day), quantity_micro=quantity, amount_minor=quantity * 3, purchase=purchase,
            line=Line(id="1", sku=sku, price_minor=1),
        )  # fmt: skip

    lines = [line("A", 2, 1, 1), line("A", 1, 2, 1), line("B", 9, 2, 1), line("A", 4, 3, 2), line("A", -4, 3, 2)]
    target = schema.read(Target, {"sku": ["A"]})
    first, second = of_2026(1, 1), of_2026(1, 2)
    assert Tier("a", measure="quantity", target=target).series(lines) == [(first, 3), (second, 0)]
    assert Tier("a", measure="count", target=target).series(lines) == [(first, 2), (second, 0)]
    assert Tier("a", measure="amount", target=target).series(lines) == [(first, 9), (second, 0)]
    days = [Bought(first, count=2, amount_minor=7), Bought(first, count=1, amount_minor=1)]
    assert Tier("a", measure="count").series(days) == [(first, 3)]
    assert Tier("a").series(days) == [(first, 8)]


@pytest.mark.parametrize(
    ("values", "code"),
    [({"lifetime": True, "days": 3}, "conflict"), ({"calendar": "month", "ago": 1}, "conflict"),
     ({"days": 3, "months": 1}, "conflict")],
)  # fmt: skip
def test_a_window_is_said_in_one_way(values: dict[str, Any], code: str) -> None:
    with pytest.raises(schema.DocumentError) as caught:
        window(**values)
    assert [problem.code for problem in caught.value.problems] == [code]


# ---------------------------------------------------------------------------------------------- laws

DAYS = st.dates(date(2026, 1, 1), date(2027, 3, 1))
AMOUNTS = st.dictionaries(DAYS, st.integers(1, 3000), max_size=12)
WINDOWS = st.sampled_from(
    [{"lifetime": True}, {"days": 30}, {"months": 2}, {"calendar": "month"}, {"calendar": "year"},
     {"calendar": "week"}, {"from": "2026-02-01", "to": "2026-12-31"}]
)  # fmt: skip


@st.composite
def ladders(draw: st.DrawFn) -> list[Edition]:
    thresholds = draw(st.lists(st.integers(0, 6000), min_size=1, max_size=4, unique=True))
    tiers = tuple(
        Tier(
            f"T{rank}",
            threshold,
            window=window(**draw(WINDOWS)),
            rise=draw(st.sampled_from(["at_once", "next_period"])),
            keep=draw(st.sampled_from(["period", "this_and_next", "window"])),
            fall=draw(st.sampled_from(["one", "due"])),
        )
        for rank, threshold in enumerate(sorted(thresholds))
    )
    return [Edition(date(2026, 1, 1), tiers)]


def rank(editions: Sequence[Edition], standing: Standing) -> int:
    return editions[-1].rank(standing.tier)


@given(ladders(), AMOUNTS, DAYS)
def test_a_tier_is_due_on_the_days_whose_figure_comes_to_its_threshold(
    editions: list[Edition], amounts: dict[date, int], day: date
) -> None:
    series = sorted(amounts.items())
    first, last = date(2026, 1, 1).toordinal(), date(2027, 12, 31).toordinal()
    for tier in editions[0].tiers:
        spans = list(tier.due(series, first, last))
        for asked in (day, *amounts, *(date.fromordinal(end) for _start, end in spans)):
            is_due = any(start <= asked.toordinal() <= end for start, end in spans)
            assert is_due == (tier.figure(series, asked) >= tier.threshold)


@given(ladders(), AMOUNTS, DAYS, st.integers(1, 5000), DAYS)
def test_buying_more_never_lowers_a_tier(
    editions: list[Edition], amounts: dict[date, int], more_on: date, more: int, day: date
) -> None:
    raised = {**amounts, more_on: amounts.get(more_on, 0) + more}
    assert rank(editions, on(editions, raised, day)) >= rank(editions, on(editions, amounts, day))


@given(ladders(), AMOUNTS, DAYS)
def test_a_day_knows_nothing_of_those_after_it(editions: list[Edition], amounts: dict[date, int], day: date) -> None:
    known = {one: amount for one, amount in amounts.items() if one <= day}
    now, then = on(editions, amounts, day), on(editions, known, day)
    assert (now.tier, now.since) == (then.tier, then.since)


@given(ladders(), AMOUNTS, DAYS)
def test_the_timeline_is_what_each_day_says(editions: list[Edition], amounts: dict[date, int], day: date) -> None:
    line = timeline(editions, gained(editions, amounts), [], LONG_AGO, day)
    for one, following in pairwise(line):
        assert one.tier != following.tier
        assert one.until is not None
        assert following.since == one.until + timedelta(days=1)
        for asked in (one.since or editions[0].first_day, one.until):
            then = on(editions, amounts, asked)
            assert (then.tier, then.since) == (one.tier, one.since)
    assert line[-1] == on(editions, amounts, day)


@given(ladders(), AMOUNTS, DAYS)
def test_it_changes_on_the_day_it_says_and_not_before(
    editions: list[Edition], amounts: dict[date, int], day: date
) -> None:
    now = on(editions, amounts, day)
    last = day + timedelta(days=400)
    if now.changes_on is not None:
        assert now.changes_on > day
        changed = on(editions, amounts, now.changes_on)
        assert changed.since == now.changes_on
        assert changed.tier != now.tier
        last = min(last, now.changes_on - timedelta(days=1))
    for later in (day + (last - day) / 2, last):
        assert replace(on(editions, amounts, later), until=None) == replace(now, until=None)
    if now.until is not None:
        assert now.until >= day
        assert now.changes_on is not None
        assert now.changes_on <= now.until + timedelta(days=1)


@given(ladders(), AMOUNTS, DAYS, st.sampled_from(["T0", "T1", "T9"]), DAYS)
def test_who_is_given_a_tier_has_it_at_least(
    editions: list[Edition], amounts: dict[date, int], given_on: date, code: str, day: date
) -> None:
    plain = on(editions, amounts, day)
    gifted = on(editions, amounts, day, [Given(code, given_on)])
    assert rank(editions, gifted) >= rank(editions, plain)
    if day >= given_on:
        assert rank(editions, gifted) >= editions[0].rank(code)


@given(st.lists(st.tuples(DAYS, st.integers(1, 500)), max_size=10), st.randoms())
def test_the_order_of_receipts_of_a_day_does_not_matter(receipts: list[tuple[date, int]], chance: Any) -> None:
    days = [Bought(day, count=1, amount_minor=amount) for day, amount in receipts]
    shuffled = list(days)
    chance.shuffle(shuffled)
    assert Tier("a").series(days) == Tier("a").series(shuffled)
