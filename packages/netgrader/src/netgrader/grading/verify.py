"""From evidence to verdicts: `verify` runs the tests in a process without student code."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import tempfile
import time
from collections.abc import Mapping  # noqa: TC003  (messages are decoded by annotations)
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import Said  # noqa: TC001  (decoded by annotations)
from netgrader.errors import NetgraderError
from netgrader.evidence import Json  # noqa: TC001  (likewise)
from netgrader.files import decode
from netgrader.observations import Observations, drawable
from netgrader.results import CheckResult  # noqa: TC001  (likewise)
from netgrader.workers import EndedError, Workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


__all__ = [
    "Verification",
    "VerificationError",
    "VerificationRequest",
    "VerifierLine",
    "verify",
]

VERDICTS = "verdicts.jsonl"  # the verifier's output, in its working folder
OUTPUT = "output.txt"
JUDGE = "netgrader.grading.verifier:judge_in_a_fork"
LOG = 4000  # characters of its output that are kept


class VerificationError(NetgraderError):
    """Nothing can be verified here: broken tests, no lab, no memory. `details` has more."""

    def __init__(self, sentence: str, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


@dataclass(frozen=True)
class VerificationRequest:
    """The notebook to verify, with its evidence and tests."""

    evidence: Path
    """The folder with one evidence folder per check cell, named by its ``grade_id``."""
    public_tests: tuple[Path, ...]
    hidden_tests: tuple[Path, ...]
    """Test files."""
    exercises: Path
    """``exercises.toml``."""
    hidden: Path | None = None
    """Additions to it for grading only, if there are any."""
    zygote: Mapping[str, Any] | None = None
    """The address of this process's fork server (zygote) for the lab, in JSON's types; None if there is none."""
    sandbox: str = "bubblewrap"
    """The lab's sandbox, by name."""
    cells: tuple[str, ...] | None = None
    """Check cells whose tests run; all if None."""
    data: Path | None = None
    """The data file; if None, `netgrader.data.load_data` searches for it."""
    seed: int = 0
    """The seed of the probes' choices."""
    test_seconds: float = 240.0
    seconds: float = 1200.0
    """Time limits in seconds for one test and for all of them."""
    memory_bytes: int = 4_000_000_000
    """Memory limit of the tests in bytes, without the lab, which has its own. Reading a submission has limits too; this
    one bounds what a test computes from it."""
    problems: Mapping[str, Said] = field(default_factory=dict)
    """Known reasons for missing evidence, by cell."""
    outside: Mapping[str, Json] = field(default_factory=dict)
    """Observations of the student's process from outside it, for the fixture ``outside``."""

    def absolute(self) -> VerificationRequest:
        """Return the request with absolute paths, since the worker has its own working folder."""
        return dataclasses.replace(
            self,
            evidence=self.evidence.resolve(),
            public_tests=tuple(path.resolve() for path in self.public_tests),
            hidden_tests=tuple(path.resolve() for path in self.hidden_tests),
            exercises=self.exercises.resolve(),
            hidden=self.hidden and self.hidden.resolve(),
            data=self.data and self.data.resolve(),
        )


@dataclass(frozen=True)
class Verification:
    """The results of the tests."""

    checks: Mapping[str, tuple[CheckResult, ...]] = field(default_factory=dict)
    """Verdicts by check cell, in the order in which students see them."""
    measured_by_cell: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Figures for ``measured`` in the result, by the check cell whose tests recorded them."""
    observations: Observations = field(default_factory=dict)
    """Drawings for pages, by check cell."""
    seconds: float = 0.0
    """Wall time in seconds."""
    reading: float = 0.0
    """Seconds of that for reading networks, as far as reported before the end."""
    problem: str | None = None
    """Why some tests were not reached; None if all were."""
    log: tuple[str, ...] = ()
    """Problems of tests and lab, for the instructor."""
    digest: str = ""
    """Its hash in the store; empty before it is stored."""

    @property
    def experiments(self) -> float:
        """The seconds not spent on reading networks."""
        return self.seconds - self.reading

    @property
    def measured(self) -> dict[str, Json]:
        """The figures of all cells."""
        return {name: value for noted in self.measured_by_cell.values() for name, value in noted.items()}


@dataclass(frozen=True)
class VerifierLine:
    """A line of `VERDICTS`: exactly one of these, written as soon as it is known."""

    plan: Mapping[str, tuple[CheckResult, ...]] | None = None
    """All selected checks by cell, with their verdicts in case they are not reached."""
    verdict: CheckResult | None = None
    """The verdict of one of them."""
    end: Verification | None = None
    """The other results of the tests, in the last line."""
    broken: tuple[str, str] | None = None
    """Why nothing can be verified: a sentence and its details."""


def verify(request: VerificationRequest) -> Verification:
    """Run the tests on the evidence in a process of their own.

    Its environment contains only what finds programs, and its own folder. A verdict counts as soon as it is written: if the
    process dies or runs out of time, only the tests that it did not reach are ungradable.

    Raises
    ------
    VerificationError
        If the tests are broken, or the process ends before it has listed the tests.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="netgrader-verify-") as folder:
        home = Path(folder)
        for name in (OUTPUT, VERDICTS):
            (home / name).touch()
        try:
            how = _workers().call(bytes.decode, LOG, JUDGE, request.absolute(), home)
        except EndedError as error:
            how = str(error)
        lines = list(_lines(home / VERDICTS))
        output = (home / OUTPUT).read_text(encoding="utf-8", errors="replace")[-LOG:]
    seconds = time.monotonic() - start
    told = _merged(lines)
    if told.broken is not None:
        raise VerificationError(*told.broken)
    if told.plan is None:
        raise VerificationError(f"The verifier ended before it began: {how}.", output)
    problem = None if told.end else f"The verification was stopped: {how}."
    noted = dataclasses.replace(told.end or Verification(), seconds=seconds, problem=problem)
    return _verification(told.plan, lines, noted, output.strip())


def _merged(lines: Sequence[VerifierLine]) -> VerifierLine:
    """Return plan, end and failure of the verifier in one line, without verdicts."""
    return VerifierLine(
        plan=next((line.plan for line in lines if line.plan is not None), None),
        end=next((line.end for line in lines if line.end), None),
        broken=next((line.broken for line in lines if line.broken), None),
    )


@functools.cache
def _workers() -> Workers:
    return Workers(_environment())


def _environment() -> dict[str, str]:
    """Return the verifier's complete environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Its matrices are small: threads of the linear algebra would lose seconds by waiting for one another.
        **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }


def _lines(verdicts: Path) -> Iterator[VerifierLine]:
    """Yield the lines of a verifier; the last line of a killed one may be cut off."""
    for line in verdicts.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            raw = json.loads(line)
            yield decode(VerifierLine, raw)


def _verification(
    plan: Mapping[str, tuple[CheckResult, ...]],
    lines: Iterable[VerifierLine],
    noted: Verification,
    output: str,
) -> Verification:
    """Return `noted` with the checks of the plan, their verdicts in `lines`, and the verifier's output."""
    verdicts = {line.verdict.check: line.verdict for line in lines if line.verdict}
    return dataclasses.replace(
        noted,
        checks={cell: tuple(verdicts.get(check.check, check) for check in checks) for cell, checks in plan.items()},
        observations=drawable(noted.observations),
        log=(*noted.log, *filter(None, (noted.problem, output))),
    )
