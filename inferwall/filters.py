"""A table that a reader can filter, without a script: choices are radio buttons, CSS hides rows."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

STYLE = """
#{name} fieldset {{ border: 0; margin: 0 0 0.5rem; padding: 0; }}
#{name} legend {{ font-size: 0.95rem; font-weight: 600; float: left; padding: 0 0.75rem 0 0;
  width: auto; margin: 0; }}
#{name} label {{ display: inline-block; margin: 0 0.9rem 0.15rem 0; white-space: nowrap; }}
#{name} .rows {{ max-height: 38rem; overflow: auto; clear: both; border: 1px solid #8a8a8a; }}
#{name} table {{ border-collapse: collapse; margin: 0; width: 100%; min-width: 40rem; }}
#{name} :is(th, td) {{ text-align: left; vertical-align: top; white-space: normal !important;
  padding: 0.35rem 0.5rem; border-bottom: 1px solid #c4c4c4; }}
#{name} thead th {{ position: sticky; top: 0; border-bottom-width: 2px;
  background: var(--jp-layout-color0, var(--pst-color-background, Canvas)); }}
@media screen and (max-width: 40rem) {{
  #{name} table {{ min-width: 0; }}
  #{name} thead {{ display: none; }}
  #{name} tbody tr {{ display: block; border-bottom: 1px solid #8a8a8a; padding: 0.35rem 0; }}
  #{name} tbody :is(th, td) {{ display: block; border: 0; padding: 0.1rem 0.5rem; width: auto; }}
  #{name} td::before {{ content: attr(data-title) ": "; font-weight: 600; }}
}}
@media print {{ #{name} .rows {{ max-height: none; overflow: visible; }} }}
"""


@dataclass(frozen=True)
class Filterable:
    """A table with its choices; displays itself, and is a plain table where CSS is taken away.

    Attributes
    ----------
    html : str
    summary : str
        What stands for it where no HTML is shown.
    """

    html: str
    summary: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.summary}


def filterable(
    rows: Sequence[Mapping[str, str]],
    columns: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
    name: str,
    caption: str,
) -> Filterable:
    """Return rows as an HTML table with one group of radio buttons for each column to choose by.

    Parameters
    ----------
    rows : sequence of mapping
        Texts by key.
    columns : mapping
        Key of each column shown, in order, with its heading; the first names the row.
    choices : mapping
        Keys to choose by, each with the values on offer, in order.
    name : str
        Letters and hyphens that no other table of the page bears.
    caption : str
        What the table holds.

    Raises
    ------
    KeyError
        A row lacks a key.
    ValueError
        A row has a value that is not on offer.

    Examples
    --------
    >>> table = filterable([{"id": "a", "verdict": "holds"}], {"id": "claim"},
    ...                    {"verdict": ["holds"]}, name="few", caption="One claim.")
    >>> table.html.count("<tr"), 'type="radio"' in table.html, table.summary
    (2, True, 'One claim. 1 row.')
    """
    rules, groups = [STYLE.format(name=name)], []
    for key, values in choices.items():
        odd = {row[key] for row in rows} - set(values)
        if odd:
            raise ValueError(f"{key} is {sorted(odd)} in a row: allowed are {', '.join(values)}")
        buttons = [_button(name, key, 0, f"all {len(rows)}", checked=True)]
        for number, value in enumerate(values, 1):
            count = sum(row[key] == value for row in rows)
            buttons.append(_button(name, key, number, f"{value} {count}"))
            rules.append(
                f"#{name}:has(#{name}-{key}-{number}:checked) "
                f'tbody tr:not([data-{key}="{_text(value)}"]) {{ display: none; }}'
            )
        legend = f"<legend>{_text(key.capitalize())}</legend>"
        groups.append(f"<fieldset>{legend}{' '.join(buttons)}</fieldset>")
    head = "".join(
        f'<th scope="col" style="width: {share:.0%}">{_text(title)}</th>'
        for title, share in zip(columns.values(), _widths(rows, list(columns)), strict=True)
    )
    body = "\n".join(_row(row, columns, list(choices)) for row in rows)
    plural = "row" if len(rows) == 1 else "rows"
    return Filterable(
        f'<div class="filterable" id="{name}"><style>{"".join(rules)}</style>{"".join(groups)}'
        f'<div class="rows" tabindex="0" role="group" aria-label="{_text(caption)}"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div></div>",
        f"{caption} {len(rows)} {plural}.",
    )


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)


def _button(name: str, key: str, number: int, label: str, checked: bool = False) -> str:
    mark = " checked" if checked else ""
    return (
        f'<label><input type="radio" name="{name}-{key}" id="{name}-{key}-{number}"{mark}> '
        f"{_text(label)}</label>"
    )


def _widths(rows: Sequence[Mapping[str, str]], keys: list[str]) -> list[float]:
    """Return the share of the width of each column: as the root of its mean length of text."""
    roots = [sqrt(max(1, sum(len(str(row[key])) for row in rows))) for key in keys]
    return [root / sum(roots) for root in roots]


def _row(row: Mapping[str, str], columns: Mapping[str, str], choices: list[str]) -> str:
    data = "".join(f' data-{key}="{_text(row[key])}"' for key in choices)
    first, *rest = columns
    cells = "".join(
        f'<td data-title="{_text(columns[key])}">{_text(row[key])}</td>' for key in rest
    )
    return f'<tr{data}><th scope="row">{_text(row[first])}</th>{cells}</tr>'
