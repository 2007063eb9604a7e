"""One step of one deployment: how long it takes, and which part of it takes how long.

A decode step writes one token for every sequence of the batch; a prefill step reads prompts. Both
read weights and caches from memory, multiply, and exchange partial sums between chips. What the
longer activity hides of the shorter is not counted twice, so the parts add up to the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from inferwall.architecture import Transformer
from inferwall.arrays import at_least, is_scalar, lesser, only_where
from inferwall.efficiency import IDEAL, Efficiency
from inferwall.formats import bytes_per_value, number_format
from inferwall.hardware import Accelerator
from inferwall.network import sent_bytes, waited_doublings
from inferwall.units import GB


@dataclass(frozen=True)
class Deployment:
    """A model on chips that share every layer (tensor parallel), or split it in other ways besides.

    Attributes
    ----------
    model : Transformer
    chip : Accelerator
    chips : int or array
        Chips that hold one copy of the model.
    stages : int or array
        Pipeline stages: each holds a share of the layers, and a step of the whole batch passes
        them in as many smaller batches.
    attention_groups : int or array
        Data-parallel attention: groups of chips that each hold all attention weights and serve
        their own sequences; experts and dense parts stay spread over all chips.
    node_link_bytes_per_s : float or array, optional
        Bandwidth of one chip to other nodes, one direction: what collectives cross once the chips
        outnumber the chip's scale-up domain. By default its links reach every chip.
    weight_format, kv_format : str
        Formats of weights and of the KV cache, as `inferwall.formats` knows them.
    activation_format : str, optional
        The format in which products are computed. By default that of the weights, or bf16 for
        formats that only store weights (``int4``, ``mxfp4``).
    dense_format : str, optional
        The format of all matrices but the routed experts, where it differs: gpt-oss is published
        with experts in mxfp4 and everything else in bf16.
    efficiency : Efficiency
        What is reached of the datasheet; the ideal gives the bound.
    """

    model: Transformer
    chip: Accelerator
    chips: Any = 1
    weight_format: str = "bf16"
    kv_format: str = "bf16"
    activation_format: str | None = None
    dense_format: str | None = None
    efficiency: Efficiency = IDEAL
    stages: Any = 1
    attention_groups: Any = 1
    node_link_bytes_per_s: Any = None

    def __post_init__(self) -> None:
        for name, value in (("model", self.model), ("chip", self.chip)):
            if isinstance(value, str):
                kind = "transformer" if name == "model" else "accelerator"
                raise ValueError(f"{name}={value!r}: allowed is what {kind}({value!r}) returns")
        at_least("chips", self.chips, 1)
        at_least("stages", self.stages, 1)
        at_least("attention_groups", self.attention_groups, 1)
        for name in (self.weight_format, self.kv_format, self.arithmetic_format, self.dense_format):
            if name is not None:
                number_format(name)

    @cached_property
    def arithmetic_format(self) -> str:
        """Return the format of the products."""
        return self.activation_format or number_format(self.weight_format).arithmetic

    @cached_property
    def kernels(self) -> Any:
        """Return the kernels of a step: products, what lies between them, rounding before them."""
        small = self.arithmetic_format in ("fp8", "fp4", "nvfp4", "int8")
        return self.model.kernel_count(small and self.dense_format is None, small)

    @cached_property
    def attention_format(self) -> str:
        """Return the format of scores and sums: fp8 where activations and cache are, else bf16."""
        eight_bits = self.kv_format == "fp8" and self.arithmetic_format in ("fp8", "fp4", "nvfp4")
        return "fp8" if eight_bits else "bf16"

    @cached_property
    def ranks(self) -> Any:
        """Return the chips that work on one layer together."""
        return self.chips / self.stages

    @cached_property
    def bandwidth_bytes_per_s(self) -> Any:
        """Return the memory bandwidth that one chip reaches when it reads weights."""
        return self.chip.known("bandwidth_bytes_per_s") * self.efficiency.bandwidth_share

    @cached_property
    def weight_bandwidth_bytes_per_s(self) -> Any:
        """Return the same for weights in this format.

        Integers have to be converted and scaled on the way to a product of floats.
        """
        stored, product = (
            bytes_per_value(name) for name in (self.weight_format, self.arithmetic_format)
        )
        integers = self.weight_format.startswith(("int", "q"))
        widened = self.efficiency.widened_share if integers and stored < 0.9 * product else 1.0
        return self.bandwidth_bytes_per_s * widened

    @cached_property
    def flop_per_s(self) -> Any:
        """Return the rate of products with weights that the chips of a layer reach together."""
        return self._flop_per_s(self.arithmetic_format)

    @cached_property
    def attention_flop_per_s(self) -> Any:
        """Return the rate of scores and sums that the chips of a layer reach together."""
        return self._flop_per_s(self.attention_format)

    def _flop_per_s(self, name: str) -> Any:
        return self.ranks * self.chip.peak_flop_per_s(name) * self.efficiency.arithmetic_share(name)

    @cached_property
    def memory_bytes(self) -> Any:
        """Return the bytes that weights and caches may fill on one chip."""
        return self.chip.known("memory_bytes") * self.efficiency.memory_share

    @cached_property
    def weight_bytes(self) -> float:
        """Return the bytes of all weights, over all chips."""
        copies = (self.attention_groups - 1) * self.attention_weight_bytes
        return self.model.weight_bytes(self.weight_format, self.dense_format) + copies

    @cached_property
    def attention_weight_bytes(self) -> Any:
        """Return the bytes of the matrices of attention, one copy."""
        name = self.weight_format if self.dense_format is None else self.dense_format
        return self.model.attention_parameters * bytes_per_value(name)

    @cached_property
    def kv_ranks(self) -> Any:
        """Return over how many chips one sequence's cache is split.

        Key-value heads are dealt out to the chips; chips beyond their number hold copies, and so
        does every chip of a latent cache, which has no heads.
        """
        return lesser(self.ranks / self.attention_groups, self.model.kv_shards)


@dataclass(frozen=True)
class StepTime:
    """The seconds of one step, in parts that add up.

    Attributes
    ----------
    weights_s, kv_s : float or array
        Reading weights; reading (in prefill also writing) the KV cache.
    arithmetic_s : float or array
        Arithmetic not hidden behind memory.
    network_s : float or array
        Exchange between chips not hidden behind either.
    overhead_s : float or array
        What passes whatever the load.
    """

    weights_s: Any
    kv_s: Any
    arithmetic_s: Any
    network_s: Any
    overhead_s: Any

    @property
    def memory_s(self) -> Any:
        """Return the time of all memory traffic."""
        return self.weights_s + self.kv_s

    @property
    def total_s(self) -> Any:
        """Return the time of the step."""
        return self.memory_s + self.arithmetic_s + self.network_s + self.overhead_s

    @property
    def parts_s(self) -> dict[str, Any]:
        """Return the parts under the words that a report uses."""
        return {
            "weights": self.weights_s,
            "KV cache": self.kv_s,
            "arithmetic": self.arithmetic_s,
            "network": self.network_s,
            "overhead": self.overhead_s,
        }

    @property
    def longest_part(self) -> str:
        """Return the part of a scalar step that takes longest: what limits it."""
        return max(self.parts_s, key=lambda part: self.parts_s[part])


def sequence_bytes(deployment: Deployment, context: Any) -> Any:
    """Return the bytes that one sequence's cache takes on each chip that holds a part of it.

    With data-parallel attention or a pipeline, the mean over the chips.

    Parameters
    ----------
    deployment : Deployment
    context : float or array
        Tokens in the cache.
    """
    cache = deployment.model.kv_bytes(context, deployment.kv_format) / deployment.kv_ranks
    return cache / (deployment.attention_groups * deployment.stages)


def _weights_s(deployment: Deployment, tokens: Any) -> Any:
    """Return the seconds of reading the weights that `tokens` tokens together touch."""
    model, weight_format = deployment.model, deployment.weight_format
    read = model.weight_bytes_read(weight_format, tokens, deployment.dense_format)
    routed = model.routed_bytes_read(weight_format, tokens)
    copies = (deployment.attention_groups - 1) * deployment.attention_weight_bytes
    bandwidth = deployment.ranks * deployment.weight_bandwidth_bytes_per_s
    read_s = (read - routed + copies + routed / deployment.efficiency.expert_share) / bandwidth
    if is_scalar(deployment.efficiency.unpack_flop) and deployment.efficiency.unpack_flop == 0:
        return read_s
    return (read_s**2 + _unpack_s(deployment) ** 2) ** 0.5


def _unpack_s(deployment: Deployment) -> Any:
    """Return the seconds in which the vector units convert every weight that one token meets.

    It passes beside the reading and hides the shorter of both in part. A chip whose vector rate is
    not known is taken to keep up.
    """
    integers = deployment.weight_format.startswith(("int", "q"))
    work = deployment.efficiency.unpack_flop / (4.0 if integers else 1.0)
    rate = deployment.ranks * deployment.chip.fp32_flop_per_s
    return np.nan_to_num(work * deployment.model.active_parameters / rate)


def _arithmetic_s(deployment: Deployment, flop: Any, attention_flop: Any, tokens: Any) -> Any:
    """Return the seconds of `flop` work of which `attention_flop` are scores and sums."""
    routed = 2.0 * deployment.model.active_routed_parameters * tokens
    slower = routed * (1.0 / deployment.efficiency.expert_flop_share - 1.0)
    products = (flop - attention_flop + slower) / deployment.flop_per_s
    return products + attention_flop / deployment.attention_flop_per_s


def fits(deployment: Deployment, batch: Any, context: Any) -> Any:
    """Say whether weights and the caches of `batch` sequences fit in the memory.

    Parameters
    ----------
    deployment : Deployment
    batch : int or array
        Sequences in flight; 0 asks for the weights alone.
    context : float or array
        Tokens in the cache of each.

    Returns
    -------
    bool or array
        The answer of each cell, False where a number is NaN.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> fits(llama, batch=64, context=4096), fits(llama, batch=128, context=4096)
    (True, False)
    """
    at_least("batch", batch, 0)
    at_least("context", context, 0)
    need = deployment.weight_bytes / deployment.chips + batch * sequence_bytes(deployment, context)
    answer = need <= deployment.memory_bytes
    return bool(answer) if is_scalar(answer) else answer


def fewest_chips(deployment: Deployment) -> Any:
    """Return the fewest chips that hold the weights, whatever `deployment.chips` says.

    An int, or an array where the memory is one.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> fewest_chips(Deployment(transformer("Llama 3.1 70B"), accelerator("H100 SXM")))
    2
    """
    chips = np.ceil(deployment.weight_bytes / deployment.memory_bytes)
    return int(chips) if is_scalar(chips) else chips


def max_batch(deployment: Deployment, context: Any) -> Any:
    """Return how many sequences of a context fit beside the weights: 0 if none does.

    Parameters
    ----------
    deployment : Deployment
    context : float or array
        Tokens in the cache of each sequence, at least 1.

    Returns
    -------
    int or array

    Raises
    ------
    ValueError
        The context is out of range.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> max_batch(llama, context=4096)
    101
    """
    at_least("context", context, 1)
    free = deployment.memory_bytes - deployment.weight_bytes / deployment.chips
    batch = np.floor(np.maximum(free, 0.0) / sequence_bytes(deployment, context))
    return int(batch) if is_scalar(batch) else batch


def _check_memory(deployment: Deployment, batch: Any, context: Any) -> Any:
    """Return where the step is possible; raise where nothing of it is."""
    allowed = fits(deployment, batch, context)
    if allowed is True:
        return True
    weights = deployment.weight_bytes
    room = deployment.memory_bytes
    if not np.any(weights / deployment.chips <= room) and not np.all(np.isnan(room)):
        chips, size = np.max(deployment.chips), np.nanmax(room)
        raise ValueError(
            f"{weights / GB:.1f} GB of weights do not fit in {chips:g} × {size / GB:g} GB; "
            f"the fewest chips are {math.ceil(weights / size)}"
        )
    if allowed is False:
        need = batch * sequence_bytes(deployment, context)
        raise ValueError(
            f"batch={batch:g}: its KV cache takes {need / GB:.1f} GB a chip and "
            f"{(room - weights / deployment.chips) / GB:.1f} GB are free beside the weights; "
            f"at context {context:g} the largest batch is {max_batch(deployment, context)}"
        )
    return allowed


def _link_bytes_per_s(deployment: Deployment) -> Any:
    """Return the bandwidth that collectives find, one direction a chip."""
    chip = deployment.chip
    between = deployment.node_link_bytes_per_s
    if between is None or np.isnan(chip.scaleup_domain_chips):
        return chip.known("link_bytes_per_s")
    outgrown = deployment.ranks > chip.scaleup_domain_chips
    return np.where(outgrown, between, chip.known("link_bytes_per_s"))


def _network_s(deployment: Deployment, tokens: Any) -> Any:
    """Return the seconds of all collectives of a step that carries `tokens` through the layers."""
    ranks, groups = deployment.ranks, deployment.attention_groups
    if is_scalar(ranks) and ranks == 1:
        return 0.0
    link = _link_bytes_per_s(deployment) * deployment.efficiency.link_share
    return sent_bytes(deployment.model, ranks, groups, tokens) / link + wait_s(deployment)


def wait_s(deployment: Deployment) -> Any:
    """Return the part of a step's collectives that passes whatever they carry."""
    doublings = waited_doublings(deployment.model, deployment.ranks, deployment.attention_groups)
    return doublings * deployment.efficiency.collective_s


def _combine(
    deployment: Deployment,
    weights_s: Any,
    kv_s: Any,
    arithmetic_s: Any,
    network_s: Any,
    overhead_s: Any,
) -> StepTime:
    """Hide the shorter activities behind the longer, as far as the efficiency lets them."""
    efficiency, model, memory_s = deployment.efficiency, deployment.model, weights_s + kv_s
    exposed_s = arithmetic_s - efficiency.overlap * lesser(arithmetic_s, memory_s)
    network_s = network_s - efficiency.overlap * lesser(network_s, memory_s + exposed_s)
    between_s = efficiency.layer_s * model.layer_count + efficiency.kernel_s * deployment.kernels
    overhead_s = overhead_s + between_s + efficiency.step_s
    return StepTime(weights_s, kv_s, exposed_s, network_s, overhead_s)


def prompt_overhead_s(deployment: Deployment) -> Any:
    """Return what a prompt adds to a step beside its work."""
    efficiency = deployment.efficiency
    return efficiency.request_s + efficiency.launch_s * deployment.kernels


def _masked(step: StepTime, allowed: Any) -> StepTime:
    if allowed is True:
        return step
    return StepTime(*(only_where(getattr(step, name), allowed) for name in step.__dict__))


def decode_step(deployment: Deployment, batch: Any, context: Any) -> StepTime:
    """Return the time in which every sequence of a batch gets its next token.

    ``memory = (weights read + batch × KV cache) / bandwidth``,
    ``arithmetic = batch × FLOP per token / peak``, the longer of the two at the ideal efficiency.
    Mixture-of-experts models read the experts that the batch touches.

    Parameters
    ----------
    deployment : Deployment
    batch : int or array
        Sequences in flight, at least 1.
    context : float or array
        Tokens in the cache of each, the mean over the batch.

    Returns
    -------
    StepTime
        Seconds, in the broadcast shape of all array arguments. Cells that do not fit are NaN.

    Raises
    ------
    ValueError
        A scalar deployment does not fit, weights fit nowhere in a sweep, an argument is out of
        range, or the chip's datasheet lacks a number that the step needs.

    Examples
    --------
    By hand: 70.55 GB of weights over 4.8 TB/s are 14.7 ms.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> step = decode_step(llama, batch=1, context=0)
    >>> round(step.total_s * 1e3, 1), step.longest_part
    (14.7, 'weights')
    """
    at_least("batch", batch, 1)
    at_least("context", context, 0)
    allowed = _check_memory(deployment, batch, context)
    model = deployment.model
    cache = model.kv_bytes_read(context, deployment.kv_format) / deployment.kv_ranks
    # A pipeline works on as many smaller batches at once as it has stages.
    together = (
        batch
        if is_scalar(deployment.stages) and deployment.stages == 1
        else np.maximum(batch / deployment.stages, 1.0)
    )
    flop = together * model.decode_flop(context)
    attention_flop = flop - together * model.decode_flop(0.0)
    caches = together / deployment.attention_groups * cache
    step = _combine(
        deployment,
        weights_s=_weights_s(deployment, together),
        kv_s=caches / deployment.bandwidth_bytes_per_s,
        arithmetic_s=_arithmetic_s(deployment, flop, attention_flop, together),
        network_s=_network_s(deployment, together),
        overhead_s=0.0,
    )
    return _masked(step, allowed)


def prefill_step(deployment: Deployment, batch: Any, tokens: Any, cached: Any = 0) -> StepTime:
    """Return the time to read `batch` prompts in one step.

    Parameters
    ----------
    deployment : Deployment
    batch : int or array
        Prompts read together, at least 1.
    tokens : float or array
        Tokens of each prompt that have to be computed, at least 1.
    cached : float or array
        Tokens before them whose cache is already there.

    Returns
    -------
    StepTime
        Seconds; the cache is read where it exists and written where it grows.

    Raises
    ------
    ValueError
        As `decode_step`.

    Examples
    --------
    By hand: 2 × 70e9 × 1,000 FLOP over 1,979 TFLOP/s are about 70 ms.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> step = prefill_step(llama, batch=1, tokens=1000)
    >>> 0.065 < step.total_s < 0.075, step.longest_part
    (True, 'arithmetic')
    """
    at_least("batch", batch, 1)
    at_least("tokens", tokens, 1)
    at_least("cached", cached, 0)
    context = tokens + cached
    allowed = _check_memory(deployment, batch, context)
    model = deployment.model
    caches = batch * sequence_bytes(deployment, context) * deployment.stages
    flop = batch * model.prefill_flop(tokens, cached)
    linear_flop = batch * model.prefill_linear_flop(tokens)
    step = _combine(
        deployment,
        weights_s=_weights_s(deployment, batch * tokens),
        kv_s=caches / deployment.bandwidth_bytes_per_s,
        arithmetic_s=_arithmetic_s(deployment, flop, flop - linear_flop, batch * tokens),
        network_s=_network_s(deployment, batch * tokens),
        overhead_s=prompt_overhead_s(deployment) + deployment.efficiency.request_s * (batch - 1),
    )
    return _masked(step, allowed)
