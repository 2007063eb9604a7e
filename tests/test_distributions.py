"""Distributions against their closed forms, and draws that fill the cube evenly."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall.distributions import (
    LogNormal,
    LogUniform,
    Observed,
    Percentiles,
    Triangular,
    Uniform,
    draw,
    medians,
)

EVERY = [
    Uniform(2.0, 6.0),
    LogUniform(0.1, 10.0),
    Triangular(1.0, 2.0, 5.0),
    LogNormal(1.0, 4.0),
    Percentiles(1.0, 2.0, 5.0),
    Observed((1.0, 2.0, 7.0)),
]
each = pytest.mark.parametrize("distribution", EVERY, ids=lambda d: type(d).__name__)


@each
def test_quantiles_rise_and_are_those_of_the_array(distribution):
    shares = np.linspace(0.01, 0.99, 99)
    values = distribution.quantile(shares)
    assert np.all(np.diff(values) >= 0)
    assert values == pytest.approx([float(distribution.quantile(share)) for share in shares])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Uniform(2.0, 6.0), ("uniform", dict(loc=2, scale=4))),
        (LogUniform(0.1, 10.0), ("loguniform", dict(a=0.1, b=10))),
        (Triangular(1.0, 2.0, 5.0), ("triang", dict(c=0.25, loc=1, scale=4))),
        (Triangular(1.0, 1.0, 5.0), ("triang", dict(c=0.0, loc=1, scale=4))),
        (Triangular(1.0, 5.0, 5.0), ("triang", dict(c=1.0, loc=1, scale=4))),
    ],
)
def test_quantiles_are_those_of_scipy(ours, theirs):
    from scipy import stats

    name, arguments = theirs
    shares = np.linspace(0.005, 0.995, 100)
    assert ours.quantile(shares) == pytest.approx(getattr(stats, name).ppf(shares, **arguments))


@given(low=st.floats(0.01, 100), ratio=st.floats(1.1, 50))
@settings(max_examples=25, deadline=None)
def test_a_lognormal_has_the_interval_it_was_given(low, ratio):
    found = LogNormal(low, low * ratio)
    assert found.quantile(0.1) == pytest.approx(low)
    assert found.quantile(0.9) == pytest.approx(low * ratio)
    assert found.quantile(0.5) == pytest.approx(low * np.sqrt(ratio))


def test_percentiles_are_kept_and_may_coincide():
    known = Percentiles(3.0, 3.0, 3.0)
    assert known.quantile(np.array([0.0, 0.4, 1.0])).tolist() == [3.0, 3.0, 3.0]
    assert [float(Percentiles(1.0, 2.0, 5.0).quantile(q)) for q in (0.1, 0.5, 0.9)] == [1, 2, 5]


def test_half_of_the_cases_lie_under_the_median():
    assert medians({"a": Uniform(0.0, 4.0), "b": Observed((1.0, 2.0, 9.0))}) == {"a": 2, "b": 2}


def test_the_same_seed_draws_the_same():
    inputs = {"x": Uniform(0, 1), "y": LogNormal(1, 2)}
    once, again, other = (draw(inputs, 64, seed) for seed in (1, 1, 2))
    assert all((once[name] == again[name]).all() for name in inputs)
    assert not (once["x"] == other["x"]).all()


def test_each_input_has_one_draw_in_each_stratum():
    draws = draw({"x": Uniform(0, 1), "y": Uniform(0, 1), "z": Uniform(0, 1)}, 128, seed=3)
    for values in draws.values():
        assert sorted((values * 128).astype(int)) == list(range(128))


def test_the_mean_settles_faster_than_by_chance():
    """The error of independent draws falls as 1/√n; quasi-Monte Carlo's faster."""
    inputs = {name: Uniform(0, 1) for name in "abcd"}

    def error(count):
        means = [
            np.mean(np.exp(sum(draw(inputs, count, seed).values()))) - (np.e - 1) ** 4
            for seed in range(8)
        ]
        return np.sqrt(np.mean(np.square(means)))

    spread = np.sqrt(((np.e**2 - 1) / 2) ** 4 - (np.e - 1) ** 8)  # of one draw
    assert error(1024) < 0.1 * spread / np.sqrt(1024)
    assert error(1024) < error(64) / 8


def test_draws_come_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw({"x": Uniform(0, 1)}, 2, seed=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2.0, 1.0), "low=2.0, high=1.0: allowed is low < high"),
        (lambda: Uniform(float("nan"), 1.0), "low=nan"),
        (lambda: LogUniform(0.0, 1.0), "low=0.0: allowed is 0 < low"),
        (lambda: LogNormal(-1.0, 1.0), "low=-1.0: allowed is 0 < low"),
        (lambda: Triangular(0.0, 3.0, 2.0), "allowed is low <= mode <= high"),
        (lambda: Percentiles(2.0, 1.0, 3.0), "allowed is low <= central <= high"),
        (lambda: Observed(()), "values=()"),
        (lambda: Observed((1.0, float("nan"))), "known numbers"),
        (lambda: draw({"x": Uniform(0, 1)}, 1000, 1), "count=1000: allowed are powers of 2"),
        (lambda: draw({}, 64, 1), "one or more distributions"),
        (lambda: draw({"x": Uniform(0, 1)}, 64.0, 1), "count=64.0: allowed are powers of 2"),
        (lambda: Uniform(0.0, float("inf")), "high=inf"),
        (lambda: Uniform(None, 1.0), "low=None"),
    ],
)
def test_a_wrong_argument_is_named(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), None])
@pytest.mark.parametrize(
    "distribution",
    [
        Uniform(1, 3), LogUniform(1, 3), LogNormal(1, 4), Triangular(0, 1, 2),
        Percentiles(2, 4, 8), Observed((1.0, 2.0)),
    ],
)  # fmt: skip
def test_what_is_no_share_has_no_quantile(distribution, share):
    with pytest.raises(ValueError, match=f"share={share}: allowed are shares from 0 to 1"):
        distribution.quantile(share)
