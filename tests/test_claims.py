"""No verdict is typed: each is computed anew and compared with the table."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from inferwall.claims import VERDICTS, Finding, claim_functions, claim_ids, finding, holds_if
from inferwall.data import source, table, table_names

COUNTS = {"wall": 12, "economy": 14, "bottleneck": 31, "cost": 19, "day8": 20, "added": 3}
TABLE = table("claims").set_index("id")
AUTHORED = ["claim", "kind", "chapter", "confidence", "would_change"]


def leaks():
    """Return the sources behind rows of low confidence alone."""
    low, better = set(), set()
    for name in table_names():
        frame = table(name)
        if name != "claims" and {"confidence", "sources"} <= set(frame):
            weak = frame["confidence"] == "low"
            low.update(";".join(frame.loc[weak, "sources"]).split(";"))
            better.update(";".join(frame.loc[~weak, "sources"].dropna()).split(";"))
    return low - better


LEAKS = leaks()


def test_every_claim_has_a_row_and_a_function():
    assert list(TABLE.index) == claim_ids()
    assert TABLE["text"].value_counts().to_dict() == COUNTS
    for text, count in COUNTS.items():
        wanted = [f"{text}-{number:02d}" for number in range(1, count + 1)]
        assert list(TABLE.index[TABLE["text"] == text]) == wanted


@pytest.mark.parametrize("claim_id", claim_ids())
def test_the_table_says_what_the_function_finds(claim_id):
    found, row = finding(claim_id), TABLE.loc[claim_id].fillna("")
    assert row["verdict"] == found.verdict
    assert row["statement"] == found.statement, "run `python data/audit.py`"
    assert row["condition"] == found.condition
    assert row["unit"] == found.unit
    assert row["sources"] == ";".join(found.sources)
    if found.figure is None:
        assert row["figure"] == ""
    else:
        assert row["figure"] == pytest.approx(found.figure, rel=1e-5)


@pytest.mark.parametrize("claim_id", claim_ids())
def test_a_verdict_has_evidence_that_is_not_a_leak_alone(claim_id):
    found = finding(claim_id)
    assert all(source(key).key == key for key in found.sources)
    if found.verdict != "cannot be tested":
        assert set(found.sources) - LEAKS
    assert bool(found.condition) == (found.verdict == "holds if")


@pytest.mark.parametrize("claim_id", claim_ids())
def test_a_statement_is_one_sentence_with_a_number(claim_id):
    statement = finding(claim_id).statement
    assert statement.endswith(".") and not re.search(r"[.!?] [A-Z]", statement)
    assert re.search(r"\d", statement) or finding(claim_id).verdict == "cannot be tested"
    assert "$" not in statement and "nan" not in statement.split() and "  " not in statement


@pytest.mark.parametrize("claim_id", claim_ids())
def test_a_verdict_is_never_typed(claim_id):
    code = inspect.getsource(claim_functions()[claim_id])
    for verdict in set(VERDICTS) - {"cannot be tested"}:
        assert f'"{verdict}"' not in code


@pytest.mark.parametrize("column", AUTHORED)
def test_what_is_kept_by_hand_is_there(column):
    assert TABLE[column].notna().all()


def test_a_condition_is_sorted_by_what_it_turns_on():
    assert (TABLE["turns_on"].notna() == (TABLE["verdict"] == "holds if")).all()


def test_every_text_had_a_first_reading():
    assert TABLE["first_reading"].isna().to_numpy().tolist() == (TABLE["text"] == "added").tolist()


def test_claims_are_told_apart():
    assert TABLE["claim"].is_unique and TABLE["statement"].is_unique


def test_the_verdict_follows_the_comparison():
    assert holds_if(False) == "does not hold"
    assert holds_if(True) == "holds if"
    assert holds_if(True, everywhere=True) == "holds"


def test_a_condition_goes_with_its_verdict_only():
    with pytest.raises(ValueError, match="condition"):
        Finding("holds if", 1.0, "1", "One is 1.", ("definition",))
    assert Finding("holds", 1.0, "1", "One is 1.", ("definition",), "if so").condition == ""
    with pytest.raises(ValueError, match="verdict"):
        Finding("true", 1.0, "1", "One is 1.", ("definition",))
    with pytest.raises(KeyError, match="wall-06"):
        finding("wall-6")


FLIPS = [  # a number that a verdict reads, what it would have to be, and what would become of it
    ("wall", "spend_of", "compute burn at shutdown", 14e6, "wall-04", "holds"),
    ("wall", "spend_of", "generation cost per 10 s clip", 0.5, "wall-08", "does not hold"),
    ("wall", "spend_of", "inference share of AI compute", 0.45, "wall-02", "does not hold"),
    ("economy", "spend_of", "OpenAI", 1.0, "economy-01", "holds"),
    ("cost_facts", "reported", "revenue of Google", 1e10, "cost-09", "holds"),
    ("cost_text", "spend_of", "growth of training cost", 0.9, "cost-04", "holds"),
    ("wall", "spend_of", "compute burn at shutdown", 1e5, "wall-01", "does not hold"),
    ("bottleneck_bills", "spend_of", "inference compute", 5e8, "bottleneck-08", "holds if"),
    ("cost_text", "spend_of", "compute burn at shutdown", 1e4, "cost-05", "does not hold"),
    ("day8_markets", "spend_of", "bundle inference compute", 7e9, "day8-20", "does not hold"),
    ("added", "reported", "share of the world", 0.05, "added-01", "holds"),
]


@pytest.mark.parametrize(("module", "reads", "what", "instead", "claim_id", "verdict"), FLIPS)
def test_another_number_gives_another_verdict(
    monkeypatch, module, reads, what, instead, claim_id, verdict
):
    before = finding(claim_id).verdict
    loaded = importlib.import_module(f"inferwall.claims.{module}")
    true = getattr(loaded, reads)

    def changed(*asked):
        return instead if any(what in text for text in asked) else true(*asked)

    monkeypatch.setattr(loaded, reads, changed)
    assert finding(claim_id).verdict == verdict != before


def test_every_module_of_the_texts_is_read():
    folder = Path(inspect.getsourcefile(Finding)).parent
    texts = {path.stem for path in folder.glob("[!_]*.py")} - {"cases", "lookup"}
    assert texts == {function.__module__.split(".")[-1] for function in claim_functions().values()}


def test_pages_that_repeat_the_count_of_verdicts_agree_with_the_table():
    root = Path(__file__).resolve().parents[1]
    readme = (root / "README.md").read_text(encoding="utf-8")
    front = (root / "notebooks" / "_book" / "index.md").read_text(encoding="utf-8")
    count = TABLE["verdict"].value_counts()
    row = (
        f"Of {len(TABLE)} claims {count['holds']} as they stand and {count['holds if']} under a "
        f"condition that they do not name; {count['does not hold']} do not hold, "
        f"{count['cannot be tested']} cannot be tested"
    )
    assert row in readme
    assert f"each of {len(TABLE)} claims" in front
