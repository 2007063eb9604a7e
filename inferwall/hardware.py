"""What a chip offers: memory, bandwidth, peak arithmetic, links, power."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from inferwall.data import resolve, table

ARITHMETIC_FORMATS = ("fp32", "tf32", "bf16", "fp8", "int8", "fp4")
_SAME_PEAK = {"fp16": "bf16", "nvfp4": "fp4"}


@dataclass(frozen=True)
class Accelerator:
    """One accelerator as its datasheet describes it. Unknown numbers are NaN.

    Numeric fields may be arrays (``dataclasses.replace(chip, bandwidth_bytes_per_s=samples)``).

    Attributes
    ----------
    name, vendor, architecture, kind, release_date : str
        What it is; the date is ISO, perhaps to the month only.
    memory_bytes, bandwidth_bytes_per_s : float
        Size and speed of the memory that holds weights and caches.
    fp32_flop_per_s, tf32_flop_per_s, bf16_flop_per_s, fp8_flop_per_s : float
        Dense peaks; sparse ones are twice as high and do not serve here.
    int8_flop_per_s, fp4_flop_per_s : float
        Likewise; an integer operation counts as a FLOP.
    link_bytes_per_s : float
        Links to the other chips of its scale-up domain, one direction.
    scaleup_domain_chips : float
        How many chips those links join.
    tdp_w : float
        Thermal design power of the chip, without its share of the server.
    sources : str
        Source keys, separated by semicolons.

    Examples
    --------
    A chip of your own needs what its datasheet says. By hand: 15.0 GB of weights are read for each
    token, at 0.8 TB/s in 18.8 ms.

    >>> from inferwall import Deployment, decode_step, transformer
    >>> mine = Accelerator("Mine", memory_bytes=32e9, bandwidth_bytes_per_s=0.8e12,
    ...                    bf16_flop_per_s=2e14)
    >>> llama = Deployment(transformer("Llama 3.1 8B"), mine)
    >>> round(decode_step(llama, batch=1, context=0).total_s * 1e3, 1)
    18.8
    """

    name: str
    vendor: str = ""
    architecture: str = ""
    kind: str = ""
    release_date: str = ""
    memory_bytes: Any = math.nan
    bandwidth_bytes_per_s: Any = math.nan
    fp32_flop_per_s: Any = math.nan
    tf32_flop_per_s: Any = math.nan
    bf16_flop_per_s: Any = math.nan
    fp8_flop_per_s: Any = math.nan
    int8_flop_per_s: Any = math.nan
    fp4_flop_per_s: Any = math.nan
    link_bytes_per_s: Any = math.nan
    scaleup_domain_chips: Any = math.nan
    tdp_w: Any = math.nan
    sources: str = ""

    def known(self, field: str) -> Any:
        """Return a numeric field that a calculation needs.

        Raises
        ------
        ValueError
            The value is a scalar and unknown. In an array unknown cells stay NaN.
        """
        value = getattr(self, field)
        if value is None or (np.ndim(value) == 0 and value != value):
            raise ValueError(f"{field} of {self.name!r} is unknown: no source states it")
        return value

    def peak_flop_per_s(self, number_format: str = "bf16") -> Any:
        """Return the dense peak in an arithmetic format; fp16 runs at the rate of bf16.

        Raises
        ------
        ValueError
            The format has no arithmetic, or the chip's peak in it is unknown.
        """
        name = _SAME_PEAK.get(number_format, number_format)
        if name not in ARITHMETIC_FORMATS:
            allowed = ", ".join((*ARITHMETIC_FORMATS, *_SAME_PEAK))
            raise ValueError(f"number_format={number_format!r}: allowed are {allowed}")
        return self.known(f"{name}_flop_per_s")

    @property
    def has_matrix_units(self) -> bool:
        """Whether products have units of their own: 16-bit products outpace fp32 arithmetic.

        Chips before 2017 and Apple's before the M5 multiply on their vector units. A chip whose
        fp32 rate is unknown is taken to have matrix units.

        >>> [accelerator(name).has_matrix_units for name in ("H100 SXM", "M4 (10-core GPU)")]
        [True, False]
        """
        return not bool(np.all(self.bf16_flop_per_s <= self.fp32_flop_per_s))

    def ridge_point(self, number_format: str = "bf16") -> Any:
        """Return FLOP per byte at which arithmetic takes as long as reading.

        ``peak FLOP/s / bandwidth``; a computation below it waits for memory.

        >>> round(accelerator("H100 SXM").ridge_point("bf16"))
        295
        """
        return self.peak_flop_per_s(number_format) / self.known("bandwidth_bytes_per_s")


@cache
def _catalogue() -> dict[str, Accelerator]:
    names = [field.name for field in fields(Accelerator)]
    rows = table("accelerators")[names].to_dict("records")
    return {row["name"]: Accelerator(**_plain(row)) for row in rows}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Make every missing text an empty string and every number a Python float."""
    numeric = ("_bytes", "_per_s", "_chips", "_w")
    return {
        key: (math.nan if value != value or value is None else float(value))
        if key.endswith(numeric)
        else ("" if value != value or value is None else str(value))
        for key, value in row.items()
    }


def accelerator(name: str) -> Accelerator:
    """Return an accelerator of the catalogue by any of its spellings.

    Raises
    ------
    KeyError
        The name is unknown or ambiguous; the message says which names are near.

    Examples
    --------
    >>> chip = accelerator("H200 SXM")
    >>> chip.memory_bytes / 1e9, chip.bandwidth_bytes_per_s / 1e12
    (141.0, 4.8)
    """
    return _catalogue()[resolve("accelerator", name)]


def accelerators() -> list[Accelerator]:
    """Return every accelerator of the catalogue, in the order of the table."""
    return list(_catalogue().values())
