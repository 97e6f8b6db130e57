"""Write the table of ``research/training.md`` from the rows of ``research/training.csv``: of the commit that has most."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

from tests.training.operators import OPERATORS

HERE = Path(__file__).parent
PAGE = HERE / "training.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
NONE = "none"


def loops_of(rows: list[dict[str, str]]) -> int:
    """How many different loops the rows are of."""
    return len({row["loop"] for row in rows})


def table() -> list[str]:
    """Lines of the table: for each operator, in how many of its products it was named, it alone."""
    with (HERE / "training.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    at = Counter(row["commit"] for row in rows).most_common(1)[0][0]
    rows = [row for row in rows if row["commit"] == at]
    by_operator = defaultdict(list)
    for row in rows:
        by_operator[row["operator"]].append(row)
    right = by_operator.pop(NONE, [])
    clean = sum(not row["named"] and not row["lost"] for row in right)
    lines = [
        f"Measured at commit {at}: {len(rows):,} loops.",
        "",
        f"Right loops: {len(right)} runs of {loops_of(right)} loops, {clean} with everything earned.",
        "",
        "| mistake | products | of so many loops | named | nothing else named |",
        "|---|---|---|---|---|",
    ]
    for operator in OPERATORS:
        products = by_operator.get(operator.name, [])
        column = "remarks" if operator.remark else "named"
        named = sum(operator.code in row[column].split() for row in products)
        alone = sum(row["named"].split() == ([] if operator.remark else [operator.code]) for row in products)
        lines.append(f"| {operator.name} | {len(products)} | {loops_of(products)} | {named} | {alone} |")
    return lines


def main() -> None:
    """Put the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page = f"{before}{BEGIN}\n\n" + "\n".join(table()) + f"\n\n{END}{after}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
