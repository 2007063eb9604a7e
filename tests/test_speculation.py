"""Laws of speculative decoding, and a simulation that knows none of its formulas."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.hardware import accelerator
from inferwall.speculation import (
    acceptance_of,
    break_even_batch,
    expected_tokens,
    one_layer_draft,
    speculation_speedup,
)
from inferwall.step import Deployment, decode_step

ROOMY = replace(accelerator("H200 SXM"), memory_bytes=1e14)
shares = st.floats(0, 1)
drafts = st.integers(0, 8)


def deployment(name="Llama 3.1 70B", efficiency=IDEAL, chip=ROOMY):
    return Deployment(transformer(name), chip, 1, "fp8", "fp8", efficiency=efficiency)


@given(shares, drafts)
def test_a_check_yields_one_token_to_all_of_them(acceptance, drafted):
    tokens = expected_tokens(acceptance, drafted)
    assert 1 <= tokens <= drafted + 1 + 1e-12
    by_hand = sum(acceptance**n for n in range(drafted + 1))
    assert tokens == pytest.approx(by_hand, rel=1e-9)


def test_a_simulation_yields_as_many():
    accepted = np.random.default_rng(8).random((200_000, 4)) < 0.7
    tokens = 1 + np.cumprod(accepted, axis=1).sum(axis=1)
    assert tokens.mean() == pytest.approx(expected_tokens(0.7, 4), rel=0.005)


@given(st.floats(0.01, 0.99), st.integers(1, 8))
def test_acceptance_inverts_the_expectation(acceptance, drafted):
    tokens = expected_tokens(acceptance, drafted)
    assert acceptance_of(tokens, drafted) == pytest.approx(acceptance, abs=1e-6)


@pytest.mark.parametrize("name", ["Llama 3.1 70B", "Qwen3 235B-A22B", "DeepSeek-V3"])
@pytest.mark.parametrize("batch", [1, 16, 256])
def test_no_drafts_are_a_plain_step(name, batch):
    for efficiency in (IDEAL, named_efficiency("serving")):
        plain = deployment(name, efficiency)
        assert speculation_speedup(plain, batch, 1000, 0, 0.7) == pytest.approx(1.0)


@given(st.integers(1, 512), st.integers(1, 8), st.floats(0.0, 1.0))
def test_speculation_gains_no_more_than_the_tokens_it_yields(batch, drafted, acceptance):
    real = deployment(efficiency=named_efficiency("serving"))
    gain = speculation_speedup(real, batch, 1000, drafted, acceptance)
    assert gain <= expected_tokens(acceptance, drafted) * (1 + 1e-9)
    dearer = speculation_speedup(real, batch, 1000, drafted, acceptance, one_layer_draft(real))
    assert dearer < gain


def test_on_a_dense_model_the_gain_falls_with_the_batch():
    real = deployment(efficiency=named_efficiency("serving"))
    gains = speculation_speedup(real, np.array([1, 4, 16, 64, 256]), 1000, 3, 0.7)
    assert np.all(np.diff(gains) < 0)


def test_a_mixture_of_experts_reads_more_of_them():
    moe = deployment("Qwen3 235B-A22B")
    assert decode_step(moe, 1, 0, tokens=5).weights_s > 2 * decode_step(moe, 1, 0).weights_s
    dense = deployment()
    assert decode_step(dense, 1, 0, tokens=5).weights_s == decode_step(dense, 1, 0).weights_s


def test_break_even():
    real = deployment(efficiency=named_efficiency("serving"), chip=accelerator("H200 SXM"))
    poor = break_even_batch(real, 500, 4, 0.3)
    assert speculation_speedup(real, int(poor), 500, 4, 0.3) >= 1
    assert speculation_speedup(real, int(poor) + 1, 500, 4, 0.3) < 1
    sure = break_even_batch(real, 500, 4, 0.3, least_gain=1.2)
    assert 0 < sure < poor
    assert speculation_speedup(real, int(sure), 500, 4, 0.3) >= 1.2
    assert speculation_speedup(real, int(sure) + 1, 500, 4, 0.3) < 1.2
    assert break_even_batch(real, 500, 4, 1.0) == float("inf")
    assert break_even_batch(real, 500, 4, 0.0, one_layer_draft(real)) == 0


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"acceptance=1\.2"):
        expected_tokens(1.2, 3)
    with pytest.raises(ValueError, match="drafted=-1"):
        expected_tokens(0.5, -1)
    with pytest.raises(ValueError, match="tokens=5"):
        acceptance_of(5, 3)
    with pytest.raises(ValueError, match="drafted=-1"):
        speculation_speedup(deployment(), 1, 100, -1, 0.5)
