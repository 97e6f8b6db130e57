"""Hidden checks of notebook 2. They stay with the instructor; students see their sentences."""

from netgrader.checks import fail_all, grades
from netgrader.judges.accuracy import (
    curves,
    least_accuracy,
    recomputed,
    require_learned,
    require_own,
    require_trained,
    require_values,
    seen_test_images,
    train_accuracy,
)
from netgrader.judges.input_gradients import gradients, require_largest
from netgrader.judges.learning_rate import judge_rate
from netgrader.judges.reported_accuracy import require_reported
from netgrader.judges.shown import rate_curves, show_claim, sweep_curve, wrong_images
from netgrader.judges.structure import require_role
from netgrader.judges.sweep_runs import (
    decided,
    require_run,
    show_gradients,
    trial_runs,
)
from netgrader.judges.sweeps import found_by_sweep, require_chosen, require_true, student_sweep

NETWORK = "check_two_layer_network"
SWEEP = "check_learning_rate_sweep"
TRAINING = "check_two_layer_training"
GRADIENTS = "check_input_gradients"

BASIS = ("test_layers_lead_from_images_to_classes",)

# ---- two_layer_network ---------------------------------------------------------------------------------------------


@grades(NETWORK, credit=2, faults=("prediction-wrong", "prediction-uses-labels"), requires=BASIS)
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
    requires=BASIS,
)
def test_accuracy_is_the_share_of_right_predictions(network, refuse):
    """The accuracy is the share of images whose digit is predicted rightly"""
    refuse(network)
    require_role(network, "accuracy")


@grades(
    NETWORK,
    credit=2,
    faults=("dropout-at-evaluation", "batchnorm-not-updated", "keep-rate-swapped", "rows-mixed", "fixed-batch-size"),
    requires=BASIS,
)
def test_evaluation_is_the_same_each_time(network, refuse):
    """Evaluation gives the same answer each time, for each image by itself"""
    refuse(network)


@grades(NETWORK, credit=4, requires=BASIS)
def test_the_whole_is_what_was_asked_for(network, networks, refuse_others):
    """Nothing else is wrong with the network, at any rate"""
    refuse_others(network)
    known = {fault.code for fault in network.faults}
    for other in networks.values():
        fail_all([fault for fault in other.faults if fault.code not in known])


# ---- learning_rate_sweep -------------------------------------------------------------------------------------------


@grades(
    SWEEP,
    faults=("sweep-result-not-reproduced",),
    confirms=("test_the_sweep_is_wide", "test_the_best_rate_is_the_sweeps"),
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
    forgives=(NETWORK,),
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
    credit=2,
    faults=(
        "train-op-not-run",
        "accuracy-too-low",
        "answers-looked-up",
        "trained-on-test",
        "prediction-uses-labels",
        "weights-not-trained-here",
    ),
    forgives=(NETWORK,),
)
def test_the_two_layer_network_is_trained(bench, cell_evidence, measured, show):
    """The network in the session is trained: it recognises test images that we hold"""
    require_values(cell_evidence)
    result = recomputed(bench, TRAINING)
    measured["test_accuracy"], measured["train_accuracy"] = round(result.counted, 4), round(result.train, 4)
    show_claim(show, cell_evidence, result.notebook, epochs=bench.exercises.table("two_layer_training")["epochs"])
    show(wrong_images(result.found, bench.dataset.y_test))
    measured["test_images_seen"] = seen_test_images(result)
    require_learned(result)
    require_own(cell_evidence.graph("net"), result)
    require_trained(bench.lab, cell_evidence.graph("net"), result, least_accuracy(bench, TRAINING, NETWORK))


@grades(
    TRAINING,
    credit=1,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
    requires=("test_the_two_layer_network_is_trained", "test_there_is_an_accuracy_for_each_epoch"),
)
def test_the_reported_accuracy_is_true(bench, cell_evidence, remark):
    """The accuracy that is reported is the one that we measure"""
    acc_trn, acc_val = curves(cell_evidence)
    require_reported(
        recomputed(bench, TRAINING), acc_trn, acc_val, remark, lambda: train_accuracy(bench, TRAINING), whole_curve=True
    )


# ---- input_gradients -----------------------------------------------------------------------------------------------


@grades(
    GRADIENTS,
    credit=1,
    faults=("gradient-of-logits", "gradient-of-loss", "gradient-of-wrong-tensor", "gradient-wrong-shape"),
)
def test_the_largest_outputs_gradient_is_right(bench, show):
    """The last gradient says how the largest softmax output of each image changes with each pixel"""
    show_gradients(bench, TRAINING, show)
    require_largest(gradients(bench))
