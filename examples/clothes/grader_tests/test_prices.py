"""Hidden checks. They stay with the instructor; students see their sentences."""

from netgrader.checks import fail, grades
from netgrader.judges.accuracy import recomputed, require_learned, seen_test_images, target_met
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.reported_accuracy import require_curves
from netgrader.judges.shown import show_errors
from netgrader.judges.structure import require_role

DATA, NETWORK, TRAINING, ERROR = "check_prepare_data", "check_network", "check_training", "check_error"
SCALES = ("not-scaled", "scaled-on-one-side", "scaled-twice", "integer-division", "wrong-range")
SHAPES = ("wrong-shape", "not-floating-point", "wrong-order", "rows-mixed")
TARGETS = ("labels-shifted", "labels-shuffled-apart", "labels-wrong")


@grades(DATA, faults=(*SCALES, *SHAPES, *TARGETS))
def test_test_rows_are_prepared_alike(bench):
    """x_test holds the test rows, prepared like the training rows, and y_test their targets"""
    require_images(bench, "test")
    require_labels(bench, "test")


@grades(NETWORK, faults=("loss-not-mean",))
def test_the_loss_is_a_mean(network, refuse):
    """The loss is a mean over the rows of a batch, so that it does not grow with their number"""
    refuse(network)
    if network.loss is not None and network.loss.reduction == "sum":
        fail("loss-not-mean", found="their sum", expected="their mean")


@grades(NETWORK, credit=2, faults=("prediction-wrong", "prediction-uses-labels", "targets-out-of-reach"))
def test_prediction_is_a_number_in_the_unit_of_the_targets(network, refuse):
    """The prediction is the number that comes close to the target, in its unit, and can reach every target"""
    refuse(network)
    require_role(network, "prediction")


@grades(
    NETWORK,
    credit=2,
    faults=("dropout-at-evaluation", "batchnorm-not-updated", "keep-rate-swapped", "rows-mixed", "fixed-batch-size"),
)
def test_evaluation_is_the_same_each_time(network, refuse):
    """Evaluation gives the same answer each time, for each row by itself"""
    refuse(network)


@grades(NETWORK, credit=2)
def test_the_whole_is_what_was_asked_for(network, refuse_others):
    """Nothing else is wrong with the network"""
    refuse_others(network)


@grades(
    TRAINING,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
)
def test_the_reported_error_is_true(bench, remark):
    """The reported error matches the measured one"""
    require_curves(bench, TRAINING, remark)


@grades(ERROR, credit=0, faults=("answers-looked-up", "trained-on-test", "prediction-uses-labels"))
def test_the_error_was_learned(bench, dataset, measured, show):
    """The network has learned, not memorized: it does as well on test rows that the notebook never had as on the others"""
    result, terms = recomputed(bench, ERROR), bench.exercises.table("error")
    measured["test_error"] = round(result.measure.figure(result.counted), 6)
    measured["train_error"] = round(result.measure.figure(result.train), 6)
    measured["unit"] = result.spec.unit
    line = {"target": terms["target"], "full": terms["full"], "measure": result.measure}
    measured["target_met"] = target_met(result.counted, **line)
    show_errors(show, bench.evidence(TRAINING), result, dataset.y_test)
    measured["test_images_seen"], measured["test_images_lead"] = seen_test_images(result), round(result.lead, 2)
    require_learned(result)
