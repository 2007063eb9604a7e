"""Append to data/registered_predictions.csv what the constants of today say of machines unmeasured.

A prediction is registered before its measurement is known, with the date and a fingerprint of the
constants. Rows are never changed: when the constants move, `python data/register.py 2026-11-21`
(the date of registration) adds a new vintage under the old one. A measurement that appears goes
into the columns left blank for it, once.
"""

import hashlib
import sys
from pathlib import Path

import pandas as pd

from inferwall.validation import predict

FILE = Path(__file__).parent / "registered_predictions.csv"
CASES = (  # chip, chips, model, weights, engine, parallelism, input, output, concurrency
    ("H200 SXM", 8, "DeepSeek-R1", "fp8", "sglang", "TP8", 1024, 1024, 16),
    ("H200 SXM", 8, "DeepSeek-R1", "fp8", "sglang", "TP8", 1024, 1024, 64),
    ("B200", 8, "DeepSeek-R1", "fp4", "sglang", "TP8", 1024, 1024, 16),
    ("B200", 8, "DeepSeek-R1", "fp4", "sglang", "TP8", 1024, 1024, 64),
    ("B200", 8, "DeepSeek-R1", "fp4", "sglang", "TP8", 8192, 1024, 64),
    ("MI355X", 8, "DeepSeek-R1", "fp8", "sglang", "TP8", 1024, 1024, 16),
    ("MI355X", 8, "DeepSeek-R1", "fp8", "sglang", "TP8", 1024, 1024, 64),
    ("MI355X", 1, "gpt-oss-120b", "mxfp4", "vllm", "TP1", 1024, 1024, 64),
    ("MI325X", 2, "Llama 3.1 70B", "fp8", "vllm", "TP2", 1024, 1024, 32),
    ("B300", 1, "Llama 3.1 70B", "nvfp4", "vllm", "TP1", 1024, 1024, 64),
    ("GB300", 4, "Qwen3 235B-A22B", "fp8", "vllm", "TP4", 1024, 1024, 64),
    ("Rubin (VR200)", 1, "Llama 3.1 70B", "nvfp4", "vllm", "TP1", 1024, 1024, 64),
)
CONFIGURATION = ("chip", "n_chips", "model", "weights", "framework", "parallelism")
CONFIGURATION += ("isl", "osl", "concurrency_or_batch")
METRICS = ("mean_tpot", "mean_ttft")


def constants() -> str:
    """Return a fingerprint of all constants and intervals."""
    folder, digest = Path(__file__).parent, hashlib.sha256()
    for name in ("efficiency.csv", "prediction_errors.csv"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:8]


def points() -> pd.DataFrame:
    """Return what is asked, one row a metric, in the columns that `predict` reads."""
    cases = pd.DataFrame(CASES, columns=CONFIGURATION)
    asked = cases.merge(pd.DataFrame({"metric": METRICS}), how="cross")
    return asked.assign(unit="ms", scenario="closed-loop concurrency")


def main(registered: str) -> None:
    """Append a vintage of predictions."""
    asked = points()
    answer = predict(asked)
    if (answer["reason"] != "").any():
        raise ValueError(answer["reason"].to_list())
    new = asked.drop(columns="scenario").assign(registered=registered, constants=constants())
    for column in ("predicted", "low", "high"):
        new[column] = answer[column].map("{:.4g}".format)
    new = new.assign(measured="", measured_date="", sources="inferwall-validation")
    first = ["registered", "constants"]
    new = new[[*first, *(column for column in new.columns if column not in first)]]
    new.to_csv(FILE, mode="a", header=not FILE.exists(), index=False, lineterminator="\n")


if __name__ == "__main__":
    if FILE.exists() and constants() in set(pd.read_csv(FILE, dtype=str)["constants"]):
        raise SystemExit("these constants have registered already")
    main(sys.argv[1])
