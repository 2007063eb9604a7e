"""The few constants that turn a bound into a prediction."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from inferwall.data import table, unknown_name


@dataclass(frozen=True)
class Efficiency:
    """What real kernels and servers reach of what the datasheet promises.

    The defaults are the ideal: every share 1, no overhead, arithmetic and communication hidden
    behind memory reads as far as they fit. Any field may be an array.

    Attributes
    ----------
    bandwidth_share : float
        Share of the memory bandwidth that reading weights and caches reaches.
    expert_share : float
        Share of that which routed experts reach in memory: they are small and unevenly loaded.
    expert_flop_share : float
        Share of the arithmetic rate of dense products that products of routed experts reach: few
        tokens meet each, and they are sorted out and gathered again.
    widened_share : float
        Share of that which weights reach that are stored in fewer bits than they are multiplied in.
    unpack_flop : float
        Work on the vector units for every 16-bit weight that a lone token multiplies by: it is
        converted first. Integers are multiplied four at a time, which takes a quarter.
    bf16_share, fp8_share, int8_share, fp4_share : float
        Share of the dense peak that large products reach, by format. fp32 and tf32 take bf16's.
    vector_share : float
        Likewise of a chip without matrix units, in any format: vector units keep their smaller
        promise better.
    link_share, node_link_share : float
        Share of the bandwidth that collectives reach: of links, and of the network between nodes.
    memory_share : float
        Share of the memory that weights and caches may fill.
    overlap : float
        How much of the shorter of two activities hides behind the longer: 1 is all, 0 is none.
    layer_s : float
        Seconds added for every layer.
    kernel_s : float
        Seconds added for every kernel: the time between two that follow each other.
    launch_s : float
        Seconds added besides for every kernel of a step that reads a prompt: its kernels are
        launched one by one, where those of a decode step are recorded once and replayed.
    collective_s : float
        Seconds added for every collective and doubling of the chips that take part.
    step_s, request_s : float
        Seconds added for every step, and for every request that is read.
    sources : str
        Source keys.
    """

    bandwidth_share: Any = 1.0
    expert_share: Any = 1.0
    expert_flop_share: Any = 1.0
    widened_share: Any = 1.0
    unpack_flop: Any = 0.0
    bf16_share: Any = 1.0
    fp8_share: Any = 1.0
    int8_share: Any = 1.0
    fp4_share: Any = 1.0
    vector_share: Any = 1.0
    link_share: Any = 1.0
    node_link_share: Any = 1.0
    memory_share: Any = 1.0
    overlap: Any = 1.0
    layer_s: Any = 0.0
    kernel_s: Any = 0.0
    launch_s: Any = 0.0
    collective_s: Any = 0.0
    step_s: Any = 0.0
    request_s: Any = 0.0
    sources: str = ""

    def arithmetic_share(self, number_format: str) -> Any:
        """Return the share of the peak reached in an arithmetic format."""
        shares = {
            "fp8": self.fp8_share,
            "int8": self.int8_share,
            "fp4": self.fp4_share,
            "nvfp4": self.fp4_share,
        }
        return shares.get(number_format, self.bf16_share)


IDEAL = Efficiency()


def named_efficiency(name: str, column: str = "value") -> Efficiency:
    """Return a named set of constants of data/efficiency.csv.

    Parameters
    ----------
    name : str
        Such as ``"kernels"``, what measured matrix products reach; ``"ideal"`` is the bound.
    column : {"value", "low", "high"}
        The central estimate or an end of its range.

    Raises
    ------
    KeyError
        No set has that name.
    ValueError
        The column is none of the three.

    Examples
    --------
    >>> named_efficiency("ideal").bandwidth_share
    1.0
    """
    if column not in ("value", "low", "high"):
        raise ValueError(f"column={column!r}: allowed are 'value', 'low' and 'high'")
    if name == "ideal":
        return IDEAL
    rows = table("efficiency")
    if name not in set(rows["set"]):
        raise unknown_name("efficiency set", name, [*rows["set"].unique(), "ideal"])
    rows = rows[rows["set"] == name]
    constants = {field.name for field in fields(Efficiency)} - {"sources"}
    values = {row["constant"]: row[column] for row in rows.to_dict("records")}
    if set(values) != constants:
        raise ValueError(f"set {name!r} of data/efficiency.csv must state {sorted(constants)}")
    keys = dict.fromkeys(key for cell in rows["sources"] for key in cell.split(";"))
    return Efficiency(**values, sources=";".join(keys))
