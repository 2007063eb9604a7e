"""Constants that turn published units into base units, and number formatting.

Inside the package every quantity is in base units: bytes, FLOP, seconds, watts, joules, dollars,
tokens, shares from 0 to 1. A constant of this module appears where a number enters or leaves.
GB is 10^9 bytes, GiB is 2^30. FLOP is work, FLOP/s a rate.
"""

import math

KB, MB, GB, TB, PB = 1e3, 1e6, 1e9, 1e12, 1e15
KIB, GIB = 2.0**10, 2.0**30
GFLOP, TFLOP, PFLOP, EFLOP = 1e9, 1e12, 1e15, 1e18
US, MS = 1e-6, 1e-3
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
HOURS_PER_YEAR = 8_760.0
YEAR = HOURS_PER_YEAR * HOUR
WH, KWH = 3_600.0, 3.6e6
MTOK, GTOK, TTOK = 1e6, 1e9, 1e12
BITS_PER_BYTE = 8

_PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}


def significant(value: float, digits: int = 3) -> str:
    """Write a number with `digits` significant figures, in plain notation.

    Parameters
    ----------
    value : float
    digits : int
        Figures kept, zeros at the end included.

    Examples
    --------
    >>> significant(14.6988), significant(1234567), significant(0.00012345)
    ('14.7', '1,230,000', '0.000123')
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else f"{value}"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    # Rounding may carry into the next decade (9.999 -> 10.0).
    exponent = math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, digits - 1 - exponent)}f}"


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """Write a number of base units with an SI prefix.

    Parameters
    ----------
    value : float
        In base units.
    unit : str
        The base unit, such as ``"B/s"``.
    digits : int
        Figures kept.

    Examples
    --------
    >>> quantity(4.8e12, "B/s"), quantity(0.0147, "s"), quantity(989e12, "FLOP/s")
    ('4.80 TB/s', '14.7 ms', '989 TFLOP/s')
    """
    if not math.isfinite(value):
        return significant(value)
    if value == 0:
        return f"0 {unit}"
    # The value is rounded first, so that 999.9 becomes 1.00 k and not 1,000.
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = 3 * math.floor(math.log10(abs(rounded)) / 3)
    exponent = min(max(exponent, min(_PREFIXES)), max(_PREFIXES))
    return f"{significant(rounded / 10.0**exponent, digits)} {_PREFIXES[exponent]}{unit}"


def usd(value: float, digits: int = 3) -> str:
    """Write dollars; the code stands first, because a bare dollar sign is mathematics in Markdown.

    Parameters
    ----------
    value : float
        Dollars.
    digits : int
        Figures kept, apart from cents.

    Examples
    --------
    >>> usd(14.6988), usd(0.0612), usd(2.5e6)
    ('USD 14.70', 'USD 0.0612', 'USD 2.50 million')
    """
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"USD {significant(value / size, digits)} {word}"
    # Between ten and a hundred dollars a price carries its cents.
    return f"USD {value:.2f}" if 1 <= abs(value) < 100 else f"USD {significant(value, digits)}"
