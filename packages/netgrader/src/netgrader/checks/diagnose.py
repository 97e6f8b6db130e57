"""Explain an error of a student's code, in this cell or an earlier one, as a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphread.graph.plain import plain_graph
from graphread.graph.source import GraphError, read_source
from graphread.text import Said, Text, plain
from netgrader.checks.advice import ON_A_TENSOR, TWO_GRAPHS, advice
from netgrader.checks.seen import cells_until
from netgrader.checks.wording import NO_ROOM, SMALLER
from netgrader.evidence import NO_GRAPH, PLACEHOLDER
from netgrader.faults import fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.checks.seen import SeenCell
    from netgrader.evidence import GraphEvidence, Json, ProbeError
    from netgrader.faults import Fault

__all__ = ["StoppedCell", "duration", "explain", "remedy", "said_of", "stopped_before", "without_prelude"]

LONGEST = 100_000  # maximum characters of an error's text that are searched
SAID = 200  # maximum characters of an error's text in a message
TIME_WAS_UP = Text("{cell} was stopped after {duration}: its time, or that of the whole notebook, was up")
NO_ANSWER = Text("input(), which nobody answers during grading")

# What to expect instead of a kind of error when a notebook is graded.
REMEDIES: Sequence[tuple[frozenset[str], Text]] = (
    (
        frozenset({"ModuleNotFoundError", "ImportError"}),
        Text("only the course's packages, and modules submitted with the notebook"),
    ),
    (frozenset({"StdinNotImplementedError", "EOFError"}), Text("the value written into the cell")),
    (
        frozenset({"FileNotFoundError", "NotADirectoryError", "PermissionError", "OSError"}),
        Text("only files that the notebook makes itself, in its own folder: grading has no other files"),
    ),
    (
        frozenset(
            {"URLError", "HTTPError", "gaierror", "ConnectionError", "ConnectionRefusedError", "NewConnectionError"}
        ),
        Text("a cell that needs no internet: grading has none"),
    ),
    (
        frozenset({"SyntaxError", "_IncompleteInputError", "IndentationError", "TabError", "UsageError"}),
        Text("a cell that Python can read: run it, and fix the line that Python points at"),
    ),
    (
        frozenset({"NameError", "UnboundLocalError"}),
        Text("cells that run one after the other in a new kernel: try Restart and Run All"),
    ),
    (
        frozenset({"MemoryError", "ResourceExhaustedError"}),
        Text("smaller layers or minibatches, which take less memory"),
    ),
)
OTHERWISE = Text("a cell that runs to its end")
# errno values of the operating system: file too large, no space left, quota exceeded.
_DISK = re.compile(r"\[Errno (?:27|28|122)\]")
TOO_MUCH = Text("less data written to files: grading has little room for them")

# The file that Python read: its name is a number, meaningless to students.
_READ_FROM = re.compile(r" \([^()]*, line (\d+)\)\s*$")
# Keras's preamble, which precedes the bold text about a layer's input. A match starts only at the first of several blanks: a
# student's exception may hold millions, and kernel messages have no length limit.
_FOREWORD = re.compile(r"(?:(?<!\s)\s*+Exception encountered when calling [\w.]+\(\)\.\s*)|\x1b\[\d*m")
# TensorFlow's own advice, which would share one layer's variables between two.
_REUSE = re.compile(r", disallowed\. Did you mean to set reuse.*")


SHOWN_AS = {"_IncompleteInputError": "SyntaxError"}
"""Display names of errors that only IPython has; this one is raised for incomplete code."""


@dataclass(frozen=True)
class StoppedCell:
    """A cell that stopped with an error."""

    cell: Said
    """Its name in messages."""
    kind: str
    """The exception's class name."""
    message: str
    """The exception's text."""
    names: frozenset[str]
    """The names that appear in the cell."""
    grade_id: str = ""
    """Its grade id, empty if it has none."""
    number: int = 0
    """Its index among the notebook's code cells, from 0."""
    seconds: float | None = None
    """The seconds it ran, if it was stopped because its time was up; else None."""

    @property
    def sentence(self) -> Said:
        """What happened, as part of a sentence."""
        if self.seconds is not None:
            return TIME_WAS_UP.format(cell=self.cell, duration=duration(self.seconds))
        return Text("{cell} stopped at {error}", cell=self.cell, error=said_of(self.kind, self.message))


def duration(seconds: float) -> Text:
    """Return a time in seconds as text, in minutes from 120 s."""
    if seconds >= 120:
        return Text("{seconds:.3g} minutes", seconds=seconds / 60)
    return Text("{seconds:.3g} s", seconds=seconds)


def said_of(kind: str, message: str) -> Said:
    """Return an exception as one line of at most `SAID` characters."""
    if kind == "StdinNotImplementedError":
        return NO_ANSWER
    kind = SHOWN_AS.get(kind, kind)
    first = _READ_FROM.sub(" (line \\1)", without_prelude(message).strip().partition("\n")[0])
    first = _REUSE.sub("", first).rstrip(".")
    return plain(": ".join(filter(None, (kind, first))), SAID)


def without_prelude(message: str) -> str:
    """Return an error's message without Keras's preamble and TensorFlow's long listings."""
    message = _FOREWORD.sub("", message)
    first, _, rest = message.lstrip()[:LONGEST].partition("\n")
    if first.strip() != "Graph execution error:":
        return message
    told = re.search(r"^Node: .*\n(.+)", rest, re.MULTILINE)
    return told.group(1).strip() if told else message


def remedy(kind: str, message: str = "") -> Said:
    """Return what to expect instead of an exception of this kind."""
    if kind == "OSError" and _DISK.search(message[:SAID]):
        return TOO_MUCH
    return next((expected for kinds, expected in REMEDIES if kind in kinds), OTHERWISE)


def stopped_before(outside: Mapping[str, Json], check: str, name: str) -> StoppedCell | None:
    """Return the stopped cell that left `name` missing at a check cell; None if there is none.

    Prefers the cell with that id, then the check's exercise, then the last cell that mentions the name, then the student's
    last cell that stopped since the previous check. A cell that still holds the placeholder does not count.

    Parameters
    ----------
    outside
        Observations of the run from outside it; empty in a student's own notebook.
    """
    before, exercise = cells_until(outside, check)[:-1], check.removeprefix("check_")
    since = max((number for number, cell in enumerate(before) if cell.evidence), default=-1)
    stopped = [_stopped(number, cell) for number, cell in enumerate(before) if cell.is_mishap]
    known = [one for one in stopped if _nearness(one, name, exercise, since)]
    return max(known, key=lambda one: (_nearness(one, name, exercise, since), one.number), default=None)


def _nearness(one: StoppedCell, name: str, exercise: str, since: int) -> int:
    """Return how closely a cell relates to a missing name: 4 if it has that id, 0 for no relation."""
    if one.grade_id == name:
        return 4
    if one.grade_id == exercise:
        return 3
    if name in one.names:
        return 2
    return int(one.number > since)


def _stopped(number: int, cell: SeenCell) -> StoppedCell:
    """Return the record of a stopped cell at index `number`."""
    called = Text("the cell {name}", name=cell.name) if cell.name else Text("code cell {number}", number=number + 1)
    error = cell.error
    return StoppedCell(called, error.kind, error.message, error.names, cell.name, number, error.seconds)


OF_SHAPES = ("accuracy-over-wrong-axis", "fixed-batch-size", "labels-not-one-hot", "wrong-placeholder", "wrong-shape")
STOPS_AT: Mapping[str, tuple[str, ...]] = {"InvalidArgumentError": OF_SHAPES, "ValueError": OF_SHAPES}
"""Codes of earlier faults that can stop a graph's run, by the exception's kind."""

# Messages of TensorFlow, Keras and NumPy, and their faults in this course. The first match wins.
MEANINGS: Sequence[tuple[str, str]] = (
    (r"not available with Keras 3|tf\.layers|has no attribute '(layers|contrib)'", "keras3-removed-api"),
    (r"No gradients provided|No variables to optimize", "minimises-wrong-tensor"),
    (r"Rank mismatch: Rank of labels|labels\.shape\.rank` must equal", "labels-not-one-hot"),
    (r"logits and labels must (be broadcastable|have the same)", "labels-not-one-hot"),
    (r"Dimensions must be equal.*(SparseSoftmax|softmax_cross_entropy)", "labels-not-one-hot"),
    (r"[Aa]ttempting to use uninitialized value|could not find variable|Could not find variable", "not-initialised"),
    (r"Cannot feed value of shape", "wrong-placeholder"),
    (r"has an operation of its own, so the graph grows", "graph-grows"),
    (TWO_GRAPHS, "error-in-code"),
    (r"must be from the same graph|is not an element of this graph", "built-in-default-graph"),
)
EXPECTED: Mapping[str, Said] = {
    "WrongReturn": "",
    "GraphError": Text("a model that the grader can read, with declared inputs, as by keras.Input"),
    "NoGraph": Text("SimpleNamespace(graph=graph, X=X, …), with the parts that the exercise lists"),
}
"""What the probe expected, by the kind of error that a wrong return value raises."""
A_TENSOR = Text("a TensorFlow tensor")
AN_ARRAY = Text("an array: a tensor has no numbers until a session runs it")
OF_TWO_GRAPHS = Text("a session and a part of a network that belong to different graphs")


def explain(
    error: ProbeError, name: str, unfinished: GraphEvidence = NO_GRAPH, stopped: StoppedCell | None = None
) -> Fault:
    """Return the fault that an error means.

    Parameters
    ----------
    error
        The exception as the probe recorded it.
    name
        The student's name for the item that was being built.
    unfinished
        The part of the network that existed by then.
    stopped
        The cell that left a name missing, if it is known.
    """
    known = _of_the_probe(error, name) or _missing_name(error, name, stopped)
    if known is not None:
        return known
    two_graphs = re.search(TWO_GRAPHS, error.message, re.DOTALL)
    said = OF_TWO_GRAPHS if two_graphs else said_of(error.kind, error.message)
    code = next((code for pattern, code in MEANINGS if re.search(pattern, error.message, re.DOTALL)), "error-in-code")
    place, told = ": ".join(filter(None, (name, error.line))), advice(without_prelude(error.message), error.line)
    if code == "minimises-wrong-tensor" and (loss := _swapped(unfinished)):
        code, place = "labels-logits-swapped", loss
    return fault(code, found=said, place=place, advice=told)


def _of_the_probe(error: ProbeError, name: str) -> Fault | None:
    """Return the fault for an error that the probe raised about a missing or unsuitable value, else None."""
    if error.kind == PLACEHOLDER:
        return fault("not-done", place=name)
    if error.kind == "NoRoom":
        return fault(NO_ROOM, expected=SMALLER, place=name)
    if error.kind in EXPECTED:
        return fault("wrong-return", found=error.message, expected=EXPECTED[error.kind], place=name)
    if error.line is None and ON_A_TENSOR in error.message:
        return fault("wrong-return", found=A_TENSOR, expected=AN_ARRAY, place=name)
    return None


def _missing_name(error: ProbeError, name: str, stopped: StoppedCell | None) -> Fault | None:
    """Return the fault for a missing name, with the stopped cell that caused it, if there is one."""
    if error.kind != "NameError" or error.line is not None:
        return None
    if stopped is None:
        return fault("missing-name", found=error.message, place=name, causes=OF_SHAPES)
    found = Text("{found}, since {why}", found=error.message, why=stopped.sentence)
    expected = remedy(stopped.kind, stopped.message)
    return fault("missing-name", found=found, expected=expected, place=name, causes=STOPS_AT.get(stopped.kind, ()))


def _swapped(unfinished: GraphEvidence) -> str:
    """Return the op of a cross-entropy whose labels and logits are swapped; empty if there is none.

    Its labels are computed from variables, and its logits are not. TensorFlow then finds no gradient, since it computes none
    with respect to labels.
    """
    try:
        graph = plain_graph(read_source(unfinished.meta_graph).graph_def)
        losses = list(graph.of_ops(["SoftmaxCrossEntropyWithLogits"]))
        swapped = (
            loss.name
            for loss in losses
            if graph.variables_in(*loss.inputs[1:]) and not graph.variables_in(*loss.inputs[:1])
        )
        return next(swapped, "")
    except GraphError:
        return ""
