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


def test_an_input_stands_just_above_what_uses_it_first():
    placed = place(boxes("x a b c late"), edges("x>a a>b b>c late>c"))
    assert placed.middles["late"][1] == placed.middles["b"][1]


def test_a_chain_is_straight():
    placed = place(boxes("a b c d"), edges("a>b b>c c>d"))
    assert len({round(x, 6) for x, _ in placed.middles.values()}) == 1


def test_two_pairs_do_not_cross():
    placed = place(boxes("a b c d"), edges("a>d b>c"))
    (a, _), (b, _) = placed.middles["a"], placed.middles["b"]
    (c, _), (d, _) = placed.middles["c"], placed.middles["d"]
    assert (a < b) == (d < c)


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


def test_an_edge_runs_from_the_bottom_of_one_box_to_the_top_of_the_other():
    placed = place(boxes("a b"), [Edge("a", "b", source_dx=5.0, target_dx=-5.0)])
    (route,) = placed.routes.values()
    (ax, ay), (bx, by) = placed.middles["a"], placed.middles["b"]
    assert (route[0], route[-1]) == ((ax + 5, ay + 10), (bx - 5, by - 10))


def test_an_edge_that_closes_a_circle_is_drawn_from_its_source_to_its_target():
    placed = place(boxes("a b"), edges("a>b b>a"))
    back = placed.routes[Edge("b", "a")]
    assert back[0][1] > back[-1][1]


def test_first_and_last_boxes_have_layers_of_their_own():
    sizes = {"in": Box(0, 0, first=True), "w": Box(40, 20), "x": Box(40, 20), "out": Box(0, 0, last=True)}
    placed = place(sizes, edges("in>x w>x x>out"))
    heights = [placed.middles[key][1] for key in ("in", "w", "x", "out")]
    assert heights == sorted(set(heights))


def test_nothing_gives_an_empty_picture():
    placed = place({}, [])
    assert (placed.width, placed.height) == (0.0, 0.0)
