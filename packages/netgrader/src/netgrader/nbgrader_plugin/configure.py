"""The settings that make nbgrader grade with our steps, and whether they are in effect.

Only the steps that nbgrader's autograde would run decide, no matter which files, options and order of lines set them:
students' code must run in the sandbox, and points must come from verdicts. Our own commands check before grading
(`require_configured`), nbgrader's at each notebook (`require_steps`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.course import Course

__all__ = [
    "LINES",
    "NotCagedError",
    "autograde_steps",
    "configure",
    "problem_of",
    "require_configured",
    "require_steps",
    "sandbox_of",
]

LINES = (
    "from pathlib import Path; from netgrader.nbgrader_plugin.configure import configure; "
    "configure(c, Path(__file__).parent)"
)
"""The lines for a course's configuration, after ``c = get_config()`` and after others with the same settings."""


class NotCagedError(NetgraderError):
    """Students' code would run without a sandbox, or its printed output would decide points."""


def configure(c: Any, root: str | Path) -> None:
    """Plug our steps into nbgrader; call it first, and set anything else after it.

    Parameters
    ----------
    c
        The object from ``get_config()``.
    root
        The course's folder: ``Path(__file__).parent``.
    """
    plugin = "netgrader.nbgrader_plugin"
    c.CourseDirectory.root = str(Path(root).resolve())
    # A file that is not a notebook must not end the class: its page says so.
    c.Autograde.exporter_class = f"{plugin}.hooks.SubmissionExporter"
    c.Autograde.pre_convert_hook = f"{plugin}.hooks.adopt_hook"
    # Our restoring replaces DeduplicateIds, OverwriteKernelspec, OverwriteCells and CheckCellMetadata's errors.
    c.Autograde.sanitize_preprocessors = [
        "nbgrader.preprocessors.ClearOutput",
        f"{plugin}.preprocessors.RestoreCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    # Our steps run the notebook in a sandbox and save verdicts; the kernel's output never sets points.
    c.Autograde.autograde_preprocessors = [
        f"{plugin}.preprocessors.CagedExecute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        f"{plugin}.preprocessors.SaveVerdicts",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    # The exporter reads the gradebook itself, and renders nothing by the student before that.
    c.GenerateFeedback.exporter_class = "netgrader.pages.feedback_export.FeedbackExporter"
    c.GenerateFeedback.preprocessors = []
    # Formgrader shows answers with this exporter; a script on its page could change points.
    renders = f"{plugin}.formgrader_page"
    c.HTMLExporter.filters = {
        "markdown2html": f"{renders}.safe_markdown",
        "strip_files_prefix": f"{renders}.as_it_is",
    }


def require_configured(course: Course) -> None:
    """Require that nbgrader in `course` grades with our steps.

    Raises
    ------
    NotCagedError
        If not; the message says which line to add.
    """
    problem = problem_of(course)
    if problem is not None:
        raise NotCagedError(problem)


def problem_of(course: Course) -> str | None:
    """Return why nothing may be graded in `course` with its settings, and what to add; else None."""
    from netgrader.nbgrader_plugin.converters import nbgrader_config  # noqa: PLC0415  (it reads the course's settings)

    root = Path(nbgrader_config(course).get("CourseDirectory", {}).get("root", course.root))
    if root.resolve() != course.root.resolve():
        return _sentence(course, f"c.CourseDirectory.root names another folder, {root}")
    try:
        sanitizing, grading = autograde_steps(course)
    except Exception as error:  # noqa: BLE001  (an instructor's settings may raise anything)
        return _sentence(course, f"nbgrader cannot be set up: {type(error).__name__}: {error}")
    reason = _wrong(sanitizing, sanitize=True) or _wrong(grading, sanitize=False)
    return _sentence(course, reason) if reason else None


def require_steps(steps: Sequence[Any], course: Course, *, sanitize: bool) -> None:
    """Require that the steps about to run on a notebook of ours are our steps.

    Raises
    ------
    NotCagedError
        If not; the message says which line to add.
    """
    reason = _wrong(steps, sanitize=sanitize)
    if reason:
        raise NotCagedError(_sentence(course, reason))


def sandbox_of(course: Course) -> str:
    """Return the sandbox in which nbgrader runs our notebooks in a configured course."""
    from netgrader.nbgrader_plugin.preprocessors import CagedExecute  # noqa: PLC0415  (slow)

    _, grading = autograde_steps(course)
    return next(str(step.sandbox) for step in grading if isinstance(step, CagedExecute) and step.enabled)


def autograde_steps(course: Course) -> tuple[list[Any], list[Any]]:
    """Return nbgrader's autograde steps in `course`: those that prepare a notebook, and that grade it."""
    from nbgrader.converters import Autograde  # noqa: PLC0415  (slow)
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415  (slow)

    from netgrader.nbgrader_plugin.converters import nbgrader_config, nbgraders_ways  # noqa: PLC0415  (likewise)

    config = nbgrader_config(course)
    with nbgraders_ways(course):
        coursedir = CourseDirectory(config=config, root=str(course.root))
        converter = Autograde(coursedir=coursedir, config=config)
        kinds = [converter.sanitize_preprocessors, converter.autograde_preprocessors]
        found: tuple[list[Any], list[Any]] = ([], [])
        for steps, wanted in zip(found, kinds, strict=True):
            exporter = converter.exporter_class(parent=converter, config=converter.config)
            exporter._preprocessors = steps  # noqa: SLF001  (as nbgrader does)
            for kind in wanted:
                exporter.register_preprocessor(kind)
    return found


def _wrong(steps: Sequence[Any], *, sanitize: bool) -> str | None:
    """Return what is wrong with the steps that prepare (`sanitize`) or grade a notebook; None if nothing."""
    from nbconvert.preprocessors import ExecutePreprocessor  # noqa: PLC0415  (slow)
    from nbgrader.preprocessors import SaveAutoGrades  # noqa: PLC0415  (slow)

    from netgrader.nbgrader_plugin.preprocessors import CagedExecute, RestoreCells, SaveVerdicts  # noqa: PLC0415

    refused = {
        ExecutePreprocessor: "runs students' code without a cage",
        SaveAutoGrades: "takes marks from what students' code prints",
    }
    wanted: list[type[Any]] = [RestoreCells] if sanitize else [CagedExecute, SaveVerdicts]
    switched_on = [step for step in steps if getattr(step, "enabled", True)]
    for step in switched_on:
        for bad, why in refused.items():
            if isinstance(step, bad):
                return f"{type(step).__name__} {why}"
    return _out_of_order(switched_on, wanted)


def _out_of_order(steps: Sequence[Any], wanted: Sequence[type[Any]]) -> str | None:
    """Return a sentence unless the wanted steps are all there, once and in order; else None."""
    there = [one for step in steps for one in wanted if isinstance(step, one)]
    names = " and ".join(one.__name__ for one in wanted)
    return None if there == [*wanted] else f"{names} must be there, switched on, once and in this order"


def _sentence(course: Course, reason: str) -> str:
    return (
        f"Nothing is graded: as nbgrader is set up for {course.root}, students' code would not run in the cage as it must "
        f"({reason}). Write at the end of nbgrader_config.py there: {LINES}"
    )
