"""Write ``evaluation/benchmarks.md`` from the claims and the rows: ``python -m evaluation.benchmarks_report``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evaluation import benchmark_neuralint, benchmark_training
from evaluation.benchmarks import HERE, NOT_RUN, REPOSITORIES, TOOL, Claim, claims, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PAGE = HERE / "benchmarks.md"
RIGHT = ("clean", "fixed")
NO_NETWORK, ACCEPTED, ACCUSED, FOUND, REMARKED, PARTLY, ANOTHER, MISSED = (
    "no network",
    "accepted",
    "accused",
    "found",
    "found as a remark",
    "found in part",
    "another code",
    "missed",
)
UNMEASURED = "not measured yet"
APART = {"not-in-graph": "not in a graph", "no-code": "no code", "raises": "TensorFlow refuses it", NOT_RUN: "not run"}
Row = dict[str, str]
INSTRUMENT = """
## What no graph shows

TheDeepChecker's programs do not train by themselves: they pass a graph and a minibatch loader to its checker. `evaluation/benchmark_training.py` takes both in a
cage. The loader's output for the course's digits (also for CIFAR-10, which is not here) is fed to the instrument that judges students' training loops. If the claim is a wrong
rate, the graph is trained on the loader's rows for 300 minibatches at a third of the rate, at the rate, and at three and ten times the rate, and judged like a student's rate.
The expected code for each claim was recorded before the first run. Not judged: the data of the four programs whose output is a number, since the instrument
distinguishes classes, and the two rates of the deep network, whose images are not here.

| program | judged | claimed | verdict | named | observation | commit |
|---|---|---|---|---|---|---|"""

INTRODUCTION = """# Other people's benchmarks

Written by `make benchmarks-report` from [benchmarks_claims.csv](benchmarks_claims.csv), which was committed before the first run, and
[benchmarks.csv](benchmarks.csv). None of the three repositories states a license, so their programs were measured but are not here.

| set | repository | commit |
|---|---|---|
{repositories}

Each program ran in a cage until its training would have started, with random rows instead of its data and with stand-ins for features that
TensorFlow 2 no longer has (`evaluation/benchmark_stand_ins.py`). The reader got only the graph: no names of parts, no trained weights.
For TheDeepChecker's programs, and for other programs whose output is a number, it also got the task (classes or numbers), as TheDeepChecker's tool does.
"""
READING = """
*In a graph*: programs whose network was built and whose claimed fault a graph can show and has a code. *Found*: the claim's
code is named; a remark counts, since it names the same thing. *Not in a graph*: data, learning rates, sessions and training loops; only training
can show them, [below](#what-no-graph-shows) for TheDeepChecker's. *No code*: the reader does not look for it, by
choice or for lack of a rule. *Named but not claimed*: programs, clean or with that one fault fixed, in which another fault is named; and codes named in wrong programs
but not in their claim. *By eye*: the number of programs with such a code whose source has that fault: a fixed program
often has another fault, such as a fixed batch size, or weights a hundred times too large. Seconds are the
median of reading on two cores shared with half a dozen other programs: compare them with each other, not with a limit. `make benchmarks-report` continues with unmeasured programs.

Programs were read by eye in two rounds, apart from the work on reader and claims; {read} rows have a sentence in the column `by_eye`, including ten or more from each set
drawn at random. The false alarms that they found were fixed before this measurement (networks used twice by design, transposed weights used again, errors that are only measured, gradients' ends taken for a loss,
constants with a row in each column, layers of a single number, networks that train against each other), except the {wrong} rows that begin with *wrong*. No verdict shows these errors: in copies of DCGAN, where no loss is
found, the discriminator's gradient is listed as layers; ReLU before TheDeepChecker's batch normalization is read as an unnamed function, or stays undecided; a convolution along one axis is listed as one over two.
According to that reading these claims are mapped wrongly; they stay as they were before the first run: `bias-not-zero` and `accuracy-wrong` without names of parts, and `loss-not-mean` without an exercise, which nothing here can name;
`rows-mixed` for a reshape that no minibatch passes (`TF_lenet_mismatch_shapes`, UT-1, UT-12), which TensorFlow refuses at run time; `layers-not-trained` for a softmax of one unit, whose score the current Keras trains;
`loss-over-wrong-axis` for two of TheDeepChecker's losses that are right up to a factor; the random initial values, one of them smaller than He's; APIC-5, a text placeholder for labels, as not in a graph.

NeuraLint's own tool reads sources, not graphs, and knows one style of writing them. On its own programs it names its own rules; on ours, which
were written in many styles, its parser nearly always stops (at a chained call such as `AdamOptimizer(…).minimize(…)`, or at a layer that is a function's result).
"""
COMPARISON = """
## Compared with the 2025 study

Humbatova, Kim, Jahangirova, Yoo and Tonella (*An empirical study of fault localisation techniques for deep neural networks*, Empirical
Software Engineering 30:124, 2025) ran the field's tools on one benchmark. Average recall was at most 0.33 and precision 0.21 against the one known
repair, and 0.55 and 0.37 for the best tool if other equally good repairs count.
Here, for {coded} faults in three sets that a graph shows and that have a code, recall is {recall:.2f}. Of {named} codes named in wrong and
right programs, {claimed} are the claimed ones: precision {precision:.2f}. Over all {all} wrong programs that ran, including those whose fault
is not in a graph or has no code, recall is {whole:.2f}.
The two are **not comparable**: other programs (theirs are real faults and mutants made by a tool), another truth (theirs are repairs, ours one fault
per program, mapped to our own codes), other evidence (some of their tools watch a training run, ours reads an untrained graph), and another
selection (a fault that no graph shows, or that has no code, counts here only in the last figure).
"""


def verdict(claim: Claim, row: Row | None) -> str:
    """Return the verdict on a program."""
    if claim.codes == NOT_RUN or row is None:
        return APART[NOT_RUN] if claim.codes == NOT_RUN else UNMEASURED
    built = row["layers"] or row["loss"]
    if claim.version in RIGHT:
        return NO_NETWORK if not built else ACCUSED if row["faults"] else ACCEPTED
    return APART.get(claim.codes) or (_named(claim, row) if built else NO_NETWORK)


def _named(claim: Claim, row: Row) -> str:
    """Return whether the claimed faults are named: all, some, or none."""
    faults, remarks = set(row["faults"].split()), set(row["remarks"].split())
    groups = [set(group.split("|")) for group in claim.codes.split("&")]
    named = [bool(group & (faults | remarks)) for group in groups]
    if all(named):
        return FOUND if all(group & faults for group in groups) else REMARKED
    if any(named):
        return PARTLY
    return ANOTHER if faults else MISSED


def beside(claim: Claim, row: Row | None) -> list[str]:
    """Return codes of faults that are named in a wrong program but not claimed."""
    if row is None or claim.version in RIGHT:
        return []
    claimed = set(claim.codes.replace("&", "|").split("|"))
    return [code for code in row["faults"].split() if code not in claimed]


class Sums:
    """Counts over some programs."""

    def __init__(self, some: Iterable[Claim], measured: dict[tuple[str, str], Row]) -> None:
        self.pairs = [(claim, measured.get((claim.set, claim.program))) for claim in some]
        self.count = Counter(verdict(*pair) for pair in self.pairs)
        self.found = self.count[FOUND] + self.count[REMARKED]
        self.coded = self.found + self.count[PARTLY] + self.count[ANOTHER] + self.count[MISSED]
        self.right = self.count[ACCEPTED] + self.count[ACCUSED]
        self.extra = [code for pair in self.pairs for code in beside(*pair)]
        seconds = sorted(float(row["seconds"]) for _, row in self.pairs if row and row["seconds"])
        self.seconds = f"{seconds[len(seconds) // 2]:.1f} (at most {seconds[-1]:.0f})" if seconds else ""
        alarms = [row for claim, row in self.pairs if row and (beside(claim, row) or verdict(claim, row) == ACCUSED)]
        self.alarms = len(alarms)
        self.real = sum(row["by_eye"].startswith("right") for row in alarms)
        self.wrong = sum(claim.version not in RIGHT for claim, row in self.pairs if row)

    def line(self, name: str, tool: str = TOOL) -> str:
        """Return a line of the table."""
        apart = "; ".join(
            f"{self.count[text]} {text}" for text in (*APART.values(), NO_NETWORK, UNMEASURED) if self.count[text]
        )
        return (
            f"| {name} | {len(self.pairs)} | {apart} | {tool} | {self.found} of {self.coded} | in {self.count[ACCUSED]} of {self.right} clean or fixed; "
            f"{len(self.extra)} extra codes | {self.real} of {self.alarms} | {self.seconds} |"
        )


def of_neuralint(some: Sequence[Claim], measured: dict[tuple[str, str], Row]) -> Iterator[str]:
    """Yield the lines of NeuraLint's own tool: its programs, by its own rules, and our corpus."""
    own = [(claim, measured[key]) for claim in some if (key := (claim.set, claim.program)) in measured]
    for title, version in (("LeNet programs", "synthetic"), ("real programs", "real")):
        part = [(claim, row) for claim, row in own if claim.version == version]
        ran = [(claim, row) for claim, row in part if not row["ended"]]
        found = sum(bool(claim.kind) and set(claim.kind.split()) <= set(row["faults"].split()) for claim, row in ran)
        extra = sum(len(set(row["faults"].split()) - set(claim.kind.split())) for claim, row in ran)
        yield (
            f"| NeuraLint: {title} | {len(part)} | {len(part) - len(ran)} unreadable for it | NeuraLint | {found} of {len(ran)} "
            f"| {extra} extra rules | | {_median([row for _, row in ran])} |"
        )
    right = [row for claim, row in own if claim.version == "clean"]
    corpus = [row for (kind, _), row in measured.items() if kind == "corpus"]
    for title, some_rows in (("clean LeNet", right), ("right programs of our corpus", corpus)):
        ran_rows = [row for row in some_rows if not row["ended"]]
        accused = sum(bool(row["faults"]) for row in ran_rows)
        yield (
            f"| NeuraLint: {title} | {len(some_rows)} | {len(some_rows) - len(ran_rows)} unreadable for it | NeuraLint | "
            f"| {accused} of {len(ran_rows)} right | | {_median(ran_rows)} |"
        )


def _median(some: Sequence[Row]) -> str:
    seconds = sorted(float(row["seconds"]) for row in some if row["seconds"])
    return f"{seconds[len(seconds) // 2]:.1f}" if seconds else ""


def page() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    every, measured = claims(), rows(TOOL)
    yield INTRODUCTION.format(
        repositories="\n".join(f"| {name} | {place} | {commit} |" for name, (place, commit) in REPOSITORIES.items())
    )
    commits = Counter(row["commit"] for row in measured.values())
    yield f"Measured at {', '.join(f'{commit} ({count})' for commit, count in commits.most_common())}; programs with a row: {len(measured)} of {len(every)}."
    yield "\n| programs | number | claimed, but not in a graph | tool | found of those in a graph | named but not claimed | by eye | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    parts = [
        ("TensorFlow-Program-Bugs: Stack Overflow, both versions", lambda c: c.program.startswith("StackOverflow/")),
        ("TensorFlow-Program-Bugs: GitHub, both versions", lambda c: c.program.startswith("Github/")),
        ("TheDeepChecker: clean", lambda c: c.set == "TheDeepChecker" and c.version == "clean"),
        ("TheDeepChecker: synthetic", lambda c: c.set == "TheDeepChecker" and c.version == "synthetic"),
        ("TheDeepChecker: real", lambda c: c.set == "TheDeepChecker" and c.version == "real"),
        ("NeuraLint: LeNet programs", lambda c: c.set == "NeuraLint" and c.version != "real"),
        ("NeuraLint: real programs", lambda c: c.set == "NeuraLint" and c.version == "real"),
    ]
    for name, belongs in parts:
        yield Sums(filter(belongs, every), measured).line(name)
    if own := rows(benchmark_neuralint.TOOL):
        yield from of_neuralint([claim for claim in every if claim.set == "NeuraLint"], own)
    told = [row["by_eye"] for row in measured.values() if row["by_eye"]]
    yield READING.format(read=len(told), wrong=sum(text.startswith("wrong") for text in told))
    total = Sums(every, measured)
    accusing = [code for claim, row in total.pairs if row and claim.version in RIGHT for code in row["faults"].split()]
    named = total.found + len(total.extra) + len(accusing)
    yield COMPARISON.format(
        coded=total.coded,
        recall=total.found / max(total.coded, 1),
        named=named,
        claimed=total.found,
        precision=total.found / max(named, 1),
        all=total.wrong,
        whole=total.found / max(total.wrong, 1),
    )
    yield from _pairs(every, measured)
    yield from _by_kind("TheDeepChecker, by class", "TheDeepChecker", every, measured)
    yield from _trained(every)
    yield from _by_kind("NeuraLint, by its rules", "NeuraLint", every, measured)
    yield from _misses(total)


def _pairs(every: Sequence[Claim], measured: dict[tuple[str, str], Row]) -> Iterator[str]:
    """Yield a section on pairs of programs: codes named for the wrong one and not for the fixed one."""
    own = [claim for claim in every if claim.set == "TensorFlow-Program-Bugs"]
    count: Counter[str] = Counter()
    for wrong, fixed in zip(own[::2], own[1::2], strict=True):
        first, second = (measured.get((claim.set, claim.program)) for claim in (wrong, fixed))
        both = verdict(wrong, first), verdict(fixed, second)
        if not {NO_NETWORK, UNMEASURED}.isdisjoint(both) or both[0] in APART.values():
            continue
        named = set((second or {}).get("faults", "").split()) | set((second or {}).get("remarks", "").split())
        still = bool(named & set(wrong.codes.replace("&", "|").split("|")))
        good = both[0] in (FOUND, REMARKED)
        count["right" if good and not still else "named on both" if good else "not named"] += 1
    yield f"## Pairs\n\nOf {sum(count.values())} pairs in TensorFlow-Program-Bugs in which both programs build a network and a graph shows the fault, the code is named only for the wrong one in {count['right']}; for both in {count['named on both']}; not for the wrong one in {count['not named']}."


def _by_kind(title: str, name: str, every: Sequence[Claim], measured: dict[tuple[str, str], Row]) -> Iterator[str]:
    yield f"\n## {title}\n\n| class | programs | our codes | result |\n|---|---|---|---|"
    own = [claim for claim in every if claim.set == name and claim.version not in RIGHT]
    for kind in sorted({claim.kind for claim in own}):
        some = [claim for claim in own if claim.kind == kind]
        codes = sorted({code for claim in some for code in claim.codes.replace("&", "|").split("|")} - set(APART))
        count = Counter(verdict(claim, measured.get((claim.set, claim.program))) for claim in some)
        came = ", ".join(f"{number} {what}" for what, number in count.most_common())
        yield f"| {kind or 'no rule'} | {len(some)} | {', '.join(codes)} | {came} |"


def _trained(every: Sequence[Claim]) -> Iterator[str]:
    """Yield a table of the instrument's verdicts on faults that no graph shows."""
    yield INSTRUMENT
    of = {claim.program: claim for claim in every if claim.set == "TheDeepChecker"}
    for row in benchmark_training.rows():
        claim, named = of[row["program"]], set(row["named"].split())
        if claim.version == "clean":
            verdict = "accused" if named else "accepted"
        else:
            verdict = (
                "found"
                if named & set(benchmark_training.CODES[claim.claim].split("|"))
                else "another code"
                if named
                else "missed"
            )
        cells = (row["program"], row["judged"], claim.claim, verdict, row["named"], row["told"], row["commit"])
        yield "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _misses(total: Sums) -> Iterator[str]:
    yield "\n## Misses and accusations\n\n| program | claimed | verdict | faults | remarks | ended | by eye |\n|---|---|---|---|---|---|---|"
    for claim, row in total.pairs:
        what = verdict(claim, row)
        if row is None or (what not in (ACCUSED, MISSED, ANOTHER, PARTLY, NO_NETWORK) and not beside(claim, row)):
            continue
        if what == NO_NETWORK and claim.version in RIGHT and not row["by_eye"]:
            continue
        cells = (
            claim.set + ": " + claim.program,
            claim.claim,
            what,
            row["faults"],
            row["remarks"],
            row["ended"][:90],
            row["by_eye"],
        )
        yield "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
