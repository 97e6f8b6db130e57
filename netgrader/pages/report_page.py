"""From a class to its report page and its CSV file."""

from __future__ import annotations

import csv
import io
import shlex
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.faults import kind_of
from netgrader.pages import safe, words
from netgrader.pages.checks_table import passed_shares
from netgrader.pages.objections import result_of
from netgrader.pages.report_charts import class_charts, distribution
from netgrader.pages.report_mistakes import explained, mistakes
from netgrader.pages.report_rules import to_help, to_judge
from netgrader.pages.report_view import (
    ClassView,
    Doubted,
    Report,
    Score,
    StudentRow,
    StudentView,
    Trouble,
    by_name,
    score_of,
    without_names,
)
from netgrader.pages.shell import points as written
from netgrader.pages.shell import render
from netgrader.phrases import say
from netgrader.results import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from netgrader.pages.graded import Graded
    from netgrader.pages.report_view import NotebookColumns
    from netgrader.results import NotebookResult

__all__ = ["build_report", "class_csv", "render_report"]

SCRIPT = Path(__file__).parent / "templates" / "report.js"

# The settings that set each limit.
LIMITS = {
    "time": ("cell_seconds", "notebook_seconds"),
    "memory": ("memory_bytes",),
    "disk": ("disk_bytes",),
    "files": ("disk_bytes",),
    "output": ("received_bytes",),
}


def render_report(report: Report) -> str:
    """The page as one HTML file."""
    return render("report.html.j2", script=SCRIPT.read_text(encoding="utf-8"), report=report)


def build_report(
    view: ClassView,
    csv_name: str | None = None,
    checks_name: str | None = None,
    *,
    for_class: bool = False,
) -> Report:
    """The report on a class; `csv_name` and `checks_name` are the files beside it that it links to.

    `for_class` makes one that a class may be shown: of all together, with nobody's name.
    """
    if for_class:
        view = without_names(view)
    assignment = safe.line(view.assignment, 120)
    students = tuple(sorted(view.students, key=by_name))
    handed_out, view = view.notebooks, _narrowed(replace(view, students=students))
    handed_in = any(student.submitted for student in students)
    faults, sections = explained(view, mistakes(view))
    return Report(
        assignment=assignment,
        facts=(*_facts(view, for_class=for_class), *_not_yet(handed_out, view.notebooks)),
        notebooks=view.notebooks,
        rows=tuple(_row(view, student) for student in students),
        to_judge=to_judge(view),
        to_help=to_help(view),
        absent=tuple(student.shown for student in students if not student.submitted),
        troubles=tuple(_troubles(view)),
        doubted=tuple(_doubted(view)),
        shares=passed_shares(view),
        faults=faults,
        sections=sections,
        late=tuple(_late(view)),
        distribution=distribution(view),
        charts=class_charts(view),
        integrity=tuple(
            (student, notebook, safe.line(fact))
            for student in students
            for notebook, graded in student.notebooks.items()
            for fact in graded.integrity
        ),
        csv_name=csv_name or f"{assignment}.csv",
        checks_name=checks_name or f"{assignment}-checks.csv",
        for_class=for_class,
        empty="" if handed_in else words.EMPTY.format(assignment=assignment),
    )


def _doubted(view: ClassView) -> Iterator[Doubted]:
    """Yield the verdicts that students doubt, with what they are now."""
    of = {student.student: student for student in view.students}
    for said in view.objections:
        student = of.get(said.student)
        graded = student.notebooks.get(said.notebook) if student is not None else None
        cell = graded.results.get(said.cell) if graded is not None else None
        now = result_of(cell, cell.points) if graded is not None and cell is not None else ""
        stranger = said.sender is not None and (said.sender, said.student) not in view.addresses
        yield Doubted(student, said, now if now != said.result else "", stranger=stranger)


def _late(view: ClassView) -> Iterator[tuple[StudentView, str]]:
    """Yield who handed in late, and by how much; where the gradebook cannot tell, that the platform says so."""
    for student in view.students:
        if student.late:
            yield student, words.duration(student.late)
        elif student.late is None and student.submitted and student.student in view.said_late:
            yield student, words.LATE_SAID.format(platform=view.said_late[student.student])


def _narrowed(view: ClassView) -> ClassView:
    """The class without the notebooks that nobody has handed in yet: they are no points lost."""
    there = {notebook for student in view.students for notebook in student.notebooks}
    return replace(view, notebooks=tuple(one for one in view.notebooks if one.notebook in there) or view.notebooks)


def _not_yet(all_of_them: Iterable[NotebookColumns], shown: Collection[NotebookColumns]) -> Iterator[str]:
    missing = [one.notebook for one in all_of_them if one not in shown]
    if missing:
        yield words.SHORT_NOT_YET.format(notebooks=", ".join(missing))


def class_csv(view: ClassView) -> str:
    """The class as CSV: a line for each student, a column for each cell of what was handed in, points that count."""
    view = _narrowed(view)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    cells = [(columns.notebook, column) for columns in view.notebooks for column in columns.columns]
    writer.writerow(
        [
            "student_id",
            "name",
            "submitted",
            "standing",
            *(f"{notebook}/{column.cell}" for notebook, column in cells),
            "late_penalty",
            "score",
            "max_score",
            "waiting",
            "faults",
            "problems",
            "seconds_late",
            "late",
        ]
    )
    most = sum(columns.max_points for columns in view.notebooks)
    late = {student.student for student, _ in _late(view)}
    for student in sorted(view.students, key=lambda one: one.student):
        scores = [score_of(student.notebooks.get(notebook), column) for notebook, column in cells]
        writer.writerow(
            [
                safe.csv_text(student.student),
                safe.csv_text(student.name),
                "yes" if student.submitted else "no",
                _standing(student),
                *("" if score.points is None else f"{score.points:g}" for score in scores),
                f"{sum(graded.marks.late_penalty for graded in student.notebooks.values()):g}",
                "" if student.total is None else f"{student.total:g}",
                f"{most:g}",
                sum(1 for score in scores if score.state == "waiting"),
                " ".join(_codes(student)),
                safe.csv_text(" ".join(problem for _, problem in _problems(student))),
                f"{student.late or 0:.0f}",
                "yes" if student.student in late else "no",
            ]
        )
    return stream.getvalue()


def _standing(student: StudentView) -> str:
    """What a program may ask of a student's numbers: whether all of what was handed in is behind them."""
    if not student.submitted:
        return "nothing handed in"
    if student.not_graded_yet:
        return "not graded yet"
    statuses = {graded.status for graded in student.notebooks.values()} - {None}
    if statuses == {Status.NOT}:
        return str(Status.NOT)
    return str(Status.GRADED if statuses == {Status.GRADED} else Status.PARTLY)


def _judged(graded: Graded) -> bool:
    """Whether anything of a notebook could be graded."""
    return graded.status not in {None, Status.NOT}


def _facts(view: ClassView, *, for_class: bool) -> Iterator[str]:
    students = view.students
    # A notebook that could not be read says nothing of how hard the exercises are.
    judged = [student for student in students if any(map(_judged, student.notebooks.values()))]
    scores = [student.total for student in judged if student.total is not None]
    yield words.SHORT_STUDENTS.format(
        students=words.counted(words.STUDENTS, len(students)),
        submitted=sum(student.submitted for student in students),
        graded=sum(any(_judged(one) for one in student.notebooks.values()) for student in students),
    )
    if scores:
        yield words.SHORT_MEDIAN.format(
            median=written(statistics.median(scores)),
            most=written(sum(columns.max_points for columns in view.notebooks)),
            low=written(min(scores)),
            high=written(max(scores)),
        )
    if not for_class:
        yield from _left_to_do(view)
    commonest = next((fault for fault in mistakes(view) if not fault.free), None)
    if commonest:
        yield words.SHORT_FAULT.format(number=len(commonest.students), sentence=commonest.sentence)


def _left_to_do(view: ClassView) -> Iterator[str]:
    """What a person has still to look at, and what to type."""
    yield from _odd_marks(view)
    not_yet = sum(student.not_graded_yet for student in view.students)
    if not_yet:
        command = f"netgrader autograde {safe.line(view.assignment)}"
        yield words.counted(words.SHORT_NOT_GRADED_YET, not_yet, command=command)
    unclear = sum(
        graded.status not in {None, Status.GRADED} for student in view.students for graded in student.notebooks.values()
    )
    if unclear:
        yield words.counted(words.SHORT_UNGRADABLE, unclear)
    waiting = sum(
        score_of(student.notebooks.get(columns.notebook), column).state == "waiting"
        for student in view.students
        for columns in view.notebooks
        for column in columns.columns
    )
    if waiting:
        yield words.counted(words.SHORT_WAITING, waiting)
    elif any(column.manual for columns in view.notebooks for column in columns.columns) and any(
        _judged(graded) for student in view.students for graded in student.notebooks.values()
    ):
        yield words.SHORT_ALL_READ


def _odd_marks(view: ClassView) -> Iterator[str]:
    """Marks given by hand that make sums which nobody would expect."""
    marks = {
        student.student: [mark for graded in student.notebooks.values() for mark in graded.marks.cells.values()]
        for student in view.students
    }
    wrong = sum(mark.out_of_range or bool(mark.left_out) for own in marks.values() for mark in own)
    if wrong:
        yield words.counted(words.SHORT_MARKS, wrong)
    extra = sum(any(mark.extra for mark in own) for own in marks.values())
    if extra:
        yield words.counted(words.SHORT_EXTRA, extra)


def _row(view: ClassView, student: StudentView) -> StudentRow:
    scores = tuple(
        score_of(student.notebooks.get(columns.notebook), column)
        for columns in view.notebooks
        for column in columns.columns
    )
    state = _state(student, scores)
    return StudentRow(
        student=student,
        state=state,
        word=words.STATES[state],
        scores=scores,
        max_points=sum(columns.max_points for columns in view.notebooks),
        faults=_codes(student),
        search=f"{student.shown} {safe.line(student.student)}".casefold(),
    )


def _state(student: StudentView, scores: tuple[Score, ...]) -> str:
    if not student.submitted:
        return "absent"
    states = {score.state for score in scores}
    statuses = {graded.status for graded in student.notebooks.values()}
    if Outcome.UNGRADABLE in states or statuses - {None, Status.GRADED}:
        return "ungradable"
    if "ungraded" in states or student.not_graded_yet:
        return "ungraded"
    if "waiting" in states:
        return "waiting"
    lost = any(score.points is None or score.points < score.max_points for score in scores)
    return "partial" if lost else "complete"


def _codes(student: StudentView) -> tuple[str, ...]:
    """Codes of the faults that cost the student something."""
    found = (code for graded in student.notebooks.values() for code in graded.faults)
    return tuple(dict.fromkeys(code for code in found if not kind_of(code).remark))


def _troubles(view: ClassView) -> Iterator[Trouble]:
    for student in view.students:
        problems = _problems(student)
        if problems:
            remedy, command = _remedy(view.assignment, student)
            yield Trouble(student, problems, remedy, command)


def _remedy(assignment: str, student: StudentView) -> tuple[str, str]:
    """How to go on, in a sentence, and what to type."""
    results = [graded.decided for graded in student.notebooks.values()]
    command = _command(assignment, student.student)
    limits = _limits_met(result for result in results if result is not None)
    if limits:
        names = (name for limit in limits for name in LIMITS.get(limit, ()))
        return words.REMEDY_LIMIT.format(
            limits=", ".join(limits),
            names=", ".join(dict.fromkeys(names)),
            file=f"source/{safe.line(assignment)}/checks/exercises.toml",
        ), command
    if Status.NOT in {graded.status for graded in student.notebooks.values()}:
        return words.REMEDY_FILE.format(
            folder=f"submitted/{safe.line(student.student)}/{safe.line(assignment)}/"
        ), command
    if all(result is None for result in results):
        return words.REMEDY, command
    # What was tried and failed is kept like any other result: it runs again only if asked for.
    return words.REMEDY_AGAIN, f"{command} --only ungradable"


def _limits_met(results: Iterable[NotebookResult]) -> list[str]:
    """The limits because of which something could not be graded."""
    stopped = (result for result in results if result.status is not Status.GRADED)
    met = (seen.limit for result in stopped for seen in result.integrity if seen.limit)
    return [safe.line(limit, 20) for limit in dict.fromkeys(met)]


def _problems(student: StudentView) -> tuple[tuple[str, str], ...]:
    """What of a student's could not be graded: where and why, each reason once."""
    if student.submitted and not student.notebooks:
        return (("", words.NOT_GRADED_ANYTHING),)
    never = [notebook for notebook, graded in student.notebooks.items() if graded.decided is None]
    found = {words.NOT_GRADED_NOTEBOOK: ", ".join(never)} if never else {}
    for notebook, graded in student.notebooks.items():
        result = graded.decided
        if result is None:
            continue
        if result.status is Status.GRADED:
            continue
        if result.problem:
            found.setdefault(safe.line(say(result.problem), 600), notebook)
        if result.status is Status.NOT:
            continue
        for cell in result.cells:
            for check in cell.checks:
                if check.outcome is Outcome.UNGRADABLE:
                    where = f"{notebook}, {cell.cell.removeprefix('check_')}"
                    found.setdefault(safe.line(check.message or check.sentence, 600), where)
    return tuple((where, problem) for problem, where in found.items())


def _command(assignment: str, student: str) -> str:
    """What to type to grade one student again; a name that a shell would read differently is quoted."""
    return f"netgrader autograde {safe.line(assignment)} --student {shlex.quote(safe.line(student))}"
