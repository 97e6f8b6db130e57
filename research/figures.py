"""What was measured of verdicts, as ``docs/reference/measured.md`` tells it, and whether the code has changed since.

Each figure is counted from committed rows. ``figures.toml`` says which code decides them; ``figures.lock`` has the hashes of that
code at the commits that the rows name, so that only `lock`, which `make reference` calls, needs the repository's history.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from research.benchmarks import TOOL, claims
from research.benchmarks import rows as last_rows
from research.benchmarks_report import ACCUSED, Sums, verdict
from research.kinds_of_networks import CLEAN, GUILTY
from research.rates_report import GOOD, kept, verdicts
from research.rows import DECLARED, ROOT, rows_of
from research.training_report import NONE, earned_all, is_alone, is_named, latest, loops_of, lost, of_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FIGURES", "Figure", "lock", "locked", "page"]

HERE = Path(__file__).parent
LOCK = HERE / "figures.lock"
ENDINGS = (".py", ".toml", ".ipynb", ".npy")
"""Of the files in a folder that count as code."""
DIGITS = 12
Row = dict[str, Any]
Code = dict[str, str]
"""Hashes of files by their paths, as git names what a file holds."""


@dataclass(frozen=True)
class Figure:
    """An entry of ``figures.toml``; `rows` lie in ``research/``."""

    name: str
    question: str
    rows: str
    target: str
    code: tuple[str, ...]
    changed: tuple[dict[str, Any], ...] = ()

    def found(self) -> tuple[str, set[str]]:
        """Return what its rows say, and at which commits they were measured."""
        said, some = COUNTED[self.name](HERE / self.rows)
        return said, {row["commit"] for row in some}

    def reasons(self, commits: Iterable[str]) -> list[str]:
        """Return why files may have changed since these commits."""
        return [entry["why"] for entry in self.changed if set(entry["at"]) & set(commits)]

    def older_than(self, commit: str, then: Code, now: Code) -> list[str]:
        """Return the files that differ from what was measured at a commit and are not named for it."""
        named = [path for entry in self.changed if commit in entry["at"] for path in entry["files"]]
        differ = sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path))
        return [path for path in differ if not any(path == one or path.startswith(f"{one}/") for one in named)]


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


COUNTED: dict[str, Callable[[Path], tuple[str, list[Row]]]] = {
    "corpus": corpus,
    "keras": corpus,
    "others": others,
    "loops": loops,
    "notebooks": notebooks,
    "rates": rates,
    "luck": luck,
    "clean": clean,
}
FIGURES = {
    name: Figure(name, **entry)
    for name, entry in tomllib.loads(DECLARED.read_text(encoding="utf-8")).items()
    if (HERE / entry["rows"]).exists()
}


def code_now(paths: Iterable[str], root: Path = ROOT) -> Code:
    """Return the code as it is in the working tree."""
    found = {}
    for part in paths:
        files = sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]
        for file in files:
            inside = file.relative_to(root)
            if file.suffix in ENDINGS and not any(name.startswith(".") for name in inside.parts):
                content = file.read_bytes()
                whole = b"blob %d\0%b" % (len(content), content)
                found[inside.as_posix()] = hashlib.sha1(whole, usedforsecurity=False).hexdigest()[:DIGITS]
    return found


def code_at(commit: str, paths: Iterable[str]) -> Code:
    """Return the code as it was at a commit; nothing is known of one with a plus, measured on changes that were in no commit."""
    if commit.endswith("+"):
        return {}
    command = ["git", "ls-tree", "-r", commit, "--", *paths]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = (line.partition("\t") for line in out.splitlines())
    return {path: about.split()[2][:DIGITS] for about, _, path in entries if path.endswith(ENDINGS)}


def locked() -> dict[str, dict[str, Code]]:
    """Return the code that each figure was measured on, by commit."""
    return dict(json.loads(LOCK.read_text(encoding="utf-8")))


def lock() -> None:
    """Write down the code that the rows were measured on."""
    known = locked() if LOCK.exists() else {}
    told = {}
    for figure in FIGURES.values():
        _, commits = figure.found()
        told[figure.name] = {
            commit: known.get(figure.name, {}).get(commit) or code_at(commit, figure.code) for commit in sorted(commits)
        }
    LOCK.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def page() -> str:
    """Return the page of all figures."""
    lines = []
    for figure in FIGURES.values():
        said, commits = figure.found()
        cells = (
            figure.question,
            said,
            f"[{figure.rows}](../../research/{figure.rows})",
            ", ".join(f"`{commit}`" for commit in sorted(commits)),
            " ".join(figure.reasons(commits)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return PAGE.format(rows="\n".join(lines))


PAGE = """# What was measured of verdicts

Written by `make reference` from the rows, which are measured by the targets of [research](../../research/README.md); each page there says what is
counted, and every miss. A test compares this page with the rows. It fails, too, where code that decides a figure has changed since,
in other files than [figures.toml](../../research/figures.toml) names; why the figure stands all the same is said on the right.

| question | found | rows | measured at | changed since |
|---|---|---|---|---|
{rows}
"""
