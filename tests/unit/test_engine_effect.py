"""What a promotion did, in numbers: published values, the formulas by hand, and how often the interval is right."""

import random
from math import inf, sqrt

import pytest
from engine.effect import Arm, effect_of, quantile_of_t


def arm(values):
    return Arm(len(values), sum(values), sum(value * value for value in values))


# Published tables of Student's t.
@pytest.mark.parametrize(
    ("share", "freedom", "value"),
    [
        (0.975, 1, 12.7062), (0.975, 2, 4.30265), (0.975, 5, 2.57058), (0.975, 10, 2.22814), (0.975, 30, 2.04227),
        (0.975, 120, 1.97993), (0.95, 10, 1.81246), (0.995, 7, 3.49948), (0.975, inf, 1.95996), (0.025, 10, -2.22814),
        (0.975, 1e6, 1.95997),
    ],
)  # fmt: skip
def test_quantiles_are_those_of_the_tables(share, freedom, value):
    assert quantile_of_t(share, freedom) == pytest.approx(value, rel=1e-5)


def test_welch_is_the_published_example():
    """The first example of Welch's t-test on Wikipedia: t = -2.46 with 24.99 degrees of freedom."""
    a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
    b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4]
    found = effect_of(arm(a), arm(b))
    assert found.absolute.value == pytest.approx(20.82 - 22.98667, abs=1e-4)
    half = (found.absolute.high - found.absolute.low) / 2
    assert found.absolute.value / (half / 2.05956) == pytest.approx(-2.45536, abs=1e-4)  # t of 24.99 in the tables
    assert found.verdict == "few"


def test_of_large_groups_it_is_the_formula_by_hand():
    chance = random.Random(1)
    main = [chance.expovariate(1 / 110) for _ in range(4000)]
    control = [chance.expovariate(1 / 100) for _ in range(1000)]

    def moments(values):
        mean = sum(values) / len(values)
        return mean, sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)

    (m1, e1), (m0, e0) = moments(main), moments(control)
    found = effect_of(arm(main), arm(control))
    half = quantile_of_t(0.975, (e1 + e0) ** 2 / (e1**2 / 3999 + e0**2 / 999)) * sqrt(e1 + e0)
    assert found.absolute.low == pytest.approx(m1 - m0 - half)
    assert found.absolute.high == pytest.approx(m1 - m0 + half)
    # by the delta method it is nearly the same as by Fieller
    error = sqrt(e1 / m0**2 + e0 * m1**2 / m0**4)
    assert found.relative.value == pytest.approx(m1 / m0 - 1)
    assert found.relative.low == pytest.approx(m1 / m0 - 1 - 1.96 * error, abs=0.01)
    assert found.relative.high == pytest.approx(m1 / m0 - 1 + 1.96 * error, abs=0.01)


def drawn(chance, mean, buys, count):
    """Most members buy nothing, some a little, few much: as members do."""
    return [chance.lognormvariate(0, 1) * mean if chance.random() < buys else 0.0 for _ in range(count)]


@pytest.mark.parametrize("uplift", [0.0, 0.25])
def test_the_interval_holds_the_truth_as_often_as_it_says(uplift):
    """Of 1,000 experiments of skewed purchases 93 to 97 of a hundred hold it: the absolute and the relative one."""
    chance = random.Random(20)
    mean = sqrt(2.718281828459045)  # of the lognormal
    truth, base = 0.5 * mean * uplift, 0.5 * mean
    absolute = relative = sides = 0
    for _ in range(1000):
        main, control = drawn(chance, 1 + uplift, 0.5, 400), drawn(chance, 1, 0.5, 200)
        found = effect_of(arm(main), arm(control))
        absolute += found.absolute.low <= truth <= found.absolute.high
        relative += found.relative.low <= truth / base <= found.relative.high
        sides += (found.relative.low > 0 or found.relative.high < 0) == (found.verdict != "unclear")
    assert 930 <= absolute <= 970
    assert 930 <= relative <= 970
    assert sides == 1000, "both intervals say the same of 0"


def test_what_is_unclear_says_how_many_more_are_needed():
    """Groups as many times as large find the same difference four times of five."""
    small = effect_of(Arm(300, 300 * 10.5, 300 * (10.5**2 + 25)), Arm(100, 1000, 100 * (100 + 25)))
    assert small.verdict == "unclear"
    times = small.times_needed
    large = effect_of(
        Arm(300 * times, times * 300 * 10.5, times * 300 * (10.5**2 + 25)),
        Arm(100 * times, times * 1000, times * 100 * (100 + 25)),
    )
    assert large.verdict == "up"
    assert large.times_needed is None
    assert large.seen_from == pytest.approx(0.05, rel=0.03)


def test_what_is_nothing_is_told_as_nothing():
    nobody = effect_of(Arm(0, 0, 0), Arm(0, 0, 0))
    assert (nobody.verdict, nobody.relative) == ("few", None)
    idle = effect_of(Arm(500, 0, 0), Arm(100, 0, 0))
    assert (idle.verdict, idle.relative, idle.times_needed, idle.seen_from) == ("unclear", None, None, None)
    # a control group that hardly buys: nothing can be said in relation to it
    rare = effect_of(Arm(500, 50.0, 500.0), Arm(100, 5.0, 25.0))
    assert rare.relative is None
