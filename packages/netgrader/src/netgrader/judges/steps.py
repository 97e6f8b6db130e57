"""Whether `train` ran: errors, initialization, steps, epochs, finite losses, unchanged graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from graphread.text import Plural, Said, Text
from netgrader.checks.advice import NOT_AS_MANY, advice
from netgrader.checks.diagnose import explain, said_of
from netgrader.faults import Severity, fault
from netgrader.judges.aspects import Aspect, LoopFinding
from netgrader.judges.notes import Asked
from netgrader.judges.subject import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.evidence import ProbeError
    from netgrader.faults import Fault
    from netgrader.judges.log import Int
    from netgrader.judges.subject import Subject

__all__ = ["SESSIONS", "error_fault", "judge_graph", "judge_run"]

NAME = "train"
SESSIONS = {True: Text("a closed session, which later cells cannot use"), False: Text("an open one")}
INITIALISER = r"(?:Operation '|name: \")(?:\w+/)*(?:init|group_deps)(?:_\d+)?['\"]"
# Variables of optimizers; the instrument has none, since its steps are functions.
OF_OPTIMIZERS = r"uninitialized value \S*(?:beta\d_power|Adam|Momentum|Adagrad|RMSProp)"
OF_SHAPES = re.compile(f"Cannot feed value of shape|{NOT_AS_MANY}")
STEPS = Text("steps of net.train_op")
MEANINGS: tuple[tuple[re.Pattern[str], str, Said, Said], ...] = (
    (
        re.compile(f"{INITIALISER}.*is not an element of this graph", re.DOTALL),
        "not-initialised",
        Text("an initializer made outside net.graph"),
        "with net.graph.as_default():",
    ),
    (
        re.compile("No gradients provided"),
        "train-op-not-run",
        Text("an optimizer of its own, for something that does not depend on the weights"),
        STEPS,
    ),
    (
        re.compile(f"No variables to optimize|{OF_OPTIMIZERS}"),
        "train-op-not-run",
        Text("an optimizer of its own"),
        STEPS,
    ),
)
"""Errors before the first step: a pattern, the fault's code, found and expected text."""
EPOCHS = Plural("1 epoch", "{number} epochs")
AN_END = Plural("1 epoch and then an end", "{number} epochs and then an end")
OF_STEPS = Plural("1 epoch of steps", "{number} epochs of steps")
STEPS_TAKEN = Plural("1 step in {message} seconds of computing", "{number} steps in {message} seconds of computing")
AGAIN = Plural("once again after the first step", "{number} times again after the first step")
DOES_NOT_END = "DoesNotEnd"  # the instrument's own error; its message is the seconds of computing


def error_fault(subject: Subject) -> Fault | None:
    """Return the exception of `train` as a fault; None if there was none."""
    error = subject.call.error
    if error is None:
        return None
    place = ": ".join(filter(None, (NAME, error.line)))
    if error.kind == DOES_NOT_END:
        found = STEPS_TAKEN.of(len(subject.course.steps), message=error.message)
        return fault("training-does-not-end", found=found, expected=AN_END.of(subject.call.n_epochs))
    if "uninitialized" in error.message and len(subject.course.steps):
        return fault(
            "evaluated-in-fresh-session",
            found=Text("a session without values"),
            expected=Text("the one given to {name}", name=NAME),
        )
    known = None if len(subject.call.steps) else _before_a_step(error.message, place)
    return known or _of_what_is_run(error, place) or explain(error, NAME)


def _of_what_is_run(error: ProbeError, place: str) -> Fault | None:
    """Return the fault for a rejected feed: the instrument's graph is right, so the run or feed is not."""
    if OF_SHAPES.search(error.message):
        code = "labels-not-one-hot" if re.search(r"Tensor '?Y:0", error.message) else "error-in-code"
        found = said_of(error.kind, error.message)
        return fault(code, found=found, place=place, advice=advice(error.message, error.line))
    return None


def _before_a_step(message: str, place: str) -> Fault | None:
    """Return the fault for an error about the instrument before any step; None if unknown."""
    for pattern, code, found, expected in MEANINGS:
        if pattern.search(message):
            return fault(code, found=found, expected=expected, place=place)
    return None


def judge_run(
    subject: Subject, error: Fault | None, *, steps_elsewhere: bool, only_one: bool = False
) -> Iterator[LoopFinding]:
    """Judge initialization, steps and epochs.

    Parameters
    ----------
    error
        The fault of `error_fault`.
    steps_elsewhere
        Whether another call took steps.
    only_one
        Whether all calls run one epoch for any required number, which spoils a training.
    """
    call, course = subject.call, subject.course
    if error is not None:
        yield LoopFinding(Aspect.RUN, error, share=0.5 if len(course.epochs) >= call.n_epochs else 0.0)
    if not len(call.steps):
        if error is None:
            yield _no_step(subject, steps_elsewhere)
        return
    if call.own_optimizer:
        found = Text("steps by an optimizer of its own, which knows nothing of the network's learning rate")
        yield finding(Aspect.RUN, "train-op-not-run", share=0.25, found=found, expected=Text("steps of net.train_op"))
    yield from _initialisation(subject)
    yield from _number_of_epochs(subject, Severity.FATAL if only_one else None)
    losses = call.loss[course.steps]
    if not np.isfinite(losses).all():
        first = int(np.argmin(np.isfinite(losses)))
        found = Text("loss {losses} in step {first:,}", losses=losses[first], first=first + 1)
        yield finding(Aspect.RUN, "loss-not-finite", share=0.5, found=found)
    elif error is None:
        yield from _left_behind(subject)


def _number_of_epochs(subject: Subject, severity: Severity | None) -> Iterator[LoopFinding]:
    """Judge the number of epochs; `severity` replaces the usual one if it is wrong."""
    done, asked = len(subject.course.epochs), subject.call.n_epochs
    if done != asked:
        code = "too-few-epochs" if done < asked else "too-many-epochs"
        found, expected = OF_STEPS.of(done), OF_STEPS.of(asked)
        yield finding(Aspect.RUN, code, share=0.5, found=found, expected=expected, severity=severity)


def _no_step(subject: Subject, steps_elsewhere: bool) -> LoopFinding:
    call = subject.call
    if steps_elsewhere:
        expected = OF_STEPS.of(call.n_epochs)
        return finding(Aspect.RUN, "too-few-epochs", share=0.25, found=Text("no epoch"), expected=expected)
    found = Text("no step of net.train_op")
    return finding(Aspect.RUN, "train-op-not-run", found=found, expected=OF_STEPS.of(call.n_epochs))


def _initialisation(subject: Subject) -> Iterator[LoopFinding]:
    """Judge whether the weights are initialized before the first step, and not again."""
    call, course = subject.call, subject.course
    first = np.append(course.steps, call.steps)[0]
    others = np.flatnonzero((call.asked & Asked.INITIALISE) == 0)
    later = np.append(others, -1)[np.searchsorted(others, call.initialisations[call.initialisations > first])]
    again = int(np.isin(later, course.steps).sum())  # steps after an initializer; evaluations are judged elsewhere
    starts = [call.state[epoch.steps[0]] for epoch in course.epochs]
    reset = len(starts) > 1 and _moves(subject) and bool(np.isclose(starts[1:], starts[0], rtol=1e-6).all())
    if again or reset:
        found = AGAIN.of(again or len(starts) - 1)
        yield finding(
            Aspect.RUN, "reinitialised-each-epoch", share=0.5, found=found, expected=Text("once, before the loop")
        )


def _moves(subject: Subject) -> bool:
    """Whether the weights changed at all: steps on zeros leave them unchanged."""
    states = subject.call.state[subject.course.steps[0] :]
    return len(np.unique(states[np.isfinite(states)])) > 1


def _left_behind(subject: Subject) -> Iterator[LoopFinding]:
    """Judge whether the session passed to `train` holds the trained weights."""
    call = subject.call
    untrained = call.state[subject.course.steps[0]]
    if np.isnan(call.final) or (_moves(subject) and np.isclose(call.final, untrained, rtol=1e-6)):
        yield finding(
            Aspect.RUN,
            "another-session",
            share=0.5,
            found=Text("untrained weights in the session that train was given"),
            expected=Text("the weights that it trained"),
        )
    if call.closed:
        yield finding(Aspect.RUN, "session-closed", share=1.0, found=SESSIONS[True], expected=SESSIONS[False])


def judge_graph(subject: Subject) -> Iterator[LoopFinding]:
    """Judge whether the graph grows after everything has run once."""
    call, epochs = subject.call, subject.course.epochs
    if not epochs:
        return
    grown = np.flatnonzero(np.diff(call.version) > 0) + 1
    # An initializer made in the loop is charged as reinitialization.
    grown = grown[(call.asked[grown] & Asked.INITIALISE) == 0]
    first = epochs[0].steps
    within = _between(grown, first[0] + 1, first[-1])
    done = np.concatenate([first, epochs[0].evaluations])[-1]
    later = _between(grown, done + 1, len(call.version))
    if len(within) > 2 or (len(later) and len(epochs) > 1):
        added = int(call.version[-1] - call.version[first[0]])
        found = Text("{added:,} operations added during {epochs}", added=added, epochs=EPOCHS.of(len(epochs)))
        yield finding(Aspect.GRAPH, "graph-grows", found=found, expected=Text("none"))


def _between(runs: Int, first: int, last: int) -> Int:
    return runs[(runs >= first) & (runs <= last)]
