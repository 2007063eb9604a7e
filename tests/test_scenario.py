"""An analyst's scenario: what it accepts, and what it says of each bad field."""

from pathlib import Path

import nbformat
import pytest
import yaml
from pydantic import ValidationError

from inferwall.scenario import Scenario, ScenarioError, load, problems

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "scenarios" / "example.yaml"
GOOD = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))

BAD = [
    ("users", -5, "from 1 to"),
    ("users", 0, "from 1 to"),
    ("users", 1.5, "whole numbers"),
    ("users", True, "whole numbers"),
    ("users", "10,000", "whole numbers"),
    ("users", None, "whole numbers"),
    ("model", "Llama 9 700B", "nearest: "),
    ("model", 70, "data/transformers.csv"),
    ("chip", "H1000", "'H100 SXM'"),
    ("chip", ["H100"], "data/accelerators.csv"),
    ("chips", 0, "from 1 to 1,024"),
    ("chips", "two", "whole numbers"),
    ("weight_format", "fp9", "'fp8'"),
    ("kv_format", None, "data/formats.csv"),
    ("requests_per_user_day", 0, "over 0"),
    ("input_tokens", 0, "from 1 to"),
    ("output_tokens", 1e30, "whole numbers"),
    ("cached_tokens", 12000, "from 0 to 11,999"),
    ("cached_tokens", -1, "from 0"),
    ("peak_to_mean", 0.5, "from 1 to"),
    ("speed_target_tokens_per_s", float("nan"), "over 0"),
    ("speed_target_tokens_per_s", float("inf"), "over 0"),
    ("speed_target_tokens_per_s", "fast", "over 0"),
    ("price_usd_per_user_month", -1, "from 0"),
    ("price_usd_per_mtok_output", "3", "from 0"),
    ("contract", "hourly", "on_demand"),
    ("as_of", "2026-13-01", "YYYY-MM-DD"),
    ("as_of", "yesterday", "YYYY-MM-DD"),
    ("as_of", 20261121, "YYYY-MM-DD"),
    ("rent_usd_per_hour", 0, "over 0"),
    ("title", "", "1 to 120 characters"),
    ("title", "   ", "1 to 120 characters"),
    ("title", "x" * 121, "1 to 120 characters"),
    ("title", "two\nlines", "1 to 120 characters"),
    ("title", ["x"] * 1000, "1 to 120 characters"),
    ("colour", "red", "no such field; allowed: title, model"),
    ("user", 3, "nearest: users"),
    ("x=0; import os", 1, "no such field"),
]


@pytest.mark.parametrize(("field", "value", "allowed"), BAD)
def test_a_bad_field_gets_one_line_with_name_value_and_what_is_allowed(field, value, allowed):
    with pytest.raises(ValidationError) as caught:
        Scenario(**{**GOOD, field: value})
    (line,) = problems(caught.value)
    assert line.startswith(f"{field}=")
    assert allowed in line
    assert "\n" not in line
    assert len(line) < 600


def test_every_bad_field_is_named():
    bad = {**GOOD, "users": 0, "chip": "H1000", "colour": "red"}
    del bad["title"]
    with pytest.raises(ValidationError) as caught:
        Scenario(**bad)
    lines = problems(caught.value)
    assert [line.split("=")[0].split(":")[0] for line in lines] == [
        "title",
        "chip",
        "users",
        "colour",
    ]
    assert lines[0] == "title: missing; allowed are texts of one line, 1 to 120 characters"


def test_some_price_is_needed():
    with pytest.raises(ValidationError) as caught:
        Scenario(**{**GOOD, "price_usd_per_user_month": 0})
    (line,) = problems(caught.value)
    assert "at least one of price_usd_per_user_month" in line


def test_spellings_resolve_and_numbers_may_be_whole_floats():
    read = Scenario(**{**GOOD, "chip": "nvidia h200-sxm", "users": 1e4, "as_of": 2026})
    assert (read.chip, read.users, read.as_of) == ("H200 SXM", 10_000, "2026")


def test_revenue_by_hand():
    # 30 × 12 / 365 / 10 = 0.09863; 1,000 × 2 + 500 × 0.5 + 200 × 10 = 4,250 a million
    read = Scenario(
        **{
            **GOOD,
            **dict(requests_per_user_day=10, input_tokens=1500, cached_tokens=500),
            **dict(output_tokens=200, price_usd_per_user_month=30, price_usd_per_mtok_input=2),
            **dict(price_usd_per_mtok_cached=0.5, price_usd_per_mtok_output=10),
        }
    )
    assert read.revenue_usd_per_request == pytest.approx(0.09863 + 0.00425, rel=1e-4)


def test_load_at_the_peak_by_hand():
    # 5,000 × 100 / 86,400 × 3 = 17.36
    assert load(EXAMPLE).peak_requests_per_s == pytest.approx(17.36, rel=1e-3)


def test_a_scenario_cannot_change():
    with pytest.raises(ValidationError):
        load(EXAMPLE).users = 3


FILES = {
    "empty": (b"", "holds no scenario"),
    "a list": (b"- 1\n", "holds no scenario"),
    "no YAML": (b"users: [1\n", "line 2: not YAML"),
    "a key twice": (b"users: 1\nusers: 2\n", "users: stands 2 times"),
    "an object": (b"title: !!python/object/apply:os.system [ls]\n", "not YAML"),
    "two documents": (b"---\na: 1\n---\nb: 2\n", "not YAML"),
    "no date": (b"as_of: 2026-02-30\n", "not YAML"),
    "a cycle": (b"title: &a [*a]\n", "title="),
    "no text": (b"\xff\xfe\x00", "cannot be read"),
    "too long": (b"#" * 200_000, "is larger than 100,000 bytes"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file_gets_clear_lines(what, tmp_path):
    content, message = FILES[what]
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    assert any(message in line for line in lines), lines


@pytest.mark.parametrize("path", ["missing.yaml", "."])
def test_a_file_that_is_not_there(path, tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read"):
        load(tmp_path / path)


@pytest.mark.parametrize(
    "title", ["<b>x</b>", "USD 5 $x$ $y$", "a | b", "*a* _b_ `c` [d](e)", "#1"]
)
def test_a_title_shows_as_it_is(title):
    from inferwall.reports import _markdown

    shown = _markdown()(f"# {Scenario(**{**GOOD, 'title': title}).heading}")
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown.strip() == f"<h1>{escaped}</h1>"


def test_the_template_holds_the_example_and_takes_every_field():
    notebook = nbformat.read(ROOT / "notebooks" / "report.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    defaults: dict = {}
    exec(cell.source, defaults)
    defaults.pop("__builtins__")
    assert set(defaults) == set(Scenario.model_fields)
    assert Scenario(**defaults) == load(EXAMPLE)
