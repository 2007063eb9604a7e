"""The claims of the fourth text on search, chips, speed and who can take part."""

from __future__ import annotations

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.cases import llama_on_h200, lowest_rent_usd_per_hour
from inferwall.claims.lookup import (
    limit_s,
    list_price,
    number,
    percent,
    reported,
    row_of,
    usd,
    volume_per_day,
)
from inferwall.cost import rents
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.step import Deployment, decode_step, fewest_chips, max_batch
from inferwall.training import mfu, training_cost_usd, training_flop
from inferwall.units import DAY, HOUR, MTOK

SEARCH_USD, QUERY_USD = 0.002, 0.03  # what the text asserts of a search and of a GPT-3 query


def _gpt_3_usd(batch: float) -> float:
    """Return the rent of 500 tokens of GPT-3 at a batch, on eight A100 of 2022."""
    chip, model = accelerator("A100 SXM 80GB"), transformer("GPT-3 175B")
    server = Deployment(model, chip, 8, "bf16", "bf16", efficiency=named_efficiency("serving"))
    rent = rents("A100 SXM 80GB", as_of="2022")["usd_per_accelerator_hour"].median()
    if batch == np.inf:
        batch = max_batch(server, 500)
    return float(8 * rent / HOUR * 500 * decode_step(server, batch, 250).total_s / batch)


def cost_08() -> Finding:
    """Google answers searches at the order of 100,000 a second."""
    asserted = 1e5
    rate = volume_per_day("Google Search", "2025-03", "searches per year") / DAY
    older = reported("Google Search", "searches a day, an older figure") / DAY
    return Finding(
        holds(0.5 < rate / asserted < 2),
        rate,
        "queries/s",
        f"Five trillion searches a year, as of March 2025, are {number(rate)} a second, "
        f"{number(rate / asserted, 2)} times the claim and within a factor of 2; an older figure "
        f"gives {number(older)}.",
        ("diw-google-searches-2025", "factotd-google-2026"),
    )


def _search_brings_usd() -> float:
    """Return Google's search revenue of 2025 over its searches of a year."""
    searches = 365 * volume_per_day("Google Search", "2025-03", "searches per year")
    return reported("Google Search", "revenue of Google Search and other") / searches


def cost_09() -> Finding:
    """A search that costs over USD 0.002 takes over a tenth of what it brings."""
    share = 0.1  # our threshold for what a search can spare
    brings = _search_brings_usd()
    return Finding(
        holds(share * brings <= SEARCH_USD),
        brings,
        "USD/query",
        f"Google's search revenue of 2025 over five trillion searches is {usd(brings, 2)} each, "
        f"and {usd(SEARCH_USD)} is {percent(SEARCH_USD / brings)} of it, under the "
        f"{percent(share)} that we think a search can spare: it is a limit only if all else takes "
        f"{percent(1 - SEARCH_USD / brings)}, and it stands unsourced in a chip vendor's table.",
        ("alphabet-10k-2025", "diw-google-searches-2025", "eetimes-vsora-2023"),
    )


def cost_10() -> Finding:
    """A query to GPT-3 cost about 3 cents of chips when it was new."""
    batches = np.arange(1.0, 65.0)
    costs = np.array([_gpt_3_usd(batch) for batch in batches])
    near = batches[(costs >= QUERY_USD / 2) & (costs <= 2 * QUERY_USD)]
    full = _gpt_3_usd(np.inf)
    price = list_price("openai", "davinci (GPT-3 175B)")["output_usd_per_mtok"] * 500 / MTOK
    return Finding(
        holds_if(somewhere=len(near) > 0, everywhere=full > QUERY_USD / 2),
        price,
        "USD/query",
        f"500 tokens at the list price of 2021 are {usd(price)}, but a price is no cost: by our "
        f"model the rent of eight A100 comes to {usd(costs[0], 2)} for a lone query and "
        f"{usd(full, 1)} in a full batch, within a factor of 2 of the claim where "
        f"{number(near.min())} to {number(near.max())} queries share a step.",
        ("dataku-gpt3-price-2021", "gpt-3-paper", "epoch-hardware-prices"),
        f"some {number(near.min())} to {number(near.max())} queries share a step, or a price is "
        "meant",
    )


def cost_11() -> Finding:
    """A query to GPT-3 cost over ten times a search."""
    ratio, full = QUERY_USD / SEARCH_USD, _gpt_3_usd(np.inf) / SEARCH_USD
    return Finding(
        holds_if(ratio > 10, everywhere=full > 10),
        ratio,
        "1",
        f"{usd(QUERY_USD)}, a list price, over {usd(SEARCH_USD)} for a search is {number(ratio)}, "
        f"over 10; by our model the chips of a GPT-3 query in a full batch cost "
        f"{number(full, 2)} times that search.",
        ("dataku-gpt3-price-2021", "gpt-3-paper", "epoch-hardware-prices"),
        f"the query is billed at list price and a search costs under {usd(QUERY_USD / 10)}",
    )


def cost_12() -> Finding:
    """The cost of an answer is what keeps large language models from replacing search."""
    offers = table("price_quality").query("price_kind == 'current'")
    gpt_4 = float(row_of("price_quality", model="gpt-4")["intelligence_index"])
    answer = (500 * offers["input_usd_per_mtok"] + 300 * offers["output_usd_per_mtok"]) / MTOK
    good = offers["intelligence_index"] >= gpt_4
    cheap = int((good & (answer < SEARCH_USD)).sum())
    best = offers.loc[offers["intelligence_index"].idxmax()]
    dear, brings = float(answer[best.name]), _search_brings_usd()
    users = reported("Google Search", "monthly users of AI Overviews")
    return Finding(
        holds(cheap == 0 or dear > brings),
        dear,
        "USD/query",
        f"Of {int(good.sum())} models on sale in August 2026 that are as good as GPT-4 was, "
        f"{cheap} answer 500 tokens with 300 for under {usd(SEARCH_USD)}, and the best, "
        f"{best['model']}, for {usd(dear, 2)} if it does not think first, where a search brings "
        f"{usd(brings, 2)}; Google itself answers {number(users)} users a month by model.",
        (
            "token-tariff-openrouter-2026-08-01",
            "alphabet-10k-2025",
            "diw-google-searches-2025",
            "google-io-2026-report",
        ),
    )


def cost_13() -> Finding:
    """The GPUs on sale spend decode on waiting for memory."""
    chip = accelerator("H200 SXM")
    even = chip.ridge_point("fp8") / 2  # sequences at which weights in FP8 read as long as multiply
    step = decode_step(llama_on_h200(), 1, 4096)
    idle = 1 - step.arithmetic_s / step.total_s
    most = max_batch(llama_on_h200(), 1000)
    full = decode_step(llama_on_h200(), most, 1000)
    multiplying = full.arithmetic_s / full.total_s
    return Finding(
        holds_if(somewhere=idle > 0.5, everywhere=multiplying < 0.1),
        even,
        "sequences",
        "When an H200 writes with Llama 3.1 70B for one user its multipliers stand idle for "
        f"{percent(idle)} of the time, but with {number(most)} conversations of 1,000 tokens they "
        f"work for {percent(multiplying)}; at {number(even)} sequences the weights take as long to "
        "read as to multiply.",
        ("epoch-ml-hardware", "llama-3.1-model-card", "inferwall-validation"),
        f"the chip writes, for far fewer than {number(even)} sequences at once or with long "
        "contexts",
    )


def cost_15() -> Finding:
    """An answer has to begin within hundreds of milliseconds, and go on in as many."""
    turn, flow = (
        limit_s("gap between turns of a conversation"),
        limit_s("keeps the flow of thought"),
    )
    word = 60 / row_of("latency_limits", limit="silent reading, English non-fiction")["value"]
    median = reported("models on sale", "time to first token, median")
    return Finding(
        holds_if(somewhere=max(turn, word) < 1, everywhere=median < flow),
        median,
        "s",
        f"Talk leaves {number(1e3 * turn)} ms between turns and a reader takes "
        f"{number(1e3 * word)} ms for a word, but the median model on sale in July 2026 begins to "
        f"answer after {number(1e3 * median)} ms, past the {number(1e3 * flow)} ms that keep the "
        "flow of thought, and is used.",
        ("levinson-torreira-2015", "brysbaert-reading-2019", "aa-models-feed-2026-07"),
        "talk, completion while typing or the gap between words is meant, not the start or the end "
        "of a chat answer",
    )


def cost_16() -> Finding:
    """Training a model of a trillion parameters is beyond all but a few firms."""
    threshold, size = 1e8, 1e12
    peak = accelerator("H100 SXM").bf16_flop_per_s
    rent = lowest_rent_usd_per_hour("H100 SXM")
    costs = []
    for name, active, tokens in (
        ("Llama 3.1 405B", size, 20 * size),
        ("DeepSeek-V3", *_shape("Kimi K2")),
    ):
        run = row_of("training_runs", name=name)
        flop = training_flop(run["active_parameters"], run["tokens"])
        reached = mfu(flop, run["chip_hours"], peak)
        costs.append(training_cost_usd(training_flop(active, tokens), peak, reached, rent))
    makers = reported("developers", "with a model of over 1e25 FLOP")
    return Finding(
        holds_if(somewhere=costs[0] > threshold, everywhere=costs[1] > threshold),
        costs[1],
        "USD",
        f"At the rents of October 2026 a dense model of a trillion parameters, with 20 tokens for "
        f"each, takes {usd(costs[0], 2)} of H100, over the {usd(threshold)} that we ask for, but a "
        f"sparse one like Kimi K2 {usd(costs[1], 2)}; by January 2025 {number(makers)} developers "
        "had passed 1e25 FLOP.",
        ("kimi-k2-readme", "deepseek-v3-paper", "llama-3-paper", "epoch-models-over-1e25"),
        "the model is dense, or the cost of research and staff is counted in",
    )


def _shape(name: str) -> tuple[float, float]:
    """Return active parameters and training tokens of a run."""
    run = row_of("training_runs", name=name)
    return run["active_parameters"], run["tokens"]


def cost_17() -> Finding:
    """A firm can rent what an open model runs on for the price of one employee or less."""
    threshold = 50_000  # USD a month, our bound for a low barrier
    model, chip = transformer("DeepSeek-V3"), accelerator("H200 SXM")
    chips = 8 * np.ceil(fewest_chips(Deployment(model, chip, 1, "fp8", "fp8")) / 8)
    month = chips * lowest_rent_usd_per_hour("H200 SXM") * 730
    small = lowest_rent_usd_per_hour("H100 SXM") * 730
    start, end = (
        reported("OpenRouter", f"sellers of inference at the {when} of the year")
        for when in ("start", "end")
    )
    return Finding(
        holds(month < threshold and end > start),
        month,
        "USD/month",
        f"A server of eight H200 that holds DeepSeek-V3 rents for {usd(month, 2)} a month, an H100 "
        f"that holds Llama 3.1 8B for {usd(small, 2)}, under the {usd(threshold)} that we call a "
        f"low barrier; sellers on OpenRouter went from {number(start)} to {number(end)} in 2025.",
        ("gpu-price-index-2026", "deepseek-v3-paper", "demirer-2026-summary"),
    )
