"""No network of the study that never saw a test image is accused."""

import pytest

from evaluation.clean_report import gain, rows
from evaluation.kinds_of_networks import CLEAN, GUILTY
from netgrader.checks.held_out import by_chance

ROWS = rows()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["network"] in CLEAN], ids=lambda row: f"{row['network']} {row['seed']}"
)
def test_a_network_that_never_saw_a_test_image_is_not_accused_and_loses_nothing(row):
    assert row["said"] in {"", "doubted"}
    assert float(row["test_accuracy"]) < 0.96 or int(row["marks"]) > by_chance(10)


def test_who_learned_much_of_the_test_set_is_named():
    named = {row["network"] for row in ROWS if row["said"] not in {"", "doubted"}}
    assert named <= set(GUILTY)
    assert {"whole test set, long", "half of the test set, two layers"} <= named


def test_who_is_not_named_gains_hardly_more_than_chance_gives():
    free = [row for row in ROWS if row["network"] in GUILTY and row["said"] in {"", "doubted"}]
    assert all(gain(row) < 0.006 for row in free)
