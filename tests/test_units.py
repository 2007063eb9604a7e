"""Number formatting and the relations between constants."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall import units
from inferwall.units import quantity, significant, usd

MAGNITUDES = st.floats(min_value=1e-8, max_value=1e17, allow_nan=False)


def test_binary_prefix_is_larger_than_the_decimal_one():
    assert pytest.approx(1.073741824) == units.GIB / units.GB


def test_time_and_energy_agree():
    assert units.DAY * 365 == units.YEAR
    assert units.KWH == 1_000 * units.WH == 1_000 * units.HOUR


@given(MAGNITUDES)
def test_significant_keeps_three_figures(value):
    read_back = float(significant(value).replace(",", ""))
    assert read_back == pytest.approx(value, rel=0.0051)


@given(MAGNITUDES)
def test_quantity_shows_one_to_three_digits_before_the_point(value):
    number, unit = quantity(value, "B").split()
    assert 1 <= float(number.replace(",", "")) < 1_000
    prefix = {"n": -9, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
    assert float(number) * 10.0 ** prefix[unit[:-1]] == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.999, "10.0"),
        (999.6, "1,000"),
        (-0.5, "-0.500"),
        (0, "0"),
        (math.nan, "unknown"),
        (math.inf, "inf"),
    ],
)
def test_significant_at_the_edges(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 s"), (999.9, "1.00 ks"), (1e30, "1,000,000,000,000 Es"), (math.nan, "unknown")],
)
def test_quantity_at_the_edges(value, text):
    assert quantity(value, "s") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5, "USD 2.50"),
        (99.999, "USD 100.00"),
        (250, "USD 250"),
        (0.06, "USD 0.0600"),
        (3.2e9, "USD 3.20 billion"),
        (1.5e12, "USD 1.50 trillion"),
    ],
)
def test_usd(value, text):
    assert usd(value) == text
