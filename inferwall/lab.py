"""What the reader's own machine reaches: its bandwidth, its arithmetic, and what a batch does.

Measured with NumPy in single precision. The numbers are those of one process at one moment: other
programs, a hot processor or a battery lower them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

BYTES_PER_FLOAT = 4


@dataclass(frozen=True)
class Machine:
    """What a machine was seen to reach.

    Attributes
    ----------
    bandwidth_bytes_per_s : float
        The faster of two streams: reading two long arrays, or reading two and writing a third.
    peak_flop_per_s : float
        The fastest product seen: of two large square matrices, or of the weights and a batch.
    products : tuple of (batch, float)
        FLOP/s of one weight matrix times `batch` vectors.
    weight_bytes : float
        Size of that matrix.
    cores : int
        Processors that the process may use.
    """

    bandwidth_bytes_per_s: float
    peak_flop_per_s: float
    products: tuple[tuple[int, float], ...]
    weight_bytes: float
    cores: int

    @property
    def ridge_point(self) -> float:
        """FLOP per byte at which this machine's arithmetic takes as long as its reads."""
        return self.peak_flop_per_s / self.bandwidth_bytes_per_s


def product_intensity(batch: Any) -> Any:
    """Return FLOP per byte of a float32 matrix times `batch` vectors: two FLOP a weight a vector.

    The vectors are too small to count beside the matrix.

    >>> product_intensity(1), product_intensity(64)
    (0.5, 32.0)
    """
    return 2.0 * batch / BYTES_PER_FLOAT


def median_s(action: Callable[[], object], repetitions: int = 5, budget_s: float = 0.15) -> float:
    """Return the median duration of an action, after one run that is not counted.

    Stops early, but never before two runs, once the budget is spent.

    Parameters
    ----------
    action : function
        What is timed.
    repetitions : int
        Most runs, at least 2.
    budget_s : float
        Seconds after which no further run starts.

    Raises
    ------
    ValueError
        Fewer than two repetitions are asked for.
    """
    if repetitions < 2:
        raise ValueError(f"repetitions={repetitions!r}: allowed are whole numbers of at least 2")
    action()
    durations: list[float] = []
    while len(durations) < repetitions and (len(durations) < 2 or sum(durations) < budget_s):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def stream_bytes_per_s(array_bytes: float = 64e6) -> float:
    """Return the bandwidth of streams through long arrays, the faster of two.

    The dot product of two arrays reads both; their sum reads both and writes a third. Each array
    counts once.
    """
    count = int(array_bytes / BYTES_PER_FLOAT)
    a, b = np.full(count, 1.5, np.float32), np.full(count, 2.5, np.float32)
    total = np.zeros(count, np.float32)
    read = 2 * a.nbytes / median_s(lambda: np.dot(a, b))
    return max(read, 3 * a.nbytes / median_s(lambda: np.add(a, b, out=total)))


def matrix_product_flop_per_s(size: int = 1024) -> float:
    """Return the rate of a product of two square matrices: ``2 × size³ / time``."""
    a = np.full((size, size), 0.5, np.float32)
    out = np.zeros_like(a)
    return 2.0 * size**3 / median_s(lambda: np.matmul(a, a, out=out))


def weights_times_batch_flop_per_s(weights: np.ndarray, batch: int) -> float:
    """Return the rate of `weights` times `batch` vectors: ``2 × weights × batch / time``.

    With a batch of one this is the matrix–vector product that decode is made of.

    Parameters
    ----------
    weights : numpy.ndarray
        The matrix.
    batch : int
        Vectors that share one read of it.
    """
    inputs = np.full((weights.shape[1], batch), 0.5, weights.dtype)
    out = np.zeros((weights.shape[0], batch), weights.dtype)
    return 2.0 * weights.size * batch / median_s(lambda: np.matmul(weights, inputs, out=out))


def measure(batches: tuple[int, ...] = (1, 4, 16, 64), weight_bytes: float = 128e6) -> Machine:
    """Measure the machine that this process runs on: under two seconds on a laptop.

    Parameters
    ----------
    batches : tuple of int
        Vectors that share one read of the weights.
    weight_bytes : float
        Size of the weight matrix; larger than the processor's cache, or no byte comes from memory.
    """
    columns = 4096
    rows = max(1, int(weight_bytes / BYTES_PER_FLOAT / columns))
    weights = np.full((rows, columns), 0.25, np.float32)
    products = tuple((b, weights_times_batch_flop_per_s(weights, b)) for b in batches)
    affinity = getattr(os, "sched_getaffinity", None)
    return Machine(
        bandwidth_bytes_per_s=stream_bytes_per_s(),
        peak_flop_per_s=max(matrix_product_flop_per_s(), *(rate for _, rate in products)),
        products=products,
        weight_bytes=float(weights.nbytes),
        cores=len(affinity(0)) if affinity else (os.cpu_count() or 1),
    )
