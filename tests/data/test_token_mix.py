"""Tokens by kind: totals as published, and agents that read far more than they write."""

import pytest

from inferwall.data import source, table

ROWS = table("token_mix").set_index("who")
KINDS = ["new_tokens", "cache_written_tokens", "cache_read_tokens"]


def test_totals_are_as_published():
    read = ROWS[KINDS].sum(axis=1)
    assert read.iloc[0] == pytest.approx(608e9)
    assert read.iloc[1] == 8_690_279_614
    share = ROWS["cache_read_tokens"] / read
    assert share.iloc[0] == pytest.approx(0.563, abs=1e-3)
    assert share.iloc[1] == pytest.approx(0.987, abs=1e-3)


def test_the_agent_reads_a_hundredfold_what_it_writes():
    ratio = ROWS[KINDS].sum(axis=1) / ROWS["output_tokens"]
    assert 2 < ratio.iloc[0] < 10 and 100 < ratio.iloc[1] < 400


def test_sources_exist():
    assert all(source(key).key for key in ROWS["sources"])
