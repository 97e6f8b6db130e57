"""``netgrader export``: marks into the sheet that Moodle or Canvas gave, feedback pages as Moodle takes them, autograders."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netgrader.commands.collect import assignment_called
from netgrader.commands.grade_on import PLATFORMS
from netgrader.commands.show import console, ungraded
from netgrader.course import holds_work
from netgrader.errors import UsageError
from netgrader.files import write_bytes
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.pages.graded import gradebook_exists, graded_notebook, marks_of
from netgrader.platforms.autograder_files import write_gradescope, write_prairielearn
from netgrader.platforms.feedback_zip import write_feedback
from netgrader.platforms.people import MOODLE, match, notes_on, read_collected, roster_of
from netgrader.platforms.received import canvas_sheet, moodle_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.pages.graded import Marks
    from netgrader.platforms.sheets import Sheet, SheetRow

__all__ = ["run"]

FOLDER = "exports"
IGNORE = "Allow updating records that have been modified more recently in Moodle than in the spreadsheet"


@dataclass
class _Filled:
    """What became of the marks: everybody who has one is in one of these."""

    written: int = 0
    same: int = 0
    replaced: list[str] = field(default_factory=list)
    """Whose mark on the platform was another one."""
    kept: list[str] = field(default_factory=list)
    """Whose cell is left as it is."""
    locked: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    """Whose row Moodle skips if its mark was changed there."""
    unfinished: list[str] = field(default_factory=list)
    """For whom a person has still to give points."""
    partly: list[str] = field(default_factory=list)
    """Of whom not all could be graded."""
    missing: list[str] = field(default_factory=list)
    """Who has no row in the sheet."""
    ungraded: list[str] = field(default_factory=list)
    """Who handed in and has no mark at all."""


def run(
    name: str | None,
    moodle: Path | None,
    canvas: Path | None,
    *,
    column: int | None,
    feedback: bool,
    unfinished: bool,
    gradescope: bool = False,
    notebook: str | None = None,
    image: str | None = None,
) -> int:
    """Write what is asked for; the exit code."""
    marks = moodle is not None or canvas is not None or feedback
    if not marks and not gradescope and image is None:
        raise UsageError(
            "Say what to write: --moodle WORKSHEET.csv, --canvas GRADEBOOK.csv, --moodle-feedback, --gradescope or "
            "--prairielearn IMAGE."
        )
    assignment, out = assignment_called(name), console()
    if gradescope:
        _gradescope(out, assignment.course.own_assignment(assignment.name, "nbgrader autograde"), notebook)
    if image is not None:
        _prairielearn(out, assignment.course.own_assignment(assignment.name, "nbgrader autograde"), image)
    if not marks:
        return 0
    if not gradebook_exists(assignment.course.db_url):
        raise UsageError(
            f"There is no gradebook yet, so there are no marks. Type netgrader autograde {assignment.name} first."
        )
    complete = True
    with opened(assignment.course) as gradebook:
        worksheet = moodle_sheet(moodle) if moodle else None
        sheets = [worksheet, canvas_sheet(canvas, column, assignment.name) if canvas else None]
        for sheet in sheets:
            if sheet is not None:
                complete &= _export(out, assignment, sheet, gradebook, unfinished=unfinished)
        if feedback:
            complete &= _feedback(out, assignment, worksheet, gradebook)
    return 0 if complete else 1


def _gradescope(out: Console, assignment: Assignment, notebook: str | None) -> None:
    """Write the zip that Gradescope grades with, and say what to set there."""
    notebooks = (notebook,) if notebook else assignment.notebooks
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
    """Write PrairieLearn's questions, and say where they go."""
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


def _rows(out: Console, sheet: Sheet, assignment: Assignment, gradebook: Any) -> dict[str, SheetRow]:
    """Return the rows of a sheet by the students whose they are."""
    known = read_collected(assignment)
    roster = roster_of(gradebook)
    found, _ = match(sheet.people, roster, known.on(sheet.platform))
    for person, note in notes_on(found, roster).items():
        out.print(f"The row of {found[person]} in {sheet.table.path.name}: {note}.")
    return {found[row.person]: row for row in sheet.rows if row.person in found}


def _export(out: Console, assignment: Assignment, sheet: Sheet, gradebook: Any, *, unfinished: bool) -> bool:
    """Fill in a sheet, and say what became of each mark; whether nobody is left out."""
    known = marks_of(gradebook, assignment.name)
    points, waiting = _marks(known)
    if not points:
        raise UsageError(
            f"Nobody has a mark for {assignment.name} yet. Type netgrader autograde {assignment.name} first."
        )
    rows = _rows(out, sheet, assignment, gradebook)
    filled = _Filled()
    for student in sorted(points):
        row = rows.get(student)
        if student in waiting and not unfinished:
            filled.unfinished.append(student)
        elif row is None:
            filled.missing.append(student)
        else:
            _fill(filled, sheet, row, student, points[student])
            books = [graded_notebook(assignment, student, notebook, known) for notebook in assignment.notebooks]
            if ungraded([book.decided for book in books if book.decided is not None]):
                filled.partly.append(student)
    target = assignment.course.root / FOLDER / f"{assignment.name}-{sheet.platform.lower()}.csv"
    write_bytes(target, sheet.table.content())
    course, name = assignment.course, assignment.name
    handed_in = [one for one in course.submitted(name) if holds_work(course.folder("submitted", one, name))]
    filled.ungraded = [student for student in handed_in if student not in points]
    maxima = sorted({row.most for row in sheet.rows if row.most is not None})
    ours = gradebook.find_assignment(assignment.name).max_score
    if any(abs(float(one) - ours) > 1e-9 for one in maxima):
        theirs = ", ".join(f"{one:f}" for one in maxima)
        out.print(f"The maximum is {theirs} in {sheet.platform} and {ours:g} here: marks go out as they are.")
    for line in _lines(sheet, filled):
        out.print(line)
    called = f" for '{sheet.title}'" if sheet.title else ""
    out.print(f"{filled.written} marks written{called}, {filled.same} stood there already: {os.path.relpath(target)}")
    unread = filled.graded and not sheet.dates_read
    skipped = sheet.platform == MOODLE and (filled.locked or filled.above or unread)
    return not (skipped or filled.unfinished or filled.missing or filled.ungraded)


def _marks(known: Mapping[tuple[str, str], Marks]) -> tuple[dict[str, float], set[str]]:
    """Return what the gradebook counts for each student, penalties taken off, and for whom points are still to be given."""
    points: dict[str, float] = {}
    waiting = set()
    for (student, _), marks in known.items():
        given = sum(cell.points or 0.0 for cell in marks.cells.values())
        points[student] = points.get(student, 0.0) + max(0.0, given - marks.late_penalty)
        if any(cell.waiting or cell.points is None for cell in marks.cells.values()):
            waiting.add(student)
    return points, waiting


def _fill(filled: _Filled, sheet: Sheet, row: SheetRow, student: str, points: float) -> None:
    """Put a student's mark into their row."""
    if row.kept:
        filled.kept.append(f"{student} ({row.kept})")
        return
    mark = sheet.written(points)
    if not sheet.fill(row, mark):
        filled.same += 1
        return
    filled.written += 1
    if row.has_mark:
        filled.replaced.append(f"{student} ({row.mark} → {mark:f})")
    if row.locked:
        filled.locked.append(student)
    elif row.most is not None and mark > row.most:
        filled.above.append(f"{student} ({mark:f} of {row.most:f})")
    elif row.graded:
        filled.graded.append(student)


def _lines(sheet: Sheet, filled: _Filled) -> Iterator[str]:
    """Yield a sentence for each kind of mark that does not simply get there."""
    moodle = sheet.platform == MOODLE
    silent = "so Moodle skips it without a word"
    why = (
        "so it is skipped without a word if it was changed there since this sheet was downloaded"
        if sheet.dates_read
        else "and Moodle does not read its dates in German, so it is skipped without a word"
    )
    before = f"Graded in Moodle before, {why}, unless you tick '{IGNORE}'"
    for told, whose in (
        ("Another mark stood there", filled.replaced),
        (f"Left as it stands in {sheet.platform}", filled.kept),
        (f"Locked, {silent}", filled.locked),
        (f"Above the maximum, {silent}" if moodle else "Above the maximum, which Canvas takes", filled.above),
        (before, filled.graded),
        ("Not written, since a person has still to give points (--unfinished writes it)", filled.unfinished),
        ("Not graded in full, and as the gradebook counts it", filled.partly),
        (f"Not written, since nobody in {sheet.table.path.name} fits", filled.missing),
        ("Handed in and not graded", filled.ungraded),
    ):
        if whose:
            yield f"{told}: {', '.join(whose)}."
    if not moodle:
        yield "Import it soon: Canvas takes all columns of the file, those of other assignments, too."


def _feedback(out: Console, assignment: Assignment, sheet: Sheet | None, gradebook: Any) -> bool:
    """Pack the feedback pages of the class for Moodle; whether nobody's is left out."""
    if sheet is not None:
        whose = {student: row.person for student, row in _rows(out, sheet, assignment, gradebook).items()}
        named = {student: (person.number, person.name) for student, person in whose.items()}
    else:
        known = read_collected(assignment)
        numbers = known.students if known.platform == MOODLE else {}
        named = {student: (number, known.names.get(number, "")) for number, student in numbers.items()}
    there = {}
    for student in assignment.course.submitted(assignment.name, "feedback"):
        pages = sorted(assignment.course.folder("feedback", student, assignment.name).glob("*.html"))
        there.update({student: pages} if pages else {})
    if not there:
        raise UsageError(f"There are no feedback pages yet. Type netgrader feedback {assignment.name} first.")
    lost = sorted(there.keys() - named.keys())
    if len(lost) == len(there):
        raise UsageError(
            "Of nobody Moodle's number is known. Give the grading worksheet, too (--moodle WORKSHEET.csv), or collect with "
            "netgrader collect."
        )
    target = assignment.course.root / FOLDER / f"{assignment.name}-moodle-feedback.zip"
    count = write_feedback(target, {named[student]: pages for student, pages in there.items() if student in named})
    if lost:
        out.print(f"Without a number of Moodle's, so their pages are left out: {', '.join(lost)}.")
    old = [student for student, pages in there.items() if _is_old(assignment, student, pages)]
    if old:
        out.print(
            f"Older than the last grading (netgrader feedback {assignment.name} writes them anew): {', '.join(old)}."
        )
    size = target.stat().st_size / 1e6
    out.print(f"{count} pages of {len(there) - len(lost)} students: {os.path.relpath(target)}, {size:.1f} MB")
    return not lost


def _is_old(assignment: Assignment, student: str, pages: list[Path]) -> bool:
    """Whether a notebook was graded after its page was written."""
    folder = assignment.course.folder("autograded", student, assignment.name)
    graded = [(page, folder / f"{page.stem}.ipynb") for page in pages]
    return any(book.is_file() and book.stat().st_mtime > page.stat().st_mtime for page, book in graded)
