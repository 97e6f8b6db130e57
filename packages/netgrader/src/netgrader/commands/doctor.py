"""``netgrader doctor``: what this machine has for grading, what is missing, and what to type."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from netgrader.errors import NetgraderError, NotebookError, listed
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from netgrader.course import Course
    from notebook_cage import Sandbox
    from notebook_cage.self_tests import SelfTest

__all__ = ["Finding", "findings", "run"]

NEEDED_FREE_GB = 5.0
NEEDED_MEMORY_GB = 4.0
UNCAGED = "WITHOUT a cage, with the rights of the user who grades"
PROCESSES_REMEDY = (
    "the kernel limits nobody who is root outside of a container, too: begin the container as an ordinary user, in Docker with "
    "--user $(id -u):$(id -g)"
)
KEEPER_REMEDY = "you cannot change that by a setting: send this page to netgrader's maintainers"
BUBBLEWRAP_REMEDY = "install bubblewrap 0.12.0 or newer; the section 'bubblewrap' of SECURITY.md explains the versions"


@dataclass(frozen=True)
class Finding:
    """One line: what was checked, what was found, and what to type if it is missing.

    `needed` is False if grading works without it: then it is a warning.
    """

    what: str
    good: bool
    found: str
    remedy: str = ""
    needed: bool = True

    @property
    def mark(self) -> str:
        """The first word of the line."""
        return "ok" if self.good else "MISSING" if self.needed else "warning"


ENDS = (
    "Grading works here.",
    "Grading works here only once the line marked MISSING is fixed.",
    "Grading works here only once the {} lines marked MISSING are fixed.",
)
"""The last line, for no, one or more missing items."""


def run(sandbox: str = "bubblewrap") -> int:
    """Print the findings for grading in `sandbox`; return 1 if grading would not work, else 0."""
    bad = 0
    for one in findings(sandbox):
        remedy = "" if one.good or not one.remedy else f"  → {one.remedy}"
        typer.echo(f"{one.mark:8}{one.what}: {one.found}{remedy}")
        bad += one.mark == "MISSING"
    typer.echo(ENDS[min(bad, 2)].format(bad))
    return min(bad, 1)


def findings(sandbox: str = "bubblewrap") -> Iterator[Finding]:
    """Yield all findings in order; each is checked only when it is requested."""
    version = platform.python_version()
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        "Python", supported, f"{version} ({sys.executable})", "install netgrader into one of Python 3.11 to 3.13"
    )
    try:
        course = find_course()
    except NetgraderError as error:
        yield Finding("course", False, str(error), "cd into the course, or make one with netgrader new")
    else:
        yield from _course(course, sandbox)
    yield from _cage(sandbox)
    yield _memory()


def _course(course: Course, sandbox: str) -> Iterator[Finding]:
    from netgrader.grading.stages import open_to_all  # noqa: PLC0415  (slow)

    try:
        assignments, _ = course.assignments, course.seed
    except NetgraderError as error:
        yield Finding("course", False, str(error), "fix that file")
    else:
        yield Finding("course", True, f"{course.root}, assignments: {listed(assignments)}")
        yield from _who_grades(course)
        if path := open_to_all(course, sandbox):
            yield Finding("course", False, f"every user here can read {path}: nothing is graded so", f"chmod o= {path}")
    yield from _data(course)
    yield _store(course.scratch)


def _store(folder: Path) -> Finding:
    """Return a finding about the folder for results: whether it is writable and has space."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 1e9
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        return Finding(
            "store", False, f"{folder}: {error.strerror}", "set NETGRADER_STORE to a folder that can be written"
        )
    room = f"make room, {NEEDED_FREE_GB:.0f} GB are needed"
    return Finding("store", free >= NEEDED_FREE_GB and writable, f"{folder}, {free:.0f} GB free", room)


def _who_grades(course: Course) -> Iterator[Finding]:
    """Yield whether nbgrader uses our steps, and for each assignment its grader and sandbox."""
    from netgrader.nbgrader_plugin.configure import LINES, problem_of, sandbox_of  # noqa: PLC0415  (slow)

    problem = problem_of(course)
    found = problem or "nbgrader runs what students wrote in the cage, and takes marks from verdicts"
    yield Finding("configuration", problem is None, found, f"add these lines to nbgrader_config.py: {LINES}")
    for name in course.assignments:
        what, ours = f"assignment {name}", course.assignment(name).is_ours
        if not ours:
            who = f"nbgrader's own, graded by nbgrader autograde {name}; its notebooks run {UNCAGED}"
            yield Finding(what, False, who, needed=False)
        elif problem:
            yield Finding(what, False, "checks of ours; not graded", "see the configuration above")
        else:
            yield Finding(what, True, f"checks of ours; its notebooks run in the cage ({sandbox_of(course)})")


def _data(course: Course) -> Iterator[Finding]:
    from netgrader.data import load_data  # noqa: PLC0415  (imports NumPy)

    with contextlib.suppress(NetgraderError):  # problems of the configuration are reported above
        for assignment in course.own_assignments:
            try:
                if assignment.spec is not None:
                    load_data(assignment.spec, assignment.data)
                    yield Finding("data", True, f"{assignment.data}, verified")
            except (NetgraderError, NotebookError) as error:
                yield Finding(
                    "data", False, str(error), "fix that file, or put the data there that came with the course"
                )


def _cage(sandbox: str) -> Iterator[Finding]:
    from notebook_cage.remedies import remedy  # noqa: PLC0415  (with its package, POSIX)

    if sys.platform != "linux":
        yield Finding(
            "cage", False, f"not on {platform.system()}", f"{remedy()}; release, feedback and report work here"
        )
        return
    from notebook_cage import SandboxError, open_sandbox  # noqa: PLC0415  (POSIX)

    yield from _bubblewrap(sandbox)
    try:
        yield from _opened(open_sandbox(sandbox))
    except SandboxError as error:
        yield Finding("cage", False, str(error), remedy())


def _bubblewrap(sandbox: str) -> Iterator[Finding]:
    from notebook_cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap  # noqa: PLC0415  (POSIX)
    from notebook_cage.bubblewrap_version import bubblewrap_version  # noqa: PLC0415  (POSIX)

    if sandbox in {BubblewrapSandbox.name, GrouplessBubblewrap.name}:
        path = shutil.which("bwrap")
        yield Finding("bubblewrap", path is not None, path or "not installed", "sudo apt-get install -y bubblewrap")
        if path is not None:
            version = bubblewrap_version(path)
            yield Finding("bubblewrap: version", version.fixed, version.found, BUBBLEWRAP_REMEDY, needed=False)


def _opened(sandbox: Sandbox) -> Iterator[Finding]:
    """Yield which promises a sandbox keeps, or that none can start."""
    from netgrader.cage_contents import HIDDEN  # noqa: PLC0415  (POSIX)
    from notebook_cage.cgroups import GROUP_REMEDY  # noqa: PLC0415  (POSIX)
    from notebook_cage.remedies import remedy  # noqa: PLC0415  (POSIX)
    from notebook_cage.sandboxes import needs_control_group  # noqa: PLC0415  (POSIX)
    from notebook_cage.self_tests import run_self_tests  # noqa: PLC0415  (POSIX)

    gap = sandbox.memory_gap
    yield Finding(
        "cage: a control group for memory",
        not gap,
        gap or "the kernel limits all memory of a run",
        GROUP_REMEDY,
        needed=needs_control_group(sandbox.name),
    )
    tests = run_self_tests(sandbox, HIDDEN)
    if tests and not any(one.held for one in tests):
        yield Finding("cage", False, f"none can begin: {tests[0].detail}", remedy())
        return
    yield from _promises(tests, sandbox.not_promised)


def _promises(tests: Iterable[SelfTest], not_promised: Collection[str]) -> Iterator[Finding]:
    """Yield which promises the sandbox keeps."""
    for one in tests:
        what_to_do = "" if one.name in not_promised else _promise_remedy(one.name)
        yield Finding(f"cage: {one.name}", one.held, one.detail, what_to_do, needed=one.needed)


def _promise_remedy(promise: str) -> str:
    """Return what to do if a sandbox starts but does not keep a promise."""
    from notebook_cage.cgroups import GROUP_REMEDY  # noqa: PLC0415  (POSIX)

    remedies = {
        "memory": GROUP_REMEDY,
        "system calls": "sudo apt-get install -y libseccomp2",
        "processes": PROCESSES_REMEDY if os.geteuid() == 0 else KEEPER_REMEDY,
    }
    return next((remedy for part, remedy in remedies.items() if part in promise), KEEPER_REMEDY)


def _memory() -> Finding:
    import psutil  # noqa: PLC0415  (used here only)

    total = psutil.virtual_memory().total / 1e9
    enough = total >= NEEDED_MEMORY_GB
    return Finding(
        "memory", enough, f"{total:.1f} GB, {os.cpu_count()} cores", f"{NEEDED_MEMORY_GB:.0f} GB a notebook at once"
    )
