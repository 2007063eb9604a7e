"""Every rent is a price that somebody could ask, of a chip that is known or left blank."""

import pytest

from inferwall.data import resource, source, table


@pytest.fixture(scope="module")
def rents():
    return table("rental_prices")


def test_size_and_span(rents):
    assert len(rents) > 500
    assert rents["price_date"].min() < "2018" and rents["price_date"].max() >= "2026-10"
    assert not rents.duplicated().any()


def test_prices_are_sane(rents):
    assert rents["usd_per_accelerator_hour"].between(0.05, 25).all()
    modern = rents[rents["accelerator"].isin(["H100 SXM", "H200 SXM", "B200", "MI300X"])]
    assert modern["usd_per_accelerator_hour"].between(1, 21).all()


def test_a_rent_is_near_the_others_of_its_chip(rents):
    # An instance of eight, a month or a cent would stand out. Eightfold is the widest spread
    # that is real: clouds of the first days against marketplaces of the last.
    named = rents[rents["accelerator"].notna() & ~rents["contract"].eq("index")]
    group = named.groupby(["accelerator", "contract"])["usd_per_accelerator_hour"]
    many = group.transform("size") >= 3
    over = (named["usd_per_accelerator_hour"] / group.transform("median"))[many]
    assert many.sum() > 350 and over.between(1 / 20, 5).all()
    assert (over.between(1 / 4, 3)).mean() > 0.95
    # Only the largest clouds ask more than 2.5 times what others ask.
    assert set(named.loc[many, "provider_type"][over > 2.5]) == {"hyperscaler"}


def test_an_hour_buys_bandwidth_at_a_price_of_its_time(rents):
    # USD an hour per TB/s of memory: the one measure that all generations share.
    bandwidth = table("accelerators").set_index("name")["bandwidth_bytes_per_s"] / 1e12
    per = (rents["usd_per_accelerator_hour"] / rents["accelerator"].map(bandwidth)).dropna()
    assert len(per) > 400 and per.between(0.15, 14).all()
    assert 1 < per.median() < 3


def test_chips_are_those_of_the_catalogue(rents):
    known = set(table("accelerators")["name"])
    named = rents["accelerator"].dropna()
    assert set(named) <= known
    assert len(named) > 0.75 * len(rents)
    # A name that several chips bear stays open, and says so.
    left_open = rents[rents["accelerator"].isna()]
    assert left_open["note"].str.len().gt(5).all()


def test_nobody_pays_before_a_chip_exists(rents):
    released = table("accelerators").set_index("name")["release_date"]
    named = rents.dropna(subset=["accelerator"])
    year = named["accelerator"].map(released).str[:4].astype(int)
    assert (named["price_date"].str[:4].astype(int) >= year).all()


def test_commitment_lowers_the_price(rents):
    keys = ["provider", "accelerator_as_listed", "sku", "region", "price_date", "page_url", "note"]
    filled = rents.assign(**{key: rents[key].fillna("") for key in keys})
    wide = filled.pivot_table(
        index=keys, columns="contract", values="usd_per_accelerator_hour", aggfunc="mean"
    )
    pair = wide[["on_demand", "reserved_1yr"]].dropna()
    assert len(pair) > 60 and (pair["reserved_1yr"] < pair["on_demand"]).all()
    pair = wide[["reserved_1yr", "reserved_3yr"]].dropna()
    assert len(pair) > 60 and (pair["reserved_3yr"] <= pair["reserved_1yr"]).all()


def test_cost_models_are_not_prices(rents):
    assert "model" not in set(rents["provider_type"])
    assert (rents["provider_type"].eq("index") == rents["contract"].eq("index")).all()


def test_replays_what_was_known():
    early = table("rental_prices", as_of="2022")
    assert 50 < len(early) < len(table("rental_prices"))
    assert early["price_date"].max() < "2023"
    assert resource("rental_prices")["dated"] == "price_date"


def test_sources_exist(rents):
    for cell in rents["sources"].unique():
        for key in cell.split(";"):
            assert source(key).key == key


def test_known_prices(rents):
    aws = rents[(rents["provider"] == "AWS") & (rents["sku"] == "p5.48xlarge")]
    october = aws[(aws["price_date"] == "2026-10-10") & (aws["region"] == "us-east-1")]
    assert october["usd_per_accelerator_hour"].tolist() == [6.88]
    assert october["accelerator"].tolist() == ["H100 SXM"]
