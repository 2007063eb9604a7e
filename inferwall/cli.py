"""The command line: `inferwall report scenario.yaml --out build/reports`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inferwall import __version__

if TYPE_CHECKING:
    from inferwall.scenario import Scenario

DONE, FAILED, BAD_SCENARIO = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="inferwall", description="The economics of AI inference, computed from sourced data."
    )
    top.add_argument("--version", action="version", version=f"inferwall {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    make = commands.add_parser(
        "report",
        help="make an HTML report of each scenario",
        description="Make one self-contained HTML file of each scenario: cost per request, margin, "
        "chips needed, what limits them, sources. Nothing is written unless every scenario is "
        "sound. Exit status: 0 done, 2 a scenario or argument is wrong, 1 anything else failed.",
    )
    make.add_argument("scenarios", nargs="+", type=Path, metavar="scenario.yaml")
    make.add_argument(
        "--out", type=Path, default=Path("build/reports"), metavar="FOLDER",
        help="folder of the reports (default: %(default)s)",
    )  # fmt: skip
    return top


def read(paths: Sequence[Path], out: Path) -> tuple[dict[Path, Scenario], list[str]]:
    """Return the scenarios by the path of their report, and a line for each thing that is wrong."""
    from inferwall.answers import answer
    from inferwall.scenario import ScenarioError, load

    scenarios: dict[Path, Scenario] = {}
    wrong: list[str] = []
    for path in paths:
        target = out / f"{path.stem}.html"
        try:
            scenario = load(path)
            answer(scenario)
        except ScenarioError as error:
            wrong += str(error).splitlines()
        except (KeyError, ValueError) as error:
            wrong.append(f"{path}: {' '.join(str(error.args[0]).split())}")
        else:
            if target in scenarios:
                wrong.append(f"{path}: another scenario has its name, and one report is {target}")
            scenarios[target] = scenario
    return scenarios, wrong


def make_reports(paths: Sequence[Path], out: Path) -> int:
    """Make the reports, saying which, and return the exit status."""
    scenarios, wrong = read(paths, out)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return BAD_SCENARIO
    from inferwall.reports import ReportError, report

    for number, (target, scenario) in enumerate(scenarios.items(), 1):
        print(f"[{number}/{len(scenarios)}] {scenario.title} …", end=" ", flush=True)
        start = time.perf_counter()
        try:
            report(scenario, target)
        except ReportError as error:
            print("failed", flush=True)
            print(f"{target}: {error}", file=sys.stderr)
            return FAILED
        print(f"{target} ({time.perf_counter() - start:.0f} s)", flush=True)
    return DONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        return make_reports(options.scenarios, options.out)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
