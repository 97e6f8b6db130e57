"""Place boxes connected by edges in layers from top to bottom, with few crossings and short edges.

After Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system structures, IEEE Transactions on
Systems, Man, and Cybernetics 11, 1981): layers by longest path; orders and positions by the mean of a box's neighbors.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Box", "Edge", "Placement", "Point", "place"]


class Spacing:
    """Distances between boxes in pixels, and the number of sweeps that order layers."""

    GAP_ACROSS = 22.0
    GAP_DOWN = 34.0
    GAP_AT_BORDER = 16.0  # next to a layer of points only
    LANE = 12.0  # width of an edge in a layer that it passes
    SWEEPS = 12  # each down and up: to order the layers, and as many to straighten the edges
    STRAIGHT = 4.0  # weight of a long edge's alignment relative to a short one


Point = tuple[float, float]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Box:
    """A box to place. `first` and `last` boxes have the first and the last layer to themselves."""

    width: float
    height: float
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Edge:
    """A line from the bottom of box `source` to the top of `target`, with offsets from their centers."""

    source: str
    target: str
    source_dx: float = 0.0
    target_dx: float = 0.0


@dataclass(frozen=True)
class Placement:
    """The coordinates of boxes and edges."""

    middles: Mapping[str, Point]
    """Centers of the boxes."""
    routes: Mapping[Edge, tuple[Point, ...]]
    """Points of each edge: straight down within a layer, then across to the next layer, and so on."""
    width: float
    height: float
    """Size of the drawing."""


# A slot in a layer: a box's key, or an edge and the layer that it passes.
_Slot = str | tuple[Edge, int]


@dataclass(frozen=True)
class _Wire:
    """An edge's route: its slots from upper to lower box, and its offsets from their centers.

    It is `turned` if it leads upward; `lanes` are the slots in the layers that it passes.
    """

    upper: str
    lanes: tuple[tuple[Edge, int], ...]
    lower: str
    upper_dx: float
    lower_dx: float
    lower_height: float
    turned: bool

    def links(self) -> Iterator[tuple[_Slot, _Slot, float, float]]:
        """Yield neighboring slots, the desired offset of the second, and its weight."""
        slots: list[_Slot] = [self.upper, *self.lanes, self.lower]
        weight = Spacing.STRAIGHT if self.lanes else 1.0
        shifts = [self.upper_dx, *[0.0] * len(self.lanes)]
        shifts[-1] -= self.lower_dx
        for (one, two), shift in zip(itertools.pairwise(slots), shifts, strict=True):
            yield one, two, shift, weight


@dataclass(frozen=True)
class _Links:
    """Pairs of slots by number: the slots `of` want to be at ``x[other] + shift``, with a `weight` each."""

    of: Array
    other: Array
    shift: Array
    weight: Array

    def wanted(self, x: Array) -> Array:
        """Return the desired positions of slots at `x`: the mean over their links, else their own."""
        pull = np.bincount(self.of, self.weight, len(x))
        total = np.bincount(self.of, self.weight * (x[self.other] + self.shift), len(x))
        return np.divide(total, pull, out=x.copy(), where=pull > 0)


def place(boxes: Mapping[str, Box], edges: Iterable[Edge]) -> Placement:
    """Return the placement of `boxes`; edges that close a cycle run upward.

    Each box is just above the first one that uses it.
    """
    if not boxes:
        return Placement({}, {}, 0.0, 0.0)
    kept = list(dict.fromkeys(edges))
    rank = _ranks(boxes, kept)
    wires = {edge: _wire(edge, rank, boxes) for edge in kept}
    sizes, layers = dict[_Slot, Box](), dict[_Slot, int]()
    sizes.update(boxes)
    layers.update(rank)
    for lane in itertools.chain.from_iterable(wire.lanes for wire in wires.values()):
        sizes[lane], layers[lane] = Box(Spacing.LANE, 0.0), lane[1]
    layer_of = np.array([layers[slot] for slot in sizes])
    across = _across(sizes, layer_of, wires.values())
    tops, bottoms = _heights(sizes, layer_of)
    return Placement(
        middles={key: (across[key], bottoms[rank[key]] - box.height / 2) for key, box in boxes.items()},
        routes={edge: _route(wire, across, layers, tops, bottoms) for edge, wire in wires.items()},
        width=max(across[slot] + box.width / 2 for slot, box in sizes.items()),
        height=bottoms[-1],
    )


def _ranks(boxes: Mapping[str, Box], edges: Iterable[Edge]) -> dict[str, int]:
    """Return each box's layer from the top, just above its users; edges that close cycles are ignored."""
    users: dict[str, set[str]] = {key: set() for key in boxes}
    for edge in edges:
        users[edge.source].add(edge.target)
    below: dict[str, int] = {}
    for key in _last_first(users):
        below[key] = max((below[user] + 1 for user in users[key]), default=0 if boxes[key].last else 1)
    above_all = max(below.values()) + 1
    below |= {key: above_all for key, box in boxes.items() if box.first}
    layers = sorted(set(below.values()), reverse=True)
    return {key: layers.index(below[key]) for key in boxes}


def _last_first(users: Mapping[str, set[str]]) -> list[str]:
    """Return boxes, each after all that use it; remove one link of each cycle from `users`."""
    while True:
        try:
            return list(TopologicalSorter(users).static_order())
        except CycleError as error:
            user, used = error.args[1][:2]
            users[used].discard(user)


def _wire(edge: Edge, rank: Mapping[str, int], boxes: Mapping[str, Box]) -> _Wire:
    ends = [(edge.source, edge.source_dx), (edge.target, edge.target_dx)]
    (upper, upper_dx), (lower, lower_dx) = sorted(ends, key=lambda end: rank[end[0]])
    lanes = tuple((edge, layer) for layer in range(rank[upper] + 1, rank[lower]))
    return _Wire(upper, lanes, lower, upper_dx, lower_dx, boxes[lower].height, turned=upper != edge.source)


def _across(sizes: Mapping[_Slot, Box], layer_of: Array, wires: Iterable[_Wire]) -> dict[_Slot, float]:
    """Return horizontal centers, with the left border at zero: few crossings, close to linked slots.

    `layer_of` is the layer of each slot in `sizes`.
    """
    number = {slot: at for at, slot in enumerate(sizes)}
    links = [(number[one], number[two], *rest) for wire in wires for one, two, *rest in wire.links()]
    upper, lower, shift, weight = np.array(links, np.float64).reshape(-1, 4).T
    upper, lower = upper.astype(np.intp), lower.astype(np.intp)
    down, up = _Links(lower, upper, shift, weight), _Links(upper, lower, -shift, weight)
    both = _Links(*(np.concatenate(ends) for ends in zip(vars(down).values(), vars(up).values(), strict=True)))
    widths = np.array([box.width for box in sizes.values()])
    rows = [np.flatnonzero(layer_of == layer) for layer in range(layer_of.max() + 1)]
    x = np.zeros(len(sizes))
    ordering, straightening = [(down, rows), (up, rows[::-1])], [(both, rows), (both, rows[::-1])]
    for pulls, in_turn in ordering * Spacing.SWEEPS + straightening * Spacing.SWEEPS:
        for row in in_turn:
            wanted = pulls.wanted(x)[row]
            order = np.lexsort((x[row], wanted))
            x[row[order]] = _side_by_side(wanted[order], widths[row[order]])
    left = np.min(x - widths / 2)
    return dict(zip(sizes, (x - left).tolist(), strict=True))


def _side_by_side(wanted: Array, widths: Array) -> Array:
    """Return centers near the ascending `wanted` ones, for boxes that do not overlap."""
    offsets = np.cumsum(widths + Spacing.GAP_ACROSS) - widths / 2  # as close as possible
    free = wanted - offsets
    # The mean of pushing close boxes to the right and to the left: both keep order and distance.
    pushed = np.maximum.accumulate(free) + np.minimum.accumulate(free[::-1])[::-1]
    middles: Array = offsets + pushed / 2
    return middles


def _heights(sizes: Mapping[_Slot, Box], layer_of: Array) -> tuple[list[float], list[float]]:
    """Return the tops and bottoms of the layers."""
    heights = np.zeros(layer_of.max() + 1)
    np.maximum.at(heights, layer_of, [box.height for box in sizes.values()])
    gaps = np.where((heights[:-1] > 0) & (heights[1:] > 0), Spacing.GAP_DOWN, Spacing.GAP_AT_BORDER)
    tops = np.concatenate([[0.0], np.cumsum(heights[:-1] + gaps)])
    return tops.tolist(), (tops + heights).tolist()


def _route(
    wire: _Wire,
    across: Mapping[_Slot, float],
    layers: Mapping[_Slot, int],
    tops: Sequence[float],
    bottoms: Sequence[float],
) -> tuple[Point, ...]:
    """Return the points of an edge from its source to its target."""
    down = [(across[wire.upper] + wire.upper_dx, bottoms[layers[wire.upper]])]
    for lane in wire.lanes:
        down += [(across[lane], tops[lane[1]]), (across[lane], bottoms[lane[1]])]
    end = across[wire.lower] + wire.lower_dx
    down += [(end, tops[layers[wire.lower]]), (end, bottoms[layers[wire.lower]] - wire.lower_height)]
    return tuple(reversed(down)) if wire.turned else tuple(down)
