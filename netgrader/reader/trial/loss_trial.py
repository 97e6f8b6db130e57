"""Which loss is it? Scores and labels go in, and what comes out is compared with a bank of formulas.

Where the lab refuses, that stays undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.find.activations import BANK as ACTIVATIONS
from netgrader.reader.find.activations import name_activation, softmax
from netgrader.reader.find.layers import between
from netgrader.reader.find.losses import (
    BANK,
    CROSS_ENTROPY,
    OVER_ROWS,
    TOGETHER,
    LossMatch,
    Observation,
    cross_entropy_rows,
    recognise,
)
from netgrader.reader.trial.layer_trial import same
from netgrader.reader.trial.probe import as_rows, orient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.state import Reading

__all__ = ["large_scores", "try_loss"]

Array = npt.NDArray[Any]

#: Activations that are tried on the scores where the loss is a formula of none of the tensors behind them.
COMPOSED = ("softmax", "sigmoid", "relu", "tanh")

RUNS = 24
MOST_ON_THE_WAY = 60
ROWS = 4


def try_loss(reading: Reading) -> None:
    """Feed the scores and compare the loss with the bank of formulas, at each tensor between scores and labels."""
    bench, scores = reading.bench, reading.scores
    if bench is None or scores is None or reading.read is None:
        return
    sample = bench.sample(ROWS)
    rows = len(sample.labels)
    standing = _standing(reading, bench.fetch(scores, bench.feed(sample)), rows)
    if standing is None:
        return
    first, form, windows = standing
    scores = reading.scores or scores
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
    if match is not None and match[2] and _labels_in_scores(reading):
        match = None  # what the labels add to the scores looks like a function of them
    asked = match is None or (match[1].kind != CROSS_ENTROPY and match[1].kind not in OVER_ROWS)
    if asked and form == "rows" and len(windows) == 1 and _rows_meet(reading, first.shape):
        match = scores, _of_rows(reading, runs) or LossMatch(TOGETHER, 1.0, 0.0, 0.0), ""
    if match is None:
        return
    tensor, reading.loss_match, composed = match
    reading.logits = tensor
    before = np.concatenate([o.scores for o in seen[0][1]])
    after = np.concatenate([o.scores for o in dict(seen)[tensor]])
    if reading.loss_match.kind == CROSS_ENTROPY and not composed and _is_scaled(-before, after):
        # What the last layer puts out is turned over first, a distance say: then the scores are what comes of that.
        reading.scores, reading.chain = tensor, reading.chain[reading.chain.index(tensor) :]
        seen, before = seen[[name for name, _ in seen].index(tensor) :], after
    named = _named_along(seen, tensor)
    reading.last_activation = composed or named[-1]
    reading.inner_activations = tuple(name for name in (named if composed else named[:-1]) if name != "none")
    reading.measured["values"] = (before, after)
    reading.reduction = _reduction(reading, runs[0][0][-1], first.shape, form)


def _labels_in_scores(reading: Reading) -> bool:
    """Whether what the student calls logits or prediction is made with the labels."""
    labels = reading.roles.labels
    late = reading.graph.descendants([labels]) if labels is not None else set()
    return any(reading.hints.get(key) in late for key in ("logits", "prediction"))


def _standing(reading: Reading, first: Array | None, rows: int) -> tuple[Array, str, list[slice]] | None:
    """The scores of a sample, how they stand, and which of the rows they may be of; None where that fits nothing."""
    bench = reading.bench
    if bench is None or first is None:
        return None
    form = orient(first, rows, reading.classes)
    if form is None and (later := first_scores(reading, rows)) is not None:
        first, form = later
    if form is not None:
        return first, form, [slice(0, rows)]
    if share := _share_of(first, rows, reading.classes):
        # The scores of a part of the batch, whose labels stand first or last.
        return first, "rows", [slice(0, share), slice(rows - share, rows)]
    if bench.looped is not None and first.size == reading.classes:
        # The scores of one row, in a loop that also takes its loss.
        return first, "rows", [slice(row, row + 1) for row in range(rows)]
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
        if bench is not None and all(orient(run[index], rows, reading.classes) == form for run, _ in runs):
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


def _of_rows(reading: Reading, runs: Sequence[tuple[list[Array], Array]]) -> LossMatch | None:
    """The right loss of each row by itself, where it stands on the way: its rows are only weighted by each other then."""
    bench, graph, scores, loss = reading.bench, reading.graph, reading.scores, reading.read
    if bench is None or scores is None or loss is None:
        return None
    rows = len(runs[0][1])
    way = [f"{node.name}:0" for node in between(graph, scores, loss) if node.op != "Switch"][:MOST_ON_THE_WAY]
    sample = bench.sample(rows)
    fed = bench.rng.standard_normal((rows, reading.classes)) * 1.7
    expected = cross_entropy_rows(fed, sample.labels)
    feeds = {**bench.feed(sample), scores: fed.reshape(runs[0][0][0].shape)}
    for value in bench.run(way, feeds) or []:
        if value.size == rows and np.allclose(np.abs(value.reshape(-1)), expected, rtol=1e-3):
            totals = [run[-1].sum() for run, _ in runs]
            own = [cross_entropy_rows(as_rows(run[0], "rows", rows), labels).sum() for run, labels in runs]
            sign = float(np.sign(np.corrcoef(totals, own)[0, 1]))
            return LossMatch(CROSS_ENTROPY, sign or 1.0, 0.0, 0.0, "rows weighted by each other")
    return None


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


def first_scores(reading: Reading, rows: int) -> tuple[Array, str] | None:
    """Where a number for each class of each row first stands behind the last layer, which `reading.scores` then is.

    What comes before it are maps that are averaged, say, or distances of single numbers that are summed.
    """
    bench, chain = reading.bench, reading.chain
    found = bench.run(chain, bench.feed(bench.sample(rows))) if bench is not None and chain else None
    for index, value in enumerate(found or []):
        form = orient(value, rows, reading.classes) if bench is not None and value.dtype.kind == "f" else None
        if form is not None and index:
            reading.scores, reading.chain = chain[index], chain[index:]
            return value, form
    return None


def large_scores(reading: Reading) -> bool | None:
    """Whether the loss stays finite where a probability is zero in its precision; None where it need not be asked."""
    bench, scores, loss, form = reading.bench, reading.scores, reading.loss, reading.measured.get("form")
    if bench is None or scores is None or loss is None or form is None or reading.loss_match is None:
        return None
    if not any(node.op == "Log" for node in between(reading.graph, scores, loss)):
        return None
    sample = bench.sample(2)
    rows = len(sample.labels)
    first = bench.fetch(scores, bench.feed(sample))
    if first is None:
        return None
    z = np.zeros((rows, reading.classes))
    z[np.arange(rows), (sample.labels + 1) % reading.classes] = 1000.0 if first.dtype == np.float64 else 300.0
    fed = z.T if form == "columns" else z.reshape(first.shape)
    value = bench.fetch(loss, {**bench.feed(sample), scores: fed})
    return None if value is None else bool(np.isfinite(value).all())
