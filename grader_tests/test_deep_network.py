"""Hidden checks of notebook 3, which rely on secrets. Students see only their sentences."""

from netgrader.checks import grades
from netgrader.judges.accuracy import (
    recomputed,
    require_learned,
    seen_test_images,
    target_met,
)
from netgrader.judges.pads import show_pad
from netgrader.judges.shown import show_claim, wrong_images

TRAINING = "check_deep_training"
ACCURACY = "check_deep_accuracy"

# ---- the accuracy --------------------------------------------------------------------------------------------------


@grades(ACCURACY, credit=0, faults=("answers-looked-up", "trained-on-test", "prediction-uses-labels"))
def test_the_accuracy_was_learned(bench, dataset, measured, show):
    """The network has learned, not memorized: it does as well on test images that the notebook never had as on the others"""
    result, terms = recomputed(bench, ACCURACY), bench.exercises.table("deep_accuracy")
    measured["test_accuracy"], measured["train_accuracy"] = round(result.counted, 4), round(result.train, 4)
    measured["target_met"] = target_met(result.counted, target=terms["target"], full=terms["full"])
    show_claim(show, bench.evidence(TRAINING), result.notebook)
    show(wrong_images(result.found, dataset.y_test))
    show_pad(bench, TRAINING, show)
    measured["test_images_seen"], measured["test_images_lead"] = seen_test_images(result), round(result.lead, 2)
    require_learned(result)
