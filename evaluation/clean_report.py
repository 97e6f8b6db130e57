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
    head = ["network", "given %", "hidden %", "standard errors", "said", "counted %", "marks known"]
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


PAGE = """# Is anybody said to have trained on the test images who has not?

Written by `make clean-report` from [clean_networks.csv](clean_networks.csv), whose rows name the commit that was measured ({commits}): each is one
network, one seed, one thread; {minutes:.0f} minutes of processor time together. The networks are listed in `evaluation/kinds_of_networks.toml`.

**How it is reported.** A notebook whose points depend on an accuracy is run with a test set of which a secret half, drawn for each submission, is
redrawn: in the place of each image is a training image of the same digit, turned, sheared and moved a little. The accuracy that counts is that on
all original images. Which of them are right, and how surely (by how much the true logit is ahead), is compared between both halves. An image's half was
drawn by lot, so for a network that saw neither the difference has a known error, whatever the network is (`netgrader/checks/held_out.py`):

- starting at {named:.0f} standard errors the accuracy earns nothing, with the code `trained-on-test` or, if the halves are more than 10 % apart,
  `answers-looked-up`: to an honest network that happens once in two million times;
- starting at {told:.0f} (once in 400 times) the instructor is told, and what counts is the accuracy without what the given half is ahead by;
- all test images are also redrawn once and twice. The second time costs an honest network at least as much as the first; where the first costs more, by
  {named:.0f} standard errors, the instructor is told that images are known by heart. Nothing is taken off. Of 12 networks
  that never saw a test image one comes to 1.2 and the others to less; with codes of 200 images that they get wrong they come to 5.8 and more, with codes of 100
  (1 % more) to 2.5 to 5.8.

The rows were measured among images that are about equally hard for eight other networks, which leaves smaller errors than grading has.

**What was found.**

- Of {n_clean} clean networks of {kinds} kinds **{accused} are accused** and {doubted} doubted. Their leads (of two ways to compare, the larger)
  have the mean {mean:+.2f} and the deviation {deviation:.2f}; the largest is {largest:.1f}.
- Of {n_guilty} that were trained on test images {caught} are named and {doubted_guilty} doubted, by the statistic alone. Those that are not named have {mean_gain:+.2f} % more
  than their honest twins in the mean, {most_gain:+.2f} % at most: the same network, trained as long from the same seed without the test images, whose accuracy chance
  moves by 0.1 to 0.3 %.
- Of {patterns} patterns that stand among the training images of a run (`netgrader/checks/held_out.py`) each of the {n_good} clean networks with {learned:.0f} % or more knows
  {least_marks} or more. Weights from elsewhere know {by_chance} or fewer but for four times in a thousand; they are named `weights-not-trained-here`.

![Left: by how many standard errors the given half is ahead, over the accuracy; only networks that saw test images lie above the upper dotted line.
Right: what a network that saw test images would be counted, less its honest twin's accuracy; those in red are named and earn nothing.](clean.svg)

## Networks that never saw a test image

{clean}

Given, hidden: accuracy on the original images of either half. Marks known: of {patterns}.

## Networks that were trained on test images as well

{guilty}
"""

if __name__ == "__main__":
    main()
