"""What stands in the store, whether it can still be used, and why not: for people who look into it or make room."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netgrader.grading.stages import RUN, Options, run_context
from netgrader.grading.store import ABOUT, FORMAT, INPUTS
from netgrader.grading.verify_stage import VERDICTS, tests_hashes, verdict_context

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from netgrader.course import Assignment, Course

__all__ = ["Listed", "differences", "listed", "why_stale"]

WORDS = {
    "netgrader": "netgrader's own code is another",
    "data": "the training data is another",
    "code": "the notebook's code is another",
    "evidence": "what was handed over is another",
    "seed": "grader_tests/seed.txt is another",
    "sandbox": "it ran in another cage",
    "limits": "the limits are others",
    "run": "it is another run of the same notebook",
}


@dataclass(frozen=True)
class Listed:
    """An entry of the store.

    Attributes
    ----------
    folder
        Where it is.
    inputs
        What it was made from; empty if that cannot be read.
    made, seconds
        When, and how long it took.
    digest
        The hash of its content.
    size
        In bytes.
    problem
        Why it cannot be read, None if it can.
    """

    folder: Path
    stage: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    made: str = ""
    seconds: float = 0.0
    digest: str = ""
    size: int = 0
    problem: str | None = None


def listed(root: Path) -> Iterator[Listed]:
    """The entries of the store at `root`, the stages in order. Contents are not held against their hashes here."""
    for stage in (RUN, VERDICTS):
        for folder in sorted((root / stage).glob("??/*")):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            try:
                about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
                inputs = json.loads((folder / INPUTS).read_text(encoding="utf-8"))["inputs"]
                if about["format"] != FORMAT:
                    yield Listed(folder, stage, size=size, problem="it was written by another version of netgrader")
                else:
                    yield Listed(folder, stage, inputs, about["made"], about["seconds"], about["digest"], size)
            except (OSError, ValueError, KeyError, TypeError):
                yield Listed(folder, stage, size=size, problem="it is damaged")


def why_stale(course: Course, entry: Listed, options: Options, digests: Sequence[str] = ()) -> tuple[str, ...]:
    """Why no submission of the course as it is now can have this entry as its result; empty if one can.

    Parameters
    ----------
    digests
        Of the runs that are in the store: verdicts on another one are of no use.
    """
    if entry.problem is not None:
        return (entry.problem,)
    assignments = course.own_assignments
    reasons = [
        reason for assignment in assignments for reason in _reasons(assignment, entry, options, frozenset(digests))
    ]
    if not reasons:
        return ("the course has no such notebook any more",)
    return min(reasons, key=len)


def _reasons(
    assignment: Assignment, entry: Listed, options: Options, digests: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    """The reasons for each notebook that the entry may belong to."""
    for notebook in assignment.notebooks:
        if entry.stage == RUN:
            if entry.inputs.get("notebook") == notebook:
                now = {**entry.inputs, **run_context(assignment, notebook, options)}
                yield differences(entry.inputs, now)
            continue
        tests = tests_hashes(assignment, notebook)
        before = entry.inputs.get("tests", {})
        if set(before) & (set(tests) - {"exercises.toml", "hidden.toml"}):
            context = verdict_context(assignment, options)
            seed = entry.inputs.get("seed")  # further runs of one notebook have others
            now = {**entry.inputs, **context, "tests": tests, "seed": seed}
            gone = () if entry.inputs.get("evidence") in digests else ("the run that it is on is gone",)
            yield (*differences(entry.inputs, now), *gone)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between the inputs of two results, in words."""
    said: list[str] = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            said += [
                _detail(name, key, old.get(key), new.get(key))
                for key in sorted({*old, *new})
                if old.get(key) != new.get(key)
            ]
        else:
            said.append(WORDS.get(name, f"{name} is another"))
    return tuple(said)


def _detail(name: str, key: str, old: object, new: object) -> str:
    if name == "versions":
        return f"{key} was {old}, and is {new}"
    if name == "limits":
        return f"the limit {key} was {old}, and is {new}"
    if old is None:
        return f"{key} is new"
    if new is None:
        return f"{key} is gone"
    return f"{key} has changed"
