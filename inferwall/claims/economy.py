"""The claims of the second text on money: training, moats, routes, margins."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from math import log

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.lookup import (
    limit_s,
    list_price,
    number,
    percent,
    reported,
    row_of,
    spend_of,
    usd,
    volume_per_day,
)
from inferwall.cost import rents
from inferwall.data import table
from inferwall.routing import Cascade
from inferwall.training import computed_tokens
from inferwall.units import MTOK

FEED = "models on sale"


def _days_as_leader() -> float:
    """Return the median days for which a maker held the highest index of quality."""
    offers = table("price_quality").drop_duplicates(["provider", "model"])
    offers = offers.sort_values("release_date")
    best = offers[offers["intelligence_index"] >= offers["intelligence_index"].cummax()]
    taken = best[best["provider"] != best["provider"].shift()]["release_date"]
    days = [date.fromisoformat(day) for day in taken]
    return float(np.median([(after - before).days for before, after in pairwise(days)]))


def economy_01() -> Finding:
    """Training comes in runs, serving goes on."""
    research = spend_of("OpenAI", "2024", "R&D compute")
    runs = spend_of("OpenAI", "2024", "GPT-4.5 final run")
    share = (runs + spend_of("OpenAI", "2024", "other final runs")) / research
    run = row_of("training_runs", name="DeepSeek-V3")
    days = run["chip_hours"] / run["chip_count"] / 24
    return Finding(
        holds_if(somewhere=days < 365 / 2, everywhere=share > 0.5),
        share,
        "1",
        f"A final run is an episode, {number(days, 2)} days for DeepSeek-V3, but final runs took "
        f"only {percent(share)} of OpenAI's research compute in 2024, where over half would make "
        "all of training episodic.",
        ("deepseek-v3-paper", "epoch-openai-compute-2024"),
        "training means a model's final run, not the research around it",
    )


def economy_02() -> Finding:
    """A frontier run takes over USD 100 million of rented chips."""
    threshold = 1e8  # our bound for "spectacularly"
    run = row_of("training_runs", name="Llama 3.1 405B")
    rent = float(rents("H100 SXM", as_of="2024-07")["usd_per_accelerator_hour"].median())
    cost = rent * run["chip_hours"]
    later = spend_of("OpenAI", "2024", "GPT-4.5 final run")
    return Finding(
        holds(cost > threshold),
        cost,
        "USD",
        f"Llama 3.1 405B took {number(run['chip_hours'])} H100-hours, {usd(cost)} at "
        f"{usd(rent)}, the median on-demand rent until July 2024, over the {usd(threshold)} that "
        f"we ask for; the final run of GPT-4.5 is put at {usd(later)}.",
        ("llama-3.1-model-card", "epoch-hardware-prices", "epoch-openai-compute-2024"),
    )


def economy_03() -> Finding:
    """In many products a fast model beats a slow one that is slightly better."""
    limit = limit_s("keeps the attention")
    slow, median = (
        reported(FEED, f"time to first token, {q}") for q in ("90th percentile", "median")
    )
    reasoning = reported("OpenRouter", "share of tokens by reasoning models, at least")
    return Finding(
        holds_if(median < limit < slow, everywhere=reasoning < 0.5),
        slow,
        "s",
        f"The slowest tenth of the models on sale in July 2026 take {number(slow)} s or more to "
        f"begin, past the {number(limit)} s that hold a person's attention, where the median takes "
        f"{number(median)} s; yet models that think first, slow by design, write over "
        f"{percent(reasoning)} of OpenRouter's tokens.",
        ("aa-models-feed-2026-07", "nielsen-response-times", "openrouter-state-of-ai-2025"),
        f"a person waits and gives up within some {number(limit)} s, as in a conversation",
    )


def economy_05() -> Finding:
    """A lead in cost at equal quality protects a seller longer than the best benchmark does."""
    fall = row_of("elasticities", id="tokens-fixed-quality")
    reign = _days_as_leader()
    lead = [365.25 * log(2) / log(fall[end]) for end in ("high", "low")]
    needed = fall["high"] ** (reign / 365.25)
    open_share = reported("OpenRouter", "share of tokens that open models serve, at most")
    return Finding(
        holds_if(somewhere=lead[1] > reign, everywhere=needed <= 1.1),
        needed,
        "1",
        f"A benchmark's leader is passed after {number(reign, 2)} days in the median, a twofold "
        f"lead in cost gone after {number(lead[0], 2)} to {number(lead[1], 2)}, since prices fall "
        f"{number(fall['low'])} to {number(fall['high'])}-fold a year, so a lead of over "
        f"{number(needed)} times lasts longer; yet open models, the cheaper ones, served at most "
        f"{percent(open_share)} of OpenRouter's tokens.",
        (
            "token-tariff-timeline",
            "token-tariff-openrouter-2026-08-01",
            "gundlach-2026",
            "whoisnnamdi-fungible",
        ),
        f"the lead in cost is over {number(needed)} times and is renewed as prices fall",
    )


def economy_10() -> Finding:
    """Systems send a request to a dear model only where a cheap one does not do."""
    small, large = (
        (1500 * price["input_usd_per_mtok"] + 400 * price["output_usd_per_mtok"]) / MTOK
        for price in (list_price("openai", name) for name in ("gpt-5.4-nano", "gpt-5.4"))
    )
    share = Cascade(small, large, 0.5, 1.0).break_even_kept_share
    routed = volume_per_day("OpenRouter", "2026-06-05", "Auto Router tokens per day")
    routed /= volume_per_day("OpenRouter", "2026-06", "tokens per week")
    return Finding(
        holds_if(somewhere=share < 0.5, everywhere=routed > 0.5),
        share,
        "1",
        f"To ask GPT-5.4 nano first ({usd(small, 2)} a request) and GPT-5.4 ({usd(large, 2)}) only "
        f"where that fails pays once nano settles {percent(share)} of requests; but in June 2026 "
        f"OpenRouter's own router carried {percent(routed)} of its tokens.",
        ("models-dev", "litellm-2026-08-01", "800works-openrouter-2026-06"),
        f"the small model settles over {percent(share)} of requests well enough, and a cheap check "
        "can tell which",
    )


def economy_11() -> Finding:
    """Without the levers of software and sparsity a seller's margin is gone."""
    cost = spend_of("DeepSeek", "2025-02-28", "rent of the serving chips")
    room = spend_of("DeepSeek", "2025-02-28", "revenue at list price, theoretical") / cost
    model = transformer("DeepSeek-V3")
    sparse = model.parameters / model.active_parameters
    read = volume_per_day("DeepSeek V3/R1", "2025-02-28", "input tokens per day")
    written = volume_per_day("DeepSeek V3/R1", "2025-02-28", "output tokens per day")
    hits = spend_of("DeepSeek", "2025-02-28", "input tokens served from cache")
    cached = (read + written) / computed_tokens(read, written, hits)
    return Finding(
        holds(sparse * cached > room),
        sparse * cached / room,
        "1",
        f"DeepSeek's list revenue is {number(room)} times its rent, and sparse experts spare it a "
        f"factor of {number(sparse)} in arithmetic and its cache {number(cached)}, together "
        f"{number(sparse * cached, 2)}: without the two the margin would be gone "
        f"{number(sparse * cached / room, 2)} times over.",
        ("deepseek-inference-2025", "deepseek-day6-report", "deepseek-v3-paper"),
    )


def economy_12() -> Finding:
    """There is a model that was too dear to serve and was withdrawn."""
    dear = list_price("openai", "gpt-4.5-preview-2025-02-27")
    cheap = list_price("openai", "gpt-4o")
    ratio = dear["output_usd_per_mtok"] / cheap["output_usd_per_mtok"]
    last = date.fromisoformat(str(dear["note"]).split()[-1])
    days = (last - date.fromisoformat(dear["model_release_date"])).days
    return Finding(
        holds(ratio > 10 and days < 365),
        ratio,
        "1",
        f"GPT-4.5 sold at {number(ratio, 2)} times the output price of GPT-4o, over the 10 that we "
        f"ask of “too dear”, and left the API after {number(days)} days; that cost was the reason "
        "is inferred.",
        ("litellm-2025-07-05", "models-dev"),
    )


def economy_14() -> Finding:
    """Models are sold by firms that did not train them, without the firm that did."""
    prices = table("api_prices")
    sold = prices[prices["model"].str.contains("gpt-oss-120b", case=False)]["provider"]
    others = sorted(set(sold) - {"openai"})
    speed = table("host_speeds").query("model == 'gpt-oss-120b' and confidence == 'press'")
    fastest = speed.sort_values("output_tokens_per_s").iloc[-1]
    return Finding(
        holds(len(others) > 0 and fastest["host"].casefold() != "openai"),
        len(others),
        "sellers",
        f"One case is enough against automatic dominance: {number(len(others))} firms that did not "
        f"train gpt-oss-120b list a price for it, OpenAI, which did, lists none, and the fastest "
        f"host is {fastest['host']}.",
        ("models-dev", "litellm-2026-08-01", "artificial-analysis-gpt-oss-low"),
    )
