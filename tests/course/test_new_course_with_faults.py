"""Submissions to courses that `netgrader new` wrote and to the examples, graded whole, where nothing says what follows.

What is right in another way keeps all points; a mistake is charged once, in the cell that made it.
"""

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from netgrader.commands.release import release
from netgrader.course import Course
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import ProcessPool, Task, grade_tasks
from netgrader.grading.stages import Options
from netgrader.new_course import NewAssignment, make_assignment, make_config
from tests.commands.test_new import SHAPES, shapes

__all__ = ["shapes"]

ROOT = Path(__file__).resolve().parents[2]


ROWS = """x_train, x_test = ({} for x in (x_train, x_test))
y_train_1_hot = """

RIGHT = "tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))"
LOSS = "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))"

SHUFFLED = ("order = np.random.permutation(len(x_train))", "order = np.arange(len(x_train))")
# What each wrote in place of what the right notebook has, and the faults by cell: these lose points and no others.
STUDENTS = {
    "rows divided by their sum": (
        [("y_train_1_hot = ", ROWS.format("x / x.sum(axis=1, keepdims=True)"))],
        {"prepare_data": {"wrong-range"}},
    ),
    "pixels squared, which is as good a scale": ([("y_train_1_hot = ", ROWS.format("x**2"))], {}),
    "classes called by the next one": (
        [("[y_train]", "[(y_train + 1) % 3]"), ("[y_test]", "[(y_test + 1) % 3]")],
        {"prepare_data": {"labels-off-by-one"}},
    ),
    "the largest over the rows": (
        [
            (
                "tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1)",
                "tf.argmax(prediction, axis=0), tf.argmax(Y, axis=0)",
            )
        ],
        {"network": {"accuracy-over-wrong-axis"}},
    ),
    "compared by Python": (
        [(RIGHT, "tf.argmax(prediction, axis=1) == tf.argmax(Y, axis=1)")],
        {"network": {"accuracy-wrong"}},
    ),
    "a hinge, where the loss is free": ([(LOSS, "tf.losses.hinge_loss(Y, logits)")], {}),
    "a class against which the others are taken": (
        [
            ("first([128, 3])), tf.Variable(tf.zeros([3]))", "first([128, 2])), tf.Variable(tf.zeros([2]))"),
            ("tf.matmul(hidden, W2) + b2", "tf.pad(tf.matmul(hidden, W2) + b2, [[0, 0], [0, 1]])"),
        ],
        {},
    ),
    "uphill": ([("minimize(loss)", "minimize(-loss)")], {"network": {"maximises-loss"}, "accuracy": {"target-missed"}}),
    "uphill, and no step": (
        [("minimize(loss)", "minimize(-loss)"), ("sess.run(net.train_op, {", "sess.run(net.loss, {")],
        {
            "network": {"maximises-loss"},
            "train": {"train-op-not-run"},
            "training": {"train-op-not-run"},
            "accuracy": {"target-missed"},
        },
    ),
    "a rate that is too low": (
        [("AdamOptimizer(0.001)", "AdamOptimizer(1e-6)")],
        {"training": {"learning-rate-too-low"}, "accuracy": {"target-missed"}},
    ),
    "a session opened after training": (
        [("return net, sess, acc_trn, acc_val", "return net, tf.Session(graph=net.graph), acc_trn, acc_val")],
        # Without the values that were trained nobody knows the accuracy.
        {"training": {"evaluated-in-fresh-session"}, "accuracy": {"evaluated-in-fresh-session"}},
    ),
}


FLAT = "tf.squeeze(tf.matmul(hidden, W2) + b2, axis=1)"
OF_NUMBERS = "tf.reduce_mean(tf.square((prediction - Y) / y_train.std()))"
OFF = "float(np.abs(answers - y).mean())"
DROPPED = """rate = tf.placeholder_with_default(0.0, [])
        hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(X, W1) + b1), rate=rate)"""
A_COLUMN = [('[None], name="Y"', '[None, 1], name="Y"'), ("net.Y: y_train[batch]}", "net.Y: y_train[batch, None]}")]
NUMBERS = {
    "targets in a column": ([*A_COLUMN, (FLAT, "tf.matmul(hidden, W2) + b2")], {}),
    "absolute differences": ([(OF_NUMBERS, "tf.losses.absolute_difference(Y, prediction)")], {}),
    "Huber": (
        [(OF_NUMBERS, "tf.losses.huber_loss(Y, prediction)"), ("AdamOptimizer(0.003)", "AdamOptimizer(0.01)")],
        {},
    ),
    "scaled": ([(OF_NUMBERS, "tf.reduce_mean(tf.square(scaled - (Y - y_train.mean()) / y_train.std()))")], {}),
    "Keras layers": (
        [(FLAT, "tf.squeeze(tf.keras.layers.Dense(1)(tf.keras.layers.Dense(64, activation='tanh')(X)), axis=1)")],
        {},
    ),
    "a session that is closed": (
        [("    return net, sess, err_trn", "    sess.close()\n    return net, sess, err_trn")],
        {},
    ),
    "dropout": ([("hidden = tf.nn.relu(tf.matmul(X, W1) + b1)", DROPPED)], {}),
    "rounded errors": ([(OFF, f"round({OFF}, 3)")], {}),
    "a column less a row": (A_COLUMN, {"network": {"broadcast-in-loss"}, "error": {"target-missed"}}),
    "numbers that nobody measured": (
        [("return net, sess, err_trn, err_val", "return net, sess, err_trn, [0.5 for _ in err_val]")],
        {"training": {"reported-accuracy-wrong"}},
    ),
    "no step": (
        [("            sess.run(net.train_op,", "            sess.run(net.loss,")],
        {"training": {"train-op-not-run"}, "error": {"target-missed"}},
    ),
    "trained on test rows": (
        [
            (
                "x_train[batch], net.Y: y_train[batch]}",
                "np.tile(x_test, (9, 1))[batch], net.Y: np.tile(y_test, 9)[batch]}",
            ),
            ("network(), 60, 64", "network(), 400, 64"),
        ],
        {"training": {"trained-on-test"}, "error": {"trained-on-test"}},
    ),
}
PRICES = {
    "uphill": ([("minimize(loss)", "minimize(-loss)")], {"network": {"maximises-loss"}, "error": {"target-missed"}})
}
LOGISTIC = "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=Y, logits=logits))"
A_ROW = [
    ('[None, 1], name="Y"', '[None], name="Y"'),
    ("net.Y: y_train_column[batch]", "net.Y: y_train_column[batch, 0]"),
]
A_ROW += [(f"net.Y: y_{part}_column}}", f"net.Y: y_{part}_column[:, 0]}}") for part in ("train", "test")]
BY_HAND = "-tf.reduce_mean(Y * tf.log(prediction + 1e-8) + (1 - Y) * tf.log(1 - prediction + 1e-8))"
TOGETHER = """    global x_train, y_train_column
    x_train, y_train_column = np.concatenate([x_train, x_test]), np.concatenate([y_train_column, y_test_column])
"""
TUMOURS = {
    "softplus": ([(LOGISTIC, "tf.reduce_mean(tf.nn.softplus(logits) - Y * logits)")], {}),
    "labels in a row": (
        [*A_ROW, ("tf.matmul(hidden, W2) + b2", "tf.squeeze(tf.matmul(hidden, W2) + b2, axis=1)"), (LOGISTIC, BY_HAND)],
        {},
    ),
    "a column with a row": (
        [*A_ROW, (LOGISTIC, BY_HAND)],
        {"network": {"broadcast-in-loss", "accuracy-wrong"}, "accuracy": {"target-missed"}},
    ),
    "no step": (
        [("sess.run(net.train_op, {", "sess.run(net.loss, {")],
        {"train": {"train-op-not-run"}, "training": {"train-op-not-run"}, "accuracy": {"target-missed"}},
    ),
    "one order": ([SHUFFLED], {"train": {"no-shuffling"}}),
    "on test rows, too": (
        [("    net = network()\n    sess", f"{TOGETHER}    net = network()\n    sess")],
        {"training": {"trained-on-test"}, "accuracy": {"trained-on-test"}},
    ),
}
CLOTHES = {
    "classes called by the next one": (
        [("[y_train]", "[(y_train + 1) % 10]"), ("[y_test]", "[(y_test + 1) % 10]")],
        {"prepare_data": {"labels-off-by-one"}},
    )
}
COURSES = {"shapes": STUDENTS, "numbers": NUMBERS, "prices": PRICES, "clothes": CLOTHES, "tumours": TUMOURS}


def rows_with_a_price():
    """Make 2,500 rows of six numbers, and a price for each."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2500, 6)) * [1, 20, 3, 1, 1, 5] + [0, 100, 0, 5, 0, 0]
    y = 40 + 8 * np.tanh(x[:, 0]) + 0.3 * np.maximum(x[:, 1] - 100, 0) + rng.normal(size=2500) * 2
    return {"x": x, "y": y}


def made(name, shapes, root):
    """An assignment in a course at `root`, and its right notebook."""
    given, arrays = shapes.with_name(f"{name}_rows.npz"), rows_with_a_price()
    wanted = {
        "shapes": NewAssignment(name, shapes, "shape", SHAPES, 0.85),
        "numbers": NewAssignment(name, given, "price", target=2.0, unit="k€"),
        "tumours": NewAssignment(name, given, "tumour", target=0.85, one_output=True),
    }.get(name)
    if wanted is not None:
        np.savez(given, **(arrays if name == "numbers" else {**arrays, "y": (arrays["y"] > 40).astype(int)}))
        make_config(root)
        make_assignment(root, wanted)
        (right,) = (root / "submitted" / "right").rglob("*.ipynb")
    else:
        shutil.copytree(ROOT / "examples" / "clothes", root, dirs_exist_ok=True)
        right = root / "source" / name / f"1_{name}.ipynb"
    assignment = Course(root).own_assignment(name, "a test")
    release(assignment)
    return assignment, right


@pytest.fixture(scope="module")
def graded(shapes, tmp_path_factory):
    """The results by course and student."""
    tasks = []
    for course, students in COURSES.items():
        root = tmp_path_factory.mktemp(course)
        assignment, right = made(course, shapes, root)
        for number, (name, (changes, _)) in enumerate(students.items()):
            notebook = nbformat.read(right, as_version=4)
            for old, new in changes:
                cells = [cell for cell in notebook.cells if old in cell.source]
                assert cells, f"{name} changes nothing with {old!r}"
                for cell in cells[:1]:
                    cell.source = cell.source.replace(old, new)
            path = root / "submitted" / f"student{number}" / course / right.name
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
            (job,) = jobs_of(assignment, f"student{number}")
            tasks.append(Task(f"{course}: {name}", job))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(tmp_path_factory.mktemp("store")))
        return {one.task.student: one.result for one in grade_tasks(tasks, Options(threads=1), ProcessPool(2))}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("course", "student"), [(course, one) for course in COURSES for one in COURSES[course]])
def test_a_mistake_is_charged_in_the_cell_that_made_it_and_in_no_other(graded, course, student):
    result, expected = graded[f"{course}: {student}"], COURSES[course][student][1]
    assert (result.status, result.problem) == ("graded", None)
    named = {
        cell.cell.removeprefix("check_"): {
            code for check in cell.checks if check.outcome != "passed" for code in check.faults
        }
        for cell in result.cells
    }
    assert {cell: codes for cell, codes in named.items() if codes} == expected
    for cell in result.cells:
        assert (cell.points == cell.max_points) == (cell.cell.removeprefix("check_") not in expected)
