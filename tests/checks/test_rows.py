"""Tabular rows: their preparation, their verdicts, the held-out part, and the words used for them."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphread.text import Text
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.checks.context import Dataset
from netgrader.checks.held_out import mark
from netgrader.checks.held_out_rows import held_out_inputs
from netgrader.data import DataPart, DataSpec
from netgrader.faults import CATALOGUE
from netgrader.judges.arrays import judge_images
from netgrader.judges.preparations import preparation_of
from netgrader.judges.rows import judge_rows, judge_targets
from netgrader.judges.sweep_runs import run_images

N_TRAIN, N_TEST, FEATURES = 600, 200, 5


def table(classes=0, scaling="standard", shape=(FEATURES,)):
    """Rows of features on scales of their own, one constant and one of whole numbers, with targets that follow from them."""
    random = np.random.default_rng(5)
    n = N_TRAIN + N_TEST
    kinds = random.integers(0, classes or 3, n)
    x = random.normal(size=(n, FEATURES)) * [1, 200, 0.01, 1, 3] + [0, 900, 0.5, 4, 0]
    x[:, 0] += 3 * kinds
    x[:, 3], x[:, 4] = 7.25, np.rint(x[:, 4])
    y = kinds.astype(np.uint8) if classes else (x[:, 0] * 2 + x[:, 1] / 100 + random.normal(size=n) / 10)
    x, y = x.astype(np.float32), y if classes else y.astype(np.float32)
    spec = DataSpec(
        file="t.npz",
        sha256="0" * 64,
        train=DataPart("x", "y", N_TRAIN),
        test=DataPart("a", "b", N_TEST),
        shape=shape,
        scaling=scaling,
        classes=classes,
    )
    x = x.reshape(n, *shape)
    return Dataset(spec, x[:N_TRAIN], y[:N_TRAIN], x[N_TRAIN:], y[N_TRAIN:])


DATA = table()


def judged(found, *, of_test=False, data=DATA):
    raw, other = (data.x_test, data.x_train) if of_test else (data.x_train, data.x_test)
    return judge_rows(found, raw, other, data.spec, of_test=of_test)


def by(rows, of, ddof=0):
    deviation = of.std(axis=0, ddof=ddof)
    return (rows - of.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("of_test", [False, True])
def test_rows_scaled_by_the_training_rows_are_right(dtype, ddof, of_test):
    raw = DATA.x_test if of_test else DATA.x_train
    charge, rows = judged(
        by(raw.astype(np.float64), DATA.x_train.astype(np.float64), ddof).astype(dtype), of_test=of_test
    )
    assert charge is None
    assert np.array_equal(rows, np.arange(len(raw)))


@given(st.permutations(range(40)))
@settings(max_examples=30, deadline=None)
def test_another_order_is_as_good_and_is_told(order):
    right = DATA.prepared(DATA.x_train)
    order = np.concatenate([np.array(order), np.arange(40, N_TRAIN)])
    charge, rows = judged(right[order])
    assert charge is None
    assert np.array_equal(rows, order)
    assert judge_targets(DATA.y_train[order], DATA.y_train, rows) is None


def test_in_a_constant_feature_any_number_will_do_but_it_must_be_one():
    right = DATA.prepared(DATA.x_train)
    right[:, 3] = 1
    assert judged(right)[0] is None
    right[:, 3] = np.nan
    charge, _ = judged(right)
    assert (charge.fault.code, str(charge.fault.found)) == ("wrong-range", "values that are not finite, in column 3")


X, T = DATA.x_train.astype(np.float64), DATA.x_test.astype(np.float64)
RIGHT = DATA.prepared(DATA.x_train)
MISTAKES = [
    (False, X, "not-scaled", "the numbers as given"),
    (False, by(X, np.concatenate([X, T])), "wrong-range", "including test rows"),
    (False, X - X.mean(axis=0), "wrong-range", "not divided by"),
    (False, X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1), "wrong-range", "without subtracting their means"),
    (False, (X - X.mean()) / X.std(), "wrong-range", "one mean and one deviation"),
    (False, X / np.linalg.norm(X, axis=1, keepdims=True), "wrong-range", "each row scaled by numbers of its own"),
    (
        False,
        RIGHT / np.linalg.norm(RIGHT, axis=1, keepdims=True),
        "wrong-range",
        "each row scaled by numbers of its own",
    ),
    (False, (X - X.min(axis=0)) / np.maximum(np.ptp(X, axis=0), 1e-9), "wrong-range", "the smallest and the largest"),
    (False, by(X, X) / np.where(X.std(axis=0) > 1e-6, X.std(axis=0), 1), "wrong-range", "squared"),
    (False, RIGHT[:, [1, 0, 2, 3, 4]], "wrong-order", "column 1 in place of column 0"),
    (False, np.roll(RIGHT, 1, axis=0) * [1, 1, -1, 1, 1], "wrong-order", "rows that are not the given row"),
    (False, RIGHT.reshape(5, -1).T, "wrong-order", "transposed"),
    (False, RIGHT * [3, 1, 1, 1, -2] + 5, "wrong-range", "scaled by numbers of their own, the first times "),
    (False, RIGHT.T, "wrong-shape", "shape (5, 600)"),
    (True, by(T, T), "scaled-on-one-side", "of the test rows"),
    (True, T, "not-scaled", "the numbers as given"),
    (True, by(T, np.concatenate([X, T])), "wrong-range", "including test rows"),
]


@pytest.mark.parametrize(
    ("of_test", "found", "code", "words"), MISTAKES, ids=[f"{one[2]}: {one[3]}" for one in MISTAKES]
)
def test_usual_mistakes_are_named(of_test, found, code, words):
    charge, _ = judged(found.astype(np.float32), of_test=of_test)
    assert charge.fault.code == code
    assert words in str(charge.fault.found)


def test_what_is_asked_for_as_it_is_is_right_as_it_is_and_whole_numbers_are_told():
    data = table(classes=3, scaling="none")
    assert judged(data.x_train, data=data)[0] is None
    scaled = by(data.x_train.astype(np.float64), data.x_train.astype(np.float64))
    assert judged(scaled, data=data)[0].fault.code == "wrong-range"
    whole = Dataset(data.spec, np.rint(data.x_train), data.y_train, np.rint(data.x_test), data.y_test)
    assert judged(whole.x_train.astype(int), data=whole)[0].fault.code == "not-floating-point"


Y = DATA.y_train


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Y[:, None], None),
        (Y.astype(np.float64), None),
        (np.tile(Y, (2, 1)), "wrong-shape"),
        (np.roll(Y, 1), "labels-shifted"),
        (Y[np.random.default_rng(0).permutation(N_TRAIN)], "labels-shuffled-apart"),
        (Y * 2 + 1, "labels-wrong"),
        (np.full(N_TRAIN, np.nan), "labels-wrong"),
        (np.rint(Y).astype(int), "labels-wrong"),
    ],
)
def test_targets_are_the_given_numbers(found, code):
    charge = judge_targets(np.asarray(found), Y)
    assert (charge.fault.code if charge else None) == code


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("seed", ["7", "2a"])
def test_half_of_the_test_rows_is_replaced_by_rows_between_training_rows(classes, seed):
    data = table(classes)
    train, test = (data.x_train, data.y_train), (data.x_test, data.y_test)
    made = held_out_inputs(seed, train, test, data.spec)
    assert made.hidden.sum() == N_TEST // 2
    assert np.array_equal(made.images[~made.hidden], data.x_test[~made.hidden])
    replaced = made.images[made.hidden]
    low, high = data.x_train.min(axis=0), data.x_train.max(axis=0)
    assert ((replaced >= low) & (replaced <= high)).all()
    assert (replaced[:, 3] == np.float32(7.25)).all()
    assert np.array_equal(replaced[:, 4], np.rint(replaced[:, 4]))
    originals = {row.tobytes() for row in data.x_test[made.hidden]}
    assert not originals & {row.tobytes() for row in made.images}
    # The target in the file goes with what stands there: a rule that holds for the training rows holds for these.
    if classes:
        nearest = np.abs(replaced[:, None, 0] - 3 * np.arange(3)).argmin(axis=1)
        assert (nearest == data.y_test[made.hidden]).mean() > 0.8
    else:
        rule = replaced[:, 0] * 2 + replaced[:, 1] / 100
        assert np.corrcoef(rule, data.y_test[made.hidden])[0, 1] > 0.95
    again = held_out_inputs(seed, train, test, data.spec)
    assert np.array_equal(made.images, again.images)


def test_which_half_it_is_follows_from_the_secret_alone_whatever_is_asked():
    hidden = [held_out_inputs("7", *_parts(table(classes)), table(classes).spec).hidden for classes in (0, 3)]
    assert np.array_equal(*hidden)


def _parts(data):
    return (data.x_train, data.y_train), (data.x_test, data.y_test)


@pytest.mark.parametrize("n_train", [1, 2, 20])
@pytest.mark.parametrize("classes", [0, 3])
def test_few_training_rows_do_not_stop_it(classes, n_train):
    data = table(classes)
    train = data.x_train[:n_train], data.y_train[:n_train]
    made = held_out_inputs("7", train, (data.x_test, data.y_test), data.spec)
    kinds = set(train[1].tolist())
    for row, target in zip(made.images[made.hidden], data.y_test[made.hidden], strict=True):
        if not classes or target in kinds:
            assert not (data.x_test == row).all(axis=1).any()


def test_texts_say_rows_and_features_and_those_of_images_say_what_they_said():
    texts = CourseTexts(DATA.spec.words, regression=True, rows=True)
    said = Text("{an_image}'s output changes with the other {images}, by {n:,} {labels}", n=3)
    assert texts.say(said) == "a row's output changes with the other rows, by 3 targets"
    assert OF_NO_COURSE.say(said) == str(said) == "an image's output changes with the other images, by 3 labels"
    for code in CATALOGUE:
        kind = texts.kind(code)
        told = f"{texts.say(Text(kind.sentence))} {texts.say(Text(kind.why))}"
        assert "image" not in told
        assert "{" not in told


@pytest.mark.parametrize("colours", [1, 3])
def test_images_with_colours_are_judged_redrawn_and_marked(colours):
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (400, 9, 8, colours)).astype(np.uint8)
    labels = (np.arange(400) % 4).astype(np.uint8)
    part = DataPart("x", "y", 400)
    spec = DataSpec(file="t.npz", sha256="0" * 64, train=part, test=part, shape=(9, 8, colours), classes=4)
    rows = images.reshape(400, -1)
    assert judge_images(spec.prepared(images, images), images, spec).charge is None
    for wrong, code in ((rows.astype(float), "not-scaled"), (rows // 255, "integer-division")):
        assert judge_images(wrong, images, spec).charge.fault.code == code
    turned = images.swapaxes(1, 2).reshape(400, -1) / 255
    assert str(judge_images(turned, images, spec).charge.fault.found).startswith(
        "the pixels of each image in another order"
    )
    made = held_out_inputs("7", (images, labels), (images, labels), spec)
    assert made.images.shape == images.shape
    assert (made.images[made.hidden] != images[made.hidden]).any(axis=(1, 2, 3)).all()
    marked = mark("7", images, labels)
    assert marked.images.shape == images.shape
    assert marked.trials.shape[1:] == images.shape[1:]
    changed = (marked.images != images).any(axis=(1, 2, 3))
    assert changed.any()
    # Marks are grey.
    assert (marked.images[changed] == marked.images[changed][..., :1]).all()


@pytest.mark.parametrize(
    "found",
    [X, (X - X.mean()) / X.std(), X - X.mean(axis=0), (X - X.min(axis=0)) / np.maximum(np.ptp(X, axis=0), 1e-9)],
    ids=["raw", "one mean", "centred", "0 to 1"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scale_that_a_notebook_has_is_found_and_feeds_all_rows_alike(found, dtype):
    found = found.astype(dtype)
    data = replace(DATA, prepare=preparation_of(found, DATA.x_train, DATA.spec))
    assert np.allclose(data.prepared(DATA.x_train), found, rtol=1e-3, atol=1e-3 * found.std())
    assert data.prepared(DATA.x_test).dtype == np.float32


def test_a_sweep_is_looked_at_at_the_scale_that_the_notebook_has():
    own = ((X - X.mean()) / X.std()).astype(np.float32)
    bench: Any = SimpleNamespace(
        dataset=DATA,
        spec=DATA.spec,
        given=SimpleNamespace(images=DATA.x_test),
        part={"train": (DATA.x_train, DATA.y_train), "test": (DATA.x_test, DATA.y_test)}.__getitem__,
        exercises=SimpleNamespace(of_kind=lambda _: "prepare_data"),
        evidence=lambda _: SimpleNamespace(array={"x_train": own, "x_test": own}.__getitem__),
        once=lambda _, make: make(),
    )
    assert np.allclose(run_images(bench).test[0], (T - X.mean()) / X.std(), atol=1e-2)


BY_ITSELF = {
    "over its sum": lambda rows: rows / rows.sum(axis=1, keepdims=True),
    "over its largest": lambda rows: rows / rows.max(axis=1, keepdims=True),
    "over its length": lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True),
    "between 0 and 1": lambda rows: (rows - rows.min(1, keepdims=True)) / np.ptp(rows, axis=1, keepdims=True),
    "less its mean, over its deviation": lambda rows: (rows - rows.mean(1, keepdims=True)) / rows.std(1, keepdims=True),
}


@pytest.mark.parametrize("made", BY_ITSELF.values(), ids=BY_ITSELF)
def test_rows_that_are_scaled_by_themselves_are_made_likewise_of_rows_that_the_notebook_never_had(made):
    data = replace(DATA, prepare=preparation_of(made(X).astype(np.float32), DATA.x_train, DATA.spec))
    assert np.allclose(data.prepared(DATA.x_test), made(T), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("made", [lambda rows: 2 * rows[:, ::-1] - 1, lambda rows: np.clip(rows, -1, 1)])
def test_rows_whose_columns_change_places_or_are_clipped_are_made_likewise_of_others(made):
    found, tested = made(RIGHT), made(DATA.prepared(DATA.x_test))
    data = replace(DATA, prepare=preparation_of(found.astype(np.float32), DATA.x_train, DATA.spec))
    assert np.allclose(data.prepared(DATA.x_test), tested, atol=0.1)
    charge, _ = judge_rows(found, DATA.x_train, DATA.x_test, DATA.spec, of_test=False)
    assert charge.fault.code == ("wrong-range" if found.max() == 1 else "wrong-order")


def test_what_is_no_scale_of_the_rows_has_none():
    for found in (RIGHT[::-1], RIGHT[:-1], RIGHT**2, np.full_like(RIGHT, np.nan)):
        assert preparation_of(found, DATA.x_train, DATA.spec) is None
