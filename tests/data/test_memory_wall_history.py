"""The published growth rates, the published figure, and the best chips recomputed."""

import pytest

from inferwall.data import source, table


@pytest.fixture(scope="module")
def history():
    return table("memory_wall_history")


def test_kinds_and_sources(history):
    counts = history["record_type"].value_counts()
    assert counts["claim"] == 6
    assert counts["figure_point"] > 50 and counts["best_to_date"] > 50
    for key in history["sources"].unique():
        assert source(key).key == key


def test_claims_have_growth_and_nothing_else_has(history):
    claim = history["record_type"] == "claim"
    assert history.loc[claim, "growth_per_2yr"].ge(1).all()
    assert history.loc[claim, ["year", "value"]].isna().all().all()
    assert history.loc[~claim, "growth_per_2yr"].isna().all()
    assert history.loc[~claim, ["year", "value"]].notna().all().all()


def test_claims_of_the_paper(history):
    growth = history.dropna(subset=["growth_per_2yr"]).set_index("series")["growth_per_2yr"]
    # Per twenty years: 3.0^10 = 59,049, 1.6^10 = 110, 1.4^10 = 29.
    assert growth["peak FLOP/s"] ** 10 == pytest.approx(59_049)
    assert growth["DRAM bandwidth"] ** 10 == pytest.approx(110, rel=0.01)
    assert growth["interconnect bandwidth"] ** 10 == pytest.approx(28.9, rel=0.01)


def test_the_figure_is_scaled_to_its_anchors(history):
    points = history[history["record_type"] == "figure_point"]
    ratio = points["value"] / points["normalized_value"]
    for _, group in ratio.groupby(points["series"]):
        assert group.max() / group.min() == pytest.approx(1, abs=0.02)
    assert points["value"].between(1e8, 1e15).all()


SERIES = {
    "best 16-bit dense peak": lambda c: c["bf16_flop_per_s"].fillna(c["fp32_flop_per_s"]),
    "best dense peak in any format": lambda c: c[
        [f"{name}_flop_per_s" for name in ("fp32", "tf32", "bf16", "fp8", "fp4")]
    ].max(axis=1),
    "best memory bandwidth": lambda c: c["bandwidth_bytes_per_s"],
    "best memory capacity": lambda c: c["memory_bytes"],
    "best scale-up link, one direction": lambda c: c["link_bytes_per_s"],
}


@pytest.mark.parametrize("series", SERIES)
def test_best_to_date_follows_from_the_accelerators(history, series):
    chips = table("accelerators")
    chips = chips[(chips["kind"] == "data centre") & (chips["status"] == "shipping")]
    year = chips["release_date"].str[:4].astype(int)
    best = history[history["series"] == series]
    assert set(best["record_type"]) == {"best_to_date"}
    for row in best.to_dict("records"):
        values = SERIES[series](chips[year <= row["year"]])
        assert row["value"] == pytest.approx(values.max(), rel=1e-5)
        assert row["label"] in set(chips["name"])
    assert best["value"].is_monotonic_increasing
