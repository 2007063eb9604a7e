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
SORA = ("sora-wsj-2026", "sora-appfigures-2026")
WITHIN = 0.1  # how far from a straight line still counts as linear: our choice


def _bundle(item: str) -> float:
    """Return a row of the one product line with published revenue and cost, USD."""
    return spend_of("OpenAI", "2025-08..2025-12", f"GPT-5 bundle {item}")


def _sora_cost_over_income() -> float:
    """Return the lowest report of Sora's cost over its best month, per day."""
    best = spend_of("OpenAI Sora", "2025-12", "consumer spend in month (peak)") / 31
    return spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown") / best


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
        f"The cost of training does not move, and one H200 with Llama 3.1 70B serves up to "
        f"{number(one, 2)} requests a second at one cost, so a fleet's cost lies within "
        f"{percent(WITHIN)} of a straight line only from {number(needed, 2)} a second on.",
        ("llama-3.1-model-card", "inferwall-validation"),
        f"the load is over some {number(needed, 2)} requests a second, ten replicas in this case; "
        "below that more requests share the same chips",
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
        f"much, which is growth in proportion, to the power {number(slope)}, where an exponential "
        "outgrows every power.",
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
        f"if the growth takes {number(years)} years and a token's cost falls {number(fall)}-fold a "
        f"year, the slowest published for the price of equal quality, {number(later)} is left.",
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
        "A thousand times the tokens served add nothing to what a model's own run has cost; but "
        f"from one model to the next the runs of the frontier grew {number(growth)}-fold a year "
        "from 2016 to 2024, where 1 would be standing still.",
        ("cottier-2024", "definition"),
        "one model after its release is meant, not a company that trains the next",
    )


def cost_05() -> Finding:
    """In the mean over its requests a product that lives takes more than serving costs."""
    living = _bundle("revenue") / _bundle("inference compute")
    loaded = _bundle("revenue") / _bundle("total cost")
    closed = 1 / _sora_cost_over_income()
    return Finding(
        holds(living > 1 > closed),
        living,
        "1",
        f"In the mean of all requests less than 1 leaves nothing for any other cost: GPT-5 took "
        f"{number(living)} times its cost of serving and went on, Sora {number(closed, 2)} times "
        f"and closed; 1 is not enough either, since GPT-5 took {number(loaded, 2)} times all its "
        "costs.",
        (*SORA, "epoch-gpt5-bundle", "definition"),
    )


def cost_06() -> Finding:
    """Where a request costs more than it brings, growth makes the loss larger."""
    serving = _bundle("inference compute") / _bundle("revenue")
    fixed = _bundle("total cost") - _bundle("inference compute")
    factor = fixed / (_bundle("revenue") - _bundle("inference compute"))
    video = _sora_cost_over_income()
    loss = [use * (video - 1) for use in (1, 2)]
    return Finding(
        holds(loss[1] > loss[0]),
        video,
        "1",
        f"The text speaks of each request, and at a cost of {number(video, 2)} dollars per dollar "
        "of revenue, as Sora's, twice the use is twice the loss; losses from fixed costs are "
        f"another matter: at {number(serving, 2)} GPT-5's would have ended with "
        f"{number(factor)} times the use.",
        (*SORA, "epoch-gpt5-bundle"),
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
    return Finding(
        holds(slopes["Llama 3.1 70B"] > threshold),
        slopes["Llama 3.1 70B"],
        "1",
        "From one to two million tokens the work of reading a prompt grows as its length to the "
        f"power {number(slopes['Llama 3.1 70B'])} for Llama 3.1 70B, "
        f"{number(slopes['DeepSeek-V3'])} for DeepSeek-V3 and {number(slopes['Gemma 3 27B'])} for "
        f"Gemma 3 27B with its windows, where 2 is quadratic and {number(threshold)} would do.",
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
        "A fleet that is resized with its load costs in proportion to it, but in the fleet that "
        f"stands only power moves with use, at most {percent(moving)} of an owned H200 hour, where "
        "half would do.",
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
        f"Of the {len(revenue)} revenues in our table {direct} are of training or licences; to "
        f"earn the {usd(run)} of its final run DeepSeek-V3 had to serve for at least "
        f"{number(run / earned, 2)} days at full list price.",
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
