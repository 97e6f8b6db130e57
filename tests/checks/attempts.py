"""What students tried and what `check` has to tell them: the cause in a sentence, with what to write."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from netgrader.faults import CATALOGUE
from tests.checks.later_students import DEEP, DROPOUT, NARROW, RIGHT_DEEP, changed
from tests.checks.students import ACCURACY, ADAM, GLOROT, LAYER, LOSS, NETWORK, PREDICTION
from tests.training.mutants import loop

GIVEN = """
from types import SimpleNamespace
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.reset_default_graph()
from netgrader.student import check, setup
setup()
"""
WITH_LAYER = GIVEN + "from after_one_layer import fully_connected_layer\n"
WITH_DATA = GIVEN + "from after_one_layer import x_test, x_train, y_test_1_hot, y_train_1_hot\n"
USUAL = ("not done yet", ": all ", "its check passed")
"""What a wrong attempt is never answered with."""

WITH_BOTH = WITH_DATA + "from after_one_layer import fully_connected_layer\n"


@dataclass(frozen=True)
class Attempt:
    """Cells of a notebook, the check that is asked after them (or another call), what it must say and what it must not."""

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


TRAIN = loop("plain")
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
        says=(
            "Where: y_train_1_hot",
            "Found a tensor of TensorFlow's; expected an array",
            "a tensor has no numbers before",
        ),
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
        (LOSS, LOSS.replace("labels=Y", "labels=y")),
        says=("name 'y' is not defined", "Define y above, in a cell that you run"),
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
        "net, sess, acc_trn, acc_val = (0 for _ in ()).throw(KeyboardInterrupt())",
        says=(
            "was interrupted before its end",
            "It was at net, sess, acc_trn, acc_val = (0 for",
            "does it come to its end?",
        ),
        never=STOPPED,
    ),
    "rates that are no powers": attempt(
        "learning_rate_sweep",
        GIVEN,
        "sweep = {10 ^ -4: 0.91, 10 ^ -3: 0.95, 10 ^ -2: 0.9, 10 ^ -1: 0.2, 10 ^ -5: 0.8}\nbest_learning_rate = 10 ^ -3",
        "def learning_rate_sweep():\n    return sweep, best_learning_rate",
        says=("since ^ is no power", "Found -9.0; expected positive learning rates"),
        never=("one of the rates of your sweep",),
    ),
    "a cell that is timed once": attempt(
        "prepare_data",
        WITH_DATA,
        "%%time\ndef prepare_data(images):\n    return images / 1\n\nx_train = prepare_data(x_train)",
        says=("all 4 checks passed",),
    ),
    "the line that failed is gone": attempt(
        "prepare_data",
        WITH_DATA,
        "prepare_data = len\nx_train = missing",
        "prepare_data = len",
        says=("all 4 checks passed",),
        never=("stopped with",),
    ),
    "mended in another cell": attempt(
        "prepare_data",
        WITH_DATA,
        "x_train = x_train / missing",
        "x_train = x_train / 1",
        says=("all 4 checks passed",),
        never=("stopped with",),
    ),
}

# What functions print while they are tried is shown; one error is red once.
PRINTED = {
    "print within a function": network(
        (LOSS, f'{LOSS}\n        print("the loss is", loss.shape, "<b>")'),
        says=("all 16 checks passed", "Your code printed:", "the loss is () <b>"),
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


# ---- Right at first sight: what used to be green, or red for a consequence alone ------------------------------------------

DATA = """
from netgrader.student import load_mnist
(x_train_2d, y_train), (x_test_2d, y_test) = load_mnist()
x_train, x_test = (images.reshape(-1, 784) / np.float32(255) for images in (x_train_2d, x_test_2d))
y_train_1_hot, y_test_1_hot = np.eye(10)[y_train], np.eye(10)[y_test]
"""
STEP = "sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})"
ON_TEST = "acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))"


def train(*changes: tuple[str, str], says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    return attempt("train", WITH_DATA, changed(TRAIN, *changes), says=says, never=never)


def deep(*changes: tuple[str, str], says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    return attempt("deep_network", WITH_LAYER, changed(DEEP, *changes), says=says, never=never)


ARGMAX = "tf.argmax(prediction, 1), tf.argmax(Y, 1)"
NETWORKS = {
    "argmax without an axis": network(
        (ARGMAX, "tf.argmax(prediction), tf.argmax(Y)"),
        says=(
            "looks for the largest value over the images",
            "See line 10 of your cell: `correct = tf.equal(tf.argmax(prediction), tf.argmax(Y))`.",
        ),
    ),
    "probabilities given to the loss": network(
        ("labels=Y, logits=logits", "labels=Y, logits=prediction"),
        says=("Softmax is applied twice", "See line 9 of your cell: `loss = tf.reduce_mean("),
        never=(*USUAL, "of your cell: `prediction"),
    ),
    "the logits not taken from the pair": network(
        (LAYER, "logits = fully_connected_layer(X, 10)\n        W1 = logits[1]"),
        says=("h, W = fully_connected_layer(…)",),
    ),
    "an optimizer without minimize": network(
        (f"{ADAM}.minimize(loss)", ADAM), says=("optimizer.minimize(loss), which is the training step",)
    ),
    "no scope": layer(
        '    with tf.variable_scope(name, default_name="layer"):\n',
        "    if True:\n",
        says=("give each layer another name",),
    ),
    "the largest left out": attempt(
        "input_gradients",
        WITH_LAYER,
        NARROW,
        """
        net = two_layer_network()

        def input_gradients(net):
            with net.graph.as_default():
                return [tf.gradients(net.prediction[:, d], net.X)[0] for d in range(10)], None
        """,
        says=("✗ The last gradient says",),
    ),
    "gradients in a dict": attempt(
        "input_gradients",
        WITH_LAYER,
        NARROW,
        "net = two_layer_network()\n\ndef input_gradients(net):\n    return {'each': [net.X] * 10, 'largest': net.X}",
        says=("an object of the kind dict, and not the pair each, largest",),
    ),
    "a persistent tape": attempt(
        "input_gradients",
        WITH_LAYER,
        NARROW,
        """
        net = two_layer_network()

        def input_gradients(net):
            with net.graph.as_default(), tf.GradientTape(persistent=True) as tape:
                tape.watch(net.X)
                largest = tf.reduce_max(net.prediction, axis=1)
            return [tape.gradient(net.prediction[:, d], net.X) for d in range(10)], tape.gradient(largest, net.X)
        """,
        says=("None in each, as tf.gradients gives where nothing leads from net.X",),
    ),
    "test images as they came": attempt("prepare_data", GIVEN, DATA, "x_test = x_test * 255", says=("not scaled",)),
}

ROWS = "images.reshape(len(images), -1)"
TAIL = (
    "x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)\nx_test, y_test_1_hot = prepare_data(x_test_2d, y_test)"
)


def data(*lines: str, says: tuple[str, ...], tail: str = TAIL) -> Attempt:
    function = "\n    ".join(["def prepare_data(images, labels):", *lines])
    return attempt("prepare_data", GIVEN, DATA, f"{function}\n\n\n{tail}", says=says)


GET_W = 'tf.get_variable("W", [n_input, n_output], initializer=tf.glorot_uniform_initializer())'
HELD = "    # YOUR CODE HERE\n    raise NotImplementedError()"
RAISES = "the line raise NotImplementedError() is still in {}"
WRITTEN = "return images.reshape(len(images), -1) / 255, np.eye(10)[labels]"
# A beginner's first exercise, and code written around the line that says that there is none.
FIRST = {
    "the raising line left below the code": data(
        "pixels = images.reshape(len(images), -1) / 255", HELD.strip(), says=(RAISES.format("prepare_data"),)
    ),
    "the raising line left above the code": attempt(
        "fully_connected_layer",
        GIVEN,
        GLOROT.replace("    with tf.variable_scope", f"{HELD}\n    with tf.variable_scope"),
        says=(RAISES.format("fully_connected_layer"),),
    ),
    "the raising line left in what another function needs": attempt(
        "one_layer_network",
        GIVEN,
        GLOROT.replace("    return h, W", HELD),
        NETWORK,
        says=(RAISES.format("fully_connected_layer"),),
    ),
    "quotes from a text program": data(
        WRITTEN,
        says=("SyntaxError: invalid character", "Type straight quotes"),
        tail=TAIL.replace("x_test_2d", "“x”"),
    ),
    "no colon": attempt(
        "fully_connected_layer",
        GIVEN,
        GLOROT.replace("activation=None):", "activation=None)"),
        says=("Put a colon at the end of that line",),
    ),
    "a name misspelt": data(
        WRITTEN.replace("images.reshape", "image.reshape"),
        says=("Write images, or define image above",),
    ),
    "a scope that is not entered": layer(
        '    with tf.variable_scope(name, default_name="layer"):',
        '    tf.variable_scope(name, default_name="layer")\n    if True:',
        says=("with tf.variable_scope(name, …): around what makes the variables",),
        never=("reuse",),
    ),
    "a function of tf.nn's": network(
        (PREDICTION, PREDICTION.replace("tf.nn.softmax", "tf.softmax")), says=("Write tf.nn.softmax",)
    ),
    "TensorFlow imported anew": attempt(
        "one_layer_network",
        GIVEN,
        GLOROT,
        "import tensorflow as tf",
        NETWORK,
        says=("given imports again",),
    ),
    "an argument misspelt": network((LOSS, LOSS.replace("labels=", "label=")), says=("help(…) in a new cell",)),
    "parts in a dict": network(
        ("SimpleNamespace(", "dict("), says=("all 16 checks passed", "Found a dict, which has no net.X"), never=()
    ),
    "a network that is made by nobody": network(("def one_layer", "async def one_layer"), says=("def without async",)),
    "a network that is not returned": network(
        ("return SimpleNamespace(", "SimpleNamespace("), says=("Found None, as",)
    ),
    "a train that nobody runs": attempt("train", WITH_DATA, f"async {TRAIN.strip()}", says=("def without async",)),
    "three taken of two": network((LAYER, LAYER.replace("W1 =", "W1, b1 =")), says=("as many names before the =",)),
    "an optimizer of Keras": network(
        (ADAM, "tf.keras.optimizers.Adam(learning_rate)"), says=("an optimizer of tf.train",)
    ),
    "a gradient tape": network(
        (f"{ADAM}.minimize(loss)", "tf.GradientTape().__enter__().gradient(loss, [W1])"),
        says=("records nothing in a graph",),
    ),
    "a metric of two tensors": network(
        (ACCURACY, "accuracy = tf.metrics.accuracy(tf.argmax(Y, 1), tf.argmax(prediction, 1))"),
        says=("Found several tensors; expected one, whose value is a number. Where: net.accuracy",),
        never=("netgrader_", "cannot be fed"),
    ),
    "a model of Keras": attempt(
        "one_layer_network",
        GIVEN,
        GLOROT,
        """
        def one_layer_network(learning_rate=0.003):
            return tf.keras.Sequential([tf.keras.layers.Input((784,)), tf.keras.layers.Dense(10)])
        """,
        says=("expected SimpleNamespace(graph=graph",),
    ),
    "fit of a model": train(
        (STEP, "net.fit(x_train[rows], y_train_1_hot[rows])"), says=("in a loop: net holds parts",)
    ),
    "fed by names": train(
        (STEP, "sess.run(net.train_op, x=x_train[rows])"), says=("Write feed_dict={net.X: …, net.Y: …}",)
    ),
    "nothing returned": data("images / 255, np.eye(10)[labels]", says=("a return at the end of that function",)),
    "images and labels exchanged": data(
        "return np.eye(10)[labels], images.reshape(len(images), -1) / 255",
        says=("shape (60000, 10), as labels have it",),
    ),
    "the number of images written down": data(
        WRITTEN.replace("len(images)", "60000"), says=("a shape that follows from the array",)
    ),
    "the label less one": data(WRITTEN.replace("[labels]", "[labels - 1]"), says=("0 - 1 is 255",)),
    "nine classes": data(WRITTEN.replace("eye(10)", "eye(9)"), says=("an index below 9",)),
    "a comparison for a division": data(
        f"return ({ROWS} > 127).astype(float), np.eye(10)[labels]", says=("so does a comparison",)
    ),
    "only a comparison": data(f"return {ROWS} > 127, np.eye(10)[labels]", says=("so does a comparison",)),
    "a product beyond 255": data(
        f"return {ROWS} * 2 / 510, np.eye(10)[labels]",
        says=("127 became 0.498, and 128 became 0; expected a floating",),
    ),
    "whole rows of ones": data(
        "one_hot = np.zeros((len(labels), 10))",
        "one_hot[labels] = 1",
        WRITTEN.replace("np.eye(10)[labels]", "one_hot"),
        says=("a[np.arange(n), labels] = 1 sets one place in each row",),
    ),
    "divided in place": data("images /= 255", WRITTEN, says=("a new array, as in x = x / 255",)),
    "an activation that is not there": layer(
        "        h = tf.matmul(x, W) + b\n        if activation is not None:\n            h = activation(h)\n",
        "        h = activation(tf.matmul(x, W) + b)\n",
        says=("if activation is not None",),
    ),
    "weights that are numbers": layer(
        GET_W, "np.zeros((n_input, n_output), np.float32)", says=("what tf.get_variable(…) gives",)
    ),
    "weights that are drawn anew": layer(
        GET_W,
        "tf.random_uniform([n_input, n_output])",
        says=("W is not a variable that training may change; expected what tf.get_variable(…) gives",),
    ),
    "an initializer in place of the type": layer(
        GET_W,
        'tf.get_variable("W", [n_input, n_output], tf.glorot_uniform_initializer())',
        says=("the arguments by their names",),
    ),
}

N_INPUT = "n_input = x.shape.as_list()[1]"
ONE_RED = "· x_test holds the test images, prepared like the training images: waits for the above"
RETURNED = " train_op=train_op,"
EQUAL = "tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))"
assert all(part in GLOROT + NETWORK for part in (N_INPUT, EQUAL))
NOT_MEAN = (
    "The loss is a sum over the rows of a batch, not their mean. Found {}; expected their mean, by tf.reduce_mean"
)
EACH = LOSS.replace("tf.reduce_mean(", "(")
IN_ALL = ("not done yet",)
# A mistake is red once, and what is said is about it.
ONCE = {
    "a rate that is forgotten": network(
        (ADAM, "tf.train.AdamOptimizer()"),
        says=(
            "✗ The optimizer uses the learning rate that is given",
            "AdamOptimizer()",
            "· Without an argument the learning rate is 0.003: waits for the above",
            "· The learning rate changes how the network is trained, and nothing else: waits for the above",
        ),
    ),
    "images of both sets in their old shape": data("return images / 255, np.eye(10)[labels]", says=(ONE_RED,)),
    "a network in the one graph that there is": network(
        ("with graph.as_default():", "if True:"),
        says=("not in the graph that is returned", "· The optimizer uses the learning rate that is given: waits"),
    ),
    "gradients for a step": network(
        (f"{ADAM}.minimize(loss)", f"{ADAM}.compute_gradients(loss)"),
        says=(
            "an object of the kind list",
            "· A training step changes the weights so that the loss becomes smaller: waits",
        ),
    ),
    "the bias for the weights": layer(
        "return h, W", "return h, b", says=("W of shape (10,)", "· The activation that is")
    ),
    "a function that nobody calls": attempt(
        "prepare_data",
        GIVEN,
        f"def prepare_data(images, labels):\n    {WRITTEN}",
        says=("there is no x_train", "which your cell makes with prepare_data"),
    ),
    "a sweep that nobody calls": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        NARROW,
        "def learning_rate_sweep():\n    return {0.001: two_layer_network()}, 0.001",
        "def input_gradients(net):\n    raise NotImplementedError()",
        says=("there is no sweep, best_learning_rate, which your cell makes with learning_rate_sweep",),
    ),
    "a sweep whose network is still to be written": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        "def two_layer_network(learning_rate=0.001):\n    raise NotImplementedError()",
        "def learning_rate_sweep():\n    return {0.001: two_layer_network()}, 0.001",
        says=("learning_rate_sweep: this needs two_layer_network, not done yet",),
        never=(": all ",),
    ),
    "one thing returned of two": attempt(
        "input_gradients",
        WITH_LAYER,
        NARROW,
        """
        net = two_layer_network()

        def input_gradients(net):
            with net.graph.as_default():
                return [tf.gradients(net.prediction[:, d], net.X)[0] for d in range(10)]
        """,
        says=("an object of the kind list, and not the pair each, largest",),
    ),
    "a session of no graph": attempt(
        "two_layer_training",
        WITH_BOTH,
        NARROW,
        "net = two_layer_network()\nsess = tf.Session()\nsess.run(net.train_op)",
        says=("tf.Session(graph=net.graph)",),
    ),
    "the other set's images": data(
        WRITTEN.replace("images", "x_train_2d"), says=("shape (60000, 784), as many rows as x_train has",)
    ),
    "a width that is written down": layer(
        N_INPUT, "n_input = 784", says=("W a row for each column of x: int(x.shape[-1]) rows",)
    ),
    "the number of rows": layer(N_INPUT, "n_input = int(x.shape[0])", says=("x.shape[-1], the number of columns",)),
    "a size that is a tensor": layer(N_INPUT, "n_input = tf.shape(x)[1]", says=("int(x.shape[-1])",)),
    "a name that may be None": layer(
        ', default_name="layer"', "", says=('default_name="layer"): the name may be None',)
    ),
    "a name put together": layer('"W", [', 'name + "W", [', says=("an argument left out",)),
    "an activation that is not called": layer(
        "h = activation(h)", "h = activation", says=("what tf.matmul(…) or activation(…) gives",)
    ),
    "square brackets for round ones": data(
        WRITTEN.replace("eye(10)", "eye"), says=("round brackets after a function's name",)
    ),
    "no return in a layer": layer(
        "    return h, W", "    h, W", says=("Found None, as without a return, and not the pair (h, W)",)
    ),
    "logits that are classes": network(
        (LOSS, LOSS.replace("=logits", "=tf.argmax(logits, 1)")), says=("not an argmax",)
    ),
    "no argument": network(
        ("(learning_rate=0.003)", "()"),
        (ADAM, "tf.train.AdamOptimizer(0.003)"),
        says=("begins with def as the notebook has it",),
    ),
    "an array that is a variable of the loop's": train(
        ("    n = len(x_train)", "    x_train = x_train * 1\n    n = len(x_train)"),
        says=("has a variable x_train of its own, which is empty before that line",),
    ),
    "a default rate in quotes": network(
        ("learning_rate=0.003", 'learning_rate="0.003"'), says=("It could not be decided which learning rate is used",)
    ),
    "no rate at all": network(("learning_rate=0.003", "learning_rate=None"), says=("something in this line is None",)),
    "a share of a fixed number": network(
        (ACCURACY, "accuracy = tf.reduce_sum(tf.cast(correct, tf.float32)) / 10000"),
        says=("have their largest logit where their label is",),
    ),
    "logits of one layer, predictions of another": network(
        (PREDICTION, "prediction = tf.nn.softmax(fully_connected_layer(X, 10)[0])"),
        says=("have their largest logit where their label is",),
    ),
    "a part that is not returned": network((RETURNED, ""), says=("Found no part net.train_op",), never=IN_ALL),
    "a loss for each image": network((LOSS, EACH), says=(NOT_MEAN.format("a number for each image"),), never=IN_ALL),
    "a sum of losses": deep(
        (LOSS, LOSS.replace("reduce_mean", "reduce_sum")), says=(NOT_MEAN.format("their sum"),), never=IN_ALL
    ),
}

SWITCH = "tf.where(training, 0.2, 0.0)"
AVERAGES = next(one.source for name, one in RIGHT_DEEP.items() if name.startswith("batch normalisation"))
SCHEDULE = "tf.train.exponential_decay(0.002, tf.train.get_or_create_global_step(), 100, 0.9)"
DEEP_NETWORKS = {
    "dropout always on": deep((DROPOUT, "h = tf.nn.dropout(h, rate=0.2)"), says=("Dropout is still on",)),
    "the switch the wrong way round": deep((SWITCH, "tf.where(training, 0.0, 0.2)"), says=("Dropout is still on",)),
    **{
        f"everything dropped in training, {how}": deep(
            (DROPOUT, f"h = {drop}"), says=("share to keep is given", "everything is dropped in training")
        )
        for how, drop in {
            "by a choice": "tf.nn.dropout(h, rate=tf.where(training, 1.0, 0.0))",
            "by the switch": "tf.nn.dropout(h, rate=tf.cast(training, tf.float32))",
            "in a conditional": "tf.cond(training, lambda: tf.nn.dropout(h, rate=tf.constant(1.0)), lambda: h)",
        }.items()
    },
    "batch normalisation without averages": deep(
        (DROPOUT, "h = tf.nn.batch_normalization(h, *tf.nn.moments(h, axes=[0]), None, None, 1e-3)"),
        says=("depends on the other images of its batch",),
    ),
    "averages that are never updated": attempt(
        "deep_network",
        WITH_LAYER,
        changed(AVERAGES, ("tf.control_dependencies(updates)", "tf.control_dependencies([])")),
        says=("moving averages of the batch normalization are never updated",),
    ),
    "a switch asked by Python": deep(
        (DROPOUT, "h = tf.nn.dropout(h, rate=0.2 if training else 0.0)"), says=("such as tf.where,",), never=IN_ALL
    ),
    "a number for the counter of steps": deep(
        (".minimize(loss)", ".minimize(loss, global_step=1)"),
        says=("as global_step, tf.train.get_or_create_global_step()",),
    ),
    # It costs nothing and is told all the same.
    "a rate that never falls": attempt(
        "deep_network",
        WITH_LAYER,
        changed(DEEP, ("AdamOptimizer(0.002)", f"AdamOptimizer({SCHEDULE})")),
        says=("follows a counter that nothing increases", "minimize(loss, global_step=…)"),
        never=("not done yet",),
    ),
}

SHUFFLED = STEP.replace("y_train_1_hot[rows]", "y_train_1_hot[np.random.permutation(rows)]")
LAST_BATCH = ON_TEST.replace("x_test", "x_train[rows]").replace("y_test_1_hot", "y_train_1_hot[rows]")
ON = ON_TEST.partition("(")[2].removesuffix(")")
OWN = "tf.train.AdamOptimizer().minimize(net.loss)"
LOOPS = {
    "no shuffling": train(("np.random.permutation(n)", "np.arange(n)"), says=("same order",)),
    "labels shuffled apart": train((STEP, SHUFFLED), says=("Images and labels are shuffled apart",)),
    "accuracy of the last batch": train((ON_TEST, LAST_BATCH), says=("that of a single minibatch",)),
    "no initialiser": train(
        ("sess.run(tf.global_variables_initializer())", "pass"),
        says=("uninitialized value", "tf.global_variables_initializer()", "is used"),
    ),
    "labels not fed": train(
        (STEP, "sess.run(net.train_op, feed_dict={net.X: x_train[rows]})"),
        says=("placeholder tensor 'Y'", "Put a value for Y into the feed_dict of this sess.run"),
    ),
    "accuracy by the labels of others": train(
        (ON_TEST, ON_TEST.replace("y_test_1_hot", "np.random.permutation(y_test_1_hot)")),
        says=("which is that by labels of other images",),
    ),
    "more minibatches than there are": train(
        ("range(0, n, ", "range(0, 3 * n, "), says=("188 of 282 minibatches empty",), never=(*USUAL, "same order")
    ),
    "an optimizer in each step": train(
        (STEP, f"with net.graph.as_default():\n                own = {OWN}\n            {STEP}"),
        ("sess.run(net.train_op", "sess.run(own"),
        says=("an optimizer of its own; expected steps of net.train_op",),
    ),
    "parts of another network": attempt(
        "train",
        WITH_DATA,
        "with tf.Graph().as_default():\n    pixels = tf.placeholder(tf.float32)",
        TRAIN.replace(STEP, STEP.replace("net.X:", "pixels:")),
        says=("Use parts of one net in its own session",),
    ),
    "all labels with each minibatch": train(
        (STEP, STEP.replace("y_train_1_hot[rows]", "y_train_1_hot")),
        says=("Feed as many labels as images, here 640 of each and not 60000 labels",),
    ),
    "tensors in the lists": train(
        (ON_TEST, "acc_val.append(net.accuracy)"), says=("Found (list, list of SymbolicTensor)",)
    ),
    "accuracies in a dict": train(
        ("return acc_trn, acc_val", 'return {"acc": acc_trn, "val_acc": acc_val}'), says=("Found a dict;",)
    ),
    "an index into an empty list": train((f"acc_val.append({ON}", f"acc_val[epoch] = ({ON}"), says=("Use append(…)",)),
    "a list that append gives": train(("acc_val.append", "acc_val = acc_val.append"), says=("append and shuffle",)),
    "a number added to a list": train((f"acc_val.append({ON}", f"acc_val += float({ON}"), says=("Use append(…)",)),
    "a step called": train((STEP, "net.train_op(x_train[rows])"), says=("and is not a function",)),
    "arrays one by one": train(
        (STEP, "sess.run(net.train_op, x_train[rows], y_train_1_hot[rows])"), says=("all arrays in one dict",)
    ),
    "parts without net": train((STEP, STEP.replace("net.X", "X")), says=("Write net.X if the network is given",)),
    "a number in place of a range": train(("in range(n_epochs)", "in n_epochs"), says=("Put range(…) around it",)),
    "a division for a number of steps": train(
        ("range(0, n, mini_batch_size)", "range(n / mini_batch_size)"), says=("a whole number: // in place of /",)
    ),
    "a session on another graph": train(
        (
            "    acc_trn, acc_val",
            "    with tf.Graph().as_default():\n        tf.constant(0)\n        sess = tf.Session()\n    acc_trn, acc_val",
        ),
        says=("belong to two graphs",),
    ),
    "losses in place of accuracies": train(
        (ON_TEST, ON_TEST.replace("net.accuracy", "net.loss")), says=("after epoch 1, which is a loss; expected",)
    ),
    "a pair in each epoch": train(
        (ON_TEST, f"{ON_TEST}\n        yield acc_trn, acc_val"),
        ("    return acc_trn, acc_val", ""),
        says=("Found a generator, as yield makes one",),
    ),
    "a part that net does not have": train(
        (STEP, STEP.replace("train_op", "optimizer")), says=("such as net.train_op",)
    ),
    "digits beside one-hot labels": train(
        (ON, "np.mean(sess.run(net.logits, {net.X: x_test}).argmax(1) == y_test_1_hot)"), says=("by argmax(axis=1)",)
    ),
    "a zip shuffled": train(
        ("np.random.permutation(n)", "np.random.shuffle(zip(x_train, y_train_1_hot))"),
        says=("list(…) around it: a zip",),
    ),
    "an initialiser not called": train(
        ("variables_initializer()", "variables_initializer"),
        says=("global_variables_initializer(), with round brackets",),
    ),
}

BEGUN = """
net = two_layer_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
"""
CURVES = "acc_trn, acc_val = [0.9] * 5, [0.9] * 5\n"
ONE_STEP = "sess.run(net.train_op, {net.X: x_train[:100], net.Y: y_train_1_hot[:100]})\n"
TRAININGS = {
    "a network that was only initialised": attempt(
        "two_layer_training", WITH_BOTH, NARROW, BEGUN + CURVES, says=("is never run on this network",)
    ),
    "percentages": attempt(
        "two_layer_training",
        WITH_BOTH,
        NARROW,
        BEGUN + ONE_STEP + CURVES.replace("0.9", "97"),
        says=("Found 97; expected shares from 0 to 1",),
    ),
    "a network after one step": attempt(
        "two_layer_training",
        WITH_BOTH,
        NARROW,
        BEGUN + ONE_STEP + CURVES,
        says=("fewer test images than a trained one",),
    ),
}


def sweep(pairs: str, best: str, says: tuple[str, ...]) -> Attempt:
    cells = f"sweep = {pairs}\nbest_learning_rate = {best}\n"
    return attempt(
        "learning_rate_sweep", WITH_LAYER, NARROW, cells, says=("all 3 checks passed", *says), never=("not done",)
    )


def shortly(inside: str, after: str = "pass", *, says: tuple[str, ...]) -> Attempt:
    """A sweep that trains shortly in a session, and does something after its end."""
    cell = f"""
        from after_one_layer import short_training

        def learning_rate_sweep():
            for rate in [0.001, 0.01]:
                net = two_layer_network(rate)
                with tf.Session(graph=net.graph) as session:
                    {inside}
                {after}
            return {{0.001: 0.9}}, 0.001

        sweep, best_learning_rate = learning_rate_sweep()
        """
    return attempt("learning_rate_sweep", WITH_BOTH, NARROW, cell, says=says)


RATES = "0.0001, 0.001, 0.003, 0.01, 0.1"
GUESSED, ALIKE, FALLING, HILL = (
    "0.09, 0.1, 0.11, 0.1, 0.1",
    "0.93, 0.94, 0.935, 0.93, 0.94",
    "0.9, 0.8, 0.7, 0.6, 0.5",
    "0.8, 0.9, 0.93, 0.9, 0.1",
)
# Green, since only runs of ours tell what they are worth; but the answer says what speaks against them.
SWEEPS = {
    "networks that were not trained": sweep(
        f"dict(zip([{RATES}], [{GUESSED}]))", "0.003", ("hardly more than by guessing",)
    ),
    "one rate for all": sweep(
        f"dict(zip([{RATES}], [{ALIKE}]))", "0.001", ("hardly different; expected clearly lower ones",)
    ),
    "the best at the edge": sweep(f"dict(zip([{RATES}], [{FALLING}]))", "0.0001", ("0.0001 at the edge",)),
    "losses in place of accuracies, the largest chosen": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        NARROW,
        f"sweep, best_learning_rate = dict(zip([{RATES}], [0.69, 0.31, 0.24, 0.33, 2.31])), 0.1",
        says=("Found values from 0.24 to 2.31; expected accuracies on the test images", "waits for the above"),
    ),
    "losses below 1 of networks that were trained": attempt(
        "learning_rate_sweep",
        WITH_BOTH,
        NARROW,
        f"""
        from after_one_layer import short_training

        def learning_rate_sweep():
            sweep = {{}}
            for rate in [{RATES}]:
                net = two_layer_network(rate)
                with tf.Session(graph=net.graph) as session:
                    short_training(session, net, 60)
                    some = {{net.X: x_test[:500], net.Y: y_test_1_hot[:500]}}
                    sweep[rate] = min(session.run(net.loss, feed_dict=some), 0.99 - rate)
            return sweep, max(sweep, key=sweep.get)

        sweep, best_learning_rate = learning_rate_sweep()
        """,
        says=("all 3 checks passed", "where your network gets", "after the training: no losses"),
        never=("at the edge",),
    ),
    "the lowest chosen": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        NARROW,
        f"sweep = dict(zip([{RATES}], [{HILL}]))\nbest_learning_rate = min(sweep, key=sweep.get)",
        says=("0.003 with 0.9300: max(sweep, key=sweep.get)",),
    ),
    "numbers that were typed": sweep(
        f"dict(zip([{RATES}], [{HILL}]))",
        "0.003",
        ("results at 5 values, and nothing that was trained for 5 of them",),
    ),
    "what is given, called the wrong way round": shortly(
        "short_training(net, session)",
        says=("Where: learning_rate_sweep: short_training(net, session)", "run is a session's"),
    ),
    "losses of a sweep": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        NARROW,
        f"sweep = dict(zip([{RATES}], [0.9, 0.5, 0.2, 0.4, 0.95]))\nbest_learning_rate = 0.003",
        says=("Found 0.003 with 0.2000; expected the value with the highest accuracy",),
    ),
    "a rate in quotes": shortly(
        "short_training(tf.Session(graph=(net := two_layer_network('0.01')).graph), net)",
        says=("Where: learning_rate_sweep", "without quotes"),
    ),
    "a session after its end": shortly(
        "pass", "session.run(net.logits, {net.X: x_test[:2]})", says=("this line belongs in it",)
    ),
    "one network for all rates": attempt(
        "learning_rate_sweep",
        WITH_BOTH,
        NARROW,
        f"""
        from after_one_layer import short_training

        net, sweep = two_layer_network(0.001), {{}}
        with tf.Session(graph=net.graph) as session:
            for rate in [{RATES}]:
                short_training(session, net, 40)
                sweep[rate] = session.run(net.accuracy, {{net.X: x_test, net.Y: y_test_1_hot}})
        best_learning_rate = max(sweep, key=sweep.get)
        """,
        says=("✗", "Found one network for 5 results; expected for each value a network of its own"),
        never=("not done", "Grading may take points off"),
    ),
    "a rate that is not passed on": attempt(
        "learning_rate_sweep",
        WITH_BOTH,
        NARROW,
        f"""
        from after_one_layer import short_training

        sweep = {{}}
        for rate in [{RATES}]:
            net = two_layer_network()
            with tf.Session(graph=net.graph) as session:
                short_training(session, net, 40)
                sweep[rate] = session.run(net.accuracy, {{net.X: x_test, net.Y: y_test_1_hot}})
        best_learning_rate = max(sweep, key=sweep.get)
        """,
        says=("✗", "Found one network for 5 results; expected for each value a network of its own"),
        never=("not done", "Grading may take points off"),
    ),
    "a hill": attempt(
        "learning_rate_sweep",
        WITH_BOTH,
        NARROW,
        f"""
        from after_one_layer import short_training

        sweep = {{}}
        for rate in [{RATES}]:
            net = two_layer_network(rate)
            with tf.Session(graph=net.graph) as session:
                short_training(session, net, 40)
                sweep[rate] = session.run(net.accuracy, {{net.X: x_test, net.Y: y_test_1_hot}})
        best_learning_rate = max(sweep, key=sweep.get)
        """,
        says=("all 3 checks passed",),
        never=("Found",),
    ),
}

NO_END = ("train initialises the variables once", "in 10 seconds of computing", "2 epochs and then an end")
ENDLESS = {
    "epochs without an end": train(("for epoch in range(n_epochs):", "while True:"), says=NO_END),
    "a loop that does nothing": train(
        ("    n = len(x_train)", "    n = len(x_train)\n    while n:\n        pass"), says=NO_END
    ),
    "an image in each step": train(
        ("n, mini_batch_size)", "n)"), ("start + mini_batch_size", "start + 1"), says=(NO_END[1], "these are of 1.")
    ),
    "a loop that only looks": train((STEP, f"while True:\n                {ON_TEST}"), says=NO_END),
    "a network that is never built to its end": network(
        (LOSS, f"{LOSS}\n        steps = 0\n        while steps < 10: steps = 0"),
        says=("one_layer_network was still computing after 10 seconds", "Write a loop", "while steps < 10: steps = 0"),
    ),
    "ten epochs, however many are asked for": train(
        ("range(n_epochs)", "range(10)"), says=("10 epochs; expected 2 epochs",)
    ),
}

STEPS = """
net = deep_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
for start in range(0, 20000, 100):
    rows = slice(start, start + 100)
    sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
"""


EPOCHS = """
net = deep_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
acc_trn, acc_val = [], []
for epoch in range(3):
    for start in range(0, 60000, 60):
        rows = slice(start, start + 60)
        sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows], net.training: True})
    acc_trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
    acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
"""
ON = EPOCHS.replace("hot[rows], net.training: True", "hot[rows]").replace("_1_hot}))", "_1_hot, net.training: True}))")
# Without a seed one training in a few stays below 96 %.
TRAINED = changed(DEEP, ("with graph.as_default():", "with graph.as_default():\n        tf.set_random_seed(1)"))
NO_DEFAULT = changed(TRAINED, ("tf.placeholder_with_default(False, [])", "tf.placeholder(tf.bool, [], name='switch')"))
FED = EPOCHS.replace("_1_hot}))", "_1_hot, net.training: False}))")
ALL_GREEN = ("deep_training: all 2 checks passed",)


def trained(*cells: str, says: tuple[str, ...], never: tuple[str, ...] = USUAL) -> Attempt:
    return attempt("deep_training", WITH_BOTH, TRAINED, *cells, says=says, never=never)


AGAIN = "\nwith net.graph.as_default():\n    sess.run(tf.global_variables_initializer())\n"
FRESH = "The network is evaluated in another session than the one it was trained in."
DEEP_TRAININGS = {
    "right": trained(EPOCHS, says=ALL_GREEN, never=("Found",)),
    "the switch on for the accuracy": trained(ON, says=("accuracy that is reported is not", "which we measure")),
    "the accuracy of training images for that of test images": trained(
        EPOCHS, "acc_val = acc_trn", says=("reported for the test images is that of training images",)
    ),
    "a switch that is never turned": trained(
        EPOCHS.replace(", net.training: True", ""),
        says=(*ALL_GREEN, "no run in which"),
        never=("not done",),
    ),
    "accuracies in percent": trained(
        EPOCHS, "acc_val = [100 * one for one in acc_val]", says=("is not the one that the network", "a share of one")
    ),
    "initialised again after the training": trained(
        EPOCHS + AGAIN, says=(FRESH, "though training steps were run", "no initialiser that is run after the training")
    ),
    "the session of another network": trained(
        EPOCHS, "net = deep_network()", says=(FRESH, "on the graph of another network", "tf.Session(graph=net.graph)")
    ),
    "net and session exchanged": trained(
        EPOCHS,
        "net, sess = sess, net",
        says=("does not return what the exercise asks for", "in the order that is asked for"),
    ),
    "a training that diverges": trained(
        EPOCHS.replace("range(3)", "range(1)"),
        "with net.graph.as_default():\n    sess.run([one.assign(one * np.nan) for one in tf.trainable_variables()])",
        says=("weights that are nan", "a loss that stays finite"),
    ),
    "a tensor among the accuracies": trained(
        "net = deep_network()\nacc_val = [float(net.accuracy)]", says=("the number that sess.run(…) gives",)
    ),
    "a switch that nothing feeds": attempt(
        "deep_network", WITH_LAYER, NO_DEFAULT, says=("before switch is fed", "eval_feed={training: False}")
    ),
    "a switch that nothing feeds, in training": attempt(
        "deep_training",
        WITH_BOTH,
        NO_DEFAULT,
        EPOCHS.replace("acc_trn.append", "0 and acc_trn.append").replace("acc_val.append", "0 and acc_val.append"),
        says=("before switch is fed",),
        never=(*USUAL, "depends on the labels"),
    ),
    # It is told at the network; what its own notebook feeds for the accuracy is fed here.
    "a switch that the notebook feeds itself": attempt(
        "deep_training", WITH_BOTH, NO_DEFAULT, FED, says=ALL_GREEN, never=("Found",)
    ),
}


# What a page of the faults cannot show: it takes a training.
MISSED = {
    "a training too short for the target": attempt(
        "deep_accuracy", WITH_BOTH, DEEP, STEPS, says=(CATALOGUE["target-missed"].sentence,)
    )
}

ATTEMPTS = {
    **ON_TENSORS,
    **ERRORS,
    **LEFT_OVER,
    **FIRST,
    **PRINTED,
    **NETWORKS,
    **DEEP_NETWORKS,
    **LOOPS,
    **TRAININGS,
    **DEEP_TRAININGS,
    **SWEEPS,
    **ENDLESS,
    **ONCE,
    **MISSED,
}
