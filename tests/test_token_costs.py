"""Tokens priced by kind add up to the rent of the chips; owning against an API, by brute force."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.efficiency import Efficiency
from inferwall.hardware import accelerator
from inferwall.serving import Workload, serve
from inferwall.step import Deployment
from inferwall.token_costs import (
    break_even_requests_per_day,
    fleet_utilisation,
    list_price_usd_per_request,
    own_usd_per_day,
    token_times,
)

HALF = Efficiency(bf16_share=0.5, fp8_share=0.5)
LLAMA = Deployment(
    transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8", "fp8", efficiency=HALF
)
CHAT = Workload(1_000, 500)
AGENT = Workload(30_000, 300, cached_tokens=29_000)
WORKLOADS = st.builds(
    lambda new, cached, output: Workload(new + cached, output, cached_tokens=cached),
    st.integers(16, 4_000),
    st.integers(0, 20_000),
    st.integers(1, 2_000),
)


def times(workload=CHAT, concurrency=16, **named):
    return token_times(serve(LLAMA, workload, concurrency=concurrency), **named)


@given(WORKLOADS, st.integers(1, 64), st.sampled_from(["output", "context"]), st.floats(0, 600))
def test_tokens_times_their_prices_are_the_rent(workload, concurrency, kv_reads_to, held_s):
    took = times(workload, concurrency, kv_reads_to=kv_reads_to, held_s=held_s)
    prices = took.usd_per_mtok(3.0, utilisation=0.5)
    bill = sum(n * prices[kind] for kind, n in took.tokens.items() if n) / 1e6
    assert bill == pytest.approx(took.usd_per_request(3.0, utilisation=0.5))
    # A busy deployment of two chips earns its rent, twice that at half the utilisation.
    assert bill * took.requests_per_s * 3600 == pytest.approx(3.0 * 2 / 0.5)
    assert all(s >= 0 for s in took.seconds.values())


@given(WORKLOADS, st.integers(1, 64))
def test_the_time_of_a_request_by_the_route_of_the_server(workload, concurrency):
    service = serve(LLAMA, workload, concurrency=concurrency)
    took = token_times(service)
    assert took.total_s == pytest.approx(workload.output_tokens / service.tokens_per_s)


@given(WORKLOADS, st.integers(1, 64), st.floats(0, 600))
def test_who_pays_for_reads_moves_cost_and_makes_none(workload, concurrency, held_s):
    by_list = times(workload, concurrency, kv_reads_to="output", held_s=held_s)
    by_cause = times(workload, concurrency, kv_reads_to="context", held_s=held_s)
    assert by_cause.total_s == pytest.approx(by_list.total_s)
    assert by_cause.output_s <= by_list.output_s
    assert by_cause.cached_s >= by_list.cached_s


def test_a_cached_token_costs_less_than_a_fresh_one_and_more_the_longer_it_is_held():
    held = [times(AGENT, 4, held_s=s).usd_per_mtok(3.0)["cached input"] for s in (0, 10, 60, 600)]
    fresh = times(AGENT, 4).usd_per_mtok(3.0)["fresh input"]
    assert held == sorted(held) and held[0] < fresh / 5
    # The rule of the break-even: held long enough, computing it again would have been cheaper.
    assert held[-1] > fresh


def test_holding_costs_its_share_of_the_memory():
    second = times(AGENT, 4, held_s=1.0).cached_s - times(AGENT, 4).cached_s
    cache = LLAMA.model.kv_bytes(AGENT.cached_tokens, "fp8")
    assert second == pytest.approx(cache / (2 * LLAMA.chip.memory_bytes), rel=1e-6)


def test_output_costs_more_than_input_and_a_batch_cheapens_it():
    alone, many = (times(CHAT, n).usd_per_mtok(3.0) for n in (1, 64))
    assert alone["output"] > 20 * alone["fresh input"]
    assert many["output"] < alone["output"] / 20
    assert many["output"] > many["fresh input"]


def test_without_cached_tokens_they_have_no_price():
    assert np.isnan(times().usd_per_mtok(3.0)["cached input"])
    assert times().usd_per_request(3.0) > 0


def test_cost_is_proportional_to_rent_and_to_idleness():
    took = times()
    full = took.usd_per_request(1.0)
    assert took.usd_per_request(2.5) == pytest.approx(2.5 * full)
    assert took.usd_per_request(1.0, utilisation=0.25) == pytest.approx(4 * full)
    for wrong in (0, 1.2, float("nan")):
        with pytest.raises(ValueError, match="utilisation"):
            took.usd_per_request(1.0, utilisation=wrong)


def test_joules_follow_the_power_of_each_phase():
    took = times(AGENT, 4)
    joules = took.joules_per_token(1_000.0, 700.0, pue=1.2)
    whole = sum(n * joules[kind] for kind, n in took.tokens.items())
    reading = took.fresh_s + took.cached_s
    assert whole == pytest.approx(1.2 * 2 * (1_000 * reading + 700 * took.output_s))
    with pytest.raises(ValueError, match="pue"):
        took.joules_per_token(1_000.0, 700.0, pue=0.5)


def test_wrong_choices_are_named():
    with pytest.raises(ValueError, match="kv_reads_to"):
        times(kv_reads_to="seller")
    with pytest.raises(ValueError, match="held_s"):
        times(held_s=-1.0)


def test_arrays_and_labels_pass():
    loads = np.array([1, 4, 16])
    took = token_times(serve(LLAMA, CHAT, concurrency=loads))
    for i, n in enumerate(loads):
        alone = times(CHAT, int(n)).usd_per_mtok(3.0)["output"]
        assert took.usd_per_mtok(3.0)["output"][i] == pytest.approx(alone)
    cached = xr.DataArray([0.0, 500.0, 900.0], dims="cached")
    took = token_times(serve(LLAMA, replace(CHAT, cached_tokens=cached), concurrency=8))
    prices = took.usd_per_mtok(3.0)
    assert prices["fresh input"].dims == ("cached",)
    assert np.isnan(prices["cached input"][0]) and prices["cached input"][1:].notnull().all()


# Owning against an API.

COSTS = {
    "api": st.floats(1e-4, 1e-1),
    "capacity": st.floats(1e3, 1e6),
    "replica": st.floats(1, 1e4),
    "fixed": st.floats(0, 1e4),
}


def test_the_api_bills_by_the_kind():
    assert list_price_usd_per_request(AGENT, 1.0, 4.0, 0.1) == pytest.approx(
        (1_000 * 1.0 + 29_000 * 0.1 + 300 * 4.0) / 1e6
    )
    # Without a discount a cached token costs what any other does.
    assert list_price_usd_per_request(AGENT, 1.0, 4.0) == pytest.approx((30_000 + 1_200) / 1e6)


@given(st.floats(1, 1e7), COSTS["capacity"], COSTS["replica"], COSTS["fixed"])
def test_the_short_run_is_never_below_the_long_run(load, capacity, replica, fixed):
    stepped = own_usd_per_day(load, capacity, replica, fixed)
    smooth = own_usd_per_day(load, capacity, replica, fixed, stepped=False)
    assert smooth <= stepped * (1 + 1e-12) and stepped < smooth + replica * (1 + 1e-9)


@given(COSTS["api"], COSTS["capacity"], COSTS["replica"], COSTS["fixed"])
def test_the_break_even_loads_by_brute_force(api, capacity, replica, fixed):
    first, for_good = break_even_requests_per_day(api, capacity, replica, fixed)
    gain = api * capacity - replica
    assume(abs(gain) > 0.01 * replica)
    if gain <= 0:
        assert first == for_good == np.inf
        # No load suffices: full replicas cost as much as the API.
        loads = capacity * np.arange(1, 200)
        assert (own_usd_per_day(loads, capacity, replica, fixed) >= api * loads).all()
        return
    assert own_usd_per_day(first, capacity, replica, fixed) == pytest.approx(api * first, rel=1e-6)
    assert first <= for_good * (1 + 1e-12)
    below = np.linspace(first / 500, first * 0.999, 499)
    assert (own_usd_per_day(below, capacity, replica, fixed) > api * below * (1 - 1e-9)).all()
    above = for_good * np.linspace(1.001, 5, 2_000)
    assert (own_usd_per_day(above, capacity, replica, fixed) < api * above * (1 + 1e-9)).all()


def test_between_the_two_loads_the_api_may_lead_again():
    first, for_good = break_even_requests_per_day(0.0008, 100_000, 50.0)
    assert own_usd_per_day(first * 1.01, 100_000, 50.0) < 0.0008 * first * 1.01
    assert own_usd_per_day(100_001, 100_000, 50.0) > 0.0008 * 100_001
    assert first < 100_001 < for_good


def test_break_even_takes_arrays_and_labels():
    prices = np.array([0.0001, 0.0008])
    first, _ = break_even_requests_per_day(prices, 100_000, 50.0)
    assert first[0] == np.inf and first[1] == pytest.approx(62_500)
    labelled, _ = break_even_requests_per_day(xr.DataArray(prices, dims="price"), 100_000, 50.0)
    assert labelled.values.tolist() == first.tolist()


@given(st.floats(1, 1e6), st.floats(0, 4))
def test_large_fleets_waste_less(n, deviations):
    share = fleet_utilisation(n, deviations)
    assert 0 < share <= 1
    assert fleet_utilisation(4 * n, deviations) >= share
    # Slots are the mean and some deviations of it; the reserve grows by the root.
    assert n / share - n == pytest.approx(deviations * np.sqrt(n), abs=1e-6 * n)


NAN = float("nan")


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: times().usd_per_request(NAN), "rent_usd_per_hour=nan"),
        (lambda: times().usd_per_mtok(-1.0), "rent_usd_per_hour=-1.0"),
        (lambda: list_price_usd_per_request(CHAT, NAN, 4.0), "input_usd_per_mtok=nan"),
        (lambda: list_price_usd_per_request(CHAT, 1.0, 4.0, -1), "cached_usd_per_mtok=-1"),
        (lambda: own_usd_per_day(1.0, 0.0, 50.0), "replica_requests_per_day=0.0"),
        (lambda: own_usd_per_day(NAN, 1.0, 50.0), "requests_per_day=nan"),
        (lambda: break_even_requests_per_day(NAN, 1e5, 50.0), "api_usd_per_request=nan"),
        (lambda: break_even_requests_per_day(0.1, 1e5, 50.0, -20.0), "fixed_usd_per_day=-20.0"),
        (lambda: fleet_utilisation(0.0), "requests_in_flight=0.0"),
    ],
)
def test_an_unknown_price_is_no_answer(ask, name):
    with pytest.raises(ValueError, match=name):
        ask()


def test_a_cache_that_waits_costs_rent_and_no_energy():
    waits, reads = times(AGENT, 4, held_s=60.0), times(AGENT, 4)
    assert waits.usd_per_mtok(3.0)["cached input"] > reads.usd_per_mtok(3.0)["cached input"]
    joules = waits.joules_per_token(1_000.0, 700.0)["cached input"]
    assert joules == pytest.approx(reads.joules_per_token(1_000.0, 700.0)["cached input"])
