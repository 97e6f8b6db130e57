"""Another course's data, with other shapes, other classes and fewer rows: judged and shown according to exercises.toml."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, LabError
from graphread.lab.local import LocalLab
from graphread.model import Layer, Network, Optimizer
from graphread.text import Text
from netgrader import observations as seen
from netgrader.checks import Failed, TestContext, Ungradable
from netgrader.checks.context import Dataset, require_layers
from netgrader.checks.exercises import load_exercises
from netgrader.checks.held_out import held_out_images
from netgrader.evidence import EvidenceWriter, GraphEvidence
from netgrader.faults import fault
from netgrader.judges.accuracy import recompute, require_learned, require_own, require_trained
from netgrader.judges.answers import opened
from netgrader.judges.arrays import require_images, require_labels
from netgrader.judges.learning_rate import accuracy_on
from netgrader.judges.shown import wrong_images
from netgrader.judges.structure import require_feedable, require_optimizer
from netgrader.judges.training_loop import training_of
from netgrader.pages.feedback_figures import PageData, figure
from netgrader.student.graphs import export_graph
from tests.datasets import SHIRTS, SIDE, shirts, toml_of
from tests.processes import run_program
from tests.training.mutants import loop

PIXELS, CLASSES = SIDE * SIDE, len(SHIRTS)
EXERCISES = """
[exercises]
rows_of_pixels = "data"
garment_network = "network"
fit = "training-loop"

[garment_network]
widths = [4]
activations = ["none"]
bias = true
loss = "softmax-cross-entropy"
optimizer = "adam"
nonlinear = false
learning_rate = 0.003

[fit]
calls = [{ n_epochs = 2, mini_batch_size = 64 }, { n_epochs = 1, mini_batch_size = 96 }]
seconds = 60
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A folder with the data, and the folder of checks that says what they are."""
    folder = tmp_path_factory.mktemp("shirts")
    (folder / "checks").mkdir()
    text = toml_of(shirts(folder)) + EXERCISES
    (folder / "checks" / "exercises.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def bench(course, tmp_path) -> Any:
    """What tests work on, with evidence in a folder of its own."""
    made = TestContext(tmp_path, load_exercises(course / "checks"), LocalLab, data=course / "shirts.npz")
    yield made
    made.close()


def hand_over(bench: TestContext, cell: str, **arrays: np.ndarray) -> None:
    """Hand over arrays as the evidence of a cell."""
    (bench.evidence_root / cell).mkdir()
    out = EvidenceWriter(bench.evidence_root / cell, cell)
    for name, values in arrays.items():
        out.array(name, values)
    out.close()


def right_arrays(data: Dataset) -> dict[str, np.ndarray]:
    """The arrays that a student should make."""
    scaled, one_hot = data.prepared, data.spec.label_rows
    return {
        "x_train": scaled(data.x_train),
        "y_train_1_hot": one_hot(data.y_train),
        "x_test": scaled(data.x_test),
        "y_test_1_hot": one_hot(data.y_test),
    }


def test_arrays_of_the_other_shape_are_right(bench):
    hand_over(bench, "check_rows_of_pixels", **right_arrays(bench.dataset))
    for part in ("train", "test"):
        require_images(bench, part)
        require_labels(bench, part)


@pytest.mark.parametrize(
    ("name", "spoil", "code", "expected"),
    [
        ("x_train", lambda x: x * 99, "not-scaled", "from 0 to 1"),
        ("x_train", lambda x: x.reshape(-1, SIDE, SIDE), "wrong-shape", "(3000, 256)"),
        ("x_train", lambda x: x.reshape(-1, SIDE, SIDE).transpose(0, 2, 1).reshape(x.shape), "wrong-order", "as given"),
        ("y_train_1_hot", lambda y: 1 - y, "labels-not-one-hot", "one 1 and three 0"),
        ("y_train_1_hot", lambda y: np.eye(10, dtype=np.float32)[y.argmax(axis=1)], "wrong-shape", "(3000, 4)"),
    ],
)
def test_arrays_that_are_wrong_are_named_with_the_sizes_of_the_course(bench, name, spoil, code, expected):
    arrays = right_arrays(bench.dataset)
    other = name.replace("train", "test")  # wrong on one side only would be a fault of its own
    spoilt = {one: spoil(arrays[one]) for one in (name, other)}
    hand_over(bench, "check_rows_of_pixels", **{**arrays, **spoilt})
    with pytest.raises(Failed) as caught:
        (require_images if name.startswith("x") else require_labels)(bench, "train")
    (fault,) = caught.value.faults
    assert fault.code == code
    assert expected in str(fault.expected)


def test_test_images_of_another_range_than_the_training_images_are_named(bench):
    arrays = right_arrays(bench.dataset)
    hand_over(bench, "check_rows_of_pixels", **{**arrays, "x_test": 2 * arrays["x_test"]})
    with pytest.raises(Failed) as caught:
        require_images(bench, "test")
    assert [fault.code for fault in caught.value.faults] == ["scaled-on-one-side"]


def network(
    outputs: int = CLASSES,
    inputs: int = PIXELS,
    data: Dataset | None = None,
    *,
    axis: int = 1,
    batch: int | None = None,
    shape: tuple[int, ...] = (-1,),
    by_python: bool = False,
) -> GraphEvidence:
    """A one-layer network, trained for two epochs where there are data."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        x, y = tf.placeholder(tf.float32, [None, inputs]), tf.placeholder(tf.float32, [None, outputs])
        w = tf.get_variable("w", [inputs, outputs], initializer=tf.glorot_uniform_initializer())
        logits = x @ w + tf.get_variable("b", [outputs], initializer=tf.zeros_initializer())
        if batch is not None:
            logits += tf.zeros([batch, outputs])  # as the state that a recurrent network begins with
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        step = tf.train.AdamOptimizer(0.003).minimize(loss)
        right = tf.cast(tf.equal(tf.argmax(logits, axis), tf.argmax(y, 1)), tf.float32)
        right = tf.reduce_mean(right if shape == (-1,) else tf.reshape(right, shape))
        if by_python:
            right = tf.py_func(np.asarray, [right], tf.float32)
        parts = {"graph": graph, "X": x, "Y": y, "logits": logits, "loss": loss, "train_op": step, "accuracy": right}
        with tf.Session(graph=graph) as session:
            session.run(tf.global_variables_initializer())
            if data is not None:
                rows, labels = data.prepared(data.x_train), data.spec.label_rows(data.y_train)
                for start in range(0, 2 * len(rows), 50):
                    some = np.arange(start, start + 50) % len(rows)
                    session.run(step, {x: rows[some], y: labels[some]})
            return export_graph(parts, session)


@pytest.mark.parametrize(
    ("sizes", "codes"),
    [((CLASSES, PIXELS), set()), ((5, PIXELS), {"wrong-width"}), ((CLASSES, 784), {"wrong-placeholder"})],
)
def test_a_network_is_read_with_the_sizes_of_the_course(bench, sizes, codes):
    cell = bench.evidence_root / "check_garment_network"
    cell.mkdir()
    graph = network(*sizes)
    out = EvidenceWriter(cell, cell.name)
    out.graph("net", graph)
    out.close()
    found = bench.network(cell.name)
    assert found.codes == codes
    assert (found.exercise.inputs, found.exercise.classes) == (PIXELS, CLASSES)
    if not codes:
        require_layers(found)
        require_feedable(bench.lab, graph, found)


def test_the_accuracy_of_one_output_is_that_of_its_sign(bench):
    graph, data = network(1), bench.dataset
    rows, classes = data.prepared(data.x_test), np.arange(len(data.x_test)) % 2
    with opened(bench.lab, graph) as session:
        (logits,) = session.run([graph.parts["logits"]], {graph.parts["X"]: rows})
        assert accuracy_on(session, graph, rows, classes) == np.mean((logits[:, 0] > 0) == classes)


def test_an_optimizer_that_a_fault_holds_still_is_judged_by_that_fault():
    still = Optimizer("adam", 0.001, ())
    for faults, code in (((), "layers-not-trained"), ((fault("relu-on-logits"),), "relu-on-logits")):
        with pytest.raises(Failed) as caught:
            require_optimizer(Network(optimizer=still, faults=faults))
        assert [one.code for one in caught.value.faults] == [code]


@pytest.mark.parametrize(
    ("outputs", "asked", "fits"),
    [
        (CLASSES, {}, True),
        (CLASSES - 1, {}, True),
        (CLASSES - 2, {}, False),
        (3, {"outputs": 3}, True),
        (2, {"outputs": 3}, False),
    ],
)
def test_one_class_may_do_without_an_output_and_no_number_may(outputs, asked, fits):
    exercise = Exercise("network", classes=CLASSES, **asked)
    layer = Layer("dense", PIXELS, outputs, "none", bias=True, variables=("W", "b"), place="MatMul")
    found = Network(layers=(layer,), exercise=exercise)
    with contextlib.nullcontext() if fits else pytest.raises(Failed, match="not have the number of neurons"):
        require_layers(found)


def handed_over(bench, graph):
    cell = bench.evidence_root / "check_garment_network"
    cell.mkdir()
    out = EvidenceWriter(cell, cell.name)
    out.graph("net", graph)
    out.close()
    return bench.network(cell.name)


def test_what_cannot_be_computed_of_any_number_of_rows_is_told_before_it_is_trained(bench):
    graph = network(axis=0)
    with pytest.raises(Failed) as caught:
        require_feedable(bench.lab, graph, handed_over(bench, graph))
    assert [fault.code for fault in caught.value.faults] == ["accuracy-over-wrong-axis"]


def test_an_accuracy_that_the_lab_does_not_run_is_left_to_a_person(bench):
    graph = network(by_python=True)
    with pytest.raises(LabError, match="PyFunc"):
        require_feedable(bench.lab, graph, handed_over(bench, graph))


def test_a_network_for_one_number_of_rows_is_named_once(bench):
    graph = network(batch=64)
    found = handed_over(bench, graph)
    assert found.codes == {"fixed-batch-size"}
    require_feedable(bench.lab, graph, found)
    with pytest.raises(Failed, match="batches of one size only"):
        require_feedable(bench.lab, graph, replace(found, faults=()))


@pytest.mark.parametrize(
    ("shape", "found"), [((50,), "batches of 50"), ((5, -1), "batches of 10"), ((3, 17), "an accuracy that cannot")]
)
def test_an_accuracy_of_one_number_of_rows_is_named_with_that_number(bench, shape, found):
    graph = network(shape=shape)
    with pytest.raises(Failed) as caught:
        require_feedable(bench.lab, graph, handed_over(bench, graph))
    (fault,) = caught.value.faults
    assert str(fault.found).startswith(found)
    assert fault.code == ("fixed-batch-size" if found.startswith("batches") else "accuracy-wrong")


def test_the_accuracy_is_that_of_numpy_on_the_courses_images_and_on_the_half_that_nobody_had(bench):
    data = bench.dataset
    graph = network(data=data)
    secret = held_out_images("7", (data.x_train, data.y_train), (data.x_test, data.y_test))
    assert secret.hidden.sum() == len(data.x_test) // 2
    result = recompute(bench.lab, graph, data, secret)
    found = (data.prepared(data.x_test) @ graph.values["w"] + graph.values["b"]).argmax(axis=1)
    assert result.test == pytest.approx(np.mean(found == data.y_test), abs=1e-3)
    assert result.test > 0.9
    require_learned(result)
    require_own(result)
    require_trained(bench.lab, graph, result, 0.9)


def test_a_test_set_of_few_is_judged_too(bench):
    whole = bench.dataset
    data = replace(whole, x_test=whole.x_test[:40], y_test=whole.y_test[:40])
    secret = held_out_images("7", (data.x_train, data.y_train), (data.x_test, data.y_test))
    result = recompute(bench.lab, network(data=whole), data, secret)
    assert result.steady
    assert result.test > 0.8


def test_an_untrained_network_is_told_from_chance_among_four(bench):
    graph = network()
    result = recompute(bench.lab, graph, bench.dataset)
    assert result.test < bench.spec.above_chance(2 / 9) == pytest.approx(0.416667)
    with pytest.raises(Failed) as caught:
        require_trained(bench.lab, graph, result, 0.9)
    assert [fault.code for fault in caught.value.faults] == ["train-op-not-run"]
    assert bench.marked is None  # it was not measured here what a network learns first


@pytest.fixture(scope="module")
def rehearsed(course, tmp_path_factory) -> Any:
    """Hand over what a right loop does, which is called `fit`."""
    folder = tmp_path_factory.mktemp("rehearsed")
    spec = load_exercises(course / "checks").data
    with np.load(course / "shirts.npz", allow_pickle=False) as file:
        parts = {name: file[name] for name in file.files}
    np.savez(
        folder / "arrays.npz",
        x_train=spec.prepared(parts["fit_images"], parts["fit_images"]),
        y_train_1_hot=spec.label_rows(parts["fit_labels"]),
        x_test=spec.prepared(parts["held_images"], parts["fit_images"]),
        y_test_1_hot=spec.label_rows(parts["held_labels"]),
    )
    job = {
        "source": loop("plain").replace("def train(", "def fit("),
        "data": str(folder / "arrays.npz"),
        "calls": [{"n_epochs": 2, "mini_batch_size": 64}, {"n_epochs": 1, "mini_batch_size": 96}],
        "seconds": 60,
    }
    jobs = {"jobs": {str(folder / "check_fit"): job}, "checks": str(course / "checks")}
    (folder / "jobs.json").write_text(json.dumps(jobs))
    program = Path(__file__).parents[1] / "training" / "rehearsals.py"
    env = {"NETGRADER_CHECKS": str(course / "checks"), "NETGRADER_DATA": str(course)}
    run_program(program, folder / "jobs.json", env=env)
    return folder


def test_a_loop_on_an_instrument_of_the_courses_sizes_is_right_by_the_notes_of_its_own_run_alone(course, rehearsed):
    exercises, data = load_exercises(course / "checks"), course / "shirts.npz"
    training = training_of(
        TestContext(rehearsed, exercises, LocalLab, data=data, outside={"challenges": {"check_fit": 0}})
    )
    assert training.codes == ()
    assert {verdict.share for verdict in training.verdicts.values()} == {1.0}
    assert {len(subject.tables.prints) for subject in training.subjects} == {3_600}
    forged = TestContext(rehearsed, exercises, LocalLab, data=data, outside={"challenges": {"check_fit": 1}})
    with pytest.raises(Ungradable, match="does not match a network"):
        training_of(forged)


def test_a_page_calls_classes_by_their_names_and_draws_images_of_their_shape(bench):
    data = bench.dataset
    found = data.y_test.copy()
    found[:3] = (found[:3] + 1) % CLASSES
    drawn = figure(wrong_images(found, data.y_test), PageData(data.spec, data.x_test))
    body = str(drawn.body)
    for number in range(3):
        true, wrong = SHIRTS[data.y_test[number]], SHIRTS[found[number]]
        assert f"test image {number}, a {true} that the network takes for a {wrong}" in body
        assert f"<b>{true}</b>" in body
    weights = seen.Images(
        "Weights", SHIRTS, ((seen.signed_image(np.linspace(-1, 1, PIXELS)),) * CLASSES,), (SIDE, SIDE)
    )
    assert "shoe" in str(figure(weights).body)


def test_a_course_says_faults_of_its_own_data(bench):
    texts = bench.exercises.texts
    said = texts.say(fault("accuracy-wrong").sentence)
    assert said == "The accuracy is not the fraction of images whose garment is predicted correctly."
    for code in texts.kinds:
        kind = texts.kind(code)
        assert "{" not in texts.say(Text(kind.sentence)) + texts.say(Text(kind.why))
