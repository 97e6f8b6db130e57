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
USUAL = ("not done yet", ": all ")
"""What a wrong attempt is never answered with."""


@dataclass(frozen=True)
class Attempt:
    """Cells of a notebook, the check that is asked after them, what it must say and what it must not."""

    check: str
    cells: tuple[str, ...]
    said: tuple[str, ...]
    never: tuple[str, ...] = USUAL


def attempt(check: str, *cells: str, says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    return Attempt(check, tuple(map(dedent, cells)), says, never)


def network(*changes: tuple[str, str], says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    text = NETWORK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return attempt("one_layer_network", GIVEN, GLOROT, text, says=says, never=never)


def layer(old: str, new: str, *, says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    assert old in GLOROT, old
    return attempt("fully_connected_layer", GIVEN, GLOROT.replace(old, new), says=says, never=never)


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

# The last run of the cell stopped, and what there is now is of an earlier one.
STOPPED = (": all ", "checks passed", "not done yet")
LEFT_OVER = {
    "a cell that Python cannot read": attempt(
        "fully_connected_layer",
        GIVEN,
        GLOROT,
        GLOROT.replace("tf.matmul(x, W) + b", "tf.matmul(x, W + b"),
        says=("stopped with an error when it was last run", "SyntaxError: '(' was never closed", "W + b"),
        never=STOPPED,
    ),
    "a function that raises where the cell calls it": attempt(
        "prepare_data",
        WITH_DATA,
        """
        def prepare_data(images):
            return images / missing

        x_train = prepare_data(x_train)
        """,
        says=("stopped with an error when it was last run", "name 'missing' is not defined", "return images / missing"),
        never=STOPPED,
    ),
    "a training that was interrupted": attempt(
        "two_layer_training",
        WITH_DATA,
        "net = sess = None; acc_trn = acc_val = [0.9] * 5",
        "net, sess, acc_trn, acc_val = exec('raise KeyboardInterrupt')",
        says=("was interrupted before its end",),
        never=STOPPED,
    ),
    "mended in another cell": attempt(
        "prepare_data",
        WITH_DATA,
        "x_train = x_train / missing",
        "x_train = x_train / 1",
        says=("all 2 checks passed",),
        never=("stopped with",),
    ),
}

# What functions print while they are tried is shown; one error is red once.
PRINTED = {
    "print within a function": network(
        (LOSS, f'{LOSS}\n        print("the loss is", loss.shape, "<b>")'),
        says=("all 11 checks passed", "Your code printed:", "the loss is () <b>"),
        never=("not done yet",),
    ),
    "print of very much": attempt(
        "fully_connected_layer",
        GIVEN,
        GLOROT.replace("return h, W", "print('line\\n' * 100000)\n    return h, W"),
        says=("… and ", "lines more"),
        never=("line\n" * 30,),
    ),
    "one error in a network": network(
        (LOSS, LOSS.replace("labels=Y", "labels=y")),
        says=("· The optimizer is Adam: waits for the above", "· W1 are the weights of the layer: waits for the above"),
        never=("This follows from another fault", "✗ The"),
    ),
    "one error in a layer": layer(
        MATMUL, "tf.matmul(W, x)", says=("· The bias starts at zero: waits for the above",), never=("✗ The activation",)
    ),
}

ATTEMPTS = {**ON_TENSORS, **ERRORS, **LEFT_OVER, **PRINTED}
