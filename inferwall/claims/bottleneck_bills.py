"""The claims of the third text on bills: how large the cost of serving is, and was in 2023."""

from __future__ import annotations

from typing import Any

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.bottleneck_training import DAYS, MESSAGE, months_between
from inferwall.claims.lookup import number, row_of, spend_of, usd, volume_per_day
from inferwall.cost import cost_usd_per_mtok, rents
from inferwall.data import table
from inferwall.demand import growth_rate
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
        f"Capital spending of four firms in 2025 and 2026, the second as guided, times the share "
        f"of AI compute put down to serving is {usd(stock)}, against {number(asserted)}; missing "
        "are what is counted, a year's spending or a stock, and by when.",
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
        f"Four firms' capital spending guided for 2026 times the share forecast for serving is "
        f"{usd(year)} if all of it were for AI, near {number(asserted)}, but the headline says "
        f"{number(headline / asserted, 1)} times as much; missing is what either number counts.",
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
        f"A dense model of GPT-3's size on {chips} A100 at the median rent takes {usd(message, 2)} "
        f"a message, so {usd(asserted)} is {number(needed, 2)} messages a day; 100 million weekly "
        f"users with the habits of 2025 send {number(users['value'] * habit, 2)}.",
        (
            "semianalysis-onion-2023",
            "mezha-devday-2023",
            "emp0-chatgpt-prompts",
            "techtoken-chatgpt-2025",
            "epoch-hardware-prices",
        ),
        "ChatGPT then ran on a model like GPT-3 and met that many messages; neither is published",
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
        f"The estimate is of {row['period']} and of GPT-3.5, {late} months before mid-2023; the "
        "bill may have been as large then, but we found nobody who put a number to it.",
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
    """Over two years that bill comes to ten times what GPT-4's training cost, or more."""
    asserted, training, years = 10, (50e6, 100e6), 2
    day = spend_of("OpenAI ChatGPT", "2023-02", "hardware inference cost")
    flat = [years * DAYS * day / cost for cost in training]
    users = {
        d: row_of("token_volumes", organisation="OpenAI ChatGPT", observed_date=d)["value"]
        for d in ("2023-11-06", "2025-10-06")
    }
    growth = growth_rate(*users.values(), months_between(*users) / 12)
    grown = flat[1] * np.expm1(growth * years) / (growth * years)
    return Finding(
        holds_if(max(*flat, grown) >= asserted, everywhere=min(flat) >= asserted),
        grown,
        "1",
        f"Two years of {usd(day)} a day are {number(flat[1], 2)} to {number(flat[0], 2)} times "
        f"the training at constant traffic, and {number(grown, 2)} times the dearer one if the "
        f"bill grows with weekly users as from 2023 to 2025; {asserted} is claimed.",
        ("semianalysis-onion-2023", "mezha-devday-2023", "findarticles-devday-2025"),
        "training is that one run, and traffic grows faster than its unit cost falls",
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
        f"{usd(a_day)} a day times {DAYS} is {usd(DAYS * a_day)}, over {number(asserted)}; that is "
        f"the same estimate once more, but another puts all inference of 2024 at {usd(later)}.",
        ("semianalysis-onion-2023", "epoch-openai-compute-2024"),
    )
