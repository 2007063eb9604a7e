"""Rows of published measurements, read as deployments and loads: spellings, defaults, lengths.

Nothing here raises for a row: what cannot be read is a `reason` in that row.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inferwall.architecture import Transformer, transformer
from inferwall.data import table
from inferwall.hardware import Accelerator, accelerator
from inferwall.step import Deployment

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "chip",
    "n_chips",
    "model",
    "weights",
    "kv",
    "framework",
    "parallelism",
    "spec_decoding",
    "disagg",
    "isl",
    "osl",
    "concurrency_or_batch",
    "scenario",
    "metric",
    "unit",
    "note",
    "source",
)
RANDOM_LENGTH_SHARE = 0.9
"""Closed-loop benchmarks draw lengths evenly between 0.8 and 1.0 of the nominal."""
NODE_LINK_BYTES_PER_S = 50e9
"""A network card of 400 Gb/s for every chip, where a group outgrows the scale-up domain."""

METRICS = {
    "tpot": "tpot",
    "itl": "tpot",
    "ttft": "ttft",
    "output_throughput": "output",
    "output_tput": "output",
    "output tokens/s": "output",
    "output completed tokens/s": "output",
    "output tokens/s (inferred)": "output",
    "output_tput_per_gpu": "output",
    "total_throughput": "total",
    "total_tput": "total",
    "total_tput_per_gpu": "total",
    "total_token_throughput": "total",
    "prefill_tok_s": "prefill",
    "decode_tok_s": "decode",
    "achieved_mem_bw_per_gpu": "bandwidth",
}


class Unreadable(ValueError):
    """Why a row cannot be predicted."""


@dataclass(frozen=True)
class Setup:
    """Everything of a row but its lengths, load and metric.

    Attributes
    ----------
    deployment : Deployment
        One copy of the model.
    replicas : float
        How many copies the row's chips hold.
    engine : str
        ``"vllm"``, ``"trtllm"``, ``"sglang"``, ``"llama.cpp"``, ``"gpt-fast"`` or ``"other"``.
    replayed : bool
        The kernels of a decode step are recorded once and replayed, as in all engines but llama.cpp
        of 2024 or on Metal.
    """

    deployment: Deployment
    replicas: float
    engine: str
    replayed: bool = True


def text(value: Any) -> str:
    """Return a cell as lower-case text, empty where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    value = str(value).strip().casefold()
    return "" if value in ("nan", "none", "<na>", "nat") else value


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


def kv_format(raw: str, weights: str, engine: str, chip: Accelerator) -> str:
    """Return the format of the cache.

    A blank is the engine's default: that of the activations in vLLM and SGLang, fp8 for
    TensorRT-LLM with 8-bit and 4-bit weights. In vLLM on chips with 4-bit products it is fp8 too:
    how many requests fit in the closed-loop rows shows that their recipes set it.
    """
    if "fp8" in raw or "f8" in raw:
        return "fp8"
    if "int8" in raw:
        return "int8"
    if raw:
        return "bf16"
    small = weights in ("fp8", "nvfp4", "mxfp4")
    if small and (engine == "trtllm" or (engine == "vllm" and _knows(chip, "fp4"))):
        return "fp8"
    return "bf16"


def _parallel(raw: str, chips: float) -> tuple[float, float, float, float]:
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
    r"[-_ ](instruct|chat|base|it|hf|preview|dynamic|w8a8|w4a16|awq|gptq|nvfp4|mxfp4|fp4|fp8|bf16|"
    r"2507|\d{4}|v2|thinking|exp)$"
)
_CHIP_WORDS = re.compile(r"\b(nvidia|amd|instinct|geforce|oam|sxm5|hbm3e?|\d+ ?gb)\b")


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


def model_named(name: str) -> Transformer:
    """Return a model by the name of a checkpoint: its owner, format and tuning change no shape.

    >>> model_named("nvidia/DeepSeek-R1-0528-FP4-v2").name
    'DeepSeek-R1'
    """

    def shorter(tried: str) -> str:
        return tried.split("/")[-1] if "/" in tried else _SUFFIX.sub("", tried.casefold())

    return _named(transformer, name, shorter)


def chip_named(name: str) -> Accelerator:
    """Return a chip by its name with maker or memory size beside it.

    >>> chip_named("AMD Instinct MI355X 288GB HBM3e").name
    'MI355X'
    """

    def shorter(tried: str) -> str:
        return " ".join(_CHIP_WORDS.sub(" ", tried.casefold()).split())

    return _named(accelerator, name, shorter)


def _sustained(chip: Accelerator) -> Accelerator:
    """Return the chip with no more than twice its fp8 rate in fp4.

    Blackwell Ultra promises three times; its kernels reach hardly more than those of chips that
    promise twice (data/kernel_gemm.csv: 3.8 PFLOP/s on B300, 3.5 on B200).
    """
    return replace(chip, fp4_flop_per_s=min(chip.fp4_flop_per_s, 2.0 * chip.fp8_flop_per_s))


@lru_cache(maxsize=20_000)
def setup(
    chip_name: str,
    chips: float,
    model_name: str,
    weights: str,
    kv: str,
    framework: str,
    parallelism: str,
    benchmark: bool,
) -> Setup | str:
    """Return what a row describes, or the reason why it cannot be read."""
    try:
        chip, model = _sustained(chip_named(chip_name)), model_named(model_name)
        engine = engine_of(framework)
        stored, products, dense = weight_formats(weights, model, chip, benchmark)
        cache = kv_format(kv, stored, engine, chip)
        if benchmark and not parallelism:
            size = model.weight_bytes(stored, dense)
            copy, stages, groups = 1.0, 1.0, 1.0
            while copy * 2 <= chips and size > 0.6 * copy * chip.known("memory_bytes"):
                copy *= 2
            replicas = chips / copy
        else:
            copy, stages, groups, replicas = _parallel(parallelism, chips)
        deployment = Deployment(
            model=model,
            chip=chip,
            chips=copy,
            weight_format=stored,
            kv_format=cache,
            activation_format=products,
            dense_format=dense,
            stages=stages,
            attention_groups=groups,
            node_link_bytes_per_s=NODE_LINK_BYTES_PER_S,
        )
        chip.known("bandwidth_bytes_per_s")
    except Unreadable as error:
        return str(error)
    except (KeyError, ValueError) as error:
        return str(error.args[0])
    replayed = engine != "llama.cpp" or "cuda" in framework or "vulkan" in framework
    return Setup(deployment, replicas, engine, replayed)


def read(points: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as setups, lengths and loads, aligned with `points`.

    Columns: setup, read, written (tokens), load (requests; infinite where all are queued at once),
    quantity (of `METRICS`), scale (of the unit), together (1 where all requests start at once),
    benchmark (MLPerf's scenario or blank), reason.
    """
    import pandas as pd

    frame = points.reindex(columns=list(COLUMNS)).astype(object)
    rows = [_row(*cells) for cells in frame.itertuples(index=False, name=None)]
    columns = ["setup", "read", "written", "load", "quantity", "scale"]
    columns += ["together", "benchmark", "reason"]
    return pd.DataFrame(rows, columns=columns, index=points.index)


def _row(*cells: Any) -> tuple[Any, ...]:
    row = dict(zip(COLUMNS, cells, strict=True))
    empty = (math.nan, math.nan, math.nan, "", math.nan, 0.0, "")
    try:
        return (*_read_row(row), "")
    except Unreadable as error:
        return (None, *empty, str(error))
    except (ValueError, TypeError, OverflowError) as error:
        return (None, *empty, f"the row cannot be read: {error}")


def _read_row(row: dict[str, Any]) -> tuple[Any, ...]:
    metric = re.sub(r"^(mean|median)_", "", text(row["metric"]))
    scenario, unit = text(row["scenario"]), text(row["unit"])
    if metric not in METRICS:
        raise Unreadable(f"metric {text(row['metric'])!r} is not predicted")
    spec = text(row["spec_decoding"])
    if spec and not spec.startswith(("none", "no", "false", "off", "0")):
        raise Unreadable("speculative decoding: too few published points to predict from")
    if text(row["disagg"]) in ("true", "1", "yes", "1.0"):
        raise Unreadable("disaggregated serving: too few published points to predict from")
    found = re.search(r"(offline|server|interactive) \(closed", scenario)
    benchmark = found[1] if found else ""
    ready = setup(
        str(row["chip"]) if text(row["chip"]) else "",
        number(row["n_chips"]),
        str(row["model"]) if text(row["model"]) else "",
        text(row["weights"]),
        text(row["kv"]),
        text(row["framework"]),
        text(row["parallelism"]),
        bool(benchmark),
    )
    if isinstance(ready, str):
        raise Unreadable(ready)
    read_tokens, written = lengths(row["isl"], row["osl"], ready.deployment.model.name)
    together = float("gap-analysis" in text(row["note"]) + text(row["source"]))
    quantity = METRICS[metric]
    if "closed-loop" in scenario and not together:
        read_tokens, written = RANDOM_LENGTH_SHARE * read_tokens, RANDOM_LENGTH_SHARE * written
    if "prefill latency" in scenario and quantity == "ttft":
        quantity = "engine ttft"
    load = number(row["concurrency_or_batch"])
    if benchmark or "max load" in text(row["concurrency_or_batch"]):
        load = math.inf
    if quantity in ("decode", "prefill", "bandwidth"):
        load = 1.0 if load != load else load
        read_tokens = 0.0 if read_tokens != read_tokens and quantity == "decode" else read_tokens
    needs = [("concurrency_or_batch", load)]
    if quantity != "decode":
        needs.append(("isl", read_tokens))
    if quantity not in ("prefill", "ttft", "engine ttft"):
        needs.append(("osl", written))
    for name, value in needs:
        if value != value:
            raise Unreadable(f"{name}={row[name]!r} is no number, and no known data set")
    if quantity in ("prefill", "ttft", "engine ttft") and not written >= 1.0:
        written = 1.0
    for name, value, least in (
        ("isl", read_tokens, 0.0 if quantity == "decode" else 0.5),
        ("osl", written, 0.5),
        ("concurrency_or_batch", load, 1.0),
    ):
        if value < least:
            raise Unreadable(f"{name}={row[name]!r} is too small")
    return (
        ready,
        read_tokens,
        written,
        load,
        quantity,
        _scale(quantity, unit, metric),
        together,
        benchmark,
    )


def _scale(quantity: str, unit: str, metric: str) -> float:
    """Return what turns seconds or tokens per second of one copy into the row's unit."""
    if quantity in ("tpot", "ttft", "engine ttft"):
        scales = {"ms": 1e3, "s": 1.0, "us": 1e6, "": 1e3, "seconds": 1.0}
        if unit not in scales:
            raise Unreadable(f"unit {unit!r} is no time")
        return scales[unit]
    if quantity == "bandwidth":
        return 1e-9
    if "tok" not in unit and unit:
        raise Unreadable(f"unit {unit!r} is no rate of tokens")
    per_chip = "per_gpu" in metric or re.search(r"/\s*(gpu|chip)", unit)
    return -1.0 if per_chip else 1.0
