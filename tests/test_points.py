"""Reading rows of measurements: spellings, defaults, and what cannot be read."""

import math

import pandas as pd
import pytest

from inferwall.points import chip_named, kv_format, lengths, model_named, number, setup, text
from inferwall.validation import predict

H100 = ("H100 SXM", 4.0, "Llama 3.1 70B", "fp8", "", "vllm", "", False)


def made(**changes):
    names = ["chip", "chips", "model", "weights", "kv", "framework", "parallelism", "benchmark"]
    return setup(**_arguments(dict(zip(names, H100, strict=True)) | changes))


def _arguments(row):
    return {"chip_name": row.pop("chip"), "model_name": row.pop("model"), **row}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1024", 1024),
        ("~200", 200),
        ("mean 294", 294),
        ("294.3 mean tokens/sample", 294.3),
        (" 8K ", 8000),
        (512, 512),
        ("1,000", 1000),
    ],
)
def test_numbers(cell, value):
    assert number(cell) == value


@pytest.mark.parametrize("cell", ["", None, math.nan, "nan", "production", "max load", "<=1024"])
def test_no_numbers(cell):
    assert math.isnan(number(cell))


def test_blank_text():
    assert text(None) == text(math.nan) == text(" NaN ") == ""
    # pandas reads these as missing unless told not to: a row must mean the same either way
    assert {text(cell) for cell in ("n/a", "N/A", "NA", "null", "None", "-")} == {""}


def test_a_row_means_the_same_however_its_blanks_were_read():
    row = dict(chip="H100-SXM", n_chips="8", model="Llama-2-70B", weights="fp8", isl="1024",
               osl="1024", concurrency_or_batch="16", framework="vllm", metric="mean_tpot",
               scenario="closed-loop concurrency", unit="ms")  # fmt: skip
    spelled = [row | {"parallelism": cell, "kv": cell} for cell in ("n/a", "", math.nan, None)]
    found = predict(pd.DataFrame(spelled))["predicted"].to_numpy()
    assert (found == found[0]).all()


def test_a_data_set_gives_lengths_unless_the_row_does():
    assert lengths("dataset OpenOrca", "294.3 mean tokens/sample", "Llama 2 70B")[1] == 294.3
    assert lengths("dataset OpenOrca", None, "Llama 2 70B")[1] == 300
    assert lengths("dataset CNN/DailyMail", None, "GPT-J 6B")[1] == 70
    assert math.isnan(lengths("dataset unheard of", None, "GPT-J 6B")[0])


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("nvidia/DeepSeek-R1-0528-FP4-v2", "DeepSeek-R1"),
        ("Llama-3.1/3.3-70B", "Llama 3.1 70B"),
        ("meta-llama/Llama-3.2-1B-Instruct", "Llama 3.2 1B"),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", "Qwen3 30B-A3B"),
        ("Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4", "Qwen2.5 14B"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "Llama 3.1 8B"),
        ("neuralmagic/Qwen2-72B-Instruct-FP8", "Qwen2.5 72B"),
        ("amd/Llama-3.1-70B-Instruct-FP8-KV", "Llama 3.1 70B"),
        ("unsloth/Qwen3-14B-unsloth-bnb-4bit", "Qwen3 14B"),
        ("Qwen3-30B-A3B-UD-Q4_K_XL.gguf", "Qwen3 30B-A3B"),
        ("llama-2-7b.Q4_0.gguf", "Llama 2 7B"),
        ("DeepSeek-R1-Distill-Llama-70B-Q4_K_M-00001-of-00002.gguf", "Llama 3.1 70B"),
        ("TheBloke/Mistral-7B-Instruct-v0.2-GPTQ", "Mistral 7B v0.2"),
        ("llama3.1:70b-instruct-q4_K_M", "Llama 3.1 70B"),
    ],
)
def test_models(spelling, name):
    assert model_named(spelling).name == name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("AMD Instinct MI300X 192GB HBM3", "MI300X"),
        ("NVIDIA B200-SXM-180GB", "B200"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM"),
        ("NVIDIA H200 NVL", "H200 NVL"),
        ("NVIDIA A100-SXM4-80GB", "A100 SXM 80GB"),
        ("NVIDIA A100 80GB PCIe", "A100 PCIe 80GB"),
        ("Tesla V100-SXM2-32GB", "V100 SXM2 32GB"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("3080 10GB", "RTX 3080 10GB"),
        ("AMD Radeon RX 7900 XTX", "RX 7900 XTX"),
        ("Intel(R) Arc(TM) B580 Graphics", "Arc B580"),
        ("Apple M3 Max (30-core GPU)", "M3 Max (30-core GPU)"),
    ],
)
def test_chips(spelling, name):
    assert chip_named(spelling).name == name


@pytest.mark.parametrize(
    "spelling",
    ["NVIDIA H100 80GB", "RTX 3080 12GB", "NVIDIA GeForce RTX 4090 Laptop GPU", "Apple M3 Max"],
)
def test_other_chips_are_not_taken_for_these(spelling):
    with pytest.raises(KeyError, match=spelling):
        chip_named(spelling)


@pytest.mark.parametrize(
    ("model", "chip", "weights", "formats"),
    [
        ("Llama 3.1 70B", "H100 SXM", "fp8", ("fp8", "fp8", None)),
        ("Llama 3.1 70B", "A100 SXM 80GB", "fp8", ("fp8", "bf16", None)),
        ("Llama 3.1 70B", "B200", "FP4", ("nvfp4", "fp4", None)),
        ("DeepSeek-R1", "MI355X", "fp4", ("mxfp4", "fp4", None)),
        ("DeepSeek-R1", "H200 SXM", "", ("fp8", "fp8", None)),
        ("gpt-oss-120b", "H100 SXM", "fp4", ("mxfp4", "bf16", "bf16")),
        ("gpt-oss-120b", "B200", "", ("mxfp4", "fp8", "bf16")),
        ("Kimi K2.5", "H200 SXM", "int4", ("int4", "bf16", "bf16")),
        ("Llama 2 7B", "A100 SXM 80GB", "int4 g32", ("int4", "bf16", None)),
        ("Llama 3 8B", "RTX 4090", "Q4_K_M (4.58 GB file)", ("q4_k_m", "bf16", None)),
        ("Llama 3 8B", "RTX 4090", "", ("bf16", "bf16", None)),
    ],
)
def test_formats(model, chip, weights, formats):
    deployment = made(model=model, chip=chip, weights=weights.casefold(), chips=8.0).deployment
    found = deployment.weight_format, deployment.activation_format, deployment.dense_format
    assert found == formats


def test_blank_caches_are_the_engine_s_default():
    hopper, blackwell = chip_named("H100 SXM"), chip_named("B200")
    assert kv_format("", "fp8", "vllm", hopper, published="fp8") == "bf16"
    assert kv_format("", "fp8", "vllm", hopper, published="bf16") == "fp8"  # quantised later
    assert kv_format("", "mxfp4", "vllm", hopper, published="mxfp4") == "bf16"
    assert kv_format("", "fp8", "trtllm", hopper) == "fp8"
    assert kv_format("", "fp8", "vllm", blackwell) == "fp8"
    assert kv_format("", "bf16", "trtllm", hopper) == "bf16"
    assert kv_format("f16", "fp8", "trtllm", hopper) == "bf16"


@pytest.mark.parametrize(
    ("parallelism", "chips", "copy", "stages", "groups", "replicas"),
    [
        ("", 4.0, 4, 1, 1, 1),
        ("TP8 PP1 attnDP1 moeTP8 moeEP1", 8.0, 8, 1, 1, 1),
        ("TP4 PP1 attnDP4 moeTP1 moeEP16", 4.0, 4, 1, 4, 1),
        ("TP2,PP4", 8.0, 8, 4, 1, 1),
        ("TP2", 8.0, 2, 1, 1, 4),
        ("data parallel", 8.0, 1, 1, 1, 8),
        ("TP32 cores", 16.0, 16, 1, 1, 1),
    ],
)
def test_parallelism(parallelism, chips, copy, stages, groups, replicas):
    found = made(parallelism=parallelism.casefold(), chips=chips)
    deployment = found.deployment
    assert (deployment.chips, deployment.stages) == (copy, stages)
    assert (deployment.attention_groups, found.replicas) == (groups, replicas)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (dict(chip="Abacus"), "unknown accelerator 'Abacus'"),
        (dict(chip=""), "unknown accelerator ''"),
        (dict(model="HAL 9000"), "unknown transformer 'HAL 9000'"),
        (dict(chips=math.nan), "the number of chips is not stated"),
        (dict(chips=0.0), "the number of chips is not stated"),
        (dict(weights="int3"), "weight format 'int3' is not known"),
    ],
)
def test_reasons(changes, reason):
    found = made(**changes)
    assert isinstance(found, str)
    assert found.startswith(reason)
