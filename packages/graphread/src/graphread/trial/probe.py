"""One graph in the lab, with inputs that fit its placeholders.

All experiments use this module. An operation that cannot run raises `Untried`, and each question has a default for that case:
it stays undecided.
"""

from __future__ import annotations

import itertools
import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import numpy as np

from graphread.find.roles import written
from graphread.graph.nodes import fits
from graphread.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.graph.nodes import Array
    from graphread.graph.plain import Graph
    from graphread.lab import Lab, LabSession, LoadedGraph

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


class Sizes:
    """Numbers of rows to feed, and scales of random values."""

    #: Default number of rows.
    ROWS = 6
    #: Largest number of rows to try for a fixed reshape, and how many such numbers to try.
    MOST_ROWS, MOST_RESHAPES = 1_000, 3
    #: Number of fed integers that may be the number of rows; all their combinations are tried.
    MOST_COUNTS = 3
    #: Standard deviation of logits above which a softmax saturates.
    LARGE = 3.0
    #: Fan-in that sets the scale of random biases.
    OF_A_BIAS = 16


class Untried(Exception):
    """The lab refused, or there is nothing to run."""


@dataclass(frozen=True)
class Setup:
    """How the graph could be run."""

    opened: bool = False
    """Whether the lab accepted the graph; if not, `refused` has its message."""
    refused: str = ""
    runs: bool | None = None
    """Whether inputs were found with which it runs; None if there is nothing to run."""
    problem: str = ""
    """The first message of the lab about a failure."""
    batch: int | None = None
    """Required number of rows, if the graph fixes it."""
    trainable: tuple[str, ...] = ()
    """The variables intended for training."""


@dataclass(frozen=True)
class Sample:
    """Rows to feed: `images` (n, pixels) in [0, 1] with `labels` (n,) or targets (n, outputs)."""

    images: Array
    labels: Array

    def rows(self, index: Array) -> Sample:
        """Return some of the rows."""
        return Sample(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Source:
    """A source of the graph, and its declaration; `name` is None if there is none."""

    name: str | None = None
    shape: tuple[int | None, ...] | None = None
    dtype: str = "float32"

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Return the sizes of its shape; none if the shape is unknown."""
        return self.shape or ()

    @property
    def width(self) -> int:
        """Return the number of elements per row; 0 if unknown or a single number."""
        sizes = [size or 0 for size in self.sizes[1:]]
        return math.prod(sizes) if sizes else 0

    @property
    def whole(self) -> bool:
        """Whether its dtype is not a floating-point one."""
        return not self.dtype.startswith(("float", "bfloat"))

    def takes(self, sizes: Sequence[int]) -> bool:
        """Whether any number of rows of these sizes can be fed."""
        return self.shape is None or fits((1, *sizes), (None, *self.shape[1:]))

    def fitting(self, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
        """Return the forms whose shape can be fed; the first one if none can."""
        return [form for form, shape in shapes.items() if fits(shape, self.shape)] or [*shapes][:1]


NO_SOURCE = Source()
SINGLE = "single"
"""The layout of one logit per row for two classes: its sigmoid is the second probability of softmax(0, logit)."""


def source_of(graph: Graph, name: str | None) -> Source:
    """Return the declaration of a source."""
    return NO_SOURCE if name is None else Source(name, graph.static_shape(name), graph.static_dtype(name))


@dataclass
class GraphProbe:
    """One graph in the lab."""

    found: Found
    loaded: LoadedGraph
    session: LabSession
    """The results of static analysis, the graph in the lab, and the session shared by all experiments."""
    batch: int | None = None
    """Required number of rows; see `Setup`."""
    others: dict[str, Array] = field(default_factory=dict)
    """Required feeds in addition to images, labels and evaluation's feeds, by tensor."""
    counts: tuple[str, ...] = ()
    """Those of them that are fed the number of rows."""
    problems: list[str] = field(default_factory=list)
    """The lab's messages, which explain undecided questions."""
    image_form: str = "rows"
    label_form: str = "one-hot"
    _gradients: dict[tuple[str, ...], list[str | None]] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def __post_init__(self) -> None:
        self.images = source_of(self.found.graph, self.found.roles.images)
        self.labels = source_of(self.found.graph, self.found.roles.labels)

    @property
    def pixels(self) -> int:
        """Return the size of a flattened image."""
        return self.found.given.inputs

    @property
    def classes(self) -> int:
        """Return the number of classes."""
        return self.found.given.classes

    def ask(
        self, otherwise: Answer, question: Callable[Asked, Answer], *given: Asked.args, **named: Asked.kwargs
    ) -> Answer:
        """Return the answer to a question; `otherwise` if it cannot be tried."""
        try:
            return question(*given, **named)
        except Untried:
            return otherwise

    # Inputs ----------------------------------------------------------------------------------------------------

    def sample(self, rows: int) -> Sample:
        """Return random, sparse images with labels from 1 to classes - 2, so that shifted ones are valid.

        For three classes or fewer, all labels are used: a single one would not tell losses and accuracies apart.
        """
        rows = self.batch or rows
        images = self.rng.random((rows, self.pixels)) * (self.rng.random((rows, self.pixels)) < 0.5)
        if self.found.given.regression:
            return Sample(images.astype(np.float32), self.as_targets(self.rng.standard_normal((rows, self.classes))))
        first, several = (1, self.classes - 2) if self.classes > 3 else (0, self.classes)
        return Sample(images.astype(np.float32), self.rng.permutation(first + np.arange(rows) % several))

    def feed(self, sample: Sample) -> dict[str, Array]:
        """Return the feeds for these rows, with everything else that evaluation needs."""
        rows = len(sample.images)
        images = np.round(sample.images * 255) if self.images.whole else sample.images
        numbered = self.found.given.regression or self.label_form.startswith("ids")
        labels = sample.labels if numbered else np.eye(self.classes, dtype=np.float64)[sample.labels]
        rowwise = {
            self.images.name: _laid_out(images, self.image_form, self._image_shapes(rows)),
            self.labels.name: _laid_out(labels, self.label_form, self._label_shapes(rows)),
        }
        named = {name: value for name, value in rowwise.items() if name is not None}
        others = {name: self._for_rows(name, value, rows) for name, value in self.others.items()}
        counts = {
            name: np.full(cast("tuple[int, ...]", source_of(self.found.graph, name).sizes), rows)
            for name in self.counts
        }
        return {**others, **named, **self.found.given.eval_feed, **counts}

    def _for_rows(self, name: str, value: Array, rows: int) -> Array:
        """Return a value for `rows` rows, if its source has a free first axis."""
        return np.repeat(value[:1], rows, axis=0) if source_of(self.found.graph, name).sizes[:1] == (None,) else value

    def _image_shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes in which so many images can be fed, by the name of the form, likeliest first."""
        side, asked = round(self.pixels**0.5), self.found.asked.input_shape
        shapes = {
            "known": (rows, *(asked or tuple(size or 0 for size in self.images.sizes[1:]))),
            "rows": (rows, self.pixels),
            "square": (rows, side, side),
            "channel": (rows, side, side, 1),
            "channel-first": (rows, 1, side, side),
            "pixels": (rows, self.pixels, 1),
            "columns": (self.pixels, rows),
        }
        return {form: shape for form, shape in shapes.items() if math.prod(shape) == rows * self.pixels}

    def _label_shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes in which so many labels can be fed, by the name of the form."""
        width = self.classes
        if self.found.given.regression:
            return {"rows": (rows, width), "ids": (rows * width,), "columns": (width, rows)}
        return {"one-hot": (rows, width), "columns": (width, rows), "ids": (rows,), "ids-column": (rows, 1)}

    def as_targets(self, numbers: Array) -> Array:
        """Return numbers as targets for the graph, rounded if its placeholder has an integer dtype."""
        return np.round(numbers) if self.labels.whole else np.asarray(numbers, dtype=np.float32)

    # Runs ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _refusals_noted(self) -> Iterator[None]:
        """Record the lab's refusals, and raise `Untried` for them."""
        try:
            yield
        except LabError as error:
            self.problems.append(error.sentence)
            raise Untried from error

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """Return the values of tensors as numeric arrays; an empty array for an op."""
        with self._refusals_noted():
            found = self.session.run(list(fetches), feeds)
        values = [np.zeros(0) if value is None else np.asarray(value) for value in found]
        if not {value.dtype.kind for value in values} <= set("biuf"):
            raise Untried
        return values

    def fetch(self, tensor: str | None, feeds: Mapping[str, Array]) -> Array:
        """Return the value of one tensor; raise `Untried` for None."""
        if tensor is None:
            raise Untried
        return self.run([tensor], feeds)[0]

    def gradients(self, of: str, wrt: Sequence[str]) -> dict[str, str]:
        """Return the gradients of the sum of `of`, by variable or tensor, as far as they exist."""
        key = (of, *wrt)
        if key not in self._gradients:
            with self._refusals_noted():
                self._gradients[key] = self.loaded.gradients(of, wrt)
        pairs = zip(wrt, self._gradients[key], strict=True)
        return {name: tensor for name, tensor in pairs if tensor is not None}

    def values(self, names: Iterable[str]) -> dict[str, Array]:
        """Return the values of variables."""
        with self._refusals_noted():
            return self.session.values(list(names))

    def assign(self, values: Mapping[str, Array]) -> None:
        """Set variables."""
        with self._refusals_noted():
            self.session.assign(values)

    def initialise(self) -> bool:
        """Run the graph's own initializers; return False if the lab refuses."""
        return self.ask(False, self._initialised)

    def _initialised(self) -> bool:
        with self._refusals_noted():
            self.session.initialise()
        return True

    def randomise(self, names: Sequence[str]) -> None:
        """Set variables to random values; matrices keep the scale of their inputs."""
        chosen = {}
        for name, value in self.values(names).items():
            fan_in = math.prod(value.shape[:-1]) if value.ndim > 1 else Sizes.OF_A_BIAS
            size = np.float32((4.0 / max(fan_in, 1)) ** 0.5)
            chosen[name] = self.rng.standard_normal(value.shape, dtype=np.float32) * size
        self.assign(chosen)

    # Inputs that the placeholders accept ---------------------------------------------------------------------------

    def fit_inputs(self) -> bool | None:
        """Find feeds with which the network runs; return whether there are any, or None if nothing can run."""
        target = run_first(self.found)
        if target is None:
            return None
        told = {self.images.name, self.labels.name, *self.found.given.eval_feed, *self.others}
        asked = [source for source in _needed(self.found) if source not in told]
        self.others |= {source: self._guess(source) for source in asked}
        whole = [source for source in (*asked, *self.found.given.eval_feed) if self._may_count(source)][
            : Sizes.MOST_COUNTS
        ]
        declared = self._batch_of(self.images) or self._batch_of(self.labels)
        batches = (declared, *self._rows_of_reshapes())
        counted = [few for size in range(len(whole) + 1) for few in itertools.combinations(whole, size)]
        # First require a finite loss, which rules out a division by zero rows; the loss may also be infinite by itself.
        for finite, self.counts, self.batch in itertools.product((True, False), counted, batches):
            if self._find_forms(target, finite=finite):
                return True
        self.counts, self.batch = (), declared
        return False

    def _may_count(self, source: str) -> bool:
        """Whether a source may hold the number of rows: an integer without a free axis."""
        declared = source_of(self.found.graph, source)
        return "int" in declared.dtype and None not in declared.sizes

    def _find_forms(self, target: str, *, finite: bool) -> bool:
        """Find shapes with which the network runs, with `finite` outputs if required; return success."""
        rows = self.batch or Sizes.ROWS
        image_forms = self.images.fitting(self._image_shapes(rows))
        label_forms = self.labels.fitting(self._label_shapes(rows))
        if self.labels.whole:
            label_forms.sort(key=lambda form: form != "ids")
        for self.image_form, self.label_form in itertools.product(image_forms, label_forms):
            value = self.ask(None, self.fetch, target, self.feed(self.sample(Sizes.ROWS)))
            if value is not None and (np.isfinite(value).all() or not finite):
                return True
        return False

    def _rows_of_reshapes(self) -> list[int]:
        """Return the numbers of rows that reshapes of fed tensors assume: their constant first sizes."""
        graph = self.found.graph
        shapes = [graph.constant(node.inputs[1]) for node in graph.of_ops(["Reshape"]) if node.name in graph.fed]
        first = [int(shape[0]) for shape in shapes if shape is not None and shape.size > 1]
        return [rows for rows in dict.fromkeys(first) if 0 < rows <= Sizes.MOST_ROWS][: Sizes.MOST_RESHAPES]

    def setup(self, runs: bool | None) -> Setup:
        """Return how the graph could be run, after all experiments."""
        problem = next(iter(self.problems), "")
        return Setup(True, "", runs, problem, self.batch, tuple(self.loaded.trainable))

    def _batch_of(self, source: Source) -> int | None:
        """Return the number of rows that a source declares: its first size, unless that is one of columns."""
        first, *more = (*source.sizes, None)
        return None if more[1:] and first in (self.pixels, self.classes) else first

    def _guess(self, source: str) -> Array:
        """Return a default feed for a placeholder of unknown purpose: False, 1.0, or 0 or 1 for integers."""
        declared = source_of(self.found.graph, source)
        sizes = tuple(size or 1 for size in declared.sizes)
        many = "int" in declared.dtype and bool(sizes)  # lengths, or indices into a table, which has at least one row
        return np.full(sizes, many, dtype=np.int64) if declared.whole else np.ones(sizes)


def _laid_out(rows: Array, form: str, shapes: Mapping[str, tuple[int, ...]]) -> Array:
    """Return rows of numbers in a form."""
    return np.ascontiguousarray(rows.T if form == "columns" else rows.reshape(shapes[form]))


def open_probe(found: Found, lab: Lab | None, content: bytes) -> tuple[Setup, GraphProbe | None]:
    """Load the graph into the lab with initial values; the probe is None without a lab, or if refused."""
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
        probe.ask(None, probe.assign, given.values)
    return Setup(), probe


def products(steps: Iterable[Step]) -> list[Step]:
    """Return the products of some layers; for a layer of several products, its parts."""
    return [part for step in steps for part in (step.parts or (step,))]


def run_first(found: Found) -> str | None:
    """Return the tensor that must run for any experiment on the network."""
    return found.roles.loss or found.scores or next((step.product for step in found.steps), None)


def _needed(found: Found) -> list[str]:
    """Return the sources that must be fed to run the network or its train op."""
    graph = found.graph
    above = graph.ancestors([run_first(found)], control=True) | written(graph, found.roles.updates)
    return [source for source in graph.sources if source in above and graph[source].op != "PlaceholderWithDefault"]


def choose_shares(found: Found, probe: GraphProbe) -> None:
    """Feed unknown dropout rates with the value (1 or 0) that lets images through unchanged."""
    graph = found.graph
    above = graph.ancestors([found.scores]) - graph.known.keys()
    loose = [name for name in probe.others if name in above and not source_of(graph, name).whole]
    for share in (1.0, 0.0) if loose else ():
        chosen = {name: np.full_like(probe.others[name], share) for name in loose}
        if probe.ask(False, _are_let_through, found, probe, chosen):
            probe.others |= chosen
            break
    probe.initialise()


def _are_let_through(found: Found, probe: GraphProbe, shares: Mapping[str, Array]) -> bool:
    """Whether the logits depend on the images and repeat for the same images."""
    randomise_weights(found, probe)
    one, other = ({**probe.feed(probe.sample(Sizes.ROWS)), **shares} for _ in range(2))
    first, again, later = (probe.fetch(found.scores, feeds) for feeds in (one, one, other))
    return bool(np.isfinite(first).all()) and same(first, again) and not same(first, later)


def randomise_weights(found: Found, probe: GraphProbe) -> None:
    """Randomize the weights of the layers, and rescale the last one until the logits have unit scale.

    Moving averages at their initial values can make a network's values so large that gradients vanish.
    """
    weights = found.float_weights
    if not weights:
        raise Untried
    probe.randomise(weights)
    last = {*found.steps[-1].variables, *found.steps[-1].bias} & {*weights}
    probe.ask(None, _rescale, found, probe, sorted(last))


def _rescale(found: Found, probe: GraphProbe, last: Sequence[str]) -> None:
    """Divide the weights of the last layer by the scale of the logits while that is large."""
    for _ in range(4):
        size = float(np.std(probe.fetch(found.scores, probe.feed(probe.sample(Sizes.ROWS)))))
        if not Sizes.LARGE < size < np.inf:
            return
        probe.assign({name: value / size for name, value in probe.values(last).items()})


def same(one: Array, other: Array) -> bool:
    """Whether two arrays are equal up to the rounding of another order of summation."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True))


def orient(value: Array, rows: int, classes: int) -> str | None:
    """Return the layout of logits: ``rows``, ``columns``, ``single``, or None if none fits."""
    fitting = {
        "rows": value.shape[:1] == (rows,) and value.size == rows * classes,
        "columns": value.shape == (classes, rows),
        SINGLE: classes == 2 and value.shape in {(rows,), (rows, 1)},
    }
    return next(filter(fitting.get, fitting), None)


def as_rows(value: Array, form: str, rows: int) -> Array:
    """Return logits with one row per image, with a zero for the first class before a single one.

    Raises
    ------
    Untried
        If they are not of so many images.
    """
    if value.size % rows:
        raise Untried
    upright = np.asarray(value.T if form == "columns" else value.reshape(rows, -1), dtype=np.float64)
    return np.pad(upright, ((0, 0), (int(form == SINGLE), 0)))


def as_shares(scores: Array) -> Array:
    """Return probabilities of two classes, given that of the second class in the last column."""
    return np.stack([1 - scores[:, -1], scores[:, -1]], axis=1)


def as_put_out(scores: Array, form: str, shape: tuple[int, ...]) -> Array:
    """Return logits of one row per image in this layout and shape."""
    return {"columns": scores.T, SINGLE: scores[:, -1] - scores[:, 0]}.get(form, scores).reshape(shape)
