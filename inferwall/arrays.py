"""What lets one formula serve a number, an array and a labelled array alike."""

from __future__ import annotations

import math
from collections.abc import Callable
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
    _require(name, value, f"numbers of at least {least:g}", lambda v: v >= least)


def over(name: str, value: Any, least: float) -> None:
    """Raise unless every element of a value is over another; NaN passes in arrays only.

    >>> over("price_ratio", 0.0, 0)
    Traceback (most recent call last):
    ...
    ValueError: price_ratio=0.0: allowed are numbers over 0
    """
    _require(name, value, f"numbers over {least:g}", lambda v: v > least)


def at_most(name: str, value: Any, most: float) -> None:
    """Raise if an element of a value is larger than a most one; NaN passes in arrays only.

    >>> at_most("margin", 1.5, 1)
    Traceback (most recent call last):
    ...
    ValueError: margin=1.5: allowed are numbers of at most 1
    """
    _require(name, value, f"numbers of at most {most:g}", lambda v: v <= most)


def under(name: str, value: Any, most: float) -> None:
    """Raise unless every element of a value is under another; NaN passes in arrays only.

    >>> under("margin_before", 1.0, 1)
    Traceback (most recent call last):
    ...
    ValueError: margin_before=1.0: allowed are numbers under 1
    """
    _require(name, value, f"numbers under {most:g}", lambda v: v < most)


def share(name: str, value: Any) -> None:
    """Raise unless every element of a value lies from 0 to 1; NaN passes in arrays only.

    >>> share("hit_share", 1.2)
    Traceback (most recent call last):
    ...
    ValueError: hit_share=1.2: allowed are shares from 0 to 1
    """
    _require(name, value, "shares from 0 to 1", lambda v: (v >= 0) & (v <= 1))


def share_over_0(name: str, value: Any) -> None:
    """Raise unless every element of a value is over 0 and at most 1; NaN passes in arrays only.

    >>> share_over_0("utilisation", np.array([0.5, 0.0]))
    Traceback (most recent call last):
    ...
    ValueError: utilisation=0 in an array: allowed are shares over 0 and at most 1
    """
    _require(name, value, "shares over 0 and at most 1", lambda v: (v > 0) & (v <= 1))


def _require(name: str, value: Any, allowed: str, inside: Callable[[Any], Any]) -> None:
    """Raise unless every element of a value is inside; NaN is not, but passes in arrays."""
    if not isinstance(value, int | float):
        if not hasattr(value, "dtype") or value.dtype.kind not in "iuf":
            raise ValueError(f"{name}={value!r}: allowed are {allowed}, alone or in arrays")
        if np.ndim(value) > 0:
            elements = np.asarray(value)
            wrong = elements[~(inside(elements) | np.isnan(elements))]
            if wrong.size:
                raise ValueError(f"{name}={wrong[0]:g} in an array: allowed are {allowed}")
            return
    if not inside(value):
        raise ValueError(f"{name}={value!r}: allowed are {allowed}")


def either(condition: Any, value: Any, otherwise: Any) -> Any:
    """Return one value where a condition holds and another elsewhere; labels are kept.

    >>> float(either(True, 1.0, 2.0)), either(np.array([True, False]), 1.0, 2.0).tolist()
    (1.0, [1.0, 2.0])
    """
    if any(hasattr(v, "dims") for v in (condition, value, otherwise)):
        import xarray as xr

        return xr.where(condition, value, otherwise)
    return np.where(condition, value, otherwise)[()]


def only_where(value: Any, allowed: Any) -> Any:
    """Return a value with NaN in the cells that are not allowed, whatever kind of array it is.

    >>> only_where(np.array([1.0, 2.0]), np.array([True, False])).tolist()
    [1.0, nan]
    """
    if hasattr(allowed, "dims"):  # an xarray.DataArray keeps its labels
        return value * allowed.where(allowed)
    return np.where(allowed, value, math.nan)
