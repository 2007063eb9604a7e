"""Reading the config.json of a Hugging Face model into the parts of a `Transformer`.

What a config leaves unsaid (a bias, a norm, a default) is its family's and stands in
data/families.csv. A field whose effect on the count is not known raises: nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

from inferwall.data import table
from inferwall.layers import (
    FeedForward,
    GroupedQueryAttention,
    LatentAttention,
    Layers,
    MixtureOfExperts,
)

SPELLINGS = {
    "num_experts": "num_local_experts",
    "n_routed_experts": "num_local_experts",
    "experts_per_token": "num_experts_per_tok",
    "n_embd": "hidden_size",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_inner": "intermediate_size",
    "n_positions": "max_position_embeddings",
    "_sliding_window_pattern": "sliding_window_pattern",
}
"""Other spellings of a config key, and the one used here."""

COUNTED = frozenset(
    """
    model_type hidden_size intermediate_size intermediate_size_mlp moe_intermediate_size
    num_hidden_layers num_attention_heads num_key_value_heads head_dim vocab_size
    tie_word_embeddings attention_bias mlp_bias use_qk_norm max_position_embeddings
    sliding_window use_sliding_window max_window_layers sliding_window_pattern layer_types
    attention_chunk_size no_rope_layers no_rope_layer_interval num_local_experts num_experts_per_tok
    n_shared_experts first_k_dense_replace moe_layer_freq mlp_layer_types decoder_sparse_step
    mlp_only_layers moe_layers interleave_moe_layer_step q_lora_rank kv_lora_rank qk_nope_head_dim
    qk_rope_head_dim v_head_dim index_n_heads index_head_dim index_topk indexer_types
    index_topk_pattern index_topk_freq index_skip_topk_offset
    """.split()
)
"""Keys that are read."""

HARMLESS = frozenset(
    """
    qk_head_dim norm_topk_prob n_group topk_group topk_method layer_norm_eps layer_norm_epsilon
    chunk_size_feed_forward num_beams num_beam_groups num_return_sequences pruned_heads ep_size
    ignore_keys_at_rope_validation num_nextn_predict_layers num_mtp_layers num_mtp_modules use_mtp
    mtp_transformer_layers qk_norm_type use_routing_bias num_labels scale_attn_by_inverse_layer_idx
    index_share_for_mtp_iteration indexer_rope_interleave attn_scale floor_scale
    """.split()
)
"""Keys that look like sizes and hold no parameter: generation, prediction layers, buffers."""

_LOOKS_LIKE_A_SIZE = re.compile(
    r"(^|_)(n|num|dim|dims|size|sizes|rank|ranks|head|heads|layer|layers|block|blocks|bias|norm|norms"
    r"|gate|sink|sinks|shared|expert|experts|lora|latent|inner|ssm|mamba|conv|linear|recurrent|rwkv"
    r"|hybrid|pattern|window|chunk|interval|freq|mult|index|compress|state|laurel|altup|adapter"
    r"|types?|type_list|zero|ratio|ratios|counts)(_|$)"
)
_NOT_A_SIZE = re.compile(
    r"rope|rotary|dropout|pdrop|token|dtype|quantiz|loss|init|_eps$|epsilon|version|temperature"
    r"|scal(e|ing)|softcap|act(ivation)?(_|$)|hidden_act|vision|image|audio|video|ngram|task|summary"
    r"|logits|prob|pad_|_id$|ids$|label|architectures|max_(length|model_len)|min_length"
)
_NEUTRAL = (None, False, 0, "", [], {}, "none")


@cache
def families() -> dict[str, dict[str, Any]]:
    """Return data/families.csv by model_type; a blank is None."""
    rows = table("families").astype(object).to_dict("records")
    return {
        row["model_type"]: {key: None if value != value else value for key, value in _plain(row)}
        for row in rows
    }


def _plain(row: dict[str, Any]) -> list[tuple[str, Any]]:
    """Make pandas' missing values NaN, so that one comparison finds them all."""
    import pandas as pd

    return [(key, float("nan") if pd.isna(value) else value) for key, value in row.items()]


def _wrong(key: str, value: Any, allowed: str) -> ValueError:
    return ValueError(f"config field {key}={value!r}: {allowed}")


def _text_part(config: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a config that describes the language model."""
    inner = config.get("text_config")
    if inner is None:
        return dict(config)
    inner = dict(inner)
    outer_type = config.get("model_type")
    if "model_type" not in inner:
        nested = f"{outer_type}_text"
        inner["model_type"] = nested if nested in families() else outer_type
    tied, inner_tied = (part.get("tie_word_embeddings") for part in (config, inner))
    if tied is not None and inner_tied is not None and tied != inner_tied:
        raise _wrong("tie_word_embeddings", tied, f"text_config says {inner_tied!r}")
    if inner_tied is None and tied is not None:
        inner["tie_word_embeddings"] = tied
    return inner


class _Fields:
    """The keys of one config under one spelling, with the defaults of its family."""

    def __init__(self, config: dict[str, Any]) -> None:
        if "model_type" not in config:
            raise _wrong("model_type", None, f"allowed are {', '.join(sorted(families()))}")
        self.values: dict[str, Any] = {}
        for key, value in config.items():
            spelling = SPELLINGS.get(key, key)
            known = self.values.get(spelling)
            if known is not None and value is not None and known != value:
                raise _wrong(key, value, f"another spelling of it says {known!r}")
            if known is None:
                self.values[spelling] = value
        name = self.values["model_type"]
        if name not in families():
            raise _wrong("model_type", name, f"allowed are {', '.join(sorted(families()))}")
        self.family = families()[name]
        self.name = name
        for key, value in self.values.items():
            if key in COUNTED or key in HARMLESS or _NOT_A_SIZE.search(key):
                continue
            if _LOOKS_LIKE_A_SIZE.search(key) and value not in _NEUTRAL:
                raise _wrong(key, value, f"a {name} model is not known to have it; allowed is null")

    def get(self, key: str, default: Any = None) -> Any:
        """Return a key's value: the config's, else the family's default, else `default`."""
        if key in self.values:
            return self.values[key]
        fallback = self.family.get(key)
        return default if fallback is None else fallback

    def integer(self, key: str, default: int | None = None, least: int = 1) -> int:
        """Return a count that must be there."""
        value = self.get(key, default)
        if value is None and default is not None:
            value = default
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < least:
            raise _wrong(key, value, f"a {self.name} config needs a whole number from {least} up")
        return int(value)

    def flag(self, key: str) -> bool:
        """Return a switch; null and left out are the family's default."""
        value = self.values.get(key)
        if value is None:
            value = bool(self.family.get(key))
        if not isinstance(value, bool):
            raise _wrong(key, value, "allowed are true and false")
        return value

    def bias(self, part: str, key: str) -> bool:
        """Return whether a part has biases: the family's word, or the config's where it decides."""
        rule = self.family[part]
        if rule == key:
            return self.flag(key)
        always = rule == "yes"
        stated = self.values.get(key)
        if stated is not None and stated != always and part != "output_bias":
            raise _wrong(key, stated, f"allowed in a {self.name} model is {always}")
        return always

    def per_layer(self, key: str, allowed: tuple[str, ...]) -> list[str] | None:
        """Return a list with one word a layer, or None."""
        words = self.values.get(key)
        if words is None:
            return None
        layers = self.integer("num_hidden_layers")
        if len(words) != layers:
            raise _wrong(key, words, f"needs one entry for each of {layers} layers")
        for word in words:
            if word not in allowed:
                raise _wrong(key, word, f"allowed are {', '.join(allowed)}")
        return list(words)


def _windows(fields: _Fields) -> list[int | None]:
    """Return the window of each layer, or None where it sees all tokens."""
    rule, layers = fields.family["windows"], fields.integer("num_hidden_layers")
    key = "attention_chunk_size" if rule == "no_rope_layers" else "sliding_window"
    window = fields.values[key] if key in fields.values else fields.family["sliding_window"]
    if rule in ("use_sliding_window", "max_window_layers") and not fields.flag("use_sliding_window"):
        window = None
    if window is not None and (isinstance(window, bool) or window != int(window) or window < 1):
        raise _wrong(key, window, "allowed are null and whole numbers from 1 up")
    if rule == "none":
        if fields.values.get("sliding_window") is not None and not _switched_off(fields):
            raise _wrong(key, window, f"a {fields.name} model has no windows; allowed is null")
        local = [False] * layers
    elif rule == "pattern":
        period = fields.integer("sliding_window_pattern")
        local = [(i + 1) % period != 0 for i in range(layers)]
    elif rule == "max_window_layers":
        local = [i >= fields.integer("max_window_layers", 28, least=0) for i in range(layers)]
    elif rule == "no_rope_layers":
        period = fields.integer("no_rope_layer_interval", 4)
        stated = fields.values.get("no_rope_layers") or [(i + 1) % period for i in range(layers)]
        local = [bool(stated[i]) for i in range(layers)]
    else:
        local = [True] * layers
    types = fields.per_layer("layer_types", _LAYER_TYPES)
    if types is not None and fields.family["attention"] == "gqa":
        stated = [word in ("sliding_attention", "chunked_attention") for word in types]
        if rule in ("pattern", "max_window_layers", "no_rope_layers"):
            local = stated
        elif stated != [here and window is not None for here in local]:
            raise _wrong("layer_types", types, f"differs from the windows of a {fields.name} model")
        if any(local) and window is None and rule != "max_window_layers":
            raise _wrong(key, window, "layer_types asks for a window; allowed are whole numbers")
        if any(local) and window is None:
            raise _wrong("use_sliding_window", False, "layer_types asks for a window; allowed: true")
    return [None if window is None or not here else int(window) for here in local]


_LAYER_TYPES = (
    "full_attention",
    "sliding_attention",
    "chunked_attention",
    "indexed_attention",
    "deepseek_sparse_attention",
)


def _switched_off(fields: _Fields) -> bool:
    return fields.values.get("use_sliding_window") is False


def _grouped(fields: _Fields) -> list[GroupedQueryAttention]:
    """Return the attention of each layer, grouped-query."""
    hidden, heads = fields.integer("hidden_size"), fields.integer("num_attention_heads")
    kv_heads = fields.integer("num_key_value_heads", heads)
    if heads % kv_heads:
        raise _wrong("num_key_value_heads", kv_heads, f"needs to divide the {heads} query heads")
    if fields.get("head_dim") is None and hidden % heads:
        raise _wrong("head_dim", None, f"hidden_size={hidden} is no multiple of {heads} heads")
    norm = fields.family["qk_norm"]
    stated = fields.values.get("use_qk_norm")
    if norm == "use_qk_norm":
        norm = "head" if fields.flag("use_qk_norm") else "none"
    elif stated is not None and fields.name != "llama4_text" and stated != (norm != "none"):
        raise _wrong("use_qk_norm", stated, f"allowed in a {fields.name} model: {norm != 'none'}")
    return [
        GroupedQueryAttention(
            hidden_size=hidden,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=fields.integer("head_dim", hidden // heads),
            window=window,
            qkv_bias=fields.bias("qkv_bias", "attention_bias"),
            output_bias=fields.bias("output_bias", "attention_bias"),
            qk_norm=norm,
            sinks=bool(fields.family["sinks"]),
        )
        for window in _windows(fields)
    ]


def _latent(fields: _Fields) -> list[LatentAttention]:
    """Return the attention of each layer, latent, with the indexer where the family has one."""
    layers = len(_windows(fields))
    rank = fields.get("q_lora_rank")
    sparse = fields.family["attention"] == "sparse_mla"
    if sparse and rank is None:
        raise _wrong("q_lora_rank", None, f"the indexer of a {fields.name} model needs a rank")
    if not sparse and fields.values.get("index_topk") is not None:
        raise _wrong("index_topk", fields.values["index_topk"], f"{fields.name} has no indexer")
    top_k = fields.integer("index_topk") if sparse else None
    return [
        LatentAttention(
            hidden_size=fields.integer("hidden_size"),
            heads=fields.integer("num_attention_heads"),
            q_rank=None if rank is None else fields.integer("q_lora_rank"),
            kv_rank=fields.integer("kv_lora_rank"),
            rope_dim=fields.integer("qk_rope_head_dim"),
            nope_dim=fields.integer("qk_nope_head_dim"),
            value_dim=fields.integer("v_head_dim"),
            bias=fields.bias("qkv_bias", "attention_bias"),
            index_heads=fields.integer("index_n_heads") if indexed else 0,
            index_dim=fields.integer("index_head_dim") if indexed else 0,
            top_k=top_k,
        )
        for indexed in _indexed_layers(fields, layers, sparse)
    ]


def _indexed_layers(fields: _Fields, layers: int, sparse: bool) -> list[bool]:
    """Return which layers run an indexer; the others of a sparse model reuse the last choice."""
    if not sparse or fields.name != "glm_moe_dsa":
        return [sparse] * layers
    types = fields.per_layer("indexer_types", ("full", "shared"))
    if types is None and fields.values.get("index_topk_pattern") is not None:
        types = [{"F": "full", "S": "shared"}.get(c, c) for c in fields.values["index_topk_pattern"]]
    if types is not None:
        return [word == "full" for word in types]
    period = fields.integer("index_topk_freq", 1)
    offset = fields.integer("index_skip_topk_offset", 2, least=0)
    return [max(i - offset + 1, 0) % period == 0 for i in range(layers)]


def _sparse_layers(fields: _Fields) -> list[bool]:
    """Return which layers hold experts."""
    rule, layers = fields.family["experts"], fields.integer("num_hidden_layers")
    if rule == "none":
        if fields.values.get("num_local_experts"):
            raise _wrong("num_local_experts", fields.values["num_local_experts"], "none allowed")
        return [False] * layers
    if rule == "decoder_sparse_step":
        step = fields.integer("decoder_sparse_step", 1)
        dense = fields.values.get("mlp_only_layers") or []
        return [i not in dense and (i + 1) % step == 0 for i in range(layers)]
    if rule == "moe_layers":
        step = fields.integer("interleave_moe_layer_step", 1)
        stated = fields.values.get("moe_layers")
        return [(i + 1) % step == 0 if stated is None else i in stated for i in range(layers)]
    if rule == "first_k_dense_replace":
        if fields.values.get("moe_layer_freq", 1) != 1:
            raise _wrong("moe_layer_freq", fields.values["moe_layer_freq"], "allowed is 1")
        types = fields.per_layer("mlp_layer_types", ("dense", "sparse"))
        if types is not None:
            return [word == "sparse" for word in types]
        first = fields.integer("first_k_dense_replace", least=0)
        return [i >= first for i in range(layers)]
    return [True] * layers


def _feed_forwards(fields: _Fields) -> list[FeedForward | MixtureOfExperts]:
    """Return the feed-forward part of each layer."""
    hidden = fields.integer("hidden_size")
    bias = fields.bias("mlp_bias", "mlp_bias")

    def part(width: int) -> FeedForward:
        return FeedForward(hidden, width, gated=bool(fields.family["gated_mlp"]), bias=bias)

    def mixture() -> MixtureOfExperts:
        experts = fields.integer("num_local_experts")
        used = fields.integer("num_experts_per_tok")
        if used > experts:
            raise _wrong("num_experts_per_tok", used, f"there are {experts} experts")
        width = fields.integer(fields.family["expert_size"])
        rule = fields.family["shared_expert"]
        shared = 1 if rule == "yes" else 0
        if rule == "n_shared_experts":
            shared = fields.integer("n_shared_experts", least=0)
        elif fields.values.get("n_shared_experts"):
            raise _wrong("n_shared_experts", fields.values["n_shared_experts"], "allowed is 0")
        return MixtureOfExperts(
            expert=part(width),
            experts=experts,
            experts_per_token=used,
            shared=part(shared * width) if shared else None,
            router_bias=bool(fields.family["router_bias"]),
        )

    sparse = _sparse_layers(fields)
    experts = mixture() if any(sparse) else None
    dense = None if all(sparse) else part(_dense_width(fields))
    return [experts if here else dense for here in sparse]


def _dense_width(fields: _Fields) -> int:
    default = None
    if fields.name in ("gpt2", "gptj"):
        default = 4 * fields.integer("hidden_size")
    return fields.integer(fields.family["dense_size"], default)


def read_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Transformer` that a Hugging Face config describes.

    Raises
    ------
    ValueError
        A field is missing, or has a value whose effect on the count is not known.
    """
    fields = _Fields(_text_part(config))
    attention = _grouped(fields) if fields.family["attention"] == "gqa" else _latent(fields)
    norm = fields.integer("hidden_size") * (1 + bool(fields.family["norm_bias"]))
    groups = Counter(zip(attention, _feed_forwards(fields), strict=True))
    hidden, vocab = fields.integer("hidden_size"), fields.integer("vocab_size")
    max_context = fields.values.get("max_position_embeddings")
    positions = 0
    if fields.family["learned_positions"]:
        positions = fields.integer("max_position_embeddings") * hidden
    return {
        "hidden_size": hidden,
        "vocab_size": vocab,
        "tied_embeddings": fields.flag("tie_word_embeddings"),
        "layers": tuple(
            Layers(count, *parts, norm_parameters=fields.family["norms_per_layer"] * norm)
            for parts, count in groups.items()
        ),
        "final_norm_parameters": norm,
        "position_parameters": positions,
        "head_bias_parameters": vocab if fields.family["head_bias"] else 0,
        "max_context": max_context,
    }


def config_of_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the config that a row of data/transformers.csv stands for: its keys without blanks."""
    return {key: value for key, value in _plain(row) if key in COUNTED and value == value}
