"""Fit the constants anew and write what follows: efficiency, left_out and prediction_errors.

Run `python data/refit.py 2026-11-21` (the date goes into the derivations) after the model or the
measurements change, then data/unseen.py and data/register.py. It takes about two minutes.
"""

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from inferwall.data import table
from inferwall.efficiency import Efficiency
from inferwall.fitting import (
    CHOSEN,
    PARTS,
    SERVING,
    SINGLE_STREAM,
    calibration,
    fit,
    fits_without,
    left_out,
)
from inferwall.points import read
from inferwall.validation import central, summary

FOLDER = Path(__file__).parent
SOURCE = "inferwall-validation"
EXPECTED = {"serving": SERVING, "single stream": SINGLE_STREAM}
WHY_CHOSEN = {
    "memory_share": "the default of vLLM (gpu_memory_utilization 0.9).",
    "overlap": "memory and arithmetic add up; hiding one behind the other fitted worse.",
    "collective_s": "what is expected of servers; gpt-fast alone spreads a stream over chips.",
    "link_share": "what is expected of servers; gpt-fast alone spreads a stream over chips.",
    "vector_share": "what single streams reach; no server without matrix units is in the table.",
    "node_link_share": "the median that DeepEP reaches of 50 GB/s (data/expert_exchange.csv).",
    "int8_share": "no server with integer arithmetic is in the table.",
}


def constants(
    name: str, rows: pd.DataFrame, fits: dict[str, Efficiency], date: str
) -> pd.DataFrame:
    """Return a set of data/efficiency.csv with the range over the fits."""
    used = rows[rows["fitted"]]
    found, written = fit(rows, name), []
    what = "group" if name == "serving" else "chip"
    for field in fields(Efficiency):
        key = field.name
        if key == "sources":
            continue
        value = getattr(found, key)
        low, high = value, value
        if key in EXPECTED[name]:
            low, high = (
                end(getattr(one, key) for one in [found, *fits.values()]) for end in (min, max)
            )
            derivation = (
                f"Fitted {date} to {len(used)} configurations of {used['group'].nunique()} groups "
                "of data/measured_serving.csv (inferwall.fitting.fit); expected "
                f"{EXPECTED[name][key][0]:g} beforehand. Range: over the fits that leave one "
                f"{what} out."
            )
        elif key in CHOSEN[name]:
            derivation = f"Chosen: {WHY_CHOSEN[key]}"
        else:
            derivation = "Neutral: what the other constants cover, or nothing in the table says."
        unit = "s" if key.endswith("_s") else "FLOP" if key.endswith("_flop") else "1"
        numbers = [f"{number:.3g}" for number in (value, low, high)]
        written.append([name, key, *numbers, unit, derivation, SOURCE])
    columns = ["set", "constant", "value", "low", "high", "unit", "derivation", "sources"]
    return pd.DataFrame(written, columns=columns)


def quantiles(off: np.ndarray, groups: pd.Series) -> tuple[float, float]:
    """Return the 10th and 90th percentile, groups weighted by the square root of their rows."""
    weight = 1.0 / np.sqrt(groups.map(groups.value_counts()).to_numpy(float))
    order = np.argsort(off)
    below = np.cumsum(weight[order]) - weight[order] / 2.0
    low, high = np.interp([0.1, 0.9], below / weight.sum(), off[order])
    return float(low), float(high)


def intervals(errors: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return data/prediction_errors.csv."""
    written = []
    for quantity, rows in errors.items():
        low, high = quantiles(-rows["log_ratio"].to_numpy(), rows["group"])
        written.append(
            {
                "quantity": quantity,
                "low": round(float(np.exp(low)), 3),
                "high": round(float(np.exp(high)), 3),
                "rows": len(rows),
                "groups": rows["group"].nunique(),
                "sources": SOURCE,
            }
        )
    return pd.DataFrame(written)


def telling(rows: pd.DataFrame) -> pd.Series:
    """Say of each row whether it may set an interval: sound, and of a group of six or more."""
    return ~rows["doubtful"] & rows["group"].map(rows["group"].value_counts()).ge(6)


def nested(rows: pd.DataFrame, by: str) -> pd.Series:
    """Say of each row whether it lies inside the interval that the errors of the others give."""
    inside = pd.Series(False, index=rows.index)
    for part in rows[by].unique():
        mine = rows[by] == part
        others = rows[~mine & telling(rows)]
        low, high = quantiles(-others["log_ratio"].to_numpy(), others["group"])
        inside[mine] = (-rows.loc[mine, "log_ratio"]).between(low, high)
    return inside


def scores(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return data/left_out.csv."""
    written = []
    for by, every in found.items():
        for quantity in ("tpot", "ttft"):
            rows = every[every["quantity"] == quantity].dropna(subset="log_ratio")
            rows = rows.assign(inside=nested(rows, by))
            good = rows[~rows["doubtful"]]
            parts = [("all", good), ("every row", rows), *good.groupby(by)]
            for part, mine in parts:
                score = summary(mine["log_ratio"])
                written.append(
                    {
                        "left_out": PARTS[by],
                        "part": part,
                        "quantity": quantity,
                        "rows": score["rows"],
                        "median_error": round(score["median"], 3),
                        "mean_error": round(score["mean"], 3),
                        "p90_error": round(score["p90"], 3),
                        "bias": round(score["bias"], 3),
                        "coverage": round(float(mine["inside"].mean()), 3),
                        "sources": SOURCE,
                    }
                )
    return pd.DataFrame(written)


def other_vendors(sets: dict[str, Efficiency]) -> pd.DataFrame:
    """Return the errors of TPOT on chips whose vendor no server fit has seen."""
    rows = table("held_out")
    rows = rows.join(read(rows))
    rows["log_ratio"] = np.log(central(rows, sets)[0] / rows["value"])
    vendor = [setup.deployment.chip.vendor if setup else "" for setup in rows["setup"]]
    rows["group"] = rows[["chip", "weights", "framework"]].agg("|".join, axis=1)
    return rows[(rows["quantity"] == "tpot") & ~pd.Series(vendor).isin(["NVIDIA", ""])]


def main(date: str) -> None:
    """Write the three tables."""
    points = table("measured_serving")
    rows = {name: calibration(points, name) for name in EXPECTED}
    fits = {by: fits_without(rows["serving"], by) for by in PARTS}
    found = {by: left_out(rows["serving"], by, fits=fits[by]) for by in PARTS}
    chip_fits = fits_without(rows["single stream"], "chip", "single stream")
    chips = left_out(rows["single stream"], "chip", "single stream", chip_fits)
    sets = {name: fit(rows[name], name) for name in EXPECTED}

    unseen = found["group"]
    # Reading prompts is predicted far better where there are no matrix units to leave idle.
    matrix = chips["setup"].map(lambda setup: setup.deployment.chip.has_matrix_units)
    everything = points.join(read(points))
    everything["log_ratio"] = np.log(central(everything, sets)[0] / everything["value"])
    everything["group"] = (
        everything[["model", "chip", "weights", "framework"]].fillna("").agg("|".join, axis=1)
    )
    tpot, ttft = (unseen[unseen["quantity"] == quantity] for quantity in ("tpot", "ttft"))
    errors = {
        "tpot": tpot[telling(tpot)],
        "ttft": ttft[telling(ttft)],
        "decode": chips[chips["quantity"] == "decode"],
        "output": everything[everything["quantity"].isin(["output", "total"])],
        "prefill": chips[matrix & (chips["quantity"] == "prefill")],
        "bandwidth": everything[everything["quantity"] == "bandwidth"],
        "other vendor": other_vendors(sets),
    }
    limits = intervals({key: rows[rows["log_ratio"].notna()] for key, rows in errors.items()})
    limits.to_csv(FOLDER / "prediction_errors.csv", index=False, lineterminator="\n")
    scores(found).to_csv(FOLDER / "left_out.csv", index=False, lineterminator="\n")
    file = FOLDER / "efficiency.csv"
    kept = pd.read_csv(file, dtype=str)
    # A fit without a group that it never saw is the fit of everything.
    seen = set(rows["serving"].loc[rows["serving"]["fitted"], "group"])
    used = {group: one for group, one in fits["group"].items() if group in seen}
    new = [
        constants("serving", rows["serving"], used, date),
        constants("single stream", rows["single stream"], chip_fits, date),
    ]
    kept = kept[~kept["set"].isin(EXPECTED)]
    pd.concat([kept, *new]).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1])
