"""``netgrader release``: generate ``release/`` from ``source/``, with package, data and tests."""

from __future__ import annotations

import fnmatch
import os
import shutil
import tempfile
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from netgrader.commands.show import console
from netgrader.errors import CageError, NetgraderError, UsageError
from netgrader.grading.course_files import file_problems
from netgrader.grading.severities import severities_of
from netgrader.grading.stages import Options, require_files
from netgrader.grading.trial_run import misfits
from netgrader.nbgrader_plugin.converters import generate_assignment
from netgrader.nbgrader_plugin.gradebook import removed_notebooks
from netgrader.releases import remember
from netgrader.web_release import WebAddress, add_fetching
from netgrader.wheels import FORM, build_wheel, tried
from netgrader.which_course import find_course, only_assignment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from netgrader.course import Assignment, Course, NotebookFiles

__all__ = ["chosen", "differences", "generate", "release", "run"]

REQUIREMENTS = "requirements.txt"
NOT_RELEASED = frozenset({"__pycache__", ".ipynb_checkpoints"})
"""Folders that programs create next to the released files."""
README = """\
# {title}

1. Unpack this folder and open a terminal in it. You need Python 3.11, 3.12 or 3.13, and
   4.5 GB of disk to install (afterwards 2.6 in the folder, and 0.8 in pip's cache).
2. Type these lines, one after the other. The second takes some minutes: it downloads TensorFlow (up to 600 MB),
   JupyterLab and the rest (150 MB), once; the course's own package is less than 1 MB.

       python3 -m venv .venv
       .venv/bin/pip install -r requirements.txt
       .venv/bin/jupyter lab

   On Windows, in PowerShell:

       py -3.13 -m venv .venv
       .venv\\Scripts\\pip install -r requirements.txt
       .venv\\Scripts\\jupyter lab

3. Open {notebooks}. In Colab, {colab}
4. Fill in the cells that say `YOUR CODE HERE`, run them, and run the `check(...)` below each: it answers within seconds.
5. {data}You may import your own Python files from the notebook's folder.
6. Hand in the notebook under its own name, with those files. We grade it by running it from top to bottom.{more}

| what you see | what to do |
|---|---|
| `python3` or `py`: not found | install Python 3.13 from python.org |
| *ensurepip is not available* | `sudo apt install python3-venv`, then start again with the first line |
| *requires a different Python* | your Python is too old: install 3.13 from python.org, then `python3.13 -m venv --clear .venv` |
| *No matching distribution found for tensorflow* | your Python is too new, or your Mac is an Intel Mac: use Python 3.12 |
| Windows: *No runtime installed that matches 3.13* | `py install 3.13` |
| Windows: *Long Path*, or *No such file or directory* while installing | put the folder where its path is short: `C:\\digits` |
| Windows: *DLL load failed* | install Microsoft's *Visual C++ Redistributable* (x64) |
| `NameError: name 'check' is not defined` | run the cell with the imports; they are lost when the kernel restarts |
| the check does not notice your change | run the changed cell, then the check |
| a cell never ends (`[*]`) | *Kernel*, *Interrupt Kernel*; then look for an endless loop |
| results no longer fit together | *Kernel*, *Restart Kernel and Run All Cells* |
"""
STUDENTS = "students.md"
"""A page for students, if the course has one next to its notebooks."""
MORE = f"""

How long it takes, how you are graded, and how to read your feedback: [{STUDENTS}]({STUDENTS})."""


def run(assignment: str | None, notebooks: Sequence[str], sandbox: str, *, check: bool, untried: bool) -> int:
    """Release the assignment, or compare its release; return the exit code."""
    which = chosen(find_course(), assignment)
    if check:
        return _compare(which, notebooks)
    target = release(which, notebooks, None if untried else partial(_try_out, which, Options(sandbox=sandbox)))
    released = [path.stem for path in sorted(target.glob("*.ipynb"))]
    remember(which, released)
    typer.echo(f"{target}: {', '.join(sorted(path.name for path in target.iterdir()))}")
    waiting = sorted({*which.notebooks} - {*released})
    if waiting:
        typer.echo(f"Not released: {', '.join(waiting)}, and files that only these need.")
    typer.echo(
        f"Hand out the whole folder {target}, and nothing else: the course's other folders hold solutions, hidden tests and "
        "students' work."
    )
    _say_who_handed_in(which)
    address = _address(which)
    if address is not None:
        typer.echo(f"Copy what is in {target} to {address.url}, and leave older archives there; students then open:")
        typer.echo("\n".join(map(address.colab, released)))
    return 0


def _say_who_handed_in(assignment: Assignment) -> None:
    """Print what a release means for students who have already submitted."""
    there = assignment.handed_in()
    if there:
        typer.echo(
            f"{len(there)} have handed in {assignment.name} already; their marks stay until you grade again. Who filled in an "
            "older release is graded with its cells, and with the points, checks and tests of this one: "
            f"netgrader autograde {assignment.name} --dry-run says what they change."
        )


def _compare(assignment: Assignment, notebooks: Sequence[str]) -> int:
    """Print whether the release is what the source generates; return 1 if not, else 0."""
    if notebooks:
        raise UsageError("--check compares the whole release; it takes no --notebook.")
    stale = differences(assignment)
    said = f"not what {assignment.source} generates: {', '.join(stale)}. Type netgrader release"
    typer.echo(f"{assignment.release} is {said if stale else f'what {assignment.source} generates'}.")
    return int(bool(stale))


def _try_out(assignment: Assignment, options: Options, released: Path, notebooks: Sequence[str]) -> None:
    """Grade solution and release, with cached runs; without a sandbox, print that nothing was graded.

    Raises
    ------
    NetgraderError
        If they do not get the expected points; the message lists all problems.
    """
    out = console()
    found: list[str] = []
    out.print(
        f"Before the release solution and untouched notebooks are graded ({', '.join(notebooks)}). It takes as long as the "
        "solutions train; what did not change is not run again."
    )
    for number, name in enumerate(notebooks, 1):
        out.print(f"Grading {name} ({number} of {len(notebooks)}) …")
        try:
            with out.status(name):
                found += misfits(assignment, name, released / f"{name}.ipynb", options)
        except CageError as error:
            out.print(f"Released without having been graded first: {error}")
            return
    _require_none(
        found,
        f"{assignment.name} was not released, since it does not grade as it should:",
        "Fix it and call again; --untried releases it as it is.",
    )


def _require_none(problems: Iterable[str], head: str, advice: str) -> None:
    """Raise a NetgraderError that lists the problems between a head and advice, if there are any."""
    lines = "\n".join(f"- {one}" for one in problems)
    if lines:
        raise NetgraderError(f"{head}\n{lines}\n{advice}")


def chosen(course: Course, name: str | None) -> Assignment:
    """Return the assignment `name`, or the only one if `name` is None.

    Raises
    ------
    UsageError
        If there is none, or several without a name.
    """
    if name is not None:
        return course.own_assignment(name, "nbgrader generate_assignment")
    return only_assignment(course, [one.name for one in course.own_assignments])


def release(
    assignment: Assignment, notebooks: Sequence[str] = (), inspect: Callable[[Path, Sequence[str]], None] | None = None
) -> Path:
    """Generate the release of `assignment`, or of some notebooks, and install it atomically.

    The release then contains only these: a later notebook contains answers to an earlier one, so none may remain by
    accident. Cells and points go into the gradebook.

    Parameters
    ----------
    assignment, notebooks
        What to release; all notebooks if none is named.
    inspect
        Called with the new release, before it is installed, and the names of its notebooks; an exception keeps the old
        release and the gradebook unchanged.

    Raises
    ------
    NetgraderError
        If nbgrader refuses (with its reason), or a parameter of an exercise is invalid. The old release stays.
    UsageError
        If there is no such notebook.
    """
    target = assignment.release
    target.parent.mkdir(parents=True, exist_ok=True)
    chosen = tuple(sorted({assignment.files(name).name for name in notebooks})) or assignment.notebooks
    # Next to the target, so that the last step is a rename.
    part = target.parent / f".{target.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        if inspect is not None:
            generate(assignment, part, chosen, save=False)
            inspect(part, chosen)
            shutil.rmtree(part)
        generate(assignment, part, chosen, save=True)
        old = part.with_name(part.name + "-old")
        if target.is_dir():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def differences(assignment: Assignment) -> tuple[str, ...]:
    """Return names of files in ``release/`` that differ from what ``source/`` generates; write nothing.

    A release without a wheel, as under version control, is compared without the files built for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh"
        generate(assignment, fresh, assignment.notebooks, save=False)
        wanted, found = _contents(fresh), _contents(assignment.release)
    if not fnmatch.filter(found, FORM):
        for built in (REQUIREMENTS, *fnmatch.filter(wanted, FORM)):
            del wanted[built]
    return tuple(sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name)))


def generate(assignment: Assignment, target: Path, notebooks: Sequence[str], *, save: bool) -> None:
    """Write the release of `notebooks` into the folder `target`.

    Raises
    ------
    BadExerciseError
        If a parameter of an exercise is invalid, which would break each student's check. Nothing is written.
    NetgraderError
        If a file is missing that the course's notebooks read.
    UsageError
        If the course names an unknown severity or code.
    """
    if not notebooks:
        raise UsageError(f"{assignment.source} holds no notebooks.")
    _ = assignment.exercises_in_grading  # raises for invalid parameters
    require_files(assignment)
    _require_files(assignment, notebooks)
    address = _address(assignment)
    severities_of(assignment)  # students do not get severities, but errors should show before they submit
    target.mkdir(parents=True, exist_ok=True)
    files = [assignment.files(name) for name in notebooks]
    _write_notebooks(assignment, target, notebooks, save=save)
    for one in files:
        _copy_beside(assignment, one, target)
    wheel = build_wheel(target, [path for one in files for path in (*one.probes, *one.public_tests, *one.given)])
    (target / REQUIREMENTS).write_text("\n".join([f"./{wheel.name}", *tried(), ""]), encoding="utf-8")
    for path in filter(None, (*assignment.beside, assignment.data_file, *assignment.source.glob(STUDENTS))):
        shutil.copyfile(path, target / path.name)
    (target / "README.md").write_text(_readme(assignment, [f"{name}.ipynb" for name in notebooks]), encoding="utf-8")
    if address is not None:
        add_fetching(target, assignment.name, address)


def _write_notebooks(assignment: Assignment, target: Path, notebooks: Sequence[str], *, save: bool) -> None:
    """Write notebooks into the folder `target` as nbgrader generates them."""
    with tempfile.TemporaryDirectory() as folder:
        # Given all at once, nbgrader removes old ones, and adds none if there are submissions.
        at_once = set(notebooks) == set(assignment.notebooks) and (not save or removed_notebooks(assignment))
        for name in ("*",) if at_once else notebooks:
            generate_assignment(assignment.course, assignment.name, release_directory=folder, notebook=name, save=save)
        for made in Path(folder).rglob("*.ipynb"):
            if made.stem in notebooks:
                shutil.copyfile(made, target / made.name)


def _require_files(assignment: Assignment, notebooks: Sequence[str]) -> None:
    """Require that probes and tests of the notebooks can work.

    Raises
    ------
    NetgraderError
        If not; the message lists all problems.
    """
    found = dict.fromkeys(one for name in notebooks for one in file_problems(assignment, name))
    _require_none(found, f"{assignment.name} was not released:", "Fix it and call again.")


def _copy_beside(assignment: Assignment, files: NotebookFiles, target: Path) -> None:
    """Copy the files that a notebook's student needs; no hidden tests, no other notebooks' files."""
    for path in (*files.probes, *files.public_tests, files.exercises, files.faults, *files.messages, *files.given):
        if path.is_file():
            out = target / path.relative_to(assignment.source)
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out)


def _readme(assignment: Assignment, notebooks: Sequence[str]) -> str:
    names = ", then ".join(f"`{name}`" for name in notebooks)
    data = f"The data is `{assignment.spec.file}`; nothing is downloaded. " if assignment.spec is not None else ""
    address = _address(assignment)
    colab = "upload the notebook, and this folder as one zip file into *Files*; the first cell does the rest."
    if address is not None:
        links = [f"[{name}]({address.colab(name.removesuffix('.ipynb'))})" for name in notebooks]
        colab = f"{', '.join(links)}: nothing to upload."
    more = MORE if (assignment.source / STUDENTS).is_file() else ""
    return README.format(title=assignment.name.capitalize(), notebooks=names, data=data, colab=colab, more=more)


def _address(assignment: Assignment) -> WebAddress | None:
    """Return the web address of the release; None if the course has none."""
    url = assignment.exercises.release_url
    return WebAddress(url) if url is not None else None


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and NOT_RELEASED.isdisjoint(path.parts)
    }
