"""Public checks of notebook 3: check("…") runs them in your notebook, and grading reruns them."""

from netgrader.checks import grades
from netgrader.judges.accuracy import recomputed, require_learned, require_own, require_target, require_values
from netgrader.judges.reported_accuracy import require_curves
from netgrader.judges.structure import (
    note_parts,
    note_reduction,
    note_switches,
    require_evaluable,
    require_graph,
    require_loss,
    require_optimizer,
    require_role,
    require_share,
    require_step,
)
from netgrader.judges.training import require_training
from netgrader.judges.training_remarks import note_training

NETWORK = "check_deep_network"
TRAINING = "check_deep_training"
ACCURACY = "check_deep_accuracy"


# ---- deep_network --------------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_images_to_classes(network):  # the fixture fails the test if they do not
    """Trained layers lead from the 784 pixels of an image to ten logits"""


@grades(
    NETWORK,
    credit=2,
    faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"),
)
def test_network_has_all_its_parts(bench, cell_evidence, network, refuse, remark):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    require_step(cell_evidence.graph("net"), network)
    refuse(network)
    if bench.quick:
        note_parts(cell_evidence.graph("net"), remark)
        require_evaluable(bench.lab, cell_evidence.graph("net"), network)


@grades(NETWORK, credit=6, faults=("too-few-layers", "layer-not-connected"))
def test_network_has_three_trained_layers(network, refuse):
    """Three or more trained layers follow one another between the images and the loss"""
    refuse(network)


@grades(
    NETWORK,
    credit=6,
    faults=("missing-activation", "softmax-in-hidden-layer", "relu-on-logits", "logits-are-probabilities"),
)
def test_a_nonlinearity_stands_between_the_layers(network, refuse):
    """There is a nonlinearity between the layers, and none after the last one"""
    refuse(network)


@grades(
    NETWORK,
    credit=6,
    faults=(
        "softmax-before-loss",
        "sigmoid-before-loss",
        "loss-over-wrong-axis",
        "labels-logits-swapped",
        "labels-not-one-hot",
        "unclipped-log",
        "loss-not-mean",
    ),
)
def test_the_loss_compares_logits_with_labels(network, refuse, remark):
    """There is a loss, and it compares the logits with the labels"""
    refuse(network)
    require_loss(network)
    note_reduction(network, remark)


@grades(NETWORK, credit=6, faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"))
def test_training_lowers_the_loss(network, refuse):
    """A training step lowers the loss and changes all layers"""
    refuse(network)
    require_optimizer(network)


@grades(NETWORK, credit=2, faults=("prediction-wrong", "prediction-uses-labels"))
def test_prediction_is_the_strongest_class(network, refuse):
    """The prediction is the class with the largest logit"""
    refuse(network)
    require_role(network, "prediction")


@grades(
    NETWORK,
    credit=4,
    faults=(
        "accuracy-over-wrong-axis",
        "accuracy-without-argmax",
        "accuracy-not-mean",
        "accuracy-wrong",
        "evaluated-on-part",
    ),
)
def test_accuracy_is_the_share_of_right_predictions(bench, cell_evidence, network, refuse):
    """The accuracy is the fraction of images whose digit is predicted correctly"""
    refuse(network)
    require_role(network, "accuracy")
    require_share(bench.lab, cell_evidence.graph("net"), network, free=True)


@grades(
    NETWORK,
    credit=6,
    faults=("dropout-at-evaluation", "batchnorm-not-updated", "keep-rate-swapped", "rows-mixed", "fixed-batch-size"),
)
def test_evaluation_is_the_same_each_time(network, refuse):
    """Evaluation gives the same answer each time, for each image by itself"""
    refuse(network)


@grades(NETWORK, credit=4)
def test_the_whole_is_what_was_asked_for(network, refuse_others):
    """Nothing else is wrong with the network, at any learning rate"""
    refuse_others(network)


# ---- deep_training -------------------------------------------------------------------------------------------------


@grades(
    TRAINING,
    credit=1,
    faults=(
        "train-op-not-run",
        "accuracy-too-low",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "learning-rate-diverges",
        "answers-looked-up",
        "trained-on-test",
        "prediction-uses-labels",
        "weights-not-trained-here",
        "evaluated-in-fresh-session",
        "missing-tensor",
        "dead-units",
        "large-batch",
    ),
)
def test_the_network_is_trained(bench, cell_evidence, remark):
    """The network in the session is trained: it recognizes test images"""
    require_values(cell_evidence)
    if bench.quick:
        note_switches(cell_evidence.graph("net"), remark)
    note_training(bench, TRAINING, remark)
    require_training(bench, TRAINING)


@grades(
    TRAINING,
    credit=1,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
)
def test_the_reported_accuracies_are_true(bench, remark):
    """The reported accuracies match the measured ones"""
    require_curves(bench, TRAINING, remark)


# ---- the accuracy --------------------------------------------------------------------------------------------------


@grades(
    ACCURACY,
    credit=1,
    faults=(
        "target-missed",
        "train-op-not-run",
        "answers-looked-up",
        "trained-on-test",
        "prediction-uses-labels",
        "weights-not-trained-here",
        "evaluated-in-fresh-session",
        "missing-tensor",
    ),
)
def test_the_network_reaches_the_target(bench, cell_evidence, remark):
    """The test accuracy is over 98.5 %"""
    require_values(cell_evidence)
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("deep_accuracy")
    require_learned(result)
    require_own(result, bench.untrained(ACCURACY))
    line = {name: terms[name] for name in ("target", "full", "none")}
    require_target(result.counted, **line, remark=remark if bench.quick else None)
