"""How a new service spreads: logistic and Bass curves, and what a series says of its ceiling."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, over, under
from inferwall.sensitivity import Range


def logistic(years: Any, ceiling: Any, midpoint: Any, rate_per_year: Any) -> Any:
    """Return users on a logistic curve: ``ceiling / (1 + e^(−rate (t − midpoint)))``.

    Growth is exponential at first, at the rate; at the midpoint half of all are in and growth is
    fastest, ``rate × ceiling / 4`` a year.

    Parameters
    ----------
    years : float or array
        Time; the zero is free.
    ceiling : float or array
        Users in the end, over 0.
    midpoint : float or array
        When half of them are in.
    rate_per_year : float or array
        Growth rate of the start, over 0.

    Raises
    ------
    ValueError
        Ceiling or rate is not over 0.

    Examples
    --------
    >>> float(logistic(2026.0, ceiling=8.0, midpoint=2026.0, rate_per_year=1.5))
    4.0
    """
    from scipy.special import expit

    over("ceiling", ceiling, 0)
    over("rate_per_year", rate_per_year, 0)
    return ceiling * expit(rate_per_year * (years - midpoint))


def bass(years: Any, innovation: Any, imitation: Any) -> Any:
    """Return the share that has adopted, by Bass: some on their own, others after them.

    ``(1 − e^(−(p + q) t)) / (1 + q / p × e^(−(p + q) t))``, 0 at the launch and 1 in the end.

    Parameters
    ----------
    years : float or array
        Since the launch, at least 0.
    innovation : float or array
        p, over 0: yearly chance of whoever needs no example.
    imitation : float or array
        q, at least 0: what a full house of examples would add to it.

    Raises
    ------
    ValueError
        A number is out of range.

    Source
    ------
    Bass 1969.

    Examples
    --------
    Without imitation it is a radioactive decay of those left.

    >>> round(float(bass(1.0, innovation=0.5, imitation=0.0)), 3)  # 1 − e^−0.5
    0.393
    """
    at_least("years", years, 0)
    over("innovation", innovation, 0)
    at_least("imitation", imitation, 0)
    decay = np.exp(-(innovation + imitation) * years)
    return (1.0 - decay) / (1.0 + imitation / innovation * decay)


def bass_rate(years: Any, innovation: Any, imitation: Any) -> Any:
    """Return the share that adopts a year: ``(p + q F) × (1 − F)``, F as `bass`.

    Parameters
    ----------
    years, innovation, imitation : float or array
        As `bass`.

    Raises
    ------
    ValueError
        As `bass`.

    Examples
    --------
    >>> float(bass_rate(0.0, innovation=0.03, imitation=0.4))
    0.03
    """
    share = bass(years, innovation, imitation)
    return (innovation + imitation * share) * (1.0 - share)


def bass_peak_years(innovation: Any, imitation: Any) -> Any:
    """Return when most adopt: ``ln(q / p) / (p + q)`` after the launch, or 0 where q ≤ p.

    Parameters
    ----------
    innovation, imitation : float or array
        As `bass`.

    Raises
    ------
    ValueError
        As `bass`.

    Examples
    --------
    >>> print(f"{bass_peak_years(0.03, 0.4):.2f}")  # ln(13.3) / 0.43
    6.02
    """
    over("innovation", innovation, 0)
    at_least("imitation", imitation, 0)
    lead = np.maximum(1.0 * imitation / innovation, 1.0)
    return np.log(lead) / (innovation + imitation)


@dataclass(frozen=True)
class LogisticFit:
    """A logistic curve through a series, each number with its interval.

    Attributes
    ----------
    ceiling, midpoint, rate_per_year : Range
        As `logistic`.
    noise : float
        Standard deviation of the logarithms around the curve.
    """

    ceiling: Range
    midpoint: Range
    rate_per_year: Range
    noise: float

    def users(self, years: Any) -> Any:
        """Return the central curve at these times."""
        return logistic(
            years, self.ceiling.central, self.midpoint.central, self.rate_per_year.central
        )


def fit_logistic(years: Any, users: Any, level: float = 0.8) -> LogisticFit:
    """Return the logistic curve that a series follows, by least squares on logarithms.

    Parameters
    ----------
    years : array
        Times.
    users : array
        Over 0.
    level : float
        Probability that an interval holds its number.

    Returns
    -------
    LogisticFit
        Student's t intervals, from the curvature of the fit; that of the ceiling is taken in
        logarithms. A series from before the midpoint says little of the ceiling, and its
        interval says so.

    Raises
    ------
    ValueError
        There are fewer than four observations, one is not over 0, the series does not grow, the
        level is none between 0 and 1, or no curve is found.

    Examples
    --------
    >>> years = np.linspace(2022, 2030, 17)
    >>> found = fit_logistic(years, logistic(years, 8e8, 2025.0, 1.2))
    >>> print(f"{found.ceiling.central:.3g} {found.midpoint.central:.1f}")
    8e+08 2025.0
    """
    years, users = np.asarray(years, dtype=float), np.asarray(users, dtype=float)
    if len(years) < 4 or years.shape != users.shape or not np.all((users > 0) & (users < np.inf)):
        raise ValueError(f"users={users!r}: allowed are at least four numbers over 0, one a time")
    over("level", level, 0)
    under("level", level, 1)
    from scipy.optimize import OptimizeWarning, curve_fit
    from scipy.stats import t as student

    start_year, top = years.min(), users.max()

    def log_curve(t: Any, log_ceiling: float, midpoint: float, rate: float) -> Any:
        return log_ceiling - np.logaddexp(0.0, -rate * (t - midpoint))

    guess = (0.3, float(np.interp(0.5 * top, np.sort(users), np.sort(years))) - start_year, 1.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # said below, as an error
            found, covariance = curve_fit(
                log_curve, years - start_year, np.log(users / top), p0=guess, maxfev=10_000
            )
    except RuntimeError as failed:
        raise ValueError(f"users={users!r}: no logistic curve was found; {failed}") from failed
    if not np.isfinite(covariance).all() or not found[2] > 0:
        raise ValueError(
            f"users={users!r}: no logistic curve was found; allowed is a series that grows"
        )
    freedom = len(years) - 3
    left = np.log(users / top) - log_curve(years - start_year, *found)
    reach = student.ppf(0.5 + level / 2, freedom) * np.sqrt(np.diag(covariance))
    (ceiling, midpoint, rate), low, high = found, found - reach, found + reach
    with np.errstate(over="ignore"):  # a ceiling without end is infinite
        ceilings = top * np.exp([ceiling, low[0], high[0]])
    return LogisticFit(
        Range(*map(float, ceilings)),
        Range(*(float(start_year + v) for v in (midpoint, low[1], high[1]))),
        Range(float(rate), float(low[2]), float(high[2])),
        float(np.sqrt(np.sum(left**2) / freedom)),
    )
