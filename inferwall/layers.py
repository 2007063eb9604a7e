"""The parts of a decoder layer: what each holds, what it multiplies, what it caches.

Counts are exact: every weight, bias, norm and sink that is trained. Numeric arguments and fields
may be floats, NumPy arrays or DataArrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

VECTOR_BYTES = 2.0
"""Norms, biases, sinks and routers stay in bf16 whatever the format of the matrices."""


def seen(context: Any, window: Any) -> Any:
    """Return how many tokens one query attends to: the context, or the window if that is shorter.

    Parameters
    ----------
    context : float or array
        Tokens that precede the query, itself included.
    window : int, array or None
        Tokens a query sees; None is all.

    Examples
    --------
    >>> seen(100, None), seen(100, 64), seen(np.array([50, 100]), 64)
    (100, 64, array([50, 64]))
    """
    if window is None:
        return context
    # Python's own numbers stay Python's, which is ten times as fast.
    if isinstance(context, (int, float)) and isinstance(window, (int, float)):
        return min(context, window)
    return np.minimum(context, window)


def query_key_pairs(tokens: Any, cached: Any, window: int | None) -> Any:
    """Return the pairs of a causal prefill: `seen` summed over `tokens` after `cached` ones.

    Four tokens alone see 1 + 2 + 3 + 4; after ten cached ones each sees ten more; a window of two
    cuts them to 1 + 2 + 2 + 2.

    Parameters
    ----------
    tokens, cached : float or array
        Tokens to compute, and those before them.
    window : int or None
        Tokens a query sees; None is all.

    Examples
    --------
    >>> query_key_pairs(4, 0, None), query_key_pairs(4, 10, None), query_key_pairs(4, 0, 2)
    (10.0, 50.0, 7.0)
    """

    def up_to(n: Any) -> Any:
        inside = 1.0 * seen(n, window)
        return inside * (inside + 1.0) / 2.0 + (n - inside) * (window or 0.0)

    return up_to(cached + tokens) - up_to(cached)


@dataclass(frozen=True)
class GroupedQueryAttention:
    """Attention in which `heads` query heads share `kv_heads` heads of keys and values.

    ``kv_heads == heads`` is multi-head attention, ``kv_heads == 1`` multi-query attention. A query
    of a layer with a `window` sees the last `window` tokens, and its cache keeps no more.

    Attributes
    ----------
    hidden_size, heads, kv_heads, head_dim : int
        `head_dim` is the config's, not ``hidden_size / heads``: Qwen3 and gpt-oss differ.
    window : int or None
        Tokens a query sees; None is all of them.
    qkv_bias, output_bias, sinks : bool
        Biases on the projections; one learned sink a query head.
    qk_norm : {"none", "head", "all_heads"}
        RMS norms on queries and keys: none, one weight vector of a head's size shared by all heads,
        or one weight for every value of every head.
    """

    hidden_size: Any
    heads: Any
    kv_heads: Any
    head_dim: Any
    window: int | None = None
    qkv_bias: bool = False
    output_bias: bool = False
    qk_norm: str = "none"
    sinks: bool = False

    @cached_property
    def matrix_parameters(self) -> Any:
        """Weights of the query, key, value and output projections."""
        return 2 * self.hidden_size * self.head_dim * (self.heads + self.kv_heads)

    @cached_property
    def vector_parameters(self) -> Any:
        """Biases, norms of queries and keys, sinks."""
        qkv = self.head_dim * (self.heads + 2 * self.kv_heads)
        norms = {
            "none": 0,
            "head": 2 * self.head_dim,
            "all_heads": self.head_dim * (self.heads + self.kv_heads),
        }
        return (
            qkv * self.qkv_bias
            + self.hidden_size * self.output_bias
            + norms[self.qk_norm]
            + self.heads * self.sinks
        )

    @property
    def cache_shards(self) -> Any:
        """Into how many parts chips can divide the cache: one a key-value head."""
        return self.kv_heads

    def kernel_count(self, rounded: bool) -> int:
        """Return the kernels of a step: norm, two products, rotation, cache write, attention.

        One more each for norms of queries and keys, and for rounding before a product.
        """
        return 6 + (self.qk_norm != "none") + 2 * rounded

    @cached_property
    def cached_values_per_token(self) -> Any:
        """Keys and values that one more token adds: by key-value heads, not by query heads."""
        return 2 * self.kv_heads * self.head_dim

    def cached_values(self, context: Any) -> Any:
        """Return the values held for one sequence."""
        return self.cached_values_per_token * seen(context, self.window)

    def values_read(self, context: Any) -> Any:
        """Return the values that one decode step reads: all that are held."""
        return self.cached_values(context)

    def decode_flop(self, context: Any) -> Any:
        """Return the FLOP of scores and sum for one token: ``4 · heads · head_dim · seen``."""
        return 4.0 * self.heads * self.head_dim * seen(context, self.window)

    def prefill_flop(self, tokens: Any, cached: Any = 0) -> Any:
        """Return the same for `tokens` new tokens, each of which sees what came before it."""
        return 4.0 * self.heads * self.head_dim * query_key_pairs(tokens, cached, self.window)


@dataclass(frozen=True)
class LatentAttention:
    """Multi-head latent attention (MLA): one small latent per token stands for all heads.

    Decode multiplies in the *absorbed* form: the up-projection of keys is folded into the query and
    that of values into the output, so scores and sums run over the latent and nothing is expanded.
    That costs ``2 · heads · (2 · kv_rank + rope_dim)`` FLOP per cached token, 3.4 times the
    expanded form for DeepSeek-V3, and reads ``kv_rank + rope_dim`` values for all heads together.
    Prefill multiplies in the *expanded* form, as engines do, because there arithmetic is scarce;
    it expands the latents of cached tokens again.

    With an indexer (DeepSeek sparse attention) each query scores all keys in a small space of
    `index_heads × index_dim` and then attends to the `top_k` best, absorbed in prefill too: each
    query has its own choice. Layers that reuse the choice of the layer before have `top_k` and no
    indexer.

    Attributes
    ----------
    hidden_size, heads : int
    q_rank : int or None
        Rank of the query's factorisation; None is one full matrix.
    kv_rank, rope_dim, nope_dim, value_dim : int
        Latent, rotary part shared by all heads, and per head the rest of the key and the value.
    bias : bool
        Biases on the down-projections and on the output.
    index_heads, index_dim : int
    top_k : int or None
    """

    hidden_size: Any
    heads: Any
    q_rank: Any
    kv_rank: Any
    rope_dim: Any
    nope_dim: Any
    value_dim: Any
    bias: bool = False
    index_heads: Any = 0
    index_dim: Any = 0
    top_k: int | None = None

    @cached_property
    def matrix_parameters(self) -> Any:
        """Weights of all projections, those of the indexer included."""
        q_full = self.heads * (self.nope_dim + self.rope_dim)
        if self.q_rank is None:
            query = self.hidden_size * q_full
        else:
            query = self.q_rank * (self.hidden_size + q_full)
        key_value = self.hidden_size * (self.kv_rank + self.rope_dim)
        expand = self.kv_rank * self.heads * (self.nope_dim + self.value_dim)
        output = self.heads * self.value_dim * self.hidden_size
        index = (self.q_rank or 0) * self.index_heads * self.index_dim
        index = index + self.hidden_size * (self.index_dim + self.index_heads)
        return query + key_value + expand + output + index

    @cached_property
    def vector_parameters(self) -> Any:
        """Norms of the two latents and of the indexer's key (a layer norm), biases."""
        q_rank = 0 if self.q_rank is None else self.q_rank
        biases = q_rank + self.kv_rank + self.rope_dim + self.hidden_size
        return q_rank + self.kv_rank + 2 * self.index_dim + biases * self.bias

    @property
    def cache_shards(self) -> int:
        """Return 1: a latent has no heads to deal out, so every chip holds all of it."""
        return 1

    def kernel_count(self, rounded: bool) -> int:
        """Return the kernels of a step: norm, down, norms of latents, up, rotation, cache write.

        Then the query into the latent space, attention, the values out of it and the output; three
        for an indexer; one for rounding before each of four products.
        """
        return 10 + 3 * (self.index_heads > 0) + 4 * rounded

    @cached_property
    def cached_values_per_token(self) -> Any:
        """Latent, shared rotary key and the indexer's key, once for all heads."""
        return self.kv_rank + self.rope_dim + self.index_dim

    def cached_values(self, context: Any) -> Any:
        """Return the values held for one sequence: sparse attention reads less, not keeps less."""
        return self.cached_values_per_token * context

    def values_read(self, context: Any) -> Any:
        """Return the values that one decode step reads: every index key, the chosen latents."""
        latents = (self.kv_rank + self.rope_dim) * seen(context, self.top_k)
        return latents + self.index_dim * context

    @cached_property
    def _absorbed_flop_per_pair(self) -> Any:
        return 2.0 * self.heads * (2 * self.kv_rank + self.rope_dim)

    @cached_property
    def _index_flop_per_pair(self) -> Any:
        return 2.0 * self.index_heads * self.index_dim

    def decode_flop(self, context: Any) -> Any:
        """Return the FLOP of scores and sums for one token in the absorbed form."""
        attention = self._absorbed_flop_per_pair * seen(context, self.top_k)
        return attention + self._index_flop_per_pair * context

    def prefill_flop(self, tokens: Any, cached: Any = 0) -> Any:
        """Return the FLOP for `tokens` new tokens after `cached` ones: expanded, unless sparse."""
        pairs = query_key_pairs(tokens, cached, None)
        if self.top_k is not None:
            chosen = query_key_pairs(tokens, cached, self.top_k)
            return self._absorbed_flop_per_pair * chosen + self._index_flop_per_pair * pairs
        per_pair = 2.0 * self.heads * (self.nope_dim + self.rope_dim + self.value_dim)
        expand = 2.0 * self.kv_rank * self.heads * (self.nope_dim + self.value_dim)
        return per_pair * pairs + expand * cached


@dataclass(frozen=True)
class FeedForward:
    """A dense feed-forward part: two matrices, or three when it is gated (SwiGLU, GeGLU)."""

    hidden_size: Any
    intermediate_size: Any
    gated: bool = True
    bias: bool = False

    @cached_property
    def matrix_parameters(self) -> Any:
        """Weights of the up, gate and down projections."""
        return (2 + self.gated) * self.hidden_size * self.intermediate_size

    @cached_property
    def vector_parameters(self) -> Any:
        """Biases."""
        return ((1 + self.gated) * self.intermediate_size + self.hidden_size) * self.bias

    @cached_property
    def parameters(self) -> Any:
        """All that it holds."""
        return self.matrix_parameters + self.vector_parameters

    @property
    def active_parameters(self) -> Any:
        """What one token multiplies by: all of it."""
        return self.parameters

    def kernel_count(self, rounded: bool, experts_rounded: bool) -> int:
        """Return the kernels of a step: norm, up and gate, activation, down; rounding."""
        return 4 + 2 * rounded

    routed_parameters = 0
    """Parameters of routed experts: a dense part has none."""

    active_routed_parameters = 0
    """Those that one token multiplies by."""

    def routed_bytes_read(self, expert_bytes_per_value: float, batch: Any) -> Any:
        """Return the bytes of routed experts that one decode step reads: none."""
        return 0.0

    def weight_bytes(self, bytes_per_value: float, expert_bytes_per_value: float) -> Any:
        """Return the bytes held; a dense part has no experts."""
        return self.matrix_parameters * bytes_per_value + self.vector_parameters * VECTOR_BYTES

    def weight_bytes_read(
        self, bytes_per_value: float, expert_bytes_per_value: float, batch: Any
    ) -> Any:
        """Return the bytes that one decode step reads: all of them, whatever the batch."""
        return self.weight_bytes(bytes_per_value, expert_bytes_per_value)


@dataclass(frozen=True)
class MixtureOfExperts:
    """Experts of which a router picks `experts_per_token` for each token, beside a shared part.

    Attributes
    ----------
    expert : FeedForward
        One routed expert.
    experts, experts_per_token : int
    shared : FeedForward or None
        What every token passes through besides.
    router_bias : bool
        A trained bias of the router. (DeepSeek's correction bias is a buffer and not counted.)
    """

    expert: FeedForward
    experts: Any
    experts_per_token: Any
    shared: FeedForward | None = None
    router_bias: bool = False

    @cached_property
    def router_parameters(self) -> Any:
        """One score an expert, from the hidden state."""
        return self.experts * (self.expert.hidden_size + self.router_bias)

    @cached_property
    def shared_parameters(self) -> Any:
        """Those of the shared part."""
        return 0 if self.shared is None else self.shared.parameters

    @cached_property
    def parameters(self) -> Any:
        """Router, shared part and every expert."""
        return (
            self.router_parameters + self.shared_parameters + self.experts * self.expert.parameters
        )

    @cached_property
    def active_parameters(self) -> Any:
        """Router, shared part and the experts that one token uses."""
        return (
            self.router_parameters
            + self.shared_parameters
            + self.experts_per_token * self.expert.parameters
        )

    def kernel_count(self, rounded: bool, experts_rounded: bool) -> int:
        """Return the kernels of a step: norm, router, choice, sorting, up, activation, down, sum.

        The shared part has three of its own and one more sum.
        """
        shared = 0 if self.shared is None else 4 + 2 * rounded
        return 8 + shared + 2 * experts_rounded

    @cached_property
    def routed_parameters(self) -> Any:
        """All routed experts."""
        return self.experts * self.expert.parameters

    @cached_property
    def active_routed_parameters(self) -> Any:
        """The routed experts that one token multiplies by."""
        return self.experts_per_token * self.expert.parameters

    def routed_bytes_read(self, expert_bytes_per_value: float, batch: Any) -> Any:
        """Return the bytes of routed experts that one decode step of `batch` tokens reads."""
        expert = self.expert.weight_bytes(expert_bytes_per_value, expert_bytes_per_value)
        return self.experts_touched(batch) * expert

    def experts_touched(self, batch: Any) -> Any:
        """Return how many experts a batch reaches on average: ``E · (1 − (1 − k/E)^batch)``.

        Assumes that tokens choose independently and evenly; real routers are less even and touch
        fewer.

        >>> moe = MixtureOfExperts(FeedForward(8, 16), experts=8, experts_per_token=2)
        >>> moe.experts_touched(1), moe.experts_touched(2)
        (2.0, 3.5)
        """
        missed_by_one = 1.0 - self.experts_per_token / self.experts
        return self.experts * (1.0 - missed_by_one**batch)

    def _bytes_beside_experts(self, bytes_per_value: float) -> Any:
        router = self.router_parameters * VECTOR_BYTES
        if self.shared is None:
            return router
        return router + self.shared.weight_bytes(bytes_per_value, bytes_per_value)

    def weight_bytes(self, bytes_per_value: float, expert_bytes_per_value: float) -> Any:
        """Return the bytes held: all experts."""
        expert = self.expert.weight_bytes(expert_bytes_per_value, expert_bytes_per_value)
        return self._bytes_beside_experts(bytes_per_value) + self.experts * expert

    def weight_bytes_read(
        self, bytes_per_value: float, expert_bytes_per_value: float, batch: Any
    ) -> Any:
        """Return the bytes that one decode step of `batch` tokens reads: the experts it touches."""
        expert = self.expert.weight_bytes(expert_bytes_per_value, expert_bytes_per_value)
        return self._bytes_beside_experts(bytes_per_value) + self.experts_touched(batch) * expert


@dataclass(frozen=True)
class Layers:
    """`count` decoder layers that are alike: an attention, a feed-forward part and their norms."""

    count: Any
    attention: GroupedQueryAttention | LatentAttention
    feed_forward: FeedForward | MixtureOfExperts
    norm_parameters: Any

    @cached_property
    def _outside_feed_forward(self) -> Any:
        attention = self.attention
        return attention.matrix_parameters + attention.vector_parameters + self.norm_parameters

    @cached_property
    def parameters(self) -> Any:
        """All parameters of all `count` layers."""
        return self.count * (self._outside_feed_forward + self.feed_forward.parameters)

    @cached_property
    def active_parameters(self) -> Any:
        """What one token multiplies by in all `count` layers."""
        return self.count * (self._outside_feed_forward + self.feed_forward.active_parameters)

    def _attention_bytes(self, bytes_per_value: float) -> Any:
        vectors = self.attention.vector_parameters + self.norm_parameters
        return self.attention.matrix_parameters * bytes_per_value + vectors * VECTOR_BYTES

    def weight_bytes(self, bytes_per_value: float, expert_bytes_per_value: float) -> Any:
        """Return the bytes held."""
        feed_forward = self.feed_forward.weight_bytes(bytes_per_value, expert_bytes_per_value)
        return self.count * (self._attention_bytes(bytes_per_value) + feed_forward)

    def weight_bytes_read(
        self, bytes_per_value: float, expert_bytes_per_value: float, batch: Any
    ) -> Any:
        """Return the bytes that one decode step of `batch` tokens reads."""
        feed_forward = self.feed_forward.weight_bytes_read(
            bytes_per_value, expert_bytes_per_value, batch
        )
        return self.count * (self._attention_bytes(bytes_per_value) + feed_forward)
