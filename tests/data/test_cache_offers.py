"""Offers of prompt caches and tiers of memory are possible and name their sources."""

import pytest

from inferwall.data import source, table


@pytest.mark.parametrize("name", ["cache_offers", "memory_tiers"])
def test_sources_exist(name):
    for cell in table(name)["sources"].unique():
        for key in cell.split(";"):
            assert source(key).key == key


def test_lifetimes_are_in_order_and_a_longer_one_costs_no_less_to_write():
    offers = table("cache_offers")
    stated = offers.dropna(subset=["idle_low_s", "idle_high_s"])
    assert (stated["idle_low_s"] <= stated["idle_high_s"]).all()
    assert stated["idle_low_s"].min() == 300
    for _, own in stated.sort_values("idle_high_s").groupby("seller"):
        assert own["write_over_input"].is_monotonic_increasing


def test_a_read_is_cheaper_than_a_write():
    offers = table("cache_offers").dropna(subset=["read_over_input"])
    assert (offers["read_over_input"] < offers["write_over_input"]).all()


def test_cheaper_tiers_are_slower():
    tiers = table("memory_tiers")
    assert (tiers["price_low_usd_per_gb"] <= tiers["price_high_usd_per_gb"]).all()
    for column in ("price_high_usd_per_gb", "bandwidth_bytes_per_s_per_chip"):
        assert tiers[column].is_monotonic_decreasing
    hbm = tiers.set_index("tier").loc["HBM with its chip"]
    chips = table("accelerators").set_index("name").loc["H200 SXM"]
    assert hbm["capacity_bytes_per_chip"] == chips["memory_bytes"]
    assert hbm["bandwidth_bytes_per_s_per_chip"] == chips["bandwidth_bytes_per_s"]
