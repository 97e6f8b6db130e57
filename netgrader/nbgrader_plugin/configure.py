"""The settings that make nbgrader grade as we do, for a course's ``nbgrader_config.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["configure"]


def configure(c: Any, root: str | Path) -> None:
    """Plug our steps into nbgrader; call it first, and set whatever else you like after it.

    Parameters
    ----------
    c
        What ``get_config()`` gives.
    root
        The course's folder: ``Path(__file__).parent``.
    """
    plugin = "netgrader.nbgrader_plugin"
    c.CourseDirectory.root = str(Path(root).resolve())
    # A file that is no notebook must not end the class: it becomes a notebook that says so.
    c.Autograde.exporter_class = f"{plugin}.exporter.SubmissionExporter"
    c.Autograde.pre_convert_hook = f"{plugin}.adopt.adopt_hook"
    # Our restoring replaces DeduplicateIds, OverwriteKernelspec, OverwriteCells and the failures of CheckCellMetadata.
    c.Autograde.sanitize_preprocessors = [
        "nbgrader.preprocessors.ClearOutput",
        f"{plugin}.preprocessors.RestoreCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    # Ours run the notebook in a cage and save verdicts; nothing that the kernel printed is read as a mark.
    c.Autograde.autograde_preprocessors = [
        f"{plugin}.preprocessors.CagedExecute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        f"{plugin}.preprocessors.SaveVerdicts",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    # The exporter reads the gradebook itself, and nothing that a student wrote is rendered before it.
    c.GenerateFeedback.exporter_class = "netgrader.pages.feedback_export.FeedbackExporter"
    c.GenerateFeedback.preprocessors = []
    # Formgrader shows answers with this exporter, and whoever runs in its page can change marks.
    renders = f"{plugin}.render"
    c.HTMLExporter.filters = {
        "markdown2html": f"{renders}.safe_markdown",
        "strip_files_prefix": f"{renders}.as_it_is",
    }
