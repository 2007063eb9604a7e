"""The claims of the fifth text on mechanisms: caches, batches, throughput and latency."""

from __future__ import annotations

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.lookup import (
    number,
    percent,
    reported,
    row_of,
    spend_of,
    usd,
    volume_per_day,
)
from inferwall.cost import cost_usd_per_mtok
from inferwall.data import table
from inferwall.points import RANDOM_LENGTH_SHARE
from inferwall.units import GB


def day8_01() -> Finding:
    """Inference may come to need more compute than training."""
    rows = table("spend")
    rows = rows[(rows["kind"] == "inference share") & (rows["confidence"] != "low")]
    most = rows.loc[rows["ratio"].idxmax()]
    industry = spend_of("industry", "2026", "inference share of AI compute")
    return Finding(
        holds(most["ratio"] > 0.5),
        most["ratio"],
        "1",
        f"One case is enough for “may”: at {most['organisation']} in {most['period']} inference "
        f"had {percent(most['ratio'])} of the power of machine learning, and {percent(industry)} "
        "of the industry's AI compute is forecast for 2026, both over half.",
        ("wu-2021", "deloitte-tmt-2026"),
    )


def day8_02() -> Finding:
    """Inference happens more than a billion times a day."""
    asserted = 1e9
    prompts = volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
    return Finding(
        holds(prompts > asserted),
        prompts,
        "prompts/day",
        f"ChatGPT alone answered {number(prompts)} prompts a day in July 2025, over "
        f"{number(asserted)}.",
        ("emp0-chatgpt-prompts", "nber-usage-report-2025"),
    )


def day8_03() -> Finding:
    """About five laboratories train frontier models."""
    least, most, dear = 4, 6, 100e6
    known = reported("developers", "with a model of over 1e25 FLOP")
    rows = table("spend")
    runs = rows[(rows["kind"] == "training") & (rows["value_usd"] >= dear)]
    spent = runs["organisation"].nunique()
    return Finding(
        holds_if(least <= spent <= most, everywhere=least <= known <= most),
        known,
        "developers",
        f"By January 2025 {number(known)} developers had trained a model with over 1e25 FLOP, "
        f"where {least} to {most} would do; {spent} are known to have spent over "
        f"{usd(dear)} on one final run, and some bills are not known.",
        (
            "epoch-models-over-1e25",
            "epoch-openai-compute-2024",
            "pretraining-cost-2026",
            "ai-index-2024-press",
        ),
        "a frontier laboratory is one known to have spent over USD 100 million on a final run",
    )


def day8_04() -> Finding:
    """The KV cache of a request of 128,000 tokens can take tens of gigabytes."""
    tokens, asserted = 131_072, 10
    size = {
        name: float(transformer(name).kv_bytes(tokens, "bf16")) / GB
        for name in (
            "Llama 3.1 8B",
            "Llama 3.1 70B",
            "Llama 3.1 405B",
            "DeepSeek-V3",
            "gpt-oss-120b",
        )
    }
    large = [name for name, value in size.items() if value >= asserted]
    return Finding(
        holds(len(large) > 0),
        size["Llama 3.1 70B"],
        "GB",
        f"In 16 bits the cache of {tokens:,} tokens takes "
        + ", ".join(f"{number(value)} GB ({name})" for name, value in size.items())
        + f": {len(large)} of {len(size)} need over {asserted}, those with latents or windows do "
        "not.",
        ("llama-3.1-model-card", "deepseek-v3-paper", "gpt-oss-model-card"),
    )


def day8_05() -> Finding:
    """Larger batches make each user wait longer."""
    runs = table("closed_loop").sort_values("concurrency")
    runs = runs.groupby(["chips", "input_tokens", "output_tokens"])
    rises = [
        (np.diff(group[wait]) > 0).all()
        for _, group in runs
        for wait in ("mean_tpot_s", "mean_ttft_s")
    ]
    slower = runs["mean_tpot_s"].last() / runs["mean_tpot_s"].first()
    later = runs["mean_ttft_s"].last() / runs["mean_ttft_s"].first()
    return Finding(
        holds(all(rises)),
        slower.median(),
        "1",
        f"In all {len(slower)} measured series on H200 both waits rise at every step from 4 to 64 "
        f"users, in all {number(slower.min())} to {number(slower.max())} times for each token and "
        f"{number(later.median())} times, in the median, for the first.",
        ("inferencex-silicon-sample",),
    )


def day8_09() -> Finding:
    """More tokens a second for the same rent are cheaper tokens."""
    rent, rates = 3.60, np.array([1000.0, 2000.0])
    cost = cost_usd_per_mtok(rent, rates)
    return Finding(
        holds(cost[1] < cost[0]),
        cost[1] / cost[0],
        "1",
        "Cost is rent over throughput, so twice the tokens a second on the same chips cost "
        f"{number(cost[1] / cost[0])} times as much each.",
        ("definition",),
    )


def day8_10() -> Finding:
    """Latency is the time to the first response, and users expect it within a second."""
    asserted = row_of("latency_limits", limit="keeps the flow of thought")["value"] / 1e3
    run = row_of("closed_loop", chips=1, input_tokens=1024, output_tokens=1024, concurrency=64)
    whole = run["mean_ttft_s"] + RANDOM_LENGTH_SHARE * run["output_tokens"] * run["mean_tpot_s"]
    market = reported("models on sale", "time to first token, median")
    return Finding(
        holds_if(run["mean_ttft_s"] <= asserted, everywhere=whole <= asserted),
        run["mean_ttft_s"],
        "s",
        f"An H200 with 64 users of a 70B model was measured to give the first token after "
        f"{number(run['mean_ttft_s'], 2)} s, within the {number(asserted)} s that keeps the flow "
        f"of thought, but the whole answer after {number(whole, 2)} s; the median model on sale "
        f"in July 2026 takes {number(market)} s to the first.",
        ("inferencex-silicon-sample", "aa-models-feed-2026-07", "nielsen-response-times"),
        "latency means the first token, of a model that does not think first",
    )
