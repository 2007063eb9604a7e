"""The claims of the third text on products: margins as they grow, and what keeps them up."""

from __future__ import annotations

import math

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_training import MESSAGE
from inferwall.claims.lookup import (
    list_price,
    number,
    percent,
    reported,
    row_of,
    spend_of,
    usd,
    volume_per_day,
)
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.plans import Plan, Usage
from inferwall.product import cost_exponent
from inferwall.serving import Workload
from inferwall.speculation import (
    acceptance_of,
    break_even_batch,
    one_layer_draft,
    speculation_speedup,
)
from inferwall.step import Deployment
from inferwall.token_costs import list_price_usd_per_request

MONTH_DAYS = 30


def repeated_share(requests: float, exponent: float = 1.0, topics: int = 1_000_000) -> float:
    """Return the share of requests whose topic has come before, if popularity falls with rank.

    >>> round(repeated_share(1e4), 3)
    0.465
    """
    popularity = 1 / np.arange(1, topics + 1) ** exponent
    popularity /= popularity.sum()
    distinct = -np.expm1(requests * np.log1p(-popularity)).sum()
    return float(1 - distinct / requests)


def message_usd(provider: str, model: str, tokens_in: float, tokens_out: float) -> float:
    """Return the list price of a message."""
    price = list_price(provider, model)
    return float(
        list_price_usd_per_request(
            Workload(tokens_in, tokens_out),
            price["input_usd_per_mtok"],
            price["output_usd_per_mtok"],
        )
    )


def bottleneck_22() -> Finding:
    """A margin of 70 % at USD 500,000 of revenue is 15 % at USD 5 million."""
    before, after, growth = 0.70, 0.15, 10
    exponent = cost_exponent(before, after, growth)
    linear, heavier = 1 - (1 - before) * growth / growth, (1 - after) / (1 - before)
    return Finding(
        holds_if(exponent > 1, everywhere=linear <= after),
        exponent,
        "1",
        f"Cost in proportion to revenue leaves the margin at {percent(linear)}; for "
        f"{percent(after)} it has to grow {number(growth * heavier)} times while revenue grows "
        f"{growth} times, as revenue to the power {number(exponent)}.",
        ("definition",),
        f"serving per dollar of revenue becomes {number(heavier)} times as dear, by heavier users "
        "of a flat plan, a larger model or a longer context",
    )


def bottleneck_23() -> Finding:
    """A margin of 80 % at USD 1 million of revenue falls to 20 %."""
    before, after, first = 0.80, 0.20, 1e6
    heavier = (1 - after) / (1 - before)
    same_curve = math.exp(math.log(heavier) / (cost_exponent(0.70, 0.15, 10) - 1))
    return Finding(
        holds_if(heavier > 1, everywhere=False),
        heavier,
        "1",
        f"For that serving has to cost {number(heavier)} times as much per dollar of revenue; on "
        f"the curve of the text's other example it does so at a revenue of "
        f"{usd(first * same_curve, 2)}, and at a cost in proportion to revenue never.",
        ("definition",),
        f"serving per dollar of revenue becomes {number(heavier)} times as dear",
    )


def bottleneck_24() -> Finding:
    """A flat subscription with unlimited use makes losses as it grows."""
    fee, price, spread = 20.0, list_price("openai", "gpt-5.4"), 1.5  # fee and spread assumed
    messages = (
        MONTH_DAYS
        * volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
        / row_of("token_volumes", organisation="OpenAI ChatGPT", observed_date="2025-08-04")[
            "value"
        ]
    )
    cost = list_price_usd_per_request(
        MESSAGE, price["input_usd_per_mtok"], price["output_usd_per_mtok"]
    )
    pays = fee / cost
    losing = float(Plan(fee).losing_share(Usage(messages, spread), cost))
    heaviest = row_of("token_volumes", metric="largest single user")["value"] / (
        MESSAGE.input_tokens + MESSAGE.output_tokens
    )
    return Finding(
        holds_if(heaviest > pays, everywhere=messages > pays),
        pays / messages,
        "1",
        f"At the list price of GPT-5.4 a monthly fee of USD {number(fee)} pays for {number(pays)} "
        f"messages of 2,000 tokens, {number(pays / messages, 2)} times the {number(messages)} that "
        f"ChatGPT's average user sends; {percent(losing)} send more if users typically differ by a "
        f"factor of {number(math.exp(spread), 2)}, however many subscribe.",
        ("emp0-chatgpt-prompts", "techtoken-chatgpt-2025", "imperial-times-top-user", "models-dev"),
        f"mean use grows {number(pays / messages, 2)}-fold, as when agents or only heavy users "
        "subscribe; scale alone does not do it",
    )


def bottleneck_25() -> Finding:
    """A semantic cache saves the cost of requests that repeat."""
    low, high = (
        row_of("reported_figures", subject="semantic cache")[end] for end in ("low", "high")
    )
    hits = repeated_share(1e4)
    prefix = spend_of("DeepSeek", "2025-02-28", "input tokens served from cache")
    return Finding(
        holds(min(low, hits, prefix) > 0),
        hits,
        "1",
        f"The saving is the share of requests that hit, {percent(low)} to {percent(high)} in a "
        f"published test that was chosen to repeat, {percent(hits)} of 10,000 requests if the "
        f"popularity of a million topics falls as one over their rank; {percent(prefix)} of "
        "DeepSeek's input hit a cache of prefixes.",
        ("gpt-semantic-cache-2024", "deepseek-inference-2025"),
    )


def bottleneck_26() -> Finding:
    """Speculative decoding cuts latency at little cost."""
    server = Deployment(
        transformer("Llama 3.1 70B"),
        accelerator("H100 SXM"),
        4,
        "fp8",
        "fp8",
        efficiency=named_efficiency("serving"),
    )
    draft, context, guesses = one_layer_draft(server), 2250, 3
    row = row_of("reported_figures", subject="Llama 3.3 70B, draft")
    good, weak = (acceptance_of(row[end], 7) for end in ("high", "low"))
    alone = float(speculation_speedup(server, 1, context, guesses, good, draft))
    limit = break_even_batch(server, context, guesses, weak, draft)
    seen = [reported("gpt-oss-120b, speculation", f"speed-up at batch {n}") for n in (1, 8, 64)]
    lone, crowd = (reported("Llama 3.1 8B, speculation", f"speed-up at batch {n}") for n in (1, 64))
    # By how much the model overstates the gain at 64, given the one at 1.
    small = Deployment(
        transformer("Llama 3.1 8B"), accelerator("H100 SXM"), efficiency=server.efficiency
    )
    own = one_layer_draft(small)
    tokens = lone / speculation_speedup(small, 1, 500, guesses, 0.0, own)
    over = speculation_speedup(small, 64, 500, guesses, acceptance_of(tokens, guesses), own) / crowd
    sure = break_even_batch(server, context, guesses, weak, draft, least_gain=over)
    seen += [lone, crowd]
    return Finding(
        holds_if(alone > 1, everywhere=math.isinf(limit)),
        limit,
        "sequences",
        f"Measured gains are {number(min(seen))} to {number(max(seen))} times at up to 64 "
        f"sequences; by our model Llama 3.1 70B on four H100 writes {number(alone, 2)} times as "
        "fast for one reader, and with three guesses of a weak draft gains nothing beyond "
        f"{number(limit, 2)} sequences, or beyond {number(sure, 2)} if it errs as in the one case "
        "that was published.",
        (
            "nebius-eagle3-llama-70b",
            "specdrift-gpt-oss-120b",
            "sglang-speculative-docs",
            "eagle-3-2025",
        ),
        f"fewer than some {number(sure, 2)} to {number(limit, 2)} sequences run together, or the "
        "draft is a good one"
        if math.isfinite(limit)
        else "",
    )


def bottleneck_27() -> Finding:
    """Founders know what fine-tuning costs, and not what a million daily users cost."""
    users, queries = 1e6, 10  # queries of a user a day: our assumption
    models = (("openai", "gpt-5-nano"), ("openai", "gpt-5.4"), ("anthropic", "claude-opus-5"))
    day = [users * queries * message_usd(*model, 1500, 400) for model in models]
    return Finding(
        "cannot be tested",
        max(day) / min(day),
        "1",
        f"A million users who ask {queries} times a day cost {usd(min(day))} to {usd(max(day))} a "
        f"day by list price, a factor of {number(max(day) / min(day), 2)} that the choice of model "
        "decides; missing is a survey of what founders know.",
        (
            "models-dev",
            "openai-introducing-gpt-5-for-developers-2025-08-10",
            "anthropic-claude-opus-5",
        ),
    )


def bottleneck_29() -> Finding:
    """Cost grows with use, and what users pay often does not."""
    tokens = np.array([1.0, 2.0])
    flat, metered = Plan(fee_usd=20.0), Plan(usd_per_request=0.01)
    bills = {
        name: float(np.divide(*plan.bill_usd(tokens)[::-1]))
        for name, plan in (("flat", flat), ("metered", metered))
    }
    cost = 2.0  # twice the requests keep twice the chips busy
    return Finding(
        holds_if(min(bills.values()) < cost, everywhere=max(bills.values()) < cost),
        cost / bills["flat"],
        "1",
        f"A user who asks twice as much costs {number(cost)} times as much and pays as "
        f"before under a flat fee, {number(bills['metered'])} times as much at a price per token; "
        "how much of the revenue is flat nobody states.",
        ("definition",),
        "the plan is a flat fee; a price per token grows with use",
    )


def bottleneck_31() -> Finding:
    """The larger a company that serves models, the worse its cost structure."""
    row = row_of("reported_figures", subject="AI software firms", quantity="inference over revenue")
    margins = [
        spend_of("AI software firms", year, "average gross margin of AI products")
        for year in ("2024", "2025", "2026 plan")
    ]
    heavier = row["high"] / row["low"]
    return Finding(
        holds_if(heavier > 1, everywhere=margins[-1] < margins[0]),
        heavier,
        "1",
        f"Some 300 firms report that inference takes {percent(row['low'])} of revenue before they "
        f"scale and {percent(row['high'])} while they do, {number(heavier)} times as much, yet "
        f"gross margins of {percent(margins[0])} in 2024 and {percent(margins[-1])} planned for "
        "2026; fixed and linear costs alone let a margin only rise.",
        ("iconiq-margins-2026",),
        "use per dollar of revenue grows faster than the cost of a token falls",
    )
