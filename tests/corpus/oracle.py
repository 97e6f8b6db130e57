"""Verify a product's label: run its graph and compare it with NumPy, independently of the reader.

An `Expect` states what a network must compute for known values: its logits, loss, accuracy and first steps, and further
properties. Operators change it along with the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .building import Built, tensorflow
from .catalogue import LossReference, Program, Reference, Values
from .formulas import Array, Function, Optimizers

__all__ = ["BATCH", "EXTRA", "Expect", "Run", "rows", "steps_off", "verify"]

BATCH = 64
EXTRA = "extra"
DATA = Path(__file__).parents[2] / "data" / "mnist.npz"

Property = Callable[["Run"], str | None]


@dataclass(frozen=True)
class Expect:
    """What a network must compute.

    Attributes
    ----------
    references
        References of the logits, one of which must agree; empty where they are not compared.
    acts
        Activations of the hidden layers.
    after, shown
        Applied to the reference in turn: `after` to what the loss sees too, `shown` to ``net.logits`` only. Both are
        given logits and labels.
    loss, accuracy
        References of ``net.loss`` and ``net.accuracy``; None where not compared.
    optimizer
        Kind, rate, sign of the first moves; None where not compared.
    properties
        Further checks; each answers with what is wrong, or None.
    """

    references: tuple[Reference, ...]
    acts: tuple[Function, ...]
    after: tuple[Callable[[Array, Array], Array], ...] = ()
    shown: tuple[Callable[[Array, Array], Array], ...] = ()
    loss: LossReference | None = None
    accuracy: Callable[[Array, Array], float] | None = None
    optimizer: tuple[str, float, float] | None = None
    properties: tuple[Property, ...] = ()

    @classmethod
    def of(cls, program: Program, rate: float) -> Expect:
        """What the right program must compute when asked for at `rate`."""
        optimizer = None
        if program.optimizer is not None and not program.stochastic:
            kind, own = program.optimizer
            optimizer = (kind, rate if own is None else own, 1.0)
        return cls(
            references=(program.logits,),
            acts=tuple(program.functions),
            loss=program.loss,
            accuracy=lambda z, y: float((z.argmax(1) == y.argmax(1)).mean()),
            optimizer=optimizer,
        )

    def also(self, *properties: Property) -> Expect:
        """With further properties."""
        return replace(self, properties=(*self.properties, *properties))


@cache
def rows(start: int = 0, count: int = BATCH) -> tuple[Array, Array, Array]:
    """Training images in [0, 1] as (n, 784) float32, their labels one-hot, and as digits."""
    with np.load(DATA, allow_pickle=False) as data:
        x = data["x_train"][start : start + count].reshape(count, 784)
        digits = data["y_train"][start : start + count].astype(np.int64)
    return x.astype(np.float32) / 255, np.eye(10, dtype=np.float32)[digits], digits


class Run:
    """A session on a product with known values in its variables."""

    def __init__(self, built: Built, program: Program, seed: int = 3) -> None:
        tf = tensorflow()
        self.built, self.program = built, program
        self.graph = built.graph
        self.random = np.random.default_rng(seed)
        with self.graph.as_default():
            self._variables = {v.op.name: v for v in tf.global_variables()}
            self.trained_names = [v.op.name for v in tf.trainable_variables()]
            self._holders = {name: tf.placeholder(v.dtype.base_dtype, v.shape) for name, v in self._variables.items()}
            self._assign = {name: tf.assign(v, self._holders[name]) for name, v in self._variables.items()}
            self._read = {name: tf.identity(v) for name, v in self._variables.items()}
            self._gradients = self._add_gradients(tf)
            initialise = tf.global_variables_initializer()
        config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self.session = tf.Session(graph=self.graph, config=config)
        self.session.run(initialise)
        self.initial = self.values()
        self.set_known()

    def _add_gradients(self, tf: Any) -> list[Any] | None:
        loss = self.part("loss")
        if loss is None:
            return None
        try:
            found = tf.gradients(loss, [self._variables[name] for name in self.trained_names])
        except (LookupError, TypeError, ValueError):
            return None
        return [None if g is None else tf.convert_to_tensor(g) for g in found]

    def part(self, name: str) -> Any:
        """The tensor or op of a part, or None."""
        found = self.built.parts.get(name)
        if found is None:
            return None
        try:
            return self.graph.as_graph_element(found)
        except (KeyError, ValueError):
            return None

    def values(self) -> dict[str, Array]:
        """Values of all variables by name."""
        return dict(zip(self._read, self.session.run(list(self._read.values())), strict=True))

    def assign(self, values: dict[str, Array]) -> None:
        """Set variables by name."""
        feeds = {self._holders[name]: value for name, value in values.items()}
        self.session.run([self._assign[name] for name in values], feeds)

    def set_known(self) -> None:
        """Put random values of a sensible size in: nothing is zero, no two columns are equal."""
        new: dict[str, Array] = {}
        for name in self.trained_names:
            start = self.initial[name]
            if start.ndim >= 2 and 1 not in start.shape[:-1] and min(start.shape) > 1:
                fan = int(np.prod(start.shape[:-1]))
                width = np.sqrt(6 / (fan + start.shape[-1]))
                value = self.random.uniform(-width, width, start.shape)
            else:
                spread = 0.02 if start.size > 5000 else 0.1
                centre = np.round(start) if np.all(np.isin(start, (0, 1))) else start
                value = centre + self.random.normal(0, spread, start.shape)
            new[name] = value.astype(start.dtype)
        for name, start in self.initial.items():
            if any(name.endswith(ending) for ending in self.program.also):
                value = (
                    self.random.uniform(0.5, 1.5, start.shape)
                    if "var" in name
                    else self.random.normal(0, 0.3, start.shape)
                )
                new[name] = np.abs(value).astype(start.dtype) if start.ndim else start
        copies = self.program.copies
        if copies is not None:
            for name in self.trained_names:
                twin = copies[1:] + name if copies.startswith("^") else name + copies
                new[twin] = new[name]
        self.assign(new)
        self.known = self.values()

    def restore(self) -> None:
        """Back to the known values, slots and counters to their initial ones."""
        self.assign({**self.initial, **{n: self.known[n] for n in self.known if n in self._touched()}})

    def _touched(self) -> set[str]:
        return {n for n in self.known if not np.array_equal(self.known[n], self.initial[n], equal_nan=True)}

    def reference_values(self) -> Values:
        """What references are given: trained variables without those that an operator added."""
        trained = [self.known[n].astype(np.float64) for n in self.trained_names if not n.startswith(EXTRA)]
        return Values(trained, {n: v.astype(np.float64) if v.dtype.kind == "f" else v for n, v in self.known.items()})

    def feeds(self, x: Array, digits: Array, *, evaluate: bool = True) -> dict[Any, Array]:
        """Feeds for X, Y and what evaluation needs."""
        feeds: dict[Any, Array] = {}
        if evaluate:
            feeds.update({self.graph.as_graph_element(name): value for name, value in self.built.eval_feed.items()})
        for name, value in (("X", x), ("Y", np.eye(10)[digits])):
            tensor = self.part(name)
            if tensor is None:
                continue
            if name == "Y" and tensor.shape.ndims == 1:
                value = digits  # noqa: PLW2901 - a program that takes digits
            feeds[tensor] = value.astype(tensor.dtype.as_numpy_dtype)
        return feeds

    def fetch(self, name: str, x: Array, digits: Array) -> Array | None:
        """A part's value on given rows, or None where there is no such part."""
        tensor = self.part(name)
        return None if tensor is None else np.asarray(self.session.run(tensor, self.feeds(x, digits)))

    def moves(self, steps: int = 2) -> tuple[list[list[Array | None]], list[list[Array]]]:
        """Gradients before each step and moves of each trained variable, from the known values."""
        x, _, digits = rows()
        self.restore()
        gradients, moves = [], []
        before = self.values()
        for _ in range(steps):
            feeds = self.feeds(x, digits)
            if self._gradients is not None:
                wanted = [g for g in self._gradients if g is not None]
                found = iter(self.session.run(wanted, feeds))
                gradients.append([None if g is None else next(found) for g in self._gradients])
            for _ in range(self.program.every):
                self.session.run(self.part("train_op"), feeds)
            after = self.values()
            moves.append([after[n].astype(np.float64) - before[n].astype(np.float64) for n in self.trained_names])
            before = after
        self.restore()
        return gradients, moves

    def close(self) -> None:
        """Close the session."""
        self.session.close()


def verify(run: Run, expect: Expect) -> list[str]:
    """What of `run` is not as expected; empty if everything is."""
    problems: list[str] = []
    x, y, digits = rows()
    values = run.reference_values()
    clean = None
    if expect.references:
        clean = _logits(run, expect, values, problems)
    if clean is not None and expect.loss is not None:
        found = run.fetch("loss", x, digits)
        wanted = expect.loss(clean, y, values)
        if found is None or not _close(found, np.asarray(wanted)):
            problems.append(f"loss {_short(found)} is not {_short(wanted)}")
    if clean is not None and expect.accuracy is not None:
        found = run.fetch("accuracy", x, digits)
        wanted = expect.accuracy(clean, y)
        if found is None or abs(float(np.mean(found)) - wanted) > 0.02 * max(1.0, abs(wanted)):
            problems.append(f"accuracy {_short(found)} is not {wanted}")
    if expect.optimizer is not None:
        problems += steps_off(run, *expect.optimizer)
    problems += [problem for check in expect.properties if (problem := check(run)) is not None]
    return problems


def _logits(run: Run, expect: Expect, values: Values, problems: list[str]) -> Array | None:
    """The reference's logits before `shown`, if they are those of the graph."""
    x, y, digits = rows()
    found = run.fetch("logits", x, digits)
    best, clean = np.inf, None
    for reference in expect.references:
        try:
            z = reference(values, x.astype(np.float64), expect.acts)
        except (ValueError, IndexError):
            continue
        for change in expect.after:
            z = change(z, y)
        seen = z
        for change in expect.shown:
            seen = change(seen, y)
        if found is None or seen.shape != found.shape:
            continue
        distance = float(np.abs(seen - found).max() / (1 + np.abs(seen).max()))
        if distance < best:
            best, clean = distance, z
    if best > 2e-3:
        problems.append(f"logits are off by {best:.3g}")
        return None
    return clean


def steps_off(run: Run, kind: str, rate: float, sign: float) -> list[str]:
    """Whether the first steps are not those of an optimizer, each variable apart; empty if they are."""
    gradients, moves = run.moves()
    if not gradients:
        return ["no gradients of the loss"]
    if kind == "adam":
        scales: Sequence[float] = (1.0,)
    else:
        scales = (1.0, BATCH, 1 / BATCH)
    worst = np.inf
    for scale in scales:
        errors = [0.0]
        for index in range(len(run.trained_names)):
            if gradients[0][index] is None:
                errors.append(0.0 if not np.any(moves[0][index]) else np.inf)
                continue
            series = [sign * scale * np.asarray(g[index], np.float64) for g in gradients]
            wanted = Optimizers.moves(kind, rate, series)
            for step, move in enumerate(moves):
                # Entries with a gradient near epsilon are left out: rounding decides there.
                clear = np.abs(series[step]) > 0.1 * np.abs(series[step]).max()
                if clear.any():
                    size = np.abs(wanted[step][clear]).max()
                    errors.append(float(np.quantile(np.abs(move[index] - wanted[step])[clear], 0.98) / size))
        worst = min(worst, max(errors))
    return [] if worst < 0.05 else [f"the first steps are not {kind} at {rate}: off by {worst:.3g}"]


def _close(found: Array, wanted: Array) -> bool:
    if found.shape != wanted.shape and found.size != wanted.size:
        return False
    return bool(np.allclose(found.reshape(-1), wanted.reshape(-1), rtol=2e-3, atol=2e-3, equal_nan=True))


def _short(value: Any) -> str:
    return "nothing" if value is None else np.array2string(np.asarray(value).reshape(-1)[:3], precision=4)
