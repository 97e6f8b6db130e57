"""Write ``evaluation/clean.md`` and its plot from the rows of ``evaluation/clean_networks.csv``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from evaluation.kinds_of_networks import CLEAN, GUILTY, RECIPES
from evaluation.rows import rows_of
from netgrader.checks.held_out import Redrawn, by_chance
from netgrader.student.course_data import data_spec

mpl.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
Row = dict[str, str]


def rows() -> list[Row]:
    """Return the rows of the listed networks."""
    return [row for row in rows_of(HERE / "clean_networks.csv") if row["network"] in RECIPES]


def gain(row: Row) -> float:
    """Return the counted accuracy that a network gains over its honest twin by training on test images."""
    earned = 0.0 if row["said"] not in {"", "doubted"} else float(row["counted"])
    return earned - float(row["honest_twin"])


def table(found: list[Row]) -> str:
    """Return a table of networks, sorted by the lead of the given half."""
    twins = bool(found and found[0]["honest_twin"])
    head = ["network", "given %", "hidden %", "standard errors", "verdict", "counted %", "marks known"]
    head += ["honest twin %"] if twins else []
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in sorted(found, key=lambda row: float(row["lead"]), reverse=True):
        cells = [
            row["network"],
            f"{100 * float(row['given']):.2f}",
            f"{100 * float(row['hidden']):.2f}",
            f"{float(row['lead']):+.1f}",
            row["said"] or "nothing",
            f"{100 * float(row['counted']):.2f}",
            row["marks"],
        ]
        cells += [f"{100 * float(row['honest_twin']):.2f}"] if twins else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Write the page and its plot."""
    (HERE / "clean.md").write_text(page(), encoding="utf-8")
    found = rows()
    _plot(*([row for row in found if row["network"] in kind] for kind in (CLEAN, GUILTY)))


def page() -> str:
    """Return the page."""
    found = rows()
    clean = [row for row in found if row["network"] in CLEAN]
    guilty = [row for row in found if row["network"] in GUILTY]
    leads = np.array([float(row["lead"]) for row in clean])
    good = [row for row in clean if float(row["test_accuracy"]) >= (data_spec().learned or 0)]
    free = [row for row in guilty if row["said"] in {"", "doubted"}]
    return PAGE.format(
        commits=", ".join(dict.fromkeys(row["commit"] for row in found)),
        minutes=sum(float(row["cpu_seconds"]) for row in found) / 60,
        n_clean=len(clean),
        kinds=len({row["network"] for row in clean}),
        n_guilty=len(guilty),
        accused=sum(row["said"] not in {"", "doubted"} for row in clean),
        doubted=sum(row["said"] == "doubted" for row in clean),
        mean=leads.mean(),
        deviation=leads.std(),
        largest=leads.max(),
        caught=len(guilty) - len(free),
        doubted_guilty=sum(row["said"] == "doubted" for row in free),
        most_gain=100 * max((gain(row) for row in free), default=0.0),
        mean_gain=100 * float(np.mean([gain(row) for row in free])) if free else 0.0,
        least_marks=min(int(row["marks"]) for row in good),
        n_good=len(good),
        learned=100 * (data_spec().learned or 0),
        patterns=Redrawn.PATTERNS,
        by_chance=by_chance(10),
        named=Redrawn.NAMED,
        told=Redrawn.TOLD,
        clean=table(clean),
        guilty=table(guilty),
    )


def _plot(clean: list[Row], guilty: list[Row]) -> None:
    mpl.rcParams["svg.hashsalt"] = "clean"
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for part, colour, mark, name in (
        (clean, "tab:blue", "o", "never saw a test image"),
        (guilty, "tab:red", "^", "saw some"),
    ):
        test = [100 * float(row["test_accuracy"]) for row in part]
        left.plot(test, [float(row["lead"]) for row in part], mark, color=colour, ms=5, alpha=0.7, label=name)
    for line in (Redrawn.TOLD, Redrawn.NAMED):
        left.axhline(line, color="0.5", lw=1, ls=":")
    left.set_xlim(90, 100)
    left.set_xlabel("accuracy on all original test images, %")
    left.set_ylabel("given half ahead, standard errors")
    left.legend(fontsize=8)
    names = list(dict.fromkeys(row["network"] for row in guilty))
    for row in guilty:
        caught = row["said"] not in {"", "doubted"}
        colour = "tab:red" if caught else "tab:green"
        right.plot(
            100 * (float(row["counted"]) - float(row["honest_twin"])), names.index(row["network"]), "o", color=colour
        )
    right.axvline(0, color="0.5", lw=1)
    right.set_yticks(range(len(names)), names, fontsize=6)
    right.set_xlabel("counted, less the honest twin's accuracy, % (red: earns nothing, named)")
    figure.savefig(HERE / "clean.svg", metadata={"Date": None})
    plt.close(figure)


PAGE = """# Are honest networks accused of training on the test images?

Written by `make clean-report` from [clean_networks.csv](clean_networks.csv), whose rows name the measured commit ({commits}). Each row is one
network from one seed on one thread; together they took {minutes:.0f} minutes of CPU time. `evaluation/kinds_of_networks.toml` lists the networks.

**How the grader decides.** If points depend on an accuracy, the notebook runs with a changed test set. In a secret half, drawn for each submission,
a training image of the same digit, slightly rotated, sheared and shifted, replaces each image. The accuracy that counts is measured on
all original images. The grader compares between the halves which images are right, and how surely (the lead of the true logit). Each image's half was
drawn at random, so for a network that saw neither half the difference has a known error, for any network (`packages/netgrader/src/netgrader/checks/held_out.py`):

- Starting at {named:.0f} standard errors the accuracy earns nothing, with the code `trained-on-test` or, if the halves differ by more than 10 %,
  `answers-looked-up`. This happens to an honest network once in two million times.
- Starting at {told:.0f} (once in 400 times) the report informs the instructor, and the accuracy counts without the lead of the given half.
- The grader also redraws all test images once and then again. The second time costs an honest network at least as much as the first. If the first time costs more, by
  {named:.0f} standard errors, the report informs the instructor of memorized images; this costs no points. Of 12 networks
  that never saw a test image, one reaches 1.2 and the others less. With codes of 200 images that they get wrong they reach at least 5.8, with codes of 100
  (1 % more) 2.5 to 5.8.

These rows compare images of similar difficulty for eight other networks, so their errors are smaller than in grading.

**Results.**

- Of {n_clean} clean networks of {kinds} kinds, **{accused} are accused** and {doubted} doubted. Their leads (the larger of two comparisons)
  have mean {mean:+.2f} and standard deviation {deviation:.2f}; the largest is {largest:.1f}.
- Of {n_guilty} networks trained on test images, {caught} are named and {doubted_guilty} doubted, by the statistic alone. Those not named gain {mean_gain:+.2f} %
  over their honest twins on average, {most_gain:+.2f} % at most. A twin is the same network trained as long from the same seed without test images; chance moves its accuracy
  by 0.1 to 0.3 %.
- Of {patterns} patterns among the training images of a run (`packages/netgrader/src/netgrader/checks/held_out.py`), each of the {n_good} clean networks with at least {learned:.0f} % knows
  {least_marks} or more. Weights from elsewhere know {by_chance} or fewer, except four times in a thousand; they are named `weights-not-trained-here`.

![Left: the lead of the given half in standard errors, against the accuracy; only networks that saw test images are above the upper dotted line.
Right: the accuracy that counts for a network that saw test images, minus its honest twin's; those in red are named and earn nothing.](clean.svg)

## Networks that never saw a test image

{clean}

Given, hidden: accuracy on the original images of each half. Marks known: of {patterns}.

## Networks also trained on test images

{guilty}
"""

if __name__ == "__main__":
    main()
