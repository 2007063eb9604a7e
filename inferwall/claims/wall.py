"""The claims of the first text: that there is an inference wall, and that Sora hit it."""

from __future__ import annotations

from math import log

from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.lookup import (
    number,
    of_video,
    percent,
    reported,
    row_of,
    spend_of,
    usd,
)
from inferwall.hardware import accelerator

VIDEO = ("sora-forbes-2025", "sora-wsj-2026", "sora-appfigures-2026")
"""Sources of Sora's cost and income: an estimate, two reports."""


def _sora_income_per_day() -> float:
    """Return what Sora took a day in its best month."""
    return spend_of("OpenAI Sora", "2025-12", "consumer spend in month (peak)") / 31


def _sora_ratios() -> tuple[float, float]:
    """Return cost over income of Sora, by the lowest and by the highest report of its cost."""
    late = spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown")
    early = spend_of("OpenAI Sora", "2025-11", "implied cost")
    return late / _sora_income_per_day(), early / _sora_income_per_day()


def _text_ratio() -> float:
    """Return rent over list revenue of DeepSeek's day."""
    cost = spend_of("DeepSeek", "2025-02-28", "rent of the serving chips")
    return cost / spend_of("DeepSeek", "2025-02-28", "revenue at list price, theoretical")


def wall_01() -> Finding:
    """There are products whose serving costs many times what they take, and others."""
    text, video = _text_ratio(), _sora_ratios()[0]
    return Finding(
        holds_if(somewhere=video > 10, everywhere=text > 10),
        video,
        "1",
        f"Serving cost over revenue is at least {number(video, 2)} for Sora's best month and "
        f"{number(text, 2)} for DeepSeek's day in February 2025, so the ratio tells products "
        "beyond the wall from others.",
        (*VIDEO, "deepseek-inference-2025"),
        "cost and revenue are taken over the same product, period and boundary",
    )


def wall_02() -> Finding:
    """Training took most of AI compute until 2025, inference takes most of it from 2026."""
    share = {
        year: spend_of("industry", year, "inference share of AI compute")
        for year in ("2023", "2025", "2026")
    }
    before = max(share["2023"], share["2025"]) <= 0.5
    lab = spend_of("OpenAI", "2024", "inference compute")
    lab /= spend_of("OpenAI", "2024", "total compute")
    return Finding(
        holds_if(before and lab < 0.5 < share["2026"]),
        share["2026"],
        "1",
        f"Inference is put at {percent(share['2023'])} of AI compute in 2023, "
        f"{percent(share['2025'])} in 2025 and, as a forecast, {percent(share['2026'])} in 2026, "
        f"against a threshold of 50 %; at OpenAI it was {percent(lab)} in 2024.",
        ("deloitte-tmt-2026", "epoch-openai-compute-2024"),
        "the forecast for 2026 comes true; no account of 2026 is public",
    )


def wall_03() -> Finding:
    """At its peak Sora cost about USD 15 million a day."""
    asserted = 15e6
    clips = of_video("downloads") * of_video("share of users who post")
    clips *= of_video("clips per posting user and day")
    unit_cost = spend_of("OpenAI Sora", "2025-11", "generation cost per 10 s clip")
    cost = clips * unit_cost
    everywhere = min(spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown"), cost)
    return Finding(
        holds_if(abs(cost / asserted - 1) < 0.1, abs(everywhere / asserted - 1) < 0.1),
        cost,
        "USD/day",
        f"{number(clips)} clips a day at {usd(unit_cost)} are {usd(cost)} a day, within 10 % of "
        "the claim, but the share of users who post, their clips and the cost of one are assumed.",
        ("sora-forbes-2025", "sora-wsj-2026"),
        f"users made {number(clips, 2)} clips a day at {usd(unit_cost)} each",
    )


def wall_04() -> Finding:
    """Sora cost about USD 15 million a day over its life, as later reports show."""
    asserted = 15e6
    reported = spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown")
    return Finding(
        holds(reported > asserted / 2),
        reported,
        "USD/day",
        f"The one later report has {usd(reported)} a day near the end, a factor of "
        f"{number(asserted / reported)} below the claim, where 2 would still have passed.",
        ("sora-wsj-2026", "sora-forbes-2025"),
    )


def wall_05() -> Finding:
    """Sora took USD 2.1 million from consumers over its whole life."""
    asserted, months_left = 2.1e6, 52 / 31  # to the end of January, then to 24 March 2026
    until_january = spend_of("OpenAI Sora", "2026-01 (to date)", "lifetime consumer spend")
    january = spend_of("OpenAI Sora", "2026-01", "consumer spend in month")
    life = until_january + months_left * january
    a_day = asserted / _sora_income_per_day()
    return Finding(
        holds_if(abs(life / asserted - 1) < 0.1, everywhere=a_day < 1),
        life,
        "USD",
        f"{usd(until_january)} to the end of January 2026, and January's pace until the closure "
        f"on 24 March, make {usd(life)}, within 10 % of the claim; as a day's revenue it would be "
        f"{number(a_day)} times too high.",
        ("sora-appfigures-2026", "sora-mindstudio-2026"),
        "it is the revenue of the app's whole life",
    )


def wall_06() -> Finding:
    """What Sora cost in a day was about 7 times what it took in a day."""
    asserted = 7
    early = spend_of("OpenAI Sora", "2025-11", "implied cost")
    life = spend_of("OpenAI Sora", "2026-03 (to date)", "lifetime revenue")
    low, best = _sora_ratios()[0], _sora_income_per_day()
    mean = life / of_video("days from launch to announced end")
    high = early / mean
    return Finding(
        holds(low <= asserted <= high),
        low,
        "1",
        f"A day cost {usd(low * best)} to {usd(early)} and took {usd(mean)} over Sora's life and "
        f"{usd(best)} in the best month, so {number(low, 2)} to {number(high)} times as much, not "
        f"{asserted}, which divides a day's cost by a lifetime's revenue; that cost exceeds "
        "revenue holds all the more.",
        (*VIDEO, "sora-mindstudio-2026", "sora-launch-2025"),
    )


def wall_07() -> Finding:
    """Sora was closed because its chips cost more than it took, not for want of quality."""
    video, text = 1 / _sora_ratios()[0], 1 / _text_ratio()
    best = spend_of("OpenAI Sora", "2025-12", "consumer spend in month (peak)")
    fall = 1 - spend_of("OpenAI Sora", "2026-01", "consumer spend in month") / best
    return Finding(
        holds_if(video < 1 < text, everywhere=video < 1 and fall <= 0),
        text / video,
        "1",
        f"A dollar of chips took {usd(video, 2)} as video and, at DeepSeek's list price, "
        f"{usd(text, 2)} as text, {number(text / video, 2)} times as much; but spending on Sora "
        f"also fell by {percent(fall)} in a month, which is want of demand.",
        (*VIDEO, "deepseek-inference-2025"),
        "chips are rationed, so that what their hours earn elsewhere counts",
    )


def wall_08() -> Finding:
    """On the chips of 2025 a clip of video cost more than it sold for."""
    cost = spend_of("OpenAI Sora", "2025-11", "generation cost per 10 s clip")
    second, length = "list price of a second of video at 720p", of_video("length of a clip")
    price, dear = (length * reported(model, second) for model in ("sora-2", "sora-2-pro"))
    fall = of_video("expected fall of the cost within a year")
    return Finding(
        holds_if(price < cost, everywhere=dear < cost / fall),
        price / cost,
        "1",
        f"Ten seconds sold for {usd(price, 2)} and were put at {usd(cost, 2)}, a ratio of "
        f"{number(price / cost, 2)} against a break-even of 1; the dearer model sold for "
        f"{usd(dear, 2)}, and its cost is not known.",
        ("litellm-2026-08-01", "sora-forbes-2025"),
        f"a clip costs over {usd(price, 2)}; {percent(1 - price / cost)} below the estimate is "
        f"enough to break even, and its author expected {number(fall)} times less within a year",
    )


def wall_09() -> Finding:
    """At a price that covers its cost, nearly nobody would have used Sora."""
    rise, kept = _sora_ratios()[0], 0.5
    threshold = log(1 / kept) / log(rise)
    elasticity = row_of("elasticities", id="tokens-short-run")["value"]
    return Finding(
        holds_if(elasticity > threshold),
        threshold,
        "1",
        f"Income per use must rise {number(rise, 2)}-fold or more to break even, so demand keeps "
        f"half its volume only at an elasticity under {number(threshold, 2)}; tokens are reported "
        f"at {number(elasticity, 2)}, which would leave {percent(rise**-elasticity, 2)}.",
        (*VIDEO, "demirer-2026-summary"),
        f"the elasticity of demand for clips is over {number(threshold, 2)}; at a price over cost "
        "each clip that is left makes no loss",
    )


def wall_10() -> Finding:
    """Better silicon for serving would have closed Sora's gap between cost and revenue."""
    best_asserted = 10  # what the texts claim for specialised chips, at the most
    left = _sora_ratios()[0] / best_asserted
    tokens = accelerator("H100 SXM").ridge_point("bf16")  # two FLOP and two bytes per weight
    return Finding(
        holds(left <= 1),
        left,
        "1",
        f"A chip {best_asserted} times as cheap, the most that any of the texts claims, leaves "
        f"cost at {number(left, 2)} times income, where 1 would do; and a pass over more than "
        f"{number(tokens, 2)} tokens at once is limited by arithmetic on an H100, as training is.",
        (*VIDEO, "nvidia-h100-datasheet"),
    )


def wall_11() -> Finding:
    """Serving cost per dollar of revenue tells a team more about its product than training FLOP."""
    ratio = _text_ratio()
    margin = 1 - ratio
    bundle = ("OpenAI", "2025-08..2025-12")
    revenue = spend_of(*bundle, "GPT-5 bundle revenue")
    serving = spend_of(*bundle, "GPT-5 bundle inference compute") / revenue
    loaded = spend_of(*bundle, "GPT-5 bundle total cost") / revenue
    return Finding(
        holds(ratio < serving < 1 and margin > 1 - serving > 0),
        serving,
        "1",
        f"The ratio is one less gross margin: {number(ratio, 2)} and {percent(margin)} for "
        f"DeepSeek's day, {number(serving, 2)} and {percent(1 - serving)} for the GPT-5 bundle; "
        f"training FLOP enters neither, but with all costs the bundle stands at {number(loaded)}.",
        ("deepseek-inference-2025", "epoch-gpt5-bundle"),
    )


def wall_12() -> Finding:
    """A product that costs more to serve than it takes is closed."""
    ratios = [
        spend_of("OpenAI", year, "total costs") / spend_of("OpenAI", year, "revenue")
        for year in ("2024", "2025")
    ]
    video = _sora_ratios()[0]
    return Finding(
        "cannot be tested",
        video,
        "1",
        f"The claim gives no horizon: Sora closed after half a year at {number(video, 2)} times "
        f"its income, while OpenAI as a whole is reported to have run two years at "
        f"{number(ratios[0])} and {number(ratios[1])} times.",
        (*VIDEO, "openai-accounts-leak"),
    )
