"""What a user pays and how much users differ: plans, use, willingness to pay.

Use per user has a heavy tail. A metered bill grows with it, a flat fee does not; with a lognormal
distribution both have closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, either, lesser, over, share

ENDLESS = 1e300  # an unlimited number of requests, and still a number


@dataclass(frozen=True)
class Usage:
    """Requests that a user wants in a month: lognormal over the users.

    Attributes
    ----------
    mean : float or array
        Requests a month, the mean over users.
    spread : float or array
        Standard deviation of their logarithm; 0 is users who are all alike.

    Examples
    --------
    >>> use = Usage(mean=100.0, spread=1.5)
    >>> round(float(use.median)), round(float(use.share_over(100.0)), 3)
    (32, 0.227)
    """

    mean: Any
    spread: Any = 0.0

    def __post_init__(self) -> None:
        at_least("mean", self.mean, 0)
        at_least("spread", self.spread, 0)

    @property
    def median(self) -> Any:
        """Requests of the user in the middle: ``mean × exp(−spread² / 2)``."""
        return self.mean * np.exp(-(self.spread**2) / 2.0)

    def _distance(self, limit: Any) -> tuple[Any, Any, Any]:
        """Return a limit, the spread with 1 for none, and how many of it the limit lies below.

        Below what: the logarithm of the mean, and half a spread above it.
        """
        at_least("limit", limit, 0)
        limit = np.minimum(limit, ENDLESS) * 1.0
        spread = either(np.greater(self.spread, 0), self.spread, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return limit, spread, (np.log(self.mean) - np.log(limit)) / spread + spread / 2.0

    def share_over(self, limit: Any) -> Any:
        """Return the share of users who want more than a limit."""
        from scipy.special import ndtr

        limit, spread, distance = self._distance(limit)
        alike = 1.0 * np.greater(self.mean, limit)
        return either(np.greater(self.spread, 0), ndtr(distance - spread), alike)

    def over(self, limit: Any) -> Any:
        """Return the requests beyond a limit, the mean over all users: ``E[max(X − limit, 0)]``.

        >>> round(float(Usage(100.0, 1.5).over(100.0)), 1)  # most of all use, by 23 % of users
        54.7
        """
        from scipy.special import ndtr

        limit, _, distance = self._distance(limit)
        spread_out = self.mean * ndtr(distance) - limit * self.share_over(limit)
        alike = np.maximum(self.mean - limit, 0.0)
        return either(np.greater(self.spread, 0), spread_out, alike)

    def up_to(self, limit: Any) -> Any:
        """Return the requests that a limit lets through, the mean over all users."""
        return self.mean - self.over(limit)

    def mean_of_those_over(self, limit: Any) -> Any:
        """Return the mean use of the users who want more than a limit; NaN where nobody does.

        >>> round(float(Usage(100.0, 1.5).mean_of_those_over(100.0)))
        341
        """
        with np.errstate(invalid="ignore"):
            return limit + np.true_divide(self.over(limit), self.share_over(limit))

    def share_of_the_heaviest(self, users_share: Any) -> Any:
        """Return the share of all use that falls to the heaviest users.

        ``Φ(spread + Φ⁻¹(users))``, the Lorenz curve from its top.

        >>> round(float(Usage(100.0, 1.5).share_of_the_heaviest(0.10)), 2)
        0.59
        """
        from scipy.special import ndtr, ndtri

        share("users_share", users_share)
        return ndtr(self.spread + ndtri(users_share))


@dataclass(frozen=True)
class Plan:
    """What a user is billed in a month: ``fee + price × requests beyond the included``.

    A fee alone is flat, a price alone metered, both a tier with overage.

    Attributes
    ----------
    fee_usd : float or array
        Monthly fee.
    usd_per_request : float or array
        Price of a request beyond the included.
    included : float or array
        Requests that the fee covers.
    cap : float or array
        Requests after which no more are served; without end by default.

    Raises
    ------
    ValueError
        A number is negative, or the cap lies below what is included.

    Examples
    --------
    >>> tier = Plan(fee_usd=20.0, usd_per_request=0.05, included=200)
    >>> tier.bill_usd(np.array([50, 200, 300])).tolist()
    [20.0, 20.0, 25.0]
    """

    fee_usd: Any = 0.0
    usd_per_request: Any = 0.0
    included: Any = 0.0
    cap: Any = ENDLESS

    def __post_init__(self) -> None:
        for name in ("fee_usd", "usd_per_request", "included", "cap"):
            at_least(name, getattr(self, name), 0)
        if np.any(np.less(self.cap, self.included)):
            raise ValueError(
                f"cap={self.cap!r}: allowed is what is included, {self.included!r}, or more"
            )

    def bill_usd(self, requests: Any) -> Any:
        """Return the bill of a user who wants so many requests in the month."""
        beyond = np.maximum(lesser(requests, self.cap) - self.included, 0.0)
        return self.fee_usd + self.usd_per_request * beyond

    def served(self, usage: Usage) -> Any:
        """Return the requests served to a user, the mean."""
        return usage.up_to(self.cap)

    def mean_bill_usd(self, usage: Usage) -> Any:
        """Return the bill of a user, the mean over the distribution of use, in closed form.

        >>> round(float(Plan(20.0, 0.05, 200).mean_bill_usd(Usage(100.0, 1.5))), 2)
        21.94
        """
        beyond = usage.over(self.included) - usage.over(self.cap)
        return self.fee_usd + self.usd_per_request * beyond

    def losing_share(self, usage: Usage, cost_usd_per_request: Any) -> Any:
        """Return the share of users who cost more than they pay, on a plan without overage.

        Raises
        ------
        ValueError
            The plan is not flat, or the cost not over 0.

        Examples
        --------
        USD 20 pay for 400 requests of 5 cents; 5 % of users want more.

        >>> round(float(Plan(20.0).losing_share(Usage(100.0, 1.5), 0.05)), 3)
        0.047
        """
        if np.any(np.not_equal(self.usd_per_request, 0)):
            raise ValueError(f"usd_per_request={self.usd_per_request!r}: allowed is 0, a flat plan")
        over("cost_usd_per_request", cost_usd_per_request, 0)
        paid_for = self.fee_usd / cost_usd_per_request
        return usage.share_over(paid_for) * (paid_for < self.cap)


@dataclass(frozen=True)
class Willingness:
    """What people would pay at most for a unit (a clip, a month): lognormal over the people.

    Attributes
    ----------
    median_usd : float or array
        Half would pay this or more; over 0.
    spread : float or array
        Standard deviation of the logarithm, over 0.

    Raises
    ------
    ValueError
        A number is not over 0.

    Examples
    --------
    >>> crowd = Willingness(median_usd=10.0, spread=1.0)
    >>> round(float(crowd.share_who_buy(20.0)), 3)
    0.244
    """

    median_usd: Any
    spread: Any

    def __post_init__(self) -> None:
        over("median_usd", self.median_usd, 0)
        over("spread", self.spread, 0)

    def share_who_buy(self, price_usd: Any) -> Any:
        """Return the share of people who pay a price."""
        from scipy.special import ndtr

        at_least("price_usd", price_usd, 0)
        with np.errstate(divide="ignore"):
            return ndtr((np.log(self.median_usd) - np.log(price_usd)) / self.spread)

    def profit_usd(self, price_usd: Any, cost_usd: Any) -> Any:
        """Return price less cost, times the share who buy: the mean over all people asked."""
        return (price_usd - cost_usd) * self.share_who_buy(price_usd)

    def best_price_usd(self, cost_usd: Any) -> Any:
        """Return the price of the greatest profit; it always lies above the cost.

        There the markup ``(p − c) / p`` is one over the elasticity of the share who buy, which
        rises with the price; a bisection finds it, also in arrays.

        Examples
        --------
        A unit that costs nothing earns most a third above the median:

        >>> round(float(Willingness(10.0, 1.0).best_price_usd(0.0)), 2)
        13.53
        """
        from scipy.special import log_ndtr

        at_least("cost_usd", cost_usd, 0)
        low = np.log(np.maximum(cost_usd, 1e-12 * self.median_usd))
        high = np.maximum(low, np.log(self.median_usd)) + 40.0 * np.maximum(self.spread, 1.0)
        for _ in range(100):
            middle = (low + high) / 2.0
            z = (middle - np.log(self.median_usd)) / self.spread
            density = np.exp(-(z**2) / 2.0 - log_ndtr(-z)) / np.sqrt(2.0 * np.pi)
            markup = 1.0 - cost_usd * np.exp(-middle)
            below = 1.0 * (markup * density / self.spread < 1.0)
            low, high = low + (middle - low) * below, middle + (high - middle) * below
        return np.exp((low + high) / 2.0)
