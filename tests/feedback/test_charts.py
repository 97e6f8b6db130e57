"""Charts: ticks that people read, gaps that are gaps, and the same in words."""

import re

import pytest

from netgrader import observations as seen
from netgrader.catalogue import OF_NO_COURSE
from netgrader.faults import CATALOGUE, Fault
from netgrader.pages import charts, feedback_figures, shell
from netgrader.reader import drawing
from netgrader.reader.model import Layer, Loss, Network, Optimizer
from tests.texts import english


def figure(observation):
    """Return the figure of an observation, in English."""
    return english(feedback_figures.figure(observation))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (0.905, 0.93, [0.905, 0.91, 0.915, 0.92, 0.925, 0.93]),
        (1.0, 5.0, [1, 2, 3, 4, 5]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert charts.Axis("x", low, high).ticks() == pytest.approx(ticks)


def test_a_logarithmic_axis_has_powers_of_ten_and_more_where_it_is_short():
    assert charts.Axis("x", 1e-5, 0.1, log=True).ticks() == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert charts.Axis("x", 0.0018, 0.0055, log=True).ticks() == pytest.approx([0.002, 0.005])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.003, "0.003"), (0.0030000000026, "0.003"), (1500, "1500"), (60_000, "60,000"), (2.5e-5, "2.5e-5"), (0, "0")],
)
def test_numbers_are_written_as_people_write_them(value, text):
    assert shell.number(value) == text


def test_a_gap_in_a_curve_is_not_bridged():
    line = seen.Series("loss", (1.0, 2.0, 3.0, 4.0, 5.0), (1.0, 2.0, None, 3.0, 4.0))
    drawn = charts.lines("Loss", [line], charts.axis("step", line.x), charts.axis("loss", [1.0, 4.0]), OF_NO_COURSE)
    assert drawn.count("<polyline") == 2


def test_no_picture_has_a_number_that_is_none():
    odd = (
        seen.Curves("t", "x", "y", ()),
        seen.Curves("t", "x", "y", (seen.Series("a", (), ()),)),
        seen.Curves("t", "x", "y", (seen.Series("a", (1.0, 1.0), (0.5, 0.5)),), log_x=True, log_y=True, percent=True),
        seen.Curves("t", "x", "y", (seen.Series("a", (-1.0, 0.0), (-5.0, None)),), log_x=True, log_y=True),
        seen.Sweep((), ()),
        seen.Sweep((0.0, -1.0, 1e-3), (None, 0.5, 0.9), best=5.0),
        seen.RowCounts("t", (), ()),
        seen.Comparison("t", -3.0, 7.0),
        seen.NetworkDrawing((), ()),
    )
    for observation in odd:
        made = figure(observation)
        assert not re.search(r"\bnan\b|\binf\b|=\"-\d", str(made.body)), observation


def test_a_chart_says_in_words_where_its_lines_begin_and_end():
    curves = seen.Curves(
        "Accuracy", "epoch", "accuracy", (seen.Series("test", (1.0, 2.0), (0.9, 0.925)),), percent=True
    )
    assert "test: from 90\u00a0% to 92.5\u00a0%, highest 92.5\u00a0% at epoch 2" in str(figure(curves).body)


def test_digits_are_told_in_words_where_there_are_no_images():
    body = str(figure(seen.WrongImages((seen.WrongImage(8, 6, 5),), 1, 10_000)).body)
    assert "<img" not in body
    assert "is <b>5</b>, found <b>6</b>" in body


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


def test_the_page_has_a_colour_of_its_own_for_each_colour_of_a_drawing():
    style = (shell.TEMPLATES / "feedback.css").read_text(encoding="utf-8")
    fault = Fault("softmax-before-loss", CATALOGUE["softmax-before-loss"].sentence)
    drawn = Network(layers=(Layer("dense", 784, 10, "none", True, ("W", "b")),), faults=(fault,)).svg()
    painted = set(re.findall(r'(?:fill|stroke)="#[0-9a-f]{6}"', drawn))
    assert {f'fill="{drawing.FAULT_PALE}"', f'stroke="{drawing.FAULT}"', f'fill="{drawing.INK}"'} <= painted
    assert [one for one in painted if f".drawing [{one}]" not in style] == []


def test_predictions_are_drawn_over_what_is_true_with_the_worst_rows_in_numbers():
    true = (1.0, 2.0, 3.0, 9.0)
    found = (1.5, 2.0, 2.5, 4.0)
    drawn = figure(seen.Predictions(true, found, ((3, 4.0, 9.0), (0, 1.5, 1.0)), 8, "k€"))
    assert drawn is not None
    assert drawn.body.count('class="dot"') == 4
    assert 'class="line s2"' in drawn.body
    assert "true, k€" in drawn.body
    assert drawn.numbers.rows[0] == ("3", "9", "4", "5")
    assert str(drawn.numbers.title) == "The images that are farthest off"
    assert drawn.notes == ("4 of the 8 test images are drawn.",)


def test_how_often_rows_were_fed_is_a_bar_for_each_number_of_times():
    drawn = figure(seen.RowCounts("Rows seen", (64, 0, 1), (50, 1200, 0)))
    assert re.findall(r"<dt>(.*?)</dt><dd><b>(.*?)</b>", drawn.body) == [("0 times", "1,200"), ("64 times", "50")]
    assert (
        figure(seen.RowCounts("Rows seen", (1,), (60_000,))).body
        == "<p>Each of the 60,000 training images was fed once.</p>"
    )


def test_errors_are_compared_in_their_unit():
    drawn = figure(seen.Comparison("Error on the test rows", 2.0, 2.5, error=True, unit="k€"))
    assert drawn is not None
    assert "2.5 k€" in drawn.body
    assert drawn.notes == ("The two differ by 0.5 k€.",)
    assert figure(seen.Comparison("Error on the test rows", 2.5, 2.5001, error=True)).notes == ("The two agree.",)
