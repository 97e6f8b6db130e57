"""A network as an inline SVG: a box a layer, loss and optimizer below, faulty places marked with their sentence."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

from netgrader.network.summary import describe, describe_loss, describe_optimizer

if TYPE_CHECKING:
    from netgrader.faults import Fault
    from netgrader.network.model import Network

__all__ = ["svg"]

WIDTH = 640
_LINE = 18
_BOX = 300
_STYLE = """
.ng-box{fill:#eef3fb;stroke:#3b5b92}.ng-bad{fill:#fdecea;stroke:#b3261e;stroke-width:2}
.ng-text{font:13px sans-serif;fill:#1b1b1f}.ng-fault{font:12px sans-serif;fill:#8c1d18}
.ng-arrow{stroke:#5f6368;stroke-width:1.5}.ng-ground{fill:#ffffff}
"""


def svg(network: Network) -> str:
    """Draw a network. All text from the graph is escaped; nothing is loaded from elsewhere."""
    blocks: list[tuple[str, list[Fault]]] = []
    rest = list(network.faults)
    inputs = network.layers[0].inputs if network.layers else None
    blocks.append((f"images{'' if inputs is None else f', {inputs} numbers each'}", _take(rest, {"X"})))
    for layer in network.layers:
        blocks.append((describe(layer), _take(rest, {layer.place, *layer.variables})))
    loss_places = {network.loss.place} if network.loss else set()
    blocks.append((f"loss: {describe_loss(network)}", _take(rest, {*loss_places, "loss"})))
    optimizer_places = {network.optimizer.place} if network.optimizer else set()
    blocks.append((f"optimizer: {describe_optimizer(network)}", _take(rest, {*optimizer_places, "train_op"})))
    if rest:
        blocks.append(("elsewhere", rest))
    body, height = _draw(blocks)
    count = len(network.faults)
    title = f"Network of {len(network.layers)} layers, " + ("no fault found" if not count else f"faults found: {count}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" style="max-width:100%;height:auto"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f'<rect class="ng-ground" width="{WIDTH}" height="{height}"/>{body}</svg>'
    )


def _take(faults: list[Fault], places: set[str]) -> list[Fault]:
    """Take out the faults at these places."""
    here = [fault for fault in faults if fault.place and fault.place in places]
    faults[:] = [fault for fault in faults if fault not in here]
    return here


def _draw(blocks: list[tuple[str, list[Fault]]]) -> tuple[str, int]:
    parts, top = [], 10
    for index, (text, faults) in enumerate(blocks):
        lines = textwrap.wrap(text, 42) or [""]
        notes = [line for fault in faults for line in textwrap.wrap(f"{fault.code}: {fault.sentence}", 46)]
        height = max(len(lines), len(notes)) * _LINE + 12
        if index:
            parts.append(f'<line class="ng-arrow" x1="{_BOX // 2}" y1="{top - 14}" x2="{_BOX // 2}" y2="{top}"/>')
        kind = "ng-bad" if faults else "ng-box"
        parts.append(f'<rect class="{kind}" x="4" y="{top}" width="{_BOX}" height="{height}" rx="6"/>')
        for row, line in enumerate(lines):
            parts.append(f'<text class="ng-text" x="14" y="{top + 20 + row * _LINE}">{escape(line)}</text>')
        for row, line in enumerate(notes):
            parts.append(f'<text class="ng-fault" x="{_BOX + 16}" y="{top + 20 + row * _LINE}">{escape(line)}</text>')
        top += height + 14
    return "".join(parts), top
