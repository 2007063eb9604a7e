"""Keeping a cache or computing it again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.caching import (
    allocated_tokens,
    break_even_s,
    hit_share,
    session_cost_usd,
    session_tokens,
)
from inferwall.efficiency import Efficiency
from inferwall.hardware import accelerator
from inferwall.step import Deployment, prefill_step

HALF = Efficiency(bf16_share=0.5, fp8_share=0.5)
LLAMA = Deployment(
    transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8", efficiency=HALF
)


@given(st.integers(1, 100_000), st.integers(1, 512))
def test_blocks_hold_the_sequence_and_waste_less_than_one(tokens, block):
    assert 0 <= allocated_tokens(tokens, block) - tokens < block


def test_blocks_take_arrays():
    assert allocated_tokens(np.array([1, 16, 17]), 16).tolist() == [16, 16, 32]


def test_the_rule_by_its_published_lead():
    # 4.5 minutes for Llama 70B at 131k tokens on an H200 at half of peak, in 16 or in 8 bits.
    sixteen = replace(LLAMA, chips=2, weight_format="bf16", kv_format="bf16")
    for deployment in (LLAMA, sixteen):
        assert break_even_s(deployment, 131_072) / 60 == pytest.approx(4.48, rel=0.005)


@given(st.floats(0.1, 100))
def test_the_rent_cancels(rent):
    tokens, memory = 32_768.0, LLAMA.chip.memory_bytes
    cache = LLAMA.model.kv_bytes(tokens, "fp8")
    recompute = rent * prefill_step(LLAMA, 1, tokens).total_s
    hold = rent * cache / memory * break_even_s(LLAMA, tokens)
    assert hold == pytest.approx(recompute, rel=1e-9)


def test_it_is_the_time_in_which_prefill_fills_the_memory():
    tokens = 8_192.0
    caches = LLAMA.chip.memory_bytes / LLAMA.model.kv_bytes(tokens, "fp8")
    assert break_even_s(LLAMA, tokens) == pytest.approx(
        caches * prefill_step(LLAMA, 1, tokens).total_s, rel=1e-12
    )


def test_splitting_a_model_leaves_it_but_copies_of_a_latent_shorten_it():
    four = replace(LLAMA, chips=4)
    assert break_even_s(four, 65_536) == pytest.approx(break_even_s(LLAMA, 65_536), rel=0.01)
    deepseek = replace(LLAMA, model=transformer("DeepSeek-V3"), chips=8)
    sixteen = replace(deepseek, chips=16)
    ratio = break_even_s(deepseek, 65_536) / break_even_s(sixteen, 65_536)
    assert ratio == pytest.approx(2, rel=0.05)


@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_a_longer_life_never_finds_less(lifetime, gap):
    assert 0 <= hit_share(lifetime, gap) <= hit_share(2 * lifetime, gap) <= 1


@given(st.integers(1, 60), st.integers(1, 5_000), st.integers(0, 5_000))
def test_a_session_counted_turn_by_turn(turns, first, added):
    sent = [first + k * added for k in range(turns)]
    repeated, new = session_tokens(turns, first, added)
    assert repeated == pytest.approx(sum(sent[:-1]))
    assert new == sent[-1]


def test_without_a_discount_hits_do_not_matter():
    for hits in (0.0, 0.3, 1.0):
        assert session_cost_usd(1e6, 1e6, 1e6, 2, 8, hits=hits) == pytest.approx(12)


def test_a_published_day():
    # DeepSeek-Reasonix, 1 May 2026: USD 12.34 with the cache and 60.63 without.
    day = (435_033_856, 767_616, 179_763, 0.139, 0.278)
    assert session_cost_usd(*day, read_over_input=0.028 / 0.139) == pytest.approx(12.34, abs=0.01)
    assert session_cost_usd(*day) == pytest.approx(60.63, abs=0.02)


@given(st.floats(0, 1))
def test_a_write_premium_pays_from_its_break_even_on(hits):
    bill = session_cost_usd(1e6, 0, 0, 1, 1, 0.1, 1.25, hits)
    assert (bill <= 1) == (hits >= 0.25 / 1.15 - 1e-12) or bill == pytest.approx(1)
