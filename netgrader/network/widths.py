"""How wide is each layer? Read off the values that stand in its product, where the graph alone does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.network.graph import node_of
from netgrader.network.layers import product_widths

if TYPE_CHECKING:
    from netgrader.network.layers import Step
    from netgrader.network.reading import Reading

__all__ = ["try_widths"]


def try_widths(reading: Reading) -> None:
    """Read widths off the values that stand in the products, where the graph alone does not say them."""
    bench = reading.bench
    if bench is None or not reading.steps:
        return
    sample = bench.sample(3)
    rows = len(sample.labels)
    steps = [part for step in reading.steps for part in (step.parts or (step,))]
    found = bench.run([t for step in steps for t in (step.data, step.weights, step.product)], bench.feed(sample))
    if found is None:
        return
    for index, step in enumerate(steps):
        data, weights, product = found[3 * index : 3 * index + 3]
        node = reading.graph.nodes[step.node]
        if node.op == "Mul":
            step.outputs = product.size // rows
            step.inputs = weights.size // max(step.outputs, 1)
        elif step.kind == "conv2d" and product.ndim == 4 and product.shape[1:3] == (1, 1) and weights.ndim == 4:
            if data.shape[1:3] == weights.shape[:2]:
                step.kind, step.inputs, step.outputs = "dense", weights[..., 0].size, weights.shape[3]
        else:
            step.inputs, step.outputs = product_widths(node, step, weights.shape)
        column = () if step.bias else _bias_by_column(reading, step, rows)
        if column:
            step.bias = column
            step.inputs = step.inputs and step.inputs - 1
    for step in reading.steps:
        if step.parts:
            _sum_up(step)


def _sum_up(step: Step) -> None:
    """The widths of a layer that is made of several products."""
    if step.repeated:
        step.inputs, step.outputs = step.parts[0].inputs, step.parts[0].outputs
        return
    inputs, outputs = ([getattr(part, key) for part in step.parts] for key in ("inputs", "outputs"))
    apart = step.added and len({part.data for part in step.parts}) > 1
    step.inputs = sum(inputs) if apart and None not in inputs else inputs[0]
    step.outputs = outputs[0] if step.added or None in outputs else sum(outputs)


def _bias_by_column(reading: Reading, step: Step, rows: int) -> tuple[str, ...]:
    """The weights themselves, where a column of ones has been joined to the data: then one of their rows is the bias."""
    graph, bench = reading.graph, reading.bench
    node = graph[step.data]
    while node.op in ("Identity", "Reshape", "Cast", "StridedSlice", "ExpandDims", "Tile", "Transpose"):
        node = graph[node.inputs[0]]
    if bench is None or node.op not in ("ConcatV2", "Concat", "Pad", "PadV2"):
        return ()
    inner = [read for read in node.inputs if node_of(read) in graph.fed]
    if len(inner) != 1:
        return ()
    feeds = bench.feed(bench.sample(rows))
    value = bench.fetch(inner[0], feeds)
    if value is None:
        return ()
    product = bench.fetch(step.product, {**feeds, inner[0]: np.zeros_like(value)})
    return step.variables if product is not None and np.abs(product).max() > 0 else ()
