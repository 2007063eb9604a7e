"""The measured products are possible, and the set "kernels" of efficiency.csv follows from them."""

import pytest

from inferwall.data import source, table
from inferwall.efficiency import named_efficiency


@pytest.fixture(scope="module")
def gemm():
    return table("kernel_gemm")


def test_systems_and_sources(gemm):
    assert len(gemm) > 80 and gemm["system"].nunique() == 10
    assert set(gemm["accelerator"].dropna()) <= set(table("accelerators")["name"])
    assert source("aiconfigurator-gemm").kind == "benchmark"


def test_shares_are_rates_over_the_datasheet(gemm):
    rows = gemm.dropna(subset=["accelerator"]).merge(
        table("accelerators"), left_on="accelerator", right_on="name"
    )
    assert len(rows) == len(gemm.dropna(subset=["accelerator"]))
    for name in ("bf16", "fp8", "fp4"):
        some = rows[rows["format"] == name]
        share = some["large_m_median_flop_per_s"] / some[f"{name}_flop_per_s"]
        assert (share / some["large_m_median_share"]).between(0.98, 1.02).all(), name
    share = rows["m1_median_bytes_per_s"] / rows["bandwidth_bytes_per_s"]
    assert (share / rows["m1_median_share"]).between(0.95, 1.05).all()


def test_no_product_is_faster_than_its_chip(gemm):
    assert gemm["large_m_p95_share"].dropna().between(0.1, 1).all()
    assert (gemm["large_m_p95_flop_per_s"] >= gemm["large_m_median_flop_per_s"]).all()
    # Bandwidth can seem exceeded, where the operands stay in the cache; such rows say so.
    over = gemm[gemm["m1_p95_share"] > 1]
    assert over["note"].str.contains("cache").all()
    assert gemm["m1_fastest_s"].between(1e-6, 1e-3).all()


def kernels(gemm, number_format, column):
    """Median, 10th and 90th percentile over systems, each the median of its engines."""
    rows = gemm[gemm["accelerator"].notna() & (gemm["format"] == number_format)]
    systems = rows[rows[column] <= 1].groupby("accelerator")[column].median()
    assert len(systems) >= 5
    return systems.median(), systems.quantile(0.1), systems.quantile(0.9)


@pytest.mark.parametrize(
    ("constant", "number_format", "column"),
    [
        ("bandwidth_share", "bf16", "m1_p95_share"),
        ("bf16_share", "bf16", "large_m_median_share"),
        ("fp8_share", "fp8", "large_m_median_share"),
        ("fp4_share", "fp4", "large_m_median_share"),
    ],
)
def test_the_set_kernels_follows_from_the_measurements(gemm, constant, number_format, column):
    value, low, high = kernels(gemm, number_format, column)
    assert getattr(named_efficiency("kernels"), constant) == pytest.approx(value, abs=6e-4)
    assert getattr(named_efficiency("kernels", "low"), constant) == pytest.approx(low, abs=6e-4)
    assert getattr(named_efficiency("kernels", "high"), constant) == pytest.approx(high, abs=6e-4)


def test_what_was_not_measured_is_ideal_and_says_so():
    rows = table("efficiency")
    rows = rows[rows["set"] == "kernels"].set_index("constant")
    ideal = rows[rows["derivation"].str.startswith("Ideal")]
    assert set(ideal.index) == {
        *("int8_share", "link_share", "memory_share", "overlap"),
        *("layer_s", "collective_s", "step_s", "expert_share", "widened_share"),
        *("kernel_s", "launch_s", "request_s", "expert_flop_share", "unpack_flop"),
        *("vector_share", "node_link_share"),
    }
    shares = ideal[ideal["unit"] == "1"]
    assert (shares[["value", "low", "high"]] == 1).all().all()
    assert (ideal.drop(shares.index)[["value", "low", "high"]] == 0).all().all()
