"""The package is built in floors: a module imports only from those below it, nothing climbs."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import inferwall

PACKAGE = Path(inferwall.__file__).parent
FLOORS = """
    units arrays data formats hardware layers config_keys configs architecture efficiency network
    step
    cost caching serving speculation spellings points validation llama_stack gpu_lab fitting
    training demand sensitivity lab axes charts checks html
    scenario service answers swings reports cli
""".split()  # noqa: SIM905 (a column of names reads better than a list of strings)
LINES = 250
"""Lines of code at which to look for a second concept in a module."""


def imports(module):
    """Return the modules of the package that a module imports anywhere, functions included."""
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inferwall"):
            parts = node.module.split(".")
            yield from parts[1:2] or [alias.name for alias in node.names]
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("inferwall."))


def lines_of_code(module):
    """Count the lines that are neither blank, comment nor docstring."""
    source = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    code = {n for n, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            code -= set(range(node.lineno, node.end_lineno + 1))
    return len(code)


def test_every_module_has_its_floor():
    assert sorted(FLOORS) == sorted(path.stem for path in PACKAGE.glob("*.py"))[1:]


@pytest.mark.parametrize("module", FLOORS)
def test_no_import_climbs(module):
    below = {*FLOORS[: FLOORS.index(module)], "__version__"}
    assert set(imports(module)) <= below


@pytest.mark.parametrize("module", FLOORS)
def test_a_module_holds_one_concept(module):
    assert lines_of_code(module) <= LINES


@pytest.mark.parametrize("module", FLOORS)
def test_no_module_bears_the_name_of_a_public_function(module):
    members = inspect.getmembers(importlib.import_module(f"inferwall.{module}"), inspect.isfunction)
    assert not {name for name, _ in members} & set(FLOORS)


@pytest.mark.parametrize("module", FLOORS)
def test_everything_public_says_what_it_is(module):
    loaded = importlib.import_module(f"inferwall.{module}")
    assert loaded.__doc__
    for name, member in inspect.getmembers(loaded):
        own = getattr(member, "__module__", "") == loaded.__name__
        if (
            own
            and not name.startswith("_")
            and (inspect.isfunction(member) or inspect.isclass(member))
        ):
            assert inspect.getdoc(member), f"{module}.{name}"


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("pandas", "altair", "xarray", "scipy", "pydantic", "papermill", "IPython", "yaml")
    code = f"import sys, inferwall; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
