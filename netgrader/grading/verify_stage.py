"""The stage of verdicts, through the store: what a changed test does not touch is taken over, and the rest is run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping  # noqa: TC003  (what is stored is decoded by what its fields say)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader import observations
from netgrader.checks.held_out import HARDNESS
from netgrader.decoding import decode, decode_observations
from netgrader.files import write_json
from netgrader.grading.changed_tests import CellTests, cells_to_run, tests_by_cell
from netgrader.grading.stages import Options, Ran, versions_of
from netgrader.grading.store import Key, Store, hash_files, hash_json
from netgrader.grading.verify import Verification, VerificationRequest, verify
from netgrader.imports import code_hash
from netgrader.results import CheckResult  # noqa: TC001  (likewise)

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["VERDICTS", "tests_hashes", "verdict_context", "verify_stage"]

VERDICTS = "verify"
READING = "reading"
VERIFICATION_FILE = "verification.json"
VERSIONS_OF_A_VERIFICATION = ("tensorflow", "numpy", "protobuf", "pytest")
IN_THE_VERIFIER = frozenset({"netgrader.grading.verifier"})


@dataclass(frozen=True)
class _StoredVerification:
    """A verification as it stands in the store."""

    checks: Mapping[str, tuple[CheckResult, ...]]
    measured: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, str]
    observations: Any
    log: tuple[str, ...]


def verify_stage(
    store: Store, assignment: Assignment, notebook: str, ran: Ran, options: Options, *, run: int = 0
) -> tuple[Verification, bool]:
    """Run the tests on what the run of a number handed over, or take their verdicts from the store; and whether now.

    After a change of tests only the tests of the check cells that it touches are run: see `netgrader.grading.changed_tests`.
    """
    files = assignment.files(notebook)
    tests = (*files.public_tests, *files.hidden_tests)
    context = {"evidence": ran.entry.digest, **verdict_context(assignment, options, run=run)}
    key = Key(VERDICTS, {**context, "tests": tests_hashes(assignment, notebook)})
    request = VerificationRequest(
        evidence=ran.evidence,
        public_tests=files.public_tests,
        hidden_tests=files.hidden_tests,
        exercises=files.exercises,
        hidden=files.hidden,
        data=assignment.course.data if assignment.course.data.is_file() else None,
        seed=assignment.course.seed + run,
        problems=ran.execution.problems,
        outside=ran.execution.outside,
    )
    parts: dict[str, float] = {}
    asked = hash_json(hash_files({"exercises": files.exercises, "hidden": files.hidden}))
    latest = _Latest(store, Key(VERDICTS, {**context, "exercises": asked}), tests)

    def make(folder: Path) -> None:
        from netgrader.cage import require_self_tests  # noqa: PLC0415
        from netgrader.cage.zygote import Zygote  # noqa: PLC0415
        from netgrader.cage_contents import preload  # noqa: PLC0415
        from netgrader.grading.cage_files import font_files  # noqa: PLC0415  (slow, and not needed for what is in the store)

        require_self_tests(options.sandbox)
        zygote = Zygote.address_for(options.sandbox, preload(options.threads, font_files))
        lab = {**request.lab_options, **({"zygote": zygote} if zygote else {})}
        asked = dataclasses.replace(request, lab_options=lab)
        verification = _verification(asked, known or (None if options.anew else latest.known()))
        if verification.problem:
            raise _Unfinished(verification)
        if verification.reading is not None:
            parts[READING] = verification.reading
        write_json(folder / VERIFICATION_FILE, _as_json(verification))

    known = latest.known(again=options.cells) if options.cells and not options.anew else None
    if options.anew or options.cells:
        store.forget(key)
    try:
        entry, made = store.get_or_make(key, make, parts)
    except _Unfinished as unfinished:
        # What was judged counts today; the next call tries again.
        done = unfinished.verification
        return dataclasses.replace(done, reading=None, digest=hash_json(_as_json(done))), True
    if made:
        latest.save(key)
    found = _load(entry.content)
    return dataclasses.replace(
        found, seconds=entry.seconds, reading=entry.parts.get(READING), digest=entry.digest
    ), made


def verdict_context(assignment: Assignment, options: Options, *, run: int = 0) -> dict[str, object]:
    """Return what all verdicts depend on beside the tests and the evidence."""
    return {
        "data": hash_files({"data": assignment.course.data})["data"],
        "hardness": hash_files({"": assignment.course.hidden_tests / HARDNESS})[""],
        "seed": assignment.course.seed + run,
        "sandbox": options.sandbox,
        "versions": versions_of(VERSIONS_OF_A_VERIFICATION),
        "netgrader": code_hash(IN_THE_VERIFIER),
    }


def tests_hashes(assignment: Assignment, notebook: str) -> dict[str, str | None]:
    """Return the hashes of a notebook's files of tests and of the exercises' parameters."""
    files = assignment.files(notebook)
    tests = (*files.public_tests, *files.hidden_tests, files.exercises, files.hidden)
    return hash_files({path.name: path for path in tests})


class _Unfinished(Exception):
    """A verification that was cut off: a result for now, and none to keep."""

    def __init__(self, verification: Verification) -> None:
        super().__init__(verification.problem)
        self.verification = verification


@dataclass(frozen=True)
class _Known:
    """Verdicts of the same evidence by other tests, and the cells for which they do not hold any more."""

    verification: Verification
    cells: frozenset[str]
    run: frozenset[str]


class _Latest:
    """The last verification of the same evidence, whatever the tests were.

    Parameters
    ----------
    store
        Where.
    context
        All that verdicts depend on but the tests.
    tests
        The files of tests as they are now.
    """

    def __init__(self, store: Store, context: Key, tests: tuple[Path, ...]) -> None:
        self._store = store
        self._context = context
        self._tests = tests

    def known(self, again: tuple[str, ...] = ()) -> _Known | None:
        """Return what can be taken over, but for the verdicts of the cells `again`; None if nothing can."""
        record = self._store.get_record(self._context)
        now = tests_by_cell(self._tests) if record else None
        if not record or now is None:
            return None
        try:
            entry = self._store.get(Key(VERDICTS, record["inputs"]))
            if entry is None:
                return None
            verification = _load(entry.content)
            run = cells_to_run(now, {cell: hash_ for cell, hash_ in record["cells"].items() if cell not in again})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        # What went wrong in tests is not known by cell: then all are run.
        return None if verification.log else _Known(verification, frozenset(now), run)

    def save(self, key: Key) -> None:
        """Record that the result of `key` is the last one."""
        now: Mapping[str, CellTests] | None = tests_by_cell(self._tests)
        if now is not None:
            cells = {cell: tests.fingerprint for cell, tests in now.items()}
            self._store.put_record(self._context, {"inputs": key.inputs, "cells": cells})


def _verification(request: VerificationRequest, known: _Known | None) -> Verification:
    """Run the tests, but for those of cells whose verdicts are known."""
    if known is None:
        return verify(request)
    before = known.verification
    kept = known.cells - known.run
    wanted = dataclasses.replace(request, cells=tuple(sorted(known.run)))
    fresh = verify(wanted) if known.run else Verification({})
    return dataclasses.replace(
        fresh,
        checks=_merged(before.checks, fresh.checks, kept),
        measured_by_cell=_merged(before.measured_by_cell, fresh.measured_by_cell, kept),
        facts=_merged(before.facts, fresh.facts, kept),
        observations=_merged(before.observations, fresh.observations, kept),
    )


def _merged(before: Mapping[str, Any], fresh: Mapping[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """Return by cell `before` where it was kept, else `fresh`."""
    return {**{cell: value for cell, value in before.items() if cell in kept}, **fresh}


def _as_json(verification: Verification) -> dict[str, Any]:
    return {
        # In one order whatever was run, so that equal verdicts are equal files.
        "checks": {
            cell: [dataclasses.asdict(check) for check in checks]
            for cell, checks in sorted(verification.checks.items())
        },
        "measured": {cell: dict(noted) for cell, noted in sorted(verification.measured_by_cell.items())},
        "facts": dict(sorted(verification.facts.items())),
        "observations": observations.to_json(dict(sorted(verification.observations.items()))),
        "log": list(verification.log),
    }


def _load(content: Path) -> Verification:
    raw = json.loads((content / VERIFICATION_FILE).read_text(encoding="utf-8"))
    stored = decode(_StoredVerification, raw)
    drawn = decode_observations(stored.observations)
    return Verification(stored.checks, stored.measured, stored.facts, drawn, log=stored.log)
