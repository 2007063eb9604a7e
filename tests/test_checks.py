"""Checks hold the prose to its numbers, and the source list names each source once."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from inferwall import checks, data


@pytest.fixture
def check():
    """A check at the default parameters."""
    return checks.guard({"BATCH": 16}, BATCH=16)


@pytest.fixture
def keys():
    """Two keys of data/sources.csv with a web page."""
    frame = pd.read_csv(data.data_path() / "sources.csv")
    return sorted(frame[frame["url"].str.contains("://", na=False)]["key"])[:2]


@pytest.mark.parametrize(
    ("value", "expected", "options"),
    [
        (0.92, 0.919, {}),
        (1.0049, 1, {}),
        (np.float64(100.4), 100, {}),
        (7, 8, {"abs": 1}),
        (1.1, 1.0, {"rel": 0.11}),
        (0, 0, {}),
        ("weights", "weights", {}),
        (np.bool_(True), True, {}),
        (False, False, {}),
    ],
)
def test_what_agrees_is_printed(check, capsys, value, expected, options):
    check("a number", value, expected, **options)
    assert capsys.readouterr().out.startswith("✓ a number: ")


@pytest.mark.parametrize(
    ("value", "expected", "options"),
    [
        (1.006, 1, {}),
        (math.nan, 1, {}),
        (1.0, math.nan, {}),
        (7, 8, {"abs": 0.5}),
        ("weights", "KV cache", {}),
        (False, True, {}),
        (None, "x", {}),
    ],
)
def test_what_is_off_raises_with_its_label(check, value, expected, options):
    with pytest.raises(AssertionError, match="the label"):
        check("the label", value, expected, **options)


def test_a_number_without_its_expectation_is_refused(check):
    with pytest.raises(ValueError, match="expected number"):
        check("cost", 0.92)
    with pytest.raises(ValueError, match="allowed is a number"):
        check("cost", "cheap", 0.92)


def test_other_parameters_report_and_do_not_stop(capsys):
    check = checks.guard({"BATCH": 16, "CHIP": "H200"}, BATCH=32, CHIP="H200")
    assert "BATCH = 32 (book: 16)" in capsys.readouterr().out
    check("cost", 0.5, 0.919)
    assert capsys.readouterr().out == "· cost: 0.5 (book: 0.919)\n"


def test_names_must_be_those_of_the_defaults():
    with pytest.raises(ValueError, match="BACH"):
        checks.guard({"BATCH": 16}, BACH=16)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14.7123456, "14.71"),
        (0.000284, "0.000284"),
        (1234567.8, "1,234,568"),
        (70553706496, "70,553,706,496"),
        (1.5e-9, "1.5e-09"),
        (3.0, "3"),
        (True, "holds"),
    ],
)
def test_numbers_are_printed_for_reading(value, text):
    assert checks._text(value) == text


def test_keys_are_found_in_tables_rows_objects_and_lists():
    @dataclass
    class Chip:
        sources: str = "c; d"

    frame = pd.DataFrame({"sources": ["a;b", None, "b"]})
    row = pd.Series({"price": 3.6, "sources": "f"})
    found = checks.source_keys(frame, Chip(), ["e", ("a",)], row, Chip(sources=("g", "h")))
    assert found == list("abcdefgh")


def test_what_names_no_source_is_refused():
    with pytest.raises(ValueError, match="sources"):
        checks.source_keys(pd.DataFrame({"price": [1]}))
    with pytest.raises(ValueError, match="allowed"):
        checks.source_keys(3.6)
    with pytest.raises(KeyError, match="no-such-key"):
        checks.source_list("no-such-key")


def test_source_list_is_a_table_with_links_and_dates(keys):
    shown = checks.source_list(*keys, keys).data
    head, rule, *rows = shown.split("\n\n")[0].splitlines()
    assert head.count("|") == rule.count("|") == 6
    assert len(rows) == 2
    for key in keys:
        source = data.source(key)
        assert f"]({source.url})" in shown
        assert str(source.retrieved) in shown


def test_a_table_of_the_book_is_linked_from_where_chapters_are():
    assert "](../data/accelerators.csv)" in checks.source_list("accelerators-table").data


def test_weak_sources_are_marked():
    frame = pd.read_csv(data.data_path() / "sources.csv")
    weak = frame[frame["kind"].isin(checks.LOW_CONFIDENCE_KINDS)]["key"].iloc[0]
    strong = frame[frame["kind"] == "datasheet"]["key"].iloc[0]
    assert "†" in checks.source_list(weak).data
    assert "†" not in checks.source_list(strong).data
