"""Submissions to a course of numbers as they come: what is right in another way keeps all points, what is wrong is named."""

import json

import numpy as np
import pytest

from netgrader.course import Course
from netgrader.grading.graded_notebook import load_last_result
from netgrader.new_course import NewAssignment, make_assignment, make_config

HIDDEN = "hidden = tf.nn.relu(tf.matmul(X, W1) + b1)"
DROPPED = """rate = tf.placeholder_with_default(0.0, [])
        hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(X, W1) + b1), rate=rate)"""
OFF = "float(np.abs(answers - y).mean())"
LOSS = "loss = tf.reduce_mean(tf.square((prediction - Y) / y_train.std()))"
FLAT = "tf.squeeze(tf.matmul(hidden, W2) + b2, axis=1)"
FED = "net.Y: y_train[batch]}"
A_COLUMN = ('[None], name="Y"', '[None, 1], name="Y"')
COLUMN_FED = (FED, "net.Y: y_train[batch, None]}")


def loss(text):
    """Put another loss in the place of the solution's."""
    return (LOSS, f"loss = {text}")


#: Name → what is written otherwise in the solution.
RIGHT = {
    "column": (A_COLUMN, (FLAT, "tf.matmul(hidden, W2) + b2"), COLUMN_FED),
    "absolute": (loss("tf.losses.absolute_difference(Y, prediction)"),),
    "huber": (loss("tf.losses.huber_loss(Y, prediction)"), ("AdamOptimizer(0.003)", "AdamOptimizer(0.01)")),
    "scaled": (loss("tf.reduce_mean(tf.square(scaled - (Y - y_train.mean()) / y_train.std()))"),),
    "keras": (
        (FLAT, "tf.squeeze(tf.keras.layers.Dense(1)(tf.keras.layers.Dense(64, activation='tanh')(X)), axis=1)"),
    ),
    "closed": (("    return net, sess, err_trn", "    sess.close()\n    return net, sess, err_trn"),),
    "dropout": ((HIDDEN, DROPPED),),
    "rounded": ((OFF, f"round({OFF}, 3)"),),
}  # fmt: skip
TEST_ROWS = "np.tile(x_test, (9, 1))[batch], net.Y: np.tile(y_test, 9)[batch]}"
#: Code → what is written otherwise.
WRONG = {
    "broadcast-in-loss": (A_COLUMN, COLUMN_FED),
    "targets-out-of-reach": (("y_train.std() * scaled", "y_train.std() * tf.nn.sigmoid(scaled)"),),
    "differences-cancel": (loss("tf.reduce_mean(prediction - Y)"),),
    "classification-loss": (
        loss("tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y[:, None], logits=scaled[:, None]))"),
    ),
    "prediction-wrong": (("prediction=prediction, loss", "prediction=scaled, loss"),),
    "reported-accuracy-wrong": (("return net, sess, err_trn, err_val", "return net, sess, err_trn, [0.5 for _ in err_val]"),),
    "train-op-not-run": (("            sess.run(net.train_op,", "            sess.run(net.loss,"),),
    "trained-on-test": ((f"x_train[batch], {FED}", TEST_ROWS), ("network(), 60, 64", "network(), 400, 64")),
}  # fmt: skip


def written(book, changes):
    """The notebook with other code in it."""
    for before, after in changes:
        assert any(before in cell["source"] for cell in book["cells"]), before
        for cell in book["cells"]:
            cell["source"] = cell["source"].replace(before, after)
    return book


@pytest.mark.all
@pytest.mark.slow
def test_right_regressions_keep_all_points_and_what_is_wrong_in_others_is_named(netgrader, tmp_path):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2500, 6)) * [1, 20, 3, 1, 1, 5] + [0, 100, 0, 5, 0, 0]
    y = 40 + 8 * np.tanh(x[:, 0]) + 0.3 * np.maximum(x[:, 1] - 100, 0) + rng.normal(size=2500) * 2
    np.savez(tmp_path / "given.npz", x=x, y=y)
    root = tmp_path / "course"
    root.mkdir()
    make_config(root)
    make_assignment(root, NewAssignment("prices", tmp_path / "given.npz", "price", target=2.0, unit="k€"))
    right = (root / "submitted" / "right" / "prices" / "1_prices.ipynb").read_text(encoding="utf-8")
    for name, changes in {**RIGHT, **WRONG}.items():
        folder = root / "submitted" / name / "prices"
        folder.mkdir(parents=True)
        book = json.loads(right)
        for cell in book["cells"]:
            cell["source"] = "".join(cell["source"])
        (folder / "1_prices.ipynb").write_text(json.dumps(written(book, changes)), encoding="utf-8")
    for command in (("release", "--untried"), ("autograde", "prices")):
        process = netgrader(*command, cwd=root, seconds=1_200)
        assert process.returncode == 0, process.stdout + process.stderr
    assignment = Course(root).assignment("prices")
    results = {name: load_last_result(assignment, name, "1_prices").result for name in {**RIGHT, **WRONG}}
    assert {name: results[name].score for name in RIGHT} == dict.fromkeys(RIGHT, 12)
    assert {code: code in results[code].faults for code in WRONG} == dict.fromkeys(WRONG, True)
    assert all(results[code].score < 12 for code in WRONG)
