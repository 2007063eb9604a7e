"""Keeping a conversation's KV cache, or computing it again: what each costs, and for how long."""

from __future__ import annotations

from typing import Any

import numpy as np

from inferwall.step import Deployment, prefill_step, sequence_bytes
from inferwall.units import MTOK


def allocated_tokens(tokens: Any, block_tokens: Any) -> Any:
    """Return the room that sequences take when it is dealt out in blocks.

    ``ceil(tokens / block) × block``; a block of the longest context is pre-allocation.

    >>> float(allocated_tokens(100, 16)), float(allocated_tokens(100, 2048))
    (112.0, 2048.0)
    """
    return np.ceil(tokens / block_tokens) * (1.0 * block_tokens)


def break_even_s(deployment: Deployment, tokens: Any) -> Any:
    """Return for how long an idle cache is worth its place in the chips' memory.

    ``prefill time × memory / cache``: holding a share of the memory costs that share of the rent,
    computing the cache again costs the whole rent for the prefill, and the rent cancels.

    Parameters
    ----------
    deployment : Deployment
    tokens : float or array
        Length of the conversation, at least 1.

    Returns
    -------
    float or array
        Seconds. A cache that is asked for sooner is kept, one asked for later is dropped.

    Raises
    ------
    ValueError
        As `prefill_step`.

    Assumes
    -------
    Memory is what the chips lack, and idle arithmetic is not free.

    Examples
    --------
    By hand: 1 PFLOP/s reads 131,072 tokens in 40.5 s; 6.57 such caches fill 141 GB.

    >>> from inferwall import Efficiency, accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8",
    ...                    efficiency=Efficiency(fp8_share=0.5))
    >>> round(break_even_s(llama, 131_072) / 60, 1)
    4.5
    """
    prefill_s = prefill_step(deployment, 1, tokens).total_s
    return prefill_s * deployment.memory_bytes / sequence_bytes(deployment, tokens)


def hit_share(lifetime_s: Any, mean_gap_s: Any) -> Any:
    """Return the share of turns that find their cache alive, if gaps are exponential.

    ``1 − exp(−lifetime / mean gap)``; every hit starts the lifetime anew.

    >>> round(float(hit_share(300, 300)), 3)
    0.632
    """
    return 1.0 - np.exp(-lifetime_s / mean_gap_s)


def session_tokens(turns: Any, first_tokens: Any, added_tokens: Any) -> tuple[Any, Any]:
    """Return what a session sends: tokens it has sent before, and tokens that are new.

    Turn k (from 0) sends ``first + k × added`` tokens, of which all but the latest are repeated.

    Parameters
    ----------
    turns : int or array
        Requests of the session, at least 1.
    first_tokens, added_tokens : float or array
        Prompt of the first turn; what each turn adds, the answer before it included.

    Examples
    --------
    Three turns of 10, 12 and 14 tokens: 10 + 12 are repeated, 10 + 2 + 2 are new.

    >>> session_tokens(3, 10, 2)
    (22.0, 14)
    """
    new = first_tokens + (turns - 1) * added_tokens
    sent = turns * first_tokens + added_tokens * turns * (turns - 1) / 2
    return sent - new, new


def session_cost_usd(
    repeated_tokens: Any,
    new_tokens: Any,
    output_tokens: Any,
    input_usd_per_mtok: Any,
    output_usd_per_mtok: Any,
    read_over_input: Any = 1.0,
    write_over_input: Any = 1.0,
    hits: Any = 1.0,
) -> Any:
    """Return the bill of a session whose repeated tokens are read from a cache where it is alive.

    ``input price × (repeated × (hits × read + (1 − hits) × write) + new × write) + output``

    Parameters
    ----------
    repeated_tokens, new_tokens, output_tokens : float or array
    input_usd_per_mtok, output_usd_per_mtok : float or array
        List prices of fresh tokens.
    read_over_input, write_over_input : float or array
        Price of a cached read and of a write over that of fresh input; 1 and 1 is no cache.
    hits : float or array
        Share of the repeated tokens that are found, 0 to 1; the rest are written again.

    >>> session_cost_usd(900_000, 100_000, 0, 5.0, 25.0, read_over_input=0.1)
    0.95
    """
    repeated = repeated_tokens * (hits * read_over_input + (1.0 - hits) * write_over_input)
    billed = repeated + new_tokens * write_over_input
    return (billed * input_usd_per_mtok + output_tokens * output_usd_per_mtok) / MTOK
