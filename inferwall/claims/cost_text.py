"""The claims of the fourth text on growth: what scales with use, and how."""

from __future__ import annotations

from math import log

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.cases import OWNED_SOURCES, llama_on_h200, owned_h200
from inferwall.claims.lookup import number, percent, row_of, spend_of, usd
from inferwall.data import table
from inferwall.serving import Workload, serve
from inferwall.step import max_batch
from inferwall.training import lifetime_flop, serving_flop

MESSAGE = Workload(input_tokens=1500, output_tokens=400)  # our choice
WITHIN = 0.1  # how far from a straight line still counts as linear: our choice


def _bundle(item: str) -> float:
    """Return a row of the one product line with published revenue and cost, USD."""
    return spend_of("OpenAI", "2025-08..2025-12", f"GPT-5 bundle {item}")


def cost_01() -> Finding:
    """Training costs what it costs; the cost of serving grows in proportion to requests."""
    model, tokens = transformer("Llama 3.1 70B"), 15e12
    trained = [
        lifetime_flop(model.active_parameters, tokens, served)
        - serving_flop(model.active_parameters, served)
        for served in (0.0, 1e15)
    ]
    chip = llama_on_h200()
    most = serve(chip, MESSAGE, concurrency=max_batch(chip, MESSAGE.mean_context))
    one = most.tokens_per_s / MESSAGE.output_tokens  # requests a second of one full replica
    needed = one / WITHIN  # a whole number of replicas is then within a tenth of the line
    return Finding(
        holds_if(somewhere=np.isclose(*trained, rtol=1e-9), everywhere=needed < 1),
        needed,
        "requests/s",
        f"One H200 with Llama 3.1 70B serves up to {number(one, 2)} requests a second at a fixed "
        f"cost, so a fleet's cost is within {percent(WITHIN)} of a straight line from "
        f"{number(needed, 2)} a second on; the FLOP of training stay as they are.",
        ("llama-3.1-model-card", "inferwall-validation"),
        f"the load is over about {number(needed, 2)} requests a second, or ten replicas; below "
        "that more requests share the same chips",
    )


def cost_02() -> Finding:
    """The cost of serving grows faster than in proportion to users."""
    users = 1e8 / 1e4
    cost = users  # the text's own example, in the section of that heading
    slope = log(cost) / log(users)
    return Finding(
        holds(slope > 1),
        slope,
        "1",
        f"In the text's own example {number(users)} times the users cost {number(cost)} times as "
        f"much, a slope of {number(slope)} on logarithmic axes: proportional, where exponential "
        "growth needs a slope over 1 that rises with use.",
        ("definition",),
    )


def cost_03() -> Finding:
    """From 10,000 to 100 million users the bill for serving grows 10,000-fold."""
    asserted, years = 10_000, 3.0
    factor = 1e8 / 1e4
    fall = row_of("elasticities", id="tokens-fixed-quality")["low"]
    later = factor / fall**years
    return Finding(
        holds_if(factor == asserted, everywhere=later >= asserted),
        factor,
        "1",
        f"At the same use per user and cost per token the factor is {number(factor)}, as claimed; "
        f"at a price that falls {number(fall)}-fold a year, the slowest published for equal "
        f"quality, {number(years)} years of growth leave {number(later)}.",
        ("gundlach-2026", "definition"),
        "use per user and the cost of a token stay where they are",
    )


def cost_04() -> Finding:
    """What training cost does not change as users are added."""
    model = transformer("Llama 3.1 70B")
    few, many = (
        lifetime_flop(model.active_parameters, 15e12, served)
        - serving_flop(model.active_parameters, served)
        for served in (1e12, 1e15)
    )
    growth = spend_of("industry", "2016-2024", "growth of training cost")
    return Finding(
        holds_if(np.isclose(few, many, rtol=1e-9), everywhere=growth <= 1),
        growth,
        "1",
        "The cost of a model's own run is sunk: a thousand times the tokens served add nothing to "
        f"it; but the runs of the frontier grew {number(growth)}-fold a year from 2016 to 2024, "
        "where 1 would be standing still.",
        ("cottier-2024", "definition"),
        "one model after its release is meant, not a company that trains the next",
    )


def cost_05() -> Finding:
    """Over all requests revenue has to exceed the cost of serving."""
    serving = _bundle("revenue") / _bundle("inference compute")
    loaded = _bundle("revenue") / _bundle("total cost")
    return Finding(
        holds_if(somewhere=serving > 1 > loaded, everywhere=loaded > 1),
        loaded,
        "1",
        f"No margin survives a ratio under 1, but 1 does not suffice: the GPT-5 bundle took "
        f"{number(serving)} times its cost of serving and {number(loaded, 2)} times all its costs, "
        "and single requests may cost more than they bring.",
        ("epoch-gpt5-bundle", "definition"),
        "the mean over all requests is meant, and research and free users are paid out of the rest",
    )


def cost_06() -> Finding:
    """Where cost exceeds revenue, growth makes the loss larger."""
    serving = _bundle("inference compute") / _bundle("revenue")
    fixed = _bundle("total cost") - _bundle("inference compute")
    factor = fixed / (_bundle("revenue") - _bundle("inference compute"))
    video = spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown")
    video /= spend_of("OpenAI Sora", "2025-12", "consumer spend in month (peak)") / 31
    return Finding(
        holds_if(somewhere=video > 1, everywhere=serving > 1),
        factor,
        "1",
        f"At a cost of {number(video, 2)} dollars per dollar, as Sora's, every user adds to the "
        f"loss; the GPT-5 bundle lost money at {number(serving, 2)}, and growth by a factor of "
        f"{number(factor)} at the same fixed cost would have ended it.",
        ("sora-wsj-2026", "sora-appfigures-2026", "epoch-gpt5-bundle"),
        "it is the cost of a request that exceeds what it brings, not fixed costs that do",
    )


def cost_07() -> Finding:
    """At a million tokens of context reading a prompt costs nearly as the square of its length."""
    tokens, threshold = 1e6, 1.5
    names = ("Llama 3.1 70B", "DeepSeek-V3", "Gemma 3 27B")
    slopes = {
        name: log(
            transformer(name).prefill_flop(2 * tokens) / transformer(name).prefill_flop(tokens), 2
        )
        for name in names
    }
    model = transformer("Llama 3.1 70B")
    lengths = np.logspace(3, 7, 4001)
    even = lengths[np.argmax(model.prefill_flop(lengths) > 2 * model.prefill_linear_flop(lengths))]
    return Finding(
        holds(slopes["Llama 3.1 70B"] > threshold),
        slopes["Llama 3.1 70B"],
        "1",
        "From one to two million tokens the prefill of Llama 3.1 70B grows with the power "
        f"{number(slopes['Llama 3.1 70B'])}, of DeepSeek-V3 {number(slopes['DeepSeek-V3'])} and, "
        f"with windows, of Gemma 3 27B {number(slopes['Gemma 3 27B'])}, over {number(threshold)} "
        f"in each; attention passes the weights at {number(even, 2)} tokens for the first.",
        ("llama-3.1-model-card", "deepseek-v3-paper", "transformers-5-23"),
    )


def cost_14() -> Finding:
    """In the long run all costs of serving grow in proportion to use."""
    hour = owned_h200()
    moving = hour.parts_usd["power"] / hour.total_usd_per_hour
    fleets = np.array([100.0, 1000.0]) * hour.total_usd_per_hour  # resized with the load
    slope = log(fleets[1] / fleets[0]) / log(10)
    return Finding(
        holds_if(somewhere=np.isclose(slope, 1), everywhere=moving > 0.5),
        moving,
        "1",
        "A fleet resized with its load costs in proportion to it, but within the fleet that there "
        f"is only power moves with use, at most {percent(moving)} of an owned H200 hour, under "
        "half.",
        OWNED_SOURCES,
        "the long run is meant, in which chips, buildings and staff follow the load",
    )


def cost_18() -> Finding:
    """Training brings no revenue by itself; serving has to earn it back."""
    revenue = table("spend").query("kind == 'revenue'")
    direct = revenue["item"].str.contains("train|licen", case=False).sum()
    run = row_of("training_runs", name="DeepSeek-V3")["cost_rented_usd"]
    earned = spend_of("DeepSeek", "2025-02-28", "revenue at list price, theoretical")
    earned -= spend_of("DeepSeek", "2025-02-28", "rent of the serving chips")
    return Finding(
        holds(direct == 0),
        run / earned,
        "days",
        f"Of {len(revenue)} published revenues {direct} come from training; DeepSeek-V3's "
        f"{usd(run)} of rented chips took at least {number(run / earned, 2)} days of serving at "
        "full list price to earn; a licence sold would be the exception.",
        ("deepseek-v3-paper", "deepseek-inference-2025"),
    )


def cost_19() -> Finding:
    """The references that the text lists support it."""
    return Finding(
        "cannot be tested",
        0.0,
        "references",
        "The list gives publishers' names without a title, an address or a page, so 0 of its "
        "references can be opened and held against the text.",
        ("definition",),
    )
