"""Does a notebook earn the same mark each time it is graded? Ten networks that end on the slope below 98.5 %.

Each grading runs the whole notebook again and appends a row to ``evaluation/gradings.csv``; gradings that have a row are not
repeated: ``python -m evaluation.gradings --times 10``. The course and its seed stay the same. No notebook sets a seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluation.first_sight.read_round import graded
from evaluation.rows import append_row, measured_commit, rows_of

FILE = Path(__file__).with_suffix(".csv")
FIELDS = ("network", "grading", "score", "of", "accuracy", "commit")
NETWORKS = {
    "128x3": ((128, 128, 128), 0.0, 6),
    "128x4": ((128, 128, 128, 128), 0.0, 7),
    "200x3": ((200, 200, 200), 0.0, 5),
    "200x3 dropout 0.2": ((200, 200, 200), 0.2, 7),
    "256x3": ((256, 256, 256), 0.0, 5),
    "256-128-64": ((256, 128, 64), 0.0, 6),
    "300-200-100": ((300, 200, 100), 0.0, 5),
    "300-200-100 dropout 0.1": ((300, 200, 100), 0.1, 5),
    "400x3": ((400, 400, 400), 0.0, 4),
    "512-256-128": ((512, 256, 128), 0.0, 4),
}
"""Hidden widths, dropout rate and epochs of ReLU networks, trained by Adam at 0.001 in minibatches of 100."""
PROGRAM = """# notebook: 3_deep_network
# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        hidden = X
        for width in {widths}:
            hidden, _ = fully_connected_layer(hidden, width, activation=tf.nn.relu)
            hidden = tf.nn.dropout(hidden, rate=tf.where(training, {drop}, 0.0))
        logits, _ = fully_connected_layer(hidden, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, training=training, logits=logits, prediction=tf.nn.softmax(logits),
                           loss=loss, train_op=train_op, accuracy=accuracy)
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range({epochs}):
        for rows in np.random.permutation(len(x_train)).reshape(-1, 100):
            sess.run(net.train_op, {{net.X: x_train[rows], net.Y: y_train_1_hot[rows], net.training: True}})
        acc_trn.append(sess.run(net.accuracy, {{net.X: x_train, net.Y: y_train_1_hot}}))
        acc_val.append(sess.run(net.accuracy, {{net.X: x_test, net.Y: y_test_1_hot}}))
    return net, sess, acc_trn, acc_val


net, sess, acc_trn, acc_val = deep_training()
# %% markdown what_helped
# | One width was tried.
"""


def main() -> None:
    """Run all gradings without a row, each network once before any a second time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    done = {(row["network"], int(row["grading"])) for row in rows_of(FILE)}
    for grading in range(1, times + 1):
        for network, (widths, drop, epochs) in NETWORKS.items():
            if (network, grading) not in done:
                found = graded(PROGRAM.format(widths=widths, drop=drop, epochs=epochs), "--anew")
                marks = (found["score"], found["max_score"], found["measured"]["test_accuracy"])
                append_row(FILE, FIELDS, dict(zip(FIELDS, (network, grading, *marks, measured_commit()), strict=True)))


if __name__ == "__main__":
    main()
