"""Execute the notebooks of the book: into build/, or in place.

`--out DIR` executes copies and leaves the stored notebooks as they are; a notebook is skipped
while nothing that it depends on has changed. `--in-place` refreshes the stored outputs and strips
what differs from run to run. Either way every notebook runs in notebooks/, from top to bottom, in
a kernel of its own.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import multiprocessing
import os
import platform
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).resolve().parent.parent
ROOT = NOTEBOOKS.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
VARIES = "nbval-ignore-output"


def notebooks(names: list[str] | None = None) -> list[Path]:
    """Return the notebooks of the book in reading order, or those named."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not names:
        return paths
    chosen = [p for p in paths if p.stem in {Path(n).stem for n in names}]
    if not chosen:
        raise ValueError(f"no notebook among {names}; there are {[p.stem for p in paths]}")
    return chosen


def fingerprint(path: Path) -> str:
    """Return a hash of all that the outputs of a notebook depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    inputs = [path, Path(__file__), ROOT / "requirements.lock"]
    for folder, pattern in (("inferwall", "**/*.py"), ("data", "*"), ("scenarios", "*")):
        inputs += sorted(p for p in (ROOT / folder).glob(pattern) if p.is_file())
    for item in inputs:
        digest.update(item.name.encode() + b"\0" + item.read_bytes())
    return digest.hexdigest()


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Strip in place what differs between runs or machines though nothing changed."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"tags"}:  # timestamps, traces of other tools
            del cell.metadata[key]
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("execution", None)
    return notebook


def keep_varying(notebook: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> None:
    """Put back the stored outputs of cells whose output is a timing or a machine fact."""
    before = {c.source: c for c in stored.cells if c.cell_type == "code" and c.outputs}
    for cell in notebook.cells:
        if VARIES in cell.metadata.get("tags", []) and cell.source in before:
            cell.outputs = copy.deepcopy(before[cell.source].outputs)


def execute(path: Path, timeout_s: int = 300) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of a run from top to bottom."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=timeout_s,
        kernel_name="python3",
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    ).execute()
    return clean(notebook)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook in one step, so that an interrupted run leaves no half of one."""
    part = path.with_name(f".{path.name}.part")
    nbformat.write(notebook, part)
    part.replace(path)


def run(path: Path, target: Path, in_place: bool) -> tuple[str, float]:
    """Execute one notebook and write it; return '' or the error, and the seconds it took."""
    start = time.perf_counter()
    try:
        notebook = execute(path)
        if in_place:
            keep_varying(notebook, nbformat.read(path, as_version=4))
        write(notebook, target)
        error = ""
    except CellExecutionError as stop:
        error = re.sub(r"\x1b\[[0-9;]*m", "", str(stop))
    except Exception as stop:  # a dead kernel, a time-out: name the notebook, go on with the rest
        error = f"{type(stop).__name__}: {stop}"
    return error, time.perf_counter() - start


def set_environment() -> None:
    """Make kernels independent of the reader's own IPython settings and hash seed."""
    os.environ["IPYTHONDIR"] = str(ROOT / "build" / ".ipython")
    os.environ["PYTHONHASHSEED"] = "1"  # the stored outputs came from another seed
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 1 where a notebook stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to execute; all when left out")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="folder for the executed copies")
    where.add_argument("--in-place", action="store_true", help="refresh the stored outputs")
    parser.add_argument("--jobs", type=int, default=2, help="kernels at a time (default: 2)")
    options = parser.parse_args(arguments)

    set_environment()
    out = NOTEBOOKS if options.in_place else options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    record = out / ".executed.json"
    done = {}
    if not options.in_place and record.exists():
        done = json.loads(record.read_text())
    todo = {p: fingerprint(p) for p in notebooks(options.names)}
    if not options.in_place and not options.names:
        for stale in {*out.glob("*.ipynb")} - {out / p.name for p in todo}:
            stale.unlink()
    fresh = [p for p, key in todo.items() if done.get(p.name) == key and (out / p.name).exists()]
    for path in fresh:
        print(f"  {path.stem:<28} unchanged", flush=True)

    failed = 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        jobs = {
            pool.submit(run, p, out / p.name, options.in_place): p for p in todo if p not in fresh
        }
        for number, job in enumerate(as_completed(jobs), 1):
            path, (error, seconds) = jobs[job], job.result()
            count = f"{number}/{len(jobs)}"
            print(f"  {path.stem:<28} {seconds:5.1f} s  {count}", flush=True)
            if error:
                failed += 1
                print(f"{path.name} stopped:\n{error}", file=sys.stderr, flush=True)
            elif not options.in_place:
                done[path.name] = todo[path]
                record.write_text(json.dumps(done, indent=1, sort_keys=True))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
