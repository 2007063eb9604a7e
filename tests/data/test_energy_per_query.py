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
