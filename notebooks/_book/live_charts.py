"""A Sphinx extension: every stored chart becomes a live one, with a picture to fall back on.

A chapter stores a chart as a Vega-Lite specification and as a PNG. On the page stand the picture
(with its alt text, shown without scripts and until the chart is drawn), the specification, which
one script shared by all pages draws, and links to the data as CSV and to the picture.
"""

import base64
import csv
import html
import io
import json
import zlib
from pathlib import Path

from sphinx.util import logging

from inferwall import charts

logger = logging.getLogger(__name__)
FOLDER = "_charts"  # within the built book
BUNDLE = "vega.js"
DRAW = """
window.drawChart = (place, spec) =>
  vegaEmbed(place, spec, {mode: "vega-lite", renderer: "svg", actions: false});
"""


def tables(spec: dict) -> list[list[dict]]:
    """Return the tables behind a chart, the longest first.

    A table that only repeats values of another (the labels at line ends) is left out.

    >>> tables({"datasets": {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "b": [{"x": 1}]}})
    [[{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]]
    """
    found = sorted(spec.get("datasets", {}).values(), key=lambda t: (-len(t), json.dumps(t)))
    kept: list[list[dict]] = []
    for table in found:
        if table and not any(_repeats(table, other) for other in kept):
            kept.append(table)
    return kept


def _repeats(table: list[dict], other: list[dict]) -> bool:
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


def figure(spec: dict, picture: bytes, name: str, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return the HTML of a chart and the files it links to, by file name."""
    about = spec.get("usermeta", {})
    width, height = (int.from_bytes(picture[i : i + 4], "big") // 2 for i in (16, 20))
    files = {f"{name}.png": picture, f"{name}.csv": as_csv(tables(spec)).encode()}
    links = [
        f'<a href="{folder}/{name}.csv" download>Data of this chart (CSV)</a>',
        f'<a href="{folder}/{name}.png" download>Picture (PNG)</a>',
    ]
    title = html.escape(about.get("title", "Chart"), quote=True)
    alt = html.escape(about.get("alt", ""), quote=True)
    data = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<figure class="live-chart" id="{name}">'
        f'<div class="chart-frame" tabindex="0" role="group" aria-label="Chart: {title}">'
        f'<img class="dark-light" src="{folder}/{name}.png" alt="{alt}"'
        f' width="{width}" height="{height}">'
        '<div class="chart-live" hidden></div></div>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{' · '.join(links)}</figcaption></figure>"
    ), files


def chart_outputs(notebook: dict) -> list[dict]:
    """Return the stored outputs of a notebook that are charts, in their order."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [output for output in outputs if charts.VEGALITE_MIME in output.get("data", {})]


def fold_chart_code(notebook: dict) -> None:
    """Fold the code that composes charts, in place: on the page, the chart is what counts.

    Folded cells that follow one another without a word or an output become one fold.
    """
    cells: list[dict] = []
    for cell in notebook["cells"]:
        tags = cell["metadata"].setdefault("tags", [])
        code = cell["cell_type"] == "code"
        source = "".join(cell["source"])
        if (code and "alt.Chart(" in source) or chart_outputs({"cells": [cell]}):
            tags += [] if _folded(cell) else ["hide-input"]
        before = cells[-1] if cells else {}
        if code and _folded(cell) and before.get("outputs") == [] and _folded(before):
            cells.pop()
            cell["source"] = "".join(before["source"]) + "\n\n" + source
        cells.append(cell)
    notebook["cells"] = cells


def _folded(cell: dict) -> bool:
    return bool({"hide-input", "hide-cell"} & set(cell["metadata"].get("tags", [])))


def picture_of(output: dict) -> bytes:
    """Return the stored picture of a chart."""
    return base64.b64decode("".join(output["data"]["image/png"]))


def rewrite(app, docname: str, source: list[str]) -> None:
    """Turn the chart outputs of a notebook into HTML, before the notebook is parsed."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    fold_chart_code(notebook)
    for number, output in enumerate(chart_outputs(notebook), 1):
        spec, name = output["data"][charts.VEGALITE_MIME], f"{docname}-{number}"
        if not spec.get("usermeta", {}).get("alt"):
            logger.warning("chart %d has no alt text: end with charts.finish", number,
                           location=docname)  # fmt: skip
        text, files = figure(spec, picture_of(output), name, FOLDER)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        output["data"], output["metadata"] = {"text/html": text}, {}
    source[0] = json.dumps(notebook)


def write_bundle(app) -> None:
    """Write the script that draws charts; it is made anew when vl-convert changes."""
    import vl_convert

    target = Path(app.outdir) / "_static" / BUNDLE
    stamp = f"// vl-convert {vl_convert.__version__}, Vega-Lite {charts.VL_VERSION}\n"
    if target.exists() and target.read_text(encoding="utf-8").startswith(stamp):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    bundle = vl_convert.javascript_bundle(DRAW, vl_version=charts.VL_VERSION)
    # Vega-Lite 5 says that it compiles for Vega 5; the bundle draws it with Vega 6, and would warn.
    bundle = bundle.replace("schema/vega/v5.json", "schema/vega/v6.json")
    # Wrapped, so that its one-letter names do not meet those of other scripts.
    target.write_text(f"{stamp}(function(){{{bundle}}})();\n", encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree) -> None:
    """Load the shared script on pages with charts, and only there."""
    if 'class="live-chart"' in context.get("body", ""):
        app.add_js_file(BUNDLE, priority=700, loading_method="defer")
        app.add_js_file("charts.js", priority=710, loading_method="defer")


def setup(app):
    """Connect the three steps to the build."""
    app.connect("builder-inited", write_bundle)
    app.connect("source-read", rewrite)
    app.connect("html-page-context", add_scripts)
    # A change of this file makes Sphinx read every chapter again.
    version = zlib.crc32(Path(__file__).read_bytes())
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
