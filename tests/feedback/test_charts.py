"""Figures of verified facts: charts, drawings, tables."""

import re

from graphread.model import Layer, Loss, Network, Optimizer
from netgrader import observations as seen
from netgrader.faults import CATALOGUE, Fault
from netgrader.pages import feedback_figures
from tests.texts import english


def figure(observation):
    """Return the figure of an observation, in English."""
    return english(feedback_figures.figure(observation))


def test_the_drawing_marks_a_fault_at_what_it_is_about():
    def fault(code, place=""):
        return Fault(code, CATALOGUE[code].sentence, place)

    network = Network(
        layers=(Layer("dense", 784, 10, "softmax", True, ("W", "b"), "MatMul"),),
        loss=Loss("softmax-cross-entropy", "probabilities", "mean", "Mean"),
        optimizer=Optimizer("adam", 0.01, ("W", "b"), "Adam"),
        faults=(fault("softmax-before-loss", "Softmax"), fault("missing-bias", "MatMul"), fault("rows-mixed")),
    )
    text = [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<text.*?</text>", network.svg())]
    said = " | ".join(text)
    order = (
        "Images",
        "Layer 1",
        CATALOGUE["missing-bias"].sentence[:20],
        "Loss",
        CATALOGUE["softmax-before-loss"].sentence[:20],
        "Optimizer",
    )
    places = [said.index(piece) for piece in (*order, "The network as a whole")]
    assert places == sorted(places)
    assert network.svg().count('fill="#fdf0ee"') == 3


def test_the_drawing_escapes_what_a_student_named():
    network = Network(layers=(Layer("<script>", 1, 1, "<b>", True, (), ""),))
    assert "<script>" not in network.svg()
    assert "<b>" not in network.svg()


def cells(body):
    return re.findall(r"<t[hd](?: scope=\"\w+\")?>(.*?)</t[hd]>", body)


def test_predictions_are_a_table_of_the_rows_that_are_farthest_off():
    worst = ((3, 4.0, 9.0), (0, 1.5, 1.0))
    drawn = figure(seen.Predictions((1.0, 9.0), (1.5, 4.0), worst, 8, "k€"))
    assert cells(drawn.body)[:8] == ["test image", "true, k€", "found, k€", "off by, k€", "3", "9", "4", "5"]
    assert str(drawn.caption) == "The images that are farthest off"


def test_errors_are_compared_in_their_unit():
    drawn = figure(seen.Comparison("Error on the test rows", 2.0, 2.5, error=True, unit="k€"))
    assert re.findall(r"<dd>(.*?)</dd>", drawn.body) == ["2 k€", "2.5 k€"]
    alone = figure(seen.Comparison("Error on the test rows", None, 2.5, error=True))
    assert re.findall(r"<dd>(.*?)</dd>", alone.body) == ["2.5"]
