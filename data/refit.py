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
from inferwall.fitting import CHOSEN, SERVING, SINGLE_STREAM, _predicted, calibration, fit
from inferwall.points import read
from inferwall.validation import central, summary

FOLDER = Path(__file__).parent
SOURCE = "inferwall-validation"
EXPECTED = {"serving": SERVING, "single stream": SINGLE_STREAM}
PARTS = {"group": "group", "chip": "chip", "model": "model", "framework": "engine"}
WHY_CHOSEN = {
    "memory_share": "the default of vLLM (gpu_memory_utilization 0.9).",
    "overlap": "memory and arithmetic add up; hiding one behind the other fitted worse.",
    "collective_s": "what is expected of servers; gpt-fast alone spreads a stream over chips.",
    "link_share": "what is expected of servers; gpt-fast alone spreads a stream over chips.",
    "int8_share": "no server with integer arithmetic is in the table.",
}


def left_out(rows: pd.DataFrame, by: str, name: str) -> tuple[pd.DataFrame, list[Efficiency]]:
    """Return the rows as predicted by fits that have not seen their part, and those fits."""
    everything, answer, fits = fit(rows, name), np.full(len(rows), np.nan), []
    for part in rows[by].unique():
        mine = (rows[by] == part).to_numpy()
        fits.append(fit(rows[~mine], name, start=everything, steps=6))
        answer[mine] = _predicted(rows[mine], fits[-1])
        if rows["doubtful"][mine].all():
            fits.pop()  # the fit of everything has not seen this part either
    return rows.assign(log_ratio=np.log(answer / rows["measured"].to_numpy(float))), fits


def constants(name: str, rows: pd.DataFrame, fits: list[Efficiency], date: str) -> pd.DataFrame:
    """Return a set of data/efficiency.csv with the range over the fits."""
    used = rows[~rows["doubtful"]]
    found, written = fit(rows, name), []
    what = "group" if name == "serving" else "chip"
    for field in fields(Efficiency):
        key = field.name
        if key == "sources":
            continue
        value = getattr(found, key)
        low, high = value, value
        if key in EXPECTED[name]:
            low, high = (end(getattr(one, key) for one in [found, *fits]) for end in (min, max))
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


def scores(found: dict[str, pd.DataFrame], limits: pd.DataFrame) -> pd.DataFrame:
    """Return data/left_out.csv."""
    limits, written = limits.set_index("quantity"), []
    for by, every in found.items():
        good = every[~every["doubtful"]]
        for quantity in ("tpot", "ttft"):
            rows = good[good["quantity"] == quantity]
            for part, mine in [("all", rows), *rows.groupby(by)]:
                score, factor = summary(mine["log_ratio"]), np.exp(-mine["log_ratio"])
                inside = factor.between(limits.loc[quantity, "low"], limits.loc[quantity, "high"])
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
                        "coverage": round(float(inside.mean()), 3),
                        "sources": SOURCE,
                    }
                )
    return pd.DataFrame(written)


def main(date: str) -> None:
    """Write the three tables."""
    points = table("measured_serving")
    rows = {name: calibration(points, name) for name in EXPECTED}
    found = {by: left_out(rows["serving"], by, "serving") for by in PARTS}
    chips, chip_fits = left_out(rows["single stream"], "chip", "single stream")
    sets = {name: fit(rows[name], name) for name in EXPECTED}

    unseen = found["group"][0]
    everything = points.join(read(points))
    everything["log_ratio"] = np.log(central(everything, sets)[0] / everything["value"])
    everything["group"] = (
        everything[["model", "chip", "weights", "framework"]].fillna("").agg("|".join, axis=1)
    )
    errors = {
        "tpot": unseen[(unseen["quantity"] == "tpot") & ~unseen["doubtful"]],
        "ttft": unseen[unseen["quantity"] == "ttft"],
        "decode": chips[chips["quantity"] == "decode"],
        "output": everything[everything["quantity"].isin(["output", "total"])],
        "prefill": chips[chips["quantity"] == "prefill"],
        "bandwidth": everything[everything["quantity"] == "bandwidth"],
    }
    limits = intervals({key: rows[rows["log_ratio"].notna()] for key, rows in errors.items()})
    limits.to_csv(FOLDER / "prediction_errors.csv", index=False, lineterminator="\n")
    scores({by: part for by, (part, _) in found.items()}, limits).to_csv(
        FOLDER / "left_out.csv", index=False, lineterminator="\n"
    )
    file = FOLDER / "efficiency.csv"
    kept = pd.read_csv(file, dtype=str)
    new = [
        constants("serving", rows["serving"], found["group"][1], date),
        constants("single stream", rows["single stream"], chip_fits, date),
    ]
    kept = kept[~kept["set"].isin(EXPECTED)]
    pd.concat([kept, *new]).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1])
