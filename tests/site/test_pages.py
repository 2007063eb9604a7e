"""Every page of the built book, in headless Chromium, from the file system, offline."""

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.page
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = ["index", "search", *sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))]
# The marks that carry data (not axes or titles), counted in the drawing; points need a shape.
DRAWN = """figure => figure.view === undefined ? 0 :
  [...figure.querySelectorAll('svg.marks .role-mark > path, svg.marks .role-mark > text, '
    + 'svg.marks .role-mark > line')]
  .filter(mark => mark.tagName !== 'path' || (mark.getAttribute('d') || '').length > 4).length"""


def violations(page, code: bool = False) -> list[str]:
    """Return the serious accessibility violations that axe-core finds on a page.

    Its thousands of coloured words of code are checked on the sample alone (`code=True`): they
    take most of the time and are the same everywhere.
    """
    from axe_playwright_python.sync_playwright import Axe

    options = {"preload": False, "resultTypes": ["violations"]}
    context = None if code else {"exclude": [["div.highlight"]]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: "
        + "; ".join(node["html"][:160] for node in item["nodes"][:3])
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def stored_charts(name: str) -> int:
    """Return the number of charts among the stored outputs of a notebook."""
    path = NOTEBOOKS / f"{name}.ipynb"
    if not path.exists():
        return 0
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum("application/vnd.vegalite.v5+json" in o.get("data", {}) for o in outputs)


@pytest.mark.parametrize("name", PAGES)
def test_page_stands_alone(book, visit, name):
    seen = visit(book / f"{name}.html")
    page = seen.page
    figures = page.locator("figure.live-chart").all()
    drawn = [figure.evaluate(DRAWN) for figure in figures]
    if name not in ("index", "search"):
        assert len(figures) == stored_charts(name)
    assert all(marks > 0 for marks in drawn), f"marks drawn in each chart: {drawn}"
    spoken = "all => all.map(f => f.getAttribute('aria-label') === f.parentNode.children[0].alt)"
    assert all(page.eval_on_selector_all(".chart-live", spoken))
    without = "[...document.images].filter(i => !(i.alt || '').trim()).map(i => i.src)"
    assert page.evaluate(without) == []
    assert page.locator("mjx-container, .MathJax").count() == 0
    links = page.eval_on_selector_all("a[download]", "all => all.map(a => a.href)")
    missing = [link for link in links if not Path(link.removeprefix("file://")).exists()]
    assert missing == []
    assert violations(page) == []
    assert seen.outside == []
    assert seen.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone_in_the_dark(book, visit, name):
    seen = visit(book / f"{name}.html", viewport={"width": 390, "height": 844},
                 color_scheme="dark")  # fmt: skip
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.errors == []


def test_links_between_pages_lead_somewhere(book):
    for path in book.glob("*.html"):
        for link in re.findall(r'href="([^"#?:]+\.html)', path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name} links to {link}"


def test_nothing_is_loaded_from_elsewhere(book):
    loads = r'<(?:script|img|iframe|source)[^>]+src="https?:|<link[^>]+href="https?:'
    for path in book.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(loads, text), path.name


def test_sample_has_every_feature(sample_site, visit):
    seen = visit(sample_site / "04_a_sample.html")
    page = seen.page
    drawn = [figure.evaluate(DRAWN) for figure in page.locator("figure.live-chart").all()]
    assert drawn == [4, 2]  # two lines and their labels; two lines
    assert page.locator("math").count() == 4
    assert "USD 2.50 is no formula." in page.locator("article").inner_text()
    answer = page.locator("article details:not([class])")
    assert not answer.locator("strong").is_visible()
    answer.locator("summary").press("Enter")
    assert answer.locator("strong").is_visible()
    assert not page.get_by_text("import inferwall").is_visible()
    assert (sample_site / "_notebooks" / "04_a_sample.ipynb").exists()
    assert seen.errors == []


def test_slider_redraws_its_chart(sample_site, visit):
    page = visit(sample_site / "04_a_sample.html").page
    figure = page.locator("figure.live-chart").nth(1)
    path = figure.locator(".mark-line path").first
    before = path.get_attribute("d")
    figure.evaluate("async figure => { await figure.view.signal('rent', 8).runAsync() }")
    assert path.get_attribute("d") != before
    assert figure.get_by_role("slider").count() == 1


def test_keyboard_reaches_content_charts_and_wide_tables(sample_site, visit):
    page = visit(sample_site / "04_a_sample.html").page
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate("document.activeElement.textContent")
    for selector in (".chart-frame", "div.math"):
        assert page.locator(selector).first.get_attribute("tabindex") == "0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sample_is_accessible_with_its_code(sample_site, visit, scheme):
    page = visit(sample_site / "04_a_sample.html", color_scheme=scheme).page
    # Opened folds fade in; half faded, their text has too little contrast.
    page.add_style_tag(content="* { animation: none !important; transition: none !important }")
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert violations(page, code=True) == []


def test_axe_finds_what_is_wrong(sample_site, visit):
    page = visit(sample_site / "04_a_sample.html").page
    page.evaluate("document.querySelector('article').append(document.createElement('img'))")
    assert [text.split()[0] for text in violations(page)] == ["image-alt"]


def test_picture_stands_in_without_scripts(sample_site, visit):
    page = visit(sample_site / "04_a_sample.html", java_script_enabled=False).page
    picture = page.locator("figure.live-chart img").first
    assert picture.is_visible()
    assert picture.get_attribute("alt").startswith("Line chart")
    assert page.locator("math").first.is_visible()


def test_search_in_the_sample(sample_site, visit):
    seen = visit(sample_site / "index.html")
    seen.page.keyboard.press("Control+k")
    field = seen.page.locator("#pst-search-dialog input")
    field.fill("fourteenth")
    field.press("Enter")
    link = seen.page.locator("ul.search li a").first
    link.wait_for(timeout=10_000)
    assert "A sample" in link.inner_text()
    assert seen.errors == []
