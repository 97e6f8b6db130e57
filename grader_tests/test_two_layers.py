"""Hidden checks of notebook 2, which rely on secrets. Students see only their sentences."""

from netgrader.checks import grades
from netgrader.judges.pads import show_pad
from netgrader.judges.reported_accuracy import require_curves
from netgrader.judges.shown import rate_curves, sweep_curve
from netgrader.judges.structure import require_alike
from netgrader.judges.sweep_runs import (
    found_by_sweep,
    rate_runs,
    require_good_rate,
    require_run,
    require_trained,
    trial_runs,
)
from netgrader.judges.sweeps import require_chosen, student_sweep

NETWORK = "check_two_layer_network"
SWEEP = "check_learning_rate_sweep"
TRAINING = "check_two_layer_training"

# ---- the network ---------------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0)
def test_the_structure_holds_at_a_rate_of_grading(network, networks):
    """Layers, loss and optimizer are right at a learning rate that only grading draws, too"""
    *_, rate = networks
    require_alike(network, rate, networks[rate])


# ---- learning_rate_sweep -------------------------------------------------------------------------------------------


@grades(
    SWEEP,
    faults=("sweep-result-not-reproduced", "sweep-of-one-network", "reports-train-accuracy"),
)
def test_the_sweep_can_be_reproduced(bench, show, remark):
    """The trained networks reach the results of the sweep, and so does a rerun of some of the rates"""
    show(sweep_curve(student_sweep(bench), trial_runs(bench).values()))
    require_run(bench, remark)


@grades(
    SWEEP,
    faults=("learning-rate-too-low", "learning-rate-too-high", "learning-rate-diverges"),
)
def test_the_best_rate_is_a_good_one(bench, measured, show, remark):
    """The best rate trains well: no nearby rate, smaller or larger, is much better"""
    require_trained(bench)
    require_chosen(bench)
    measured["best_learning_rate"] = student_sweep(bench).best
    show(rate_curves(*rate_runs(bench), found=found_by_sweep(bench)))
    require_good_rate(bench, remark)


# ---- two_layer_training --------------------------------------------------------------------------------------------


@grades(
    TRAINING,
    credit=1,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
)
def test_the_reported_accuracy_is_true(bench, remark, show):
    """The reported accuracy matches the measured one"""
    show_pad(bench, TRAINING, show)
    require_curves(bench, TRAINING, remark, whole_curve=True)
