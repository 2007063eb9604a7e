"""The report as it comes out: one file, made of the scenario alone."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from inferwall import reports
from inferwall.html import chart_script, mathml
from inferwall.scenario import load

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = load(ROOT / "scenarios" / "example.yaml")
OTHER = EXAMPLE.model_copy(
    update=dict(
        title="<script>alert(1)</script> & a $5$ | chat",
        model="Llama 3.1 8B",
        chip="L40S",
        users=3,
        speed_target_tokens_per_s=5.0,
        rent_usd_per_hour=0.9,
        price_usd_per_user_month=0.0,
        price_usd_per_mtok_output=2.0,
    )
)


def stored_page() -> str:
    """Return the page of the template as it is stored, which holds the example."""
    return reports.page(nbformat.read(reports.template_path(), as_version=4), EXAMPLE)


def test_the_stored_template_makes_a_page():
    text = stored_page()
    assert "The analyst's report" not in text, "the template's own words stay out"
    assert text.count('<figure class="live-chart"') == 3
    assert text.count("<h1>") == 1
    for answer in ("Cost of a request", "Gross margin", "Chips at the peak", "What limits it"):
        assert f"<td>{answer}</td>" in text
    assert "<math" in text
    assert text == stored_page(), "the same input gives the same page"


def test_a_page_asks_for_nothing_outside_itself():
    text = stored_page()
    body = text.replace(chart_script(), "")
    assert not re.search(r'<(script|img|link|iframe)[^>]+(src|href)="(?!data:)', body)
    assert "default-src 'none'" in body
    assert not re.search(r"@import|url\(", body)
    assert chart_script().count("</script") == 0


def test_every_picture_has_its_alt_text():
    alts = re.findall(r"<img [^>]*alt=\"([^\"]*)\"", stored_page())
    assert len(alts) == 3
    assert all(len(alt) > 60 and re.search(r"\d", alt) for alt in alts)


@pytest.fixture(scope="module")
def other_page():
    """The page of another scenario, its template executed."""
    return reports.page(reports.execute(OTHER), OTHER)


def test_another_scenario_runs_through(other_page):
    assert "Llama 3.1 8B" in other_page
    assert "H200" not in other_page
    assert "It loses money" in other_page
    assert "given in the scenario" in other_page
    assert other_page.count('<figure class="live-chart"') == 3


def test_a_title_cannot_break_out(other_page):
    assert "<script>alert" not in other_page
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt; &amp; a $5$ | chat</h1>" in other_page
    assert "<title>&lt;script&gt;" in other_page


def test_a_failing_cell_is_named(monkeypatch, tmp_path):
    broken = nbformat.read(reports.template_path(), as_version=4)
    (at,) = (n for n, c in enumerate(broken.cells) if "parameters" in c.metadata.get("tags", []))
    broken.cells = [broken.cells[at], new_code_cell("1 / 0")]
    nbformat.write(broken, tmp_path / "report.ipynb")
    monkeypatch.setattr(reports, "template_path", lambda: tmp_path / "report.ipynb")
    with pytest.raises(reports.ReportError, match="ZeroDivisionError: division by zero"):
        reports.report(EXAMPLE, tmp_path / "out" / "x.html")
    assert not (tmp_path / "out").exists()


def test_all_kinds_of_output_are_shown_and_escaped():
    outputs = [
        new_output("stream", name="stdout", text="a < b\n"),
        new_output("stream", name="stderr", text="noise\n"),
        new_output("display_data", {"text/plain": "c < d"}),
        new_output("display_data", {"text/markdown": "**e** <i>f</i> $x^2$"}),
        new_output("display_data", {"text/html": "<b>g</b>"}),
    ]
    notebook = new_notebook(
        cells=[
            new_markdown_cell("hidden", metadata={"tags": ["template"]}),
            new_markdown_cell("## A table\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\\frac{1}{2}$$"),
            new_code_cell("x < 1", outputs=outputs),
        ]
    )
    text = reports.page(notebook, EXAMPLE)
    for part in ("a &lt; b", "c &lt; d", "<strong>e</strong> &lt;i&gt;f", "<b>g</b>", "x &lt; 1"):
        assert part in text
    assert "noise" not in text
    assert "hidden</p>" not in text
    assert text.count("<math") == 2
    assert '<div class="table"' in text


def test_a_formula_with_an_unknown_command_says_so():
    with pytest.raises(ValueError, match="nosuchcommand"):
        mathml(r"\nosuchcommand", block=False)


def test_the_template_is_found_in_a_wheel_too(monkeypatch, tmp_path):
    (tmp_path / "inferwall" / "_notebooks").mkdir(parents=True)
    (tmp_path / "inferwall" / "_notebooks" / "report.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(reports, "__file__", str(tmp_path / "inferwall" / "reports.py"))
    assert reports.template_path().parent.name == "_notebooks"
    (tmp_path / "inferwall" / "_notebooks" / "report.ipynb").unlink()
    with pytest.raises(reports.ReportError, match=r"no report\.ipynb"):
        reports.template_path()
