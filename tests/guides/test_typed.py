"""Every command on a page exists: its name, its options, its files."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import click
import pytest
import typer
from nbgrader.apps.nbgraderapp import NbGraderApp
from packaging.requirements import Requirement

from netgrader.cli import with_plugins
from netgrader.commands.release import REQUIREMENTS
from tests.guides.site import ROOT, tracked

WRONG = (typer.BadParameter.__mro__[1], click.UsageError)
"""What is raised of a command line that is wrong: newer typers have a click of their own."""
BLOCK = re.compile(r"(?ms)^ *(`{3,})(\w*)[^\n]*\n(.*?)^ *\1$")
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
SHELL = ("", "sh", "bash", "console", "shell")
SHOWN = ("3_deep_network: it may", "netgrader: In")
"""How blocks begin in which nothing is typed: drawings, and what is said."""
OUTSIDE = {
    *(".", "alias", "cd", "cp", "export", "rm", "git"),  # of every system
    *("sudo", "apt"),  # ask for root
    *(
        "podman",
        "docker",
        "srun",
        "systemd-run",
        "uv",
        "otter",
    ),  # other people's: what of them was tried is in evaluation/
    *("py", r".venv\Scripts\pip", r".venv\Scripts\jupyter"),  # of Windows
    "jupyter",  # opens a server; browser/test_formgrader.py and browser/test_jupyterlab.py do
    "!unzip",  # in a notebook in Colab
    "graphread",  # packages/graphread/tests/test_readme.py types it
    *("sed", "grep"),  # guides/test_instructors.py does what they do
}
"""What is not ours, so that nothing is asked of it here."""
STANDS_FOR_US = {"ng": "netgrader"}
"""What a page makes an alias of."""
MADE = ("build/", "dist/")


def pages() -> dict[Path, str]:
    """Return the text of each page that says how things are."""
    return {page: (ROOT / page).read_text(encoding="utf-8") for page in tracked("*.md") if page.name != "CHANGELOG.md"}


def in_blocks(text: str) -> list[str]:
    """Return the lines of a page's blocks that are typed; a program between marks goes with its line."""
    found = []
    for _, kind, block in BLOCK.findall(text):
        if kind not in SHELL or block.lstrip().startswith(SHOWN):
            continue
        lines = [line.strip() for line in block.splitlines()]
        prompted = [place for place, line in enumerate(lines) if line.startswith("$ ")]
        for place in prompted or range(len(lines)):
            line = lines[place].removeprefix("$ ")
            if "<<'EOF'" in line:
                line += "\n" + "\n".join(block.splitlines()[place + 1 :]).partition("\nEOF")[0]
            if line:
                found.append(line)
    return found


def in_sentences(text: str) -> list[str]:
    """Return what stands in sentences and tables as code and begins with a program that is known here."""
    code = [" ".join(found.replace("\\|", "|").split()) for found in INLINE.findall(BLOCK.sub("", text))]
    return [one for one in code if " " in one and one.split()[0] in CHECKED]


def netgrader(arguments: list[str], *, whole: bool) -> None:
    command = typer.main.get_command(with_plugins())
    try:
        context = command.make_context("netgrader", list(arguments), resilient_parsing=not whole)
        if not arguments or arguments[0].startswith("-"):
            return
        name, found, rest = command.resolve_command(context, arguments)
        # Files that a page names are the reader's: they are written elsewhere, and need not be there.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            found.make_context(name, rest, parent=context).close()
    except WRONG as error:
        if "does not exist" in str(error):
            return
        unfinished = type(error).__name__ == "MissingParameter" or "requires an argument" in str(error)
        if whole or not unfinished:
            raise


def nbgrader(arguments: list[str], *, whole: bool) -> None:
    assert arguments[0] in NbGraderApp.subcommands


def make(arguments: list[str], *, whole: bool) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for one in [one for one in arguments if "…" not in one]:
        name, equals, _ = one.partition("=")
        assert re.search(
            rf"\$\((or \$\()?(if \$\()?{name}\)|^{name} \?=" if equals else rf"^{name}:", text, re.MULTILINE
        ), one


def python(arguments: list[str], *, whole: bool) -> None:
    if arguments[0] == "-m":
        package = arguments[1].partition(".")[0]
        file = ROOT / arguments[1].replace(".", "/")
        ours = file.with_suffix(".py").is_file() or (file / "__main__.py").is_file()
        assert ours if (ROOT / package).is_dir() else importlib.util.find_spec(package), arguments[1]
    elif arguments[0] != "-":
        assert tracked(f"*{arguments[0]}"), arguments[0]  # in the repository, or beside the page


def pytest_(arguments: list[str], *, whole: bool) -> None:
    assert (ROOT / arguments[0].partition("::")[0]).exists()


def pip(arguments: list[str], *, whole: bool) -> None:
    for one in arguments[1:]:
        if one == "requirements.txt":
            assert one == REQUIREMENTS
        elif one.startswith("./"):
            assert (ROOT / one / "pyproject.toml").is_file()
        elif not one.startswith(("-", "/")):
            Requirement(one)


def dask(arguments: list[str], *, whole: bool) -> None:
    main = importlib.import_module(f"distributed.cli.dask_{arguments[0]}").main
    main.make_context(arguments[0], arguments[1:], resilient_parsing=not whole)


CHECKED = {
    "netgrader": netgrader,
    "nbgrader": nbgrader,
    "make": make,
    "python": python,
    "python3": python,
    "pytest": pytest_,
    "pip": pip,
    "dask": dask,
}


def check_line(line: str, *, whole: bool) -> None:
    typed, _, program = line.partition("\n")
    for part in re.split(r" && ", typed):
        words = shlex.split(part.replace("\\", r"\\"), comments=True)
        if not words:
            continue
        name = STANDS_FOR_US.get(words[0], words[0])
        name = name if name in OUTSIDE else name.removeprefix(".venv/bin/").removeprefix("FOLDER/bin/")
        if name in OUTSIDE:
            continue
        assert name in CHECKED, f"{name}: neither is it tried, nor does OUTSIDE say why not"
        CHECKED[name](words[1 : words.index("<<EOF") if "<<EOF" in words else None], whole=whole)
    if program:
        ast.parse(program)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that a refused line has opened
@pytest.mark.parametrize("page", [*map(str, pages())])
def test_what_is_typed_can_be_typed(page):
    text = pages()[Path(page)]
    wrong = {}
    for whole, lines in ((True, in_blocks(text)), (False, in_sentences(text))):
        for line in lines:
            try:
                check_line(line, whole=whole)
            except (AssertionError, ValueError, OSError, ImportError, SyntaxError, *WRONG) as error:
                wrong[line] = f"{type(error).__name__}: {error}"
    assert wrong == {}


def test_make_clean_takes_away_all_that_the_tutorial_says_grading_makes(tmp_path):
    (row,) = re.findall(r"(?m)^\| (.*) \| what grading makes \|$", (ROOT / "docs" / "tutorial.md").read_text("utf-8"))
    made = [tmp_path / name for name in INLINE.findall(row)]
    shutil.copy(ROOT / "Makefile", tmp_path)
    for one in made:
        one.touch() if one.suffix else (one / "digits.html").mkdir(parents=True)
    for name in ("site", "sphinx", "looks"):  # whoever reads this on the site goes on reading
        (tmp_path / "build" / name).mkdir(parents=True)
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True)
    assert {path.name for path in tmp_path.rglob("*")} == {"Makefile", "autograded", "build", "site", "sphinx"}
