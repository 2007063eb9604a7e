"""Adoption curves against their differential equations, and fits against known curves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall.adoption import bass, bass_peak_years, bass_rate, fit_logistic, logistic

rates = st.floats(0.01, 2)


@given(innovation=rates, imitation=st.floats(0, 3), years=st.floats(1e-3, 10))
def test_bass_solves_its_equation(innovation, imitation, years):
    step = 1e-5
    ends = [bass(years + d, innovation, imitation) for d in (step, -step)]
    slope = (ends[0] - ends[1]) / (2 * step)
    assert slope == pytest.approx(bass_rate(years, innovation, imitation), rel=1e-4, abs=1e-8)


@given(innovation=rates, imitation=rates)
def test_bass_starts_at_nothing_and_ends_at_all(innovation, imitation):
    assert bass(0.0, innovation, imitation) == 0
    assert bass(1e4, innovation, imitation) == pytest.approx(1)
    assert bass_rate(0.0, innovation, imitation) == pytest.approx(innovation)


@given(innovation=st.floats(0.01, 0.2), ratio=st.floats(0.2, 30))
def test_adoption_peaks_where_the_formula_says(innovation, ratio):
    years = np.linspace(0, 60, 20_001)
    peak = years[bass_rate(years, innovation, ratio * innovation).argmax()]
    assert peak == pytest.approx(bass_peak_years(innovation, ratio * innovation), abs=0.01)


def test_bass_without_innovators_nears_a_logistic():
    years, imitation, seed = np.linspace(0, 20, 50), 1.0, 1e-7
    midpoint = np.log(imitation / seed) / (imitation + seed)
    assert bass(years, seed, imitation) == pytest.approx(
        logistic(years, 1.0, midpoint, imitation), abs=1e-6
    )


@given(ceiling=st.floats(1e3, 1e10), midpoint=st.floats(2023, 2027), rate=st.floats(0.4, 3))
@settings(max_examples=20, deadline=None)
def test_a_fit_recovers_the_curve_it_was_given(ceiling, midpoint, rate):
    years = np.linspace(2022, 2028, 25)
    found = fit_logistic(years, logistic(years, ceiling, midpoint, rate))
    assert found.ceiling.central == pytest.approx(ceiling, rel=1e-3)
    assert found.midpoint.central == pytest.approx(midpoint, abs=1e-2)
    assert found.rate_per_year.central == pytest.approx(rate, rel=1e-3)
    assert found.users(midpoint) == pytest.approx(ceiling / 2, rel=1e-2)


def test_a_noisy_fit_has_an_interval_that_holds_the_truth():
    rng, years, inside = np.random.default_rng(2), np.linspace(2022, 2028, 25), []
    for _ in range(60):
        noisy = logistic(years, 1e9, 2025.0, 1.5) * np.exp(0.1 * rng.normal(size=years.size))
        found = fit_logistic(years, noisy)
        inside += [
            r.low <= truth <= r.high
            for r, truth in (
                (found.ceiling, 1e9),
                (found.midpoint, 2025.0),
                (found.rate_per_year, 1.5),
            )
        ]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_before_the_midpoint_the_ceiling_is_hardly_known():
    rng = np.random.default_rng(4)
    years = np.linspace(2022, 2028, 25)
    noisy = logistic(years, 1e9, 2025.0, 1.5) * np.exp(0.05 * rng.normal(size=years.size))
    early = fit_logistic(years[years < 2024.6], noisy[years < 2024.6])
    late = fit_logistic(years, noisy)
    assert early.ceiling.high / early.ceiling.low > 2.5 * late.ceiling.high / late.ceiling.low


@pytest.mark.parametrize("users", [[1.0, 2.0, 3.0], [1.0, 2.0, 0.0, 4.0]])
def test_too_little_to_fit_is_named(users):
    with pytest.raises(ValueError, match="at least four"):
        fit_logistic(np.arange(len(users)), users)


def test_a_series_that_falls_has_no_ceiling():
    years = np.linspace(2022, 2030, 17)
    with pytest.raises(ValueError, match="allowed is a series that grows"):
        fit_logistic(years, np.exp(2022 - years) * (1 + 0.01 * np.sin(years * 9)))


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: logistic(0.0, -1.0, 0.0, 1.0), "ceiling=-1.0"),
        (lambda: logistic(0.0, 8.0, 0.0, 0.0), "rate_per_year=0.0"),
        (lambda: bass(-1.0, 0.03, 0.4), "years=-1.0"),
        (lambda: bass(1.0, 0.0, 0.4), "innovation=0.0"),
        (lambda: bass_rate(1.0, 0.03, -0.4), "imitation=-0.4"),
        (lambda: bass_peak_years(None, 0.4), "innovation=None"),
        (lambda: fit_logistic([1, 2, 3, 4], [1, 2, 3, 4], level=2.0), "level=2.0"),
        (lambda: fit_logistic([1, 2, 3], [1, 2, 3, 4]), "one a time"),
    ],
)
def test_numbers_out_of_range_raise(ask, name):
    with pytest.raises(ValueError, match=name):
        ask()


def test_labels_pass_and_nothing_overflows():
    xr = pytest.importorskip("xarray")
    years = xr.DataArray([0.0, 1e5], dims="years")
    assert bass(years, 0.03, 0.4).dims == bass_rate(years, 0.03, 0.4).dims == ("years",)
    assert logistic(-years, 8.0, 0.0, 1.0).values.tolist() == [4.0, 0.0]
    assert bass_peak_years(0.03, 0.0) == 0
