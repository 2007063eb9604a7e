"""The data package as a whole: valid, described, dated, sourced."""

import csv
import importlib.util
import json
from datetime import date

import pytest
from frictionless import Package

from inferwall.data import data_path, resource, table, table_names

REQUIRED = {
    "accelerators",
    "aliases",
    "api_prices",
    "memory_wall_history",
    "price_quality",
    "rental_prices",
    "sources",
    "spend",
    "token_volumes",
    "training_runs",
    "transformers",
}


def test_frictionless_finds_the_package_valid():
    report = Package(str(data_path() / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:10]


def test_every_file_is_described_and_every_table_of_the_book_is_there():
    described = {resource(name)["path"] for name in table_names()}
    assert described == {path.name for path in data_path().glob("*.csv")}
    assert set(table_names()) >= REQUIRED


@pytest.mark.parametrize("name", table_names())
def test_every_column_says_what_it_means(name):
    entry = resource(name)
    assert entry["title"] and entry["description"]
    for field in entry["schema"]["fields"]:
        assert field.get("description"), f"{name}.{field['name']}"
    with (data_path() / entry["path"]).open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == [f["name"] for f in entry["schema"]["fields"]]


@pytest.mark.parametrize("name", table_names())
def test_dated_tables_hold_iso_dates_and_nothing_from_the_future(name):
    entry = resource(name)
    if "dated" in entry:
        column = table(name)[entry["dated"]].dropna()
        assert column.str.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?").all()
        assert len(table(name, as_of="2026-11-30")) == len(column)
    if "stale_after" in entry:
        assert date.fromisoformat(entry["stale_after"]).year < 2030


def rows_of_sources():
    with (data_path() / "sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_page_stands_under_two_keys():
    rows = rows_of_sources()
    urls = [row["url"].rstrip("/") for row in rows if row["url"]]
    assert sorted(urls) == sorted(set(urls))
    assert len({row["key"] for row in rows}) == len(rows)


def test_sources_read_well():
    for row in rows_of_sources():
        assert row["title"].strip() and "http" not in row["title"], row["key"]
        own = row["publisher"] == "The Inference Wall"
        assert row["url"] or own or row["kind"] in {"documentation", "press"}, row["key"]
        assert (row["published"] or "0") <= row["retrieved"], row["key"]


@pytest.mark.parametrize("name", [n for n in table_names() if n != "sources"])
def test_every_row_names_its_sources(name):
    known = {row["key"] for row in rows_of_sources()}
    frame = table(name)
    if "sources" not in frame:
        assert name == "aliases"
        return
    for cell in frame["sources"]:
        keys = cell.split(";")
        assert set(keys) <= known, set(keys) - known
        assert len(set(keys)) == len(keys), cell


def test_what_rests_on_a_weak_source_alone_is_not_called_a_datasheet():
    weak = {row["key"] for row in rows_of_sources() if row["kind"] in {"press", "estimate"}}
    chips = table("accelerators")
    alone = chips["sources"].map(lambda cell: set(cell.split(";")) <= weak)
    assert not (alone & (chips["confidence"] == "datasheet")).any()


def test_the_dictionary_is_up_to_date():
    script = data_path() / "dictionary.py"
    specification = importlib.util.spec_from_file_location("dictionary", script)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    written = (data_path() / "README.md").read_text(encoding="utf-8")
    assert written == module.dictionary(), "run `make dictionary`"


def test_the_package_is_small_enough_to_read():
    size = sum(path.stat().st_size for path in data_path().glob("*.csv"))
    assert size < 2_000_000
    json.loads((data_path() / "datapackage.json").read_text(encoding="utf-8"))
