"""Predictions by fits that have not seen a row: possible, and what the fit says today."""

import numpy as np
import pytest

from inferwall.data import data_path, table
from inferwall.fitting import calibration, fit, predicted
from inferwall.validation import predict, summary

ROWS = table("unseen")
POINTS = table("measured_serving")


def test_the_file_stays_small():
    assert (data_path() / "unseen.csv").stat().st_size <= 400_000


def test_no_latency_beats_the_bound_by_much_and_no_rate_exceeds_it():
    slow = ROWS[ROWS["quantity"] != "decode"]
    assert (slow["bound"] <= slow["seen"] * 1.001).all()
    fast = ROWS[ROWS["quantity"] == "decode"]
    assert (fast["bound"] >= fast["seen"] * 0.999).all()


def test_it_covers_the_closed_loop_rows_of_the_table():
    closed = POINTS[POINTS["scenario"] == "closed-loop concurrency"]
    answer = predict(closed)["predicted"] / 1e3
    for metric, quantity in (("mean_tpot", "tpot"), ("mean_ttft", "ttft")):
        there = ROWS[ROWS["quantity"] == quantity]
        ratio = np.log(answer[closed["metric"] == metric])
        # Repeats are averaged in one table and not in the other; the middle hardly moves.
        assert np.log(there["seen"]).median() == pytest.approx(ratio.median(), abs=0.05)


def test_single_streams_meet_their_aim_on_chips_left_out():
    streams = ROWS[ROWS["quantity"] == "decode"]
    assert summary(np.log(streams["unseen_chip"] / streams["measured"]))["median"] <= 0.08


def test_a_chip_left_out_is_predicted_as_the_fit_does_today():
    rows = calibration(POINTS)
    mine = (rows["chip"] == "H200 SXM").to_numpy()
    found = predicted(rows[mine], fit(rows[~mine]))
    stored = ROWS[ROWS["quantity"].isin(["tpot", "ttft"]) & (ROWS["chip"] == "H200 SXM")]
    for quantity in ("tpot", "ttft"):
        here = (rows["quantity"][mine] == quantity).to_numpy()
        today = summary(np.log(found[here] / rows["measured"][mine].to_numpy()[here]))
        there = stored[stored["quantity"] == quantity]
        then = summary(np.log(there["unseen_chip"] / there["measured"]))
        assert today["rows"] == then["rows"]
        assert today["median"] == pytest.approx(then["median"], abs=0.02), "python data/unseen.py"
