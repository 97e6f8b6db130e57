"""Charts of a class: scores, cells, accuracy over learning rate and width, everybody's sweeps."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader import observations as seen
from netgrader.pages import charts, words
from netgrader.pages.feedback_view import Figure, Numbers
from netgrader.pages.report_view import score_of
from netgrader.pages.shell import number, percent, piece
from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netgrader.pages.graded import Graded
    from netgrader.pages.report_view import ClassView

__all__ = ["class_charts", "distribution"]

UNDECIDED = frozenset({"ungraded", str(Outcome.UNGRADABLE)})
"""States of a cell whose points say nothing of how hard it is."""
MOST_BINS = 10
ROUNDING = 1e-6
LABEL_CHARACTERS = 44
MOST_NUMBERS = 400


def class_charts(view: ClassView) -> tuple[Figure, ...]:
    """The charts that the class has something for, beside the distribution of its scores."""
    made = (_cells(view), *_figures(view), _sweeps(view))
    return tuple(chart for chart in made if chart is not None)


def distribution(view: ClassView) -> Figure | None:
    """How many have how many points; None if nobody was graded."""
    scores = [student.total for student in view.students if student.total is not None]
    most = sum(columns.max_points for columns in view.notebooks)
    if not scores or most <= 0:
        return None
    width = max(1, math.ceil(most / MOST_BINS))
    bins = math.ceil(most / width)
    counts = [0] * bins
    within = [score for score in scores if score <= most + ROUNDING]
    for score in within:
        counts[min(bins - 1, max(0, int(score / width)))] += 1
    bars = [
        charts.Bar(
            f"{index * width}\u2013{number(min(most, (index + 1) * width))}",
            float(count),
            words.counted(
                words.DISTRIBUTION_NOTE, count, low=index * width, high=number(min(most, (index + 1) * width))
            ),
        )
        for index, count in enumerate(counts)
    ]
    above = len(scores) - len(within)
    if above:
        said = words.counted(words.DISTRIBUTION_MORE, above, most=number(most))
        bars.append(charts.Bar(f"> {number(most)}", float(above), said))
    every = 2 if sum(len(bar.label) for bar in bars) > LABEL_CHARACTERS else 1
    picture = charts.bars(words.DISTRIBUTION, bars, words.DISTRIBUTION_X, words.DISTRIBUTION_Y, every=every)
    return Figure("bars", words.DISTRIBUTION, picture)


def _cells(view: ClassView) -> Figure | None:
    """The share of its points that each cell earned over those who were graded there."""
    rows = []
    for columns in view.notebooks:
        for column in columns.columns:
            scores = [score_of(student.notebooks.get(columns.notebook), column) for student in view.students]
            points = [one.points for one in scores if one.points is not None and one.state not in UNDECIDED]
            if points and column.max_points:
                rows.append((column.name, statistics.mean(min(1.0, max(0.0, p / column.max_points)) for p in points)))
    if not rows:
        return None
    bars = [(name, percent(share, 0), round(100 * share, 1)) for name, share in rows]
    return Figure("shares", words.PER_CELL, piece("shares", bars), (words.PER_CELL_NOTE,))


def _networks(
    view: ClassView, figure: Callable[[Graded], float | None]
) -> Iterator[tuple[str, str, float, seen.NetworkDrawing]]:
    """For each notebook with this `figure`: which, whose, what it is, and the network that it is of."""
    for student in view.students:
        for notebook, graded in student.notebooks.items():
            found = figure(graded)
            networks = [
                one
                for cell in graded.observations.values()
                for one in cell
                if isinstance(one, seen.NetworkDrawing) and not one.asked
            ]
            if found is not None and networks:
                yield notebook, student.shown, found, networks[-1]


@dataclass(frozen=True)
class _Measured:
    """What networks are compared by: how to get it, its axis, and what is said of it over the learning rate and the width."""

    figure: Callable[[Graded], float | None]
    label: str
    captions: tuple[str, str]
    note: str
    percent: bool


def _figures(view: ClassView) -> Iterator[Figure]:
    """Accuracies, and errors where targets are numbers, over how networks are built."""
    units = {graded.unit for student in view.students for graded in student.notebooks.values() if graded.unit}
    error = f"{words.ERROR}, {units.pop()}" if len(units) == 1 else words.ERROR
    for measured in (
        _Measured(
            lambda graded: graded.accuracy,
            words.ACCURACY,
            (words.ACCURACY_RATE, words.ACCURACY_WIDTH),
            words.ACCURACY_RATE_NOTE,
            percent=True,
        ),
        _Measured(
            lambda graded: graded.error,
            error,
            (words.ERROR_RATE, words.ERROR_WIDTH),
            words.ERROR_RATE_NOTE,
            percent=False,
        ),
    ):
        by_rate: dict[str, list[charts.Dot]] = {}
        by_width: dict[str, list[charts.Dot]] = {}
        for notebook, name, found, network in _networks(view, measured.figure):
            if network.learning_rate and network.learning_rate > 0:
                by_rate.setdefault(notebook, []).append(charts.Dot(name, network.learning_rate, found))
            width = _width(network)
            if width:
                by_width.setdefault(notebook, []).append(charts.Dot(name, float(width), found))
        for groups, label, caption, note in zip(
            (by_rate, by_width),
            (words.RATE, words.WIDTH),
            measured.captions,
            (measured.note, words.ACCURACY_WIDTH_NOTE),
            strict=True,
        ):
            if groups:
                yield _scatter(caption, note, groups, label, (measured.label, measured.percent))


def _scatter(
    caption: str, note: str, groups: Mapping[str, Sequence[charts.Dot]], x_label: str, up: tuple[str, bool]
) -> Figure:
    """Dots over a logarithmic axis; `up` is the label of the other one, and whether it is in percent."""
    everything = [dot for group in groups.values() for dot in group]
    y_label, in_percent = up
    x = charts.axis(x_label, (dot.x for dot in everything), log=True)
    y = charts.axis(y_label, (dot.y for dot in everything), percent=in_percent)
    ordered = dict(sorted(groups.items()))
    rows = sorted(everything, key=lambda dot: (dot.x, dot.y, dot.name))
    numbers = Numbers(
        (x_label, y_label, words.STUDENT),
        tuple((x.words(dot.x), y.words(dot.y), dot.name) for dot in rows[:MOST_NUMBERS]),
    )
    legend = tuple(ordered) if len(ordered) > 1 else ()
    picture = charts.dots(caption, list(ordered.values()), x, y)
    return Figure("dots", caption, picture, (note,), legend, numbers=numbers)


def _width(network: seen.NetworkDrawing) -> int | None:
    """The widest hidden layer; the output layer where there is no other."""
    hidden = network.widths[:-1] or network.widths
    known = [width for width in hidden if width]
    return max(known) if known else None


def _sweeps(view: ClassView) -> Figure | None:
    groups: dict[str, list[charts.Dot]] = {}
    for student in view.students:
        for notebook, graded in student.notebooks.items():
            for one in itertools.chain.from_iterable(graded.observations.values()):
                if isinstance(one, seen.Sweep):
                    groups.setdefault(notebook, []).extend(
                        charts.Dot(student.shown, rate, accuracy)
                        for rate, accuracy in zip(one.rates, one.accuracies, strict=True)
                        if rate > 0 and accuracy is not None and 0 <= accuracy <= 1
                    )
    return (
        _scatter(words.SWEEPS, words.SWEEPS_NOTE, groups, words.RATE, (words.ACCURACY, True))
        if any(groups.values())
        else None
    )
