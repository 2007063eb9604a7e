"""From the config.json of a Hugging Face model to the parts of a `Transformer`.

Each function reads one aspect of every layer by the rule of the model's family, as
data/families.csv states it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from inferwall.config_keys import ConfigKeys, counted_keys
from inferwall.layers import (
    FeedForward,
    GroupedQueryAttention,
    LatentAttention,
    Layers,
    MixtureOfExperts,
)

_WINDOWED = ("sliding_attention", "chunked_attention")
_UNWINDOWED = ("full_attention", "indexed_attention", "deepseek_sparse_attention")


def _window(keys: ConfigKeys) -> int | None:
    """Return the window that the config's windowed layers have, or None."""
    rule = keys.family["windows"]
    if rule in ("use_sliding_window", "max_window_layers") and not keys.flag("use_sliding_window"):
        return None
    if rule == "none":
        if keys.stated.get("sliding_window") and keys.stated.get("use_sliding_window") is not False:
            reason = f"a {keys.model_type} model has no windows; allowed is null"
            raise keys.wrong("sliding_window", keys.stated["sliding_window"], reason)
        return None
    if rule == "no_rope_layers" and "attention_chunk_size" in keys.stated:
        chunk = keys.stated["attention_chunk_size"]
        return None if chunk is None else keys.integer("attention_chunk_size")
    return None if keys.get("sliding_window") is None else keys.integer("sliding_window")


def _windowed_layers(keys: ConfigKeys) -> list[bool]:
    """Return which layers the family's rule gives a window, were there one."""
    rule, layers = keys.family["windows"], range(keys.integer("num_hidden_layers"))
    if rule == "pattern":
        period = keys.integer("sliding_window_pattern")
        return [(i + 1) % period != 0 for i in layers]
    if rule == "max_window_layers":
        first = keys.integer("max_window_layers", 28, least=0)
        return [i >= first for i in layers]
    if rule == "no_rope_layers":
        period = keys.integer("no_rope_layer_interval", 4)
        stated = keys.per_layer("no_rope_layers", 0, 1) if keys.stated.get(rule) else None
        return [bool(stated[i] if stated else (i + 1) % period) for i in layers]
    return [rule != "none" for _ in layers]


def _windows(keys: ConfigKeys) -> list[int | None]:
    """Return the window of each layer: `layer_types` if it is there, else the family's rule."""
    window, windowed = _window(keys), _windowed_layers(keys)
    keys.per_layer("attn_type_list", 1)  # refuses linear attention
    types = keys.per_layer("layer_types", *_WINDOWED, *_UNWINDOWED)
    if types is not None:
        stated = [word in _WINDOWED for word in types]
        free = keys.family["windows"] in ("pattern", "max_window_layers", "no_rope_layers")
        ruled = [here and window is not None for here in windowed]
        if (not free and stated != ruled) or (any(stated) and window is None):
            reason = f"at odds with the window of a {keys.model_type} model, here {window}"
            raise keys.wrong("layer_types", types, reason)
        windowed = stated
    return [window if here else None for here in windowed]


def _grouped(keys: ConfigKeys) -> list[GroupedQueryAttention]:
    """Return the attention of each layer of a grouped-query model."""
    hidden, heads = keys.integer("hidden_size"), keys.integer("num_attention_heads")
    kv_heads = keys.integer("num_key_value_heads", heads)
    if heads % kv_heads:
        raise keys.wrong(
            "num_key_value_heads", kv_heads, f"needs to divide the {heads} query heads"
        )
    if keys.get("head_dim") is None and hidden % heads:
        raise keys.wrong("head_dim", None, f"hidden_size {hidden} is no multiple of {heads} heads")
    norm = keys.family["qk_norm"]
    if norm == "use_qk_norm":
        norm = "head" if keys.flag("use_qk_norm") else "none"
    elif norm == "none" and keys.stated.get("use_qk_norm") and keys.model_type != "llama4_text":
        raise keys.wrong(
            "use_qk_norm", True, f"a {keys.model_type} model has none; allowed is false"
        )
    elif norm != "none" and keys.stated.get("use_qk_norm") is False:
        raise keys.wrong(
            "use_qk_norm", False, f"a {keys.model_type} model has them; allowed is true"
        )
    return [
        GroupedQueryAttention(
            hidden_size=hidden,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=keys.integer("head_dim", hidden // heads),
            window=window,
            qkv_bias=keys.switch("qkv_bias", "attention_bias"),
            output_bias=_output_bias(keys),
            qk_norm=norm,
            sinks=bool(keys.family["sinks"]),
        )
        for window in _windows(keys)
    ]


def _output_bias(keys: ConfigKeys) -> bool:
    """Return whether the output projection has a bias; attention_bias may speak of the others."""
    if keys.family["output_bias"] == "attention_bias":
        return keys.flag("attention_bias")
    return keys.family["output_bias"] == "yes"


def _latent(keys: ConfigKeys) -> list[LatentAttention]:
    """Return the attention of each layer of a latent-attention model."""
    sparse = keys.family["attention"] == "sparse_mla"
    rank = keys.get("q_lora_rank")
    if sparse and rank is None:
        raise keys.wrong("q_lora_rank", None, f"the indexer of a {keys.model_type} model needs one")
    _windows(keys)  # refuses windows and unknown layer types
    return [
        LatentAttention(
            hidden_size=keys.integer("hidden_size"),
            heads=keys.integer("num_attention_heads"),
            q_rank=None if rank is None else keys.integer("q_lora_rank"),
            kv_rank=keys.integer("kv_lora_rank"),
            rope_dim=keys.integer("qk_rope_head_dim"),
            nope_dim=keys.integer("qk_nope_head_dim"),
            value_dim=keys.integer("v_head_dim"),
            bias=keys.switch("qkv_bias", "attention_bias"),
            index_heads=keys.integer("index_n_heads") if indexed else 0,
            index_dim=keys.integer("index_head_dim") if indexed else 0,
            top_k=keys.integer("index_topk") if sparse else None,
        )
        for indexed in _indexed_layers(keys, sparse)
    ]


def _indexed_layers(keys: ConfigKeys, sparse: bool) -> list[bool]:
    """Return which layers run an indexer; the others of a sparse model reuse the last choice."""
    layers = range(keys.integer("num_hidden_layers"))
    types = keys.per_layer("indexer_types", "full", "shared")
    types = types or keys.per_layer("index_topk_pattern", "F", "S")
    if types is not None:
        return [word in ("full", "F") for word in types]
    period = keys.integer("index_topk_freq", 1)
    offset = keys.integer("index_skip_topk_offset", 2, least=0)
    return [sparse and max(i - offset + 1, 0) % period == 0 for i in layers]


def _sparse_layers(keys: ConfigKeys) -> list[bool]:
    """Return which layers hold experts."""
    rule, layers = keys.family["experts"], range(keys.integer("num_hidden_layers"))
    if rule == "decoder_sparse_step":
        step, dense = keys.integer(rule, 1), keys.numbers("mlp_only_layers") or []
        return [i not in dense and (i + 1) % step == 0 for i in layers]
    if rule == "moe_layers":
        step, sparse = keys.integer("interleave_moe_layer_step", 1), keys.numbers(rule)
        return [(i + 1) % step == 0 if sparse is None else i in sparse for i in layers]
    if rule == "first_k_dense_replace":
        if keys.stated.get("moe_layer_freq") not in (None, 1):
            raise keys.wrong("moe_layer_freq", keys.stated["moe_layer_freq"], "allowed is 1")
        types = keys.per_layer("mlp_layer_types", "dense", "sparse")
        first = keys.integer(rule, least=0)
        return [i >= first if types is None else types[i] == "sparse" for i in layers]
    return [rule == "every_layer" for _ in layers]


def _shared_experts(keys: ConfigKeys) -> int:
    """Return how many experts every token passes."""
    rule = keys.family["shared_expert"]
    if rule == "n_shared_experts":
        return keys.integer(rule, least=0)
    if keys.stated.get("n_shared_experts"):
        reason = f"the family of {keys.model_type} fixes it; allowed is null"
        raise keys.wrong("n_shared_experts", keys.stated["n_shared_experts"], reason)
    return 1 if rule == "yes" else 0


def _feed_forwards(keys: ConfigKeys) -> list[FeedForward | MixtureOfExperts]:
    """Return the feed-forward part of each layer."""
    hidden, family = keys.integer("hidden_size"), keys.family
    bias, sparse = keys.switch("feed_forward_bias", "mlp_bias"), _sparse_layers(keys)

    def part(width: int) -> FeedForward:
        return FeedForward(hidden, width, gated=bool(family["gated_mlp"]), bias=bias)

    dense: FeedForward | None = None
    if not all(sparse):
        ratio = family["intermediate_per_hidden"]
        dense = part(keys.integer(family["dense_size"], None if ratio is None else ratio * hidden))
    if not any(sparse):
        return [dense for _ in sparse]
    experts = keys.integer("num_local_experts")
    used = keys.integer("num_experts_per_tok")
    if used > experts:
        raise keys.wrong("num_experts_per_tok", used, f"there are {experts} experts")
    if family["expert_size"] == "intermediate_size" and keys.stated.get("moe_intermediate_size"):
        reason = f"the experts of a {keys.model_type} model are as wide as intermediate_size"
        raise keys.wrong("moe_intermediate_size", keys.stated["moe_intermediate_size"], reason)
    width, shared = keys.integer(family["expert_size"]), _shared_experts(keys)
    mixture = MixtureOfExperts(
        expert=part(width),
        experts=experts,
        experts_per_token=used,
        shared=part(shared * width) if shared else None,
        router_bias=bool(family["router_bias"]),
    )
    return [mixture if here else dense for here in sparse]


def _refuse_first_falcon(keys: ConfigKeys) -> None:
    """Raise for a Falcon of the first layout, whose heads and norms its keys do not count."""
    if keys.model_type != "falcon":
        return
    if not keys.flag("new_decoder_architecture"):
        raise keys.wrong("new_decoder_architecture", False, "allowed in a falcon model is true")
    norms = keys.stated.get("num_ln_in_parallel_attn")
    if norms not in (None, 2):
        raise keys.wrong("num_ln_in_parallel_attn", norms, "allowed in a falcon model is 2")


def read_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Transformer` that a Hugging Face config describes.

    Raises
    ------
    ValueError
        A field is missing, or has a value whose effect on the count is not known.
    """
    keys = ConfigKeys.read(config)
    _refuse_first_falcon(keys)
    hidden, vocab = keys.integer("hidden_size"), keys.integer("vocab_size")
    norm = hidden * (1 + bool(keys.family["norm_bias"]))
    attention = _grouped(keys) if keys.family["attention"] == "gqa" else _latent(keys)
    groups = Counter(zip(attention, _feed_forwards(keys), strict=True))
    context = keys.stated.get("max_position_embeddings")
    learned = keys.family["learned_positions"]
    return {
        "hidden_size": hidden,
        "vocab_size": vocab,
        "tied_embeddings": keys.flag("tie_word_embeddings"),
        "layers": tuple(
            Layers(count, *parts, norm_parameters=int(keys.family["norms_per_layer"]) * norm)
            for parts, count in groups.items()
        ),
        "final_norm_parameters": norm,
        "position_parameters": keys.integer("max_position_embeddings") * hidden if learned else 0,
        "head_bias_parameters": vocab if keys.family["head_bias"] else 0,
        "max_context": None if context is None else keys.integer("max_position_embeddings"),
    }


def config_of_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the config that a row of data/transformers.csv stands for: its keys without blanks."""
    read = counted_keys()
    return {key: value for key, value in row.items() if key in read and value is not None}
