"""Speculative decoding: guess several tokens cheaply, check them all in one step of the model.

A draft proposes k tokens for every sequence; the model reads its weights once and judges all of
them, and one more token of its own comes with the judgement. What the check costs beside a plain
step is arithmetic, so the gain shrinks as the batch grows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from inferwall.arrays import at_least, share
from inferwall.step import Deployment, decode_step, max_batch


def expected_tokens(acceptance: Any, drafted: Any) -> Any:
    """Return the tokens that one verification yields on average.

    ``(1 − a^(k+1)) / (1 − a)``: the first draft is accepted with probability a, the second only
    after the first, and so on; the model adds one token of its own.

    Parameters
    ----------
    acceptance : float or array
        Probability that a draft is accepted after all before it were: over 0, at most 1.
    drafted : int or array
        Tokens drafted for each verification, k.

    Raises
    ------
    ValueError
        An acceptance is outside 0–1, or fewer than 0 tokens are drafted.

    Source
    ------
    Leviathan, Kalman and Matias 2023, equation 1.

    Examples
    --------
    By hand: 1 + 0.8 + 0.64 = 2.44.

    >>> round(expected_tokens(0.8, 2), 2), expected_tokens(1, 4), expected_tokens(0, 4)
    (2.44, 5.0, 1.0)
    """
    share("acceptance", acceptance)
    at_least("drafted", drafted, 0)
    a = np.asarray(acceptance, dtype=float)
    below = np.where(a < 1, a, 0.5)  # the sum of ones, where every draft is accepted, is apart
    total = np.where(a < 1, (1 - below ** (np.asarray(drafted) + 1)) / (1 - below), drafted + 1.0)
    return float(total) if np.ndim(total) == 0 else total


def acceptance_of(tokens: float, drafted: int) -> float:
    """Return the acceptance at which a verification yields `tokens`: `expected_tokens` inverted.

    Published drafts state the tokens that a verification yields (their "acceptance length").

    Raises
    ------
    ValueError
        The tokens are fewer than 1 or more than the drafts and one.

    >>> round(acceptance_of(2.44, 2), 3)
    0.8
    """
    if not 1 <= tokens <= drafted + 1:
        raise ValueError(f"tokens={tokens!r}: allowed are 1 to {drafted + 1} with {drafted} drafts")
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expected_tokens(middle, drafted) < tokens else (low, middle)
    return (low + high) / 2


def one_layer_draft(deployment: Deployment) -> Deployment:
    """Return a draft of one layer of the model and its output head, as EAGLE's drafts have.

    Its weights are counted in no memory limit: of a model with 80 layers they are 3 %.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> one_layer_draft(llama).model.layer_count
    1
    """
    model = deployment.model
    return replace(deployment, model=replace(model, layers=(replace(model.layers[0], count=1),)))


def speculation_speedup(
    deployment: Deployment,
    batch: Any,
    context: Any,
    drafted: Any,
    acceptance: Any,
    draft: Deployment | None = None,
) -> Any:
    """Return by how much speculation speeds up decode.

    ``E[tokens] · t(B, 1) / (t_draft + t(B, k + 1))``

    Parameters
    ----------
    deployment : Deployment
    batch, context
        As `decode_step`.
    drafted, acceptance
        As `expected_tokens`. A check takes ``drafted + 1`` tokens of every sequence. It reads
        weights and caches once, and of a mixture of experts more, as its tokens differ in theirs.
    draft : Deployment, optional
        What drafts, one token after the other; without it drafts cost nothing (n-grams).

    Examples
    --------
    By hand: for one reader and free drafts every accepted token is a step saved, 2.44 in all.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> round(speculation_speedup(llama, 1, 0, drafted=2, acceptance=0.8), 2)
    2.44
    """
    gain = expected_tokens(acceptance, drafted)
    drafted_s = 0.0 if draft is None else drafted * decode_step(draft, batch, context).total_s
    check_s = decode_step(deployment, batch, context, drafted + 1).total_s
    return gain * decode_step(deployment, batch, context).total_s / (drafted_s + check_s)


def break_even_batch(
    deployment: Deployment,
    context: float,
    drafted: int,
    acceptance: float,
    draft: Deployment | None = None,
    least_gain: float = 1.0,
) -> float:
    """Return the largest batch at which speculation is not slower; infinite if all that fit gain.

    With `least_gain` over 1, the largest at which it is at least so many times as fast: what a
    reader asks who allows for the model's error. 0 if no batch gains that much. On a mixture of
    experts the gain may rise again with the batch; this is the last crossing.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 8B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> break_even_batch(llama, 1000, drafted=4, acceptance=1.0)
    inf
    """
    batches = np.arange(1, max_batch(deployment, context) + 1)
    gain = speculation_speedup(deployment, batches, context, drafted, acceptance, draft)
    pays = batches[gain >= least_gain]
    if pays.size == batches.size or (pays.size and pays[-1] == batches[-1]):
        return float("inf")
    return float(pays[-1]) if pays.size else 0.0
