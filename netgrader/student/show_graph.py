"""Draws a TensorFlow graph under the cell, offline, and opens TensorBoard on it where that can be started."""

from __future__ import annotations

import hashlib
import html
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from netgrader.student.drawing.graph_svg import describe, graph_svg
from netgrader.student.drawing.outline import MAX_NODES, Kind, Outline, outline
from netgrader.student.errors import NotebookError

__all__ = ["show_graph"]

SECONDS_TO_START = 20
LEGEND = {
    Kind.PLACEHOLDER: "Blue: placeholders.",
    Kind.VARIABLE: "Yellow: variables.",
    Kind.CONSTANT: "Grey: constants.",
    Kind.OPERATION: "White: operations.",
    Kind.FOLDED: "Dashed: many operations folded into one.",
}


class NotAGraphError(NotebookError):
    """What was to be drawn is no graph."""


def show_graph(graph: Any, *, tensorboard: bool = False, max_nodes: int = MAX_NODES) -> None:
    """Draw `graph` under the cell.

    Scopes (``tf.name_scope``, ``tf.variable_scope``) become boxes. What serves a variable only, such as its initial
    value, is part of the variable; gradients and optimizer are folded into one node. Point at a node to read its full
    name and type.

    Parameters
    ----------
    graph
        A ``tf.Graph``, or anything that has one as ``.graph`` (a session, a tensor, a ``net``), or a GraphDef.
    tensorboard
        Open TensorBoard on it too, to look at every single operation. Needs TensorBoard, which comes with TensorFlow.
    max_nodes
        How many nodes to draw before scopes are folded.

    Raises
    ------
    NotAGraphError
        If `graph` is nothing of these.
    """
    from IPython.display import display  # noqa: PLC0415 (reading the data should not wait for IPython)

    graph_def = _graph_def(graph)
    drawing = outline(graph_def, max_nodes)
    svg = graph_svg(drawing, f"A TensorFlow graph of {drawing.n_ops} operations", _key(graph_def))
    caption = html.escape(_caption(drawing))
    page = f"<figure style='margin:0'>{svg}<figcaption style='font-size:85%'>{caption}</figcaption></figure>"
    display({"text/html": page, "text/plain": describe(drawing)}, raw=True)
    if tensorboard:
        _open_tensorboard(graph_def)


def _graph_def(graph: Any) -> Any:
    while not hasattr(graph, "as_graph_def") and getattr(graph, "graph", None) not in (None, graph):
        graph = graph.graph
    if hasattr(graph, "as_graph_def"):
        return graph.as_graph_def(add_shapes=True)
    if hasattr(graph, "node") and hasattr(graph, "library"):
        return graph
    raise NotAGraphError(f"show_graph draws a TensorFlow graph, such as net.graph; this is a {type(graph).__name__}.")


def _key(graph_def: Any) -> str:
    """An id that pictures of different graphs in one notebook do not share."""
    names = "\n".join(node.name for node in graph_def.node)
    return "graph-" + hashlib.sha256(names.encode()).hexdigest()[:12]


def _caption(drawing: Outline) -> str:
    if not drawing.n_ops:
        return "The graph is empty: nothing has been added to it yet."
    nodes = list(drawing.root.nodes())
    kinds = {node.kind for node in nodes}
    legend = " ".join(sentence for kind, sentence in LEGEND.items() if kind in kinds)
    hidden = " Operations that only initialise or save variables are left out." if drawing.n_left_out else ""
    return f"{drawing.n_ops} operations, drawn as {len(nodes)} nodes; data flows downwards. {legend}{hidden}"


def _open_tensorboard(graph_def: Any) -> None:
    """Write `graph_def` where TensorBoard finds it, and show TensorBoard here or say how to start it."""
    try:
        from tensorboard import manager, notebook  # noqa: PLC0415 (an extra of TensorFlow's, which may be missing)
    except ImportError:
        print("TensorBoard is not installed here: the drawing above is all there is.")  # noqa: T201 (a cell's output)
        return
    folder = tempfile.mkdtemp(prefix="graph-")
    _write_event(graph_def, folder)
    program = shutil.which("tensorboard", path=str(Path(sys.executable).parent)) or "tensorboard"
    os.environ.setdefault("TENSORBOARD_BINARY", program)  # a kernel's PATH need not lead to its own programs
    print("Starting TensorBoard …")  # noqa: T201
    result = manager.start(["--logdir", folder], timeout=timedelta(seconds=SECONDS_TO_START))
    if hasattr(result, "info"):
        notebook.display(port=result.info.port, height=700)
    else:
        print(  # noqa: T201
            "TensorBoard could not be started from here. Type this in a terminal, and open the address that it prints:"
            f"\n    {subprocess.list2cmdline([program, '--logdir', folder])}"
        )


def _write_event(graph_def: Any, folder: str) -> None:
    from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415
    from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415

    writer = EventFileWriter(folder)
    writer.add_event(Event(graph_def=graph_def.SerializeToString()))
    writer.close()
