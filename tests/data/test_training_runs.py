"""Every training run is possible: compute, utilisation and price per hour within physics."""

import pytest

from inferwall.data import source, table
from inferwall.training import mfu, training_flop


@pytest.fixture(scope="module")
def runs():
    frame = table("training_runs")
    chips = table("accelerators").set_index("name")
    frame["six_n_d"] = training_flop(frame["active_parameters"], frame["tokens"])
    frame["flop"] = frame["training_flop"].fillna(frame["six_n_d"])
    peak = frame["chip"].map(chips["bf16_flop_per_s"])
    frame["mfu"] = mfu(frame["flop"], frame["chip_hours"], peak)
    return frame.set_index("name", drop=False)


def test_the_runs_that_the_book_needs(runs):
    needed = ["GPT-3 175B", "GPT-4", "Llama 2 70B", "Llama 3.1 405B", "DeepSeek-V3", "gpt-oss-120b"]
    assert set(needed) <= set(runs.index)
    assert len(runs) >= 40
    assert runs.loc["GPT-4", "confidence"] == "estimate"
    assert runs.loc["GPT-4", ["parameters", "tokens"]].isna().all()  # never published


def test_chips_are_in_the_catalogue(runs):
    assert set(runs["chip"].dropna()) <= set(table("accelerators")["name"])


def test_sources_exist(runs):
    for cell in [*runs["sources"], *table("scaling_laws")["sources"]]:
        for key in cell.split(";"):
            source(key)


def test_stated_compute_is_six_n_d(runs):
    ratio = (runs["training_flop"] / runs["six_n_d"]).dropna()
    # Gopher's stated budget counts attention, which 6ND leaves out.
    assert ratio.between(0.95, 1.15).all()
    assert ratio.loc[["GPT-3 175B", "Llama 3.1 405B"]].between(0.99, 1.01).all()


def test_implied_utilisation_is_that_of_real_clusters(runs):
    implied = runs["mfu"].dropna()
    assert len(implied) >= 20
    # The two Llama 8B runs are the low end; their card does not say why.
    assert implied.between(0.13, 0.55).all()
    assert implied.median() == pytest.approx(0.33, abs=0.05)


def test_implied_utilisation_is_near_the_reported_one(runs):
    both = runs.dropna(subset=["mfu", "mfu_reported"])
    ratio = both["mfu"] / both["mfu_reported"]
    # Hours contain restarts and idle time that a reported MFU leaves out.
    assert ratio.between(0.6, 1.1).all()


def test_active_parameters_are_a_part(runs):
    assert not (runs["active_parameters"] > runs["parameters"]).any()


def test_deepseek_v3_is_its_hours_at_two_dollars(runs):
    run = runs.loc["DeepSeek-V3"]
    assert run["cost_rented_usd"] == run["chip_hours"] * 2.0


def test_implied_rents_are_rents(runs):
    rent = (runs["cost_rented_usd"] / runs["chip_hours"]).dropna()
    assert rent.between(0.5, 6).all()


def test_dollars_per_flop_are_those_of_clouds(runs):
    # USD 2 an hour at 35 % of an H100 is 1.6e-18 USD/FLOP, USD 1.2 of a V100 at 20 % 1.3e-17.
    per_flop = (runs["cost_rented_usd"] / runs["flop"]).dropna()
    assert len(per_flop) >= 10 and per_flop.between(1e-18, 2e-17).all()
    per_flop = (runs["cost_owned_usd"] / runs["flop"]).dropna()
    assert per_flop.between(0.5e-18, 1e-17).all()


def test_a_cluster_costs_what_its_chips_cost(runs):
    each = (runs["cluster_price_usd"] / runs["chip_count"]).dropna()
    assert len(each) >= 5 and each.between(5_000, 80_000).all()


def test_tokens_per_parameter_are_within_practice(runs):
    # From half a token (MT-NLG, 2022) to thousands for small models of 2025.
    ratio = (runs["tokens"] / runs["active_parameters"]).dropna()
    assert len(ratio) >= 35 and ratio.between(0.4, 4_000).all()
    assert ratio[runs["date"] < "2023"].between(0.4, 25).all()


def test_estimates_say_so(runs):
    silent = runs[runs["parameters"].isna()]
    assert set(silent["confidence"]) == {"estimate"}
    assert (runs.loc[runs["flop_basis"] == "estimate", "confidence"] == "estimate").all()


def test_owning_for_the_run_is_cheaper_than_renting_and_than_buying(runs):
    # A cloud price contains the idle time, staff and profit of the cloud.
    pair = runs.dropna(subset=["cost_rented_usd", "cost_owned_usd"])
    assert (pair["cost_owned_usd"] < pair["cost_rented_usd"]).all()
    pair = runs.dropna(subset=["cluster_price_usd"])
    assert (pair["cost_owned_usd"] < pair["cluster_price_usd"]).all()


def test_chips_could_have_given_those_hours_within_a_year(runs):
    pair = runs.dropna(subset=["chip_count", "chip_hours"])
    assert (pair["chip_hours"] / pair["chip_count"] < 24 * 200).all()


def test_scaling_laws_are_of_one_family():
    laws = table("scaling_laws")
    assert laws["irreducible_loss"].between(1.5, 2.0).all()
    assert laws[["parameter_exponent", "token_exponent"]].stack().between(0.25, 0.4).all()
