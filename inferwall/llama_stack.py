"""What runs on the device: copies, matrix products, a stack of Llama-shaped layers, and the clock.

PyTorch is imported inside the functions that use it. On the CPU the same code runs without graphs.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from inferwall.architecture import Transformer
from inferwall.layers import FeedForward, GroupedQueryAttention, Layers
from inferwall.units import GB

if TYPE_CHECKING:
    import pandas as pd


def llama_layers(model: Transformer) -> Layers:
    """Return the layers of a model that are all alike: grouped queries, gated feed-forward network.

    Raises
    ------
    ValueError
        The model has other layers.

    >>> from inferwall import transformer
    >>> llama_layers(transformer("Llama 3.1 8B")).count
    32
    """
    group, *others = model.layers
    attention, dense = group.attention, group.feed_forward
    alike = isinstance(attention, GroupedQueryAttention) and isinstance(dense, FeedForward)
    if alike and not others:
        plain = GroupedQueryAttention(
            attention.hidden_size, attention.heads, attention.kv_heads, attention.head_dim
        )
        if attention == plain and dense.gated and not dense.bias:
            return group
    raise ValueError(
        f"model={model.name!r}: allowed are models whose layers are all alike and as in Llama, "
        "with no experts, windows, biases or norms of queries"
    )


def product_flop_per_s(rows: int, columns: int, inner: int, seconds: float) -> float:
    """Return the rate of a matrix product: a multiplication and an addition a term.

    >>> product_flop_per_s(1000, 1000, 1000, 2e-3)
    1000000000000.0
    """
    return 2.0 * rows * columns * inner / seconds


def copy_bytes_per_s(size_bytes: float, seconds: float) -> float:
    """Return the bandwidth of a copy, which reads and writes every byte.

    >>> copy_bytes_per_s(1e9, 1e-3)
    2000000000000.0
    """
    return 2.0 * size_bytes / seconds


def median_s(action: Callable[[], object], device: str, repetitions: int, calls: int = 1) -> float:
    """Return the median time of an action over repetitions of `calls` calls, after a warm-up."""
    import torch

    for _ in range(3):
        action()
    durations = []
    for _ in range(repetitions):
        if device == "cpu":
            start_s = time.perf_counter()
            for _ in range(calls):
                action()
            durations.append(time.perf_counter() - start_s)
            continue
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            action()
        end.record()
        end.synchronize()
        durations.append(start.elapsed_time(end) * 1e-3)
    return statistics.median(durations) / calls


def kernels(device: str, sizes: Sequence[int], copy_bytes: int, repetitions: int) -> pd.DataFrame:
    """Return what copies and square matrix products reach: kernel, format, size, value, unit.

    Formats that the device or this PyTorch does not multiply have no row.
    """
    import pandas as pd

    seconds = median_s(_copy(copy_bytes, device), device, repetitions)
    rate = copy_bytes_per_s(copy_bytes, seconds) / GB
    rows = [("copy", "bytes", copy_bytes, rate, "GB/s")]
    for size in sizes:
        for name in ("bf16", "fp16", "fp8", "int8"):
            try:
                seconds = median_s(_product(name, size, device), device, repetitions, calls=3)
            except (AttributeError, RuntimeError, ValueError):
                continue
            rate = product_flop_per_s(size, size, size, seconds) / 1e12
            rows.append(("matrix product", name, size, rate, "TFLOP/s"))
    return pd.DataFrame(rows, columns=["kernel", "format", "size", "value", "unit"])


def _copy(size_bytes: int, device: str) -> Callable[[], object]:
    """Return a copy of that many bytes."""
    import torch

    source = torch.ones(size_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def _product(name: str, size: int, device: str) -> Callable[[], object]:
    """Return the product of two square matrices in a format; the second is stored by columns."""
    import torch

    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    if name == "int8":
        i, j = ((16 * t).to(torch.int8) for t in (a, b))
        return lambda: torch._int_mm(i, j.t())
    if name == "fp8":
        x, y = (t.to(torch.float8_e4m3fn) for t in (a, b))
        one = torch.ones((), device=device)
        return lambda: torch._scaled_mm(
            x, y.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16
        )
    x, y = (t.to(torch.bfloat16 if name == "bf16" else torch.float16) for t in (a, b))
    return lambda: x @ y.t()


def recorded(action: Callable[[], object], device: str) -> tuple[Callable[[], object], bool]:
    """Return the action as a CUDA graph that replays its kernels, where that is possible."""
    import torch

    if device == "cpu":
        return action, False
    try:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                action()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            action()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        print(f"no CUDA graph, kernels are launched one by one: {error}", file=sys.stderr)
        return action, False
    return graph.replay, True


class Stack:
    """Llama-shaped layers with random weights, embedding and head included.

    Parameters
    ----------
    model : Transformer
    layers : int
        How many of its layers to hold.
    longest : int
        Positions for which rotations are prepared.
    device, dtype : str
    """

    def __init__(
        self, model: Transformer, layers: int, longest: int, device: str, dtype: str = "bfloat16"
    ) -> None:
        import torch

        group = llama_layers(model)
        attention, hidden = group.attention, model.hidden_size
        self.heads, self.kv_heads = attention.heads, attention.kv_heads
        self.head_dim, wide = attention.head_dim, group.feed_forward.intermediate_size
        self.like = dict(device=device, dtype=getattr(torch, dtype))

        def matrix(rows: int, columns: int) -> Any:
            return torch.empty(rows, columns, **self.like).normal_(std=columns**-0.5)

        queries, pairs = self.heads * self.head_dim, self.kv_heads * self.head_dim
        self.embedding, self.head = (matrix(model.vocab_size, hidden) for _ in range(2))
        self.norm = torch.ones(hidden, **self.like)
        self.layers = [
            (
                matrix(queries + 2 * pairs, hidden),
                matrix(hidden, queries),
                matrix(2 * wide, hidden),
                matrix(hidden, wide),
            )
            for _ in range(layers)
        ]
        half = torch.arange(0, self.head_dim, 2, device=device) / self.head_dim
        angle = torch.outer(torch.arange(longest, device=device), 500_000.0**-half).repeat(1, 2)
        self.cos, self.sin = angle.cos().to(self.norm), angle.sin().to(self.norm)

    def cache(self, layers: int, batch: int, context: int) -> Any:
        """Return a cache of random keys and values: layer, 2, batch, head, token, value."""
        import torch

        shape = (layers, 2, batch, self.kv_heads, context, self.head_dim)
        return torch.empty(shape, **self.like).normal_()

    def _attention(self, q: Any, k: Any, v: Any) -> Any:
        """Return causal attention of the last tokens: batch, token, all heads side by side."""
        import torch.nn.functional as F

        batch, heads, tokens, size = q.shape
        if tokens == 1:  # the query heads of one key-value head are read as so many queries
            grouped = q.reshape(batch, self.kv_heads, -1, size)
            mixed = F.scaled_dot_product_attention(grouped, k, v).reshape(batch, heads, 1, size)
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return mixed.transpose(1, 2).reshape(batch, tokens, heads * size)

    def step(self, ids: Any, cache: Any) -> Any:
        """Return the logits after the last of some tokens, whose keys and values end the cache.

        Parameters
        ----------
        ids : tensor of batch × tokens
            One token a sequence (decode), or as many as the cache is long (prefill).
        cache : tensor
            As `Stack.cache` returns; as many layers run as it has.
        """
        import torch
        import torch.nn.functional as F

        (batch, tokens), context = ids.shape, cache.shape[4]
        cos, sin = self.cos[context - tokens : context], self.sin[context - tokens : context]

        def norm(x: Any) -> Any:
            return F.rms_norm(x, self.norm.shape, self.norm, 1e-5)

        def rotated(x: Any) -> Any:
            left, right = x.chunk(2, dim=-1)
            return x * cos + torch.cat((-right, left), dim=-1) * sin

        x = F.embedding(ids, self.embedding)
        for (qkv, out, up, down), kept in zip(self.layers, cache, strict=False):
            split = F.linear(norm(x), qkv).view(batch, tokens, -1, self.head_dim).transpose(1, 2)
            q, k, v = split.split([self.heads, self.kv_heads, self.kv_heads], dim=1)
            kept[0, :, :, context - tokens :] = rotated(k)
            kept[1, :, :, context - tokens :] = v
            x = x + F.linear(self._attention(rotated(q), kept[0], kept[1]), out)
            gate, value = F.linear(norm(x), up).chunk(2, dim=-1)
            x = x + F.linear(F.silu(gate) * value, down)
        return F.linear(norm(x[:, -1]), self.head)
