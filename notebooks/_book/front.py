"""A Sphinx extension: writes the front page from the map of the book and the chapters there are."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import live_charts

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Chapter:
    """A chapter on the map; `file` is the name of its notebook, or None while it is to come."""

    number: str
    title: str
    question: str
    file: str | None = None
    finding: str = ""


def opening(notebook: dict) -> tuple[str, str]:
    """Return the title (without its number) and the finding from a chapter's first cell.

    >>> opening({"cells": [{"source": "# 04 · The wall\\n\\nOne *read*.\\n\\nMore."}]})
    ('The wall', 'One *read*.')
    """
    text = "".join(notebook["cells"][0]["source"])
    title, *rest = re.split(r"\n\s*\n|\n", text.strip(), maxsplit=1)
    finding = re.split(r"\n\s*\n", rest[0].strip(), maxsplit=1)[0] if rest else ""
    finding = re.sub(r"^\*\*(.*)\*\*$", r"\1", " ".join(finding.split()))
    return re.sub(r"^#\s*(\d+\s*·\s*)?", "", title).strip(), finding


def contents(folder: Path) -> list[tuple[str, list[Chapter]]]:
    """Return the parts of the book with their chapters, those in `folder` with their finding."""
    there = {path.stem.split("_")[0]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    parts = []
    for part in tomllib.loads((HERE / "contents.toml").read_text(encoding="utf-8"))["part"]:
        chapters = []
        for entry in part["chapters"]:
            chapter = Chapter(**entry)
            if chapter.number in there:
                path = there[chapter.number]
                title, finding = opening(json.loads(path.read_text(encoding="utf-8")))
                chapter = Chapter(chapter.number, title, chapter.question, path.stem, finding)
            chapters.append(chapter)
        parts.append((part["name"], chapters))
    return parts


def prices_as_of() -> str:
    """Return the date of the newest price in data/, or '' where there is none."""
    from inferwall import data

    dates = [""]
    for name in data.table_names():
        column = data.resource(name).get("dated")
        if "price" in name and column:
            dates += data.table(name)[column].dropna().tolist()
    return max(str(date) for date in dates)


def page(folder: Path) -> str:
    """Return the front page as MyST Markdown."""
    parts = contents(folder)
    chapters = [chapter for _, listed in parts for chapter in listed]
    there = [chapter for chapter in chapters if chapter.file]
    lead = (HERE / "index.md").read_text(encoding="utf-8").rstrip()
    for chapter in chapters:
        link = f"[{chapter.number}]({chapter.file}.ipynb)" if chapter.file else chapter.number
        lead = lead.replace(f"{{{{{chapter.number}}}}}", link)
    lines = [lead, ""]
    lines += ["## The map of the book", ""]
    coming = len(chapters) - len(there)
    if coming:
        lines += [
            f"{len(there)} of {len(chapters)} chapters can be read today; "
            f"the other {coming} are marked *to come*.",
            "",
        ]
    for name, listed in parts:
        lines += [f"### {name}", "", ":::::{container} book-map"]
        for chapter in listed:
            label = f"{chapter.number} · {chapter.title}"
            if chapter.file:
                lines += ["::::{container} map-entry", f"[{label}]({chapter.file}.ipynb)"]
                lines += ["", f"*{chapter.question}*", "", chapter.finding, "::::"]
            else:
                stop = "" if label.endswith("?") else "."
                lines += [
                    "::::{container} to-come",
                    f"{label}{stop} {chapter.question} *To come*",
                    "::::",
                ]
        lines += [":::::", ""]
    others = sorted(
        path.stem for path in folder.glob("*.ipynb") if path.stem not in {c.file for c in there}
    )
    if others:
        lines += ["### Tools", "", ":::::{container} book-map"]
        for name in others:
            title, finding = opening(json.loads((folder / f"{name}.ipynb").read_text("utf-8")))
            lines += ["::::{container} map-entry", f"[{title}]({name}.ipynb)", "", finding, "::::"]
        lines += [":::::", ""]
    for caption, names in (("Chapters", [c.file for c in there]), ("Tools", others)):
        if names:
            lines += ["```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```", ""]
    return "\n".join(lines).replace("{{front-chart}}", front_chart(folder))


def front_chart(folder: Path) -> str:
    """Return the chart that the front page opens with as HTML, or '' while there is none."""
    wanted = tomllib.loads((HERE / "contents.toml").read_text(encoding="utf-8"))["front"]["chart"]
    number, _, position = wanted.partition("-")
    stored = sorted(folder.glob(f"{number}_*.ipynb")) or sorted(folder.glob("*.ipynb"))
    for path in stored:
        found = live_charts.chart_outputs(json.loads(path.read_text(encoding="utf-8")))
        if found:
            output = found[min(int(position), len(found)) - 1]
            spec = output["data"][live_charts.charts.VEGALITE_MIME]
            name = f"{path.stem}-{found.index(output) + 1}"
            picture = live_charts.picture_of(output)
            text, _ = live_charts.figure(spec, picture, name, live_charts.FOLDER)
            return f"```{{raw}} html\n{text}\n```"
    return ""


def write_page(app, config) -> None:
    """Write the front page into the source folder, where it changed."""
    folder = Path(app.srcdir)
    target, text = folder / "index.md", page(folder)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def copy_tables(app, config) -> None:
    """Put the tables where the links of the chapters (`../data/…`) find them, to be downloaded."""
    from inferwall import data

    folder = Path(app.srcdir).parent / "data"
    folder.mkdir(exist_ok=True)
    for path in data.data_path().glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())


def copy_notebooks(app, error) -> None:
    """Put each chapter's notebook beside its page, for download."""
    if error is None and app.builder.format == "html":
        folder = Path(app.outdir) / "_notebooks"
        folder.mkdir(exist_ok=True)
        for path in Path(app.srcdir).glob("*.ipynb"):
            (folder / path.name).write_bytes(path.read_bytes())


def mark_notebooks(app, pagename, templatename, context, doctree) -> None:
    """Tell the templates whether a page is a notebook."""
    context["is_notebook"] = (Path(app.srcdir) / f"{pagename}.ipynb").exists()


def setup(app):
    """Connect the steps to the build."""
    app.connect("config-inited", copy_tables)
    app.connect("config-inited", write_page)
    app.connect("html-page-context", mark_notebooks)
    app.connect("build-finished", copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
