"""Small model first: what a cascade, a router or a cache of answers saves, and what quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, either, over, share


@dataclass(frozen=True)
class Cascade:
    """A small model answers, a check keeps the answer or passes the request to a large model.

    Assumes that the large model solves whatever the small one solves.

    Attributes
    ----------
    small_usd, large_usd : float or array
        Cost of an answer.
    small_solves, large_solves : float or array
        Share of requests that each answers right; the small one at most as many.
    keeps_right, keeps_wrong : float or array
        Share of the small model's right, and of its wrong answers that the check keeps.
    check_usd : float or array
        Cost of the check.
    routed : bool
        True where the check sees the request alone, so that a passed request skips the small model.

    Raises
    ------
    ValueError
        A cost is unknown or negative, the large model's not over 0, a share is none, or the small
        model solves more than the large one.

    Examples
    --------
    By hand: it keeps 0.7 × 0.9 + 0.3 × 0.1 = 0.66 of all, so 1 + 0.34 × 20 = 7.8 cents a request.

    >>> way = Cascade(0.01, 0.20, 0.7, 0.9, keeps_right=0.9, keeps_wrong=0.1)
    >>> round(way.kept_share, 2), round(way.cost_usd, 3), round(way.solves, 2)
    (0.66, 0.078, 0.88)
    """

    small_usd: Any
    large_usd: Any
    small_solves: Any
    large_solves: Any
    keeps_right: Any = 1.0
    keeps_wrong: Any = 0.0
    check_usd: Any = 0.0
    routed: bool = False

    def __post_init__(self) -> None:
        at_least("small_usd", self.small_usd, 0)
        at_least("check_usd", self.check_usd, 0)
        over("large_usd", self.large_usd, 0)
        share("keeps_right", self.keeps_right)
        share("keeps_wrong", self.keeps_wrong)
        _pair(self.small_solves, self.large_solves)

    @property
    def kept_share(self) -> Any:
        """Share of requests that the small model answers."""
        right, wrong = self.small_solves, 1.0 - self.small_solves
        return right * self.keeps_right + wrong * self.keeps_wrong

    @property
    def cost_usd(self) -> Any:
        """Cost of a request, the mean."""
        tried = self.kept_share if self.routed else 1.0
        return self.check_usd + tried * self.small_usd + (1.0 - self.kept_share) * self.large_usd

    @property
    def solves(self) -> Any:
        """Share of requests answered right: ``large − keeps wrong × (large − small)``."""
        return self.large_solves - self.keeps_wrong * (self.large_solves - self.small_solves)

    @property
    def cost_usd_per_solved(self) -> Any:
        """Cost of a right answer; infinite where none is right."""
        with np.errstate(divide="ignore"):
            return np.true_divide(self.cost_usd, self.solves)

    @property
    def break_even_kept_share(self) -> Any:
        """Share that must stay with the small model for the cascade to cost what the large does.

        Infinite where the small model costs as much as the large one that it saves.
        """
        saved = self.large_usd - (self.small_usd if self.routed else 0.0)
        spent = self.check_usd + (0.0 if self.routed else self.small_usd)
        with np.errstate(divide="ignore", invalid="ignore"):
            return either(np.greater(saved, 0), np.true_divide(spent, saved), np.inf)


def _pair(small_solves: Any, large_solves: Any) -> None:
    """Raise unless both are shares and the large model solves at least as much."""
    share("small_solves", small_solves)
    share("large_solves", large_solves)
    if np.any(np.greater(small_solves, large_solves)):
        raise ValueError(
            f"small_solves={small_solves!r}: allowed is at most large_solves, {large_solves!r}"
        )


def accuracy_for_quality(small_solves: Any, large_solves: Any, allowed_loss: Any) -> Any:
    """Return the least accuracy of a check that loses no more right answers than allowed.

    A check of accuracy A keeps a share A of right and 1 − A of wrong answers, and so loses
    ``(1 − A) × (large − small)``.

    Parameters
    ----------
    small_solves, large_solves : float or array
        Shares of requests that each model answers right.
    allowed_loss : float or array
        Share of requests that may be lost.

    Raises
    ------
    ValueError
        A share is none, or the small model solves more than the large one.

    Examples
    --------
    >>> round(float(accuracy_for_quality(0.7, 0.9, allowed_loss=0.02)), 2)
    0.9
    """
    _pair(small_solves, large_solves)
    share("allowed_loss", allowed_loss)
    gap = np.subtract(large_solves, small_solves)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(1.0 - either(gap > 0, np.true_divide(allowed_loss, gap), np.inf), 0.0)


def cached_answer(
    cost_usd: Any,
    solves: Any,
    hit_share: Any,
    wrong_share: Any = 0.0,
    lookup_usd: Any = 0.0,
) -> tuple[Any, Any]:
    """Return cost and quality of a request where answers to similar ones are kept and reused.

    ``lookup + (1 − hits) × cost``, and ``solves × (1 − hits × wrong)``.

    Parameters
    ----------
    cost_usd, solves : float or array
        Cost of an answer by the model, and share of requests that it answers right.
    hit_share : float or array
        Share of requests answered from the cache.
    wrong_share : float or array
        Share of those that got the answer to another question.
    lookup_usd : float or array
        Cost of looking, hit or miss.

    Raises
    ------
    ValueError
        A cost is unknown or negative, or a share is none.

    Examples
    --------
    >>> cost, solves = cached_answer(0.01, 0.9, hit_share=0.3, wrong_share=0.05)
    >>> round(cost, 4), round(solves, 4), round(0.01 / 0.9, 5), round(cost / solves, 5)
    (0.007, 0.8865, 0.01111, 0.0079)
    """
    for name, value in (("hit_share", hit_share), ("wrong_share", wrong_share), ("solves", solves)):
        share(name, value)
    at_least("cost_usd", cost_usd, 0)
    at_least("lookup_usd", lookup_usd, 0)
    cost = lookup_usd + (1.0 - hit_share) * cost_usd
    return cost, solves * (1.0 - hit_share * wrong_share)


def zipf_hit_share(kept: Any, distinct: int, exponent: float = 1.0) -> Any:
    """Return the share of requests that repeat one of the most popular ones.

    Requests of rank r come with a frequency in proportion to ``1 / r^exponent``.

    Parameters
    ----------
    kept : int or array of int
        Popular requests whose answers are kept, at most `distinct`.
    distinct : int
        Different requests that are ever made.
    exponent : float
        At least 0, which is all alike; near 1 for words and pages.

    Raises
    ------
    ValueError
        More are kept than there are, or a number is none of those allowed.

    Examples
    --------
    By hand: 1 / (1 + 1/2 + 1/3) of all requests are for the first of three.

    >>> round(float(zipf_hit_share(1, distinct=3)), 3)
    0.545
    """
    at_least("distinct", distinct, 1)
    at_least("exponent", exponent, 0)
    ranks = np.asarray(kept)
    if ranks.dtype.kind not in "iu" or np.any((ranks < 0) | (ranks > distinct)):
        raise ValueError(f"kept={kept!r}: allowed are whole numbers from 0 to {distinct}")
    weights = np.arange(1, distinct + 1, dtype=float) ** -exponent
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return sums[ranks] / sums[-1]
