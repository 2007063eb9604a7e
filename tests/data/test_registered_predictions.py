"""Predictions on record: recomputed while the constants are those of their registration."""

import csv
import hashlib
import importlib.util

import pytest

from inferwall.data import data_path, table
from inferwall.points import chip_named, model_named
from inferwall.validation import predict

FILE = data_path() / "registered_predictions.csv"
ROWS = table("registered_predictions")
FORECAST = ["registered", "constants", "chip", "n_chips", "model", "weights", "framework"]
FORECAST += ["parallelism", "isl", "osl", "concurrency_or_batch", "metric", "unit"]
FORECAST += ["predicted", "low", "high"]
FIRST_VINTAGE = "9b3e450bf4703d2e"


@pytest.fixture(scope="module")
def register():
    spec = importlib.util.spec_from_file_location("register", data_path() / "register.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_vintage_never_changes():
    with FILE.open(encoding="utf-8", newline="") as file:
        first = list(csv.DictReader(file))[:24]
    text = "\n".join(",".join(row[name] for name in FORECAST) for row in first)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == FIRST_VINTAGE


def test_predictions_lie_in_their_intervals():
    assert ((ROWS["low"] < ROWS["predicted"]) & (ROWS["predicted"] < ROWS["high"])).all()


def test_names_are_known():
    for row in ROWS.itertuples():
        assert chip_named(row.chip).name == row.chip
        assert model_named(row.model).name == row.model


def test_measurements_come_after_registration_with_their_source():
    known = ROWS[ROWS["measured"].notna()]
    assert known["measured_date"].notna().all()
    assert (known["sources"] != "inferwall-validation").all()


def test_today_s_constants_have_registered_and_say_the_same(register):
    newest = ROWS[ROWS["constants"] == register.constants()]
    assert len(newest), "the constants moved: python data/register.py YYYY-MM-DD"
    answer = predict(newest.assign(scenario="closed-loop concurrency"))
    assert (answer["reason"] == "").all()
    for column in ("predicted", "low", "high"):
        assert answer[column].to_numpy() == pytest.approx(newest[column].to_numpy(), rel=0.005)


def test_measured_values_are_those_of_the_table_they_came_from():
    held = table("held_out").query("sources == 'inferencex-app-benchmarks'")
    held = held[(held["parallelism"] == "TP8 EP1") & (held["framework"] == "sglang")]
    found = {
        (chip_named(r.chip).name, r.weights, r.isl, r.concurrency_or_batch, r.metric): r.value
        for r in held.itertuples()
    }
    known = ROWS[ROWS["measured"].notna()]
    assert len(known) == 42  # 7 set-ups, two metrics, the three vintages before they were read
    for r in known.itertuples():
        key = (r.chip, r.weights, str(r.isl), str(r.concurrency_or_batch), r.metric)
        assert found[key] == r.measured


def test_a_vintage_made_after_reading_is_not_scored():
    late = ROWS[ROWS["registered"] >= "2026-11-30"]
    assert len(late) and late["measured"].isna().all()
