"""The claims of the fifth text: inference as the revenue engine, and who serves it."""

from __future__ import annotations

from inferwall.claims import Finding, holds
from inferwall.claims.lookup import number, volume_per_day


def day8_02() -> Finding:
    """Inference happens more than a billion times a day."""
    asserted = 1e9
    prompts = volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
    return Finding(
        holds(prompts > asserted),
        prompts,
        "prompts/day",
        f"ChatGPT alone answered {number(prompts)} prompts a day in July 2025, over "
        f"{number(asserted)}.",
        ("emp0-chatgpt-prompts", "nber-usage-report-2025"),
    )
