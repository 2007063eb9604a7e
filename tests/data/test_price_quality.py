"""Prices with a quality index: dated, positive, launch and current kept apart."""

import pytest

from inferwall.data import source, table


@pytest.fixture(scope="module")
def models():
    return table("price_quality")


def test_rows_and_ranges(models):
    assert len(models) >= 120
    assert models["intelligence_index"].between(1, 70).all()
    assert models["input_usd_per_mtok"].between(0.005, 50).all()
    assert (models["output_usd_per_mtok"] >= models["input_usd_per_mtok"] * 0.999).all()
    for name in ("coding_index", "agentic_index"):
        assert models[name].dropna().between(0, 100).all()


def test_a_launch_price_is_dated_at_the_release(models):
    launch = models[models["price_kind"] == "launch"]
    assert len(launch) >= 18
    assert (launch["price_date"] == launch["release_date"]).all()
    current = models[models["price_kind"] == "current"]
    assert (current["price_date"] == "2026-08-01").all()
    assert (current["release_date"] <= current["price_date"]).all()


def test_launch_prices_are_those_of_the_price_list(models):
    keys = ["provider", "model"]
    launch = models[models["price_kind"] == "launch"].set_index(keys)
    listed = table("api_prices").query("date_kind == 'launch'").set_index(keys)
    both = launch.reset_index().merge(listed.reset_index(), on=keys, suffixes=("", "_listed"))
    assert len(both) >= 18
    for side in ("input", "output"):
        assert (both[f"{side}_usd_per_mtok"] == both[f"{side}_usd_per_mtok_listed"]).all()


def test_the_frontier_only_rises(models):
    launch = models[models["price_kind"] == "launch"].sort_values("release_date")
    best = launch["intelligence_index"].cummax()
    assert best.iloc[0] == 7 and best.iloc[-1] > 60


def test_sources_exist(models):
    for keys in models["sources"].unique():
        assert all(source(key).key for key in keys.split(";"))
