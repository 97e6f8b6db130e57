"""The arrays of prepare_data are judged by their content."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from netgrader.grey_levels import GreyLevels, table_between
from netgrader.judges.arrays import judge_images, judge_one_hot
from netgrader.judges.known_images import Joined, TableRows
from netgrader.student import load_mnist
from tests.datasets import DIGITS

N = 2000


@pytest.fixture(scope="module")
def raw():
    return load_mnist()[0][0][:N]


@pytest.fixture(scope="module")
def digits():
    return load_mnist()[0][1][:N]


ORDER = np.random.default_rng(5).permutation(N)


def flat(raw):
    return raw.reshape(len(raw), -1)


RIGHT = {
    "float32": lambda raw: (flat(raw) / 255).astype(np.float32),
    "float64": lambda raw: flat(raw) / 255,
    "float16": lambda raw: (flat(raw) / 255).astype(np.float16),
    "over 256": lambda raw: flat(raw) / 256,
    "over the largest of each image": lambda raw: flat(raw) / flat(raw).max(axis=1, keepdims=True),
    "over the largest of each pixel": lambda raw: flat(raw) / np.maximum(flat(raw).max(axis=0), 1),
    "white on black": lambda raw: 1 - flat(raw) / 255,
    "gamma": lambda raw: (flat(raw) / 255) ** 0.5,
    "column-major": lambda raw: np.asfortranarray(flat(raw) / 255),
}

WRONG = {
    "integer-division, then floats": lambda raw: (flat(raw) // 255).astype(np.float32),
    "wrong-range, each pixel standardised": lambda raw: (flat(raw) - flat(raw).mean(0)) / (flat(raw).std(0) + 1e-7),
    "wrong-range, not finite": lambda raw: np.where(flat(raw) == 255, np.nan, flat(raw) / 255),
    "wrong-range, each over its own sum": lambda raw: flat(raw) / flat(raw).sum(axis=1, keepdims=True),
    "wrong-shape, turned": lambda raw: flat(raw).T / 255,
    "integer-division, compared": lambda raw: (flat(raw) > 127).astype(int),
    "wrong-order, a quarter turn": lambda raw: np.rot90(raw, axes=(1, 2)).reshape(N, -1) / 255,
    "wrong-order, beyond 255 in uint8": lambda raw: flat(raw) * np.uint8(2) / 510,
    "wrong-order, noise": lambda raw: np.random.default_rng(1).random(flat(raw).shape),
    "wrong-order, one twice": lambda raw: (flat(raw) / 255)[np.where(np.arange(N) == 17, 0, np.arange(N))],
    "wrong-order, mixed": lambda raw: (raw / 255).reshape(784, -1).T,
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_images_in_any_precision_and_scale_are_right(raw, name):
    judged = judge_images(RIGHT[name](raw), raw, DIGITS)
    assert judged.charge is None
    assert np.array_equal(judged.rows, np.arange(N))


def test_another_order_is_right_and_known(raw):
    judged = judge_images((flat(raw) / 255)[ORDER], raw, DIGITS)
    assert judged.charge is None
    assert np.array_equal(judged.rows, ORDER)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_images_are_named_with_what_was_found(raw, name):
    charge = judge_images(WRONG[name](raw), raw, DIGITS).charge
    assert charge.fault.code == name.partition(",")[0]
    assert charge.fault.found
    assert charge.share < 1


def test_a_wave_of_grey_levels_is_no_scale_of_them(raw):
    assert judge_images(np.sin(flat(raw) / 20), raw, DIGITS).charge.fault.code == "wrong-order"


def test_the_first_row_that_is_wrong_is_shown(raw):
    assert str(judge_images(WRONG["wrong-order, one twice"](raw), raw, DIGITS).charge.fault.place) == "row 17"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_hot_labels_are_right(digits, dtype):
    assert judge_one_hot(np.eye(10, dtype=dtype)[digits], digits, DIGITS) is None


def test_labels_follow_the_order_of_their_images(digits):
    labels = np.eye(10)[digits]
    assert judge_one_hot(labels[ORDER], digits, DIGITS, ORDER) is None
    assert judge_one_hot(labels, digits, DIGITS, ORDER).fault.code == "labels-shuffled-apart"


WRONG_LABELS = {
    "labels-not-one-hot, zeros": lambda y: np.zeros((len(y), 10)),
    "labels-not-one-hot, smoothed": lambda y: 0.9 * np.eye(10)[y] + 0.01,
    "labels-off-by-one": lambda y: np.eye(10)[(y + 1) % 10],
    "labels-shifted": lambda y: np.roll(np.eye(10)[y], 1, axis=0),
    "labels-shuffled-apart": lambda y: np.eye(10)[y][ORDER],
    "labels-wrong": lambda y: np.eye(10)[0 * y],
    "wrong-shape": lambda y: np.eye(11)[y],
    "not-floating-point, booleans": lambda y: np.eye(10, dtype=bool)[y],
}


@pytest.mark.parametrize("name", WRONG_LABELS)
def test_wrong_labels_are_named_with_what_was_found(digits, name):
    charge = judge_one_hot(WRONG_LABELS[name](digits), digits, DIGITS)
    assert charge.fault.code == name.partition(",")[0]
    assert charge.fault.found


COLUMN = msgspec.structs.replace(DIGITS, classes=2, one_output=True, names=(), learned=None)
COLUMNS = {
    "": lambda y: y[:, None].astype(np.float32),
    "labels-wrong, -1 and 1": lambda y: 2.0 * y[:, None] - 1,
    "labels-off-by-one": lambda y: 1.0 - y[:, None],
    "wrong-shape, a row": lambda y: y.astype(float),
    "wrong-shape, one-hot": lambda y: np.eye(2)[y],
    "not-floating-point": lambda y: y[:, None],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_labels_of_one_output_are_a_column_of_zeros_and_ones(digits, name):
    charge = judge_one_hot(COLUMNS[name](digits % 2), digits % 2, COLUMN)
    assert (charge.fault.code if charge else "") == name.partition(",")[0]


def test_the_first_label_that_is_wrong_is_shown_with_the_right_one(digits):
    labels = np.eye(10)[digits]
    labels[123] = np.eye(10)[(digits[123] + 4) % 10]
    fault = judge_one_hot(labels, digits, DIGITS).fault
    assert str(fault.place) == "row 123, the first of 1"
    assert str(fault.found) == f"the label {(digits[123] + 4) % 10}"
    assert fault.expected == str(digits[123])


def test_rows_of_a_table_and_of_an_array_are_those_of_both_laid_out(raw):
    levels = GreyLevels((np.arange(256) / 255).astype(np.float64), "x_train_2d", (N, 784))
    other = np.random.default_rng(2).random((30, 784)).astype(np.float32)
    joined = Joined([TableRows(levels, raw), other], DIGITS.size)
    whole = np.concatenate([(flat(raw) / 255).astype(np.float32), other])
    assert len(joined) == len(whole)
    for index in (np.arange(N, N + 30), np.array([N + 3, 0, N - 1, N, 5]), np.arange(7), np.empty(0, np.int64)):
        assert np.array_equal(joined[index], whole[index])


@pytest.mark.parametrize(
    "kind", [np.asarray, lambda images: images.view(np.matrix), np.ma.masked_array, np.asfortranarray]
)
def test_a_table_is_found_whatever_kind_of_array_the_images_are(raw, kind):
    table = table_between(kind(flat(raw) / 255), raw)
    assert np.array_equal(table[np.unique(raw)], np.unique(raw) / 255)


def test_no_table_is_found_where_one_pixel_is_another():
    raw = load_mnist()[0][0][:N].copy()
    images = flat(raw) / 255
    images[-1, -1] += 0.1
    assert table_between(images, raw) is None
