"""Where tokens are made: distance, round trips, and the cheapest place for every demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, under
from inferwall.data import table, unknown_name
from inferwall.units import KWH, MTOK, YEAR

LIGHT_M_PER_S = 299_792_458.0
"""Speed of light in vacuum, exact by definition of the metre."""
FIBRE_GROUP_INDEX = 1.468
"""By how much light is slower in standard fibre at 1,550 nm. Source: mapyourtech-fibre."""
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth."""
_W_PER_MW = 1e6
_TIE = 1e-7
"""Relative difference of cost below which two placements cost the same."""
_LEAST_SHARE = 1e-8
"""Share of all demand under which one would be lost in the tolerance of the solver."""
_TOLERANCE = 1e-10


def great_circle_m(
    latitude_deg: Any, longitude_deg: Any, other_latitude_deg: Any, other_longitude_deg: Any
) -> Any:
    """Return the shortest distance over the Earth between two places.

    Haversine: ``2 R asin √(sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2))``

    Parameters
    ----------
    latitude_deg, longitude_deg, other_latitude_deg, other_longitude_deg : float or array
        Degrees north and east.

    Examples
    --------
    By hand: a quarter of the globe is π / 2 × 6,371 km.

    >>> round(great_circle_m(0.0, 0.0, 90.0, 0.0) / 1e3)
    10008
    """
    north, other_north = np.radians(latitude_deg), np.radians(other_latitude_deg)
    across = np.radians(other_longitude_deg) - np.radians(longitude_deg)
    chord = (
        np.sin((other_north - north) / 2.0) ** 2
        + np.cos(north) * np.cos(other_north) * np.sin(across / 2.0) ** 2
    )
    return 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def light_round_trip_s(distance_m: Any) -> Any:
    """Return the least time in which light in fibre goes there and back.

    ``2 × distance × 1.468 / c``

    Parameters
    ----------
    distance_m : float or array
        Length of the way, such as `great_circle_m`; cables are longer.

    Examples
    --------
    By hand: 1,000 km there and back at 204,000 km/s are 9.8 ms.

    >>> round(light_round_trip_s(1e6) * 1e3, 2)
    9.79
    """
    at_least("distance_m", distance_m, 0)
    return 2.0 * distance_m * FIBRE_GROUP_INDEX / LIGHT_M_PER_S


def round_trips_s(
    origins: Sequence[str], destinations: Sequence[str], as_of: str | None = None
) -> np.ndarray:
    """Return the measured round trips of data/round_trips.csv as a matrix.

    Parameters
    ----------
    origins, destinations : sequence of str
        Regions of data/regions.csv, any number of times.
    as_of : str, optional
        Only measurements known at that ISO date.

    Returns
    -------
    numpy.ndarray, shape (origins, destinations)
        Seconds. From a region to itself it is the way between two zones of Dallas, the one region
        measured inside.

    Raises
    ------
    KeyError
        A region is not in the table.

    Examples
    --------
    >>> round_trips_s(["Dallas"], ["Dallas", "Toronto", "Sydney"]).round(3).tolist()
    [[0.002, 0.034, 0.185]]
    """
    rows = table("round_trips", as_of)
    far = rows[rows["path"] == "between regions"]
    ways = dict(
        zip(zip(far["origin"], far["destination"], strict=True), far["round_trip_s"], strict=True)
    )
    known = sorted(set(far["origin"]))
    for name in [*origins, *destinations]:
        if name not in known:
            raise unknown_name("region", name, known)
    within = float(rows.loc[rows["path"] == "between zones", "round_trip_s"].iloc[0])
    return np.array(
        [[within if a == b else float(ways[a, b]) for b in destinations] for a in origins]
    )


@dataclass(frozen=True)
class Site:
    """A place that makes tokens.

    Attributes
    ----------
    name : str
    capacity_tokens_per_s : float
        Tokens that its machines make at full load.
    hardware_usd_per_mtok : float
        What a million tokens cost there but for electricity: chips, building, staff.
    joules_per_token : float
        Energy of the whole site, cooling included.
    tariff_usd_per_kwh : float
        Price of electricity.

    Raises
    ------
    ValueError
        A number is unknown, negative or infinite.

    Examples
    --------
    By hand: 2 J a token are 0.556 kWh a million; at 9 cents they add 5 cents.

    >>> site = Site("Dallas", 1e6, 0.50, joules_per_token=2.0, tariff_usd_per_kwh=0.09)
    >>> round(site.usd_per_mtok, 3), site.power_w
    (0.55, 2000000.0)
    """

    name: str
    capacity_tokens_per_s: float
    hardware_usd_per_mtok: float
    joules_per_token: float
    tariff_usd_per_kwh: float

    def __post_init__(self) -> None:
        for name in list(vars(self))[1:]:
            at_least(f"{name} of {self.name}", getattr(self, name), 0)
            under(f"{name} of {self.name}", getattr(self, name), np.inf)

    @property
    def electricity_usd_per_mtok(self) -> float:
        """Electricity of a million tokens."""
        return self.joules_per_token * MTOK / KWH * self.tariff_usd_per_kwh

    @property
    def usd_per_mtok(self) -> float:
        """Cost of a million tokens."""
        return self.hardware_usd_per_mtok + self.electricity_usd_per_mtok

    @property
    def power_w(self) -> float:
        """Power at full load."""
        return self.capacity_tokens_per_s * self.joules_per_token


@dataclass(frozen=True)
class Demand:
    """Tokens that users in one place ask for, and how far away they may be made.

    Attributes
    ----------
    name : str
        Such as ``"voice in Tokyo"``.
    tokens_per_s : float
    round_trip_budget_s : float
        Longest round trip that the product bears; ``inf`` for batch work.

    Raises
    ------
    ValueError
        A number is unknown or negative, or the tokens infinite.
    """

    name: str
    tokens_per_s: float
    round_trip_budget_s: float = float("inf")

    def __post_init__(self) -> None:
        at_least(f"tokens_per_s of {self.name}", self.tokens_per_s, 0)
        under(f"tokens_per_s of {self.name}", self.tokens_per_s, np.inf)
        at_least(f"round_trip_budget_s of {self.name}", self.round_trip_budget_s, 0)


@dataclass(frozen=True)
class Placement:
    """The cheapest way to serve all demands.

    Attributes
    ----------
    sites, demands : tuple
    round_trip_s : array, shape (demands, sites)
    flow_tokens_per_s : array, shape (demands, sites)
        Which site makes how much for whom.
    demand_price_usd_per_mtok : array, shape (demands,)
        What one more million tokens of that demand would cost all together: its shadow price. NaN
        where nothing is asked for and no site is within reach.
    capacity_price_usd_per_mtok : array, shape (sites,)
        What one more million tokens of capacity there would save; 0 where capacity is left. Where
        demand fills a site to the last token, what is saved by more is less than what is lost by
        less, and the number lies between.
    """

    sites: tuple[Site, ...]
    demands: tuple[Demand, ...]
    round_trip_s: np.ndarray
    flow_tokens_per_s: np.ndarray
    demand_price_usd_per_mtok: np.ndarray
    capacity_price_usd_per_mtok: np.ndarray

    @property
    def load_tokens_per_s(self) -> np.ndarray:
        """Tokens per second that each site makes."""
        return self.flow_tokens_per_s.sum(axis=0)

    @property
    def cost_usd_per_s(self) -> float:
        """Cost of all tokens: the primal objective."""
        prices = np.array([site.usd_per_mtok for site in self.sites])
        return float(self.load_tokens_per_s @ prices / MTOK)

    @property
    def dual_usd_per_s(self) -> float:
        """The dual objective: demands at their prices, less the rents of scarce capacity."""
        paid = sum(
            d.tokens_per_s * price
            for d, price in zip(self.demands, self.demand_price_usd_per_mtok, strict=True)
            if d.tokens_per_s > 0
        )
        scarce = sum(
            s.capacity_tokens_per_s * price
            for s, price in zip(self.sites, self.capacity_price_usd_per_mtok, strict=True)
        )
        return float((paid - scarce) / MTOK)

    @property
    def usd_per_mtok(self) -> float:
        """Mean cost of a million tokens."""
        return self.cost_usd_per_s / float(self.flow_tokens_per_s.sum()) * MTOK

    @property
    def mean_round_trip_s(self) -> float:
        """Mean round trip, weighted by tokens."""
        return float(np.average(self.round_trip_s, weights=self.flow_tokens_per_s))

    @property
    def capacity_price_usd_per_mw_year(self) -> np.ndarray:
        """What one more megawatt at each site would save in a year; NaN if it takes no power."""
        joules = np.array([site.joules_per_token for site in self.sites])
        with np.errstate(divide="ignore", invalid="ignore"):
            tokens_per_year = np.where(joules > 0, _W_PER_MW / joules * YEAR, np.nan)
        return self.capacity_price_usd_per_mtok * tokens_per_year / MTOK


def place_load(sites: Sequence[Site], demands: Sequence[Demand], round_trip_s: Any) -> Placement:
    """Return the cheapest placement of all demands on the sites within reach and capacity.

    A linear programme, solved by HiGHS:
    ``min Σ price_j f_ij``, ``Σ_j f_ij = demand_i``, ``Σ_i f_ij ≤ capacity_j``, ``f_ij ≥ 0``, and
    ``f_ij = 0`` where the round trip is over the budget of the demand. Among placements of the
    same cost it is the one with the shortest round trips.

    Parameters
    ----------
    sites : sequence of Site
    demands : sequence of Demand
    round_trip_s : array, shape (demands, sites)
        Such as `round_trips_s`.

    Raises
    ------
    ValueError
        The shapes differ, a round trip is unknown or negative, a demand is less than 10^-8 of all,
        a budget is shorter than the way to the nearest site, or the sites within reach cannot make
        all that is asked for; it names the demand.

    Examples
    --------
    By hand: batch work goes to the cheap site until it is full, voice stays near.

    >>> sites = [Site("near", 100.0, 1.0, 0.0, 0.0), Site("far", 60.0, 0.5, 0.0, 0.0)]
    >>> demands = [Demand("voice", 30.0, 0.05), Demand("batch", 70.0)]
    >>> placed = place_load(sites, demands, [[0.01, 0.2], [0.01, 0.2]])
    >>> placed.flow_tokens_per_s.round(6).tolist(), round(placed.usd_per_mtok, 6)
    ([[30.0, 0.0], [10.0, 60.0]], 0.7)
    >>> placed.capacity_price_usd_per_mtok.round(6).tolist()
    [0.0, 0.5]
    """
    sites, demands = tuple(sites), tuple(demands)
    round_trip_s = np.asarray(round_trip_s, dtype=float)
    if not sites or not demands or round_trip_s.shape != (len(demands), len(sites)):
        raise ValueError(
            f"round_trip_s has shape {round_trip_s.shape}: allowed is (demands, sites) with at "
            f"least one of each, here ({len(demands)}, {len(sites)})"
        )
    if not np.all(round_trip_s >= 0):
        raise ValueError(f"round_trip_s={round_trip_s!r}: allowed are known numbers of at least 0")
    budgets = np.array([demand.round_trip_budget_s for demand in demands])
    reach = round_trip_s <= budgets[:, None]
    for demand, near, times in zip(demands, reach, round_trip_s, strict=True):
        if demand.tokens_per_s > 0 and not near.any():
            nearest = int(np.argmin(times))
            raise ValueError(
                f"round_trip_budget_s={demand.round_trip_budget_s!r} of {demand.name!r}: the "
                f"nearest site, {sites[nearest].name!r}, takes {times[nearest]:.4g} s"
            )
    asked = np.array([demand.tokens_per_s for demand in demands])
    if asked.sum() == 0:
        raise ValueError("demands ask for 0 tokens per second: allowed is at least one over 0")
    for demand in demands:
        if 0 < demand.tokens_per_s < _LEAST_SHARE * asked.sum():
            raise ValueError(
                f"tokens_per_s={demand.tokens_per_s!r} of {demand.name!r}: allowed are 0 and "
                f"numbers of at least {_LEAST_SHARE:g} of all demand"
            )
    flow, prices = _solve(sites, demands, asked, reach, round_trip_s)
    return Placement(sites, demands, round_trip_s, flow, *prices)


def _solve(
    sites: tuple[Site, ...],
    demands: tuple[Demand, ...],
    asked: np.ndarray,
    reach: np.ndarray,
    round_trip_s: np.ndarray,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return flows and shadow prices of demands and capacities, in tokens/s and USD per million."""
    from scipy.optimize import linprog

    # The solver's tolerances are absolute: flows are shares of all demand, prices of the dearest.
    scale = asked.sum()
    price = np.array([site.usd_per_mtok for site in sites])
    unit = price.max() or 1.0
    row, column = np.nonzero(reach)
    arcs = np.arange(len(row))
    serve, fill = np.zeros((len(asked), len(row))), np.zeros((len(price), len(row)))
    serve[row, arcs] = fill[column, arcs] = 1.0
    room = np.array([site.capacity_tokens_per_s for site in sites]) / scale
    exact = {"primal_feasibility_tolerance": _TOLERANCE, "dual_feasibility_tolerance": _TOLERANCE}
    given = {"A_eq": serve, "b_eq": asked / scale, "method": "highs", "options": exact}
    found = linprog(price[column] / unit, A_ub=fill, b_ub=room, **given)
    if found.status == 2:
        raise ValueError(_missing(demands, asked, serve, fill, room, scale))
    if not found.success:
        raise ValueError(f"the linear programme was not solved: {found.message}")
    scarce = np.maximum(-found.ineqlin.marginals, 0.0)
    # What the next token of a demand costs: the site within reach of least price and scarcity.
    next_to = np.where(reach, price / unit + scarce, np.inf).min(axis=1)
    paid = np.where(np.isfinite(next_to), next_to, np.nan)
    # Ties: the optima are the flows on arcs of no reduced cost that fill what has a price.
    tied = price[column] / unit + scarce[column] - paid[row] <= _TIE
    full = np.where(scarce > _TIE, room, 0.0)
    nearest = linprog(
        round_trip_s[row, column],
        A_ub=np.vstack([fill, -fill]),
        b_ub=np.concatenate([room, -full]),
        bounds=[(0.0, None if open_ else 0.0) for open_ in tied],
        **given,
    )
    flow = np.zeros(reach.shape)
    flow[row, column] = np.maximum((nearest if nearest.success else found).x, 0.0) * scale
    return flow, (paid * unit, scarce * unit)


def _missing(
    demands: tuple[Demand, ...],
    asked: np.ndarray,
    serve: np.ndarray,
    fill: np.ndarray,
    room: np.ndarray,
    scale: float,
) -> str:
    """Say which demands go short when as much as possible is served."""
    from scipy.optimize import linprog

    best = linprog(
        -np.ones(serve.shape[1]),
        A_ub=np.vstack([fill, serve]),
        b_ub=np.concatenate([room, asked / scale]),
        method="highs",
    )
    short = asked - serve @ best.x * scale
    names = [
        f"{demand.name!r} lacks {lack:.4g}"
        for demand, lack in zip(demands, short, strict=True)
        if lack > 1e-9 * scale
    ]
    return (
        f"capacity_tokens_per_s: the sites within the budgets make {short.sum():.4g} tokens per "
        f"second too few ({'; '.join(names)})"
    )


def pooled_capacity(load_tokens_per_s: Any, reach: Any) -> np.ndarray:
    """Return the least capacity that serves every hour, site by site.

    ``min Σ K_j`` so that in each hour ``Σ_j f_hij = load_hi`` and ``Σ_i f_hij ≤ K_j`` within
    reach. It lies between the peak of the sum (one pool) and the sum of the peaks (no pooling).

    Parameters
    ----------
    load_tokens_per_s : array, shape (hours, demands)
    reach : array of bool, shape (demands, sites)
        Who may be served where, such as ``round_trips_s(…) <= budget``.

    Returns
    -------
    numpy.ndarray, shape (sites,)
        Tokens per second.

    Raises
    ------
    ValueError
        The shapes differ, there is no hour, a load is unknown or negative, or a demand has no site
        within reach.

    Examples
    --------
    By hand: two cities that are awake in turns share one machine.

    >>> day = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> float(pooled_capacity(day, np.eye(2, dtype=bool)).sum())
    2.0
    >>> float(pooled_capacity(day, np.ones((2, 2), dtype=bool)).sum())
    1.0
    """
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_array, hstack, kron

    load = np.asarray(load_tokens_per_s, dtype=float)
    reach = np.asarray(reach, dtype=bool)
    if not load.size or not np.all(load >= 0):
        raise ValueError(f"load_tokens_per_s={load!r}: allowed are known numbers of at least 0")
    if load.ndim != 2 or reach.ndim != 2 or load.shape[1] != reach.shape[0]:
        raise ValueError(
            f"reach has shape {reach.shape}: allowed is (demands, sites) with the "
            f"{load.shape[-1]} demands of load_tokens_per_s"
        )
    alone = np.flatnonzero(~reach.any(axis=1) & (load > 0).any(axis=0))
    if alone.size:
        raise ValueError(f"reach: demand {alone[0]} has no site within reach")
    hours, (demands, sites) = len(load), reach.shape
    row, column = np.nonzero(reach)
    arcs, one = np.arange(len(row)), np.ones(len(row))
    serve = csr_array((one, (row, arcs)), shape=(demands, len(row)))
    fill = csr_array((one, (column, arcs)), shape=(sites, len(row)))
    # Unknowns: the capacities, then the flows hour by hour.
    none = csr_array((hours * demands, sites))
    rooms = kron(np.ones((hours, 1)), -np.eye(sites))
    scale = load.sum() or 1.0
    found = linprog(
        np.concatenate([np.ones(sites), np.zeros(hours * len(row))]),
        A_ub=hstack([csr_array(rooms), block_diag([fill] * hours)]),
        b_ub=np.zeros(hours * sites),
        A_eq=hstack([none, block_diag([serve] * hours)]),
        b_eq=load.ravel() / scale,
        method="highs",
    )
    if not found.success:
        raise ValueError(f"the linear programme was not solved: {found.message}")
    return np.maximum(found.x[:sites], 0.0) * scale
