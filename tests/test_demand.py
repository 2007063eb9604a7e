"""Laws of demand: closed forms, thresholds, identities and price indices."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

from inferwall import demand

elasticities = st.floats(0, 4)
ratios = st.floats(0.01, 100)
falls = st.floats(0.05, 3)
shares = st.floats(0, 1)


@given(ratio=ratios, elasticity=elasticities)
def test_quantity_times_price_is_spend(ratio, elasticity):
    spend = demand.spend_change(ratio, elasticity)
    assert spend == pytest.approx(ratio ** (1 - elasticity))
    assert spend == pytest.approx(ratio * demand.quantity_change(ratio, elasticity))


@given(ratio=st.floats(0.01, 0.99), elasticity=elasticities)
def test_a_lower_price_raises_spend_if_and_only_if_demand_is_elastic(ratio, elasticity):
    assume(abs(elasticity - 1) > 1e-6)
    assert (demand.spend_change(ratio, elasticity) > 1) == (elasticity > 1)


@given(gain=st.floats(1.01, 100), theta=st.floats(0, 2), elasticity=elasticities)
def test_resource_use_rises_if_and_only_if_the_rebound_is_over_one(gain, theta, elasticity):
    assume(abs(theta * elasticity - 1) > 1e-6)
    assert (demand.resource_change(gain, theta, elasticity) > 1) == (theta * elasticity > 1)


@given(gain=st.floats(1.01, 100), theta=st.floats(0, 2), elasticity=elasticities)
def test_resource_use_is_quantity_over_efficiency(gain, theta, elasticity):
    quantity = demand.quantity_change(gain**-theta, elasticity)
    assert demand.resource_change(gain, theta, elasticity) == pytest.approx(quantity / gain)


@given(elasticity=elasticities, share=shares, response=shares)
def test_without_full_pass_through_hardware_is_harder_to_raise_than_spend(
    elasticity, share, response
):
    found = demand.rebounds(elasticity, share, 1 - share, response)
    assert max(found.joules, found.accelerator_hours) <= found.dollars * (1 + 1e-12)


@given(markup=ratios, inputs=ratios, efficiency=ratios, utilisation=ratios)
def test_the_parts_of_a_price_change_add_up(markup, inputs, efficiency, utilisation):
    change = demand.price_change(markup, inputs, efficiency, utilisation)
    assert math.exp(change.total) == pytest.approx(markup * inputs / efficiency / utilisation)
    assert change.total == pytest.approx(change.markup + change.cost)


@given(markup=ratios, cost=ratios)
def test_the_response_gives_back_the_price(markup, cost):
    assume(abs(math.log(cost)) > 0.01)
    response = demand.price_response(markup, cost)
    assert response * math.log(cost) == pytest.approx(math.log(markup * cost), abs=1e-9)


@given(elasticity=elasticities, fall=falls, drift=st.floats(-2, 2), years=st.floats(0.1, 5))
def test_growth_of_spend_is_growth_of_volume_plus_growth_of_price(elasticity, fall, drift, years):
    price = math.exp(-fall * years)
    volume = math.exp((elasticity * fall + drift) * years)
    g_q, g_p = (demand.growth_rate(1.0, end, years) for end in (volume, price))
    assert demand.spend_growth(elasticity, fall, drift) == pytest.approx(g_q + g_p, abs=1e-9)
    naive = demand.volume_over_price_ratio(volume, price)
    assert naive == pytest.approx(elasticity + drift / fall, abs=1e-9)


@given(elasticity=elasticities, fall=falls)
def test_constants_give_growth_without_acceleration(elasticity, fall):
    assert demand.spend_acceleration(elasticity, fall) == 0


@given(
    elasticity=st.floats(0.1, 3),
    fall=falls,
    changes=st.tuples(*[st.floats(-1, 1)] * 3),
)
def test_acceleration_is_the_derivative_of_growth(elasticity, fall, changes):
    e_change, fall_change, drift_change = changes
    step = 1e-5

    def growth(t):
        return demand.spend_growth(
            elasticity + e_change * t, fall + fall_change * t, drift_change * t
        )

    slope = (growth(step) - growth(-step)) / (2 * step)
    assert demand.spend_acceleration(
        elasticity, fall, e_change, fall_change, drift_change
    ) == pytest.approx(slope, abs=1e-6)


@given(growth=st.floats(-0.5, 2), depreciation=st.floats(0, 1), capital=st.floats(1, 1e6))
def test_investment_holds_or_grows_the_stock(growth, depreciation, capital):
    spent = demand.investment(capital, growth, depreciation)
    assert spent - depreciation * capital == pytest.approx(growth * capital, abs=1e-6)


matrices = st.integers(2, 6).flatmap(
    lambda dates: st.lists(
        st.lists(st.floats(0.01, 100), min_size=3, max_size=3), min_size=dates, max_size=dates
    )
)


@given(prices=st.lists(st.floats(0.01, 100), min_size=1, max_size=5), dates=st.integers(2, 6))
def test_an_index_of_constant_prices_is_one(prices, dates):
    assert demand.matched_model_index([prices] * dates) == pytest.approx(np.ones(dates))


@given(prices=matrices)
def test_with_the_same_models_the_chain_equals_the_direct_comparison(prices):
    index = demand.matched_model_index(prices)
    direct = np.exp(np.mean(np.log(prices[-1]) - np.log(prices[0])))
    assert index[-1] == pytest.approx(direct)


@given(prices=matrices, scale=st.floats(0.1, 10))
def test_an_index_scales_with_its_prices_and_ignores_entry(prices, scale):
    scaled = [prices[0], *[[scale * p for p in row] for row in prices[:1]]]
    assert demand.matched_model_index(scaled)[-1] == pytest.approx(scale)
    entrant = [[*row, math.nan] for row in prices[:-1]] + [[*prices[-1], 1e-3]]
    assert demand.matched_model_index(entrant) == pytest.approx(demand.matched_model_index(prices))


@given(
    prices=st.lists(st.floats(0.01, 100), min_size=2, max_size=10),
    quality=st.floats(0, 50),
    seed=st.integers(0, 1000),
)
def test_the_fixed_quality_price_never_rises_and_costs_more_for_more(prices, quality, seed):
    qualities = np.random.default_rng(seed).uniform(0, 60, len(prices))
    path = demand.fixed_quality_price(prices, qualities, quality)
    known = path[~np.isnan(path)]
    assert (np.diff(known) <= 0).all()
    better = demand.fixed_quality_price(prices, qualities, quality + 5)
    both = ~np.isnan(path) & ~np.isnan(better)
    assert (better[both] >= path[both]).all()


def test_a_chain_breaks_where_nothing_is_matched():
    nan = math.nan
    index = demand.matched_model_index([[1.0, nan], [2.0, nan], [nan, 5.0], [nan, 6.0]])
    assert index[:2].tolist() == pytest.approx([1.0, 2.0])
    assert np.isnan(index[2:]).all()


def test_an_offer_of_unknown_price_is_passed_over():
    path = demand.fixed_quality_price([9.0, math.nan, 5.0], [10, 20, math.nan], quality=5)
    assert path.tolist() == [9.0, 9.0, 9.0]


@pytest.mark.parametrize("kind", [float, np.asarray, lambda x: xr.DataArray(x, dims="draw")])
def test_one_formula_three_scales(kind):
    elasticity = kind(1.5) if kind is float else kind([1.5, 1.5])
    for result, expected in [
        (demand.spend_change(0.5, elasticity), 2**0.5),
        (demand.resource_change(2.0, 0.5, elasticity), 2**-0.25),
        (demand.spend_growth(elasticity, 2.0, 0.5), 1.5),
        (demand.rebounds(elasticity, 0.1, 0.6, 0.5).accelerator_hours, 0.45),
        (demand.average_paid(elasticity, 3.0), 5e5),
    ]:
        assert np.allclose(result, expected)
        assert kind is float or type(result) is type(elasticity)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: demand.spend_change(0.5, -1.1), "elasticity=-1.1"),
        (lambda: demand.quantity_change(0.0, 1.0), "price_ratio=0.0"),
        (lambda: demand.pass_through(1.2), "cost_share=1.2"),
        (lambda: demand.rebound(-0.1, 1.0), "theta=-0.1"),
        (lambda: demand.resource_change(0.0, 1.0, 1.0), "efficiency_ratio=0.0"),
        (lambda: demand.growth_rate(1, 2, 0), "years=0"),
        (lambda: demand.growth_rate(-1, 2, 1), "start=-1"),
        (lambda: demand.rebound(0.5, np.array([1.0, -2.0])), "elasticity=-2 in an array"),
        (lambda: demand.spend_change(math.nan, 1.1), "price_ratio=nan"),
        (lambda: demand.price_change(markup_ratio=0), "markup_ratio=0"),
        (lambda: demand.price_response(2.0, 1.0), "cost_ratio=1.0"),
        (lambda: demand.volume_over_price_ratio(2.0, 1), "price_ratio=1"),
        (lambda: demand.spend_acceleration(-1.0, 2.0), "elasticity=-1.0"),
        (lambda: demand.investment(100.0, 0.1, None), "depreciation_per_year=None"),
        (lambda: demand.average_paid(1.0, 0), "tokens=0"),
        (lambda: demand.matched_model_index([1.0, 2.0]), "prices has shape"),
        (lambda: demand.matched_model_index([[0.0], [1.0]]), "prices=0"),
        (lambda: demand.fixed_quality_price([1.0], [2, 3], 1), "prices and qualities"),
    ],
)
def test_a_wrong_argument_is_named(call, words):
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        call()


@given(elasticity=elasticities, fall=falls, drift=st.tuples(*[st.floats(-1, 1)] * 3))
def test_the_parts_of_growth_add_up_to_what_spend_grows_by(elasticity, fall, drift):
    income, quality, buyers = drift
    parts = demand.quantity_growth(elasticity, fall, 2.0, income, 0.5, quality, buyers)
    assert parts.drift == pytest.approx(2 * income + 0.5 * quality + buyers)
    spend = demand.spend_growth(elasticity, fall, parts.drift)
    assert parts.total - fall == pytest.approx(spend, abs=1e-12)
    assert parts.unexplained(parts.total) == 0


def test_growth_without_drift_is_the_demand_curve():
    parts = demand.quantity_growth(1.3, math.log(5))
    assert math.exp(parts.total) == pytest.approx(demand.quantity_change(1 / 5, 1.3))
