"""The stored outputs are those of a run under another hash seed, and running stores nothing."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[:2].isdigit()]
EXECUTED = ROOT / "build" / "notebooks"
VARIES = {"nbval-ignore-output", "nbval-skip"}
# Other values for the parameters that chapters share; what fits by default still does.
OTHERS = {
    "MODEL": ("Llama 3.1 8B", "Qwen3 8B", "Qwen3 32B"),
    "CHIP": ("H100 SXM", "H200 SXM"),
    "ELASTICITY": ([0.8, 1.3],),
    "LANGUAGE": ("Hindi",),
    "REVENUE_FACTOR": (4.0,),
    "MOE": ("Mixtral 8x7B",),
    "LATENT": ("DeepSeek-V3.2",),
    "PRICED_MODEL": ("gpt-5.5",),
    "TURNS": (1,),
}


def digests() -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in NOTEBOOKS}


@pytest.fixture(scope="module")
def run() -> tuple[dict, dict]:
    """What was stored before and after `make book` executed the notebooks, under hash seed 1.

    Notebooks whose execution is fresh are not executed again.
    """
    before = digests()
    command = [sys.executable, ROOT / "notebooks" / "_book" / "execute.py", "--out", EXECUTED]
    done = subprocess.run([*command, "--jobs", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return before, digests()


def test_executing_into_build_stores_nothing(run):
    before, after = run
    assert before == after


def shown(path: Path) -> list:
    """Return what every cell shows, but for timings and facts of the machine."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and not VARIES & set(cell.metadata.get("tags", [])):
            streams, rest = {}, []
            for output in cell.outputs:
                if output.output_type == "stream":
                    streams[output.name] = streams.get(output.name, "") + output.text
                else:
                    rest.append((output.output_type, json.loads(json.dumps(output.get("data")))))
            found.append((cell.source, streams, rest))
    return found


def differences(stored, fresh, at: str = "code cell") -> list[str]:
    """Return where two nested structures differ, one line each."""
    if type(stored) is not type(fresh) or (
        isinstance(stored, (list, tuple)) and len(stored) != len(fresh)
    ):
        return [f"{at}: another shape"]
    if isinstance(stored, dict):
        odd = [f"{at}/{key}: on one side only" for key in stored.keys() ^ fresh.keys()]
        return odd + [
            d
            for key in stored.keys() & fresh.keys()
            for d in differences(stored[key], fresh[key], f"{at}/{key}")
        ]
    if isinstance(stored, (list, tuple)):
        return [
            d
            for n, pair in enumerate(zip(stored, fresh, strict=True))
            for d in differences(*pair, f"{at}/{n}")
        ]
    return [] if stored == fresh else [f"{at}: {str(stored)[:120]!r} → {str(fresh)[:120]!r}"]


@pytest.mark.stored
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_the_same_under_another_hash_seed(path, run):
    differ = differences(shown(path), shown(EXECUTED / path.name))
    assert not differ, "make execute, and read what changed:\n" + "\n".join(differ[:20])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_runs_for_other_parameters(path, tmp_path):
    """Titles and takeaways are computed, checks only report, and a banner says so."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    values: dict = {}
    exec(cell.source, values)
    changed = {
        name: next(o for o in others if o not in values["DEFAULTS"].values())
        for name, others in OTHERS.items()
        if name in values
    }
    assert changed, "add one of its parameters to OTHERS"
    result = papermill.execute_notebook(
        path,
        tmp_path / path.name,
        changed,
        cwd=path.parent,
        progress_bar=False,
        log_output=False,
    )
    text = json.dumps([c.get("outputs", []) for c in result.cells])
    for value in changed.values():
        assert not isinstance(value, str) or value in text
    assert "other parameters than the book" in text, "no banner says what was changed"
