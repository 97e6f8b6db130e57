"""``netgrader doctor``: what this machine has for grading, line by line, what is missing, and what to type."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from packaging.requirements import Requirement

from netgrader.errors import NetgraderError, NotebookError, UsageError
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.course import Course

__all__ = ["Finding", "findings", "run"]

NEEDED_FREE_GB = 5.0
NEEDED_MEMORY_GB = 4.0


@dataclass(frozen=True)
class Finding:
    """One line: what was looked for, what was found, and what to type if it is missing.

    `needed` is False for what grading can do without: a warning.
    """

    what: str
    good: bool
    found: str
    remedy: str = ""
    needed: bool = True


def run(sandbox: str = "bubblewrap") -> int:
    """Print the findings for grading in `sandbox`; 1 if it would not work.

    Raises
    ------
    UsageError
        If there is no such sandbox.
    """
    from netgrader.cage import SANDBOXES  # noqa: PLC0415  (POSIX)

    if sandbox not in SANDBOXES:
        raise UsageError(f"There is no sandbox '{sandbox}'. There is: {', '.join(SANDBOXES)}.")
    bad = 0
    for one in findings(sandbox):
        mark = "ok  " if one.good else ("MISSING" if one.needed else "warning")
        typer.echo(f"{mark:8}{one.what}: {one.found}" + (f"  → {one.remedy}" if one.remedy and not one.good else ""))
        bad += one.needed and not one.good
    lines = "line marked MISSING is" if bad == 1 else f"{bad} lines marked MISSING are"
    typer.echo(f"Grading works here{f' only once the {lines} mended' if bad else ''}.")
    return 1 if bad else 0


def findings(sandbox: str = "bubblewrap") -> Iterator[Finding]:
    """Yield all that is looked at, in order; each is tried when it is asked for."""
    version = platform.python_version()
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        "Python", supported, f"{version} ({sys.executable})", "install netgrader into one of Python 3.11 to 3.13"
    )
    yield from _packages()
    try:
        course = find_course()
    except NetgraderError as error:
        yield Finding("course", False, str(error), "cd into the course, or make one with netgrader new")
    else:
        yield from _course(course, sandbox)
    yield _kernel()
    yield from _cage(sandbox)
    yield _memory()


def _packages() -> Iterator[Finding]:
    """Yield what we need by what is said where we are installed: what is missing, and what is of a version that nobody tried."""
    for wanted in map(Requirement, importlib.metadata.requires("netgrader") or ()):
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        remedy = f"{sys.executable} -m pip install '{wanted.name}{wanted.specifier}'"
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(wanted.name, False, "not installed", remedy)
            continue
        tried = wanted.specifier.contains(version, prereleases=True)
        found = version if tried else f"{version}, which was not tried: {wanted.specifier}"
        yield Finding(wanted.name, tried, found, remedy, needed=False)


def _course(course: Course, sandbox: str) -> Iterator[Finding]:
    from netgrader.grading.stages import open_to_all  # noqa: PLC0415  (slow)

    try:
        assignments, _ = course.assignments, course.seed
    except NetgraderError as error:
        yield Finding("course", False, str(error), "mend that file")
    else:
        yield Finding("course", True, f"{course.root}, assignments: {', '.join(assignments) or 'none'}")
        yield from _who_grades(course)
        if path := open_to_all(course, sandbox):
            yield Finding("course", False, f"every user here can read {path}: nothing is graded so", f"chmod o= {path}")
    yield from _data(course)
    scratch = course.scratch
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(scratch).free / 1e9
        enough = free >= NEEDED_FREE_GB and os.access(scratch, os.W_OK)
        yield Finding(
            "store", enough, f"{scratch}, {free:.0f} GB free", f"make room, {NEEDED_FREE_GB:.0f} GB are needed"
        )
    except OSError as error:
        yield Finding(
            "store", False, f"{scratch}: {error.strerror}", "set NETGRADER_STORE to a folder that can be written"
        )


def _who_grades(course: Course) -> Iterator[Finding]:
    """Whether nbgrader is set up to grade as we do, and for each assignment who grades it and where its notebooks run."""
    from netgrader.nbgrader_plugin.configure import (  # noqa: PLC0415  (slow)
        LINES,
        autograde_steps,
        problem_of,
        sandbox_of,
    )

    problem = problem_of(course)
    found = problem or "nbgrader runs what students wrote in the cage, and takes marks from verdicts"
    yield Finding("configuration", problem is None, found, f"add these lines to nbgrader_config.py: {LINES}")
    for name in course.assignments:
        what = f"assignment {name}"
        try:
            ours = course.assignment(name).is_ours
            sandbox = "none" if problem or not ours else sandbox_of(autograde_steps(course)[1])
        except NetgraderError as error:
            yield Finding(what, False, str(error), "mend that file")
            continue
        who = "checks of ours" if ours else f"nbgrader's own, graded by nbgrader autograde {name}"
        where = f"in the cage ({sandbox})" if sandbox != "none" else "WITHOUT a cage, with the rights of whoever grades"
        if ours and problem:
            yield Finding(what, False, f"{who}; not graded", "see the configuration above")
        else:
            yield Finding(what, sandbox != "none", f"{who}; its notebooks run {where}", needed=ours)


def _data(course: Course) -> Iterator[Finding]:
    from netgrader.data import load_data  # noqa: PLC0415  (imports NumPy)

    try:
        assignments = course.own_assignments
    except NetgraderError:  # what is wrong with the configuration is said above
        return
    for assignment in assignments:
        file = None
        try:
            spec, file = assignment.spec, assignment.data
            if spec is None or file is None:
                continue
            load_data(spec, file)
        except (NetgraderError, NotebookError) as error:
            remedy = "put it there, as it comes with the course" if file else "mend that file"
            yield Finding("data", False, str(error), remedy)
        else:
            yield Finding("data", True, f"{file}, verified")


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel  # noqa: PLC0415  (slow)

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding(
            "kernel", False, "there is no kernel python3", f"{sys.executable} -m ipykernel install --sys-prefix"
        )
    return Finding("kernel", True, f"python3 ({spec.argv[0]})")


def _cage(sandbox: str) -> Iterator[Finding]:
    from netgrader.cage.remedies import remedy  # noqa: PLC0415  (with its package, POSIX)

    if sys.platform != "linux":
        yield Finding("cage", False, f"not on {platform.system()}", remedy())
        return
    from netgrader.cage import SandboxError, open_sandbox  # noqa: PLC0415  (POSIX)
    from netgrader.cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap  # noqa: PLC0415  (POSIX)
    from netgrader.cage.cgroups import GROUP_REMEDY  # noqa: PLC0415  (POSIX)
    from netgrader.cage.self_tests import run_self_tests  # noqa: PLC0415  (POSIX)
    from netgrader.cage.user import UserSandbox  # noqa: PLC0415  (POSIX)

    groupless = sandbox in {GrouplessBubblewrap.name, UserSandbox.name}
    if sandbox in {BubblewrapSandbox.name, GrouplessBubblewrap.name}:
        path = shutil.which("bwrap")
        yield Finding("bubblewrap", path is not None, path or "not installed", "sudo apt-get install -y bubblewrap")
        if path is None:
            return
    try:
        opened = open_sandbox(sandbox)
        yield Finding(
            "cage: a control group for memory",
            not opened.memory_gap,
            opened.memory_gap or "the kernel limits all memory of a run",
            GROUP_REMEDY,
            needed=os.geteuid() == 0 and not groupless,
        )
        tests = run_self_tests(opened)
        if tests and not any(one.held for one in tests):
            yield Finding("cage", False, f"none can begin: {tests[0].detail}", remedy())
            return
        for one in tests:
            what_to_do = "" if one.name in opened.not_promised else _promise_remedy(one.name)
            yield Finding(f"cage: {one.name}", one.held, one.detail, what_to_do, needed=one.needed)
        if isinstance(opened, BubblewrapSandbox):
            yield _zygote()
    except SandboxError as error:
        yield Finding("cage", False, str(error), remedy())


def _promise_remedy(promise: str) -> str:
    """Return what to do where a cage begins, and a promise is not kept."""
    from netgrader.cage.cgroups import GROUP_REMEDY  # noqa: PLC0415  (POSIX)

    if "memory" in promise:
        return GROUP_REMEDY
    if "system calls" in promise:
        return "sudo apt-get install -y libseccomp2"
    if "processes" in promise and os.geteuid() == 0:
        return (
            "the kernel limits nobody who is root outside of a container, too: begin the container as an ordinary user, "
            "in Docker with --user $(id -u):$(id -g)"
        )
    return "that is no setting of yours: send this page to whoever keeps netgrader"


def _zygote() -> Finding:
    """Whether TensorFlow's import is paid once for a worker."""
    from netgrader.cage.zygote import OFF, Zygote  # noqa: PLC0415  (POSIX)

    what = "cage: entered from a warmed process"
    if os.environ.get(OFF):
        return Finding(
            what, False, f"{OFF} is set: TensorFlow is imported for each notebook", f"unset {OFF}", needed=False
        )
    problem = Zygote.problem()
    found = problem or "the same promises: TensorFlow is imported once for a worker"
    return Finding(what, problem is None, found, "TensorFlow is imported for each notebook", needed=False)


def _memory() -> Finding:
    import psutil  # noqa: PLC0415  (used here only)

    total = psutil.virtual_memory().total / 1e9
    enough = total >= NEEDED_MEMORY_GB
    cores = os.cpu_count() or 1
    return Finding("memory", enough, f"{total:.1f} GB, {cores} cores", f"{NEEDED_MEMORY_GB:.0f} GB a notebook at once")
