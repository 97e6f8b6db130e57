"""Which optimizer is this, and at which rate? By its own op, or by what a few steps do.

To add an optimizer that TensorFlow has an op for, add a line to `FUSED`; for one that shows only in its steps, a
function to `RULES` that turns the gradients so far into the direction of the next step at rate one.
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
    """An optimizer's op: its `kind`, and which of its inputs are gradient and rate."""

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

#: These take the gradients so far and no step from where the weights are.
DUAL_AVERAGING = frozenset({"ftrl", "adagrad-da"})
_PREFIXES = ("ResourceSparseApply", "SparseApply", "ResourceApply", "Apply")
#: Optimizers' ops → their names in `FUSED`.
FUSED_OPS = {prefix + name: name for prefix, name in product(_PREFIXES, FUSED)}


def _averaged(values: Sequence[Array], decay: float, *, share: float = 1.0, start: float = 0.0) -> Array:
    """Return an average that forgets: each value multiplies it by `decay` and adds `share` of itself."""
    average = np.full_like(values[0], start)
    for value in values:
        average = decay * average + share * value
    return average


def _squares(gradients: Sequence[Array], decay: float, start: float = 0.0) -> Array:
    """Return the running mean of the squared gradients."""
    return _averaged([*np.square(gradients)], decay, share=1 - decay, start=start)


def _momentum(decay: float, ahead: float, dampened: float) -> Rule:
    """Return the rule of a velocity: `ahead` 1 looks ahead (Nesterov, 1983), `dampened` 1 averages."""

    def rule(gradients: Sequence[Array]) -> Array:
        velocity = _averaged(gradients, decay, share=1 - dampened * decay)
        return (1 - ahead) * velocity + ahead * (gradients[-1] + decay * velocity)

    return rule


def _adam(beta1: float, beta2: float, epsilon: float, corrected: float) -> Rule:
    """Return Kingma and Ba's algorithm 1 (2015); 1 for `corrected` makes up for a start at zero."""

    def rule(gradients: Sequence[Array]) -> Array:
        mean, count = _averaged(gradients, beta1, share=1 - beta1), len(gradients)
        scale = ((1 - beta2**count) ** 0.5 / (1 - beta1**count)) ** corrected
        return np.asarray(scale * mean / (np.sqrt(_squares(gradients, beta2)) + epsilon))

    return rule


def _rmsprop(decay: float, start: float, epsilon: float) -> Rule:
    """Return the rule that divides by a running root mean square (Tieleman and Hinton, 2012)."""
    return lambda gradients: np.asarray(gradients[-1] / np.sqrt(_squares(gradients, decay, start) + epsilon))


def _adagrad(start: float) -> Rule:
    """Return the rule of Duchi, Hazan and Singer (2011)."""
    return lambda gradients: np.asarray(gradients[-1] / (np.sqrt(start + np.square(gradients).sum(axis=0)) + 1e-7))


def _lion(gradients: Sequence[Array]) -> Array:
    """Return the sign of an average (Chen et al., 2023)."""
    earlier = _averaged([np.zeros_like(gradients[0]), *gradients[:-1]], 0.99, share=0.01)
    return np.sign(0.9 * earlier + 0.1 * gradients[-1])


#: Kind → the forms it comes in, each with the defaults of TensorFlow, Keras or the paper.
RULES: Mapping[str, Sequence[Rule]] = {
    "sgd": [lambda gradients: gradients[-1]],
    "momentum": [*starmap(_momentum, product((0.5, 0.8, 0.9, 0.95, 0.99), (0.0, 1.0), (0.0, 1.0)))],
    "adam": [*starmap(_adam, product((0.9, 0.5, 0.8, 0.95), (0.999, 0.99, 0.95), (1e-8, 1e-7, 1e-4), (1.0, 0.0)))],
    "rmsprop": [*starmap(_rmsprop, product((0.9, 0.99, 0.95), (1.0, 0.0), (1e-10, 1e-7)))],
    "adagrad": [*map(_adagrad, (0.1, 0.0))],
    "sign": [lambda gradients: np.sign(gradients[-1])],
    "lion": [_lion],
}


#: What may be left over of the steps, relative to their size.
TOLERANCE = 5e-3
#: A later rule has to leave over so many times less than an earlier one.
_CLEARER = 3.0


@dataclass(frozen=True)
class StepMatch:
    """The optimizer that the steps look like: kind, rate (below zero if it climbs), residual."""

    kind: str
    rate: float
    error: float
    signs: bool = False
    """Whether these may be steps by the sign of the gradient: small steps of Adam and of Lion are alike."""


def recognise_steps(gradients: Sequence[Array], steps: Sequence[Array]) -> StepMatch | None:
    """Name the optimizer that made `steps` from the gradients before each, both flattened.

    The answer is None where no rule explains all steps to a part in two hundred.
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
    # Sums of products, not BLAS: these are short, and threads that wait for each other cost more than they save.
    strength, size = float((direction**2).sum()), float((step**2).sum()) ** 0.5
    with np.errstate(all="ignore"):
        rate = -np.float64((direction * step).sum()) / strength
        error = float(((step + rate * direction) ** 2).sum()) ** 0.5 / size if size else np.inf
    return StepMatch(kind, float(rate), float(np.nan_to_num(error, nan=np.inf, posinf=np.inf)))
