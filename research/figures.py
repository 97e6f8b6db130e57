"""What was measured of verdicts, as ``docs/reference/measured.md`` tells it: each figure is counted from committed rows."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from research.benchmarks import TOOL, claims
from research.benchmarks import rows as last_rows
from research.benchmarks_report import ACCUSED, Sums, verdict
from research.kinds_of_networks import CLEAN, GUILTY
from research.rates_report import GOOD, kept, verdicts
from research.rows import rows_of
from research.training_report import NONE, earned_all, is_alone, is_named, latest, loops_of, lost, of_most

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FIGURES", "Figure", "page"]

HERE = Path(__file__).parent
Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A figure: the question that it answers, where its rows lie in ``research/``, and how they are counted."""

    question: str
    rows: str
    count: Callable[[Path], tuple[str, list[Row]]]

    def found(self) -> tuple[str, set[str]]:
        """Return what its rows say, and at which commits they were measured."""
        said, some = self.count(HERE / self.rows)
        return said, {row["commit"] for row in some}


def corpus(path: Path) -> tuple[str, list[Row]]:
    """Count what the reader says of right and of faulty networks."""
    rows = [row for line in path.read_text(encoding="utf-8").splitlines() if (row := json.loads(line))["mode"] == "lab"]
    right, faulty = (Counter(row["verdict"] for row in rows if row["right"] is kind) for kind in (True, False))
    return (
        f"{right.total():,} right networks: {right['rejected']} accused, {right['right']:,} read to the end. "
        f"{faulty.total():,} with faults: {faulty['right']:,} named exactly, with no other"
    ), rows


def loops(path: Path) -> tuple[str, list[Row]]:
    """Count what is said of right training loops and of those with a mistake."""
    rows = of_most(rows_of(path))
    right = [row for row in rows if row["operator"] == NONE]
    wrong = [row for row in rows if row["operator"] != NONE]
    return (
        f"{len(right)} runs of {loops_of(right)} right loops: {len(right) - sum(map(earned_all, right))} lost anything. {len(wrong):,} "
        f"with a mistake: {sum(map(is_named, wrong)):,} named, {sum(is_named(row) and is_alone(row) for row in wrong):,} with no other"
    ), rows


def notebooks(path: Path) -> tuple[str, list[Row]]:
    """Count right notebooks that lost points."""
    rows = latest(rows_of(path))
    styles = len({row["style"] for row in rows})
    return f"{len(rows)} right notebooks in {styles} styles: {sum(map(lost, rows))} lost points", rows


def rates(path: Path) -> tuple[str, list[Row]]:
    """Count what is said of good learning rates, and of others."""
    good, off = kept(verdicts()[0])
    return (
        f"{good.total()} good rates: {good.total() - good[GOOD]} refused. {off.total()} nine times or a ninth of one: "
        f"{off.total() - off[GOOD]} named"
    ), rows_of(path)


def clean(path: Path) -> tuple[str, list[Row]]:
    """Count which networks are said to have been trained on test images."""
    rows = [row for row in rows_of(path) if row["network"] in {**CLEAN, **GUILTY}]
    said = {True: Counter[str](), False: Counter[str]()}
    for row in rows:
        said[row["network"] in GUILTY][row["said"] or "nothing"] += 1
    (accused, doubted), (named, told) = (
        (count.total() - count["nothing"] - count["doubted"], count["doubted"]) for count in (said[False], said[True])
    )
    return (
        f"{said[False].total()} networks that never saw one: {accused} accused, {doubted} doubted. {said[True].total()} that were "
        f"trained on some: {named} named, {told} doubted"
    ), rows


def luck(path: Path) -> tuple[str, list[Row]]:
    """Tell how far trainings of one network differ."""
    reached = defaultdict(list)
    for row in rows_of(path):
        reached[row["network"]].append(100 * float(row["test_accuracy"]))
    deviations = sorted(map(statistics.stdev, reached.values()))
    trainings = sum(map(len, reached.values()))
    return (
        f"{trainings} trainings of {len(reached)} networks: accuracies of one deviate by {deviations[0]:.2f} to {deviations[-1]:.2f} %"
    ), rows_of(path)


def others(_path: Path) -> tuple[str, list[Row]]:
    """Count what is said of other people's benchmarks."""
    measured = last_rows(TOOL)
    total = Sums(claims(), measured)
    accused = [row for claim, row in total.pairs if row and verdict(claim, row) == ACCUSED]
    read = [row["by_eye"].startswith("right") for row in accused if row["by_eye"]]
    return (
        f"{total.coded} faults that a graph shows: {total.found} named. {total.right} clean or fixed programs: a fault named in "
        f"{len(accused)}; of {len(read)} of these that were read by eye it is there in {sum(read)}"
    ), list(measured.values())


FIGURES = (
    Figure("Is a right network ever accused? Are faults named?", "reader_corpus.jsonl", corpus),
    Figure("The same, of Keras models and modules", "reader_corpus_keras.jsonl", corpus),
    Figure("What is said of [other people's benchmarks](../../research/benchmarks.md)?", "benchmarks.csv", others),
    Figure("Does a right training loop lose anything? Are mistakes in one named?", "training.csv", loops),
    Figure("Does a right notebook lose points?", "right_notebooks.csv", notebooks),
    Figure("Is a good learning rate ever refused, a bad one missed?", "rates.csv", rates),
    Figure("How far does chance move an accuracy?", "fairness.csv", luck),
    Figure("Is anybody said to have trained on test images who has not?", "clean_networks.csv", clean),
)


def page() -> str:
    """Return the page of all figures."""
    lines = []
    for figure in FIGURES:
        said, commits = figure.found()
        measured = ", ".join(f"`{commit}`" for commit in sorted(commits))
        lines.append(f"| {figure.question} | {said} | [{figure.rows}](../../research/{figure.rows}) | {measured} |")
    return PAGE.format(rows="\n".join(lines))


PAGE = """# What was measured of verdicts

Written by `make reference` from the rows, which are measured by the targets of [research](../../research/README.md); each page there says what is
counted, and every miss. A test compares this page with the rows. Each figure holds for the commits in its row.

| question | found | rows | measured at |
|---|---|---|---|
{rows}
"""
