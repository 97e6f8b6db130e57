"""What verification saw crosses to the pages as JSON without loss, and nothing else does."""

import json

import numpy as np
import pytest

from netgrader import observations as seen

EVERY_KIND = {
    "check_train": (
        seen.NetworkDrawing("<svg/>", ("dense, 784 to 10",), ("a softmax too many",), (10, None), 0.003),
        seen.Curves("Accuracy", "epoch", "accuracy", (seen.Series("test", (1.0, 2.0), (0.9, None)),), percent=True),
        seen.Comparison("Test accuracy", 0.99, 0.91),
        seen.WrongDigits((seen.WrongDigit(8, 6, 5),), wrong=740, total=10_000),
        seen.RowCounts("Rows seen in an epoch", (0, 1, 64), (59_936, 0, 64)),
        seen.Sweep((1e-4, 1e-3), (0.95, None), 1e-4, {"0.0001": 0.951}),
        seen.Images("Weights", ("0",), ((seen.signed_image(np.linspace(-1, 1, 784)),),), signed=True),
    )
}


def test_every_kind_survives_the_way_through_json():
    text = json.dumps(seen.to_json(EVERY_KIND), allow_nan=False)
    assert seen.from_json(json.loads(text)) == EVERY_KIND


def test_a_number_that_is_not_finite_becomes_a_gap():
    curves = seen.Curves("Loss", "step", "loss", (seen.Series("3e-3", (0.0, 1.0), (float("nan"), float("inf"))),))
    back = seen.from_json(json.loads(json.dumps(seen.to_json({"check_train": (curves,)}), allow_nan=False)))
    assert back["check_train"][0].series[0].y == (None, None)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "not a JSON object"),
        ({"c": {}}, "holds a list"),
        ({"c": [3]}, "not a JSON object"),
        ({"c": [{"kind": "pickle"}]}, "unknown kind"),
        ({"c": [{"kind": "comparison", "title": "x", "claimed": None}]}, "lacks"),
        ({"c": [{"kind": "comparison", "title": "x", "claimed": True, "recomputed": 1}]}, "holds a number"),
        ({"c": [{"kind": "rows", "title": "x", "times": [1], "rows": []}]}, "more counts"),
        ({"c": [{"kind": "images", "title": "x", "columns": [], "rows": [["AAAA"]], "signed": False}]}, "784"),
        ({"c": [{"kind": "images", "title": "x", "columns": [], "rows": [["<b>"]], "signed": False}]}, "base64"),
    ],
)
def test_what_is_not_an_observation_is_refused_with_a_sentence(raw, words):
    with pytest.raises(seen.ObservationError, match=words):
        seen.from_json(raw)


def test_signed_images_put_zero_in_the_middle_and_the_largest_at_an_end():
    import base64

    levels = np.frombuffer(base64.b64decode(seen.signed_image(np.r_[-2.0, 0.0, 1.0, np.zeros(781)])), np.uint8)
    assert levels[:3].tolist() == [1, 128, 192]


def test_observations_of_several_runs_are_joined_cell_by_cell():
    joined = seen.merge(EVERY_KIND, {"check_train": (seen.Comparison("x", None, 0.5),), "check_b": ()})
    assert len(joined["check_train"]) == 8
    assert joined["check_b"] == ()
