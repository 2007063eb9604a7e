"""The command line: exit statuses, messages, and that nothing is half done."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from inferwall import __version__, reports
from inferwall.cli import main

EXAMPLE = Path(__file__).resolve().parents[1] / "scenarios" / "example.yaml"


def write(folder: Path, name: str, **fields) -> Path:
    """Write the example with some fields changed."""
    import yaml

    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    scenario = {**yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), **fields}
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return path


@pytest.fixture
def no_template(monkeypatch):
    """Let a report be its title."""
    monkeypatch.setattr(reports, "execute", lambda scenario: None)
    monkeypatch.setattr(reports, "page", lambda notebook, scenario: scenario.title)


def test_version(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out == f"inferwall {__version__}\n"
    assert importlib.metadata.version("inferwall-book") == __version__


@pytest.mark.parametrize("arguments", [[], ["report"], ["report", "--pages"], ["serve"]])
def test_wrong_arguments_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2
    assert "usage: inferwall" in capsys.readouterr().err


def test_the_command_starts_without_heavy_imports():
    heavy = ("pandas", "altair", "papermill", "pydantic", "vl_convert")
    code = f"import sys, inferwall.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_bad_scenario_ends_with_2_and_writes_nothing(tmp_path, capsys):
    bad = write(tmp_path, "bad.yaml", users=-5, chip="H1000", colour="red")
    out = tmp_path / "out"
    assert main(["report", str(EXAMPLE), str(bad), "--out", str(out)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{bad}: ") for line in lines)
    assert not out.exists()


IMPOSSIBLE = {
    "one user alone gets": dict(speed_target_tokens_per_s=5000),
    "do not fit in 1 × 126.9 GB": dict(chips=1, weight_format="bf16"),
    "no rent of": dict(as_of="2019"),
}


@pytest.mark.parametrize("message", IMPOSSIBLE)
def test_what_cannot_run_ends_with_2_and_one_line(message, tmp_path, capsys):
    path = write(tmp_path, "s.yaml", **IMPOSSIBLE[message])
    out = tmp_path / "out"
    assert main(["report", str(path), "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path}: ")
    assert message in line
    assert not out.exists()


def test_two_scenarios_of_one_name_end_with_2(tmp_path, capsys):
    paths = [str(write(tmp_path, f"{folder}/same.yaml")) for folder in "ab"]
    assert main(["report", *paths, "--out", str(tmp_path / "out")]) == 2
    assert "another scenario has its name" in capsys.readouterr().err


def test_each_scenario_gets_a_file(tmp_path, capsys, no_template):
    second = write(tmp_path, "second.yaml", title="The second")
    out = tmp_path / "deep" / "out"
    assert main(["report", str(EXAMPLE), str(second), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["example.html", "second.html"]
    assert (out / "second.html").read_text(encoding="utf-8") == "The second"
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].startswith("[2/2] The second … ")
    assert str(out / "second.html") in shown.out
    assert shown.err == ""


def test_a_failing_template_ends_with_1_and_leaves_the_old_report(tmp_path, capsys, monkeypatch):
    def fail(scenario):
        raise reports.ReportError("cell 3 of report.ipynb: ZeroDivisionError: division by zero")

    monkeypatch.setattr(reports, "execute", fail)
    old = tmp_path / "example.html"
    old.write_text("old", encoding="utf-8")
    assert main(["report", str(EXAMPLE), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"{old}: cell 3 of report.ipynb: ZeroDivisionError: division by zero\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["example.html"]
    assert old.read_text(encoding="utf-8") == "old"


def test_a_folder_that_cannot_be_made_ends_with_1(tmp_path, capsys, no_template):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    assert main(["report", str(EXAMPLE), "--out", str(tmp_path / "out")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot write" in line


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def stop(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        reports.write("new", tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []
