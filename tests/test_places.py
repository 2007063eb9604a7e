"""Distances, and the placement of load against its dual."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall.places import (
    EARTH_RADIUS_M,
    Demand,
    Placement,
    Site,
    great_circle_m,
    light_round_trip_s,
    place_load,
    pooled_capacity,
    round_trips_s,
)
from inferwall.units import MTOK, YEAR

degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(degrees, degrees, degrees)
def test_the_globe_is_a_metric_space(a, b, c):
    there, back = great_circle_m(*a, *b), great_circle_m(*b, *a)
    assert np.isclose(there, back, atol=1e-3)
    assert 0 <= there <= np.pi * EARTH_RADIUS_M * (1 + 1e-12)
    assert great_circle_m(*a, *a) == pytest.approx(0, abs=1e-3)
    assert there <= great_circle_m(*a, *c) + great_circle_m(*c, *b) + 1.0


def test_distances_agree_with_a_published_one():
    """Dallas to Toronto is 1,937 km in the collection that the round trips come from."""
    apart = great_circle_m(32.78306, -96.80667, 43.70643, -79.39864)
    assert apart / 1e3 == pytest.approx(1937, rel=0.01)


def test_light_is_linear_in_distance_and_takes_arrays():
    times = light_round_trip_s(np.array([0.0, 1e6, 2e6]))
    assert times[0] == 0 and times[2] == 2 * times[1]
    with pytest.raises(ValueError, match="distance_m"):
        light_round_trip_s(-1.0)


def test_round_trips_come_in_the_order_asked():
    names = ["Tokyo", "Dallas", "Tokyo"]
    times = round_trips_s(names, ["Dallas", "Tokyo"])
    assert times.shape == (3, 2)
    assert (times[0] == times[2]).all()
    assert times[0, 1] == times[1, 0] < 0.003 < times[1, 1]
    with pytest.raises(KeyError, match="Tokyo"):
        round_trips_s(["Tokio"], ["Dallas"])


@st.composite
def problems(draw):
    """Return sites, demands and round trips with room for everything at every site together."""
    sites = [
        Site(f"site {n}", *draw(st.tuples(*[st.floats(1.0, 100.0)] * 4)))
        for n in range(draw(st.integers(1, 4)))
    ]
    room = sum(site.capacity_tokens_per_s for site in sites)
    counts = draw(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5))
    share = draw(st.floats(0.1, 1.0))
    demands = [
        Demand(f"demand {n}", room * share * part / sum(counts), draw(st.floats(0.05, 0.3)))
        for n, part in enumerate(counts)
    ]
    times = draw(
        st.lists(
            st.lists(st.floats(0.0, 0.3), min_size=len(sites), max_size=len(sites)),
            min_size=len(demands),
            max_size=len(demands),
        )
    )
    return sites, demands, np.array(times)


def placed_or_none(sites, demands, times) -> Placement | None:
    try:
        return place_load(sites, demands, times)
    except ValueError as error:
        assert "demand" in str(error)  # it names one
        return None


@settings(max_examples=60, deadline=None)
@given(problems())
def test_a_placement_obeys_the_laws_of_linear_programmes(problem):
    sites, demands, times = problem
    placed = placed_or_none(*problem)
    if placed is None:
        return
    flow = placed.flow_tokens_per_s
    asked = np.array([d.tokens_per_s for d in demands])
    room = np.array([s.capacity_tokens_per_s for s in sites])
    scale = asked.sum()
    # Conservation, capacity, budgets.
    assert np.allclose(flow.sum(axis=1), asked, atol=1e-6 * scale)
    assert (flow.sum(axis=0) <= room + 1e-6 * scale).all()
    over = times > np.array([d.round_trip_budget_s for d in demands])[:, None]
    assert (flow[over] == 0).all()
    # Strong duality.
    assert placed.cost_usd_per_s == pytest.approx(placed.dual_usd_per_s, rel=1e-6)
    # Complementary slackness: spare capacity has no price; a used arc costs what its demand pays.
    spare = room - flow.sum(axis=0) > 1e-5 * scale
    prices = placed.capacity_price_usd_per_mtok
    assert (prices > -1e-9).all() and np.allclose(prices[spare], 0, atol=1e-6)
    arc = np.array([s.usd_per_mtok for s in sites]) + prices
    paid = placed.demand_price_usd_per_mtok[:, None] - arc
    assert np.allclose(paid[flow > 1e-5 * scale], 0, atol=1e-5 * arc.max())
    assert (paid[~over] <= 1e-5 * arc.max()).all()


@settings(max_examples=40, deadline=None)
@given(problems(), st.floats(0.0, 1.0))
def test_a_tighter_budget_never_costs_less(problem, tightening):
    sites, demands, times = problem
    loose = placed_or_none(*problem)
    tight = [replace(d, round_trip_budget_s=d.round_trip_budget_s * tightening) for d in demands]
    tight = placed_or_none(sites, tight, times)
    if tight is not None:
        assert loose is not None
        assert tight.cost_usd_per_s >= loose.cost_usd_per_s * (1 - 1e-6)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_without_budgets_the_cheapest_sites_are_filled_in_order(problem):
    sites, demands, times = problem
    free = [replace(d, round_trip_budget_s=float("inf")) for d in demands]
    placed = placed_or_none(sites, free, times)
    if placed is None:
        return
    left = sum(d.tokens_per_s for d in demands)
    by_hand = 0.0
    for site in sorted(sites, key=lambda s: s.usd_per_mtok):
        served = min(left, site.capacity_tokens_per_s)
        by_hand += served * site.usd_per_mtok / MTOK
        left -= served
    assert placed.cost_usd_per_s == pytest.approx(by_hand, rel=1e-5)


SITES = [Site("near", 100.0, 1.0, 2.0, 0.09), Site("far", 60.0, 0.5, 2.0, 0.09)]
DEMANDS = [Demand("voice", 30.0, 0.05), Demand("batch", 70.0)]
TIMES = np.array([[0.01, 0.2], [0.01, 0.2]])


def test_a_shadow_price_is_what_one_more_unit_saves():
    placed = place_load(SITES, DEMANDS, TIMES)
    more = replace(SITES[1], capacity_tokens_per_s=61.0)
    saved = placed.cost_usd_per_s - place_load([SITES[0], more], DEMANDS, TIMES).cost_usd_per_s
    assert saved * MTOK == pytest.approx(placed.capacity_price_usd_per_mtok[1], rel=1e-6)
    # A megawatt makes half a million tokens a second here.
    per_mw = placed.capacity_price_usd_per_mw_year[1]
    assert per_mw == pytest.approx(saved * 5e5 * YEAR, rel=1e-6)


def test_a_demand_price_is_what_one_more_token_costs():
    placed = place_load(SITES, DEMANDS, TIMES)
    for n in range(2):
        more = [replace(d, tokens_per_s=d.tokens_per_s + (i == n)) for i, d in enumerate(DEMANDS)]
        dearer = place_load(SITES, more, TIMES).cost_usd_per_s - placed.cost_usd_per_s
        assert dearer * MTOK == pytest.approx(placed.demand_price_usd_per_mtok[n], rel=1e-6)


def test_of_equal_costs_the_nearest_is_taken():
    same = [replace(SITES[0], name="here"), replace(SITES[0], name="there")]
    demands = [Demand("a", 100.0), Demand("b", 100.0)]
    placed = place_load(same, demands, [[0.2, 0.01], [0.02, 0.3]])
    assert np.allclose(placed.flow_tokens_per_s, [[0, 100], [100, 0]], atol=1e-4)


def test_a_site_without_power_has_no_price_of_power():
    placed = place_load([replace(SITES[0], joules_per_token=0.0)], DEMANDS, TIMES[:, :1])
    assert np.isnan(placed.capacity_price_usd_per_mw_year).all()


def test_averages_are_weighted_by_tokens():
    placed = place_load(SITES, DEMANDS, TIMES)
    assert placed.mean_round_trip_s == pytest.approx(0.4 * 0.01 + 0.6 * 0.2)
    assert placed.usd_per_mtok == pytest.approx(0.4 * 1.05 + 0.6 * 0.55)


@pytest.mark.parametrize(
    ("sites", "demands", "times", "match"),
    [
        (SITES, [Demand("voice", 1.0, 0.005)], [[0.01, 0.2]], "budget.*'voice'.*'near'.*0.01 s"),
        (SITES, [Demand("batch", 161.0)], [[0.01, 0.2]], "1 tokens per second.*'batch' lacks 1"),
        (SITES, [Demand("voice", 101.0, 0.05)], [[0.01, 0.2]], "'voice' lacks 1"),
        (SITES, [Demand("nobody", 0.0)], [[0.01, 0.2]], "0 tokens per second"),
        (SITES, DEMANDS, [[0.01, 0.2]], r"shape \(1, 2\).*\(2, 2\)"),
        ([], [], np.empty((0, 0)), "at least one"),
    ],
)
def test_what_cannot_be_placed_says_why(sites, demands, times, match):
    with pytest.raises(ValueError, match=match):
        place_load(sites, demands, times)


def test_numbers_are_checked_by_name():
    with pytest.raises(ValueError, match="tariff_usd_per_kwh of X"):
        Site("X", 1.0, 1.0, 1.0, -0.1)
    with pytest.raises(ValueError, match="round_trip_budget_s of Y"):
        Demand("Y", 1.0, float("nan"))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_pooling_lies_between_the_peak_of_the_sum_and_the_sum_of_the_peaks(places, hours, seed):
    rng = np.random.default_rng(seed)
    load = rng.uniform(0.1, 1.0, (hours, places))
    near, all_ = np.eye(places, dtype=bool), np.ones((places, places), dtype=bool)
    some = near | (rng.uniform(size=(places, places)) < 0.5)
    apart, mixed, whole = (pooled_capacity(load, reach).sum() for reach in (near, some, all_))
    assert apart == pytest.approx(load.max(axis=0).sum(), rel=1e-6)
    assert whole == pytest.approx(load.sum(axis=1).max(), rel=1e-6)
    assert whole - 1e-6 <= mixed <= apart + 1e-6


def test_capacity_that_pools_serves_every_hour():
    load = np.array([[30.0, 10.0], [5.0, 40.0]])
    reach = np.array([[True, True], [False, True]])
    room = pooled_capacity(load, reach)
    sites = [Site(str(n), float(k), 1.0, 0.0, 0.0) for n, k in enumerate(room)]
    for hour in load:
        asked = [Demand(str(n), float(rate), 1.0) for n, rate in enumerate(hour)]
        placed = place_load(sites, asked, np.where(reach, 0.5, 2.0))  # raises where it does not fit
        assert placed.flow_tokens_per_s.sum(axis=1) == pytest.approx(hour)
        assert (placed.flow_tokens_per_s.sum(axis=0) <= room + 1e-6).all()
        assert not placed.flow_tokens_per_s[~reach].any()


def test_what_cannot_be_pooled_says_why():
    with pytest.raises(ValueError, match="demand 1 has no site"):
        pooled_capacity(np.ones((2, 2)), np.array([[True], [False]]))
    with pytest.raises(ValueError, match="shape"):
        pooled_capacity(np.ones((2, 3)), np.ones((2, 2), dtype=bool))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Site("a", float("inf"), 1, 0, 0), "capacity_tokens_per_s of a=inf"),
        (lambda: Demand("a", float("inf")), "tokens_per_s of a=inf"),
        (lambda: place_load(SITES, DEMANDS, [[np.nan, 0.2], [0.01, 0.2]]), "known numbers"),
        (lambda: place_load(SITES, DEMANDS, [[-0.1, 0.2], [0.01, 0.2]]), "round_trip_s="),
        (lambda: place_load(SITES, [*DEMANDS, Demand("few", 1e-7)], [*TIMES, TIMES[0]]), "'few'"),
        (lambda: pooled_capacity(np.zeros((0, 2)), np.ones((2, 2))), "load_tokens_per_s"),
        (lambda: pooled_capacity([[np.nan, 1.0]], np.ones((2, 2))), "load_tokens_per_s"),
    ],
)
def test_what_is_unknown_or_would_be_lost_raises(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


@pytest.mark.parametrize("tokens_per_s", [1e-5, 1.0])
def test_a_small_demand_is_served_too(tokens_per_s):
    small = Demand("small", tokens_per_s, 0.05)
    placed = place_load(SITES, [Demand("batch", 100.0), small], TIMES)
    assert placed.flow_tokens_per_s[1].tolist() == pytest.approx([tokens_per_s, 0.0])
    assert placed.demand_price_usd_per_mtok[1] == pytest.approx(SITES[0].usd_per_mtok)


def test_a_demand_of_nothing_has_the_price_of_its_first_token():
    quiet = [Demand("asleep", 0.0, 0.05), Demand("out of reach", 0.0, 0.001), DEMANDS[1]]
    placed = place_load(SITES, quiet, [[0.01, 0.2]] * 3)
    near = SITES[0].usd_per_mtok
    assert placed.demand_price_usd_per_mtok[0] == pytest.approx(near)
    assert np.isnan(placed.demand_price_usd_per_mtok[1])
    assert placed.dual_usd_per_s == pytest.approx(placed.cost_usd_per_s)
