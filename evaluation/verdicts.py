"""Write ``docs/reference/verdicts.md`` and its figure; every count comes from committed rows.

`first_sight/rounds.csv` has a line for each round of programs unknown during development; a new round adds a line. All other
counts are computed here from the rows of ``evaluation/``. ``make reference`` writes both files.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from math import sqrt
from pathlib import Path
from statistics import stdev
from typing import TYPE_CHECKING, NamedTuple

from evaluation import benchmark_neuralint
from evaluation.benchmarks import TOOL, Claim, claims
from evaluation.benchmarks import rows as last_rows
from evaluation.benchmarks_report import (
    ACCEPTED,
    ACCUSED,
    ANOTHER,
    FOUND,
    MISSED,
    PARTLY,
    REMARKED,
    RIGHT,
    Sums,
    verdict,
)
from evaluation.elsewhere_report import counts
from evaluation.kinds_of_networks import CLEAN, GUILTY
from evaluation.rates import POWERS
from evaluation.rates_report import BETTER, BEYOND, GOOD, verdicts
from evaluation.rows import ROOT, append_row, rows_of
from evaluation.training_report import NONE, earned_all, is_named, latest, lost, of_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HERE = Path(__file__).parent
ROUNDS, VERSIONS = HERE / "first_sight" / "rounds.csv", HERE / "versions.csv"
FIRST_SIGHT, AFTER, FIRST_RUN, DEVELOPMENT = SIGHTS = ("first sight", "labeled after", "first run", "development")
Z = 1.959964
"""Normal quantile of a 95 % interval."""
Row = dict[str, str]


class Share(NamedTuple):
    """Count k of n: independent programs, and their products if there are any."""

    k: int
    n: int
    products: tuple[int, int] | None = None

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of Wilson (1927), as fractions."""
        share, spread = self.k / self.n, Z * Z / self.n
        middle, half = share + spread / 2, Z * sqrt(share * (1 - share) / self.n + spread / (4 * self.n))
        return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


class Line(NamedTuple):
    """A line of a table: what was measured, on which set, at which versions, and its rows."""

    question: str
    set: str
    sight: str
    share: Share
    versions: Sequence[str]
    rows: Path


def tally(found: Iterable[tuple[str, bool]], of: Callable[[Iterable[bool]], bool]) -> Share:
    """Count products, and programs for whose products `of` (any, all) holds."""
    by_program = defaultdict(list)
    for program, holds in found:
        by_program[program].append(holds)
    counts = by_program.values()
    products = sum(map(sum, counts)), sum(map(len, counts))
    return Share(sum(map(of, counts)), len(counts), products)


def program_of(claim: Claim) -> str:
    """Return the program of which a benchmark's entry is a version, copy or mutant."""
    path = claim.program.split("/")
    if claim.set == "TensorFlow-Program-Bugs":
        name = path[2].removesuffix("-buggy").removesuffix("-fix").removesuffix("-model")
        return name if path[0] == "StackOverflow" else "/".join([name, *path[3:]])
    if claim.version == "real":
        return claim.program
    return path[-1].split("_")[0].removesuffix(".py") if claim.set == "TheDeepChecker" else "lenet"


def rounds() -> list[Line]:
    """Return the rounds at first sight."""
    lines = []
    for row in rows_of(ROUNDS):
        products = (int(row["products_k"]), int(row["products_n"])) if row["products_n"] else None
        share = Share(int(row["k"]), int(row["n"]), products)
        lines.append(Line(row["question"], row["set"], row["sight"], share, row["version"].split(), HERE / row["rows"]))
    return lines


def corpus(path: Path, what: str) -> list[Line]:
    """Return the reader's results on a corpus of networks."""
    rows = [row for line in path.read_text(encoding="utf-8").splitlines() if (row := json.loads(line))["mode"] == "lab"]
    versions = sorted({row["commit"] for row in rows})
    found: dict[str, list[tuple[str, bool]]] = {"accused": [], "named": []}
    for row in rows:
        program, said = row["name"].partition("+")[0], row["verdict"]
        if row["right"]:
            found["accused"].append((program, said == "rejected"))
        else:
            found["named"].append((program, said == "right"))
    return [
        Line(question, what, DEVELOPMENT, tally(pairs, any if question == "accused" else all), versions, path)
        for question, pairs in found.items()
    ]


def benchmarks() -> list[Line]:
    """Return the reader's results on three public benchmarks, after development on them."""
    measured = last_rows(TOOL)
    right, wrong = [], []
    for claim, row in Sums(claims(), measured).pairs:
        what = verdict(claim, row)
        if what in (ACCEPTED, ACCUSED):
            right.append((program_of(claim), row is not None and what == ACCUSED and row["by_eye"].startswith("wrong")))
        elif what in (FOUND, REMARKED, PARTLY, ANOTHER, MISSED):
            wrong.append((program_of(claim), what in (FOUND, REMARKED)))
    where = sorted({row["commit"] for row in measured.values()}), HERE / "benchmarks.csv"
    return [
        Line("accused", "the three benchmarks again", DEVELOPMENT, tally(right, any), *where),
        Line("named", "the three benchmarks again", DEVELOPMENT, tally(wrong, all), *where),
    ]


def loops() -> list[Line]:
    """Return the verdicts on training loops and learning rates."""
    rows = of_most(rows_of(HERE / "training.csv"))
    right = [(row["loop"], not earned_all(row)) for row in rows if row["operator"] == NONE]
    wrong = [(row["loop"], is_named(row)) for row in rows if row["operator"] != NONE]
    good, off = [], []
    for (network, optimizer), said in verdicts()[0].items():
        middle = BETTER.get(optimizer, 0) - POWERS[0]
        good += [(network + optimizer, word != GOOD) for word in said[middle].elements()]
        for far in (said[middle - BEYOND], said[middle + BEYOND]):
            off += [(network + optimizer, word != GOOD) for word in far.elements()]
    at, file = [rows[0]["commit"]], HERE / "training.csv"
    rates = sorted({row["commit"] for row in rows_of(HERE / "rates.csv")}), HERE / "rates.csv"
    return [
        Line("loop_accused", "loops of the tests", DEVELOPMENT, tally(right, any), at, file),
        Line("loop_named", "mistakes put into loops of the tests", DEVELOPMENT, tally(wrong, all), at, file),
        Line("rate_refused", "3 networks, 4 optimizers, ten seeds", DEVELOPMENT, tally(good, any), *rates),
        Line("rate_named", "the same, times nine or a ninth", DEVELOPMENT, tally(off, all), *rates),
    ]


def notebooks() -> list[Line]:
    """Return how many right notebooks lost points in their latest grading."""
    last = latest(rows_of(HERE / "right_notebooks.csv"))
    share = tally(((row["style"] + row["notebook"], lost(row)) for row in last), any)
    versions = sorted({row["commit"] for row in last})
    return [
        Line(
            "notebook",
            "the same, two graded again after a fix",
            DEVELOPMENT,
            share,
            versions,
            HERE / "right_notebooks.csv",
        )
    ]


def test_images() -> list[Line]:
    """Return which networks are reported as trained on test images."""
    rows = [row for row in rows_of(HERE / "clean_networks.csv") if row["network"] in {**CLEAN, **GUILTY}]
    said = [(row["network"], row["said"] not in ("", "doubted")) for row in rows]
    where = sorted({row["commit"] for row in rows}), HERE / "clean_networks.csv"
    clean, guilty = ([pair for pair in said if pair[0] in kind] for kind in (CLEAN, GUILTY))
    return [
        Line("image_accused", "kinds of networks", DEVELOPMENT, tally(clean, any), *where),
        Line("image_named", "kinds of networks", DEVELOPMENT, tally(guilty, all), *where),
    ]


def attacks() -> list[Line]:
    """Return how many attacks earned undeserved points, by grader."""
    path = HERE / "elsewhere.csv"
    rows = rows_of(path)
    versions = {row["grader"]: row["version"] for row in rows}
    names = {
        "netgrader": "netgrader",
        "nbgrader": f"nbgrader {versions['nbgrader']}",
        "otter-grader": f"otter-grader {versions['otter-grader']}, `otter run`",
    }
    lines = []
    for grader, name in names.items():
        found = counts(row for row in rows if row["grader"] == grader)
        share = Share(found["more than deserved"], found["of"])
        lines.append(Line("fooled", name, DEVELOPMENT, share, [versions["netgrader"]], path))
    return lines


def neuralint() -> list[Line]:
    """Return the faults that two tools name in those of NeuraLint's programs that NeuraLint can read."""
    theirs, ours = last_rows(benchmark_neuralint.TOOL), last_rows(TOOL)
    by_them, by_us = [], []
    for claim in claims():
        key = claim.set, claim.program
        if claim.version not in RIGHT and key in theirs and not theirs[key]["ended"]:
            named = bool(claim.kind) and set(claim.kind.split()) <= set(theirs[key]["faults"].split())
            by_them.append((program_of(claim), named))
            by_us.append((program_of(claim), verdict(claim, ours.get(key)) in (FOUND, REMARKED)))
    versions = sorted({row["commit"] for row in theirs.values()} | {row["commit"] for row in ours.values()})
    return [
        Line("tools", f"NeuraLint's programs, by {tool}", sight, tally(found, all), versions, HERE / "benchmarks.csv")
        for tool, found, sight in (("NeuraLint", by_them, "its own set"), ("netgrader", by_us, DEVELOPMENT))
    ]


def deviations() -> tuple[float, float]:
    """Return smallest and largest standard deviation of a network's accuracy over trainings (percent)."""
    reached = defaultdict(list)
    for row in rows_of(HERE / "fairness.csv"):
        reached[row["network"]].append(100 * float(row["test_accuracy"]))
    found = sorted(map(stdev, reached.values()))
    return found[0], found[-1]


def moved() -> tuple[str, str, str]:
    """Return lowest and highest mark of the notebook whose mark varied between gradings, and its maximum."""
    marks = defaultdict(list)
    for row in rows_of(HERE / "ten_gradings.csv"):
        marks[row["student"], row["notebook"]].append((float(row["score"]), row["of"]))
    (some,) = (found for found in marks.values() if len(set(found)) > 1)
    return f"{min(some)[0]:g}", f"{max(some)[0]:g}", f"{float(some[0][1]):g}"


def measured() -> list[Line]:
    """Return all lines, first sight first."""
    lines = [
        *rounds(),
        *corpus(HERE / "reader_corpus.jsonl", "corpus of graphs"),
        *corpus(HERE / "reader_corpus_keras.jsonl", "corpus of Keras models"),
        *benchmarks(),
        *loops(),
        *notebooks(),
        *test_images(),
        *attacks(),
        *neuralint(),
    ]
    return sorted(lines, key=lambda line: SIGHTS.index(line.sight) if line.sight in SIGHTS else len(SIGHTS))


def date_of(version: str) -> str:
    """Return the date of a commit; look up and record a missing one."""
    days = {row["version"]: row["date"] for row in rows_of(VERSIONS)}
    if version not in days:
        command = ["git", "log", "-1", "--format=%as", version]
        days[version] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        append_row(VERSIONS, ("version", "date"), {"version": version, "date": days[version]})
    return days[version]


def percent(share: Share) -> str:
    """Return the interval in words."""
    low, high = (100 * end for end in share.interval())
    return f"{low:.1f}–{high:.1f} %" if high < 10 else f"{low:.0f}–{high:.0f} %"


def table(lines: Iterable[Line]) -> str:
    """Return a Markdown table."""
    out = ["| question | set | sight | programs | 95 % | products | date, version | rows |", "|---" * 8 + "|"]
    for line in lines:
        days = sorted(map(date_of, line.versions))
        when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1][-5:]}"
        products = "" if line.share.products in (None, line.share[:2]) else "{:,} of {:,}".format(*line.share.products)
        file = line.rows.resolve().relative_to(ROOT)
        rows = f"[{KINDS.get(file.suffix, 'rows')}](../../{file})"
        cells = (
            QUESTIONS[line.question],
            line.set,
            line.sight,
            f"{line.share.k} of {line.share.n}",
            percent(line.share),
            products,
            f"{when}, {', '.join(f'`{version[:8]}`' for version in line.versions)}",
            rows,
        )
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def page() -> str:
    """Return the page."""
    lines = measured()
    low, high = deviations()
    least, most, points = moved()
    tables = {
        section: table(line for question in questions for line in lines if line.question == question)
        for section, questions in SECTIONS.items()
    }
    return PAGE.format(**tables, low=low, high=high, least=least, most=most, points=points)


KINDS = {".py": "programs", ".toml": "programs", ".md": "page"}
"""Link text for a line without rows of its own: its counts are in the commit's message, or on the page."""
SECTIONS = {
    "right": ("accused", "unlabelled", "untrue"),
    "wrong": ("named",),
    "training": ("training_accused", "training_named", "loop_accused", "loop_named", "rate_refused", "rate_named"),
    "marks": ("notebook", "unnoticed", "moved"),
    "images": ("image_accused", "image_named"),
    "attacks": ("attack", "fooled"),
    "tools": ("tools",),
}
QUESTIONS = {
    "accused": "right, accused",
    "unlabelled": "unlabeled, judged",
    "untrue": "named, not there",
    "named": "wrong, named",
    "training_accused": "right, accused",
    "training_named": "wrong, named",
    "loop_accused": "right, lost points",
    "loop_named": "mistake named",
    "rate_refused": "good rate refused",
    "rate_named": "bad rate named",
    "notebook": "right, lost points",
    "unnoticed": "wrong, full marks",
    "moved": "mark moved",
    "image_accused": "clean, accused",
    "image_named": "trained on some, named",
    "attack": "attempt succeeded",
    "fooled": "earned points",
    "tools": "wrong, named",
}
PAGE = """# How good are the verdicts?

*First sight* ([method](../../evaluation/first_sight/README.md)): programs that the software was not developed on, labeled before the first run. Afterwards they become *development*. *Labeled after*: checked against the source only after the run. *First run*: new mistakes in programs of the tests. Only first sight predicts the results for new programs.

A program counts once, however many versions, seeds or mutants (*products*) it has: as accused if any is, as named only if every fault of each
is named; in benchmarks a remark counts. Intervals are Wilson's, over programs. `make reference` writes this page from the rows, and a test compares them.

![First sight by round, with 95 % intervals: the share of programs with all faults named, and of right programs falsely
accused.](first-sight.svg)

Each round has different programs: no trend follows.

## Is a right network accused?

{right}

Five of the 85 are borderline, one of them accused. Six of the seven accused use another learning rate than the exercise states.

The reader was developed on the two corpora. So 0 of 666 shows that nothing broke again, and nothing about new networks. A benchmark's fixed program may still have a fault; it counts as accused if a named fault is not in its
source.

## Is a fault in a network named?

Faults count if an untrained graph can show them and they have a [code](faults.md); [benchmarks.md](../../evaluation/benchmarks.md) lists the others. In the two
corpora, no other fault may be named.

{wrong}

## Are training loops and learning rates judged rightly?

The grader calls the student's `train` on an instrument network, and judges rates by short runs.

{training}

## Is the mark right?

A right notebook must earn all points, a wrong one must not, and regrading must repeat the mark.

{marks}

The mark that moved is for the 98.5 % exercise: {least} to {most} of {points}, within the slope. Another seed of the course may move such a mark: one
network's accuracy has a standard deviation of {low:.2f} to {high:.2f} percentage points ([rows](../../evaluation/fairness.csv)).

## Is training on test images noticed?

A secret half of the test images decides ([how](../explanation/test-images.md)).

{images}

## Can a mark be forged?

Attackers had the source of the day ([list](../../evaluation/attacks.md)). The comparison uses attacks that this project chose and develops against.

{attacks}

otter-grader ran as `otter run`, its mode without a container; `otter grade` was not tried. The other two ran in netgrader's sandbox.

## What do other tools name?

Only NeuraLint ran on these programs; it reads few others.

{tools}

netgrader has no code for some of these faults. [benchmarks.md](../../evaluation/benchmarks.md) cites figures for other programs.

## What these figures do not show

- **A class.** No student took part; sample classes, loops and notebooks were written for the project.
- **This version at first sight.** Each round ran with that day's version; its errors were fixed since.
- **Independent authors.** A round has one author or source, and small networks share functions, so programs resemble each other more than intervals assume.
- **Rounds without counts.** Commits `88aaad75` and `9f04a239` only list what was missed in small networks on 29 November.
- **Clean rounds.** The first part of the benchmarks was read with uncommitted changes, the programs for MNIST with a change in the same commit. The code that runs
  TheDeepChecker's loaders was tried on a clean one and fixed once; two loaders, read after a fix, are left out. For small networks and attacks only
  counts were kept.
- **The current code,** where the version is older.
- **Speed:** [performance.md](../../evaluation/performance.md).
"""
