"""Every testable claim of the source texts, with a verdict that is computed.

One module a source text, one function a claim: claim ``wall-06`` is `wall.wall_06`. A function
takes its numbers from data/ and from the package, computes one figure, compares it with what the
claim needs, and returns a `Finding`. How to write one:

1. Read the claim at its strongest, in its own scope ("can", "often", "at scale").
2. The docstring is that reading, in one sentence.
3. No number of the world is typed: `lookup` reads data/, and formulas come from the package. What
   the claim itself asserts (7 times, 200 ms) may stand there as a named number.
4. The verdict is the result of a comparison: `holds(figure >= asserted)`, or `holds_if(...)` with
   the condition and the threshold at which it turns. `cannot_be_tested` names the missing quantity
   and still computes what can be.
5. The statement is one sentence: what was computed, against which threshold.
6. About 15 lines, and no verdict on a low-confidence row alone.

`data/audit.py` runs all of them and writes their findings to data/claims.csv beside the columns
kept by hand; a test recomputes the table.
"""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import dataclass
from importlib import import_module

from inferwall.data import unknown_name

VERDICTS = ("holds", "holds if", "does not hold", "cannot be tested")
TEXTS = ("wall", "economy", "bottleneck", "cost", "day8", "added")
"""The source texts in order; a module belongs to the text with which its name begins."""


@dataclass(frozen=True)
class Finding:
    """What became of a claim.

    Attributes
    ----------
    verdict : str
        One of VERDICTS.
    figure : float or None
        The number on which the verdict turns.
    unit : str
        Its unit: "1" for a ratio or a share, "" where there is no figure.
    statement : str
        One sentence: what was computed, against which threshold.
    sources : tuple of str
        Keys of data/sources.csv; ("definition",) where arithmetic alone decides.
    condition : str
        What has to be so, if the verdict is "holds if"; dropped with any other.
    """

    verdict: str
    figure: float | None
    unit: str
    statement: str
    sources: tuple[str, ...]
    condition: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict={self.verdict!r}: allowed are {', '.join(VERDICTS)}")
        if self.verdict == "holds if" and not self.condition:
            raise ValueError("condition='': allowed is one that says when the claim holds")
        if self.verdict != "holds if":  # the numbers have moved past the condition
            object.__setattr__(self, "condition", "")
        if not self.sources or not self.statement:
            raise ValueError("sources and statement: allowed are ones that say something")
        if self.figure is not None:  # NumPy's numbers print their type
            object.__setattr__(self, "figure", float(self.figure))


def holds(true: bool) -> str:
    """Return the verdict of a comparison.

    >>> holds(7 > 57)
    'does not hold'
    """
    return "holds" if true else "does not hold"


def holds_if(somewhere: bool, everywhere: bool = False) -> str:
    """Return the verdict of a claim that is true in some of the cases of its scope.

    Parameters
    ----------
    somewhere, everywhere : bool
        Whether it holds in a case that occurs, and whether it holds in all of them.

    >>> holds_if(somewhere=120 > 57, everywhere=3 > 57)
    'holds if'
    """
    return "holds" if everywhere else "holds if" if somewhere else "does not hold"


def claim_functions() -> dict[str, object]:
    """Return the function of every claim by its id, in the order of the texts."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    ordered = {}
    for text in TEXTS:
        found = {}
        for name in (name for name in names if name.split("_")[0] == text):
            module = import_module(f"inferwall.claims.{name}")
            for function, member in inspect.getmembers(module, inspect.isfunction):
                if member.__module__ == module.__name__ and function.startswith(f"{text}_"):
                    found[function.replace("_", "-")] = member
        ordered.update(sorted(found.items()))
    return ordered


def claim_ids() -> list[str]:
    """Return the ids of all claims that have a function.

    >>> claim_ids()[:2]
    ['wall-01', 'wall-02']
    """
    return list(claim_functions())


def finding(claim_id: str) -> Finding:
    """Return what the book finds about a claim, computed now.

    Parameters
    ----------
    claim_id : str
        Such as ``"wall-06"``.

    Raises
    ------
    KeyError
        No claim has that id; the message names the nearest.

    Examples
    --------
    >>> finding("wall-06").verdict
    'does not hold'
    """
    functions = claim_functions()
    if claim_id not in functions:
        raise unknown_name("claim", claim_id, functions)
    return functions[claim_id]()
