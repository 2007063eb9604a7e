"""Number formats: how many bytes a stored value takes, its scales included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from inferwall.data import table, unknown_name
from inferwall.units import BITS_PER_BYTE


@dataclass(frozen=True)
class Format:
    """A number format of weights, activations or caches.

    Attributes
    ----------
    name : str
        Such as ``"bf16"`` or ``"mxfp4"``.
    bytes_per_value : float
        Bits of the value and its share of the block's scale, over eight.
    arithmetic : str
        The format in which a chip multiplies it when nothing else is said. Formats that hold
        weights only (``int4``, ``mxfp4``, ``q4_0``) are widened to ``bf16`` first.
    sources : str
        Source keys.
    """

    name: str
    bytes_per_value: float
    arithmetic: str
    sources: str


@cache
def _formats() -> dict[str, Format]:
    return {
        row["name"]: Format(
            name=row["name"],
            bytes_per_value=(row["value_bits"] + row["scale_bits"] / row["block_values"])
            / BITS_PER_BYTE,
            arithmetic=row["arithmetic"],
            sources=row["sources"],
        )
        for row in table("formats").to_dict("records")
    }


def number_format(name: str) -> Format:
    """Return a number format by name.

    Raises
    ------
    KeyError
        The format is unknown; the message names the nearest.
    """
    if name not in _formats():
        raise unknown_name("number format", name, _formats())
    return _formats()[name]


def bytes_per_value(name: str) -> float:
    """Return the bytes that one stored value takes, its share of the scales included.

    >>> bytes_per_value("bf16"), bytes_per_value("fp8"), bytes_per_value("mxfp4")
    (2.0, 1.0, 0.53125)
    """
    return number_format(name).bytes_per_value
