"""What students tried and what `check` has to tell them: the cause in a sentence, with what to write."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from tests.checks.later_students import DEEP, NARROW
from tests.checks.students import ACCURACY, ADAM, GLOROT, LAYER, LOSS, NETWORK, changed
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
    return attempt("one_layer_network", GIVEN, GLOROT, changed(NETWORK, *changes), says=says, never=never)


TRAIN = loop("plain")

# NumPy's functions on tensors: TensorFlow raises NotImplementedError, as the line that a notebook comes with does.
ON_TENSORS = {
    "np.mean of the accuracy": network(
        (ACCURACY, "accuracy = np.mean(tf.cast(correct, tf.float32))"),
        says=("tf.reduce_mean in place of np.mean", "accuracy = np.mean(tf.cast(correct, tf.float32))"),
    ),
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

# What TensorFlow says helps nobody who meets it for the first time: the answer says what to write, by `advice.toml`.
ERRORS = {
    "a scope used twice": network(
        (
            LAYER,
            'hidden, _ = fully_connected_layer(X, 10, "a")\n        logits, W1 = fully_connected_layer(hidden, 10, "a")',
        ),
        says=("another name for each layer",),
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
        says=("since ^ is not a power", "Found -9.0; expected positive learning rates"),
        never=("one of the rates of your sweep",),
    ),
    "the line that failed is gone": attempt(
        "prepare_data",
        WITH_DATA,
        "prepare_data = len\nx_train = missing",
        "prepare_data = len",
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
        says=(
            "name 'y' is not defined",
            "Define y above, in a cell that you run",
            "· The optimizer is Adam: waits for the above",
            "· W1 are the weights of the layer: waits for the above",
        ),
        never=("This follows from another fault", "✗ The"),
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
    "test images as they came": attempt("prepare_data", GIVEN, DATA, "x_test = x_test * 255", says=("not scaled",)),
}

TAIL = (
    "x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)\nx_test, y_test_1_hot = prepare_data(x_test_2d, y_test)"
)


def data(*lines: str, says: tuple[str, ...], tail: str = TAIL) -> Attempt:
    function = "\n    ".join(["def prepare_data(images, labels):", *lines])
    return attempt("prepare_data", GIVEN, DATA, f"{function}\n\n\n{tail}", says=says)


HELD = "    # YOUR CODE HERE\n    raise NotImplementedError()"
RAISES = "the line raise NotImplementedError() is still in {}"
WRITTEN = "return images.reshape(len(images), -1) / 255, np.eye(10)[labels]"
# A beginner's first exercise, and code written around the line that says that there is none.
FIRST = {
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
    "parts in a dict": network(
        ("SimpleNamespace(", "dict("), says=("all 16 checks passed", "Found a dict, which has no net.X"), never=()
    ),
    "a network that is not returned": network(
        ("return SimpleNamespace(", "SimpleNamespace("), says=("Found None, as",)
    ),
    "images and labels exchanged": data(
        "return np.eye(10)[labels], images.reshape(len(images), -1) / 255",
        says=("shape (60000, 10), as labels have it",),
    ),
}

ONE_RED = "· x_test holds the test images, prepared like the training images: waits for the above"
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
    "a default rate in quotes": network(
        ("learning_rate=0.003", 'learning_rate="0.003"'), says=("It could not be decided which learning rate is used",)
    ),
}

SCHEDULE = "tf.train.exponential_decay(0.002, tf.train.get_or_create_global_step(), 100, 0.9)"
DEEP_NETWORKS = {
    "a rate that never falls, which costs nothing": attempt(
        "deep_network",
        WITH_LAYER,
        changed(DEEP, ("AdamOptimizer(0.002)", f"AdamOptimizer({SCHEDULE})")),
        says=("follows a counter that nothing increases", "minimize(loss, global_step=…)"),
        never=("not done yet",),
    ),
}

LOOPS = {
    "labels not fed": train(
        (STEP, "sess.run(net.train_op, feed_dict={net.X: x_train[rows]})"),
        says=("placeholder tensor 'Y'", "Put a value for Y into the feed_dict of this sess.run"),
    ),
    "accuracies in a dict": train(
        ("return acc_trn, acc_val", 'return {"acc": acc_trn, "val_acc": acc_val}'), says=("Found a dict;",)
    ),
    "losses in place of accuracies": train(
        (ON_TEST, ON_TEST.replace("net.accuracy", "net.loss")), says=("after epoch 1, which is a loss; expected",)
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


RATES = "0.0001, 0.001, 0.003, 0.01, 0.1"
GUESSED, FALLING, HILL = (
    "0.09, 0.1, 0.11, 0.1, 0.1",
    "0.9, 0.8, 0.7, 0.6, 0.5",
    "0.8, 0.9, 0.93, 0.9, 0.1",
)
# Green, since only runs of ours tell what they are worth; but the answer says what speaks against them.
SWEEPS = {
    "networks that were not trained": sweep(
        f"dict(zip([{RATES}], [{GUESSED}]))", "0.003", ("hardly more than by guessing",)
    ),
    "the best at the edge": sweep(f"dict(zip([{RATES}], [{FALLING}]))", "0.0001", ("0.0001 at the edge",)),
    "losses in place of accuracies, the largest chosen": attempt(
        "learning_rate_sweep",
        WITH_LAYER,
        NARROW,
        f"sweep, best_learning_rate = dict(zip([{RATES}], [0.69, 0.31, 0.24, 0.33, 2.31])), 0.1",
        says=("Found values from 0.24 to 2.31; expected accuracies on the test images", "waits for the above"),
    ),
    "numbers that were typed": sweep(
        f"dict(zip([{RATES}], [{HILL}]))",
        "0.003",
        ("results at 5 values, and nothing that was trained for 5 of them",),
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
    "a network that is never built to its end": network(
        (LOSS, f"{LOSS}\n        steps = 0\n        while steps < 10: steps = 0"),
        says=("one_layer_network was still computing after 10 seconds", "Write a loop", "while steps < 10: steps = 0"),
    ),
}


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
    "initialised again after the training": trained(
        EPOCHS + AGAIN, says=(FRESH, "though training steps were run", "no initialiser that is run after the training")
    ),
    "a switch that nothing feeds": attempt(
        "deep_network", WITH_LAYER, NO_DEFAULT, says=("before switch is fed", "eval_feed={training: False}")
    ),
    # It is told at the network; what its own notebook feeds for the accuracy is fed here.
    "a switch that the notebook feeds itself": attempt(
        "deep_training", WITH_BOTH, NO_DEFAULT, FED, says=ALL_GREEN, never=("Found",)
    ),
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
}
