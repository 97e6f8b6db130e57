"""Public checks. They run in your notebook when you call check("…"), and again when it is graded."""

from netgrader.checks import grades
from netgrader.judges.accuracy import recomputed, require_learned, require_own, require_target, require_values
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.structure import require_graph, require_loss, require_optimizer
from netgrader.judges.training import require_training
from netgrader.judges.training_remarks import note_training

DATA, NETWORK, TRAINING, ERROR = "check_prepare_data", "check_network", "check_training", "check_error"
HONEST = (
    "train-op-not-run",
    "answers-looked-up",
    "trained-on-test",
    "prediction-uses-labels",
    "weights-not-trained-here",
)
SCALES = ("not-scaled", "scaled-on-one-side", "scaled-twice", "integer-division", "wrong-range")
SHAPES = ("wrong-shape", "not-floating-point", "wrong-order", "rows-mixed")
TARGETS = ("labels-shifted", "labels-shuffled-apart", "labels-wrong")

# ---- prepare_data --------------------------------------------------------------------------------------------------


@grades(DATA, faults=(*SCALES, *SHAPES, *TARGETS))
def test_training_rows_are_prepared(bench):
    """x_train holds the training rows, a row each, scaled as asked, and y_train their targets"""
    require_images(bench, "train")
    require_labels(bench, "train")


# ---- network -------------------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_features_to_a_number(network):  # which ends the test unless they do
    """Trained layers lead from the features of a row to one number"""


@grades(NETWORK, faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"))
def test_network_has_all_its_parts(cell_evidence, network, refuse):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    refuse(network)


@grades(NETWORK, credit=2, faults=("too-few-layers", "layer-not-connected"))
def test_network_has_enough_trained_layers(network, refuse):
    """At least two trained layers follow one another between the features and the loss"""
    refuse(network)


@grades(NETWORK, credit=2, faults=("missing-activation", "layer-not-connected", "softmax-in-hidden-layer"))
def test_a_nonlinearity_stands_between_the_layers(network, refuse):
    """There is a nonlinearity between the layers"""
    refuse(network)


@grades(
    NETWORK,
    credit=3,
    faults=("broadcast-in-loss", "classification-loss", "differences-cancel"),
)
def test_the_loss_is_an_error_of_each_prediction(network, refuse):
    """There is a loss, and it measures how far each prediction is from its own target"""
    refuse(network)
    require_loss(network)


@grades(NETWORK, credit=3, faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"))
def test_training_lowers_the_loss(network, refuse):
    """A training step lowers the loss and changes all layers"""
    refuse(network)
    require_optimizer(network)


# ---- training ------------------------------------------------------------------------------------------------------


@grades(TRAINING, faults=(*HONEST, "accuracy-too-low"))
def test_the_network_is_trained(bench, remark):
    """The network in the session is trained: it comes near the test targets"""
    note_training(bench, TRAINING, remark)
    require_training(bench, TRAINING)


# ---- error ---------------------------------------------------------------------------------------------------------


@grades(ERROR, faults=(*HONEST, "target-missed"))
def test_the_network_reaches_the_target(bench, cell_evidence):
    """The mean absolute error on the test rows is at most 7 €"""
    require_values(cell_evidence)
    result, terms = recomputed(bench, ERROR), bench.exercises.table("error")
    require_learned(result)
    require_own(result, bench.untrained(ERROR))
    line = {key: terms[key] for key in ("target", "full", "none")}
    require_target(result.counted, **line, measure=result.measure)
