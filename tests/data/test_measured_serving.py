"""The table of measurements, and what goes with it."""

from inferwall.data import data_path, source, table
from inferwall.validation import predict

ROWS = table("measured_serving")
BOUNDS = {  # by metric: nothing measured lies outside, in the row's unit
    "mean_tpot": (2.5, 250),
    "mean_ttft": (20, 5e5),
    "ttft": (3, 1e4),
    "decode_tok_s": (0.5, 400),
    "prefill_tok_s": (10, 3e4),
}


def test_the_file_stays_small():
    assert (data_path() / "measured_serving.csv").stat().st_size <= 600_000


def test_every_row_has_a_prediction_and_a_source():
    assert (predict(ROWS)["reason"] == "").all()
    for key in ROWS["sources"].unique():
        assert source(key).url


def test_values_are_possible():
    for metric, (low, high) in BOUNDS.items():
        values = ROWS.loc[ROWS["metric"] == metric, "value"]
        assert len(values) and values.between(low, high).all(), metric


def test_a_run_has_one_configuration():
    same = ["chip", "n_chips", "model", "isl", "osl", "concurrency_or_batch"]
    runs = ROWS[ROWS["scenario"] == "closed-loop concurrency"].groupby("point_id")
    assert (runs[same].nunique() <= 1).all().all()
    assert (runs["metric"].nunique() == 2).all()


def test_errors_hold_their_centre():
    rows = table("prediction_errors")
    assert ((rows["low"] <= 1) & (rows["high"] >= 1)).all()


def test_assumed_lengths_say_so():
    rows = table("benchmark_datasets")
    assert (rows["confidence"] == "assumption").all()
    assert rows["note"].str.contains("ssumed").all()
