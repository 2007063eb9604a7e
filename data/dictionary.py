"""Write data/README.md, the data dictionary, from data/datapackage.json: `make dictionary`."""

import csv
import json
from pathlib import Path

FOLDER = Path(__file__).parent

HEAD = """\
# Data dictionary

Written by `make dictionary` from [datapackage.json](datapackage.json), which is a
[Frictionless Data Package](https://datapackage.org): edit the schema, not this page.

A column keeps the header and the unit of its source. `inferwall.data.table(name)` returns it under
the name given *in the program*, in base units: bytes, FLOP, seconds, watts, dollars, tokens and
shares from 0 to 1. A blank is unknown. It is never 0, and a calculation that needs it raises.

"""

FOOT = """\
## How to add a number

1. **Find who says it first.** A datasheet, a paper or a price page beats whoever quotes it. Nothing
   is filled in from memory.
2. **Name the source** in [sources.csv](sources.csv), if it is new: a short lower-case key, title,
   publisher, dates, address and kind. `press` and `estimate` carry no conclusion alone.
3. **Add the row** to its table with the header's unit, the keys of its sources joined by `;`, its
   date where it ages and its `confidence` where the table has one. Leave blank what the source does
   not say. Observations are append-only: a new price is a new row.
4. **Other spellings** of a chip or a model go to [aliases.csv](aliases.csv).
5. **Run `make dictionary`, then `.venv/bin/python -m pytest tests/data`**, which takes seconds. The
   schema checks types, units and bounds, and `tests/data/test_<table>.py` checks physics and sense.
   A bound that a true number breaks is moved with a reason beside it. `make test` runs the rest.
6. **Where a chapter reads the table**, `make execute` runs the chapters again. Read what changed in
   their outputs before you commit: a check that fails there guards a sentence.
"""


def dictionary() -> str:
    """Return the text of data/README.md."""
    package = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    resources = sorted(package["resources"], key=lambda resource: resource["name"])
    return HEAD + _contents(resources) + "\n".join(map(_section, resources)) + FOOT


def _contents(resources: list[dict]) -> str:
    lines = ["| table | rows | what it holds |", "|---|---|---|"]
    for resource in resources:
        with (FOLDER / resource["path"]).open(encoding="utf-8", newline="") as file:
            rows = sum(1 for _ in csv.reader(file)) - 1
        name = resource["name"]
        lines.append(f"| [{name}](#{name}) | {rows:,} | {resource['title']} |")
    return "\n".join(lines) + "\n\n"


def _section(resource: dict) -> str:
    facts = [f"[{resource['path']}]({resource['path']})"]
    if "dated" in resource:
        facts.append(f"`as_of` replays it by `{resource['dated']}`")
    if "stale_after" in resource:
        facts.append(f"look again after {resource['stale_after']}")
    lines = [
        f"## {resource['name']}",
        "",
        resource["description"],
        "",
        "; ".join(facts) + ".",
        "",
        "| column | unit | in the program | allowed | meaning |",
        "|---|---|---|---|---|",
    ]
    lines += [_field(field) for field in resource["schema"]["fields"]]
    return "\n".join(lines) + "\n"


def _field(field: dict) -> str:
    limits = field.get("constraints", {})
    allowed = [field["type"]]
    if "enum" in limits:
        allowed = [", ".join(map(str, limits["enum"]))]
    if "minimum" in limits or "maximum" in limits:
        allowed.append(_range(limits))
    if limits.get("required"):
        allowed.append("never blank")
    program = f"`{field['si']}`" if "si" in field else ""
    if field.get("factor", 1) != 1:
        program += f" (× {field['factor']:g})"
    cells = [f"`{field['name']}`", field.get("unit", ""), program, "; ".join(allowed)]
    return "| " + " | ".join([*cells, field.get("description", "")]).replace("\n", " ") + " |"


def _range(limits: dict) -> str:
    low, high = limits.get("minimum"), limits.get("maximum")
    if high is None:
        return f"at least {low:,.10g}"
    return f"at most {high:,.10g}" if low is None else f"{low:,.10g} to {high:,.10g}"


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(dictionary(), encoding="utf-8")
