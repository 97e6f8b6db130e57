"""What neighbours cost each other, and what a fork saves: a row of `research/neighbours.csv` for each notebook graded.

Ten notebooks on two cores, two of them good ones that are looked at: beside eight good ones in one half of a round, beside
eight hostile ones in the other. Then one harmless notebook, and a lab's first answer, in a cage begun from
nothing, and in one begun as a fork. Rounds alternate, so that what else the machine does falls on all alike.
Resumable: each call adds rounds. ``--page`` writes `research/neighbours.md`.

    .venv/bin/python -m research.neighbours --rounds 3
"""

from __future__ import annotations

import argparse
import csv
import functools
import os
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.cage_contents import preload
from netgrader.caged_lab import CagedLab
from netgrader.grading.execute import execute
from netgrader.grading.execution import ExecutionCell, ExecutionRequest
from notebook_cage import open_sandbox, require_self_tests
from notebook_cage.zygote import Zygote
from tests.attacks.attacked import Attack
from tests.attacks.conftest import Attacked, attacked_course
from tests.attacks.test_neighbours import HOSTILE, good

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROWS = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).with_suffix(".md")
FIELDS = ("commit", "round", "load", "group", "name", "points", "student", "execute")
AT_ONCE = 2
LOOKED_AT = ("first good one", "second good one")
TENSORFLOW = (
    "import tensorflow.compat.v1 as tf\nwith tf.Session(graph=tf.Graph()) as sess:\n    sess.run(tf.constant(1.0))"
)
HARMLESS = {
    "a notebook that imports nothing": "squares = [k * k for k in range(10)]",
    "one with TensorFlow": TENSORFLOW,
}
WAYS = ("from nothing", "as a fork")


@functools.cache
def commit() -> str:
    """The commit that is measured: the one at the start."""
    argv = ["git", "-C", str(ROWS.parent), "log", "-1", "--format=%h"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def mixed(first: Attack, second: Attack, others: Sequence[Attack]) -> list[Attack]:
    """The two that are looked at among the others."""
    return [*others[:3], first, *others[3:6], second, *others[6:]]


def neighbours(number: int, root: Path) -> Iterator[dict[str, Any]]:
    """Rows of one round of twenty notebooks."""
    for group in ("good", "hostile"):
        attacked = Attacked(attacked_course(root / group / "course"))
        limits = attacked.root / "source" / "numbers" / "checks" / "exercises.toml"
        limits.write_text(limits.read_text().replace("cell_seconds = 5", "cell_seconds = 4"))
        others = [Attack(name, cells=[source]) for name, source in HOSTILE.items()]
        if group == "good":
            others = [good(f"other {which}") for which in range(len(others))]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for name, graded in pool.map(attacked.grade, mixed(*map(good, LOOKED_AT), others)):
                result = graded.result
                seconds = result.seconds
                yield row(
                    number,
                    f"beside {group}",
                    name,
                    seconds["execute"],
                    points=result.score,
                    student=seconds["student"],
                )


def row(number: int, group: str, name: str, whole: float, **more: float) -> dict[str, Any]:
    """One row: what was graded, in which company, and the seconds of the whole run; points and seconds of its own code."""
    row = dict.fromkeys(FIELDS, "") | {"commit": commit(), "round": number, "group": group, "name": name}
    return row | {"load": round(os.getloadavg()[0], 1), "execute": round(whole, 3), **more}


def cages(number: int, root: Path) -> Iterator[dict[str, Any]]:
    """Rows of one round of harmless runs."""
    warm = preload(2)
    for name, source in HARMLESS.items():
        for way in WAYS:
            sandbox = Zygote.open_sandbox("bubblewrap", warm) if way == "as a fork" else open_sandbox()
            begin = time.monotonic()
            ran = execute(ExecutionRequest([ExecutionCell(source)]), sandbox, root / f"{name} {way}")
            yield row(number, way, name, time.monotonic() - begin, student=ran.seconds["student"])
    for way in WAYS:
        zygote = Zygote.address_for("bubblewrap", warm) if way == "as a fork" else None
        begin = time.monotonic()
        lab = CagedLab(zygote=zygote)
        lab.load(_graph()).session(1).run(["out:0"])
        seconds = time.monotonic() - begin
        lab.close()
        yield row(number, way, "a lab's first answer", seconds)


def _graph() -> bytes:
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="out")
        return bytes(tf.train.export_meta_graph(graph=graph).SerializeToString())


def load() -> list[dict[str, str]]:
    """The rows so far."""
    if not ROWS.exists():
        return []
    with ROWS.open(newline="") as file:
        return list(csv.DictReader(file))


def measure(rounds: int, series: Sequence[Callable[[int, Path], Iterator[dict[str, Any]]]]) -> None:
    """Add rounds."""
    done = max((int(one["round"]) for one in load()), default=0)
    fresh = not ROWS.exists()
    with ROWS.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        for number in range(done + 1, done + 1 + rounds):
            for make in series:
                with tempfile.TemporaryDirectory() as folder:
                    writer.writerows(make(number, Path(folder)))
                file.flush()


def page(rows: Sequence[dict[str, str]]) -> str:
    """`research/neighbours.md`."""
    rounds = sorted({int(one["round"]) for one in rows})
    commits = ", ".join(sorted({one["commit"] for one in rows}))
    lines = [
        "# What neighbours and the cage cost",
        "",
        "Written by `python -m research.neighbours --page` from [neighbours.csv](neighbours.csv):",
        f"rounds: {len(rounds)}, commit: {commits}, load of the machine: {_range(float(one['load']) for one in rows)}.",
        "",
        "## Two good submissions beside eight hostile ones",
        "",
        "Ten notebooks, two at a time on two cores; the hostile ones compute in thirty processes and threads, take all memory,",
        "fill the disk and the folder of evidence, print and sleep for ever, and ignore signals. Seconds of the two good ones:",
        "their own code, and the whole run. The machine had other work as well, in turns the same for all rows; so seconds are",
        "long, and what counts is the ratio.",
        "",
        "| | own code, median | own code, longest | whole run, median | whole run, longest | points |",
        "|---|---|---|---|---|---|",
    ]
    medians = {}
    for group in ("beside good", "beside hostile"):
        those = [one for one in rows if one["group"] == group and one["name"] in LOOKED_AT]
        figures = [[float(one[field]) for one in those] for field in ("student", "execute")]
        medians[group] = [statistics.median(values) for values in figures]
        cells = [f"{value:.2f}" for values in figures for value in (statistics.median(values), max(values))]
        points = ", ".join(sorted({one["points"] for one in those}))
        lines.append(f"| {group} ones ({len(those)}) | {' | '.join(cells)} | {points} |")
    ratios = [after / before for before, after in zip(*medians.values(), strict=True)]
    lines += [
        f"| ratio of medians | {ratios[0]:.2f} | | {ratios[1]:.2f} | | |",
        "",
        "## The cage",
        "",
        "Seconds from the call to the end of a run, medians (least to most); *as a fork* begins as a child of a process that has",
        "made the imports, which a worker pays for once.",
        "",
        "| | from nothing | as a fork |",
        "|---|---|---|",
    ]
    for name in (*HARMLESS, "a lab's first answer"):
        those = [[float(one["execute"]) for one in rows if (one["name"], one["group"]) == (name, way)] for way in WAYS]
        cells = [f"{statistics.median(values):.2f} ({_range(values)})" for values in those]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _range(values: Any) -> str:
    found = list(values)
    return f"{min(found):.1f} to {max(found):.1f}"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", action="store_true", help="write the page, measure nothing")
    asked = parser.parse_args()
    if not asked.page:
        require_self_tests()
        with tempfile.TemporaryDirectory() as folder:
            list(cages(0, Path(folder)))  # what is loaded from the disk for the first time is nobody's
        measure(asked.rounds, (neighbours, cages))
    PAGE.write_text(page(load()), encoding="utf-8")


if __name__ == "__main__":
    main()
