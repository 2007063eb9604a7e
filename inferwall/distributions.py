"""What is known of an uncertain input: the shape of its possible values, and draws from it.

Every distribution is described by its `quantile`: the value that a share of all cases stays under.
Drawing is asking for the quantiles of shares spread evenly over 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from inferwall import arrays

LOW, HIGH = 0.1, 0.9  # between these percentiles lies an 80 % interval


class Distribution(Protocol):
    """Anything that says which value a share of all cases stays under.

    A share is from 0 to 1; every quantile below raises a `ValueError` for another.
    """

    def quantile(self, share: Any) -> Any:
        """Return the values under which these shares of all cases lie."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Every value between two ends is as likely as any other.

    >>> Uniform(1.0, 3.0).quantile(0.25)
    1.5
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(low=self.low, high=self.high)

    def quantile(self, share: Any) -> Any:
        """Return ``low + share × (high − low)``."""
        arrays.share("share", share)
        return self.low + share * (self.high - self.low)


@dataclass(frozen=True)
class LogUniform:
    """Every ratio between two ends is as likely: for what is known to a factor.

    >>> LogUniform(1.0, 100.0).quantile(0.5)
    10.0
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(zero=0.0, low=self.low)
        _ordered(low=self.low, high=self.high)

    def quantile(self, share: Any) -> Any:
        """Return ``low × (high / low)^share``."""
        arrays.share("share", share)
        return self.low * (self.high / self.low) ** share


@dataclass(frozen=True)
class Triangular:
    """Two ends and the most likely value between them.

    >>> float(Triangular(0.0, 1.0, 2.0).quantile(0.5))
    1.0
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _ordered(low=self.low, high=self.high)
        _ordered(strict=False, low=self.low, mode=self.mode, high=self.high)

    def quantile(self, share: Any) -> Any:
        """Return the value, by the area of the triangle left of it."""
        arrays.share("share", share)
        width = self.high - self.low
        rising, falling = self.mode - self.low, self.high - self.mode
        left = self.low + np.sqrt(share * width * rising)
        right = self.high - np.sqrt((1.0 - share) * width * falling)
        return arrays.either(share < rising / width, left, right)


@dataclass(frozen=True)
class LogNormal:
    """What is over 0 and known to a factor, by its 10th and 90th percentile.

    The middle is their geometric mean; the tails go on beyond both.

    >>> round(float(LogNormal(low=1.0, high=4.0).quantile(0.5)), 6)
    2.0
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(zero=0.0, low=self.low)
        _ordered(low=self.low, high=self.high)

    def quantile(self, share: Any) -> Any:
        """Return ``median × exp(sigma × z)``, z the normal quantile of the share."""
        arrays.share("share", share)
        from scipy.special import ndtri

        sigma = np.log(self.high / self.low) / (ndtri(HIGH) - ndtri(LOW))
        return np.sqrt(self.low * self.high) * np.exp(sigma * ndtri(share))


@dataclass(frozen=True)
class Percentiles:
    """A 10th, a 50th and a 90th percentile: straight lines between the three.

    Each tail goes on with the slope of its side: here to 1.5 and 9. It may cross 0.

    >>> float(Percentiles(2.0, 4.0, 8.0).quantile(0.3))
    3.0
    """

    low: float
    central: float
    high: float

    def __post_init__(self) -> None:
        _ordered(strict=False, low=self.low, central=self.central, high=self.high)

    def quantile(self, share: Any) -> Any:
        """Return the value on the straight lines."""
        arrays.share("share", share)
        low = self.central - (self.central - self.low) / 0.8
        high = self.central + (self.high - self.central) / 0.8
        ends = (low, self.low, self.central, self.high, high)
        return np.interp(share, (0, LOW, 0.5, HIGH, 1), ends)[()]


@dataclass(frozen=True)
class Observed:
    """The values that were seen, such as the prices of several sellers.

    >>> float(Observed((3.0, 1.0, 2.0)).quantile(0.5))
    2.0
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.values) or np.isnan(self.values).any():
            raise ValueError(f"values={self.values!r}: allowed are known numbers, at least one")

    def quantile(self, share: Any) -> Any:
        """Return the quantiles of the values, straight lines between them."""
        arrays.share("share", share)
        return np.quantile(np.asarray(self.values, dtype=float), share)[()]


def draw(inputs: Mapping[str, Distribution], count: int, seed: int) -> dict[str, np.ndarray]:
    """Return draws of all inputs together, independent of each other, by quasi-Monte Carlo.

    The points are Sobol's, scrambled: they fill the cube of all inputs more evenly than random
    ones, and a mean over them settles faster.

    Parameters
    ----------
    inputs : mapping of str to Distribution
        The uncertain inputs by name.
    count : int
        Draws, a power of 2: only then is the cube filled evenly.
    seed : int
        Of the scrambling; the same seed gives the same draws.

    Returns
    -------
    dict of str to array of shape (count,)

    Raises
    ------
    ValueError
        No input is uncertain, or the count is no power of 2.

    Examples
    --------
    >>> draws = draw({"x": Uniform(0, 1), "y": Uniform(10, 20)}, count=64, seed=1)
    >>> bool(abs(draws["y"].mean() - 15) < 0.05)
    True
    """
    if not inputs:
        raise ValueError(f"inputs={inputs!r}: allowed are one or more distributions")
    power_of_2("count", count)
    from scipy.stats import qmc

    points = qmc.Sobol(len(inputs), rng=seed).random_base2(count.bit_length() - 1)
    return {name: inputs[name].quantile(points[:, i]) for i, name in enumerate(inputs)}


def medians(inputs: Mapping[str, Distribution]) -> dict[str, Any]:
    """Return the median of every input.

    >>> medians({"x": Uniform(0.0, 1.0)})
    {'x': 0.5}
    """
    return {name: distribution.quantile(0.5) for name, distribution in inputs.items()}


def power_of_2(name: str, count: Any) -> None:
    """Raise unless a count is a power of 2.

    >>> power_of_2("count", 1000)
    Traceback (most recent call last):
    ...
    ValueError: count=1000: allowed are powers of 2
    """
    if not isinstance(count, int) or count < 1 or count & (count - 1):
        raise ValueError(f"count={count!r}: allowed are powers of 2")


def _ordered(strict: bool = True, **values: float) -> None:
    """Raise unless the values are known and finite and rise in the order given."""
    for name, value in values.items():
        arrays.over(name, value, -np.inf)
        arrays.under(name, value, np.inf)
    steps = np.diff(list(values.values()))
    if not np.all(steps > 0 if strict else steps >= 0):
        given = ", ".join(f"{name}={value!r}" for name, value in values.items() if name != "zero")
        order = (" < " if strict else " <= ").join(name.replace("zero", "0") for name in values)
        raise ValueError(f"{given}: allowed is {order}")
