"""Measured serving: slower than the bytes of the weights allow, slower with every request more."""

import pytest

from inferwall.data import source, table

LLAMA_70B_FP8_BYTES = 70.55e9


@pytest.fixture(scope="module")
def runs():
    return table("closed_loop")


def test_rows_and_sources(runs):
    assert len(runs) == 30
    assert source("inferencex-silicon-sample").kind == "benchmark"
    assert set(runs["chip"]) <= set(table("accelerators")["name"])


def test_no_step_is_faster_than_its_weights(runs):
    chips = table("accelerators").set_index("name")
    bandwidth = runs["chip"].map(chips["bandwidth_bytes_per_s"]).astype(float)
    floor_s = LLAMA_70B_FP8_BYTES / (runs["chips"].astype(float) * bandwidth)
    assert (runs["mean_tpot_s"] / floor_s).between(1.2, 10).all()


def test_more_requests_wait_longer_each(runs):
    shape = ["chip", "chips", "model", "input_tokens", "output_tokens"]
    for _, group in runs.groupby(shape):
        group = group.sort_values("concurrency")
        assert len(group) == 5
        assert group["mean_tpot_s"].is_monotonic_increasing
        assert (group["concurrency"] / group["mean_tpot_s"]).is_monotonic_increasing
