"""The claims of the third text on bills: how large the cost of serving is, and was in 2023."""

from __future__ import annotations

from typing import Any

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_training import DAYS, MESSAGE, months_between
from inferwall.claims.lookup import number, row_of, spend_of, usd, volume_per_day
from inferwall.cost import cost_usd_per_mtok, rents
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.serving import serve
from inferwall.step import Deployment, max_batch

FIRMS = "Microsoft, Alphabet, Meta and Amazon"


def _inference_capex(years: tuple[str, ...]) -> float:
    """Return capital spending of four firms times the share of AI compute that serves."""
    capex = {row["period"][:4]: row["value_usd"] for row in _capex_rows()}
    return sum(
        capex[year] * spend_of("industry", year, "inference share of AI compute") for year in years
    )


def _capex_rows() -> list[dict[Any, Any]]:
    rows = table("spend")
    return rows[(rows["organisation"] == FIRMS) & (rows["item"] == "total capex")].to_dict(
        "records"
    )


def bottleneck_01() -> Finding:
    """Capacity for inference will cost a trillion dollars, and that will be what is short."""
    asserted = 1e12
    stock = _inference_capex(("2025", "2026"))
    return Finding(
        "cannot be tested",
        stock,
        "USD",
        f"What four firms invest in 2025 and, as guided, 2026, times the share of AI compute that "
        f"is put down to serving, is {usd(stock)}, against {number(asserted)}; the text does not "
        "say what it counts, a year's spending or all that stands, whose, and by when.",
        ("cliff-capex-2026", "deloitte-tmt-2026"),
    )


def bottleneck_02() -> Finding:
    """The next constraint is inference, and it is one of 500 billion dollars."""
    asserted, headline = 500e9, 1e12
    year = _inference_capex(("2026",))
    return Finding(
        "cannot be tested",
        year,
        "USD/year",
        f"What four firms guide to invest in 2026, times the share of AI compute forecast for "
        f"serving, is {usd(year)} if all of it were for AI, near {number(asserted)}; but the text "
        f"does not say what it counts, and its own headline says {number(headline / asserted, 1)} "
        "times as much.",
        ("cliff-capex-2026", "deloitte-tmt-2026"),
    )


def bottleneck_05() -> Finding:
    """Answering ChatGPT's users took over 700,000 dollars a day in 2023."""
    asserted = 700e3
    chips = 8
    gpt = Deployment(
        transformer("GPT-3 175B"),
        accelerator("A100 SXM 80GB"),
        chips,
        efficiency=named_efficiency("serving"),
    )
    prices = rents("A100 SXM 80GB", as_of="2023")["usd_per_accelerator_hour"]
    rate = serve(gpt, MESSAGE, concurrency=max_batch(gpt, MESSAGE.mean_context)).tokens_per_s
    message = MESSAGE.output_tokens / 1e6 * cost_usd_per_mtok(chips * prices.median(), rate)
    needed = asserted / message
    habit = (
        volume_per_day("OpenAI ChatGPT", "2025-07", "prompts per day")
        / row_of("token_volumes", organisation="OpenAI ChatGPT", observed_date="2025-08-04")[
            "value"
        ]
    )
    users = row_of("token_volumes", organisation="OpenAI ChatGPT", observed_date="2023-11-06")
    return Finding(
        holds_if(users["value"] * habit >= needed, everywhere=False),
        needed,
        "messages/day",
        f"By our model a message from GPT-3 on {chips} A100 at the median rent costs "
        f"{usd(message, 2)}, so {usd(asserted)} pay for {number(needed, 2)} messages a day; 100 "
        f"million weekly users with the habits of 2025 would send "
        f"{number(users['value'] * habit, 2)}.",
        (
            "semianalysis-onion-2023",
            "mezha-devday-2023",
            "emp0-chatgpt-prompts",
            "techtoken-chatgpt-2025",
            "epoch-hardware-prices",
        ),
        "ChatGPT ran on a model of GPT-3's size and answered that many messages, neither of which "
        "is published",
    )


def bottleneck_06() -> Finding:
    """The figure of 700,000 dollars a day is one of mid-2023."""
    asserted = "2023-06"
    row = row_of("spend", organisation="OpenAI ChatGPT", item="hardware inference cost")
    late = months_between(row["period"], asserted)
    return Finding(
        holds(late <= 1),
        late,
        "months",
        f"The estimate is of {row['period']}, {late} months before mid-2023 and more than the one "
        "month that we allow; the bill may have been as large then, but we found nobody who put a "
        "number to it.",
        ("semianalysis-onion-2023",),
    )


def bottleneck_07() -> Finding:
    """That bill came before ChatGPT had 100 million weekly users."""
    asserted = 100e6
    rows = table("token_volumes")
    users = rows[(rows["metric"] == "weekly active users") & (rows["value"] >= asserted)]
    bill = row_of("spend", organisation="OpenAI ChatGPT", item="hardware inference cost")["period"]
    gap = months_between(bill, users["observed_date"].min())
    return Finding(
        holds(gap > 0),
        gap,
        "months",
        f"The bill is of {bill}; {number(asserted)} weekly users are first reported on "
        f"{users['observed_date'].min()}, {gap} months later.",
        ("semianalysis-onion-2023", "mezha-devday-2023"),
    )


def bottleneck_08() -> Finding:
    """Within two years that bill comes to ten times what GPT-4's training cost, or more."""
    asserted, training, years = 10, (50e6, 100e6), 2
    day = spend_of("OpenAI ChatGPT", "2023-02", "hardware inference cost")
    flat = [years * DAYS * day / cost for cost in training]
    later = spend_of("OpenAI", "2024", "inference compute")
    grown = later / max(training)
    return Finding(
        holds_if(max(*flat, grown) >= asserted, everywhere=grown >= asserted),
        grown,
        "1",
        f"Without growth two years of {usd(day)} a day are {number(flat[1], 2)} to "
        f"{number(flat[0], 2)} times the training of GPT-4, but it grew: OpenAI's serving of 2024 "
        f"alone is put at {usd(later)}, {number(grown, 2)} times the {usd(max(training))} that is "
        f"the most the text puts down to that one run, where {asserted} is claimed.",
        ("semianalysis-onion-2023", "epoch-openai-compute-2024"),
        "the bill grows after 2023",
    )


def bottleneck_09() -> Finding:
    """The inference bill of ChatGPT ran at USD 250 million a year or more."""
    asserted = 250e6
    a_day = spend_of("OpenAI ChatGPT", "2023-02", "hardware inference cost")
    later = spend_of("OpenAI", "2024", "inference compute")
    return Finding(
        holds(DAYS * a_day >= asserted),
        DAYS * a_day,
        "USD/year",
        f"{usd(a_day)} a day, the same estimate once more, is {usd(DAYS * a_day)} a year, over "
        f"{number(asserted)}; another estimate puts all of OpenAI's inference of 2024 at "
        f"{usd(later)}.",
        ("semianalysis-onion-2023", "epoch-openai-compute-2024"),
    )
