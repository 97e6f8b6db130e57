"""Hidden checks of notebook 1. They stay with the instructor; students see their sentences."""

from netgrader.checks import fail_all, grades
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.aspects import Aspect
from netgrader.judges.dense import require_activation, require_glorot_uniform, require_own_weights, try_case
from netgrader.judges.own_run import RunCells, require_run_reported, show_own_run
from netgrader.judges.structure import require_loss, require_rate, require_role
from netgrader.judges.training_loop import require_trained

DATA = "check_prepare_data"
LAYER = "check_fully_connected_layer"
NETWORK = "check_one_layer_network"
TRAIN = "check_train"

# Where the notebook trains the student's own network; one layer reaches 0.9 in its first epoch.
OWN_RUN = RunCells("run_training", NETWORK, "the cell under “Five epochs”", least=0.7)

# What the other checks of a cell build on.
LAYER_BASIS = ("test_layer_uses_the_weights_it_returns",)
BASIS = ("test_layers_lead_from_images_to_classes",)

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


@grades(LAYER, credit=1, faults=("wrong-activation", "wrong-return", "wrong-width"))
def test_layer_takes_any_activation(bench):
    """The layer works with other sizes and a sigmoid"""
    require_activation(try_case(bench, 2))


@grades(LAYER, credit=1, faults=("wrong-activation", "wrong-return", "wrong-width"))
def test_layer_takes_a_function_of_ones_own(bench):
    """The activation may be any function, also one that TensorFlow does not have"""
    require_activation(try_case(bench, 3))


@grades(
    LAYER,
    credit=2,
    faults=("wrong-initialisation", "zero-initialisation", "constant-initialisation", "huge-initialisation"),
    requires=LAYER_BASIS,
)
def test_first_weights_follow_the_size_of_the_layer(bench):
    """The range of the first weights follows the number of inputs and of outputs"""
    for case in (1, 3, 4):
        require_glorot_uniform(try_case(bench, case))


@grades(LAYER, credit=1, faults=("shared-weights",), requires=LAYER_BASIS)
def test_each_layer_has_weights_of_its_own(bench, cell_evidence, remark):
    """Two layers of different names have weights of their own"""
    if not require_own_weights(bench.lab, cell_evidence.graph("two layers")):
        remark("same-seed-in-each-layer")


# ---- one_layer_network ---------------------------------------------------------------------------------------------


@grades(NETWORK, credit=1, faults=("learning-rate-not-as-stated",), requires=BASIS)
def test_network_is_the_same_at_every_rate(network, networks):
    """The learning rate changes how the network is trained, and nothing else"""
    known = {fault.code for fault in network.faults}
    for rate, other in networks.items():
        fail_all([fault for fault in other.faults if fault.code not in known])
        require_rate(other, rate)


@grades(
    NETWORK,
    credit=1,
    faults=("prediction-wrong", "prediction-uses-labels"),
    requires=BASIS,
)
def test_prediction_is_the_strongest_class(network, refuse):
    """The prediction is the class with the largest logit"""
    refuse(network)
    require_role(network, "prediction")


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
    requires=BASIS,
)
def test_accuracy_is_the_share_of_right_predictions(network, refuse):
    """The accuracy is the share of images whose digit is predicted rightly"""
    refuse(network)
    require_role(network, "accuracy")


@grades(
    NETWORK,
    credit=1,
    faults=("rows-mixed", "fixed-batch-size"),
    requires=BASIS,
)
def test_images_do_not_influence_one_another(network, refuse):
    """Each image is classified by itself, in batches of any size"""
    refuse(network)
    require_loss(network)


@grades(NETWORK, credit=1, requires=BASIS, forgives=(LAYER,))
def test_nothing_else_is_wrong(network, refuse_others):
    """Nothing else is wrong with the network"""
    refuse_others(network)


# ---- train ---------------------------------------------------------------------------------------------------------


@grades(TRAIN, credit=12, faults=("no-shuffling", "sorted-data"), requires=("test_train_trains",))
def test_each_epoch_has_a_new_order(bench, remark):
    """The images are fed in a new order in each epoch"""
    require_trained(bench, Aspect.ORDER, remark)


@grades(
    TRAIN,
    credit=1,
    faults=("labels-shuffled-apart", "labels-shifted", "labels-off-by-one", "labels-not-one-hot"),
    requires=("test_train_trains",),
)
def test_each_image_is_fed_with_its_label(bench, remark):
    """Each image is fed with its own label"""
    require_trained(bench, Aspect.LABELS, remark)


@grades(TRAIN, credit=1, faults=("trained-on-test", "train-op-in-evaluation"), requires=("test_train_trains",))
def test_no_test_image_is_trained_on(bench, remark):
    """Training steps are taken on training images only, and none where the accuracy is taken"""
    require_trained(bench, Aspect.HELD_OUT, remark)


@grades(
    TRAIN,
    credit=2,
    faults=(
        "evaluated-on-part",
        "evaluated-too-seldom",
        "evaluated-before-epoch",
        "evaluated-in-fresh-session",
        "last-chunk-not-evaluated",
    ),
    requires=("test_train_trains",),
)
def test_accuracy_is_taken_on_all_images(bench, remark):
    """After each epoch the accuracy is taken on all training and on all test images"""
    require_trained(bench, Aspect.EVALUATION, remark)


@grades(TRAIN, credit=2, faults=("graph-grows",), requires=("test_train_trains",))
def test_the_graph_stays_as_it_is(bench, remark):
    """The loops add nothing to the graph"""
    require_trained(bench, Aspect.GRAPH, remark)


@grades(
    TRAIN,
    credit=1,
    faults=("reported-accuracy-wrong", "picked-best-epoch-on-test", "train-op-not-run"),
    requires=("test_train_trains",),
)
def test_your_network_is_as_good_as_reported(bench, remark, show, measured):
    """Your own network was trained by train, and has the accuracy that train returned for it"""
    show_own_run(bench, OWN_RUN, show, measured)
    require_run_reported(bench, OWN_RUN, remark)
