"""Event studies against markets whose elasticity is known, and against their closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall.events import (
    detectable_difference,
    event_study,
    placebo_elasticities,
    pooled_elasticity,
)

WEEKS = np.arange(24.0)


def market(rng, elasticity=0.7, price_ratio=0.5, trend=0.05, noise=0.1, cut=12):
    """Volume of a market with a trend and one cut."""
    step = -elasticity * np.log(price_ratio) * (cut <= WEEKS)
    return np.exp(3 + trend * WEEKS + step + noise * rng.normal(size=WEEKS.size))


@given(
    elasticity=st.floats(0, 3),
    price_ratio=st.floats(0.1, 0.9) | st.floats(1.1, 5),
    trend=st.floats(-0.3, 0.3),
)
@settings(max_examples=30, deadline=None)
def test_without_noise_the_elasticity_is_recovered_exactly(elasticity, price_ratio, trend):
    volume = market(np.random.default_rng(0), elasticity, price_ratio, trend, noise=0.0)
    found = event_study(WEEKS, volume, 12, price_ratio)
    assert found.elasticity.central == pytest.approx(elasticity, abs=1e-6)
    assert found.trend_per_day == pytest.approx(trend, abs=1e-8)


def test_with_noise_the_interval_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(7)
    studies = [event_study(WEEKS, market(rng), 12, 0.5) for _ in range(600)]
    inside = [s.elasticity.low <= 0.7 <= s.elasticity.high for s in studies]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)
    assert np.mean([s.elasticity.central for s in studies]) == pytest.approx(0.7, abs=0.01)
    assert np.mean([s.noise for s in studies]) == pytest.approx(0.1, rel=0.05)


def test_the_price_alone_takes_the_trend_for_an_elasticity():
    """The error that the study repairs: growth of 5 % a week reads as 0.7 + 0.87."""
    volume = market(np.random.default_rng(0), noise=0.0)
    naive = np.log(volume[12:].mean() / volume[:12].mean()) / np.log(2)
    assert naive > 1.5
    assert event_study(WEEKS, volume, 12, 0.5).elasticity.central == pytest.approx(0.7)


def test_what_can_be_detected_is_what_the_study_then_finds():
    planned = detectable_difference(WEEKS, 12, 0.5, noise=0.1)
    rng = np.random.default_rng(1)
    studies = [event_study(WEEKS, market(rng), 12, 0.5) for _ in range(300)]
    spread = np.std([s.elasticity.central for s in studies])
    assert np.mean([s.standard_error for s in studies]) == pytest.approx(spread, rel=0.1)
    assert planned == pytest.approx(1.323 * spread, rel=0.1)  # Student's t, 21 degrees, 90 %


def test_a_longer_watch_and_a_deeper_cut_detect_more():
    short, long = (detectable_difference(np.arange(2.0 * n), n, 0.5, 0.1) for n in (4, 16))
    deeper = detectable_difference(np.arange(8.0), 4, 0.2, 0.1)
    assert long < short / 2
    assert deeper == pytest.approx(short * np.log(2) / np.log(5))
    assert detectable_difference(np.arange(8.0), 4, 2.0, 0.1) == pytest.approx(short)


def test_false_dates_find_nothing_where_the_trend_is_straight():
    found = placebo_elasticities(WEEKS, market(np.random.default_rng(3)), 12, 0.5)
    assert len(found) == 7
    assert np.abs(found).max() < 0.5
    again = placebo_elasticities(
        WEEKS[::-1], market(np.random.default_rng(3))[::-1], cut_day=12, price_ratio=0.5
    )
    assert again == pytest.approx(found)


def test_false_dates_betray_a_trend_that_bends():
    bent = np.exp(0.01 * (WEEKS - 6) ** 2)
    assert np.abs(placebo_elasticities(WEEKS, bent, 24, 0.5)).max() > 0.5


@pytest.mark.parametrize("zero", [738_000.0, 1.7e9])  # days of the calendar, seconds of a clock
def test_the_zero_of_the_days_is_free(zero):
    volume = market(np.random.default_rng(2))
    near, far = (event_study(WEEKS + z, volume, 12 + z, 0.5) for z in (0.0, zero))
    assert far.elasticity.high == pytest.approx(near.elasticity.high)
    assert far.standard_error == pytest.approx(near.standard_error)


def test_pooling_many_studies_narrows_the_interval_around_the_truth():
    rng = np.random.default_rng(5)
    studies = [event_study(WEEKS, market(rng), 12, 0.5) for _ in range(100)]
    pooled = pooled_elasticity(studies)
    assert pooled.low < pooled.central < pooled.high
    assert pooled.central == pytest.approx(0.7, abs=0.03)
    one = studies[0].elasticity
    assert pooled.high - pooled.low < (one.high - one.low) / 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: event_study([0, 1, 2], [1, 2, 3], 2, 0.5), "at least two on each side"),
        (lambda: event_study([0, 1, 2, 3], [1, 0, 3, 4], 2, 0.5), "volume="),
        (lambda: event_study([0, 1, 2, 3], [1, 2, 3, 4], 2, 1), "price_ratio=1"),
        (lambda: event_study([0, 1, 2, 3], [1, 2, 3, 4], 2, -1), "price_ratio=-1"),
        (lambda: pooled_elasticity([]), "at least one"),
        (lambda: event_study([0, 1, 2, 3], [1, 2, 3, 4], 2, None), "price_ratio=None"),
        (lambda: event_study([0, 1, 2, 3], [1, 2, 3, 4], 2, 0.5, level=2), "level=2"),
        (lambda: event_study([0, 1, 2, np.nan], [1, 2, 3, 4], 2, 0.5), "known days"),
        (lambda: event_study([0, 1, 2, 3], [1, 2, 3], 2, 0.5), "one a day"),
        (lambda: event_study([0, 0, 2, 2], [1, 2, 3, 4], 2, 0.5), "two different days"),
        (lambda: placebo_elasticities(WEEKS, WEEKS + 1, 12, 0.5, least=1), "least=1"),
        (lambda: detectable_difference(WEEKS, 12, 1, 0.1), "price_ratio=1"),
        (lambda: detectable_difference(WEEKS, 12, 0.5, -0.1), "noise=-0.1"),
    ],
)
def test_a_wrong_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
