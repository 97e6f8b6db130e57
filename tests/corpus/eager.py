"""Keras 3 programs, built and run by Keras in eager TensorFlow, independently of the reader's traces."""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from graphread import Exercise

from .building import BuildError
from .catalogue_keras import KerasProgram
from .formulas import Array
from .oracle import BATCH, Run, rows

__all__ = ["EXERCISES", "EagerRun", "build", "eagerly", "examples"]

EXERCISES: Mapping[str, Exercise] = {
    "keras_network": Exercise("keras_network", inputs=784, classes=10),
    "keras_regression": Exercise("keras_regression", inputs=784, outputs=1, loss=None, targets=(0.0, 9.0)),
}
FIRST = 20
"""Minibatches that a program is trained with before it is read, where that is asked for."""


def eagerly() -> tuple[Any, Any]:
    """TensorFlow and Keras with version 2 behaviour, also where graphs were built before."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    if not tf.executing_eagerly():
        tf.compat.v1.reset_default_graph()
        tf.compat.v1.enable_v2_behavior()
    return tf, keras


def build(text: str, function: str, switches: frozenset[str] = frozenset()) -> Any:
    """Run `text` and call its `function`; with the switch ``fitted`` what it makes is trained for a moment.

    Raises
    ------
    BuildError
        If the program raises.
    """
    _, keras = eagerly()
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    lines = text.splitlines(keepends=True)
    linecache.cache["student.py"] = (len(text), None, lines, "student.py")  # AutoGraph reads it
    names: dict[str, Any] = {"__name__": "student"}
    try:
        exec(compile(text, "student.py", "exec"), names)  # noqa: S102 - our own program
        thing = names[function]()
        if "fitted" in switches:
            x, _, digits = rows(0, FIRST * BATCH)
            train(thing, images(thing, x), labels(digits, function, form_of(text)))
    except Exception as error:  # whatever it raises, there is nothing to read
        raise BuildError(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}") from error
    return thing


def images(thing: Any, x: Array) -> Array:
    """Rows of images in the shape that a model takes."""
    if not hasattr(thing, "layers"):
        return x.astype(np.float32)
    inputs = getattr(thing, "inputs", None)
    shape = inputs[0].shape if inputs else thing.get_build_config()["input_shape"]
    return x.astype(np.float32).reshape(len(x), *shape[1:])


def labels(digits: Array, function: str, form: str) -> Array:
    """Labels as a program takes them: ``one-hot`` or ``digits``, or numbers to come close to."""
    if function == "keras_regression":
        return digits[:, None].astype(np.float32)
    return np.eye(10, dtype=np.float32)[digits] if form == "one-hot" else digits


def examples(parts: Mapping[str, str], function: str) -> dict[str, Array] | None:
    """Rows for what does not say itself what it is fed: labels in the form that an entry's parts name."""
    x, _, digits = rows(0, 4)
    return {"X": x, "Y": labels(digits, function, parts["Y"])} if parts else None


def form_of(text: str) -> str:
    """The form of labels that a program takes, by its text."""
    return "digits" if "parse" in text else "one-hot"


def train(thing: Any, x: Array, y: Array) -> None:
    """Train in minibatches, in order, as the program trains."""
    thing.fit(x, y, batch_size=BATCH, shuffle=False, epochs=1, verbose=0)


def _steps_as_keras(thing: Any) -> bool:
    return type(thing).train_step.__module__.startswith("keras")


def _variables(thing: Any) -> list[Any]:
    """All variables once: of the network, then of what trains it."""
    optimizer = getattr(thing, "optimizer", None)
    own = [*thing.variables, *getattr(getattr(thing, "model", None), "variables", [])]
    if optimizer is not None and not optimizer.built:
        optimizer.build(thing.trainable_variables)
    return list({id(v): v for v in [*own, *(optimizer.variables if optimizer is not None else ())]}.values())


class EagerRun(Run):
    """A program that is run eagerly, with known values in its variables."""

    def __init__(self, thing: Any, program: KerasProgram, text: str, seed: int = 3) -> None:
        self.thing, self.program, self.form = thing, program, form_of(text)
        self.random = np.random.default_rng(seed)
        found = _variables(thing)
        self._variables = {f"{i:03}/{getattr(v, 'path', v.name)}": v for i, v in enumerate(found)}
        holder = thing.model if hasattr(thing, "model") else thing
        weights = (
            holder.weights if hasattr(holder, "weights") and hasattr(holder, "layers") else thing.trainable_variables
        )
        trained = [id(v) for v in weights if "moving_" not in getattr(v, "path", "")]
        self.trained_names = sorted(
            (name for name, v in self._variables.items() if id(v) in trained),
            key=lambda name: trained.index(id(self._variables[name])),
        )
        self.initial = self.values()
        self.set_known()

    def values(self) -> dict[str, Array]:
        """Values of all variables by name."""
        return {name: np.array(variable) for name, variable in self._variables.items()}

    def assign(self, values: dict[str, Array]) -> None:
        """Set variables by name."""
        for name, value in values.items():
            self._variables[name].assign(value)

    @property
    def measures(self) -> bool:
        """Whether it says an accuracy, and not its loss alone."""
        x, _, digits = rows(0, 2)
        return self.fetch("accuracy", x, digits) is not None

    def labels(self, digits: Array) -> Array:
        """Labels in the form that the program takes."""
        return labels(digits, self.program.exercise, self.form)

    def refuses_other_labels(self) -> bool:
        """Whether labels of the other form cannot be trained with; nothing can be asked after that."""
        tf, _ = eagerly()
        x, _, digits = rows(0, 4)
        other = labels(digits, self.program.exercise, "digits" if self.form == "one-hot" else "one-hot")
        try:
            train(self.thing, images(self.thing, x), other)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError):
            return True
        return False

    def fetch(self, name: str, x: Array, digits: Array) -> Array | None:
        """A part's value on given rows, or None where there is no such part."""
        x = images(self.thing, x)
        keras_model = hasattr(self.thing, "fit")
        if name == "logits":
            return np.asarray(self.thing(x, training=False) if keras_model else self.thing.scores(x))
        y = self.labels(digits)
        if not keras_model or (name == "loss" and not _steps_as_keras(self.thing) and not self.program.stochastic):
            return self._said_in_a_step(x, y) if name == "loss" else None
        if self.thing.loss is None:
            return None
        self.thing.reset_metrics()
        told = self.thing.test_on_batch(x, y, return_dict=True)
        found = [value for key, value in told.items() if (key == "loss" if name == "loss" else key != "loss")]
        return np.asarray(found[0]) if found else None

    def _said_in_a_step(self, x: Array, y: Array) -> Array:
        """The loss that a step of training says; the step is taken back."""
        before, (tf, _) = self.values(), eagerly()
        if hasattr(self.thing, "fit"):
            said = np.asarray(self.thing.train_step((tf.constant(x), tf.constant(y)))["loss"])
        else:
            said = np.asarray(self.thing.train(x, y))
        self.assign(before)
        return said

    def moves(self, steps: int = 2) -> tuple[list[list[Array | None]], list[list[Array]]]:
        """Gradients before each step and moves of each trained variable, from the known values."""
        tf, _ = eagerly()
        x, _, digits = rows()
        x, y = images(self.thing, x), self.labels(digits)
        trained = [
            getattr(v, "value", v) if hasattr(v, "path") else v for v in map(self._variables.get, self.trained_names)
        ]
        self.restore()
        gradients: list[list[Array | None]] = []
        moves: list[list[Array]] = []
        before = self.values()
        for _ in range(steps):
            with tf.GradientTape() as tape:
                if not hasattr(self.thing, "fit"):
                    loss = self.thing.train(x, y)
                elif self.thing.loss is not None:
                    loss = self.thing.compute_loss(x=x, y=y, y_pred=self.thing(x, training=True))
                else:
                    loss = None  # it is known to its step of training alone
            found = [None] * len(trained) if loss is None else tape.gradient(loss, trained)
            gradients.append([None if g is None else np.asarray(g) for g in found])
            if hasattr(self.thing, "fit"):
                train(self.thing, x, y)
            after = self.values()
            moves.append([after[n].astype(np.float64) - before[n].astype(np.float64) for n in self.trained_names])
            before = after
        self.restore()
        return gradients, moves

    def score(self, x: Array, digits: Array) -> float:
        """Share of rows that are told right; of numbers the share of their variance that is told."""
        z = self.fetch("logits", x, digits)
        assert z is not None  # noqa: S101 - every program evaluates
        if self.program.exercise == "keras_regression":
            return float(1 - np.mean((z[:, 0] - digits) ** 2) / np.var(digits))
        return float((z.argmax(axis=1) == digits).mean())

    def close(self) -> None:
        """Forget what Keras keeps."""
        eagerly()[1].utils.clear_session()
