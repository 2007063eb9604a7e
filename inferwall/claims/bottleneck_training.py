"""The claims of the third text on training: what it costs, and what serving is beside it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.lookup import number, percent, row_of, spend_of, usd, volume_per_day
from inferwall.data import table
from inferwall.serving import Workload
from inferwall.training import crossover_tokens
from inferwall.units import HOURS_PER_YEAR

DAYS = 365
MESSAGE = Workload(input_tokens=1500, output_tokens=500)  # our choice, as in chapter 01


def months_between(start: str, end: str) -> int:
    """Return the months from one ISO month to another.

    >>> months_between("2023-02", "2023-11-06")
    9
    """
    (year, month), (last, final) = ([int(part) for part in d.split("-")[:2]] for d in (start, end))
    return 12 * (last - year) + final - month


def run_usd(name: str) -> float:
    """Return the rent of the chips of a final run, from data/training_runs.csv."""
    return float(row_of("training_runs", name=name)["cost_rented_usd"])


def serving_over_training() -> dict[str, float]:
    """Return a year's serving over training at the boundaries that need no leak."""
    openai = spend_of("OpenAI", "2024", "inference compute")
    fleet = DAYS * spend_of("DeepSeek", "2025-02-28", "rent of the serving chips")
    return {
        "an older final run": openai / run_usd("GPT-4"),
        "its own final run": fleet / run_usd("DeepSeek-V3"),
        "the same year's research": openai / spend_of("OpenAI", "2024", "R&D compute"),
    }


def bottleneck_03() -> Finding:
    """Inference costs ten times what training does, or more."""
    asserted = 10
    ratios = serving_over_training()
    low, high = min(ratios.values()), max(ratios.values())
    named = ", ".join(f"{number(ratio, 2)} over {name}" for name, ratio in ratios.items())
    return Finding(
        holds_if(high >= asserted, everywhere=low >= asserted),
        low,
        "1",
        f"A year of serving at OpenAI or DeepSeek is {named}: {asserted} is passed against one "
        "run only.",
        ("epoch-openai-compute-2024", "epoch-training-costs", "deepseek-inference-2025"),
        "training means the final run of an older model, not a year's research",
    )


def bottleneck_04() -> Finding:
    """The compute of GPT-4's training cost 50 to 100 million dollars."""
    low, high = 50e6, 100e6
    run = row_of("training_runs", name="GPT-4")
    rented, owned = run["cost_rented_usd"], run["cost_owned_usd"]
    return Finding(
        holds_if(low <= rented <= high, everywhere=low <= owned <= high),
        rented,
        "USD",
        f"At cloud rents the final run is put at {usd(rented)}, inside {number(low)} to "
        f"{number(high)}; as wear of owned chips and energy it is {usd(owned)}.",
        ("epoch-training-costs", "ai-index-2024-press"),
        "cost means the rent of the final run's chips, without staff, experiments and failed runs",
    )


def bottleneck_10() -> Finding:
    """Inference is 70 to 80 % of all AI compute."""
    low, high = 0.70, 0.80
    rows = table("spend")
    rows = rows[(rows["kind"] == "inference share") & (rows["confidence"] != "low")]
    ratio = serving_over_training()["the same year's research"]
    shares = {
        f"{row['organisation']} {row['period']}": row["ratio"]
        for row in rows.sort_values("period").to_dict("records")
    }
    shares["OpenAI 2024"] = ratio / (1 + ratio)
    inside = [low <= share <= high for share in shares.values()]
    listed = ", ".join(f"{percent(share)} ({name})" for name, share in shares.items())
    return Finding(
        holds_if(any(inside), everywhere=all(inside)),
        shares["industry 2026"],
        "1",
        f"Published shares are {listed}: {sum(inside)} of {len(inside)} lies in 70 to 80 %.",
        ("deloitte-tmt-2026", "wu-2021", "epoch-openai-compute-2024"),
        "compute is the power of all machine learning at one large user, Meta in 2021; the "
        "forecast for the industry in 2026 comes near",
    )


def bottleneck_11() -> Finding:
    """Training is capital spending that is paid once."""
    runs = table("training_runs").sort_values("date")
    dates = runs.groupby("organisation")["date"].unique().map(sorted)
    gaps = [months_between(*pair) for own in dates for pair in pairwise(own)]
    gap = float(np.median([months for months in gaps if months > 0]))
    research = spend_of("OpenAI", "2024", "R&D compute")
    finals = [
        spend_of("OpenAI", "2024", f"{name} final run{s}")
        for name, s in (("GPT-4.5", ""), ("other", "s"))
    ]
    return Finding(
        holds_if(True, everywhere=not gaps),
        gap,
        "months",
        f"Developers with several runs in our table start the next {number(gap)} months later in "
        f"the median, and final runs were {percent(sum(finals) / research)} of OpenAI's research "
        "compute in 2024: once a model, never once a company.",
        ("epoch-openai-compute-2024", "llama-3.1-model-card", "deepseek-v3-paper"),
        "the unit is one model",
    )


def bottleneck_12() -> Finding:
    """A training run is planned work: some ten thousand chips for weeks."""
    asserted, weeks_at_least, weeks_at_most = 10_000, 1, 26
    runs = table("training_runs")
    known = runs[(runs["confidence"] != "estimate") & runs["chip_count"].notna()]
    weeks = (known["chip_hours"] / known["chip_count"] / (HOURS_PER_YEAR * 7 / DAYS)).dropna()
    largest = known.loc[known["chip_count"].idxmax()]
    return Finding(
        holds(
            weeks.between(weeks_at_least, weeks_at_most).all() and largest["chip_count"] >= asserted
        ),
        weeks.median(),
        "weeks",
        f"The {len(weeks)} runs whose chips and hours are stated took {number(weeks.min(), 2)} to "
        f"{number(weeks.max(), 2)} weeks, {number(weeks.median(), 2)} in the median, the largest "
        f"on {largest['chip_count']:,.0f} chips.",
        ("llama-3-paper", "palm-paper", "deepseek-v3-paper", "falcon-paper", "bloom-paper"),
    )


def bottleneck_28() -> Finding:
    """With hundreds of millions of daily users serving is a hundred times training, or more."""
    asserted, model = 100, row_of("training_runs", name="Llama 3.1 405B")
    prompts = volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
    tokens = DAYS * prompts * (MESSAGE.input_tokens + MESSAGE.output_tokens)
    ratio = tokens / crossover_tokens(model["tokens"])
    years, lived = asserted / ratio, months_between("2023-03", "2026-05") / 12
    research = serving_over_training()["the same year's research"]
    return Finding(
        holds_if(years <= lived, everywhere=research >= asserted),
        years,
        "years",
        f"At ChatGPT's {number(prompts)} prompts a day, of {number(tokens / DAYS / prompts)} "
        "tokens "
        f"by our assumption, a model trained on {number(model['tokens'])} tokens takes "
        f"{number(ratio, 2)} times its "
        f"training FLOP a year, so {asserted} times after {number(years, 2)} years; set over the "
        f"research of the same year, OpenAI's serving of 2024 was {number(research)} of it.",
        ("emp0-chatgpt-prompts", "llama-3-paper", "epoch-openai-compute-2024"),
        f"training is one final run, and its model serves that traffic for {number(years, 2)} "
        "years",
    )
