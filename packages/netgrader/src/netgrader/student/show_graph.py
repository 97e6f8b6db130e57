"""Draw a TensorFlow graph below the cell, offline, and open TensorBoard on it if possible."""

from __future__ import annotations

import hashlib
import html
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import shortened
from netgrader.errors import NotebookError
from netgrader.student.graph_layout import Box, Edge, Placement, Point, place
from netgrader.student.graph_outline import MAX_NODES, Kind, Outline, OutlineNode, Scope, outline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["describe", "graph_svg", "show_graph"]

NO_TENSORBOARD = (
    "TensorBoard is not installed: `pip install tensorboard` in a terminal does it. The drawing needs nothing."
)


class GraphLayout:
    """Sizes of a drawing in pixels, and of its texts in characters."""

    SECONDS_TO_START = 120
    """Seconds to wait for TensorBoard: a busy computer needs more than twenty, and errors are reported at once."""
    LABEL_SIZE, DETAIL_SIZE = 13.0, 11.0
    CHARACTER = 0.62  # width of an average character relative to the font size; slightly more than most fonts need
    PADDING = 11.0
    NODE_HEIGHT, DETAIL_HEIGHT = 28.0, 14.0
    SCOPE_PADDING, SCOPE_TITLE = 14.0, 22.0
    MARGIN = 18.0
    MAX_CHARACTERS = 44


PAPER, INK, SOFT, LINE = "#ffffff", "#1f2328", "#57606a", "#6e7781"
# Fill and border; each node also names its kind, and placeholders and folded nodes have borders of their own.
COLOURS: Mapping[Kind, tuple[str, str]] = {
    Kind.PLACEHOLDER: ("#dcebfa", "#0b5cad"),
    Kind.VARIABLE: ("#fdecc8", "#9a6700"),
    Kind.CONSTANT: ("#eceff2", "#57606a"),
    Kind.OPERATION: ("#ffffff", "#57606a"),
    Kind.FOLDED: ("#e9e3f7", "#6639ba"),
}
BORDERS = {Kind.PLACEHOLDER: 'rx="21"', Kind.FOLDED: 'rx="4" stroke-dasharray="5 3"'}
BORDER = 'rx="4"'
SCOPE_COLOURS = ("#f6f8fa", "#afb8c1")


class NotAGraphError(NotebookError):
    """The object to draw is not a graph."""


def show_graph(graph: Any, *, tensorboard: bool = False, max_nodes: int = MAX_NODES) -> None:
    """Draw `graph` below the cell.

    Scopes (``tf.name_scope``, ``tf.variable_scope``) become boxes. Operations that only serve a variable, such as its initial
    value, are part of the variable; gradients and optimizer are folded into one node. Point at a node to read its full name
    and type.

    Parameters
    ----------
    graph
        A ``tf.Graph``, or any object with one as ``.graph`` (a session, a tensor, a ``net``).
    tensorboard
        Also open TensorBoard on it, to look at every single operation. Requires TensorBoard, which is among the course's
        requirements.
    max_nodes
        Maximum number of nodes without folding scopes.

    Raises
    ------
    NotAGraphError
        If `graph` is not one of these.
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
    graph = getattr(graph, "graph", graph)
    if hasattr(graph, "as_graph_def"):
        return graph.as_graph_def(add_shapes=True)
    raise NotAGraphError(f"show_graph draws a TensorFlow graph, such as net.graph; this is a {type(graph).__name__}.")


def _key(graph_def: Any) -> str:
    """Return an id for the drawing that other graphs in the notebook do not share."""
    names = "\n".join(node.name for node in graph_def.node)
    return "graph-" + hashlib.sha256(names.encode()).hexdigest()[:12]


def _caption(drawing: Outline) -> str:
    if not drawing.n_ops:
        return "The graph is empty: nothing has been added to it yet."
    nodes = len([*drawing.root.nodes()])
    hidden = " Operations that only initialize or save variables are left out." if drawing.n_left_out else ""
    return f"{drawing.n_ops} operations, drawn as {nodes} nodes; data flows downwards.{hidden}"


def _open_tensorboard(graph_def: Any) -> None:
    """Write `graph_def` for TensorBoard, and show TensorBoard here or say how to start it."""
    try:
        from tensorboard import manager, notebook  # noqa: PLC0415 (an optional package)
    except ImportError:
        print(NO_TENSORBOARD)  # noqa: T201 (a cell's output)
        return
    folder = tempfile.mkdtemp(prefix="graph-")
    _write_event(graph_def, folder)
    program = shutil.which("tensorboard", path=str(Path(sys.executable).parent)) or "tensorboard"
    os.environ.setdefault("TENSORBOARD_BINARY", program)  # a kernel's PATH may not include its own programs
    print("Starting TensorBoard …")  # noqa: T201
    result = manager.start(["--logdir", folder], timeout=timedelta(seconds=GraphLayout.SECONDS_TO_START))
    if hasattr(result, "info"):
        print(f"If nothing shows below, open http://localhost:{result.info.port} in a browser.")  # noqa: T201
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


@dataclass
class _Block:
    """A drawn scope or node: its SVG from its top left corner, and the positions of its edges.

    `inlets` and `outlets` are distances from its center, by the name of the edge's source node.
    """

    width: float
    height: float
    svg: list[str] = field(default_factory=list)
    inlets: dict[str, float] = field(default_factory=dict)
    outlets: dict[str, float] = field(default_factory=dict)
    is_node: bool = True


def graph_svg(outline: Outline, title: str, key: str) -> str:
    """Return `outline` as SVG.

    Parameters
    ----------
    title
        The title of the picture, for screen readers.
    key
        A prefix for the ids in the SVG, unique in the page.
    """
    block = _scope(outline.root, outline.edges)
    width, height = block.width + 2 * GraphLayout.MARGIN, block.height + 2 * GraphLayout.MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{key}-title {key}-desc" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" style="max-width:100%;height:auto" '
        f'font-family="system-ui, sans-serif" text-anchor="middle" fill="{INK}">'
        f'<title id="{key}-title">{html.escape(title)}</title>'
        f'<desc id="{key}-desc">{html.escape(describe(outline))}</desc>'
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" fill="{PAPER}"/>'
        f'<g transform="translate({GraphLayout.MARGIN} {GraphLayout.MARGIN})">{"".join(block.svg)}</g></svg>'
    )


def describe(outline: Outline) -> str:
    """Return the drawing in words: each node, its kind, and the nodes it uses."""
    uses: dict[str, list[str]] = {}
    for source, target in outline.edges:
        uses.setdefault(target, []).append(source)
    sentences = []
    for node in outline.root.nodes():
        of = f" of {', '.join(uses[node.name])}" if node.name in uses else ""
        sentences.append(f"{node.name} ({_in_a_line(node)}){of}")
    return "; ".join(sentences) + "."


PORT = _Block(0.0, 0.0, is_node=False)
"""A point where an edge enters or leaves a scope."""


def _scope(scope: Scope, edges: Sequence[tuple[str, str]]) -> _Block:
    """Return the drawing of `scope`'s content; `edges` are all edges of the drawing."""
    blocks = {child.name: _child(child, edges) for child in scope.children}
    wires = _wires(scope, blocks, edges)  # with the source node of each
    boxes = {name: Box(block.width, block.height) for name, block in blocks.items()}
    for edge in wires:
        boxes.setdefault(edge.source, Box(0, 0, first=True))
        boxes.setdefault(edge.target, Box(0, 0, last=True))
    placement = place(boxes, wires)
    result = _Block(placement.width, placement.height, is_node=False)
    for edge in wires:
        result.svg.append(_curve(placement.routes[edge], arrow=blocks.get(edge.target, PORT).is_node))
    for name, block in blocks.items():
        x, y = placement.middles[name]
        result.svg.append(f'<g transform="translate({x - block.width / 2:.1f} {y - block.height / 2:.1f})">')
        result.svg += [*block.svg, "</g>"]
    _add_ports(result, placement)
    return result


def _child(child: OutlineNode | Scope, edges: Sequence[tuple[str, str]]) -> _Block:
    return _node(child) if isinstance(child, OutlineNode) else _framed(child, _scope(child, edges))


def _wires(scope: Scope, blocks: Mapping[str, _Block], edges: Sequence[tuple[str, str]]) -> dict[Edge, str]:
    """Return the edges within `scope` and to its border, each with its source node."""
    home = {node.name: child.name for child in scope.children for node in child.nodes()}
    wires: dict[Edge, str] = {}
    for source, target in edges:
        upper, lower = home.get(source, f"inlet {source}"), home.get(target, f"outlet {source}")
        if upper != lower and not home.keys().isdisjoint({source, target}):
            start, end = blocks.get(upper, PORT), blocks.get(lower, PORT)
            wires[Edge(upper, lower, start.outlets.get(source, 0.0), end.inlets.get(source, 0.0))] = source
    return wires


def _add_ports(block: _Block, placement: Placement) -> None:
    ports = {"inlet": block.inlets, "outlet": block.outlets}
    for name, (x, _) in placement.middles.items():
        kind, _, wire = name.partition(" ")  # op names contain no blank
        ports.get(kind, {})[wire] = x - placement.width / 2


def _framed(scope: Scope, inner: _Block) -> _Block:
    """Return `inner` in a box with the scope's name, with its edges extended to the box's border."""
    least = _text_width(scope.label, GraphLayout.LABEL_SIZE) + 2 * GraphLayout.PADDING
    width = max(inner.width + 2 * GraphLayout.SCOPE_PADDING, least)
    height = inner.height + GraphLayout.SCOPE_TITLE + GraphLayout.SCOPE_PADDING
    left = (width - inner.width) / 2
    fill, border = SCOPE_COLOURS
    # The halo keeps the name legible where an edge passes behind it.
    name = (
        f'<text x="{GraphLayout.PADDING}" y="16" font-size="12" font-weight="600" text-anchor="start" fill="{SOFT}" '
        f'stroke="{fill}" stroke-width="4" paint-order="stroke">'
        f"{html.escape(shortened(scope.label, GraphLayout.MAX_CHARACTERS))}</text>"
    )
    svg = [
        f'<rect width="{width:.1f}" height="{height:.1f}" rx="8" fill="{fill}" stroke="{border}"/>',
        *(_line(width / 2 + dx, 0, GraphLayout.SCOPE_TITLE) for dx in inner.inlets.values()),
        *(_line(width / 2 + dx, height - GraphLayout.SCOPE_PADDING, height) for dx in inner.outlets.values()),
        f'<g transform="translate({left:.1f} {GraphLayout.SCOPE_TITLE})">',
        *inner.svg,
        "</g>",
        name,
    ]
    return replace(inner, width=width, height=height, svg=svg)


def _node(node: OutlineNode) -> _Block:
    label = shortened(node.label, GraphLayout.MAX_CHARACTERS)
    details = [shortened(line, GraphLayout.MAX_CHARACTERS) for line in node.detail.splitlines()]
    height = GraphLayout.NODE_HEIGHT + GraphLayout.DETAIL_HEIGHT * len(details)
    widths = [
        _text_width(label, GraphLayout.LABEL_SIZE),
        *(_text_width(detail, GraphLayout.DETAIL_SIZE) for detail in details),
    ]
    width = max(widths) + 2 * GraphLayout.PADDING
    fill, border = COLOURS[node.kind]
    look = f'fill="{fill}" stroke="{border}" {BORDERS.get(node.kind, BORDER)}'
    hint = f"{node.name}: {_in_a_line(node)}"
    if len(node.members) > 1:
        hint += f" ({len(node.members)} operations in all)"
    svg = [
        f"<g><title>{html.escape(hint)}</title>",
        f'<rect width="{width:.1f}" height="{height}" {look}/>',
        f'<text x="{width / 2:.1f}" y="18" font-size="{GraphLayout.LABEL_SIZE}" font-weight="600">{html.escape(label)}</text>',
    ]
    for i, detail in enumerate(details):
        place_of_text = (
            f'x="{width / 2:.1f}" y="{33 + GraphLayout.DETAIL_HEIGHT * i}" font-size="{GraphLayout.DETAIL_SIZE}"'
        )
        svg.append(f'<text {place_of_text} fill="{SOFT}">{html.escape(detail)}</text>')
    return _Block(width, height, [*svg, "</g>"])


def _in_a_line(node: OutlineNode) -> str:
    return ", ".join(node.detail.splitlines()) or "operation"


def _curve(route: tuple[Point, ...], *, arrow: bool) -> str:
    """Return a curve along `route` that leaves each point straight down."""
    path = [f"M{route[0][0]:.1f} {route[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in itertools.pairwise(route):
        bend = (y2 - y1) / 2
        path.append(f"C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}")
    x, y = route[-1]
    head = f'<path d="M{x - 4:.1f} {y - 8:.1f}L{x:.1f} {y:.1f}L{x + 4:.1f} {y - 8:.1f}z" fill="{LINE}"/>'
    return f'<path d="{"".join(path)}" fill="none" stroke="{LINE}" stroke-width="1.3"/>' + (head if arrow else "")


def _line(x: float, top: float, bottom: float) -> str:
    return f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{LINE}" stroke-width="1.3"/>'


def _text_width(text: str, size: float) -> float:
    return len(shortened(text, GraphLayout.MAX_CHARACTERS)) * size * GraphLayout.CHARACTER
