"""The settings by which nbgrader grades as we do, and whether they are in force.

The steps that nbgrader's autograde would run decide that, no matter which files, options and order of lines set them: what
students wrote has to run in the cage, and marks have to come from verdicts. Our own commands ask before anything is graded
(`require_configured`); nbgrader's are asked at each notebook (`require_steps`).
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
"""The lines that a course's configuration needs, after ``c = get_config()`` and after others that set the same."""


class NotCagedError(NetgraderError):
    """Students' code would run without a cage, or marks would be taken from what it prints."""


def configure(c: Any, root: str | Path) -> None:
    """Plug our steps into nbgrader; call it first, and set anything else after it.

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
    c.Autograde.exporter_class = f"{plugin}.hooks.SubmissionExporter"
    c.Autograde.pre_convert_hook = f"{plugin}.hooks.adopt_hook"
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
    renders = f"{plugin}.formgrader_page"
    c.HTMLExporter.filters = {
        "markdown2html": f"{renders}.safe_markdown",
        "strip_files_prefix": f"{renders}.as_it_is",
    }


def require_configured(course: Course) -> None:
    """See that nbgrader is set up in `course` to grade by our steps.

    Raises
    ------
    NotCagedError
        If not: with the line to add.
    """
    problem = problem_of(course)
    if problem is not None:
        raise NotCagedError(problem)


def problem_of(course: Course) -> str | None:
    """Return why nothing may be graded in `course` with its settings, and what to add; else None."""
    from netgrader.nbgrader_plugin.converters import nbgrader_config  # noqa: PLC0415  (a course's settings come through here)

    root = Path(nbgrader_config(course).get("CourseDirectory", {}).get("root", course.root))
    if root.resolve() != course.root.resolve():
        return _sentence(course, f"c.CourseDirectory.root names another folder, {root}")
    try:
        sanitizing, grading = autograde_steps(course)
    except Exception as error:  # noqa: BLE001  (whatever an instructor's settings make of nbgrader's parts)
        return _sentence(course, f"nbgrader cannot be set up: {type(error).__name__}: {error}")
    reason = _wrong(sanitizing, sanitize=True) or _wrong(grading, sanitize=False)
    return _sentence(course, reason) if reason else None


def require_steps(steps: Sequence[Any], course: Course, *, sanitize: bool) -> None:
    """See that what is about to be run on a notebook of ours are our steps.

    Raises
    ------
    NotCagedError
        If not: with the line to add.
    """
    reason = _wrong(steps, sanitize=sanitize)
    if reason:
        raise NotCagedError(_sentence(course, reason))


def sandbox_of(course: Course) -> str:
    """Return the sandbox in which nbgrader runs notebooks of ours in a course that is set up for it."""
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
    """Return what is not as it must be among the steps that grade a notebook, or that make it ready."""
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
    """Return that the steps wanted are not all there once and in their order; None if they are."""
    there = [one for step in steps for one in wanted if isinstance(step, one)]
    names = " and ".join(one.__name__ for one in wanted)
    return None if there == [*wanted] else f"{names} must be there, switched on, once and in this order"


def _sentence(course: Course, reason: str) -> str:
    return (
        f"Nothing is graded: as nbgrader is set up for {course.root}, students' code would not run in the cage as it must "
        f"({reason}). Write at the end of nbgrader_config.py there: {LINES}"
    )
