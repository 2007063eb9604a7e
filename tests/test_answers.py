"""The answers to a scenario: by hand, by another route, and at their limits."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inferwall.answers import DRAWS, answer, breakdown, cost_over_users, rent_quotes
from inferwall.cost import rents, request_chip_s
from inferwall.distributions import Percentiles, draw
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.provision import choose, provide
from inferwall.scenario import load
from inferwall.sensitivity import interval
from inferwall.serving import Workload, serve
from inferwall.step import prefill_step
from inferwall.swings import ASSUMED, UNKNOWN, one_at_a_time

EXAMPLE = load(Path(__file__).resolve().parents[1] / "scenarios" / "example.yaml")


def changed(**fields):
    return EXAMPLE.model_copy(update=fields)


@pytest.fixture(scope="module")
def answers():
    return answer(EXAMPLE)


def test_a_copy_takes_the_chip_seconds_that_the_cost_module_says():
    # Another route, the request charged by itself: there its prompt reads the weights once more,
    # where a server reads them in a step that writes anyway.
    def both(efficiency):
        found = choose(EXAMPLE, efficiency, 1.0)
        copy, chips = found.deployment, found.deployment.chips
        alone_s = request_chip_s(copy, found.batch, 12000, 500, 9000)
        weights_s = prefill_step(copy, 1, 3000, 9000).weights_s * chips
        return found.copy_s * chips, alone_s - weights_s

    served_s, by_itself_s = both(replace(IDEAL, overlap=0.0))
    assert served_s == pytest.approx(by_itself_s)
    # Where arithmetic hides behind reading, it also hides behind the caches that decode reads.
    served_s, by_itself_s = both(IDEAL)
    assert 0.85 * by_itself_s < served_s < by_itself_s


def test_requests_and_their_time_fill_the_copy(answers):
    # Each of the others' prompts interrupts an answer; with one's own, every second is accounted.
    found, service = answers.central, answers.central.service
    stay_s = service.tpot_s * EXAMPLE.output_tokens + service.prefill_s
    assert found.copy_s * found.batch == pytest.approx(stay_s, rel=1e-9)


def test_the_batch_is_the_last_that_meets_the_target(answers):
    central = answers.central
    workload = Workload(12000, 500, 9000)
    after = serve(central.deployment, workload, concurrency=float(central.batch) + 1)
    target = EXAMPLE.speed_target_tokens_per_s
    assert central.tokens_per_s_per_user >= target > after.tokens_per_s_per_user
    assert central.batch < central.memory_batch


def test_memory_sets_the_batch_where_speed_does_not():
    slow = answer(changed(speed_target_tokens_per_s=1.0))
    assert slow.memory_limits
    assert slow.central.batch == slow.central.memory_batch


def test_the_bill_by_hand(answers):
    # 17.36 requests a second times the seconds of a copy, rounded up; the median rent is 5.40
    copies = math.ceil(5000 * 100 / 86400 * 3 * float(answers.central.copy_s))
    assert float(answers.central.copies(EXAMPLE.users)) == copies
    chips = copies * answers.central.deployment.chips
    assert answers.chips.central == chips
    assert answers.cost_usd_per_request.central == pytest.approx(chips * 5.40 * 24 / 500_000)
    margin = 1 - chips * 5.40 * 24 / 500_000 / (20 * 12 / 365 / 100)
    assert answers.margin.central == pytest.approx(margin)


def test_whole_servers_cost_more_than_kernels_alone(answers):
    kernels = choose(EXAMPLE, named_efficiency("kernels"), 5.40)
    users = EXAMPLE.users
    assert kernels.cost_usd_per_request(users) < answers.cost_usd_per_request.central


def test_ranges_enclose_the_centre_and_the_bound_is_below(answers):
    for found in (answers.cost_usd_per_request, answers.margin, answers.chips):
        assert found.low <= found.central <= found.high
    users = EXAMPLE.users
    assert answers.bound.cost_usd_per_request(users) < answers.central.cost_usd_per_request(users)


def test_draws_are_those_of_the_scalar_function(answers):
    draws = answers.draws
    for i in (0, 7, DRAWS - 1):
        rent, slowdown = float(draws.rent_usd_per_hour[i]), float(draws.slowdown[i])
        alone = provide(EXAMPLE, draws.deployment, rent, slowdown)
        assert alone.batch == draws.batch[i]
        assert alone.copy_s == pytest.approx(draws.copy_s[i])


def test_four_of_five_draws_lie_within_the_error_of_the_model(answers):
    low, high = answers.slowdown
    drawn = answers.draws.slowdown
    assert low < 1 < high
    assert np.mean((low <= drawn) & (drawn <= high)) == pytest.approx(0.8, abs=0.001)
    assert answers.ttft_s.low < answers.ttft_s.central < answers.ttft_s.high


def test_a_vendor_that_was_not_fitted_gets_a_wider_interval(answers):
    other = answer(changed(chip="MI300X"))
    assert other.slowdown[0] < answers.slowdown[0] < answers.slowdown[1] < other.slowdown[1]


def test_the_same_scenario_gets_the_same_answer(answers):
    assert answer(EXAMPLE).cost_usd_per_request == answers.cost_usd_per_request


def test_parts_add_up(answers):
    assert sum(answers.central.parts_s.values()) == pytest.approx(float(answers.central.copy_s))
    assert breakdown(answers)["share"].sum() == pytest.approx(1)
    assert breakdown(answers).iloc[0]["part"] == answers.limit


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
    workload = Workload(12000, 500, 9000)
    alone = float(serve(deployment, workload, concurrency=1).tokens_per_s_per_user)
    last = answer(changed(chips=1, speed_target_tokens_per_s=0.999 * alone))
    assert 0.3 < np.mean(np.isinf(last.draws.copy_s)) < 0.7
    assert last.cost_usd_per_request.high == np.inf
    assert last.cost_usd_per_request.text(str).endswith("to out of reach")
    assert last.margin.low == -np.inf
    assert 0 <= last.limit_holds <= 1
    assert not np.isinf(cost_over_users(last, [10.0, 1000.0])[["low", "high"]]).any(axis=None)


IMPOSSIBLE = {
    "one user alone gets": dict(speed_target_tokens_per_s=5000.0),
    "do not fit in 1 × 126.9 GB; the fewest chips are 2": dict(chips=1, weight_format="bf16"),
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
    draws = draw({"x": Percentiles(0.6, 0.7, 0.9)}, 1024, seed=1)["x"]
    found = interval(0.7, draws)
    assert (found.low, found.high) == (pytest.approx(0.6, abs=1e-3), pytest.approx(0.9, abs=1e-3))
