"""A sandboxed lab: `CagedLab` loads and runs untrusted graphs in a server process.

The server's answers are untrusted too, since it runs students' graphs: sizes, types and counts are checked, and sentences are
cut. A request that takes too long kills the server; the next server loads the graphs again, but sessions are lost.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt

from graphread.graph.source import GraphError
from graphread.lab import NOTHING, LabError, require_numbers
from graphread.lab.traced import Traced
from graphread.lab.wire import Channel, FrameError
from netgrader.cage_contents import HIDDEN, PACKAGE_FOLDER, our_package
from notebook_cage import Limits, Mount, Plan, Sandbox, SandboxError, open_sandbox
from notebook_cage.zygote import Zygote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from graphread.graph.nodes import Array
    from notebook_cage import Caged

T = TypeVar("T")

LONGEST_SENTENCE = 500
FETCHED: Any = list[np.ndarray | None]
"""The type of a run's result: one array or None per fetch."""


class _Loaded(msgspec.Struct, forbid_unknown_fields=True):
    """The reply to a graph that was loaded."""

    graph: int
    variables: tuple[str, ...]
    trainable: tuple[str, ...]


class _Failed(msgspec.Struct, forbid_unknown_fields=True):
    """The reply to a failed call; see `LabError`."""

    error: Literal["graph", "op", "run", "limit", "lost"]
    sentence: str


class CagedLab:
    """A lab whose TensorFlow runs in a sandbox (its name, or an open one); `LabError` if that fails.

    Limits: `threads` CPU threads, `seconds` of wall time per request, `memory_bytes` in all, and `lives` restarts after the
    server is lost. The server can be forked from the fork server (zygote) at address `zygote`
    (`notebook_cage.zygote.Zygote.address_for`). `model` is a file or folder that the lab can see and trace.
    """

    def __init__(
        self,
        sandbox: str | Sandbox = "bubblewrap",
        *,
        threads: int = 2,
        seconds: float = 230.0,
        memory_bytes: int = 4_000_000_000,
        lives: int = 5,
        zygote: Mapping[str, Any] | None = None,
        model: Path | None = None,
    ) -> None:
        self._model = None if model is None else Mount(model.resolve(), f"/run/model{model.suffix}")
        self._seconds = seconds
        self._lives = lives
        self._threads = threads
        self._limits = Limits(
            wall_seconds=24 * 3600.0,
            cpu_cores=float(threads),
            memory_bytes=memory_bytes,
            disk_bytes=50_000_000,
        )
        self._zygote = None if zygote is None else _found(zygote)
        try:
            self._sandbox = open_sandbox(sandbox) if isinstance(sandbox, str) else sandbox
            if self._zygote is not None:
                self._sandbox = self._sandbox.with_zygote(self._zygote)
        except SandboxError as error:
            raise LabError("lost", str(error)) from error
        self._closed = False
        self._generation = 0
        self._server = self._start()

    def load(self, meta_graph: bytes) -> _CagedGraph:
        """Load a serialized MetaGraphDef or GraphDef; see `graphread.lab.Lab.load`."""
        graph = _CagedGraph(self, meta_graph)
        graph.number()
        return graph

    def traced(self) -> Traced:
        """Trace the model that the lab sees; raise `GraphError` if that is impossible."""
        if self._model is None:
            raise GraphError("The lab sees no model.")
        try:
            self.alive()
            found: Traced
            found, graph = self.ask("trace", tuple[Traced, np.ndarray], path=self._sandbox.seen(self._model))
            return replace(found, meta_graph=graph.tobytes())
        except LabError as error:
            raise GraphError(error.sentence) from error

    def close(self) -> None:
        """Stop the lab and everything in it."""
        self._closed = True
        self._server.caged.close()
        if self._zygote is not None:
            self._zygote.close()

    def ask(self, call: str, kind: Any = Any, /, **arguments: Any) -> Any:
        """Send a call to the server and return its reply, validated as the type `kind`.

        Raises the `LabError` that the server reports; its kind is ``limit`` or ``lost`` if the server does not reply.
        """
        server = self._server
        late = threading.Timer(self._seconds, server.caged.kill, ("time",))
        late.start()
        try:
            server.channel.send({"call": call, "arguments": arguments})
            answer = server.channel.receive()
        except FrameError as error:
            raise self._lost(server) from error
        finally:
            late.cancel()
        return _result(answer, kind)

    def _start(self) -> _Server:
        threads = str(self._threads)
        plan = Plan(
            argv=[sys.executable, "-P", "-c", "from graphread.lab.server import main; main()"],
            mounts=[our_package()] if self._model is None else [our_package(), self._model],
            env={
                "PYTHONPATH": PACKAGE_FOLDER,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_NUM_INTRAOP_THREADS": threads,
                "TF_NUM_INTEROP_THREADS": threads,
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            hidden=HIDDEN,
            limits=self._limits,
            warm=True,
        )
        try:
            caged = self._sandbox.start(plan, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except SandboxError as error:
            raise LabError("lost", str(error)) from error
        self._generation += 1
        # Both pipes are requested in `start` above.
        return _Server(caged, Channel(cast("IO[bytes]", caged.stdout), cast("IO[bytes]", caged.stdin)))

    def alive(self) -> int:
        """Return the generation of the running server; restart it if it was lost."""
        if self._closed:
            raise LabError("lost", "The lab is closed.")
        if self._server.caged.outcome is not None:
            if self._lives <= 0:
                raise LabError("lost", "The lab was lost too often.")
            self._lives -= 1
            self._server.caged.close()
            self._server = self._start()
        return self._generation

    def _lost(self, server: _Server) -> LabError:
        """Close a server that does not reply; return a `LabError` that says why."""
        outcome = server.caged.close()
        if outcome.limit in (None, "killed"):
            return LabError("lost", f"The lab died (exit code {outcome.code}).")
        known = {
            "time": f"did not answer within {self._seconds:.0f} seconds",
            "memory": f"needed more than {self._limits.memory_bytes / 1e9:.3g} GB of memory",
        }
        return LabError("limit", f"The lab {known.get(outcome.limit, f'hit a limit ({outcome.limit})')}.")


def _found(address: Mapping[str, Any]) -> Zygote | None:
    """Return the fork server at `address`; None if it is gone, so that the lab starts from scratch."""
    try:
        return Zygote.at(address)
    except SandboxError:
        return None


@dataclass(frozen=True)
class _Server:
    caged: Caged
    channel: Channel


@dataclass
class _CagedGraph:
    """A graph that the lab has accepted; see `graphread.lab.LoadedGraph`."""

    lab: CagedLab
    meta_graph: bytes
    variables: tuple[str, ...] = ()
    trainable: tuple[str, ...] = ()
    _number: int = 0
    _generation: int = -1
    _requests: list[tuple[str, list[str]]] = field(default_factory=list)

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        names = self._gradients(of, list(wrt))
        self._requests.append((of, list(wrt)))
        return names

    def session(self, seed: int = 0, *, often: bool = False) -> _CagedSession:
        number = self.number()
        session = self.lab.ask("session", int, graph=number, seed=int(seed), often=often)
        return _CagedSession(self.lab, session, self._generation)

    def number(self) -> int:
        """Return the server's id of this graph; load the graph if this server does not have it yet."""
        generation = self.lab.alive()
        if self._generation != generation:
            loaded = self.lab.ask("load", _Loaded, meta_graph=np.frombuffer(self.meta_graph, np.uint8))
            self._number, self.variables, self.trainable = loaded.graph, loaded.variables, loaded.trainable
            self._generation = generation
            for of, wrt in self._requests:
                self._gradients(of, wrt)
        return self._number

    def _gradients(self, of: str, wrt: list[str]) -> list[str | None]:
        found = self.lab.ask("gradients", list[str | None], graph=self.number(), of=of, wrt=wrt)
        return _of_length(len(wrt), found)


class _CagedSession:
    """A session with variable values of its own; see `graphread.lab.LabSession`."""

    def __init__(self, lab: CagedLab, number: int, generation: int) -> None:
        self._lab = lab
        self._number = number
        self._generation = generation

    def initialise(self) -> None:
        self._ask("initialise")

    def assign(self, values: Mapping[str, Array]) -> None:
        self._ask("assign", values=_arrays(values))

    def values(self, names: Sequence[str] | None = None) -> dict[str, Array]:
        found: dict[str, Array]
        found = self._ask("values", dict[str, np.ndarray], names=names)
        if names is not None and set(found) != set(names):
            raise _strange()
        return found

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array] = NOTHING) -> list[Array | None]:
        fetched = self._ask("run", FETCHED, fetches=list(fetches), feeds=_arrays(feeds))
        return _of_length(len(fetches), fetched)

    def run_batches(
        self,
        fetches: Sequence[str],
        data: Mapping[str, Array],
        batches: Sequence[npt.NDArray[np.int64]],
        constant: Mapping[str, Array] = NOTHING,
    ) -> list[list[Array | None]]:
        found: list[list[Array | None]] = self._ask(
            "run_batches",
            list[FETCHED],
            fetches=list(fetches),
            data=_arrays(data),
            batches=list(batches),
            constant=_arrays(constant),
        )
        return [_of_length(len(fetches), fetched) for fetched in _of_length(len(batches), found)]

    def close(self) -> None:
        if self._generation == self._lab.alive():
            self._ask("close")

    def _ask(self, call: str, kind: Any = Any, /, **arguments: Any) -> Any:
        if self._generation != self._lab.alive():
            raise LabError("lost", "The session was lost with the lab that it was opened in.")
        return self._lab.ask(call, kind, session=self._number, **arguments)


def _arrays(values: Mapping[str, Array]) -> dict[str, Array]:
    found = {}
    for name, value in values.items():
        array = np.asarray(value)
        require_numbers(array)
        found[name] = array
    return found


def _result(answer: object, kind: Any) -> Any:
    """Return the result in a reply, or raise the `LabError` in it."""
    try:
        if isinstance(answer, dict) and answer.keys() == {"result"}:
            return msgspec.convert(answer["result"], kind)
        failed = msgspec.convert(answer, _Failed)
    except msgspec.ValidationError as error:
        raise _strange() from error
    raise LabError(failed.error, failed.sentence[:LONGEST_SENTENCE])


def _of_length(count: int, found: list[T]) -> list[T]:
    if len(found) != count:
        raise _strange()
    return found


def _strange() -> LabError:
    return LabError("lost", "The lab's answer makes no sense.")
