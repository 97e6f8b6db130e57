"""The lab inside a sandbox: `main` answers requests on its standard input, one at a time.

A request names a call of `graphread.lab` with its arguments; the answer is its result or a LabError. The server has no access
to solutions and keeps only what it receives.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from graphread.graph.source import GraphError
from graphread.lab import LabError
from graphread.lab.local import LocalLab
from graphread.lab.wire import Channel, FrameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphread.lab import Lab, LabSession, LoadedGraph


class Server:
    """A server that answers one request at a time."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._kept: dict[int, Any] = {}
        self._numbers = itertools.count(1)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to `request`; only exceptions that end the process escape."""
        try:
            return {"result": self._called(request["call"], **request["arguments"])}
        except LabError as error:
            return {"error": error.kind, "sentence": error.sentence}
        except GraphError as error:
            return {"error": "graph", "sentence": str(error)}
        except MemoryError:
            return {"error": "limit", "sentence": "The graph needs more memory than it may have."}
        except Exception as error:  # noqa: BLE001 - TensorFlow raises nearly everything; none of it may end the lab
            return {"error": "run", "sentence": f"TensorFlow failed: {type(error).__name__}: {str(error)[:300]}"}

    def _called(self, call: str, **arguments: Any) -> Any:
        match call:
            case "trace":
                from graphread.lab.traced_models import traced_file  # noqa: PLC0415 - few graphs come from models

                found = traced_file(Path(arguments["path"]))
                return replace(found, meta_graph=b""), np.frombuffer(found.meta_graph, np.uint8)
            case "load":
                graph = self._lab.load(arguments["meta_graph"].tobytes())
                return {"graph": self._number(graph), "variables": graph.variables, "trainable": graph.trainable}
            case "gradients":
                return self._kept[arguments.pop("graph")].gradients(**arguments)
            case "session":
                return self._number(self._kept[arguments.pop("graph")].session(**arguments))
            case "close":
                return self._kept.pop(arguments["session"]).close()
            case "initialise" | "assign" | "values" | "run" | "run_batches":
                return getattr(self._kept[arguments.pop("session")], call)(**arguments)
        raise LabError("run", f"The lab has no call {call[:80]!r}.")

    def _number(self, kept: LoadedGraph | LabSession) -> int:
        number = next(self._numbers)
        self._kept[number] = kept
        return number


def main() -> None:
    """Serve until the other side closes the connection."""
    channel = Channel(*_own_descriptors())
    threads = int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0"))
    # TensorFlow imports Keras if it can, which takes a fifth of its import time; no graph needs it here.
    sys.modules["keras"] = None  # type: ignore[assignment]
    import tensorflow as tf  # noqa: F401, PLC0415 - takes seconds, which pass while the other side prepares

    server = Server(LocalLab(threads=threads))
    with contextlib.suppress(FrameError):
        while True:
            answer = server.answer(channel.receive())
            try:
                channel.send(answer)
            except (TypeError, ValueError) as error:  # nothing was sent yet
                channel.send({"error": "run", "sentence": f"The output is not a number: {error}"})


def _own_descriptors() -> tuple[IO[bytes], IO[bytes]]:
    """Return the pipes to the other side, out of reach of code in this process that prints or reads."""
    reading, writing = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
