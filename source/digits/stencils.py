"""The stencils of notebook 1 during training: the weights of one layer after some steps."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.student import show_figure, skipped_in_grading

__all__ = ["watch_stencils"]

STEPS = (0, 10, 50, 100, 300)  # training steps after which the weights are recorded, as after the last one


@skipped_in_grading
def watch_stencils(build, train, images, digits):
    """Train a new one-layer network for one epoch, and show its weights after some of the steps.

    Parameters
    ----------
    build
        A function that returns the network, with the parts ``graph, X, logits, train_op, W1``.
    train
        A function that trains it: ``train(sess, net, n_epochs)``.
    images, digits
        Test images and their digits, for the accuracy next to each row.
    """
    net = build()
    if net.W1.shape != (784, 10):
        raise ValueError(
            f"W1 must have the shape (784, 10), a column of weights for each neuron, and has {net.W1.shape}"
        )
    kept = {}

    class Watched(tf.Session):
        """A session that records the weights before some of its training steps, and when it is closed."""

        steps = 0

        def run(self, fetches, *arguments, **named):
            trains = any(one is net.train_op for one in tf.nest.flatten(fetches))
            if trains and self.steps in STEPS:
                self.keep()
            self.steps += trains
            return super().run(fetches, *arguments, **named)

        def keep(self):
            weights, logits = super().run([net.W1, net.logits], {net.X: images})
            kept[self.steps] = weights, np.mean(logits.argmax(axis=1) == digits)

        def close(self):
            if self.steps not in kept:
                self.keep()
            super().close()

    session = Watched(graph=net.graph)
    print("A new network is trained for one epoch.")
    train(session, net, 1)
    session.close()
    _draw({f"step {step}:\n{100 * right:.0f} % correct": weights for step, (weights, right) in kept.items()})


def _draw(rows):
    """Draw weights of shape (784, 10) as rows of ten pictures, each row with a title."""
    strongest = np.quantile(np.abs([*rows.values()][-1]), 0.95)  # a few weights are larger; they get the darkest color
    figure, axes = plt.subplots(
        len(rows), 10, figsize=(11, 1.15 * len(rows) + 0.3), squeeze=False, layout="constrained"
    )
    for panels, (title, weights) in zip(axes, rows.items(), strict=True):
        for digit, panel in enumerate(panels):
            panel.imshow(weights[:, digit].reshape(28, 28), cmap="RdBu", vmin=-strongest, vmax=strongest)
            panel.set(xticks=[], yticks=[])
        panels[0].set_ylabel(title, rotation=0, ha="right", va="center")
    for digit, panel in enumerate(axes[0]):
        panel.set_title(digit)
    said = "; ".join(title.replace("\n", " ") for title in rows)
    show_figure(
        figure,
        alt=f"The weights of the ten neurons as pictures, blue for positive, red for negative, a row for each of: {said}.",
    )
