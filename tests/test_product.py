"""A product's month: accounting identities, and what scale can and cannot do to a margin."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.hardware import accelerator
from inferwall.plans import Plan, Usage
from inferwall.product import (
    Product,
    break_even_price,
    chip_hours_per_request,
    cost_exponent,
    margin_after,
    margin_at_scale,
)
from inferwall.serving import Workload, serve
from inferwall.step import Deployment

CHAT = Product(
    1_000,
    Usage(100.0, 1.2),
    Plan(20.0, 0.05, included=200),
    chip_hours_per_request=0.001,
    usd_per_chip_hour=4.0,
    utilisation=0.5,
    other_usd_per_request=0.001,
    free_users=9_000,
    free_requests=10.0,
    fixed_usd=5_000.0,
    best_other_use_usd_per_chip_hour=6.0,
)
positive = st.floats(0.01, 1e4)
margins = st.floats(-3.0, 0.95)


def test_the_month_adds_up():
    parts = CHAT.serving_usd + CHAT.free_usd + CHAT.fixed_usd
    assert parts == pytest.approx(CHAT.total_usd)
    by_hours = CHAT.chip_hours * 4.0 + CHAT.requests * 0.001
    assert by_hours == pytest.approx(CHAT.serving_usd + CHAT.free_usd)
    assert CHAT.revenue_usd * CHAT.gross_margin + CHAT.serving_usd == pytest.approx(
        CHAT.revenue_usd
    )
    assert CHAT.revenue_usd * CHAT.operating_margin == pytest.approx(
        CHAT.revenue_usd - CHAT.total_usd
    )
    left = CHAT.contribution_usd_per_chip_hour * CHAT.chip_hours
    assert left == pytest.approx(CHAT.revenue_usd * (1 - CHAT.serving_usd_per_usd))


def test_boundaries_widen():
    wall = CHAT.wall
    assert wall.marginal < wall.serving_average < wall.fully_loaded
    # Chips that would earn what they cost: the opportunity is serving everyone.
    plain = replace(CHAT, best_other_use_usd_per_chip_hour=None)
    assert plain.wall.opportunity == pytest.approx(plain.serving_usd_per_usd)
    alone = replace(plain, free_users=0, fixed_usd=0, utilisation=1.0).wall
    ratios = alone.marginal, alone.serving_average, alone.fully_loaded, alone.opportunity
    assert np.allclose(ratios, ratios[0])


@given(st.floats(1e-3, 1e3))
def test_a_linear_cost_cannot_move_the_margin_with_scale(scale):
    grown = replace(CHAT, users=CHAT.users * scale)
    assert grown.gross_margin == pytest.approx(CHAT.gross_margin)
    assert grown.wall.marginal == pytest.approx(CHAT.wall.marginal)
    assert margin_at_scale(CHAT.gross_margin, scale) == pytest.approx(CHAT.gross_margin)


@given(st.floats(1.01, 1e3))
def test_fixed_costs_make_the_full_margin_rise_with_scale(scale):
    grown = replace(CHAT, users=CHAT.users * scale)
    assert grown.operating_margin > CHAT.operating_margin


@given(margins, margins, st.floats(1.1, 100))
def test_the_law_of_the_margin_inverts(before, after, factor):
    exponent = cost_exponent(before, after, factor)
    assert margin_at_scale(before, factor, exponent) == pytest.approx(after, abs=1e-9)
    assert (exponent > 1) == (after < before) or before == pytest.approx(after)


def test_the_published_collapses():
    # 70 % to 15 %, and 80 % to 20 %, at ten times the revenue and at five.
    assert cost_exponent(0.70, 0.15, 10.0) == pytest.approx(np.log(0.85 / 0.03) / np.log(10))
    assert cost_exponent(0.80, 0.20, 5.0) == pytest.approx(1 + np.log(4) / np.log(5))


@given(margins, positive, positive)
def test_metered_use_cancels_and_flat_use_does_not(margin, use, price):
    assert margin_after(margin, use=use, metered_share=1.0) == pytest.approx(margin)
    assert 1 - margin_after(margin, use=use) == pytest.approx((1 - margin) * use)
    assert margin_after(margin, unit_cost=price, price=price) == pytest.approx(margin)


@given(st.floats(0.2, 5), st.floats(0.2, 5), st.floats(0.2, 5))
def test_a_margin_path_is_the_product_recomputed(use, unit_cost, price):
    flat = replace(CHAT, plan=Plan(20.0))
    after = replace(
        flat,
        usage=Usage(100.0 * use, 1.2),
        chip_hours_per_request=0.001 * unit_cost,
        other_usd_per_request=0.001 * unit_cost,
        plan=Plan(20.0 * price),
    )
    assert after.gross_margin == pytest.approx(
        margin_after(flat.gross_margin, use, unit_cost, price)
    )


def test_break_evens_break_even():
    metered = replace(CHAT, plan=Plan(0.0, 0.05), free_users=0)
    price = break_even_price(0.05, metered.wall.serving_average)
    even = replace(metered, plan=Plan(0.0, price))
    assert even.gross_margin == pytest.approx(0, abs=1e-12)
    users = CHAT.break_even_users
    assert replace(CHAT, users=users).operating_margin == pytest.approx(0, abs=1e-9)
    load = CHAT.break_even_utilisation
    full = replace(CHAT, utilisation=load)
    assert full.serving_usd_per_usd == pytest.approx(1)
    assert full.contribution_usd_per_chip_hour == pytest.approx(0, abs=1e-9)


def test_no_load_saves_a_product_sold_below_cost():
    cheap = replace(CHAT, plan=Plan(0.0, 0.001), free_users=0)
    assert cheap.break_even_users == np.inf
    assert cheap.break_even_utilisation == np.inf
    assert replace(cheap, users=1e9).gross_margin == pytest.approx(cheap.gross_margin)


def test_a_gift_has_infinite_walls():
    gift = replace(CHAT, plan=Plan())
    assert gift.wall.serving_average == np.inf and gift.serving_usd_per_usd == np.inf


@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_request_of_a_service_takes_its_share_of_the_chips(concurrency):
    model, chip = transformer("Llama 3.1 70B"), accelerator("H200 SXM")
    deployment = Deployment(model, chip, 2, "fp8", "fp8")
    service = serve(deployment, Workload(1000, 500), concurrency=concurrency)
    # Each place in the batch is taken for one's own prompt and the whole answer.
    stay_s = service.prefill_s + 500 * service.tpot_s
    assert chip_hours_per_request(service) * 3600 == pytest.approx(2 * stay_s / concurrency)


def test_a_prompt_costs_also_whom_nobody_shares_the_chips_with():
    copy = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    short, long = (serve(copy, Workload(n, 10), concurrency=1) for n in (100, 50_000))
    assert chip_hours_per_request(long) > 5 * chip_hours_per_request(short)


def test_arrays_and_labels_pass_through():
    xr = pytest.importorskip("xarray")
    rent = xr.DataArray([2.0, 4.0, 8.0], dims="rent")
    swept = replace(CHAT, usd_per_chip_hour=rent, usage=Usage(100.0, 1.2))
    assert swept.gross_margin.dims == ("rent",)
    assert float(swept.gross_margin[1]) == pytest.approx(CHAT.gross_margin)
    assert swept.break_even_utilisation.dims == ("rent",)
    assert replace(swept, fixed_usd=rent).break_even_users.dims == ("rent",)
    drawn = replace(CHAT, utilisation=np.array([0.25, 0.5, 1.0]))
    assert drawn.wall.serving_average[1] == pytest.approx(CHAT.wall.serving_average)
    assert (np.diff(drawn.gross_margin) > 0).all()


def test_wrong_numbers_say_so():
    with pytest.raises(ValueError, match="utilisation=0"):
        replace(CHAT, utilisation=0)
    with pytest.raises(ValueError, match="users=-1"):
        replace(CHAT, users=-1)
    with pytest.raises(ValueError, match="usd_per_chip_hour"):
        replace(CHAT, usd_per_chip_hour=float("nan"))
    with pytest.raises(ValueError, match="users=None"):
        replace(CHAT, users=None)
    with pytest.raises(ValueError, match=r"marginal_share=1\.5"):
        replace(CHAT, marginal_share=1.5)
    with pytest.raises(ValueError, match="plan=None"):
        replace(CHAT, plan=None)


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: cost_exponent(0.7, 0.15, 1.0), "revenue_factor=1.0"),
        (lambda: cost_exponent(1.0, 0.15, 10.0), "margin_before=1.0"),
        (lambda: cost_exponent(0.7, 1.2, 10.0), "margin_after=1.2"),
        (lambda: margin_at_scale(0.7, 0.0, 0.5), "revenue_factor=0.0"),
        (lambda: margin_at_scale(1.5, 10.0), "margin=1.5"),
        (lambda: margin_after(0.7, price=0.0), "price=0.0"),
        (lambda: margin_after(0.7, metered_share=2.0), "metered_share=2.0"),
        (lambda: margin_after(0.7, use=float("nan")), "use=nan"),
        (lambda: break_even_price(float("nan"), 2.0), "price_usd=nan"),
    ],
)
def test_factors_out_of_range_raise(ask, name):
    with pytest.raises(ValueError, match=name):
        ask()
