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
    step cost
    owned_hours places caching serving token_costs speculation spellings points validation
    llama_stack gpu_lab fitting training demand plans product routing bottlenecks distributions
    sensitivity events adoption claims lab axes charts checks html filters scenario provision
    answers swings reports cli
""".split()  # noqa: SIM905 (a column of names reads better than a list of strings)
MODULES = [
    name
    for floor in FLOORS
    for name in [
        floor,
        *(f"{floor}.{path.stem}" for path in sorted((PACKAGE / floor).glob("[!_]*.py"))),
    ]
]
"""A sub-package is one floor; each of its files is a module, tested like any other."""
LINES = 250
"""Lines of code at which to look for a second concept in a module."""


def source_of(module):
    """Return the text of a module, or of a sub-package's own file."""
    path = PACKAGE / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path.read_text(encoding="utf-8")


def imports(module):
    """Return the floors of the package that a module imports anywhere, functions included."""
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inferwall"):
            parts = node.module.split(".")
            yield from parts[1:2] or [alias.name for alias in node.names]
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("inferwall."))


def lines_of_code(module):
    """Count the lines that are neither blank, comment nor docstring."""
    source = source_of(module)
    tree, lines = ast.parse(source), source.splitlines()
    code = {n for n, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            code -= set(range(node.lineno, node.end_lineno + 1))
    return len(code)


def test_every_module_has_its_floor():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert sorted(FLOORS) == sorted(packages | modules)


@pytest.mark.parametrize("module", MODULES)
def test_no_import_climbs(module):
    floor = module.split(".")[0]
    below = {*FLOORS[: FLOORS.index(floor)], "__version__"}
    own = {floor} if (PACKAGE / floor).is_dir() else set()
    assert set(imports(module)) <= below | own


@pytest.mark.parametrize("module", MODULES)
def test_a_module_holds_one_concept(module):
    assert lines_of_code(module) <= LINES


@pytest.mark.parametrize("module", MODULES)
def test_no_module_bears_the_name_of_a_public_function(module):
    members = inspect.getmembers(importlib.import_module(f"inferwall.{module}"), inspect.isfunction)
    assert not {name for name, _ in members} & {name.split(".")[-1] for name in MODULES}


@pytest.mark.parametrize("module", MODULES)
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
