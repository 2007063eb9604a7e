"""What an hour of chips costs, and from it a token and a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inferwall.arrays import share_over_0
from inferwall.data import resolve, table
from inferwall.step import Deployment, decode_step, prefill_step
from inferwall.units import HOUR, MTOK

if TYPE_CHECKING:
    import pandas as pd


def cost_usd_per_mtok(rent_usd_per_hour: Any, tokens_per_s: Any) -> Any:
    """Return the cost of a million tokens from the rent of all chips and what they write together.

    ``rent / 3,600 / tokens per second × 10^6``

    Parameters
    ----------
    rent_usd_per_hour : float or array
        Rent of all chips that write.
    tokens_per_s : float or array
        What they write together.

    Examples
    --------
    >>> round(cost_usd_per_mtok(3.60, tokens_per_s=1000), 3)
    1.0
    """
    return rent_usd_per_hour / HOUR / tokens_per_s * MTOK


def decode_cost_usd_per_mtok(rent_usd_per_hour: Any, step_time_s: Any, batch: Any) -> Any:
    """Return the cost of a million output tokens when every step writes `batch` of them.

    Parameters
    ----------
    rent_usd_per_hour : float or array
        Rent of all chips of the deployment.
    step_time_s : float or array
        Seconds of one decode step.
    batch : int or array
        Sequences that get a token in it.

    Examples
    --------
    >>> round(decode_cost_usd_per_mtok(3.60, step_time_s=14.7e-3, batch=1), 2)
    14.7
    """
    return cost_usd_per_mtok(rent_usd_per_hour, batch / step_time_s)


def joules_per_token(power_w: Any, tokens_per_s: Any) -> Any:
    """Return the energy of one token; power is that of all chips, with what cools and hosts them.

    Parameters
    ----------
    power_w : float or array
        Watts of all chips.
    tokens_per_s : float or array
        What they write together.

    Examples
    --------
    >>> joules_per_token(power_w=1000.0, tokens_per_s=500.0)
    2.0
    """
    return power_w / tokens_per_s


def request_chip_s(
    deployment: Deployment,
    batch: Any,
    input_tokens: Any,
    output_tokens: Any,
    cached_tokens: Any = 0,
) -> Any:
    """Return the chip-seconds that one request occupies.

    The prompt has the chips to itself while it is read; then every step is shared by the batch,
    at the mean context of input plus half the output. Cached tokens are part of the input and skip
    prefill.

    Parameters
    ----------
    deployment : Deployment
    batch : int or array
        Sequences that decode together.
    input_tokens, output_tokens, cached_tokens : float or array

    Raises
    ------
    ValueError
        More tokens are cached than the input has less one, or the deployment does not fit.

    Examples
    --------
    By hand: 70 ms for the prompt, 400 × 14.7 ms for the answer; reading the cache adds 16 ms.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> round(request_chip_s(llama, batch=1, input_tokens=1000, output_tokens=400), 2)
    5.97
    """
    fresh = input_tokens - cached_tokens
    if np.any(fresh < 1):
        raise ValueError(
            f"cached_tokens={cached_tokens!r}: allowed are at most input_tokens less 1, "
            f"which is {input_tokens - 1!r}"
        )
    prefill = prefill_step(deployment, 1, fresh, cached_tokens)
    decode = decode_step(deployment, batch, input_tokens + output_tokens / 2)
    return deployment.chips * (prefill.total_s + output_tokens * decode.total_s / batch)


def request_cost_usd(
    deployment: Deployment,
    rent_usd_per_hour: Any,
    batch: Any,
    input_tokens: Any,
    output_tokens: Any,
    cached_tokens: Any = 0,
    utilisation: Any = 1.0,
) -> Any:
    """Return what one request costs at the rent of one chip.

    ``chip-seconds of the request × rent of a chip / 3,600 / utilisation``

    Parameters
    ----------
    deployment, batch, input_tokens, output_tokens, cached_tokens
        As `request_chip_s`.
    rent_usd_per_hour : float or array
        Rent of one chip.
    utilisation : float or array
        Share of the rented time in which the chips do paid work, over 0 and at most 1.

    Raises
    ------
    ValueError
        The utilisation is out of range, or the request cannot run.

    Examples
    --------
    By hand: 5.97 chip-seconds at USD 3.60 an hour are 0.597 cents; half idle, twice that.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> round(request_cost_usd(llama, 3.60, 1, 1000, 400, utilisation=0.5), 4)
    0.0119
    """
    share_over_0("utilisation", utilisation)
    chip_s = request_chip_s(deployment, batch, input_tokens, output_tokens, cached_tokens)
    return chip_s * rent_usd_per_hour / HOUR / utilisation


def rents(chip_name: str, contract: str = "on_demand", as_of: str | None = None) -> pd.DataFrame:
    """Return the published rents of a chip, cheapest first.

    Parameters
    ----------
    chip_name : str
        Any spelling of an accelerator.
    contract : str
        A contract of data/rental_prices.csv, such as ``"on_demand"``.
    as_of : str, optional
        Only prices that were known at that ISO date.

    Returns
    -------
    pandas.DataFrame
        One row an observation, with `usd_per_accelerator_hour`, provider, date and sources.

    Raises
    ------
    KeyError
        The chip is unknown.
    ValueError
        The contract is unknown.
    """
    prices = table("rental_prices", as_of)
    contracts = sorted(table("rental_prices")["contract"].unique())
    if contract not in contracts:
        raise ValueError(f"contract={contract!r}: allowed are {', '.join(contracts)}")
    chosen = (prices["accelerator"] == resolve("accelerator", chip_name)) & (
        prices["contract"] == contract
    )
    return prices[chosen].sort_values("usd_per_accelerator_hour").reset_index(drop=True)
