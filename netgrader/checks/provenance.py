"""Whether values can have been trained where they are said to have been, by what the cage saw from outside.

Real values of a good network are not yet a training: they can come from a literal, a file, a friend. No code inside can
change how much processor time it took, or how much is written out in what was handed in.

Whether probes were shown something else than the notebook worked with: facts for a person, which cost nothing.

A network is asked for by the grader, and trained by the notebook: both are handed over, and both should be the same network,
whatever their rates. What names mean is noted when a cell ends, and looked at again when evidence is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import netgrader
from netgrader.checks.exercises import NET
from netgrader.checks.wording import plain
from netgrader.errors import NetgraderError
from netgrader.evidence import CHANGED
from netgrader.phrases import say
from netgrader.reader.graph.plain import plain_graph
from netgrader.reader.graph.source import read_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import numpy.typing as npt

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence, Json
    from netgrader.reader import Network

__all__ = ["doubt", "idle", "learned", "probe_mismatches"]

NO_NETWORK = "in what the notebook trained no layers lead from the images to the logits"
MOST_NAMES = 5
DEMANDS = frozenset({"widths", "min_layers"})
"""What the parameters of an exercise have that asks for a network."""


def probe_mismatches(bench: TestContext, cells: Collection[str] | None = None) -> dict[str, str]:
    """Return a sentence for each cell of whose evidence there is something to tell.

    Parameters
    ----------
    bench
        All evidence.
    cells
        The check cells that are looked at; None for all.
    """
    wanted = frozenset(_cells(bench) if cells is None else cells)
    told = dict(_changed_names(bench, wanted))
    for cell, sentence in _other_networks(bench, wanted):
        told[cell] = f"{told[cell]} {sentence}" if cell in told else sentence
    return told


def _cells(bench: TestContext) -> list[str]:
    return sorted(folder.name for folder in bench.evidence_root.iterdir() if folder.is_dir())


def _changed_names(bench: TestContext, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    for cell in _cells(bench):
        if cell not in wanted:
            continue
        names = bench.evidence(cell).raw.facts.get(CHANGED)
        if isinstance(names, list) and names:
            said = ", ".join(plain(str(name), 60) for name in names[:MOST_NAMES])
            yield (
                cell,
                say("When evidence was taken, {1} meant something else than when the cell before had ended.", said),
            )


def _other_networks(bench: TestContext, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield where a notebook trained another network than the one that its function makes for the grader."""
    graphs = {cell: graph for cell in _cells(bench) if (graph := bench.evidence(cell).raw.graphs.get(NET)) is not None}
    asked = next((cell for cell in graphs if _makes_networks(bench, cell)), None)
    if asked is None:
        return
    trained = {cell: graph for cell, graph in graphs.items() if cell in wanted and cell != asked and graph.values}
    expected = _read(graphs[asked]) if trained else None
    demands = _demands(bench, asked)
    seen: set[bytes] = set()
    for cell, graph in trained.items():
        if expected is None or graph.meta_graph in seen:
            continue
        seen.add(graph.meta_graph)
        found = _read(graph)
        if found is None or _shape(found, demands) != _shape(expected, demands):
            name = asked.removeprefix("check_")
            other = say("the network that the notebook trained is {1}", _words(found)) if found else NO_NETWORK
            yield cell, say("Asked for by the grader, {1} makes {2}; {3}.", name, _words(expected), other)


def _makes_networks(bench: TestContext, cell: str) -> bool:
    """Whether the cell's exercise is a function that makes a network."""
    return bool(DEMANDS & _demands(bench, cell))


def _demands(bench: TestContext, cell: str) -> frozenset[str]:
    """Return the names of what the cell's exercise asks for."""
    return frozenset(bench.exercises.tables.get(cell.removeprefix("check_"), {}))


def _read(graph: GraphEvidence) -> Network | None:
    """Return a network as its graph alone tells it; None where that is nothing."""
    try:
        network: Network = netgrader.read_network(graph.meta_graph, graph.parts, lab=None)
    except NetgraderError:
        return None
    return network if network.layers else None


def _shape(network: Network, demands: Collection[str]) -> tuple[object, ...]:
    """Return what is the same at every rate. Where loss or optimizer are free, a training may well have its own."""
    asked = (part for name, part in (("loss", network.loss), ("optimizer", network.optimizer)) if name in demands)
    return network.layers, *(part.kind if part else None for part in asked)


def _words(network: Network) -> str:
    """Return a network in a few words."""
    widths = [network.layers[0].inputs, *(layer.outputs for layer in network.layers)]
    activations = [layer.activation for layer in network.layers[:-1]]
    parts = [" → ".join("?" if width is None else str(width) for width in widths)]
    parts += [say("with {1}", ", ".join(dict.fromkeys(activations)))] if activations else []
    parts += [network.loss.kind] if network.loss else []
    parts += [network.optimizer.kind] if network.optimizer else []
    return plain(", ".join(parts), 200)


MOST_WRITTEN = 10_000
"""Bytes that the code adds to the notebook that it was written into, compressed (`netgrader.grading.run_report`). The right
notebooks and the sample class add 200 to 950, a program of 45 kB as much as this; 11,274 weights of eight bits 11,300."""
LEAST_SECONDS_A_ROW = 0.5 / 60_000
"""Of processor time. In the digits the smallest network takes 0.5 to be built and to see the 60,000 images once."""
LEAST_SWEEP_SECONDS = 0.5
"""Of processor time. Five graphs of the two-layer network, twenty steps of 32 in each and 1,000 images evaluated took
1.9; of one with 300 neurons 0.85."""
FLOPS = 2.5e11
"""Multiplications and additions in single precision that a core does in a second, at the very most."""


def learned(graph: GraphEvidence) -> Mapping[str, npt.NDArray[Any]]:
    """Return the values that training can have changed: not those that only images and labels are taken from."""
    parts, values = graph.parts, graph.values
    try:
        plain = plain_graph(read_source(graph.meta_graph).graph_def)
    except NetgraderError:
        return values
    fed = [parts[part] for part in ("X", "Y") if parts.get(part) in plain]
    used = plain.ancestor_nodes([parts.get("logits")], stop=fed) if parts.get("logits") in plain else values.keys()
    loaded = plain.ancestor_nodes(fed) - used
    return {name: value for name, value in values.items() if name not in loaded}


def doubt(outside: Mapping[str, Json], cell: str, values: Mapping[str, npt.NDArray[Any]], rows: int) -> str | None:
    """Return what speaks against `values` having been trained before the check `cell`, in words; None if nothing does.

    Parameters
    ----------
    outside
        What was seen of the student's process from outside of it; empty in a student's own notebook.
    rows
        How many training rows there are: a training sees half of them at least.
    """
    if not values:
        return None
    written = outside.get("written_bytes")
    if isinstance(written, int) and written > MOST_WRITTEN:
        return say("{1} kB of code and data when compressed, as much as a network is", written // 1000)
    seconds = _seconds_before(outside.get("cells"), cell)
    # An optimizer may keep two more numbers for each weight. A step takes six operations for each weight and row.
    weights = sum(value.size for value in values.values()) / 3
    least = rows * max(LEAST_SECONDS_A_ROW, 6 * weights / 2 / FLOPS)
    if seconds is not None and seconds < least:
        return say("{1:.1f} seconds of computing before this check, in which no such network is trained", seconds)
    return None


def idle(outside: Mapping[str, Json], cell: str, since: str = "") -> str | None:
    """Return why no sweep of learning rates can have been run before the check `cell`, in words; None if one can have been.

    What ran before the cell `since`, which makes what is swept, was none.

    The numbers alone cannot tell: who has seen one sweep can type in another that is as likely.
    """
    seconds = _seconds_before(outside.get("cells"), cell, since)
    if seconds is None or seconds >= LEAST_SWEEP_SECONDS:
        return None
    return say("numbers, and {1:.2f} seconds of computing before this check, in which no network is trained", seconds)


def _seconds_before(cells: Json, cell: str, since: str = "") -> float | None:
    """Return the processor time of the student's own cells from `since` on up to the check `cell`; None if that is not known."""
    total = known = 0.0
    for run in cells if isinstance(cells, list) else []:
        if not isinstance(run, dict):
            return None
        seconds = run.get("cpu_seconds")
        seconds = float(seconds) if isinstance(seconds, int | float) else 0.0
        known += seconds
        if since and run.get("name") == since:
            total = 0.0
        total += 0.0 if run.get("given") is True else seconds
        if run.get("evidence") == cell:
            return total if known else None
    return None
