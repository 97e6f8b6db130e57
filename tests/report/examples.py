"""Fictitious classes: eight students of one notebook, an empty class, a large one."""

from __future__ import annotations

from dataclasses import replace

from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.pages.report_view import ClassView, Column, NotebookColumns, StudentView
from netgrader.results import Observed, Status
from tests.feedback import examples as notebooks

COLUMNS = NotebookColumns(
    "1_one_layer",
    (
        Column("check_prepare_data", "prepare_data", 2),
        Column("check_one_layer_network", "one_layer_network", 3),
        Column("check_train", "train", 3),
        Column("what_w1_shows", "what_w1_shows", 2, manual=True),
    ),
    plausible=0.932,
)


def student(name, graded=None, submitted=True, ident=None):
    by_notebook = {"1_one_layer": graded} if graded else {}
    ident = ident or name.lower()
    links = {"1_one_layer": f"../feedback/{ident}/digits/1_one_layer.html"} if graded and graded.result else {}
    return StudentView(ident, name, submitted, by_notebook, links)


def right(accuracy=0.9265):
    _, graded = notebooks.right_student()
    return replace(graded, result=replace(graded.result, measured={"test_accuracy": accuracy}))


def wrong():
    return notebooks.wrong_student()[1]


def broken():
    result = notebooks.result(
        *(
            notebooks.cell(name, points, notebooks.ungradable("test_x", "It runs", "The notebook is not JSON."))
            for name, points in (("prepare_data", 2), ("one_layer_network", 3), ("train", 3))
        ),
        notebooks.manual_cell("what_w1_shows", 2),
        status=Status.NOT,
        problem="The file is not a notebook: it is not JSON. Ask for it to be saved and handed in again.",
    )
    return Graded(result)


def one_mistake():
    result = notebooks.result(
        notebooks.cell("prepare_data", 2, notebooks.passed("test_scaled", "The images are scaled")),
        notebooks.cell(
            "one_layer_network",
            3,
            notebooks.failed("test_loss", "The loss is right", notebooks.fault("softmax-before-loss"), hidden=True),
        ),
        notebooks.cell("train", 3, notebooks.passed("test_every_row", "Each row is seen once")),
        notebooks.manual_cell("what_w1_shows", 2),
        test_accuracy=0.921,
    )
    noticed = Observed("check_train", "the kernel read a file named weights.npz that was not handed in.")
    return Graded(replace(result, integrity=(noticed,)), marks=Marks({"what_w1_shows": CellMark(None, 3.0)}))


def eight_students():
    return ClassView(
        "digits",
        (COLUMNS,),
        (
            student("Ada Lovelace", right(), ident="ada"),
            student("Béla Bartók", right(0.9258), ident="bela"),
            student("Chloë", one_mistake(), ident="chloe"),
            student("דוד לוי", wrong(), ident="david"),
            student("<b>Esra</b> & co", wrong(), ident="esra"),
            student("Femi", right(0.991), ident="femi"),
            student("Goran", broken(), ident="goran"),
            student("Hana", submitted=False, ident="hana"),
        ),
    )


def nobody():
    return ClassView("digits", (COLUMNS,), ())


def nobody_handed_in():
    return ClassView("digits", (COLUMNS,), (student("Hana", submitted=False),))


CONTRACT = {
    "1_one_layer": {"prepare_data": 2, "fully_connected_layer": 2, "one_layer_network": 3, "train": 3},
    "2_two_layers": {
        "two_layer_network": 4,
        "learning_rate_sweep": 4,
        "two_layer_training": 3,
        "input_gradients": 3,
        "gradients_meaning": 2,
    },
    "3_deep_network": {"deep_network": 4, "deep_training": 2, "deep_accuracy": 6, "what_helped": 2},
}
BY_HAND = {"gradients_meaning", "what_helped"}
MISTAKES = ("softmax-before-loss", "missing-bias", "same-batch-always", "no-shuffling", "learning-rate-not-as-stated")


def large(students=60):
    """A class of the course's three notebooks; who makes which mistake repeats with periods of their own."""
    columns = tuple(
        NotebookColumns(
            notebook,
            tuple(
                Column(name if name in BY_HAND else f"check_{name}", name, points, manual=name in BY_HAND)
                for name, points in cells.items()
            ),
        )
        for notebook, cells in CONTRACT.items()
    )
    return ClassView("digits", columns, tuple(_one_of_many(number) for number in range(students)))


def _one_of_many(number):
    graded = {}
    for place, (notebook, cells) in enumerate(CONTRACT.items()):
        if (number + place) % 11 == 10:
            continue
        made = []
        for index, (name, points) in enumerate(cells.items()):
            if name in BY_HAND:
                made.append(notebooks.manual_cell(name, points))
                continue
            wrong = (number * 7 + index * 3 + place) % (5 + index) == 0
            code = MISTAKES[(number + index) % len(MISTAKES)]
            check = (
                notebooks.failed("test_a", "The first thing is right", notebooks.fault(code), share=(number % 3) / 4)
                if wrong
                else notebooks.passed("test_a", "The first thing is right")
            )
            made.append(notebooks.cell(name, points, check, notebooks.passed("test_b", "The second thing is right")))
        accuracy = (0.92, 0.975, 0.98)[place] + (number * 13 % 10) / 1000
        graded[notebook] = Graded(notebooks.result(*made, notebook=notebook, test_accuracy=accuracy))
    name = f"Student {number:02}"
    return StudentView(f"s{number:03}", name, bool(graded), graded, dict.fromkeys(graded, f"{number}.html"))
