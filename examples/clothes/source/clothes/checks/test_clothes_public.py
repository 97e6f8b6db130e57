"""Public checks. They run in your notebook when you call check("…"), and again when it is graded."""

import numpy as np

from netgrader.checks import fail, grades
from netgrader.judges.accuracy import (
    least_accuracy,
    recomputed,
    require_learned,
    require_own,
    require_target,
    require_trained,
    require_values,
)
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.structure import require_graph, require_layers, require_optimizer
from netgrader.judges.sweep_grid import require_best, require_chosen, require_grid
from netgrader.judges.sweeps import student_sweep
from netgrader.reader import LabError

DATA, NETWORK, SWEEP = "check_prepare_data", "check_convolutional_network", "check_dropout_sweep"
TRAINING, ACCURACY = "check_training", "check_accuracy"
BASIS = ("test_layers_lead_from_images_to_classes",)
HONEST = (
    "train-op-not-run",
    "answers-looked-up",
    "trained-on-test",
    "prediction-uses-labels",
    "weights-not-trained-here",
)
SCALES = ("not-scaled", "scaled-on-one-side", "scaled-twice", "integer-division", "wrong-range")
SHAPES = ("wrong-shape", "not-floating-point", "wrong-order", "rows-mixed")
LABELS = ("labels-not-one-hot", "labels-off-by-one", "labels-shifted", "labels-shuffled-apart", "labels-wrong")

# ---- prepare_data --------------------------------------------------------------------------------------------------


@grades(DATA, faults=(*SCALES, *SHAPES))
def test_training_images_are_prepared(bench):
    """x_train holds the training images, a row each, as floating-point numbers from 0 to 1"""
    require_images(bench, "train")


@grades(DATA, faults=(*LABELS, "wrong-shape", "not-floating-point"))
def test_training_labels_are_one_hot(bench):
    """y_train_1_hot holds the labels of the training images, one-hot"""
    require_labels(bench, "train")


# ---- convolutional_network -----------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_images_to_classes(network):
    """Trained layers lead from the pixels of an image to a logit for each class"""
    require_layers(network)


@grades(
    NETWORK, faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"), requires=BASIS
)
def test_network_has_all_its_parts(cell_evidence, network, refuse):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    refuse(network)


@grades(NETWORK, credit=2, faults=("too-few-layers",), requires=BASIS)
def test_network_has_enough_trained_layers(network, refuse):
    """At least three trained layers stand one after the other between the images and the loss"""
    refuse(network)


@grades(
    NETWORK,
    credit=2,
    faults=("missing-activation", "softmax-in-hidden-layer", "relu-on-logits", "logits-are-probabilities"),
    requires=BASIS,
)
def test_a_nonlinearity_stands_between_the_layers(network, refuse):
    """A nonlinearity stands between the layers, and none after the last one"""
    refuse(network)


TOUCHED = ((8, 19), (19, 8), (14, 14), (20, 21))
"""Pixels that are changed, row and column; each far enough from where it would lie if rows and columns were exchanged."""


def maps_of(lab, graph, images):
    """Return what the network makes of images (n, 784) in its first convolution, (n, height, width, channels)."""
    if "features" not in graph.parts:
        fail("missing-tensor", found="no attribute features that is a tensor", expected="net.features")
    session = lab.load(graph.meta_graph).session(seed=1)
    try:
        session.initialise()
        (maps,) = session.run([graph.parts["features"]], {graph.parts["X"]: images, **graph.eval_feed})
    except LabError as error:
        fail(
            "missing-tensor",
            found=f"features that cannot be computed from X ({error.sentence})",
            expected="net.features",
        )
    finally:
        session.close()
    if maps.ndim != 4 or len(maps) != len(images):
        fail("wrong-shape", found=f"features of shape {maps.shape}", expected="(n, height, width, channels)")
    return maps


@grades(NETWORK, credit=3, faults=("image-torn", "no-convolution", "missing-tensor", "wrong-shape"), requires=BASIS)
def test_the_maps_lie_over_the_image(lab, network, cell_evidence):
    """The maps of the first convolution lie over the image: a pixel changes them where it is, and nowhere else"""
    if network.codes & {"fixed-batch-size", "rows-mixed"}:
        return  # another test names it, and of single images nothing can be told
    paper = np.random.default_rng(1).uniform(size=(1, 28, 28))
    images = np.repeat(paper, 1 + len(TOUCHED), axis=0)
    for image, (row, column) in zip(images[1:], TOUCHED):
        image[row, column] = 20.0
    maps = maps_of(lab, cell_evidence.graph("net"), images.reshape(len(images), 784))
    changed = np.abs(maps[1:] - maps[:1]).sum(axis=3)  # (4, height, width)
    height, width = changed.shape[1:]
    for one, (row, column) in zip(changed, TOUCHED):
        rows, columns = np.nonzero(one > 1e-6 * max(one.max(), 1e-6))
        if not len(rows):
            continue  # a stride passes over it, or no unit of this draw of weights is on
        place = f"row {row + 1} and column {column + 1} of 28"
        if len(rows) > 0.6 * height * width:
            fail(
                "no-convolution",
                found=f"a change at {len(rows)} of {height * width} places",
                expected=f"one around {place}",
            )
        found = f"row {rows.mean() + 1:.0f} of {height} and column {columns.mean() + 1:.0f} of {width}"
        # A window may be large, and without padding a map begins where the middle of the first window lies.
        off = max(abs(rows.mean() / height - row / 28), abs(columns.mean() / width - column / 28))
        if off > 0.2 or len(rows) > height * width / 3:
            fail("image-torn", found=f"a change at {len(rows)} places around {found}", expected=f"one around {place}")


@grades(
    NETWORK,
    credit=3,
    faults=(
        "softmax-before-loss",
        "sigmoid-before-loss",
        "loss-over-wrong-axis",
        "labels-logits-swapped",
        "labels-not-one-hot",
        "unclipped-log",
    ),
    requires=BASIS,
)
def test_the_loss_compares_logits_with_labels(network, refuse):
    """There is a loss, and it compares the logits with the labels"""
    refuse(network)
    if network.loss is None:
        fail("missing-tensor", found="no loss", expected="a loss")


@grades(NETWORK, credit=3, faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"), requires=BASIS)
def test_training_lowers_the_loss(network, refuse):
    """A training step lowers the loss, and reaches all layers"""
    refuse(network)
    require_optimizer(network, decided=False)


# ---- dropout_sweep -------------------------------------------------------------------------------------------------


@grades(SWEEP, faults=("sweep-too-narrow",))
def test_the_sweep_is_wide(bench):
    """The sweep has four values or more, which lie 0.5 apart or more"""
    require_grid(student_sweep(bench))


@grades(SWEEP, faults=("best-not-from-sweep",))
def test_the_best_value_is_the_sweeps(bench):
    """The best value is the one with the highest accuracy of the sweep"""
    require_chosen(bench)
    require_best(student_sweep(bench))


# ---- training ------------------------------------------------------------------------------------------------------


@grades(TRAINING, faults=(*HONEST, "accuracy-too-low"), forgives=(NETWORK,))
def test_the_network_is_trained(bench, cell_evidence):
    """The network in the session is trained: it recognises test images"""
    require_values(cell_evidence)
    result = recomputed(bench, TRAINING)
    require_learned(result)
    require_own(cell_evidence.graph("net"), result)
    require_trained(bench.lab, cell_evidence.graph("net"), result, least_accuracy(bench, TRAINING, NETWORK))


# ---- accuracy ------------------------------------------------------------------------------------------------------


@grades(ACCURACY, faults=(*HONEST, "target-missed"))
def test_the_network_reaches_the_target(bench, cell_evidence):
    """The test accuracy is over 93.0 %"""
    require_values(cell_evidence)
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("accuracy")
    require_learned(result)
    require_own(cell_evidence.graph("net"), result)
    require_target(result.counted, target=terms["target"], full=terms["full"], none=terms["none"])
