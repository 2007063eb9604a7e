"""Uncertain inputs: how to draw them, and how to state what they leave of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

LOW, HIGH = 0.1, 0.9  # between these percentiles lies an 80 % interval


@dataclass(frozen=True)
class Range:
    """A result at the central inputs, with the 10th and 90th percentile of its draws."""

    central: float
    low: float
    high: float

    def text(self, write: Callable[[float], str]) -> str:
        """Return the range as `low to high`, or one number where both read alike.

        >>> Range(2.0, 1.5, 3.0).text(str), Range(2.0, 2.0, 2.0).text(str)
        ('1.5 to 3.0', '2.0')
        """
        low, high = (write(v) if np.isfinite(v) else "out of reach" for v in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


def interval(central: float, draws: Any) -> Range:
    """Return the 80 % interval of the draws.

    A draw is infinite where nothing works, and counts; NaN where there is nothing to say, and
    does not.

    Parameters
    ----------
    central : float
        The result at the central inputs.
    draws : array
        Its draws.

    Examples
    --------
    >>> interval(5.0, np.arange(11.0))
    Range(central=5.0, low=1.0, high=9.0)
    """
    draws = np.asarray(draws, dtype=float)
    low, high = np.quantile(draws[~np.isnan(draws)], (LOW, HIGH), method="inverted_cdf")
    return Range(float(central), float(low), float(high))


def latin_hypercube(names: Iterable[str], count: int, seed: int) -> dict[str, np.ndarray]:
    """Return `count` draws between 0 and 1 for each name: one in each of `count` equal strata.

    Parameters
    ----------
    names : iterable of str
        The uncertain inputs.
    count, seed : int
        Draws of each; the seed of the generator.

    Examples
    --------
    >>> draws = latin_hypercube(["x", "y"], count=4, seed=1)
    >>> sorted((draws["x"] * 4).astype(int).tolist())
    [0, 1, 2, 3]
    """
    rng = np.random.default_rng(seed)
    return {name: (rng.permutation(count) + rng.random(count)) / count for name in names}


def from_percentiles(share: Any, low: float, central: float, high: float) -> Any:
    """Return the value that `share` of all cases stay under, by 10th, 50th and 90th percentile.

    Straight lines between the three; each tail goes on with the slope of its side.

    Parameters
    ----------
    share : float or array
        From 0 to 1.
    low, central, high : float
        The percentiles, in the unit of the result.

    Examples
    --------
    >>> from_percentiles(np.array([0.1, 0.3, 0.5, 1.0]), low=2.0, central=4.0, high=8.0).tolist()
    [2.0, 3.0, 4.0, 9.0]
    """
    ends = central - (central - low) / 0.8, central + (high - central) / 0.8
    return np.interp(share, (0, LOW, 0.5, HIGH, 1), (ends[0], low, central, high, ends[1]))
