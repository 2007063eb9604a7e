"""Write data/unseen.csv: what every measurement is predicted by a fit that has not seen it.

Run it whenever the constants are fitted anew: `python data/unseen.py`. It takes a minute or two,
so chapter 09 reads the table instead.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from inferwall.data import table
from inferwall.efficiency import IDEAL
from inferwall.fitting import PARTS, calibration, fit, left_out, predicted

UNSEEN = {by: f"unseen_{part}" for by, part in PARTS.items()}
HARNESS = {0.0: "inferencex-silicon-sample", 1.0: "aiconfigurator-gap-analysis"}
QUANTITIES = ("tpot", "ttft", "decode")


def rows_of(points: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of a fit with the source of each, in a fixed order."""
    rows = calibration(points, name)
    if name == "single stream":
        return rows.assign(sources="single stream")
    return rows.assign(sources=rows["together"].map(HARNESS))


def predictions(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return measured, bound, seen and unseen predictions, in seconds or tokens per second."""
    setups = [setup.deployment for setup in rows["setup"]]
    answer = pd.DataFrame(
        {
            "sources": rows["sources"],
            "model": rows["model"],
            "chip": rows["chip"],
            "weights": [deployment.weight_format for deployment in setups],
            "engine": [setup.engine for setup in rows["setup"]],
            "chips": [round(setup.replicas * setup.deployment.chips) for setup in rows["setup"]],
            "quantity": rows["quantity"],
            "input_tokens": rows["read"],
            "output_tokens": rows["written"],
            "concurrency": rows["load"],
            "fitted": rows["fitted"],
            "doubtful": rows["doubtful"],
            "measured": rows["measured"],
            "bound": predicted(rows, replace(IDEAL, memory_share=0.9)),
            "seen": predicted(rows, fit(rows, name)),
        }
    )
    for by, column in UNSEEN.items():
        # Single streams have nearly as many groups as rows, and one harness.
        if by in ("group", "together") and name == "single stream":
            answer[column] = np.nan
        else:
            answer[column] = left_out(rows, by, name)["predicted"]
    return answer[answer["quantity"].isin(QUANTITIES)]


def main() -> None:
    """Write the table."""
    points = table("measured_serving")
    parts = [predictions(rows_of(points, name), name) for name in ("serving", "single stream")]
    answer = pd.concat(parts, ignore_index=True)
    single = answer["sources"] == "single stream"
    answer.loc[single, "sources"] = "inferwall-validation"
    answer.insert(0, "row", np.arange(len(answer)))
    numbers = ["measured", "bound", "seen", *UNSEEN.values()]
    for column in [*numbers, "input_tokens", "output_tokens", "concurrency"]:
        answer[column] = answer[column].map("{:.4g}".format).replace("nan", "")
    for column in ("fitted", "doubtful"):
        answer[column] = answer[column].map({True: "true", False: "false"})
    answer.to_csv(Path(__file__).with_suffix(".csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
