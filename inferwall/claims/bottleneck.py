"""The claims of the third text: that inference is the next bottleneck."""

from __future__ import annotations

from inferwall.claims import Finding, holds
from inferwall.claims.lookup import number, spend_of, usd


def bottleneck_09() -> Finding:
    """The inference bill of ChatGPT ran at USD 250 million a year or more, early in 2023."""
    asserted = 250e6
    a_day = spend_of("OpenAI ChatGPT", "2023-02", "hardware inference cost")
    a_year = 365 * a_day
    return Finding(
        holds(a_year >= asserted),
        a_year,
        "USD/year",
        f"{usd(a_day)} a day times 365 is {usd(a_year)}, over {number(asserted)}; it is the same "
        "estimate once more, not a second one.",
        ("semianalysis-onion-2023",),
    )
