"""Fitting the constants of `Efficiency` to published measurements, and testing them on what is left
out.

Rows of one group (model, chip, weight format, engine) are not independent: they are weighted by the
square root of their number, and left out together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from inferwall.efficiency import Efficiency
from inferwall.points import Setup, read
from inferwall.validation import latencies, single_stream

if TYPE_CHECKING:
    import pandas as pd

# What is expected before the data speak, and how far from it a constant may lie without cost, as a
# standard deviation of its logarithm. Large products and single rows of data/kernel_gemm.csv give
# the shares, a few microseconds are what it takes to start a small kernel.
SERVING = {
    "bandwidth_share": (0.85, 0.02),
    "expert_share": (0.90, 0.15),
    "expert_flop_share": (0.60, 0.30),
    "widened_share": (0.65, 0.30),
    "bf16_share": (0.60, 0.20),
    "fp8_share": (0.55, 0.20),
    "fp4_share": (0.40, 0.25),
    "link_share": (0.50, 0.40),
    "kernel_s": (3e-6, 0.7),
    "launch_s": (2e-5, 1.0),
    "collective_s": (5e-6, 0.7),
    "request_s": (4e-3, 1.0),
}
SINGLE_STREAM = {
    "bandwidth_share": (0.85, 0.10),
    "unpack_flop": (20.0, 1.0),
    "bf16_share": (0.50, 0.30),
    "vector_share": (0.70, 0.20),
    "kernel_s": (3e-6, 0.5),
    "launch_s": (8e-6, 0.7),
}
CHOSEN = {
    "serving": {
        "memory_share": 0.9,
        "overlap": 0.0,
        "int8_share": 0.5,
        "vector_share": 0.7,
        "node_link_share": 0.744,
    },
    "single stream": {"overlap": 0.0, "collective_s": 5e-6, "link_share": 0.5},
}
WEIGHTS = {"tpot": 1.0, "decode": 1.0, "ttft": 0.15, "prefill": 0.15}
"""Of the quantities: TTFT and prefill hold more noise, and less depends on them."""
PRIOR_WEIGHT = 0.15
TWISTED = "faster with 512 readers than with 64"
"""The reason for which no score but "every row" of data/left_out.csv counts a row."""
UNFITTED = {
    "slower than all other servers, nobody says why": lambda rows: rows["model"].eq(
        "Qwen3-235B-A22B"
    ),
    TWISTED: lambda rows: (
        rows["model"].eq("gpt-oss-120b") & rows["concurrency_or_batch"].astype(str).eq("512")
    ),
    "fewer than six rows of one group": lambda rows: (
        rows["group"].map(rows["group"].value_counts()).lt(12)
    ),
}
"""Rows that no fit sees, with the reason; but for `TWISTED` they count as unseen groups."""
PARTS = {
    "group": "group",
    "chip": "chip",
    "model": "model",
    "framework": "engine",
    "together": "harness",
}
"""Columns of `calibration` by which parts are left out, and what each is called."""


def calibration(points: pd.DataFrame, name: str = "serving") -> pd.DataFrame:
    """Return the rows that a set of constants is fitted to, read, with their group.

    Repeated measurements of one configuration become their geometric mean; chips take the name of
    the catalogue, so that two spellings of one are left out together.
    """
    frame = points.join(read(points))
    frame = frame[frame["reason"] == ""]
    if name == "serving":
        frame = frame[frame["scenario"].astype(str).str.contains("closed-loop")]
        frame = frame[frame["quantity"].isin(["tpot", "ttft"])]
    else:
        frame = frame[frame["quantity"].isin(["decode", "prefill"])]
    blank = frame["weights"].fillna("blank")
    frame = frame.assign(
        group=frame["model"] + " | " + frame["chip"] + " | " + blank + " | " + frame["framework"]
    )
    frame = frame.assign(doubtful=False, fitted=True, key=frame["setup"].map(id))
    if name == "serving":
        frame["doubtful"] = UNFITTED[TWISTED](frame)
        for is_unfit in UNFITTED.values():
            frame["fitted"] &= ~is_unfit(frame)
    frame["chip"] = [setup.deployment.chip.name for setup in frame["setup"]]
    frame["measured"] = np.log(frame["value"] / frame["scale"])
    same = ["key", "quantity", "read", "written", "load", "group", "doubtful", "model", "chip"]
    same += ["fitted", "together"]
    frame["kind"] = frame["quantity"].isin(["prefill"])
    same.append("kind")
    mean = frame.groupby([*same, "framework"], as_index=False)["measured"].mean()
    setups = dict(zip(frame["key"], frame["setup"], strict=True))
    return mean.assign(setup=mean["key"].map(setups), measured=np.exp(mean["measured"]))


def predicted(rows: pd.DataFrame, efficiency: Efficiency) -> np.ndarray:
    """Return what constants say of the rows of `calibration`: seconds, or tokens per second."""
    answer = np.full(len(rows), math.nan)
    position = np.arange(len(rows))
    for _, part in rows.assign(_at=position).groupby(["key", "kind"], sort=False):
        setup: Setup = part["setup"].iloc[0]
        quantity, at = part["quantity"].to_numpy(), part["_at"].to_numpy()
        if quantity[0] in ("decode", "prefill"):
            answer[at] = single_stream(setup, part, efficiency)
            continue
        service = latencies(setup, part, efficiency)
        answer[at] = np.where(quantity == "tpot", service.tpot_s, service.ttft_s)
    return answer


def fit(
    rows: pd.DataFrame, name: str = "serving", start: Efficiency | None = None, steps: int = 12
) -> Efficiency:
    """Return the constants under which the logarithms of the predictions come nearest.

    Parameters
    ----------
    rows : DataFrame
        As `calibration` returns them, of which those count that are `fitted`.
    name : {"serving", "single stream"}
        Which constants: those of `SERVING` or of `SINGLE_STREAM`; the others are chosen.
    start : Efficiency, optional
        Where the search begins; by default at what is expected.
    steps : int
        Evaluations of the gradient at most.
    """
    from scipy.optimize import least_squares

    expected = SERVING if name == "serving" else SINGLE_STREAM
    rows = rows[rows["fitted"]]
    centre = np.log([value for value, _ in expected.values()])
    width = np.array([width for _, width in expected.values()])
    counts = rows["group"].map(rows["group"].value_counts()).to_numpy(float)
    weight = 4.0 / np.sqrt(counts) * rows["quantity"].map(WEIGHTS).to_numpy(float)
    target = np.log(rows["measured"].to_numpy(float))
    limit = np.array([0.0 if key.endswith("share") else np.inf for key in expected])

    def constants(logarithms: np.ndarray) -> Efficiency:
        return Efficiency(
            **CHOSEN[name], **dict(zip(expected, np.exp(logarithms).tolist(), strict=True))
        )

    def residuals(logarithms: np.ndarray) -> np.ndarray:
        off = np.log(predicted(rows, constants(logarithms))) - target
        off = np.nan_to_num(np.clip(off, -2.0, 2.0)) * weight
        return np.concatenate([off, PRIOR_WEIGHT * (logarithms - centre) / width])

    first = centre if start is None else np.log([getattr(start, key) for key in expected])
    solution = least_squares(
        residuals,
        np.minimum(first, limit - 1e-6),
        bounds=(-20.0, limit),
        loss="soft_l1",
        f_scale=0.3,
        max_nfev=steps,
        diff_step=1e-3,
    )
    return constants(solution.x)


def fits_without(
    rows: pd.DataFrame, by: str = "group", name: str = "serving"
) -> dict[str, Efficiency]:
    """Return for every part of the rows the constants that a fit finds which has not seen it.

    Parameters
    ----------
    rows : DataFrame
        As `calibration` returns them.
    by : str
        A column of `PARTS`: what is left out together.
    """
    everything = fit(rows, name)
    return {
        part: fit(rows[rows[by] != part], name, start=everything, steps=6)
        for part in rows[by].unique()
    }


def left_out(
    rows: pd.DataFrame,
    by: str = "group",
    name: str = "serving",
    fits: dict[str, Efficiency] | None = None,
) -> pd.DataFrame:
    """Return the rows with what each part is predicted when the fit has not seen it.

    Parameters
    ----------
    rows, by, name
        As `fits_without`.
    fits : dict, optional
        What it returned, if that is at hand.
    """
    answer = np.full(len(rows), math.nan)
    for part, constants in (fits or fits_without(rows, by, name)).items():
        mine = (rows[by] == part).to_numpy()
        answer[mine] = predicted(rows[mine], constants)
    off = np.log(answer / rows["measured"].to_numpy(float))
    return rows.assign(predicted=answer, log_ratio=off)
