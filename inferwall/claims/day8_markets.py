"""The claims of the fifth text on markets: who competes, what grows, and what serving earns."""

from __future__ import annotations

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_bills import FIRMS
from inferwall.claims.bottleneck_chips import SPEED, host_speed, landscape_usd_per_mtok
from inferwall.claims.bottleneck_training import DAYS, months_between
from inferwall.claims.lookup import number, percent, row_of, spend_of, usd, volume_per_day
from inferwall.data import table
from inferwall.demand import growth_rate, price_response, rebound, spend_growth
from inferwall.hardware import accelerator
from inferwall.training import computed_tokens, crossover_tokens, days_to_crossover, training_flop


def growth_of(organisation: str, start: str, end: str, metric: str | None = None) -> float:
    """Return by what factor a year a volume of data/token_volumes.csv grew between two dates."""
    where = {"organisation": organisation} | ({"metric": metric} if metric else {})
    ends = [row_of("token_volumes", **where, observed_date=date)["value"] for date in (start, end)]
    return float(np.exp(growth_rate(*ends, months_between(start, end) / 12)))


def published_elasticities() -> tuple[float, float]:
    """Return the least and the greatest published price elasticity of tokens."""
    rows = table("elasticities")
    rows = rows[(rows["service"] == "LLM tokens") & (rows["kind"] == "price elasticity")]
    return float(rows[["value", "low"]].min(axis=None)), float(
        rows[["value", "high"]].max(axis=None)
    )


def yearly_price_fall() -> tuple[float, float]:
    """Return by what factors a year the price at fixed quality fell, as published."""
    row = row_of("elasticities", id="tokens-fixed-quality")
    return float(row["low"]), float(row["high"])


def lowest_response() -> float:
    """Return the least share of a fall in cost that reached the price, as in chapter 13."""
    start, end = (
        1 / (1 - spend_of("OpenAI", month, "compute margin on paying users"))
        for month in ("2024-01", "2025-10")
    )
    years = months_between("2024-01", "2025-10") / 12
    algorithms = row_of("elasticities", id="tokens-algorithms")["value"]
    costs = [algorithms**-years] + [f**-years / (end / start) for f in yearly_price_fall()]
    return min(float(price_response(end / start, cost)) for cost in costs)


def fleet_days() -> dict[str, float]:
    """Return after how many days DeepSeek's fleet had taken what its training took."""
    run, rent = row_of("training_runs", name="DeepSeek-V3"), "rent of the serving chips"
    day = {
        kind: volume_per_day("DeepSeek V3/R1", "2025-02-28", f"{kind} tokens per day")
        for kind in ("input", "output")
    }
    hits = spend_of("DeepSeek", "2025-02-28", "input tokens served from cache")
    tokens = computed_tokens(day["input"], day["output"], hits)
    return {
        "FLOP": float(days_to_crossover(crossover_tokens(run["tokens"]), tokens)),
        "dollars": run["cost_rented_usd"] / spend_of("DeepSeek", "2025-02-28", rent),
    }


def day8_11() -> Finding:
    """Chips of one purpose compete with NVIDIA in inference but cannot in training."""
    runs = table("training_runs").dropna(subset=["chip"])
    tpu = runs[runs["chip"].str.startswith("TPU")].dropna(subset=["mfu_reported"])
    gpu = runs[~runs["chip"].str.startswith("TPU")]["mfu_reported"].max()
    best = tpu.loc[tpu["mfu_reported"].idxmax()]
    return Finding(
        holds(len(tpu) == 0),
        best["mfu_reported"],
        "1",
        f"{best['name']} was trained on {best['chip_count']:,.0f} {best['chip']} in 2022 at "
        f"{percent(best['mfu_reported'])} of their peak, where the most that a run on GPUs reports "
        f"in our table is {percent(gpu)}.",
        ("palm-paper", "llama-3-paper"),
    )


def day8_12() -> Finding:
    """On H100 and B200 a token costs much where many are served."""
    cost = landscape_usd_per_mtok()
    median = float(np.median(list(cost.values())))
    dear = max(cost["H100 SXM"], cost["B200"])
    return Finding(
        holds(dear > median),
        dear / median,
        "1",
        f"At {SPEED} tokens a second for each user and the median rents a million tokens of a 70B "
        f"model cost {usd(cost['B200'], 2)} on B200 and {usd(cost['H100 SXM'], 2)} on H100, where "
        f"the {len(cost)} rented chips that reach this speed cost {usd(min(cost.values()), 2)} to "
        f"{usd(max(cost.values()), 2)}, {usd(median, 2)} in the median.",
        ("gpu-price-index-2026", "aiconfigurator-gemm", "nvidia-blackwell-datasheet"),
    )


def day8_13() -> Finding:
    """Groq answers with very low latency, at small scale."""
    own = row_of("host_speeds", host="Groq", model="Llama 3.3 70B")["output_tokens_per_s"]
    runs = table("measured_serving").query("model == 'Llama-3.1/3.3-70B' and metric == 'mean_tpot'")
    gpu = 1e3 / runs["value"].min()
    rival = host_speed("Groq") / max(host_speed(host) for host in ("Fireworks", "Baseten"))
    return Finding(
        holds_if(own > gpu, everywhere=rival > 1),
        own / gpu,
        "1",
        f"Groq states {number(own)} tokens a second for one reader of a 70B model, "
        f"{number(own / gpu, 2)} times the fastest GPU server that we have a measurement of, but "
        f"on gpt-oss-120b {number(rival, 2)} times the fastest GPU host in 2026; how many tokens "
        "it serves is not published.",
        (
            "groq-models-docs",
            "inferencex-silicon-sample",
            "ailearningguides-cerebras",
            "alatirok-speed-2026",
        ),
        "it is set beside a common GPU server, not beside the fastest GPU hosts of 2026",
    )


def day8_14() -> Finding:
    """On a device, inference has no latency and no cloud cost."""
    phone = accelerator("Snapdragon 8 Elite")
    token_s = transformer("Llama 3.1 8B").weight_bytes("q4_0") / phone.bandwidth_bytes_per_s
    served = row_of("closed_loop", chips=1, input_tokens=1024, output_tokens=1024, concurrency=4)
    return Finding(
        holds_if(True, everywhere=token_s == 0),
        token_s,
        "s/token",
        f"No request leaves the device and no cloud is paid, but a phone needs at least "
        f"{number(1e3 * token_s, 2)} ms for a token of an 8B model in 4 bits, where a server "
        f"was measured to take {number(1e3 * served['mean_tpot_s'], 2)} ms for one of a 70B model.",
        ("qualcomm-snapdragon-8", "inferencex-silicon-sample"),
        "latency means the network's; tokens then come more slowly, from a smaller model",
    )


def day8_15() -> Finding:
    """What runs at the edge comes on top of what data centres serve."""
    rows = table("token_volumes")
    edge = rows[rows["metric"].str.contains("device|edge", case=False)]
    return Finding(
        "cannot be tested",
        len(edge),
        "series",
        f"Of {len(rows)} published volumes in our table {len(edge)} count what devices answer; "
        "missing are tokens served on devices and what their users then ask of a cloud.",
        ("google-io-2026-report", "scmp-doubao-2025"),
    )


def day8_16() -> Finding:
    """Cheaper tokens raise their use so far that more is spent on them: Jevons' paradox."""
    elastic, responses = published_elasticities(), (lowest_response(), 1.0)
    low, high = (float(rebound(r, e)) for r, e in zip(responses, elastic, strict=True))
    steps = np.linspace(0, 1, 201)
    box = rebound(
        responses[0] + (1 - responses[0]) * steps[:, None],
        elastic[0] + (elastic[1] - elastic[0]) * steps,
    )
    return Finding(
        holds_if(high > 1, everywhere=low > 1),
        low,
        "1",
        f"Use rises at any elasticity over 0, and spend at the published {number(elastic[0])} to "
        f"{number(elastic[1])}; the rebound in hardware, with {percent(responses[0])} to 100 % of "
        f"a saving passed on, is {number(low, 2)} to {number(high, 2)}, over 1 in "
        f"{percent((box > 1).mean())} of that range.",
        (
            "demirer-2026-summary",
            "exponential-view-elasticity",
            "openai-compute-margin-press",
            "gundlach-2026",
        ),
        "elasticity times the share of the saving that reaches the price is over 1",
    )


def day8_17() -> Finding:
    """Applications grow faster than training runs do."""
    tokens = growth_of("Google", "2025-05", "2026-05-19", "tokens per month, all surfaces")
    users = growth_of("OpenAI ChatGPT", "2025-08-04", "2026-02-27")
    runs = table("training_runs").set_index("name")
    flop = runs["training_flop"].fillna(training_flop(runs["active_parameters"], runs["tokens"]))
    first, last = "GPT-3 175B", "Llama 3.1 405B"
    years = months_between(runs.loc[first, "date"], runs.loc[last, "date"]) / 12
    compute = float(np.exp(growth_rate(flop[first], flop[last], years)))
    cost = spend_of("industry", "2016-2024", "growth of training cost")
    return Finding(
        holds_if(tokens > max(compute, cost), everywhere=users > max(compute, cost)),
        tokens / compute,
        "1",
        f"Google's tokens grew {number(tokens)} times in the year to May 2026, the largest known "
        f"runs {number(compute, 2)} times a year in FLOP from 2020 to 2024 and {number(cost)} "
        f"times in cost, ChatGPT's weekly users {number(users, 2)} times a year into 2026.",
        (
            "google-io-2026-report",
            "findarticles-chatgpt-900m",
            "gpt-3-paper",
            "llama-3-paper",
            "cottier-2024",
        ),
        "applications are counted in tokens, not in users",
    )


def day8_18() -> Finding:
    """Over its life a model takes far more compute to serve than it took to train."""
    asserted = 10
    days = fleet_days()
    year = {unit: DAYS / value for unit, value in days.items()}
    rare = year["FLOP"] / 100
    needed = (
        asserted * crossover_tokens(row_of("training_runs", name="DeepSeek-V3")["tokens"]) / DAYS
    )
    return Finding(
        holds_if(max(year.values()) > 1, everywhere=rare >= asserted),
        days["FLOP"],
        "days",
        f"DeepSeek's fleet took what V3's training had taken after {number(days['FLOP'])} days in "
        f"FLOP, cached input not counted, and {number(days['dollars'])} in dollars; a year of it "
        f"is {number(year['FLOP'], 2)} and {number(year['dollars'], 2)} times the training, "
        f"{asserted} times takes {number(asserted * days['FLOP'] / DAYS, 2)} years, and a "
        f"hundredth of that traffic gives {number(rare, 2)} times a year.",
        ("deepseek-inference-2025", "deepseek-day6-report", "deepseek-v3-paper"),
        "training is the model's own final run and it is popular: like V3, it needs "
        f"{number(needed, 2)} computed tokens a day for {asserted} times in a year",
    )


def day8_19() -> Finding:
    """Demand outruns the fall of cost, so that spending on hardware accelerates."""
    rows = table("spend")
    capex = rows[(rows["organisation"] == FIRMS) & (rows["item"] == "total capex")]
    rates = np.diff(np.log(capex.sort_values("period")["value_usd"]))
    tokens = np.log(growth_of("Google", "2025-05", "2026-05-19", "tokens per month, all surfaces"))
    low, high = (float(tokens - np.log(fall)) for fall in yearly_price_fall()[::-1])
    ends = [
        spend_growth(e, np.log(fall))
        for e in published_elasticities()
        for fall in yearly_price_fall()
    ]
    steady = row_of("elasticities", id="us-ai-compute-spend")["value"]
    return Finding(
        holds_if((np.diff(rates) > 0).all(), everywhere=low > 0),
        float(np.diff(rates)[-1]),
        "1/year",
        f"Four firms' capital spending changed by {', '.join(percent(np.expm1(r)) for r in rates)} "
        f"a year from 2023 to the guidance for 2026, faster each year, but compute spending in the "
        f"United States by {number(steady)} times in 2024 and in 2025; tokens less price fall at "
        f"Google give {number(low, 2)} to {number(high, 2)} a year, published elasticities "
        f"{number(min(ends), 2)} to {number(max(ends), 2)}, growth and no acceleration.",
        (
            "cliff-capex-2026",
            "korinek-mckelvey-2026",
            "google-io-2026-report",
            "gundlach-2026",
            "demirer-2026-summary",
        ),
        "spending means the investment of four firms, and the guidance for 2026 is met",
    )


def day8_20() -> Finding:
    """Training only costs; inference is what earns."""
    period = "2025-08..2025-12"
    earned, served, all_costs = (
        spend_of("OpenAI", period, f"GPT-5 bundle {item}")
        for item in ("revenue", "inference compute", "total cost")
    )
    day = "2025-02-28"
    listed = 1 - spend_of("DeepSeek", day, "rent of the serving chips") / spend_of(
        "DeepSeek", day, "revenue at list price, theoretical"
    )
    margin = 1 - served / earned
    return Finding(
        holds_if(margin > 0, everywhere=all_costs < earned),
        margin,
        "1",
        f"Serving GPT-5 left {percent(margin)} of revenue by one estimate and DeepSeek's fleet "
        f"{percent(listed)} if every token were sold at list price; with all its costs GPT-5 took "
        f"{number(all_costs / earned)} times what it earned.",
        ("epoch-gpt5-bundle", "deepseek-inference-2025"),
        "the tokens served are sold; free answers and research are paid from the margin",
    )
