"""``netgrader store``: what is kept of gradings, what of it is stale and why, and how to make room."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from netgrader.commands.choose import moment
from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.grading.stages import RUN, Options, run_context
from netgrader.grading.store import ABOUT, FORMAT, INPUTS, open_store
from netgrader.grading.verify_stage import VERDICTS, tests_hashes, verdict_context

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgrader.course import Course

__all__ = ["run"]

STAGES = {RUN: "runs of notebooks", VERDICTS: "verdicts"}
MOST_REASONS = 8
WORDS = {
    "netgrader": "netgrader's own code is another",
    "data": "the training data is another",
    "seed": "grader_tests/seed.txt is another",
    "sandbox": "it ran in another cage",
}


@dataclass(frozen=True)
class _Listed:
    """An entry of the store: its folder, when it was made (ISO 8601), its size in bytes, and why it is stale if it is."""

    stage: str
    folder: Path
    size: int
    stale: tuple[str, ...]
    made: str = ""


def run(sandbox: str, *, prune: bool = False, before: str | None = None) -> int:
    """List what there is, or remove what is stale, and with `before` all that was made before that time; the exit code."""
    course, out = find_course(), console()
    limit = moment(before) if before else None
    store = open_store(course)
    entries = list(_listed(course, store.root, Options(sandbox=sandbox)))
    if not prune:
        out.print(f"Store: {store.root}", soft_wrap=True, markup=False)
        table = Table("", "entries", "MB", "oldest", "stale")
        for stage, name in STAGES.items():
            own = [entry for entry in entries if entry.stage == stage]
            oldest = min((entry.made for entry in own if entry.made), default="")
            table.add_row(name, str(len(own)), _mb(own), oldest[:10], str(sum(bool(entry.stale) for entry in own)))
        out.print(table)
        reasons = Counter(reason for entry in entries for reason in entry.stale)
        for reason, number in reasons.most_common(MOST_REASONS):
            out.print(f"stale, {number} times: {reason}", markup=False)
        if reasons:
            out.print("What is stale is never used; netgrader store --prune removes it.")
        return 0
    gone = []
    for entry in entries:
        why = entry.stale
        if not why and limit is not None and entry.made and datetime.fromisoformat(entry.made) < limit:
            why = (f"made on {entry.made[:10]}",)
        if why:
            gone.append(entry)
            store.remove(entry.folder)
            out.print(f"{escape(entry.stage)} {entry.folder.name[:12]}: {escape(why[0])}")
    store.clean()
    out.print(f"{len(gone)} of {len(entries)} entries removed, {_mb(gone)} MB.")
    return 0


def _mb(entries: list[_Listed]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:.0f}"


def _listed(course: Course, root: Path, options: Options) -> Iterator[_Listed]:
    """Yield the entries of the store at `root`, the stages in order; contents are not held against their hashes here."""
    notebooks: dict[str, str] = {}  # of runs, by the hash of what came out of them
    for stage in STAGES:
        for folder in sorted((root / stage).glob("??/*")):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            try:
                about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
                inputs = json.loads((folder / INPUTS).read_text(encoding="utf-8"))["inputs"]
                if about["format"] != FORMAT:
                    yield _Listed(stage, folder, size, ("it was written by another version of netgrader",))
                    continue
                if stage == RUN:
                    notebooks[about["digest"]] = inputs["notebook"]
                notebook = inputs["notebook"] if stage == RUN else notebooks.get(inputs["evidence"])
                yield _Listed(stage, folder, size, _why_stale(course, stage, inputs, notebook, options), about["made"])
            except (OSError, ValueError, KeyError, TypeError):
                yield _Listed(stage, folder, size, ("it is damaged",))


def _why_stale(
    course: Course, stage: str, inputs: Mapping[str, Any], notebook: str | None, options: Options
) -> tuple[str, ...]:
    """Return why no submission of the course as it is now can have this result; nothing if one can."""
    if notebook is None:
        return ("the run that it is on is gone",)
    found = []
    for assignment in course.own_assignments:
        if notebook in assignment.notebooks:
            now = run_context(assignment, notebook, options)
            if stage == VERDICTS:
                now = {**verdict_context(assignment, options), "tests": tests_hashes(assignment, notebook)}
                del now["seed"]  # further runs of a notebook have others
            found.append(tuple(_differences(inputs, now)))
    return min(found, key=len, default=("the course has no such notebook any more",))


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs of a result's inputs from what they would be now, in words."""
    for name, new in now.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    yield _detail(name, key, old.get(key), new.get(key))
        elif old != new:
            yield WORDS.get(name, f"{name} is another")


def _detail(name: str, key: str, old: object, new: object) -> str:
    if name in {"versions", "limits"}:
        return f"{'the limit ' if name == 'limits' else ''}{key} was {old}, and is {new}"
    if None in {old, new}:
        return f"{key} is {'new' if old is None else 'gone'}"
    return f"{key} has changed"
