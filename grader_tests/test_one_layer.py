"""Hidden checks of notebook 1, which rely on secrets. Students see only their sentences."""

from netgrader.checks import Text, grades
from netgrader.judges.dense import require_activation, require_glorot_uniform, require_weights_used, try_case
from netgrader.judges.own_run import RunCells, require_run_reported, show_own_run
from netgrader.judges.pads import show_pad
from netgrader.judges.structure import require_alike
from netgrader.judges.training_loop import require_run

LAYER = "check_fully_connected_layer"
NETWORK = "check_one_layer_network"
TRAIN = "check_train"

# The cell in which the notebook trains the student's own network; one layer reaches 0.9 in its first epoch.
OWN_RUN = RunCells("run_training", NETWORK, Text("the cell under “Five epochs”"), least=0.7, epochs=5)

# ---- fully_connected_layer -----------------------------------------------------------------------------------------


@grades(LAYER, credit=1, faults=("wrong-activation", "wrong-return", "wrong-width"))
def test_layer_takes_any_activation(bench):
    """The layer works with other sizes and a sigmoid"""
    require_activation(try_case(bench, 2))


@grades(LAYER, credit=1, faults=("wrong-activation", "wrong-return", "wrong-width"))
def test_layer_takes_a_function_of_ones_own(bench):
    """The activation may be any function, even one that TensorFlow does not have"""
    require_activation(try_case(bench, 3))


@grades(
    LAYER,
    credit=2,
    faults=("wrong-initialisation", "zero-initialisation", "constant-initialisation", "huge-initialisation"),
)
def test_first_weights_follow_the_size_of_the_layer(bench):
    """The range of the initial weights follows from the numbers of inputs and outputs"""
    require_weights_used(try_case(bench, 0))
    for case in (1, 3, 4):
        require_glorot_uniform(try_case(bench, case))


# ---- the network ---------------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0)
def test_the_structure_holds_at_a_rate_of_grading(network, networks):
    """Layers, loss and optimizer are right at a learning rate that only grading draws, too"""
    *_, rate = networks
    require_alike(network, rate, networks[rate])


# ---- train ---------------------------------------------------------------------------------------------------------


@grades(
    TRAIN,
    credit=1,
    faults=("reported-accuracy-wrong", "picked-best-epoch-on-test", "train-op-not-run"),
)
def test_your_network_is_as_good_as_reported(bench, remark, show, measured):
    """Your own network was trained by train, and has the accuracy that train returned for it"""
    require_run(bench)
    show_own_run(bench, OWN_RUN, show, measured)
    show_pad(bench, OWN_RUN.run, show)
    require_run_reported(bench, OWN_RUN, remark)
