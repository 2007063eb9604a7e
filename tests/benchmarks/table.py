"""`make bench`: the speed of the package and of the book, beside what we aim for.

Timings compare only on one machine with nothing else running; nothing here passes or fails.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from test_speed import EVALUATIONS

ROOT = Path(__file__).resolve().parents[2]
RUNS = 9


def import_time_s() -> float:
    """Return the median time that a fresh process takes to import the package, compiled."""
    code = "import time; t = time.perf_counter(); import inferwall; print(time.perf_counter() - t)"
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    times = [float(subprocess.check_output(command, env=plain, cwd=ROOT)) for _ in range(RUNS + 1)]
    return statistics.median(times[1:])  # the first run compiles


def medians_s() -> dict[str, float]:
    """Return test name → median seconds of a call, as pytest-benchmark measured it."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "speed.json"
        command = [sys.executable, "-m", "pytest", "-q", "--benchmark-enable", "--benchmark-only"]
        command += [f"--benchmark-json={record}", "--benchmark-quiet", "tests/benchmarks"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        runs = json.loads(record.read_text())["benchmarks"]
    return {run["name"]: run["stats"]["median"] for run in runs}


def book_time_s(jobs: int) -> float:
    """Return the time that executing every notebook takes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, ROOT / "notebooks" / "_book" / "execute.py"]
        command += ["--out", folder, "--jobs", str(jobs)]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start


def main() -> None:
    median_s = medians_s()
    scalar = 1 / median_s["test_scalar_decode_step"]
    vectorised = EVALUATIONS / median_s["test_vectorised_decode_step"]
    book_s = book_time_s(jobs=1)
    count = len(list((ROOT / "notebooks").glob("*.ipynb")))
    rows = [
        ("import inferwall, fresh process", f"{import_time_s():.3f} s", "under 0.3 s"),
        ("decode_step, one number", f"{scalar:,.0f} calls/s", "20,000 calls/s"),
        ("decode_step, vectorised", f"{vectorised / 1e6:,.1f} million/s", "5 million/s"),
        ("serve, one number", f"{1 / median_s['test_scalar_serve']:,.0f} calls/s", ""),
        (
            "serve, vectorised",
            f"{EVALUATIONS / median_s['test_vectorised_serve'] / 1e6:,.1f} million/s",
            "2 million/s",
        ),
        (
            "predict all measurements",
            f"{median_s['test_predict_the_whole_table']:.2f} s",
            "under 2 s for 4,000 rows",
        ),
        (f"the book, {count} notebooks, one by one", f"{book_s:.1f} s", f"{10 * count} s at most"),
    ]
    for what, value, aim in [("measured", "here", "aim"), *rows]:
        print(f"  {what:<40} {value:>18}   {aim}")


if __name__ == "__main__":
    main()
