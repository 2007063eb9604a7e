"""What the verdicts read: one cell of a table, and numbers in words."""

from __future__ import annotations

import re
from typing import Any

from inferwall.data import table, unknown_name

SCALES = ((1e15, " quadrillion"), (1e12, " trillion"), (1e9, " billion"), (1e6, " million"))


def number(value: Any, digits: int = 3) -> str:
    """Return a number with so many significant digits, in words from a million up.

    >>> number(57.4074), number(1_234.5), number(15e6, 2), number(0.0312)
    ('57.4', '1,230', '15 million', '0.0312')
    """
    value = float(value)
    for scale, word in SCALES:
        if abs(value) >= scale * (1 - 0.5 * 10.0**-digits):
            return number(value / scale, digits) + word
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10 ** (digits - 1) or rounded == 0:
        return f"{rounded:,.0f}"
    return f"{rounded:.10f}".rstrip("0").rstrip(".")


def usd(value: Any, digits: int = 3) -> str:
    """Return an amount in dollars; tenths get their zero.

    >>> usd(15e6, 2), usd(0.002), usd(1.3)
    ('USD 15 million', 'USD 0.002', 'USD 1.30')
    """
    text = number(value, digits)
    return f"USD {text}0" if re.fullmatch(r"-?[\d,]+\.\d", text) else f"USD {text}"


def percent(share: Any, digits: int = 2) -> str:
    """Return a share as a percentage.

    >>> percent(0.563)
    '56 %'
    """
    return f"{number(100 * float(share), digits)} %"


def row_of(table_name: str, /, **where: Any) -> Any:
    """Return the one row of a table in which the columns have these values.

    Raises
    ------
    KeyError
        No row has them, or several have.

    Examples
    --------
    >>> float(row_of("spend", organisation="OpenAI", item="total compute")["value_usd"]) / 1e9
    7.0
    """
    rows = table(table_name)
    for column, value in where.items():
        chosen = rows[rows[column] == value]
        if chosen.empty:
            raise unknown_name(f"{column} in {table_name}", value, rows[column].dropna().unique())
        rows = chosen
    if len(rows) > 1:
        raise KeyError(f"{len(rows)} rows of {table_name} have {where}: name more columns")
    return rows.iloc[0]


def spend_of(organisation: str, period: str, item: str) -> float:
    """Return a row of data/spend.csv: dollars, or the ratio of a row that states one.

    >>> spend_of("OpenAI Sora", "2025-12", "consumer spend in month (peak)")
    540000.0
    """
    row = row_of("spend", organisation=organisation, period=period, item=item)
    return float(row["ratio"] if row["ratio"] == row["ratio"] else row["value_usd"])


def volume_per_day(organisation: str, date: str, metric: str) -> float:
    """Return a row of data/token_volumes.csv per day: tokens, prompts or searches.

    >>> volume_per_day("DeepSeek V3/R1", "2025-02-28", "output tokens per day") / 1e9
    168.0
    """
    row = row_of("token_volumes", organisation=organisation, observed_date=date, metric=metric)
    return float(row["value_per_day"])


def list_price(provider: str, model: str, as_of: str | None = None) -> Any:
    """Return the latest list price of a model: a row with USD per million tokens in and out.

    >>> float(list_price("openai", "gpt-4o")["output_usd_per_mtok"])
    10.0
    """
    prices = table("api_prices", as_of)
    chosen = prices[(prices["provider"] == provider) & (prices["model"] == model)]
    if chosen.empty:
        raise unknown_name(f"model of {provider}", model, prices["model"].unique())
    return chosen.sort_values("price_date", kind="stable").iloc[-1]


def reported(subject: str, quantity: str) -> float:
    """Return a figure of data/reported_figures.csv.

    >>> reported("models on sale", "time to first token, median")
    1.07
    """
    return float(row_of("reported_figures", subject=subject, quantity=quantity)["value"])


def of_video(quantity: str) -> float:
    """Return a figure of data/video_case.csv.

    >>> of_video("length of a clip")
    10.0
    """
    return float(row_of("video_case", quantity=quantity)["value"])


def limit_s(name: str) -> float:
    """Return a limit of what people bear, of data/latency_limits.csv, in seconds.

    >>> limit_s("keeps the attention")
    10.0
    """
    return float(row_of("latency_limits", limit=name)["value"]) / 1e3
