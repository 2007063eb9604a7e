"""Measured single streams: no chip reads faster than its bandwidth."""

import pytest

from inferwall.data import source, table
from inferwall.formats import bytes_per_value


@pytest.fixture(scope="module")
def runs():
    chips = table("accelerators")[["name", "bandwidth_bytes_per_s"]]
    frame = table("single_stream").merge(chips, left_on="chip", right_on="name", how="left")
    assert frame["bandwidth_bytes_per_s"].notna().all()
    return frame


def test_rows_and_sources(runs):
    assert len(runs) > 60
    for key in runs["sources"].unique():
        assert source(key).kind == "benchmark"


def test_no_stream_outruns_its_memory(runs):
    # The file holds the input embedding, of which a step reads one row: up to 7 % of an 8B model.
    share = runs["file_bytes"] * runs["decode_tokens_per_s"] / runs["bandwidth_bytes_per_s"]
    assert share.between(0.25, 0.97).all()
    wide = share[runs["weight_format"] == "fp16"]
    assert 0.6 < wide.median() < 0.9
    assert share[runs["weight_format"] == "q4_0"].median() < wide.median()


def test_files_have_the_size_of_their_weights(runs):
    parameters = runs["model"].map(
        {"Llama 2 7B": 6.74e9, "Llama 3 8B": 8.03e9, "Llama 3 70B": 70.55e9}
    )
    ratio = runs["file_bytes"] / (parameters * runs["weight_format"].map(bytes_per_value))
    assert ratio.between(0.98, 1.08).all()
