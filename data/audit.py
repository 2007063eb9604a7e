"""Write the verdicts of data/claims.csv: what the functions of `inferwall.claims` find today.

Run it after a claim, a function or a number has changed: `python data/audit.py`. The other columns
are kept by hand. tests/test_claims.py fails while table and functions disagree.
"""

import csv
from pathlib import Path

from inferwall.claims import Finding, claim_ids, finding

FILE = Path(__file__).parent / "claims.csv"
COMPUTED = ("verdict", "figure", "unit", "statement", "condition", "sources")


def cells(found: Finding) -> dict[str, str]:
    """Return a finding as the cells of its row; figures keep six significant digits."""
    return {
        "verdict": found.verdict,
        "figure": "" if found.figure is None else f"{found.figure:.6g}",
        "unit": found.unit,
        "statement": found.statement,
        "condition": found.condition,
        "sources": ";".join(found.sources),
    }


def main() -> None:
    """Recompute every row, keep its other columns, and put the rows in the order of the texts."""
    computed = {name: cells(finding(name)) for name in claim_ids()}
    with FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = {row["id"]: row for row in reader}, reader.fieldnames
    if set(rows) != set(computed):
        print("only a row or only a function:", *sorted(set(rows) ^ set(computed)))
    ordered = [name for name in computed if name in rows]
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] | computed[name] for name in ordered)
        writer.writerows(row for name, row in rows.items() if name not in computed)


if __name__ == "__main__":
    main()
