"""The steps that turn a notebook into a page."""

import csv
import io
import sys
from pathlib import Path

import pytest

from inferwall import html

BOOK = Path(__file__).resolve().parents[2] / "notebooks" / "_book"


@pytest.fixture(autouse=True)
def book_on_path(monkeypatch):
    """Make the site's own modules importable."""
    monkeypatch.setattr(sys, "path", [str(BOOK), *sys.path])


def test_data_of_a_chart_leaves_out_repeated_labels():
    from sample import FRAME, figure

    spec = figure().spec
    assert len(spec["datasets"]) > 1  # the lines, and a table for each label
    (table,) = html.tables(spec)
    rows = list(csv.DictReader(io.StringIO(html.as_csv([table]))))
    assert len(rows) == len(FRAME)
    assert float(rows[2]["cost"]) == FRAME["cost"][2]


def test_different_tables_are_numbered_in_one_file():
    spec = {"datasets": {"a": [{"x": 1}, {"x": 2}], "b": [{"z": 3}], "c": [{"x": 2}]}}
    found = html.tables(spec)
    assert found == [[{"x": 1}, {"x": 2}], [{"z": 3}]]
    assert html.as_csv(found).split() == ["table,x,z", "1,1,", "1,2,", "2,,3"]


def test_figure_cannot_break_out_of_its_script():
    import live_charts
    from sample import figure

    finished = figure()
    finished.spec["usermeta"]["title"] = '</script><b>"'
    text, files = live_charts.figure(finished.spec, b"\x89PNG" + bytes(30), "x", "f")
    assert text.count("</script>") == 1
    assert "<b>" not in text.split("<script")[0]
    assert set(files) == {"x.png", "x.csv"}


def test_folds_that_follow_one_another_become_one():
    import live_charts

    def cell(source, tags=(), outputs=()):
        return {"cell_type": "code", "source": source, "metadata": {"tags": [*tags]},
                "outputs": [*outputs]}  # fmt: skip

    shown = {"data": {live_charts.charts.VEGALITE_MIME: {}}}
    notebook = {
        "cells": [
            cell("x = 1"),
            cell("a = alt.Chart(d)"),
            cell("b = 2", ["hide-input"]),
            cell("charts.finish(a)", outputs=[shown]),
            cell("alt.Chart(e)", outputs=[{"text": "said"}]),
        ]
    }
    live_charts.fold_chart_code(notebook)
    sources = [cell["source"] for cell in notebook["cells"]]
    assert sources == ["x = 1", "a = alt.Chart(d)\n\nb = 2\n\ncharts.finish(a)", "alt.Chart(e)"]
    assert notebook["cells"][0]["metadata"]["tags"] == []


def test_opening_reads_title_and_finding():
    import front

    cell = {"source": ["# 13 · Jevons\n", "\n", "**Spend rises if\n", "demand does.**\n"]}
    assert front.opening({"cells": [cell]}) == ("Jevons", "Spend rises if demand does.")


def test_map_marks_chapters_to_come(sample_site):
    import front

    parts = front.contents(sample_site.parent / "notebooks")
    chapters = [chapter for _, listed in parts for chapter in listed]
    assert [c.number for c in chapters] == [f"{n:02}" for n in range(16)]
    assert [c.number for c in chapters if c.file] == ["04"]
    text = (sample_site / "index.html").read_text(encoding="utf-8")
    assert text.count('class="to-come') == 15
    assert 'href="04_a_sample.html"' in text


@pytest.mark.parametrize("tex", [r"\frac{a}{b}", r"\begin{aligned} a &= b \\ c &= d \end{aligned}"])
def test_formula_becomes_mathml(tex):
    import mathml

    assert mathml.mathml(tex, block=True).startswith('<math display="block"')


def test_unknown_command_is_named():
    import mathml

    with pytest.raises(ValueError, match="badcmd"):
        mathml.mathml(r"\badcmd{x}", block=False)
