"""Hidden checks of notebook 3, which rest on what must not be known. Students see their sentences."""

from netgrader.checks import grades
from netgrader.judges.accuracy import (
    recomputed,
    require_learned,
    seen_test_images,
    target_met,
    train_accuracy,
)
from netgrader.judges.pads import show_pad
from netgrader.judges.reported_accuracy import require_reported
from netgrader.judges.shown import show_claim, wrong_images

TRAINING = "check_deep_training"
ACCURACY = "check_deep_accuracy"

# ---- deep_training -------------------------------------------------------------------------------------------------


@grades(
    TRAINING,
    credit=1,
    faults=("reported-accuracy-wrong", "reports-train-accuracy", "picked-best-epoch-on-test"),
    requires=("test_the_network_is_trained",),
)
def test_the_reported_accuracy_is_true(bench, cell_evidence, remark):
    """The accuracy that is reported is the one that we measure"""
    acc_trn, acc_val = cell_evidence.array("acc_trn"), cell_evidence.array("acc_val")
    result = recomputed(bench, TRAINING)
    require_reported(result, acc_trn, acc_val, remark, lambda: train_accuracy(bench, TRAINING))


# ---- the accuracy --------------------------------------------------------------------------------------------------


@grades(ACCURACY, credit=0, faults=("answers-looked-up", "trained-on-test", "prediction-uses-labels"))
def test_the_accuracy_was_learned(bench, dataset, measured, show):
    """What the network knows was learned: it knows test images that the notebook never had as well as the others"""
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("deep_accuracy")
    measured["test_accuracy"], measured["train_accuracy"] = round(result.counted, 4), round(result.train, 4)
    measured["target_met"] = target_met(result.counted, target=terms["target"], full=terms["full"])
    show_claim(show, bench.evidence(TRAINING), result.notebook)
    show(wrong_images(result.found, dataset.y_test))
    show_pad(bench, TRAINING, show)
    measured["test_images_seen"], measured["test_images_lead"] = seen_test_images(result), round(result.lead, 2)
    require_learned(result)
