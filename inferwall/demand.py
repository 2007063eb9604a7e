"""How much is bought at a price: elasticity, pass-through, rebound, growth and price indices.

Elasticities here are magnitudes: 1.5 means that a price lower by 1 % sells 1.5 % more. Ratios are
new over old. Growth rates are continuous, per year: the logarithm of a ratio over the years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, over, share
from inferwall.units import MTOK


def quantity_change(price_ratio: Any, elasticity: Any) -> Any:
    """Return the quantity ratio that a price ratio brings, along one demand curve.

    ``q1 / q0 = (p1 / p0)^-|e|``: constant elasticity, nothing else moving.

    Parameters
    ----------
    price_ratio : float or array
        New price over old, over 0.
    elasticity : float or array
        Magnitude, at least 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> round(quantity_change(0.5, elasticity=1.0), 3)
    2.0
    """
    over("price_ratio", price_ratio, 0)
    at_least("elasticity", elasticity, 0)
    return (1.0 * price_ratio) ** -elasticity


def spend_change(price_ratio: Any, elasticity: Any) -> Any:
    """Return the spend ratio that a price ratio brings: ``(p1 / p0)^(1 - |e|)``.

    A lower price raises spend if and only if the elasticity is over 1.

    Parameters
    ----------
    price_ratio, elasticity : float or array
        As `quantity_change`.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> round(spend_change(0.5, elasticity=1.5), 3)  # half the price, 2.83 times the quantity
    1.414
    """
    return price_ratio * quantity_change(price_ratio, elasticity)


@dataclass(frozen=True)
class PriceChange:
    """A logarithmic price change in its parts; they add up to `total`."""

    markup: Any
    input_prices: Any
    efficiency: Any
    utilisation: Any

    @property
    def cost(self) -> Any:
        """Change of the cost per token."""
        return self.input_prices + self.efficiency + self.utilisation

    @property
    def total(self) -> Any:
        """Change of the price."""
        return self.markup + self.cost


def price_change(
    markup_ratio: Any = 1.0,
    input_price_ratio: Any = 1.0,
    efficiency_ratio: Any = 1.0,
    utilisation_ratio: Any = 1.0,
) -> PriceChange:
    """Return ``d ln p = d ln markup + d ln input prices - d ln efficiency - d ln utilisation``.

    Markup is price over cost, efficiency tokens per unit of input, utilisation its paid share.

    Parameters
    ----------
    markup_ratio, input_price_ratio, efficiency_ratio, utilisation_ratio : float or array
        New over old, over 0.

    Raises
    ------
    ValueError
        A ratio is not over 0.

    Examples
    --------
    >>> change = price_change(markup_ratio=1.25, efficiency_ratio=2.0)
    >>> round(float(np.exp(change.total)), 3)  # twice the efficiency, a fatter margin
    0.625
    """
    over("markup_ratio", markup_ratio, 0)
    over("input_price_ratio", input_price_ratio, 0)
    over("efficiency_ratio", efficiency_ratio, 0)
    over("utilisation_ratio", utilisation_ratio, 0)
    return PriceChange(
        markup=np.log(markup_ratio),
        input_prices=np.log(input_price_ratio),
        efficiency=-np.log(efficiency_ratio),
        utilisation=-np.log(utilisation_ratio),
    )


def pass_through(cost_share: Any = 1.0, price_response: Any = 1.0) -> Any:
    """Return theta in ``d ln p = -theta d ln efficiency``: the input's cost share x the response.

    The response is the share of a cost change that reaches the price: 1 at a constant markup, 0
    where sellers keep the saving or capacity is rationed.

    Parameters
    ----------
    cost_share : float or array
        The input's share of unit cost, 0 to 1.
    price_response : float or array
        Share of a cost change that reaches the price, at least 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> pass_through(cost_share=0.05, price_response=0.5)  # electricity, 5 % of unit cost
    0.025
    """
    share("cost_share", cost_share)
    at_least("price_response", price_response, 0)
    return cost_share * price_response


def price_response(markup_ratio: Any, cost_ratio: Any) -> Any:
    """Return the share of a cost change that reached the price: ``1 + d ln markup / d ln cost``.

    Parameters
    ----------
    markup_ratio, cost_ratio : float or array
        New over old, over 0; the cost has to have moved.

    Raises
    ------
    ValueError
        A ratio is not over 0, or that of the cost is 1.

    Examples
    --------
    >>> print(f"{price_response(markup_ratio=2.0, cost_ratio=0.25):.3f}")
    0.500
    """
    over("markup_ratio", markup_ratio, 0)
    _moved("cost_ratio", cost_ratio)
    return 1 + np.log(markup_ratio) / np.log(cost_ratio)


def rebound(theta: Any, elasticity: Any) -> Any:
    """Return R = theta x |e|: the share of an efficiency gain that extra use takes back.

    R = 0 saves all, R = 1 nothing; over 1 use rises: backfire, or Jevons' paradox.

    Parameters
    ----------
    theta : float or array
        Pass-through, at least 0.
    elasticity : float or array
        Magnitude, at least 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> rebound(0.5, elasticity=1.5)
    0.75
    """
    at_least("theta", theta, 0)
    at_least("elasticity", elasticity, 0)
    return theta * elasticity


def resource_change(efficiency_ratio: Any, theta: Any, elasticity: Any) -> Any:
    """Return the ratio of resource use (joules, accelerator-hours): ``efficiency^(R - 1)``.

    Parameters
    ----------
    efficiency_ratio : float or array
        Output per unit of the resource, new over old, over 0.
    theta, elasticity : float or array
        As `rebound`.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> round(resource_change(2.0, theta=0.5, elasticity=1.5), 3)
    0.841
    """
    over("efficiency_ratio", efficiency_ratio, 0)
    return (1.0 * efficiency_ratio) ** (rebound(theta, elasticity) - 1)


@dataclass(frozen=True)
class Rebounds:
    """One elasticity, three rebounds: the use of each rises if its own is over 1."""

    joules: Any
    accelerator_hours: Any
    dollars: Any


def rebounds(elasticity: Any, energy_share: Any, accelerator_share: Any, response: Any) -> Rebounds:
    """Return the rebound in joules, in accelerator-hours and in dollars.

    Each resource is used better on its own, with its `pass_through`; dollars need none.

    Parameters
    ----------
    elasticity : float or array
        Magnitude, at least 0.
    energy_share, accelerator_share : float or array
        Shares of unit cost, 0 to 1.
    response : float or array
        Share of a cost change that reaches the price, at least 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> rebounds(1.5, energy_share=0.125, accelerator_share=0.5, response=0.5)
    Rebounds(joules=0.09375, accelerator_hours=0.375, dollars=1.5)
    """
    return Rebounds(
        joules=rebound(pass_through(energy_share, response), elasticity),
        accelerator_hours=rebound(pass_through(accelerator_share, response), elasticity),
        dollars=elasticity,
    )


def growth_rate(start: Any, end: Any, years: Any) -> Any:
    """Return the continuous growth rate per year: ``ln(end / start) / years``.

    Parameters
    ----------
    start, end : float or array
        The quantity, before and after, over 0.
    years : float or array
        Time between them, over 0.

    Raises
    ------
    ValueError
        A number is not over 0.

    Examples
    --------
    >>> print(f"{growth_rate(100, 200, years=0.5):.3f}")  # doubling in half a year
    1.386
    """
    over("start", start, 0)
    over("end", end, 0)
    over("years", years, 0)
    return np.log(end / start) / years


@dataclass(frozen=True)
class Growth:
    """The growth of a quantity in its parts, continuous rates per year; they add up to `total`.

    Attributes
    ----------
    price, income, quality, buyers : float or array
        What the fall in price, income, better products and more buyers bring.
    """

    price: Any
    income: Any
    quality: Any
    buyers: Any

    @property
    def drift(self) -> Any:
        """Growth at a constant price: all but the first part."""
        return self.income + self.quality + self.buyers

    @property
    def total(self) -> Any:
        """Growth of the quantity."""
        return self.price + self.drift

    def unexplained(self, observed_per_year: Any) -> Any:
        """Return what the parts leave of the growth that was seen."""
        return observed_per_year - self.total


def quantity_growth(
    elasticity: Any,
    price_fall_per_year: Any,
    income_elasticity: Any = 0.0,
    income_growth_per_year: Any = 0.0,
    quality_response: Any = 0.0,
    quality_growth_per_year: Any = 0.0,
    buyers_growth_per_year: Any = 0.0,
) -> Growth:
    """Return ``g_q = |e| × fall + e_income g_income + e_quality g_quality + g_buyers``.

    Parameters
    ----------
    elasticity, price_fall_per_year : float or array
        As `spend_growth`.
    income_elasticity, income_growth_per_year : float or array
        Use for 1 % more income; the growth of income.
    quality_response, quality_growth_per_year : float or array
        Use at an unchanged price for 1 % more quality; the growth of quality.
    buyers_growth_per_year : float or array
        Growth of the number of buyers.

    Raises
    ------
    ValueError
        The elasticity is negative.

    Examples
    --------
    Light, 1800 to 2000 (chapter 13): 0.7 of a fall of 4 % a year, and income at 1.2 % doing 2.1.

    >>> light = quantity_growth(0.7, 0.04, income_elasticity=2.1, income_growth_per_year=0.012)
    >>> round(light.price, 4), round(light.drift, 4), round(light.unexplained(0.053), 4)
    (0.028, 0.0252, -0.0002)
    """
    at_least("elasticity", elasticity, 0)
    return Growth(
        price=elasticity * price_fall_per_year,
        income=income_elasticity * income_growth_per_year,
        quality=quality_response * quality_growth_per_year,
        buyers=buyers_growth_per_year,
    )


def spend_growth(elasticity: Any, price_fall_per_year: Any, drift_per_year: Any = 0.0) -> Any:
    """Return the growth of spend: ``g_S = g_q + g_p = (|e| - 1) x fall + drift``, per year.

    The drift is what moves demand at a constant price: income, quality, new products.

    Parameters
    ----------
    elasticity : float or array
        Magnitude, at least 0.
    price_fall_per_year, drift_per_year : float or array
        Continuous rates; the fall is positive where prices fall.

    Raises
    ------
    ValueError
        The elasticity is negative.

    Examples
    --------
    >>> round(spend_growth(1.5, price_fall_per_year=2.0, drift_per_year=0.3), 3)
    1.3
    """
    at_least("elasticity", elasticity, 0)
    return (elasticity - 1) * price_fall_per_year + drift_per_year


def spend_acceleration(
    elasticity: Any,
    price_fall_per_year: Any,
    elasticity_change: Any = 0.0,
    price_fall_change: Any = 0.0,
    drift_change: Any = 0.0,
) -> Any:
    """Return how fast the growth of spend changes, per year squared.

    ``(|e| - 1) x fall' + |e|' x fall + drift'``, the derivative of `spend_growth`: constants give
    growth without acceleration.

    Parameters
    ----------
    elasticity, price_fall_per_year : float or array
        As `spend_growth`.
    elasticity_change, price_fall_change, drift_change : float or array
        What each gains in a year.

    Raises
    ------
    ValueError
        The elasticity is negative.

    Examples
    --------
    >>> spend_acceleration(1.5, price_fall_per_year=2.0)
    0.0
    """
    at_least("elasticity", elasticity, 0)
    by_elasticity = elasticity_change * price_fall_per_year
    return (elasticity - 1) * price_fall_change + by_elasticity + drift_change


def volume_over_price_ratio(quantity_ratio: Any, price_ratio: Any) -> Any:
    """Return ``ln(q1 / q0) / -ln(p1 / p0)``: no elasticity, for all else moved demand too.

    Parameters
    ----------
    quantity_ratio, price_ratio : float or array
        New over old, over 0; the price has to have moved.

    Raises
    ------
    ValueError
        A ratio is not over 0, or that of the price is 1.

    Examples
    --------
    >>> print(f"{volume_over_price_ratio(40_000, 1 / 3_000):.2f}")  # light, 1800 to 2000
    1.32
    """
    over("quantity_ratio", quantity_ratio, 0)
    _moved("price_ratio", price_ratio)
    return np.log(quantity_ratio) / -np.log(price_ratio)


def _moved(name: str, ratio: Any) -> None:
    """Raise unless a ratio is over 0 and not 1."""
    over(name, ratio, 0)
    if np.any(np.equal(ratio, 1)):
        raise ValueError(f"{name}={ratio!r}: allowed are numbers other than 1")


def investment(capital: Any, growth_per_year: Any, depreciation_per_year: Any) -> Any:
    """Return the investment that grows a capital stock: ``I = dK/dt + delta K``.

    Parameters
    ----------
    capital : float or array
        The stock, in dollars or chips, at least 0.
    growth_per_year, depreciation_per_year : float or array
        Continuous rates, the second at least 0.

    Raises
    ------
    ValueError
        The stock or its depreciation is negative.

    Examples
    --------
    >>> round(investment(100.0, growth_per_year=0.5, depreciation_per_year=0.2), 6)
    70.0
    """
    at_least("capital", capital, 0)
    at_least("depreciation_per_year", depreciation_per_year, 0)
    return capital * (growth_per_year + depreciation_per_year)


def matched_model_index(prices: Any) -> Any:
    """Return the chained index of the same models at successive dates, 1 at the first.

    Each step is the geometric mean of ``p_t / p_(t-1)`` over the models priced at both dates.
    Assumes equal weights. Breaks if prices fall by entry: a new model never moves it.

    Parameters
    ----------
    prices : array of shape (dates, models)
        Over 0; NaN where none is known.

    Returns
    -------
    array of shape (dates,)
        NaN from the first step on that matches no model: the chain is broken there.

    Raises
    ------
    ValueError
        The shape is another, or a price is not over 0.

    Examples
    --------
    >>> matched_model_index(np.array([[4.0, 1.0, np.nan], [1.0, 1.0, 9.0]]))
    array([1. , 0.5])
    """
    prices = np.asarray(prices, dtype=float)
    if prices.ndim != 2 or not len(prices):
        raise ValueError(f"prices has shape {prices.shape}: allowed is (dates, models)")
    over("prices", prices, 0)
    steps = np.diff(np.log(prices), axis=0)
    matched = (~np.isnan(steps)).sum(axis=1)
    means = np.where(matched, np.nansum(steps, axis=1) / np.maximum(matched, 1), np.nan)
    return np.exp(np.concatenate([[0.0], np.cumsum(means)]))


def fixed_quality_price(prices: Any, qualities: Any, quality: float) -> Any:
    """Return the lowest price so far of anything at least that good; NaN before the first.

    Assumes that nothing is withdrawn and that the index of quality measures what buyers want.

    Parameters
    ----------
    prices, qualities : array
        One value an offer, in order of date; one whose price or quality is NaN is passed over.
    quality : float
        Least quality that serves.

    Raises
    ------
    ValueError
        The lengths differ.

    Examples
    --------
    >>> fixed_quality_price([9.0, 20.0, 5.0, 7.0], [10, 30, 12, 40], quality=11)
    array([nan, 20.,  5.,  5.])
    """
    prices, qualities = np.asarray(prices, dtype=float), np.asarray(qualities, dtype=float)
    if prices.ndim != 1 or prices.shape != qualities.shape:
        raise ValueError(
            f"prices and qualities have shapes {prices.shape} and {qualities.shape}: allowed is "
            "one value an offer in each"
        )
    serves = (qualities >= quality) & ~np.isnan(prices)
    lowest = np.minimum.accumulate(np.where(serves, prices, np.inf))
    return np.where(np.isinf(lowest), np.nan, lowest)


def average_paid(spend_usd: Any, tokens: Any) -> Any:
    """Return spend over tokens, in dollars per million: the price that goes with raw volume.

    Parameters
    ----------
    spend_usd : float or array
        Dollars paid, at least 0.
    tokens : float or array
        Tokens bought with them, over 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Examples
    --------
    >>> round(average_paid(562_027, 776e9), 3)  # DeepSeek, 28 February 2025, as stated
    0.724
    """
    at_least("spend_usd", spend_usd, 0)
    over("tokens", tokens, 0)
    return spend_usd / tokens * MTOK
