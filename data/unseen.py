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
from inferwall.fitting import _predicted, calibration, fit, left_out

UNSEEN = {"group": "unseen_group", "chip": "unseen_chip", "model": "unseen_model"}
UNSEEN |= {"framework": "unseen_engine"}
INFERENCEX, OTHER = "inferencex-silicon-sample", "aiconfigurator-gap-analysis"
QUANTITIES = ("tpot", "ttft", "decode")


def rows_of(points: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of a fit with the source of each, in a fixed order."""
    rows = calibration(points, name)
    if name == "single stream":
        return rows.assign(sources="single stream")
    same = ["key", "quantity", "read", "written", "load", "group"]
    of_source = calibration(points[points["sources"] == INFERENCEX], name)[same]
    found = rows.merge(of_source.drop_duplicates(), "left", on=same, indicator="found")["found"]
    return rows.assign(sources=np.where(found == "both", INFERENCEX, OTHER))


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
            "doubtful": rows["doubtful"],
            "measured": rows["measured"],
            "bound": _predicted(rows, replace(IDEAL, memory_share=0.9)),
            "seen": _predicted(rows, fit(rows, name)),
        }
    )
    for by, column in UNSEEN.items():
        if by == "group" and name == "single stream":  # as many groups as rows, nearly
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
    answer["doubtful"] = answer["doubtful"].map({True: "true", False: "false"})
    answer.to_csv(Path(__file__).with_suffix(".csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
