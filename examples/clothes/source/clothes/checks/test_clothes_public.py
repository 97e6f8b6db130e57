"""Public checks. They run in your notebook when you call check("…"), and again when it is graded."""

import numpy as np

from graphread import LabError
from netgrader.checks import Failed, fail, fault, grades, ungradable
from netgrader.judges.accuracy import recomputed, require_learned, require_own, require_target, require_values
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.structure import require_feedable, require_graph, require_loss, require_optimizer
from netgrader.judges.sweep_runs import require_trained
from netgrader.judges.sweeps import require_best, require_chosen, require_grid, student_sweep
from netgrader.judges.training import require_training
from netgrader.judges.training_remarks import note_training

DATA, NETWORK, SWEEP = "check_prepare_data", "check_convolutional_network", "check_dropout_sweep"
TRAINING, ACCURACY = "check_training", "check_accuracy"
HONEST = (
    "train-op-not-run",
    "answers-looked-up",
    "trained-on-test",
    "prediction-uses-labels",
    "weights-not-trained-here",
)
RATES = ("learning-rate-too-low", "learning-rate-too-high", "learning-rate-diverges")
SCALES = ("not-scaled", "scaled-on-one-side", "scaled-twice", "integer-division", "wrong-range")
SHAPES = ("wrong-shape", "not-floating-point", "wrong-order", "rows-mixed")
LABELS = ("labels-not-one-hot", "labels-off-by-one", "labels-shifted", "labels-shuffled-apart", "labels-wrong")

# ---- prepare_data --------------------------------------------------------------------------------------------------


@grades(DATA, faults=(*SCALES, *SHAPES))
def test_training_images_are_prepared(bench):
    """x_train holds the training images, one per row, as floating-point numbers from 0 to 1"""
    require_images(bench, "train")


@grades(DATA, faults=(*LABELS, "wrong-shape", "not-floating-point"))
def test_training_labels_are_one_hot(bench):
    """y_train_1_hot holds the labels of the training images, one-hot"""
    require_labels(bench, "train")


# ---- convolutional_network -----------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_images_to_classes(network):  # which ends the test unless they do
    """Trained layers lead from the pixels of an image to a logit for each class"""


@grades(NETWORK, faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"))
def test_network_has_all_its_parts(bench, cell_evidence, network, refuse):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    refuse(network)
    require_feedable(bench.lab, cell_evidence.graph("net"), network)


@grades(NETWORK, credit=2, faults=("too-few-layers", "layer-not-connected"))
def test_network_has_enough_trained_layers(network, refuse):
    """At least three trained layers follow one another between the images and the loss, including two convolutions"""
    refuse(network)


@grades(
    NETWORK,
    credit=2,
    faults=(
        "missing-activation",
        "layer-not-connected",
        "softmax-in-hidden-layer",
        "relu-on-logits",
        "logits-are-probabilities",
    ),
)
def test_a_nonlinearity_stands_between_the_layers(network, refuse):
    """There is a nonlinearity between the layers, and none after the last one"""
    refuse(network)


@grades(NETWORK, credit=2, faults=("image-torn",))
def test_the_convolution_gets_images(network, refuse):
    """The first convolution gets the images as they are: pixels that are neighbours in them are neighbours there"""
    refuse(network)


BATCHES = {"fixed-batch-size", "rows-mixed"}
"""Faults that another test names, and with which nothing can be told of single images."""


def require_single_images(network, codes):
    """End the test, which then neither earns nor costs anything, where one of these faults hides what it looks for."""
    for code in sorted(network.codes & codes):
        raise Failed([fault("This cannot be seen before the mistake that it follows from is fixed.")], follows=code)


def logits_of(lab, graph, network, images, feed=None):
    """Return the logits (n, 10) that a network with fresh weights makes of images (n, 784), whatever they are called."""
    session = lab.load(graph.meta_graph).session(seed=1)
    try:
        rows, logits = (graph.parts.get(part) or network.roles[part].name for part in ("X", "logits"))
        session.initialise()
        (found,) = session.run([logits], {rows: images, **graph.eval_feed, **(feed or {})})
    except (LabError, KeyError):
        ungradable("The logits could not be computed; your instructor will look at it.")
    finally:
        session.close()
    return found


@grades(NETWORK, credit=3, faults=("image-lost",))
def test_no_part_of_the_image_is_lost(lab, network, cell_evidence):
    """Each pixel of a garment can change the answer"""
    require_single_images(network, BATCHES)
    graph = cell_evidence.graph("net")
    papers = np.random.default_rng(3).uniform(size=(3, 784))
    places = [28 * row + column for row in range(6, 22) for column in range(6, 22)]
    images = np.repeat(papers[:, None], 1 + len(places), axis=1)
    images[:, np.arange(len(places)) + 1, places] += 20.0  # far from any threshold
    logits = logits_of(lab, graph, network, images.reshape(-1, 784)).reshape(3, 1 + len(places), -1)
    seen = (np.abs(logits[:, 1:] - logits[:, :1]).max(axis=2) > 0).any(axis=0)
    if seen.any() and seen.mean() < 0.95:  # where nothing reaches them, weights are zero, and another test says so
        fail("image-lost", found=f"{np.mean(~seen):.0%} of the pixels change nothing", expected="none")


@grades(NETWORK, credit=2, faults=("dropout-on-logits",))
def test_no_logit_is_dropped(lab, network, cell_evidence):
    """Dropout stands between layers, and no logit is set to zero"""
    require_single_images(network, {*BATCHES, "relu-on-logits"})  # a ReLU makes zeros of its own
    graph, feed = cell_evidence.graph("dropping"), cell_evidence.fact("train_feed")
    images = np.random.default_rng(4).uniform(size=(200, 784))
    evaluated, logits = logits_of(lab, graph, network, images), logits_of(lab, graph, network, images, feed)
    dropped = np.mean(logits[evaluated != 0] == 0) if evaluated.any() else 0.0
    if dropped > 0.02:
        fail("dropout-on-logits", found=f"{dropped:.0%} of the logits are 0 in training", expected="none")


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
)
def test_the_loss_compares_logits_with_labels(network, refuse):
    """There is a loss, and it compares the logits with the labels"""
    refuse(network)
    require_loss(network)


@grades(NETWORK, credit=3, faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"))
def test_training_lowers_the_loss(network, refuse):
    """A training step lowers the loss and changes all layers"""
    refuse(network)
    require_optimizer(network)


# ---- dropout_sweep -------------------------------------------------------------------------------------------------


@grades(SWEEP, faults=("sweep-too-narrow",))
def test_the_sweep_is_wide(bench):
    """The sweep has four values or more, which lie 0.5 apart or more"""
    require_trained(bench)
    require_grid(student_sweep(bench))


@grades(SWEEP, faults=("best-not-from-sweep",))
def test_the_best_value_is_the_sweeps(bench):
    """The best value is the one with the highest accuracy of the sweep"""
    require_trained(bench)
    require_chosen(bench)
    require_best(student_sweep(bench))


# ---- training ------------------------------------------------------------------------------------------------------


@grades(TRAINING, faults=(*HONEST, *RATES, "accuracy-too-low"))
def test_the_network_is_trained(bench, remark):
    """The network in the session is trained: it recognises test images"""
    note_training(bench, TRAINING, remark)
    require_training(bench, TRAINING)


# ---- accuracy ------------------------------------------------------------------------------------------------------


@grades(ACCURACY, faults=(*HONEST, "target-missed"))
def test_the_network_reaches_the_target(bench, cell_evidence):
    """The test accuracy is over 93.0 %"""
    require_values(cell_evidence)
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("accuracy")
    require_learned(result)
    require_own(result, bench.untrained(ACCURACY))
    require_target(result.counted, target=terms["target"], full=terms["full"], none=terms["none"])
