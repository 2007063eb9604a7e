"""Every accelerator is possible: its peaks, memory, links, power and dates."""

import pytest

from inferwall.data import resolve, table
from inferwall.hardware import accelerator

PEAKS = [f"{name}_flop_per_s" for name in ("fp32", "tf32", "bf16", "fp8", "int8", "fp4")]


@pytest.fixture(scope="module")
def chips():
    return table("accelerators").set_index("name", drop=False)


def test_there_are_sixty_chips_and_those_the_texts_name(chips):
    assert len(chips) >= 60
    years = chips["release_date"].str[:4].astype(int)
    assert years.min() == 2012 and years.max() == 2026
    named = ["H100 SXM", "H200 SXM", "B200", "TPU v5e", "TPU v5p", "Trainium2", "Inferentia2"]
    named += ["Groq LPU v1", "Cerebras WSE-3", "MI300X", "M4 Max (40-core GPU)"]
    assert set(named) <= set(chips.index)
    assert {"Apple", "Qualcomm"} <= set(chips["vendor"])


def test_ridge_points_are_those_of_their_era(chips):
    ridge = chips["bf16_flop_per_s"] / chips["bandwidth_bytes_per_s"]
    year = chips["release_date"].str[:4].astype(int)
    off_chip = chips["kind"] != "wafer/SRAM"
    assert ridge[off_chip & (year <= 2016)].dropna().between(10, 50).all()
    whole_systems = chips["kind"] == "system on chip"
    assert ridge[off_chip & ~whole_systems & (year > 2016)].dropna().between(30, 1500).all()
    # Without matrix units: half precision runs at the rate of fp32.
    assert ridge[whole_systems].dropna().between(15, 250).all()
    # On-chip memory feeds nearly every operation: a few FLOP per byte.
    assert ridge[~off_chip].dropna().between(0.5, 20).all()


def test_a_narrower_format_is_never_slower(chips):
    # int8 is left out: it is cut by design on B300 and GB300.
    for wide, narrow in (("fp32", "tf32"), ("tf32", "bf16"), ("bf16", "fp8"), ("fp8", "fp4")):
        pair = chips[[f"{wide}_flop_per_s", f"{narrow}_flop_per_s"]].dropna()
        assert (pair.iloc[:, 1] >= pair.iloc[:, 0] * 0.999).all(), (wide, narrow)
    # A sparse peak taken for a dense one would show as four times the next format.
    pair = chips[["bf16_flop_per_s", "fp8_flop_per_s"]].dropna()
    ratio = pair["fp8_flop_per_s"] / pair["bf16_flop_per_s"]
    assert ratio.drop(["Rubin (VR200)", "Trainium3"]).between(0.99, 2.05).all()
    # int8 runs at the rate of fp8, or at half of it.
    pair = chips[["int8_flop_per_s", "fp8_flop_per_s"]].dropna()
    ratio = pair["int8_flop_per_s"] / pair["fp8_flop_per_s"]
    assert ratio.drop(["B300", "GB300"]).between(0.5, 2.05).all()
    # Halving the width at least doubles the rate, or else bf16 is a sparse peak. These are cut
    # by design, or their makers state one rate for both.
    same = ["B300", "GB300", "MI250X", "MI250X (1 GCD)", "TPU v4"]
    pair = chips[["int8_flop_per_s", "bf16_flop_per_s"]].dropna()
    ratio = pair["int8_flop_per_s"] / pair["bf16_flop_per_s"]
    assert ratio.drop(same).between(1.9, 4.05).all()


def test_peaks_are_of_single_chips(chips):
    peaks = chips[PEAKS].stack().dropna()
    assert peaks.between(1e12, 50e15).all()


def test_memory(chips):
    assert (chips["memory_bytes"].dropna() > 0).all()
    dram = chips[chips["kind"] != "wafer/SRAM"]
    assert dram["bandwidth_bytes_per_s"].dropna().between(30e9, 25e12).all()
    # Reading all of the memory once takes between a hundredth of a second and a third.
    seconds = (dram["memory_bytes"] / dram["bandwidth_bytes_per_s"]).dropna()
    assert seconds.between(0.009, 0.5).all()
    # What lies on the chip is read within ten microseconds or less.
    on_chip = chips[chips["kind"] == "wafer/SRAM"]
    assert (on_chip["memory_bytes"] / on_chip["bandwidth_bytes_per_s"] < 1e-5).all()
    assert (on_chip["memory_type"] == "SRAM").all()
    assert (chips["sram_bytes"].dropna() <= 44e9).all()


def test_links_are_slower_than_memory(chips):
    both = chips[["link_bytes_per_s", "bandwidth_bytes_per_s"]].dropna()
    assert (both["link_bytes_per_s"] < 0.5 * both["bandwidth_bytes_per_s"]).all()
    # Per direction: the totals of both, 900 and 1,800 GB/s, would be twice as high.
    assert chips.loc["H100 SXM", "link_bytes_per_s"] == 450e9
    assert chips.loc["B200", "link_bytes_per_s"] == 900e9


def test_links_of_one_generation_are_those_of_the_generation(chips):
    # NVLink, one direction: a row that counts both would stand out from its generation.
    generations = {"Volta": 150e9, "Ampere": 300e9, "Hopper": 450e9, "Blackwell": 900e9}
    nvidia = chips[(chips["vendor"] == "NVIDIA") & chips["link_bytes_per_s"].notna()]
    for generation, limit in generations.items():
        rows = nvidia[nvidia["architecture"].str.startswith(generation)]
        assert len(rows) >= 3 and rows["link_bytes_per_s"].max() == limit, generation
    # PCIe 5.0 x16 carries 64 GB/s one way, and nobody's scale-up link is slower than PCIe 3.0.
    assert chips["link_bytes_per_s"].dropna().between(15e9, 2e12).all()


# Most dense bf16 FLOP/s per watt of any chip up to that year; a sparse peak would be twice as much.
BEST_FLOP_PER_J = {2016: 0.08e12, 2018: 0.95e12, 2021: 1.7e12, 2023: 2.2e12, 2026: 2.55e12}


def test_arithmetic_per_watt_is_that_of_its_year(chips):
    rows = chips[chips["tdp_basis"] != "system"].dropna(subset=["bf16_flop_per_s", "tdp_w"])
    year = rows["release_date"].str[:4].astype(int)
    limit = year.map(lambda y: next(v for until, v in BEST_FLOP_PER_J.items() if y <= until))
    assert (rows["bf16_flop_per_s"] / rows["tdp_w"] <= limit).all()


def test_a_price_buys_a_chip_of_its_size(chips):
    # A list price per dense bf16 TFLOP/s: tens of dollars now, hundreds a decade ago.
    per_tflops = chips["launch_price_usd"] / chips["bf16_flop_per_s"] * 1e12
    assert per_tflops.dropna().between(5, 500).all()


def test_power(chips):
    assert chips["tdp_w"].dropna().between(1, 25_000).all()
    assert (chips["tdp_w"].isna() == chips["tdp_basis"].isna()).all()
    whole_machines = chips["tdp_basis"] == "system"
    assert (chips.loc[~whole_machines, "tdp_w"].dropna() <= 1_500).all()
    per_w = (chips["bf16_flop_per_s"] / chips["tdp_w"]).dropna()
    assert per_w.between(5e10, 5e12).all()


def test_what_is_announced_is_recent(chips):
    announced = chips[chips["status"] == "announced"]
    assert (announced["release_date"] >= "2026").all()
    assert chips["release_date"].lt("2027").all()


def test_spellings_resolve_and_ambiguous_ones_raise():
    assert resolve("accelerator", "NVIDIA H100 SXM5 80GB") == "H100 SXM"
    assert resolve("accelerator", "TPU7x") == "TPU v7"
    for spelling in ("H100", "A100", "A100 80GB", "V100", "M3 Max"):
        with pytest.raises(KeyError, match="ambiguous"):
            resolve("accelerator", spelling)
    with pytest.raises(KeyError, match="H100 SXM"):
        accelerator("H10 SXM")


def test_known_ridge_points():
    assert accelerator("H100 SXM").ridge_point("bf16") == pytest.approx(295.2, rel=1e-3)
    assert accelerator("A100 SXM 80GB").ridge_point("bf16") == pytest.approx(153.0, rel=1e-3)
    assert accelerator("TPU v5e").ridge_point("bf16") == pytest.approx(240.5, rel=1e-3)
    with pytest.raises(ValueError, match="Cerebras WSE-3"):
        accelerator("Cerebras WSE-3").ridge_point("bf16")
