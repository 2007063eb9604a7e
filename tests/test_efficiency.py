"""Named sets of constants."""

from dataclasses import fields

import pytest

from inferwall.efficiency import IDEAL, Efficiency, named_efficiency

SHARES = [field.name for field in fields(Efficiency) if field.name.endswith("_share")]


def test_the_ideal_is_a_bound():
    assert all(getattr(IDEAL, name) == 1 for name in SHARES)
    assert IDEAL.layer_s == IDEAL.collective_s == IDEAL.step_s == 0
    assert named_efficiency("ideal") is IDEAL


@pytest.mark.parametrize("column", ["value", "low", "high"])
def test_measured_shares_stay_below_the_ideal(column):
    kernels = named_efficiency("kernels", column)
    assert all(0 < getattr(kernels, name) <= 1 for name in SHARES)
    assert 0 <= kernels.overlap <= 1
    assert kernels.sources


def test_low_value_high_are_ordered():
    low, value, high = (named_efficiency("kernels", c) for c in ("low", "value", "high"))
    assert all(getattr(low, n) <= getattr(value, n) <= getattr(high, n) for n in SHARES)


def test_arithmetic_share_follows_the_format():
    efficiency = Efficiency(bf16_share=0.8, fp8_share=0.6, fp4_share=0.5, int8_share=0.7)
    shares = {"bf16": 0.8, "fp16": 0.8, "fp32": 0.8, "fp8": 0.6, "int8": 0.7, "nvfp4": 0.5}
    for name, share in shares.items():
        assert efficiency.arithmetic_share(name) == share


def test_bad_names_raise():
    with pytest.raises(KeyError, match="unknown efficiency set 'kernel'; nearest: 'kernels'"):
        named_efficiency("kernel")
    with pytest.raises(ValueError, match="column='mean'"):
        named_efficiency("kernels", "mean")
