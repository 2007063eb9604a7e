"""The built book, opened in headless Chromium with the network blocked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "build" / "book"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip


def build(source: Path, target: Path) -> str:
    """Build a site from a folder of executed notebooks; return what Sphinx warned of."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-c"]
    command += [ROOT / "notebooks" / "_book", source, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def is_fresh(book: Path) -> bool:
    """Whether nothing that the pages are made of is newer than the book."""
    # Each build, also one that changes no page, ends by writing the notebooks to download.
    built = [path.stat().st_mtime for path in (book / "_notebooks").glob("*.ipynb")]
    parts = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "inferwall").glob("*.py")]
    parts += [p for p in (ROOT / "notebooks" / "_book").rglob("*") if p.is_file()]
    changed = [p.stat().st_mtime for p in parts if "__pycache__" not in p.parts]
    return bool(built) and max(changed) <= min(built)


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """The book as built by `make book`, or built here from the stored outputs."""
    if is_fresh(BOOK):
        return BOOK
    folder = tmp_path_factory.mktemp("book")
    (folder / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(path, folder / "notebooks")
    build(folder / "notebooks", folder / "book")
    return folder / "book"


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory) -> Path:
    """A site of one sample chapter."""
    import nbformat
    from sample import notebook

    folder = tmp_path_factory.mktemp("sample")
    (folder / "notebooks").mkdir()
    nbformat.write(notebook(), folder / "notebooks" / "04_a_sample.ipynb")
    warnings = build(folder / "notebooks", folder / "book")
    assert not warnings, warnings
    return folder / "book"


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; without one the tests are skipped, or fail where CI is set."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        reason = "no Chromium: install it (Debian, Ubuntu: sudo apt install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


class Visit:
    """One page, opened from the file system, with all that it asked for and complained of."""

    def __init__(self, context, path: Path, scripts: bool = True):
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page = context.new_page()
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(path.as_uri())
        if scripts and self.page.locator("figure.live-chart").count():
            self.page.wait_for_selector("html[data-charts=done]", timeout=30_000)

    def _request(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            self.outside.append(request.url)

    def _console(self, message) -> None:
        # Vega says so when a mark has no use for a channel that its layer shares; no harm done.
        unused = message.type == "warning" and "ropp" in message.text
        if message.type in ("error", "warning") and not unused:
            self.errors.append(message.text)


@pytest.fixture
def visit(browser):
    """Open a page of the book: `visit(path)`, or `visit(path, java_script_enabled=False)`."""
    contexts = []

    def open_page(path: Path, **options) -> Visit:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        return Visit(context, path, options.get("java_script_enabled", True))

    yield open_page
    for context in contexts:
        context.close()
