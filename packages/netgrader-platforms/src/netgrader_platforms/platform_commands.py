"""Command-line interface for learning platforms; implementations are imported lazily."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer reads the annotations)
from typing import Annotated

import typer

from netgrader.cli import Assignment, OneAssignment  # noqa: TC001  (likewise)

__all__ = ["app"]

app = typer.Typer()


@app.command()
def collect(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.zip", exists=True, help="The submissions, as they were downloaded.", show_default=False
        ),
    ],
    sheet: Annotated[
        Path,
        typer.Option(
            "--sheet",
            metavar="FILE.csv",
            exists=True,
            help="Moodle's grading worksheet, or Canvas's gradebook: who is who, members of teams, times.",
            show_default=False,
        ),
    ],
    assignment: OneAssignment = None,
    enter: Annotated[
        bool,
        typer.Option(
            "--enter", help="Add students to the gradebook who submitted, or are in the sheet, and are missing there."
        ),
    ] = False,
) -> None:
    """Sort submissions downloaded from Moodle or Canvas into the course; list who submitted what.

    Example: netgrader collect digits-4711.zip --sheet Grades-digits-4711.csv
    """
    from netgrader_platforms.collect import run

    raise typer.Exit(run(file, assignment, sheet, enter=enter))


@app.command()
def export(  # noqa: PLR0917  (options by name, for typer)
    assignment: OneAssignment = None,
    moodle: Annotated[
        Path | None,
        typer.Option("--moodle", metavar="WORKSHEET.csv", help="Fill in the grading worksheet that Moodle gave."),
    ] = None,
    canvas: Annotated[
        Path | None,
        typer.Option("--canvas", metavar="GRADEBOOK.csv", help="Fill in the gradebook that Canvas gave."),
    ] = None,
    column: Annotated[
        int | None,
        typer.Option(
            "--column",
            metavar="NUMBER",
            help="Canvas's number of the assignment; needed unless its title in Canvas is the assignment's name.",
        ),
    ] = None,
    moodle_feedback: Annotated[
        bool,
        typer.Option("--moodle-feedback", help="With --moodle: pack the feedback pages, to be uploaded at once."),
    ] = False,
    canvas_feedback: Annotated[
        Path | None,
        typer.Option(
            "--canvas-feedback",
            metavar="SUBMISSIONS.zip",
            exists=True,
            help="With --canvas: pack the feedback pages under the names in the file that Download Submissions gave.",
        ),
    ] = None,
    gradescope: Annotated[
        bool, typer.Option("--gradescope", help="Make the zip by which Gradescope grades what is handed in there.")
    ] = False,
    notebook: Annotated[
        str | None,
        typer.Option("--notebook", metavar="NAME", help="With --gradescope: only this notebook; all if not given."),
    ] = None,
    prairielearn: Annotated[
        str | None,
        typer.Option(
            "--prairielearn",
            metavar="IMAGE",
            help="Make PrairieLearn's questions, one for each notebook, graded in the Docker image of that name.",
        ),
    ] = None,
) -> None:
    """Write marks and feedback for Moodle or Canvas; an autograder for Gradescope or PrairieLearn.

    Example: netgrader export --moodle Grades-digits-4711.csv --moodle-feedback
    """
    from netgrader_platforms.export import run

    code = run(
        assignment,
        moodle=moodle,
        canvas=canvas,
        column=column,
        feedback=moodle_feedback,
        canvas_feedback=canvas_feedback,
        gradescope=gradescope,
        notebook=notebook,
        image=prairielearn,
    )
    raise typer.Exit(code)


@app.command("grade-on", hidden=True)
def grade_on(
    platform: Annotated[str, typer.Argument(help="gradescope or prairielearn.", show_default=False)],
    assignment: Assignment,
    notebook: Annotated[
        str | None, typer.Option("--notebook", metavar="NAME", help="The only notebook; all if not given.")
    ] = None,
) -> None:
    """Grade the submission in a platform's autograder container; netgrader export's scripts call this.

    Example: netgrader grade-on gradescope digits
    """
    from netgrader_platforms.grade_on import run

    raise typer.Exit(run(platform, assignment, notebook))
