"""Values that cannot have been trained where they are said to have been are told by what the cage saw from outside."""

from __future__ import annotations

import numpy as np
import pytest

from netgrader.checks.provenance import doubt, idle

NETWORK = {"w1": np.zeros((784, 1500), np.float32), "w2": np.zeros((1500, 10), np.float32)}
CELL = "check_two_layer_training"


def seen(*cells, written=1_500):
    """What is seen of cells ``(processor time, given, check)``, after one that imports TensorFlow."""
    runs = [(3.0, True, ""), *cells]
    return {
        "data_bytes": written,
        "cells": [{"cpu_seconds": seconds, "given": given, "evidence": check} for seconds, given, check in runs],
    }


def test_an_honest_training_leaves_no_doubt():
    assert doubt(seen((40.0, False, ""), (0.1, True, CELL)), CELL, NETWORK) is None


def test_weights_that_took_no_time_were_not_trained():
    said = doubt(seen((0.2, False, ""), (0.1, True, CELL)), CELL, NETWORK)
    assert "0.2 seconds" in said


def test_time_after_the_check_and_in_given_cells_does_not_count():
    after = seen((0.2, False, ""), (9.0, True, ""), (0.1, True, CELL), (40.0, False, ""))
    assert doubt(after, CELL, NETWORK) is not None


def test_more_data_than_a_program_has_is_a_doubt():
    assert "120 kB" in doubt(seen((40.0, False, ""), (0.1, True, CELL), written=120_000), CELL, NETWORK)


@pytest.mark.parametrize("outside", [{}, {"cells": "none"}, {"cells": [3]}, {"cells": []}, seen((0.1, False, "other"))])
def test_nothing_is_said_where_nothing_was_seen(outside):
    assert doubt(outside, CELL, NETWORK) is None


def test_without_values_there_is_nothing_to_doubt():
    assert doubt(seen((0.2, False, ""), (0.1, True, CELL)), CELL, {}) is None


def test_a_sweep_that_took_no_time_was_typed_in():
    said = idle(seen((0.02, False, ""), (9.0, True, ""), (0.1, True, CELL), (40.0, False, "")), CELL)
    assert "0.02 seconds" in said


@pytest.mark.parametrize("outside", [{}, {"cells": []}, seen((1.2, False, ""), (0.1, True, CELL))])
def test_a_sweep_that_took_its_time_or_was_not_watched_is_not_doubted(outside):
    assert idle(outside, CELL) is None


def test_what_was_computed_before_the_network_was_made_is_no_sweep_of_it():
    watched = seen((9.0, False, ""), (0.01, False, ""), (0.02, False, ""), (0.1, True, CELL))
    watched["cells"][2]["name"] = "two_layer_network"
    assert "0.03 seconds" in idle(watched, CELL, "two_layer_network")
    assert idle(watched, CELL) is None
