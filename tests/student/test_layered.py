"""Boxes and edges placed in layers."""

import random
from itertools import combinations, pairwise

import pytest

from netgrader.student.graph_layout import Box, Edge, place


def boxes(text, width=40.0, height=20.0):
    return {key: Box(width, height) for key in text.split()}


def edges(text):
    return [Edge(*pair.split(">")) for pair in text.split()]


def overlaps(placed, sizes):
    for one, two in combinations(placed.middles, 2):
        (x1, y1), (x2, y2) = placed.middles[one], placed.middles[two]
        apart_across = abs(x1 - x2) >= (sizes[one].width + sizes[two].width) / 2 - 1e-6
        apart_down = abs(y1 - y2) >= (sizes[one].height + sizes[two].height) / 2 - 1e-6
        if not apart_across and not apart_down:
            yield one, two


def random_graph(seed, n, *, circles):
    rng = random.Random(seed)  # noqa: S311 (graphs to draw)
    sizes = {str(i): Box(rng.uniform(10, 120), rng.uniform(10, 60)) for i in range(n)}
    pairs = [(rng.randrange(n), rng.randrange(n)) for _ in range(2 * n)]
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    ends = pairs if circles else [(min(pair), max(pair)) for pair in pairs]
    return sizes, [Edge(str(a), str(b)) for a, b in ends]


def test_what_is_used_stands_above_what_uses_it():
    placed = place(boxes("x w product sum"), edges("x>product w>product product>sum"))
    heights = {key: y for key, (_, y) in placed.middles.items()}
    assert heights["x"] == heights["w"] < heights["product"] < heights["sum"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("circles", [False, True], ids=["without circles", "with circles"])
def test_no_two_boxes_overlap_and_all_is_within_the_picture(seed, circles):
    sizes, links = random_graph(seed, 25, circles=circles)
    placed = place(sizes, links)
    assert list(overlaps(placed, sizes)) == []
    for key, (x, y) in placed.middles.items():
        assert sizes[key].width / 2 - 1e-6 <= x <= placed.width - sizes[key].width / 2 + 1e-6
        assert sizes[key].height / 2 - 1e-6 <= y <= placed.height - sizes[key].height / 2 + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_no_edge_runs_through_a_box(seed):
    sizes, links = random_graph(seed, 15, circles=False)
    placed = place(sizes, links)
    for edge, route in placed.routes.items():
        for (x, top), (below, bottom) in pairwise(route):
            if x != below:
                continue  # between layers, where no boxes are
            for key in set(sizes) - {edge.source, edge.target}:
                (middle, height), box = placed.middles[key], sizes[key]
                within = abs(x - middle) < box.width / 2 and max(top, height - box.height / 2) < min(
                    bottom, height + box.height / 2
                )
                assert not within, (edge, key)
