"""Data other than gray images: colors, tabular rows, sequences, and numbers in place of classes."""

import hashlib
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netgrader.data import DamagedDataError, DataPart, DataSpec, load_data
from netgrader.toml_tables import SenselessTableError, converted

TRAIN, TEST = DataPart("x", "y", 40), DataPart("a", "b", 10)


def spec(content=b"", **changes):
    terms = {"shape": (3,), "scaling": "standard", **changes}
    return DataSpec(file="d.npz", sha256=hashlib.sha256(content).hexdigest(), train=TRAIN, test=TEST, **terms)


def written(folder, inputs, targets, **changes):
    """Write 50 rows, 40 of them to train on; the file and its spec."""
    file = folder / "d.npz"
    np.savez(file, x=inputs[:40], y=targets[:40], a=inputs[40:], b=targets[40:])
    return file, spec(file.read_bytes(), **changes)


@pytest.mark.parametrize(
    ("shape", "scaling", "is_images", "words"),
    [
        ((28, 28), "largest", True, ("image", "pixel")),
        ((28, 28, 3), "largest", True, ("image", "pixel")),
        ((28, 28, 5), "largest", False, ("sequence", "number")),
        ((13,), "standard", False, ("row", "feature")),
    ],
)
def test_what_an_input_is_follows_from_shape_and_scaling(shape, scaling, is_images, words):
    made = spec(shape=shape, scaling=scaling, classes=3)
    assert (made.is_images, (made.one, made.part), made.size) == (is_images, words, int(np.prod(shape)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": ["a", "b"]}, "names must have 0 different names, one for each class, not ['a', 'b']"),
        ({"classes": 2, "unit": "m"}, "unit must be left out where there are classes, not 'm'"),
        ({"classes": 1}, "classes must be a whole number from 2 to 200, not 1"),
        ({"largest": 9}, "largest must be left out where scaling is standard"),
        ({"scaling": "minmax"}, "scaling must be one of largest, none, standard, not 'minmax'"),
        ({"classes": 2, "learned": 0.9}, "learned must be left out unless there are classes of images"),
        ({"classes": 2, "learned": 0.9, "shape": [8, 8], "scaling": "largest"}, "12,000 or more to train on"),
    ],
)
def test_what_makes_no_sense_is_told(changes, words):
    part = {"inputs": "x", "targets": "y", "rows": 9}
    table = {"file": "d.npz", "sha256": "0" * 64, "train": part, "test": part, "shape": [3], "scaling": "standard"}
    converted(table, DataSpec)
    with pytest.raises(SenselessTableError, match=re.escape(words)):
        converted({**table, **changes}, DataSpec)


rows = st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=2), min_size=2, max_size=30)


@given(rows, st.floats(-100, 100))
@example([[0.0, 0.0], [0.0, 1.401298464324817e-45]], 0.0)
@settings(max_examples=100, deadline=None)
def test_standardised_features_have_mean_0_and_deviation_1_and_a_constant_one_is_0(values, constant):
    train = np.column_stack([np.array(values, np.float32), np.full(len(values), constant, np.float32)])
    made = spec().prepared(train, train).astype(np.float64)
    mean, deviation = spec().mean_and_deviation(train)
    assert (made[:, 2] == 0).all()
    # A deviation that is less than float32 tells of the values is nothing but rounding.
    told = deviation > 1e-3 * np.abs(train).max(axis=0)
    assert np.allclose(made.mean(axis=0)[told], 0, atol=1e-2)
    assert np.allclose(made.std(axis=0)[told], 1, atol=1e-2)
    wanted = (train[0, told] + 1 - mean[told]) / deviation[told]
    assert np.allclose(spec().prepared(train[:1] + 1, train)[0, told], wanted, atol=1e-2)


def test_numbers_are_loaded_as_float32_and_classes_as_bytes(tmp_path):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(50, 4, 2))
    file, told = written(tmp_path, inputs, random.normal(size=50), shape=(4, 2), scaling="none")
    (x, y), (a, _) = load_data(told, file)
    assert [x.dtype, y.dtype, x.shape, y.shape, a.shape] == [np.float32, np.float32, (40, 4, 2), (40,), (10, 4, 2)]
    assert np.array_equal(told.prepared(a, x), a.reshape(10, 8))
    file, told = written(tmp_path, inputs, np.arange(50, dtype=np.uint8) % 3, shape=(4, 2), scaling="none", classes=3)
    assert load_data(told, file)[0][1].dtype == np.uint8


@pytest.mark.parametrize(
    ("inputs", "targets", "changes", "words"),
    [
        (np.full((50, 3), np.nan), np.zeros(50), {}, "x has values that are not finite"),
        (np.zeros((50, 3)), np.full(50, np.inf), {}, "y has values that are not finite"),
        (np.zeros((50, 3)), np.zeros((50, 1)), {}, r"y is not an array of \(40,\) numbers"),
        (np.zeros((50, 3)), np.zeros(50), {"classes": 2}, r"y is not an array of \(40,\) bytes"),
        (np.zeros((50, 3), np.uint16), np.zeros(50), {"scaling": "largest"}, r"x is not an array of \(40, 3\) bytes"),
    ],
)
def test_a_file_that_holds_something_else_is_told(tmp_path, inputs, targets, changes, words):
    file, told = written(tmp_path, inputs, targets, **changes)
    with pytest.raises(DamagedDataError, match=words):
        load_data(told, file)
