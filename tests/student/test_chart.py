"""Curves drawn as SVG."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from netgrader.student.live import curves_svg

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 (we drew it)


def places(svg):
    return [(float(c.get("cx")), float(c.get("cy"))) for c in parsed(svg).iter(f"{SVG}circle")]


def test_higher_values_stand_higher_and_later_ones_further_right():
    (x1, y1), (x2, y2), (x3, y3) = places(curves_svg({"test": [0.5, 0.9, 0.7]}, 3, "epoch", "accuracy"))
    assert x1 < x2 < x3
    assert y2 < y3 < y1


def test_the_picture_says_in_words_what_it_shows():
    picture = parsed(curves_svg({"training": [0.91], "test": [0.9, 0.92]}, 5, "epoch", "accuracy"))
    assert picture.get("role") == "img"
    assert picture.findtext(f"{SVG}title") == "accuracy over epoch"
    assert picture.findtext(f"{SVG}desc") == "training: 0.91; test: 0.9, 0.92"


def test_curves_are_told_apart_without_colours():
    picture = parsed(curves_svg({"training": [0.1, 0.2], "test": [0.2, 0.3]}, 2, "epoch", "accuracy"))
    dashes = [path.get("stroke-dasharray") for path in picture.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(set(dashes)) == 2
    assert {text.text for text in picture.iter(f"{SVG}text")} >= {"training 0.2", "test 0.3"}


def test_labels_of_curves_that_end_close_together_do_not_overlap():
    svg = curves_svg({"training": [0.0, 0.5], "test": [0.1, 0.501], "third": [1.0, 0.5005]}, 2, "epoch", "accuracy")
    heights = sorted(float(y) for y in re.findall(r'y="([0-9.]+)" fill="#[0-9a-f]+" font-weight', svg))
    assert len(heights) == 3
    assert all(later - earlier >= 13 for earlier, later in pairwise(heights))


@pytest.mark.parametrize(
    "curves",
    [
        {},
        {"test": []},
        {"test": [0.5]},
        {"test": [0.5] * 4},
        {"test": [float("nan"), float("inf")]},
        {"a & b <c>": [1e-9, 1e9]},
    ],
    ids=["none", "empty", "one point", "constant", "not finite", "strange"],
)
@pytest.mark.parametrize("n_points", [1, 2, 40])
def test_any_curves_give_a_well_formed_picture_within_its_bounds(curves, n_points):
    svg = curves_svg(curves, n_points, "epoch", "accuracy")
    _, _, width, height = map(float, parsed(svg).get("viewBox").split())
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places(svg))
    assert "nan" not in svg
