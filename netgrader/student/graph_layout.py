"""Places boxes that edges connect in layers from top to bottom, with few crossings and short edges.

The method of Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system structures, IEEE
Transactions on Systems, Man, and Cybernetics 11, 1981): layers by longest path, orders by barycentres; within a layer
the best positions for given orders follow by least squares (pool adjacent violators).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Box", "Edge", "Placement", "Point", "place"]

GAP_ACROSS = 22.0
GAP_DOWN = 34.0
GAP_AT_BORDER = 16.0  # beside a layer of mere points
LANE = 12.0  # width that an edge takes in a layer that it passes
SWEEPS = 12

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


def place(boxes: Mapping[str, Box], edges: Iterable[Edge]) -> Placement:
    """Place `boxes`; edges that would close a circle run upwards.

    The first layer is on top. A box without incoming edges stands just above the first box that uses it.
    """
    edges = list(dict.fromkeys(edges))
    down = _without_circles(boxes, edges)
    rank = _ranks(boxes, down)
    layers, links = _layers(boxes, down, rank)
    widths = {slot: boxes[slot].width if isinstance(slot, str) else LANE for layer in layers for slot in layer}
    layers = _ordered(layers, links)
    across = _positions(layers, links, widths)
    left = min((across[slot] - widths[slot] / 2 for slot in across), default=0.0)
    across = {slot: x - left for slot, x in across.items()}
    tops, heights = _heights(boxes, layers)
    fed = {lower for _, lower in down.values()}
    middles = {}
    for i, layer in enumerate(layers):
        for slot in layer:
            if isinstance(slot, str):  # what is used stands close to what uses it: inputs low, results high
                half = boxes[slot].height / 2
                middles[slot] = (across[slot], tops[i] + half if slot in fed else tops[i] + heights[i] - half)
    routes = {}
    for edge, (upper, lower) in down.items():
        flipped = upper != edge.source
        upper_dx, lower_dx = (edge.target_dx, edge.source_dx) if flipped else (edge.source_dx, edge.target_dx)
        first, last = middles[upper][0] + upper_dx, middles[lower][0] + lower_dx
        route = [
            (first, middles[upper][1] + boxes[upper].height / 2),
            (first, tops[rank[upper]] + heights[rank[upper]]),
        ]
        for i in range(rank[upper] + 1, rank[lower]):
            route += [(across[edge, i], tops[i]), (across[edge, i], tops[i] + heights[i])]
        route += [(last, tops[rank[lower]]), (last, middles[lower][1] - boxes[lower].height / 2)]
        routes[edge] = tuple(reversed(route)) if flipped else tuple(route)
    return Placement(
        middles=middles,
        routes=routes,
        width=max((across[slot] + widths[slot] / 2 for slot in across), default=0.0),
        height=tops[-1] + heights[-1] if layers else 0.0,
    )


def _without_circles(boxes: Mapping[str, Box], edges: Sequence[Edge]) -> dict[Edge, tuple[str, str]]:
    """Each edge with its upper and its lower end: turned round where it leads back to where a walk came from."""
    after: dict[str, list[Edge]] = defaultdict(list)
    for each in edges:
        after[each.source].append(each)
    down: dict[Edge, tuple[str, str]] = {}
    state: dict[str, str] = {}
    for start in boxes:
        if start in state:
            continue
        state[start] = "open"
        walk = [(start, iter(after[start]))]
        while walk:
            key, todo = walk[-1]
            edge = next(todo, None)
            if edge is None:
                state[key] = "done"
                walk.pop()
            elif state.get(edge.target) == "open":
                down[edge] = (edge.target, edge.source)
            else:
                down[edge] = (edge.source, edge.target)
                if edge.target not in state:
                    state[edge.target] = "open"
                    walk.append((edge.target, iter(after[edge.target])))
    return {edge: ends for edge, ends in down.items() if ends[0] != ends[1]}


def _ranks(boxes: Mapping[str, Box], down: Mapping[Edge, tuple[str, str]]) -> dict[str, int]:
    before: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[str]] = defaultdict(set)
    for upper, lower in down.values():
        before[lower].add(upper)
        after[upper].add(lower)
    base = 1 if any(box.first for box in boxes.values()) else 0
    rank: dict[str, int] = {}
    waiting = {key: len(before[key]) for key in boxes}
    free = [key for key in boxes if not waiting[key]]
    while free:
        key = free.pop()
        lowest = 0 if boxes[key].first else base
        rank[key] = max([lowest, *(rank[upper] + 1 for upper in before[key])])
        for lower in after[key]:
            waiting[lower] -= 1
            if not waiting[lower]:
                free.append(lower)
    for key in boxes:
        if not before[key] and after[key] and not boxes[key].first:
            rank[key] = min(rank[lower] for lower in after[key]) - 1
    bottom = max((rank[key] for key in boxes if not boxes[key].last), default=-1) + 1
    return {key: bottom if box.last else rank[key] for key, box in boxes.items()}


def _layers(
    boxes: Mapping[str, Box], down: Mapping[Edge, tuple[str, str]], rank: Mapping[str, int]
) -> tuple[list[list[_Slot]], list[tuple[_Slot, _Slot, float, float]]]:
    """Slots by layer, and the links between slots of neighbouring layers with where they start and end."""
    layers: list[list[_Slot]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for key in boxes:
        layers[rank[key]].append(key)
    links: list[tuple[_Slot, _Slot, float, float]] = []
    for edge, (upper, lower) in down.items():
        flipped = upper != edge.source
        upper_dx, lower_dx = (edge.target_dx, edge.source_dx) if flipped else (edge.source_dx, edge.target_dx)
        slots: list[_Slot] = [upper]
        for i in range(rank[upper] + 1, rank[lower]):
            layers[i].append((edge, i))
            slots.append((edge, i))
        slots.append(lower)
        for i, (one, two) in enumerate(itertools.pairwise(slots)):
            links.append((one, two, upper_dx if i == 0 else 0.0, lower_dx if two == lower else 0.0))
    return layers, links


def _ordered(
    layers: Sequence[Sequence[_Slot]], links: Sequence[tuple[_Slot, _Slot, float, float]]
) -> list[list[_Slot]]:
    """The layers in an order with few crossings."""
    above: dict[_Slot, list[tuple[_Slot, float]]] = defaultdict(list)
    below: dict[_Slot, list[tuple[_Slot, float]]] = defaultdict(list)
    for upper, lower, upper_dx, lower_dx in links:
        above[lower].append((upper, upper_dx))
        below[upper].append((lower, lower_dx))
    current = [list(layer) for layer in layers]
    best, fewest = current, _crossings(current, links)
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        order = range(len(current) - 2, -1, -1) if sweep % 2 else range(1, len(current))
        current = [list(layer) for layer in current]
        for i in order:
            at = {slot: float(k) for k, slot in enumerate(current[i + 1 if sweep % 2 else i - 1])}
            here = {slot: float(k) for k, slot in enumerate(current[i])}
            current[i].sort(key=lambda slot: _barycentre(slot, neighbours[slot], at, here))
        crossings = _crossings(current, links)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _barycentre(
    slot: _Slot, neighbours: Sequence[tuple[_Slot, float]], at: Mapping[_Slot, float], here: Mapping[_Slot, float]
) -> float:
    places = [at[other] + 1e-3 * dx for other, dx in neighbours if other in at]
    return sum(places) / len(places) if places else here[slot]


def _crossings(layers: Sequence[Sequence[_Slot]], links: Sequence[tuple[_Slot, _Slot, float, float]]) -> int:
    at = {slot: k for layer in layers for k, slot in enumerate(layer)}
    level = {slot: i for i, layer in enumerate(layers) for slot in layer}
    between: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for upper, lower, upper_dx, lower_dx in links:
        between[level[upper]].append((at[upper] + 1e-3 * upper_dx, at[lower] + 1e-3 * lower_dx))
    return sum(
        (one[0] - two[0]) * (one[1] - two[1]) < 0
        for pairs in between.values()
        for k, one in enumerate(pairs)
        for two in pairs[:k]
    )


def _positions(
    layers: Sequence[Sequence[_Slot]],
    links: Sequence[tuple[_Slot, _Slot, float, float]],
    widths: Mapping[_Slot, float],
) -> dict[_Slot, float]:
    """Middles across: near the middle of what a slot is linked to, orders and distances kept."""
    wishes: dict[_Slot, list[tuple[_Slot, float, float]]] = defaultdict(list)
    for upper, lower, upper_dx, lower_dx in links:
        # Long edges should be straight more than short ones should be upright.
        weight = 1.0 + 3.0 * (isinstance(upper, tuple) + isinstance(lower, tuple))
        wishes[lower].append((upper, upper_dx - lower_dx, weight))
        wishes[upper].append((lower, lower_dx - upper_dx, weight))
    across: dict[_Slot, float] = {}
    for layer in layers:
        x = 0.0
        for slot in layer:
            across[slot] = x + widths[slot] / 2
            x += widths[slot] + GAP_ACROSS
        for slot in layer:
            across[slot] -= x / 2
    for sweep in range(4 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = []
            for slot in layer:
                total = sum(weight for *_, weight in wishes[slot])
                mean = sum((across[other] + dx) * weight for other, dx, weight in wishes[slot])
                wanted.append((mean / total, total) if total else (across[slot], 0.1))
            across.update(zip(layer, _spread(wanted, [widths[slot] for slot in layer]), strict=True))
    return across


def _spread(wanted: Sequence[tuple[float, float]], widths: Sequence[float]) -> list[float]:
    """The positions closest to those wanted (by weighted squares) that keep order and distance."""
    offsets = [0.0]
    for one, two in itertools.pairwise(widths):
        offsets.append(offsets[-1] + (one + two) / 2 + GAP_ACROSS)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, number of slots
    for (x, weight), offset in zip(wanted, offsets, strict=True):
        mean, total, count = x - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_weight, other_count = blocks.pop()
            mean = (mean * total + other * other_weight) / (total + other_weight)
            total, count = total + other_weight, count + other_count
        blocks.append((mean, total, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _heights(boxes: Mapping[str, Box], layers: Sequence[Sequence[_Slot]]) -> tuple[list[float], list[float]]:
    """Tops and heights of the layers."""
    heights = [max((boxes[slot].height for slot in layer if isinstance(slot, str)), default=0.0) for layer in layers]
    tops = [0.0]
    for one, two in itertools.pairwise(heights):
        tops.append(tops[-1] + one + (GAP_DOWN if one and two else GAP_AT_BORDER))
    return tops, heights
