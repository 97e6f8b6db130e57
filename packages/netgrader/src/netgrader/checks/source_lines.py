"""The notebook lines that made an operation: recorded next to the student's code, looked up here.

The record is untrusted: it comes from the student's process. It is shown with a fault and decides nothing; the text of a line
is read from the submitted notebook.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import linecache
import re
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from graphread.find.losses import FUSED_LOSSES
from graphread.graph.plain import RANDOM
from graphread.graph.source import read_source
from graphread.text import Said, Text, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from graphread import Network
    from netgrader.evidence import GraphEvidence, Json
    from netgrader.faults import Fault

__all__ = ["MADE_AT", "Cell", "by_key", "made_at", "with_lines"]

MADE_AT = "made_at"
"""The key of the record in `GraphEvidence.about`."""
MOST_OPS, MOST_RUNS, MOST_CELLS = 20_000, 2_000, 200
LONGEST_LINE = 120

OWN = Text("line {number} of your cell: `{text}`")
NAMED = Text("line {number} of the cell {cell}: `{text}`")
OTHER = Text("line {number} of another cell: `{text}`")
BOTH = Text("{first}, and {second}")

# Python's file name for a cell: in IPython and Colab, and in ipykernel.
_CELL = re.compile(r"ipython-input-|[\\/]ipykernel_\d+[\\/]")
# The loss or the accuracy shows some mistakes that are made earlier.
_MADE_BEFORE: Mapping[str, frozenset[str]] = {
    "accuracy-over-wrong-axis": frozenset({"ArgMax", "ArgMin"}),
    "dropout-at-evaluation": RANDOM,
    "keep-rate-swapped": RANDOM,
    "labels-logits-swapped": frozenset(FUSED_LOSSES),
    "rows-mixed": frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "SquaredDifference"}),
    "sigmoid-before-loss": frozenset(FUSED_LOSSES),
    "softmax-before-loss": frozenset(FUSED_LOSSES),
}
_OURS = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Cell:
    """A student's code cell."""

    name: str
    """Its exercise, empty if it has none."""
    text: str


NOWHERE = Cell("", "")


def by_key(cells: Iterable[Cell]) -> dict[str, Cell]:
    """Return cells by a key that both sides know: a hash of their text."""
    return {_key(cell.text): cell for cell in cells}


def _key(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:16]


def made_at(graph: Any) -> dict[str, Json]:
    """Return a record of the notebook lines that made the operations of a ``tf.Graph``; empty if none did.

    ``runs`` has an entry for each operation whose lines differ from its predecessor's: the operation's index, then cell index
    (in ``cells``) and line number of the called function's line, then of the innermost line if different.
    """
    operations = graph.get_operations()
    cells: dict[str, int] = {}
    runs: list[Json] = []
    before: list[int] | None = None
    for number, operation in enumerate(operations[:MOST_OPS]):
        lines = [at for file, line in _lines(operation.traceback) for at in (cells.setdefault(file, len(cells)), line)]
        if lines != before:
            runs.append([number, *lines])
            before = lines
    ended = [min(len(operations), MOST_OPS)]
    keys: list[Json] = [_key("".join(linecache.getlines(file))) for file in cells]
    return {MADE_AT: {"cells": keys, "runs": [*runs, ended]}} if keys else {}


def _lines(frames: Iterable[Any]) -> Iterator[tuple[str, int]]:
    """Yield the notebook line that called for an operation, and the line that made it if different."""
    # The lines that call our own code do not build the network.
    called = itertools.takewhile(lambda frame: not frame.filename.startswith(_OURS), reversed(list(frames)))
    own = [frame for frame in called if _is_cell(frame.filename)]
    if own:
        functions = [frame for frame in own if not frame.name.startswith("<")]
        outermost = [*own, *functions][-1]
        yield from dict.fromkeys((frame.filename, frame.lineno) for frame in (outermost, own[0]))


@functools.lru_cache(maxsize=1_000)
def _is_cell(file: str) -> bool:
    """Whether a file name is Python's name for a cell."""
    return _CELL.search(file) is not None


class _Noted(msgspec.Struct):
    cells: Annotated[list[Annotated[str, Meta(max_length=16)]], Meta(max_length=MOST_CELLS)]
    runs: Annotated[
        list[Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1, max_length=5)]],
        Meta(min_length=1, max_length=MOST_RUNS),
    ]


def with_lines(network: Network, graph: GraphEvidence, cells: Mapping[str, Cell], exercise: str) -> Network:
    """Return a network whose faults name the notebook lines that caused them, where known."""
    try:
        noted = msgspec.convert(graph.about.get(MADE_AT), _Noted)
    except msgspec.ValidationError:
        return network
    nodes = list(read_source(graph.meta_graph).graph_def.node)
    order = {node.name: number for number, node in enumerate(nodes)}

    def told(fault: Fault) -> Fault:
        number = _maker(fault, nodes, order)
        return fault if number is None else replace(fault, lines=_in_words(noted, number, cells, exercise))

    return replace(network, faults=tuple(map(told, network.faults)), remarks=tuple(map(told, network.remarks)))


def _maker(fault: Fault, nodes: Sequence[Any], order: Mapping[str, int]) -> int | None:
    """Return the index of the operation that a fault is about, or of the one that feeds it."""
    number = order.get(_op(fault.op))
    if number is None:
        return None
    kinds = _MADE_BEFORE.get(fault.code, ())
    return next((at for at in _above(number, nodes, order) if nodes[at].op in kinds), number)


def _above(number: int, nodes: Sequence[Any], order: Mapping[str, int]) -> Iterator[int]:
    """Yield indexes of an operation and its inputs, nearest first, without those that only give a shape."""
    seen, ahead = {number}, deque([number])
    while ahead:
        at = ahead.popleft()
        yield at
        read = {order.get(_op(tensor), at) for tensor in nodes[at].input if nodes[at].op != "Shape"}
        new = sorted(read - seen)
        seen.update(new)
        ahead.extend(new)


def _op(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]


def _in_words(noted: _Noted, number: int, cells: Mapping[str, Cell], exercise: str) -> Said:
    run = noted.runs[max(0, bisect_right(noted.runs, number, key=lambda run: run[0]) - 1)]
    known = dict(enumerate(noted.cells))
    places = zip(run[1::2], run[2::2], strict=False)
    lines = [_line(cells.get(known.get(at, ""), NOWHERE), line, exercise) for at, line in places]
    said: list[Said] = list(filter(None, lines))
    if len(said) > 1:
        return BOTH.format(first=said[0], second=said[1])
    return said[0] if said else ""


def _line(cell: Cell, line: int, exercise: str) -> Said:
    """Return a message's reference to a line of a cell; empty if the cell has no such line."""
    text = plain(_text(cell, line).replace("`", "'"), LONGEST_LINE)
    if not text:
        return ""
    form = {"": OTHER, exercise: OWN}.get(cell.name, NAMED)
    return form.format(number=line + _blank(cell), cell=cell.name, text=text)


def _blank(cell: Cell) -> int:
    """Return the number of a cell's leading empty lines, which IPython does not count."""
    blank = len(cell.text) - len(cell.text.lstrip())
    return cell.text[:blank].count("\n")


def _text(cell: Cell, line: int) -> str:
    lines = cell.text.split("\n")[_blank(cell) :]
    return lines[line - 1] if 0 < line <= len(lines) else ""
