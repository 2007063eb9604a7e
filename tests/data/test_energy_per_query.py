"""Energy per answer and per token stays within what chips can draw."""

from inferwall.data import table
from inferwall.units import WH


def test_an_answer_takes_less_than_a_chip_for_a_minute_and_more_than_one_token():
    rows = table("energy_per_query")
    answers = rows[rows["unit"] == "Wh/answer"]
    assert answers["value"].between(0.01, 700 * 60 / WH).all()
    assert rows[rows["unit"] == "J/token"]["value"].between(0.01, 100).all()


def test_a_wider_boundary_holds_more():
    rows = table("energy_per_query").set_index("what")["value"]
    inner = rows["Gemini Apps, median text prompt, accelerators alone"]
    assert inner < rows["Gemini Apps, median text prompt"]


def test_newer_software_uses_less_on_the_same_chip():
    rows = table("energy_per_query").sort_values("as_of")
    llama = rows[rows["what"].str.startswith("Llama 3.1 8B")]["value"]
    assert llama.is_monotonic_decreasing and len(llama) == 2


def test_a_published_value_lies_in_its_range():
    rows = table("energy_per_query").dropna(subset=["low", "high"])
    assert len(rows) >= 4
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).all()


def test_longer_and_less_sparing_answers_take_more():
    rows = table("energy_per_query").set_index(["what", "as_of"])["value"]
    small = rows["A model of 20 billion active parameters", "2025-02"]
    assert small < rows["GPT-4o, 500 tokens written", "2025-02"]
    for date in ("2025-09", "2026-05"):
        plain = rows["A frontier model over 200 billion parameters, H100", date]
        assert 10 < rows["The same with 15 times the tokens", date] / plain < 15


def test_a_laptop_reads_fewer_bytes_for_fewer_joules():
    rows = table("energy_per_query").set_index("what")["value"]
    m5 = [rows[f"Qwen2.5 1.5B in {f}, Apple M5 Pro, one reader"] for f in ("Q4_0", "Q8_0", "F16")]
    assert m5 == sorted(m5)
