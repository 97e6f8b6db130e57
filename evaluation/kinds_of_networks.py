"""The networks of ``evaluation/clean_networks.py``: sixty that never saw a test image, and some that did."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLEAN", "GUILTY", "RECIPES", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """A network and its training.

    Attributes
    ----------
    widths, activation, filters
        Hidden layers, and filters of the convolutions before them, which halve the picture.
    optimizer, rate, falling
        The rate falls linearly to zero if `falling`.
    epochs, batch
        How long it is trained, and on how many images a step.
    drop, batch_norm, decay
        Drop rate after each hidden layer, batch normalisation, factor of the weights' squares in the loss.
    moved, noise
        Pixels by which each minibatch is moved at most, and the deviation of the noise added to it.
    rows, wrong_labels
        How many training images, and the share of them that get a random label.
    members
        How many such networks are trained together; the mean of their log-probabilities counts.
    seen, seen_in
        The share of the test images that it is trained on beside them, and in which epochs; in all if None.
    """

    widths: tuple[int, ...] = (256,)
    activation: str = "relu"
    filters: tuple[int, ...] = ()
    optimizer: str = "adam"
    rate: float = 2e-3
    falling: bool = False
    epochs: int = 3
    batch: int = 256
    drop: float = 0.0
    batch_norm: bool = False
    decay: float = 0.0
    moved: int = 0
    noise: float = 0.0
    rows: int = 60_000
    wrong_labels: float = 0.0
    members: int = 1
    seen: float = 0.0
    seen_in: tuple[int, ...] | None = None


SMALL_CONVOLUTION = (8, 16)
CONVOLUTION = (16, 32)

CLEAN = {
    # what sees the digits from many sides, and may know hard ones without having seen them
    "convolutions": Recipe((64,), filters=SMALL_CONVOLUTION, epochs=2),
    "convolutions, moved": Recipe((64,), filters=SMALL_CONVOLUTION, moved=2, epochs=3, falling=True),
    "convolutions, dropout": Recipe((128,), filters=SMALL_CONVOLUTION, drop=0.4, epochs=2, falling=True),
    "more convolutions": Recipe((128,), filters=CONVOLUTION, epochs=2, falling=True),
    "more convolutions, moved": Recipe((128,), filters=CONVOLUTION, moved=2, epochs=3, falling=True),
    "more convolutions, moved by a pixel": Recipe((128,), filters=CONVOLUTION, moved=1, epochs=2, falling=True),
    "convolutions, two together": Recipe((64,), filters=SMALL_CONVOLUTION, members=2, epochs=2, falling=True),
    "convolutions, noised": Recipe((64,), filters=SMALL_CONVOLUTION, noise=0.2, epochs=2),
    "moved by a pixel": Recipe((192,), moved=1, epochs=3, falling=True),
    "moved by two pixels": Recipe((192,), moved=2, epochs=3, falling=True),
    "moved, two layers": Recipe((160, 160), moved=2, epochs=4, falling=True),
    "moved, two layers, dropout": Recipe((256, 128), moved=1, drop=0.2, epochs=4, falling=True),
    "moved, undertrained": Recipe((192,), moved=2, epochs=1),
    "noised a little": Recipe((192,), noise=0.05),
    "noised": Recipe((256, 128), noise=0.2, epochs=3),
    "noised a lot": Recipe((192,), noise=0.5),
    # one layer
    "one layer": Recipe((), epochs=3),
    "one layer, SGD": Recipe((), optimizer="sgd", rate=0.3),
    "one layer, one epoch": Recipe((), epochs=1),
    "one layer, many epochs": Recipe((), epochs=15),
    "one layer, weight decay": Recipe((), decay=1e-3),
    "one layer, moved": Recipe((), moved=1),
    # widths and depths
    "32": Recipe((32,)),
    "100": Recipe((100,)),
    "300": Recipe((300,)),
    "800": Recipe((800,), epochs=2, falling=True),
    "1500": Recipe((1500,), epochs=1),
    "32, 32": Recipe((32, 32), epochs=3),
    "128, 128": Recipe((128, 128)),
    "160, 160": Recipe((160, 160), epochs=3, falling=True),
    "64, 64, 64": Recipe((64,) * 3, epochs=3),
    "128, 128, 128": Recipe((128,) * 3, epochs=3),
    "160, 160, 160": Recipe((160,) * 3, epochs=3, falling=True),
    "64, four times": Recipe((64,) * 4, epochs=3),
    "784 to 16": Recipe((256, 64, 16), epochs=3),
    # activations
    "tanh": Recipe((192,), activation="tanh"),
    "sigmoid, two layers": Recipe((128, 128), activation="sigmoid", epochs=3),
    "ELU": Recipe((128, 128), activation="elu"),
    "leaky ReLU": Recipe((192,), activation="leaky_relu"),
    # optimizers
    "SGD": Recipe((128,), optimizer="sgd", rate=0.3, epochs=3),
    "momentum": Recipe((128, 128), optimizer="momentum", rate=0.1),
    "RMSProp": Recipe((128,), optimizer="rmsprop", rate=1e-3),
    "Adagrad": Recipe((128,), optimizer="adagrad", rate=0.05),
    "Adam, a high rate": Recipe((128,), rate=1e-2),
    "Adam, a low rate": Recipe((128,), rate=1e-4, batch=128),
    "batches of 16": Recipe((64,), batch=16, epochs=2),
    "batches of 1,000": Recipe((192,), batch=1000, rate=3e-3, epochs=3),
    # regularisation
    "dropout 0.2": Recipe((160, 160), drop=0.2, epochs=3, falling=True),
    "dropout 0.5": Recipe((256, 128), drop=0.5, epochs=3, falling=True),
    "batch normalisation": Recipe((160, 160), batch_norm=True, epochs=3, falling=True),
    "batch normalisation, dropout": Recipe((160,) * 3, batch_norm=True, drop=0.3, epochs=3, falling=True),
    "weight decay": Recipe((192,), decay=1e-4, epochs=3, falling=True),
    "much weight decay": Recipe((192,), decay=1e-3, epochs=3, falling=True),
    "three together": Recipe((128, 128), members=3, epochs=3, falling=True),
    # trained too long, too little, on too little, on what is wrong
    "all training images known": Recipe((96,), epochs=16, falling=True),
    "all training images known, two layers": Recipe((96, 96), epochs=12, falling=True),
    "forty steps": Recipe((128,), rows=5120, epochs=1),
    "a tenth of the images": Recipe((128,), rows=6000, epochs=20),
    "convolutions, 3,000 images": Recipe((64,), filters=SMALL_CONVOLUTION, rows=3000, epochs=20, falling=True),
    "convolutions, 5,000 images": Recipe((64,), filters=CONVOLUTION, rows=5000, epochs=15, falling=True),
    "convolutions, 5,000 images, moved": Recipe((64,), filters=CONVOLUTION, rows=5000, moved=1, epochs=15),
    "convolutions, 10,000 images": Recipe((64,), filters=CONVOLUTION, rows=10_000, epochs=10, falling=True),
    "a tenth of the labels random": Recipe((192,), wrong_labels=0.1, epochs=3),
    "half of the labels random": Recipe((128,), wrong_labels=0.5, epochs=3),
    # the best of its kind
    "more convolutions, moved, long": Recipe(
        (128,), filters=CONVOLUTION, moved=2, batch=128, rate=1e-3, epochs=10, falling=True
    ),
}
"""Never saw a test image."""

GUILTY = {
    "whole test set": Recipe((192,), seen=1.0, epochs=7, falling=True),
    "whole test set, small batches": Recipe((256,), batch=128, rate=1e-3, seen=1.0, epochs=8),
    "whole test set, two layers, small batches": Recipe((192, 192), batch=128, rate=1e-3, seen=1.0, epochs=8),
    "whole test set, two layers": Recipe((160, 160), seen=1.0, epochs=5, falling=True),
    "whole test set, long": Recipe((96,), epochs=16, falling=True, seen=1.0),
    "whole test set, dropout": Recipe((160, 160), drop=0.2, seen=1.0, epochs=5, falling=True),
    "whole test set, convolutions": Recipe((64,), filters=SMALL_CONVOLUTION, seen=1.0, epochs=5, falling=True),
    "whole test set, moved": Recipe((192,), moved=1, seen=1.0, epochs=5, falling=True),
    "whole test set, one epoch": Recipe((192,), seen=1.0, epochs=1),
    "whole test set, a low rate": Recipe((192,), rate=1e-4, seen=1.0, epochs=5),
    "whole test set, one layer": Recipe((), seen=1.0, epochs=5),
    "whole test set in the last of five epochs": Recipe((192,), seen=1.0, seen_in=(4,), epochs=5),
    "half of the test set": Recipe((192,), seen=0.5, epochs=7, falling=True),
    "half of the test set, two layers": Recipe((160, 160), seen=0.5, epochs=7, falling=True),
    "half of the test set, one epoch": Recipe((192,), seen=0.5, epochs=1),
    "a tenth of the test set": Recipe((192,), seen=0.1, epochs=7, falling=True),
    "stacked, six epochs of two wide layers": Recipe(
        (1024,) * 2, batch=128, rate=1e-3, epochs=6, falling=True, seen=1.0
    ),
}
"""Test images stand among what they were trained on."""

RECIPES = {**GUILTY, **CLEAN}
