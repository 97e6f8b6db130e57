"""Write the tables of ``evaluation/training.md``.

Sources: in ``evaluation/training.csv``, the commit with most rows; in ``right_notebooks.csv``, each notebook's last row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from evaluation.rows import filled, rows_of
from tests.training.operators import OPERATORS

Row = dict[str, str]

HERE = Path(__file__).parent
PAGE = HERE / "training.md"
NONE = "none"
BY_NAME = {operator.name: operator for operator in OPERATORS}


def loops_of(rows: list[Row]) -> int:
    """Return the number of different loops in the rows."""
    return len({row["loop"] for row in rows})


def of_most(rows: list[Row]) -> list[Row]:
    """Return the rows of the commit that has most."""
    at = Counter(row["commit"] for row in rows).most_common(1)[0][0]
    return [row for row in rows if row["commit"] == at]


def is_named(row: Row) -> bool:
    """Whether the mistake of a product was named."""
    operator = BY_NAME[row["operator"]]
    return operator.code in row["remarks" if operator.remark else "named"].split()


def is_alone(row: Row) -> bool:
    """Whether no other fault was named."""
    operator = BY_NAME[row["operator"]]
    return row["named"].split() == ([] if operator.remark else [operator.code])


def earned_all(row: Row) -> bool:
    """Whether a right loop earned everything and no fault was named."""
    return not row["named"] and not row["lost"]


def table() -> list[str]:
    """Return the table: for each operator, how often it was named, and named alone."""
    rows = of_most(rows_of(HERE / "training.csv"))
    at = rows[0]["commit"]
    by_operator = defaultdict(list)
    for row in rows:
        by_operator[row["operator"]].append(row)
    right = by_operator.pop(NONE, [])
    clean = sum(map(earned_all, right))
    lines = [
        f"Measured at commit {at}: {len(rows):,} loops.",
        "",
        f"Right loops: {len(right)} runs of {loops_of(right)} loops, {clean} with all points earned.",
        "",
        "| mistake | products | loops | named | nothing else named |",
        "|---|---|---|---|---|",
    ]
    for operator in OPERATORS:
        products = by_operator.get(operator.name, [])
        named, alone = sum(map(is_named, products)), sum(map(is_alone, products))
        lines.append(f"| {operator.name} | {len(products)} | {loops_of(products)} | {named} | {alone} |")
    return lines


def latest(rows: list[Row]) -> list[Row]:
    """Return the last row of each right notebook, style and seed."""
    return list({(row["notebook"], row["style"], row["seed"]): row for row in rows}.values())


def notebooks() -> list[str]:
    """Return the table of the latest gradings of right notebooks."""
    rows = latest(rows_of(HERE / "right_notebooks.csv"))
    lines = ["| notebook | graded | lost points | test accuracies, % |", "|---|---|---|---|"]
    for name in sorted({row["notebook"] for row in rows}):
        some = [row for row in rows if row["notebook"] == name]
        reached = sorted(100 * float(row["accuracy"]) for row in some)
        lines.append(f"| {name} | {len(some)} | {sum(map(lost, some))} | {reached[0]:.1f} to {reached[-1]:.1f} |")
    at = Counter(row["commit"] for row in rows)
    measured = ", ".join(f"{commit} ({count})" for commit, count in at.most_common())
    return [f"Measured at commits {measured}.", "", *lines]


def lost(row: Row) -> bool:
    """Whether a right notebook lost points."""
    return float(row["points"]) < float(row["of"])


def page() -> str:
    """Return the page with both tables from the current rows."""
    return filled(filled(PAGE.read_text(encoding="utf-8"), "table", table()), "right notebooks", notebooks())


def main() -> None:
    """Write the tables into the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
