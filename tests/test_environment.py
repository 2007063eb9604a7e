"""The environment: one lock, the same pins for conda, three Pythons, and what checks a change."""

import importlib.metadata
import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
EXTRAS = dict(PROJECT["project"]["optional-dependencies"])
UNLOCKED = [Requirement(text) for text in EXTRAS.pop("gpu")]  # built for the reader's own device
BACK_END = PROJECT["build-system"]["requires"]
ASKED = [
    Requirement(text)
    for text in [*PROJECT["project"]["dependencies"], *itertools.chain(*EXTRAS.values()), *BACK_END]
]


def entries() -> list[tuple[Requirement, list[str]]]:
    """Return every requirement of the lock with its hashes."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            requirement, *hashes = re.split(r"\s+--hash=", line)
            found.append((Requirement(requirement), hashes))
    return found


LOCK = entries()


def environment(python: str, platform: tuple[str, str, str]) -> dict[str, str]:
    """Return what the markers of a lock see on a Python and a platform."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform[0],
        "platform_system": platform[1],
        "os_name": platform[2],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "extra": "",
    }


def applies(marker: Marker | None, where: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(where)


def pinned(python: str = PYTHONS[0], platform: tuple = PLATFORMS[0]) -> dict[str, str]:
    """Return name → version of the lock on a Python and a platform."""
    where = environment(python, platform)
    found = {}
    for requirement, _ in LOCK:
        if applies(requirement.marker, where):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice on {python}, {platform[0]}"
            (specifier,) = requirement.specifier
            found[name] = specifier.version
    return found


# ------------------------------------------------------------------- the lock


def test_every_pin_is_exact_and_hashed():
    assert len(LOCK) > 100
    for requirement, hashes in LOCK:
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), requirement


def test_the_lock_carries_no_address_and_no_path():
    text = (ROOT / "requirements.lock").read_text()
    for trace in (
        "://",
        "file:",
        "--index",
        "--extra-index",
        "--find-links",
        " @ ",
        "/opt",
        "/tmp",
    ):
        assert trace not in text, f"requirements.lock contains {trace!r}"


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p[0])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_what_the_project_asks_for(python, platform):
    versions = pinned(python, platform)
    for requirement in ASKED:
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not in the lock: make lock"
        assert requirement.specifier.contains(versions[name]), f"{requirement}: {versions[name]}"


@pytest.mark.stored
def test_the_installed_versions_are_those_of_the_lock():
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if here not in PYTHONS:
        pytest.skip(f"the lock is for Python {', '.join(PYTHONS)}; this is {here}")
    if sys.platform != "linux":
        pytest.skip("the packages that only one platform needs are listed for Linux")
    versions = pinned(here)
    installed = {name: _installed(name) for name in versions}
    assert installed == versions, "the environment is not the locked one: make env"


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def test_the_gpu_extra_stays_out_of_the_lock():
    assert not {r.name for r in UNLOCKED} & {r.name for r, _ in LOCK}


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in [*ASKED[: -len(BACK_END)], *UNLOCKED]:
        if requirement.name != "pytest":
            line = re.search(rf'^  "{requirement.name}\W.*$', text, re.M)[0]
            assert re.search(r'",\s*# \w+', line), f"no reason given: {line}"


# ---------------------------------------------------------------------- conda


def test_environment_yml_pins_what_the_lock_pins():
    text = yaml.safe_load((ROOT / "environment.yml").read_text())
    versions = pinned()
    (pip_part,) = (item["pip"] for item in text["dependencies"] if isinstance(item, dict))
    specs = [rattler.MatchSpec(i) for i in text["dependencies"] if isinstance(i, str)]
    conda = {spec.name.normalized: spec for spec in specs}
    assert str(conda.pop("python").version).startswith("3.11")
    assert conda.pop("pip").version is None
    found = {}
    for name, spec in conda.items():
        assert str(spec.version).startswith("=="), f"{name} is not pinned exactly: {spec}"
        found[canonicalize_name(name)] = str(spec.version)[2:]
    assert pip_part[-1] == "-e .", "the project itself comes last"
    for line in pip_part[:-1]:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        found[canonicalize_name(requirement.name)] = specifier.version
    asked = {canonicalize_name(r.name) for r in ASKED[: -len(BACK_END)]}
    assert found == {name: versions[name] for name in asked}


def test_environment_yml_uses_conda_forge_alone():
    text = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert text["channels"] == ["conda-forge", "nodefaults"]


def test_environment_yml_is_what_make_lock_writes():
    spec = importlib.util.spec_from_file_location("ci_environment", ROOT / ".ci/environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "environment.yml").read_text() == module.environment()


# --------------------------------------------------------------- the package


def test_the_distribution_has_its_own_name():
    project = PROJECT["project"]
    assert project["name"] == "inferwall-book"
    assert project["version"] == importlib.metadata.version("inferwall-book")
    assert project["requires-python"] == ">=3.11"
    assert project["scripts"] == {"inferwall": "inferwall.cli:main"}


def test_importing_the_package_imports_nothing_heavy():
    heavy = ("pandas", "altair", "scipy", "xarray", "papermill", "vl_convert", "IPython", "pint")
    code = f"import sys, inferwall; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_carries_the_tables_and_the_template(tmp_path):
    pytest.importorskip("hatchling", reason="the back-end is in the lock, not in every environment")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT]
    subprocess.run(wheel, check=True, capture_output=True)
    (file,) = tmp_path.glob("inferwall_book-*.whl")
    names = set(zipfile.ZipFile(file).namelist())
    for table in [*(ROOT / "data").glob("*.csv"), ROOT / "data" / "datapackage.json"]:
        assert f"inferwall/_data/{table.name}" in names
    if (ROOT / "notebooks" / "report.ipynb").exists():
        assert "inferwall/_notebooks/report.ipynb" in names
    assert not [n for n in names if n.startswith(("tests/", "notebooks/")) or ".pyc" in n]
    site = tmp_path / "site"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(site)
    code = (
        "import inferwall, inferwall.data as d; from pathlib import Path;"
        "chip = inferwall.accelerator('H100 SXM');"
        "assert 70e9 < chip.memory_bytes < 90e9, chip;"
        "print(Path(inferwall.__file__).parent, d.data_path())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "inferwall"), str(site / "inferwall" / "_data")]


# What the package and its doctests need, beside the notebooks' own tools.
NEEDED = ("numpy", "pandas", "scipy", "salib", "altair", "vl-convert-python", "pyoxipng")
NEEDED += ("pydantic", "pyyaml")
SMOKE = """
import doctest, importlib, pkgutil, sys
import inferwall
from inferwall import Deployment, accelerator, decode_step, transformer
step = decode_step(Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM")), 1, 1024)
assert 0.001 < step.total_s < 0.1, step
flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
failed = attempted = 0
for info in pkgutil.iter_modules(inferwall.__path__, "inferwall."):
    result = doctest.testmod(importlib.import_module(info.name), optionflags=flags)
    failed, attempted = failed + result.failed, attempted + result.attempted
print(f"Python {sys.version.split()[0]}: {attempted} doctests, {failed} failed")
sys.exit(1 if failed or not attempted else 0)
"""


def interpreter(python: str) -> str | None:
    """Return a Python of that minor version that starts, or None."""
    homes = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    candidates = [shutil.which(f"python{python}"), sys.executable, shutil.which("python3")]
    for home in homes:
        candidates += sorted(home.glob(f"{python}.*/bin/python"), reverse=True)
    code = "import sys, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if done.stdout.strip() == python:
            return str(candidate)
    return None


def closure(names: tuple[str, ...], python: str) -> set[str]:
    """Return the packages that some need, in the versions installed here, on another Python."""
    where, found, todo = environment(python, PLATFORMS[0]), set(), [*names]
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or [])
            todo += [r.name for r in needs if applies(r.marker, where)]
    return found


@pytest.mark.stored
@pytest.mark.skipif(sys.platform != "linux", reason="sets up environments as on Linux")
@pytest.mark.parametrize("python", PYTHONS)
def test_the_package_runs_on_each_interpreter_that_is_present(python):
    """From the lock, into a cached environment: import every module, run every doctest."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        executable = sys.executable
    else:
        base = interpreter(python)
        if base is None:
            pytest.skip(f"no Python {python} on this machine; the workflow tests it")
        executable = locked_environment(base, python)
    done = subprocess.run(
        [executable, "-c", SMOKE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"Python {python}." in done.stdout


def locked_environment(base: str, python: str) -> str:
    """Return the Python of an environment with the part of the lock that the package needs."""
    home = ROOT / "build" / "interpreters" / python
    wanted = closure(NEEDED, python)
    where = environment(python, PLATFORMS[0])
    lines = sorted(
        f"{r.name}=={next(iter(r.specifier)).version} " + " ".join(f"--hash={h}" for h in hashes)
        for r, hashes in LOCK
        if canonicalize_name(r.name) in wanted and applies(r.marker, where)
    )
    record, text = home / "locked.txt", "\n".join(lines) + "\n"
    executable = home / "bin" / "python"
    if not (record.exists() and record.read_text() == text and executable.exists()):
        subprocess.run([base, "-m", "venv", "--clear", home], check=True)
        part = home / "locked.part"
        part.write_text(text)
        pip = [executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        done = subprocess.run(
            [*pip, "--require-hashes", "--no-deps", "-r", part],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"Python {python}: {done.stderr[-2000:]}"
        part.replace(record)
    return str(executable)


# --------------------------------------------------------- what checks a change


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", ".github/workflows/*.yml"),
        ("custom.github-workflows-require-timeout", ".github/workflows/*.yml"),
        ("vendor.citation-file-format", "CITATION.cff"),
    ],
)
def test_configuration_files_follow_their_schema(schema, pattern):
    files = sorted(ROOT.glob(pattern))
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_runs_what_a_contributor_runs():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    job = workflow["jobs"]["test"]
    assert tuple(job["strategy"]["matrix"]["python"]) == PYTHONS
    assert [s["run"] for s in job["steps"] if "run" in s] == [".ci/run"]


def test_ci_run_is_an_executable_script_that_calls_make_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert script.read_text().rstrip().endswith("make test")


def test_every_make_command_in_the_text_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.M):
            assert target in targets, f"{page.name}: make {target}"


# The words are cut in two here, or this file would be the first to be found.
FORBIDDEN = {
    "a registry's host": "py"
    + r"pi\.org|python"
    + r"hosted\.org|registry\.npm"
    + r"js|deb\.deb"
    + "ian",
    "a path of one machine": r"/wo" + r"rk/|/ro" + r"ot/|/op" + "t/py" + "pi|file:///" + "opt",
    "a command that installs another project": "pip ins" + r"tall inferwall(?!-book)",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_repository_speaks_of_itself_alone(what, repository_files):
    pattern = re.compile(FORBIDDEN[what])
    for path in repository_files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.suffix == ".ipynb":  # pictures are base64: any letters may stand beside each other
            text = json.dumps(_without_pictures(json.loads(text)), ensure_ascii=False)
        found = pattern.search(text)
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]!r} is {what}"


def _without_pictures(node):
    if isinstance(node, dict):
        return {k: _without_pictures(v) for k, v in node.items() if not k.startswith("image/")}
    return [_without_pictures(v) for v in node] if isinstance(node, list) else node
