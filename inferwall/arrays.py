"""What lets one formula serve a number, an array and a labelled array alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def is_scalar(value: Any) -> bool:
    """Say whether a value is one number.

    >>> is_scalar(2), is_scalar(np.float64(2.0)), is_scalar(np.array([2.0]))
    (True, True, False)
    """
    return isinstance(value, int | float) or np.ndim(value) == 0


def lesser(a: Any, b: Any) -> Any:
    """Return the smaller of two, element by element; plain numbers stay plain.

    >>> lesser(3, 2), lesser(3, np.array([2.0, 4.0])).tolist()
    (2, [2.0, 3.0])
    """
    if isinstance(a, int | float) and isinstance(b, int | float):
        return min(a, b)
    return np.minimum(a, b)


def at_least(name: str, value: Any, least: float) -> None:
    """Raise unless every element of a value reaches a least one; NaN passes in arrays only.

    Raises
    ------
    ValueError
        An element is smaller, or the value is no number; the message names the argument.

    >>> at_least("batch", 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: batch=0: allowed are numbers of at least 1
    """
    if isinstance(value, int | float):
        wrong = not value >= least
    elif not hasattr(value, "dtype") or value.dtype.kind not in "iuf":
        raise ValueError(f"{name}={value!r}: allowed are numbers and arrays from {least:g} up")
    else:
        wrong = not value >= least if np.ndim(value) == 0 else bool(np.any(value < least))
    if wrong:
        given = f"{np.nanmin(value):g} in an array" if np.ndim(value) > 0 else repr(value)
        raise ValueError(f"{name}={given}: allowed are numbers of at least {least:g}")


def only_where(value: Any, allowed: Any) -> Any:
    """Return a value with NaN in the cells that are not allowed, whatever kind of array it is.

    >>> only_where(np.array([1.0, 2.0]), np.array([True, False])).tolist()
    [1.0, nan]
    """
    if hasattr(allowed, "dims"):  # an xarray.DataArray keeps its labels
        return value * allowed.where(allowed)
    return np.where(allowed, value, math.nan)
