"""Which addresses of formgrader's are answered here before nbgrader does, and for a class of thousands from fewer questions."""

from __future__ import annotations

import json
import os
import pickle
import re
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import DictLoader
from jupyter_server.utils import url_path_join
from nbconvert.exporters import HTMLExporter
from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import BaseHandler
from sqlalchemy import case, func, literal, select, union_all
from tornado import web
from traitlets.config import Config

from netgrader.course import holds_work
from netgrader.errors import NetgraderError
from netgrader.limited import ExceededError, within_limits
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Subquery

__all__ = ["ClassGradebook", "ClassLists", "WithinLimits", "answer_first", "has_formgrader"]

SCRIPTS = ("manage_submissions", "gradebook_notebook_submissions")
PAGED = Path(__file__).with_name("paged_lists.js")
# What asks nbgrader's interface about every student of a class.
ABOUT_A_CLASS = (
    apihandlers.SubmissionCollectionHandler,
    apihandlers.SubmissionHandler,
    apihandlers.SubmittedNotebookCollectionHandler,
)


def has_formgrader(settings: Mapping[str, Any]) -> bool:
    """Whether nbgrader's extension is loaded in the server with these settings."""
    return "nbgrader_formgrader" in settings


def answer_first(application: Any) -> None:
    """Put our answers before those that the tornado application has for the same addresses."""
    base = application.settings["base_url"]
    application.add_handlers(".*$", [(url_path_join(base, address), answer) for address, answer in _answers()])
    # Rules are tried in their order. The last is the one for all hosts, and `add_handlers` puts new ones before it.
    rules = application.default_router.rules
    rules.insert(0, rules.pop(-2))


def _answers() -> Iterator[tuple[str, type]]:
    yield rf"/formgrader/static/js/({'|'.join(SCRIPTS)})\.js", ListScript
    for address, handler, *_ in (*apihandlers.default_handlers, *handlers.default_handlers):
        if handler is handlers.SubmissionNavigationHandler:
            yield address, Navigation
        elif handler is handlers.SubmissionHandler:
            yield address, Submission
        elif handler in ABOUT_A_CLASS:
            yield address, type(handler.__name__, (_FewQuestions, handler), {})


class ListScript(BaseHandler):  # type: ignore[misc]
    """nbgrader's script of a list, and after it what makes rows a page at a time."""

    @web.authenticated
    def get(self, name: str) -> None:
        """Both, as one script that knows which course it is for."""
        nbgraders = Path(handlers.static_path) / "js" / f"{name}.js"
        course = f"const netgraderCourse = {json.dumps(self.coursedir.root)};"
        self.set_header("Content-Type", "text/javascript; charset=UTF-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish("\n".join([course, *(path.read_text(encoding="utf-8") for path in (nbgraders, PAGED))]))


class _FewQuestions:
    """A handler of nbgrader's that asks our interface."""

    settings: dict[str, Any]
    log: Any

    @property
    def api(self) -> ClassLists:
        formgrader, level = self.settings["nbgrader_formgrader"], self.log.level
        formgrader.load_config_file()
        api = ClassLists(formgrader.coursedir, formgrader.authenticator, parent=formgrader)
        api.log_level = level  # nbgrader's interface sets that of the whole server when it is made
        return api


class Submission(_FewQuestions, handlers.SubmissionHandler):  # type: ignore[misc]
    """The page of a submission, made in a process that is ended where it takes too long: others wait for this server."""

    @property
    def exporter(self) -> WithinLimits:
        return WithinLimits(self.settings["nbgrader_exporter"])


class Navigation(_FewQuestions, handlers.SubmissionNavigationHandler):  # type: ignore[misc]
    """From one submission to the next: nbgrader's order, without a question for each student."""

    def _get_submission_ids(self, assignment_id: str, notebook_id: str) -> list[str]:
        return sorted(self.api.get_notebook_submission_indices(assignment_id, notebook_id))

    def _get_incorrect_submission_ids(self, assignment_id: str, notebook_id: str, submission: Any) -> list[str]:
        listed = self.api.get_notebook_submissions(assignment_id, notebook_id)
        return sorted({submission.id, *(one["id"] for one in listed if one["failed_tests"])})


# nbgrader's page has MathJax read all of it. Where `configure` makes MathML of formulas, what else looks like one stands in what
# students put out, and would be drawn wherever on the page it says.
NO_MATHJAX = DictLoader({"mathjax.html.j2": "{% macro mathjax(url='') %}{% endmacro %}"})

LEFT_OUT = "*What stands here is not shown: making a page of the notebook {limit}.*"


class WithinLimits:
    """Has of the exporter that formgrader shows notebooks with what formgrader asks of it."""

    def __init__(self, exporter: HTMLExporter) -> None:
        self._config = _sendable(exporter.config)

    def from_filename(self, filename: str, resources: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The page; of a notebook that takes too long, the places for marks and comments, which is said there.

        Raises
        ------
        ExceededError
            If that takes too long as well.
        """
        try:
            return within_limits(_page, filename, dict(resources), self._config), {}
        except ExceededError as error:
            said = LEFT_OUT.format(limit=error)
            return within_limits(_page, filename, dict(resources), self._config, said), {}


def _page(filename: str, resources: dict[str, Any], config: Config, said: str = "") -> str:
    notebook = nbformat.read(filename, as_version=4)
    if said:
        notebook.cells = [
            nbformat.v4.new_markdown_cell(said, metadata=cell.metadata, id=cell.id)
            for cell in notebook.cells
            if cell.metadata.get("nbgrader")
        ]
    loaders = [NO_MATHJAX] if "markdown2html" in config.HTMLExporter.get("filters", {}) else []
    html, _ = HTMLExporter(config=config, extra_loaders=loaders).from_notebook_node(notebook, resources=resources)
    return str(html)


def _sendable(config: Config) -> Config:
    """The sections of a configuration that can go to another process: functions of a course's own file cannot."""
    kept = Config()
    for name, section in config.items():
        try:
            pickle.dumps(section)
        except Exception:  # noqa: BLE001, S112  (whatever an instructor's objects do; the exporter's settings are texts)
            continue
        kept[name] = section
    return kept


PLACE = "\0"  # stands where a student's id comes in: no path has it


class ClassLists(NbGraderAPI):  # type: ignore[misc]
    """What formgrader's lists and its way from one submission to the next ask about a class.

    Answers are those of `NbGraderAPI`, with these exceptions. Students have their names alone: of 10,000, their marks in all
    assignments take seconds, and no list of one assignment shows them. A time that cannot be read is no error, and a link in
    its place is no time. The name of an assignment is a text, and no pattern.
    """

    @property
    def gradebook(self) -> ClassGradebook:
        """The gradebook, to be closed by who asks."""
        return ClassGradebook(self.coursedir.db_url, self.course_id)

    def get_submitted_students(self, assignment_id: str) -> set[str]:
        """Who has handed in, by the folders in `submitted` that hold anything to grade; `*` for any assignment."""
        if assignment_id == "*":
            return super().get_submitted_students(assignment_id)  # type: ignore[no-any-return]
        form = self.coursedir.format_path(self.coursedir.submitted_directory, PLACE, assignment_id)
        named = re.compile(re.escape(form).replace(re.escape(PLACE), "(?P<student_id>.*)"))
        found = glob(escape(form).replace(PLACE, "*"))  # noqa: PTH207  (texts, not ten thousand paths)
        return {match["student_id"] for path in found if (match := named.match(path)) and holds_work(path)}

    def get_autograded_students(self, assignment_id: str) -> set[str]:
        """Whose autograded notebooks are there and are of the submission that is there, by a time that can be read."""
        with self.gradebook as gradebook:
            graded = (
                gradebook.db.query(SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
                .filter(SubmittedAssignment.name == assignment_id)
                .all()
            )
        autograded = self._folder_of(self.coursedir.autograded_directory, assignment_id)
        submitted = self._folder_of(self.coursedir.submitted_directory, assignment_id)
        return {
            student
            for student, time in graded
            if os.path.isdir(autograded(student)) and _is_of(submitted(student), time)  # noqa: PTH112  (likewise)
        }

    def get_submitted_timestamp(self, assignment_id: str, student_id: str) -> datetime | None:
        """When a submission was handed in, in UTC; None if it does not say."""
        return _time_in(self._folder_of(self.coursedir.submitted_directory, assignment_id)(student_id))

    def get_students(self) -> list[dict[str, Any]]:
        """Students with their names, and no marks."""
        with self.gradebook as gradebook:
            rows = gradebook.db.query(Student.id, Student.first_name, Student.last_name).all()
        return [{"id": student, "first_name": first, "last_name": last} for student, first, last in rows]

    def get_notebook_submission_indices(self, assignment_id: str, notebook_id: str) -> dict[str, int]:
        """The place of each submitted notebook, by its id, among those whose autograded file is there."""
        if self.exchange_is_functional and self._is_strict():
            return super().get_notebook_submission_indices(assignment_id, notebook_id)  # type: ignore[no-any-return]
        with self.gradebook as gradebook:
            rows = (
                gradebook.db.query(SubmittedNotebook.id, SubmittedAssignment.student_id)
                .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(Notebook.name == notebook_id, Assignment.name == assignment_id)
                .all()
            )
        folder = self._folder_of(self.coursedir.autograded_directory, assignment_id)
        file = f"{notebook_id}.ipynb"
        there = sorted(one for one, student in rows if os.path.exists(os.path.join(folder(student), file)))  # noqa: PTH110, PTH118  (likewise)
        return {one: place for place, one in enumerate(there)}

    def _is_strict(self) -> bool:
        submit = self.exchange.Submit(coursedir=self.coursedir, authenticator=self.authenticator, parent=self)
        return bool(submit.strict)

    def _folder_of(self, step: str, assignment_id: str) -> Callable[[str], str]:
        """The folder of a student in one step of one assignment: the course's form of it is looked at once for all of them."""
        form = self.coursedir.format_path(step, PLACE, assignment_id)
        return lambda student: form.replace(PLACE, student)


def _time_in(folder: str) -> datetime | None:
    """When it was handed in; None if that cannot be read, so that one student's file is not the end of a class's list."""
    try:
        return handed_in(folder)
    except NetgraderError:
        return None


def _is_of(folder: str, time: datetime | None) -> bool:
    """Whether a submission says that it was handed in at `time`, or says no time where there is none."""
    try:
        return handed_in(folder) == time
    except NetgraderError:
        return False


KINDS = CODE, WRITTEN, TASK = ("code", "written", "task")


class ClassGradebook(Gradebook):  # type: ignore[misc]
    """nbgrader's gradebook, whose two lists of a class are asked for at once; they have the same rows and keys."""

    def submission_dicts(self, assignment_id: str) -> list[dict[str, Any]]:
        """The submissions of an assignment that have grades."""
        points = _points(SubmittedNotebook.assignment_id, Assignment.name == assignment_id)
        rows = self.db.execute(
            select(
                SubmittedAssignment.id,
                Assignment.name,
                SubmittedAssignment.timestamp,
                Student.first_name,
                Student.last_name,
                Student.id.label("student"),
                *_columns(points, "needs_manual_grade"),
            )
            .join(points, points.c.of == SubmittedAssignment.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(Student, Student.id == SubmittedAssignment.student_id)
        )
        return [dict(row) for row in rows.mappings()]

    def notebook_submission_dicts(self, notebook_id: str, assignment_id: str) -> list[dict[str, Any]]:
        """The submissions of one notebook of an assignment that have grades."""
        points = _points(SubmittedNotebook.id, Assignment.name == assignment_id, Notebook.name == notebook_id)
        rows = self.db.execute(
            select(
                SubmittedNotebook.id,
                Notebook.name,
                Student.id.label("student"),
                Student.first_name,
                Student.last_name,
                *_columns(points, "needs_manual_grade", "failed_tests"),
                SubmittedNotebook.flagged,
            )
            .join(points, points.c.of == SubmittedNotebook.id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Student, Student.id == SubmittedAssignment.student_id)
        )
        return [dict(row) for row in rows.mappings()]


def _points(of: Any, *chosen: ColumnElement[bool]) -> Subquery:
    """Sums of points and of what could be had, by kind of cell, for each value of the column `of`."""
    cells = union_all(
        select(
            GradeCell.id,
            case((GradeCell.cell_type == "code", CODE), else_=WRITTEN).label("kind"),
            GradeCell.max_score.label("most"),
        ).where(GradeCell.cell_type.in_(("code", "markdown"))),
        select(TaskCell.id, literal(TASK), TaskCell.max_score).where(TaskCell.cell_type == "markdown"),
    ).subquery("cells")

    def total(what: Any, kind: str) -> Any:
        return func.sum(case((cells.c.kind == kind, what), else_=0.0))

    failed = (cells.c.kind == CODE) & (Grade.auto_score < cells.c.most)
    return (
        select(
            of.label("of"),
            *(total(Grade.score, kind).label(f"{kind}_score") for kind in KINDS),
            *(total(cells.c.most, kind).label(f"max_{kind}_score") for kind in KINDS),
            func.max(case((Grade.needs_manual_grade, 1), else_=0)).label("needs_manual_grade"),
            func.max(case((failed, 1), else_=0)).label("failed_tests"),
        )
        .select_from(Grade)
        .join(cells, cells.c.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(*chosen)
        .group_by(of)
        .subquery("points")
    )


def _columns(points: Subquery, *truths: str) -> list[Any]:
    """The columns of a list with nbgrader's names: all points, those of each kind, and what is true or not."""
    of_kinds = [points.c[f"{most}{kind}_score"] for kind in KINDS for most in ("", "max_")]
    return [
        sum(of_kinds[2::2], of_kinds[0]).label("score"),
        sum(of_kinds[3::2], of_kinds[1]).label("max_score"),
        *of_kinds,
        *((points.c[name] == 1).label(name) for name in truths),
    ]
