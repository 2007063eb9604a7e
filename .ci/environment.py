"""Write environment.yml: what pyproject.toml asks for, pinned as in requirements.lock.

`make lock` calls it. conda resolves the packages of the book; pip adds those that conda-forge
does not carry (or carries under another version number), the test tools and the project itself.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FROM_PIP = {"math-core", "pyoxipng", "vl-convert-python"}
HEAD = """\
# The environment of requirements.lock for conda users and Binder; written by `make lock`.
#   conda env create -f environment.yml && conda activate inferwall
name: inferwall
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python =3.11
  - pip
"""


def name_of(requirement: str) -> str:
    """Return the normalised name of a requirement such as `NumPy >=2.4`."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def pins(lock: str) -> dict[str, str]:
    """Return name → version of every pin in the text of a lock."""
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==([^\s;\\]+)", lock, re.M))


def environment() -> str:
    """Return the text of environment.yml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = pins((ROOT / "requirements.lock").read_text())
    extras = project["optional-dependencies"]
    book = sorted({name_of(r) for r in project["dependencies"] + extras["book"]})
    conda = [f"  - {name} =={version[name]}\n" for name in book if name not in FROM_PIP]
    tools = sorted(FROM_PIP | {name_of(r) for r in extras["test"]})
    pip = [f"      - {name}=={version[name]}\n" for name in tools]
    return "".join([HEAD, *conda, "  - pip:\n", *pip, "      - -e .\n"])


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment())
    print("environment.yml written", file=sys.stderr)
