"""What chips send each other: limits, conservation, and a count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall import transformer
from inferwall.network import exchanged_bytes, sent_bytes, waited_doublings

MODELS = st.sampled_from([transformer(n) for n in ("Llama 3.1 8B", "gpt-oss-120b", "DeepSeek-V3")])
CHIPS = st.sampled_from([1, 2, 4, 8, 16, 64])


@given(MODELS, CHIPS, st.floats(1, 1e5))
def test_a_lone_chip_sends_nothing(model, chips, tokens):
    assert sent_bytes(model, 1, 1, tokens) == (0, 0)
    assert waited_doublings(model, 1, 1) == 0
    assert sent_bytes(model, chips, 1, tokens).inside >= 0
    assert sent_bytes(model, chips, 1, tokens).across == 0


@given(MODELS, CHIPS, st.sampled_from([1, 8, 72]), st.booleans())
def test_a_domain_keeps_bytes_off_the_network_and_loses_none(model, chips, domain, wide):
    groups = chips if wide else 1
    free, bound = (sent_bytes(model, chips, groups, 100.0, d) for d in (1e9, domain))
    assert (bound.across == 0) == (chips <= domain)
    assert bound.across <= sent_bytes(model, chips, groups, 100.0, 1).across * (1 + 1e-12)
    assert sum(bound) == pytest.approx(sum(free))


def test_a_sum_over_two_servers_by_hand():
    # 134 MB: 2 × 7/8 of it goes round in the server, then an eighth is summed with the other one.
    model = transformer("Llama 3.1 70B")
    sent = sent_bytes(model, 16, 1, 8192, domain=8)
    one = 8192 * 8192 * 2
    assert sent.inside == pytest.approx(2 * 80 * 2 * 7 / 8 * one)
    assert sent.across == pytest.approx(2 * 80 * one / 8)


@given(MODELS, CHIPS, st.floats(1, 1e5), st.floats(1, 50))
def test_bytes_grow_in_proportion_to_tokens(model, chips, tokens, factor):
    for groups in (1, chips):
        once, more = (sent_bytes(model, chips, groups, t, 8) for t in (tokens, factor * tokens))
        assert more == pytest.approx([factor * part for part in once])


@given(MODELS, CHIPS)
def test_groups_as_wide_as_the_chips_send_tokens_to_experts_only(model, chips):
    if chips > 1:
        sent = sent_bytes(model, chips, chips, 100.0)
        assert sent == pytest.approx(exchanged_bytes(model, chips, 100.0))


@given(MODELS, st.sampled_from([2, 4, 8, 16]))
def test_wide_groups_send_less_than_sums_once_they_outnumber_the_experts(model, chips):
    """A token's copies are as many as its experts; a sum goes through every chip."""
    tokens = 64.0
    wide = sent_bytes(model, 16 * chips, 16 * chips, tokens).inside
    assert wide < sent_bytes(model, 16 * chips, 1, tokens).inside


def test_arrays_of_groups_are_the_scalars():
    model, groups = transformer("DeepSeek-V3"), np.array([1, 2, 8])
    together = sent_bytes(model, 8, groups, 128.0).inside, waited_doublings(model, 8, groups)
    for i, n in enumerate(groups.tolist()):
        assert together[0][i] == pytest.approx(sent_bytes(model, 8, n, 128.0).inside)
        assert together[1][i] == pytest.approx(waited_doublings(model, 8, n))


def test_dispatch_and_combine_by_hand():
    """DeepEP's setting: 128 tokens a chip, 8 experts, 7,168 numbers, one byte out and two back."""
    by_hand = 58 * 128 * 8 * 7168 * 3 * 255 / 256
    sent = exchanged_bytes(transformer("DeepSeek-V3"), 256, 128 * 256, domain=8)
    assert sum(sent) == pytest.approx(by_hand)
    assert sent.across / sum(sent) == pytest.approx(248 / 255)
