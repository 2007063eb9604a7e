"""A small chapter with one of each: chart, slider, table, formula, folded code, folded answer."""

import base64

import altair as alt
import nbformat
import pandas as pd

from inferwall import charts

FRAME = pd.DataFrame(
    {
        "batch": [1, 4, 16, 64, 1, 4, 16, 64],
        "cost": [14.8, 3.74, 1.06, 0.37, 14.7, 3.675, 0.91875, 0.2296875],
        "model": ["with the cache"] * 4 + ["without"] * 4,
    }
)


def figure(slider: bool = False) -> charts.Figure:
    """Return a finished chart of two lines with labels at their ends."""
    colours = {"with the cache": charts.ORANGE, "without": charts.GREY}
    rent = alt.param(
        name="rent", value=3.6, bind=alt.binding_range(min=1, max=8, step=0.1, name="Rent ")
    )
    lines = alt.Chart(FRAME).mark_line().encode(
        x=alt.X("batch:Q", title="Batch (users)").scale(type="log"),
        y=alt.Y("dollars:Q" if slider else "cost:Q", title="Cost (USD per million tokens)").scale(
            type="log"
        ),
        **charts.series("model", colours),
    )  # fmt: skip
    if slider:
        lines = lines.transform_calculate(dollars="datum.cost * rent / 3.6").add_params(rent)
    else:
        lines = lines + charts.label_ends(FRAME, "batch", "cost", "model", colours)
    return charts.finish(
        lines,
        title="Sixteen users pay USD 1.06 where one pays USD 14.80",
        subtitle="Cost of a million tokens by batch, a 70-billion-parameter model on one chip",
        source="A sample",
        alt="Line chart on log axes of cost against batch; it falls from 14.8 to 0.37 dollars.",
    )


def notebook() -> nbformat.NotebookNode:
    """Return the sample chapter, with the outputs that a run would store."""
    new = nbformat.v4

    def shown(data, metadata=None):
        return new.new_output("display_data", data=data, metadata=metadata or {})

    def chart(slider):
        data, metadata = figure(slider)._repr_mimebundle_()
        data["image/png"] = base64.b64encode(data["image/png"]).decode()
        return shown(data, metadata)

    wide = pd.DataFrame({f"a rather long column {n}": FRAME["cost"] for n in range(12)})
    cells = [
        new.new_markdown_cell("# 04 · A sample\n\nSixteen users pay a fourteenth of one."),
        new.new_code_cell("import inferwall", metadata={"tags": ["hide-cell"]}),
        new.new_markdown_cell(
            "## The formula\n\nWith $B$ users a step of $t$ seconds costs\n\n"
            "$$c = \\frac{r}{3600} \\cdot \\frac{t}{B} \\times 10^6$$\n\nUSD 2.50 is no formula."
        ),
        new.new_code_cell("figure()", outputs=[chart(False)]),
        new.new_code_cell("figure(slider=True)", outputs=[chart(True)]),
        new.new_code_cell(
            "wide", outputs=[shown({"text/html": wide._repr_html_(), "text/plain": "wide"})]
        ),
        new.new_markdown_cell(
            "## Your turn\n\n1. Halve the rent.\n\n<details><summary>Answer</summary>\n\n"
            "It **halves** the cost: $c \\propto r$.\n\n</details>"
        ),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"sample-{number}"
    metadata = {"language_info": {"name": "python"}}
    return new.new_notebook(cells=cells, metadata=metadata)
