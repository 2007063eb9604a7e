"""What the chips of a group send each other in a step, and how often they wait for it.

Tensor parallelism sums up after attention and after the feed-forward part by a ring all-reduce:
every chip sends 2 (n − 1) / n times tokens × hidden size in bf16, after a wait that grows with each
doubling of the chips. Data-parallel attention sums up within a group only; tokens are then sent
to their experts and back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inferwall.architecture import Transformer
from inferwall.arrays import is_scalar, lesser
from inferwall.formats import bytes_per_value


def sent_bytes(model: Transformer, chips: Any, groups: Any, tokens: Any) -> Any:
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

    Returns
    -------
    float or array
        Bytes.

    Examples
    --------
    Llama 3.1 8B: 32 layers × 2 sums × 2 × 3/4 × 4,096 numbers of two bytes.

    >>> from inferwall import transformer
    >>> sent_bytes(transformer("Llama 3.1 8B"), chips=4, groups=1, tokens=1)
    786432.0
    """
    payload = model.layer_count * tokens * model.hidden_size * bytes_per_value("bf16")
    group = chips / groups
    attention = 2.0 * (group - 1.0) / group * payload / groups
    summed = 2.0 * (chips - 1.0) / chips * payload
    if is_scalar(groups) and groups == 1:
        return attention + summed
    exchanged = exchanged_bytes(model, chips, tokens)
    return attention + summed + (groups > 1) * (exchanged - summed)


def waited_doublings(model: Transformer, chips: Any, groups: Any) -> Any:
    """Return how many waits a step's collectives hold, each counted once a doubling of its chips.

    A norm over all heads adds one a layer; sending tokens to experts and back waits twice.

    >>> from inferwall import transformer
    >>> float(waited_doublings(transformer("Llama 3.1 8B"), chips=4, groups=1)) / 32  # 2 × log2 4
    4.0
    """
    in_group = (model.layer_count + model.norm_collectives) * np.log2(chips / groups)
    return in_group + model.layer_count * (1.0 + (groups > 1)) * np.log2(chips)


def exchanged_bytes(model: Transformer, chips: Any, tokens: Any) -> Any:
    """Return what one chip sends in all layers when tokens travel to their experts and back.

    Parameters
    ----------
    model : Transformer
    chips : int or array
        Chips that the experts are spread over.
    tokens : float or array
        Tokens of the step, on all chips together.

    Returns
    -------
    float or array
        Bytes: one a value on the way out (fp8), two on the way back (bf16). A token goes to no more
        chips than there are. Layers without experts keep their tokens where experts are elsewhere
        in the model; a model with none sends every token to every chip.

    Examples
    --------
    DeepSeek-V3 sends 8 copies of 7,168 numbers in each of its 58 layers of experts.

    >>> from inferwall import transformer
    >>> exchanged_bytes(transformer("DeepSeek-V3"), 64, 64) / (3 * 7168 * 58 * 8 * 63 / 64)
    1.0
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
    away = (chips - 1.0) / chips
    return tokens / chips * copies * away * model.hidden_size * there_and_back
