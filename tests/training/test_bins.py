"""A regression's targets as classes of a training loop: bins between neighboring targets."""

import numpy as np
import pytest

from netgrader.data import DataPart, DataSpec
from netgrader.judges.bins import BinnedSpec, looped
from tests.datasets import DIGITS

RNG = np.random.default_rng(8)
PRICES = DataSpec(
    file="prices.npz", sha256=64 * "0", train=DataPart("x", "y", 600), test=DataPart("u", "v", 99), shape=(6,),
    scaling="standard", unit="k€",
)  # fmt: skip
TARGETS = {
    "fractions": (RNG.normal(300, 80, 600), 8),
    "whole numbers with ties": (RNG.integers(0, 30, 600), 8),
    "mostly zero": (RNG.exponential(2, 600) * (RNG.random(600) < 0.1), 2),
    "two values": (np.repeat([1.0, 2.0], 300), 2),
    "one value": (np.full(600, 3.5), 2),
    "tiny differences": (1 + 1e-6 * np.arange(600), 8),
}


@pytest.mark.parametrize("name", TARGETS)
def test_bins_split_all_targets_and_each_center_is_in_its_own(name):
    targets, bins = TARGETS[name]
    spec = looped(PRICES, targets.astype(np.float32))
    assert isinstance(spec, BinnedSpec)
    assert (spec.classes, len(spec.edges), spec.words["label"]) == (bins, bins - 1, "target")
    found = spec.classes_of(targets.astype(np.float32))
    assert len(np.unique(found)) == (1 if name == "one value" else bins)
    assert np.array_equal(spec.classes_of(targets.reshape(-1, 1).astype(np.float32)), found)
    assert np.array_equal(spec.one_hot(targets.astype(np.float32)).argmax(axis=1), found)
    if name not in {"one value", "tiny differences"}:
        assert np.array_equal(spec.classes_of(spec.label_rows(np.arange(bins))), np.arange(bins))


def test_rows_with_targets_of_others_mostly_differ_in_class():
    targets, _ = TARGETS["fractions"]
    found = looped(PRICES, targets).classes_of(targets)
    assert (found != RNG.permutation(found)).mean() > 0.8
    assert (found != np.roll(found, 1)).mean() > 0.8


def test_data_with_classes_stay_as_they_are():
    assert looped(DIGITS, np.arange(10)) is DIGITS
