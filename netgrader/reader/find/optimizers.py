"""Which optimizer is this, and at which rate? By its own op, or by what a few steps do.

To add an optimizer that TensorFlow has an op for, add a line to `FUSED`; for one that shows only in its steps, a
function to `RULES` that turns the gradients so far into the direction of the next step at rate one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netgrader.reader.graph.nodes import Array

    Rule = Callable[[Sequence[Array]], Array]
    """The direction of the next step at rate one, given the gradients so far, the newest last."""


@dataclass(frozen=True)
class Fused:
    """An optimizer's op: its `kind`, and which of its inputs are gradient and rate."""

    kind: str
    gradient: int
    rate: int | None


#: By the op's name without ``Resource``, ``Sparse`` and ``Apply`` (tensorflow/core/ops/training_ops.cc).
FUSED: Mapping[str, Fused] = {
    "GradientDescent": Fused("sgd", 2, 1),
    "ProximalGradientDescent": Fused("sgd", 4, 1),
    "Momentum": Fused("momentum", 3, 2),
    "KerasMomentum": Fused("momentum", 3, 2),
    "Adam": Fused("adam", 9, 5),
    "AdamWithAmsgrad": Fused("amsgrad", 10, 6),
    "AdaMax": Fused("adamax", 8, 4),
    "RMSProp": Fused("rmsprop", 7, 3),
    "CenteredRMSProp": Fused("rmsprop", 8, 4),
    "Adagrad": Fused("adagrad", 3, 2),
    "AdagradV2": Fused("adagrad", 4, 2),
    "AdagradDA": Fused("adagrad-da", 3, 4),
    "ProximalAdagrad": Fused("adagrad", 5, 2),
    "Adadelta": Fused("adadelta", 6, 3),
    "Ftrl": Fused("ftrl", 3, 4),
    "FtrlV2": Fused("ftrl", 3, 4),
    "AddSign": Fused("addsign", 6, 2),
    "PowerSign": Fused("powersign", 6, 2),
}


#: These take the gradients so far and no step from where the weights are.
DUAL_AVERAGING = frozenset({"ftrl", "adagrad-da"})


def fused_name(op: str) -> str | None:
    """The name in `FUSED` of an optimizer's op, None for any other op."""
    for prefix in ("ResourceSparseApply", "SparseApply", "ResourceApply", "Apply"):
        if op.startswith(prefix):
            name = op[len(prefix) :]
            return name if name in FUSED else None
    return None


def _averaged(values: Sequence[Array], decay: float, *, share: float | None = None, start: float = 0.0) -> Array:
    """An average that forgets: `decay` of it is kept as each value comes, and of that a `share` added, 1 - `decay` if None."""
    average = np.full_like(values[0], start)
    for value in values:
        average = decay * average + (1 - decay if share is None else share) * value
    return average


def _momentum(decay: float, *, nesterov: bool, dampened: bool) -> Rule:
    def rule(gradients: Sequence[Array]) -> Array:
        velocity = _averaged(gradients, decay, share=1 - decay if dampened else 1.0)
        return gradients[-1] + decay * velocity if nesterov else velocity

    return rule


def _adam(beta1: float, beta2: float, epsilon: float = 1e-8, *, corrected: bool = True) -> Rule:
    """Kingma and Ba, 2015, algorithm 1; the moments start at zero, and `corrected` makes up for that."""

    def rule(gradients: Sequence[Array]) -> Array:
        mean, square, step = _averaged(gradients, beta1), _averaged([g**2 for g in gradients], beta2), len(gradients)
        scale = (1 - beta2**step) ** 0.5 / (1 - beta1**step) if corrected else 1.0
        return np.asarray(scale * mean / (np.sqrt(square) + epsilon))

    return rule


def _nadam(gradients: Sequence[Array]) -> Array:
    """Dozat, 2016, with the schedule of momentum that Keras has."""
    step = len(gradients)
    now, soon = (0.9 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
    product = float(np.prod([0.9 * (1 - 0.5 * 0.96**t) for t in range(1, step + 1)]))
    mean, square = _averaged(gradients, 0.9), _averaged([g**2 for g in gradients], 0.999) / (1 - 0.999**step)
    ahead = soon * mean / (1 - product * soon) + (1 - now) * gradients[-1] / (1 - product)
    return np.asarray(ahead / (np.sqrt(square) + 1e-7))


def _adamax(gradients: Sequence[Array]) -> Array:
    """Kingma and Ba, 2015, algorithm 2."""
    largest = np.zeros_like(gradients[0])
    for gradient in gradients:
        largest = np.maximum(0.999 * largest, np.abs(gradient))
    return np.asarray(_averaged(gradients, 0.9) / (1 - 0.9 ** len(gradients)) / (largest + 1e-7))


def _lion(gradients: Sequence[Array]) -> Array:
    """Chen et al., 2023: the sign of an average."""
    return np.sign(0.9 * _averaged([np.zeros_like(gradients[0]), *gradients[:-1]], 0.99) + 0.1 * gradients[-1])


def _adadelta(gradients: Sequence[Array]) -> Array:
    """Zeiler, 2012: the step is as large as the steps before it."""
    square, moved = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for gradient in gradients:
        square = 0.95 * square + 0.05 * gradient**2
        step = np.sqrt(moved + 1e-7) / np.sqrt(square + 1e-7) * gradient
        moved = 0.95 * moved + 0.05 * step**2
    return np.asarray(step)


def _rmsprop(decay: float, start: float, epsilon: float, *, centred: bool = False, momentum: float = 0.0) -> Rule:
    """Tieleman and Hinton, 2012: the step is divided by a running root mean square."""

    def step(gradients: Sequence[Array]) -> Array:
        square = _averaged([g**2 for g in gradients], decay, start=start)
        if centred:
            square = square - _averaged(gradients, decay) ** 2
        return np.asarray(gradients[-1] / np.sqrt(square + epsilon))

    if not momentum:
        return step
    return lambda gradients: _averaged(
        [step(gradients[: count + 1]) for count in range(len(gradients))], momentum, share=1.0
    )


def _adagrad(start: float) -> Rule:
    """Duchi, Hazan and Singer, 2011."""
    return lambda gradients: np.asarray(gradients[-1] / (np.sqrt(start + sum(g**2 for g in gradients)) + 1e-7))


def _sign(gradients: Sequence[Array]) -> Array:
    return np.sign(gradients[-1])


def _adam_unlike(*, absolute: bool = False, root: bool = True) -> Rule:
    """Adam with a second moment that is not squared, or without its root."""

    def rule(gradients: Sequence[Array]) -> Array:
        step = len(gradients)
        mean = _averaged(gradients, 0.9) / (1 - 0.9**step)
        second = _averaged([np.abs(g) if absolute else g**2 for g in gradients], 0.999) / (1 - 0.999**step)
        return np.asarray(mean / ((np.sqrt(second) if root else second) + 1e-8))

    return rule


#: Kind → the forms it comes in, each with the defaults of TensorFlow, Keras or the paper.
RULES: Mapping[str, Sequence[Rule]] = {
    "sgd": [lambda gradients: gradients[-1]],
    "momentum": [
        _momentum(decay, nesterov=nesterov, dampened=dampened)
        for decay in (0.5, 0.8, 0.9, 0.95, 0.99)
        for nesterov in (False, True)
        for dampened in (False, True)
    ],
    "adam": [
        _adam(beta1, beta2, epsilon, corrected=corrected)
        for beta1 in (0.9, 0.5, 0.8, 0.95)
        for beta2 in (0.999, 0.99, 0.95)
        for epsilon in (1e-8, 1e-7, 1e-4)
        for corrected in (True, False)
    ],
    "rmsprop": [
        _rmsprop(decay, start, epsilon)
        for decay in (0.9, 0.99, 0.95)
        for start in (1.0, 0.0)
        for epsilon in (1e-10, 1e-7)
    ]
    + [
        _rmsprop(0.9, 0.0, 1e-7, centred=centred, momentum=momentum)
        for centred, momentum in ((True, 0.0), (False, 0.9), (True, 0.9))
    ],
    "nadam": [_nadam],
    "adamax": [_adamax],
    "adadelta": [_adadelta],
    "adagrad": [_adagrad(start) for start in (0.1, 0.0)],
    "momentum-corrected": [lambda gradients: np.asarray(_averaged(gradients, 0.9) / (1 - 0.9 ** len(gradients)))],
    "rmsprop-corrected": [_adam(0.0, decay) for decay in (0.999, 0.9)],
    "sign": [_sign],
    "lion": [_lion],
    "adam-with-absolute-values": [_adam_unlike(absolute=True)],
    "adam-without-root": [_adam_unlike(root=False)],
}


#: What may be left over of the steps, relative to their size.
TOLERANCE = 5e-3
#: Part of the weights that one step may take away: what takes away more puts something else in their place.
MOST_DECAY = 0.3
#: Numbers for each factor that is fitted, for a fit to say something.
_ENOUGH = 20
_DECAYING = ("adam", "sgd", "momentum", "nadam", "lion")


@dataclass(frozen=True)
class StepMatch:
    """What the steps look like: the optimizer's kind, its rate (below zero where it climbs), what was left over.

    `rates` are those of each step where they differ: the largest is then `rate`.
    """

    kind: str
    rate: float
    error: float
    rates: tuple[float, ...] = ()
    signs: bool = False
    """Whether these may be steps by the sign of the gradient: small steps of Adam and of Lion are alike."""


def recognise_steps(
    gradients: Sequence[Array], steps: Sequence[Array], weights: Sequence[Array] | None = None
) -> StepMatch | None:
    """Name the optimizer that made `steps` from the gradients before each, both flattened.

    `weights` are the variables before each step, for optimizers that also let weights decay (AdamW); None to leave that
    out. The answer is None where no rule explains all steps to a part in two hundred.
    """
    best: StepMatch | None = None
    step = np.concatenate(steps)
    for kind, rules in RULES.items():
        for rule in rules:
            direction = np.concatenate([rule(gradients[: count + 1]) for count in range(len(steps))])
            match = _fit(kind, direction, step)
            if match is not None and (best is None or match.error < best.error / 3):
                best = match
    if (best is None or best.error >= TOLERANCE) and weights is not None:
        best = _with_decay(gradients, step, np.concatenate(weights))
    if best is None or best.error >= TOLERANCE:
        best = _scheduled(gradients, steps) or _in_the_span(gradients, steps)
    if best is None or best.error >= TOLERANCE:
        return None
    signs = _fit("sign", np.concatenate([_sign(gradients[: count + 1]) for count in range(len(steps))]), step)
    return replace(best, signs=signs is not None and signs.error < TOLERANCE)


def _scheduled(gradients: Sequence[Array], steps: Sequence[Array]) -> StepMatch | None:
    """A rule whose rate changes from step to step."""
    for kind, rules in RULES.items():
        if kind in ("sgd", "momentum", "momentum-corrected"):
            continue  # any factors of gradients: see below
        for rule in rules:
            found = [_fit(kind, rule(gradients[: count + 1]), step) for count, step in enumerate(steps)]
            fits = [match for match in found if match is not None and match.error < TOLERANCE]
            rates = [match.rate for match in fits]
            if len(fits) == len(steps) and (min(rates) > 0 or max(rates) < 0):
                largest = max(rates, key=abs)
                return StepMatch(kind, largest, max(match.error for match in fits), rates=tuple(rates))
    return None


def _in_the_span(gradients: Sequence[Array], steps: Sequence[Array]) -> StepMatch | None:
    """Steps along the gradients so far, with any factors: descent with or without momentum, clipped or scheduled."""
    plain, error = True, 0.0
    for count, step in enumerate(steps):
        size = float((step**2).sum()) ** 0.5
        columns = np.stack(gradients[: count + 1], axis=1)
        if size == 0 or len(step) < _ENOUGH * columns.shape[1] or not np.isfinite(columns).all():
            return None
        own = _fit("sgd", gradients[count], step)
        # Gradients of the same rows are nearly along one line: the shortest sum that explains a step counts.
        if own is not None and own.error < TOLERANCE:
            error = max(error, own.error)
            continue
        plain = False
        columns /= np.abs(columns).max() or 1.0
        factors, *_ = np.linalg.lstsq(columns, step, rcond=None)
        error = max(error, float(((step - columns @ factors) ** 2).sum()) ** 0.5 / size)
    return StepMatch("sgd" if plain else "momentum", float("nan"), error)


def _fit(kind: str, direction: Array, step: Array) -> StepMatch | None:
    # Sums of products, not BLAS: these are short, and threads that wait for each other cost more than they save.
    strength, size = float((direction**2).sum()), float((step**2).sum()) ** 0.5
    if strength == 0 or size == 0 or not np.isfinite(strength):
        return None
    rate = -float((direction * step).sum()) / strength
    return StepMatch(kind, rate, float(((step + rate * direction) ** 2).sum()) ** 0.5 / size)


def _with_decay(gradients: Sequence[Array], step: Array, weights: Array) -> StepMatch | None:
    """A rule whose weights decay by themselves; of Adam that is AdamW (Loshchilov and Hutter, 2019)."""
    size = float((step**2).sum()) ** 0.5
    for kind, rule in ((kind, rule) for kind in _DECAYING for rule in RULES[kind]):
        direction = np.concatenate([rule(gradients[: count + 1]) for count in range(len(gradients))])
        if len(direction) != len(step) or size == 0:
            return None
        aa, ab, bb = (direction**2).sum(), (direction * weights).sum(), (weights**2).sum()
        determinant = aa * bb - ab * ab
        if determinant <= 0:
            continue
        sa, sb = -(step * direction).sum(), -(step * weights).sum()
        rate, decay = (sa * bb - sb * ab) / determinant, (sb * aa - sa * ab) / determinant
        error = float(((step + rate * direction + decay * weights) ** 2).sum()) ** 0.5 / size
        if error < TOLERANCE and 0 < decay < MOST_DECAY and rate != 0:
            return StepMatch("adamw" if kind == "adam" else kind, float(rate), error)
    return None
