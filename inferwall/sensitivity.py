"""What uncertain inputs leave of a result, and which of them it hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inferwall.arrays import over
from inferwall.data import unknown_name
from inferwall.distributions import HIGH, LOW, Distribution, medians, power_of_2

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Range:
    """A result at the central inputs, with the 10th and 90th percentile of its draws."""

    central: float
    low: float
    high: float

    def text(self, write: Callable[[float], str]) -> str:
        """Return the range as `low to high`, or one number where both read alike.

        >>> Range(2.0, 1.5, 3.0).text(str), Range(2.0, 2.0, 2.0).text(str)
        ('1.5 to 3.0', '2.0')
        """
        low, high = (write(v) if np.isfinite(v) else "out of reach" for v in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


def interval(central: float, draws: Any) -> Range:
    """Return the 80 % interval of the draws.

    A draw is infinite where nothing works, and counts; NaN where there is nothing to say, and
    does not.

    Parameters
    ----------
    central : float
        The result at the central inputs.
    draws : array
        Its draws, one at least that is not NaN.

    Raises
    ------
    ValueError
        No draw says anything.

    Examples
    --------
    >>> interval(5.0, np.arange(11.0))
    Range(central=5.0, low=1.0, high=9.0)
    """
    draws = np.asarray(draws, dtype=float)
    known = draws[~np.isnan(draws)]
    if not known.size:
        raise ValueError(f"draws={draws!r}: allowed are one or more numbers")
    low, high = np.quantile(known, (LOW, HIGH), method="inverted_cdf")
    return Range(float(central), float(low), float(high))


@dataclass(frozen=True)
class Flip:
    """How probable it is that a conclusion turns around, with the error of counting draws."""

    probability: float
    standard_error: float


def flip_probability(holds_centrally: bool, holds: Any) -> Flip:
    """Return in which share of the draws a conclusion differs from that at the central inputs.

    The standard error is that of k flips in n independent draws, taken at (k + 1) / (n + 2) so
    that a count of none still has one. Quasi-Monte Carlo draws err less than it says.

    Parameters
    ----------
    holds_centrally : bool
        Whether it holds at the central inputs.
    holds : array of bool
        Whether it holds at each draw.

    Raises
    ------
    ValueError
        There are no draws, or they are no truth values.

    Examples
    --------
    >>> flip_probability(True, np.array([True, True, False, True])).probability
    0.25
    """
    holds = np.asarray(holds)
    if holds.dtype != bool or not holds.size:
        raise ValueError(f"holds={holds!r}: allowed are one or more truth values")
    flips, count = int(np.sum(holds != bool(holds_centrally))), holds.size
    share = (flips + 1) / (count + 2)
    return Flip(flips / count, float(np.sqrt(share * (1 - share) / count)))


def elasticity(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    names: Iterable[str] | None = None,
    step: float = 0.01,
) -> dict[str, Any]:
    """Return by how many per cent a result moves when one input grows by 1 %, for each input.

    ``d ln f / d ln x``, by the difference between ``x × e^step`` and ``x × e^−step``.

    Parameters
    ----------
    function : callable
        Takes the inputs by name; its result is over 0.
    inputs : mapping of str to float or array
        Where to ask: one point, or draws.
    names : iterable of str, optional
        The inputs to ask about; by default all. An input of 0 has no elasticity: leave it out.
    step : float
        Logarithm of the ratio by which an input moves, each way.

    Returns
    -------
    dict of str to float or array
        NaN where the result is.

    Raises
    ------
    KeyError
        A name is no input.
    ValueError
        The step or a result is not over 0, or an input is 0.

    Examples
    --------
    >>> found = elasticity(lambda x, y: 3 * x**2 / y, {"x": 2.0, "y": 5.0})
    >>> {name: round(float(value), 6) for name, value in found.items()}
    {'x': 2.0, 'y': -1.0}
    """
    over("step", step, 0)
    names = list(inputs if names is None else names)
    for name in names:
        if name not in inputs:
            raise unknown_name("input", name, inputs)
        if np.any(np.equal(inputs[name], 0)):
            raise ValueError(f"{name}={inputs[name]!r}: allowed are numbers other than 0")

    def moved(name: str, by: float) -> Any:
        result = function(**{**inputs, name: inputs[name] * np.exp(by)})
        if np.any(np.less_equal(result, 0)):
            raise ValueError(f"function: its result is {result!r}; allowed are numbers over 0")
        return np.log(result)

    return {name: (moved(name, step) - moved(name, -step)) / (2 * step) for name in names}


def tornado(function: Callable[..., Any], inputs: Mapping[str, Distribution]) -> pd.DataFrame:
    """Return what each input alone does to a result, the others at their median.

    Parameters
    ----------
    function : callable
        Takes the inputs by name.
    inputs : mapping of str to Distribution

    Returns
    -------
    DataFrame
        One row an input, the widest swing first: `input`, its 10th and 90th percentile
        (`at_low`, `at_high`), and the result at each (`low`, `high`).

    Raises
    ------
    ValueError
        No input is uncertain.

    Examples
    --------
    >>> from inferwall.distributions import Uniform
    >>> rows = tornado(lambda x, y: 10 * x + y, {"y": Uniform(0, 1), "x": Uniform(0, 1)})
    >>> rows[["input", "low", "high"]].values.tolist()
    [['x', 1.5, 9.5], ['y', 5.1, 5.9]]
    """
    if not inputs:
        raise ValueError(f"inputs={inputs!r}: allowed are one or more distributions")
    import pandas as pd

    centre = medians(inputs)
    rows = []
    for name, distribution in inputs.items():
        at_low, at_high = distribution.quantile(LOW), distribution.quantile(HIGH)
        low, high = (float(function(**{**centre, name: at})) for at in (at_low, at_high))
        rows.append((name, float(at_low), float(at_high), low, high))
    frame = pd.DataFrame(rows, columns=["input", "at_low", "at_high", "low", "high"])
    swing = (frame["high"] - frame["low"]).abs()
    order = swing.sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def relax(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    moves: Mapping[str, Mapping[str, float]],
    steps: int,
) -> pd.DataFrame:
    """Return how far a result falls when, again and again, what binds most is relaxed.

    Each step tries every move from where the last one led and keeps the one that lowers the
    result most; where none lowers it, the ladder ends.

    Parameters
    ----------
    function : callable
        Takes the inputs by name.
    inputs : mapping of str to float
        Where the ladder starts.
    moves : mapping of str to mapping
        For each move the inputs that it multiplies, and by how much.
    steps : int
        Rungs of the ladder, at most.

    Returns
    -------
    DataFrame
        One row a rung, the start first: `step`, `move` and `result`.

    Raises
    ------
    KeyError
        A move multiplies what is no input.
    ValueError
        There is no move, or the start has no result.

    Examples
    --------
    Two stages that take 8 and 3 seconds, each of which can be halved.

    >>> moves = {"first": {"x": 0.5}, "second": {"y": 0.5}}
    >>> relax(lambda x, y: x + y, {"x": 8.0, "y": 3.0}, moves, 3)["move"].tolist()
    ['start', 'first', 'first', 'second']
    """
    import pandas as pd

    for factors in moves.values():
        for name in factors:
            if name not in inputs:
                raise unknown_name("input", name, inputs)
    at, reached = dict(inputs), float(function(**inputs))
    if not moves or np.isnan(reached):
        raise ValueError(f"moves={moves!r}, start={reached!r}: allowed are moves from a result")
    rows = [(0, "start", reached)]
    for step in range(1, steps + 1):
        tried = {
            move: {**at, **{name: at[name] * factor for name, factor in factors.items()}}
            for move, factors in moves.items()
        }
        results = {move: float(function(**there)) for move, there in tried.items()}
        best = min(results, key=lambda move: np.nan_to_num(results[move], nan=np.inf))
        if not results[best] < reached:
            break
        at, reached = tried[best], results[best]
        rows.append((step, best, reached))
    return pd.DataFrame(rows, columns=["step", "move", "result"])


def sobol_indices(
    function: Callable[..., Any],
    inputs: Mapping[str, Distribution],
    count: int = 1024,
    seed: int = 0,
) -> pd.DataFrame:
    """Return which share of a result's variance each input accounts for.

    The first-order index is what would vanish, on average, if that input became known; the total
    index is what would remain if all others did. Between them lie interactions. Computed by
    SALib, with Saltelli's design and the 95 % intervals of its bootstrap.

    Parameters
    ----------
    function : callable
        Takes the inputs by name, as arrays, and returns an array.
    inputs : mapping of str to Distribution
        Independent of each other.
    count : int
        Base draws, a power of 2; the function is evaluated at ``count × (inputs + 2)`` points.
    seed : int
        Of the draws and of the bootstrap.

    Returns
    -------
    DataFrame
        One row an input, the largest total first: `input`, `first`, `first_error`, `total`,
        `total_error`; each error is half of a 95 % interval.

    Raises
    ------
    ValueError
        No input is uncertain, the count is no power of 2, the function leaves a draw without a
        finite result, or its result is the same at all.

    Source
    ------
    Saltelli et al. 2010; Herman and Usher 2017.

    Examples
    --------
    >>> from inferwall.distributions import Uniform
    >>> shares = sobol_indices(lambda x, y: 2 * x + y, {"x": Uniform(0, 1), "y": Uniform(0, 1)})
    >>> shares["total"].round(2).tolist()  # variances 4 : 1
    [0.8, 0.2]
    """
    if not inputs:
        raise ValueError(f"inputs={inputs!r}: allowed are one or more distributions")
    power_of_2("count", count)
    import pandas as pd
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as design

    names = list(inputs)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    shares = design.sample(problem, count, calc_second_order=False, seed=seed)
    points = {name: inputs[name].quantile(shares[:, i]) for i, name in enumerate(names)}
    result = np.broadcast_to(np.asarray(function(**points), dtype=float), len(shares))
    if not np.isfinite(result).all():
        raise ValueError(
            f"function: {np.sum(~np.isfinite(result))} of {result.size} draws have no finite "
            "result; narrow the inputs"
        )
    if result.min() == result.max():
        raise ValueError(f"function: every result is {result[0]:g}, so no input has a share in it")
    found = analysis.analyze(problem, result, calc_second_order=False, seed=seed)
    frame = pd.DataFrame(
        {
            "input": names,
            "first": found["S1"],
            "first_error": found["S1_conf"],
            "total": found["ST"],
            "total_error": found["ST_conf"],
        }
    )
    return frame.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)
