"""A Sphinx extension: every stored chart becomes a live one, with a picture to fall back on.

A chapter stores a chart as a Vega-Lite specification and as a PNG. On the page stand the picture
(with its alt text, shown without scripts and until the chart is drawn), the specification, which
one script shared by all pages draws, and links to the data as CSV and to the picture.
"""

import base64
import json
import zlib
from pathlib import Path

from sphinx.util import logging

from inferwall import charts, html

logger = logging.getLogger(__name__)
FOLDER = "_charts"  # within the built book
BUNDLE = "vega.js"


def figure(spec: dict, picture: bytes, name: str, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return the HTML of a chart and the files it links to, by file name."""
    files: dict[str, bytes] = {}

    def link(file: str, content: bytes) -> str:
        files[file] = content
        return f"{folder}/{file}"

    return html.figure(spec, picture, name, link), files


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
    made_from = f"vl-convert {vl_convert.__version__}, Vega-Lite {charts.VL_VERSION}"
    stamp = f"// {made_from}, {zlib.crc32(html.DRAW.encode()):08x}\n"
    if target.exists() and target.read_text(encoding="utf-8").startswith(stamp):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"{stamp}{html.chart_script()}drawCharts();\n", encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree) -> None:
    """Load the shared script on pages with charts, and only there."""
    if 'class="live-chart"' in context.get("body", ""):
        app.add_js_file(BUNDLE, priority=700, loading_method="defer")


def setup(app):
    """Connect the three steps to the build."""
    app.connect("builder-inited", write_bundle)
    app.connect("source-read", rewrite)
    app.connect("html-page-context", add_scripts)
    # A change of this file makes Sphinx read every chapter again.
    version = zlib.crc32(Path(__file__).read_bytes())
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
