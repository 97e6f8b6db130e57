"""``netgrader store``: show the size of the cache and its stale part; prune it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from netgrader.commands.show import console
from netgrader.files import folder_size
from netgrader.grading.budget import drop_replaced
from netgrader.grading.result_store import ABOUT, FORMAT, INPUTS, REPLACED, UNFINISHED, in_use, open_store
from netgrader.grading.stages import RUN, Options, run_context
from netgrader.grading.verify_stage import VERDICTS, tests_hashes, verdict_context
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgrader.course import Course

__all__ = ["run"]

STAGES = {
    RUN: "runs of notebooks",
    VERDICTS: "verdicts",
    UNFINISHED: "runs under way, or killed",
    REPLACED: "submissions that newer ones replaced",
}


@dataclass(frozen=True)
class _Listed:
    """An entry of the store: its folder, its size in bytes, and whether it is stale."""

    stage: str
    folder: Path
    size: int
    stale: bool


def run(sandbox: str, *, prune: bool = False) -> int:
    """Print the entries of the store, or remove stale ones; return the exit code."""
    course, out = find_course(), console()
    store = open_store(course)
    entries = list(_listed(course, store.root, Options(sandbox=sandbox)))
    stale = [entry for entry in entries if entry.stale]
    if prune:
        for entry in stale:
            store.remove(entry.folder)
        store.clean()
        drop_replaced(course, store)
        out.print(f"{len(stale)} of {len(entries)} entries removed, {_mb(stale)} MB.")
        return 0
    out.print(f"Store: {store.root}", soft_wrap=True)
    table = Table("", "entries", "MB", "stale", "MB")
    for stage, name in STAGES.items():
        own, old = ([entry for entry in some if entry.stage == stage] for some in (entries, stale))
        table.add_row(name, str(len(own)), _mb(own), str(len(old)), _mb(old))
    out.print(table)
    if stale:
        out.print("What is stale is never used; netgrader store --prune removes it.")
    return 0


def _mb(entries: list[_Listed]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:.0f}"


def _listed(course: Course, root: Path, options: Options) -> Iterator[_Listed]:
    """Yield the entries of the store at `root`, stage by stage; hashes are not verified here."""
    notebooks: dict[str, str] = {}  # of runs that are not stale, by the digest of their results
    for stage in STAGES:
        for folder in sorted((root / stage).glob("*/*")):
            try:
                about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
                inputs = json.loads((folder / INPUTS).read_text(encoding="utf-8"))["inputs"]
                notebook = inputs["notebook"] if stage == RUN else notebooks.get(inputs["evidence"])
                stale = about["format"] != FORMAT or _is_stale(course, stage, inputs, notebook, options)
                if stage == RUN and not stale:
                    notebooks[about["digest"]] = inputs["notebook"]
            except (OSError, ValueError, KeyError, TypeError):
                stale = not in_use(folder.name)  # damaged, killed or replaced
            yield _Listed(stage, folder, folder_size(folder), stale)


def _is_stale(course: Course, stage: str, inputs: Mapping[str, Any], notebook: str | None, options: Options) -> bool:
    """Whether no current submission can have this result: its run or an input is gone."""
    for assignment in course.own_assignments:
        if notebook in assignment.notebooks:
            now = run_context(assignment, str(notebook), options)
            if stage == VERDICTS:
                now = {**verdict_context(assignment, options), "tests": tests_hashes(assignment, str(notebook))}
                del now["seed"]  # further runs of a notebook have other seeds
            if all(inputs.get(name) == value for name, value in now.items()):
                return False
    return True
