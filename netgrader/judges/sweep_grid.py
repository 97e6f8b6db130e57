"""Whether a sweep's values are those that were asked for, and the best one is the one that it shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from netgrader.checks.exercises import trained_at
from netgrader.checks.language import fail, fail_all
from netgrader.checks.wording import percent
from netgrader.faults import Severity, fault
from netgrader.judges.answers import opened, shaped
from netgrader.judges.arrays import data_as_handed
from netgrader.judges.sweeps import (
    HARDLY_LEARNED,
    MOST_PROVEN,
    MOST_TRAINED,
    is_rate,
    is_value,
    student_sweep,
    sweep_cell,
)
from netgrader.judges.swept import swept
from netgrader.phrases import say
from netgrader.reader import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.checks.context import TestContext
    from netgrader.judges.sweeps import StudentSweep

__all__ = ["doubts", "require_best", "require_chosen", "require_grid", "require_wide"]

SLACK = 0.01  # of a width that is asked for
TEST_ROWS, FAR = 1_000, 0.05  # test images by which an accuracy is told from what is none, and by how much it differs
ALIKE = 0.02  # by which accuracies at rates decades apart differ at least, from run to run alone often by half of it


def require_wide(sweep: StudentSweep, rates: int, decades: float) -> None:
    """End the test unless there are at least so many rates over at least so many decades, each with its accuracy.

    One that is written the wrong way round has all that was asked for, and loses half of this.
    """
    different = len(np.unique(sweep.rates))
    width = math.log10(sweep.rates[-1] / sweep.rates[0])
    if different < rates or width < decades - SLACK:
        found = say("{1} rates over {2:.1f} decades", different, width)
        fail(
            "sweep-too-narrow",
            found=found,
            expected=say("{1} rates or more over {2:g} decades or more", rates, decades),
        )
    _require_order(sweep)


def _require_order(sweep: StudentSweep) -> None:
    if sweep.exchanged:
        expected = say("a dict of {1} → test accuracy", sweep.asked.words)
        found = say("a dict of test accuracy → {1}", sweep.asked.words)
        fail_all([fault("wrong-return", found=found, expected=expected, severity=Severity.SLIGHT)], share=0.5)


def require_grid(sweep: StudentSweep) -> None:
    """End the test unless the values are those that the exercise's table asks for: how many, and how far apart."""
    asked, rates = sweep.asked, sweep.rates
    different, least, most = len(np.unique(rates)), float(rates[0]), float(rates[-1])
    if asked.is_rate:
        require_wide(sweep, asked.values, asked.decades)
    low, high = asked.between or (0.0, math.inf)
    if not (low <= least and most <= high):
        beyond = least if least < low else most
        fail("sweep-too-narrow", found=f"{beyond:g}", expected=say("values from {1:g} to {2:g}", low, high))
    if asked.is_rate:
        return
    if different < asked.values:
        expected = say("{1} values or more of the {2}", asked.values, asked.words)
        fail("sweep-too-narrow", found=say("{1} values", different), expected=expected)
    if most - least < asked.span * (1 - SLACK):
        found = say("values from {1:g} to {2:g}", least, most)
        fail("sweep-too-narrow", found=found, expected=say("values that lie {1:g} apart or more", asked.span))
    decades = math.log10(most / least) if least > 0 else math.inf if most > 0 else 0.0
    if decades < asked.decades - SLACK:
        found = say("values over {1:.1f} decades", decades)
        fail("sweep-too-narrow", found=found, expected=say("{1:g} decades or more", asked.decades))
    _require_order(sweep)


def require_best(sweep: StudentSweep) -> None:
    """End the test unless the chosen rate is one of the sweep's that its exercise calls the best.

    That is the one whose accuracy is, within chance, the highest, unless the exercise prefers small or large ones.
    """
    fail_all([sweep.odd] if sweep.odd and not sweep.of_shares else [])
    known = np.isclose(sweep.rates, sweep.best, rtol=1e-3, atol=0)
    top = float(np.nanmax(sweep.accuracies, initial=-math.inf))
    if not known.any():
        one = "one of the rates of your sweep" if sweep.asked.is_rate else "one of the values of your sweep"
        fail("best-not-from-sweep", found=f"{sweep.best:.3g}", expected=one)
    chosen = float(np.nanmax(sweep.accuracies[known], initial=-math.inf))
    if sweep.asked.prefer:
        _require_preferred(sweep, top, chosen)
    elif not sweep.asked.is_rate and chosen < top - sweep.tie:
        value = sweep.rates[np.nanargmax(sweep.accuracies)]
        fail(
            "best-not-from-sweep",
            found=say("{1:.3g} with {2:.4f}", sweep.best, chosen),
            expected=say("the value with the highest accuracy, {1:.3g} with {2:.4f}", value, top),
        )
    elif chosen < top - sweep.tie:
        rate = sweep.rates[np.nanargmax(sweep.accuracies)]
        lowest = "{1:.3g} with {2:.4f}, the lowest: the best of losses, and of accuracies the worst"
        fail(
            "best-not-from-sweep",
            found=say(lowest if chosen <= np.nanmin(sweep.accuracies) else "{1:.3g} with {2:.4f}", sweep.best, chosen),
            expected=say(
                "the rate with the highest accuracy, {1:.3g} with {2:.4f}: max(sweep, key=sweep.get)", rate, top
            ),
        )
    if sweep.asked.inside and not sweep.rates[0] < sweep.best < sweep.rates[-1]:
        found = say(
            "{1:.3g} at the edge, in values from {2:.3g} to {3:.3g}", sweep.best, sweep.rates[0], sweep.rates[-1]
        )
        fail("sweep-too-narrow", found=found, expected="a sweep with values on both sides of the best")


def _require_preferred(sweep: StudentSweep, top: float, chosen: float) -> None:
    """End the test unless the chosen value is the smallest, or largest, whose accuracy is near the highest one.

    What chance may have moved over the line, to either side, is no mistake.
    """
    asked, near = sweep.asked, sweep.accuracies >= top - sweep.asked.within
    surely = sweep.rates[sweep.accuracies >= top - asked.within + sweep.tie]
    sign = 1 if asked.prefer == "smallest" else -1
    passed_over = min(sign * surely, default=math.inf) < sign * sweep.best * (1 - sign * 1e-3)
    if chosen < top - asked.within - sweep.tie or passed_over:
        value = sign * float(min(sign * sweep.rates[near]))
        words = "the smallest value" if asked.prefer == "smallest" else "the largest value"
        fail(
            "best-not-from-sweep",
            found=say("{1:.3g} with {2:.4f}", sweep.best, chosen),
            expected=say("{1} that comes within {2:g} of the highest accuracy, {3:.3g}", words, asked.within, value),
        )


def require_chosen(bench: TestContext) -> None:
    """End the test unless a learning rate, or whatever is swept, was chosen."""
    asked = swept(bench.exercises)
    best = bench.evidence(sweep_cell(bench)).fact(asked.best)
    if not is_value(best, asked):
        one = "one of the rates of your sweep" if asked.is_rate else "one of the values of your sweep"
        low = asked.is_rate and isinstance(best, int | float) and best <= 0  # which may well be one of the sweep
        fail("best-not-from-sweep", found=best, expected="positive learning rates" if low else one)


def doubts(bench: TestContext) -> Iterator[tuple[str, str]]:
    """Yield why a sweep that is in order as far as it goes does not show which value is best: what is there, what should be."""
    sweep = student_sweep(bench)
    if bench.evidence(sweep_cell(bench)).raw.facts.get("text") is True:
        yield say("text, in quotes"), say("numbers, which a network can be built with")
    low, high = float(np.nanmin(sweep.accuracies)), float(np.nanmax(sweep.accuracies))
    between = sweep.accuracies[1:-1]
    if high < sweep.spec.above_chance(HARDLY_LEARNED):
        yield (
            say("an accuracy of {1:.3f} at best, hardly more than by guessing", high),
            say("networks that are trained before their accuracy is taken"),
        )
    elif high - low < ALIKE:
        yield (
            say("accuracies from {1:.3f} to {2:.3f}, hardly different", low, high),
            say("clearly lower ones at both ends, each from a network built with its own value"),
        )
    elif not sweep.asked.prefer and not (len(between) and np.nanmax(between) >= high - sweep.tie):
        other = _measured_otherwise(bench, sweep)
        if other is not None:
            yield (
                say(
                    "{2:.4f} at {1:.3g}, where your network gets {3} of test images right",
                    *other[:2],
                    percent(other[2], 0),
                ),
                say("accuracies on the test images, taken after the training: no losses"),
            )
        else:
            ends = sweep.rates[0], sweep.rates[-1]
            yield (
                say("{1:.3g} at the edge, in values from {2:.3g} to {3:.3g}", sweep.best, *ends),
                say("a sweep with values on both sides of the best"),
            )
    trained = _trained_rates(bench, sweep)
    if trained is not None and trained < min(len(np.unique(sweep.rates)), MOST_PROVEN):
        yield (
            say(
                "results at {1} rates, and networks that your sessions trained at {2} of them",
                len(sweep.rates),
                trained,
            ),
            say("at each rate a network of its own, built with it, in a session that begins anew"),
        )


def _measured_otherwise(bench: TestContext, sweep: StudentSweep) -> tuple[float, float, float] | None:
    """Return a rate, its accuracy in the sweep and what was trained at it reaches, where at no rate the two are near."""
    graphs = bench.evidence(sweep_cell(bench)).raw.graphs
    trained = [graphs[name] for name in map(trained_at, range(MOST_TRAINED)) if name in graphs]
    data = data_as_handed(bench) or bench.dataset
    rows = slice(None, None, max(1, len(data.x_test) // TEST_ROWS))
    pixels, labels = data.prepared(data.x_test[rows]), data.y_test[rows]
    found: dict[float, tuple[float, float, float]] = {}
    for graph in trained if sweep.asked.is_rate else ():
        rate = graph.about.get("learning_rate")
        known = rate if is_rate(rate) else np.nan
        at = np.flatnonzero(np.isclose(sweep.rates, known, rtol=1e-4, atol=0))
        if not len(at):
            continue
        try:
            with opened(bench.lab, graph) as session:
                feeds = {graph.parts["X"]: shaped(graph, pixels), **graph.eval_feed}
                logits = np.asarray(session.run([graph.parts["logits"]], feeds)[0])
        except (LabError, KeyError):
            return None  # what cannot be looked at says nothing
        if logits.ndim != 2 or len(logits) != len(labels):
            return None
        one = float(sweep.rates[at[0]]), float(sweep.accuracies[at[0]]), float(np.mean(logits.argmax(axis=1) == labels))
        found[one[0]] = min(found.get(one[0], one), one, key=lambda known: abs(known[1] - known[2]))
    if len(found) < len(np.unique(sweep.rates)) or any(abs(said - true) < FAR for _, said, true in found.values()):
        return None
    return max(found.values(), key=lambda known: abs(known[1] - known[2]))


def _trained_rates(bench: TestContext, sweep: StudentSweep) -> int | None:
    """Return at how many of the rates sessions trained a network; None where older sessions may be forgotten.

    One whose rate a graph does not tell may have been trained at any of them.
    """
    raw = bench.evidence(sweep_cell(bench)).raw
    sessions = raw.facts.get("sessions")
    if not sweep.asked.is_rate or not isinstance(sessions, dict) or sessions.get("all") is not True:
        return None
    said = [
        raw.graphs[name].about.get("learning_rate")
        for name in map(trained_at, range(MOST_TRAINED))
        if name in raw.graphs
    ]
    rates = [rate for rate in said if is_rate(rate)]
    named = [one for one in np.unique(sweep.rates) if any(math.isclose(one, rate, rel_tol=1e-4) for rate in rates)]
    return len(named) + len(said) - len(rates)
