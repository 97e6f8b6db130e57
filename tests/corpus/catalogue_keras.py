"""The meaning of each Keras 3 program of the corpus: NumPy references, composed from parts of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .catalogue import LossReference, Program, Reference, Values, mean_ce, mlp
from .formulas import Array, Function, conv2d, cross_entropy, layer_norm, log_softmax, sigmoid

__all__ = ["PROGRAMS", "KerasProgram"]


@dataclass(frozen=True)
class KerasProgram(Program):
    """A right program of Keras 3.

    Attributes
    ----------
    probabilities
        Whether probabilities come out of it, and not the logits of the reference.
    """

    probabilities: bool = False

    @property
    def exercise(self) -> str:
        """What asks for it: `eager.EXERCISES`; the name of the function that makes it, too."""
        return "keras_network" if self.name.startswith("keras/") else "keras_regression"


@dataclass
class _Given:
    """What parts of a network take in turn: trained weights, averages of the data, activations."""

    weights: Iterator[Array]
    averages: Iterator[Array]
    acts: Iterator[Function]


Part = Callable[[Array, _Given], Array]


def chain(*parts: Part) -> Reference:
    """One part after another; each takes its weights in the order in which the program makes them."""

    def reference(values: Values, x: Array, acts: Sequence[Function]) -> Array:
        averages = [value for name, value in values.by_name.items() if "moving_" in name]
        given = _Given(iter(values.trained), iter(averages), iter(acts))
        for part in parts:
            x = part(x, given)
        return x

    return reference


def dense(x: Array, given: _Given) -> Array:
    """Product and bias."""
    return x @ next(given.weights) + next(given.weights)


def product(x: Array, given: _Given) -> Array:
    """Product without a bias."""
    return np.asarray(x @ next(given.weights))


def act(x: Array, given: _Given) -> Array:
    """The next activation."""
    return next(given.acts)(x)


def images(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """Rows as images of one channel."""
    return x.reshape(-1, 28, 28, 1)


def flat(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """Images as rows."""
    return x.reshape(len(x), -1)


def conv(stride: int = 1, *, bias: bool = True) -> Part:
    """A convolution over edges of zeros."""

    def part(x: Array, given: _Given) -> Array:
        made = conv2d(x, next(given.weights), stride)
        return made + next(given.weights) if bias else made

    return part


def separable(x: Array, given: _Given) -> Array:
    """Each channel through a window of its own, then a product over the channels."""
    depthwise = next(given.weights)
    maps = [conv2d(x[..., [c]], depthwise[:, :, [c], :]) for c in range(x.shape[-1])]
    return dense(np.concatenate(maps, axis=-1), given)


def pool(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """Largest of each 2 by 2 block; what is left over at the edge is left out."""
    n, h, w, c = x.shape
    x = x[:, : h // 2 * 2, : w // 2 * 2]
    return np.asarray(x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4)))


def mean_of_maps(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """The mean of each channel."""
    return np.asarray(x.mean(axis=(1, 2)))


def normalised(x: Array, given: _Given) -> Array:
    """Batch normalisation by averages of the data."""
    gamma, beta = next(given.weights), next(given.weights)
    mean, var = next(given.averages), next(given.averages)
    return np.asarray(gamma * (x - mean) / np.sqrt(var + 1e-3) + beta)


def row_normalised(x: Array, given: _Given) -> Array:
    """Layer normalisation."""
    return layer_norm(x, next(given.weights), next(given.weights), 1e-3)


def own_slope(x: Array, given: _Given) -> Array:
    """PReLU."""
    return np.where(x > 0, x, next(given.weights) * x)


def scaled(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """From -1 to 1."""
    return 2 * x - 1


def around(*parts: Part) -> Part:
    """What the parts make of x, added to x."""

    def part(x: Array, given: _Given) -> Array:
        made = x
        for inner in parts:
            made = inner(made, given)
        return x + made

    return part


def _steps(x: Array) -> Iterator[Array]:
    """The rows of the images, one after another."""
    yield from x.reshape(-1, 28, 28).transpose(1, 0, 2)


def recurrence(x: Array, given: _Given) -> Array:
    """Elman's recurrence with tanh."""
    w, u, b = (next(given.weights) for _ in range(3))
    h = np.zeros((len(x), u.shape[0]))
    for row in _steps(x):
        h = np.tanh(row @ w + h @ u + b)
    return h


def lstm(x: Array, given: _Given) -> Array:
    """Hochreiter and Schmidhuber 1997, with a gate that forgets; gates in Keras's order i, f, c, o."""
    w, u, b = (next(given.weights) for _ in range(3))
    h = c = np.zeros((len(x), u.shape[0]))
    for row in _steps(x):
        i, f, g, o = np.split(row @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


def gru(x: Array, given: _Given) -> Array:
    """Cho et al., arXiv:1406.1078, the reset behind the product; gates in Keras's order z, r, h."""
    w, u, b = (next(given.weights) for _ in range(3))
    h = np.zeros((len(x), u.shape[0]))
    for row in _steps(x):
        zx, rx, hx = np.split(row @ w + b[0], 3, axis=1)
        zh, rh, hh = np.split(h @ u + b[1], 3, axis=1)
        z, r = sigmoid(zx + zh), sigmoid(rx + rh)
        h = z * h + (1 - z) * np.tanh(hx + r * hh)
    return h


def branches(x: Array, given: _Given) -> Array:
    """Two layers of the same input, side by side."""
    left = act(dense(x, given), given)
    return np.hstack([left, act(dense(x, given), given)])


def concatenated(x: Array, given: _Given) -> Array:
    """Three layers of which each reads all that those before it made."""
    seen: list[Array] = []
    for _ in range(3):
        seen.append(act(dense(np.hstack(seen) if seen else x, given), given))
    return np.hstack(seen)


def heads(values: Values, x: Array, acts: Sequence[Function]) -> Array:
    """The mean of three networks: first all hidden layers are made, then all last ones."""
    p = values.trained
    made = [mlp(Values([*p[2 * i : 2 * i + 2], *p[6 + 2 * i : 8 + 2 * i]]), x, acts[i : i + 1]) for i in range(3)]
    return np.asarray(np.mean(made, axis=0))


def highway(x: Array, given: _Given) -> Array:
    """A gate between a layer and what goes into it."""
    gate = act(dense(x, given), given)
    h = act(dense(x, given), given)
    return gate * h + (1 - gate) * x


def logarithms(x: Array, given: _Given) -> Array:  # noqa: ARG001
    """Logarithm of the softmax."""
    return log_softmax(x)


def smoothed(z: Array, y: Array, values: Values) -> float:  # noqa: ARG001
    """Cross-entropy of labels of which a tenth is spread over all classes."""
    return float(cross_entropy(z, 0.9 * y + 0.01).mean())


def with_penalties(weights: Sequence[int], factor: float) -> LossReference:
    """Cross-entropy and the squares of some of the weights."""
    return lambda z, y, v: mean_ce(z, y, v) + factor * sum(float((v.trained[i] ** 2).sum()) for i in weights)


def of_number(error: Callable[[Array], Array]) -> LossReference:
    """The mean error of the digit as a number."""
    return lambda z, y, v: float(error(z[:, 0] - y.argmax(axis=1)).mean())  # noqa: ARG005


def huber(e: Array) -> Array:
    """Huber 1964, at 1."""
    return np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5)


hidden: tuple[Part, ...] = (dense, act)
BN_BLOCK: tuple[Part, ...] = (product, normalised, act)
ADAM = ("adam", 0.001)


def _classes() -> Iterator[KerasProgram]:
    def program(name: str, *parts: Part, **more: Any) -> KerasProgram:
        more.setdefault("optimizer", ADAM)
        if parts:
            more["logits"] = chain(*parts)
        return KerasProgram(f"keras/{name}", **more)

    p, relu, two = {"probabilities": True}, ("relu",), ("relu", "relu")
    loose: dict[str, Any] = {"optimizer": None, "stochastic": True}
    yield program("sequential_sparse", acts=relu)
    yield program("sequential_probabilities", acts=relu, **p)
    yield program("sequential_one_hot", acts=("tanh",), **p | {"optimizer": ("sgd", 0.5)})
    yield program("sequential_rescaled", scaled, *hidden, *hidden, dense, acts=two, **p | {"optimizer": None})
    yield program("sequential_in_a_loop", acts=("elu",) * 3, spread=((0, 1, 2),), loss=with_penalties((0, 2, 4), 1e-4))
    yield program("sequential_without_inputs", acts=relu)
    yield program("dropout", acts=two, **p | loose)
    yield program(
        "batch_normalised", *BN_BLOCK, *BN_BLOCK, dense, acts=two, also=("moving_mean", "moving_variance"), **loose
    )
    layer_normalised = (dense, row_normalised, act)
    yield program("layer_normalised", *layer_normalised * 2, dense, acts=("gelu",) * 2, optimizer=None)
    yield program("leaky_layers", *hidden, dense, own_slope, dense, acts=("leaky_relu",), optimizer=("momentum", 0.05))
    small = (images, conv(), act, pool, conv(), act, pool, flat, *hidden, dense)
    yield program("convolutional", *small, acts=("relu",) * 3, **p)
    strided = [part for _ in range(2) for part in (conv(2, bias=False), normalised, act)]
    also = ("moving_mean", "moving_variance")
    yield program(
        "convolutional_normalised", images, *strided, mean_of_maps, dense, acts=two, also=also, optimizer=None
    )
    maps = (images, conv(2), act, conv(2), act, conv(), mean_of_maps)
    yield program("fully_convolutional", *maps, acts=two, optimizer=("adam", 0.01))
    yield program("separable", images, conv(2), act, separable, act, pool, flat, dense, acts=two, **p)
    yield program("simple_recurrence", recurrence, dense)
    yield program("lstm", lstm, dense, **p)
    yield program("gru", gru, dense)
    yield program("functional", acts=relu, **p)
    block = (around(*hidden, dense), act)
    yield program("residual", *hidden, *block, *block, dense, acts=("relu",) * 5, spread=((0,), (1, 3), (2, 4)))
    inner = around(conv(), act, conv())
    block = (images, conv(2), act, inner, act, pool, flat, dense)
    yield program("residual_convolutions", *block, acts=("relu",) * 3, **p | {"optimizer": None})
    yield program("two_branches", branches, dense, acts=("relu", "tanh"))
    yield program("densely_connected", concatenated, dense, acts=("relu",) * 3, spread=((0,), (1, 2)), **p)
    yield program("averaged_heads", logits=heads, acts=("relu",) * 3, spread=((0, 1, 2),))
    yield program("highway", *hidden, highway, dense, logarithms, acts=("relu", "sigmoid", "relu"))
    yield program("nested_models", acts=two)
    yield program("subclassed", acts=relu)
    yield program("subclassed_with_dropout", acts=two, spread=((0, 1),), **p | loose)
    yield program("layer_of_its_own", acts=relu)
    yield program("loss_of_its_own", acts=relu, in_loss="z", loss_form="rows")
    yield program("smoothed_labels", acts=relu, loss=smoothed, **p | {"optimizer": None})
    yield program("added_losses", acts=relu, loss=None, optimizer=None)
    yield program("step_of_its_own", acts=relu, **loose)
    yield program("step_with_its_loss", acts=relu, in_loss="z", optimizer=None)


def _numbers() -> Iterator[KerasProgram]:
    p, squared = "keras_regression/", of_number(np.square)
    yield KerasProgram(p + "sequential", acts=("relu",), loss=squared, optimizer=ADAM)
    yield KerasProgram(p + "functional_huber", acts=("relu",) * 2, loss=of_number(huber), optimizer=("adam", 0.002))
    maps = chain(images, conv(2), act, conv(2), act, flat, dense)
    yield KerasProgram(
        p + "convolutional", maps, acts=("relu",) * 2, loss=of_number(np.abs), optimizer=None, stochastic=True
    )


PROGRAMS = {program.name: program for program in [*_classes(), *_numbers()]}
