"""The claims of the fifth text on markets: who competes, what grows, and what serving earns."""

from __future__ import annotations

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_bills import FIRMS
from inferwall.claims.bottleneck_chips import SPEED, host_speed, landscape_usd_per_mtok
from inferwall.claims.bottleneck_training import DAYS, months_between, prompts_over_a_run
from inferwall.claims.lookup import number, percent, row_of, spend_of, usd, volume_per_day
from inferwall.data import table
from inferwall.demand import growth_rate, price_response, rebound
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
        f"One run is enough against “cannot”: {best['name']} was trained in 2022 on "
        f"{best['chip_count']:,.0f} {best['chip']} at {percent(best['mfu_reported'])} of their "
        f"peak, where the best run on GPUs in our table reports {percent(gpu)}.",
        ("palm-paper", "llama-3-paper"),
    )


def day8_12() -> Finding:
    """On H100 and B200 a token costs more than on other chips, at one speed for each user."""
    cost = landscape_usd_per_mtok()
    median = float(np.median(list(cost.values())))
    tpu = min(usd for name, usd in cost.items() if name.startswith("TPU"))
    dear = max(cost["H100 SXM"], cost["B200"])
    return Finding(
        holds(dear > min(median, tpu)),
        dear / median,
        "1",
        f"By our model, at {SPEED} tokens a second for each user and the median rents, a million "
        f"tokens of a 70B model cost {usd(cost['B200'], 2)} on B200 and "
        f"{usd(cost['H100 SXM'], 2)} on H100, less than the {usd(median, 2)} of the median of "
        f"{len(cost)} chips for rent and the {usd(tpu, 2)} of the best TPU.",
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
        f"{number(own / gpu, 2)} times the fastest GPU server in our measurements, but with "
        f"gpt-oss-120b it had {number(rival, 2)} times the speed of the fastest GPU host in 2026; "
        "how many tokens it serves in all is not published.",
        (
            "groq-models-docs",
            "inferencex-silicon-sample",
            "ailearningguides-cerebras",
            "alatirok-speed-2026",
        ),
        "it is compared with common GPU servers, not with the fastest GPU hosts of 2026",
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
        "No request leaves the device and no cloud is paid, but a phone needs at least "
        f"{number(1e3 * token_s, 2)} ms for each token of an 8B model in 4 bits, where a server "
        f"was measured to take {number(1e3 * served['mean_tpot_s'], 2)} ms for one of a 70B model.",
        ("qualcomm-snapdragon-8", "inferencex-silicon-sample"),
        "latency means that of the network alone",
    )


def day8_15() -> Finding:
    """What runs at the edge comes on top of what data centres serve."""
    rows = table("token_volumes")
    edge = rows[rows["metric"].str.contains("device|edge", case=False)]
    return Finding(
        "cannot be tested",
        len(edge),
        "series",
        f"Of the {len(rows)} volumes in our table {len(edge)} count what devices answer; missing "
        "are the tokens of devices and what their users go on to ask of a cloud.",
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
        f"Cheaper tokens are used more and, at the published elasticities of {number(elastic[0])} "
        f"to {number(elastic[1])}, more is spent on them; but where {percent(responses[0])} to 100 "
        f"% of a saving reaches the price, {number(low, 2)} to {number(high, 2)} of the hardware "
        f"saved is taken up again, over 1 in {percent((box > 1).mean())} of that range.",
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
        f"Google's tokens grew {number(tokens)} times in the year to May 2026 and ChatGPT's weekly "
        f"users by {number(users, 2)} times a year into 2026, where the largest known training "
        f"runs grew {number(compute, 2)} times a year in FLOP from 2020 to 2024 and "
        f"{number(cost)} times in cost.",
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
    asserted = 10  # our bound for "far"
    days = fleet_days()
    year = {unit: DAYS / value for unit, value in days.items()}
    most, rare = prompts_over_a_run(), year["FLOP"] / 100
    return Finding(
        holds_if(most >= asserted, everywhere=rare >= asserted),
        days["FLOP"],
        "days",
        f"DeepSeek's fleet had done as much as V3's training after {number(days['FLOP'])} days in "
        f"FLOP and {number(days['dollars'])} in dollars, and a year of it is "
        f"{number(year['FLOP'], 2)} and {number(year['dollars'], 2)} times the training; "
        f"ChatGPT's prompts are {number(most, 2)} times a large run in a year, a hundredth of "
        f"DeepSeek's traffic {number(rare, 2)}, where {asserted} would be far.",
        (
            "deepseek-inference-2025",
            "deepseek-day6-report",
            "deepseek-v3-paper",
            "emp0-chatgpt-prompts",
        ),
        "training is the model's own final run, and the model is popular for years",
    )


def day8_19() -> Finding:
    """Demand outruns the fall of cost, so that spending on hardware accelerates."""
    rows = table("spend")
    capex = rows[(rows["organisation"] == FIRMS) & (rows["item"] == "total capex")]
    rates = np.diff(np.log(capex.sort_values("period")["value_usd"]))
    tokens = np.log(growth_of("Google", "2025-05", "2026-05-19", "tokens per month, all surfaces"))
    low, high = (float(tokens - np.log(fall)) for fall in yearly_price_fall()[::-1])
    steady = row_of("elasticities", id="us-ai-compute-spend")["value"]
    return Finding(
        holds_if((np.diff(rates) > 0).all(), everywhere=low > 0),
        float(np.diff(rates)[-1]),
        "1/year",
        f"What four firms invest changed by {', '.join(percent(np.expm1(r)) for r in rates[:-1])} "
        f"and, as guided for 2026, {percent(np.expm1(rates[-1]))} a year, faster each time; but "
        f"spending on AI compute in the United States grew {number(steady)} times in 2024 and in "
        f"2025 alike, and Google's tokens times the price of equal quality changed by "
        f"{percent(np.expm1(low))} to {percent(np.expm1(high))} in a year.",
        (
            "cliff-capex-2026",
            "korinek-mckelvey-2026",
            "google-io-2026-report",
            "gundlach-2026",
        ),
        "spending means what those four firms invest, and the guidance for 2026 is met",
    )


def day8_20() -> Finding:
    """Training only costs; serving is what revenue comes from, and it takes more than it costs."""
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
        holds(min(margin, listed) > 0),
        margin,
        "1",
        f"After serving GPT-5 kept {percent(margin)} of its revenue by one estimate and DeepSeek "
        f"{percent(listed)} if every token were sold at list price, both over 0, and training sold "
        f"nothing (cost-18); that the engine pays for all is not said, and GPT-5's costs "
        f"were {number(all_costs / earned)} times its revenue.",
        ("epoch-gpt5-bundle", "deepseek-inference-2025"),
    )
