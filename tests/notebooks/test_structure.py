"""The anatomy of a notebook, and the rules that its prose, cells and charts keep."""

import ast
import base64
import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
VEGALITE = "application/vnd.vegalite.v5+json"
LINES = 20  # of a code cell, at most

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)


def cells(path: Path, kind: str = "") -> list:
    """Return the cells of a notebook, or those of one kind."""
    found = nbformat.read(path, as_version=4).cells
    return [c for c in found if not kind or c.cell_type == kind]


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def prose(path: Path) -> str:
    return "\n\n".join(c.source for c in cells(path, "markdown"))


def without_code(text: str) -> str:
    """Return Markdown without its code, in blocks and in lines."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def charts(path: Path) -> list[tuple[int, dict]]:
    """Return the number of the cell and the data of every output that is a chart."""
    return [
        (number, output.data)
        for number, cell in enumerate(cells(path))
        for output in cell.get("outputs", [])
        if "data" in output and any("vega" in mime for mime in output.data)
    ]


def test_the_book_has_notebooks():
    assert CHAPTERS, "notebooks/ holds no chapter"


# ------------------------------------------------------------------ as stored


@every_notebook
def test_it_is_stored_executed_from_top_to_bottom(path):
    counts = [c.execution_count for c in cells(path, "code") if c.source.strip()]
    assert counts == list(range(1, len(counts) + 1)), "make execute"
    errors = [o for c in cells(path, "code") for o in c.outputs if o.output_type == "error"]
    assert not errors
    warned = [
        o.text
        for c in cells(path, "code")
        for o in c.outputs
        if o.output_type == "stream" and o.name == "stderr"
    ]
    assert not warned, "a reader should meet no warning"


@every_notebook
def test_it_is_stored_as_make_execute_writes_it(path):
    notebook = nbformat.read(path, as_version=4)
    assert not [c.id for c in notebook.cells if set(c.metadata) - {"tags"}], "make execute"
    assert notebook.metadata == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    assert path.read_text(encoding="utf-8").rstrip("\n") == nbformat.writes(notebook).rstrip("\n")
    ids = [c.id for c in notebook.cells]
    assert len(ids) == len(set(ids))


# ------------------------------------------------------------------ code cells


@every_notebook
def test_code_cells_are_short(path):
    long = {
        f"{len(lines)} lines: {lines[0]} …"
        for cell in cells(path, "code")
        if len(lines := cell.source.strip().splitlines()) > LINES
    }
    assert not long, "\n".join(sorted(long))


@every_notebook
def test_code_lines_are_short_but_for_texts(path):
    """A title or an alt text may run on; a formula may not."""
    text = re.compile(r"""^\s*(\w+=|return |\w+ = |print\()?\(?f?["'].*["'][,)]*$""")
    lines = [line for cell in cells(path, "code") for line in cell.source.splitlines()]
    long = [line for line in lines if len(line) > 100 and not text.match(line)]
    assert not long, "over 100 columns:\n" + "\n".join(long)


@every_notebook
def test_the_parameters_come_early_and_are_guarded(path):
    code = cells(path, "code")
    (at,) = (n for n, cell in enumerate(code) if "parameters" in tags(cell))
    assigned = [node for node in ast.parse(code[at].source).body if isinstance(node, ast.Assign)]
    names = [target.id for node in assigned for target in node.targets]  # papermill reads these
    assert at <= 1, "only the setup comes before the parameters"
    if path in CHAPTERS:
        assert names.pop() == "DEFAULTS"
        assert len(names) <= 8, "at most 8 parameters, and DEFAULTS"
        assert "guard(DEFAULTS" in re.sub(r"\s+", "", code[at + 1].source)
        guarded = set(re.findall(r"(\w+)=\1\b", code[at + 1].source))
        assert set(names) <= guarded, f"not guarded: {sorted(set(names) - guarded)}"


@every_notebook
def test_the_setup_is_hidden_in_the_book(path):
    first = cells(path, "code")[0]
    if "parameters" not in tags(first):
        assert {"hide-cell", "hide-input", "remove-cell"} & set(tags(first))
    assert any("charts.enable()" in c.source for c in cells(path, "code")[:3])


@every_notebook
def test_it_needs_no_network_and_installs_nothing(path):
    for cell in cells(path, "code"):
        assert not re.search(r"^\s*[!%]", cell.source, re.M), f"magic:\n{cell.source}"
        found = re.search(
            r"^\s*(import|from) (requests|urllib|httpx|socket|subprocess|matplotlib)\b",
            cell.source,
            re.M,
        )
        assert not found, f"{found[0]} in\n{cell.source}"
        assert "np.random.seed" not in cell.source
        assert "default_rng()" not in cell.source, "a generator without a seed differs by run"


@every_notebook
def test_no_output_depends_on_the_machine(path):
    for cell in cells(path, "code"):
        text = json.dumps(
            [
                {k: v for k, v in o.get("data", {}).items() if not k.startswith("image/")}
                or o.get("text", "")
                for o in cell.outputs
            ]
        )
        assert not re.search(r"0x[0-9a-f]{8,}", text), f"an address in memory:\n{cell.source}"
        assert not re.search(r"/home/|/Users/|/tmp/|site-packages", text), cell.source


@every_chapter
def test_what_varies_is_asserted_in_the_next_cell(path):
    code = cells(path, "code")
    for cell, after in zip(code, [*code[1:], None], strict=True):
        if "nbval-ignore-output" in tags(cell):
            assert after is not None, cell.source
            assert re.search(r"\bassert\b|\bcheck\(|nbval-ignore", after.source + str(tags(after)))


# ---------------------------------------------------------------------- charts


@every_notebook
def test_charts_leave_through_finish(path):
    for number, data in charts(path):
        assert VEGALITE in data, f"cell {number}: {sorted(data)}"
        assert not [m for m in data if "vega" in m and m != VEGALITE], f"cell {number}"
        meta = data[VEGALITE].get("usermeta", {})
        for part in ("title", "subtitle", "source", "alt"):
            assert meta.get(part, "").strip(), f"cell {number}: no {part}"
        assert len(meta["alt"]) > 60, f"cell {number}: an alt text describes: {meta['alt']}"
        assert re.search(r"\d", meta["alt"]), f"cell {number}: an alt text gives its numbers"
        assert meta["alt"] in data["text/plain"], f"cell {number}"
    for cell in cells(path, "code"):
        assert not re.search(r"\.(display|show|save|interactive_view)\(", cell.source)
        for output in cell.outputs:
            assert "vega" not in output.get("data", {}).get("text/html", ""), cell.source


@every_notebook
def test_no_chart_fetches_anything(path):
    for number, data in charts(path):
        text = json.dumps({k: v for k, v in data[VEGALITE].items() if k != "$schema"})
        found = re.search(r'"url"\s*:\s*"([^"]+)"', text)
        assert not found, f"cell {number}: {found[1]}"


@every_notebook
def test_every_chart_has_its_picture(path):
    """For GitHub and print; tests/test_charts.py compares it with a fresh one."""
    for number, data in charts(path):
        assert "image/png" in data, f"cell {number}"
        size = len(base64.b64decode(data["image/png"]))
        assert 1_000 < size < 300_000, f"cell {number}: {size} bytes"


@every_chapter
def test_a_chapter_has_charts(path):
    assert len(charts(path)) >= 2


# ----------------------------------------------------------------------- prose


@every_notebook
def test_no_dollar_sign_starts_a_number(path):
    """`$2` would open a formula: write USD 2."""
    texts = [c.source for c in cells(path, "markdown")]
    texts += [
        output.data["text/markdown"]
        for cell in cells(path, "code")
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    for text in texts:
        text = re.sub(r"\$\$.*?\$\$", "", without_code(text), flags=re.S)
        for found in re.finditer(r"(?<![\\$\w)}])\$(\d[^$\n]*)(\$?)", text):
            inside, closed = found.groups()
            formula = (
                closed
                and inside == inside.strip()
                and not re.search(r"(?<![\\a-z{])[a-z]{3,}", inside)
            )
            assert formula, found[0]


@every_notebook
def test_prose_is_plain_markdown(path):
    text = prose(path)
    assert ":::" not in text, "shows as raw text in JupyterLab"
    assert not re.search(r"\{(math|figure|note|admonition|ref|doc)\}`", text), "a role shows raw"
    for image in re.findall(r"!\[(.*?)\]\(", text):
        assert image.strip(), "an image without alt text"
    for block in re.findall(r"<details>.*?</details>", text, re.S):
        assert "</summary>\n\n" in block, f"a blank line after the summary:\n{block[:200]}"
    assert text.count("<details") == text.count("</details>") == text.count("<summary")


@every_notebook
def test_prose_avoids_words_that_add_nothing(path):
    text = re.sub(
        r"^>.*$|“[^”]*”|\"[^\"\n]*\"|\*[^*\n]*\*", "", without_code(prose(path)), flags=re.M
    )
    pattern = r"[^.]{0,40}\b(simply|clearly|obviously|just|very|huge)\b[^.]{0,20}"
    found = re.search(pattern, text, re.I)
    assert not found, found[0]


@every_notebook
def test_links_inside_the_repository_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose(path)):
        if not re.match(r"https?:|mailto:|attachment:", target):
            assert (path.parent / target).exists(), target


@every_chapter
def test_sentences_can_be_read_aloud(path):
    """Median 14 to 18 words in the models; 35 at the most, with a margin for numerals."""
    lengths = []
    for cell in cells(path, "markdown"):
        text = without_code(re.sub(r"^(#|\||>).*$|<[^>]+>", "", cell.source, flags=re.M))
        text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "x", text, flags=re.S)
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
        for paragraph in re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.)\s", text):
            for sentence in re.split(r"(?<=[.!?:;])\**\s+(?=\S)", " ".join(paragraph.split())):
                words = len(re.findall(r"[\w’'.,%-]*\w[\w’'.,%-]*", sentence))
                lengths.append(words)
                assert words <= 42, f"{words} words: {sentence}"
    lengths = sorted(n for n in lengths if n > 3)
    assert 7 <= lengths[len(lengths) // 2] <= 20


# --------------------------------------------------------------------- anatomy

# What every chapter has, in this order (CONTRIBUTING.md says more).
ANATOMY = {
    "the goals that the exercises test": r"(?i)\b(able to|you can|you will)\b",
    "minutes to read": r"(?i)\bminutes\b",
    "a guess before any code": r"(?i)\bguess first\b",
    "the smallest case by hand": r"(?i)\bby hand\b",
    "a table of symbols": r"(?im)^\|.*\b(symbol|name in code|in code)\b.*\bunit\b.*\|",
    "a takeaway": r"(?i)\btakeaway\b",
    "where it breaks": r"(?i)\bwhere it breaks\b",
    "your turn": r"(?i)\byour turn\b",
    "a summary": r"(?im)^#+ .*\bsummary\b|^\*\*summary",
}


@every_chapter
def test_it_opens_with_its_finding(path):
    first = cells(path)[0]
    assert first.cell_type == "markdown"
    title, _, finding = first.source.strip().partition("\n")
    number = path.name[:2]
    assert re.fullmatch(rf"# {number} · \S.*", title), title
    assert 8 <= len(finding.split()) <= 60, f"the finding in a sentence or two: {finding}"
    assert re.search(r"\d", finding), "the finding carries its number"
    assert prose(path).count("\n# ") == 0, "one title a notebook"


@pytest.mark.parametrize("part", ANATOMY)
@every_chapter
def test_it_has(path, part):
    assert re.search(ANATOMY[part], prose(path)), f"no {part}"


@every_chapter
def test_its_parts_come_in_order(path):
    text = prose(path)
    order = ["a guess before any code", "the smallest case by hand", "where it breaks"]
    order += ["your turn", "a summary"]
    first = [re.search(ANATOMY[part], text).start() for part in order[:2]]
    last = [[*re.finditer(ANATOMY[part], text)][-1].start() for part in order[2:]]
    assert first + last == sorted(first + last), dict(zip(order, first + last, strict=True))


@every_chapter
def test_it_has_one_to_five_takeaways(path):
    assert 1 <= len(re.findall(r"\*\*Takeaway|^#+ Takeaway", prose(path), re.M)) <= 5


@every_chapter
def test_it_has_exercises_with_folded_answers(path):
    text = prose(path)
    turn = text[[*re.finditer(ANATOMY["your turn"], text)][-1].start() :]
    exercises = re.findall(r"(?im)^(?:#+ |\*\*)?exercise\b|^(?:#+ |\*\*)\d+\s*[.·:—]|^\d+\. ", turn)
    assert len(exercises) >= 4
    assert "<details>" in text, "a warm-up has a folded answer"


@every_chapter
def test_its_summary_is_short_and_in_numbers(path):
    text = prose(path)
    summary = text[[*re.finditer(ANATOMY["a summary"], text)][-1].start() :]
    bullets = re.findall(r"(?m)^[-*] (.*(?:\n  .*)*)", summary)
    assert len(bullets) >= 2, summary[:300]
    for bullet in bullets[:6]:
        assert re.search(r"\d", bullet), f"no number: {bullet}"


@every_chapter
def test_it_guards_its_numbers_and_names_its_sources(path):
    code = "\n".join(c.source for c in cells(path, "code"))
    assert len(re.findall(r"\bcheck\(", code)) >= 4, "a check guards every number in prose"
    assert re.search(r"\bassert\b|check\(", code)
    assert "source_list(" in code, "the list of sources is generated"
    assert "from inferwall" in code
