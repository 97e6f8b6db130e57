"""Write ``evaluation/fairness.md`` and its plots from the rows of ``evaluation/fairness.csv``.

The page also has the figures of notebook 3, from the rows of ``evaluation/notebook.csv``.

The rule: full points from 98.42 %, sloping to none at 97.5 %; a run that falls short by less than chance can explain is
rerun up to two times, and the best counts.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

mpl.use("Agg")
from matplotlib import pyplot as plt

from evaluation.rows import rows_of
from netgrader.grading.again import RetryRule

HERE = Path(__file__).parent
#: The contract's slope; runs down to three standard deviations of a steady network below it are repeated.
LINE = RetryRule("check_deep_accuracy", full=0.9842, none=0.975)
DRAWS, SEED = 200_000, 20261125


def shares(mean: float, deviation: float) -> tuple[npt.NDArray[np.float64], float]:
    """Return the fraction of points in each of many draws, and the mean number of runs."""
    drawn = np.random.default_rng(SEED).normal(mean, deviation, (LINE.runs, DRAWS))
    best, used = drawn[0].copy(), np.ones(DRAWS)
    for further in drawn[1:]:
        again = (best < LINE.full) & (best >= LINE.again_from)
        used += again
        best = np.where(again, np.maximum(best, further), best)
    return np.clip((best - LINE.none) / (LINE.full - LINE.none), 0, 1), float(used.mean())


def loses(mean: float, deviation: float) -> float:
    """Return the probability that such a network loses points."""
    return float(np.mean(shares(mean, deviation)[0] < 1))


def read(name: str) -> tuple[dict[str, list[float]], set[str]]:
    """Return accuracies in percent by network, and the measured commits; empty without such a file."""
    networks: dict[str, list[float]] = {}
    commits = set()
    for row in rows_of(HERE / name):
        reached = row.get("test_accuracy") or row["validation_accuracy"]
        networks.setdefault(row["network"], []).append(100 * float(reached))
        commits.add(row["commit"])
    return networks, commits


def figures() -> dict[str, tuple[float, float, int]]:
    """Return mean and deviation of validation accuracy (percent), and seeds, per network of notebook 3."""
    networks, _ = read("notebook.csv")
    return {name: (statistics.mean(of), statistics.stdev(of), len(of)) for name, of in networks.items()}


def main() -> None:
    """Write the page and its plot."""
    (HERE / "fairness.md").write_text(page(), encoding="utf-8")
    _plot(read("fairness.csv")[0], np.random.default_rng(20261125))


def page() -> str:
    """Return the page."""
    networks, commits = read("fairness.csv")
    lines = []
    for name, reached in sorted(networks.items(), key=lambda entry: statistics.mean(entry[1])):
        mean, deviation = statistics.mean(reached), statistics.stdev(reached)
        earned, runs = shares(mean / 100, deviation / 100)
        lines.append(
            f"| {name} | {len(reached)} | {mean:.3f} | {deviation:.3f} | {min(reached):.2f} to {max(reached):.2f} "
            f"| {100 * np.mean(np.array(reached) < 98.5):.0f} | {100 * np.mean(earned < 1):.2f} "
            f"| {100 * (1 - earned.mean()):.2f} | {runs:.2f} |"
        )
    return PAGE.format(
        table="\n".join(lines),
        commits=", ".join(sorted(commits)),
        loses=100 * loses(0.985, 0.0008),
        gets=100 * (1 - loses(0.982, 0.0008)),
        again=100 * LINE.again_from,
        commit=", ".join(sorted(read("notebook.csv")[1])),
        figures="\n".join(
            f"| {NOTEBOOK[name]} | {seeds} | {mean:.2f} | {deviation:.2f} |"
            for name, (mean, deviation, seeds) in ((name, figures()[name]) for name in NOTEBOOK)
        ),
    )


def _plot(networks: dict[str, list[float]], rng: np.random.Generator) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    ordered = sorted(networks.items(), key=lambda entry: statistics.mean(entry[1]))
    for position, (_, reached) in enumerate(ordered):
        left.plot(reached, rng.uniform(-0.12, 0.12, len(reached)) + position, "o", ms=4, alpha=0.7)
    left.set_yticks(range(len(ordered)), [name for name, _ in ordered])
    left.axvline(98.5, color="0.5", lw=1, ls=":")
    left.axvline(100 * LINE.full, color="black", lw=1)
    left.set_xlabel("test accuracy of each seed, %")
    left.set_title("dotted: 98.5 %; line: full points", fontsize=10)
    means = np.linspace(97.4, 98.8, 71)
    for deviation, style in ((0.04, ":"), (0.08, "-"), (0.15, "--")):
        lost = [100 * (1 - shares(mean / 100, deviation / 100)[0].mean()) for mean in means]
        right.plot(means, lost, style, color="tab:blue", label=f"this rule, deviation {deviation}")
    hard = [100 * np.mean(rng.normal(mean, 0.08, 20_000) < 98.5) for mean in means]
    right.plot(means, hard, color="tab:red", label="one run, hard line at 98.5 %, deviation 0.08")
    right.set_xlabel("true mean of the network's test accuracy, %")
    right.set_ylabel("expected loss of points, %")
    right.legend(fontsize=8)
    figure.savefig(HERE / "fairness.svg", metadata={"Date": None})
    plt.close(figure)


PAGE = """# Does luck decide the 98.5 %?

Written by `make fairness-report` from [fairness.csv](fairness.csv), whose rows name the measured commit
({commits}). Each row is one training run from one seed: 15 epochs, batch 128, Adam from 0.001 falling linearly to zero, one thread.

**The rule.** Full points start at 98.42 % and fall linearly to none at 97.5 %. If a run ends between {again:.2f} % and 98.42 %, a gap that chance
can explain, the grader repeats it up to two more times with other seeds, and the best run counts.

![Left: the test accuracy of every seed of six networks, near the limit. Right: the expected loss of points against the network's true
mean; under this rule it reaches zero at the limit, where a single run with a hard limit still costs half of the points.](fairness.svg)

| network | seeds | mean % | deviation | range | below 98.5 in one run, % | loses points by the rule, % | expected loss of points, % | runs each |
|---|---|---|---|---|---|---|---|---|
{table}

The last four columns: the share of seeds below 98.5 %; then, from 200,000 draws of a normal distribution with the measured mean and
deviation, how many would lose points, the average loss, and the runs needed.

For a network with a run-to-run standard deviation of 0.08:

| true mean | promise | measured |
|---|---|---|
| 98.5 % | loses points in at most 1 % | {loses:.2f} % |
| 98.2 % | gets them all in at most 5 % | {gets:.2f} % |

## The figures of notebook 3

`make notebook-figures` measures them ([rows](notebook.csv), {commit}). The networks train on the first 50,000 training images; the last 10,000
are the validation set. The picture of what helps has the first nine: 15 epochs, batch 128, Adam from 0.001.
The last four are in the section *Initialisation*: 784-1500-10, one epoch, batch 64, Adam at 0.001.

| network | seeds | mean % | deviation |
|---|---|---|---|
{figures}
"""

NOTEBOOK = {
    "1500": "1500",
    "1500-decay": "1500, decay",
    "128x3-decay": "128, 128, 128, decay",
    "256x3-decay": "256, 256, 256, decay",
    "512x3": "512, 512, 512",
    "512x3-decay": "512, 512, 512, decay",
    "512x2-dropout0.2-decay": "512, 512, dropout 0.2, decay",
    "512x3-batchnorm-dropout0.3-decay": "512, 512, 512, batch normalisation, dropout 0.3, decay",
    "1024x2-dropout0.5-decay": "1024, 1024, dropout 0.5, decay",
    "1500-glorot-one-epoch": "Glorot-uniform weights, one epoch",
    "1500-normal-one-epoch": "a normal distribution of width 1, one epoch",
    "1500-equal-one-epoch": "all weights equal, one epoch",
    "1500-zero-one-epoch": "all weights zero, one epoch",
}
"""Notebook 3's name for each network, in its order."""

if __name__ == "__main__":
    main()
