"""The tables of data/: loading in SI units by their schema, sources, aliases.

Every table is described in data/datapackage.json, a Frictionless Data Package. A field there may
carry `si` (the column's name in base units) and `factor` (what its numbers are multiplied by), so
that the CSV keeps the headers as published and the program sees base units only.
"""

from __future__ import annotations

import csv
import difflib
import json
import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """Where a number comes from: one row of data/sources.csv."""

    key: str
    title: str
    publisher: str
    published: str
    retrieved: str
    url: str
    kind: str
    licence: str


def data_path() -> Path:
    """Return the folder of the tables: inside an installed wheel, or data/ of a clone."""
    package = Path(__file__).parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "datapackage.json").is_file():
            return folder
    raise FileNotFoundError(f"no data tables beside {package}: reinstall, or work from a clone")


def unknown_name(what: str, name: object, known: Any) -> KeyError:
    """Return the KeyError for a name that is not in `known`, with its nearest matches.

    Parameters
    ----------
    what : str
        The kind of thing, as a reader calls it.
    name : object
        What was asked for.
    known : iterable
        All names that there are.
    """
    names = {str(item).casefold(): str(item) for item in known}
    near = difflib.get_close_matches(str(name).casefold(), names, n=3, cutoff=0.4)
    hint = ", ".join(repr(names[item]) for item in near)
    return KeyError(
        f"unknown {what} {name!r}" + (f"; nearest: {hint}" if near else f"; {len(names)} are known")
    )


@cache
def _resources() -> dict[str, dict[str, Any]]:
    package = json.loads((data_path() / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in package["resources"]}


def resource(name: str) -> dict[str, Any]:
    """Return the schema entry of a table: title, description, fields, when it goes stale.

    Raises
    ------
    KeyError
        The table is unknown; the message names the nearest.
    """
    if name not in _resources():
        raise unknown_name("table", name, _resources())
    return _resources()[name]


def table_names() -> list[str]:
    """Return the names of all tables, sorted."""
    return sorted(_resources())


_DTYPES = {"number": "float64", "integer": "Int64", "boolean": "boolean"}


@cache
def _load(name: str) -> pd.DataFrame:
    import pandas as pd

    entry = resource(name)
    schema = {field["name"]: field for field in entry["schema"]["fields"]}
    frame = pd.read_csv(
        data_path() / entry["path"],
        dtype={key: _DTYPES.get(field["type"], "str") for key, field in schema.items()},
        keep_default_na=False,
        na_values={key: [""] for key in schema},
    )
    for key, field in schema.items():
        if field.get("factor", 1) != 1:
            frame[key] = frame[key].astype("float64") * field["factor"]
    return frame.rename(columns={key: field.get("si", key) for key, field in schema.items()})


def table(name: str, as_of: str | None = None) -> pd.DataFrame:
    """Return a table of data/ in base units; the caller owns the copy.

    Parameters
    ----------
    name : str
        A table of data/datapackage.json, such as ``"accelerators"``.
    as_of : str, optional
        An ISO date, month or year. Only observations dated at or before its end are returned;
        rows without a date are left out, for nobody can say that they were known.

    Returns
    -------
    pandas.DataFrame
        Columns under their SI names. Missing numbers are NaN, missing text is missing.

    Raises
    ------
    KeyError
        The table is unknown.
    ValueError
        `as_of` is given for a table whose rows carry no date, or is no ISO date.

    Examples
    --------
    >>> chips = table("accelerators").set_index("name")
    >>> float(chips.loc["H100 SXM", "bandwidth_bytes_per_s"])
    3350000000000.0
    """
    frame = _load(name).copy()
    if as_of is None:
        return frame
    dated = resource(name).get("dated")
    if dated is None:
        raise ValueError(f"as_of={as_of!r}: table {name!r} holds no dated observations")
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", str(as_of)):
        raise ValueError(f"as_of={as_of!r}: allowed are YYYY, YYYY-MM and YYYY-MM-DD")
    # ISO dates sort as text; "~" sorts after every digit, so a month or year includes its end,
    # and a row dated only by its month counts as known when that month has begun.
    return frame[frame[dated].fillna("~") <= f"{as_of}~"].reset_index(drop=True)


@cache
def _sources() -> dict[str, Source]:
    with (data_path() / "sources.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["key"]: Source(**{field.name: row[field.name] for field in fields(Source)})
            for row in csv.DictReader(file)
        }


def source(key: str) -> Source:
    """Return the source of that key.

    Raises
    ------
    KeyError
        The key is not in data/sources.csv.
    """
    if key not in _sources():
        raise unknown_name("source", key, _sources())
    return _sources()[key]


def _normalised(name: str) -> str:
    return re.sub(r"[\s_\-/]+", "", name.casefold())


@cache
def _aliases(kind: str) -> dict[str, frozenset[str]]:
    """Map every normalised spelling of a kind of thing to the entries that it may mean."""
    meanings: dict[str, set[str]] = {}
    for name in _load(f"{kind}s")["name"]:
        meanings[_normalised(name)] = {name}
    canonical = frozenset(meanings)
    with (data_path() / "aliases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            spelling = _normalised(row["alias"])
            # A canonical name means itself, whatever else is listed under that spelling.
            if row["kind"] == kind and spelling not in canonical:
                meanings.setdefault(spelling, set()).add(row["name"])
    return {spelling: frozenset(names) for spelling, names in meanings.items()}


def resolve(kind: str, name: str) -> str:
    """Return the one entry of the catalogue that a spelling means.

    Case, spaces, hyphens, underscores and slashes do not matter.

    Parameters
    ----------
    kind : {"accelerator", "transformer"}
        The catalogue: the table of that name in the plural, with data/aliases.csv.
    name : str
        Any spelling of an entry.

    Raises
    ------
    ValueError
        The kind is unknown.
    KeyError
        No entry has that spelling (the message names the nearest), or several have.

    Examples
    --------
    >>> resolve("accelerator", "nvidia h200 sxm")
    'H200 SXM'
    """
    if kind not in ("accelerator", "transformer"):
        raise ValueError(f"kind={kind!r}: allowed are 'accelerator' and 'transformer'")
    meanings = _aliases(kind).get(_normalised(str(name)))
    if meanings is None:
        canonical = [entry for names in _aliases(kind).values() for entry in names]
        raise unknown_name(kind, name, canonical)
    if len(meanings) > 1:
        choices = ", ".join(repr(item) for item in sorted(meanings))
        raise KeyError(f"ambiguous {kind} {name!r}: it may be {choices}")
    return next(iter(meanings))
