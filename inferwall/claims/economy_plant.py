"""The claims of the second text on what serving stands on: power, load, memory, distance."""

from __future__ import annotations

from datetime import date

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.cases import OWNED_SOURCES, llama_on_h200, owned_h200
from inferwall.claims.lookup import limit_s, number, percent, reported, row_of
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.points import RANDOM_LENGTH_SHARE
from inferwall.serving import Workload, serve
from inferwall.step import Deployment, decode_step, max_batch
from inferwall.units import HOURS_PER_YEAR

FEED = "models on sale"


def economy_04() -> Finding:
    """Power and access to the grid bind those who serve, and so what software is worth writing."""
    now = reported("world", "electricity of data centres")
    then = reported("world", "electricity of data centres in 2030, base case")
    more_w = (then - now) * 1e12 / HOURS_PER_YEAR
    wait = float(row_of("dc_costs", quantity="time from entry to operation")["value"])
    chips = [accelerator(name).release_date for name in ("H100 SXM", "B200")]
    first, second = (date.fromisoformat(f"{day}-01"[:10]) for day in chips)
    months = (second - first).days / 365.25 * 12
    hour = owned_h200()
    share = hour.parts_usd["power"] / hour.total_usd_per_hour
    return Finding(
        holds(wait > months and then > 1.5 * now),
        more_w / 1e9,
        "GW",
        f"Data centres need {number(more_w / 1e9, 2)} GW more by 2030 in the IEA's base case, and "
        f"an American power plant waits {number(wait)} months for the grid, over the "
        f"{number(months, 2)} of a chip generation; power is only {percent(share)} of an owned "
        "H200 hour, so access binds, not price.",
        ("iea-energy-ai-2030-report", "iea-energy-ai-2024-report", "lbnl-queues-2025-overview"),
    )


def economy_06() -> Finding:
    """Idle capacity is dear: at a fifth of the load a token costs several times as much."""
    hour = owned_h200()  # the kindest case: idle chips draw nothing
    factor = hour.usd_per_used_hour(0.2) / hour.usd_per_used_hour(1.0)
    peak = reported("DeepSeek's fleet", "nodes in use, peak")
    peak /= reported("DeepSeek's fleet", "nodes in use, mean")
    return Finding(
        holds(factor > 2),
        factor,
        "1",
        f"An owned H200 that works a fifth of the time costs {number(factor, 2)} times as much for "
        "each hour of use, even if it draws no power while idle, over the 2 that we ask of "
        f"“brutal”; DeepSeek's fleet, well filled, still ran {number(peak)} times its mean "
        "machines at the peak.",
        (*OWNED_SOURCES, "deepseek-day6-overview"),
    )


def economy_07() -> Finding:
    """A larger batch writes more tokens a second for the same rent, and each user waits longer."""
    rows = table("closed_loop")
    rows = rows[
        (rows["chips"] == 1) & (rows["input_tokens"] == 1024) & (rows["output_tokens"] == 1024)
    ]
    rows = rows.sort_values("concurrency")
    tpot, load = rows["mean_tpot_s"].to_numpy(), rows["concurrency"].to_numpy(dtype=float)
    answer = RANDOM_LENGTH_SHARE * 1024
    rate = load * answer / (rows["mean_ttft_s"].to_numpy() + (answer - 1) * tpot)
    return Finding(
        holds(bool((np.diff(rate) > 0).all() and (np.diff(tpot) > 0).all())),
        rate[-1] / rate[0],
        "1",
        f"Measured on an H200 from {number(load[0])} to {number(load[-1])} requests at once, "
        f"tokens per second rise at every step, {number(rate[-1] / rate[0], 2)}-fold in all, so at "
        "one rent each costs as much less, and the time that a user waits for a token rises "
        f"{number(tpot[-1] / tpot[0], 2)}-fold.",
        ("inferencex-silicon-sample",),
    )


def economy_08() -> Finding:
    """Serving a large model spends much of its time on moving bytes, not on arithmetic alone."""
    serving = named_efficiency("serving")
    chip, model = accelerator("H200 SXM"), transformer("Llama 3.1 405B")
    large = Deployment(model, chip, 8, "fp8", "fp8", efficiency=serving)
    most, context = max_batch(large, 8192), 8192
    shares, works = [], []
    for batch in (1, most):
        step = decode_step(large, batch, context)
        shares.append((step.weights_s + step.kv_s) / step.total_s)
        works.append(step.arithmetic_s / step.total_s)
    return Finding(
        holds(min(shares) > 0.25),
        min(shares),
        "1",
        "Writing with Llama 3.1 405B on eight H200 spends "
        f"{percent(shares[0])} of a step on reading memory for one user and {percent(shares[1])} "
        f"for the {number(most)} that fit at 8,192 tokens, over the quarter that we ask for, where "
        f"arithmetic takes {percent(works[0], 1)} and {percent(works[1])}; reading a prompt is "
        "limited by arithmetic.",
        ("llama-3.1-model-card", "epoch-ml-hardware", "inferwall-validation"),
    )


def economy_09() -> Finding:
    """The distance to the user adds enough delay to matter."""
    trips = table("round_trips")
    worst = trips[trips["path"] == "between regions"].sort_values("round_trip_s").iloc[-1]
    turn = limit_s("gap between turns of a conversation")
    service = serve(llama_on_h200(), Workload(1500, reported("chat answer", "tokens written")), 32)
    first = reported(FEED, "time to first token, median")
    answer = first + service.tpot_s * service.workload.output_tokens
    added = [worst["round_trip_s"] / wait for wait in (first, answer)]
    matters = 0.1  # of the wait: our bound
    return Finding(
        holds_if(somewhere=added[0] > matters, everywhere=added[1] > matters),
        added[0],
        "1",
        f"The longest round trip of the table, {worst['origin']} to {worst['destination']} in "
        f"{number(worst['round_trip_s'])} s, adds {percent(added[0])} to the median wait for a "
        f"first token and {percent(added[1])} to that for a whole chat answer, where "
        f"{percent(matters)} would matter; it is longer than the {number(turn)} s between turns "
        "of speech.",
        ("ibm-vpc-latency", "aa-models-feed-2026-07", "levinson-torreira-2015"),
        "the first words are what the user waits for, as in speech or completion while typing, and "
        "not the whole answer",
    )


def economy_13() -> Finding:
    """Most of what an hour of serving costs is capital that is there before the first token."""
    hour = owned_h200()
    parts = hour.parts_usd
    capital = sum(parts[name] for name in ("accelerator", "server", "network", "building"))
    capital /= hour.total_usd_per_hour
    return Finding(
        holds(capital > 0.5),
        capital,
        "1",
        f"As at a utility most of the cost is capital: {percent(capital)} of an owned H200 hour, "
        f"over the half that we ask for, with power at "
        f"{percent(parts['power'] / hour.total_usd_per_hour)}; but the equipment lives "
        f"{number(hour.life_years)} years, a building {number(hour.building_life_years)}.",
        OWNED_SOURCES,
    )
