"""What an hour of an accelerator costs whoever owns it, part by part; when to rent instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, over, share, share_over_0, under
from inferwall.units import HOURS_PER_YEAR, KWH

_WATTS_PER_KW = 1e3
_MONTHS_PER_YEAR = 12.0


def annuity(rate_per_year: Any, years: Any, decline_per_year: Any = 0.0) -> Any:
    """Return the yearly payment that repays one dollar of capital over its life, with its cost.

    ``(r + d) / (1 − ((1 − d) / (1 + r))^n)``; with level payments (d = 0) it is the annuity of the
    textbooks, ``r / (1 − (1 + r)^−n)``. Special cases: ``1 / n`` where capital costs nothing, r
    where it lives for ever, ``r + d`` (the user cost of capital) where it lives for ever and what
    it can earn falls by d a year.

    Parameters
    ----------
    rate_per_year : float or array
        Cost of capital, a share a year, from 0 up.
    years : float or array
        Economic life, over 0; ``inf`` is a perpetuity.
    decline_per_year : float or array
        Share by which each payment is smaller than the one before, because newer chips push down
        what an hour of this one earns. The result is the first and largest payment.

    Returns
    -------
    float or array
        Dollars a year for each dollar of capital, paid at the end of each year.

    Raises
    ------
    ValueError
        The rate is negative, the life not over 0, or the decline not a share below 1.

    Examples
    --------
    By hand at 7 % over 20 years: 0.07 / (1 − 1.07^−20) = 0.07 / 0.742 = 0.0944.

    >>> round(annuity(0.07, 20), 4)
    0.0944
    >>> annuity(0.0, 5), annuity(0.1, float("inf"))
    (0.2, 0.1)

    A chip whose hour earns 20 % less every year has to earn more in the first: over 5 years at
    10 % it is 0.30 / (1 − (0.8 / 1.1)^5) = 0.30 / 0.797 instead of 0.264.

    >>> round(annuity(0.1, 5), 3), round(annuity(0.1, 5, decline_per_year=0.2), 3)
    (0.264, 0.377)
    """
    at_least("rate_per_year", rate_per_year, 0)
    over("years", years, 0)
    at_least("decline_per_year", decline_per_year, 0)
    under("decline_per_year", decline_per_year, 1)
    both = rate_per_year + decline_per_year
    none = both == 0.0  # 0 / 0 below: the limit is 1 / years
    shrink = np.log1p(none * 1.0 + rate_per_year) - np.log1p(-decline_per_year)
    payment = (1.0 - none) * both / -np.expm1(-years * shrink) + none / years
    return float(payment) if np.ndim(payment) == 0 and not hasattr(payment, "dims") else payment


def economic_depreciation(rate_per_year: Any, years: Any, decline_per_year: Any = 0.0) -> Any:
    """Return the share of its price that capital loses in its first year.

    ``annuity − r``: whoever owns a dollar of capital has to earn r on it and make good what it
    loses, so the user cost ``K (r + depreciation)`` and the annuity are the same yearly sum. At
    level payments this is the sinking fund, ``r / ((1 + r)^n − 1)``, which grows by r a year.

    Parameters
    ----------
    rate_per_year, years, decline_per_year : float or array
        As `annuity`.

    Raises
    ------
    ValueError
        As `annuity`.

    Examples
    --------
    By hand at 10 % over 5 years: 0.10 / (1.1^5 − 1) = 0.10 / 0.611 = 0.164, less than the 0.2 of
    straight lines in the books.

    >>> round(economic_depreciation(0.1, 5), 3)
    0.164
    """
    return annuity(rate_per_year, years, decline_per_year) - rate_per_year


@dataclass(frozen=True, kw_only=True)
class OwnedHour:
    """One accelerator in its server and building, and what an hour of it costs its owner.

    Every part of `parts_usd` is in dollars per accelerator-hour in which the accelerator is
    available, and they add up to `total_usd_per_hour`. Capital costs ``K (r + economic
    depreciation) / (8,760 × availability)``. What is left at 0 is outside the boundary, and the
    total then leaves it out.

    Attributes
    ----------
    accelerator_usd : float or array
        Price of one accelerator.
    server_usd, network_usd : float or array
        Cost of the rest of its server, and of the network, for one accelerator; 0 where the
        price above is that of a whole server divided by its accelerators.
    building_usd_per_w : float or array
        Cost of the building with its power and cooling, dollars per watt of IT load (millions of
        dollars per MW); 0 where it is rented.
    power_w : float or array
        Watts of IT load for which the building is built: the accelerator with its share of host
        and network.
    pue : float or array
        Power of the site over that of its IT load, at least 1.
    tariff_usd_per_kwh : float or array
        Price of electricity.
    rate_per_year : float or array
        Cost of capital.
    life_years : float or array
        Economic life of accelerator, server and network: how long an hour of them earns its cost.
    building_life_years : float or array
        Economic life of the building.
    decline_per_year : float or array
        Share a year by which what the accelerator earns falls; see `annuity`. The hour is then
        one of the first year.
    draw_share : float or array
        Mean power at work over `power_w`.
    idle_share : float or array
        Power while idle over power at work; 1 charges the same power for an idle hour.
    maintenance_per_year : float or array
        Maintenance, a share of the price of accelerator, server and network.
    replaced_per_year : float or array
        Accelerators that fail for good and are bought again, per accelerator and year.
    spare_share : float or array
        Accelerators, with their server and network, held in reserve for each one in service.
    operations_usd_per_year : float or array
        Staff and all else, dollars per accelerator.
    colocation_usd_per_kw_month : float or array
        Rent of a building per kW of IT load, instead of `building_usd_per_w`.
    availability : float or array
        Share of the year in which the accelerator can work, over 0.

    Raises
    ------
    ValueError
        A number is unknown, negative, or no share where a share is needed; a PUE is below 1.

    Examples
    --------
    By hand, with round numbers: 30,000 × 0.264 / 8,760 is 90 cents for the accelerator, 12,000 ×
    0.117 / 8,760 is 16 cents for the building, and 1 kW × 1.2 at 7 cents is 8.4 cents of power.

    >>> hour = OwnedHour(accelerator_usd=30_000, server_usd=0, network_usd=0,
    ...                  building_usd_per_w=12, power_w=1000, pue=1.2, tariff_usd_per_kwh=0.07,
    ...                  rate_per_year=0.1, life_years=5, building_life_years=20)
    >>> {part: round(usd, 3) for part, usd in hour.parts_usd.items() if usd}
    {'accelerator': 0.903, 'building': 0.161, 'power': 0.084}
    >>> round(hour.total_usd_per_hour, 2)
    1.15
    """

    accelerator_usd: Any
    server_usd: Any
    network_usd: Any
    building_usd_per_w: Any
    power_w: Any
    pue: Any
    tariff_usd_per_kwh: Any
    rate_per_year: Any
    life_years: Any
    building_life_years: Any
    decline_per_year: Any = 0.0
    draw_share: Any = 1.0
    idle_share: Any = 1.0
    maintenance_per_year: Any = 0.0
    replaced_per_year: Any = 0.0
    spare_share: Any = 0.0
    operations_usd_per_year: Any = 0.0
    colocation_usd_per_kw_month: Any = 0.0
    availability: Any = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in ("draw_share", "idle_share", "maintenance_per_year"):
                share(name, value)
            elif name in ("life_years", "building_life_years"):
                over(name, value, 0)
            else:
                at_least(name, value, 1 if name == "pue" else 0)
        share_over_0("availability", self.availability)
        annuity(self.rate_per_year, self.life_years, self.decline_per_year)

    @property
    def equipment_usd(self) -> Any:
        """Price of accelerator, server and network together."""
        return self.accelerator_usd + self.server_usd + self.network_usd

    @property
    def hours_per_year(self) -> Any:
        """Hours in which the accelerator is available."""
        return HOURS_PER_YEAR * self.availability

    @property
    def parts_usd(self) -> dict[str, Any]:
        """Dollars per available accelerator-hour by part; they add up to the total."""
        hours = self.hours_per_year
        capital = annuity(self.rate_per_year, self.life_years, self.decline_per_year) / hours
        building = annuity(self.rate_per_year, self.building_life_years) / hours
        kw = self.power_w / _WATTS_PER_KW
        spares = (
            self.spare_share * self.equipment_usd * capital
            + self.replaced_per_year * self.accelerator_usd / hours
        )
        return {
            "accelerator": self.accelerator_usd * capital,
            "server": self.server_usd * capital,
            "network": self.network_usd * capital,
            "building": self.building_usd_per_w * self.power_w * building
            + self.colocation_usd_per_kw_month * kw * _MONTHS_PER_YEAR / hours,
            "power": kw * self.draw_share * self.pue * self.tariff_usd_per_kwh,
            "maintenance": self.maintenance_per_year * self.equipment_usd / hours,
            "spares": spares,
            "operations": self.operations_usd_per_year / hours,
        }

    @property
    def total_usd_per_hour(self) -> Any:
        """What an hour at work costs: the sum of the parts."""
        return sum(self.parts_usd.values())

    @property
    def marginal_usd_per_hour(self) -> Any:
        """What an hour at work costs more than an idle one: the power that idleness saves."""
        return self.parts_usd["power"] * (1.0 - self.idle_share)

    @property
    def fixed_usd_per_hour(self) -> Any:
        """What an hour costs whether the accelerator works or not."""
        return self.total_usd_per_hour - self.marginal_usd_per_hour

    def usd_per_used_hour(self, utilisation: Any) -> Any:
        """Return what an hour of use costs when only a share of the available hours is used.

        ``fixed / utilisation + marginal``; at a utilisation of 1 it is the total.

        Parameters
        ----------
        utilisation : float or array
            Used hours over available hours, over 0 and at most 1.

        Raises
        ------
        ValueError
            The utilisation is out of range.
        """
        share_over_0("utilisation", utilisation)
        return self.fixed_usd_per_hour / utilisation + self.marginal_usd_per_hour

    def booked_usd_per_hour(self, accounting_years: Any) -> Any:
        """Return what the books charge for equipment: straight lines over an accounting life.

        ``price / life / hours``. It leaves out the cost of capital, and its life is a choice of
        the accountant: compare it with accelerator + server + network of `parts_usd`.

        Parameters
        ----------
        accounting_years : float or array
            Useful life in the books, over 0.

        Raises
        ------
        ValueError
            The life is not over 0.
        """
        over("accounting_years", accounting_years, 0)
        return self.equipment_usd / accounting_years / self.hours_per_year


def break_even_utilisation(owned: OwnedHour, rent_usd_per_hour: Any) -> Any:
    """Return the utilisation at which an owned hour of use costs as much as a rented one.

    ``fixed / (rent − marginal)``. The rent is paid for used hours only; over 1, renting is cheaper
    at every load.

    Parameters
    ----------
    owned : OwnedHour
    rent_usd_per_hour : float or array
        Rent on demand of the same accelerator, above the marginal cost of an owned hour.

    Raises
    ------
    ValueError
        The rent does not pay for the power.

    Examples
    --------
    By hand: USD 1.15 an hour to own, 2.30 to rent: own what is used half of the time.

    >>> hour = OwnedHour(accelerator_usd=30_000, server_usd=0, network_usd=0,
    ...                  building_usd_per_w=12, power_w=1000, pue=1.2, tariff_usd_per_kwh=0.07,
    ...                  rate_per_year=0.1, life_years=5, building_life_years=20)
    >>> round(break_even_utilisation(hour, 2.30), 2)
    0.5
    """
    at_least("rent_usd_per_hour", rent_usd_per_hour, 0)
    margin = rent_usd_per_hour - owned.marginal_usd_per_hour
    if not np.all(margin > 0):
        raise ValueError(
            f"rent_usd_per_hour={rent_usd_per_hour!r}: allowed are rents above the marginal cost "
            f"of an owned hour, {owned.marginal_usd_per_hour!r}"
        )
    return owned.fixed_usd_per_hour / margin


def fleet_bill_usd(
    reserved: Any, demand: Any, reserved_usd_per_hour: Any, on_demand_usd_per_hour: Any
) -> Any:
    """Return the mean bill of an hour: what is reserved is paid always, the rest when needed.

    Parameters
    ----------
    reserved : float or array
        Accelerators reserved.
    demand : array, shape (hours,)
        Accelerators needed, one number an hour.
    reserved_usd_per_hour, on_demand_usd_per_hour : float

    Raises
    ------
    ValueError
        There is no demand, or a number is unknown or negative.

    Examples
    --------
    Ten reserved at USD 1, and two more at USD 3 in half of the hours.

    >>> float(fleet_bill_usd(10, np.array([8, 12]), 1.0, 3.0))
    13.0
    """
    at_least("reserved", reserved, 0)
    at_least("reserved_usd_per_hour", reserved_usd_per_hour, 0)
    at_least("on_demand_usd_per_hour", on_demand_usd_per_hour, 0)
    beyond = sum(np.maximum(needed - reserved, 0.0) for needed in _hours(demand))
    return reserved * reserved_usd_per_hour + beyond / np.size(demand) * on_demand_usd_per_hour


def _hours(demand: Any) -> np.ndarray:
    """Return the demand hour by hour; raise if there is none, or some of it is unknown."""
    hours = np.asarray(demand, dtype=float)
    if hours.ndim != 1 or not hours.size or not np.all(hours >= 0):
        raise ValueError(f"demand={demand!r}: allowed are one or more numbers of at least 0")
    return hours


def cheapest_reserve(
    demand: Any, reserved_usd_per_hour: float, on_demand_usd_per_hour: float
) -> float:
    """Return how many accelerators to reserve for the cheapest mean bill.

    The last one reserved is needed in as many hours as it has to be to pay for itself:
    ``P(demand > Q) = reserved / on-demand``. It is the newsvendor's rule.

    Parameters
    ----------
    demand : array, shape (hours,)
        Accelerators needed, one number an hour.
    reserved_usd_per_hour, on_demand_usd_per_hour : float
        Prices of an hour that is committed to, and of one that is not.

    Raises
    ------
    ValueError
        There is no demand, some of it is unknown or negative, or a price is not over 0.

    Examples
    --------
    At half the price, reserve what is needed in half of the hours.

    >>> cheapest_reserve([1, 2, 3, 4], reserved_usd_per_hour=1.0, on_demand_usd_per_hour=2.0)
    2.0
    """
    over("reserved_usd_per_hour", reserved_usd_per_hour, 0)
    over("on_demand_usd_per_hour", on_demand_usd_per_hour, 0)
    demand = _hours(demand)
    ratio = reserved_usd_per_hour / on_demand_usd_per_hour
    if ratio >= 1:
        return 0.0
    return float(np.quantile(demand, 1.0 - ratio, method="inverted_cdf"))


def peak_load_prices(
    fixed_usd_per_hour: Any, marginal_usd_per_hour: Any, peak_share: Any
) -> tuple[Any, Any]:
    """Return the prices of a peak and an off-peak hour that recover cost and clear both markets.

    Capacity is built for the peak, so the peak carries it: ``fixed / peak share + marginal``, and
    off-peak ``marginal``, which is what batch work has to pay.

    Parameters
    ----------
    fixed_usd_per_hour, marginal_usd_per_hour : float or array
        Cost of an hour of capacity, and what working in it adds.
    peak_share : float or array
        Share of the hours in which all capacity is used, over 0 and at most 1.

    Returns
    -------
    tuple of float or array
        Dollars per peak hour and per off-peak hour.

    Raises
    ------
    ValueError
        A cost is negative, or the share is out of range.

    Breaks if
    ---------
    At the lower price off-peak demand would fill the capacity too: it then shares its cost.

    Examples
    --------
    By hand: capacity of USD 1.07 used in full for 8 hours of 24 costs 3.21 in each of them.

    >>> tuple(round(usd, 2) for usd in peak_load_prices(1.07, 0.08, 1 / 3))
    (3.29, 0.08)
    """
    at_least("fixed_usd_per_hour", fixed_usd_per_hour, 0)
    at_least("marginal_usd_per_hour", marginal_usd_per_hour, 0)
    share_over_0("peak_share", peak_share)
    return fixed_usd_per_hour / peak_share + marginal_usd_per_hour, marginal_usd_per_hour


def grams_co2_per_token(joules_per_token: Any, pue: Any, grid_g_per_kwh: Any) -> Any:
    """Return the grams of CO2 that the electricity of one token emits.

    ``joules of the IT load × PUE / 3.6 million × grams per kWh``

    Parameters
    ----------
    joules_per_token : float or array
        Energy of the IT load: accelerators with their hosts.
    pue : float or array
        Power of the site over that of its IT load, at least 1; 1 where the joules hold it already.
    grid_g_per_kwh : float or array
        Carbon intensity of the electricity.

    Raises
    ------
    ValueError
        A number is negative, or the PUE below 1.

    Examples
    --------
    By hand: 1 J × 1.2 is a third of a millionth of a kWh; at 300 g it is 0.1 mg.

    >>> round(grams_co2_per_token(1.0, pue=1.2, grid_g_per_kwh=300) * 1e3, 3)
    0.1
    """
    at_least("joules_per_token", joules_per_token, 0)
    at_least("pue", pue, 1)
    at_least("grid_g_per_kwh", grid_g_per_kwh, 0)
    return joules_per_token * pue / KWH * grid_g_per_kwh
