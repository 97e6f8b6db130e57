"""Places boxes that edges connect in layers from top to bottom, with few crossings and short edges.

The method of Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system structures, IEEE
Transactions on Systems, Man, and Cybernetics 11, 1981): layers by longest path, orders by barycentres, and places near the
middle of what a box is linked to.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Box", "Edge", "Placement", "Point", "place"]

GAP_ACROSS = 22.0
GAP_DOWN = 34.0
GAP_AT_BORDER = 16.0  # next to a layer of mere points
LANE = 12.0  # width that an edge takes in a layer that it passes
SWEEPS = 24
STRAIGHT = 4.0  # how much more a long edge pulls its ends together than a short one

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """Something to place. `first` and `last` boxes have the first and the last layer to themselves."""

    width: float
    height: float
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Edge:
    """From the bottom of box `source` to the top of box `target`, off their middles by `source_dx` and `target_dx`."""

    source: str
    target: str
    source_dx: float = 0.0
    target_dx: float = 0.0


@dataclass(frozen=True)
class Placement:
    """Where everything is."""

    middles: Mapping[str, Point]
    """Of the boxes."""
    routes: Mapping[Edge, tuple[Point, ...]]
    """Points that an edge passes: straight down within a layer, then across to the next layer, and so on."""
    width: float
    height: float
    """Of it all."""


# A place in a layer: a box's key, or an edge and the layer that it passes.
_Slot = str | tuple[Edge, int]


@dataclass(frozen=True)
class _Wire:
    """An edge as it runs down: its slots from the upper box to the lower one, and how far off their middles it ends.

    It is `turned` if it leads upwards.
    """

    slots: tuple[_Slot, ...]
    upper: str
    lower: str
    upper_dx: float
    lower_dx: float
    turned: bool

    def links(self) -> Iterable[tuple[_Slot, _Slot, float]]:
        """Yield neighboring slots, with how far right of the first one the second is to stand."""
        last = len(self.slots) - 2
        for at, (one, two) in enumerate(itertools.pairwise(self.slots)):
            yield one, two, self.upper_dx * (at == 0) - self.lower_dx * (at == last)


def place(boxes: Mapping[str, Box], edges: Iterable[Edge]) -> Placement:
    """Place `boxes`; edges that would close a circle run upwards.

    The first layer is on top. A box without incoming edges stands just above the first box that uses it.
    """
    if not boxes:
        return Placement({}, {}, 0.0, 0.0)
    kept = [edge for edge in dict.fromkeys(edges) if edge.source != edge.target]
    rank = _ranks(boxes, kept)
    wires = {edge: _wire(edge, rank) for edge in kept}
    layers = _ordered(_layers(boxes, wires.values(), rank), [*wires.values()])
    widths = {slot: boxes[slot].width if isinstance(slot, str) else LANE for layer in layers for slot in layer}
    across = _positions(layers, [*wires.values()], widths)
    left = min(across[slot] - widths[slot] / 2 for slot in across)
    across = {slot: x - left for slot, x in across.items()}
    tops, heights = _heights(boxes, layers)
    middles = {key: (across[key], tops[rank[key]] + box.height / 2) for key, box in boxes.items()}
    # What is used stands close to what uses it: results high, inputs low.
    for key in set(boxes) - {wire.lower for wire in wires.values()}:
        middles[key] = (across[key], tops[rank[key]] + heights[rank[key]] - boxes[key].height / 2)
    return Placement(
        middles=middles,
        routes={edge: _route(wire, middles, boxes, across, (tops, heights, rank)) for edge, wire in wires.items()},
        width=max(across[slot] + widths[slot] / 2 for slot in across),
        height=tops[-1] + heights[-1],
    )


def _ranks(boxes: Mapping[str, Box], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the layer of each box: below all that it uses, but for edges that close a circle."""
    before, order = _sorted(boxes, edges)
    rank: dict[str, int] = {}
    for key in order:
        rank[key] = 1 + max((rank[upper] for upper in before[key]), default=-1)
    users: dict[str, list[int]] = defaultdict(list)
    for edge in edges:
        users[edge.source].append(rank[edge.target])
    inputs = {key for key, box in boxes.items() if not box.first} - {edge.target for edge in edges}
    for key in inputs & set(users):
        rank[key] = max(rank[key], min(users[key]) - 1)
    return rank


def _sorted(boxes: Mapping[str, Box], edges: Iterable[Edge]) -> tuple[Mapping[str, set[str]], list[str]]:
    """Return what each box stands below, and the boxes in such an order; a link of each circle is left out."""
    firsts = {key for key, box in boxes.items() if box.first}
    lasts = {key for key, box in boxes.items() if box.last}
    before = {key: set(boxes) - lasts if key in lasts else firsts - {key} for key in boxes}
    for key in firsts:
        before[key] = set()
    for edge in edges:
        before[edge.target].add(edge.source)
    while True:
        try:
            return before, list(TopologicalSorter(before).static_order())
        except CycleError as error:
            upper, lower = error.args[1][-2:]
            before[lower].discard(upper)


def _wire(edge: Edge, rank: Mapping[str, int]) -> _Wire:
    ends = [(edge.source, edge.source_dx), (edge.target, edge.target_dx)]
    (upper, upper_dx), (lower, lower_dx) = sorted(ends, key=lambda end: rank[end[0]])
    passed = ((edge, layer) for layer in range(rank[upper] + 1, rank[lower]))
    return _Wire((upper, *passed, lower), upper, lower, upper_dx, lower_dx, turned=upper != edge.source)


def _layers(boxes: Mapping[str, Box], wires: Iterable[_Wire], rank: Mapping[str, int]) -> list[list[_Slot]]:
    """Return the slots of each layer."""
    layers: list[list[_Slot]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for key in boxes:
        layers[rank[key]].append(key)
    for wire in wires:
        for slot in wire.slots[1:-1]:
            layers[slot[1]].append(slot)  # type: ignore[index]
    return layers


def _ordered(layers: Sequence[Sequence[_Slot]], wires: Sequence[_Wire]) -> list[list[_Slot]]:
    """Return the layers in an order with few crossings: each by the places of what is linked to it above, then below."""
    above: dict[_Slot, list[tuple[_Slot, float]]] = defaultdict(list)
    below: dict[_Slot, list[tuple[_Slot, float]]] = defaultdict(list)
    for upper, lower, dx in (link for wire in wires for link in wire.links()):
        above[lower].append((upper, dx))
        below[upper].append((lower, -dx))
    ordered = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbors = above if down else below
        at = {slot: float(place) for layer in ordered for place, slot in enumerate(layer)}
        for layer in ordered if down else reversed(ordered):
            layer.sort(key=lambda slot: _barycentre(slot, neighbors[slot], at))
            at.update({slot: float(place) for place, slot in enumerate(layer)})
    return ordered


def _barycentre(slot: _Slot, neighbors: Sequence[tuple[_Slot, float]], at: Mapping[_Slot, float]) -> float:
    places = [at[other] + 1e-3 * dx for other, dx in neighbors] or [at[slot]]
    return sum(places) / len(places)


def _positions(
    layers: Sequence[Sequence[_Slot]], wires: Sequence[_Wire], widths: Mapping[_Slot, float]
) -> dict[_Slot, float]:
    """Return middles across: near the middle of what a slot is linked to, orders and distances kept."""
    wishes: dict[_Slot, list[tuple[_Slot, float, float]]] = defaultdict(list)
    for wire in wires:
        weight = STRAIGHT if len(wire.slots) > 2 else 1.0
        for upper, lower, dx in wire.links():
            wishes[lower].append((upper, dx, weight))
            wishes[upper].append((lower, -dx, weight))
    across: dict[_Slot, float] = {}
    for layer in layers:
        offsets = _offsets([widths[slot] for slot in layer])
        across.update(zip(layer, offsets - offsets.mean(), strict=True))
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = np.array([_wanted(wishes[slot], across, across[slot]) for slot in layer])
            offsets = _offsets([widths[slot] for slot in layer])
            free = wanted - offsets
            # Halfway between pushing right whatever is too close and pushing it left: both keep order and distance.
            pushed = np.maximum.accumulate(free) + np.minimum.accumulate(free[::-1])[::-1]
            across.update(zip(layer, (offsets + pushed / 2).tolist(), strict=True))
    return across


def _wanted(wishes: Sequence[tuple[_Slot, float, float]], across: Mapping[_Slot, float], here: float) -> float:
    """Return the middle of what a slot is linked to, by weight; where it is, if it is linked to nothing."""
    if not wishes:
        return here
    return float(np.average([across[other] + dx for other, dx, _ in wishes], weights=[weight for *_, weight in wishes]))


def _offsets(widths: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the middles of neighbors of these widths, as close as they may stand."""
    sizes = np.array(widths)
    return np.cumsum(sizes + GAP_ACROSS) - sizes / 2


def _route(
    wire: _Wire,
    middles: Mapping[str, Point],
    boxes: Mapping[str, Box],
    across: Mapping[_Slot, float],
    levels: tuple[Sequence[float], Sequence[float], Mapping[str, int]],
) -> tuple[Point, ...]:
    """Return the points that an edge passes from its source to its target."""
    tops, heights, rank = levels
    (upper_x, upper_y), (lower_x, lower_y) = middles[wire.upper], middles[wire.lower]
    first, last, start = upper_x + wire.upper_dx, lower_x + wire.lower_dx, rank[wire.upper]
    down = [(first, upper_y + boxes[wire.upper].height / 2), (first, tops[start] + heights[start])]
    for layer, slot in enumerate(wire.slots[1:-1], start + 1):
        down += [(across[slot], tops[layer]), (across[slot], tops[layer] + heights[layer])]
    down += [(last, tops[rank[wire.lower]]), (last, lower_y - boxes[wire.lower].height / 2)]
    return tuple(reversed(down)) if wire.turned else tuple(down)


def _heights(boxes: Mapping[str, Box], layers: Sequence[Sequence[_Slot]]) -> tuple[list[float], list[float]]:
    """Tops and heights of the layers."""
    heights = [max((boxes[slot].height for slot in layer if isinstance(slot, str)), default=0.0) for layer in layers]
    tops = [0.0]
    for one, two in itertools.pairwise(heights):
        tops.append(tops[-1] + one + (GAP_DOWN if one and two else GAP_AT_BORDER))
    return tops, heights
