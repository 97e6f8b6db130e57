"""How learning rates are judged: short runs of four optimizers on one, two and three layers, from many seeds.

Each run appends a row to ``evaluation/rates.csv`` with the commit that was measured; runs that have a row are not repeated,
so the study grows over sessions: ``python -m evaluation.rates --seeds 10``. Rates lie a factor of three apart around one that is
known to be good, so that each has its third and its threefold among the others.
"""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.rows import append_row, measured_commit, rows_of
from netgrader.judges.learning_rate import RunImages, Runs, short_run
from netgrader.student import load_mnist

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.evidence import GraphEvidence
    from netgrader.judges.learning_rate import ShortRun

HERE = Path(__file__).parent
FILE = HERE / "rates.csv"
NETWORKS: Mapping[str, tuple[int, ...]] = {"10": (), "1500-10": (1500,), "512-512-512-10": (512, 512, 512)}
OPTIMIZERS: Mapping[str, Mapping[str, float]] = {
    # Rates that an expert would choose: the best of a sweep over one epoch, or close to it.
    "adam": {"10": 3e-3, "1500-10": 1e-3, "512-512-512-10": 1e-3},
    "sgd": {"10": 0.3, "1500-10": 0.3, "512-512-512-10": 0.2},
    "momentum": {"10": 0.03, "1500-10": 0.03, "512-512-512-10": 0.03},
    "rmsprop": {"10": 1e-3, "1500-10": 3e-4, "512-512-512-10": 3e-4},
}
POWERS = range(-4, 5)
"""Powers of three by which the good rate is multiplied."""
TEST_ROWS = 2_000


def rates_of(network: str, optimizer: str) -> tuple[float, ...]:
    """Return the rates to try, ascending, with the good one in the middle."""
    good = OPTIMIZERS[optimizer][network]
    return tuple(float(f"{good * 3.0**power:.6g}") for power in POWERS)


def graph_of(network: str, optimizer: str, rate: float) -> GraphEvidence:
    """Return a ReLU network with softmax cross-entropy, as a student would submit it."""
    import tensorflow.compat.v1 as tf

    from netgrader.student.graphs import export_graph

    make = {
        "adam": tf.train.AdamOptimizer,
        "sgd": tf.train.GradientDescentOptimizer,
        "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
        "rmsprop": tf.train.RMSPropOptimizer,
    }
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        h: Any = x
        for number, width in enumerate((*NETWORKS[network], 10)):
            shape, first = [int(h.shape[1]), width], tf.glorot_uniform_initializer()
            weights = tf.get_variable(f"W{number}", shape, initializer=first)
            h = (h if number == 0 else tf.nn.relu(h)) @ weights + tf.Variable(tf.zeros([width]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=h))
        step = make[optimizer](rate).minimize(loss)
        return export_graph({"graph": graph, "X": x, "Y": y, "logits": h, "loss": loss, "train_op": step})


def row_of(network: str, optimizer: str, rate: float, seed: int, run: ShortRun) -> dict[str, object]:
    """Return a run's row: smoothed loss and accuracy, early and at the end."""
    smooth, highest = run.smoothed, np.maximum.accumulate(run.losses)
    figures = {
        "first": run.losses[0],
        "loss_early": smooth[Runs.EARLY - 1],
        "highest_early": highest[Runs.EARLY - 1],
        "loss": smooth[-1],
        "highest": highest[-1],
        "accuracy_early": run.early,
        "accuracy": run.late,
    }
    told = {name: f"{value:.6g}" for name, value in figures.items()}
    return {"network": network, "optimizer": optimizer, "rate": rate, "seed": seed, **told}


def main() -> None:
    """Run all combinations without a row, seed by seed, so that they all get equally many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from graphread.lab.local import LocalLab

    (x_train, y_train), (x_test, y_test) = load_mnist(HERE.parent / "data" / "mnist.npz")
    train = x_train[: 64 * Runs.STEPS].reshape(-1, 784).astype(np.float32) / 255, y_train[: 64 * Runs.STEPS]
    test = x_test[:TEST_ROWS].reshape(-1, 784).astype(np.float32) / 255, y_test[:TEST_ROWS]
    commit = measured_commit()
    done = {(row["network"], row["optimizer"], float(row["rate"]), int(row["seed"])) for row in rows_of(FILE)}
    for seed in range(1, options.seeds + 1):
        for network, optimizer in itertools.product(NETWORKS, OPTIMIZERS):
            for rate in rates_of(network, optimizer):
                if (network, optimizer, rate, seed) in done:
                    continue
                lab, graph = LocalLab(threads=1), graph_of(network, optimizer, rate)
                run = short_run(lab, graph, rate, RunImages(train, test, 10), seed=seed)
                lab.close()
                row = {**row_of(network, optimizer, rate, seed, run), "commit": commit}
                append_row(FILE, row, row)


if __name__ == "__main__":
    main()
