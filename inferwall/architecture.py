"""What a transformer costs: parameters, FLOP, bytes.

`parameters` counts what is trained: no buffers, no multi-token-prediction layers. Numeric arguments
may be floats, NumPy arrays or DataArrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from inferwall.config_keys import records
from inferwall.configs import config_of_row, read_config
from inferwall.data import resolve
from inferwall.formats import bytes_per_value
from inferwall.layers import VECTOR_BYTES, Layers


@dataclass(frozen=True)
class Transformer:
    """A decoder-only language model, by its shape.

    Attributes
    ----------
    name : str
    hidden_size, vocab_size : int
    tied_embeddings : bool
        The output head is the input embedding table.
    layers : tuple of Layers
        Groups of layers that are alike, in the order of their first appearance.
    final_norm_parameters, position_parameters, head_bias_parameters : int
        The norm before the head; a learned position table; a bias of the head.
    max_context : int or None
        Longest context that the config allows, in tokens.
    weight_format : str
        Format in which the weights were released, where it is known.
    sources : str
        Source keys, separated by semicolons.
    """

    name: str
    hidden_size: Any
    vocab_size: Any
    tied_embeddings: bool
    layers: tuple[Layers, ...]
    final_norm_parameters: Any
    position_parameters: Any = 0
    head_bias_parameters: Any = 0
    max_context: int | None = None
    weight_format: str = ""
    sources: str = ""

    @classmethod
    def from_config(cls, config: dict[str, Any], name: str = "") -> Transformer:
        """Read the config.json of a Hugging Face model, in old or new spelling.

        A nested `text_config` is read in place of the whole: the language model alone is counted.

        Raises
        ------
        ValueError
            A field is missing, or has a value whose effect on the count is not known.

        Examples
        --------
        >>> Transformer.from_config(dict(
        ...     model_type="llama", hidden_size=4096, intermediate_size=14336,
        ...     num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8,
        ...     vocab_size=128256, tie_word_embeddings=False,
        ... )).parameters
        8030261248
        """
        return cls(name=name, **read_config(config))

    @cached_property
    def layer_count(self) -> Any:
        """Decoder layers."""
        return sum(group.count for group in self.layers)

    @cached_property
    def embedding_parameters(self) -> Any:
        """The input embedding table, learned positions included."""
        return self.vocab_size * self.hidden_size + self.position_parameters

    @cached_property
    def head_parameters(self) -> Any:
        """The output head; the embedding table again when they are tied."""
        return self.vocab_size * self.hidden_size + self.head_bias_parameters

    @cached_property
    def parameters(self) -> Any:
        """Every trained parameter; tied embeddings count once."""
        head = self.head_bias_parameters if self.tied_embeddings else self.head_parameters
        layers = sum(group.parameters for group in self.layers)
        return self.embedding_parameters + layers + self.final_norm_parameters + head

    @cached_property
    def active_parameters(self) -> Any:
        """What one token's forward pass multiplies by.

        The experts it uses, shared and dense parts, norms, the output head; not the input
        embedding, from which it only reads a row.
        """
        layers = sum(group.active_parameters for group in self.layers)
        return layers + self.final_norm_parameters + self.head_parameters

    def kernel_count(self, dense_rounded: bool = False, experts_rounded: bool = False) -> Any:
        """Return how many kernels a step runs in all layers, as engines group the work.

        Parameters
        ----------
        dense_rounded, experts_rounded : bool
            Activations are rounded before products with dense weights, or with routed experts.

        >>> transformer("Llama 3.1 8B").kernel_count() / 32  # 6 of attention, 4 of feed-forward
        10.0
        """
        return sum(
            group.count
            * (
                group.attention.kernel_count(dense_rounded)
                + group.feed_forward.kernel_count(dense_rounded, experts_rounded)
            )
            for group in self.layers
        )

    @cached_property
    def norm_collectives(self) -> Any:
        """Collectives that a norm over all heads adds under tensor parallelism: one a layer."""
        return sum(
            g.count for g in self.layers if getattr(g.attention, "qk_norm", "") == "all_heads"
        )

    @cached_property
    def attention_parameters(self) -> Any:
        """The matrices of attention, all layers: what data-parallel attention copies."""
        return sum(group.count * group.attention.matrix_parameters for group in self.layers)

    @cached_property
    def active_routed_parameters(self) -> Any:
        """The part of `active_parameters` that lies in routed experts."""
        return sum(g.count * g.feed_forward.active_routed_parameters for g in self.layers)

    def routed_bytes_read(self, weight_format: str, batch: Any) -> Any:
        """Return the part of `weight_bytes_read` that lies in routed experts."""
        size = bytes_per_value(weight_format)
        return sum(g.count * g.feed_forward.routed_bytes_read(size, batch) for g in self.layers)

    @cached_property
    def kv_values_per_token(self) -> Any:
        """Numbers that one more token adds to the cache at short context, all layers."""
        return sum(group.count * group.attention.cached_values_per_token for group in self.layers)

    @cached_property
    def kv_shards(self) -> Any:
        """Into how many parts tensor parallelism can divide the cache of one sequence."""
        return min(group.attention.cache_shards for group in self.layers)

    def kv_bytes_per_token(self, kv_format: str = "bf16") -> Any:
        """Return the bytes that one more token adds to the cache at short context, all layers.

        >>> transformer("Llama 3.1 70B").kv_bytes_per_token("bf16")  # 80 × 2 × 8 × 128 × 2
        327680.0
        """
        return self.kv_values_per_token * bytes_per_value(kv_format)

    def kv_bytes(self, context: Any, kv_format: str = "bf16") -> Any:
        """Return the cache of one sequence of `context` tokens; windowed layers are capped."""
        context = 1.0 * context  # whole numbers of 32 bits would overflow
        values = sum(g.count * g.attention.cached_values(context) for g in self.layers)
        return values * bytes_per_value(kv_format)

    def kv_bytes_read(self, context: Any, kv_format: str = "bf16") -> Any:
        """Return the bytes of cache that one decode step reads for one sequence.

        The whole cache, except where sparse attention reads its index and a choice of tokens.
        """
        context = 1.0 * context
        values = sum(g.count * g.attention.values_read(context) for g in self.layers)
        return values * bytes_per_value(kv_format)

    def weight_bytes(self, weight_format: str = "bf16", dense_format: str | None = None) -> Any:
        """Return the memory that all weights take.

        Matrices of the layers are held in `weight_format`; embedding, head, norms, routers, biases
        and sinks in bf16.

        Parameters
        ----------
        weight_format : str
            A format of `inferwall.formats`.
        dense_format : str, optional
            Format of every matrix outside the routed experts, where that differs: gpt-oss holds
            its experts in mxfp4 and the rest in bf16.

        >>> transformer("Llama 3.1 70B").weight_bytes("bf16") / 1e9  # 70.55e9 × 2
        141.107412992
        """
        layers = self._layer_bytes("weight_bytes", weight_format, dense_format)
        head = self.head_bias_parameters if self.tied_embeddings else self.head_parameters
        rest = self.embedding_parameters + self.final_norm_parameters + head
        return layers + rest * VECTOR_BYTES

    def weight_bytes_read(
        self, weight_format: str, batch: Any, dense_format: str | None = None
    ) -> Any:
        """Return the bytes of weights that one decode step of `batch` tokens reads.

        Everything once, whatever the batch, but of the routed experts only those that the batch
        touches, ``1 − (1 − k/E)^batch`` of them, and of the input embedding nothing: a row a token
        is too little to count. A tied table is read once, as the head.
        """
        layers = self._layer_bytes("weight_bytes_read", weight_format, dense_format, batch)
        return layers + (self.final_norm_parameters + self.head_parameters) * VECTOR_BYTES

    def _layer_bytes(
        self, method: str, weight_format: str, dense_format: str | None, *batch: Any
    ) -> Any:
        expert = bytes_per_value(weight_format)
        dense = expert if dense_format is None else bytes_per_value(dense_format)
        return sum(getattr(group, method)(dense, expert, *batch) for group in self.layers)

    def decode_flop(self, context: Any) -> Any:
        """Return the FLOP of one token that attends to `context` tokens, itself included.

        ``2 · active_parameters`` plus attention: ``4 · heads · head_dim · min(context, window)`` a
        layer; latent attention in its absorbed form.

        >>> model = transformer("Llama 3.1 8B")
        >>> model.decode_flop(1000) - 2 * model.active_parameters  # 4 × 32 × 128 × 1000 × 32
        524288000.0
        """
        attention = sum(g.count * g.attention.decode_flop(context) for g in self.layers)
        return 2.0 * self.active_parameters + attention

    def prefill_flop(self, tokens: Any, cached: Any = 0) -> Any:
        """Return the FLOP of reading `tokens` new tokens after `cached` ones.

        Each token passes through the layers and sees what came before it, which halves attention;
        the head runs once, for the last token.
        """
        attention = sum(g.count * g.attention.prefill_flop(tokens, cached) for g in self.layers)
        return self.prefill_linear_flop(tokens) + attention

    def prefill_linear_flop(self, tokens: Any) -> Any:
        """Return the part of `prefill_flop` that multiplies by weights."""
        layers = self.active_parameters - self.head_parameters
        return 2.0 * layers * tokens + 2.0 * self.head_parameters


def transformer(name: str) -> Transformer:
    """Return a model of the catalogue by any of its spellings.

    Raises
    ------
    KeyError
        The name is unknown or ambiguous; the message says which names are near.

    Examples
    --------
    >>> transformer("meta-llama/Meta-Llama-3.1-70B").parameters
    70553706496
    """
    return _catalogue()[resolve("transformer", name)]


def transformers() -> list[Transformer]:
    """Return every model of the catalogue, in the order of the table."""
    return list(_catalogue().values())


@cache
def _catalogue() -> dict[str, Transformer]:
    return {
        row["name"]: Transformer(
            name=row["name"],
            **read_config(config_of_row(row)),
            weight_format=row["weight_format"] or "",
            sources=row["sources"],
        )
        for row in records("transformers")
    }
