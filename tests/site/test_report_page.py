"""An analyst's report, made by the command and opened in headless Chromium, offline."""

from pathlib import Path

import pytest
from test_pages import DRAWN, violations

from inferwall.cli import main

pytestmark = pytest.mark.page
EXAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "example.yaml"


@pytest.fixture(scope="module")
def report(tmp_path_factory, browser) -> Path:
    """The report of the example; not made where there is no browser to open it."""
    out = tmp_path_factory.mktemp("reports")
    assert main(["report", str(EXAMPLE), "--out", str(out)]) == 0
    assert [path.name for path in out.iterdir()] == ["example.html"]
    return out / "example.html"


def test_the_report_stands_alone(report, visit):
    seen = visit(report)
    page = seen.page
    drawn = [figure.evaluate(DRAWN) for figure in page.locator("figure.live-chart").all()]
    assert len(drawn) == 3
    assert all(marks > 0 for marks in drawn), drawn
    assert seen.outside == []
    assert seen.errors == []
    assert violations(page) == []
    assert page.locator("math").first.is_visible()
    assert page.title().startswith("A coding assistant for 5,000 developers")


def test_the_report_gives_its_data(report, visit):
    page = visit(report).page
    with page.expect_download() as waiting:
        page.get_by_text("Data of this chart (CSV)").first.click()
    assert waiting.value.suggested_filename == "chart-1.csv"
    assert Path(waiting.value.path()).read_text(encoding="utf-8").startswith("part,time_s,low_s")


def test_the_report_fits_a_phone(report, visit):
    seen = visit(report, viewport={"width": 390, "height": 844})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(seen.page) == []
    assert seen.errors == []


def test_pictures_stand_in_without_scripts(report, visit):
    page = visit(report, java_script_enabled=False).page
    assert page.locator("figure.live-chart img").first.is_visible()


def test_the_report_prints(report, visit):
    printed = visit(report).page.pdf(format="A4")
    pages = printed.count(b"/Type /Page\n") or printed.count(b"/Type /Page/")
    assert printed.startswith(b"%PDF")
    assert 3 <= pages <= 8 or pages == 0  # 0: the page tree is compressed
