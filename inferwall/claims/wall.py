"""The claims of the first text: that there is an inference wall, and that Sora hit it."""

from __future__ import annotations

from inferwall.claims import Finding, holds
from inferwall.claims.lookup import number, row_of, usd


def wall_06() -> Finding:
    """What Sora cost in a day was about 7 times what it took in a day."""
    asserted = 7
    best_month = row_of("spend", organisation="OpenAI Sora", period="2025-12")
    early = row_of("spend", organisation="OpenAI Sora", item="implied cost")
    late = row_of("spend", organisation="OpenAI Sora", item="compute burn at shutdown")
    income = best_month["value_usd"] / 31
    low, high = sorted([early["value_usd"] / income, late["value_usd"] / income])
    return Finding(
        holds(low <= asserted <= high),
        low,
        "1",
        f"A day cost {usd(late['value_usd'])} to {usd(early['value_usd'])} and took "
        f"{usd(income)} in the best month: {number(low, 2)} to {number(high, 2)} times, not "
        f"{asserted}, which divides a day's cost by a lifetime's revenue; that cost exceeds "
        "revenue holds all the more.",
        ("sora-forbes-2025", "sora-wsj-2026", "sora-appfigures-2026"),
    )
