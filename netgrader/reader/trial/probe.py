"""One graph in the lab, with inputs that fit its placeholders and answers that never raise.

All that the reader finds out by trying goes through here. What cannot be run is None:
then the question stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.lab import LabSession, LoadedGraph

#: Rows that are fed where nothing else is asked for.
ROWS = 6
#: Scores that vary more than this saturate a softmax.
LARGE = 3.0


@dataclass(frozen=True)
class Sample:
    """Rows to feed: `images` of shape (n, pixels) in [0, 1] and `labels` of shape (n,)."""

    images: Array
    labels: Array

    def rows(self, index: Array | Sequence[int] | slice) -> Sample:
        """Some of the rows."""
        return Sample(self.images[index], self.labels[index])


@dataclass
class GraphProbe:
    """One graph in the lab.

    Attributes
    ----------
    graph, loaded, session
        The graph as it was read, as the lab holds it, and the session that experiments share.
    eval_feed
        What evaluation needs fed beside images and labels, by tensor.
    pixels, classes
        How wide a flattened image is, and how many classes there are.
    images, labels
        The tensors that these are fed to; None where that is not known.
    problems
        What the lab refused, for whoever asks why something stayed undecided.
    batch, looped
        How many rows must be fed, because a placeholder says so or because a loop was written out for so many.
    """

    graph: Graph
    loaded: LoadedGraph
    session: LabSession
    eval_feed: Mapping[str, Array]
    pixels: int
    classes: int
    images: str | None = None
    labels: str | None = None
    problems: list[str] = field(default_factory=list)
    image_form: str = "rows"
    label_form: str = "one-hot"
    batch: int | None = None
    looped: int | None = None
    others: dict[str, Array] = field(default_factory=dict)
    _gradients: dict[tuple[str, ...], list[str | None]] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    # Inputs ----------------------------------------------------------------------------------------------------

    def sample(self, rows: int) -> Sample:
        """Random images, somewhat sparse as digits are, with labels 1 to 8 first: then a shifted label is a label."""
        rows = self.batch or rows
        images = self.rng.random((rows, self.pixels)) * (self.rng.random((rows, self.pixels)) < 0.5)
        labels = 1 + np.arange(rows) % max(self.classes - 2, 1)
        return Sample(images.astype(np.float32), self.rng.permutation(labels))

    def feed(self, sample: Sample | None, *, labels: bool = True) -> dict[str, Array]:
        """What to feed for these rows, with all else that evaluation needs."""
        feeds = dict(self.others)
        if sample is not None:
            if self.images is not None:
                feeds[self.images] = self.image_array(sample.images)
            if labels and self.labels is not None:
                feeds[self.labels] = self.label_array(sample.labels)
        feeds.update(self.eval_feed)
        return feeds

    def image_array(self, images: Array) -> Array:
        """Images as the graph takes them."""
        side = round(self.pixels**0.5)
        rows = len(images)
        if self.images is not None and self.graph.static_dtype(self.images) not in ("float32", "float64", "float16"):
            images = np.round(images * 255)
        shaped = {
            "rows": images,
            "columns": images.T,
            "square": images.reshape(rows, side, side) if side * side == self.pixels else images,
            "channel": images.reshape(rows, side, side, 1) if side * side == self.pixels else images,
            "pixels": images.reshape(rows, self.pixels, 1),
            "channel-first": images.reshape(rows, 1, side, side) if side * side == self.pixels else images,
        }
        return np.ascontiguousarray(shaped[self.image_form])

    def one_hot(self, labels: Array) -> Array:
        """Labels as rows of a unit matrix, (n, classes)."""
        return np.eye(self.classes, dtype=np.float64)[labels]

    def label_array(self, labels: Array) -> Array:
        """Labels as the graph takes them."""
        shaped: dict[str, Callable[[], Array]] = {
            "one-hot": lambda: self.one_hot(labels),
            "columns": lambda: self.one_hot(labels).T,
            "ids": lambda: labels,
            "ids-column": lambda: labels.reshape(-1, 1),
        }
        return np.ascontiguousarray(shaped[self.label_form]())

    # Runs ------------------------------------------------------------------------------------------------------

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array]) -> list[Array] | None:
        """Fetch tensors; None if the lab refuses or one of them is no array of numbers."""
        try:
            found = self.session.run(list(fetches), feeds)
        except LabError as error:
            self.problems.append(error.sentence)
            return None
        if any(value is not None and np.asarray(value).dtype.kind not in "biuf" for value in found):
            return None
        return [np.zeros(0) if value is None else np.asarray(value) for value in found]

    def fetch(self, tensor: str, feeds: Mapping[str, Array]) -> Array | None:
        """Fetch one tensor; None if it cannot be had."""
        found = self.run([tensor], feeds)
        return None if found is None else found[0]

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None] | None:
        """Names of the gradients of the sum of `of`; None if they cannot be had."""
        key = (of, *wrt)
        if key in self._gradients:
            return self._gradients[key]
        try:
            self._gradients[key] = self.loaded.gradients(of, wrt)
            return self._gradients[key]
        except LabError as error:
            self.problems.append(error.sentence)
            return None

    def values(self, names: Iterable[str]) -> dict[str, Array] | None:
        """Values of variables."""
        try:
            return self.session.values(list(names))
        except LabError as error:
            self.problems.append(error.sentence)
            return None

    def assign(self, values: Mapping[str, Array]) -> bool:
        """Set variables; False if the lab refuses."""
        try:
            self.session.assign(values)
        except LabError as error:
            self.problems.append(error.sentence)
            return False
        return True

    def initialise(self) -> bool:
        """Run the graph's own initialisers; False if the lab refuses."""
        try:
            self.session.initialise()
        except LabError as error:
            self.problems.append(error.sentence)
            return False
        return True

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

    def fit_inputs(self, target: str, sources: Iterable[str]) -> bool:
        """Find the shapes and the further values with which `target` can be run; False if none is found."""
        for source in sources:
            if source not in (self.images, self.labels, *self.eval_feed):
                self.others.setdefault(source, self._guess(source))
        first = self._batch_of(self.images) or self._batch_of(self.labels)
        self.batch = first or self.looped
        for image_form in self._image_forms():
            for label_form in self._label_forms():
                self.image_form, self.label_form = image_form, label_form
                if self.fetch(target, self.feed(self.sample(6))) is not None:
                    return True
        return False

    def _batch_of(self, source: str | None) -> int | None:
        shape = self.graph.static_shape(source) if source else None
        if not shape or shape[0] is None or (len(shape) > 1 and shape[0] in (self.pixels, self.classes)):
            return None
        return shape[0]

    def _guess(self, source: str) -> Array:
        """A value for a placeholder of unknown purpose: evaluation, all kept, a moderate rate."""
        dtype = self.graph.static_dtype(source)
        shape = self.graph.static_shape(source) or ()
        sizes = tuple(size or 1 for size in shape)
        if dtype == "bool":
            return np.zeros(sizes, dtype=bool)
        return np.ones(sizes) if dtype.startswith("float") else np.zeros(sizes, dtype=np.int64)

    def _image_forms(self) -> list[str]:
        shape = self.graph.static_shape(self.images) if self.images else ()
        if shape is None:
            return ["rows", "square", "channel", "columns"]
        if len(shape) == 2:
            return ["columns"] if shape[0] == self.pixels and shape[1] != self.pixels else ["rows", "columns"]
        if len(shape) == 4:
            return ["channel-first"] if shape[1] == 1 and shape[3] != 1 else ["channel", "channel-first"]
        if len(shape) == 3:
            return ["pixels", "square"] if shape[1] == self.pixels else ["square", "pixels"]
        return ["rows"]

    def _label_forms(self) -> list[str]:
        if self.labels is None:
            return ["one-hot"]
        shape = self.graph.static_shape(self.labels)
        whole = not self.graph.static_dtype(self.labels).startswith("float")
        if shape is None:
            return ["ids", "one-hot", "ids-column"] if whole else ["one-hot", "columns", "ids", "ids-column"]
        if len(shape) == 1:
            return ["ids"]
        if len(shape) == 2 and shape[1] == 1:
            return ["ids-column"]
        if len(shape) == 2 and shape[0] == self.classes and shape[1] != self.classes:
            return ["columns"]
        return ["one-hot", "columns", "ids-column"] if shape[-1] in (None, self.classes) else ["one-hot"]


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
