"""Notebooks and results of fictitious students: a right one, a wrong one, and parts for more."""

from __future__ import annotations

import io
import tomllib
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np

from graphread.drawing import boxes_of
from graphread.model import Layer, Loss, Network, Optimizer
from netgrader import observations as seen
from netgrader.faults import CATALOGUE, Fault
from netgrader.pages.graded import CellMark, Graded, Marks
from netgrader.results import CellResult, CheckResult, NotebookResult, Outcome, Status, Visibility
from tests.conftest import notebook_of_cells
from tests.datasets import EXERCISES

NOTEBOOK = "1_one_layer"


def markdown(source, grade_id="", points=0, **flags):
    return {"cell_type": "markdown", "source": source, "metadata": _metadata(grade_id, points, flags)}


def code(source, grade_id="", points=0, outputs=(), **flags):
    return {
        "cell_type": "code",
        "source": source,
        "metadata": _metadata(grade_id, points, flags),
        "outputs": list(outputs),
        "execution_count": None,
    }


def _metadata(grade_id, points, flags):
    if not grade_id:
        return {}
    flags = {"grade": False, "solution": False, "locked": False, "task": False, **flags}
    return {"nbgrader": {"grade_id": grade_id, "points": points, "schema_version": 3, **flags}}


def check_cell(name, points):
    return code(f'check("{name}")', f"check_{name}", points, grade=True, locked=True)


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(**data):
    return {"output_type": "display_data", "data": {k.replace("__", "/"): v for k, v in data.items()}, "metadata": {}}


def passed(check, sentence, *, hidden=False, credit=1.0, **more):
    return _check(check, sentence, hidden, Outcome.PASSED, credit, credit, **more)


def failed(check, sentence, *faults, hidden=False, credit=1.0, share=0.0, **more):
    outcome = Outcome.PARTIAL if share else Outcome.FAILED
    codes = tuple(fault.code for fault in faults)
    said = " ".join(str(fault.said) for fault in faults)
    hint = EXERCISES.texts.written(EXERCISES.texts.hint(codes))
    more = {"message": said or None, "hint": hint, "faults": codes, **more}
    return _check(check, sentence, hidden, outcome, credit * share, credit, **more)


def ungradable(check, sentence, message, *, hidden=False, credit=1.0):
    return _check(check, sentence, hidden, Outcome.UNGRADABLE, 0.0, credit, message=message)


def _check(check, sentence, hidden, outcome, credit, most, **more):  # noqa: PLR0917
    file = "test_one_layer.py" if hidden else "test_one_layer_public.py"
    visibility = Visibility.HIDDEN if hidden else Visibility.PUBLIC
    return CheckResult(f"{file}::{check}", sentence, visibility, outcome, credit, most, **more)


def fault(name, found="", expected="", place=""):
    return Fault(name, CATALOGUE[name].sentence, place, found, expected)


def cell(name, most, *checks):
    total = sum(check.max_credit for check in checks) or 1
    return CellResult(f"check_{name}", round(most * sum(c.credit for c in checks) / total, 4), most, False, checks)


def manual_cell(name, most):
    return CellResult(name, None, most, True)


def result(*cells, notebook=NOTEBOOK, status=Status.GRADED, problem=None, **measured):
    auto = [one for one in cells if not one.manual]
    found = [code for one in auto for check in one.checks for code in check.faults]
    return NotebookResult(
        notebook=f"{notebook}.ipynb",
        score=sum(one.points for one in auto),
        max_score=sum(one.max_points for one in auto),
        cells=tuple(cells),
        faults=tuple(dict.fromkeys(found)),
        status=status,
        problem=problem,
        measured=measured,
    )


def curve_picture():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.4, 2.6))
    axes.plot([1, 2, 3, 4, 5], [0.9, 0.91, 0.917, 0.921, 0.924])
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    return stream.getvalue()


RIGHT = Network(
    layers=(Layer("dense", 784, 10, "none", True, ("W", "b"), "MatMul"),),
    loss=Loss("softmax-cross-entropy", "logits", "mean", "Mean"),
    optimizer=Optimizer("adam", 0.003, ("W", "b"), "Adam"),
)
RIGHT_NETWORK = seen.NetworkDrawing(
    boxes_of(RIGHT),
    ("dense, 784 to 10, with bias, no activation", "loss: softmax cross-entropy of the logits, mean", "Adam, 0.003"),
)
WRONG_NETWORK = seen.NetworkDrawing(
    boxes_of(
        replace(RIGHT, faults=(Fault("softmax-before-loss", CATALOGUE["softmax-before-loss"].sentence, "Softmax"),))
    ),
    ("dense, 784 to 10, with bias, softmax", "loss: softmax cross-entropy of probabilities, mean", "Adam, 0.01"),
    ("The loss applies a softmax to what is a softmax already (Softmax:0).",),
)


def accuracy_curves(training, test):
    epochs = tuple(float(epoch + 1) for epoch in range(len(test)))
    return seen.Curves(
        "Accuracy after each epoch",
        "epoch",
        "accuracy",
        (seen.Series("training", epochs, tuple(training)), seen.Series("test", epochs, tuple(test))),
        percent=True,
    )


def weights(seed):
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:28j, -1:1:28j]
    shapes = [
        np.sin(3 * np.hypot(x, y) + digit) * np.exp(-2 * (x**2 + y**2)) + 0.15 * generator.normal(size=(28, 28))
        for digit in range(10)
    ]
    return seen.Images(
        "The ten columns of W1", tuple("0123456789"), (tuple(map(seen.signed_image, shapes)),), (28, 28), signed=True
    )


WRONG_IMAGES = seen.WrongImages(
    tuple(
        seen.WrongImage(index, found, true)
        for index, found, true in [(8, 6, 5), (33, 0, 4), (38, 3, 2), (63, 2, 3), (66, 2, 6), (77, 7, 2), (92, 4, 9)]
    ),
    wrong=735,
    total=10_000,
)

SECTION = str(EXERCISES.texts.kinds["softmax-before-loss"].where).removeprefix("Notebook 1, ")
CELLS = tomllib.loads(Path(__file__).with_name("notebook.toml").read_text("utf-8").replace("SECTION", SECTION))["cell"]
TEXT = CELLS[5]["source"]
MISTAKES = {
    "logits=logits)": "logits=tf.nn.softmax(logits))",
    "AdamOptimizer(learning_rate)": "AdamOptimizer(0.01)",
    "x_train[rows]": "x_train[:64]",
    "I see the strokes of a digit in each picture.": "",
}


def notebook(changes, outputs):
    """The cells of a notebook 1 with these texts replaced, and with outputs of its training."""
    made = []
    for told in CELLS:
        source = told["source"]
        for old, new in changes.items():
            source = source.replace(old, new)
        made.append({**told, "source": source})
    cells = notebook_of_cells(made).cells
    (train,) = (cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "train")
    train.outputs = nbformat.from_dict(outputs)
    return cells


PREPARED = cell(
    "prepare_data",
    2,
    passed("test_shapes", "The arrays have the shapes that were asked for", credit=0.0),
    passed("test_scaled", "The images are scaled to between 0 and 1, train and test alike"),
    passed("test_one_hot", "The labels are one-hot, each at its place", hidden=True),
)


def right_student():
    """Everything right; the answer read and commented."""
    import base64

    picture = base64.b64encode(curve_picture()).decode()
    cells = notebook(
        {},
        [
            stream("epoch 1: 0.905\nepoch 5: 0.9265\n"),
            display(text__html=f'<img alt="Accuracy over five epochs" src="data:image/png;base64,{picture}">'),
            stream("2026-11-25 I tensorflow/core/platform/cpu_feature_guard.cc:210] rebuild TensorFlow\n", "stderr"),
        ],
    )
    verdicts = result(
        PREPARED,
        cell(
            "one_layer_network",
            3,
            passed("test_structure", "The network has one layer, 784 to 10, without an activation"),
            passed("test_loss", "The loss is the softmax cross-entropy of the logits", hidden=True),
            passed("test_rate", "The optimizer is Adam, at the rate that was asked for", hidden=True),
        ),
        cell(
            "train",
            3,
            passed("test_every_row", "Each training row is seen once in each epoch"),
            passed("test_reported", "The accuracies reported are those of the network", hidden=True),
        ),
        manual_cell("what_w1_shows", 2),
        test_accuracy=0.9265,
    )
    observations = {
        "check_one_layer_network": (RIGHT_NETWORK,),
        "check_train": (
            seen.Comparison("Test accuracy", 0.9265, 0.9265),
            accuracy_curves((0.905, 0.917, 0.923, 0.927, 0.93), (0.909, 0.917, 0.922, 0.9245, 0.9265)),
            WRONG_IMAGES,
            weights(1),
        ),
    }
    marks = Marks(
        cells={
            "check_prepare_data": CellMark(2, None),
            "check_one_layer_network": CellMark(3, None),
            "check_train": CellMark(3, None),
            "what_w1_shows": CellMark(None, 2),
        },
        comments={"what_w1_shows": "Well seen. *Why* is the border of every picture noise?"},
    )
    return cells, Graded(verdicts, observations, marks)


def wrong_student():
    """A softmax too many, a rate that is ignored, one minibatch used throughout, and a claim of 99 %."""
    traceback = ["\x1b[0;31mNameError\x1b[0m", "\x1b[0;32m----> 9 \x1b[0macc_val.append(accuracy)\x1b[0m"]
    error = {"ename": "NameError", "evalue": "name 'accuracy' is not defined", "traceback": traceback}
    cells = notebook(MISTAKES, [{"output_type": "error", **error}])
    verdicts = result(
        PREPARED,
        cell(
            "one_layer_network",
            3,
            passed("test_structure", "The network has one layer, 784 to 10, without an activation"),
            failed(
                "test_loss",
                "The loss is the softmax cross-entropy of the logits",
                fault("softmax-before-loss", "a loss of 1.51 on a right answer", "less than 0.01", "Softmax:0"),
                hidden=True,
            ),
            failed(
                "test_rate",
                "The optimizer is Adam, at the rate that was asked for",
                fault("learning-rate-not-as-stated", "0.01 at every rate that was asked for", "0.003"),
                hidden=True,
                share=0.5,
            ),
        ),
        cell(
            "train",
            3,
            failed(
                "test_every_row",
                "Each training row is seen once in each epoch",
                fault("same-batch-always", "64 rows seen 938 times, 59,936 rows never", "each row once"),
            ),
            ungradable(
                "test_reported",
                "The accuracies reported are those of the network",
                "The function stopped with NameError before it returned: name 'accuracy' is not defined.",
                hidden=True,
            ),
            failed(
                "test_claim",
                "The accuracy claimed is what the network does",
                fault("reported-accuracy-wrong", "99 % claimed", "68.4 %"),
                hidden=True,
            ),
        ),
        manual_cell("what_w1_shows", 2),
        test_accuracy=0.684,
        status=Status.PARTLY,
        problem="The function train stopped with NameError in two of its checks.",
    )
    observations = {
        "check_one_layer_network": (WRONG_NETWORK,),
        "check_train": (
            seen.Comparison("Test accuracy", 0.99, 0.684),
            seen.RowCounts("How often each training row was seen in one epoch", (0, 938), (59_936, 64)),
            accuracy_curves((0.99, 0.99, 0.99), (0.68, 0.683, 0.684)),
        ),
    }
    marks = Marks(
        cells={"check_one_layer_network": CellMark(1.5, None), "what_w1_shows": CellMark(None, None, waiting=True)},
        late_penalty=0.5,
    )
    return cells, Graded(verdicts, observations, marks)
