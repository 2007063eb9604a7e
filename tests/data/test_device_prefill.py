"""Reading on a personal computer is faster than writing, and slower than its arithmetic allows."""

from inferwall import transformer
from inferwall.data import source, table

KEYS = ["chip", "model", "weight_format"]


def test_sources_exist():
    for cell in table("device_prefill")["sources"].unique():
        for key in cell.split(";"):
            assert source(key).key == key


def test_reading_is_many_times_as_fast_as_writing():
    rows = table("device_prefill").merge(table("single_stream"), on=KEYS, validate="one_to_one")
    assert len(rows) == len(table("device_prefill"))
    assert (rows["prefill_tokens_per_s"] / rows["decode_tokens_per_s"]).between(5, 50).all()


def test_no_chip_exceeds_its_arithmetic():
    chips = table("accelerators").set_index("name")["fp32_flop_per_s"]
    rows = table("device_prefill")
    flop = [2 * transformer(model).active_parameters for model in rows["model"]]
    share = rows["prefill_tokens_per_s"] * flop / rows["chip"].map(chips)
    # These chips multiply half precision at most twice as fast as single.
    assert share.dropna().between(0.1, 2.0).all() and share.notna().sum() >= 3
