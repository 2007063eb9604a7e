"""The claims of the third text on serving: speed, reasoning, load and the size of the model."""

from __future__ import annotations

import math

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_training import months_between
from inferwall.claims.lookup import number, percent, reported, row_of
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.serving import Workload, fullest, serve
from inferwall.step import Deployment, max_batch

LLAMA = "Llama 3.1 70B"


def bottleneck_13() -> Finding:
    """Consumer products of AI have to answer within 200 ms."""
    asserted = row_of("latency_limits", limit="gap between turns of a conversation")["value"] / 1e3
    within = reported("models on sale", "share with a first token within 0.2 s")
    users = row_of("token_volumes", organisation="OpenAI ChatGPT", observed_date="2026-02-27")
    runs = table("measured_serving").query("metric == 'mean_ttft' and isl == '1024'")
    able = float((runs["value"] / 1e3 <= asserted).mean())
    return Finding(
        holds(within >= 0.5),
        within,
        "1",
        f"Of the models on sale in July 2026 {percent(within)} gave a first token within 200 ms, "
        "in a feed that counts thinking as waiting, and the median one took "
        f"{number(reported('models on sale', 'time to first token, median'))} s, yet ChatGPT had "
        f"{number(users['value'])} weekly users; servers could be as fast, {percent(able)} of "
        "measured runs were, but only talk, with its turns 200 ms apart, asks for it.",
        (
            "aa-models-feed-2026-07",
            "findarticles-chatgpt-900m",
            "inferencex-silicon-sample",
            "levinson-torreira-2015",
        ),
    )


def bottleneck_14() -> Finding:
    """Reasoning models take 10 to 50 times the compute of a query."""
    low, high, prompt = 10, 50, 500
    energy = reported("reasoning answer", "energy over that of a chat answer")
    written = [reported(f"{kind} answer", "tokens written") for kind in ("chat", "reasoning")]
    chip = Deployment(
        transformer(LLAMA),
        accelerator("H200 SXM"),
        1,
        "fp8",
        "fp8",
        efficiency=named_efficiency("serving"),
    )
    work, speed = Workload(prompt, np.array(written)), 25
    most = fullest(chip, work, 1 / speed), max_batch(chip, work.mean_context)
    equal, full = (written / serve(chip, work, load).tokens_per_s for load in most)
    return Finding(
        holds(low <= energy <= high),
        energy,
        "1",
        f"Reasoning answers were measured to have {number(written[1] / written[0], 2)} times the "
        f"tokens of chat answers and to take {number(energy)} times the energy, inside {low} to "
        f"{high}; by our model an H200 that gives each user {speed} tokens a second spends "
        f"{number(equal[1] / equal[0], 2)} times the chip-seconds on them, prompts included, and "
        f"one whose memory is full {number(full[1] / full[0], 2)} times.",
        ("ml-energy-leaderboard-v3", "inferwall-validation"),
    )


def bottleneck_15() -> Finding:
    """Load moves, so that spare capacity costs money and missing capacity loses users."""
    mean, peak = (
        reported("DeepSeek's fleet", f"nodes in use, {what}") for what in ("mean", "peak")
    )
    spare = peak / mean - 1
    lost = spare / math.pi  # of a wave's requests, where capacity is the mean
    few = 2.33 / math.sqrt(10)  # requests that arrive by chance: 99th percentile over the mean
    matters = 0.05  # of the cost or of the requests: our bound
    return Finding(
        holds(min(spare, lost) > matters),
        spare,
        "1",
        f"DeepSeek ran {percent(spare)} more machines at its peak than on average: capacity for "
        "the peak costs so much more and capacity for the mean turns away "
        f"{percent(lost)} of a wave's requests, both over the {percent(matters, 1)} that we ask "
        f"for; at 10 requests in flight chance alone adds {percent(few)}.",
        ("deepseek-day6-overview",),
    )


def bottleneck_16() -> Finding:
    """A smaller model saves cost by giving up capability."""
    rows = table("price_quality")
    rows = rows.assign(usd=(3 * rows["input_usd_per_mtok"] + rows["output_usd_per_mtok"]) / 4)
    rows["month"] = rows["release_date"].str[:7].map(lambda month: months_between("2023-01", month))
    now, launch = (rows[rows["price_kind"] == kind] for kind in ("current", "launch"))
    pairs = now.merge(now, on="provider", suffixes=("", "_dear")).query(
        "usd < usd_dear and abs(month - month_dear) <= 1"
    )
    weaker = float((pairs["intelligence_index"] < pairs["intelligence_index_dear"]).mean())
    later = launch.merge(launch, how="cross", suffixes=("", "_old")).query(
        "usd <= usd_old / 5 and month > month_old and intelligence_index >= intelligence_index_old"
    )
    lag = float((later["month"] - later["month_old"]).groupby(later["model_old"]).min().median())
    return Finding(
        holds_if(weaker > 0.5, everywhere=later.empty),
        lag,
        "months",
        f"Of {len(pairs)} pairs of models that one seller launched at nearly one time the cheaper "
        f"was the weaker in {percent(weaker)}; but {later['model_old'].nunique()} models were "
        f"matched at a fifth of their launch price or less, after {number(lag, 2)} months in the "
        "median.",
        ("token-tariff-timeline", "token-tariff-openrouter-2026-08-01"),
        "models of one date are compared",
    )
