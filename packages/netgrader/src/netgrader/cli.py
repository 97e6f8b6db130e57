"""The command `netgrader`: names, options, help; `netgrader.commands`, imported late, does the work."""

from __future__ import annotations

import copy
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from graphread.text import SentenceError
from netgrader.errors import UsageError
from netgrader.strangers import printable

__all__ = ["Assignment", "OneAssignment", "app", "main", "with_plugins"]

# The exit code of typer after Ctrl-C.
INTERRUPTED = 130

app = typer.Typer(
    name="netgrader",
    help="Create, release, and grade neural-network courses.\n\n"
    "Exit codes: 0 success, 1 something failed or could not be graded, 2 wrong arguments.",
    no_args_is_help=True,
    add_completion=False,
    suggest_commands=False,  # it suggests hidden ones, too
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Sandbox = Annotated[
    Literal["bubblewrap", "bubblewrap-without-control-group", "user"],
    typer.Option(
        "--sandbox",
        help="The sandbox for submissions: bubblewrap; bubblewrap-without-control-group if no control group can limit "
        "memory; user for root in a container without namespaces (it promises less).",
    ),
]


def _json_file(name: str) -> TextIO:
    """Open FILE, or the screen for a dash; refuse to overwrite what is not JSON, such as a submission."""
    if name == "-":
        return sys.stdout
    if Path(name).is_file() and Path(name).suffix != ".json":
        raise UsageError(f"{name} exists and does not end in .json, so it is not overwritten.")
    try:
        return Path(name).open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{name} cannot be written: {error.strerror}.") from None


Json = Annotated[
    TextIO | None,
    typer.Option(
        "--json",
        metavar="FILE",
        parser=_json_file,
        help="Write the results as JSON to FILE; - for the screen. An existing FILE must end in .json.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="How many notebooks to grade at once; one for each core if not given."),
]
Assignment = Annotated[str, typer.Argument(help="The assignment's name.", show_default=False)]
OneAssignment = Annotated[str | None, typer.Option("--assignment", help="The assignment, if there are several.")]
Students = Annotated[
    list[str] | None, typer.Option("--student", metavar="ID", help="Only this student; may be repeated.")
]


@app.callback(invoke_without_command=True)
def _all(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; works anywhere on the command line.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    del debug  # main() removes it, so that it can be anywhere on the line
    if version:
        import netgrader

        typer.echo(f"netgrader {netgrader.__version__}")
        raise typer.Exit


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", exists=True, help="A notebook, or a submission folder.", show_default=False),
    ],
    json: Json = None,
    sandbox: Sandbox = "bubblewrap",
    anew: Annotated[bool, typer.Option("--anew", help="Rerun notebooks that are already graded.")] = False,
) -> None:
    """Grade notebooks or submission folders without a gradebook.

    Example: netgrader grade submitted/ada/digits --json ada.json
    """
    from netgrader.commands.grade import run

    raise typer.Exit(run(paths, json, sandbox, anew=anew))


@app.command()
def autograde(  # noqa: PLR0917  (options by name, for typer)
    assignment: Assignment,
    student: Students = None,
    workers: Workers = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler instead."),
    ] = None,
    sandbox: Sandbox = "bubblewrap",
    only: Annotated[
        Literal["ungradable"] | None,
        typer.Option("--only", help="Rerun only notebooks that could not be graded in full."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show whose marks would change and why, and save nothing.")
    ] = False,
) -> None:
    """Grade a class into nbgrader's gradebook, on all cores; reuse results that are still valid.

    Example: netgrader autograde digits --student ada --workers 2
    """
    from netgrader.commands.autograde import run

    code = run(
        assignment,
        tuple(student or ()),
        workers=workers,
        scheduler=scheduler,
        sandbox=sandbox,
        only=only,
        dry_run=dry_run,
    )
    raise typer.Exit(code)


@app.command()
def store(
    prune: Annotated[bool, typer.Option("--prune", help="Remove stale results.")] = False,
    sandbox: Sandbox = "bubblewrap",
) -> None:
    """Show how much disk space stored results take, and how much is stale; --prune frees it.

    Example: netgrader store --prune
    """
    from netgrader.commands.store import run

    raise typer.Exit(run(sandbox, prune=prune))


@app.command()
def feedback(
    assignment: Assignment,
    student: Students = None,
) -> None:
    """Write a feedback page for each graded notebook: what was found, why it matters, where to read.

    Example: netgrader feedback digits --student ada
    """
    from netgrader.commands.pages import run

    raise typer.Exit(run(assignment, tuple(student or ())))


@app.command()
def report(
    assignment: Assignment,
) -> None:
    """Write a page on the class, and a CSV file with a row for each student and check.

    Example: netgrader report digits
    """
    from netgrader.commands.pages import run_report

    raise typer.Exit(run_report(assignment))


@app.command()
def release(
    notebook: Annotated[
        list[str] | None,
        typer.Option("--notebook", metavar="NAME", help="Release only this notebook; may be repeated."),
    ] = None,
    assignment: OneAssignment = None,
    check: Annotated[bool, typer.Option("--check", help="Only check that release/ is what source/ generates.")] = False,
    untried: Annotated[
        bool,
        typer.Option("--untried", help="Skip the check that the solution earns all points and the release none."),
    ] = False,
    sandbox: Sandbox = "bubblewrap",
) -> None:
    """Generate release/ from source/, if the solution earns all points and the untouched release none.

    Example: netgrader release --notebook 1_one_layer
    """
    from netgrader.commands.release import run

    raise typer.Exit(run(assignment, tuple(notebook or ()), sandbox, check=check, untried=untried))


@app.command()
def read(
    graph: Annotated[
        Path,
        typer.Argument(
            metavar="GRAPH",
            exists=True,
            help="A GraphDef or MetaGraphDef, or a .keras file.",
        ),
    ],
    exercise: Annotated[
        str | None,
        typer.Option(
            "--exercise", metavar="NAME", help="The exercise that states the requirements: two_layer_network, …"
        ),
    ] = None,
    json: Json = None,
    static: Annotated[bool, typer.Option("--static", help="Run nothing: faster, but leaves more undecided.")] = False,
) -> None:
    """Show the network in a graph or model, and its faults; load and test it in a cage.

    Example: netgrader read graph.pb --exercise two_layer_network
    """
    from netgrader.commands.read import run

    raise typer.Exit(run(graph, exercise, json, static=static))


@app.command()
def explain(
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="A fault's code; lists all if not given.")] = None,
) -> None:
    """Show a fault's page: why it matters, an example, what to write instead, when it is not named.

    Example: netgrader explain softmax-before-loss
    """
    from netgrader.commands.explain import run

    raise typer.Exit(run(code))


@app.command()
def new(  # noqa: PLR0917  (options by name, for typer)
    course: Annotated[
        Path,
        typer.Argument(
            metavar="COURSE", help="The folder of the new or existing course; . for here.", show_default=False
        ),
    ],
    copied: Annotated[
        Literal["digits"] | None,
        typer.Option(
            "--from",
            metavar="digits",
            help="Copy the course on digits: notebooks, hidden tests, data. Needs no other options.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="An .npz of arrays, or a .csv.", show_default=False)
    ] = None,
    assignment: Annotated[
        str, typer.Option("--assignment", metavar="NAME", help="The assignment's name; the course's name if not given.")
    ] = "",
    target_column: Annotated[
        str, typer.Option("--target-column", metavar="NAME", help="The .csv column to predict.")
    ] = "",
    called: Annotated[
        str, typer.Option("--called", help="What one input shows: flower, price. Its plural adds an s.")
    ] = "",
    names: Annotated[str, typer.Option("--names", help="The names of the classes: rose,tulip,daisy.")] = "",
    target: Annotated[
        float,
        typer.Option(
            "--target", min=0, help="The test accuracy that students must reach; for numbers, the mean error."
        ),
    ] = 0.9,
    unit: Annotated[str, typer.Option("--unit", help="The unit of numeric targets: k€.")] = "",
    one_output: Annotated[
        bool, typer.Option("--one-output", help="Two classes with one output: a sigmoid instead of a softmax.")
    ] = False,
) -> None:
    """Make a working course from your data or as a copy of the course on digits, or add an assignment.

    Example: netgrader new flowers --data flowers.npz --called flower --names rose,tulip,daisy --target 0.9
    """
    from netgrader.commands.new import run, run_from_digits
    from netgrader.new_course import NewAssignment

    if bool(copied) == (data is not None):
        raise UsageError("Say what the course is about: --from digits, or --data FILE.")
    if data is None:
        raise typer.Exit(run_from_digits(course))
    each = tuple(filter(None, map(str.strip, names.split(","))))
    raise typer.Exit(
        run(course, NewAssignment(assignment, data, called, each, target, unit, target_column, one_output))
    )


@app.command()
def doctor(sandbox: Sandbox = "bubblewrap") -> None:
    """Check this machine for grading, and show what to type; exit with 1 if grading would not work.

    Example: netgrader doctor
    """
    from netgrader.commands.doctor import run

    raise typer.Exit(run(sandbox))


@app.command()
def demo(workers: Workers = None) -> None:
    """Release the course, grade the sample class, write feedback and report; show marks and pages.

    Example: netgrader demo
    """
    from netgrader.commands.demo import run

    raise typer.Exit(run(workers))


def with_plugins() -> typer.Typer:
    """Return the app with our commands and those of packages with ``netgrader.commands`` entry points."""
    whole = copy.copy(app)
    for plugin in importlib.metadata.entry_points(group="netgrader.commands"):
        try:
            offered: typer.Typer = plugin.load()
        except Exception as error:  # noqa: BLE001  (a plug-in's code raises anything)
            typer.echo(f"netgrader: the commands of {plugin.value} are left out ({error}).", err=True)
            continue
        whole.registered_commands = [*whole.registered_commands, *offered.registered_commands]
        whole.registered_groups = [*whole.registered_groups, *offered.registered_groups]
    return whole


def main() -> None:
    """Run the command line; an error prints one sentence, or a traceback with ``--debug``."""
    code: str | int | None = 0
    # Children must not import modules from the working folder, which may hold a student's files.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Nor may programs be looked up there.
    programs = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(folder for folder in programs if os.path.isabs(folder))  # noqa: PTH117  (a text)
    # jsonschema takes a second to import it, for a format of addresses that notebooks do not use.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        with_plugins()(args=arguments, prog_name="netgrader")
    except SystemExit as end:
        code = end.code
        if code == INTERRUPTED:
            typer.echo("netgrader: stopped. What was graded is kept; call again to go on.", err=True)
            code = 1
    except Exception as error:
        if debug:
            raise
        typer.echo(printable(f"netgrader: {_sentence(error)}"), err=True)
        code = 2 if isinstance(error, UsageError) else 1
    sys.exit(code)


def _sentence(error: Exception) -> str:
    """Return the message for an error."""
    if isinstance(error, SentenceError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        what_to_do = "Make it accessible to the user who types this, or work on a copy; --debug shows where."
        return f"{where}{error.strerror or error}. {what_to_do}"
    return f"something unexpected happened ({type(error).__name__}: {error}); --debug shows where."
