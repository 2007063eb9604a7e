"""What the cells of published measurements mean: names, numbers, formats, parallelism, defaults."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from inferwall.architecture import Transformer, transformer
from inferwall.data import table
from inferwall.hardware import Accelerator, accelerator

BLANKS = frozenset(("nan", "none", "<na>", "nat", "n/a", "na", "#n/a", "null", "-"))
"""How tables write that a cell is blank, in small letters."""


class Unreadable(ValueError):
    """Why a row cannot be predicted."""


def text(value: Any) -> str:
    """Return a cell as lower-case text, empty where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    value = str(value).strip().casefold()
    return "" if value in BLANKS else value


def number(value: Any) -> float:
    """Return the number that a cell holds, as in ``"1024"``, ``"~200"`` or ``"mean 294"``; or NaN.

    >>> number("1,024"), number("294.3 mean tokens/sample"), number("2k")
    (1024.0, 294.3, 2000.0)
    """
    found = re.fullmatch(
        r"(?:mean|avg|average|about|approx\.?)?\s*[~≈]?\s*(\d[\d,]*\.?\d*(?:e[+-]?\d+)?)\s*(k)?\s*"
        r"(?:mean|avg|average)?\s*(?:tokens?(?:/sample)?)?",
        text(value),
    )
    if found is None:
        return math.nan
    return float(found[1].replace(",", "")) * (1000.0 if found[2] else 1.0)


@lru_cache
def _dataset_tokens() -> dict[str, tuple[float, float]]:
    rows = table("benchmark_datasets").to_dict("records")
    return {row["dataset"].casefold(): (row["input_tokens"], row["output_tokens"]) for row in rows}


def lengths(isl: Any, osl: Any, model: str) -> tuple[float, float]:
    """Return mean input and output tokens of a row; of a data set those of the table."""
    read, written = number(isl), number(osl)
    for name, (dataset_input, dataset_output) in _dataset_tokens().items():
        dataset, _, of_model = name.partition(" | ")
        if dataset in text(isl) and of_model in ("", model.casefold()):
            read = dataset_input if math.isnan(read) else read
            written = dataset_output if math.isnan(written) else written
    return read, written


def engine_of(framework: str) -> str:
    """Return the engine behind a spelling."""
    for part, name in (
        ("llama.cpp", "llama.cpp"),
        ("gpt-fast", "gpt-fast"),
        ("vllm", "vllm"),
        ("sglang", "sglang"),
        ("trt", "trtllm"),
        ("tensorrt", "trtllm"),
    ):
        if part in framework:
            return name
    return "other"


def _knows(chip: Accelerator, name: str) -> bool:
    return not math.isnan(getattr(chip, f"{name}_flop_per_s"))


def _spellings(gpt_oss: bool, chip: Accelerator) -> tuple[tuple[str, str], ...]:
    """Return what parts of a spelling mean, the first that is found first."""
    return (
        ("q4_k", "q4_k_m"),
        ("q4_0", "q4_0"),
        ("q8_0", "q8_0"),
        ("nvfp4", "nvfp4"),
        ("fp4", "mxfp4" if gpt_oss or chip.vendor == "AMD" else "nvfp4"),
        ("fp8", "fp8"),
        ("f8", "fp8"),
        ("int4", "int4"),
        ("w4a16", "int4"),
        ("awq", "int4"),
        ("gptq", "int4"),
        ("int8", "int8"),
        ("w8a8", "int8"),
        ("f16", "bf16"),
        ("fp16", "bf16"),
        ("float16", "bf16"),
    )


def weight_formats(
    raw: str, model: Any, chip: Accelerator, benchmark: bool
) -> tuple[str, str, str | None]:
    """Return the formats of weights, of products and of what lies outside routed experts.

    A blank is the format of the published weights; in MLPerf, whose results of 2024 do not name
    it, fp8 where the chip multiplies in it.
    """
    raw = raw.replace("-", "_")
    gpt_oss = model.name.startswith("gpt-oss")
    if raw == "":
        if benchmark:
            raw = "fp8" if _knows(chip, "fp8") else "bf16"
        else:
            raw = model.weight_format if model.weight_format in ("fp8", "mxfp4") else "bf16"
    stored = next((stored for part, stored in _spellings(gpt_oss, chip) if part in raw), None)
    if stored is None:
        raise Unreadable(f"weight format {raw!r} is not known")
    if "mxfp4" in raw:
        stored = "mxfp4"
    if gpt_oss and stored in ("mxfp4", "nvfp4", "fp8"):
        # Published so: experts in mxfp4, the rest in bf16. Chips with 4-bit products take fp8
        # activations.
        return "mxfp4", "fp8" if _knows(chip, "fp4") else "bf16", "bf16"
    if stored in ("mxfp4", "nvfp4"):
        return stored, "fp4" if _knows(chip, "fp4") else "bf16", None
    if stored == "fp8":
        return stored, "fp8" if _knows(chip, "fp8") else "bf16", None
    if stored == "int4" and model.active_routed_parameters:
        return stored, "bf16", "bf16"  # experts alone are quantised, as in Kimi K2.5
    return stored, "bf16", None


def kv_format(
    raw: str, weights: str, engine: str, chip: Accelerator, published: str = "fp8"
) -> str:
    """Return the format of the cache.

    A blank is the engine's default: that of the activations in vLLM and SGLang, fp8 for
    TensorRT-LLM with 8-bit and 4-bit weights. In vLLM it is fp8 on chips with 4-bit products, and
    everywhere for fp8 weights of a model that was not published in fp8: checkpoints quantised by
    ModelOpt state a cache in fp8, and the recipes of the closed-loop rows set it.
    """
    if "fp8" in raw or "f8" in raw:
        return "fp8"
    if "int8" in raw:
        return "int8"
    if raw:
        return "bf16"
    small = weights in ("fp8", "nvfp4", "mxfp4")
    requantised = weights == "fp8" and published != "fp8"
    in_vllm = engine == "vllm" and (requantised or _knows(chip, "fp4"))
    if small and (engine == "trtllm" or in_vllm):
        return "fp8"
    return "bf16"


def parallel(raw: str, chips: float) -> tuple[float, float, float, float]:
    """Return chips of a copy, its stages, groups of data-parallel attention, and copies."""
    if chips != chips or chips < 1:
        raise Unreadable("the number of chips is not stated")
    if "layer split" in raw:
        return chips, chips, 1.0, 1.0
    if "data parallel" in raw:
        return 1.0, 1.0, 1.0, chips

    def degree(pattern: str) -> float:
        found = re.search(pattern, raw)
        return float(found[1]) if found else math.nan

    tensor = degree(r"\btp\s*=?(\d+)")
    stages = degree(r"\bpp\s*=?(\d+)")
    groups = degree(r"(?:attn|\b)dp\s*=?(\d+)")
    stages = 1.0 if stages != stages or stages < 1 else min(stages, chips)
    groups = 1.0 if groups != groups or groups < 1 else min(groups, chips / stages)
    copy = chips
    if "cores" not in raw and tensor == tensor and tensor * stages * groups < chips:
        copy = tensor * stages * groups
    return copy, stages, groups, chips / copy


_SUFFIX = re.compile(
    r"[-_. ](instruct|chat|base|it|pt|hf|preview|dynamic|block|quantized|thinking|exp|v2|\d{4}|"
    r"w8a8|w8a16|w4a16|awq|gptq|bnb|unsloth|mlx|gguf|ud|kv|nvfp4|mxfp4|fp4|fp8|int4|int8|4bit|8bit|"
    r"bf16|fp16|f16|f32|i?q\d(_\w+)?|\d{5}-of-\d{5})$"
)
_MAKERS = re.compile(
    r"\((r|tm)\)|\b(nvidia|amd|intel|apple|google|aws|instinct|geforce|radeon|graphics|generation)\b"
)
_BUILD = re.compile(r"\b(oam|sxm5|hbm\de?|gddr\dx?|\d+ ?gb)\b")


def _named(find: Any, name: str, shorter: Any) -> Any:
    """Return what a name means, trying shorter forms of it when it is unknown."""
    tried = [name]
    while True:
        try:
            return find(tried[-1])
        except KeyError:
            cut = shorter(tried[-1])
            if cut in ("", tried[-1]):
                break
            tried.append(cut)
    return find(name)


@lru_cache
def model_named(name: str) -> Transformer:
    """Return a model by the name of a checkpoint: its owner, format and tuning change no shape.

    >>> model_named("nvidia/DeepSeek-R1-0528-FP4-v2").name
    'DeepSeek-R1'
    >>> model_named("Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf").name
    'Llama 3.1 8B'
    """

    def shorter(tried: str) -> str:
        bare = tried.split("/")[-1].casefold().replace(":", "-")
        return bare if bare != tried else _SUFFIX.sub("", bare)

    return _named(transformer, name, shorter)


@lru_cache
def chip_named(name: str) -> Accelerator:
    """Return a chip by its name with maker or memory beside it, as drivers print it.

    Raises
    ------
    KeyError
        No chip has the name, several have, or the one that has it holds another size of memory.

    Examples
    --------
    >>> chip_named("AMD Instinct MI355X 288GB HBM3e").name
    'MI355X'
    >>> chip_named("NVIDIA H100 80GB HBM3").name
    'H100 SXM'
    """

    def shorter(tried: str) -> str:
        words = _MAKERS.sub(" ", tried.casefold())
        return " ".join((_BUILD.sub(" ", words) if words == tried else words).split())

    def sized(tried: str) -> Accelerator:
        chip = accelerator(tried)
        size = re.search(r"\b(\d+) ?gb\b", name.casefold())
        exact = tried == name or size is None or chip.kind == "system on chip"
        if not exact and abs(float(size[1]) * 1e9 / chip.memory_bytes - 1.0) > 0.15:
            raise KeyError(name)
        return chip

    return _named(sized, name, shorter)


def sustained(chip: Accelerator) -> Accelerator:
    """Return the chip with no more than twice its fp8 rate in fp4.

    Blackwell Ultra promises three times; its kernels reach hardly more than those of chips that
    promise twice (data/kernel_gemm.csv: 3.8 PFLOP/s on B300, 3.5 on B200).
    """
    return replace(chip, fp4_flop_per_s=min(chip.fp4_flop_per_s, 2.0 * chip.fp8_flop_per_s))
