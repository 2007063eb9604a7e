"""Bytes of number formats."""

import pytest

from inferwall.formats import bytes_per_value, number_format


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        # 17 bytes hold 32 values, 9 bytes hold 16: the published layouts of the two formats.
        ("mxfp4", 17 * 8 / 32),
        ("nvfp4", 9 * 8 / 16),
        # 18 and 34 bytes hold 32 values in llama.cpp's blocks.
        ("q4_0", 18 * 8 / 32),
        ("q8_0", 34 * 8 / 32),
        ("int4", 4 + 16 / 128),
        ("fp16", 16),
    ],
)
def test_bytes_count_the_scales(name, bits):
    assert bytes_per_value(name) == bits / 8


def test_formats_that_only_store_are_widened():
    assert number_format("int4").arithmetic == number_format("q4_0").arithmetic == "bf16"
    assert number_format("nvfp4").arithmetic == "fp4"


def test_unknown_format_names_the_nearest():
    with pytest.raises(KeyError, match="nearest: 'bf16'"):
        bytes_per_value("bfloat16")
