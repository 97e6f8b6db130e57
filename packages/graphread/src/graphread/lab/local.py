"""A lab in this process: TensorFlow runs a sanitized copy of an untrusted graph.

It runs in a student's own notebook and inside the sandbox, never in the process that assigns grades. TensorFlow is imported
with the first graph, and neither its global state nor the default graph is touched.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread.graph.nodes import fits, tensor_name
from graphread.graph.plain import VARIABLES
from graphread.graph.source import GraphError, read_source
from graphread.lab import LAB_SESSION, NOTHING, LabError, require_numbers
from graphread.lab.allow import Accepted, accept, reseed
from graphread.lab.imported import (
    Imported,
    first_assignments,
    tensorflow,
    trainable_variables,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphread.graph.nodes import Array


class LocalLab:
    """A lab that loads graphs into TensorFlow in this process.

    `timeout` limits each run in seconds, 0 for no limit; `threads` limits the threads for one op, 0 for one per core.
    """

    def __init__(self, timeout: float = 0.0, threads: int = 0) -> None:
        self._timeout = timeout
        self._threads = threads
        self.sessions: set[_LocalSession] = set()

    def load(self, meta_graph: bytes) -> _LocalGraph:
        """Accept a serialized MetaGraphDef or GraphDef; see `graphread.lab.Lab.load`."""
        try:
            source = read_source(meta_graph)
        except GraphError as error:
            raise LabError("graph", str(error)) from error
        return _LocalGraph(self, accept(source), source)

    def close(self) -> None:
        """Close all open sessions."""
        for session in list(self.sessions):
            session.close()

    def config(self, *, often: bool) -> Any:
        """Return TensorFlow's session config for running a graph `often` or once."""
        config = tensorflow().ConfigProto(
            allow_soft_placement=True, device_count={"GPU": 0}, intra_op_parallelism_threads=self._threads
        )
        # Without the graph optimizer, a first run starts sooner; with it, each training step takes two thirds of the time.
        config.graph_options.rewrite_options.disable_meta_optimizer = not often
        config.operation_timeout_in_ms = int(1000 * self._timeout)
        return config


class _LocalGraph:
    """A graph that the lab has accepted; see `graphread.lab.LoadedGraph`."""

    def __init__(self, lab: LocalLab, accepted: Accepted, source: Any) -> None:
        self.left_out = accepted.left_out
        self.lab = lab
        self._meta = accepted.meta
        self._requests: list[tuple[str, tuple[str, ...]]] = []
        nodes = accepted.meta.graph_def.node
        self.variables = tuple(node.name for node in nodes if node.op in VARIABLES)
        self.trainable = trainable_variables(source, nodes, self.variables)
        self.initialisers = first_assignments(nodes, self.variables)
        # The import shows whether TensorFlow accepts the graph; experiments use seed 1.
        self._imports = {1: Imported(reseed(self._meta, 1))}

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        for name in (of, *wrt):
            self.check(name)
        # Every copy gets the same ops under the same names, so that earlier sessions can fetch them, too.
        names = [imported.add_gradients(of, wrt) for imported in self._imports.values()]
        self._requests.append((of, tuple(wrt)))
        return names[0]

    def session(self, seed: int = 0, *, often: bool = False) -> _LocalSession:
        if seed not in self._imports:
            imported = Imported(reseed(self._meta, seed) if seed else self._meta)
            for of, wrt in self._requests:
                imported.add_gradients(of, wrt)
            self._imports[seed] = imported
        with translated("run"):
            session = _LocalSession(self, self._imports[seed], self.lab.config(often=often))
        self.lab.sessions.add(session)
        return session

    def check(self, name: str) -> None:
        """Raise a `LabError` if `name` was removed from the graph or never was in it."""
        op = name.partition(":")[0]
        if op in self.left_out:
            raise LabError("op", f"{op[:80]!r} needs the op {self.left_out[op]}, which the lab does not run.")
        try:
            next(iter(self._imports.values())).graph.get_operation_by_name(op)
        except (KeyError, ValueError) as error:
            raise LabError("run", f"The graph has no operation {op[:80]!r}.") from error


class _LocalSession:
    """A session with its own variable values; see `graphread.lab.LabSession`."""

    def __init__(self, owner: _LocalGraph, imported: Imported, config: Any) -> None:
        self._owner = owner
        self._import = imported
        self._session = tensorflow().Session(graph=imported.graph, config=config)
        setattr(self._session, LAB_SESSION, True)

    def initialise(self) -> None:
        """Run the initializers; a variable that needs a fed value stays unset, and its readers report it."""
        errors = (tensorflow().errors.FailedPreconditionError, tensorflow().errors.InvalidArgumentError)
        with translated("run"):
            with suppress(*errors):
                self._session.run(list(self._owner.initialisers))
                return
            for operation in self._owner.initialisers:  # an initializer that needs another one's result comes after it
                with suppress(*errors):
                    self._session.run(operation)

    def assign(self, values: Mapping[str, Array]) -> None:
        operations, feeds = [], {}
        for name, value in values.items():
            placeholder, assign, _ = self._variable(name)
            operations.append(assign)
            feeds[placeholder] = self._as(name, value)
        with translated("run"):
            self._session.run(operations, feeds)

    def _variable(self, name: str) -> tuple[Any, Any, Any]:
        if name not in self._owner.variables:
            raise LabError("run", f"The graph has no variable {name[:80]!r}.")
        return self._import.variable(name)

    def _as(self, name: str, value: Array) -> Array:
        array = np.asarray(value)
        shape = self._import.shape(name)
        if not fits(array.shape, shape):
            raise LabError("run", f"The variable {name[:80]!r} has the shape {shape}, not {array.shape}.")
        require_numbers(array)
        return array.astype(self._import.dtype(name), copy=False)

    def values(self, names: Sequence[str] | None = None) -> dict[str, Array]:
        if names is not None:
            reads = [self._variable(name)[2] for name in names]
            with translated("run"):
                found = self._session.run(reads)
            return {name: np.asarray(value) for name, value in zip(names, found, strict=True)}
        with suppress(LabError):
            return self.values(self._owner.variables)
        initialised = {}
        for name in self._owner.variables:
            with suppress(tensorflow().errors.FailedPreconditionError):
                initialised[name] = self._session.run(self._import.variable(name)[2])
        return initialised

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array] = NOTHING) -> list[Array | None]:
        targets = self._targets(fetches)
        return self._run(targets, self._feeds(feeds))

    def run_batches(
        self,
        fetches: Sequence[str],
        data: Mapping[str, Array],
        batches: Sequence[npt.NDArray[np.int64]],
        constant: Mapping[str, Array] = NOTHING,
    ) -> list[list[Array | None]]:
        targets = self._targets(fetches)
        fixed = self._feeds(constant)
        arrays = self._feeds(data)
        results = []
        for batch in batches:
            try:
                feeds = {name: array[batch] for name, array in arrays.items()}
            except IndexError as error:
                raise LabError("run", "A batch asks for rows that the data does not have.") from error
            results.append(self._run(targets, {**fixed, **feeds}))
        return results

    def close(self) -> None:
        self._session.close()
        self._owner.lab.sessions.discard(self)

    def _targets(self, fetches: Sequence[str]) -> list[Any]:
        targets = []
        for name in fetches:
            self._owner.check(name)
            with translated("run"):
                targets.append(self._import.graph.as_graph_element(name))
        return targets

    def _feeds(self, feeds: Mapping[str, Array]) -> dict[Any, Array]:
        found = {}
        for name, value in feeds.items():
            self._owner.check(name)
            with translated("run"):
                tensor = self._import.graph.get_tensor_by_name(tensor_name(name))
                found[tensor] = np.asarray(value, dtype=tensor.dtype.base_dtype.as_numpy_dtype)
        return found

    def _run(self, targets: list[Any], feeds: Mapping[Any, Array]) -> list[Array | None]:
        with translated("run"):
            results = self._session.run(targets, feeds)
        return [None if result is None else np.asarray(result) for result in results]
