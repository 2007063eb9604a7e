"""The answers to a scenario: by hand, by another route, and at their limits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inferwall.answers import DRAWS, answer, breakdown, cost_over_users, rent_quotes
from inferwall.cost import rents, request_chip_s
from inferwall.efficiency import IDEAL
from inferwall.scenario import load
from inferwall.sensitivity import from_percentiles, interval, latin_hypercube
from inferwall.service import choose, serve
from inferwall.swings import ASSUMED, UNKNOWN, one_at_a_time

EXAMPLE = load(Path(__file__).resolve().parents[1] / "scenarios" / "example.yaml")


def changed(**fields):
    return EXAMPLE.model_copy(update=fields)


@pytest.fixture(scope="module")
def answers():
    return answer(EXAMPLE)


def test_a_copy_takes_the_chip_seconds_that_the_cost_module_says(answers):
    service = answers.central
    expected = request_chip_s(service.deployment, service.batch, 12000, 500, 9000)
    assert service.copy_s * service.deployment.chips == pytest.approx(expected)


def test_the_batch_is_the_last_that_meets_the_target(answers):
    service = answers.central
    after = replace(service, batch=service.batch + 1)
    deployment, batch = service.deployment, float(service.batch)
    chip_s = request_chip_s(deployment, batch + 1, 12000, 500, 9000)
    speed_after = 500 / ((batch + 1) * chip_s / deployment.chips)
    assert service.tokens_per_s_per_user >= EXAMPLE.speed_target_tokens_per_s > speed_after
    assert after.batch <= service.memory_batch


def test_memory_sets_the_batch_where_speed_does_not():
    slow = answer(changed(speed_target_tokens_per_s=1.0))
    assert slow.memory_limits
    assert slow.central.batch == slow.central.memory_batch


def test_the_bill_by_hand(answers):
    # 17.36 requests a second × 0.454 s = 7.88, so 8 copies of 2 chips; the median rent is 5.40
    assert float(answers.central.copies(EXAMPLE.users)) == 8
    assert answers.chips.central == 16
    assert answers.cost_usd_per_request.central == pytest.approx(16 * 5.40 * 24 / 500_000)
    assert answers.margin.central == pytest.approx(1 - 0.0041472 / (20 * 12 / 365 / 100), rel=1e-3)


def test_ranges_enclose_the_centre_and_the_bound_is_below(answers):
    for found in (answers.cost_usd_per_request, answers.margin, answers.chips):
        assert found.low <= found.central <= found.high
    users = EXAMPLE.users
    assert answers.bound.cost_usd_per_request(users) < answers.central.cost_usd_per_request(users)


def test_draws_are_those_of_the_scalar_function(answers):
    draws = answers.draws
    for i in (0, 7, DRAWS - 1):
        one = replace(
            draws.deployment.efficiency,
            **{
                name: float(values[i])
                for name, values in vars(draws.deployment.efficiency).items()
                if np.ndim(values) == 1
            },
        )
        deployment = replace(draws.deployment, efficiency=one)
        alone = serve(EXAMPLE, deployment, float(draws.rent_usd_per_hour[i]))
        assert alone.batch == draws.batch[i]
        assert alone.copy_s == pytest.approx(draws.copy_s[i])


def test_the_same_scenario_gets_the_same_answer(answers):
    assert answer(EXAMPLE).cost_usd_per_request == answers.cost_usd_per_request


def test_parts_add_up(answers):
    assert sum(answers.central.parts_s.values()) == pytest.approx(float(answers.central.copy_s))
    assert breakdown(answers)["share"].sum() == pytest.approx(1)
    assert breakdown(answers).iloc[0][["phase", "part"]].tolist() == list(answers.limit)


def test_chips_named_in_the_scenario_are_used():
    assert answer(changed(chips=4)).central.deployment.chips == 4
    free = answer(EXAMPLE).chips.central
    assert all(answer(changed(chips=n)).chips.central >= free for n in (1, 2, 4, 8))


def test_a_given_rent_leaves_no_range_of_rents():
    found = answer(changed(rent_usd_per_hour=3.0))
    assert found.central.rent_usd_per_hour == 3.0
    assert len(found.quotes) == 1
    assert "Rent of a chip an hour" not in set(one_at_a_time(found)["cause"])


def test_a_draw_out_of_reach_is_no_cheap_draw():
    deployment = answer(changed(chips=1)).central.deployment
    alone = 500 / request_chip_s(deployment, 1, 12000, 500, 9000)
    last = answer(changed(chips=1, speed_target_tokens_per_s=0.999 * alone))
    assert 0.3 < np.mean(np.isinf(last.draws.copy_s)) < 0.7
    assert last.central.batch == 1
    assert last.cost_usd_per_request.high == np.inf
    assert last.cost_usd_per_request.text(str).endswith("to out of reach")
    assert last.margin.low == -np.inf
    assert 0 <= last.limit_holds <= 1
    assert not np.isinf(cost_over_users(last, [10.0, 1000.0])[["low", "high"]]).any(axis=None)


IMPOSSIBLE = {
    "one user alone gets": dict(speed_target_tokens_per_s=5000.0),
    "do not fit in 1 × 141 GB; the fewest chips are 2": dict(chips=1, weight_format="bf16"),
    "links of H200 SXM join 8 chips": dict(chips=16),
    "input_tokens + output_tokens=200,500": dict(input_tokens=200_000),
    "the twelve months to 2019": dict(as_of="2019"),
    "fp8_flop_per_s of 'A100 SXM 80GB' is unknown": dict(chip="A100 SXM 80GB"),
    "link_bytes_per_s of 'MI210' is unknown": dict(
        chip="MI210", chips=4, weight_format="bf16", rent_usd_per_hour=1.0
    ),
}


@pytest.mark.parametrize("message", IMPOSSIBLE)
def test_what_cannot_run_says_why(message):
    with pytest.raises(ValueError) as caught:
        answer(changed(**IMPOSSIBLE[message]))
    assert message in str(caught.value)


def test_quotes_are_the_latest_of_each_provider():
    quotes = rent_quotes(EXAMPLE)
    assert quotes["provider"].is_unique
    assert quotes["rent_usd_per_hour"].is_monotonic_increasing
    every = rents("H200 SXM", "on_demand", EXAMPLE.as_of)
    assert set(quotes["provider"]) <= set(every["provider"])
    for row in quotes.itertuples():
        assert row.price_date == every[every["provider"] == row.provider]["price_date"].max()
        assert row.price_date > "2025-11-21"


def test_as_of_replays_what_was_known():
    assert rent_quotes(changed(as_of="2025-04"))["price_date"].max() < "2025-05"


def test_cost_over_users_falls_to_a_floor(answers):
    found = cost_over_users(answers, np.geomspace(10, 1e7, 7))
    assert found["cost"].iloc[0] > 10 * found["cost"].iloc[-1]
    assert ((found["low"] <= found["cost"]) & (found["cost"] <= found["high"])).all()
    at = cost_over_users(answers, [EXAMPLE.users])["cost"].iloc[0]
    assert at == pytest.approx(answers.cost_usd_per_request.central)


def test_swings_go_from_cheap_to_dear_the_strongest_first(answers):
    found = one_at_a_time(answers)
    assert set(found["group"]) == {UNKNOWN, ASSUMED}
    spans = found["high_usd"] - found["low_usd"]
    assert (spans >= 0).all()
    assert spans.is_monotonic_decreasing
    rent = found.set_index("cause").loc["Rent of a chip an hour"]
    centre = answers.cost_usd_per_request.central
    assert rent["low_usd"] < centre < rent["high_usd"]


def test_a_swing_that_cannot_be_met_says_so():
    fast = answer(changed(chips=1, speed_target_tokens_per_s=40.0))
    row = one_at_a_time(fast).set_index("cause").loc["Target speed of a user"]
    assert "80 tokens/s: cannot be met" in (row["at_low"], row["at_high"])


def test_ideal_chips_bound_any_choice():
    ideal = choose(EXAMPLE, IDEAL, 1.0)
    assert ideal.copies(5000) * ideal.deployment.chips <= answer(EXAMPLE).chips.central


def test_draws_follow_their_percentiles():
    shares = latin_hypercube(["x"], 1000, seed=1)["x"]
    found = interval(0.7, from_percentiles(shares, 0.6, 0.7, 0.9))
    assert (found.low, found.high) == (pytest.approx(0.6, abs=1e-3), pytest.approx(0.9, abs=1e-3))
