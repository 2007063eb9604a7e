"""Loading tables, sources and aliases."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall import data
from inferwall.data import data_path, resolve, resource, source, table, table_names


def raw(name):
    return pd.read_csv(data_path() / resource(name)["path"], dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", table_names())
def test_si_columns_are_the_published_ones_times_their_factor(name):
    frame, published = table(name), raw(name)
    assert len(frame) == len(published) > 0
    for field in resource(name)["schema"]["fields"]:
        column = frame[field.get("si", field["name"])]
        if field["type"] in ("number", "integer"):
            numbers = pd.to_numeric(published[field["name"]], errors="raise")
            expected = numbers.to_numpy(float) * field.get("factor", 1)
            np.testing.assert_allclose(column.to_numpy(float, na_value=np.nan), expected)


@pytest.mark.parametrize("name", table_names())
def test_every_number_has_a_unit_and_a_converted_one_says_it_in_its_name(name):
    fields = resource(name)["schema"]["fields"]
    unit_beside = any(field["name"] == "unit" for field in fields)  # one number a row
    for field in fields:
        if field.get("factor", 1) != 1:
            assert field["si"] != field["name"], f"{name}.{field['name']} is scaled, not renamed"
        if field["type"] == "number":
            assert field.get("unit") or unit_beside, f"{name}.{field['name']} has no unit"


def test_a_table_is_the_callers_own():
    first = table("formats")
    first.loc[0, "name"] = "changed"
    assert table("formats").loc[0, "name"] != "changed"


def test_unknown_names_say_what_is_near():
    with pytest.raises(KeyError, match="nearest: 'accelerators'"):
        table("accelerator")
    with pytest.raises(KeyError, match="unknown source"):
        source("no-such-source")


def test_as_of_replays_what_was_known():
    prices = table("rental_prices")
    earlier = table("rental_prices", as_of="2024-06")
    assert 0 < len(earlier) < len(prices)
    assert earlier["price_date"].str[:7].max() <= "2024-06"
    assert len(table("rental_prices", as_of="2999")) == prices["price_date"].notna().sum()


@pytest.mark.parametrize("bad", ["June 2024", "2024-6", "24", "2024-06-1"])
def test_as_of_must_be_iso(bad):
    with pytest.raises(ValueError, match="as_of"):
        table("rental_prices", as_of=bad)


def test_as_of_needs_dated_rows():
    with pytest.raises(ValueError, match="no dated observations"):
        table("formats", as_of="2024-06")


@pytest.mark.parametrize("kind", ["accelerator", "transformer"])
def test_every_entry_resolves_to_itself(kind):
    for name in table(f"{kind}s")["name"]:
        assert resolve(kind, name) == name
        assert resolve(kind, name.upper().replace(" ", "-")) == name


@pytest.mark.parametrize("kind", ["accelerator", "transformer"])
def test_every_alias_leads_to_an_entry(kind):
    aliases = pd.read_csv(data_path() / "aliases.csv")
    aliases = aliases[aliases["kind"] == kind]
    assert set(aliases["name"]) <= set(table(f"{kind}s")["name"])
    for alias, names in aliases.groupby("alias")["name"]:
        if len(set(names)) == 1:
            assert resolve(kind, alias) == names.iloc[0]


def test_an_ambiguous_name_raises_and_lists_the_choices():
    with pytest.raises(KeyError, match=r"ambiguous accelerator 'H100': .*'H100 PCIe'.*'H100 SXM'"):
        resolve("accelerator", "H100")


def test_an_unknown_kind_raises():
    with pytest.raises(ValueError, match="kind='chip'"):
        resolve("chip", "H100")


@given(st.text(max_size=12))
def test_any_text_resolves_or_raises_key_error(text):
    try:
        assert resolve("accelerator", text) in set(table("accelerators")["name"])
    except KeyError as error:
        assert "accelerator" in str(error)


def test_every_source_key_of_every_table_is_listed_and_every_source_is_used():
    used = set()
    for name in set(table_names()) - {"aliases", "sources"}:
        frame = table(name)
        assert frame["sources"].notna().all(), f"{name}: rows without a source"
        used |= {key for cell in frame["sources"] for key in cell.split(";")}
    listed = set(pd.read_csv(data_path() / "sources.csv")["key"])
    assert used - listed == set()
    # A formula or a sentence may have a source that no row of a table needs.
    repository = data_path().parent
    readers = [*repository.glob("inferwall/*.py"), *repository.glob("notebooks/*.ipynb")]
    text = "".join(path.read_text(encoding="utf-8") for path in readers)
    assert {key for key in listed - used if key not in text} == set()


# Tables that several public programs of the time carry alike; no page of the seller is stored.
WITHOUT_A_PAGE = {"public-code-price-table-2023"}


def test_sources_say_who_what_and_when():
    for key in pd.read_csv(data_path() / "sources.csv")["key"]:
        entry = data.source(key)
        assert entry.title and entry.publisher and entry.kind, key
        own = entry.publisher == "The Inference Wall"
        assert entry.url.startswith("http") or own or key in WITHOUT_A_PAGE, key
        assert entry.retrieved, key
