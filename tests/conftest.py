"""What all tests share: where the repository is, and kernels that ignore the reader's settings."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Kernels inherit these: no IPython profile of the reader's, and a hash seed other than the one
# under which notebooks/_book/execute.py runs the book.
os.environ["IPYTHONDIR"] = str(ROOT / "build" / ".ipython")
os.environ["PYTHONHASHSEED"] = "2"
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """Every file that git tracks, or would track, and that exists."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git clone: the list of the repository's files is git's")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]
