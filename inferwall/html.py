"""What turns a finished chart and a formula into a page that needs nothing from outside it."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from inferwall import charts

# A figure that cannot be drawn keeps its picture; `data-charts` says when all are done.
DRAW = """
window.drawCharts = async () => {
  for (const figure of document.querySelectorAll("figure.live-chart")) {
    const place = figure.querySelector(".chart-live");
    const picture = figure.querySelector("img");
    const spec = JSON.parse(figure.querySelector("script").textContent);
    place.hidden = false;
    try {
      const options = {mode: "vega-lite", renderer: "svg", actions: false};
      figure.view = (await vegaEmbed(place, spec, options)).view;
      // To a screen reader the chart is its alt text, which Vega puts on the container.
      place.querySelector("svg.marks").setAttribute("aria-hidden", "true");
      picture.hidden = true;
      figure.dataset.drawn = "yes";
    } catch (error) {
      place.hidden = true;
      figure.dataset.drawn = "no";
      console.error(error);
    }
  }
  document.documentElement.dataset.charts = "done";
};
"""


@cache
def chart_script() -> str:
    """Return the script that draws every chart of a page when `drawCharts()` is called, 0.9 MB."""
    import vl_convert

    bundle = vl_convert.javascript_bundle(DRAW, vl_version=charts.VL_VERSION)
    # Vega-Lite 5 says that it compiles for Vega 5; the bundle draws it with Vega 6, and would warn.
    bundle = bundle.replace("schema/vega/v5.json", "schema/vega/v6.json")
    # Wrapped, so that its one-letter names do not meet those of other scripts.
    script = f"(function(){{{bundle}}})();\n"
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def tables(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the tables behind a chart, the longest first.

    A table that only repeats values of another (the labels at line ends) is left out.

    >>> tables({"datasets": {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "b": [{"x": 1}]}})
    [[{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]]
    """
    found = sorted(spec.get("datasets", {}).values(), key=lambda t: (-len(t), json.dumps(t)))
    kept: list[list[dict[str, Any]]] = []
    for table in found:
        if table and not any(_repeats(table, other) for other in kept):
            kept.append(table)
    return kept


def _repeats(table: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    columns = set(table[0])
    if not columns <= set(other[0]):
        return False
    rows = {json.dumps([row.get(c) for c in sorted(columns)]) for row in other}
    return all(json.dumps([row.get(c) for c in sorted(columns)]) in rows for row in table)


def as_csv(found: list[list[dict]]) -> str:
    """Return the tables of a chart as one CSV text; where there are several, numbered.

    >>> as_csv([[{"x": 1, "y": 0.5}]])
    'x,y\\r\\n1,0.5\\r\\n'
    >>> as_csv([[{"x": 1}, {"x": 2}], [{"z": 3}]]).split()
    ['table,x,z', '1,1,', '1,2,', '2,,3']
    """
    rows = [{"table": n, **row} for n, table in enumerate(found, 1) for row in table]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns[1:] if len(found) == 1 else columns, extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def figure(
    spec: dict[str, Any], picture: bytes, name: str, link: Callable[[str, bytes], str]
) -> str:
    """Return the HTML of a chart: its picture, what `drawCharts()` draws, links to its data.

    Parameters
    ----------
    spec : dict
        Vega-Lite specification of a finished chart.
    picture : bytes
        The same as PNG, shown without scripts.
    name : str
        Name of the files that can be downloaded, without suffix.
    link : function
        Takes the name and the content of a file and returns the address under which it is found.
    """
    about = spec.get("usermeta", {})
    width, height = (int.from_bytes(picture[i : i + 4], "big") // 2 for i in (16, 20))
    shown = link(f"{name}.png", picture)
    data = link(f"{name}.csv", as_csv(tables(spec)).encode())
    links = [
        f'<a href="{data}" download="{name}.csv">Data of this chart (CSV)</a>',
        f'<a href="{shown}" download="{name}.png">Picture (PNG)</a>',
    ]
    title = html.escape(about.get("title", "Chart"), quote=True)
    alt = html.escape(about.get("alt", ""), quote=True)
    drawn = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<figure class="live-chart" id="{name}">'
        f'<div class="chart-frame" tabindex="0" role="group" aria-label="Chart: {title}">'
        f'<img class="dark-light" src="{shown}" alt="{alt}" width="{width}" height="{height}">'
        '<div class="chart-live" hidden></div></div>'
        f'<script type="application/json">{drawn}</script>'
        f"<figcaption>{' · '.join(links)}</figcaption></figure>"
    )


def mathml(tex: str, block: bool) -> str:
    """Return a formula as MathML, with its TeX kept for copying.

    Parameters
    ----------
    tex : str
        The formula, without dollar signs.
    block : bool
        Set on a line of its own.

    Raises
    ------
    ValueError
        A command of the formula is unknown.
    """
    from math_core import LatexError, LatexToMathML

    try:
        converter = LatexToMathML(annotation=True)
        return converter.convert_with_local_state(tex.strip(), displaystyle=block)
    except LatexError as error:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()[0]
        raise ValueError(f"{plain} in {tex.strip()!r}") from None
