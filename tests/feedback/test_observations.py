"""Observations of verification reach the pages as JSON without loss, and nothing else does."""

import itertools
import json

import numpy as np
import pytest

from graphread.drawing import NetworkBox
from graphread.text import Text
from netgrader import observations as seen
from netgrader.drawing_pad import PadFrame
from netgrader.files import decode, plain_json
from netgrader.pages.feedback_figures import figure
from tests.feedback.test_pad import FRAME, random_network


def through_json(observations):
    """What pages get of what a test showed, as the verifier sends it and takes it."""
    return decoded(json.loads(json.dumps(plain_json(seen.drawable(observations)), allow_nan=False)))


def decoded(raw):
    return decode(dict[str, tuple[seen.Observation, ...]], raw)


EVERY_KIND = {
    "check_train": (
        seen.NetworkDrawing((NetworkBox(Text("Loss"), "mean"),), ("dense, 784 to 10",), ("a softmax too many",)),
        seen.Curves("Accuracy", "epoch", "accuracy", (seen.Series("test", (1.0, 2.0), (0.9, None)),), percent=True),
        seen.Comparison("Test accuracy", 0.99, 0.91),
        seen.WrongImages((seen.WrongImage(8, 6, 5),), wrong=740, total=10_000),
        seen.RowCounts("Rows seen in an epoch", (0, 1, 64), (59_936, 0, 64)),
        seen.Sweep((1e-4, 1e-3), (0.95, None), 1e-4, {"0.0001": 0.951}),
        seen.Images("Weights", ("0",), ((seen.signed_image(np.linspace(-1, 1, 784)),),), (28, 28), signed=True),
        seen.Pad(random_network(784, 20, 10), FRAME, 200),
        seen.Pad(refused="It cannot, because layer 1 is a convolution."),
    )
}


def test_every_kind_survives_the_way_through_json():
    assert through_json(EVERY_KIND) == EVERY_KIND


def test_a_million_values_are_as_many_as_a_chart_has_places_for():
    many = tuple(float(number) for number in range(1_000_000))
    given = (seen.Curves("Accuracy", "x", "y", (seen.Series("test", many, many),)), seen.Sweep(many, many, None, {}))
    curves, sweep = through_json({"check_train": given})["check_train"]
    for values in (curves.series[0].x, curves.series[0].y, sweep.rates, sweep.accuracies):
        assert len(values) <= seen.ObservationLimits.MOST_POINTS
        assert (values[0], values[-1]) == (0.0, 999_999.0)


FAR = (0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, 1e18, float("inf"), float("nan"))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", list(itertools.product(FAR, FAR)))
def test_a_chart_is_drawn_of_whatever_numbers_are_handed_over(values: tuple[float, float], log: bool):
    """An accuracy of 1e308, or a learning rate."""
    rates = tuple(abs(value) for value in values)
    curves = seen.Curves(
        "Accuracy", "x", "y", (seen.Series("test", values, values),), log_x=log, log_y=log, percent=log
    )
    sweep = seen.Sweep(rates, values, values[0], {str(rates[0]): 0.5})
    given = (curves, sweep, seen.Comparison("Accuracy", values[0], 0.5))
    back = through_json({"check_train": given})["check_train"]
    for one in back:
        assert "inf" not in str(figure(one))


IMAGES = {"kind": "images", "title": "x", "columns": [], "shape": [28, 28], "signed": False}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "Expected `object`"),
        ({"c": {}}, "Expected `array`"),
        ({"c": [3]}, "Expected `object`"),
        ({"c": [{"kind": "pickle"}]}, "Invalid value .pickle."),
        ({"c": [{"kind": "comparison", "title": "x", "claimed": None}]}, "missing required field"),
        ({"c": [{"kind": "comparison", "title": "x", "claimed": True, "recomputed": 1}]}, "Expected `float | null`"),
        ({"c": [{"kind": "rows", "title": "x", "times": [1], "rows": []}]}, "more counts"),
        ({"c": [{**IMAGES, "rows": [["AAAA"]]}]}, "784"),
        ({"c": [{**IMAGES, "rows": [["<b>"]]}]}, "matching regex"),
    ],
)
def test_what_is_not_an_observation_is_refused_with_a_sentence(raw, words):
    with pytest.raises(ValueError, match=words):
        decoded(raw)


@pytest.mark.parametrize("height", [0, 1_001])
def test_what_could_not_be_read_back_is_refused_when_it_is_made(height):
    image = seen.signed_image(np.zeros(max(height, 1) * 4))
    with pytest.raises(ValueError, match="Expected"):
        seen.Images("Weights", ("0",), ((image,),), (height, 4))
    with pytest.raises(ValueError, match="Expected"):
        PadFrame(4, height, (4, 4), (2, 2))
    with pytest.raises(ValueError, match="Expected"):
        PadFrame(4, 4, (4, height), (2, 2))
    with pytest.raises(ValueError, match="matching regex"):
        seen.Images("Weights", ("0",), (("<b>=",),), (1, 3))
