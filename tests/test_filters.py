"""A filterable table is a plain table with choices, and every choice has its rule."""

import re
from html.parser import HTMLParser

import pytest

from inferwall.filters import filterable

ROWS = [
    {"id": "a-01", "text": "a", "verdict": "holds", "claim": "1 < 2 & so on"},
    {"id": "a-02", "text": "a", "verdict": "holds if", "claim": 'a "quoted" one'},
    {"id": "b-01", "text": "b", "verdict": "holds", "claim": "another"},
]
TABLE = filterable(
    ROWS,
    columns={"id": "id", "claim": "claim"},
    choices={"text": ["a", "b"], "verdict": ["holds", "holds if"]},
    name="claims",
    caption="Three claims.",
)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.words.append(data)


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    reader.feed(TABLE.html)
    return reader


def test_it_is_well_formed_and_holds_every_cell(reader):
    assert reader.open == []
    assert [tag for tag, _ in reader.tags].count("tr") == 1 + len(ROWS)
    assert {row["claim"] for row in ROWS} <= set(reader.words)


def test_every_button_has_a_name_and_one_of_each_group_is_chosen(reader):
    buttons = [attributes for tag, attributes in reader.tags if tag == "input"]
    assert len({button["id"] for button in buttons}) == len(buttons) == 6
    chosen = [button["name"] for button in buttons if "checked" in button]
    assert sorted(chosen) == ["claims-text", "claims-verdict"]
    assert [tag for tag, _ in reader.tags].count("label") == len(buttons)


def test_every_choice_but_all_hides_the_others(reader):
    rules = re.findall(r":has\(#([\w-]+):checked\) tbody tr:not\(\[data-(\w+)=", TABLE.html)
    buttons = {a["id"] for tag, a in reader.tags if tag == "input" and "checked" not in a}
    assert {name for name, _ in rules} == buttons
    assert all(name.startswith(f"claims-{key}-") for name, key in rules)


def test_what_stands_for_it_says_how_many():
    assert TABLE.summary == "Three claims. 3 rows."
    assert set(TABLE._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_a_row_without_a_key_is_refused():
    with pytest.raises(KeyError):
        filterable([{"id": "x"}], {"id": "id"}, {"text": ["a"]}, "t", "None.")


def test_a_value_that_nobody_can_choose_is_refused():
    with pytest.raises(ValueError, match="allowed are a"):
        filterable([{"id": "x", "text": "b"}], {"id": "id"}, {"text": ["a"]}, "t", "None.")
