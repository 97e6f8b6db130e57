"""The meaning of each program of the corpus, as NumPy references, and where operators find its parts.

`PROGRAMS` are the programs of ``tests/programs/networks``: a term in their tables is a field of `Program`, and a reference is
named there; nothing (an empty text or list) stands for what is not compared. A reference takes the trained variables in the
order in which the program makes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.programs import programs

from .formulas import (
    ACTIVATIONS,
    Array,
    Function,
    conv2d,
    cross_entropy,
    layer_norm,
    log_softmax,
    max_pool_2x2,
    sigmoid,
    softmax,
)

__all__ = ["PROGRAMS", "Program", "Values"]


@dataclass(frozen=True)
class Values:
    """Values of a graph's variables: `trained` in order of making, and all by name."""

    trained: Sequence[Array]
    by_name: Mapping[str, Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        return self.by_name[name]


Reference = Callable[[Values, Array, Sequence[Function]], Array]
LossReference = Callable[[Array, Array, Values], Array | float]


def mlp(values: Values, x: Array, acts: Sequence[Function]) -> Array:
    """Weights and biases alternate; the last layer has no activation."""
    p = values.trained
    for i in range(len(p) // 2):
        x = x @ p[2 * i] + p[2 * i + 1]
        if i < len(acts):
            x = acts[i](x)
    return x


def columns(values: Values, x: Array, acts: Sequence[Function]) -> Array:
    """The same with images in columns."""
    p, a = values.trained, x.T
    for i in range(len(p) // 2):
        a = p[2 * i] @ a + p[2 * i + 1].reshape(-1, 1)
        if i < len(acts):
            a = acts[i](a.T).T
    return a.T


def weights_then_biases(values: Values, x: Array, acts: Sequence[Function]) -> Array:
    """All weights stand before all biases."""
    p = values.trained
    half = len(p) // 2
    order = [q for pair in zip(p[:half], p[half:], strict=True) for q in pair]
    return mlp(Values(order), x, acts)


def mean_ce(z: Array, y: Array, values: Values) -> Array | float:  # noqa: ARG001
    """Mean softmax cross-entropy."""
    return float(cross_entropy(z, y).mean())


def sum_ce(z: Array, y: Array, values: Values) -> Array | float:  # noqa: ARG001
    """Summed softmax cross-entropy."""
    return float(cross_entropy(z, y).sum())


def vector_ce(z: Array, y: Array, values: Values) -> Array | float:  # noqa: ARG001
    """Softmax cross-entropy of each row."""
    return cross_entropy(z, y)


@dataclass(frozen=True)
class Program:
    """A right network by one student.

    Attributes
    ----------
    name
        File and name under ``tests/programs/networks``.
    logits
        Reference of its logits from values, images and the activations of its hidden layers.
    acts
        Names of those activations.
    loss
        Reference of its loss from logits, one-hot labels and values; None where the loss is taken on another path.
    optimizer
        Kind as in `Optimizers.moves`, and its rate (None: the rate asked for); None where a step is checked by size only.
    onehot, in_loss, in_logits
        Expressions for the labels as one-hot rows, for the logits in the statement of the loss, and for the layer's input
        in the statement of the logits, where they are not the marked targets.
    axis
        Axis of the classes of the logits as marked.
    loss_form
        ``scalar``, ``rows`` or ``other`` (the marked statement computes something that is not a loss yet).
    sites
        Further spellings of its activation: (text, its argument).
    spread
        Hidden layers that each activation site governs; one after the other if empty.
    also
        Endings of names of untrained variables that the oracle sets too.
    copies
        Names of averaged copies by the ending that is added to (or, with a leading ``^``, put before) a name.
    stochastic
        Whether a train step draws random numbers even with its evaluation feed.
    every
        Calls of the train op for one step.
    """

    name: str
    logits: Reference = mlp
    acts: tuple[str, ...] = ()
    loss: LossReference | None = mean_ce
    optimizer: tuple[str, float | None] | None = ("adam", None)
    onehot: str | None = None
    in_loss: str | None = None
    in_logits: str | None = None
    axis: int = 1
    loss_form: str = "scalar"
    sites: tuple[tuple[str, str], ...] = ()
    spread: tuple[tuple[int, ...], ...] = ()
    also: tuple[str, ...] = ()
    copies: str | None = None
    stochastic: bool = False
    every: int = 1

    @property
    def exercise(self) -> str:
        """The solution cell that asks for it."""
        return {"one_layer": "one_layer_network", "two_layers": "two_layer_network", "deep": "deep_network"}[
            self.name.split("/")[0]
        ]

    @property
    def functions(self) -> list[Function]:
        """Its activations."""
        return [ACTIVATIONS[name] for name in self.acts]


def _of_one_layer() -> dict[str, Any]:
    def packed(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return np.hstack([x, np.ones((len(x), 1))]) @ v.trained[0]

    def convolution(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return x @ v.trained[0].reshape(784, 10) + v.trained[1]

    def standardised(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(v, (x - 0.1307) / 0.3081, acts)

    def parts(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return x @ np.concatenate(v.trained[:-1], axis=0) + v.trained[-1]

    def neurons(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return x @ np.hstack(v.trained[0::2]) + np.array(v.trained[1::2])

    def transposed(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return x @ v.trained[0].T + v.trained[1]

    def normalised(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w = v.trained[0]
        return x @ (v.trained[1] * w / np.linalg.norm(w, axis=0)) + v.trained[2]

    def difference(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return x @ (v.trained[0] - v.trained[1]) + v.trained[2]

    def unit_length(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(v, 28 * x / np.linalg.norm(x, axis=1, keepdims=True), acts)

    return locals()


def _of_two_layers() -> dict[str, Any]:
    def flat(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        theta = v.trained[0]
        n = (theta.size - 10) // (784 + 1 + 10)
        cuts = np.cumsum([784 * n, n, 10 * n])
        w1, b1, w2, b2 = np.split(theta, cuts)
        return mlp(Values([w1.reshape(784, n), b1, w2.reshape(n, 10), b2]), x, acts)

    def convolutions(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        k1, b1, k2, b2 = v.trained
        return mlp(Values([k1.reshape(784, -1), b1, k2.reshape(-1, 10), b2]), x, acts)

    def towers(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        wl, bl, wr, br, w2, b2 = v.trained
        h = np.hstack([acts[0](x @ wl + bl), acts[0](x @ wr + br)])
        return h @ w2 + b2

    def partitioned(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        return mlp(Values([np.hstack(p[0:3]), p[3], np.vstack(p[4:6]), p[6]]), x, acts)

    def beside(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(Values(v.trained[2:]), x, acts)

    def first_four(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(Values(v.trained[:4]), x, acts)

    def smoothed(z: Array, y: Array, v: Values) -> float:
        decay = 1e-5 * 0.5 * ((v.trained[0] ** 2).sum() + (v.trained[2] ** 2).sum())
        return float(cross_entropy(z, 0.9 * y + 0.01).mean() + decay)

    def hundredfold(z: Array, y: Array, v: Values) -> Array | float:
        return 100 * mean_ce(z, y, v)

    def one_matrix(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        theta, n = v.trained[0], v.trained[0].shape[1] - 1
        return mlp(Values([theta[:784, :n], theta[784, :n], theta[785:, :n].T, theta[785:, n]]), x, acts)

    def scaled(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, b1, w2, b2 = v.trained
        return mlp(Values([w1 / 28, b1, w2 / len(w2) ** 0.5, b2]), x, acts)

    def averaged(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, gain, shift, w2, b2 = v.trained
        z = (x @ w1 - v["norm/mean"]) / np.sqrt(v["norm/var"] + 1e-3)
        return acts[0](gain * z + shift) @ w2 + b2

    return locals()


def _of_deep() -> dict[str, Any]:  # noqa: C901 - one small reference a program
    def by_hand_bn(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, w2, w3, b3, g1, s1, g2, s2 = v.trained

        def bn(z: Array, g: Array, s: Array, name: str) -> Array:
            return g * (z - v[name + "/mean"]) / np.sqrt(v[name + "/var"] + 1e-5) + s

        h1 = acts[0](bn(x @ w1, g1, s1, "bn1"))
        h2 = acts[1](bn(h1 @ w2, g2, s2, "bn2"))
        return h2 @ w3 + b3

    def object_bn(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, g1, s1, w2, g2, s2, w3, b3 = v.trained
        means = [value for name, value in v.by_name.items() if name.endswith("ExponentialMovingAverage")]
        h = acts[0](g1 * (x @ w1 - means[0]) / np.sqrt(means[1] + 1e-3) + s1)
        h = acts[1](g2 * (h @ w2 - means[2]) / np.sqrt(means[3] + 1e-3) + s2)
        return h @ w3 + b3

    def hand_ln(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, g1, s1, w2, g2, s2, w3, b3 = v.trained
        h = acts[0](layer_norm(x @ w1, g1, s1, 1e-5))
        return acts[1](layer_norm(h @ w2, g2, s2, 1e-5)) @ w3 + b3

    def keras_ln(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, b1, g1, s1, w2, b2, g2, s2, w3, b3 = v.trained
        h = acts[0](layer_norm(x @ w1 + b1, g1, s1, 1e-3))
        return acts[1](layer_norm(h @ w2 + b2, g2, s2, 1e-3)) @ w3 + b3

    def residual(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        h = acts[0](x @ p[0] + p[1])
        for i in range(3):
            wa, ba, wb, bb = p[2 + 4 * i : 6 + 4 * i]
            h = acts[2](h + acts[1](h @ wa + ba) @ wb + bb)
        return h @ p[-2] + p[-1]

    def maxout(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        for i in range(2):
            x = (x @ p[2 * i] + p[2 * i + 1]).reshape(len(x), -1, 3).max(axis=2)
        return x @ p[4] + p[5]

    def highway(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        y = acts[0](x @ p[0] + p[1])
        for i in range(2):
            wh, bh, wt, bt = p[2 + 4 * i : 6 + 4 * i]
            h, t = np.maximum(y @ wh + bh, 0), sigmoid(y @ wt + bt)
            y = h * t + y * (1 - t)
        return y @ p[-2] + p[-1]

    def ensemble(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        elu, tanh = ACTIVATIONS["elu"], ACTIVATIONS["tanh"]
        a = mlp(Values(v.trained[:6]), x, [elu, elu])
        return 0.5 * (a + mlp(Values(v.trained[6:]), x, [tanh, tanh]))

    def mixture(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p, relu = v.trained, ACTIVATIONS["relu"]
        gate = softmax(x @ p[0] + p[1])
        e1, e2 = (mlp(Values(p[k : k + 4]), x, [relu, relu]) for k in (2, 6))
        return (gate[:, :1] * e1 + gate[:, 1:] * e2) @ p[10] + p[11]

    def prelu(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, b1, a1, w2, b2, a2, w3, b3 = v.trained
        for w, b, a in ((w1, b1, a1), (w2, b2, a2)):
            z = x @ w + b
            x = np.where(z > 0, z, a * z)
        return x @ w3 + b3

    def loop(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w_in, b_in, ws, bs, w_out, b_out = v.trained
        h = acts[0](x @ w_in + b_in)
        for w, b in zip(ws, bs, strict=True):
            h = np.maximum(h @ w + b, 0)
        return h @ w_out + b_out

    def experts(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        k1, c1, k2, c2, w1, b1, w2, b2 = v.trained
        t = x.reshape(-1, 28, 28, 1)
        t = max_pool_2x2(acts[0](conv2d(t, k1) + c1))
        t = max_pool_2x2(acts[1](conv2d(t, k2) + c2))
        return acts[2](t.reshape(len(x), -1) @ w1 + b1) @ w2 + b2

    def keras_conv(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        k1, c1, k2, c2, k3, c3, w, b = v.trained
        t = x.reshape(-1, 28, 28, 1)
        t = acts[0](conv2d(t, k1, 2) + c1)
        t = acts[1](conv2d(t, k2, 2) + c2)
        t = acts[2](conv2d(t, k3) + c3)
        return t.mean(axis=(1, 2)) @ w + b

    def l2_loss(z: Array, y: Array, v: Values) -> float:
        return float(cross_entropy(z, y).mean() + 1e-5 * sum((w**2).sum() for w in v.trained[:3]))

    def focal(z: Array, y: Array, v: Values) -> float:
        logp = (y * log_softmax(z)).sum(axis=1)
        return float((-((1 - np.exp(logp)) ** 2) * logp).mean())

    def weighted(z: Array, y: Array, v: Values) -> float:
        w = y @ np.array([1.0, 0.9, 1.0, 1.1, 1.0, 1.2, 1.0, 1.0, 1.2, 1.1])
        return float((w * cross_entropy(z / 2, y)).mean())

    def dense_net(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        for i in range(3):
            x = np.hstack([x, acts[i](x @ p[2 * i] + p[2 * i + 1])])
        return x @ p[6] + p[7]

    def quadrants(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p, image, parts = v.trained, x.reshape(-1, 28, 28), []
        for k in range(4):
            i, j = divmod(k, 2)
            q = image[:, 14 * i : 14 * i + 14, 14 * j : 14 * j + 14].reshape(len(x), 196)
            parts.append(acts[k](q @ p[2 * k] + p[2 * k + 1]))
        return acts[4](np.hstack(parts) @ p[8] + p[9]) @ p[10] + p[11]

    def attention(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        wq, wk, wv, w1, b1, w2, b2 = v.trained
        rows = x.reshape(-1, 28, 28)
        q, k, val = rows @ wq, rows @ wk, rows @ wv
        a = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(32), axis=2)
        return np.maximum((a @ val).reshape(len(x), -1) @ w1 + b1, 0) @ w2 + b2

    def keras_bn(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, g1, s1, w2, g2, s2, w3, b3 = v.trained
        mean = [value for name, value in v.by_name.items() if name.endswith("moving_mean")]
        var = [value for name, value in v.by_name.items() if name.endswith("moving_variance")]
        for w, g, s, m, q in zip((w1, w2), (g1, g2), (s1, s2), mean, var, strict=True):
            x = np.maximum(g * (x @ w - m) / np.sqrt(q + 1e-3) + s, 0)
        return x @ w3 + b3

    def stochastic_depth(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p, gelu = v.trained, ACTIVATIONS["gelu"]
        h = gelu(x @ p[0] + p[1])
        for i in range(1, 4):
            h = h + gelu(h @ p[2 * i] + p[2 * i + 1])
        return h @ p[8] + p[9]

    def packed(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p1, p2, p3 = v.trained
        mask = np.random.RandomState(5).rand(200, 200) < 0.5  # noqa: NPY002 - the program's own mask
        x = acts[0](x @ p1[:-1] + p1[-1])
        x = acts[1](x @ (p2[:-1] * mask) + p2[-1])
        return x @ p3[:-1] + p3[-1]

    def recurrence(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        u, w, c = v.trained[:3]
        state = np.zeros((len(x), w.shape[0]))
        for t in range(28):
            state = np.tanh(x[:, 28 * t : 28 * t + 28] @ u + state @ w + c)
        return mlp(Values(v.trained[3:]), state, [ACTIVATIONS["relu"]])

    def one_cell(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        cell, c = v.trained[:2]
        state = np.zeros((len(x), cell.shape[1]))
        for t in range(28):
            state = np.tanh(np.hstack([x[:, 28 * t : 28 * t + 28], state]) @ cell + c)
        return mlp(Values(v.trained[2:]), state, [ACTIVATIONS["relu"]])

    def gated(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        for i in range(2):
            a, g = np.split(x @ p[2 * i] + p[2 * i + 1], 2, axis=1)
            x = a * sigmoid(g)
        return x @ p[4] + p[5]

    def first_six(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(Values(v.trained[:6]), x, acts)

    def with_decoder(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        return mlp(Values([*v.trained[:2], *v.trained[3:]]), x, acts)

    def averaged(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w1, g1, s1, w2, g2, s2, w3, b3 = v.trained
        for w, g, s, name, act in ((w1, g1, s1, "bn1", acts[0]), (w2, g2, s2, "bn2", acts[1])):
            z = (x @ w - v[name + "/moving_mean"]) / np.sqrt(v[name + "/moving_var"] + 1e-3)
            x = act(g * z + s)
        return x @ w3 + b3

    def fused(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        k1, g1, s1, k2, g2, s2, w, b = v.trained
        t = x.reshape(-1, 28, 28, 1)
        for k, g, s, name in ((k1, g1, s1, "one"), (k2, g2, s2, "two")):
            z = (conv2d(t, k, 2) - v[name + "/mean"]) / np.sqrt(v[name + "/var"] + 1e-3)
            t = np.maximum(g * z + s, 0)
        return t.reshape(len(x), -1) @ w + b

    def own_swish(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        slope, w1, b1, g1, w2, b2, g2, w3, b3 = v.trained
        for w, b, g in ((w1, b1, g1), (w2, b2, g2)):
            z = x @ w + b
            z = g * z / np.sqrt((z**2).mean(axis=1, keepdims=True) + 1e-6)
            x = z * sigmoid(slope * z)
        return x @ w3 + b3

    def winners(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        p = v.trained
        for i in range(2):
            z = x @ p[2 * i] + p[2 * i + 1]
            x = np.where(z >= np.sort(z, axis=1)[:, -60][:, None], z, 0)
        return x @ p[4] + p[5]

    def mixer(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        e, t, c, w, b = v.trained
        gelu = np.vectorize(lambda z: 0.5 * z * (1 + math.erf(z / 2**0.5)))
        h = x.reshape(-1, 4, 7, 4, 7).transpose(0, 1, 3, 2, 4).reshape(-1, 16, 49)
        h = gelu(h @ e)
        h = h + gelu(np.einsum("npc,pq->nqc", h, t))
        h = h + gelu(h @ c)
        return h.mean(axis=1) @ w + b

    def separable(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        k1, d, point, k2, w, b = v.trained
        t = np.maximum(conv2d(x.reshape(-1, 28, 28, 1), k1, 2), 0)
        t = np.concatenate([conv2d(t[..., i : i + 1], d[:, :, i : i + 1]) for i in range(d.shape[2])], axis=3)
        t = np.maximum(conv2d(t, point), 0)
        wide = np.zeros((5, 5, *k2.shape[2:]))
        wide[::2, ::2] = k2
        return np.maximum(conv2d(t, wide), 0).mean(axis=(1, 2)) @ w + b

    def mixed_targets(z: Array, y: Array, v: Values) -> float:
        entropy = -(softmax(z) * np.log(softmax(z) + 1e-9)).sum(axis=1)
        return float((cross_entropy(z / 1.5, 0.95 * y + 0.005) - 0.05 * entropy).mean())

    def kernels_decayed(z: Array, y: Array, v: Values) -> float:
        return float(cross_entropy(z, y).mean() + 0.5e-4 * sum((w**2).sum() for w in v.trained[::2]))

    return locals()


FOLDERS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one_layer": (_of_one_layer(), {}),
    "two_layers": (_of_two_layers(), {"acts": ("relu",)}),
    "deep": (_of_deep(), {"optimizer": ("adam", 0.001)}),
}
"""By file: references of its own programs, and terms that hold where a program says nothing else."""


def _value(key: str, given: Any, references: Mapping[str, Any]) -> Any:
    if key in {"logits", "loss"}:
        return {**globals(), **references}[given] if given else None
    if key == "optimizer":
        return tuple(given) or None
    return tuple(map(_frozen, given)) if isinstance(given, list) else given


def _frozen(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


PROGRAMS: Mapping[str, Program] = {
    f"{folder}/{name}": Program(
        f"{folder}/{name}", **{**usual, **{key: _value(key, given, own) for key, given in one.terms.items()}}
    )
    for folder, (own, usual) in FOLDERS.items()
    for name, one in programs(f"networks/{folder}").items()
}
