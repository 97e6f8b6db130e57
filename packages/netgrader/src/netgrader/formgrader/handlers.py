"""The page of a submission in formgrader, made in a process with limits."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import DictLoader
from jupyter_server.utils import url_path_join
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from netgrader.limited import ExceededError, within_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WithinLimits", "answer_first", "has_formgrader"]


def has_formgrader(settings: Mapping[str, Any]) -> bool:
    """Whether nbgrader's extension is loaded in the server with these settings."""
    return "nbgrader_formgrader" in settings


def answer_first(application: Any) -> None:
    """Route submissions to our page, ahead of nbgrader's, in a tornado application."""
    base = application.settings["base_url"]
    (address,) = (one for one, handler, *_ in handlers.default_handlers if handler is handlers.SubmissionHandler)
    application.add_handlers(".*$", [(url_path_join(base, address), Submission)])
    # Rules are tried in order. The last rule is for all hosts, and `add_handlers` inserts before it.
    rules = application.default_router.rules
    rules.insert(0, rules.pop(-2))


class Submission(handlers.SubmissionHandler):  # type: ignore[misc]
    """The page of a submission, made in a process with a time limit, since the server has other users."""

    settings: dict[str, Any]

    @property
    def exporter(self) -> WithinLimits:
        return WithinLimits(self.settings["nbgrader_exporter"])


# nbgrader's page lets MathJax process everything. `configure` already converts formulas to MathML; other text that looks like
# one is students' output, and MathJax could draw it anywhere on the page.
NO_MATHJAX = DictLoader({"mathjax.html.j2": "{% macro mathjax(url='') %}{% endmacro %}"})

LEFT_OUT = "*What stands here is not shown: making a page of the notebook {limit}.*"


class WithinLimits:
    """The part of formgrader's exporter that formgrader uses."""

    def __init__(self, exporter: HTMLExporter) -> None:
        self._config = _sendable(exporter.config)

    def from_filename(self, filename: str, resources: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the page; if that takes too long, one that says so, with fields for points and comments.

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
    """Return the picklable part of the configuration: without functions from a course's file."""
    kept = Config()
    for name, section in config.items():
        try:
            pickle.dumps(section)
        except Exception:  # noqa: BLE001, S112  (an instructor's objects may raise anything; the exporter's settings are texts)
            continue
        kept[name] = section
    return kept
