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
    """There is a product whose serving costs many times what it takes, and another."""
    many = 10  # our bound for "many times"
    text, video = _text_ratio(), _sora_ratios()[0]
    return Finding(
        holds(video > many > 1 > text),
        video,
        "1",
        f"Sora cost at least {number(video, 2)} times what it took in its best month, DeepSeek's "
        f"day of February 2025 {number(text, 2)} times its revenue at list price: taken over one "
        f"product and one period, there are both, over the {many} that we ask of “many” and under "
        "1.",
        (*VIDEO, "deepseek-inference-2025"),
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
        f"Of the industry's AI compute inference is put at {percent(share['2023'])} in 2023, "
        f"{percent(share['2025'])} in 2025 and, as a forecast, {percent(share['2026'])} in 2026, "
        f"past half; at OpenAI it was {percent(lab)} in 2024, and no account of 2026 is public.",
        ("deloitte-tmt-2026", "epoch-openai-compute-2024"),
        "the whole industry is meant, and the forecast for 2026 comes true",
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
    """Sora cost about USD 15 million a day at its peak, as later reports show."""
    asserted = 15e6
    late = spend_of("OpenAI Sora", "2026-03", "compute burn at shutdown")
    peak = late * of_video("users at the peak") / of_video("users at the end")
    return Finding(
        holds(peak > asserted / 2),
        peak,
        "USD/day",
        f"The one later report has {usd(late)} a day near the end, when Sora had under half of its "
        f"users; at as much for each the peak cost some {usd(peak)}, where half of the claim, "
        f"{usd(asserted / 2)}, would still have passed.",
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
        holds(abs(life / asserted - 1) < 0.1),
        life,
        "USD",
        f"Read as the revenue of the app's whole life it is near: {usd(until_january)} to the end "
        f"of January 2026 and January's pace until the closure on 24 March make {usd(life)}, "
        f"within 10 %; as a day's revenue it would be {number(a_day)} times too high.",
        ("sora-appfigures-2026", "sora-mindstudio-2026"),
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
        f"Over one period Sora's cost was at least {number(low, 2)} times its income, "
        f"{usd(low * best)} a day against {usd(best)} in the best month, and at most "
        f"{number(high)} times, {usd(early)} against {usd(mean)}; {asserted} divides a day's cost "
        "by a lifetime's revenue, so that cost exceeds revenue holds all the more.",
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
        f"A dollar spent on chips earned Sora {usd(video, 2)} at the most and, were all tokens "
        f"sold at list price, DeepSeek {usd(text, 2)}, {number(text / video, 2)} times as much; "
        f"but spending on Sora also fell by {percent(fall)} from December to January, which is "
        "want of demand and may be want of quality.",
        (*VIDEO, "deepseek-inference-2025"),
        "chips are rationed, as was reported, so that what their hours earn elsewhere counts",
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
        f"Ten seconds of video sold for {usd(price, 2)} and cost {usd(cost, 2)} by one estimate of "
        f"November 2025, a ratio of {number(price / cost, 2)} where 1 breaks even; the estimate's "
        f"author expected {number(fall)} times less within a year, and {percent(1 - price / cost)} "
        "less is enough.",
        ("litellm-2026-08-01", "sora-forbes-2025"),
        f"a clip costs over {usd(price, 2)}, which nobody outside has measured",
    )


def wall_09() -> Finding:
    """At a price that covers its cost, nearly nobody would have used Sora."""
    rise, kept = _sora_ratios()[0], 0.5  # a product that keeps half of its use still lives
    threshold, weaker = (log(1 / share) / log(rise) for share in (kept, 0.1))
    elasticity = row_of("elasticities", id="tokens-short-run")["value"]
    return Finding(
        holds_if(elasticity > threshold),
        threshold,
        "1",
        f"Income per use has to rise at least {number(rise, 2)}-fold to cover cost, so half of the "
        f"use survives only at an elasticity under {number(threshold, 2)}, a tenth under "
        f"{number(weaker, 2)}; tokens, the nearest that is measured, are reported at "
        f"{number(elasticity, 2)}, which would leave {percent(rise**-elasticity, 2)}.",
        (*VIDEO, "demirer-2026-summary"),
        f"the elasticity of demand for clips, which nobody has measured, is over "
        f"{number(threshold, 2)}",
    )


def wall_10() -> Finding:
    """Better silicon for serving would have closed Sora's gap between cost and revenue."""
    best_asserted = 10  # times as cheap: what the texts claim for specialised chips, at the most
    left = _sora_ratios()[0] / best_asserted
    tokens = accelerator("H100 SXM").ridge_point("bf16")  # two FLOP and two bytes per weight
    return Finding(
        holds(left <= 1),
        left,
        "1",
        f"Chips for serving at a tenth of the cost, the most that any of the texts claims, leave "
        f"Sora's cost at {number(left, 2)} times its income, where 1 would do; and to make video "
        f"is to work on more than {number(tokens, 2)} tokens at once, where arithmetic limits an "
        "H100, as in training.",
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
        f"What the ratio takes from 1 is the gross margin: {number(ratio, 2)} leaves "
        f"{percent(margin)} on DeepSeek's day at list price, {number(serving, 2)} leaves "
        f"{percent(1 - serving)} for GPT-5 from August to December 2025; training FLOP enters "
        f"neither, though with all its costs GPT-5 stands at {number(loaded)}.",
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
        f"The claim names no date: Sora closed after half a year at {number(video, 2)} times its "
        f"income or more, while OpenAI as a whole is reported to have lived through two years at "
        f"{number(ratios[0])} and {number(ratios[1])} times.",
        (*VIDEO, "openai-accounts-leak"),
    )
