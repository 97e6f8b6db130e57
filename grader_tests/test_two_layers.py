"""Hidden checks of notebook 2, which rest on what must not be known. Students see their sentences."""

from netgrader.checks import fail_all, grades
from netgrader.judges.learning_rate import judge_rate
from netgrader.judges.pads import show_pad
from netgrader.judges.reported_accuracy import require_curves
from netgrader.judges.shown import rate_curves, sweep_curve
from netgrader.judges.structure import require_alike
from netgrader.judges.sweep_grid import require_chosen
from netgrader.judges.sweep_runs import decided, require_run, trial_runs
from netgrader.judges.sweeps import found_by_sweep, require_true, student_sweep

NETWORK = "check_two_layer_network"
SWEEP = "check_learning_rate_sweep"
TRAINING = "check_two_layer_training"

# ---- the network ---------------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0)
def test_the_structure_holds_at_a_rate_of_grading(network, networks):
    """Layers, loss and optimizer are those that were asked for at a learning rate that only grading draws, too"""
    *_, rate = networks
    require_alike(network, rate, networks[rate])


# ---- learning_rate_sweep -------------------------------------------------------------------------------------------


@grades(
    SWEEP,
    faults=("sweep-result-not-reproduced",),
)
def test_the_sweep_can_be_reproduced(bench, show):
    """A rerun of some of the rates gives results like those of the sweep"""
    sweep = student_sweep(bench)
    runs = {run.rate: run for run in trial_runs(bench).values()}
    show(sweep_curve(sweep, runs.values()))
    require_run(bench, SWEEP)
    require_true(sweep, runs, decided(bench))


@grades(
    SWEEP,
    faults=("learning-rate-too-low", "learning-rate-too-high", "learning-rate-diverges"),
)
def test_the_best_rate_is_a_good_one(bench, measured, show):
    """The best rate trains well: no rate around it, smaller or larger, is much better"""
    require_chosen(bench)
    runs = trial_runs(bench)
    measured["best_learning_rate"] = runs["best"].rate
    around = [runs[name] for name in ("third", "best", "triple", "tenfold")]
    found = found_by_sweep(student_sweep(bench), {run.rate: run for run in runs.values()}, decided(bench))
    show(rate_curves(*around, found=found))
    wrong = judge_rate(*around, found=found)
    fail_all([wrong] if wrong else [])


# ---- two_layer_training --------------------------------------------------------------------------------------------


@grades(
    TRAINING,
    credit=1,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
)
def test_the_reported_accuracy_is_true(bench, remark, show):
    """The accuracy that is reported is the one that we measure"""
    show_pad(bench, TRAINING, show)
    require_curves(bench, TRAINING, remark, whole_curve=True)
