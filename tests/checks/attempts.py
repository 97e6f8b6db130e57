"""What students tried and what `check` has to tell them: the cause in a sentence, with what to write."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from tests.checks.students import ACCURACY, ADAM, GLOROT, LAYER, LOSS, NETWORK, PREDICTION

GIVEN = """
from types import SimpleNamespace
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from netgrader.student import check
"""
WITH_DATA = GIVEN + "from after_one_layer import x_test, x_train, y_test_1_hot, y_train_1_hot\n"


@dataclass(frozen=True)
class Attempt:
    """Cells of a notebook, the check that is asked after them, what it must say and what it must not."""

    check: str
    cells: tuple[str, ...]
    said: tuple[str, ...]
    never: tuple[str, ...] = ("not done yet", ": all ")


def attempt(
    check: str, *cells: str, says: tuple[str, ...], never: tuple[str, ...] = ("not done yet", ": all ")
) -> Attempt:
    return Attempt(check, tuple(map(dedent, cells)), says, never)


def network(*changes: tuple[str, str], says: tuple[str, ...]) -> Attempt:
    text = NETWORK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return attempt("one_layer_network", GIVEN, GLOROT, text, says=says)


def layer(old: str, new: str, *, says: tuple[str, ...]) -> Attempt:
    assert old in GLOROT, old
    return attempt("fully_connected_layer", GIVEN, GLOROT.replace(old, new), says=says)


CORRECT = "correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))"
MATMUL = "tf.matmul(x, W)"

# NumPy's functions on tensors: TensorFlow raises NotImplementedError, as the line that a notebook comes with does.
ON_TENSORS = {
    "np.mean of the accuracy": network(
        (ACCURACY, "accuracy = np.mean(tf.cast(correct, tf.float32))"),
        says=("tf.reduce_mean in place of np.mean", "accuracy = np.mean(tf.cast(correct, tf.float32))"),
    ),
    "np.argmax of the prediction": network(
        (CORRECT, "correct = tf.equal(np.argmax(prediction, 1), np.argmax(Y, 1))"),
        says=("tf.argmax in place of np.argmax",),
    ),
    "np.exp of the logits": network((PREDICTION, "prediction = np.exp(logits)"), says=("tf.exp in place of np.exp",)),
    "an array indexed by a tensor": network(
        (PREDICTION, "prediction = np.eye(10)[tf.argmax(logits, 1)]"), says=("a tensor has no numbers before",)
    ),
    "np.dot in a layer": layer(MATMUL, "np.dot(x, W)", says=("tf.matmul in place of np.dot", "h = np.dot(x, W) + b")),
    "one-hot labels by TensorFlow": attempt(
        "prepare_data",
        WITH_DATA,
        "y_train_1_hot = tf.one_hot(y_train_1_hot.argmax(axis=1), 10)",
        says=("Where: y_train_1_hot", "a tensor has no numbers before"),
    ),
}

# What TensorFlow says helps nobody who meets it for the first time: the answer says what to write.
ERRORS = {
    "float64 with float32": layer(
        'tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())',
        "tf.Variable(np.zeros(n_output))",
        says=("dtype=np.float32",),
    ),
    "the mean of True and False": network(
        (ACCURACY, "accuracy = tf.reduce_mean(correct)"), says=("tf.cast(…, tf.float32) around it",)
    ),
    "the order of a product": layer(MATMUL, "tf.matmul(W, x)", says=("tf.matmul(x, W) in this order",)),
    "a product number by number": layer(MATMUL, "x * W", says=("the sign * multiplies number by number",)),
    "the activation as text": network(
        (LAYER, 'logits, W1 = fully_connected_layer(X, 10, activation="relu")'),
        says=("without quotes: tf.nn.relu",),
    ),
    "a scope used twice": network(
        (
            LAYER,
            'hidden, _ = fully_connected_layer(X, 10, "a")\n        logits, W1 = fully_connected_layer(hidden, 10, "a")',
        ),
        says=("another name for each layer",),
    ),
    "the pair that a layer returns, given to the next": network(
        (LAYER, "hidden = fully_connected_layer(X, 10)\n        logits, W1 = fully_connected_layer(hidden, 10)"),
        says=("h, W = fully_connected_layer(…)",),
    ),
    "minimize of nothing": network((f"{ADAM}.minimize(loss)", f"{ADAM}.minimize()"), says=("minimize(loss)",)),
    "a name that is not there": network(
        (LOSS, LOSS.replace("labels=Y", "labels=y")), says=("name 'y' is not defined",)
    ),
}

ATTEMPTS = {**ON_TENSORS, **ERRORS}
