"""Every purchase price is one that somebody could ask for that chip at that date."""

import pytest

from inferwall.data import table


@pytest.fixture(scope="module")
def prices():
    return table("purchase_prices")


def test_size_and_chips(prices):
    assert len(prices) > 60
    assert set(prices["accelerator"]) <= set(table("accelerators")["name"])


def test_nobody_sells_before_a_chip_exists(prices):
    # A year's grace: servers are announced with a price before they ship.
    released = table("accelerators").set_index("name")["release_date"].str[:4].astype(int)
    years = prices["price_date"].str[:4].astype(int)
    assert (years >= prices["accelerator"].map(released) - 1).all()


def test_prices_of_a_generation_are_alike(prices):
    modern = prices[prices["accelerator"].isin(["H100 SXM", "H200 SXM", "H800 SXM"])]
    assert modern["usd_per_accelerator"].between(25_000, 50_000).all()
    wafers = prices["usd_per_accelerator"] > 100_000
    assert prices[wafers]["accelerator"].str.startswith("Cerebras").all()


def test_what_is_sold_as_several_says_what_it_is(prices):
    one = prices["accelerators_in_system"] == 1
    assert (prices[~one]["boundary"] != "accelerator").all()
    assert (prices[one]["boundary"].isin(["accelerator", "server"])).all()
    assert prices[prices["boundary"].isin(["unstated", "baseboard"])]["note"].notna().all()


def test_a_server_costs_more_a_chip_than_a_board(prices):
    hopper = prices[prices["accelerator"] == "H100 SXM"].groupby("boundary")["usd_per_accelerator"]
    assert hopper.median()["server"] > hopper.median()["unstated"] > 30_000


def test_old_chips_fall_in_price(prices):
    # Chips of one seller's table by date: what is left of the price falls from year to year.
    for chip in ("K40", "K80"):
        old = prices[prices["accelerator"] == chip].sort_values("price_date")
        assert old["usd_per_accelerator"].is_monotonic_decreasing
        assert old["usd_per_accelerator"].iloc[-1] < old["usd_per_accelerator"].iloc[0] / 10


def test_what_was_never_sold_is_an_estimate(prices):
    tpus = prices[prices["accelerator"].str.startswith("TPU")]
    assert (tpus["confidence"] == "estimate").all() and len(tpus) == 7
