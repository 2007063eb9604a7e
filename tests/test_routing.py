"""Cascades and caches: bounds, limits, and the point at which they stop paying."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inferwall.routing import (
    Cascade,
    accuracy_for_quality,
    cached_answer,
    zipf_hit_share,
)

shares = st.floats(0, 1)
solves = st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)).map(sorted)


@given(solves, shares, shares)
def test_quality_lies_between_the_two_models(pair, right, wrong):
    small, large = pair
    way = Cascade(0.01, 0.1, small, large, right, wrong)
    assert small - 1e-12 <= way.solves <= large + 1e-12
    assert 0 <= way.kept_share <= 1 + 1e-12


@given(solves)
def test_a_perfect_check_loses_nothing_and_the_worst_gives_the_small_model(pair):
    small, large = pair
    perfect = Cascade(0.01, 0.1, small, large)
    assert perfect.solves == large
    assert perfect.cost_usd == pytest.approx(0.01 + (1 - small) * 0.1)
    keep_all = Cascade(0.01, 0.1, small, large, 1.0, 1.0)
    assert keep_all.solves == pytest.approx(small)
    assert keep_all.cost_usd == pytest.approx(0.01)


def test_against_a_million_requests():
    rng = np.random.default_rng(7)
    right = rng.random(1_000_000) < 0.6
    large = right | (rng.random(1_000_000) < 0.3 / 0.4)  # solves 0.9, all of the small one's
    keep = rng.random(1_000_000) < np.where(right, 0.85, 0.2)
    way = Cascade(0.01, 0.2, 0.6, 0.9, 0.85, 0.2, check_usd=0.001)
    assert keep.mean() == pytest.approx(way.kept_share, abs=0.002)
    assert np.where(keep, right, large).mean() == pytest.approx(way.solves, abs=0.002)
    bill = 0.001 + 0.01 + 0.2 * (1 - keep.mean())
    assert bill == pytest.approx(way.cost_usd, rel=0.01)


@given(solves, shares, shares)
def test_a_router_saves_the_small_model_of_those_it_passes(pair, right, wrong):
    small, large = pair
    tried = Cascade(0.01, 0.1, small, large, right, wrong)
    routed = Cascade(0.01, 0.1, small, large, right, wrong, routed=True)
    assert tried.cost_usd - routed.cost_usd == pytest.approx(0.01 * (1 - tried.kept_share))


@given(st.floats(0.001, 0.09), st.floats(0, 0.01), st.booleans())
def test_at_the_break_even_share_a_cascade_costs_what_the_large_model_costs(small_usd, check, skip):
    share = Cascade(small_usd, 0.1, 0.5, 0.9, check_usd=check, routed=skip).break_even_kept_share
    assume(share <= 1)
    way = Cascade(small_usd, 0.1, share, 1.0, 1.0, 0.0, check, skip)  # keeps just that share
    assert way.cost_usd == pytest.approx(0.1)


@given(solves, st.floats(0.001, 0.5))
def test_the_accuracy_for_a_quality_loses_just_that(pair, loss):
    small, large = pair
    a = accuracy_for_quality(small, large, loss)
    way = Cascade(0.01, 0.1, small, large, a, 1 - a)
    assert large - way.solves <= loss + 1e-9
    if a > 0:
        assert large - way.solves == pytest.approx(loss)


@given(shares, shares)
def test_a_cache_trades_cost_for_quality(hits, wrong):
    cost, solves_ = cached_answer(0.01, 0.9, hits, wrong)
    assert cost == pytest.approx(0.01 * (1 - hits))
    assert 0.9 * (1 - hits) - 1e-12 <= solves_ <= 0.9


@given(st.integers(2, 500), st.floats(0, 2))
def test_popular_requests_make_up_more_than_their_number(distinct, exponent):
    kept = np.arange(distinct + 1)
    share = zipf_hit_share(kept, distinct, exponent)
    assert share[0] == 0 and share[-1] == pytest.approx(1)
    assert (share >= kept / distinct - 1e-12).all()
    assert (np.diff(share, 2) <= 1e-12).all()  # each further one is asked for less


def test_zipf_without_popularity_is_a_straight_line():
    assert zipf_hit_share(25, 100, exponent=0.0) == pytest.approx(0.25)


def test_wrong_numbers_say_so():
    with pytest.raises(ValueError, match=r"small_solves=0\.9"):
        Cascade(0.01, 0.1, 0.9, 0.7)
    with pytest.raises(ValueError, match=r"keeps_right=1\.2"):
        Cascade(0.01, 0.1, 0.5, 0.7, keeps_right=1.2)
    with pytest.raises(ValueError, match="hit_share=2"):
        cached_answer(0.01, 0.9, 2)
    with pytest.raises(ValueError, match="kept=5"):
        zipf_hit_share(5, 3)


def test_arrays_pass_through():
    a = np.linspace(0, 1, 5)
    way = Cascade(0.01, 0.1, 0.6, 0.9, a, 1 - a)
    assert way.cost_usd.shape == way.solves.shape == (5,)
    assert (np.diff(way.solves) > 0).all()


NAN = float("nan")


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: Cascade(NAN, 0.1, 0.6, 0.9), "small_usd=nan"),
        (lambda: Cascade(0.01, 0.0, 0.6, 0.9), "large_usd=0.0"),
        (lambda: Cascade(0.01, 0.1, 0.6, 0.9, check_usd=-1), "check_usd=-1"),
        (lambda: accuracy_for_quality(NAN, 0.9, 0.02), "small_solves=nan"),
        (lambda: accuracy_for_quality(0.9, 0.7, 0.02), "small_solves=0.9"),
        (lambda: accuracy_for_quality(0.7, 0.9, NAN), "allowed_loss=nan"),
        (lambda: accuracy_for_quality(0.7, 0.9, -0.02), "allowed_loss=-0.02"),
        (lambda: cached_answer(-0.01, 0.9, 0.3), "cost_usd=-0.01"),
        (lambda: zipf_hit_share(1.5, 3), "kept=1.5"),
        (lambda: zipf_hit_share(1, 3, -1.0), "exponent=-1.0"),
    ],
)
def test_unknown_and_impossible_numbers_raise(ask, name):
    with pytest.raises(ValueError, match=name):
        ask()


def test_labels_pass_through():
    xr = pytest.importorskip("xarray")
    small = xr.DataArray([0.5, 0.7, 0.9], dims="small")
    found = accuracy_for_quality(small, 0.9, 0.02)
    assert found.dims == ("small",)
    assert found.values.tolist() == pytest.approx([0.95, 0.9, 0.0])
    costs = xr.DataArray([0.01, 0.1, 0.2], dims="cost")
    way = Cascade(costs, 0.1, 0.6, 0.9, routed=True)
    assert way.break_even_kept_share.values.tolist() == [0.0, np.inf, np.inf]


def test_where_nothing_is_solved_a_right_answer_has_no_price():
    assert Cascade(0.01, 0.1, 0.0, 0.0).cost_usd_per_solved == np.inf
