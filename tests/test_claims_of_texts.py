"""What the verdicts of the third and fifth texts compute on their way obeys its own laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.claims import finding
from inferwall.claims.bottleneck_chips import (
    decode_flop_per_byte,
    hourly_usd,
    landscape_usd_per_mtok,
)
from inferwall.claims.bottleneck_products import cost_exponent, repeated_share
from inferwall.claims.bottleneck_training import months_between, serving_over_training
from inferwall.claims.day8_markets import fleet_days, published_elasticities
from inferwall.claims.day8_software import (
    best_tokens_per_s,
    carried_by_the_next_chip,
    server,
    software_gains,
    static_tokens_per_s,
)

margins = st.floats(0.05, 0.95)


@given(margins, margins, st.floats(1.5, 100))
def test_the_exponent_leads_from_one_margin_to_the_other(before, after, growth):
    cost = (1 - before) * growth ** cost_exponent(before, after, growth)
    assert 1 - cost / growth == pytest.approx(after, abs=1e-9)


@given(margins, st.floats(1.5, 100))
def test_linear_cost_keeps_the_margin_at_any_scale(margin, growth):
    assert cost_exponent(margin, margin, growth) == 1


def test_the_two_margins_of_the_text_are_not_one_curve():
    first = cost_exponent(0.70, 0.15, 10)
    assert first == pytest.approx(1.45, abs=0.005)
    assert 0.2 * 10 ** (first - 1) < 0.8  # 80 % at one million is not 20 % at ten


def test_more_requests_and_steeper_popularity_repeat_more():
    few, many = repeated_share(100, topics=10_000), repeated_share(10_000, topics=10_000)
    assert 0 < few < many < 1
    assert repeated_share(1_000, 1.2, 10_000) > repeated_share(1_000, 0.5, 10_000)
    assert repeated_share(1, topics=10_000) == pytest.approx(0, abs=1e-9)


@given(st.integers(2019, 2026), st.integers(1, 12), st.integers(0, 60))
def test_months_add_up(year, month, later):
    end = f"{year + (month - 1 + later) // 12}-{(month - 1 + later) % 12 + 1:02d}"
    start = f"{year}-{month:02d}"
    assert months_between(start, end) == later == -months_between(end, start)


def test_serving_over_training_falls_as_the_boundary_of_training_widens():
    ratios = serving_over_training()
    assert ratios["an older final run"] > 10 > 1 > ratios["the same year's research"]


def test_dollars_and_flop_cross_within_a_factor_of_three():
    days = fleet_days()
    assert 1 / 3 < days["dollars"] / days["FLOP"] < 3


def test_the_landscape_is_cheaper_where_the_rent_is():
    rents, cost = hourly_usd(), landscape_usd_per_mtok()
    assert set(cost) <= set(rents.index)
    assert all(0.01 < usd < 20 for usd in cost.values())
    assert cost["B200"] < cost["H100 SXM"] < cost["A100 SXM 80GB"]


def test_decode_asks_for_more_where_the_cache_is_smaller():
    assert decode_flop_per_byte("DeepSeek-V3") > decode_flop_per_byte("Llama 3.1 70B") > 10


def test_the_stack_gains_more_over_a_worse_baseline():
    gains = list(software_gains().values())
    assert gains == sorted(gains) and gains[0] > 1
    assert static_tokens_per_s(server()) < best_tokens_per_s(server())
    assert best_tokens_per_s(server(), hits=0.5) > best_tokens_per_s(server())


def test_a_newer_chip_carries_more_at_equal_speed():
    ratios = carried_by_the_next_chip()
    assert len(ratios) >= 9 and (ratios > 1).all() and np.median(ratios) < 6


def test_elasticities_are_ordered_and_over_zero():
    low, high = published_elasticities()
    assert 0 < low <= high < 5


@pytest.mark.parametrize("pair", [("bottleneck-03", "bottleneck-28"), ("day8-07", "day8-08")])
def test_claims_of_one_kind_get_one_kind_of_verdict(pair):
    assert len({finding(claim_id).verdict for claim_id in pair}) == 1


def test_what_two_claims_share_is_one_number():
    assert finding("day8-18").figure == pytest.approx(fleet_days()["FLOP"])
    assert finding("bottleneck-03").figure == serving_over_training()["the same year's research"]
