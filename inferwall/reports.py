"""From a scenario to a report: one HTML file that needs nothing outside itself."""

from __future__ import annotations

import base64
import html
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inferwall import __version__
from inferwall.charts import VEGALITE_MIME
from inferwall.html import chart_script, figure, mathml
from inferwall.scenario import Scenario

if TYPE_CHECKING:
    from nbformat import NotebookNode

LEFT_OUT = "template"  # tag of cells that speak of the template and not of the scenario
MEDIA = {".png": "image/png", ".csv": "text/csv;charset=utf-8"}
# The page forbids itself every request; Vega compiles its expressions, hence the eval.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #262626; font: 1rem/1.55 system-ui, "Liberation Sans",
  Arial, sans-serif; }
main, footer { max-width: 54rem; margin: 0 auto; padding: 1rem 1.25rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 0.5rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.2rem 0 0.6rem; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 0.4rem; }
p, li { max-width: 44rem; overflow-wrap: anywhere; }
a { color: #015a8f; }
.table { overflow-x: auto; margin: 0.8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: 0.94rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.9rem 0.4rem 0;
  border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #6b6b6b; }
td:nth-child(3):nth-last-child(3), td:nth-child(4):nth-last-child(2) { white-space: nowrap; }
.answers table { font-size: 1.05rem; }
.answers td:nth-child(2) { font-weight: 700; }
figure { margin: 1.2rem 0; }
.chart-frame { overflow-x: auto; border: 1px solid #ddd; border-radius: 4px; }
.chart-frame > img, .chart-frame svg { display: block; width: 100%; height: auto;
  min-width: 540px; max-width: 860px; margin: 0 auto; }
.vega-embed { display: block; width: 100%; padding: 0; }
[hidden] { display: none !important; }
figcaption, footer, .note { font-size: 0.87rem; color: #555; }
pre { background: #f5f5f5; padding: 0.7rem 0.9rem; overflow-x: auto; font-size: 0.85rem;
  line-height: 1.4; border-radius: 4px; }
code { font-family: "Liberation Mono", Consolas, monospace; font-size: 0.92em; }
summary { cursor: pointer; font-weight: 600; }
.math { overflow-x: auto; margin: 0.8rem 0; }
@media (max-width: 36rem) {
  h1 { font-size: 1.55rem; }
  .answers table { font-size: 0.95rem; }
  th, td { padding-right: 0.6rem; }
}
@media print {
  @page { margin: 16mm; }
  body { font-size: 10pt; }
  main, footer { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; }
  h2 + p, h3 + p { break-after: avoid; }
  .chart-frame, .table, .math, pre { overflow: visible; }
  .chart-frame { border: 0; }
  pre { white-space: pre-wrap; }
  .chart-frame > img, .chart-frame svg { min-width: 0; max-width: 100%; }
  details, figcaption { display: none; }
  a { color: inherit; }
}
"""


class ReportError(RuntimeError):
    """The template failed on a scenario that should run, or the report cannot be written."""


def template_path() -> Path:
    """Return the notebook that reports are made from: of an installed wheel, or of a clone."""
    package = Path(__file__).parent
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if (folder / "report.ipynb").is_file():
            return folder / "report.ipynb"
    raise ReportError(f"no report.ipynb beside {package}: reinstall, or work from a clone")


def execute(scenario: Scenario) -> NotebookNode:
    """Run the template with the scenario's fields as parameters.

    papermill writes the names of parameters into the code as they are, so none but the fields of
    `Scenario` ever reach it.

    Raises
    ------
    ReportError
        A cell failed.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with tempfile.TemporaryDirectory() as folder:  # no module, no profile of the caller's
        try:
            return papermill.execute_notebook(
                template_path(), None, scenario.model_dump(), progress_bar=False,
                kernel_name="python3", cwd=folder,
                extra_arguments=["--log-level=CRITICAL", f"--ipython-dir={folder}"],
            )  # fmt: skip
        except PapermillExecutionError as error:
            what = f"{error.ename}: {error.evalue}".splitlines()[0]
            raise ReportError(f"cell {error.exec_count} of report.ipynb: {what}") from None


@cache
def _markdown() -> Callable[[str], str]:
    """Return a function from Markdown to HTML: raw HTML as text, formulas as MathML."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def table(self, text: str) -> str:
            label = 'tabindex="0" role="group" aria-label="Table"'
            return f'<div class="table" {label}><table>\n{text}</table></div>\n'

        def block_code(self, code: str, info: str | None = None) -> str:
            return f'<pre tabindex="0"><code>{html.escape(code)}</code></pre>\n'

        def block_math(self, body: str) -> str:
            return f'<div class="math" tabindex="0">{mathml(body, block=True)}</div>\n'

        def inline_math(self, body: str) -> str:
            return mathml(body, block=False)

    renderer = Renderer(escape=True, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render


def data_address(name: str, content: bytes) -> str:
    """Return the content of a file as an address.

    >>> data_address("x.csv", b"1")
    'data:text/csv;charset=utf-8;base64,MQ=='
    """
    return f"data:{MEDIA[Path(name).suffix]};base64,{base64.b64encode(content).decode()}"


def _output(output: Any, name: str) -> str:
    """Return the HTML of one output of a cell, in the richest form that it has."""
    if output.output_type == "stream":
        plain = output.text if output.name == "stdout" else ""
        return f'<pre tabindex="0">{html.escape(plain)}</pre>\n' if plain.strip() else ""
    data = output.get("data", {})
    if VEGALITE_MIME in data:
        picture = base64.b64decode(data["image/png"])
        return figure(data[VEGALITE_MIME], picture, name, data_address) + "\n"
    if "text/markdown" in data:
        return _markdown()(data["text/markdown"])
    if "text/html" in data:
        return data["text/html"]
    return f'<pre tabindex="0">{html.escape(data.get("text/plain", ""))}</pre>\n'


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _code(notebook: NotebookNode) -> list[str]:
    """Return the code that ran, without the template's own parameters where others came after."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    injected = any("injected-parameters" in _tags(cell) for cell in cells)
    return [cell.source for cell in cells if not (injected and "parameters" in _tags(cell))]


def page(notebook: NotebookNode, scenario: Scenario) -> str:
    """Return an executed template as a page: what it says, its charts live, its code folded."""
    parts, drawn = [], 0
    for cell in notebook.cells:
        tags = _tags(cell)
        if LEFT_OUT in tags:
            continue
        if cell.cell_type == "markdown":
            parts.append(_markdown()(cell.source))
        for output in cell.get("outputs", []):
            drawn += VEGALITE_MIME in output.get("data", {})
            text = _output(output, f"chart-{drawn}")
            parts.append(f'<div class="answers">{text}</div>' if "answers" in tags else text)
    listing = html.escape("\n\n".join(_code(notebook)))
    title = html.escape(scenario.title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="inferwall {__version__}">
<title>{title} · The Inference Wall</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{"".join(parts)}
<details><summary>The computation, in Python</summary>
<pre tabindex="0"><code>{listing}</code></pre>
</details>
</main>
<footer>Made with The Inference Wall {__version__}.</footer>
<script>{chart_script()}</script>
<script>drawCharts();</script>
</body>
</html>
"""


def write(text: str, path: Path) -> None:
    """Write a file whole or not at all: under a temporary name first, then renamed.

    Parameters
    ----------
    text : str
        What the file will hold.
    path : pathlib.Path
        Its place; folders are made.

    Raises
    ------
    ReportError
        The folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror or error}") from None


def report(scenario: Scenario, path: Path) -> None:
    """Write the report of a scenario.

    Parameters
    ----------
    scenario : Scenario
    path : pathlib.Path
        Place of the HTML file.

    Raises
    ------
    ReportError
        The template failed, or the file cannot be written; nothing is left behind.
    """
    write(page(execute(scenario), scenario), path)
