"""Recognize a regression loss from a bank of error formulas, and measure the range of outputs.

This is `loss_trial` for regression. If the lab refuses, the loss stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.outputs import LossReading
from graphread.find.target_losses import recognise_error
from graphread.trial.loss_trial import (
    LossTrials,
    Seen,
    is_finite,
    named_along,
    observations,
    place_of,
    reduction,
    run_with,
)
from graphread.trial.probe import Sample, Untried, as_rows, orient, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphread.find import Found
    from graphread.find.losses import LossMatch, Observation
    from graphread.find.outputs import Layers
    from graphread.graph.nodes import Array
    from graphread.trial.loss_trial import Place
    from graphread.trial.probe import GraphProbe

    Line = tuple[Array, Array]
    """Slope and offset, each (rows, outputs) or a single number."""

FAR, FARTHER = 1e3, 1e4
"""Last-layer values at which a bounded activation has reached its bounds."""
SPREAD = {False: (0.0, 1e4, 3e4), True: (0.0, 1.0, 3.0)}
"""Targets fed to see where the loss puts them, by whether they are whole numbers, which may be bytes; else apart enough for
single precision around large means."""
NO_LINE = np.ones(()), np.zeros(())
FEW_BEYOND = 0.1
"""Minimum fraction of outputs above their targets, and below, for telling whether the sign matters."""


@dataclass(frozen=True)
class TargetTrial:
    """Results of feeding outputs and targets; None if untested."""

    low: float = -np.inf
    high: float = np.inf
    """Bounds of the output for any value of the last layer; infinite if unknown."""
    constant: bool | None = None
    """Whether the loss is constant for any output of the network."""
    prediction_fits: bool | None = None
    """Whether the loss is minimal if the prediction equals the target."""

    @property
    def bounded(self) -> bool:
        """Whether the output is bounded on at least one side."""
        return bool(np.isfinite([self.low, self.high]).any())


def try_targets(found: Found, probe: GraphProbe) -> tuple[Layers, LossReading, TargetTrial]:
    """Feed outputs of the last layer and targets, and compare the loss with the bank of errors.

    Return also the layers, with the tensor from which the loss was read.
    """
    place = place_of(found, probe)
    layers, undecided = replace(found.layers, scores=place.scores, chain=place.chain), LossReading(form=place.form)
    prediction = _own_prediction(found, place)
    line = slope, offset = probe.ask(NO_LINE, _line_of_targets, found, probe, place)
    outputs = probe.ask({}, _observe, found, probe, place, prediction, line)
    if not outputs:
        return layers, undecided, TargetTrial()
    if not is_finite(outputs):
        return layers, replace(undecided, finite=probe.ask(None, _is_finite, found, probe, place)), TargetTrial()
    tensor, match = _matched(outputs)
    reach = probe.ask((-np.inf, np.inf), _reach, probe, place, tensor or next(reversed(outputs)))
    ends = (np.array(reach)[:, None, None] - offset) / slope
    trial = TargetTrial(float(ends.min()), float(ends.max()), probe.ask(None, _is_constant, found, probe, place))
    if match is None:
        return layers, undecided, trial
    loss = replace(
        undecided,
        match=match,
        logits=tensor,
        last_activation=_activation(outputs, tensor),
        reduction=reduction(found, probe, match, place.rows),
    )
    return layers, loss, replace(trial, prediction_fits=_prediction_fits(outputs, prediction, tensor, match, line))


def _is_finite(found: Found, probe: GraphProbe, place: Place) -> bool | None:
    """Whether the loss is finite at the start; None without an exercise, since targets are then unknown."""
    sample = probe.sample(place.rows)
    # Positive targets, which have a logarithm.
    natural = probe.fetch(found.read, probe.feed(Sample(sample.images, probe.as_targets(1 + np.abs(sample.labels)))))
    return None if found.exercise is None else bool(np.isfinite(natural).all())


def _matched(outputs: Seen) -> tuple[str, LossMatch | None]:
    """Return the tensor whose error the loss is, and the formula.

    If all outputs were on one side of their targets, absolute and signed errors would look alike.
    """
    for tensor, seen in outputs.items():
        match = recognise_error(seen) if _on_both_sides(seen) else None
        if match is not None:
            return tensor, match
    return "", None


def _prediction_fits(outputs: Seen, prediction: str | None, tensor: str, match: LossMatch, line: Line) -> bool | None:
    """Whether the loss is minimal if the prediction equals the target; None without a prediction."""
    if prediction not in outputs:
        return None
    slope, offset = line
    own = [replace(o, scores=slope * o.scores + offset) for o in outputs[prediction]]
    return _alike(own, outputs[tensor]) or recognise_error(own) == match


def _own_prediction(found: Found, place: Place) -> str | None:
    """Return the named prediction, if it depends on the last layer's output but not on the labels."""
    graph, tensor = found.graph, found.hints.get("prediction")
    made = graph.descendants([place.scores]) - graph.descendants([found.roles.labels])
    return tensor if tensor in made else None


def _line_of_targets(found: Found, probe: GraphProbe, place: Place) -> Line:
    """Return the line on which the loss puts targets before it compares them, such as standardized ones.

    Raises
    ------
    Untried
        If there is no such line.
    """
    graph, sample = found.graph, probe.sample(place.rows)
    joined = graph.descendants([place.scores])
    own = [tensor for tensor in graph.dominators(found.roles.labels, found.read) if tensor not in joined]
    spread = SPREAD[probe.labels.whole]
    alike = [Sample(sample.images, probe.as_targets(np.full_like(sample.labels, number))) for number in spread]
    values = [probe.fetch(next(reversed(own), None), probe.feed(one)) for one in alike]
    form = orient(values[0], place.rows, probe.classes)
    if form is None:
        raise Untried
    low, middle, high = (as_rows(value, form, place.rows) for value in values)
    slope = (high - low) / spread[-1]
    if not slope.all() or not np.allclose(middle - low, spread[1] * slope, rtol=1e-3):
        raise Untried
    return slope, low


def _observe(found: Found, probe: GraphProbe, place: Place, prediction: str | None, line: Line) -> Seen:
    """Observe random outputs, with targets of the same distribution on their `line`.

    Nonnegative outputs get nonnegative targets: others may have no logarithm.
    """
    samples = [probe.sample(place.rows) for _ in range(LossTrials.RUNS)]
    first = _random_outputs(found, probe, place, samples, prediction)
    slope, offset = line
    free = first.keys() - found.graph.descendants([found.roles.labels])  # tensors before the loss joins the targets
    compared = next((name for name in reversed(place.chain) if name in free), place.scores)
    pool = np.concatenate([one.scores for one in first[compared]])
    drawn = ((_targets_like(pool, probe, place.rows) - offset) / slope for _ in samples)
    targets = [Sample(sample.images, probe.as_targets(one)) for sample, one in zip(samples, drawn, strict=True)]
    seen = _random_outputs(found, probe, place, targets, prediction)
    return {name: [replace(o, labels=slope * o.labels + offset) for o in every] for name, every in seen.items()}


def _random_outputs(
    found: Found, probe: GraphProbe, place: Place, samples: Sequence[Sample], prediction: str | None
) -> Seen:
    """Observe random values after the last layer, with given targets."""
    more = [prediction] if prediction else []
    size, fed = place.value.shape, probe.rng.standard_normal
    return observations(probe, place, [run_with(found, probe, place, one, 1.7 * fed(size), *more) for one in samples])


def _targets_like(outputs: Array, probe: GraphProbe, rows: int) -> Array:
    """Return targets spread like the outputs, wider if negative ones are allowed; around constants."""
    drawn = outputs[probe.rng.integers(0, len(outputs), rows)]
    size = 0.3 * outputs.std() if outputs.min() < 0 else float(not outputs.std())
    return np.asarray(drawn + size * probe.rng.standard_normal(drawn.shape))


def _on_both_sides(observations: Sequence[Observation]) -> bool:
    """Whether some outputs are above their targets and some below."""
    above = np.concatenate([(o.scores > o.labels).reshape(-1) for o in observations]).mean()
    return bool(FEW_BEYOND < above < 1 - FEW_BEYOND)


def _alike(one: Sequence[Observation], other: Sequence[Observation]) -> bool:
    return all(same(a.scores, b.scores) for a, b in zip(one, other, strict=True))


def _activation(outputs: Seen, tensor: str) -> str:
    """Return the function from the last layer (first) to the loss's input; linear parts are ignored."""
    values = {name: np.concatenate([o.scores for o in made]) for name, made in outputs.items()}
    before, after = next(iter(values.values())), values[tensor]
    line = np.polynomial.Polynomial.fit(before.reshape(-1), after.reshape(-1), 1)
    if np.allclose(line(before), after, rtol=1e-3, atol=1e-3 * (after.std() + 1e-9)):
        return "none" if np.ptp(after) else "other"
    return named_along(values, tensor)[-1]


def _is_constant(found: Found, probe: GraphProbe, place: Place) -> bool:
    """Whether the loss is constant for any value of the last layer."""
    feeds = probe.feed(probe.sample(place.rows))
    drawn = [size * probe.rng.standard_normal(place.value.shape) for size in (0.1, 1.0, 3.0, 3.0)]
    values = [float(probe.fetch(found.read, {**feeds, place.scores: fed}).sum()) for fed in drawn]
    return bool(np.ptp(values) <= 1e-6 * np.abs(values).max())


def _reach(probe: GraphProbe, place: Place, tensor: str) -> tuple[float, float]:
    """Return the bounds of a tensor, by its values for large and larger last-layer outputs."""
    feeds = probe.feed(probe.sample(place.rows))
    ends = []
    for size in (FAR, FARTHER):
        drawn = [probe.rng.standard_normal(place.value.shape) for _ in range(4)]
        every = [np.zeros(place.value.shape), *(size * np.sign(one) for one in drawn), *drawn]
        found = [np.ravel(probe.fetch(tensor, {**feeds, place.scores: fed})) for fed in every]
        values = np.concatenate(found, dtype=np.float64)
        ends.append((np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)))
    (low, high), (lower, higher) = ends
    slack = 1e-2 * max(high - low, 1e-6)
    return -np.inf if lower < low - slack else float(low), np.inf if higher > high + slack else float(high)
