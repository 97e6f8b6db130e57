"""Classes that exist only here: eight students of one notebook, an empty class, a large one."""

from __future__ import annotations

from dataclasses import replace

from netgrader import observations as seen
from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.report.view import ClassView, Column, NotebookColumns, StudentView
from netgrader.results import Status
from tests.feedback import examples as notebooks

COLUMNS = NotebookColumns(
    "1_one_layer",
    (
        Column("check_prepare_data", "prepare_data", 2),
        Column("check_one_layer_network", "one_layer_network", 3),
        Column("check_train", "train", 3),
        Column("what_w1_shows", "what_w1_shows", 2, manual=True),
    ),
)


def student(name, graded=None, submitted=True, ident=None):
    by_notebook = {"1_one_layer": graded} if graded else {}
    ident = ident or name.lower()
    links = {"1_one_layer": f"../feedback/{ident}/digits/1_one_layer.html"} if graded and graded.result else {}
    return StudentView(ident, name, submitted, by_notebook, links)


def right(accuracy=0.9265, rate=0.003):
    _, graded = notebooks.right_student()
    network = replace(notebooks.RIGHT_NETWORK, learning_rate=rate)
    result = replace(graded.result, measured={"test_accuracy": accuracy})
    return replace(graded, result=result, observations={**graded.observations, "check_one_layer_network": (network,)})


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
    sweep = seen.Sweep((1e-4, 1e-3, 3e-3, 1e-2, 1e-1), (0.85, 0.91, 0.921, 0.92, 0.88), 3e-3)
    return Graded(
        result,
        {"check_one_layer_network": (notebooks.WRONG_NETWORK,), "check_train": (sweep,)},
        Marks({"what_w1_shows": CellMark(None, 3.0, 2)}),
        ("check_train: the kernel read a file named weights.npz that was not handed in.",),
    )


def eight_students():
    return ClassView(
        "digits",
        (COLUMNS,),
        (
            student("Ada Lovelace", right(), ident="ada"),
            student("Béla Bartók", right(0.9258, 0.002), ident="bela"),
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
