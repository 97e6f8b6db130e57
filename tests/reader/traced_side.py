"""Read Keras models in an eager process; leave model files in a folder."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from graphread import read_network
from graphread.graph.source import GraphError
from graphread.lab.local import LocalLab
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.student.capture import take

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "keras-course.md"


def model(*, drop: float = 0.0, last: str | None = None, scale: float | None = None) -> Any:
    start = keras.initializers.RandomNormal(stddev=scale) if scale else "glorot_uniform"
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(12, activation="relu", kernel_initializer=start, name="hidden"),
            *([keras.layers.Dropout(drop)] if drop else []),
            keras.layers.Dense(10, activation=last, name="scores"),
        ],
        name="digits",
    )


def compiled(made: Any, optimizer: Any = "adam", *, sparse: bool = True, logits: bool = True) -> Any:
    kind = keras.losses.SparseCategoricalCrossentropy if sparse else keras.losses.CategoricalCrossentropy
    made.compile(optimizer, kind(from_logits=logits), metrics=["accuracy"])
    return made


class Unbuilt(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.scores = keras.layers.Dense(10)

    def call(self, x: Any) -> Any:
        return self.scores(x)


def row(thing: Any, parts: Any = None) -> dict[str, Any]:
    try:
        network = read_network(thing, parts)
    except GraphError as error:
        return {"problem": str(error)}
    said = [*network.faults, *network.remarks]
    return {
        **network.as_json(),
        "where": [str(fault.where) for fault in said],
        "found": [str(fault.found) for fault in said],
        "undecided": list(map(str, network.undecided)),
        "text": str(network),
        "rate": network.optimizer and network.optimizer.rate,
        "marked": network.svg().count("✗"),
    }


def graded(folder: Path, model: Any) -> dict[str, tuple[str, list[str]]]:
    """What the tests of the guide's part on Keras say of a model: outcome and codes of each, by its sentence."""
    text = GUIDE.read_text(encoding="utf-8")
    for name, block in re.findall(r"```(?:python|toml)\n# (?:in )?(\S+)\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(block, encoding="utf-8")
    out = folder / "evidence" / "check_digits_model"
    out.mkdir(parents=True)
    take("check_digits_model", {"model": model}, out, folder)
    bench = TestContext(out.parent, load_exercises(folder), LocalLab)
    try:
        found = run_tests(bench, [folder / "test_keras_public.py"], [])
    finally:
        bench.close()
    return {check.sentence: (check.outcome.value, list(check.faults)) for check in found.checks["check_digits_model"]}


def of_zeros(*, activation: str | None = "relu", last: str | None = None) -> Any:
    """A model that takes every image for a zero."""
    layers = [keras.layers.Dense(12, activation=activation), keras.layers.Dense(10, activation=last)]
    made = keras.Sequential([keras.Input((784,)), *layers])
    layers[1].bias.assign([9.0, *[0.0] * 9])
    return compiled(made)


class OwnStep(keras.Model):
    """A step of its own, with metrics that Keras makes when it is first fed."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            scores = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=scores)
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
        )
        return self.compute_metrics(x, y, scores)


class BrokenStep(OwnStep):
    def train_step(self, data: Any) -> Any:
        del data
        raise RuntimeError("no step today")


def broken_step() -> Any:
    inputs = keras.Input((8,))
    return compiled(BrokenStep(inputs, keras.layers.Dense(10)(keras.layers.Dense(12, "relu")(inputs))))


OPTIMIZERS = [
    ("adam", keras.optimizers.Adam),
    ("rmsprop", keras.optimizers.RMSprop),
    ("adagrad", keras.optimizers.Adagrad),
    ("momentum", lambda rate: keras.optimizers.SGD(rate, momentum=0.9)),
    (None, lambda rate: keras.optimizers.Lion(rate / 20)),
    (None, keras.optimizers.Nadam),
    (None, lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.3)),
    (None, lambda rate: keras.optimizers.Adam(rate, gradient_accumulation_steps=4)),
    (None, keras.optimizers.Adafactor),
    (None, keras.optimizers.Ftrl),
    (None, keras.optimizers.Lamb),
    (None, keras.optimizers.Muon),
]
"""What each is named; none is nothing of a name that the reader has."""


def two_inputs() -> Any:
    inputs = [keras.Input((8,), name="pixels"), keras.Input((3,), name="more")]
    hidden = keras.layers.Dense(12, "relu", name="hidden")(keras.layers.Concatenate()(inputs))
    return compiled(OwnStep(inputs, keras.layers.Dense(10, name="scores")(hidden)))


def main(folder: Path) -> int:
    x, ids = np.zeros((4, 8, 8, 1), np.float32), np.arange(4)
    rows: dict[str, Any] = {"compiled": row(compiled(model()))}
    rows["not compiled"] = row(model())
    rows["huge"] = row(compiled(model(scale=9.0)))
    rows["labels of another form"] = row(compiled(model(), sparse=False), {"X": x, "Y": ids})
    rows["labels of its form"] = row(compiled(model()), {"X": x, "Y": ids})
    decay = keras.optimizers.schedules.ExponentialDecay(0.02, 100, 0.5)
    rows["schedule"] = row(compiled(model(), keras.optimizers.Adam(decay)))
    rows["two classes"] = row(two_classes())
    rows["unbuilt"] = row(Unbuilt())
    rows["unbuilt, with rows"] = row(Unbuilt(), {"X": np.zeros((2, 64), np.float32)})
    begun = Unbuilt()
    begun.build((None, 64))  # which builds none of its layers
    rows["build() alone"] = row(compiled(begun))
    rows["trains after it was read"] = bool(np.isfinite(begun.train_on_batch(x.reshape(4, 64), ids)).all())
    rows["labels alone"] = row(compiled(model()), {"Y": np.eye(10, dtype=np.float32)[ids]})
    rows["unbuilt, with labels"] = row(Unbuilt(), {"Y": ids})
    left = compiled(model(drop=0.5))
    left.fit(x, ids, verbose=0)
    before = [np.array(v) for v in (*left.variables, *left.optimizer.variables)]
    read_network(left)
    after = [np.array(v) for v in (*left.variables, *left.optimizer.variables)]
    rows["nothing is changed"] = all(map(np.array_equal, before, after))
    own = two_inputs()
    rows["own step, two inputs"] = row(own)
    rows["own metrics are left alone"] = not own._compile_metrics.built
    rows["own step that raises"] = row(broken_step())
    rows["optimizers"] = [[name, row(compiled(model(), make(0.002)))] for name, make in OPTIMIZERS]
    for name, made in (
        ("right", of_zeros()),
        ("linear", of_zeros(activation=None)),
        ("rectified", of_zeros(last="relu")),
    ):
        (folder / name).mkdir()
        rows[f"guide: {name}"] = graded(folder / name, made)

    compiled(model(last="softmax", scale=9.0), sparse=False, logits=False).save(folder / "huge.keras")
    with_code = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda v: v * 2), keras.layers.Dense(2)])
    with_code.save(folder / "code.keras")
    (folder / "old.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    tf.compat.v1.disable_eager_execution()
    rows["graph mode"] = row(left)
    sys.stdout.write(json.dumps(rows))
    return 0


def two_classes() -> Any:
    inputs = keras.Input((5,))
    made = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(keras.layers.Dense(7, "tanh")(inputs)))
    made.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return made


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
