"""The objects of tests: evidence, trusted data, lab, networks as read; each computed on first use."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

import graphread
from graphread.text import Said, Text, plain
from netgrader.checks.diagnose import StoppedCell, explain, stopped_before
from netgrader.checks.exercises import NET, net_at, unfinished_of
from netgrader.checks.held_out import HeldOut, Marked, mark
from netgrader.checks.held_out_rows import held_out_inputs
from netgrader.checks.language import Failed, Ungradable, fail
from netgrader.checks.source_lines import with_lines
from netgrader.checks.wording import NO_EVIDENCE, NOT_HANDED_OVER, TOO_LATE
from netgrader.data import load_data
from netgrader.evidence import NO_GRAPH, BadEvidence, Evidence, GraphEvidence, read_evidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from graphread import Lab, Network
    from netgrader.checks.exercises import Exercises
    from netgrader.checks.source_lines import Cell
    from netgrader.data import Array, DataSpec, Floats
    from netgrader.evidence import Json, ProbeError
    from netgrader.faults import Fault

__all__ = ["CellEvidence", "Dataset", "Networks", "TestContext", "dataset_in", "require_layers"]

COMPUTED = ("X", "Y", "logits", "prediction", "loss", "accuracy")
MOST_FED = 1_000
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Dataset:
    """The grader's trusted copy of the data: inputs (n, …) and targets (n,), as from `load_data`.

    `spec` describes them.
    """

    spec: DataSpec
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    prepare: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None
    """Maps inputs (n, size) to rows of a network, if the student's preparation differs from the course's."""
    columns: npt.NDArray[np.int64] | None = None
    """The output index of each class (classes,), if labels number classes differently."""

    def prepared(self, inputs: Array) -> Floats:
        """Return inputs (n, …) as rows (n, size) that a network is fed, float32."""
        if self.prepare is None:
            return self.spec.prepared(inputs, self.x_train)
        rows: Floats = self.prepare(inputs.reshape(len(inputs), self.spec.size).astype(np.float64)).astype(np.float32)
        return rows

    def by_class(self, outputs: Array) -> Array:
        """Return a network's outputs (n, classes) with the columns in the order of classes."""
        return outputs if self.columns is None else outputs[:, self.columns]

    def called(self, classes: Array) -> Array:
        """Return classes (n,) as the student's labels number them."""
        return classes if self.columns is None else self.columns[classes]


@functools.cache
def dataset_in(file: Path, spec: DataSpec) -> Dataset:
    """Return the data in `file`, read-only, loaded once per process and its forks.

    Raises
    ------
    MissingDataError, DamagedDataError
        If there is no such file, or it is not the course's.
    """
    return _dataset(file, spec)


def _dataset(file: Path | None, spec: DataSpec) -> Dataset:
    (x_train, y_train), (x_test, y_test) = load_data(spec, file)
    for array in (x_train, y_train, x_test, y_test):
        array.flags.writeable = False
    return Dataset(spec, x_train, y_train, x_test, y_test)


class _Made(Protocol):
    def __call__(self) -> Any: ...


class CellEvidence:
    """The evidence of one check cell. Requesting a missing item ends the test with the reason.

    The mappings `graphs`, `arrays`, `facts` and `errors` of `raw` can be searched without ending the test.
    """

    def __init__(
        self, cell: str, raw: Evidence, outside: Mapping[str, Json] = NOTHING, cells: Mapping[str, Cell] = NOTHING
    ) -> None:
        self.cell = cell
        self.raw = raw
        self._outside = outside
        self._cells = cells

    def graph(self, name: str) -> GraphEvidence:
        """Return the graph named `name`."""
        graph: GraphEvidence = self._item(name, self.raw.graphs)
        return graph

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return the array named `name`."""
        array: npt.NDArray[Any] = self._item(name, self.raw.arrays)
        return array

    def fact(self, name: str) -> Json:
        """Return the JSON value named `name`."""
        fact: Json = self._item(name, self.raw.facts)
        return fact

    def has(self, name: str) -> bool:
        """Whether an item named `name` was collected, and not an error in its place."""
        return any(name in items for items in (self.raw.graphs, self.raw.arrays, self.raw.facts))

    def explained(self, error: ProbeError, asked_for: str, unfinished: GraphEvidence = NO_GRAPH) -> Fault:
        """Return the fault behind an error; for a missing name, with the error of an earlier stopped cell.

        Raises
        ------
        Ungradable
            If that cell was stopped because its time was up.
        """
        name = _missing(error)
        fault = explain(error, asked_for, unfinished, self.stopped(name) if name else None)
        exercise = self.cell.removeprefix("check_")
        return with_lines(graphread.Network(faults=(fault,)), unfinished, self._cells, exercise).faults[0]

    def stopped(self, name: str) -> StoppedCell | None:
        """Return the cell whose error left `name` missing or unfinished; None if there is none.

        Raises
        ------
        Ungradable
            If it was stopped because its time was up.
        """
        stopped = stopped_before(self._outside, self.cell, name)
        if stopped is not None and stopped.seconds is not None:
            raise Ungradable(TOO_LATE.format(name=plain(name, 60), why=stopped.sentence))
        return stopped

    def _item(self, name: str, items: Mapping[str, Any]) -> Any:
        if self.raw.problem is not None:
            raise Ungradable(self.raw.problem)
        if name in items:
            return items[name]
        error = self.raw.errors.get(name)
        if error is not None:
            unfinished = self.raw.graphs.get(unfinished_of(name), NO_GRAPH)
            raise Failed([self.explained(error, _asked_for(name, self.cell), unfinished)])
        raise Ungradable(NOT_HANDED_OVER.format(name=plain(name, 60)))


def _asked_for(name: str, cell: str) -> str:
    """Return the student's name of an item: the item's name if it is an identifier, else the exercise."""
    return name if name.isidentifier() and name != NET else cell.removeprefix("check_")


def _missing(error: ProbeError) -> str:
    """Return the undefined name in a NameError; empty for other errors."""
    found = re.fullmatch(r"name '(\w{1,100})' is not defined", error.message)
    return found.group(1) if found else ""


class Networks(Mapping[float, "Network"]):
    """A cell's networks at the further learning rates of grading; each is read on first use."""

    def __init__(self, rates: tuple[float, ...], read: Callable[[int, float], Network]) -> None:
        self._numbers = {rate: number for number, rate in enumerate(rates)}
        self._read = read

    def __getitem__(self, rate: float) -> Network:
        return self._read(self._numbers[rate], rate)

    def __iter__(self) -> Iterator[float]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


@dataclass
class TestContext:
    """State shared by all tests of one run.

    Attributes
    ----------
    evidence_root
        A folder with one evidence folder per check cell.
    exercises
        The parameters of the exercises.
    make_lab
        Starts the lab; called at most once, and only if a test needs it.
    data
        The data file; if None, `netgrader.data.load_data` searches for it.
    seed
        The seed of the probes' choices.
    quick
        Whether a student waits for the answer in their own notebook: long measurements then use a sample.
    problems
        Known reasons for missing evidence, by cell.
    outside
        Observations of the student's process from outside it.
    cells
        The student's code cells by `by_key`, to name the lines that caused faults.
    reading_seconds
        Total time of reading networks so far.
    """

    __test__ = False  # keeps pytest from collecting this class

    evidence_root: Path
    exercises: Exercises
    make_lab: Callable[[], Lab]
    data: Path | None = None
    seed: int = 0
    quick: bool = False
    problems: Mapping[str, Said] = field(default_factory=dict)
    outside: Mapping[str, Json] = field(default_factory=dict)
    cells: Mapping[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._made: dict[object, Any] = {}
        self._broken: dict[object, Failed | Ungradable] = {}
        self._looked_up: dict[object, npt.NDArray[Any]] = {}
        self.reading_seconds = 0.0

    @property
    def lab(self) -> Lab:
        """The lab, started on first use."""
        lab: Lab = self.once("lab", self.make_lab)
        return lab

    @property
    def dataset(self) -> Dataset:
        """The data: training images as the notebook received them, and the original test images."""
        dataset: Dataset = self.once("dataset", self._load)
        return dataset

    @property
    def spec(self) -> DataSpec:
        """The specification of the data: their shape, classes, words for messages."""
        return self.exercises.data

    @property
    def marked(self) -> Marked | None:
        """The marks among the training images that the notebook received; None if there are none."""
        marked: Marked | None = self.once("marked", self._mark)
        return marked

    @property
    def given(self) -> HeldOut:
        """The test inputs as the notebook received them."""
        given: HeldOut = self.once("given", self._given)
        return given

    def part(self, name: str) -> tuple[Array, Array]:
        """Return the inputs of ``train`` or ``test`` as the notebook received them, and their true targets."""
        data = self.dataset
        return {"train": (data.x_train, data.y_train), "test": (self.given.images, data.y_test)}[name]

    @property
    def references(self) -> Mapping[str, npt.NDArray[np.uint8]]:
        """Our copies of the arrays that evidence may refer to, by their names in the notebooks."""
        return _References(self)

    def evidence(self, cell: str) -> CellEvidence:
        """Return the evidence of a check cell, with the reason if there is none."""
        evidence: CellEvidence = self.once(
            ("evidence", cell), lambda: CellEvidence(cell, self._evidence(cell), self.outside, self.cells)
        )
        return evidence

    def network(self, cell: str, item: str = NET, rate: float | None = None) -> Network:
        """Return the network in `item` as the reader sees it, for the exercise's parameters at `rate`."""
        network: Network = self.once(("network", cell, item, rate), lambda: self._read(cell, item, rate))
        return network

    def challenge(self, cell: str) -> int | None:
        """Return the secret number sent with a cell's check; None outside grading."""
        return msgspec.convert(self.outside.get("challenges", {}), dict[str, int]).get(cell)

    def untrained(self, cell: str) -> Said | None:
        """Return the reason why a cell's network cannot have been trained before its check; else None."""
        if not self.outside:
            return None  # a student's own notebook, where the module is not
        from netgrader.checks.provenance import untrained  # noqa: PLC0415  (not for students)

        return untrained(self.outside, cell, self.spec.train.rows)

    def networks(self, cell: str) -> Networks:
        """Return the networks that a cell's function built at further rates."""
        rates = self.exercises.asked_rates(cell.removeprefix("check_"), self.seed)
        return Networks(rates, lambda number, rate: self.network(cell, net_at(number), rate))

    def once(self, key: object, make: _Made) -> Any:
        """Return the result of `make`, cached for this run; so is a verdict that it raises."""
        if key in self._broken:
            raise self._broken[key]
        if key not in self._made:
            try:
                self._made[key] = make()
            except (Failed, Ungradable) as verdict:
                self._broken[key] = verdict
                raise
        return self._made[key]

    def close(self) -> None:
        """Stop the lab if it was started."""
        lab: Lab | None = self._made.pop("lab", None)
        if lab is not None:
            lab.close()

    def _originals(self) -> Dataset:
        if self.data is not None:
            return dataset_in(self.data, self.spec)
        dataset: Dataset = self.once("originals", lambda: _dataset(None, self.spec))
        return dataset

    def _load(self) -> Dataset:
        dataset = self._originals()
        return dataset if self.marked is None else replace(dataset, x_train=self.marked.images)

    def _mark(self) -> Marked | None:
        dataset = self._originals()
        if not self._secret or dataset.spec.learned is None:
            return None
        return mark(self._secret, dataset.x_train, dataset.y_train, dataset.spec.largest)

    @property
    def _secret(self) -> str:
        """The secret seed of the run's data, in hex; empty if the notebook received the originals."""
        return msgspec.convert(self.outside.get("held_out", ""), str)

    def _given(self) -> HeldOut:
        dataset = self._originals()
        if not self._secret:
            return HeldOut(dataset.x_test, np.zeros(len(dataset.x_test), bool))
        train, test = (dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)
        return held_out_inputs(self._secret, train, test, dataset.spec)

    def _evidence(self, cell: str) -> Evidence:
        folder = self.evidence_root / cell
        if not folder.is_dir():
            return Evidence(cell, problem=self.problems.get(cell, NO_EVIDENCE))
        try:
            evidence = read_evidence(folder, self.references, looked_up=self._looked_up)
        except BadEvidence as error:
            return Evidence(cell, problem=self.problems.get(cell, error.said))
        graphs = {name: replace(graph, eval_feed=_fed(graph)) for name, graph in evidence.graphs.items()}
        return replace(evidence, graphs=graphs)

    def _read(self, cell: str, item: str, rate: float | None) -> Network:
        graph = self.evidence(cell).graph(item)
        exercise = self.exercises.network(cell.removeprefix("check_"), rate)
        lab, start = self.lab, time.monotonic()
        try:
            network: Network = graphread.read_network(
                graph.meta_graph, graph.parts, exercise, lab=lab, values=graph.values or None, eval_feed=graph.eval_feed
            )
        finally:
            self.reading_seconds += time.monotonic() - start
        return with_lines(network, graph, self.cells, cell.removeprefix("check_"))


def require_layers(network: Network) -> None:
    """End the test unless trained layers lead from the inputs to one output per class.

    One output less is allowed: a class may have a constant score that the other scores are relative to.
    """
    if not network.layers:
        fail("layers-not-trained", found=Text("no trained layer between the {images} and the loss"))
    exercise, outputs = network.exercise, network.layers[-1].outputs
    if exercise is None or outputs is None:
        return
    wanted = exercise.outputs or exercise.classes
    if wanted and outputs not in {wanted, (exercise.classes or 0) - 1}:
        fail("wrong-width", found=Text("{outputs} outputs", outputs=outputs), expected=f"{wanted}")


def _fed(graph: GraphEvidence) -> dict[str, npt.NDArray[Any]]:
    """Return the extra feeds of evaluation, without computed tensors and without large values."""
    own = {graph.parts.get(part) for part in COMPUTED}
    return {name: value for name, value in graph.eval_feed.items() if name not in own and value.size <= MOST_FED}


class _References(Mapping[str, "npt.NDArray[np.uint8]"]):
    """Our copies of the arrays that evidence may refer to, by their names in the notebooks."""

    def __init__(self, bench: TestContext) -> None:
        # Lookup tables exist for gray levels only. A course may have no data table.
        spec = bench.exercises.spec
        of_levels = spec is None or spec.scaling == "largest"
        self._parts = {"x_train_2d": "train", "x_test_2d": "test"} if of_levels else {}
        self._bench = bench

    def __getitem__(self, name: str) -> npt.NDArray[np.uint8]:
        images, _ = self._bench.part(self._parts[name])
        return images

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
