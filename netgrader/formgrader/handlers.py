"""Which addresses of formgrader's are answered here, and how they come before nbgrader's own."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import DictLoader
from jupyter_server.utils import url_path_join
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import BaseHandler
from tornado import web
from traitlets.config import Config

from netgrader.formgrader.lists import ClassLists
from netgrader.limited import ExceededError, within_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["WithinLimits", "answer_first", "has_formgrader"]

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
    """Has of the exporter that formgrader shows notebooks with what formgrader asks of it.

    Parameters
    ----------
    exporter
        nbconvert's, as formgrader's server has it.
    """

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
