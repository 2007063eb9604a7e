"""What a wrong argument is told, whatever kind of number it is."""

import math

import numpy as np
import pytest

from inferwall.arrays import at_least, at_most, either, over, share, share_over_0, under

RULES = {
    lambda v: at_least("x", v, 0): (-1.0, 0.0),
    lambda v: over("x", v, 0): (0.0, 1.0),
    lambda v: at_most("x", v, 1): (1.5, 1.0),
    lambda v: under("x", v, 1): (1.0, 0.5),
    lambda v: share("x", v): (1.5, 1.0),
    lambda v: share_over_0("x", v): (0.0, 1.0),
}


@pytest.mark.parametrize("rule", RULES)
def test_scalars_arrays_and_labels_are_held_to_the_same_rule(rule):
    xr = pytest.importorskip("xarray")
    wrong, right = RULES[rule]
    for kind in (float, np.float64, np.array, lambda v: xr.DataArray([v], dims="a")):
        rule(kind(right))
        with pytest.raises(ValueError, match=rf"x=.*{wrong:g}.*: allowed are"):
            rule(kind(wrong))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("unknown", [None, math.nan, np.float64("nan"), "1", [0.5]])
def test_what_is_unknown_or_no_number_raises_as_a_scalar(rule, unknown):
    with pytest.raises(ValueError, match="x="):
        rule(unknown)


@pytest.mark.parametrize("rule", RULES)
def test_nan_passes_in_arrays_and_so_does_nothing(rule):
    rule(np.array([math.nan, RULES[rule][1]]))
    rule(np.array([]))


def test_either_keeps_labels():
    xr = pytest.importorskip("xarray")
    value = xr.DataArray([1.0, -1.0], dims="a")
    assert either(value > 0, value, math.inf).dims == ("a",)
    assert either(value > 0, value, math.inf).values.tolist() == [1.0, math.inf]
    assert isinstance(either(False, 1.0, 2.0), float)
