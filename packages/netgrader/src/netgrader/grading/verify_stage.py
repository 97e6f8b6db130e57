"""The stage of verdicts, cached: verdicts of unchanged tests are reused, others are computed."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.files import decode, plain_json, stored, write_json
from netgrader.grading.changed_tests import cells_to_run, tests_by_cell
from netgrader.grading.execution import versions_of
from netgrader.grading.result_store import Key, Store, hash_files, hash_json
from netgrader.grading.stages import Options, Ran, data_hash
from netgrader.grading.verify import Verification, VerificationRequest, verify
from netgrader.own_files import code_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment, NotebookFiles

__all__ = ["VERDICTS", "VerdictInputs", "tests_hashes", "verdict_context", "verdict_inputs", "verify_stage"]

VERDICTS = "verify"
READING = "reading"
VERIFICATION_FILE = "verification.json"
VERSIONS_OF_A_VERIFICATION = ("tensorflow", "numpy", "protobuf", "pytest")


@dataclass(frozen=True)
class VerdictInputs:
    """The inputs of verdicts: the request with tests and evidence, and the hash of all inputs as a key."""

    request: VerificationRequest
    key: Key
    latest: Key
    """The key of the latest verdicts on the same evidence, with any tests."""

    @property
    def tests(self) -> tuple[Path, ...]:
        """The test files."""
        return (*self.request.public_tests, *self.request.hidden_tests)


def verdict_inputs(assignment: Assignment, notebook: str, ran: Ran, options: Options, *, run: int = 0) -> VerdictInputs:
    """Return the inputs of the verdicts on the evidence of run number `run`."""
    files = assignment.files(notebook)
    context = {"evidence": ran.entry.digest, **verdict_context(assignment, options, run=run)}
    request = VerificationRequest(
        evidence=ran.evidence,
        public_tests=files.public_tests,
        hidden_tests=files.hidden_tests,
        exercises=files.exercises,
        hidden=files.hidden,
        data=assignment.data_file,
        seed=assignment.course.seed + run,
        problems=ran.execution.problems,
        outside=ran.execution.outside,
        sandbox=options.sandbox,
    )
    return VerdictInputs(
        request,
        Key(VERDICTS, {**context, "tests": tests_hashes(assignment, notebook)}),
        Key(VERDICTS, {**context, "exercises": hash_json(hash_files(_asked(files)))}),
    )


def verify_stage(store: Store, inputs: VerdictInputs, options: Options) -> tuple[Verification, bool]:
    """Run the tests, or return their cached verdicts; also return whether they ran now.

    After a change to tests, only those of affected check cells run: see `netgrader.grading.changed_tests`.
    """
    parts: dict[str, float] = {}

    def make(folder: Path) -> None:
        from netgrader.cage_contents import preload, refusals, require_cage  # noqa: PLC0415
        from notebook_cage.zygote import Zygote  # noqa: PLC0415

        require_cage(options.sandbox)
        with refusals():
            zygote = Zygote.address_for(options.sandbox, preload(options.threads))
        asked = dataclasses.replace(inputs.request, zygote=zygote)
        verification = _verification(asked, None if options.anew else _known(store, inputs))
        if verification.problem:
            raise _Unfinished(verification)
        parts[READING] = verification.reading
        write_json(folder / VERIFICATION_FILE, _kept(verification))

    try:
        entry, made = store.get_or_make(inputs.key, make, parts, replace=options.anew)
    except _Unfinished as unfinished:
        # The verdicts count now; the next call tries again.
        done = unfinished.verification
        return dataclasses.replace(done, digest=hash_json(plain_json(_kept(done)))), True
    by_cell = tests_by_cell(inputs.tests) if made else None
    if by_cell is not None:
        store.put_record(inputs.latest, {"inputs": inputs.key.inputs, "cells": by_cell})
    found = _load(entry.content)
    return dataclasses.replace(found, seconds=entry.seconds, reading=entry.parts[READING], digest=entry.digest), made


def verdict_context(assignment: Assignment, options: Options, *, run: int = 0) -> dict[str, object]:
    """Return the inputs of all verdicts other than tests and evidence."""
    return {
        "data": data_hash(assignment),
        "seed": assignment.course.seed + run,
        "sandbox": options.sandbox,
        "versions": versions_of(VERSIONS_OF_A_VERIFICATION),
        "netgrader": code_hash(),
    }


def tests_hashes(assignment: Assignment, notebook: str) -> dict[str, str | None]:
    """Return the hashes of a notebook's test files and of the exercises' parameters and texts."""
    files = assignment.files(notebook)
    tests = {path.name: path for path in (*files.public_tests, *files.hidden_tests)}
    return hash_files({**tests, **_asked(files)})


def _asked(files: NotebookFiles) -> dict[str, Path]:
    """Return the files with the exercises' parameters and the course's own faults, by name."""
    return {path.name: path for path in (files.exercises, files.hidden, files.faults)}


class _Unfinished(Exception):
    """A verification that was cut off: its verdicts are used, but not cached."""

    def __init__(self, verification: Verification) -> None:
        super().__init__(verification.problem)
        self.verification = verification


def _known(store: Store, inputs: VerdictInputs) -> tuple[Verification, frozenset[str], frozenset[str]] | None:
    """Return the last verification of this evidence, the cells to reuse, and the cells to run.

    Returns None if nothing can be reused.
    """
    record, now = store.get_record(inputs.latest), tests_by_cell(inputs.tests)
    if not record or now is None:
        return None
    entry = store.get(Key(VERDICTS, record["inputs"]))
    if entry is None:
        return None
    verification = stored(Verification, entry.content / VERIFICATION_FILE)  # another process may have pruned it since
    if verification is None or verification.log:  # problems of tests are not recorded by cell
        return None
    run = cells_to_run(now, record["cells"])
    return verification, frozenset(now) - run, run


def _verification(
    request: VerificationRequest, known: tuple[Verification, frozenset[str], frozenset[str]] | None
) -> Verification:
    """Run the tests, except those of cells with known verdicts."""
    if known is None:
        return verify(request)
    before, kept, run = known
    fresh = verify(dataclasses.replace(request, cells=tuple(sorted(run)))) if run else Verification()
    return dataclasses.replace(
        fresh,
        checks=_merged(before.checks, fresh.checks, kept),
        measured_by_cell=_merged(before.measured_by_cell, fresh.measured_by_cell, kept),
        observations=_merged(before.observations, fresh.observations, kept),
    )


def _merged(before: Mapping[str, Any], fresh: Mapping[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """Return `before` for the cells in `kept`, and all of `fresh`."""
    return {**{cell: value for cell, value in before.items() if cell in kept}, **fresh}


def _kept(verification: Verification) -> Verification:
    """Return the cached form of a verification, in a fixed order: equal verdicts give equal files."""
    return Verification(
        checks=dict(sorted(verification.checks.items())),
        measured_by_cell=dict(sorted(verification.measured_by_cell.items())),
        observations=dict(sorted(verification.observations.items())),
        log=verification.log,
    )


def _load(content: Path) -> Verification:
    return decode(Verification, json.loads((content / VERIFICATION_FILE).read_text(encoding="utf-8")))
