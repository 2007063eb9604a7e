"""Costs of data centres stay within physics, and agree with one another where they can."""

import pytest

from inferwall.data import table

BOUNDS = {
    "1": (0, 10),
    "1/year": (0, 1),
    "GW": (1, 5_000),
    "USD/GB": (1, 50),
    "USD/W": (5, 70),
    "USD/accelerator": (500, 100_000),
    "USD/accelerator-hour": (0.3, 5),
    "USD/kW-month": (50, 400),
    "USD/rack": (1e4, 1e7),
    "USD/server": (1e4, 5e5),
    "count": (1, 1_000),
    "g/kWh": (0, 1_000),
    "kW/accelerator": (0.3, 3),
    "kW/rack": (50, 300),
    "months": (6, 120),
    "years": (3, 8),
}


@pytest.fixture(scope="module")
def costs():
    return table("dc_costs")


def one(costs, **where):
    found = costs
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1, found
    return float(found["value"].iloc[0])


def test_every_number_is_in_the_bounds_of_its_unit(costs):
    assert set(costs["unit"]) == set(BOUNDS)
    for unit, rows in costs.groupby("unit"):
        low, high = BOUNDS[unit]
        for column in ("value", "low", "high"):
            assert rows[column].dropna().between(low, high).all(), unit


def test_every_row_holds_a_number_and_ranges_hold_their_value(costs):
    assert costs[["value", "low", "high"]].notna().any(axis=1).all()
    ranged = costs.dropna(subset=["low", "high"])
    assert (ranged["low"] < ranged["high"]).all()
    inside = ranged.dropna(subset=["value"])
    assert inside["value"].between(inside["low"], inside["high"]).all()


def test_no_site_takes_less_power_than_its_machines(costs):
    pue = costs[costs["category"] == "pue"]["value"]
    assert pue.between(1.0, 2.6).all() and len(pue) == 8


def test_power_with_host_is_above_the_chip(costs):
    rows = costs[costs["unit"] == "kW/accelerator"]
    tdp = table("accelerators").set_index("name")["tdp_w"]
    over = rows["value"] * 1e3 / rows["item"].map(tdp)
    assert over.between(1.2, 2.5).all()


def test_models_of_cost_put_a_smaller_owner_above_a_larger_one(costs):
    models = costs[costs["category"] == "hour by a cost model"].pivot(
        index=["item", "as_of"], columns="quantity", values="value"
    )
    assert len(models) > 12
    assert (models["hour owned by a neocloud"] > models["hour owned by a hyperscaler"]).all()
    # They are models, not prices: they stand here and not among the rents.
    assert not table("rental_prices")["sources"].str.contains("semianalysis-tco").any()


def test_sums_and_shares_fit(costs):
    rack = one(costs, item="GB200 NVL72 rack", quantity="capital cost")
    site = one(costs, item="site of a GB200 NVL72 rack")
    assert rack + site == one(costs, item="GB200 NVL72 rack with its site")
    # The site's share of the two is a little above the third that the same analysis gives.
    plant = one(costs, item="mechanical and electrical plant")
    assert site / (rack + site) == pytest.approx(plant + 0.09, abs=0.01)
    gpus = one(costs, category="capital shares", item="accelerators")
    profit = one(costs, item="gross profit of the accelerators' vendor")
    assert profit < gpus
    shares = costs[costs["category"] == "capital shares"].set_index("item")["value"]
    assert shares[["accelerators", "network", "CPUs", "mechanical and electrical plant"]].sum() < 1


def test_failures_add_up(costs):
    failures = costs[costs["quantity"] == "unexpected interruptions"].set_index("item")["value"]
    total = failures["Llama 3 405B: all causes"]
    assert failures.sum() - total < total
    rate = one(costs, item="Llama 3 405B: GPUs")
    assert rate == pytest.approx((148 + 72 + 19 + 17) / 16_384 / (54 / 365), rel=0.005)


def test_the_derived_intensity_follows_from_its_parts(costs):
    # 0.03 g and 0.24 Wh, both of the median prompt.
    answers = table("energy_per_query").query("what == 'Gemini Apps, median text prompt'")["value"]
    assert 0.24 in set(answers)
    assert one(costs, category="carbon") == pytest.approx(0.03 / 0.24e-3)


def test_packages_cost_less_than_the_memory_they_carry(costs):
    """Second hand, all from one analyst; an order of magnitude against HBM in the same models."""
    packages = costs[costs["category"] == "packaging"]
    memory = table("accelerators").set_index("name")["memory_bytes"] / 1e9
    hbm = costs.query("category == 'hbm' and unit == 'USD/GB'")["value"].median()
    share = packages["value"] / (packages["item"].map(memory) * hbm)
    assert len(packages) == 3 and share.between(0.2, 0.9).all()
