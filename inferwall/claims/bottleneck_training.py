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
RESEARCH = "the same year's research"
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
        RESEARCH: openai / spend_of("OpenAI", "2024", "R&D compute"),
    }


def prompts_over_a_run() -> float:
    """Return the FLOP of a year of ChatGPT's prompts over those of training on Llama 3's tokens."""
    prompts = volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
    tokens = DAYS * prompts * (MESSAGE.input_tokens + MESSAGE.output_tokens)
    run = row_of("training_runs", name="Llama 3.1 405B")
    return float(tokens / crossover_tokens(run["tokens"]))


def bottleneck_03() -> Finding:
    """Inference costs ten times what training does, or more."""
    asserted = 10
    ratios = serving_over_training()
    low, high = min(ratios.values()), max(ratios.values())
    return Finding(
        holds_if(high >= asserted, everywhere=low >= asserted),
        low,
        "1",
        f"OpenAI's serving of 2024 is put at {number(ratios['an older final run'], 2)} times the "
        "final run of GPT-4 but "
        f"{number(ratios[RESEARCH], 2)} of that year's research, and a year of DeepSeek's at "
        f"{number(ratios['its own final run'], 2)} times the final run of V3; {asserted} is "
        "claimed.",
        ("epoch-openai-compute-2024", "epoch-training-costs", "deepseek-inference-2025"),
        "training means one final run, and the traffic is like OpenAI's; not a year's research",
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
        f"The chips of the final run are put at {usd(rented)} at cloud rents, inside "
        f"{number(low)} to {number(high)}, and at {usd(owned)} as wear of owned chips and energy, "
        "outside.",
        ("epoch-training-costs", "ai-index-2024-press"),
        "cost means the rent of the final run's chips, without staff, experiments and failed runs",
    )


def bottleneck_10() -> Finding:
    """Inference is 70 to 80 % of all AI compute."""
    low, high = 0.70, 0.80
    rows = table("spend")
    rows = rows[(rows["kind"] == "inference share") & (rows["confidence"] != "low")]
    ratio = serving_over_training()[RESEARCH]
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
        f"Published shares of inference are {listed}: {sum(inside)} of {len(inside)} lies in 70 "
        "to 80 %, and it is a share of power for all machine learning.",
        ("deloitte-tmt-2026", "wu-2021", "epoch-openai-compute-2024"),
        "one large user such as Meta in 2021 is meant, or the industry in 2026, if the forecast "
        f"of {percent(shares['industry 2026'])} comes true and counts as some 70 %",
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
        "A model's final run is paid once, but developers with several runs in our table publish "
        f"the next {number(gap)} months later in the median, and final runs took only "
        f"{percent(sum(finals) / research)} of OpenAI's research compute in 2024.",
        ("epoch-openai-compute-2024", "llama-3.1-model-card", "deepseek-v3-paper"),
        "one model is meant, not the company that makes it",
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
        f"The {len(weeks)} training runs whose chips and hours are stated took "
        f"{number(weeks.min(), 2)} to {number(weeks.max(), 2)} weeks, {number(weeks.median(), 2)} "
        f"in the median, and the largest used {largest['chip_count']:,.0f} chips, over "
        f"{number(asserted)}.",
        ("llama-3-paper", "palm-paper", "deepseek-v3-paper", "falcon-paper", "bloom-paper"),
    )


def bottleneck_28() -> Finding:
    """With hundreds of millions of daily users serving is a hundred times training, or more."""
    asserted, model = 100, row_of("training_runs", name="Llama 3.1 405B")
    prompts = volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
    ratio = prompts_over_a_run()
    years, lived = asserted / ratio, months_between("2023-03", "2026-05") / 12
    research = serving_over_training()[RESEARCH]
    return Finding(
        holds_if(years <= lived, everywhere=research >= asserted),
        years,
        "years",
        f"A year of ChatGPT's {number(prompts)} prompts a day, each of "
        f"{number(MESSAGE.input_tokens + MESSAGE.output_tokens)} tokens by our assumption, takes "
        f"{number(ratio, 2)} times the FLOP of training on {number(model['tokens'])} tokens, so "
        f"{asserted} times takes {number(years, 2)} years; over a year's research OpenAI's serving "
        f"of 2024 was {number(research)}.",
        ("emp0-chatgpt-prompts", "llama-3-paper", "epoch-openai-compute-2024"),
        f"training is one final run, and its model serves all that traffic for {number(years, 2)} "
        "years",
    )
