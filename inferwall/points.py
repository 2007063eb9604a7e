"""Rows of published measurements, read as deployments and loads: spellings, defaults, lengths.

Nothing here raises for a row: what cannot be read is a `reason` in that row.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inferwall.spellings import (
    Unreadable,
    chip_named,
    engine_of,
    kv_format,
    lengths,
    model_named,
    number,
    parallel,
    sustained,
    text,
    weight_formats,
)
from inferwall.step import Deployment

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "chip",
    "n_chips",
    "model",
    "weights",
    "kv",
    "framework",
    "parallelism",
    "spec_decoding",
    "disagg",
    "isl",
    "osl",
    "concurrency_or_batch",
    "scenario",
    "metric",
    "unit",
    "note",
    "source",
)
RANDOM_LENGTH_SHARE = 0.9
"""Closed-loop benchmarks draw lengths evenly between 0.8 and 1.0 of the nominal."""
NODE_LINK_BYTES_PER_S = 50e9
"""A network card of 400 Gb/s for every chip, where a group outgrows the scale-up domain."""

METRICS = {
    "tpot": "tpot",
    "itl": "tpot",
    "ttft": "ttft",
    "output_throughput": "output",
    "output_tput": "output",
    "output tokens/s": "output",
    "output completed tokens/s": "output",
    "output tokens/s (inferred)": "output",
    "output_tput_per_gpu": "output",
    "total_throughput": "total",
    "total_tput": "total",
    "total_tput_per_gpu": "total",
    "total_token_throughput": "total",
    "prefill_tok_s": "prefill",
    "decode_tok_s": "decode",
    "achieved_mem_bw_per_gpu": "bandwidth",
}


@dataclass(frozen=True)
class Setup:
    """Everything of a row but its lengths, load and metric.

    Attributes
    ----------
    deployment : Deployment
        One copy of the model.
    replicas : float
        How many copies the row's chips hold.
    engine : str
        ``"vllm"``, ``"trtllm"``, ``"sglang"``, ``"llama.cpp"``, ``"gpt-fast"`` or ``"other"``.
    replayed : bool
        The kernels of a decode step are recorded once and replayed, as in all engines but llama.cpp
        of 2024 or on Metal.
    """

    deployment: Deployment
    replicas: float
    engine: str
    replayed: bool = True


@lru_cache(maxsize=20_000)
def setup(
    chip_name: str,
    chips: float,
    model_name: str,
    weights: str,
    kv: str,
    framework: str,
    parallelism: str,
    benchmark: bool,
) -> Setup | str:
    """Return what a row describes, or the reason why it cannot be read."""
    try:
        chip, model = sustained(chip_named(chip_name)), model_named(model_name)
        engine = engine_of(framework)
        stored, products, dense = weight_formats(weights, model, chip, benchmark)
        cache = kv_format(kv, stored, engine, chip, model.weight_format)
        if benchmark and not parallelism:
            size = model.weight_bytes(stored, dense)
            copy, stages, groups = 1.0, 1.0, 1.0
            while copy * 2 <= chips and size > 0.6 * copy * chip.known("memory_bytes"):
                copy *= 2
            replicas = chips / copy
        else:
            copy, stages, groups, replicas = parallel(parallelism, chips)
        deployment = Deployment(
            model=model,
            chip=chip,
            chips=copy,
            weight_format=stored,
            kv_format=cache,
            activation_format=products,
            dense_format=dense,
            stages=stages,
            attention_groups=groups,
            node_link_bytes_per_s=NODE_LINK_BYTES_PER_S,
        )
        chip.known("bandwidth_bytes_per_s")
    except Unreadable as error:
        return str(error)
    except (KeyError, ValueError) as error:
        return str(error.args[0])
    replayed = engine != "llama.cpp" or "cuda" in framework or "vulkan" in framework
    return Setup(deployment, replicas, engine, replayed)


def read(points: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as setups, lengths and loads, aligned with `points`.

    Columns: setup, read, written (tokens), load (requests; infinite where all are queued at once),
    quantity (of `METRICS`), scale (of the unit), together (1 where all requests start at once),
    benchmark (MLPerf's scenario or blank), reason.
    """
    import pandas as pd

    frame = points.reindex(columns=list(COLUMNS)).astype(object)
    rows = [_row(*cells) for cells in frame.itertuples(index=False, name=None)]
    columns = ["setup", "read", "written", "load", "quantity", "scale"]
    columns += ["together", "benchmark", "reason"]
    return pd.DataFrame(rows, columns=columns, index=points.index)


def _row(*cells: Any) -> tuple[Any, ...]:
    row = dict(zip(COLUMNS, cells, strict=True))
    empty = (math.nan, math.nan, math.nan, "", math.nan, 0.0, "")
    try:
        return (*_read_row(row), "")
    except Unreadable as error:
        return (None, *empty, str(error))
    except (ValueError, TypeError, OverflowError) as error:
        return (None, *empty, f"the row cannot be read: {error}")


def _read_row(row: dict[str, Any]) -> tuple[Any, ...]:
    metric = re.sub(r"^(mean|median)_", "", text(row["metric"]))
    scenario, unit = text(row["scenario"]), text(row["unit"])
    if metric not in METRICS:
        raise Unreadable(f"metric {text(row['metric'])!r} is not predicted")
    spec = text(row["spec_decoding"])
    if spec and not spec.startswith(("none", "no", "false", "off", "0")):
        raise Unreadable("speculative decoding: too few published points to predict from")
    if text(row["disagg"]) in ("true", "1", "yes", "1.0"):
        raise Unreadable("disaggregated serving: too few published points to predict from")
    found = re.search(r"(offline|server|interactive) \(closed", scenario)
    benchmark = found[1] if found else ""
    ready = setup(
        str(row["chip"]) if text(row["chip"]) else "",
        number(row["n_chips"]),
        str(row["model"]) if text(row["model"]) else "",
        text(row["weights"]),
        text(row["kv"]),
        text(row["framework"]),
        text(row["parallelism"]),
        bool(benchmark),
    )
    if isinstance(ready, str):
        raise Unreadable(ready)
    read_tokens, written = lengths(row["isl"], row["osl"], ready.deployment.model.name)
    together = float("gap-analysis" in text(row["note"]) + text(row["source"]))
    quantity = METRICS[metric]
    if "closed-loop" in scenario and not together:
        read_tokens, written = RANDOM_LENGTH_SHARE * read_tokens, RANDOM_LENGTH_SHARE * written
    if "prefill latency" in scenario and quantity == "ttft":
        quantity = "engine ttft"
    load = number(row["concurrency_or_batch"])
    if benchmark or "max load" in text(row["concurrency_or_batch"]):
        load = math.inf
    if quantity in ("decode", "prefill", "bandwidth"):
        load = 1.0 if load != load else load
        read_tokens = 0.0 if read_tokens != read_tokens and quantity == "decode" else read_tokens
    needs = [("concurrency_or_batch", load)]
    if quantity != "decode":
        needs.append(("isl", read_tokens))
    if quantity not in ("prefill", "ttft", "engine ttft"):
        needs.append(("osl", written))
    for name, value in needs:
        if value != value:
            raise Unreadable(f"{name}={row[name]!r} is no number, and no known data set")
    if quantity in ("prefill", "ttft", "engine ttft") and not written >= 1.0:
        written = 1.0
    for name, value, least in (
        ("isl", read_tokens, 0.0 if quantity == "decode" else 0.5),
        ("osl", written, 0.5),
        ("concurrency_or_batch", load, 1.0),
    ):
        if value < least:
            raise Unreadable(f"{name}={row[name]!r} is too small")
    return (
        ready,
        read_tokens,
        written,
        load,
        quantity,
        _scale(quantity, unit, metric),
        together,
        benchmark,
    )


def _scale(quantity: str, unit: str, metric: str) -> float:
    """Return what turns seconds or tokens per second of one copy into the row's unit."""
    if quantity in ("tpot", "ttft", "engine ttft"):
        scales = {"ms": 1e3, "s": 1.0, "us": 1e6, "": 1e3, "seconds": 1.0}
        if unit not in scales:
            raise Unreadable(f"unit {unit!r} is no time")
        return scales[unit]
    if quantity == "bandwidth":
        return 1e-9
    if "tok" not in unit and unit:
        raise Unreadable(f"unit {unit!r} is no rate of tokens")
    per_chip = "per_gpu" in metric or re.search(r"/\s*(gpu|chip)", unit)
    return -1.0 if per_chip else 1.0
