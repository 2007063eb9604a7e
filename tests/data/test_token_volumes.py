"""Volumes: positive, converted to a day correctly, growing within one definition."""

import pytest

from inferwall.data import source, table

DAYS = {"minute": 1 / 1440, "day": 1, "week": 7, "month": 365 / 12, "quarter": 365 / 4, "year": 365}


@pytest.fixture(scope="module")
def volumes():
    return table("token_volumes")


def test_values_are_positive_and_daily_values_agree(volumes):
    assert (volumes["value"] > 0).all()
    timed = volumes.dropna(subset=["per"])
    daily = timed["value"] / timed["per"].map(DAYS)
    assert timed["value_per_day"].to_numpy() == pytest.approx(daily.to_numpy(), rel=1e-6)
    assert volumes.loc[volumes["per"].isna(), "value_per_day"].isna().all()


def test_the_period_is_the_one_that_the_metric_names(volumes):
    named = volumes["metric"].str.extract(r"per (minute|day|week|month|quarter|year)")[0]
    assert named.notna().sum() > 25
    assert (named.dropna() == volumes.loc[named.notna(), "per"]).all()


def test_no_one_processes_more_than_the_world(volumes):
    tokens = volumes[volumes["quantity"] == "tokens"]
    world = tokens.loc[tokens["organisation"] == "World", "value_per_day"].item()
    assert (tokens["value_per_day"].dropna() <= world).all()
    # From an aggregator of 2024 to a cloud of 2026; a slip between month and minute is 44,000.
    assert tokens["value_per_day"].dropna().between(1e9, 1e15).all()
    # The largest step between two statements of one metric is a hundredfold: Doubao's first year.
    firm = tokens[tokens["confidence"] != "low"].sort_values("observed_date")
    for keys, own in firm.groupby(["organisation", "metric"]):
        step = own["value"].to_numpy()[1:] / own["value"].to_numpy()[:-1]
        assert ((step > 0.5) & (step < 150)).all(), keys
    days = volumes[volumes["quantity"].isin(["messages", "prompts", "queries"])]
    assert days["value_per_day"].between(1e8, 2e10).all()
    users = volumes.loc[volumes["quantity"] == "users", "value"]
    assert users.between(1e8, 8e9).all()


def test_a_series_of_one_definition_grows(volumes):
    for who, metric in [
        ("Google", "tokens per month, all surfaces"),
        ("Google", "API tokens per minute"),
        ("China total", "tokens per day"),
        ("OpenAI ChatGPT", "weekly active users"),
    ]:
        series = volumes[(volumes["organisation"] == who) & (volumes["metric"] == metric)]
        assert len(series) >= 4
        assert series.sort_values("observed_date")["value"].is_monotonic_increasing


def test_dates_and_sources(volumes):
    assert volumes["observed_date"].between("2023", "2026-11-21").all()
    for keys in volumes["sources"].unique():
        assert all(source(key).key for key in keys.split(";"))


def test_paid_prices_are_spend_over_tokens():
    paid = table("paid_prices")
    both = paid.dropna(subset=["spend_usd", "tokens"])
    assert len(both) >= 20
    derived = both["spend_usd"] / both["tokens"] * 1e6
    assert both["paid_usd_per_mtok"].to_numpy() == pytest.approx(derived.to_numpy(), rel=1e-3)
    assert paid["paid_usd_per_mtok"].between(0.1, 100).all()
    assert (paid.loc[paid["method"] == "published", "confidence"] == "low").all()
    for keys in paid["sources"].unique():
        assert all(source(key).key for key in keys.split(";"))
