"""Published elasticities: magnitudes in a sensible range, ranges in order, sources."""

import pytest

from inferwall.data import source, table


@pytest.fixture(scope="module")
def rows():
    return table("elasticities").set_index("id")


def test_elasticities_are_magnitudes_in_range(rows):
    some = rows[rows["kind"].isin(["price elasticity", "income elasticity"])]
    assert some["value"].dropna().between(0.1, 5).all()
    factors = rows[~rows.index.isin(some.index) & (rows["kind"] != "rebound")]
    assert (factors[["value", "low", "high"]].stack().dropna() >= 1).all()


def test_ranges_are_in_order(rows):
    ranged = rows.dropna(subset=["low", "high"])
    assert len(ranged) >= 3 and (ranged["low"] < ranged["high"]).all()
    inside = ranged.dropna(subset=["value"])
    assert inside["value"].between(inside["low"], inside["high"]).all()


def test_what_is_only_words_carries_no_number(rows):
    words = rows[rows["trust"].isin(["qualitative", "not an elasticity"])]
    assert len(words) >= 5 and words["value"].isna().all()


def test_light_is_as_published(rows):
    assert rows.loc["uk-light-price", "value"] == 3_000
    assert rows.loc["uk-light-volume", "value"] == 40_000
    assert rows.loc["uk-light-peak", "value"] == 1.7


def test_sources_exist(rows):
    for keys in rows["sources"]:
        assert all(source(key).key for key in keys.split(";"))
