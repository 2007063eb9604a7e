"""Tariffs: patience is cheaper, urgency dearer, and ratios are those to the list price."""

import pytest

from inferwall.data import source, table

ROWS = table("tariffs")
PRICES = table("api_prices")


def test_who_can_wait_pays_less_and_who_cannot_more():
    ratio = ROWS["price_over_standard"]
    assert (ratio[ROWS["tariff"].isin(["batch", "flex", "off-peak"])].dropna() < 1).all()
    assert (ratio[ROWS["tariff"].isin(["priority", "peak"])].dropna() > 1).all()
    assert (ratio[ROWS["tariff"] == "standard"] == 1).all()


def test_off_peak_is_half_of_peak():
    both = ROWS[ROWS["tariff"].isin(["peak", "off-peak"]) & (ROWS["valid_from"] > "2026")]
    for column in ("input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok"):
        wide = both.pivot(index="model", columns="tariff", values=column)
        assert len(wide) == 3 and wide["off-peak"].to_numpy() == pytest.approx(wide["peak"] / 2)


def test_the_ratio_is_that_to_the_list_price():
    for row in ROWS[ROWS["tariff"] == "priority"].itertuples():
        match = (PRICES["provider"] == "openai") & (PRICES["model"] == row.model)
        assert row.price_over_standard == pytest.approx(
            row.output_usd_per_mtok / PRICES.loc[match, "output_usd_per_mtok"].iloc[0]
        )
        assert row.price_over_standard == pytest.approx(
            row.input_usd_per_mtok / PRICES.loc[match, "input_usd_per_mtok"].iloc[0]
        )


def test_cached_costs_less_than_new_and_new_less_than_written():
    known = ROWS.dropna(subset=["input_usd_per_mtok"])
    assert (known["cached_input_usd_per_mtok"] < known["input_usd_per_mtok"]).all()
    assert (known["input_usd_per_mtok"] < known["output_usd_per_mtok"]).all()


def test_sources_exist():
    assert all(source(key).key for row in ROWS["sources"] for key in row.split(";"))
