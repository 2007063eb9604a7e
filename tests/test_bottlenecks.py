"""One token from silicon to market: laws that hold whatever the numbers, and the other routes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall import accelerator, transformer
from inferwall.bottlenecks import INPUTS, central_inputs, euler_sums, token_cost
from inferwall.cost import cost_usd_per_mtok
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.owned_hours import OwnedHour
from inferwall.sensitivity import elasticity
from inferwall.serving import Workload, fullest, serve
from inferwall.step import Deployment

LLAMA = Deployment(
    transformer("Llama 3.1 70B"),
    accelerator("H200 SXM"),
    2,
    "fp8",
    "fp8",
    efficiency=named_efficiency("serving"),
)
HOUR = OwnedHour(
    accelerator_usd=40_000.0,
    server_usd=0.0,
    network_usd=0.0,
    building_usd_per_w=13.0,
    power_w=1400.0,
    pue=1.2,
    tariff_usd_per_kwh=0.07,
    rate_per_year=0.1,
    life_years=5.0,
    building_life_years=20.0,
    maintenance_per_year=0.05,
)
CHAT, LONG, THINK = (
    Workload(1000, 700, 500),
    Workload(30_000, 500, 24_000),
    Workload(1000, 7000, 500),
)
LOADS = [(CHAT, 25.0), (LONG, 10.0), (THINK, 30.0)]
every_load = pytest.mark.parametrize(("workload", "speed"), LOADS, ids=["chat", "long", "think"])


def inputs_for(workload=CHAT, speed=25.0, deployment=LLAMA):
    return central_inputs(deployment, workload, HOUR, 5.4, 0.6, speed, 10.6, 1000.0)


def usd(inputs, deployment=LLAMA):
    return token_cost(deployment, HOUR, inputs).usd_per_mtok


@every_load
def test_the_cost_is_that_of_serving_at_the_largest_load(workload, speed):
    found = token_cost(LLAMA, HOUR, inputs_for(workload, speed))
    assert np.floor(found.running) == fullest(LLAMA, workload, 1 / speed)
    service = serve(LLAMA, workload, concurrency=np.floor(found.running))
    by_serving = cost_usd_per_mtok(5.4 * 2, service.tokens_per_s) / 0.6
    assert found.usd_per_mtok == pytest.approx(by_serving, rel=0.03)
    assert found.hour_usd == pytest.approx(5.4)
    assert found.owned.parts_usd.keys() == HOUR.parts_usd.keys()
    assert found.owned.total_usd_per_hour == pytest.approx(HOUR.total_usd_per_hour)


def test_memory_binds_long_prompts_and_speed_binds_chat():
    chat = token_cost(LLAMA, HOUR, inputs_for(CHAT, 25.0))
    assert not chat.memory_binds
    assert 1 / chat.service.tpot_s == pytest.approx(25.0)
    long = token_cost(LLAMA, HOUR, inputs_for(LONG, 10.0))
    assert long.memory_binds
    assert 1 / long.service.tpot_s > 10.0
    assert long.usd_per_answer == pytest.approx(long.usd_per_mtok * 500 / 1e6)


def test_every_input_is_listed_once_and_moves_the_cost_one_way():
    inputs = inputs_for()
    assert list(inputs) == [item.name for item in INPUTS]
    assert len({item.label for item in INPUTS}) == len(INPUTS) >= 15
    assert {item.scales for item in INPUTS} == {"rate", "time", "money", ""}
    found = elasticity(lambda **at: usd(at), inputs)
    falls = {"flop_per_s", "bandwidth_bytes_per_s", "link_bytes_per_s", "life_years", "utilisation"}
    falls |= {"arithmetic_share", "bandwidth_share"}
    assert all(found[name] < 0 for name in falls)
    rises = {item.name for item in INPUTS if item.scales in ("time", "money")}
    rises |= {"power_w", "pue", "rate_per_year", "input_tokens", "fresh_share", "tokens_per_s"}
    assert all(found[name] > 0 for name in rises)
    assert found["utilisation"] == pytest.approx(-1)
    assert found["margin_usd_per_hour"] == pytest.approx(
        inputs["margin_usd_per_hour"] / 5.4, rel=1e-3
    )
    assert found["pue"] == pytest.approx(found["tariff_usd_per_kwh"])


def test_a_dollar_of_equipment_is_a_dollar_whatever_it_buys():
    """Chip, memory and package reach the cost once: by closed form, rent's share of each."""
    inputs = inputs_for()
    found = elasticity(lambda **at: usd(at), inputs, step=1e-4)
    a_year = 0.1 / (1 - 1.1**-5) + 0.05  # repaid in five years at 10 %, and maintained
    memory_usd = 10.6 * LLAMA.chip.memory_bytes / 1e9
    for name, part_usd in (("hbm_usd_per_gb", memory_usd), ("packaging_usd", 1000.0)):
        assert found[name] == pytest.approx(part_usd * a_year / 8760 / 5.4, rel=1e-3)
    rest = 40_000 - memory_usd - 1000
    assert found["equipment_usd"] == pytest.approx(rest * a_year / 8760 / 5.4, rel=1e-3)
    kw_h_usd = 1.4 * 1.2 * 0.07
    assert found["pue"] == pytest.approx(kw_h_usd / 5.4, rel=1e-3)


@every_load
def test_elasticities_obey_eulers_theorem(workload, speed):
    found = elasticity(lambda **at: usd(at), inputs_for(workload, speed), step=1e-3)
    sums = euler_sums(found)
    assert sums["money"] == pytest.approx(1, abs=1e-3)
    assert sums["time"] == pytest.approx(-1, abs=2e-3)


@given(factor=st.floats(0.5, 4), load=st.sampled_from(LOADS))
@settings(max_examples=20, deadline=None)
def test_the_same_film_at_another_speed_costs_in_proportion(factor, load):
    """The law behind the sums, at any distance: a route without derivatives."""
    inputs = inputs_for(*load)
    power = {"rate": factor, "time": 1 / factor, "money": 1.0, "": 1.0}
    faster = {item.name: inputs[item.name] * power[item.scales] for item in INPUTS}
    assert usd(faster) == pytest.approx(usd(inputs) / factor, rel=1e-6)
    dearer = {
        item.name: inputs[item.name] * (factor if item.scales == "money" else 1) for item in INPUTS
    }
    assert usd(dearer) == pytest.approx(usd(inputs) * factor, rel=1e-9)


def test_arrays_are_many_scalars():
    one = inputs_for()
    many = {**one, "bandwidth_bytes_per_s": np.array([3e12, 5e12, 8e12]), "pue": np.ones(3) * 1.3}
    together = usd(many)
    for i in range(3):
        alone = {name: float(np.broadcast_to(v, 3)[i]) for name, v in many.items()}
        assert together[i] == pytest.approx(float(usd(alone)), rel=1e-9)


@pytest.mark.parametrize("name", [item.name for item in INPUTS])
def test_labels_pass_through(name):
    xr = pytest.importorskip("xarray")
    inputs = {**inputs_for(), "fresh_share": 0.5}
    ends = inputs[name] * np.array([0.9, 1.0])
    found = usd({**inputs, name: xr.DataArray(ends, dims="draw")})
    assert found.dims == ("draw",)
    assert found.values.tolist() == pytest.approx(usd({**inputs, name: ends}).tolist())


def test_what_cannot_be_served_is_unknown_and_not_cheap():
    assert np.isnan(usd(inputs_for(CHAT, 500.0)))
    two = {**inputs_for(), "memory_bytes": np.array([30e9, 141e9])}
    assert np.isnan(usd(two)).tolist() == [True, False]


def test_ideal_chips_cost_less_and_waits_of_nothing_stay_nothing():
    ideal = replace(LLAMA, efficiency=IDEAL)
    inputs = inputs_for(deployment=ideal)
    assert inputs["kernel_s"] == inputs["prompt_s"] == 0
    assert usd(inputs, ideal) < usd(inputs_for())


def test_an_input_too_many_or_too_few_is_named():
    inputs = inputs_for()
    with pytest.raises(ValueError, match="missing or unknown: pue"):
        usd({name: value for name, value in inputs.items() if name != "pue"})
    with pytest.raises(ValueError, match="missing or unknown: colour"):
        usd({**inputs, "colour": 1.0})


@pytest.mark.parametrize(
    "wrong",
    [
        {"utilisation": 1.2}, {"utilisation": 0.0}, {"utilisation": np.nan}, {"fresh_share": 1.1},
        {"flop_per_s": -1.0}, {"tokens_per_s": 0.0}, {"tokens_per_s": np.nan}, {"kernel_s": -1.0},
        {"hbm_usd_per_gb": -1.0}, {"margin_usd_per_hour": np.nan}, {"chips": None},
        {"bandwidth_share": np.array([0.5, 0.0])},
    ],
)  # fmt: skip
def test_an_input_out_of_range_is_named(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}="):
        usd({**inputs_for(), **wrong})


def test_a_wait_is_felt_also_where_there_was_none():
    ideal = replace(LLAMA, efficiency=IDEAL)
    inputs = inputs_for(deployment=ideal)
    assert usd({**inputs, "prompt_s": 0.1}, ideal) > 1.01 * usd(inputs, ideal)


def test_memory_dearer_than_the_whole_chip_raises():
    with pytest.raises(ValueError, match="hbm_usd_per_gb=10000"):
        central_inputs(LLAMA, CHAT, HOUR, 5.4, 0.5, 25.0, hbm_usd_per_gb=10_000, packaging_usd=0)
    with pytest.raises(ValueError, match="packaging_usd=50000"):
        central_inputs(LLAMA, CHAT, HOUR, 5.4, 0.5, 25.0, hbm_usd_per_gb=10, packaging_usd=50_000)
