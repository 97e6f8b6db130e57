"""Recognize an optimizer and its learning rate, by its own op or by a few steps.

To add an optimizer that has a TensorFlow op, add a line to `FUSED`; for one that shows only in its steps, add a function to
`RULES` that maps the gradients so far to the direction of the next step at learning rate one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product, starmap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphread.graph.nodes import Array

    Rule = Callable[[Sequence[Array]], Array]
    """The direction of the next step at rate one, given the gradients so far, the newest last."""


@dataclass(frozen=True)
class Fused:
    """An optimizer's op: its `kind`, and the indexes of its gradient and learning-rate inputs."""

    kind: str
    gradient: int
    rate: int


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

#: Their next weights follow from the gradients so far, not from the current weights.
DUAL_AVERAGING = frozenset({"ftrl", "adagrad-da"})
_PREFIXES = ("ResourceSparseApply", "SparseApply", "ResourceApply", "Apply")
#: Op names of optimizers → their names in `FUSED`.
FUSED_OPS = {prefix + name: name for prefix, name in product(_PREFIXES, FUSED)}


def _averaged(values: Sequence[Array], decay: float, *, share: float = 1.0, start: float = 0.0) -> Array:
    """Return a decaying average: each value scales it by `decay` and adds `share` of itself."""
    average = np.full_like(values[0], start)
    for value in values:
        average = decay * average + share * value
    return average


def _squares(gradients: Sequence[Array], decay: float, start: float = 0.0) -> Array:
    """Return the running mean of the squared gradients."""
    return _averaged([*np.square(gradients)], decay, share=1 - decay, start=start)


def _momentum(decay: float, ahead: float, dampened: float) -> Rule:
    """Return the momentum rule: `ahead` 1 is Nesterov's (1983), `dampened` 1 averages the gradients."""

    def rule(gradients: Sequence[Array]) -> Array:
        velocity = _averaged(gradients, decay, share=1 - dampened * decay)
        return (1 - ahead) * velocity + ahead * (gradients[-1] + decay * velocity)

    return rule


def _adam(beta1: float, beta2: float, epsilon: float, corrected: float) -> Rule:
    """Return Adam's rule (Kingma and Ba, 2015, algorithm 1); `corrected` 1 corrects the bias."""

    def rule(gradients: Sequence[Array]) -> Array:
        mean, count = _averaged(gradients, beta1, share=1 - beta1), len(gradients)
        scale = ((1 - beta2**count) ** 0.5 / (1 - beta1**count)) ** corrected
        return np.asarray(scale * mean / (np.sqrt(_squares(gradients, beta2)) + epsilon))

    return rule


def _rmsprop(decay: float, start: float, epsilon: float) -> Rule:
    """Return the RMSProp rule: divide by a running root mean square (Tieleman and Hinton, 2012)."""
    return lambda gradients: np.asarray(gradients[-1] / np.sqrt(_squares(gradients, decay, start) + epsilon))


def _adagrad(start: float) -> Rule:
    """Return the Adagrad rule (Duchi, Hazan and Singer, 2011)."""
    return lambda gradients: np.asarray(gradients[-1] / (np.sqrt(start + np.square(gradients).sum(axis=0)) + 1e-7))


def _lion(gradients: Sequence[Array]) -> Array:
    """Return the Lion direction: the sign of an average (Chen et al., 2023)."""
    earlier = _averaged([np.zeros_like(gradients[0]), *gradients[:-1]], 0.99, share=0.01)
    return np.sign(0.9 * earlier + 0.1 * gradients[-1])


#: Kind → its variants, with the defaults of TensorFlow, Keras or the paper.
RULES: Mapping[str, Sequence[Rule]] = {
    "sgd": [lambda gradients: gradients[-1]],
    "momentum": [*starmap(_momentum, product((0.5, 0.8, 0.9, 0.95, 0.99), (0.0, 1.0), (0.0, 1.0)))],
    "adam": [*starmap(_adam, product((0.9, 0.5, 0.8, 0.95), (0.999, 0.99, 0.95), (1e-8, 1e-7, 1e-4), (1.0, 0.0)))],
    "rmsprop": [*starmap(_rmsprop, product((0.9, 0.99, 0.95), (1.0, 0.0), (1e-10, 1e-7)))],
    "adagrad": [*map(_adagrad, (0.1, 0.0))],
    "sign": [lambda gradients: np.sign(gradients[-1])],
    "lion": [_lion],
}


#: Largest residual of the steps, relative to their norm.
TOLERANCE = 5e-3
#: A later rule must have a residual smaller by this factor than an earlier one.
_CLEARER = 3.0


@dataclass(frozen=True)
class StepMatch:
    """The optimizer that explains the steps: kind, learning rate (negative for ascent), residual."""

    kind: str
    rate: float
    error: float
    signs: bool = False
    """Whether steps along the gradient's sign also explain them: small steps of Adam and Lion look alike."""


def recognise_steps(gradients: Sequence[Array], steps: Sequence[Array]) -> StepMatch | None:
    """Return the optimizer that made `steps` from the gradient before each, all flattened.

    Return None if no rule explains all steps within 0.5 %.
    """
    fits = [_fitted(kind, rule, gradients, steps) for kind, rules in RULES.items() for rule in rules]
    enough = _CLEARER * min(match.error for match in fits)
    best = next((match for match in fits if match.error <= enough), fits[0])
    if not best.error < TOLERANCE:
        return None
    return replace(best, signs=min(match.error for match in fits if match.kind == "sign") < TOLERANCE)


def _fitted(kind: str, rule: Rule, gradients: Sequence[Array], steps: Sequence[Array]) -> StepMatch:
    """Return the rule at the rate that explains the steps best; infinite error without information."""
    direction = np.concatenate([rule(gradients[:count]) for count in range(1, len(steps) + 1)])
    step = np.concatenate(steps)
    # Plain sums instead of BLAS: the vectors are short, and synchronizing threads costs more than it saves.
    strength, size = float((direction**2).sum()), float((step**2).sum()) ** 0.5
    with np.errstate(all="ignore"):
        rate = -np.float64((direction * step).sum()) / strength
        error = float(((step + rate * direction) ** 2).sum()) ** 0.5 / size if size else np.inf
    return StepMatch(kind, float(rate), float(np.nan_to_num(error, nan=np.inf, posinf=np.inf)))
