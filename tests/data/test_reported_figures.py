"""Figures that stand alone are possible and agree with the two numbers behind a ratio."""

import re

import pytest

from inferwall.data import source, table

FIGURES = table("reported_figures")


def test_sources_exist():
    for cell in FIGURES["sources"]:
        assert all(source(key).key == key for key in cell.split(";"))


def test_a_row_has_a_number_and_its_range_is_in_order():
    assert FIGURES[["value", "low"]].notna().any(axis=1).all()
    centre = FIGURES["value"].fillna(FIGURES["low"])
    assert (FIGURES["low"].fillna(centre) <= centre).all()
    assert (centre <= FIGURES["high"].fillna(centre)).all()


def test_shares_are_shares():
    shares = FIGURES[FIGURES["quantity"].str.contains("share|lost|over revenue")]
    numbers = shares[["value", "low", "high"]]
    assert (numbers.isna() | ((numbers >= 0) & (numbers <= 1))).all(axis=None)


@pytest.mark.parametrize("row", FIGURES[FIGURES["unit"] == "1"].to_dict("records"))
def test_a_ratio_is_that_of_the_numbers_in_its_note(row):
    pair = re.search(r"^([\d.,]+) (?:over|of) ([\d.,]+?)(?:;| tokens|$)", str(row["note"]))
    if pair:
        over, under = (float(text.replace(",", "")) for text in pair.groups())
        assert row["value"] == pytest.approx(over / under, rel=1e-3)
