"""The laboratory measures something possible, quickly, and says what it counted."""

import time

import numpy as np
import pytest

from inferwall import lab


@pytest.fixture(scope="module")
def machine():
    return lab.measure(batches=(1, 16), weight_bytes=32e6)


def test_rates_are_possible(machine):
    assert 1e8 < machine.bandwidth_bytes_per_s < 1e13
    assert 1e8 < machine.peak_flop_per_s < 1e15
    assert machine.ridge_point == machine.peak_flop_per_s / machine.bandwidth_bytes_per_s
    assert machine.cores >= 1
    assert machine.weight_bytes == pytest.approx(32e6, rel=0.01)
    assert [batch for batch, _ in machine.products] == [1, 16]
    assert all(rate > 0 for _, rate in machine.products)


def test_a_larger_batch_reuses_the_weights():
    assert lab.product_intensity(np.array([1, 2, 8])).tolist() == [0.5, 1.0, 4.0]


def test_the_median_ignores_the_first_run():
    waits = iter([0.05, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert lab.median_s(lambda: time.sleep(next(waits))) < 0.02


def test_a_slow_action_runs_twice_and_no_more():
    calls = []
    lab.median_s(lambda: calls.append(time.sleep(0.02)), repetitions=10, budget_s=0.01)
    assert len(calls) == 3  # one that is not counted, and two


def test_one_repetition_is_refused():
    with pytest.raises(ValueError, match="repetitions=1"):
        lab.median_s(lambda: None, repetitions=1)
