"""What solving a task costs: shares, dollars and prices that fit together."""

from datetime import date, timedelta

from inferwall.data import source, table

ROWS = table("solved_tasks")
PRICES = table("api_prices")


def test_shares_and_costs_are_of_a_size():
    assert len(ROWS) >= 20 and ROWS["maker"].nunique() >= 8
    assert ROWS["solved_share"].between(0.2, 0.95).all()
    assert ROWS["cost_usd_per_task"].between(0.05, 5).all()
    assert ROWS["seconds_per_task"].between(60, 3600).all()


def test_a_share_is_a_whole_number_of_tasks():
    solved = ROWS["solved_share"] * ROWS["tasks"].astype(float)
    assert (abs(solved - solved.round()) < 1e-6).all()


def test_every_named_price_was_known_a_week_after_the_run():
    named = ROWS.dropna(subset=["price_provider"])
    assert len(named) >= 18
    for row in named.itertuples():
        match = (PRICES["provider"] == row.price_provider) & (PRICES["model"] == row.price_model)
        known = date.fromisoformat(row.run_date) + timedelta(days=7)
        assert (PRICES.loc[match, "price_date"] <= known.isoformat()).any(), row.model


def test_sources_exist():
    assert all(source(key).key for key in ROWS["sources"].unique())
