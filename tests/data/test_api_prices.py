"""List prices: positive, in range, output over input, the cache below both, dates that exist."""

import pytest

from inferwall.data import source, table

INPUT, OUTPUT = "input_usd_per_mtok", "output_usd_per_mtok"
CACHED = "cached_input_usd_per_mtok"


@pytest.fixture(scope="module")
def prices():
    return table("api_prices")


def test_a_price_a_provider_model_and_date(prices):
    assert len(prices) > 1000 and prices["provider"].nunique() >= 20
    assert not prices.duplicated(["provider", "model", "price_date"]).any()


def test_prices_are_positive_and_in_range(prices):
    assert prices[INPUT].between(0.005, 150).all()
    assert prices[OUTPUT].between(0.005, 600).all()


def test_output_never_costs_less_than_input_and_rarely_much_more(prices):
    ratio = prices[OUTPUT] / prices[INPUT]
    assert (ratio > 0.999).all()
    assert ratio.median() == pytest.approx(4, rel=0.3) and (ratio > 20).mean() < 0.01


def test_a_cached_token_costs_at_most_a_fresh_one(prices):
    cached = prices.dropna(subset=[CACHED])
    assert len(cached) > 300
    share = cached[CACHED] / cached[INPUT]
    assert (share <= 1.0001).all() and share.median() < 0.3


def test_dates_lie_between_the_first_api_and_the_collection(prices):
    assert prices["price_date"].between("2021", "2026-11-21").all()
    released = prices.dropna(subset=["model_release_date"])
    assert released["model_release_date"].between("2020", "2026-11-21").all()


def test_the_cuts_that_the_chapters_quote(prices):
    quoted = prices.set_index(["provider", "model", "price_date"])
    o3 = quoted.loc[("openai", "o3")].sort_index()[INPUT]
    assert o3.iloc[0] == 10 and o3.iloc[-1] == 2
    luna = quoted.loc[("openai", "gpt-5.6-luna")].sort_index()[INPUT]
    assert luna.iloc[-1] / luna.loc["2026-07-09"] == pytest.approx(0.2)


def test_one_seller_and_one_model_move_within_a_factor(prices):
    # A price per thousand tokens or per token would stand out by a thousand and a million.
    for keys, widest in ((["provider", "model"], 16), (["model"], 20)):
        group = prices.groupby(keys)[[INPUT, OUTPUT]]
        assert (group.max() / group.min() <= widest).all().all(), keys
    for provider, own in prices.groupby("provider"):
        assert 0.02 <= own[OUTPUT].median() <= 60, provider


def test_only_one_seller_asks_thirty_dollars_for_reading(prices):
    assert set(prices.loc[prices[INPUT] >= 30, "provider"]) == {"openai"}


def test_as_of_replays_a_date(prices):
    then = table("api_prices", as_of="2025-07-05")
    assert 0 < len(then) < len(prices)
    assert then["known_date"].max() <= "2025-07-05"
    assert then["price_date"].max() <= "2025-07-05"


def test_no_price_is_known_before_it_is_attested(prices):
    named = prices["date_kind"] == "version in name"
    assert (prices.loc[~named, "known_date"] == prices.loc[~named, "price_date"]).all()
    assert (prices.loc[named, "known_date"] >= prices.loc[named, "price_date"]).all()
    # Their price is that of a catalogue of July 2025 or August 2026, whatever the name says.
    assert set(prices.loc[named, "known_date"]) == {"2025-07-05", "2026-08-01"}
    early = table("api_prices", as_of="2024-12-31")
    assert "version in name" not in set(early["date_kind"])


def test_sources_exist(prices):
    for keys in prices["sources"].unique():
        assert all(source(key).key for key in keys.split(";"))
