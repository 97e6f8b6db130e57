"""Judge a fully connected layer by its behavior: outputs for known weights against act(x·W + b).

How the layer is written does not matter. The judge only needs a graph with the parts ``x``, ``h`` and ``W``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.text import Said, Text
from netgrader.checks.language import fail
from netgrader.faults import Severity
from netgrader.judges.answers import run_alone, started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphread import Lab, LabSession, LoadedGraph
    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence

__all__ = [
    "ACTIVATIONS",
    "DenseTrial",
    "describe_sample",
    "differs_from_uniform",
    "fetch",
    "glorot_limit",
    "note_shape",
    "require_activation",
    "require_bias",
    "require_glorot_uniform",
    "require_linear",
    "require_own_weights",
    "require_weights_used",
    "require_zero_bias",
    "spread",
    "try_case",
    "try_layer",
]

Array = npt.NDArray[Any]


class LayerCases:
    """Constants of a layer's trial."""

    FALSE_ALARM = 1e-9  # probability to reject a sample of the right distribution
    ROWS = 9
    TOLERANCE = 1e-4  # of the largest output; float32 sums of a thousand terms stay a hundred times below
    HUGE = 5.0  # times the standard deviation that preserves a signal's variance


def glorot_limit(inputs: int, outputs: int) -> float:
    """Return the limit √(6/(inputs + outputs)) of Glorot-uniform weights.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, equation 16.
    """
    return math.sqrt(6.0 / (inputs + outputs))


def differs_from_uniform(sample: Array, limit: float) -> bool:
    """Whether `sample` was surely not drawn uniformly from -`limit` to `limit`.

    A value outside the interval (beyond rounding) decides. Otherwise the largest distance between empirical and uniform
    distribution function decides: for n independent values, it exceeds ε with a probability of at most 2·exp(-2nε²)
    (Dvoretzky, Kiefer and Wolfowitz 1956; the constant is Massart's, 1990).
    """
    values = np.asarray(sample, dtype=np.float64).reshape(-1)
    if not np.abs(values).max() <= limit * (1 + 1e-5):  # also true for nan
        return True
    return _distance(values, (np.sort(values) + limit) / (2 * limit)) > _bound(values.size)


def spread(sample: Array) -> float:
    """Return the standard deviation of `sample`."""
    return float(np.asarray(sample, dtype=np.float64).std())


def describe_sample(sample: Array) -> Said:
    """Return a description of `sample` as a short phrase."""
    values = np.asarray(sample, dtype=np.float64)
    return Text(
        "between {low:.3g} and {high:.3g} with standard deviation {deviation:.3g}",
        low=float(np.min(values)),
        high=float(np.max(values)),
        deviation=spread(values),
    )


def _bound(count: int) -> float:
    return math.sqrt(math.log(2 / LayerCases.FALSE_ALARM) / (2 * count))


def _distance(values: Array, expected: Array) -> float:
    """Return the largest distance between the values' distribution and `expected` at sorted values."""
    steps = np.arange(values.size + 1) / values.size
    return float(max(np.abs(steps[1:] - expected).max(), np.abs(steps[:-1] - expected).max()))


IN_ORDER = Text("(h, W), in this order")
MADE_BY = {
    "x": Text("the result of tf.placeholder(…)"),
    "h": Text("the result of tf.matmul(…) or activation(…)"),
    "W": Text("the result of tf.get_variable(…)"),
}
"""The parts of a layer, and the calls that make them."""

TURNED = Text("W is transposed, so later cells cannot draw it.")
CALLED = {"none": Text("no activation")}
"""Names of activations in sentences, where they differ from the code."""
ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "none": lambda t: t,
    "relu": lambda t: np.maximum(t, 0.0),
    "sigmoid": lambda t: 1.0 / (1.0 + np.exp(-t)),
    "tanh": np.tanh,
    "bent": lambda t: 0.2 * t + np.logaddexp(0.0, 2.0 * t),
}
"""Possible activations of a single layer, each increasing for positive arguments; "bent" is the probes' own, and "tanh" is
never required.

The reader has its own list: `graphread.find.activations`.
"""


@dataclass(frozen=True)
class DenseTrial:
    """The results of trying a layer."""

    inputs: int
    outputs: int
    activation: str
    """The required sizes and activation."""
    rows: Array
    results: Array
    """Fed rows (n, inputs) and their outputs (n, outputs), with known variables."""
    at_zero: Array
    """The output for a row of zeros, with the same variables (outputs,)."""
    shape: tuple[int, ...]
    """The shape of W as returned: (inputs, outputs), or transposed."""
    weights: Array
    """The value of W with known variables, (inputs, outputs)."""
    moved: bool
    """Whether W depends on a trainable variable."""
    first_weights: Array
    first_at_zero: Array
    """The value of W, and the output for a row of zeros, right after initialization."""


def try_case(bench: TestContext, number: int) -> DenseTrial:
    """Try the layer of the `number`-th case in the table ``fully_connected_layer``; cached for all tests."""
    case = bench.exercises.of_cell("fully_connected_layer").cases[number]
    graph = bench.evidence("check_fully_connected_layer").graph(f"layer@{number}")
    trial: DenseTrial = bench.once(
        ("layer", number),
        lambda: try_layer(bench.lab, graph, case.inputs, case.outputs, case.activation, seed=number + 1),
    )
    return trial


def try_layer(lab: Lab, graph: GraphEvidence, inputs: int, outputs: int, activation: str, *, seed: int) -> DenseTrial:
    """Run a layer after initialization and with known variables; return the results.

    Every trainable variable gets positive values, large ones small values. So the bias is positive and differs from zero even
    behind an activation that is flat below zero.
    """
    for part, expected in MADE_BY.items():
        if part not in graph.parts:
            fail("wrong-return", found=Text("{part} is not a tensor of the graph", part=part), expected=expected)
    loaded = lab.load(graph.meta_graph)
    random = np.random.default_rng([seed, inputs, outputs])
    rows = random.uniform(-1, 1, (LayerCases.ROWS, inputs)).astype(np.float32)
    zeros = np.zeros((1, inputs), np.float32)
    x, h, w = (graph.parts[part] for part in ("x", "h", "W"))
    with started(loaded, seed) as session:
        found = [fetch(loaded, session, w), fetch(loaded, session, w), run_alone(session, h, {x: zeros})]
        values = session.values(loaded.trainable)
        session.assign({name: _positive(random, value, inputs) for name, value in values.items()})
        found += [fetch(loaded, session, w), run_alone(session, h, {x: rows}), run_alone(session, h, {x: zeros})]
    known = [value for value in found if not isinstance(value, LabError)]
    if len(known) < len(found):
        fail("wrong-return", found=Text("an h or W that cannot be computed from x alone"), expected=IN_ORDER)
    first_weights, fetched_again, first_at_zero, weights, results, at_zero = known
    kept = np.array_equal(first_weights, fetched_again)  # only random ops differ between runs
    _require_shapes(results, weights, inputs, outputs)
    return DenseTrial(
        inputs=inputs,
        outputs=outputs,
        activation=activation,
        rows=rows.astype(np.float64),
        results=np.asarray(results, np.float64),
        at_zero=np.asarray(at_zero, np.float64).reshape(-1),
        shape=weights.shape,
        weights=_upright(weights, inputs, outputs),
        moved=kept and not np.array_equal(first_weights, weights),
        first_weights=_upright(first_weights, inputs, outputs),
        first_at_zero=np.asarray(first_at_zero, np.float64).reshape(-1),
    )


def fetch(loaded: LoadedGraph, session: LabSession, part: str) -> Array | LabError:
    """Return the value of a part that is a tensor or a variable, or the error of the run."""
    op = part.partition(":")[0]
    if op in loaded.variables:
        return session.values([op])[op]
    return run_alone(session, part if ":" in part else f"{part}:0", {})


def _both_weights(loaded: LoadedGraph, session: LabSession, graph: GraphEvidence) -> list[Array]:
    """Return the values of the parts ``W1`` and ``W2``; raise the error of a failed run."""
    values = []
    for part in ("W1", "W2"):
        value = fetch(loaded, session, graph.parts[part])
        if isinstance(value, LabError):
            raise value
        values.append(value)
    return values


def _positive(random: np.random.Generator, value: Array, inputs: int) -> Array:
    scale = 2.0 / np.sqrt(inputs) if value.ndim > 1 and value.size > max(value.shape) else 1.0
    return scale * random.uniform(0.5, 1.5, value.shape)


def _require_shapes(results: Array, weights: Array, inputs: int, outputs: int) -> None:
    shape = results.shape
    if shape != (LayerCases.ROWS, outputs):
        fail(
            "wrong-width",
            found=Text("h of shape {shape} for {rows} rows", shape=shape, rows=LayerCases.ROWS),
            expected=f"({LayerCases.ROWS}, {outputs})",
        )
    if weights.shape not in {(inputs, outputs), (outputs, inputs)}:
        fail("wrong-return", found=Text("W of shape {shape}", shape=weights.shape), expected=f"({inputs}, {outputs})")


def _upright(weights: Array, inputs: int, outputs: int) -> Array:
    """Return weights as (inputs, outputs); transpose those of a layer written for columns."""
    upright = weights if weights.shape == (inputs, outputs) else weights.T
    return np.asarray(upright, np.float64)


# ---- Requirements on a layer ----------------------------------------------------------------------------------------


def require_weights_used(trial: DenseTrial) -> None:
    """End the test unless the layer multiplies its input by the W that it returns.

    W must depend on a trainable variable.
    """
    _require_variable(trial)
    if _recognised(trial) is None:
        fail("wrong-return", found=Text("an output h that is not x·W + b with the returned W"), expected="h = x·W + b")


def _require_variable(trial: DenseTrial) -> None:
    """End the test unless W is a variable that training may change."""
    if not trial.moved:
        fail(
            "layers-not-trained",
            found=Text("W is not a variable that training may change"),
            expected=Text("the result of tf.get_variable(…)"),
            severity=Severity.FATAL,  # no network of such layers learns
        )


def note_shape(trial: DenseTrial, remark: Callable[..., None]) -> None:
    """Remark that W is transposed, which its pictures do not expect."""
    remark(TURNED, found=f"{trial.shape}", expected=f"{(trial.inputs, trial.outputs)}")


def require_linear(trial: DenseTrial) -> None:
    """End the test if the layer applies an activation although none is required."""
    require_weights_used(trial)
    name = _recognised(trial)
    if name not in {None, "none"}:
        fail("wrong-activation", found=Text("{name} although activation is None", name=name), expected="x·W + b")


def require_bias(trial: DenseTrial) -> None:
    """End the test unless each neuron adds a bias of its own."""
    require_weights_used(trial)
    if not np.any(trial.at_zero):
        fail(
            "missing-bias",
            found=Text("an output of 0 for an input of 0, with any values of the variables"),
            expected="b",
        )
    if trial.outputs > 1 and np.ptp(trial.at_zero) == 0:
        fail(
            "missing-bias",
            found=Text("one bias for all neurons"),
            expected=Text("{outputs} biases", outputs=trial.outputs),
        )


def require_zero_bias(trial: DenseTrial) -> None:
    """End the test unless the bias starts at zero."""
    require_bias(trial)
    if np.any(trial.first_at_zero):
        largest = float(np.abs(trial.first_at_zero).max())
        fail("bias-not-zero", found=Text("an initial bias of up to {largest:.3g}", largest=largest), expected="0")


def require_activation(trial: DenseTrial) -> None:
    """End the test unless the required activation is applied to x·W + b."""
    asked = ACTIVATIONS[trial.activation]
    if _is_applied(trial, asked):
        return
    applied = Text("{activation} of x·W + b", activation=trial.activation)
    expected = {"none": "x·W + b"}.get(trial.activation, applied)
    name = _recognised(trial)
    if name is not None:
        fail("wrong-activation", found=CALLED.get(name, name), expected=expected)
    for inner, activation in ACTIVATIONS.items():
        if _is_applied(trial, partial(_after, asked, activation)):
            found = Text("{activation} of {inner} of x·W + b", activation=trial.activation, inner=inner)
            fail("wrong-activation", found=found, expected=expected)
    if _agrees(trial, asked(trial.rows @ trial.weights) + trial.at_zero - asked(np.zeros(1))):
        fail("wrong-activation", found=Text("a bias added after the activation"), expected=expected)
    _require_variable(trial)  # what is drawn at random at each run is not found in h
    fail("wrong-return", found=Text("an output h that is not made from x·W + b with the returned W"), expected=expected)


def require_glorot_uniform(trial: DenseTrial) -> None:
    """End the test unless the initial weights are drawn uniformly between ±√(6/(inputs + outputs))."""
    weights, limit = trial.first_weights, glorot_limit(trial.inputs, trial.outputs)
    found, expected = (
        describe_sample(weights),
        Text("uniform between {limit:.3g} and {limit_2:.3g}", limit=-limit, limit_2=limit),
    )
    for code, is_so in (
        ("zero-initialisation", not np.any(weights)),
        ("constant-initialisation", np.ptp(weights) == 0),
        (
            "huge-initialisation",
            not spread(weights) * np.sqrt(trial.inputs) <= LayerCases.HUGE,
        ),  # also true for nan
        ("wrong-initialisation", differs_from_uniform(weights, limit)),
    ):
        if is_so:
            fail(code, found=found, expected=expected)


def require_own_weights(lab: Lab, graph: GraphEvidence) -> bool:
    """End the test unless two layers have separate weights; return whether their initial values differ.

    The graph has the parts ``W1`` and ``W2``, two layers of the same shape.
    """
    loaded, random = lab.load(graph.meta_graph), np.random.default_rng(1)
    with started(loaded, seed=0) as session:
        start1, start2 = _both_weights(loaded, session, graph)
        values = session.values(loaded.trainable)
        session.assign({name: random.normal(size=value.shape) for name, value in values.items()})
        first, second = _both_weights(loaded, session, graph)
    if np.array_equal(first, second):
        fail(
            "shared-weights",
            found=Text("the same variable in two layers with different names"),
            expected=Text("one for each"),
        )
    return np.unique(start1).size == 1 or not np.array_equal(start1, start2)


def _recognised(trial: DenseTrial) -> str | None:
    """Return the name of the known activation that was applied to x·W + b; None if there is none."""
    return next((name for name, activation in ACTIVATIONS.items() if _is_applied(trial, activation)), None)


def _is_applied(trial: DenseTrial, activation: Callable[[Array], Array]) -> bool:
    """Whether the output is this activation of x·W + b, with the bias that explains the output for zeros."""
    return _agrees(trial, activation(trial.rows @ trial.weights + _before(trial, activation)))


def _after(outer: Callable[[Array], Array], inner: Callable[[Array], Array], t: Array) -> Array:
    return outer(inner(t))


def _before(trial: DenseTrial, activation: Callable[[Array], Array]) -> Array:
    """Return the bias (0 to 50) that `activation` turns into the output for zeros, by bisection."""
    low, high = np.zeros(trial.outputs), np.full(trial.outputs, 50.0)
    for _ in range(80):
        middle = (low + high) / 2
        below = activation(middle) < trial.at_zero
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(high)


def _agrees(trial: DenseTrial, expected: Array) -> bool:
    scale = max(1.0, float(np.abs(trial.results).max()))
    return bool(
        np.isfinite(trial.results).all() and np.abs(trial.results - expected).max() <= LayerCases.TOLERANCE * scale
    )
