"""Every row of spend is money or a share, bounded, and says what is inside."""

import pytest

from inferwall.data import source, table


@pytest.fixture(scope="module")
def spend():
    return table("spend")


def pick(spend, organisation, period, item):
    keys = ["organisation", "period", "item"]
    return spend.set_index(keys).loc[(organisation, period, item), "value_usd"]


def test_each_row_is_money_or_a_ratio(spend):
    assert (spend["value_usd"].notna() ^ spend["ratio"].notna()).all()
    assert (spend["per"].notna() == spend["value_usd"].notna()).all()


def test_sources_exist(spend):
    for key in spend["sources"]:
        source(key)


def test_shares_are_shares_and_growth_is_growth(spend):
    shares = spend[
        spend["kind"].isin(["inference share", "margin", "research share", "cache share"])
    ]
    assert shares["ratio"].between(0, 1).all()
    assert spend.loc[spend["kind"] == "growth", "ratio"].between(1, 10).all()


def test_money_is_of_the_size_of_its_kind(spend):
    money = spend.dropna(subset=["value_usd"])
    assert money.loc[money["kind"] == "capex", "value_usd"].between(1e10, 1e12).all()
    assert money.loc[money["per"] == "day", "value_usd"].between(1e4, 1e8).all()
    assert money.loc[money["kind"] == "training", "value_usd"].between(1e6, 1e9).all()
    # What a firm takes, burns and rents in a year is billions; one app of one firm is less.
    firms = money[~money["organisation"].str.contains("Sora|DeepSeek")]
    yearly = firms[firms["per"].isin(["period", "year"]) & ~firms["kind"].eq("training")]
    assert len(yearly) >= 45 and yearly["value_usd"].between(3e8, 1e12).all()
    app = money[money["organisation"].str.contains("Sora") & (money["per"] == "period")]
    assert app["value_usd"].between(1e5, 1e8).all()


def test_leaks_are_marked_low(spend):
    leaks = spend[spend["note"].fillna("").str.contains("Leak")]
    assert len(leaks) >= 10
    assert (leaks["confidence"] == "low").all()


def test_the_parts_of_openais_compute_fit_in_the_whole(spend):
    total = pick(spend, "OpenAI", "2024", "total compute")
    research = pick(spend, "OpenAI", "2024", "R&D compute")
    inference = pick(spend, "OpenAI", "2024", "inference compute")
    assert research + inference == total
    final = pick(spend, "OpenAI", "2024", "GPT-4.5 final run")
    assert final + pick(spend, "OpenAI", "2024", "other final runs") < research


def test_accounts_add_up(spend):
    for year in ("2024", "2025"):
        loss = pick(spend, "OpenAI", year, "total costs") - pick(spend, "OpenAI", year, "revenue")
        assert loss == pytest.approx(pick(spend, "OpenAI", year, "operating loss"), rel=0.01)


def test_deepseeks_day_is_its_nodes_at_two_dollars(spend):
    assert pick(spend, "DeepSeek", "2025-02-28", "rent of the serving chips") == 226.75 * 8 * 24 * 2
