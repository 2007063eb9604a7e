"""The table of all claims in the built book: every row is there, and its choices hide rows."""

import pytest

from inferwall.data import table

pytestmark = pytest.mark.page
SHOWN = """() => [...document.querySelectorAll('#claims tbody tr')]
  .filter(row => row.offsetParent !== null).length"""


@pytest.fixture(scope="module")
def claims():
    return table("claims")


def test_choices_hide_rows_without_a_script(book, visit, claims):
    page = visit(book / "15_the_claims_audited.html", java_script_enabled=False).page
    assert page.locator("#claims tbody tr").count() == len(claims)
    failed = page.locator('#claims tbody tr[data-verdict="does not hold"]')
    other = page.locator('#claims tbody tr[data-verdict="holds"]')
    assert other.first.is_visible()
    page.get_by_label(f"does not hold {failed.count()}").check()
    assert failed.first.is_visible() and not other.first.is_visible()


def test_two_choices_meet(book, visit, claims):
    seen = visit(book / "15_the_claims_audited.html")
    page = seen.page
    wall, failed = claims["text"] == "wall", claims["verdict"] == "does not hold"
    page.get_by_label(f"does not hold {failed.sum()}").check()
    page.get_by_label(f"wall {wall.sum()}").check()
    assert page.evaluate(SHOWN) == (wall & failed).sum()
    page.locator("#claims-text-0").check()
    page.locator("#claims-verdict-0").check()
    assert page.evaluate(SHOWN) == len(claims)
    assert seen.errors == []


def test_the_keyboard_reaches_choices_and_rows(book, visit):
    page = visit(book / "15_the_claims_audited.html").page
    page.locator("#claims-text-0").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#claims-text-1").is_checked()
    assert page.locator("#claims .rows").get_attribute("tabindex") == "0"
