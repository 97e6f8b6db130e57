"""What the reader tries out: known numbers go in, and what comes out says what a part computes.

Each trial fills in a part of the `Reading`; where the lab refuses, that part stays undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.network.activating import same
from netgrader.network.activations import BANK as ACTIVATIONS
from netgrader.network.activations import name_activation, softmax
from netgrader.network.graph import node_of
from netgrader.network.layers import is_flow, product_widths
from netgrader.network.losses import BANK, CROSS_ENTROPY, OVER_ROWS, TOGETHER, LossMatch, Observation, recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.network.bench import Bench
    from netgrader.network.layers import Step
    from netgrader.network.reading import Reading

__all__ = ["find_scores", "try_loss", "try_rows", "try_widths"]

Array = npt.NDArray[Any]

#: Activations that are tried on the scores where the loss is a formula of none of the tensors behind them.
COMPOSED = ("softmax", "sigmoid", "relu", "tanh")

RUNS = 24
ROWS = 4


def find_scores(reading: Reading) -> None:
    """Find what the last layer puts out: from there to the loss, variables come in no more."""
    graph, loss, images = reading.graph, reading.read, reading.roles.images
    if loss is None or images is None or not reading.steps:
        return
    labels = reading.roles.labels
    reached = graph.descendants([labels]) if labels else set()
    chain = graph.dominators(images, loss)
    before = [tensor for tensor in chain if tensor not in reached]
    products = {step.product for step in reading.steps}
    for index, tensor in enumerate(before):
        above = graph.ancestors([tensor])
        if is_flow(graph, tensor) or not products <= above or _joined_later(reading, tensor, before[-1]):
            continue
        reading.scores, reading.chain = tensor, before[index:]
        return


def _joined_later(reading: Reading, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    graph = reading.graph
    below = graph.descendants([tensor])
    for inner in below & graph.ancestors([end]):
        if inner == tensor:
            continue
        for read in graph.value_inputs(graph[inner]):
            if read not in below and node_of(read) in graph.varied:
                return True
    return False


def orient(bench: Bench, value: Array, rows: int, classes: int) -> str | None:
    """How scores stand: ``rows``, ``columns``, or None where neither fits."""
    if value.ndim and value.shape[0] == rows and value.size == rows * classes:
        return "rows"
    if rows == 1 and value.shape == (classes,):
        return "rows"
    if value.ndim == 2 and value.shape == (classes, rows):
        return "columns"
    del bench
    return None


def as_rows(value: Array, form: str, rows: int) -> Array:
    """Scores of one row an image."""
    return np.asarray(value.T if form == "columns" else value.reshape(rows, -1), dtype=np.float64)


def try_loss(reading: Reading) -> None:
    """Feed the scores and compare the loss with the bank of formulas, at each tensor between scores and labels."""
    bench, scores = reading.bench, reading.scores
    if bench is None or scores is None or reading.read is None:
        return
    sample = bench.sample(ROWS)
    rows = len(sample.labels)
    first = bench.fetch(scores, bench.feed(sample))
    if first is None:
        return
    form, windows = orient(bench, first, rows, reading.classes), [slice(0, rows)]
    if form is None and (later := _first_scores(reading, rows)) is not None:
        first, form = later
    if form is None and (share := _share_of(first, rows, reading.classes)):
        # The scores of a part of the batch, whose labels stand first or last.
        form, windows = "rows", [slice(0, share), slice(rows - share, rows)]
    if form is None and bench.looped is not None and first.size == reading.classes:
        # The scores of one row, in a loop that also takes its loss.
        form, windows = "rows", [slice(row, row + 1) for row in range(rows)]
    if form is None:
        return
    reading.measured["form"] = form
    # A mean of several classifiers' probabilities: the loss takes its logarithm, and other numbers have none.
    total = _total_share(as_rows(first, form, rows)) if windows[0].stop == rows else 0.0
    runs = _observe(reading, first.shape, rows, total)
    if not runs:
        return
    totals = np.array([run[-1].sum() for run, _ in runs], dtype=np.float64)
    if not np.isfinite(totals).all():
        natural = bench.fetch(reading.read, bench.feed(sample))
        reading.measured["not-finite"] = natural is None or not np.isfinite(natural).all()
        return
    for window in windows:
        seen = _observations(reading, runs, form, window)
        match = (_first_match(_as_logarithms(seen)) if total else None) or _first_match(seen)
        if match is not None:
            break
    asked = match is None or (match[1].kind != CROSS_ENTROPY and match[1].kind not in OVER_ROWS)
    if asked and form == "rows" and len(windows) == 1 and _rows_meet(reading, first.shape):
        match = scores, LossMatch(TOGETHER, 1.0, 0.0, 0.0), ""
    if match is None:
        return
    tensor, reading.loss_match, composed = match
    reading.logits = tensor
    before = np.concatenate([o.scores for o in seen[0][1]])
    after = np.concatenate([o.scores for o in dict(seen)[tensor]])
    named = _named_along(seen, tensor)
    reading.last_activation = composed or named[-1]
    reading.inner_activations = tuple(name for name in (named if composed else named[:-1]) if name != "none")
    reading.measured["values"] = (before, after)
    reading.reduction = _reduction(reading, runs[0][0][-1], first.shape, form)


def _first_scores(reading: Reading, rows: int) -> tuple[Array, str] | None:
    """Where a number for each class of each row first stands behind the last layer, which `reading.scores` then is.

    What comes before it are maps that are averaged, say, or distances of single numbers that are summed.
    """
    bench, chain = reading.bench, reading.chain
    found = bench.run(chain, bench.feed(bench.sample(rows))) if bench is not None and chain else None
    for index, value in enumerate(found or []):
        form = orient(bench, value, rows, reading.classes) if bench is not None and value.dtype.kind == "f" else None
        if form is not None and index:
            reading.scores, reading.chain = chain[index], chain[index:]
            return value, form
    return None


def _named_along(seen: Sequence[tuple[str, list[Observation]]], end: str) -> list[str]:
    """The functions between the scores and the tensor that the loss is of, one after another."""
    if end == seen[0][0]:
        return ["none"]
    values = {tensor: np.concatenate([o.scores for o in observations]) for tensor, observations in seen}
    whole = name_activation(values[seen[0][0]], values[end])
    if whole is not None:
        return [whole]
    found, current = [], values[seen[0][0]]
    for tensor, _ in seen[1:]:
        name = name_activation(current, values[tensor])
        if name is not None:
            found.append(name)
        if name is not None or _is_scaled(current, values[tensor]):
            current = values[tensor]
        if tensor == end:
            break
    if not np.array_equal(current, values[end]):
        return ["other"]
    return [name for name in found if name != "none"] or ["none"]


def _is_scaled(before: Array, after: Array) -> bool:
    """Whether numbers were multiplied by one that is above zero: a mean of several classifiers', a temperature."""
    factor = float((before * after).sum() / max(float((before**2).sum()), 1e-30))
    return factor > 0 and same(after, factor * before)


def _share_of(scores: Array, rows: int, classes: int) -> int | None:
    """How many of the rows these are the scores of, where it is a part of them."""
    count = scores.shape[0] if scores.ndim == 2 else 0
    return count if 0 < count < rows and rows % count == 0 and scores.shape[1] == classes else None


def _observations(
    reading: Reading, runs: Sequence[tuple[list[Array], Array]], form: str, window: slice
) -> list[tuple[str, list[Observation]]]:
    """For each tensor that can be scores of the rows in `window`: those, their labels and the loss, for each run."""
    bench, seen = reading.bench, []
    rows = len(range(*window.indices(len(runs[0][1]))))
    for index, tensor in enumerate(reading.chain):
        if bench is not None and all(orient(bench, run[index], rows, reading.classes) == form for run, _ in runs):
            observations = [
                Observation(as_rows(run[index], form, rows), labels[window], float(run[-1].sum()))
                for run, labels in runs
            ]
            seen.append((tensor, observations))
    return seen


def _total_share(scores: Array) -> float:
    """What each row adds up to, where it is a distribution over the classes up to a factor; else 0."""
    totals = scores.sum(axis=1)
    alike = scores.min(initial=0) >= 0 and np.allclose(totals, totals[0], rtol=1e-3)
    return float(totals[0]) if alike else 0.0


def _as_logarithms(seen: Sequence[tuple[str, list[Observation]]]) -> list[tuple[str, list[Observation]]]:
    """Probabilities as the scores that a softmax makes them from."""
    tensor, observations = seen[0]
    return [(tensor, [Observation(np.log(np.maximum(o.scores, 1e-30)), o.labels, o.value) for o in observations])]


def _rows_meet(reading: Reading, shape: tuple[int, ...]) -> bool:
    """Whether the loss is no sum over rows: what changing one half of them does depends on the other half."""
    bench, loss, scores = reading.bench, reading.read, reading.scores
    if bench is None or loss is None or scores is None or shape[0] < 2:
        return False
    feeds = bench.feed(bench.sample(shape[0]))
    half = shape[0] // 2
    for _ in range(3):
        one, two = (bench.rng.standard_normal(shape) * 1.7 for _ in range(2))
        mixed = np.concatenate([one[:half], two[half:]]), np.concatenate([two[:half], one[half:]])
        found = [bench.fetch(loss, {**feeds, scores: fed}) for fed in (one, two, *mixed)]
        if any(value is None or not np.isfinite(value).all() for value in found):
            return False
        both, none, first, second = (float(np.asarray(value, dtype=np.float64).sum()) for value in found)
        apart = abs(both + none - first - second)
        spread = max(abs(both - none), abs(both - first), abs(both - second))
        if apart > 0.02 * spread and apart > 2e-3 * max(abs(both), abs(none)):
            return True
    return False


def _observe(reading: Reading, shape: tuple[int, ...], rows: int, total: float) -> list[tuple[list[Array], Array]]:
    """Labels, and what the tensors between scores and loss are, for random scores; or for shares of a `total`."""
    bench, loss = reading.bench, reading.read
    if bench is None or reading.scores is None or loss is None:
        return []
    runs = []
    fetches = [*reading.chain, loss]
    for _ in range(RUNS):
        sample = bench.sample(rows)
        labels = bench.rng.integers(1, max(reading.classes - 1, 2), rows)
        fed = bench.rng.standard_normal(shape) * 1.7
        fed = total * softmax(fed, 0 if reading.measured["form"] == "columns" else -1) if total else fed
        found = bench.run(fetches, {**bench.feed(type(sample)(sample.images, labels)), reading.scores: fed})
        if found is None:
            return []
        runs.append((found, labels))
    return runs


def _first_match(seen: Sequence[tuple[str, list[Observation]]]) -> tuple[str, LossMatch, str] | None:
    """Tensor, formula and activation before it: the right loss wherever it is first found, else another one.

    Last come formulas of an activation of the scores that is no tensor of its own, and variants of the right loss.
    """
    for tensor, observations in seen:
        match = recognise(observations, [CROSS_ENTROPY])
        if match is not None:
            return tensor, match, ""
    others = [kind for kind in BANK if kind != CROSS_ENTROPY]
    for tensor, observations in seen:
        match = recognise(observations, others)
        if match is not None:
            return tensor, match, ""
    for tensor, observations in seen:
        for name in COMPOSED:
            changed = [Observation(ACTIVATIONS[name](o.scores), o.labels, o.value) for o in observations]
            match = recognise(changed, list(BANK))
            if match is not None:
                return tensor, match, name
    for tensor, observations in seen:
        match = recognise(observations)
        if match is not None:
            return tensor, match, ""
    return None


def _reduction(reading: Reading, value: Array, shape: tuple[int, ...], form: str) -> str:
    """``none`` where the loss is a tensor, else what it does as rows are doubled."""
    bench, match, loss = reading.bench, reading.loss_match, reading.loss
    if bench is None or match is None or reading.scores is None or loss is None:
        return "undecided"
    sample = bench.sample(2 * ROWS if reading.term else (shape[-1] if form == "columns" else shape[0]))
    rows = len(sample.labels)
    twice = type(sample)(np.tile(sample.images, (2, 1)), np.tile(sample.labels, 2))
    if reading.term is not None and bench.looped is None:
        one, two, offset = bench.fetch(loss, bench.feed(sample)), bench.fetch(loss, bench.feed(twice)), 0.0
        value = value if one is None else one
    elif value.size > 1 or value.ndim:
        return "none"
    elif bench.looped is not None and reading.term is not None:
        return "undecided"
    elif bench.batch is not None:
        return "mean" if abs(match.scale) * rows < 2 else "sum"
    else:
        fed, offset = bench.rng.standard_normal(shape), match.offset
        axis = 1 if form == "columns" else 0
        one = bench.fetch(loss, {**bench.feed(sample), reading.scores: fed})
        two = bench.fetch(loss, {**bench.feed(twice), reading.scores: np.concatenate([fed, fed], axis)})
    if value.size > 1 or value.ndim:
        return "none"
    if one is None or two is None:
        return "undecided"
    ratio = (float(two) - offset) / ((float(one) - offset) or 1.0)
    return "mean" if abs(ratio - 1) < 0.2 else "sum" if abs(ratio - 2) < 0.2 else "other"


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


def _before_choice(reading: Reading, tensor: str) -> str:
    """The scores or probabilities that a prediction is chosen by: a class alone hides what moves below it."""
    node = reading.graph[tensor]
    while node.op in ("ArgMax", "TopKV2", "Cast", "Identity", "StridedSlice", "Squeeze", "Reshape") and node.inputs:
        tensor = node.inputs[0]
        node = reading.graph[tensor]
    return tensor


def try_rows(reading: Reading) -> None:
    """Whether the scores repeat, whether a row's scores depend on other rows, and whether other batch sizes go."""
    bench = reading.bench
    # What is evaluated may be another tower than the one that is trained: without dropout, with averaged weights.
    claimed = next((reading.hints[key] for key in ("logits", "prediction") if key in reading.hints), None)
    tensor = claimed or reading.measured.get("prediction") or reading.logits or reading.scores
    if bench is None or tensor is None:
        return
    tensor = _before_choice(reading, tensor)
    sample = bench.sample(6)
    rows = len(sample.labels)
    # Rows of different brightness: what is divided by the brightest pixel of a batch shows.
    light = np.linspace(0.3, 1.0, rows)[:, None].astype(np.float32)
    sample = type(sample)(sample.images * light, sample.labels)
    once = bench.fetch(tensor, bench.feed(sample))
    again = bench.fetch(tensor, bench.feed(sample))
    if once is None or again is None:
        return
    form = orient(bench, once, rows, reading.classes) or orient(bench, once, rows, 1)
    if form is None:
        return
    if not np.isfinite(once).all():
        return
    reading.measured["repeats"] = same(once, again)
    if not reading.measured["repeats"]:
        return
    order = np.roll(np.arange(rows), 1)
    turned = bench.fetch(tensor, bench.feed(sample.rows(order)))
    full = as_rows(once, form, rows)
    size = np.abs(full).max() + 1e-9
    mixed = turned is None or np.abs(as_rows(turned, form, rows) - full[order]).max() > 1e-3 * size
    fewer = bench.fetch(tensor, bench.feed(sample.rows(slice(0, 2)))) if rows > 2 and bench.looped is None else None
    reading.measured["other-batch"] = fewer is not None
    if fewer is not None and fewer.size == 2 * full.shape[1]:
        mixed = mixed or np.abs(as_rows(fewer, form, 2) - full[:2]).max() > 1e-3 * size
    elif fewer is not None:
        mixed = True
    reading.measured["mixed"] = bool(mixed)
