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
from netgrader.reader.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
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
    """How many rows must be fed, because a placeholder says so."""
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
    batch: int | None = None
    """How many rows must be fed; see `Setup`."""
    others: dict[str, Array] = field(default_factory=dict)
    """What has to be fed beside images, labels and what evaluation feeds, by tensor."""
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
        feeds.update(self.found.given.eval_feed)
        return feeds

    def _image_array(self, images: Array) -> Array:
        """Images as the graph takes them."""
        source = self.found.roles.images
        if source is not None and not self.found.graph.static_dtype(source).startswith(("float", "bfloat")):
            images = np.round(images * 255)
        shape = self._image_shapes(len(images))[self.image_form]
        return np.ascontiguousarray(images.T if self.image_form == "columns" else images.reshape(shape))

    def _image_shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        """The shapes in which so many images can be fed, by the name of the form, the likeliest first."""
        side, exercise, source = round(self.pixels**0.5), self.found.exercise, self.found.roles.images
        declared = ((self.found.graph.static_shape(source) if source else None) or ())[1:]
        known = tuple(size or 0 for size in declared)
        if exercise is not None and exercise.input_shape is not None:
            known = exercise.input_shape
        shapes = {
            "known": (rows, *known),
            "rows": (rows, self.pixels),
            "square": (rows, side, side),
            "channel": (rows, side, side, 1),
            "channel-first": (rows, 1, side, side),
            "pixels": (rows, self.pixels, 1),
            "columns": (self.pixels, rows),
        }
        return {form: shape for form, shape in shapes.items() if math.prod(shape) == rows * self.pixels}

    def as_targets(self, numbers: Array) -> Array:
        """Numbers as the targets that the graph can be given: whole ones where its placeholder says so."""
        source = self.found.roles.labels
        dtype = "" if source is None else self.found.graph.static_dtype(source)
        numbers = np.abs(numbers) if dtype.startswith("uint") else numbers
        return np.round(numbers) if "int" in dtype else np.asarray(numbers, dtype=np.float32)

    def _label_array(self, labels: Array) -> Array:
        """Labels as the graph takes them."""
        numbers = labels
        if not self.found.given.regression and not self.label_form.startswith("ids"):
            numbers = np.eye(self.classes, dtype=np.float64)[labels]
        shape = self._label_shapes(len(labels))[self.label_form]
        return np.ascontiguousarray(numbers.T if self.label_form == "columns" else numbers.reshape(shape))

    def _label_shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        """The shapes in which so many labels can be fed, by the name of the form."""
        width = self.classes
        if self.found.given.regression:
            return {"rows": (rows, width), "ids": (rows * width,), "columns": (width, rows)}
        return {"one-hot": (rows, width), "columns": (width, rows), "ids": (rows,), "ids-column": (rows, 1)}

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
        declared = self._batch_of(roles.images) or self._batch_of(roles.labels)
        for self.batch in (declared, *([] if declared else self._rows_of_reshapes(target))):
            if self._find_forms(target):
                return True
        self.batch = declared
        return False

    def _find_forms(self, target: str) -> bool:
        """Find shapes with which the network runs, for as many rows as must be fed."""
        roles, rows = self.found.roles, self.batch or ROWS
        labels = roles.labels
        whole = labels is not None and not self.found.graph.static_dtype(labels).startswith("float")
        label_forms = self._fitting(labels, self._label_shapes(rows))
        if whole and self.found.graph.static_shape(labels or "") is None:
            label_forms.sort(key=lambda form: form != "ids")
        for image_form in self._fitting(roles.images, self._image_shapes(rows)):
            for label_form in label_forms:
                self.image_form, self.label_form = image_form, label_form
                if self.fetch(target, self.feed(self.sample(ROWS))) is not None:
                    return True
        return False

    def _fitting(self, source: str | None, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
        """The forms whose shape a source can be fed; all where it says no shape, and the first one where none fits."""
        declared = self.found.graph.static_shape(source) if source else None
        return [form for form, shape in shapes.items() if fits(shape, declared)] or [*shapes][:1]

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
        return Setup(True, None, runs, problem, self.batch, tuple(self.loaded.trainable))

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


def open_probe(found: Found, lab: Lab | None, content: bytes) -> tuple[Setup, GraphProbe | None]:
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
    probe = GraphProbe(found, loaded, session, others=others)
    if not probe.initialise():
        probe.assign(dict(given.values))
    return Setup(), probe


def products(steps: Iterable[Step]) -> list[Step]:
    """Return the products of some layers: of one that is made of several, its parts."""
    return [part for step in steps for part in (step.parts or (step,))]


def run_first(found: Found) -> str | None:
    """Return the tensor that has to run for a network to be tried out."""
    return found.roles.loss or found.scores or next((step.product for step in found.steps), None)


def _needed(found: Found) -> list[str]:
    """The sources that have to be fed for the network or its train op to run."""
    graph, end = found.graph, run_first(found)
    above = graph.ancestors([end])
    under = {t for u in found.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs)}
    return [s for s in graph.sources if s in above | under and graph[s].op != "PlaceholderWithDefault"]


def choose_shares(found: Found, probe: GraphProbe) -> None:
    """Feed numbers that nothing is said of: all kept, or nothing dropped, whichever lets the images through unchanged."""
    graph, scores = found.graph, found.scores
    loose = [source for source in _needed(found) if source in probe.others and source not in graph.known]
    loose = [source for source in loose if graph.static_dtype(source).startswith("float")]
    loose = [source for source in loose if source in graph.ancestors([scores]) and probe.others[source].size == 1]
    for share in (1.0, 0.0, 1.0) if loose else ():
        probe.others |= {source: np.full_like(probe.others[source], share) for source in loose}
        if randomise_weights(found, probe) and _are_let_through(probe, scores or ""):
            break
    probe.initialise()


def _are_let_through(probe: GraphProbe, scores: str) -> bool:
    """Whether images lead to finite scores that differ by row and by class, and that are the same again."""
    feeds = probe.feed(probe.sample(ROWS))
    once, again = (probe.fetch(scores, feeds) for _ in range(2))
    if once is None or again is None or not np.isfinite(once).all():
        return False
    varied = [bool(np.ptp(once, axis=axis).any()) for axis, size in enumerate(once.shape) if size > 1]
    return any(varied) and all(varied) and np.allclose(once, again)


def randomise_weights(found: Found, probe: GraphProbe) -> bool:
    """Randomise the weights of the layers and rescale until the scores have unit scale; False if the lab refuses.

    Moving averages that stand at their start can make a network's numbers large, and then nothing has a gradient.
    """
    weights = found.float_weights
    if not weights or not probe.randomise(weights):
        return False
    last = [name for step in found.steps[-1:] for name in (*step.variables, *step.bias) if name in weights]
    for _ in range(4):
        value = None if found.scores is None else probe.fetch(found.scores, probe.feed(probe.sample(ROWS)))
        size = float(np.std(value)) if value is not None and value.size else 0.0
        current = probe.values(last) if LARGE < size < np.inf else None
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
