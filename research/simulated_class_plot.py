"""Draw ``research/scale.svg`` from the rows of ``research/simulated_class.csv``: time, memory and gradebook over the class's size."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
PICTURE = HERE / "scale.svg"
STEPS = {"first marks, runs replayed": "first marks", "nothing changed": "nothing changed", "report": "report"}
COLUMNS = {
    "cpu_seconds": "processor seconds",
    "peak_mb": "memory of all processes, MB",
    "gradebook_mb": "gradebook, MB",
}


def main() -> None:
    """Draw it; of several measurements of one size the last counts."""
    with (HERE / "simulated_class.csv").open(newline="", encoding="utf-8") as stream:
        rows = {(row["what"], int(row["students"])): row for row in csv.DictReader(stream)}
    mpl.rcParams["svg.hashsalt"] = "scale"
    figure, axes = plt.subplots(1, len(COLUMNS), figsize=(11, 3.4), layout="constrained")
    for axis, (column, title) in zip(axes, COLUMNS.items(), strict=True):
        for what, label in STEPS.items():
            points = sorted(
                (students, float(row[column])) for (one, students), row in rows.items() if one == what and row[column]
            )
            axis.loglog(*zip(*points, strict=True), "o-", label=label)
        axis.set_xlabel("students")
        axis.set_title(title, fontsize=10)
    axes[0].legend(fontsize=8)
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
