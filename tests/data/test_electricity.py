"""Prices of electricity are those that a kilowatt-hour can have, and one table agrees with next."""

import pytest

from inferwall.data import table


@pytest.fixture(scope="module")
def prices():
    return table("electricity")


def test_a_kilowatt_hour_costs_more_than_its_fuel_and_less_than_at_home(prices):
    assert len(prices) > 50
    assert prices["price_per_kwh"].between(0.05, 0.3).all()
    dollars = prices[prices["currency"] == "USD"]
    assert 0.07 < dollars["price_per_kwh"].median() < 0.1


def test_industry_pays_no_more_than_shops(prices):
    # Large customers take high voltage and steady loads: in every state they pay less.
    both = prices[prices["as_of"] == "2023"].pivot(
        index="region", columns="sector", values="price_per_kwh"
    )
    both = both.dropna()
    assert len(both) >= 14
    assert (both["industrial"] < both["commercial"]).all()


def test_a_state_does_not_jump(prices):
    industry = prices[(prices["sector"] == "industrial") & (prices["currency"] == "USD")]
    span = industry.groupby("region")["price_per_kwh"].agg(["min", "max"])
    assert (span["max"] / span["min"]).max() < 1.5


def test_what_is_secondary_is_marked_and_stays_in_its_currency(prices):
    low = prices[prices["confidence"] == "low"]
    assert set(low["currency"]) == {"EUR"}
    assert (prices["currency"].eq("USD") == prices["country"].eq("United States")).mean() > 0.98


def test_known_prices(prices):
    row = prices.set_index(["region", "sector", "as_of"])["price_per_kwh"]
    assert row["Texas", "industrial", "2023"] == 0.066
    assert row["Ohio", "industrial", "2024-04"] == 0.0683
    # Ohio in April: 16 % dearer in a year.
    assert row["Ohio", "industrial", "2025-04"] / 0.0683 == pytest.approx(1.157, abs=0.001)
