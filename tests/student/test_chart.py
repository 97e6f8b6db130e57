"""Lines in a frame, drawn as SVG for the notebook and for pages."""

import re
import xml.etree.ElementTree as ET

import pytest

from netgrader.line_chart import Axis, Line, line_chart

SVG = "{http://www.w3.org/2000/svg}"
EPOCH, SHARE = Axis("epoch", whole=True), Axis("accuracy", percent=True)


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 (we drew it)


def places(svg):
    """Return the points of the lines, without those of the legend."""
    points = [(float(c.get("cx")), float(c.get("cy"))) for c in parsed(svg).iter(f"{SVG}circle")]
    return [point for point in points if point[1] < 200]


def ticks(axis, *values):
    return axis.named(axis.ticks(axis.scaled(values)))


@pytest.mark.parametrize(
    ("axis", "values", "named"),
    [
        (Axis("x"), (0.0, 10.0), ["0", "5", "10"]),
        (Axis("x"), (0.905, 0.93), ["0.9", "0.91", "0.92", "0.93"]),
        (EPOCH, (1, 5), ["1", "2", "3", "4", "5"]),
        (Axis("x", log=True), (1e-5, 0.1), ["1e-5", "0.0001", "0.001", "0.01", "0.1"]),
        (SHARE, (0.9, 0.95), ["90\u00a0%", "92\u00a0%", "94\u00a0%", "96\u00a0%"]),
    ],
)
def test_ticks_are_round_numbers_that_enclose_all_values(axis, values, named):
    assert ticks(axis, *values) == named


def test_the_picture_says_in_words_what_it_shows_and_where_its_lines_end():
    lines = [Line("training", (1,), (0.91,)), Line("test", (1, 2), (0.9, 0.925))]
    picture = parsed(line_chart("Accuracy <b>", lines, EPOCH, SHARE))
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "Accuracy <b>: training: 91\u00a0%; test: 92.5\u00a0%"


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"test": []},
        {"test": [0.5]},
        {"test": [0.5] * 4},
        {"test": [float("nan"), float("inf")]},
        {"test": [-5.0, 0.0, None]},
        {"a & b <c>": [1e-9, 1e9], "d": [1e300, -1e300]},
    ],
    ids=["none", "empty", "one point", "constant", "not finite", "not above zero", "strange"],
)
@pytest.mark.parametrize("log", [False, True])
def test_any_lines_give_a_well_formed_picture_within_its_bounds(lines, log):
    lines = [Line(name, range(len(values)), values) for name, values in lines.items()]
    svg = line_chart("t", lines, Axis("epoch", log=log), Axis("accuracy", log=log))
    _, _, width, height = map(float, parsed(svg).get("viewBox").split())
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places(svg))
    assert not re.search(r"\bnan\b|\binf\b", svg)
