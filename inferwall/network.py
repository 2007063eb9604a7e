"""What the chips of a group send each other in a step, and how often they wait for it.

Tensor parallelism sums up after attention and after the feed-forward part by an all-reduce. Inside
a scale-up domain it goes round a ring: every chip sends 2 (n − 1) / n times tokens × hidden size in
bf16. A group that outgrows its domain sums inside each domain first, so that only each chip's own
share of the sums crosses the network. Data-parallel attention sums up within a group only; tokens
are then sent to their experts and back, each on the link that reaches it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from inferwall.architecture import Transformer
from inferwall.arrays import is_scalar, lesser
from inferwall.formats import bytes_per_value


class Sent(NamedTuple):
    """Bytes that one chip sends: to chips of its scale-up domain, and across the network."""

    inside: Any
    across: Any


def sent_bytes(
    model: Transformer, chips: Any, groups: Any, tokens: Any, domain: float = math.inf
) -> Sent:
    """Return what one chip sends in all layers of a step.

    Parameters
    ----------
    model : Transformer
    chips : int or array
        Chips that work on a layer together.
    groups : int or array
        Groups of data-parallel attention among them; 1 is tensor parallelism.
    tokens : float or array
        Tokens of the step, on all chips together.
    domain : float
        Chips that the scale-up links join.

    Examples
    --------
    Llama 3.1 8B: 32 layers × 2 sums × 2 × 3/4 × 4,096 numbers of two bytes.

    >>> from inferwall import transformer
    >>> sent_bytes(transformer("Llama 3.1 8B"), chips=4, groups=1, tokens=1).inside
    786432.0

    On 16 chips in two servers of eight, 2 × 1/2 of an eighth of each sum crosses between them.

    >>> sent_bytes(transformer("Llama 3.1 8B"), 16, 1, tokens=1, domain=8).across / 32 / 2
    1024.0
    """
    payload = model.layer_count * tokens * model.hidden_size * bytes_per_value("bf16")
    attention = _all_reduce(payload / groups, chips / groups, domain)
    summed = _all_reduce(payload, chips, domain)
    if is_scalar(groups) and groups == 1:
        return Sent(*(a + s for a, s in zip(attention, summed, strict=True)))
    exchanged = exchanged_bytes(model, chips, tokens, domain)
    return Sent(
        *(
            a + s + (groups > 1) * (e - s)
            for a, s, e in zip(attention, summed, exchanged, strict=True)
        )
    )


def _all_reduce(payload: Any, chips: Any, domain: float) -> Sent:
    """Return what one chip sends to sum up a payload: in its domain, then its share across."""
    near = lesser(chips, domain)
    domains = chips / near
    return Sent(
        2.0 * (near - 1.0) / near * payload, 2.0 * (domains - 1.0) / domains * payload / near
    )


def waited_doublings(model: Transformer, chips: Any, groups: Any) -> Any:
    """Return how many waits a step's collectives hold, each counted once a doubling of its chips.

    A norm over all heads adds one a layer; sending tokens to experts and back waits twice.

    >>> from inferwall import transformer
    >>> float(waited_doublings(transformer("Llama 3.1 8B"), chips=4, groups=1)) / 32  # 2 × log2 4
    4.0
    """
    in_group = (model.layer_count + model.norm_collectives) * np.log2(chips / groups)
    return in_group + model.layer_count * (1.0 + (groups > 1)) * np.log2(chips)


def exchanged_bytes(model: Transformer, chips: Any, tokens: Any, domain: float = math.inf) -> Sent:
    """Return what one chip sends in all layers when tokens travel to their experts and back.

    One byte a value on the way out (fp8), two on the way back (bf16). A token goes to no more chips
    than there are. Layers without experts keep their tokens where experts are elsewhere in the
    model; a model with none sends every token to every chip.

    Parameters
    ----------
    model : Transformer
    chips : int or array
        Chips that the experts are spread over, evenly.
    tokens : float or array
        Tokens of the step, on all chips together.
    domain : float
        Chips that the scale-up links join.

    Examples
    --------
    DeepSeek-V3 sends 8 copies of 7,168 numbers in each of its 58 layers of experts; on 64 chips in
    servers of eight, 56 of 64 leave the server.

    >>> from inferwall import transformer
    >>> sent = exchanged_bytes(transformer("DeepSeek-V3"), 64, 64, domain=8)
    >>> sent.across / (3 * 7168 * 58 * 8), sent.inside / (3 * 7168 * 58 * 8) * 64
    (0.875, 7.0)
    """
    chosen = [
        (group.count, group.feed_forward.experts_per_token)
        for group in model.layers
        if hasattr(group.feed_forward, "experts_per_token")
    ]
    copies = sum(count * lesser(experts, chips) for count, experts in chosen)
    if not chosen:
        copies = model.layer_count * chips
    there_and_back = bytes_per_value("fp8") + bytes_per_value("bf16")
    to_a_chip = tokens / chips * copies / chips * model.hidden_size * there_and_back
    near = lesser(chips, domain)
    return Sent((near - 1.0) * to_a_chip, (chips - near) * to_a_chip)
