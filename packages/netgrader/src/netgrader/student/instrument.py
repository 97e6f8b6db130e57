"""The instrument: a real one-layer network that records what a student's `train` does to it.

It has the contract's attributes of ``net`` and no others, learns like any network, and fetches work as usual. In addition,
each run records the fed rows and labels, the predicted classes, and the fetches. Functions inside the graph take these notes
and keep them outside TensorFlow's variables: no initializer resets them, no closed, second or threaded session loses them,
and they need no fetch at the end. The instrument knows no answers, and its notes are untrusted: `netgrader.judges` compares
them with the data and with the values that `train` returned, and recomputes a network with the same initial weights and
feeds.
"""

from __future__ import annotations

import functools
import threading
import time
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import Projections, fingerprints
from netgrader.judges.notes import (
    COLUMNS,
    FIGURES,
    LEARNING_RATE,
    NO_LABEL,
    Asked,
    Learner,
    direction,
    loss_and_slope,
)
from netgrader.student.patience import SOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgrader.data import DataSpec
    from netgrader.evidence import EvidenceWriter

__all__ = ["DoesNotEnd", "Instrument", "classes"]

MAX_ROWS = 20_000_000
MAX_EVENTS = 1_000_000

Array = npt.NDArray[Any]


class DoesNotEnd(RuntimeError):
    """Training exceeded the instrument's limit; the message is the seconds of computing."""


class Instrument:
    """A network to train once.

    Parameters
    ----------
    weights
        Its initial weights (pixels, classes).
    spec
        The data, with classes (`netgrader.judges.bins.looped`). Labels are one-hot; with one output, they are a column of 0 and
        1, and there is one logit, the second minus the first; in a regression, they are numbers, whose bins are the classes.
    learning_rate
        The learning rate of its Adam optimizer.
    seconds
        Processor time after which a run fails with `DoesNotEnd`, which ends an endless loop. It counts from the construction
        of the network; time of other programs on a busy machine does not count.
    enough
        If a student waits: a number of rows that exceeds any required training. A run then already fails after `SOON` if
        steps used more rows, or if no step came since. None if nobody waits.
    least
        The number of rows that a step counts as at least; exercises do not require smaller ones.
    column
        Whether the predictions of a regression are a column (n, 1), not (n,).

    Attributes
    ----------
    net
        The network for the student's `train`: ``graph, X, Y, logits, prediction, loss, train_op, accuracy``, in a regression
        without ``logits`` and ``accuracy``.
    """

    def __init__(
        self,
        weights: Array,
        spec: DataSpec,
        learning_rate: float = LEARNING_RATE,
        seconds: float = 60.0,
        enough: int | None = None,
        *,
        least: int = 1,
        column: bool = False,
    ) -> None:
        import tensorflow.compat.v1 as tf  # noqa: PLC0415  (the notebook imports it before any probe runs)

        graph = tf.Graph()
        self._notes = _Notes(graph, seconds, weights.size, enough=enough, least=least)
        with graph.as_default():
            self.net = _network(tf, self._notes, learning_rate, weights, spec, column=column)
        self._notes.started()

    @property
    def steps(self) -> int:
        """The number of runs that trained so far: took a step, or fetched the gradient of the loss."""
        return self._notes.steps

    @property
    def out_of_time(self) -> bool:
        """Whether a run has failed because training took too long."""
        return self._notes.out_of_time

    def over(self, grace: float = 0.0) -> bool:
        """Whether training exceeds its limit by `grace` seconds of computing."""
        return self._notes.over(grace)

    def stopped(self) -> DoesNotEnd:
        """Return the error that says that training took too long."""
        return self._notes.stopped()

    def write(self, out: EvidenceWriter, name: str, final: Array | None = None) -> None:
        """Hand over the notes as arrays named ``{name}/…``, as `netgrader.judges.notes` describes them.

        `final` is the value of the weights that `train` left in the session, None if it left none.
        """
        for part, array in self._notes.arrays(final).items():
            out.array(f"{name}/{part}", array)


def _network(
    tf: Any, notes: _Notes, learning_rate: float, weights: Array, spec: DataSpec, *, column: bool
) -> types.SimpleNamespace:
    """Return a network as a graph around functions: NumPy computes and records loss, accuracy and steps.

    So it does not show the network that students must write, which TensorFlow differentiates.
    """
    pixels, classes = weights.shape
    x = tf.placeholder(tf.float32, [None, pixels], name="X")
    # A network with one output accepts labels, or targets, in a column or in a row.
    wide = spec.label_width == classes
    fed = tf.placeholder(tf.float32, [None, classes] if wide else None, name="Y")
    y = fed if wide else tf.ensure_shape(tf.numpy_function(_one_hot(spec), [fed], tf.float32), [None, classes])
    with tf.control_dependencies([tf.numpy_function(notes.initialised, [], tf.int64, name="initialising")]):
        start = tf.identity(weights)
    w = tf.Variable(start, name="W", use_resource=False)
    b = tf.Variable(tf.zeros([classes]), name="b", use_resource=False)
    memory = [tf.Variable(tf.zeros(one.shape), trainable=False, use_resource=False) for one in (w, b, w, b)]
    steps = tf.Variable(0, dtype=tf.int64, trainable=False, use_resource=False, name="steps")
    scores = tf.matmul(x, w) + b
    found = tf.argmax(scores, 1, output_type=tf.int32)
    run = tf.numpy_function(notes.rows, [x, found, w], tf.int64, name="run")
    with tf.control_dependencies([run]):
        logits = tf.identity(scores, name="logits")
    variables = [w, b, *memory, steps]
    with tf.control_dependencies([logits]):
        current = [tf.identity(variable) for variable in variables]
    outcome = tf.numpy_function(
        functools.partial(notes.step, learning_rate),
        [run, x, y, *current],
        [variable.dtype.base_dtype for variable in variables],
    )
    updates = [
        tf.assign(variable, tf.ensure_shape(new, variable.shape))
        for variable, new in zip(variables, outcome, strict=True)
    ]
    parts = {"prediction": tf.nn.softmax(logits, axis=1, name="prediction")}
    if spec.is_regression:
        answers = tf.matmul(parts["prediction"], spec.label_rows(np.arange(classes)).reshape(-1, 1))
        parts = {"prediction": answers if column else tf.squeeze(answers, axis=1)}
    else:
        accuracy = tf.numpy_function(notes.accuracy, [run, y, logits], tf.float32)
        parts |= {"logits": logits, "accuracy": tf.ensure_shape(accuracy, [], name="accuracy")}
    if spec.one_output:
        parts |= {"logits": logits[:, 1:] - logits[:, :1], "prediction": parts["prediction"][:, 1:]}
    return types.SimpleNamespace(
        graph=x.graph,
        X=x,
        Y=fed,
        loss=tf.identity(_loss(tf, notes, run, y)(logits), name="loss"),
        train_op=tf.group(updates, name="train_op"),
        **parts,
    )


def _one_hot(spec: DataSpec) -> Callable[[Array], Array]:
    """Return a function that turns fed labels, in a column or in a row, into one column per class."""
    return lambda fed: spec.one_hot(fed.reshape(-1, 1)).astype(np.float32, copy=False)


def _loss(tf: Any, notes: _Notes, run: Any, y: Any) -> Any:
    """Return the loss as a differentiable function of the logits: loops may watch or clip gradients."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def loss(logits: Any) -> tuple[Any, Any]:
        value = tf.ensure_shape(tf.numpy_function(notes.loss, [run, y, logits], tf.float32), [])

        def slope(above: Any) -> Any:
            of_logits = tf.numpy_function(notes.slope, [run, y, logits], tf.float32)
            return above * tf.ensure_shape(of_logits, logits.shape)

        return value, slope

    return loss


class _Notes:
    """The state for the functions inside the graph; thread-safe."""

    def __init__(self, graph: Any, seconds: float, weights: int, *, enough: int | None, least: int) -> None:
        self._graph = graph
        self._seconds = seconds
        self._enough, self._least, self._trained = enough, least, 0
        self._begun = self._moved = time.process_time()
        self._lock = threading.Lock()
        self._events: list[list[int]] = []
        self._figures: list[list[float]] = []
        self._blocks: list[Array] = []
        self._known_blocks: dict[bytes, int] = {}
        self._found: list[Array] = []
        self._labels: dict[int, Array] = {}
        self._n_rows = 0
        self.out_of_time = False
        self._direction = direction(weights)

    @property
    def steps(self) -> int:
        return sum(bool(event[0] & (Asked.STEP | Asked.GRADIENT)) for event in self._events)

    def started(self) -> None:
        """Start the processor-time limit."""
        self._begun = self._moved = time.process_time()

    def over(self, grace: float) -> bool:
        """Whether training exceeds its limit by `grace` seconds."""
        now = time.process_time() - grace
        if self._enough is None:
            return now - self._begun > self._seconds
        done = self._trained > self._enough
        return now - (self._begun if done else self._moved) > SOON or now - self._begun > self._seconds

    def initialised(self) -> np.int64:
        """Record that the weights are initialized."""
        with self._lock:
            self._event(Asked.INITIALISE, 0, -1, np.nan)
        return np.int64(0)

    def rows(self, x: Array, found: Array, w: Array) -> np.int64:
        """Record fed rows; `found` are their predicted classes with weights `w`, before the run's own step."""
        if self.over(0.0) or self._n_rows > MAX_ROWS or len(self._events) > MAX_EVENTS:
            self.out_of_time = True
            raise self.stopped()
        prints = fingerprints(x)
        with self._lock:
            self._n_rows += len(prints)
            self._found.append(found.astype(np.uint8))
            return np.int64(self._event(0, len(prints), self._block(prints), self.state(w)))

    def stopped(self) -> DoesNotEnd:
        """Return the error for training that takes too long."""
        return DoesNotEnd(f"{self._seconds if self._enough is None else min(SOON, self._seconds):g}")

    def loss(self, run: np.int64, y: Array, logits: Array) -> np.float32:
        """Record that the loss is fetched, and return it."""
        with np.errstate(all="ignore"):
            value, _ = loss_and_slope(logits, y)
        self._answer(run, Asked.LOSS, y, value)
        return np.float32(value)

    def slope(self, run: np.int64, y: Array, logits: Array) -> Array:
        """Record that the loss's gradient for the logits is fetched, and return it."""
        with np.errstate(all="ignore"):
            value, slope = loss_and_slope(logits, y)
        self._answer(run, Asked.GRADIENT, y, value)
        return slope

    def accuracy(self, run: np.int64, y: Array, logits: Array) -> np.float32:
        """Record that the accuracy is fetched, and return it."""
        if len(logits) != len(y):
            raise ValueError(f"{len(logits)} rows were fed, and labels for {len(y)}")
        self._answer(run, Asked.ACCURACY, y, None)
        return np.float32((logits.argmax(axis=1) == y.argmax(axis=1)).mean() if len(y) else np.nan)

    def step(self, rate: float, run: np.int64, x: Array, y: Array, *variables: Array) -> tuple[Array, ...]:
        """Apply one Adam step, record it, return the new variables."""
        w, b, mean_w, mean_b, square_w, square_b, steps = (np.array(variable) for variable in variables)
        learner = Learner(w, b, [mean_w, mean_b], [square_w, square_b], int(steps))
        with np.errstate(all="ignore"):
            value = learner.step(x, y, rate)
        self._answer(run, Asked.STEP, y, value)  # a failed step is not recorded
        return (learner.w, learner.b, *learner.means, *learner.squares, np.array(learner.steps))

    def state(self, w: Array) -> float:
        """Return a number that changes if the weights move."""
        return float(np.dot(w.reshape(-1), self._direction))

    def _event(self, asked: int, n_rows: int, block: int, state: float) -> int:
        self._events.append([asked, n_rows, block, self._graph.version, 0])
        self._figures.append([state, np.nan])
        return len(self._events) - 1

    def _answer(self, run: np.int64, asked: Asked, y: Array, value: float | None) -> None:
        with self._lock:
            index = int(run)
            if index not in self._labels:
                self._labels[index], unclear = classes(y)
                self._events[index][COLUMNS.index("unclear")] = unclear
            self._events[index][0] |= asked
            if asked & (Asked.STEP | Asked.GRADIENT):
                self._trained, self._moved = self._trained + max(len(y), self._least), time.process_time()
            if value is not None:
                self._figures[index][FIGURES.index("loss")] = value

    def _block(self, prints: Array) -> int:
        """Return the number of a block of rows; a test set that is evaluated again is the same block."""
        key = prints[:: max(1, len(prints) // 8)].tobytes() + len(prints).to_bytes(8, "little")
        known = self._known_blocks.get(key)
        if known is not None and np.array_equal(self._blocks[known], prints, equal_nan=True):
            return known
        self._blocks.append(prints)
        self._known_blocks[key] = len(self._blocks) - 1
        return len(self._blocks) - 1

    def arrays(self, final: Array | None) -> dict[str, Array]:
        """Return all notes as arrays, as `netgrader.judges.notes` describes them."""
        with self._lock:
            labels = [self._labels[index] for index in sorted(self._labels)]
            return {
                "events": np.array(self._events, dtype=np.int64).reshape(-1, len(COLUMNS)),
                "figures": np.array(self._figures, dtype=np.float64).reshape(-1, len(FIGURES)),
                "rows": np.concatenate([np.empty((0, Projections.WIDTH)), *self._blocks]),
                "block_sizes": np.array([len(block) for block in self._blocks], dtype=np.int64),
                "found": np.concatenate([np.empty(0, np.uint8), *self._found]),
                "labels": np.concatenate([np.empty(0, np.uint8), *labels]),
                "final": np.array(np.nan if final is None else self.state(final)),
            }


def classes(y: Array) -> tuple[Array, int]:
    """Return the class of each label row (n, classes), `NO_LABEL` for none, and how many have none.

    Smoothed labels name a class; rows without one largest entry, or that do not sum to one, do not.
    """
    y = np.asarray(y)
    best = y.argmax(axis=1)
    top = y[np.arange(len(y)), best]
    unclear = ~(
        (np.abs(y.sum(axis=1) - 1) < 1e-3) & ((y == top[:, np.newaxis]).sum(axis=1) == 1) & (y.min(axis=1) > -1e-6)
    )
    return np.where(unclear, NO_LABEL, best).astype(np.uint8), int(unclear.sum())
