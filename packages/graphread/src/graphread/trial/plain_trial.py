"""Convert a trained network to plain data by splitting it into weighted sums and activations.

All values pass through a chain of tensors between images and logits. A stretch that is affine is one layer, regardless of its
ops: it includes normalization with fixed averages, inactive dropout, and scaling. Between two stretches there must be an
activation of the bank. The result is compared with the original network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import ACTIVATIONS, leaky_slope, softmax
from graphread.find.layers import CONVOLUTIONS
from graphread.graph.branches import inlined
from graphread.graph.nodes import node_of
from graphread.graph.source import read_source
from graphread.plain_network import LEAKY, PORTABLE, PlainNetwork, Precision, activated, plain_layer, scores
from graphread.text import Said, SentenceError, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphread.graph.nodes import Array
    from graphread.graph.plain import Graph
    from graphread.lab import Lab, LabSession

__all__ = ["NotPlain", "plain_network"]


class Tried:
    """Sizes and relative tolerances of the tests for weighted sums and activations."""

    ROWS = 4
    WIDE = 3.0
    """Rows of random numbers to feed to a stretch, and their standard deviation."""
    MOST_STRETCHES = 200
    WIDEST, AT_ONCE = 4_200, 1_000
    """Largest input of a stretch of sums, whose elements are probed one by one, and the number probed in one run."""
    LINEAR = 1e-3
    """Relative error of sums in float32."""
    NAMED = 1e-3
    SAME = 2e-3
    """Error of the logits before quantization, relative to the largest one."""
    ROUGH = 0.02
    """Mean change of an image's probabilities due to quantization that is acceptable; trained networks show 0.001."""


VARIES = Text("it answers the same {image} differently each time")
NOT_ROWS = Text("{place} does not hold a row for each {image}")
UNKNOWN = Text(
    "{layer}, at {place}, is neither a weighted sum nor an activation of each number by itself, and only these can be "
    "computed here"
)
CONVOLUTION = Text("{layer}, at {place}, is a convolution, and only fully connected layers can be computed here")
TOO_MANY = Text("it has more than {most:,} weights, the most that fit here")
TOO_WIDE = Text("{layer} begins with more than {most:,} numbers, the most that can be tried")
NOT_FED = Text("its scores are not computed from the {images}")
OTHERWISE = Text("recomputing it from its layers gives other scores")
ROUNDED = Text("with weights rounded to eight bits it gives other answers")


class NotPlain(SentenceError):
    """The network cannot be plain data; the message completes a sentence after 'since'."""


@dataclass(frozen=True)
class _Sums:
    """A stretch of weighted sums, from one place of the chain to the place `end`."""

    end: int
    table: tuple[Array, Array]
    """Weights (inputs, outputs) and bias (outputs,)."""


def plain_network(
    lab: Lab,
    meta_graph: bytes,
    ends: tuple[str, str],
    inputs: Array,
    *,
    values: Mapping[str, Array],
    eval_feed: Mapping[str, Array] | None = None,
    full: float = 1.0,
) -> PlainNetwork:
    """Return a trained network as plain data.

    Parameters
    ----------
    lab
        The lab that runs it.
    meta_graph
        Its serialized graph.
    ends
        The tensors of the images and of the logits.
    inputs
        Images for comparing both networks, as fed (n, …).
    values, eval_feed
        Values of its variables, and additional feeds.
    full
        The fed value of a pixel that is all ink.

    Raises
    ------
    NotPlain
        If the network cannot be plain data.
    LabError, GraphError
        If it cannot be run.
    """
    feed = dict(eval_feed or {})
    meta, _, graph = inlined(read_source(meta_graph), feed)
    images, logits = map(graph.behind, ends)
    if images not in graph or logits not in graph:
        raise NotPlain(NOT_FED)
    loaded = lab.load(meta.SerializeToString())
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in values.items() if name in loaded.variables})
        known = {name: value for name, value in graph.known.items() if name not in feed}
        return _Chain(session, graph, images, logits, {**known, **feed}, inputs, full).taken_apart()
    finally:
        session.close()


@dataclass
class _Chain:
    """The tensors on every path between the images and the logits, in order."""

    session: LabSession
    graph: Graph
    images: str
    logits: str
    feed: Mapping[str, Array]
    inputs: Array
    full: float
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(28))

    def __post_init__(self) -> None:
        self.tensors = self.graph.dominators(self.images, self.logits)
        if len(self.tensors) < 2:
            raise NotPlain(NOT_FED)
        self._sizes = self._row_sizes()
        self._left = Precision.MOST_WEIGHTS

    def taken_apart(self) -> PlainNetwork:
        """Return the network as plain data, after comparison with the original."""
        last = len(self.tensors) - 1
        own, again = (self._run([last], self.inputs)[0] for _ in range(2))
        if not np.allclose(own, again, rtol=1e-4, atol=1e-5):
            raise NotPlain(VARIES)
        exact = self._stretches(last)
        pixels = np.asarray(self.inputs, np.float64).reshape(len(self.inputs), -1) / self.full
        value = pixels
        for sums, name, slope in exact:
            weights, bias = sums.table
            value = activated(value @ weights + bias, name, slope)
        if value.shape != own.shape or not np.abs(value - own).max() <= Tried.SAME * max(1.0, float(np.abs(own).max())):
            raise NotPlain(OTHERWISE)
        layers = tuple(plain_layer(sums.table, name, slope) for sums, name, slope in exact)
        rounded = scores(PlainNetwork(layers), pixels)
        off = np.abs(softmax(rounded) - softmax(own)).max(axis=1)
        if not off.mean() <= Tried.ROUGH:
            raise NotPlain(ROUNDED)
        agrees = float(np.mean(rounded.argmax(axis=1) == own.argmax(axis=1)))
        return PlainNetwork(layers, agrees, float(off.max()))

    def _stretches(self, last: int) -> list[tuple[_Sums, str, float]]:
        """Return the sums and activations, with negative slopes, up to the last tensor."""
        exact: list[tuple[_Sums, str, float]] = []
        place = 0
        while place < last and len(exact) < Tried.MOST_STRETCHES:
            layer = Text("layer {number}", number=len(exact) + 1)
            sums = self._sums(place, layer)
            name, slope, place = self._activation(sums.end, layer)
            exact.append((sums, name, slope))
        return exact

    def _sums(self, start: int, layer: Said) -> _Sums:
        """Return the longest stretch of weighted sums that begins at `start`."""
        width, ends = self._size(start), self._ends(start)
        one, other = (Tried.WIDE * self.random.standard_normal((Tried.ROWS, width)) for _ in range(2))
        nothing = np.zeros((1, width))
        probes = np.concatenate([nothing, one, other, one + other, -one])
        end = start
        for place, found in zip(ends, self._run(ends, self._scaled(probes, start), start), strict=True):
            if not _are_sums(found):
                break
            end = place
        if end == start:
            raise NotPlain(UNKNOWN.format(layer=layer, place=self._named(start + 1)))
        self._left -= self._size(end) * width
        operations = {self.graph[tensor].op for tensor in self.tensors[start : end + 1]}
        if self._left < 0 and not operations.isdisjoint(CONVOLUTIONS):
            raise NotPlain(CONVOLUTION.format(layer=layer, place=self._named(end)))
        if self._left < 0:
            raise NotPlain(TOO_MANY.format(most=Precision.MOST_WEIGHTS))
        if width > Tried.WIDEST:
            raise NotPlain(TOO_WIDE.format(layer=layer, most=Tried.WIDEST))
        (bias,) = self._run([end], nothing, start)[0]
        batches = np.array_split(np.arange(width), range(Tried.AT_ONCE, width, Tried.AT_ONCE))
        alone = (self._scaled(np.eye(len(batch), width, batch[0]), start) for batch in batches)
        rows = [self._run([end], batch, start)[0] for batch in alone]
        return _Sums(end, (np.concatenate(rows) - bias, bias))

    def _scaled(self, rows: Array, start: int) -> Array:
        """Return rows scaled to the size of the values fed at `start`."""
        return rows if start else rows * self.full

    def _activation(self, start: int, layer: Said) -> tuple[str, float, int]:
        """Return the activation after a stretch, its negative slope, and the place where it ends."""
        if start == len(self.tensors) - 1:
            return "none", 0.0, start
        width, ends = self._size(start), self._ends(start)
        ends = [place for place in ends if self._size(place) == width]
        before = Tried.WIDE * self.random.standard_normal((Tried.ROWS, width))
        # Prefer the farthest named one: a ReLU followed by a clip is a ReLU6.
        for place, after in reversed(list(zip(ends, self._run(ends, before, start), strict=True))):
            named = _named(before, after)
            if named is not None:
                return *named, place
        follower = Text("the step after {layer}", layer=layer)
        raise NotPlain(UNKNOWN.format(layer=follower, place=self._named(start + 1)))

    def _ends(self, start: int) -> list[int]:
        """Return the places after `start` with a row for each image, as far as a stretch may extend."""
        ends = [place for place in range(start + 1, len(self.tensors)) if self._sizes[place]]
        return ends[: Tried.MOST_STRETCHES // 5]

    def _size(self, place: int) -> int:
        size = self._sizes[place]
        if not size:
            raise NotPlain(NOT_ROWS.format(place=self._named(place)))
        return size

    def _row_sizes(self) -> list[int]:
        """Return the number of elements per image in each tensor; 0 for a tensor without a row for each image."""
        few, rows = self.inputs[: Tried.ROWS], min(Tried.ROWS, len(self.inputs))
        found = [np.asarray(value) for value in self.session.run(self.tensors, {**self.feed, self.images: few})]
        self._shapes = [value.shape for value in found]
        return [value[0].size if value.shape[:1] == (rows,) and value.dtype.kind == "f" else 0 for value in found]

    def _run(self, places: Sequence[int], rows: Array, start: int = 0) -> list[Array]:
        """Return the values of tensors for rows fed at `start`, each (n, size) in float64."""
        if not places:
            return []
        fed = np.asarray(rows).reshape(len(rows), *self._shapes[start][1:])
        feeds = {self.images: np.zeros((len(rows), *self._shapes[0][1:])), **self.feed, self.tensors[start]: fed}
        found = self.session.run([self.tensors[place] for place in places], feeds)
        return [np.asarray(value, np.float64).reshape(len(rows), -1) for value in found]

    def _named(self, place: int) -> str:
        return node_of(self.tensors[min(place, len(self.tensors) - 1)])[:80]


def _are_sums(found: Array) -> bool:
    """Whether outputs for zero, two inputs, their sum and a negation fit weighted sums."""
    if not np.isfinite(found).all():
        return False
    nothing, (one, other, both, turned) = found[0], np.split(found[1:], 4)
    size = float(np.abs(found - nothing).max())
    off = max(float(np.abs(both - one - other + nothing).max()), float(np.abs(one + turned - 2 * nothing).max()))
    return off <= Tried.LINEAR * size


def _named(before: Array, after: Array) -> tuple[str, float] | None:
    """Return the activation between two arrays, and its negative slope; None if none fits."""
    size = float(np.abs(after).max()) + 1e-9
    for name in sorted(PORTABLE - {LEAKY, "none"}):
        expected = ACTIVATIONS[name](before)
        if float(np.abs(expected - after).max()) <= Tried.NAMED * size:
            return name, 0.0
    slope = leaky_slope(before, after)
    return None if slope is None else (LEAKY, slope)
