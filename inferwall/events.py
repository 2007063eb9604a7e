"""Event studies: what a dated price cut did to a volume that was growing anyway.

A price that falls along a trend cannot be told from time; a cut on one day can. The volume is
regressed on its own trend and on a step at the cut, all in logarithms: the step over the change
of the price is the elasticity. As in `inferwall.demand` it is a magnitude.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, over, under
from inferwall.sensitivity import Range


@dataclass(frozen=True)
class EventStudy:
    """What the step at a cut says, with an interval.

    Attributes
    ----------
    elasticity : Range
        By how many per cent the volume stepped up for 1 % off the price.
    standard_error : float
        Of the elasticity.
    trend_per_day : float
        Growth of the logarithm beside the step.
    noise : float
        Standard deviation of the logarithms around the fit.
    degrees_of_freedom : int
        Observations less the three numbers fitted.
    """

    elasticity: Range
    standard_error: float
    trend_per_day: float
    noise: float
    degrees_of_freedom: int


def event_study(
    days: Any, volume: Any, cut_day: float, price_ratio: float, level: float = 0.8
) -> EventStudy:
    """Return the elasticity that a dated price cut shows, by least squares on three numbers.

    ``ln volume = a + trend × day + step × (day ≥ cut) + noise``, ``|e| = step / −ln(price ratio)``;
    the interval is Student's t.

    Parameters
    ----------
    days : array
        When each volume was seen; the zero is free.
    volume : array
        Over 0: a rate, such as tokens a day.
    cut_day : float
        The first day of the new price.
    price_ratio : float
        New price over old, over 0 and not 1.
    level : float
        Probability that the interval holds the elasticity.

    Raises
    ------
    ValueError
        There are fewer than two observations on either side or four in all, the days of both sides
        are one day each, a volume is unknown or not over 0, the price did not move, or the level
        is none between 0 and 1.

    Assumes
    -------
    A straight trend through the cut, and errors that do not hang together from one date to the
    next: compare the step with `placebo_elasticities`.

    Breaks if
    ---------
    Buyers come from another model (the market's elasticity is then smaller), the model changed
    with its price, or the response takes longer than the data after the cut.

    Examples
    --------
    A volume that grows by 1 % a day and doubles when the price halves has an elasticity of 1.

    >>> days = np.arange(20)
    >>> volume = np.exp(0.01 * days) * np.where(days >= 10, 2.0, 1.0)
    >>> print(f"{event_study(days, volume, cut_day=10, price_ratio=0.5).elasticity.central:.3f}")
    1.000
    """
    days, volume = np.asarray(days, dtype=float), np.asarray(volume, dtype=float)
    if volume.shape != days.shape or not np.all((volume > 0) & (volume < np.inf)):
        raise ValueError(f"volume={volume!r}: allowed are numbers over 0, one a day")
    design, price = _design(days, cut_day), _price(price_ratio)
    fitted, *_ = np.linalg.lstsq(design, np.log(volume), rcond=None)
    freedom = len(days) - 3
    noise = float(np.sqrt(np.sum((np.log(volume) - design @ fitted) ** 2) / freedom))
    error = noise * _leverage(design) / abs(price)
    reach = _student(level, freedom) * error
    central = float(fitted[2] / price)
    spread = Range(central, central - reach, central + reach)
    return EventStudy(spread, float(error), float(fitted[1]), noise, freedom)


def placebo_elasticities(
    days: Any, volume: Any, cut_day: float, price_ratio: float, least: int = 3
) -> np.ndarray:
    """Return what the same study finds at dates before the cut, when nothing happened.

    If the true step does not stand out from these, the trend is not straight or the errors hang
    together, and Student's interval is too narrow.

    Parameters
    ----------
    days, volume, cut_day, price_ratio
        As `event_study`; only what lies before the cut is used.
    least : int
        Observations that each side of a false date must have, at least 2.

    Returns
    -------
    array
        One elasticity a false date; empty where the time before the cut is too short.

    Raises
    ------
    ValueError
        As `event_study`.

    Examples
    --------
    >>> days = np.arange(12)
    >>> found = placebo_elasticities(days, np.exp(0.02 * days), cut_day=10, price_ratio=0.5)
    >>> bool(np.allclose(found, 0)), len(found)
    (True, 5)
    """
    at_least("least", least, 2)
    order = np.argsort(days)
    days = np.asarray(days, dtype=float)[order]
    volume = np.asarray(volume, dtype=float)[order]
    before = days < cut_day
    days, volume = days[before], volume[before]
    studies = [
        event_study(days, volume, false_day, price_ratio)
        for false_day in days[least : len(days) - least + 1]
    ]
    return np.array([study.elasticity.central for study in studies])


def detectable_difference(
    days: Any, cut_day: float, price_ratio: float, noise: float, level: float = 0.8
) -> float:
    """Return the half-width of the interval that a study would have, before it is made.

    It says how long a cut has to be watched, given how much the volume wobbles.

    Parameters
    ----------
    days, cut_day, price_ratio, level
        As `event_study`.
    noise : float
        Standard deviation of the logarithm of the volume around its trend.

    Raises
    ------
    ValueError
        As `event_study`.

    Examples
    --------
    A fifth off the price, eight weeks on each side, 10 % noise: the interval reaches ±0.6.

    >>> print(f"{detectable_difference(np.arange(16), 8, 0.8, noise=0.1):.2f}")
    0.61
    """
    at_least("noise", noise, 0)
    design = _design(np.asarray(days, dtype=float), cut_day)
    reach = _student(level, len(design) - 3)
    return float(reach * noise * _leverage(design) / abs(_price(price_ratio)))


def pooled_elasticity(studies: Iterable[EventStudy], level: float = 0.8) -> Range:
    """Return what several cuts say together, each weighted by the inverse of its squared error.

    Assumes one elasticity behind all of them.

    Parameters
    ----------
    studies : iterable of EventStudy
    level : float
        Probability that the interval holds the elasticity.

    Raises
    ------
    ValueError
        There is no study, one has no error, or the level is none between 0 and 1.

    Examples
    --------
    >>> one = EventStudy(Range(1.0, 0.9, 1.1), 0.1, 0.0, 0.1, 20)
    >>> two = EventStudy(Range(2.0, 1.9, 2.1), 0.1, 0.0, 0.1, 20)
    >>> print(f"{pooled_elasticity([one, two]).central:.2f}")
    1.50
    """
    studies = list(studies)
    errors = np.array([study.standard_error for study in studies])
    if not len(errors) or not np.all(errors > 0):
        raise ValueError(f"studies={studies!r}: allowed is at least one, each with an error over 0")
    weights = errors**-2.0
    central = float(weights @ [study.elasticity.central for study in studies] / weights.sum())
    reach = float(_student(level, np.inf) / np.sqrt(weights.sum()))
    return Range(central, central - reach, central + reach)


def _price(price_ratio: float) -> float:
    """Return the fall of the logarithm of the price."""
    over("price_ratio", price_ratio, 0)
    if price_ratio == 1:
        raise ValueError(f"price_ratio={price_ratio!r}: allowed are numbers over 0 other than 1")
    return -np.log(price_ratio)


def _student(level: float, freedom: float) -> float:
    """Return how many standard errors an interval reaches each way."""
    from scipy.stats import t as student

    over("level", level, 0)
    under("level", level, 1)
    return float(student.ppf(0.5 + level / 2, freedom))


def _design(days: np.ndarray, cut_day: float) -> np.ndarray:
    """Return the columns of the regression: one, the day, and whether the price is new.

    Days are counted from their mean, which moves neither trend nor step.
    """
    after = days >= cut_day
    if not np.isfinite(days).all() or min(after.sum(), (~after).sum()) < 2 or len(days) < 4:
        raise ValueError(
            f"days={days!r}: allowed are known days, at least two on each side of day "
            f"{cut_day:g}, four in all"
        )
    design = np.column_stack([np.ones_like(days), days - days.mean(), after])
    if np.linalg.matrix_rank(design) < 3:
        raise ValueError(f"days={days!r}: allowed are two different days on one side of the cut")
    return design


def _leverage(design: np.ndarray) -> float:
    """Return the standard error of the step, for noise of 1."""
    return float(np.sqrt(np.linalg.inv(design.T @ design)[2, 2]))
