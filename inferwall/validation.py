"""Predicting published measurements, and saying how wrong the predictions are."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from inferwall.data import table
from inferwall.efficiency import IDEAL, Efficiency, named_efficiency
from inferwall.points import Setup, read
from inferwall.serving import Service, Workload, fullest, steady_state
from inferwall.step import Deployment, decode_step, max_batch, prefill_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

BURST_SHARE = 0.1
"""Closed-loop benchmarks send ten requests a slot, and the first of every slot all at once."""
COMPANIONS = 2.0
"""Requests of equal length that started together end together: so many more arrive with each."""
METAL_LAUNCHES = 2.0
"""On Apple's Metal a kernel waits for a barrier after its launch as well."""
LONE_ENGINES = ("llama.cpp", "gpt-fast")
"""Engines that answer one stream at a time."""
FITTED_ENGINES = ("vllm", "trtllm", *LONE_ENGINES)
MOST_SEQUENCES = 2048
"""Sequences that TensorRT-LLM puts in a batch at most, by default."""
TPOT_TARGETS_S = {"server": 0.2, "interactive": 0.04}


@lru_cache
def fitted() -> dict[str, Efficiency]:
    """Return the constants of servers and of single streams, as fitted."""
    return {name: named_efficiency(name) for name in ("serving", "single stream")}


def _constants(setup: Setup, sets: dict[str, Efficiency]) -> Efficiency:
    return sets["single stream" if setup.engine in LONE_ENGINES else "serving"]


def _deployment(setup: Setup, efficiency: Efficiency, quantity: str) -> Deployment:
    """Return the deployment with these constants.

    A single stream was measured, so it fits; and where the datasheet states no peak, decode of one
    stream, which waits for memory, is predicted without one.
    """
    deployment = replace(setup.deployment, efficiency=efficiency)
    if quantity not in ("decode", "prefill", "bandwidth"):
        return deployment
    chip = replace(deployment.chip, memory_bytes=math.inf)
    if quantity != "prefill" and math.isnan(chip.bf16_flop_per_s):
        chip = replace(chip, bf16_flop_per_s=math.inf)
    if not setup.replayed and quantity != "prefill":
        launches = METAL_LAUNCHES if chip.vendor == "Apple" else 1.0
        slower = efficiency.kernel_s + launches * efficiency.launch_s
        deployment = replace(deployment, efficiency=replace(efficiency, kernel_s=slower))
    compiled = setup.engine != "llama.cpp" and deployment.weight_format == "bf16"
    if quantity == "prefill" or compiled or chip.vendor == "Apple":
        # Matrix units take 16-bit weights as they are, compiled kernels convert in passing, and
        # Apple's vector units multiply 16-bit numbers at the rate of 32-bit ones.
        plain = replace(deployment.efficiency, unpack_flop=0.0)
        deployment = replace(deployment, efficiency=plain)
    if setup.engine == "llama.cpp":
        # It multiplies 8-bit integers or accumulates in 16 bits: gaming chips halve only the rate
        # of accumulation in 32 bits, which the datasheet's figure for bf16 means.
        rate = np.fmax(chip.bf16_flop_per_s, chip.int8_flop_per_s / 2.0)
        chip = replace(chip, bf16_flop_per_s=float(rate))
        # Layers on several chips work one after the other, as those on one.
        deployment = replace(deployment, chips=1, stages=1)
    return replace(deployment, chip=chip)


def latencies(setup: Setup, rows: pd.DataFrame, efficiency: Efficiency) -> Service:
    """Return the service of each row, with the queue that its benchmark's start brings."""
    deployment = replace(setup.deployment, efficiency=efficiency)
    workload = Workload(rows["read"].to_numpy(float), rows["written"].to_numpy(float))
    load = rows["load"].to_numpy(float) / setup.replicas
    most = np.minimum(max_batch(deployment, workload.mean_context), MOST_SEQUENCES)
    load = np.where(np.isinf(load), np.maximum(most, 1.0), np.maximum(load, 1.0))
    service = steady_state(deployment, workload, load)
    burst_s = BURST_SHARE * (np.minimum(load, most) - 1.0) / 2.0 * service.prefill_s
    ahead = rows["together"].to_numpy(float) * np.minimum(load - 1.0, COMPANIONS) / 2.0
    return replace(service, ttft_s=service.ttft_s + burst_s + ahead * service.prefill_s)


def single_stream(setup: Setup, rows: pd.DataFrame, efficiency: Efficiency) -> np.ndarray:
    """Return tokens per second of an engine alone, or bytes of weights per second.

    One prompt is read; or as many sequences as the row's load write one token each step.
    """
    quantity, tokens = rows["quantity"].iloc[0], rows["read"].to_numpy(float)
    batch = rows["load"].to_numpy(float)
    deployment = _deployment(setup, efficiency, quantity)
    if quantity != "prefill" and setup.engine in LONE_ENGINES and (batch == 1).all():
        # One token is multiplied on the vector units, while its weights are unpacked.
        chip = replace(deployment.chip, bf16_flop_per_s=math.inf)
        deployment = replace(deployment, chip=chip)
    if quantity == "prefill":
        return tokens / prefill_step(deployment, 1, np.maximum(tokens, 1.0)).total_s
    context = tokens + rows["written"].to_numpy(float) / 2.0
    seconds = decode_step(deployment, batch, context).total_s
    if quantity == "decode":
        return batch / seconds
    return deployment.weight_bytes / deployment.chips / setup.replicas / seconds


def _values(setup: Setup, rows: pd.DataFrame, sets: dict[str, Efficiency]) -> np.ndarray:
    """Return seconds or tokens per second of all copies, one a row; NaN where nothing fits."""
    efficiency = _constants(setup, sets)
    quantity, benchmark = rows["quantity"].iloc[0], rows["benchmark"].iloc[0]
    deployment = _deployment(setup, efficiency, quantity)
    tokens = rows["read"].to_numpy(float)
    if quantity in ("decode", "prefill", "bandwidth"):
        return setup.replicas * single_stream(setup, rows, efficiency)
    if quantity == "engine ttft":  # an engine alone: no server, and prompts are replayed too
        alone = replace(efficiency, launch_s=0.0, request_s=0.0)
        deployment = replace(deployment, efficiency=alone)
        return prefill_step(deployment, rows["load"].to_numpy(float), tokens).total_s
    service = latencies(setup, rows, efficiency)
    if quantity == "tpot":
        return service.tpot_s
    if quantity == "ttft":
        return service.ttft_s
    if benchmark in TPOT_TARGETS_S:
        target_s = np.full(len(rows), TPOT_TARGETS_S[benchmark])
        most = np.minimum(fullest(deployment, service.workload, target_s), service.running)
        service = steady_state(deployment, service.workload, np.maximum(most, 1.0))
    answers = rows["written"].to_numpy(float)
    counted = answers if quantity == "output" else answers + tokens
    queued = np.isinf(rows["load"].to_numpy(float))
    cycle_s = np.where(
        queued,
        service.concurrency * answers / service.tokens_per_s,
        service.ttft_s + np.maximum(answers - 1.0, 0.0) * service.tpot_s,
    )
    return setup.replicas * service.concurrency * counted / cycle_s


def central(rows: pd.DataFrame, sets: dict[str, Efficiency]) -> tuple[np.ndarray, list[str]]:
    """Return the predictions for rows that `points.read` returned, and reasons for what is NaN."""
    predicted = np.full(len(rows), math.nan)
    reasons = rows["reason"].to_list()
    good = np.flatnonzero(rows["reason"].to_numpy() == "")
    if not len(good):
        return predicted, reasons
    usable = rows.iloc[good]
    keys = [usable["setup"].map(id), usable["quantity"], usable["benchmark"]]
    for _, part in usable.assign(_at=good).groupby(keys, sort=False):
        setup, at = part["setup"].iloc[0], part["_at"].to_numpy()
        try:
            values = np.broadcast_to(_values(setup, part, sets), (len(part),))
        except ValueError as error:
            for i in at:
                reasons[i] = str(error)
            continue
        scale = part["scale"].to_numpy(float)
        predicted[at] = values * np.where(
            scale < 0, 1.0 / (setup.replicas * setup.deployment.chips), scale
        )
        for i in at[np.isnan(predicted[at])]:
            reasons[i] = "the weights and one request do not fit in the memory"
    return predicted, reasons


@lru_cache
def _intervals() -> dict[str, tuple[float, float]]:
    """Return by what factors of the prediction four of five measurements lie, by quantity."""
    rows = table("prediction_errors").to_dict("records")
    return {row["quantity"]: (row["low"], row["high"]) for row in rows}


def unlike(deployment: Deployment, concurrency: float, engine: str = "") -> list[str]:
    """Return in what a server differs from all that the constants were fitted to.

    Its vendor, its engine, more than eight chips that share a layer, more than 256 requests in
    flight.
    """
    found = {
        "vendor": deployment.chip.vendor not in ("NVIDIA", "Apple"),
        "engine": bool(engine) and engine not in FITTED_ENGINES,
        "group": bool(deployment.ranks > 8),
        "load": 256 < concurrency < math.inf,
    }
    return [way for way, is_so in found.items() if is_so]


def error_factors(quantity: str, ways: Iterable[str] = ()) -> tuple[float, float]:
    """Return by what factors of a prediction four of five measurements of unseen groups lie.

    Parameters
    ----------
    quantity : str
        A quantity of data/prediction_errors.csv, such as ``"tpot"``.
    ways : iterable of str
        In what the case is unlike what was fitted (`unlike`). Another vendor's chip has an error of
        its own on top, as measured by time per token (row "other vendor"): squares of logarithms
        add up. Each other way widens both ends by a third.

    Examples
    --------
    >>> low, high = error_factors("tpot")
    >>> wide = error_factors("tpot", ["engine", "group", "load"])
    >>> low < 1 < high, np.allclose(wide, (low**2, high**2))
    (True, True)
    """
    ways = set(ways)
    wider = 1.0 + len(ways - {"vendor"}) / 3.0
    low, high = (math.log(end) * wider for end in _intervals()[quantity])
    if "vendor" in ways:
        faster, slower = (math.log(end) for end in _intervals()["other vendor"])
        if quantity not in ("tpot", "ttft"):  # a longer time is a lower rate
            faster, slower = -slower, -faster
        low, high = -math.hypot(low, faster), math.hypot(high, slower)
    return math.exp(low), math.exp(high)


def predict(points: pd.DataFrame) -> pd.DataFrame:
    """Predict published measurements of serving, with intervals that should hold four of five.

    Parameters
    ----------
    points : DataFrame
        One row a metric, with the columns of data/measured_serving.csv. Missing columns and blank
        cells are allowed; where they decide the prediction, they are a reason.

    Returns
    -------
    DataFrame
        Aligned with `points`: `predicted`, `low` and `high` in the row's unit, and `reason`, empty
        where there is a prediction.

    Notes
    -----
    TPOT is the mean gap between output tokens after the first; medians are predicted as means.
    Closed-loop lengths are 0.9 of the nominal. A blank weight format is that of the published
    weights, a blank cache format the engine's default (`points.kv_format`). Intervals come from the
    errors on groups that a fit had not seen (data/prediction_errors.csv) and widen for every way in
    which a deployment is unlike those (`unlike`).

    Examples
    --------
    >>> import pandas as pd
    >>> row = dict(chip="H100-SXM", n_chips=4, model="Llama-3.1-70B", weights="fp8", isl="1024",
    ...            osl="1024", concurrency_or_batch=16, framework="vllm", metric="mean_tpot",
    ...            scenario="closed-loop concurrency", unit="ms")
    >>> answer = predict(pd.DataFrame([row, row | {"chip": "Abacus"}]))
    >>> [reason.split(";")[0] for reason in answer["reason"]]
    ['', "unknown accelerator 'Abacus'"]
    """
    import pandas as pd

    rows = read(points)
    predicted, reasons = central(rows, fitted())
    low, high = np.full(len(rows), math.nan), np.full(len(rows), math.nan)
    cells = zip(rows["setup"], rows["quantity"], rows["load"], strict=True)
    for i, (setup, quantity, load) in enumerate(cells):
        if reasons[i] == "":
            scored = {"total": "output", "engine ttft": "ttft"}.get(quantity, quantity)
            ways = unlike(setup.deployment, load, setup.engine)
            low[i], high[i] = predicted[i] * np.array(error_factors(scored, ways))
    return pd.DataFrame(
        {"predicted": predicted, "low": low, "high": high, "reason": reasons}, index=points.index
    )


def roofline(points: pd.DataFrame) -> np.ndarray:
    """Return the bound: what `predict` says when everything promised is reached."""
    ideal = replace(IDEAL, memory_share=0.9)
    return central(read(points), {"serving": ideal, "single stream": ideal})[0]


def errors(points: pd.DataFrame, by: str = "scenario") -> pd.DataFrame:
    """Return how wrong the predictions of a table with measured values are, by a column.

    Returns
    -------
    DataFrame
        For every value of `by` and metric: rows, the median, mean and 90th percentile of the
        absolute error as a share of the measured value, the median of its logarithm (`bias`), the
        share of values inside their interval (`coverage`), the median error of the bare roofline,
        and that of the roofline times one global factor for the metric.
    """
    import pandas as pd

    answer = predict(points)
    good = (answer["reason"] == "").to_numpy()
    value = pd.to_numeric(points["value"], errors="coerce").to_numpy(float)
    off = np.log(answer["predicted"].to_numpy(float) / value)
    bound = np.log(roofline(points) / value)
    inside = (answer["low"].to_numpy(float) <= value) & (value <= answer["high"].to_numpy(float))
    frame = pd.DataFrame(
        {
            by: points[by].to_numpy(),
            "metric": points["metric"].to_numpy(),
            "off": off,
            "bound": bound,
            "inside": inside,
        }
    )[good]
    frame["scaled"] = frame["bound"] - frame.groupby("metric")["bound"].transform("median")

    def row(part: pd.DataFrame) -> pd.Series:
        return pd.Series(
            {
                **summary(part["off"]),
                "coverage": part["inside"].mean(),
                "roofline": summary(part["bound"])["median"],
                "one_factor": summary(part["scaled"])["median"],
            }
        )

    table_ = frame.groupby([by, "metric"], dropna=False)[["off", "bound", "inside", "scaled"]]
    return table_.apply(row).sort_values("median", ascending=False).reset_index()


def summary(log_ratio: Any) -> dict[str, float]:
    """Return median, mean and 90th percentile of the absolute error, as a share of the measured.

    >>> {key: round(value, 2) for key, value in summary(np.log([1.0, 1.1, 0.8])).items()}
    {'rows': 3, 'median': 0.1, 'mean': 0.1, 'p90': 0.18, 'bias': 0.0}
    """
    off = np.asarray(log_ratio, dtype=float)
    off = off[~np.isnan(off)]
    if not len(off):
        return {"rows": 0, **dict.fromkeys(("median", "mean", "p90", "bias"), math.nan)}
    error = np.abs(np.expm1(off))
    return {
        "rows": len(off),
        "median": float(np.median(error)),
        "mean": float(error.mean()),
        "p90": float(np.quantile(error, 0.9)),
        "bias": float(np.median(off)),
    }
