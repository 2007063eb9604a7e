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
        Bandwidth of one chip to other nodes, one direction: what goes to chips outside its scale-up
        domain. By default its links reach every chip.
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
    def reach_chips(self) -> float:
        """Return how many chips the scale-up links join: all, where no network is stated."""
        domain = self.chip.scaleup_domain_chips
        return math.inf if self.node_link_bytes_per_s is None or np.isnan(domain) else domain

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
        share = self.efficiency.vector_share
        if self.chip.has_matrix_units:
            share = self.efficiency.arithmetic_share(name)
        return self.ranks * self.chip.peak_flop_per_s(name) * share

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


@dataclass(frozen=True)
class _Work:
    """What the chips of a layer have to do in one step.

    Tokens through all layers, the FLOP of their products with weights and those of scores and sums,
    and the bytes of caches that each chip moves.
    """

    tokens: Any
    flop: Any
    attention_flop: Any
    kv_bytes: Any

    def __add__(self, other: _Work) -> _Work:
        return _Work(*(mine + getattr(other, name) for name, mine in vars(self).items()))


def _written(deployment: Deployment, batch: Any, context: Any, tokens: Any) -> _Work:
    """Return the work of writing or judging `tokens` tokens for every sequence."""
    model, stages = deployment.model, deployment.stages
    # A pipeline works on as many smaller batches at once as it has stages.
    piped = not is_scalar(stages) or stages != 1
    together = np.maximum(batch / stages, 1.0) if piped else batch
    carried = together * tokens
    flop, all_flop = (carried * model.decode_flop(seen) for seen in (0.0, context))
    cache = model.kv_bytes_read(context, deployment.kv_format) / deployment.kv_ranks
    return _Work(carried, flop, all_flop - flop, together / deployment.attention_groups * cache)


def _read(deployment: Deployment, prompts: Any, tokens: Any, cached: Any) -> _Work:
    """Return the work of reading prompts one after the other, with what precedes them cached."""
    model = deployment.model
    flop = prompts * model.prefill_linear_flop(tokens)
    all_flop = prompts * model.prefill_flop(tokens, cached)
    caches = prompts * sequence_bytes(deployment, tokens + cached) * deployment.stages
    return _Work(prompts * tokens, flop, all_flop - flop, caches)


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


def _arithmetic_s(deployment: Deployment, work: _Work) -> Any:
    """Return the seconds of all products of a step."""
    routed = 2.0 * deployment.model.active_routed_parameters * work.tokens
    slower = routed * (1.0 / deployment.efficiency.expert_flop_share - 1.0)
    products = (work.flop + slower) / deployment.flop_per_s
    return products + work.attention_flop / deployment.attention_flop_per_s


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


def _network_s(deployment: Deployment, tokens: Any) -> Any:
    """Return the seconds of all collectives of a step that carries `tokens` through the layers.

    They wait for each other whatever they carry, and then carry it.
    """
    model, ranks, groups = deployment.model, deployment.ranks, deployment.attention_groups
    if is_scalar(ranks) and ranks == 1:
        return 0.0
    efficiency, chip = deployment.efficiency, deployment.chip
    sent = sent_bytes(model, ranks, groups, tokens, deployment.reach_chips)
    carried_s = sent.inside / (chip.known("link_bytes_per_s") * efficiency.link_share)
    if deployment.node_link_bytes_per_s is not None:
        node_link = deployment.node_link_bytes_per_s * efficiency.node_link_share
        carried_s = carried_s + sent.across / node_link
    return carried_s + waited_doublings(model, ranks, groups) * efficiency.collective_s


def _timed(deployment: Deployment, work: _Work, overhead_s: Any = 0.0) -> StepTime:
    """Return the time of a step: shorter activities hide behind longer, as far as they may."""
    efficiency = deployment.efficiency
    weights_s = _weights_s(deployment, work.tokens)
    kv_s = work.kv_bytes / deployment.bandwidth_bytes_per_s
    arithmetic_s = _arithmetic_s(deployment, work)
    network_s = _network_s(deployment, work.tokens)
    exposed_s = arithmetic_s - efficiency.overlap * lesser(arithmetic_s, weights_s + kv_s)
    behind_s = weights_s + kv_s + exposed_s
    network_s = network_s - efficiency.overlap * lesser(network_s, behind_s)
    between_s = efficiency.layer_s * deployment.model.layer_count
    between_s = between_s + efficiency.kernel_s * deployment.kernels + efficiency.step_s
    return StepTime(weights_s, kv_s, exposed_s, network_s, overhead_s + between_s)


def _reading_s(deployment: Deployment, prompts: Any) -> Any:
    """Return what prompts add to the step that reads them, beside their work."""
    efficiency = deployment.efficiency
    return efficiency.request_s * prompts + efficiency.launch_s * deployment.kernels


def _masked(step: StepTime, allowed: Any) -> StepTime:
    if allowed is True:
        return step
    return StepTime(*(only_where(getattr(step, name), allowed) for name in step.__dict__))


def decode_step(deployment: Deployment, batch: Any, context: Any, tokens: Any = 1) -> StepTime:
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
    tokens : int or array
        Tokens of each sequence that the step takes: more than 1 where it judges drafts. Caches are
        read once; arithmetic, exchange and the experts that are touched grow with the tokens.

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
    By hand: 70.55 GB of weights over 4.8 TB/s are 14.7 ms, for one token or for five.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> step = decode_step(llama, batch=1, context=0)
    >>> round(step.total_s * 1e3, 1), step.longest_part
    (14.7, 'weights')
    >>> round(decode_step(llama, batch=1, context=0, tokens=5).total_s * 1e3, 1)
    14.7
    """
    at_least("batch", batch, 1)
    at_least("context", context, 0)
    at_least("tokens", tokens, 1)
    allowed = _check_memory(deployment, batch, context)
    return _masked(_timed(deployment, _written(deployment, batch, context, tokens)), allowed)


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
    allowed = _check_memory(deployment, batch, tokens + cached)
    work = _read(deployment, batch, tokens, cached)
    return _masked(_timed(deployment, work, _reading_s(deployment, batch)), allowed)


def mixed_step(
    deployment: Deployment, batch: Any, context: Any, prompts: Any, tokens: Any, cached: Any = 0
) -> StepTime:
    """Return the time of a step that writes for a batch and reads prompts beside it.

    Weights are read once for both, and all arithmetic of the step hides behind all its reading, as
    far as the efficiency lets it. A pipeline spreads the prompts over its smaller batches.

    Parameters
    ----------
    deployment : Deployment
    batch, context : int or array
        As `decode_step`. Whether they fit is not checked.
    prompts : float or array
        Prompts read in the step, or the part of one, over 0.
    tokens, cached : float or array
        As `prefill_step`.

    Examples
    --------
    By hand: 64 tokens and a prompt of 100 are 164 × 2 × 70e9 FLOP, 11.6 ms at 1,979 TFLOP/s: they
    hide behind the 14.7 ms in which the weights are read.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> step = mixed_step(llama, batch=64, context=0, prompts=1, tokens=100)
    >>> round(step.weights_s * 1e3, 1), step.arithmetic_s
    (14.7, 0.0)
    """
    piped = _read(deployment, prompts / deployment.stages, tokens, cached)
    work = _written(deployment, batch, context, 1) + piped
    return _timed(deployment, work, _reading_s(deployment, prompts))
