"""Parameters to the last one; bytes and FLOP by laws and by published numbers."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import Transformer, transformer, transformers
from inferwall.formats import bytes_per_value
from inferwall.layers import (
    FeedForward,
    GroupedQueryAttention,
    LatentAttention,
    MixtureOfExperts,
    query_key_pairs,
)

FIXTURES = Path(__file__).parent / "fixtures" / "transformers"
MODELS = transformers()
MIXTURES = [m for m in MODELS if m.active_parameters < 0.7 * m.parameters]


def counted(file):
    return json.loads((FIXTURES / file).read_text(encoding="utf-8"))["models"]


def label(value):
    return value.get("model", value["config"]["model_type"])


LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
}


# ------------------------------------------------------------------ parameters
@pytest.mark.parametrize("row", counted("published.json"), ids=label)
def test_published_configs_to_the_last_parameter(row):
    assert Transformer.from_config(row["config"]).parameters == row["parameters"]


@pytest.mark.parametrize("file", ["random.json", "written_out.json", "nested.json"])
def test_other_configs_to_the_last_parameter(file):
    for row in counted(file):
        found = Transformer.from_config(row["config"]).parameters
        assert found == row["parameters"], row["config"]


def test_the_catalogue_to_the_last_parameter():
    with (FIXTURES / "catalogue.csv").open(encoding="utf-8") as file:
        counts = {row["name"]: int(row["parameters"]) for row in csv.DictReader(file)}
    assert {model.name: model.parameters for model in MODELS} == counts


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        # as announced: total and active parameters in billions
        ("GPT-3 175B", 175, 175),  # gpt-3-paper, table 2.1
        ("Llama 3.1 405B", 405, 405),  # llama-3.1-model-card
        ("Mixtral 8x7B", 46.7, 12.9),  # announcement of 2023-12-11
        ("DeepSeek-V3", 671, 37),  # deepseek-v3-paper, abstract
        ("Kimi K2", 1040, 32),  # arXiv 2507.20534, abstract and table
        ("gpt-oss-120b", 116.83, 5.13),  # gpt-oss-model-card, table 1
        ("gpt-oss-20b", 20.91, 3.61),
        ("Qwen3 235B-A22B", 235, 22),
        ("Qwen3 30B-A3B", 30.5, 3.3),
        ("GLM-5", 744, 40),  # glm-5-paper, table of the architecture
        ("MiniMax-M2", 230, 10),
        ("Llama 3.2 1B", 1.23, 1.23),  # llama-3.2-model-card
        ("Llama 3.2 3B", 3.21, 3.21),
        ("DeepSeek-V2", 236, 21),  # arXiv 2405.04434, abstract
        ("DeepSeek-V2-Lite", 15.7, 2.4),
        ("GLM-4.5", 355, 32),  # its repository, megatron-bridge-glm-4.5
        ("GLM-4.5-Air", 106, 12),
        ("Falcon 180B", 179.52, 179.52),  # falcon-180b-blog, which counts the output head apart
        ("Llama 4 Scout", 109, 17),  # llama-4-model-card
        ("Llama 4 Maverick", 400, 17),
    ],
)
def test_announced_sizes(name, total, active):
    # What is announced may count the input embedding among the active ones, or a vision tower.
    model = transformer(name)
    assert model.parameters / 1e9 == pytest.approx(total, rel=0.02)
    assert model.active_parameters / 1e9 == pytest.approx(active, rel=0.09)


def test_the_first_falcon_is_refused():
    seven = {
        "model_type": "falcon",
        "hidden_size": 4544,
        "num_hidden_layers": 32,
        "num_attention_heads": 71,
        "vocab_size": 65024,
        "multi_query": True,
        "bias": False,
    }
    with pytest.raises(ValueError, match="new_decoder_architecture"):
        Transformer.from_config(seven)
    with pytest.raises(ValueError, match="num_ln_in_parallel_attn"):
        Transformer.from_config(
            {**seven, "new_decoder_architecture": True, "num_ln_in_parallel_attn": 1}
        )
    with pytest.raises(ValueError, match="num_kv_heads"):
        Transformer.from_config({**LLAMA, "num_kv_heads": 2})


def test_old_and_new_spellings_agree():
    old = {"model_type": "mixtral", **{k: v for k, v in LLAMA.items() if k != "model_type"}}
    old |= {
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "rope_theta": 1e6,
        "torch_dtype": "bfloat16",
    }
    new = {**old, "num_local_experts": 4, "rope_parameters": {"rope_theta": 1e6}, "dtype": None}
    del new["num_experts"], new["rope_theta"], new["torch_dtype"]
    assert Transformer.from_config(old) == Transformer.from_config(new)


def test_what_a_config_leaves_out():
    plain = Transformer.from_config(LLAMA)
    assert Transformer.from_config({**LLAMA, "head_dim": None}) == plain
    assert Transformer.from_config({**LLAMA, "head_dim": 16}) == plain
    assert not plain.tied_embeddings
    heads = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
    assert Transformer.from_config(heads).layers[0].attention.kv_heads == 4
    qwen = Transformer.from_config({**LLAMA, "model_type": "qwen3"})
    assert qwen.layers[0].attention.head_dim == 128
    assert Transformer.from_config({**LLAMA, "model_type": "gemma"}).tied_embeddings


def test_the_text_part_of_a_multimodal_config():
    text = {key: value for key, value in LLAMA.items() if key != "model_type"}
    nested = {"model_type": "gemma3", "text_config": text, "vision_config": {"hidden_size": 9}}
    assert Transformer.from_config(nested) == Transformer.from_config(
        {**text, "model_type": "gemma3_text"}
    )
    assert Transformer.from_config({**nested, "tie_word_embeddings": True}).tied_embeddings
    with pytest.raises(ValueError, match="tie_word_embeddings=False"):
        inner = {**text, "tie_word_embeddings": True}
        Transformer.from_config({**nested, "text_config": inner, "tie_word_embeddings": False})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model_type": "mamba2"}, "model_type='mamba2': allowed are"),
        ({"model_type": "qwen3_next"}, "model_type='qwen3_next'"),
        ({"model_type": None}, "model_type=None"),
        ({"hidden_size": None}, "hidden_size=None"),
        ({"hidden_size": 64.0}, "hidden_size=64.0"),
        ({"num_hidden_layers": 0}, "num_hidden_layers=0"),
        ({"vocab_size": "100"}, "vocab_size='100'"),
        ({"head_dim": -4}, "head_dim=-4"),
        ({"num_attention_heads": 5, "num_key_value_heads": 5}, "hidden_size 64 is no multiple"),
        ({"num_key_value_heads": 3}, "num_key_value_heads=3: needs to divide the 4"),
        ({"layer_types": ["linear_attention", "full_attention"]}, "layer_types='linear_attention'"),
        ({"layer_types": ["full_attention"]}, "one entry for each of 2 layers"),
        ({"layer_types": ["sliding_attention"] * 2}, "at odds with the window"),
        ({"sliding_window": 4096}, "sliding_window=4096: a llama model has no windows"),
        ({"attention_bias": "yes"}, "attention_bias='yes': allowed are true and false"),
        ({"num_experts": 8}, "num_experts=8"),
        ({"kv_lora_rank": 32}, "kv_lora_rank=32"),
        ({"mamba_d_ssm": 16}, "mamba_d_ssm=16"),
        ({"full_attention_interval": 4}, "full_attention_interval=4"),
        ({"hybrid_override_pattern": "M-M*"}, "hybrid_override_pattern"),
        ({"add_cross_attention": True}, "add_cross_attention=True"),
        ({"model_type": "qwen2", "attention_bias": False}, "allowed in a qwen2 model is True"),
        ({"model_type": "mistral", "attention_bias": True}, "allowed in a mistral model is False"),
        ({"model_type": "mixtral", "num_experts_per_tok": 2}, "num_local_experts=None"),
        (
            {"model_type": "mixtral", "num_experts": 4, "num_local_experts": 8},
            "num_local_experts=8: another spelling of it says 4",
        ),
        (
            {"model_type": "mixtral", "num_experts": 4, "num_experts_per_tok": 5},
            "num_experts_per_tok=5: there are 4",
        ),
        ({"model_type": "mixtral", "n_routed_experts": "8"}, "n_routed_experts='8'"),
        ({"model_type": "deepseek_v3"}, "kv_lora_rank=None"),
        (
            {"model_type": "minimax_m2", "attn_type_list": [1, 0]},
            "attn_type_list",
        ),
        ({"text_config": "llama"}, "text_config='llama': allowed is a dict"),
        ({"model_type": ["llama"]}, "model_type=['llama']: allowed are"),
        ({"layer_types": 2}, "layer_types=2: needs one entry"),
        ({"layer_types": [["full_attention"], []]}, "layer_types=['full_attention']: allowed are"),
        (
            {"model_type": "qwen3_moe", "num_experts": 8, "mlp_only_layers": 1},
            "mlp_only_layers=1: allowed is a list",
        ),
        ({"model_type": "llama4_text", "no_rope_layers": [1]}, "no_rope_layers=[1]: needs one"),
        ({"layer_types": ["full_attention"] * 99}, "...]: needs one entry"),
    ],
)
def test_a_config_that_is_not_known_raises_and_names_the_field(change, field):
    with pytest.raises(ValueError, match="config field") as caught:
        Transformer.from_config({**LLAMA, **change})
    assert field in str(caught.value)


@pytest.mark.parametrize("config", [None, [], "llama"])
def test_what_is_no_config_raises(config):
    with pytest.raises(ValueError, match="allowed is a dict, as"):
        Transformer.from_config(config)


def test_whole_numbers_of_numpy_count_too():
    config = {key: np.int64(v) if type(v) is int else v for key, v in LLAMA.items()}
    assert Transformer.from_config(config) == Transformer.from_config(LLAMA)


def test_harmless_fields_are_passed_over():
    harmless = {
        "_name_or_path": "x",
        "architectures": ["LlamaForCausalLM"],
        "bos_token_id": 1,
        "initializer_range": 0.02,
        "rms_norm_eps": 1e-5,
        "rope_scaling": {"factor": 8.0},
        "quantization_config": {"quant_method": "fp8"},
        "num_nextn_predict_layers": 1,
        "num_beams": 1,
        "add_cross_attention": False,
        "sliding_window": None,
        "anything_else": "text",
    }
    assert Transformer.from_config({**LLAMA, **harmless}) == Transformer.from_config(LLAMA)


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(KeyError, match=r"Llama 3\.1 70B"):
        transformer("Llama 3.1 71B")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_active_is_at_most_total(model):
    assert 0 < model.active_parameters <= model.parameters
    assert model.embedding_parameters + model.head_parameters < model.parameters
    assert model.layer_count == sum(group.count for group in model.layers)


# ---------------------------------------------------------------------- windows
def test_which_layers_have_a_window():
    def windows(name):
        return {g.attention.window: g.count for g in transformer(name).layers}

    assert windows("gpt-oss-120b") == {128: 18, None: 18}
    assert windows("Gemma 2 9B") == {4096: 21, None: 21}
    assert windows("Gemma 3 27B") == {1024: 52, None: 10}
    assert windows("Mistral 7B") == {4096: 32}
    assert windows("Qwen2.5 7B") == {None: 28}
    assert windows("Llama 4 Scout") == {8192: 36, None: 12}


def test_a_window_caps_the_cache_and_not_the_first_tokens():
    model = transformer("Mistral 7B")
    assert model.kv_bytes(4096) == model.kv_bytes(100_000) == 4096 * model.kv_bytes_per_token()
    assert model.kv_bytes(100) == 100 * model.kv_bytes_per_token()


# -------------------------------------------------------------------- key-value
@pytest.mark.parametrize(
    ("name", "values"),
    [
        # 2 × layers × kv heads × head_dim, or layers × (latent + rotary part)
        ("GPT-3 175B", 2 * 96 * 96 * 128),
        ("Llama 3.1 70B", 2 * 80 * 8 * 128),
        ("Qwen3 32B", 2 * 64 * 8 * 128),
        ("gpt-oss-120b", 2 * 36 * 8 * 64),
        ("Gemma 2B", 2 * 18 * 1 * 256),
        ("DeepSeek-V3", 61 * (512 + 64)),
        ("DeepSeek-V3.2", 61 * (512 + 64 + 128)),
    ],
)
def test_kv_bytes_per_token_by_hand(name, values):
    for number_format in ("bf16", "fp8", "int4"):
        expected = values * bytes_per_value(number_format)
        assert transformer(name).kv_bytes_per_token(number_format) == expected


@given(kv=st.integers(1, 16), groups=st.integers(1, 16), dim=st.integers(1, 256))
def test_sharing_heads_divides_the_cache(kv, groups, dim):
    def cache(kv_heads):
        heads = kv * groups
        return GroupedQueryAttention(64, heads, kv_heads, dim).cached_values_per_token

    assert cache(kv) / cache(kv * groups) == pytest.approx(1 / groups)


@given(context=st.floats(1, 1e7), more=st.floats(0, 1e6), i=st.integers(0, len(MODELS) - 1))
def test_the_cache_grows_with_context_and_never_faster_than_linear(context, more, i):
    model = MODELS[i]
    held = model.kv_bytes(context)
    assert held <= model.kv_bytes(context + more) * (1 + 1e-12)
    assert held <= context * model.kv_bytes_per_token() * (1 + 1e-12)
    assert model.kv_bytes_read(context) <= held * (1 + 1e-12)


def test_sparse_attention_reads_less_than_it_holds():
    model = transformer("DeepSeek-V3.2")
    assert model.kv_bytes_read(2048) == model.kv_bytes(2048)
    read = 61 * (2048 * 576 + 100_000 * 128) * 2
    assert model.kv_bytes_read(100_000) == read < model.kv_bytes(100_000) / 4


# ---------------------------------------------------------------------- weights
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_weights_in_bf16_are_two_bytes_each(model):
    assert model.weight_bytes("bf16") == pytest.approx(2 * model.parameters, rel=1e-12)
    assert model.weight_bytes("fp8") < model.weight_bytes("bf16")


def test_gpt_oss_as_released():
    # Checkpoint sizes of table 1 of the model card, arXiv 2508.10925 (gpt-oss-model-card).
    for name, gib in (("gpt-oss-120b", 60.8), ("gpt-oss-20b", 12.8)):
        held = transformer(name).weight_bytes("mxfp4", dense_format="bf16")
        assert held / 2**30 == pytest.approx(gib, rel=0.01)


@given(
    i=st.integers(0, len(MODELS) - 1),
    batch=st.floats(1, 1e6),
    factor=st.floats(1, 100),
    number_format=st.sampled_from(["bf16", "fp8", "nvfp4"]),
)
def test_weights_read_grow_with_the_batch_up_to_all(i, batch, factor, number_format):
    model = MODELS[i]
    read = model.weight_bytes_read(number_format, batch)
    assert read <= model.weight_bytes_read(number_format, batch * factor) * (1 + 1e-12)
    assert read <= model.weight_bytes(number_format) * (1 + 1e-12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_limits_of_the_weights_read(model):
    table = 0 if model.tied_embeddings else model.embedding_parameters
    table = model.position_parameters if model.tied_embeddings else table
    everything = model.weight_bytes("fp8") - 2 * table
    assert model.weight_bytes_read("fp8", 1e9) == pytest.approx(everything, rel=1e-12)
    alone = model.weight_bytes_read("bf16", 1)
    assert alone == pytest.approx(2 * model.active_parameters, rel=1e-12)


@given(experts=st.integers(1, 512), used=st.integers(1, 512), batch=st.integers(1, 4096))
def test_experts_touched(experts, used, batch):
    moe = MixtureOfExperts(FeedForward(8, 8), experts, min(used, experts))
    touched = moe.experts_touched(batch)
    assert moe.experts_touched(1) == pytest.approx(moe.experts_per_token)
    assert touched <= min(experts, batch * moe.experts_per_token) * (1 + 1e-9)


# ------------------------------------------------------------------------- FLOP
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_two_flop_a_parameter_where_context_is_short(model):
    assert model.decode_flop(0) == 2 * model.active_parameters
    # Up to 256 tokens 2N is good to 7 % for every model here but DeepSeek-V2 (10 %): absorbed
    # latent attention is worst, and of its models this one activates the fewest parameters a head.
    limit = 1.11 if model.name == "DeepSeek-V2" else 1.07
    assert model.decode_flop(256) / (2 * model.active_parameters) < limit


def test_two_flop_a_parameter_breaks_at_long_context():
    model = transformer("Llama 3.1 70B")
    assert model.decode_flop(131_072) / (2 * model.active_parameters) > 3


@given(
    i=st.integers(0, len(MODELS) - 1), tokens=st.integers(1, 2000), cached=st.integers(0, 20_000)
)
def test_prefill_is_decode_without_the_head(i, tokens, cached):
    model = MODELS[i]
    if isinstance(model.layers[0].attention, LatentAttention) and (
        model.layers[0].attention.top_k is None
    ):
        return  # prefill multiplies in the expanded form, decode in the absorbed one
    steps = model.decode_flop(np.arange(cached + 1, cached + tokens + 1)).sum()
    heads = 2.0 * model.head_parameters * (tokens - 1)
    assert model.prefill_flop(tokens, cached) == pytest.approx(steps - heads, rel=1e-9)


@given(tokens=st.integers(1, 300), cached=st.integers(0, 300), window=st.integers(1, 300))
def test_pairs_of_a_causal_window(tokens, cached, window):
    positions = np.arange(cached + 1, cached + tokens + 1)
    assert query_key_pairs(tokens, cached, window) == np.minimum(positions, window).sum()
    assert query_key_pairs(tokens, cached, None) == positions.sum()


def test_attention_of_prefill_is_quadratic_and_with_a_window_linear():
    full, local = (GroupedQueryAttention(64, 4, 2, 16, window) for window in (None, 128))
    assert full.prefill_flop(2e6) / full.prefill_flop(1e6) == pytest.approx(4, rel=1e-5)
    assert local.prefill_flop(2e6) / local.prefill_flop(1e6) == pytest.approx(2, rel=1e-3)
    assert full.prefill_flop(1e6) == pytest.approx(full.decode_flop(1e6) * 1e6 / 2, rel=1e-5)


def test_latent_attention_absorbed_and_expanded():
    mla = transformer("DeepSeek-V3").layers[0].attention
    assert mla.decode_flop(1) == 2 * 128 * (512 + 64 + 512)
    assert mla.prefill_flop(1) == 2 * 128 * (128 + 64 + 128)
    assert mla.decode_flop(1) / mla.prefill_flop(1) == pytest.approx(3.4)


def test_sparse_attention_is_flat_but_for_its_indexer():
    sparse = transformer("DeepSeek-V3.2").layers[0].attention
    slope = sparse.decode_flop(100_001) - sparse.decode_flop(100_000)
    assert slope == 2 * 64 * 128


# ----------------------------------------------------------------------- arrays
def test_one_formula_for_numbers_arrays_and_labelled_arrays():
    xarray = pytest.importorskip("xarray")
    contexts, batches = np.array([1.0, 500.0, 9000.0]), np.array([1.0, 64.0])
    grid = xarray.DataArray(contexts, dims="context")
    for name in ("gpt-oss-20b", "DeepSeek-V3.2", "Llama 3.1 8B"):
        model = transformer(name)
        for call in (model.kv_bytes, model.kv_bytes_read, model.decode_flop, model.prefill_flop):
            one_by_one = [call(float(context)) for context in contexts]
            np.testing.assert_allclose(call(contexts), one_by_one, rtol=1e-12)
            assert call(grid).dims == ("context",)
        read = model.weight_bytes_read("fp8", batches)
        np.testing.assert_allclose(
            read, [model.weight_bytes_read("fp8", b) for b in batches], rtol=1e-12
        )


def test_fields_may_be_arrays():
    model = transformer("Qwen3 30B-A3B")
    group = model.layers[0]
    used = np.array([1, 8, 128])
    experts = dataclasses.replace(group.feed_forward, experts_per_token=used)
    varied = dataclasses.replace(model, layers=(dataclasses.replace(group, feed_forward=experts),))
    assert varied.active_parameters[1] == model.active_parameters
    assert varied.weight_bytes_read("bf16", 1).shape == (3,)


def test_what_tensor_parallelism_can_divide():
    assert transformer("Llama 3.1 70B").kv_shards == 8
    assert transformer("GPT-3 175B").kv_shards == 96
    assert transformer("Gemma 2B").kv_shards == 1
    assert transformer("DeepSeek-V3").kv_shards == 1
