"""Does the network come close to numbers? Outputs and targets go in, and the loss is compared with a bank of errors.

This is `loss_trial` for regression: which error the loss is, and what the output can reach. Where the lab
refuses, that stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.losses import TOLERANCE, LossMatch, Observation, solved
from netgrader.reader.find.outputs import LossReading
from netgrader.reader.find.target_losses import SQUARED, recognise_error
from netgrader.reader.trial.loss_trial import RUNS, Place, named_along, place_of, reduction
from netgrader.reader.trial.probe import Sample, as_rows, orient, same
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.outputs import Layers
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

FAR, FARTHER = 1e3, 1e4
"""Outputs of a last layer at which a bounded activation has reached its bounds."""
FEW_BEYOND = 0.1
"""Of outputs at least so many lie above their targets and as many below, where it can be told what the sign does."""
SCALED = Text("of targets that are scaled first")
"""`LossMatch.detail` where the loss compares with a line through the targets, not with the targets themselves."""


@dataclass(frozen=True)
class TargetTrial:
    """What outputs and targets that went in showed; None where that could not be tried."""

    low: float | None = None
    high: float | None = None
    """Between which numbers the output lies, whatever the last layer puts out; infinite where it has no bound."""
    constant: bool | None = None
    """Whether the loss stays the same whatever the network puts out."""
    prediction_fits: bool | None = None
    """Whether the loss is least where the prediction is the target."""

    @property
    def bounded(self) -> bool:
        """Whether the output has a bound on one side at least."""
        return any(end is not None and np.isfinite(end) for end in (self.low, self.high))


@dataclass(frozen=True)
class _ErrorRun:
    """For random numbers behind the last layer: the tensors of the way from there, the prediction, targets and the loss."""

    chain: list[Array]
    prediction: Array | None
    targets: Array
    value: Array


def try_targets(found: Found, probe: GraphProbe) -> tuple[Layers, LossReading, TargetTrial]:
    """Feed what the last layer puts out, and targets, and compare the loss with the bank of errors.

    The layers come with the tensor that the loss was read from.
    """
    place = place_of(found, probe)
    if place is None or found.read is None:
        return found.layers, LossReading(), TargetTrial()
    layers = replace(found.layers, scores=place.scores, chain=place.chain)
    undecided = LossReading(form=place.form)
    prediction = _own_prediction(found, place)
    runs = _observe(found, probe, place, prediction)
    if not runs:
        return layers, undecided, TargetTrial()
    if not all(np.isfinite(run.value).all() for run in runs):
        # Where nobody says which numbers targets are, these may be none: of a logarithm, say.
        natural = probe.fetch(found.read, probe.feed(probe.sample(place.rows)))
        finite = natural is not None and bool(np.isfinite(natural).all())
        return layers, replace(undecided, finite=finite if found.exercise is not None else None), TargetTrial()
    outputs = _candidates(place, probe, runs, prediction)
    tensor, match = _matched(outputs)
    low, high = _reach(probe, place, tensor or next(reversed(outputs), place.scores))
    trial = TargetTrial(low, high, _is_constant(found, probe, place))
    if match is None:
        return layers, undecided, trial
    loss = replace(
        undecided,
        match=match,
        logits=tensor,
        last_activation=_activation(outputs, tensor),
        reduction=reduction(found, probe, match, place.rows),
    )
    return layers, loss, replace(trial, prediction_fits=_prediction_fits(outputs, prediction, tensor, match))


def _matched(outputs: dict[str, list[Observation]]) -> tuple[str, LossMatch | None]:
    """The tensor that the loss is an error of, and which: of the targets, else of a line through them.

    Of what lies beyond all targets an absolute error is the signed one.
    """
    mixed = {tensor: seen for tensor, seen in outputs.items() if _on_both_sides(seen)}
    for rule, tensors in ((recognise_error, mixed), (_of_scaled_targets, outputs)):
        for tensor, seen in tensors.items():
            match = rule(seen)
            if match is not None:
                return tensor, match
    return "", None


def _prediction_fits(
    outputs: dict[str, list[Observation]], prediction: str | None, tensor: str, match: LossMatch
) -> bool | None:
    """Whether the loss is least where the prediction is the target; None where there is no prediction."""
    if prediction not in outputs:
        return None
    own = outputs[prediction]
    return match.detail != SCALED and (_alike(own, outputs[tensor]) or recognise_error(own) == match)


def _own_prediction(found: Found, place: Place) -> str | None:
    """What the student calls the prediction, where it is made from what the last layer puts out, without the labels."""
    tensor = found.hints.get("prediction")
    if tensor is None or place.scores not in found.graph.ancestors([tensor]):
        return None
    return None if tensor in found.graph.descendants([found.roles.labels]) else tensor


def _observe(found: Found, probe: GraphProbe, place: Place, prediction: str | None) -> list[_ErrorRun]:
    """Runs of random outputs and of targets that are spread as those are; empty where the lab refuses.

    Outputs that are never below zero have targets that are not either: of others there may be no logarithm.
    """
    fetches = [*place.chain, *([prediction] if prediction else []), found.read or ""]
    rows = place.rows
    pool: list[Array] = []
    runs: list[_ErrorRun] = []
    for count in range(2 * RUNS):
        fed = probe.rng.standard_normal(place.value.shape) * 1.7
        sample = probe.sample(rows)
        if count >= RUNS:
            known = np.concatenate(pool)
            drawn = known[probe.rng.integers(0, len(known), rows)]
            size = 0.3 * known.std() if known.min() < 0 else 0.0 if known.std() else 1.0
            sample = Sample(sample.images, probe.as_targets(drawn + size * probe.rng.standard_normal(drawn.shape)))
        values = probe.run(fetches, {**probe.feed(sample), place.scores: fed})
        if values is None:
            return []
        chain, made = values[: len(place.chain)], values[-2] if prediction else None
        if count >= RUNS:
            runs.append(_ErrorRun(chain, made, sample.labels, values[-1]))
            continue
        fitting = [v for v in (made, *reversed(chain)) if v is not None and _fits(v, place, probe)]
        pool.append(as_rows(fitting[0], place.form, rows))
    return runs


def _fits(value: Array, place: Place, probe: GraphProbe) -> bool:
    """Whether there is a number for each output of each row."""
    return value.dtype.kind == "f" and orient(value, place.rows, probe.classes) == place.form


def _candidates(
    place: Place, probe: GraphProbe, runs: Sequence[_ErrorRun], prediction: str | None
) -> dict[str, list[Observation]]:
    """For each tensor that the loss may be an error of: its values, the targets and the loss, for each run."""
    made = {tensor: [run.chain[index] for run in runs] for index, tensor in enumerate(place.chain)}
    if prediction is not None:
        made.setdefault(prediction, [run.prediction for run in runs if run.prediction is not None])
    return {
        tensor: [
            Observation(as_rows(value, place.form, place.rows), run.targets, float(run.value.sum()))
            for value, run in zip(values, runs, strict=True)
        ]
        for tensor, values in made.items()
        if all(_fits(value, place, probe) for value in values)
    }


def _of_scaled_targets(observations: Sequence[Observation]) -> LossMatch | None:
    """The squared distance from a line through the targets: a factor and a shift that the graph gives them."""
    values = np.array([observation.value for observation in observations])
    if np.ptp(values) <= 1e-9 * (1 + np.abs(values).max()):
        return None
    features = [
        [float(part.sum()) for part in (o.scores**2, o.scores * o.labels, o.scores, o.labels**2, o.labels)]
        for o in observations
    ]
    (scale, product, *_), error = solved(features, values)
    squares, products = (np.std([row[index] for row in features]) for index in (0, 1))
    if error > TOLERANCE or min(abs(scale) * squares, abs(product) * products) < 1e-3 * values.std():
        return None
    return LossMatch(SQUARED, float(scale), 0.0, error, SCALED)


def _on_both_sides(observations: Sequence[Observation]) -> bool:
    """Whether outputs lie above their targets here and below them there."""
    above = np.concatenate([(o.scores > o.labels).reshape(-1) for o in observations]).mean()
    return bool(FEW_BEYOND < above < 1 - FEW_BEYOND)


def _alike(one: Sequence[Observation], other: Sequence[Observation]) -> bool:
    return all(same(a.scores, b.scores) for a, b in zip(one, other, strict=True))


def _activation(outputs: dict[str, list[Observation]], tensor: str) -> str:
    """What stands between the last layer's output, which comes first, and what the loss is of; a line through it is nothing."""
    values = {name: np.concatenate([o.scores for o in made]) for name, made in outputs.items()}
    before, after = next(iter(values.values())), values[tensor]
    line = np.polynomial.Polynomial.fit(before.reshape(-1), after.reshape(-1), 1)
    if np.allclose(line(before), after, rtol=1e-3, atol=1e-3 * (after.std() + 1e-9)):
        return "none" if np.ptp(after) else "other"
    names = list(values)
    return named_along({name: values[name] for name in names[: names.index(tensor) + 1]}, tensor)[-1]


def _loss_for(found: Found, probe: GraphProbe, place: Place, feeds: dict[str, Array], fed: Array) -> float | None:
    value = probe.fetch(found.read or "", {**feeds, place.scores: fed})
    return None if value is None or not np.isfinite(value).all() else float(np.asarray(value, np.float64).sum())


def _is_constant(found: Found, probe: GraphProbe, place: Place) -> bool | None:
    """Whether the loss stays the same whatever the last layer puts out."""
    feeds = probe.feed(probe.sample(place.rows))
    values = [
        _loss_for(found, probe, place, feeds, probe.rng.standard_normal(place.value.shape) * size)
        for size in (0.1, 1.0, 3.0, 3.0)
    ]
    known = [value for value in values if value is not None]
    return bool(np.ptp(known) <= 1e-6 * max(map(abs, known))) if len(known) == len(values) else None


def _reach(probe: GraphProbe, place: Place, tensor: str) -> tuple[float | None, float | None]:
    """Between which numbers a tensor lies, by what it is for large numbers behind the last layer and for larger ones."""
    feeds = probe.feed(probe.sample(place.rows))
    ends = []
    for size in (FAR, FARTHER):
        drawn = [probe.rng.standard_normal(place.value.shape) for _ in range(4)]
        every = [np.zeros(place.value.shape), *(size * np.sign(d) for d in drawn), *drawn]
        values = [probe.fetch(tensor, {**feeds, place.scores: fed}) for fed in every]
        numbers = [np.asarray(v, np.float64).reshape(-1) for v in values if v is not None]
        if len(numbers) < len(values):
            return None, None
        known: Array = np.concatenate(numbers)
        known = np.asarray(known[~np.isnan(known)])
        if not len(known):
            return None, None
        ends.append((float(known.min()), float(known.max())))
    (low, high), (lower, higher) = ends
    slack = 1e-2 * max(high - low, 1e-6)
    return -np.inf if lower < low - slack else low, np.inf if higher > high + slack else high
