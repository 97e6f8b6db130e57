"""Hidden checks. They stay with the instructor; students see their sentences."""

from netgrader.checks import grades
from netgrader.judges.accuracy import recomputed, require_learned, seen_test_images, target_met
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.hyperparameters import require_followed
from netgrader.judges.reported_accuracy import require_curves
from netgrader.judges.shown import show_claim, sweep_curve, wrong_images
from netgrader.judges.structure import require_role
from netgrader.judges.sweep_runs import require_run, trial_runs
from netgrader.judges.sweeps import student_sweep

DATA, NETWORK, SWEEP = "check_prepare_data", "check_convolutional_network", "check_dropout_sweep"
TRAINING, ACCURACY = "check_training", "check_accuracy"
SCALES = ("not-scaled", "scaled-on-one-side", "scaled-twice", "integer-division", "wrong-range")
SHAPES = ("wrong-shape", "not-floating-point", "wrong-order", "rows-mixed")
LABELS = ("labels-not-one-hot", "labels-off-by-one", "labels-shifted", "labels-shuffled-apart", "labels-wrong")


@grades(DATA, faults=(*SCALES, *SHAPES))
def test_test_images_are_prepared_alike(bench):
    """x_test holds the test images, prepared like the training images"""
    require_images(bench, "test")


@grades(DATA, faults=(*LABELS, "wrong-shape", "not-floating-point"))
def test_test_labels_are_one_hot(bench):
    """y_test_1_hot holds the labels of the test images, one-hot"""
    require_labels(bench, "test")


@grades(NETWORK, faults=("prediction-wrong", "prediction-uses-labels"))
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
    ),
)
def test_accuracy_is_the_share_of_right_predictions(network, refuse):
    """The accuracy is the fraction of images whose class is predicted correctly"""
    refuse(network)
    require_role(network, "accuracy")


@grades(
    NETWORK,
    credit=2,
    faults=("dropout-at-evaluation", "batchnorm-not-updated", "keep-rate-swapped", "rows-mixed", "fixed-batch-size"),
)
def test_evaluation_is_the_same_each_time(network, refuse):
    """Evaluation gives the same answer each time, for each image by itself"""
    refuse(network)


@grades(NETWORK, credit=2)
def test_the_whole_is_what_was_asked_for(network, refuse_others):
    """Nothing else is wrong with the network"""
    refuse_others(network)


@grades(
    SWEEP,
    credit=2,
    faults=("sweep-result-not-reproduced", "sweep-of-one-network"),
)
def test_the_sweep_was_run(bench, show, remark):
    """The networks that the notebook trained are as good as the sweep says"""
    show(sweep_curve(student_sweep(bench), trial_runs(bench).values()))
    require_run(bench, remark)


@grades(
    SWEEP,
    credit=2,
    faults=("hyperparameter-not-as-stated", "keep-rate-swapped"),
)
def test_the_network_drops_what_it_is_told(bench):
    """The network drops the share that its function is given, while it trains"""
    require_followed(bench)


@grades(
    TRAINING,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
)
def test_the_reported_accuracy_is_true(bench, remark):
    """The reported accuracy matches the measured one"""
    require_curves(bench, TRAINING, remark)


@grades(ACCURACY, credit=0, faults=("answers-looked-up", "trained-on-test", "prediction-uses-labels"))
def test_the_accuracy_was_learned(bench, dataset, measured, show):
    """The network has learned, not memorized: it does as well on test images that the notebook never had as on the others"""
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("accuracy")
    measured["test_accuracy"], measured["train_accuracy"] = round(result.counted, 4), round(result.train, 4)
    measured["target_met"] = target_met(result.counted, target=terms["target"], full=terms["full"])
    show_claim(show, bench.evidence(TRAINING), result.notebook)
    show(wrong_images(result.found, dataset.y_test))
    measured["test_images_seen"], measured["test_images_lead"] = seen_test_images(result), round(result.lead, 2)
    require_learned(result)
