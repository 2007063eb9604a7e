"""What a GPU reaches: its copies, its products, and the steps of a model with random weights.

``python -m inferwall.gpu_lab --model "Llama 3.1 8B" --out build/gpu_lab.csv`` measures the prefill
and decode steps of a stack of Llama-shaped layers, writes them in the columns of
data/measured_serving.csv, and prints them beside the prediction and the bare roofline. It needs
PyTorch (the optional extra `gpu`) and a CUDA device. There is no server around the steps;
norms, rotations and activations are kernels of their own, which engines fuse.
"""

from __future__ import annotations

import argparse
import datetime
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inferwall.architecture import Transformer, transformer
from inferwall.llama_stack import Stack, kernels, llama_layers, median_s, recorded
from inferwall.units import GB
from inferwall.validation import predict, roofline

if TYPE_CHECKING:
    import pandas as pd

ROOM_SHARE = 0.85
"""Share of the free memory for weights and cache; activations and recorded graphs take the rest."""
MOST_PROMPT_TOKENS = 16_384
COLUMNS = """
    point_id date chip n_chips model weights kv framework parallelism spec_decoding disagg isl osl
    concurrency_or_batch scenario metric value unit confidence sources note
""".split()  # noqa: SIM905 (a column of names reads better than a list of strings)


@dataclass(frozen=True)
class Step:
    """One measured step of the whole model.

    Attributes
    ----------
    kind : {"decode", "prefill"}
    batch, tokens : int
        Sequences; tokens that each attends to in decode, or that are read of each in prefill.
    seconds : float
    layers : int
        Layers that ran; fewer than the model's where the rest is extrapolated.
    replayed : bool
        The kernels were recorded once and replayed (a CUDA graph).
    """

    kind: str
    batch: int
    tokens: int
    seconds: float
    layers: int
    replayed: bool


def shortened(model: Transformer, layers: int) -> Transformer:
    """Return the model with fewer layers.

    >>> llama = transformer("Llama 3.1 8B")
    >>> llama.parameters - shortened(llama, 31).parameters  # one layer
    218112000
    """
    return replace(model, layers=(replace(llama_layers(model), count=layers),))


def layers_that_fit(model: Transformer, memory_bytes: float) -> int:
    """Return how many layers to run: all, if their weights leave a fifth of the room to the cache.

    Otherwise as many as fill half the room, and the rest of the model is extrapolated.

    Raises
    ------
    ValueError
        Not even two layers fit.

    Examples
    --------
    By hand: 141 GB of weights in 68 GB of room; (34 − 4.2) GB / 1.711 GB a layer.

    >>> layers_that_fit(transformer("Llama 3.1 8B"), 80e9)
    32
    >>> layers_that_fit(transformer("Llama 3.1 70B"), 80e9)
    17
    """
    room, layers = ROOM_SHARE * memory_bytes, llama_layers(model).count
    if model.weight_bytes() <= 0.8 * room:
        return layers
    tables = shortened(model, 0).weight_bytes()
    layer = (model.weight_bytes() - tables) / layers
    fit = int((0.5 * room - tables) / layer)
    if fit < 2:
        raise ValueError(f"memory_bytes={memory_bytes:g}: two layers of {model.name} do not fit")
    return fit


def decode_loads(
    model: Transformer, memory_bytes: float, batches: Sequence[int], contexts: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the batches and contexts whose cache fits beside the weights of the layers that run.

    >>> decode_loads(transformer("Llama 3.1 8B"), 80e9, [1, 64], [1024, 8192])
    [(1, 1024), (1, 8192), (64, 1024)]
    """
    run = shortened(model, layers_that_fit(model, memory_bytes))
    room = ROOM_SHARE * memory_bytes - run.weight_bytes()
    return [(b, n) for b in batches for n in contexts if b * run.kv_bytes(n) <= room]


def prompt_loads(batches: Sequence[int], lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return the batches and lengths of prompts that one step may read.

    >>> prompt_loads([1, 4], [512, 8192])
    [(1, 512), (1, 8192), (4, 512)]
    """
    return [(b, n) for b in batches for n in lengths if b * n <= MOST_PROMPT_TOKENS]


def whole_s(seconds: dict[int, float], layers: int) -> float:
    """Return the time of all layers from that of some: a straight line through two counts.

    The line's start, what embedding, head and step take, is paid once and not scaled. NaN where
    more layers ran no longer than fewer: the clock's noise hides a layer.

    >>> round(whole_s({8: 0.009, 16: 0.017}, 80), 6)  # 1 ms and 1 ms a layer
    0.081
    >>> whole_s({32: 0.005}, 32)
    0.005
    """
    if layers in seconds:
        return seconds[layers]
    (few, few_s), (more, more_s) = sorted(seconds.items())[-2:]
    if more_s <= few_s:
        return math.nan
    return more_s + (layers - more) * (more_s - few_s) / (more - few)


def serving_rows(
    steps: Sequence[Step], model: Transformer, chip: str, date: str, framework: str, note: str
) -> pd.DataFrame:
    """Return measured steps in the columns of data/measured_serving.csv.

    A decode step of `batch` sequences is a rate, ``batch / seconds`` tokens per second; a prefill
    step is the milliseconds until a batch of prompts is read.
    """
    import pandas as pd

    rows = []
    for number, step in enumerate(steps, 1):
        decode, whole = step.kind == "decode", step.layers == model.layer_count
        value = step.batch / step.seconds if decode else step.seconds * 1e3
        how = "all layers" if whole else f"extrapolated from {step.layers // 2} and {step.layers}"
        how += f" of {model.layer_count} layers" if not whole else ""
        rows.append(
            dict(
                point_id=f"gpu-lab-{number}",
                date=date,
                chip=chip,
                n_chips=1,
                model=model.name,
                weights="bf16",
                kv="bf16",
                framework=f"{framework}, {'CUDA graph' if step.replayed else 'no graph'}",
                parallelism="TP1",
                isl=str(step.tokens),
                osl="1",
                concurrency_or_batch=str(step.batch),
                scenario="decode step, no server"
                if decode
                else f"prefill latency, batch {step.batch}",
                metric="decode_tok_s" if decode else "ttft",
                value=float(f"{value:.6g}"),
                unit="tok/s" if decode else "ms",
                confidence="measured" if whole else "medium",
                sources="own measurement",
                note=f"random weights, {how}; {note}",
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def beside(rows: pd.DataFrame) -> pd.DataFrame:
    """Return measured rows beside the prediction, its interval and the bare roofline.

    `error` is predicted over measured minus one; `reason` says why there is no prediction.
    """
    answer = predict(rows)
    return rows[["metric", "concurrency_or_batch", "isl", "unit", "value"]].assign(
        predicted=answer["predicted"],
        low=answer["low"],
        high=answer["high"],
        error=answer["predicted"] / rows["value"] - 1.0,
        roofline=roofline(rows),
        reason=answer["reason"],
    )


def steps(
    model: Transformer,
    device: str,
    memory_bytes: float,
    decode: Sequence[tuple[int, int]],
    prompts: Sequence[tuple[int, int]],
    repetitions: int = 20,
) -> list[Step]:
    """Return the measured steps: decode at batches and contexts, prefill at batches and lengths.

    Where not all layers fit, two counts run and the rest follows by a straight line. Loads for
    which the memory is too small after all, or the clock too coarse to extrapolate, are left out
    and named on the error stream.
    """
    import torch

    count = layers_that_fit(model, memory_bytes)
    depths = [count] if count == model.layer_count else [count // 2, count]
    loads = [("decode", *load) for load in decode] + [("prefill", *load) for load in prompts]
    found = []
    with torch.no_grad():
        stack = Stack(model, count, max(tokens for _, _, tokens in loads), device)
        for kind, batch, tokens in loads:
            new = 1 if kind == "decode" else tokens
            ids = torch.randint(model.vocab_size, (batch, new), device=device)
            seconds, replayed = {}, False
            try:
                for depth in depths:
                    cache = stack.cache(depth, batch, tokens)
                    action, replayed = recorded(lambda i=ids, c=cache: stack.step(i, c), device)
                    seconds[depth] = median_s(action, device, repetitions)
                    del action, cache
            except torch.OutOfMemoryError:
                print(f"too large: {kind}, batch {batch}, {tokens} tokens", file=sys.stderr)
                continue
            finally:
                if device != "cpu":
                    torch.cuda.empty_cache()
            whole = whole_s(seconds, model.layer_count)
            if math.isnan(whole):
                print(f"too noisy: {kind}, batch {batch}, {tokens} tokens", file=sys.stderr)
                continue
            found.append(Step(kind, batch, tokens, whole, count, replayed))
    return found


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m inferwall.gpu_lab", description=__doc__)
    top.formatter_class = argparse.RawDescriptionHelpFormatter
    add, out = top.add_argument, Path("build/gpu_lab.csv")
    add("--model", default="Llama 3.1 8B", help="a model of the catalogue (default: %(default)s)")
    add("--out", type=Path, default=out, metavar="CSV", help="steps (default: %(default)s)")
    add("--chip", help="its name in the catalogue, where the driver's name is not known there")
    add("--device", default="cuda", choices=("cuda", "cpu"), help="cpu: to try the code, slowly")
    add("--memory-gb", type=float, help="memory to use (default: what is free; 4 on the cpu)")
    add("--batches", type=int, nargs="+", default=[1, 4, 16, 64, 256], metavar="N")
    add("--contexts", type=int, nargs="+", default=[1024, 4096, 16384], metavar="TOKENS")
    add("--prompts", type=int, nargs="+", default=[128, 512, 2048, 8192], metavar="TOKENS")
    add("--sizes", type=int, nargs="+", default=[1024, 2048, 4096, 8192, 16384], metavar="N")
    add("--repetitions", type=int, default=20, metavar="N")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write and print; return 0, or 2 where something is missing or asked for wrongly."""
    asked = parser().parse_args(arguments)
    numbers = [*asked.batches, *asked.contexts, *asked.prompts, *asked.sizes, asked.repetitions]
    if min(numbers) < 1:
        return _refuse(f"{min(numbers)}: allowed are whole numbers of at least 1")
    try:
        import torch
    except ImportError:
        return _refuse("PyTorch is not installed; it is the optional extra gpu of this project")
    cpu = asked.device == "cpu"
    if not cpu and not torch.cuda.is_available():
        return _refuse(f"PyTorch {torch.__version__} sees no CUDA device")
    driver = "CPU" if cpu else torch.cuda.get_device_name()
    free = 4.0 * GB if cpu else torch.cuda.mem_get_info()[0]
    memory_bytes = free if asked.memory_gb is None else asked.memory_gb * GB
    try:
        model = transformer(asked.model)
        decode = decode_loads(model, memory_bytes, asked.batches, asked.contexts)
    except (KeyError, ValueError) as error:
        return _refuse(str(error.args[0]))
    prompts = prompt_loads(asked.batches, asked.prompts)
    if not decode + prompts:
        return _refuse("no batch and context of those asked for fits")
    products = kernels(asked.device, asked.sizes, int(min(1e9, free / 8)), asked.repetitions)
    found = steps(
        model,
        asked.device,
        memory_bytes,
        decode,
        prompts,
        asked.repetitions,
    )
    if not found:
        return _refuse("no step could be measured")
    rows = serving_rows(
        found,
        model,
        driver if cpu else asked.chip or driver,
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        f"PyTorch {torch.__version__}",
        driver if cpu else f"{driver} as the driver names it, CUDA {torch.version.cuda}",
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(asked.out, index=False)
    beside_it = asked.out.with_name(f"{asked.out.stem}_kernels.csv")
    products.to_csv(beside_it, index=False, float_format="%.6g")
    print(products.to_string(index=False, float_format="%.4g"), end="\n\n")
    print(beside(rows).to_string(index=False, float_format="%.3g"))
    print(f"\n{asked.out}: {len(rows)} steps; {beside_it}: {len(products)} kernels")
    return 0


def _refuse(why: str) -> int:
    print(f"gpu_lab: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
