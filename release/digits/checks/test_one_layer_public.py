"""Public checks of notebook 1: check("…") runs them in your notebook, and grading reruns them."""

from netgrader.checks import Severity, Text, grades
from netgrader.judges.arrays import note_levels, require_images, require_labels
from netgrader.judges.aspects import Aspect
from netgrader.judges.dense import (
    note_shape,
    require_activation,
    require_bias,
    require_glorot_uniform,
    require_linear,
    require_own_weights,
    require_weights_used,
    require_zero_bias,
    try_case,
)
from netgrader.judges.structure import (
    note_form,
    note_parts,
    note_reduction,
    require_alike,
    require_feedable,
    require_graph,
    require_loss,
    require_optimizer,
    require_probabilities,
    require_rate,
    require_role,
    require_share,
    require_step,
    require_weights,
)
from netgrader.judges.training_loop import require_trained, show_training

DATA = "check_prepare_data"
LAYER = "check_fully_connected_layer"
NETWORK = "check_one_layer_network"
TRAIN = "check_train"


# ---- prepare_data --------------------------------------------------------------------------------------------------


@grades(
    DATA,
    credit=1,
    faults=(
        "not-scaled",
        "scaled-on-one-side",
        "scaled-twice",
        "integer-division",
        "wrong-range",
        "wrong-shape",
        "not-floating-point",
        "wrong-order",
        "rows-mixed",
    ),
)
def test_training_images_are_prepared(bench, remark):
    """x_train holds the training images, one per row, as floating-point numbers from 0 to 1"""
    require_images(bench, "train")
    note_levels(bench, "train", remark)


@grades(
    DATA,
    credit=1,
    faults=(
        "labels-not-one-hot",
        "labels-off-by-one",
        "labels-shifted",
        "labels-shuffled-apart",
        "labels-wrong",
        "wrong-shape",
        "not-floating-point",
    ),
)
def test_training_labels_are_one_hot(bench):
    """y_train_1_hot holds the labels of the training images, one-hot"""
    require_labels(bench, "train")


@grades(
    DATA,
    credit=1,
    faults=(
        "not-scaled",
        "scaled-on-one-side",
        "scaled-twice",
        "integer-division",
        "wrong-range",
        "wrong-shape",
        "not-floating-point",
        "wrong-order",
        "rows-mixed",
    ),
)
def test_test_images_are_prepared_alike(bench):
    """x_test holds the test images, prepared like the training images"""
    require_images(bench, "test")


@grades(
    DATA,
    credit=1,
    faults=(
        "labels-not-one-hot",
        "labels-off-by-one",
        "labels-shifted",
        "labels-shuffled-apart",
        "labels-wrong",
        "wrong-shape",
        "not-floating-point",
    ),
)
def test_test_labels_are_one_hot(bench):
    """y_test_1_hot holds the labels of the test images, one-hot"""
    require_labels(bench, "test")


# ---- fully_connected_layer -----------------------------------------------------------------------------------------


@grades(LAYER, credit=2, faults=("wrong-return", "wrong-width", "layers-not-trained"))
def test_layer_uses_the_weights_it_returns(bench, remark):
    """The layer multiplies its input by the weights W that it returns"""
    require_weights_used(try_case(bench, 0))
    note_shape(try_case(bench, 0), remark)


@grades(LAYER, credit=1, faults=("wrong-activation",))
def test_layer_is_linear_without_activation(bench):
    """Without an activation the layer computes x·W + b and nothing more"""
    require_linear(try_case(bench, 0))


@grades(LAYER, credit=2, faults=("wrong-activation", "wrong-return"))
def test_layer_applies_the_activation(bench):
    """The given activation is applied to x·W + b"""
    require_activation(try_case(bench, 1))


@grades(LAYER, credit=2, faults=("missing-bias",))
def test_layer_has_a_bias_for_each_neuron(bench):
    """Each neuron has a bias of its own"""
    require_bias(try_case(bench, 0))


@grades(LAYER, credit=1, faults=("bias-not-zero",))
def test_bias_starts_at_zero(bench):
    """The bias starts at zero"""
    require_zero_bias(try_case(bench, 0))


@grades(
    LAYER,
    credit=2,
    faults=("wrong-initialisation", "zero-initialisation", "constant-initialisation", "huge-initialisation"),
)
def test_weights_start_glorot_uniform(bench):
    """The weights start uniformly distributed between ±√(6/(inputs + outputs))"""
    require_weights_used(try_case(bench, 0))
    require_glorot_uniform(try_case(bench, 0))


@grades(LAYER, credit=1, faults=("shared-weights",))
def test_each_layer_has_weights_of_its_own(bench, cell_evidence, remark):
    """Two layers with different names have weights of their own"""
    require_weights_used(try_case(bench, 0))
    if not require_own_weights(bench.lab, cell_evidence.graph("two layers")):
        remark(
            "shared-weights",
            found=Text("the same initial weights in two layers, because their initializers have the same seed"),
        )


# ---- one_layer_network ---------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_images_to_classes(network):  # the fixture fails the test if they do not
    """Trained layers lead from the 784 pixels of an image to ten logits"""


@grades(
    NETWORK,
    credit=1,
    faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"),
)
def test_network_has_all_its_parts(bench, cell_evidence, network, refuse, remark):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    require_step(cell_evidence.graph("net"), network)
    refuse(network)
    require_feedable(bench.lab, cell_evidence.graph("net"), network)
    if bench.quick:
        note_parts(cell_evidence.graph("net"), remark)


@grades(
    NETWORK,
    credit=4,
    faults=("too-many-layers", "too-few-layers", "wrong-width", "shared-weights", "built-twice", "unused-layer"),
)
def test_network_is_one_layer_of_ten_neurons(network, refuse):
    """The network is a single layer of ten neurons"""
    refuse(network)


@grades(
    NETWORK,
    credit=1,
    faults=("missing-bias",),
)
def test_neurons_have_a_bias(network, refuse):
    """The neurons have a bias"""
    refuse(network)


@grades(
    NETWORK,
    credit=4,
    faults=("relu-on-logits", "wrong-activation", "missing-activation", "logits-are-probabilities"),
)
def test_logits_are_linear(network, refuse):
    """The logits are what the layer computes, without an activation"""
    refuse(network)


@grades(
    NETWORK,
    credit=10,
    faults=(
        "softmax-before-loss",
        "sigmoid-before-loss",
        "mse-on-softmax",
        "mse-on-logits",
        "sigmoid-cross-entropy",
        "wrong-loss",
        "loss-over-wrong-axis",
        "labels-logits-swapped",
        "labels-not-one-hot",
        "labels-off-by-one",
        "loss-not-finite",
        "unclipped-log",
        "loss-not-mean",
    ),
)
def test_loss_is_cross_entropy_of_the_logits(network, refuse, remark):
    """The loss is the softmax cross-entropy of the logits"""
    refuse(network)
    require_loss(network)
    note_reduction(network, remark)
    note_form(network, remark)


@grades(
    NETWORK,
    credit=4,
    faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"),
)
def test_training_lowers_the_loss(network, refuse):
    """A training step changes the weights so that the loss falls"""
    refuse(network)
    require_optimizer(network)


@grades(NETWORK, credit=2, faults=("wrong-optimizer",))
def test_optimizer_is_adam(network, refuse):
    """The optimizer is Adam"""
    refuse(network)
    require_optimizer(network)


@grades(NETWORK, credit=4, faults=("learning-rate-not-as-stated",))
def test_learning_rate_follows_the_argument(networks, refuse):
    """The optimizer uses the given learning rate"""
    rate = next(iter(networks))
    refuse(networks[rate])
    require_rate(networks[rate], rate)


@grades(NETWORK, credit=1, faults=("learning-rate-not-as-stated",))
def test_default_learning_rate(network, exercise):
    """Without an argument the learning rate is 0.003"""
    require_rate(network, exercise["learning_rate"], severity=Severity.SLIGHT)


@grades(NETWORK, credit=1, faults=("missing-tensor",))
def test_w1_are_the_weights(bench, network, cell_evidence):
    """W1 holds the weights of the layer"""
    require_weights(bench.lab, cell_evidence.graph("net"), network, "W1")


@grades(NETWORK, credit=1, faults=("learning-rate-not-as-stated",))
def test_network_is_the_same_at_every_rate(network, networks):
    """The learning rate changes how the network is trained, and nothing else"""
    rate = next(iter(networks))
    require_alike(network, rate, networks[rate])


@grades(
    NETWORK,
    credit=1,
    faults=("prediction-wrong", "prediction-uses-labels"),
)
def test_prediction_is_the_strongest_class(network, refuse):
    """The prediction is the softmax of the logits"""
    refuse(network)
    require_role(network, "prediction")
    require_probabilities(network)


@grades(
    NETWORK,
    credit=2,
    faults=(
        "accuracy-over-wrong-axis",
        "accuracy-without-argmax",
        "accuracy-not-mean",
        "accuracy-wrong",
        "evaluated-on-part",
        "dropout-at-evaluation",
    ),
)
def test_accuracy_is_the_share_of_right_predictions(bench, cell_evidence, network, refuse):
    """The accuracy is the fraction of images whose digit is predicted correctly"""
    refuse(network)
    require_role(network, "accuracy")
    require_share(bench.lab, cell_evidence.graph("net"), network)


@grades(
    NETWORK,
    credit=1,
    faults=("rows-mixed", "fixed-batch-size"),
)
def test_images_do_not_influence_one_another(network, refuse):
    """Each image is classified by itself, in batches of any size"""
    refuse(network)
    require_loss(network)


@grades(NETWORK, credit=1)
def test_nothing_else_is_wrong(network, refuse_others):
    """Nothing else is wrong with the network"""
    refuse_others(network)


# ---- train ---------------------------------------------------------------------------------------------------------


@grades(
    TRAIN,
    credit=12,
    faults=(
        "train-op-not-run",
        "not-initialised",
        "reinitialised-each-epoch",
        "too-few-epochs",
        "too-many-epochs",
        "training-does-not-end",
        "loss-not-finite",
        "another-session",
        "session-closed",
        "labels-not-one-hot",
        "evaluated-in-fresh-session",
    ),
)
def test_train_trains(bench, remark, show):
    """train initializes the variables once and then takes training steps, for as many epochs as asked"""
    show_training(bench, show)
    require_trained(bench, Aspect.RUN, remark)


@grades(
    TRAIN,
    credit=12,
    faults=(
        "same-batch-always",
        "part-of-data-only",
        "no-minibatches",
        "wrong-slice",
        "batch-size-ignored",
        "sampled-with-replacement",
        "unknown-rows",
        "too-many-epochs",
        "trained-on-test",
        "not-scaled",
        "scaled-twice",
        "scaled-on-one-side",
    ),
)
def test_each_epoch_feeds_each_image_once(bench, remark):
    """Each epoch feeds each training image once, in minibatches of the requested size; a last, smaller one may be left out"""
    require_trained(bench, Aspect.ROWS, remark)


@grades(
    TRAIN,
    credit=10,
    faults=(
        "wrong-return",
        "reports-train-accuracy",
        "reported-accuracy-wrong",
        "accuracy-not-mean",
        "evaluated-while-training",
        "evaluated-on-part",
        "picked-best-epoch-on-test",
    ),
)
def test_train_returns_what_was_measured(bench, remark):
    """train returns the accuracies on the training and on the test images, one for each epoch"""
    require_trained(bench, Aspect.REPORT, remark)


@grades(TRAIN, credit=12, faults=("no-shuffling", "sorted-data"))
def test_each_epoch_has_a_new_order(bench, remark):
    """The images are fed in a new order in each epoch"""
    require_trained(bench, Aspect.ORDER, remark)


@grades(
    TRAIN,
    credit=1,
    faults=("labels-shuffled-apart", "labels-shifted", "labels-off-by-one", "labels-not-one-hot"),
)
def test_each_image_is_fed_with_its_label(bench, remark):
    """Each image is fed with its own label"""
    require_trained(bench, Aspect.LABELS, remark)


@grades(TRAIN, credit=1, faults=("trained-on-test", "evaluated-while-training"))
def test_no_test_image_is_trained_on(bench, remark):
    """Training steps use training images only, and computing the accuracy takes no training step"""
    require_trained(bench, Aspect.HELD_OUT, remark)


@grades(
    TRAIN,
    credit=2,
    faults=(
        "evaluated-on-part",
        "evaluated-too-seldom",
        "evaluated-in-fresh-session",
    ),
)
def test_accuracy_is_taken_on_all_images(bench, remark):
    """After each epoch the accuracy is computed on all training and on all test images"""
    require_trained(bench, Aspect.EVALUATION, remark)


@grades(TRAIN, credit=2, faults=("graph-grows",))
def test_the_graph_stays_as_it_is(bench, remark):
    """The loops add nothing to the graph"""
    require_trained(bench, Aspect.GRAPH, remark)
