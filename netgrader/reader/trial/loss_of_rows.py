"""What the rows of a batch have to do with each other, and with their own labels, in a loss that is of no formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.layers import between
from netgrader.reader.find.losses import (
    CROSS_ENTROPY,
    FLAT_LABELS,
    FUSED_LOSSES,
    LEAST_SHARE,
    OTHER_CLASSES,
    OTHER_LABELS,
    SOME_CLASSES,
    SOME_ROWS,
    TOGETHER,
    LossMatch,
    cross_entropy_rows,
)
from netgrader.reader.graph.nodes import Array
from netgrader.reader.trial.probe import as_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.trial.loss_trial import Place
    from netgrader.reader.trial.probe import GraphProbe

#: What the tensors of a chain are, and the loss, for random scores; and the labels.
Run = tuple[list[Array], Array]

MOST_ON_THE_WAY = 60
DRAWS = 8
#: How often what a loss is taught is looked at.
REPEATED = 4
#: Rows of a large batch, and of one of the largest that are usual.
MANY, USUAL = 300, 256
WORST = 50.0


def try_labels_of_loss(found: Found, probe: GraphProbe, place: Place) -> LossMatch | None:
    """Try which score TensorFlow's own cross-entropy is taught to make the largest; None where it is the label's, or not known.

    Rows and classes may stand in another order there, if scores and labels are put in the same one.
    """
    if found.read is None or place.form != "rows" or len(place.windows) > 1:
        return None
    fused = [node for node in between(found.graph, place.scores, found.read) if node.op in FUSED_LOSSES]
    if len(fused) != 1 or fused[0].inputs[1] in found.graph.descendants([place.scores]):
        return None
    kinds = {_kind_taught(probe, fused[0].inputs[:2], place.scores, place.value.shape) for _ in range(REPEATED)}
    kind = kinds.pop()
    # What is not the same each time is chance, such as labels of which some are wrong on purpose.
    return None if kinds or not kind else LossMatch(kind, 1.0, 0.0, 0.0)


def _kind_taught(probe: GraphProbe, inputs: Sequence[str], scored: str, shape: tuple[int, ...]) -> str | None:
    """What is wrong with what a cross-entropy is taught for each class; empty if nothing is, None where it cannot be told."""
    rows = len(probe.sample(max(probe.classes // 2, 1)).labels)  # some classes at a time, to tell them from other rows'
    kinds: set[str | None] = set()
    for start in range(0, probe.classes, rows):
        labels = np.resize(np.arange(start, min(start + rows, probe.classes)), rows)
        scores = probe.rng.standard_normal((rows, *shape[1:])).astype(np.float32)
        sample = probe.sample(rows)
        feeds = {**probe.feed(type(sample)(sample.images, labels)), scored: scores}
        values = probe.run(inputs, feeds)
        if values is None or values[0].ndim != 2 or not np.isfinite(values[0]).all():
            return None
        given, taught = values
        if taught.ndim == 1:
            taught = np.equal.outer(taught, np.arange(given.shape[1])).astype(np.float64)
        kinds.add(_taught(given, taught, scores.reshape(rows, -1), labels))
    return None if None in kinds else max(kinds, key=lambda kind: kind or "")


def _taught(given: Array, taught: Array, scores: Array, labels: Array) -> str | None:
    """What is wrong with the labels that go with `given` scores; empty if nothing is, None where it cannot be told."""
    if given.shape != taught.shape or len(given) != len(labels) or not np.isin(given.astype(np.float32), scores).all():
        return None  # scores are changed first, or rows are left out
    if given.shape[1] < scores.shape[1] or not taught.any(axis=1).all():
        return SOME_CLASSES
    wanted = scores[np.arange(len(labels)), labels]
    chosen = given[np.arange(len(given)), taught.argmax(axis=1)]
    if np.isin(chosen.astype(np.float32), wanted).all():
        least = float((taught.max(axis=1) / taught.sum(axis=1)).min())
        return FLAT_LABELS if least < LEAST_SHARE else ""
    return OTHER_LABELS if np.array_equal(np.sort(taught.argmax(axis=1)), np.sort(labels)) else OTHER_CLASSES


def try_rows_of_loss(
    found: Found, probe: GraphProbe, place: Place, runs: Sequence[Run], *, known: bool
) -> LossMatch | None:
    """Try whether rows are weighted by each other, meet, or are left out; None where a formula that is `known` stands.

    Rows that are left out are asked for where an exercise asks, and where no formula is known.
    """
    loss = found.read
    if loss is None or place.form != "rows" or len(place.windows) > 1:
        return None
    if _rows_meet(probe, place, loss):
        return _of_rows(found.graph, probe, place, loss, runs) or LossMatch(TOGETHER, 1.0, 0.0, 0.0)
    left_out = _left_out(probe, place, loss) if found.exercise is not None and not known else ""
    return LossMatch(left_out, 1.0, 0.0, 0.0) if left_out else None


def _rows_meet(probe: GraphProbe, place: Place, loss: str) -> bool:
    """Whether the loss is no sum over rows: what changing one half of them does depends on the other half."""
    shape = place.value.shape
    if shape[0] < 2:
        return False
    feeds = probe.feed(probe.sample(shape[0]))
    half = shape[0] // 2
    for _ in range(3):
        one, two = (probe.rng.standard_normal(shape) * 1.7 for _ in range(2))
        mixed = np.concatenate([one[:half], two[half:]]), np.concatenate([two[:half], one[half:]])
        values, again = (
            [probe.fetch(loss, {**feeds, place.scores: fed}) for fed in (one, two, *mixed)] for _ in range(2)
        )
        if any(value is None or not np.isfinite(value).all() for value in values):
            return False
        if any(not np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(values, again, strict=True)):
            return False  # chance has a part in it
        both, none, first, second = (float(np.asarray(value, dtype=np.float64).sum()) for value in values)
        apart = abs(both + none - first - second)
        spread = max(abs(both - none), abs(both - first), abs(both - second))
        if apart > 0.02 * spread and apart > 2e-3 * max(abs(both), abs(none)):
            return True
    return False


def _left_out(probe: GraphProbe, place: Place, loss: str) -> str:
    """`SOME_ROWS` if the scores of a row never move the loss, `OTHER_LABELS` if they never do so together with the row's label.

    Any loss that compares a row's scores with its own label has a mixed difference of the two that is not zero. A loss of the
    hardest rows leaves others out each time; none is left out in all `DRAWS` of scores and labels. Empty if neither holds, if it
    cannot be told, or if scores do not stand where their images do.
    """
    rows = place.value.shape[0]
    if not _stand_by_images(probe, place, rows):
        return ""
    moves, meets = np.zeros(rows, bool), np.zeros(rows, bool)
    for _ in range(DRAWS):
        sample = probe.sample(rows)
        scores, other = (probe.rng.standard_normal(place.value.shape) * 1.7 for _ in range(2))
        labels = probe.rng.integers(probe.classes, size=rows)
        others = (labels + probe.rng.integers(1, probe.classes, rows)) % probe.classes
        own = np.eye(rows, dtype=bool)
        nowhere = np.zeros(rows, bool)
        changes = [(nowhere, nowhere), (nowhere, nowhere), *((row, nowhere) for row in own)]
        changes += [(nowhere, row) for row in own] + [(row, row) for row in own]
        values = []
        for of_scores, of_labels in changes:
            told = type(sample)(sample.images, np.where(of_labels, others, labels))
            fed = np.where(of_scores.reshape(-1, *[1] * (scores.ndim - 1)), other, scores)
            value = probe.fetch(loss, {**probe.feed(told), place.scores: fed})
            if value is None or not np.isfinite(value).all():
                return ""
            values.append(float(np.asarray(value, np.float64).sum()))
        base, again, *rest = values
        by_scores, by_labels, by_both = np.split(np.array(rest) - base, 3)
        spread = np.abs(by_scores).max()
        if base != again or spread <= 1e-5 * abs(base):
            return ""  # chance has a part in it, or scores have none
        moves |= np.abs(by_scores) > 1e-4 * spread
        meets |= np.abs(by_both - by_scores - by_labels) > 1e-3 * spread
    return SOME_ROWS if not moves.all() else OTHER_LABELS if not meets.all() else ""


def forgets_later_rows(probe: GraphProbe, place: Place, loss: str) -> bool:
    """Whether rows behind those of a usual minibatch have no part in the loss: a batch size was written into it."""
    if place.form != "rows" or len(place.windows) > 1 or probe.batch is not None:
        return False
    sample = probe.sample(MANY)
    feeds = probe.feed(sample)
    fed = probe.rng.standard_normal((MANY, probe.classes)) * 1.7
    worst = fed.copy()  # the later rows are the worst by far: a loss of the hardest rows is of those
    worst[np.arange(USUAL, MANY), sample.labels[USUAL:]] = -WORST
    shape = (MANY, *place.value.shape[1:])
    once, again, changed = (
        probe.fetch(loss, {**feeds, place.scores: scores.reshape(shape)}) for scores in (fed, fed, worst)
    )
    if once is None or again is None or changed is None or not np.isfinite(once).all():
        return False
    return np.array_equal(once, again) and np.array_equal(once, changed)


def _stand_by_images(probe: GraphProbe, place: Place, rows: int) -> bool:
    """Whether an image moves the scores in its own row, and in no other."""
    one, two = probe.sample(rows), probe.sample(rows)
    before = probe.fetch(place.scores, probe.feed(one))
    for row in range(rows):
        images = np.where(np.arange(rows)[:, None] == row, two.images, one.images)
        after = probe.fetch(place.scores, probe.feed(type(one)(images, one.labels)))
        if before is None or after is None:
            return False
        moved = np.abs(after - before).reshape(rows, -1).max(axis=1)
        if not moved[row] or np.delete(moved, row).max(initial=0) > 1e-4 * moved[row]:
            return False
    return True


def _of_rows(graph: Graph, probe: GraphProbe, place: Place, loss: str, runs: Sequence[Run]) -> LossMatch | None:
    """The right loss of each row by itself, where it stands on the way: its rows are only weighted by each other then."""
    rows = len(runs[0][1])
    way = [f"{node.name}:0" for node in between(graph, place.scores, loss) if node.op != "Switch"][:MOST_ON_THE_WAY]
    sample = probe.sample(rows)
    fed = probe.rng.standard_normal((rows, probe.classes)) * 1.7
    expected = cross_entropy_rows(fed, sample.labels)
    feeds = {**probe.feed(sample), place.scores: fed.reshape(runs[0][0][0].shape)}
    for value in probe.run(way, feeds) or []:
        if value.size == rows and np.allclose(np.abs(value.reshape(-1)), expected, rtol=1e-3):
            totals = [run[-1].sum() for run, _ in runs]
            own = [cross_entropy_rows(as_rows(run[0], "rows", rows), labels).sum() for run, labels in runs]
            sign = float(np.sign(np.corrcoef(totals, own)[0, 1]))
            return LossMatch(CROSS_ENTROPY, sign or 1.0, 0.0, 0.0, "rows weighted by each other")
    return None
