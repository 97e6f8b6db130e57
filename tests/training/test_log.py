"""An inconsistent training log is not trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netgrader.judges.log import BadTrainingLog, read_training_log
from netgrader.judges.subject import Origins
from netgrader.judges.training_loop import judge_training
from tests.datasets import DIGITS
from tests.training.mutants import loop


@pytest.fixture(scope="module")
def evidence(rehearse, raw):
    return rehearse({"plain": loop("plain")}, calls=((2, 64),), raw=raw).evidence("plain")


def with_array(evidence, name, value):
    arrays = {**evidence.arrays, name: value}
    if value is None:
        del arrays[name]
    return replace(evidence, arrays=arrays)


def judged(evidence):
    """The verdicts on the calls, by the student's own labels."""
    log = read_training_log(evidence, DIGITS)
    return judge_training(log, Origins(DIGITS, log.tables.classes))


def test_lists_for_fewer_epochs_than_were_run_are_judged_as_far_as_they_go(evidence):
    arrays = {name: evidence.arrays[name][:1] for name in ("0/acc_trn", "0/acc_val")}
    asked = {**evidence.facts, "0/asked": {**evidence.facts["0/asked"], "n_epochs": 1}}
    longer = replace(evidence, arrays={**evidence.arrays, **arrays}, facts=asked)
    assert judged(longer).codes == ("too-many-epochs",)


NAMES = [
    "table/x_train",
    "table/y_test_1_hot",
    "0/events",
    "0/figures",
    "0/rows",
    "0/block_sizes",
    "0/found",
    "0/labels",
    "0/final",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_array_is_said_to_be_missing(evidence, name):
    with pytest.raises(BadTrainingLog, match=name):
        read_training_log(with_array(evidence, name, None), DIGITS)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "0/final"])
def test_an_array_that_is_too_short_is_refused(evidence, name):
    with pytest.raises(BadTrainingLog):
        read_training_log(with_array(evidence, name, evidence.arrays[name][:-1]), DIGITS)


@pytest.mark.parametrize("name", ["0/events", "0/rows", "0/block_sizes", "table/x_train"])
@pytest.mark.parametrize("shape", [(0,), (3, 0), (2, 2, 2), ()])
def test_an_array_of_another_shape_is_refused(evidence, name, shape):
    with pytest.raises(BadTrainingLog):
        read_training_log(with_array(evidence, name, np.zeros(shape, dtype=evidence.arrays[name].dtype)), DIGITS)


@pytest.mark.parametrize(("column", "value"), [(1, -5), (1, 10**12), (2, 10**6), (2, -1), (1, np.iinfo(np.int64).max)])
def test_numbers_that_cannot_be_are_refused(evidence, column, value):
    events = evidence.arrays["0/events"].copy()
    events[3, column] = value
    with pytest.raises(BadTrainingLog):
        read_training_log(with_array(evidence, "0/events", events), DIGITS)


def test_a_log_without_a_call_is_refused(evidence):
    with pytest.raises(BadTrainingLog):
        read_training_log(replace(evidence, facts={}), DIGITS)


@pytest.mark.parametrize("asked", [None, 3, {}, {"n_epochs": 2}, {"n_epochs": -1, "mini_batch_size": 64}])
def test_a_call_with_impossible_arguments_is_refused(evidence, asked):
    with pytest.raises(BadTrainingLog):
        read_training_log(replace(evidence, facts={"0/asked": asked}), DIGITS)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fits_together_gets_a_verdict(evidence, seed):
    """Flags, fingerprints, labels and figures may be anything at all."""
    rng = np.random.default_rng(seed)
    events = evidence.arrays["0/events"].copy()
    labelled = (events[:, 0] & 7) > 0
    events[:, 0] = np.where(labelled, rng.integers(0, 16, len(events)), events[:, 0])
    events[:, 3] = rng.integers(-(2**62), 2**62, len(events))
    labels = rng.integers(0, 256, int(events[(events[:, 0] & 7) > 0, 1].sum())).astype(np.uint8)
    rows = evidence.arrays["0/rows"].copy()
    rows[rng.random(len(rows)) < 0.3] = rng.choice([np.nan, np.inf, 0.0, 1e300, -1e-300])
    figures = rng.choice([np.nan, np.inf, 0.0, 1.0], evidence.arrays["0/figures"].shape)
    spoiled = replace(
        evidence,
        arrays={
            **evidence.arrays,
            "0/events": events,
            "0/labels": labels,
            "0/rows": rows,
            "0/figures": figures,
            "0/found": rng.integers(0, 256, len(evidence.arrays["0/found"])).astype(np.uint8),
            "0/acc_trn": rng.choice([np.nan, -np.inf, 1e308, 0.5], 2),
            "0/acc_val": rng.choice([np.nan, np.inf, 1e-308, 0.5], rng.integers(0, 4)),
        },
        facts={**evidence.facts, "0/returned": ["tuple", 2, "list", 5]},
    )
    assert judged(spoiled).codes
