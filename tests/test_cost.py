"""From an hour of chips to a token and a request."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.cost import (
    cost_usd_per_mtok,
    decode_cost_usd_per_mtok,
    joules_per_token,
    rents,
    request_chip_s,
    request_cost_usd,
)
from inferwall.hardware import accelerator
from inferwall.step import Deployment, decode_step, prefill_step

LLAMA = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
positive = st.floats(1e-3, 1e6)


@given(positive, positive)
def test_the_bill_of_an_hour_is_the_rent(rent, rate):
    tokens_per_hour = rate * 3600
    bill = cost_usd_per_mtok(rent, rate) * tokens_per_hour / 1e6
    assert bill == pytest.approx(rent, rel=1e-9)


@given(positive, st.floats(1e-5, 10), st.integers(1, 1000))
def test_two_routes_to_the_cost_of_a_token(rent, step_s, batch):
    assert decode_cost_usd_per_mtok(rent, step_s, batch) == pytest.approx(
        cost_usd_per_mtok(rent, batch / step_s), rel=1e-9
    )


@given(positive, positive)
def test_energy_per_token_times_rate_is_power(power, rate):
    assert joules_per_token(power, rate) * rate == pytest.approx(power, rel=1e-9)


def test_a_request_is_its_prefill_and_its_share_of_steps():
    chip_s = request_chip_s(LLAMA, batch=16, input_tokens=1000, output_tokens=200)
    prefill_s = prefill_step(LLAMA, 1, 1000).total_s
    steps_s = 200 * decode_step(LLAMA, 16, 1100).total_s / 16
    assert chip_s == pytest.approx(prefill_s + steps_s, rel=1e-12)


@given(st.integers(1, 60), st.integers(0, 999))
def test_cached_tokens_never_raise_the_cost(batch, cached):
    cold = request_cost_usd(LLAMA, 3.0, batch, 1000, 200)
    assert request_cost_usd(LLAMA, 3.0, batch, 1000, 200, cached) <= cold * (1 + 1e-9)


@given(st.floats(0.01, 1))
def test_idle_hours_are_paid_by_the_busy_ones(utilisation):
    full = request_cost_usd(LLAMA, 3.0, 8, 1000, 200)
    assert request_cost_usd(LLAMA, 3.0, 8, 1000, 200, utilisation=utilisation) == pytest.approx(
        full / utilisation
    )


@pytest.mark.parametrize("bad", [0, -0.1, 1.1, float("nan"), np.array([0.5, 0])])
def test_utilisation_is_a_share(bad):
    with pytest.raises(ValueError, match="utilisation="):
        request_cost_usd(LLAMA, 3.0, 8, 1000, 200, utilisation=bad)


def test_more_cached_tokens_than_input_raise():
    with pytest.raises(ValueError, match=r"cached_tokens=100: .* which is 99"):
        request_chip_s(LLAMA, 1, 100, 10, cached_tokens=100)


def test_costs_sweep():
    costs = request_cost_usd(LLAMA, np.array([2.0, 4.0]), 8, 1000, 200)
    assert costs[1] == pytest.approx(2 * costs[0])
    assert request_cost_usd(replace(LLAMA, chips=2), 2.0, 8, 1000, 200) > 0


def test_rents_are_sorted_dated_and_sourced():
    offers = rents("H100 SXM")
    assert len(offers) >= 5
    assert offers["usd_per_accelerator_hour"].is_monotonic_increasing
    assert offers["sources"].notna().all() and offers["price_date"].notna().all()
    earlier = rents("H100 SXM", as_of="2024-12-31")
    assert len(earlier) < len(offers) and (earlier["price_date"] <= "2024-12-31~").all()


def test_unknown_contracts_raise():
    with pytest.raises(ValueError, match=r"contract='weekly': allowed are .*on_demand"):
        rents("H100 SXM", "weekly")
