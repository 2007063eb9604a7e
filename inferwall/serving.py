"""A server in steady state: what its users see, and what limits it.

Requests arrive, are read (prefill) and answered (decode) by the same chips: while one is read, the
others wait, which is the part of the time per token that a decode step alone does not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, lesser
from inferwall.step import (
    Deployment,
    StepTime,
    decode_step,
    max_batch,
    mixed_step,
    prefill_step,
)
from inferwall.units import HOUR, MTOK

CHUNK_TOKENS = 8192
"""Prompt tokens that an engine reads in one step at most, by default."""


@dataclass(frozen=True)
class Workload:
    """What one request asks for.

    Attributes
    ----------
    input_tokens, output_tokens : float or array
        Tokens read and written by a request, means.
    cached_tokens : float or array
        Those of the input whose cache is already there.
    ttft_target_s, tpot_target_s : float, optional
        What its user will bear, for `frontier`.
    """

    input_tokens: Any
    output_tokens: Any
    cached_tokens: Any = 0.0
    ttft_target_s: float | None = None
    tpot_target_s: float | None = None

    def __post_init__(self) -> None:
        at_least("input_tokens", self.input_tokens, 1)
        at_least("output_tokens", self.output_tokens, 1)
        at_least("cached_tokens", self.cached_tokens, 0)
        at_least("input_tokens - cached_tokens", self.new_tokens, 1)

    @property
    def new_tokens(self) -> Any:
        """Input tokens that have to be computed."""
        return self.input_tokens - self.cached_tokens

    @property
    def mean_context(self) -> Any:
        """Tokens in the cache of a request, the mean over its decode steps."""
        return self.input_tokens + self.output_tokens / 2.0


@dataclass(frozen=True)
class Service:
    """What a deployment does under a load.

    Attributes
    ----------
    deployment : Deployment
    workload : Workload
    concurrency : float or array
        Requests in the system.
    running : float or array
        Those in the batch: the others wait because memory is full.
    step : StepTime
        One decode step of the running requests.
    prefill_s : float or array
        By how long reading one request delays the others; alone, how long reading it takes.
    ttft_s : float or array
        Time to first token: waiting and reading.
    tpot_s : float or array
        Time per output token: the mean gap between output tokens after the first.
    """

    deployment: Deployment
    workload: Workload
    concurrency: Any
    running: Any
    step: StepTime
    prefill_s: Any
    ttft_s: Any
    tpot_s: Any

    @property
    def tokens_per_s(self) -> Any:
        """Output tokens per second of the whole deployment: in step with the prompts it reads.

        ``running / (TPOT + prefill / output tokens)``: a request writes nothing while its own
        prompt is read.
        """
        return self.running / (self.tpot_s + self.prefill_s / self.workload.output_tokens)

    @property
    def tokens_per_s_per_chip(self) -> Any:
        """Output tokens per second and chip."""
        return self.tokens_per_s / self.deployment.chips

    @property
    def tokens_per_s_per_user(self) -> Any:
        """Output tokens per second that one user sees while the answer is written."""
        return 1.0 / self.tpot_s

    @property
    def parts_s(self) -> dict[str, Any]:
        """The parts of the time per output token, which add up to it."""
        return {**self.step.parts_s, "prefill": self.tpot_s - self.step.total_s}

    @property
    def limit(self) -> str:
        """What limits a scalar service: memory capacity if requests wait, or the longest part."""
        if self.running < self.concurrency:
            return "memory capacity"
        return max(self.parts_s, key=lambda part: self.parts_s[part])


@dataclass(frozen=True)
class Frontier:
    """Points that no other beats in both speed and cost, fastest first.

    Attributes
    ----------
    deployment : array of int
        Which of the deployments, by position.
    concurrency : array
        Requests in flight.
    tokens_per_s_per_user : array
        Speed at which one answer is written.
    cost_usd_per_mtok : array
        Rent of all chips over a million output tokens.
    """

    deployment: Any
    concurrency: Any
    tokens_per_s_per_user: Any
    cost_usd_per_mtok: Any


def serve(
    deployment: Deployment,
    workload: Workload,
    concurrency: Any = None,
    requests_per_s: Any = None,
) -> Service:
    """Return the steady state under a number of requests in flight, or a rate of arrivals.

    ``TPOT = decode step + (B − 1) / O × prefill``: while one request writes its O tokens, each of
    the B − 1 others is replaced once, and reading its successor delays the one. Prompts share steps
    with the decode of the others, so what reading one adds is the difference that it makes to a
    step. Requests that do not fit in memory wait.

    Parameters
    ----------
    deployment : Deployment
    workload : Workload
    concurrency : float or array
        Requests in the system at every moment (a closed loop).
    requests_per_s : float or array
        Arrivals, instead of `concurrency`: the concurrency follows from Little's law.

    Returns
    -------
    Service

    Raises
    ------
    ValueError
        Neither or both loads are given, a scalar rate is more than the deployment can serve, or no
        request fits.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> service = serve(llama, Workload(1000, 1000), concurrency=64)
    >>> print(f"{service.step.total_s * 1e3:.1f} ms, limited by {service.limit}")
    18.0 ms, limited by weights
    """
    if (concurrency is None) == (requests_per_s is None):
        raise ValueError("one of concurrency and requests_per_s has to be given")
    if concurrency is None:
        concurrency = _little(deployment, workload, requests_per_s)
    at_least("concurrency", concurrency, 1)
    return steady_state(deployment, workload, concurrency)


def steady_state(deployment: Deployment, workload: Workload, concurrency: Any) -> Service:
    """Return what `serve` does at a number of requests in flight, arguments unchecked.

    Parameters
    ----------
    deployment, workload, concurrency
        As `serve`.
    """
    largest = max_batch(deployment, workload.mean_context)
    running = lesser(concurrency, largest)
    if np.ndim(running) == 0 and running < 1:
        decode_step(deployment, 1, workload.mean_context)  # raises with what does not fit
    batch = np.maximum(running, 1.0)
    step = decode_step(deployment, batch, workload.mean_context)
    alone = prefill_step(deployment, 1, workload.new_tokens, workload.cached_tokens)
    prefill_s = _delay_s(deployment, workload, batch, step.total_s)
    # A lone request has nobody's steps to share.
    company = np.minimum(batch - 1.0, 1.0)
    prefill_s = company * prefill_s + (1.0 - company) * alone.total_s
    turnover = (batch - 1.0) / workload.output_tokens  # prompts a step
    tpot_s = step.total_s + turnover * prefill_s
    # A request waits for the step that runs, for the half of those before it in the queue, and
    # for its own chunks, which share their steps with the decode of the others.
    busy = np.minimum(turnover * prefill_s / tpot_s, 0.95)
    queue_s = busy / (1.0 - busy) / 2.0 * prefill_s
    ttft_s = alone.total_s + step.total_s * 1.5 + queue_s
    waiting = (concurrency - running) * workload.output_tokens * tpot_s / batch
    return Service(
        deployment, workload, concurrency, running, step, prefill_s, ttft_s + waiting, tpot_s
    )


def _delay_s(deployment: Deployment, workload: Workload, batch: Any, step_s: Any) -> Any:
    """Return by how long reading one prompt delays a batch: its share of what a step grows by."""

    def delay_s(prompts: Any) -> Any:
        step = mixed_step(
            deployment,
            batch,
            workload.mean_context,
            prompts,
            workload.new_tokens,
            workload.cached_tokens,
        )
        return step.total_s - step_s

    chunk = CHUNK_TOKENS / workload.new_tokens  # prompts that a step reads at most
    first_s = delay_s(np.minimum(chunk, 1.0))
    arriving = batch / workload.output_tokens  # prompts a step
    # Those that arrive while a step reads one are read together by the next; and no step can read
    # fewer than arrive.
    gathered = 1.0 + arriving * (step_s + first_s) / (step_s + arriving * first_s)
    together = np.maximum(np.minimum(gathered, chunk), arriving)
    return delay_s(together) / together


def _little(deployment: Deployment, workload: Workload, requests_per_s: Any) -> Any:
    """Return the concurrency at which as many requests leave as arrive."""
    low, high = 1.0, np.maximum(max_batch(deployment, workload.mean_context), 1.0) * 1.0
    rate = np.asarray(requests_per_s) * workload.output_tokens
    most = steady_state(deployment, workload, high)
    if np.ndim(rate) == 0 and rate > most.tokens_per_s:
        raise ValueError(
            f"requests_per_s={requests_per_s!r}: the deployment serves at most "
            f"{most.tokens_per_s / workload.output_tokens:.3g} a second"
        )
    for _ in range(50):
        middle = (low + high) / 2.0
        enough = steady_state(deployment, workload, middle).tokens_per_s >= rate
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(rate > most.tokens_per_s, np.nan, high)[()]


def disaggregation(
    reading: Deployment, writing: Deployment, workload: Workload, concurrency: Any
) -> Any:
    """Return how many chips have to read prompts for every chip that writes answers.

    Both phases on chips of their own keep pace with each other when
    ``chips that read / chips that write = (new tokens / prefill rate) / (output tokens / decode
    rate)``, rates of one chip. The transfer of caches between them and the queue for the chips that
    read are left out.

    Parameters
    ----------
    reading : Deployment
        Reads one prompt after the other.
    writing : Deployment
        Decodes only, so nothing interrupts its steps.
    workload : Workload
        What each request asks for; cached tokens are not read again.
    concurrency : float or array
        Requests in the batch of `writing`: as many as its time per token allows.

    Returns
    -------
    float or array
        The ratio; its inverse is the chips that write for every chip that reads.

    Examples
    --------
    By hand: a prompt takes 8 ms of a chip to read, its answer 500 / 64 steps of 6 ms to write.

    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM"), 1, "fp8")
    >>> round(disaggregation(llama, llama, Workload(1000, 500), concurrency=64), 2)
    0.17
    """
    at_least("concurrency", concurrency, 1)
    prompt = prefill_step(reading, 1, workload.new_tokens, workload.cached_tokens)
    step = decode_step(writing, concurrency, workload.mean_context)
    chip_s_read = prompt.total_s * reading.chips
    chip_s_written = workload.output_tokens * step.total_s / concurrency * writing.chips
    return chip_s_read / chip_s_written


def fullest(deployment: Deployment, workload: Workload, tpot_s: Any) -> Any:
    """Return how many requests in flight memory holds and a target speed allows: 0 if not one.

    Parameters
    ----------
    deployment : Deployment
    workload : Workload
    tpot_s : float or array
        Longest time per output token that is allowed.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> most = fullest(llama, Workload(1000, 1000), tpot_s=0.018)
    >>> times = [steady_state(llama, Workload(1000, 1000), most + more).tpot_s for more in (0, 1)]
    >>> bool(times[0] <= 0.018 < times[1])
    True
    """
    low = np.zeros(np.shape(tpot_s))
    high = low + np.floor(max_batch(deployment, workload.mean_context))
    # The time per token grows with the requests in flight, so halving finds the last in time.
    while np.any(low < high):
        middle = np.ceil((low + high) / 2.0)
        in_time = steady_state(deployment, workload, np.maximum(middle, 1.0)).tpot_s <= tpot_s
        low, high = np.where(in_time, middle, low), np.where(in_time, high, middle - 1.0)
    return low[()]


def frontier(
    deployments: list[Deployment],
    workload: Workload,
    rent_usd_per_chip_hour: Any,
    concurrency: Any = None,
) -> Frontier:
    """Return the cheapest tokens at every speed, over loads and deployments.

    Parameters
    ----------
    deployments : list of Deployment
        Such as one on 1, 2, 4 and 8 chips.
    workload : Workload
        Points that miss its targets are left out.
    rent_usd_per_chip_hour : float or sequence
        Rent of a chip, one for all deployments or one each.
    concurrency : array, optional
        Loads to try; by default 1, 2, 4 … 1,024. What does not fit in memory is left out.

    Returns
    -------
    Frontier
        Points of which none is both slower per user and dearer than another, fastest first.

    Raises
    ------
    ValueError
        No point keeps to the targets.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> ways = [Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM"), n) for n in (1, 2)]
    >>> best = frontier(ways, Workload(1000, 500), rent_usd_per_chip_hour=2.0)
    >>> bool((np.diff(best.cost_usd_per_mtok) < 0).all())
    True
    """
    loads = 2.0 ** np.arange(11) if concurrency is None else np.asarray(concurrency, float)
    rents = np.broadcast_to(rent_usd_per_chip_hour, (len(deployments),))
    found = []
    for i, (deployment, rent) in enumerate(zip(deployments, rents, strict=True)):
        most = max_batch(deployment, workload.mean_context)
        fitting = loads[loads <= most]
        if not len(fitting):
            continue
        service = steady_state(deployment, workload, fitting)
        keeps = np.ones(len(fitting), dtype=bool)
        for value, target in (
            (service.ttft_s, workload.ttft_target_s),
            (service.tpot_s, workload.tpot_target_s),
        ):
            keeps &= True if target is None else value <= target
        cost = rent * deployment.chips / HOUR / service.tokens_per_s * MTOK
        rows = np.column_stack([np.full(len(fitting), i), fitting, 1 / service.tpot_s, cost])
        found.append(rows[keeps])
    points = np.concatenate(found) if found else np.empty((0, 4))
    if not len(points):
        raise ValueError(f"workload={workload!r}: no deployment and load keeps to its targets")
    points = points[np.lexsort((points[:, 3], -points[:, 2]))]
    best = points[:, 3] < np.concatenate([[np.inf], np.minimum.accumulate(points[:, 3])[:-1]])
    which, load, speed, cost = points[best].T
    return Frontier(which.astype(int), load, speed, cost)
