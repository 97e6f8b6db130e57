"""One graph in the lab, with inputs that fit its placeholders and answers that never raise.

All that the reader finds out by trying goes through here. What cannot be run is None:
then the question stays undecided.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.graph.nodes import fits
from netgrader.reader.graph.plain import SHAPED
from netgrader.reader.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.lab import Lab, LabSession, LoadedGraph

#: Rows that are fed where nothing else is asked for.
ROWS = 6
#: A reshape for more rows than this is not tried, nor are more numbers of rows.
MOST_ROWS, MOST_RESHAPES = 1_000, 3
#: Scores that vary more than this saturate a softmax.
LARGE = 3.0


@dataclass(frozen=True)
class Setup:
    """How the graph could be run."""

    opened: bool = False
    """Whether the lab took the graph; what it said where it did not is `refused`."""
    refused: str | None = None
    runs: bool | None = None
    """Whether inputs were found with which it runs; None where nothing in it can be run."""
    problem: str = ""
    """What the lab said first of all that it could not do."""
    batch: int | None = None
    looped: int | None = None
    """How many rows must be fed, because a placeholder says so or because a loop was written out for so many."""
    trainable: tuple[str, ...] = ()
    """The variables that training is meant to move."""


@dataclass(frozen=True)
class Sample:
    """Rows to feed: `images` of shape (n, pixels) in [0, 1] and `labels` of shape (n,), or targets (n, outputs)."""

    images: Array
    labels: Array

    def rows(self, index: Array | Sequence[int] | slice) -> Sample:
        """Some of the rows."""
        return Sample(self.images[index], self.labels[index])


@dataclass
class GraphProbe:
    """One graph in the lab."""

    found: Found
    loaded: LoadedGraph
    session: LabSession
    """What following the graph found at first, the graph as the lab holds it, and the session that experiments
    share."""
    looped: int | None = None
    batch: int | None = None
    """How many rows must be fed; see `Setup`."""
    others: dict[str, Array] = field(default_factory=dict)
    """What has to be fed beside images, labels and what evaluation feeds, by tensor."""
    counts: list[str] = field(default_factory=list)
    """What has to be fed the number of rows: placeholders that shapes are made from."""
    problems: list[str] = field(default_factory=list)
    """What the lab refused, for whoever asks why something stayed undecided."""
    image_form: str = "rows"
    label_form: str = "one-hot"
    _gradients: dict[tuple[str, ...], list[str | None]] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    @property
    def pixels(self) -> int:
        """How wide a flattened image is."""
        return self.found.given.inputs

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.found.given.classes

    # Inputs ----------------------------------------------------------------------------------------------------

    def sample(self, rows: int) -> Sample:
        """Random images, somewhat sparse as drawings are, with labels 1 to 8 first: then a shifted label is a label.

        Of three classes or fewer all are taken: one alone would not tell losses and accuracies apart.
        """
        rows = self.batch or rows
        images = self.rng.random((rows, self.pixels)) * (self.rng.random((rows, self.pixels)) < 0.5)
        if self.found.given.regression:
            return Sample(images.astype(np.float32), self.as_targets(self.rng.standard_normal((rows, self.classes))))
        inner = self.classes - 2
        labels = 1 + np.arange(rows) % inner if inner > 1 else np.arange(rows) % self.classes
        return Sample(images.astype(np.float32), self.rng.permutation(labels))

    def feed(self, sample: Sample) -> dict[str, Array]:
        """What to feed for these rows, with all else that evaluation needs."""
        roles, feeds = self.found.roles, dict(self.others)
        if roles.images is not None:
            feeds[roles.images] = self._image_array(sample.images)
        if roles.labels is not None:
            feeds[roles.labels] = self._label_array(sample.labels)
        feeds |= dict.fromkeys(self.counts, np.asarray(len(sample.labels)))
        feeds.update(self.found.given.eval_feed)
        return feeds

    def _image_array(self, images: Array) -> Array:
        """Images as the graph takes them."""
        rows, side, source = len(images), round(self.pixels**0.5), self.found.roles.images
        if source is not None and self.found.graph.static_dtype(source) not in ("float32", "float64", "float16"):
            images = np.round(images * 255)
        shapes: dict[str, tuple[int, ...]] = {"pixels": (rows, self.pixels, 1)}
        if side * side == self.pixels:
            shapes |= {
                "square": (rows, side, side),
                "channel": (rows, side, side, 1),
                "channel-first": (rows, 1, side, side),
            }
        if known := self._known_shape():
            shapes["known"] = (rows, *known)
        if self.image_form == "columns":
            return np.ascontiguousarray(images.T)
        return np.ascontiguousarray(images.reshape(shapes.get(self.image_form, images.shape)))

    def as_targets(self, numbers: Array) -> Array:
        """Numbers as the targets that the graph can be given: whole ones where its placeholder says so."""
        source = self.found.roles.labels
        dtype = "" if source is None else self.found.graph.static_dtype(source)
        numbers = np.abs(numbers) if dtype.startswith("uint") else numbers
        return np.round(numbers) if "int" in dtype else np.asarray(numbers, dtype=np.float32)

    def _label_array(self, labels: Array) -> Array:
        """Labels as the graph takes them."""
        if self.found.given.regression:
            shapes = {"ids": labels.reshape(-1), "columns": labels.T}
            return np.ascontiguousarray(shapes.get(self.label_form, labels))
        if self.label_form.startswith("ids"):
            return np.ascontiguousarray(labels if self.label_form == "ids" else labels.reshape(-1, 1))
        hot = np.eye(self.classes, dtype=np.float64)[labels]
        return np.ascontiguousarray(hot.T if self.label_form == "columns" else hot)

    # Runs ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _problems_noted(self) -> Iterator[None]:
        """Note what the lab refuses, and go on behind the block."""
        try:
            yield
        except LabError as error:
            self.problems.append(error.sentence)

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array]) -> list[Array] | None:
        """Fetch tensors; None if the lab refuses or one of them is no array of numbers."""
        with self._problems_noted():
            found = self.session.run(list(fetches), feeds)
            if any(value is not None and np.asarray(value).dtype.kind not in "biuf" for value in found):
                return None
            return [np.zeros(0) if value is None else np.asarray(value) for value in found]
        return None

    def fetch(self, tensor: str, feeds: Mapping[str, Array]) -> Array | None:
        """Fetch one tensor; None if it cannot be had."""
        found = self.run([tensor], feeds)
        return None if found is None else found[0]

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None] | None:
        """Names of the gradients of the sum of `of`; None if they cannot be had."""
        key = (of, *wrt)
        with self._problems_noted():
            if key not in self._gradients:
                self._gradients[key] = self.loaded.gradients(of, wrt)
            return self._gradients[key]
        return None

    def values(self, names: Iterable[str]) -> dict[str, Array] | None:
        """Values of variables."""
        with self._problems_noted():
            return self.session.values(list(names))
        return None

    def assign(self, values: Mapping[str, Array]) -> bool:
        """Set variables; False if the lab refuses."""
        with self._problems_noted():
            self.session.assign(values)
            return True
        return False

    def initialise(self) -> bool:
        """Run the graph's own initialisers; False if the lab refuses."""
        with self._problems_noted():
            self.session.initialise()
            return True
        return False

    def randomise(self, names: Sequence[str], scale: float = 1.0) -> bool:
        """Give variables random values: matrices so that their outputs are about as large as their inputs."""
        current = self.values(names)
        if current is None:
            return False
        chosen = {}
        for name, value in current.items():
            if value.dtype.kind != "f":
                continue
            fan_in = max(int(np.prod(value.shape[:-1])), 1) if value.ndim > 1 else 16
            size = np.float32(scale * (4.0 / fan_in) ** 0.5)
            chosen[name] = self.rng.standard_normal(value.shape, dtype=np.float32) * size
        return self.assign(chosen)

    # What the placeholders take --------------------------------------------------------------------------------

    def fit_inputs(self) -> bool | None:
        """Find shapes and further values with which the network runs: whether there are any; None where nothing can be run."""
        target, roles = run_first(self.found), self.found.roles
        if target is None:
            return None
        for source in _needed(self.found):
            if source not in (roles.images, roles.labels, *self.found.given.eval_feed):
                self.others.setdefault(source, self._guess(source))
        self.counts = _counts(self.found, target)
        self.batch = self._batch_of(roles.images) or self._batch_of(roles.labels) or self.looped
        reshaped = [] if self.batch else self._rows_of_reshapes(target)
        for batch in (self.batch, *reshaped):
            self.batch = batch
            if self._find_forms(target):
                if batch is None and ROWS in reshaped and self.fetch(target, self.feed(self.sample(ROWS - 1))) is None:
                    self.batch = ROWS
                return True
        if reshaped:
            self.batch = None
        return False

    def _find_forms(self, target: str) -> bool:
        """Find shapes with which the network runs, for as many rows as must be fed."""
        for image_form in self._image_forms():
            for label_form in self._label_forms():
                self.image_form, self.label_form = image_form, label_form
                if self.fetch(target, self.feed(self.sample(ROWS))) is not None:
                    return True
        return False

    def _rows_of_reshapes(self, target: str) -> list[int]:
        """How many rows reshapes of what is fed may be written for: what they say first, where that is a number."""
        graph = self.found.graph
        fed = [graph.nodes[name] for name in sorted(graph.ancestor_nodes([target]) & graph.fed)]
        shapes = [graph.constant(node.inputs[1]) for node in fed if node.op == "Reshape"]
        first = [int(shape[0]) for shape in shapes if shape is not None and shape.size > 1]
        return [rows for rows in dict.fromkeys(first) if 0 < rows <= MOST_ROWS][:MOST_RESHAPES]

    def setup(self, runs: bool | None) -> Setup:
        """Return how the graph could be run, once all is tried."""
        problem = next(iter(self.problems), "")
        return Setup(True, None, runs, problem, self.batch, self.looped, tuple(self.loaded.trainable))

    def _batch_of(self, source: str | None) -> int | None:
        shape = self.found.graph.static_shape(source) if source else None
        if not shape or shape[0] is None or (len(shape) > 1 and shape[0] in (self.pixels, self.classes)):
            return None
        return shape[0]

    def _guess(self, source: str) -> Array:
        """A value for a placeholder of unknown purpose: evaluation, all kept, a moderate rate."""
        dtype = self.found.graph.static_dtype(source)
        shape = self.found.graph.static_shape(source) or ()
        sizes = tuple(size or 1 for size in shape)
        if dtype == "bool":
            return np.zeros(sizes, dtype=bool)
        return np.ones(sizes) if dtype.startswith("float") else np.zeros(sizes, dtype=np.int64)

    def _image_forms(self) -> list[str]:
        images = self.found.roles.images
        shape = self.found.graph.static_shape(images) if images else ()
        known = self._known_shape()
        if known is not None and (shape is None or fits((1, *known), (None, *shape[1:]))):
            return ["known", "rows"] if shape is None else ["known"]
        if shape is None:
            return ["rows", "square", "channel", "columns"]
        if len(shape) == 2:
            return ["columns"] if shape[0] == self.pixels and shape[1] != self.pixels else ["rows", "columns"]
        if len(shape) == 4:
            return ["channel-first"] if shape[1] == 1 and shape[3] != 1 else ["channel", "channel-first"]
        if len(shape) == 3:
            return ["pixels", "square"] if shape[1] == self.pixels else ["square", "pixels"]
        return ["rows"]

    def _known_shape(self) -> tuple[int, ...] | None:
        """Shape of an image as it is asked for, as the author of a function says it, or a graph of images of colours."""
        exercise, given, images = self.found.exercise, self.found.given, self.found.roles.images
        if exercise is not None and exercise.input_shape is not None:
            return exercise.input_shape
        shape = self.found.graph.static_shape(images) if images else None
        if given.names is None and (len(shape or ()) < 3 or round(given.inputs**0.5) ** 2 == given.inputs):
            return None  # rows, or a square of grey levels in whatever shape
        sizes = [size for size in (shape or ())[1:] if size]
        return tuple(sizes) if shape and len(sizes) == len(shape) - 1 and math.prod(sizes) == given.inputs else None

    def _label_forms(self) -> list[str]:
        labels = self.found.roles.labels
        if labels is None:
            return ["one-hot"]
        shape = self.found.graph.static_shape(labels)
        if self.found.given.regression:
            wide = ["columns"] if shape and shape[0] == self.classes != shape[-1] else ["rows", "columns"]
            return ["rows", "ids"] if shape is None else ["ids"] if len(shape) == 1 else wide
        whole = not self.found.graph.static_dtype(labels).startswith("float")
        if shape is None:
            return ["ids", "one-hot", "ids-column"] if whole else ["one-hot", "columns", "ids", "ids-column"]
        if len(shape) == 1:
            return ["ids"]
        if len(shape) == 2 and shape[1] == 1:
            return ["ids-column"]
        if len(shape) == 2 and shape[0] == self.classes and shape[1] != self.classes:
            return ["columns"]
        return ["one-hot", "columns", "ids-column"] if shape[-1] in (None, self.classes) else ["one-hot"]


def open_probe(found: Found, lab: Lab | None, content: bytes, looped: int | None) -> tuple[Setup, GraphProbe | None]:
    """Load the graph into the lab, with its variables as they begin; the probe is None where there is no lab or it refuses."""
    if lab is None:
        return Setup(), None
    try:
        loaded = lab.load(content)
        session = loaded.session(seed=1)
    except LabError as error:
        return Setup(refused=error.sentence), None
    given = found.given
    others = {name: value for name, value in found.graph.known.items() if name not in given.eval_feed}
    probe = GraphProbe(found, loaded, session, looped, others=others)
    if not probe.initialise():
        probe.assign(dict(given.values))
    return Setup(), probe


def run_first(found: Found) -> str | None:
    """Return the tensor that has to run for a network to be tried out."""
    return found.roles.loss or found.scores or next((step.product for step in found.steps), None)


def _needed(found: Found) -> list[str]:
    """The sources that have to be fed for the network or its train op to run."""
    graph, end = found.graph, run_first(found)
    above = graph.ancestors([end])
    under = {t for u in found.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs)}
    return [s for s in graph.sources if s in above | under and graph[s].op != "PlaceholderWithDefault"]


def _counts(found: Found, target: str) -> list[str]:
    """The placeholders of whole numbers that what `target` is made from is shaped by: how many rows there are."""
    graph = found.graph
    shaped = [node for name in graph.ancestor_nodes([target]) if (node := graph.nodes[name]).op in SHAPED]
    above = graph.ancestors([read for node in shaped for read in node.inputs if read not in graph.value_inputs(node)])
    rows = (found.roles.images, found.roles.labels)
    single = [s for s in graph.sources if s in above and s not in rows and graph.static_shape(s) in (None, ())]
    return [source for source in single if "int" in graph.static_dtype(source) and graph[source].op == "Placeholder"]


def choose_shares(found: Found, probe: GraphProbe) -> None:
    """Feed numbers that nothing is said of: all kept, or nothing dropped, whichever lets the images through unchanged."""
    graph, scores = found.graph, found.scores
    if scores is None:
        return
    above = graph.ancestors([scores])
    loose = [
        source
        for source in _needed(found)
        if source in above
        and source in probe.others
        and source not in graph.known
        and graph.static_dtype(source).startswith("float")
        and probe.others[source].size == 1
    ]
    if not loose:
        return
    for share in (1.0, 0.0, 1.0):
        for source in loose:
            probe.others[source] = np.full_like(probe.others[source], share)
        feeds = probe.feed(probe.sample(6))
        randomised = randomise_weights(found, probe)
        once, again = probe.fetch(scores, feeds), probe.fetch(scores, feeds)
        if not randomised or once is None or again is None:
            continue
        # Of a single score the rows alone can differ.
        varied = once.ndim > 1 and bool(np.ptp(once, axis=0).any() and (1 in once.shape or np.ptp(once, axis=-1).any()))
        if varied and np.isfinite(once).all() and np.allclose(once, again):
            break
    probe.initialise()


def randomise_weights(found: Found, probe: GraphProbe) -> bool:
    """Randomise the weights of the layers and rescale until the scores have unit scale; False if the lab refuses.

    Moving averages that stand at their start can make a network's numbers large, and then nothing has a gradient.
    """
    weights = found.float_weights
    if not weights or not probe.randomise(weights):
        return False
    last = [name for step in found.steps if not step.followed for name in (*step.variables, *step.bias)]
    last = [name for name in last if name in weights] if len(last) < len(weights) else weights
    for _ in range(4):
        value = None if found.scores is None else probe.fetch(found.scores, probe.feed(probe.sample(ROWS)))
        size = float(np.std(value)) if value is not None and value.size and np.isfinite(value).all() else 0.0
        current = probe.values(last) if size > LARGE else None
        if current is None or not probe.assign({name: v / size for name, v in current.items()}):
            break
    return True


def same(one: Array, other: Array) -> bool:
    """Whether two arrays are equal up to the rounding that another order of additions brings."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True))


def orient(value: Array, rows: int, classes: int) -> str | None:
    """How scores stand: ``rows``, ``columns``, or None where neither fits."""
    if value.ndim and value.shape[0] == rows and value.size == rows * classes:
        return "rows"
    if rows == 1 and value.shape == (classes,):
        return "rows"
    if value.ndim == 2 and value.shape == (classes, rows):
        return "columns"
    return None


def as_rows(value: Array, form: str, rows: int) -> Array:
    """Scores of one row an image."""
    return np.asarray(value.T if form == "columns" else value.reshape(rows, -1), dtype=np.float64)
