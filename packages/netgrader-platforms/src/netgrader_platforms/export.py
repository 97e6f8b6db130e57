"""``netgrader export``: write marks into Moodle's or Canvas's sheet, feedback zips and autograders."""

from __future__ import annotations

import functools
import itertools
import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from netgrader.commands.show import console
from netgrader.errors import NetgraderError, UsageError
from netgrader.files import write_bytes
from netgrader.nbgrader_plugin.gradebook import opened, submission_of
from netgrader.pages.graded import gradebook_exists, marks_of
from netgrader_platforms.autograder_files import write_gradescope, write_prairielearn
from netgrader_platforms.collect import assignment_called, handed_in_by
from netgrader_platforms.feedback_zip import canvas_name, moodle_name, write_feedback
from netgrader_platforms.grade_on import PLATFORMS, notebooks_asked
from netgrader_platforms.people import CANVAS, MOODLE, match, notes_on, roster_of
from netgrader_platforms.received import canvas_sheet, moodle_sheet, read_handed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.pages.graded import Marks
    from netgrader_platforms.sheets import Sheet, SheetRow

__all__ = ["run"]

FOLDER = "exports"
SILENT = "so Moodle skips it without a word"
TICK = "tick 'Allow updating records that have been modified more recently in Moodle than in the spreadsheet'"


FATES: Mapping[str, tuple[str, bool]] = {
    "replaced": ("Replaces another mark", False),
    "kept": ("Left unchanged in {platform}", False),
    "locked": (f"Locked, {SILENT}", True),
    "above": (f"Above the maximum, {SILENT}", True),
    "taken": ("Above the maximum, which Canvas takes", False),
    "graded": (
        f"Graded in Moodle before, {SILENT} if the mark was changed there later. To prevent it, {TICK}",
        False,
    ),
    "unread": (
        f"Graded in Moodle before, which does not read the dates of a sheet in German, {SILENT}. To prevent it, {TICK}",
        True,
    ),
    "unfinished": ("Not written, since a person has still to give points, or to look why grading failed", True),
    "missing": ("Not written, since nobody in {sheet} fits", True),
    "ungraded": ("Handed in, or handed in again, and not graded since", True),
}
"""Special cases of marks: the sentence for each, and whether the command then exits with 1."""
WHERE = {MOODLE: "the sheet", CANVAS: "the file of submissions"}
"""The source of the names under which a platform accepts feedback pages."""
RENAMED = (
    "Canvas shows each page under the name of the submitted notebook. Tell students to save it, and to change the ending "
    ".ipynb to .html."
)
GRADED = ("unread", "graded")
"""Case of a mark that Moodle has already dated, indexed by whether Moodle can read its own dates."""


def run(
    name: str | None,
    *,
    moodle: Path | None = None,
    canvas: Path | None = None,
    column: int | None = None,
    feedback: bool = False,
    canvas_feedback: Path | None = None,
    gradescope: bool = False,
    notebook: str | None = None,
    image: str | None = None,
) -> int:
    """Write the requested files; return the exit code."""
    if not (moodle or canvas or gradescope or image):
        raise UsageError(
            "Say what to write: --moodle WORKSHEET.csv (with --moodle-feedback for the pages, too), --canvas GRADEBOOK.csv "
            "(with --canvas-feedback SUBMISSIONS.zip), --gradescope or --prairielearn IMAGE."
        )
    assignment, out = assignment_called(name), console()
    if gradescope:
        _gradescope(out, assignment.course.own_assignment(assignment.name, "nbgrader autograde"), notebook)
    if image:
        _prairielearn(out, assignment.course.own_assignment(assignment.name, "nbgrader autograde"), image)
    complete = True
    if moodle:
        complete &= _to_moodle(out, assignment, moodle, feedback=feedback)
    if canvas:
        complete &= _to_canvas(out, assignment, canvas, column, canvas_feedback)
    return int(not complete)


def _to_moodle(out: Console, assignment: Assignment, file: Path, *, feedback: bool) -> bool:
    """Fill in a worksheet; pack the feedback pages on request; return whether nobody is left out."""
    sheet = moodle_sheet(file)
    complete = _export(out, assignment, sheet)
    if feedback:
        complete &= _feedback(out, assignment, MOODLE, _moodle_names(out, assignment, sheet))
    return complete


def _to_canvas(out: Console, assignment: Assignment, file: Path, column: int | None, submissions: Path | None) -> bool:
    """Fill in a gradebook; pack feedback if `submissions` are given; return whether nobody is left out."""
    complete = _export(out, assignment, canvas_sheet(file, column, assignment.name))
    if submissions:
        complete &= _feedback(out, assignment, CANVAS, _canvas_names(assignment, submissions, file))
        out.print(RENAMED, soft_wrap=True)
    return complete


def _gradescope(out: Console, assignment: Assignment, notebook: str | None) -> None:
    """Write Gradescope's autograder zip, and print what to set there."""
    notebooks = notebooks_asked(assignment, notebook)
    cells = [cell for name in notebooks for cell in assignment.skeleton(name).graded if not cell.is_manual]
    target = assignment.course.root / FOLDER / f"{notebook or assignment.name}-gradescope.zip"
    write_gradescope(target, assignment, PLATFORMS["gradescope"].seconds, notebook)
    _written(out, target)
    out.print(
        f"In Gradescope upload it at Configure Autograder, with {sum(cell.points for cell in cells):g} autograder points. In the "
        "settings choose a container of 3 GB or more and a time limit of 40 minutes.",
        soft_wrap=True,
    )


def _prairielearn(out: Console, assignment: Assignment, image: str) -> None:
    """Write PrairieLearn's questions, and print where to put them."""
    target = assignment.course.root / FOLDER / f"{assignment.name}-prairielearn.zip"
    write_prairielearn(target, assignment, PLATFORMS["prairielearn"].seconds, image)
    _written(out, target)
    out.print(
        f"Unpack it in the folder of your course there. In image/ type: docker build -t {image} . && docker push {image}",
        soft_wrap=True,
    )


def _written(out: Console, target: Path) -> None:
    out.print(
        f"{os.path.relpath(target)}, {target.stat().st_size / 1e6:.1f} MB. It holds the hidden tests, the solution and the "
        "course's secret: no student may have it.",
        soft_wrap=True,
    )


def _rows(out: Console, sheet: Sheet, gradebook: Any) -> dict[str, SheetRow]:
    """Return the rows of a sheet by student; print a note on each doubtful name."""
    roster = roster_of(gradebook)
    found, _ = match(sheet.people, roster)
    for person, note in notes_on(found, roster).items():
        out.print(f"The row of {found[person]} in {sheet.table.path.name}: {note}.")
    return {found[row.person]: row for row in sheet.rows if row.person in found}


def _export(out: Console, assignment: Assignment, sheet: Sheet) -> bool:
    """Fill in a sheet, and report special cases of marks; return whether nobody is left out."""
    course, name = assignment.course, assignment.name
    if not gradebook_exists(course.db_url):
        raise UsageError(f"There is no gradebook yet, so there are no marks. Type netgrader autograde {name} first.")
    with opened(course) as gradebook:
        known, rows = marks_of(gradebook, name), _rows(out, sheet, gradebook)
        changed = {student for student, _ in known if not _is_current(gradebook, assignment, student)}
    if not known:
        raise UsageError(f"Nobody has a mark for {name} yet. Type netgrader autograde {name} first.")
    points, waiting = _marks(known)
    found: dict[str, list[str]] = defaultdict(list)
    found["unfinished"] = sorted(itertools.chain.from_iterable(waiting.values()))
    found["ungraded"] = sorted({*assignment.handed_in()} - points.keys() | changed)
    for student in sorted(points.keys() - waiting.keys() - changed):
        for fate, said in _fill(sheet, rows.get(student), student, points[student]).items():
            found[fate].append(said)
    target = course.root / FOLDER / f"{name}-{sheet.platform.lower()}.csv"
    write_bytes(target, sheet.table.content())
    return _say(out, sheet, found, target)


def _is_current(gradebook: Any, assignment: Assignment, student: str) -> bool:
    """Whether the gradebook has the marks of what the student handed in last, by its time."""
    try:
        return submission_of(gradebook, assignment, student) is not None
    except NetgraderError:  # timestamp.txt holds no time, so autograde leaves the submission alone
        return False


def _say(out: Console, sheet: Sheet, found: Mapping[str, list[str]], target: Path) -> bool:
    """Report the marks with special cases, and the totals; return whether nobody is left out."""
    told = [fate for fate in FATES if found[fate]]
    for fate in told:
        how = FATES[fate][0].format(platform=sheet.platform, sheet=sheet.table.path.name)
        out.print(f"{how}: {', '.join(found[fate])}.")
    counts = f"{len(found['written'])} marks written for '{sheet.title}', {len(found['same'])} already there"
    out.print(f"{counts}: {os.path.relpath(target)}")
    return not any(FATES[fate][1] for fate in told)


def _marks(known: Mapping[tuple[str, str], Marks]) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Return by student the points minus late penalties, and the notebooks that wait for a person."""
    points: dict[str, float] = {}
    waiting: dict[str, list[str]] = defaultdict(list)
    for (student, notebook), marks in known.items():
        given = sum(cell.points or 0.0 for cell in marks.cells.values())
        points[student] = points.get(student, 0.0) + max(0.0, given - marks.late_penalty)
        if any(cell.waiting or cell.points is None for cell in marks.cells.values()):
            waiting[student].append(f"{student} {notebook}")
    return points, waiting


def _fill(sheet: Sheet, row: SheetRow | None, student: str, points: float) -> dict[str, str]:
    """Write a mark into the student's row; return its cases in `FATES`, each with the text to list."""
    if row is None:
        return {"missing": student}
    if row.kept:
        return {"kept": f"{student} ({row.kept})"}
    mark = sheet.written(points)
    if not sheet.fill(row, mark):
        return {"same": student}
    fates = {"written": student}
    if row.has_mark:
        fates["replaced"] = f"{student} ({row.mark} → {mark:f})"
    if row.locked:
        fates["locked"] = student
    elif row.most is not None and mark > row.most:
        fates["above" if sheet.platform == MOODLE else "taken"] = f"{student} ({mark:f} of {row.most:f})"
    elif row.graded:
        fates[GRADED[sheet.dates_read]] = student
    return fates


def _moodle_names(out: Console, assignment: Assignment, sheet: Sheet) -> dict[str, Callable[[str], str]]:
    """Return, for each student of a worksheet, the function that names the student's pages."""
    with opened(assignment.course) as gradebook:
        rows = _rows(out, sheet, gradebook)
    return {student: functools.partial(moodle_name, row.person) for student, row in rows.items()}


def _canvas_names(assignment: Assignment, archive: Path, sheet: Path) -> dict[str, Callable[[str], str]]:
    """Return, for each student in a Canvas download, the function that names the student's pages."""
    with opened(assignment.course) as gradebook:
        roster = roster_of(gradebook)
    download = read_handed_in(archive, sheet, assignment.notebooks, [member.lms_id for member in roster])
    return {
        student: functools.partial(canvas_name, one.submission)
        for one in handed_in_by(download, roster)
        for student in one.students
    }


def _feedback(out: Console, assignment: Assignment, platform: str, named: Mapping[str, Callable[[str], str]]) -> bool:
    """Pack the feedback pages of the class for a platform; return whether nobody is left out."""
    course, name = assignment.course, assignment.name
    pages = {
        student: found
        for student in course.submitted(name, "feedback")
        if (found := sorted(course.folder("feedback", student, name).glob("*.html")))
    }
    if not pages:
        raise UsageError(f"There are no feedback pages yet. Type netgrader feedback {name} first.")
    lost = sorted(pages.keys() - named.keys())
    target = course.root / FOLDER / f"{name}-{platform.lower()}-feedback.zip"
    packed = {named[who](page.name): page for who in sorted(pages.keys() & named.keys()) for page in pages[who]}
    write_feedback(target, packed)
    if lost:
        out.print(f"Feedback pages left out, since {WHERE[platform]} does not have these students: {', '.join(lost)}.")
    size = target.stat().st_size / 1e6
    out.print(f"{len(packed)} pages of {len(pages) - len(lost)} students: {os.path.relpath(target)}, {size:.1f} MB")
    return not lost
