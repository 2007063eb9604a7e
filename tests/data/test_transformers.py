"""The tables of models, families and config keys: bounds by sense, and nothing left dangling."""

import re

import pytest

from inferwall.architecture import transformers
from inferwall.config_keys import counted_keys, families, records
from inferwall.data import resolve, source, table

MODELS = table("transformers")
ROWS = records("transformers")


def test_there_are_enough_of_each_kind():
    assert len(MODELS) >= 40
    kinds = {family: families()[family] for family in MODELS["model_type"]}
    assert {row["attention"] for row in kinds.values()} == {"gqa", "mla", "sparse_mla"}
    assert {row["experts"] != "none" for row in kinds.values()} == {True, False}
    heads = [group.attention for model in transformers() for group in model.layers]
    shares = {a.kv_heads / a.heads for a in heads if hasattr(a, "kv_heads")}
    assert 1.0 in shares  # multi-head
    assert min(shares) <= 1 / 16  # far shared
    assert any(getattr(a, "window", None) for a in heads)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_row_makes_sense(row):
    assert row["num_attention_heads"] % (row["num_key_value_heads"] or 1) == 0
    assert row["hidden_size"] % 64 == 0
    assert "2018" < (row["release_date"] or "2019") <= "2026-11-21"
    assert (row["sliding_window"] or 0) <= row["max_position_embeddings"]
    assert (row["num_experts_per_tok"] or 0) <= (row["num_local_experts"] or 0)


@pytest.mark.parametrize("model", transformers(), ids=lambda model: model.name)
def test_a_model_makes_sense(model):
    # The name says its size in billions, where it does; some leave a large embedding out.
    stated = re.search(r"(?<![\dx.])(\d+(?:\.\d+)?)B\b", model.name)
    if stated:
        counted = model.parameters
        without_embedding = {"Gemma 2B", "Gemma 7B", "Gemma 2 2B", "DeepSeek-R1-Distill-Qwen 1.5B"}
        counted -= model.embedding_parameters if model.name in without_embedding else 0
        # Llama 3.2 1B counts 1.24 billion.
        rel = 0.25 if model.name == "Llama 3.2 1B" else 0.12
        assert counted / 1e9 == pytest.approx(float(stated[1]), rel=rel)
    assert 0.4e9 < model.parameters < 2e12
    assert 0.02 < model.active_parameters / model.parameters <= 1
    # KV cache: from some kilobytes to some megabytes a token.
    assert 8e3 < model.kv_bytes_per_token("bf16") < 6e6
    # The embedding is less than half of it.
    assert model.embedding_parameters < 0.5 * model.parameters
    assert model.max_context >= 2048


def test_every_source_exists():
    for name in ("transformers", "families", "config_keys"):
        for keys in table(name)["sources"]:
            for key in keys.split(";"):
                assert source(key).url


def test_every_spelling_that_the_measurements_use_resolves():
    spellings = {
        "Llama-2-7B": "Llama 2 7B",
        "Llama-2-70B": "Llama 2 70B",
        "Llama-3-8B": "Llama 3 8B",
        "Llama-3.1-8B": "Llama 3.1 8B",
        "Llama-3.1/3.3-70B": "Llama 3.1 70B",
        "Llama-3.3-70B": "Llama 3.1 70B",
        "Llama-3.1-405B": "Llama 3.1 405B",
        "Llama-4-Scout": "Llama 4 Scout",
        "Mixtral-8x7B": "Mixtral 8x7B",
        "Mistral-7B": "Mistral 7B",
        "Qwen3-32B": "Qwen3 32B",
        "Qwen3-235B-A22B": "Qwen3 235B-A22B",
        "DeepSeek-V3/R1": "DeepSeek-V3",
        "DeepSeek-R1": "DeepSeek-R1",
        "gpt-oss-120b": "gpt-oss-120b",
        "MiniMax-M2.5": "MiniMax-M2.5",
        "Kimi-K2.5": "Kimi K2.5",
        "GPT-J-6B": "GPT-J 6B",
        "Gemma-2B": "Gemma 2B",
        "meta-llama/Llama-3.1-70B-Instruct": "Llama 3.1 70B",
        "moonshotai/Kimi-K2-Instruct": "Kimi K2",
    }
    for spelling, name in spellings.items():
        assert resolve("transformer", spelling) == name


def test_every_repository_resolves_to_its_row():
    for row in ROWS:
        if row["repo"]:
            assert resolve("transformer", row["repo"]) == row["name"]


def test_the_columns_are_config_keys():
    other = {"name", "repo", "organisation", "release_date"}
    other |= {"weight_format", "sources", "confidence", "note"}
    assert set(MODELS.columns) - other <= counted_keys()


def test_families_have_no_dangling_rule():
    for row in families().values():
        assert (row["experts"] == "none") == (row["expert_size"] is None)
        assert (row["shared_expert"] == "n_shared_experts") == (row["n_shared_experts"] is not None)
        if row["windows"] == "pattern":
            assert row["sliding_window_pattern"] is not None
