"""What users pay and how they differ: identities of the lognormal, limits of a plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr

from inferwall.plans import Plan, Usage, Willingness

means, spreads = st.floats(0.5, 1e4), st.floats(0.05, 2.5)
limits = st.floats(0.1, 1e5)


@given(means, spreads, limits)
def test_what_is_over_and_under_a_limit_is_all_use(mean, spread, limit):
    use = Usage(mean, spread)
    assert use.over(limit) + use.up_to(limit) == pytest.approx(mean)
    assert 0 <= use.up_to(limit) <= min(mean, limit) * (1 + 1e-9)
    assert use.over(limit) >= max(mean - limit, 0) - 1e-9 * mean  # Jensen


@given(means, spreads, limits)
def test_the_share_over_a_limit_is_the_slope_of_what_is_over(mean, spread, limit):
    use, step = Usage(mean, spread), 1e-4 * limit
    slope = (use.over(limit - step) - use.over(limit + step)) / (2 * step)
    assert slope == pytest.approx(use.share_over(limit), abs=1e-4)


def test_closed_forms_against_a_million_users():
    rng = np.random.default_rng(2)
    use = Usage(100.0, 1.2)
    drawn = use.median * np.exp(1.2 * rng.standard_normal(1_000_000))
    plan = Plan(20.0, 0.10, included=150, cap=600)
    assert drawn.mean() == pytest.approx(use.mean, rel=0.01)
    assert plan.bill_usd(drawn).mean() == pytest.approx(plan.mean_bill_usd(use), rel=0.005)
    assert np.minimum(drawn, 600).mean() == pytest.approx(plan.served(use), rel=0.005)
    assert drawn[drawn > 150].mean() == pytest.approx(use.mean_of_those_over(150), rel=0.01)
    heaviest = np.sort(drawn)[-100_000:].sum() / drawn.sum()
    assert heaviest == pytest.approx(use.share_of_the_heaviest(0.1), rel=0.01)


@given(means, limits)
def test_without_spread_all_users_are_the_mean_one(mean, limit):
    use = Usage(mean)
    assert use.over(limit) == max(mean - limit, 0)
    assert use.share_over(limit) == (mean > limit)
    assert use.over(mean) == use.share_over(mean) == 0
    assert use.share_of_the_heaviest(0.1) == pytest.approx(0.1)
    assert use.median == mean


@given(means, spreads)
def test_the_mean_user_is_above_the_median_one(mean, spread):
    assert Usage(mean, spread).share_over(mean) == pytest.approx(ndtr(-spread / 2), abs=1e-9)


def test_no_limit_and_a_limit_of_none():
    use = Usage(100.0, 1.5)
    assert use.over(np.inf) == 0 and use.share_over(np.inf) == 0
    assert use.over(0.0) == pytest.approx(100.0) and use.share_over(0.0) == 1


@given(means, spreads, st.floats(0, 100), st.floats(0, 1))
def test_flat_and_metered_are_the_ends_of_a_tier(mean, spread, fee, price):
    use = Usage(mean, spread)
    assert Plan(fee).mean_bill_usd(use) == pytest.approx(fee)
    assert Plan(0.0, price).mean_bill_usd(use) == pytest.approx(price * mean)
    tier = Plan(fee, price, included=50).mean_bill_usd(use)
    assert fee - 1e-9 <= tier <= fee + price * mean + 1e-9


@given(means, spreads, st.floats(1, 100))
def test_a_bill_never_falls_with_use(mean, spread, cap):
    plan = Plan(5.0, 0.1, included=1, cap=cap)
    bills = plan.bill_usd(np.linspace(0, 200, 101))
    assert (np.diff(bills) >= 0).all()
    assert bills[-1] == pytest.approx(5.0 + 0.1 * (cap - 1))


@given(spreads)
def test_the_tail_breaks_a_flat_plan_that_the_median_user_pays_for(spread):
    # The same median user at every spread: costs grow with exp(spread² / 2), the fee does not.
    use = Usage(100.0 * np.exp(spread**2 / 2), spread)
    assert use.median == pytest.approx(100.0)
    assert Plan(20.0).losing_share(use, 0.2 * (1 - 1e-9)) == pytest.approx(0.5, abs=1e-6)
    assert use.mean * 0.2 > 20.0


def test_a_cap_ends_the_loss():
    use = Usage(100.0, 1.5)
    assert Plan(20.0, cap=400).losing_share(use, 0.05) == 0
    assert Plan(20.0).losing_share(use, 0.05) == use.share_over(400)
    with pytest.raises(ValueError, match="flat"):
        Plan(20.0, 0.1, 10).losing_share(use, 0.05)


def test_wrong_plans_say_so():
    with pytest.raises(ValueError, match="cap=5"):
        Plan(20.0, included=10, cap=5)
    with pytest.raises(ValueError, match="fee_usd=-1"):
        Plan(fee_usd=-1)
    with pytest.raises(ValueError, match="spread=-1"):
        Usage(10.0, -1)


@given(st.floats(0.1, 100), st.floats(0.2, 2.0), st.floats(0, 200))
def test_no_other_price_earns_more_than_the_best(median, spread, cost):
    crowd = Willingness(median, spread)
    best = crowd.best_price_usd(cost)
    assert best >= cost
    others = best * np.geomspace(0.2, 5, 41)
    most = crowd.profit_usd(best, cost)
    assert (crowd.profit_usd(others, cost) <= most * (1 + 1e-6) + 1e-300).all()


def test_half_pay_the_median_and_a_dearer_unit_sells_dearer():
    crowd = Willingness(10.0, 1.0)
    assert crowd.share_who_buy(10.0) == pytest.approx(0.5)
    prices = crowd.best_price_usd(np.array([0.0, 1.0, 10.0, 100.0]))
    assert (np.diff(prices) > 0).all()
    assert prices[2] == pytest.approx(float(crowd.best_price_usd(10.0)))


def test_arrays_and_labels_pass_through():
    xr = pytest.importorskip("xarray")
    spread = xr.DataArray([0.5, 1.0, 2.0], dims="spread")
    use = Usage(100.0, spread)
    assert use.over(150.0).dims == ("spread",)
    assert Plan(0.0, 0.1).mean_bill_usd(use).dims == ("spread",)


def test_users_who_are_all_alike_do_not_lose_what_they_pay_for():
    use = Usage(100.0)
    assert Plan(20.0).losing_share(use, 0.2) == 0
    assert Plan(20.0).losing_share(use, 0.2001) == 1
    assert Plan(20.0, 0.1, included=100).mean_bill_usd(use) == 20.0
    some = Usage(100.0, np.array([0.0, 1e-6, 1.0]))
    assert some.share_over(90.0).tolist() == pytest.approx([1.0, 1.0, ndtr(np.log(100 / 90) - 0.5)])


def test_where_nobody_wants_more_they_have_no_mean():
    assert np.isnan(Usage(100.0).mean_of_those_over(200.0))
    assert np.isnan(Usage(0.0, 1.0).mean_of_those_over(1.0))


@pytest.mark.parametrize("spread", [0.001, 1.0, 20.0])
def test_the_best_price_meets_its_condition_whatever_the_spread(spread):
    crowd = Willingness(10.0, spread)
    z = np.log(crowd.best_price_usd(0.0) / 10.0) / spread
    hazard = np.exp(-(z**2) / 2 - log_ndtr(-z)) / np.sqrt(2 * np.pi)
    assert hazard == pytest.approx(spread, rel=1e-6)


NAN = float("nan")


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: Usage(10.0, 1.0).over(-1.0), "limit=-1.0"),
        (lambda: Usage(10.0, 1.0).share_over(NAN), "limit=nan"),
        (lambda: Usage(10.0, 1.0).share_of_the_heaviest(1.5), "users_share=1.5"),
        (lambda: Plan(20.0, cap=NAN), "cap=nan"),
        (lambda: Plan(20.0).losing_share(Usage(10.0), 0.0), "cost_usd_per_request=0.0"),
        (lambda: Willingness(0.0, 1.0), "median_usd=0.0"),
        (lambda: Willingness(10.0, 1.0).share_who_buy(-1.0), "price_usd=-1.0"),
        (lambda: Willingness(10.0, 1.0).best_price_usd(NAN), "cost_usd=nan"),
    ],
)
def test_unknown_and_impossible_numbers_raise(ask, name):
    with pytest.raises(ValueError, match=name):
        ask()
