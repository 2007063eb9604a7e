"""Laws of training and serving: conservation, limits, and each number by two routes."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from inferwall import training as tr

sizes = st.floats(1e8, 1e12)
tokens = st.floats(1e10, 1e14)
shares = st.floats(0.05, 1.0)
LAWS = ["Chinchilla", "Chinchilla, rounded", "Besiroglu refit"]


@given(sizes, tokens, tokens)
def test_a_life_is_its_training_and_its_serving(size, trained, served):
    life = tr.lifetime_flop(size, trained, served)
    assert life == tr.training_flop(size, trained) + tr.serving_flop(size, served)


@given(sizes, tokens)
def test_at_the_crossover_serving_equals_training_whatever_the_size(size, trained):
    crossover = tr.crossover_tokens(trained)
    assert tr.serving_flop(size, crossover) == pytest.approx(tr.training_flop(size, trained))


@given(sizes, tokens, shares, st.floats(1e13, 1e16))
def test_hours_and_utilisation_are_inverse(size, trained, utilisation, peak):
    flop = tr.training_flop(size, trained)
    hours = tr.chip_hours(flop, peak, utilisation)
    assert tr.mfu(flop, hours, peak) == pytest.approx(utilisation)
    cost = tr.training_cost_usd(flop, peak, utilisation, rent_usd_per_hour=2.0)
    assert cost == pytest.approx(2.0 * hours)


@given(sizes, tokens, shares, shares)
def test_dollar_parity_by_two_routes(size, trained, training_mfu, serving_mfu):
    peak, rent = 989e12, 3.0
    trained_usd = tr.training_cost_usd(tr.training_flop(size, trained), peak, training_mfu, rent)
    flop_per_mtok = tr.serving_flop(size, 1e6)
    per_mtok = tr.training_cost_usd(flop_per_mtok, peak, serving_mfu, rent)
    by_bills = tr.crossover_tokens_usd(trained_usd, per_mtok)
    by_ratio = tr.crossover_tokens(trained, price_ratio=training_mfu / serving_mfu)
    assert by_bills == pytest.approx(by_ratio)


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0, 1))
def test_a_cache_only_saves_input(read, written, hits):
    computed = tr.computed_tokens(read, written, hits)
    assert written <= computed <= (read + written) * (1 + 1e-12)


@given(tokens, st.floats(1e8, 1e13), st.floats(-0.02, 0.02))
def test_days_integrate_the_traffic(target, per_day, growth):
    days = float(tr.days_to_crossover(target, per_day, growth))
    if math.isinf(days):
        assert per_day / -growth <= target * (1 + 1e-9)  # all that fading traffic ever brings
    elif days < 5_000:
        served = quad(lambda t: per_day * math.exp(growth * t), 0, days)[0]
        assert served == pytest.approx(target, rel=1e-6)


@given(tokens, st.floats(1e8, 1e13))
def test_no_growth_is_the_limit_of_little_growth(target, per_day):
    flat = float(tr.days_to_crossover(target, per_day))
    assert flat == pytest.approx(target / per_day)
    slow = float(tr.days_to_crossover(target, per_day, growth_per_day=1e-9 / flat))
    assert slow == pytest.approx(flat, rel=1e-6)
    assert float(tr.days_to_crossover(target, per_day, 0.01)) <= flat


@pytest.mark.parametrize("name", LAWS)
@given(sizes, tokens)
def test_tokens_for_a_loss_invert_the_loss(name, size, trained):
    law = tr.scaling_law(name)
    assert law.tokens_for_loss(size, law.loss(size, trained)) == pytest.approx(trained, rel=1e-5)


@pytest.mark.parametrize("name", LAWS)
@given(st.floats(1e9, 3e11))
def test_without_serving_the_cheapest_model_is_the_training_optimal_one(name, size):
    law = tr.scaling_law(name)
    best = law.training_optimal_tokens(size)
    found = law.cheapest_model(law.loss(size, best), served_tokens=0.0)
    assert found == pytest.approx((size, best), rel=1e-6)


@pytest.mark.parametrize("name", LAWS)
@given(st.floats(1e9, 3e11), st.floats(1e9, 1e15))
def test_the_cheapest_model_is_the_one_a_general_optimiser_finds(name, size, served):
    law = tr.scaling_law(name)
    loss = law.loss(size, law.training_optimal_tokens(size))
    smaller, longer = law.cheapest_model(loss, served)
    assert law.loss(smaller, longer) == pytest.approx(loss)
    assert smaller <= size * (1 + 1e-9)

    def life(log_size):
        parameters = math.exp(log_size)
        return tr.lifetime_flop(parameters, law.tokens_for_loss(parameters, loss), served)

    reach = law.parameter_coefficient / (loss - law.irreducible_loss)
    smallest = reach ** (1 / law.parameter_exponent)
    bounds = (math.log(smallest * 1.000001), math.log(size * 1.01))
    other = minimize_scalar(life, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    assert tr.lifetime_flop(smaller, longer, served) <= other.fun * (1 + 1e-6)


def test_more_serving_wants_a_smaller_model():
    law = tr.scaling_law()
    loss = law.loss(70e9, law.training_optimal_tokens(70e9))
    sizes_, tokens_ = law.cheapest_model(loss, np.array([0, 1e11, 1e12, 1e13, 1e14]))
    assert (np.diff(sizes_) < 0).all() and (np.diff(tokens_) > 0).all()
    dear, _ = law.cheapest_model(loss, 1e12, price_ratio=10.0)
    assert dear == pytest.approx(sizes_[3])  # ten times the price is ten times the demand


def test_the_published_example_of_sardana_et_al():
    """13B against two trillion served tokens: train a 7B instead and save 17 %, 1.7e22 FLOP."""
    law = tr.scaling_law("Chinchilla")
    best = law.training_optimal_tokens(13e9)
    size, longer = law.cheapest_model(law.loss(13e9, best), 2e12)
    before, after = tr.lifetime_flop(13e9, best, 2e12), tr.lifetime_flop(size, longer, 2e12)
    assert size == pytest.approx(7e9, rel=0.01)
    assert before - after == pytest.approx(1.7e22, rel=0.02)
    assert 1 - after / before == pytest.approx(0.17, abs=0.005)


@given(st.floats(1.1, 5.0), st.floats(1.0, 5.0))
def test_profit_has_the_sign_of_multiple_less_growth(multiple, growth):
    profit = tr.company_profit(multiple, growth, training_cost_usd=100.0)
    assert profit == pytest.approx(100.0 * (multiple - growth) / growth)


@given(st.floats(1.0, 4.0), st.integers(1, 8))
def test_break_even_by_summing_a_companys_years(growth, life):
    """The closed form against a ledger of vintages, period by period."""
    multiple = tr.break_even_multiple(growth, life)
    costs = [growth**period for period in range(life + 1)]
    receipts = sum(multiple / life * cost for cost in costs[:life])
    assert receipts == pytest.approx(costs[life])
    assert multiple >= growth * (1 - 1e-12)
    assert tr.break_even_multiple(growth, life + 1) >= multiple * (1 - 1e-12)


def test_without_growth_a_vintage_that_pays_back_is_enough():
    assert tr.break_even_multiple(1.0, 4) == pytest.approx(1.0)


def test_arrays_of_every_kind():
    days = xr.DataArray([1e9, 1e12], dims="traffic")
    growth = xr.DataArray([0.0, 0.01], dims="growth")
    grid = tr.days_to_crossover(45e12, days, growth)
    assert grid.dims == ("traffic", "growth")
    assert float(grid[1, 0]) == pytest.approx(45.0)
    size, _ = tr.scaling_law().cheapest_model(2.0, days)
    assert size.dims == ("traffic",)


def test_wrong_arguments_are_named():
    law = tr.scaling_law()
    with pytest.raises(ValueError, match="loss=1"):
        law.cheapest_model(1.0, 0.0)
    with pytest.raises(ValueError, match="life_periods=0"):
        tr.break_even_multiple(2.0, 0)
    with pytest.raises(KeyError, match="Besiroglu"):
        tr.scaling_law("Besiroglou refit")
    assert math.isnan(law.tokens_for_loss(1e8, 1.8))  # too small for that loss
