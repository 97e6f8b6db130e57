"""The submission: notebooks and helper files, found and read as untrusted text.

A submitted notebook is JSON, from which only cells with their text and ids are copied, value by value. Its other content,
outputs, widgets and metadata of other tools, does not leave this module.
"""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from graphread.text import Said, Text
from netgrader.errors import NetgraderError
from netgrader.files import decode, is_regular
from netgrader.limited import ExceededError, within_limits
from netgrader.strangers import printable, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "SubmissionLimits",
    "SubmittedCell",
    "SubmittedNotebook",
    "UnreadableError",
    "find_notebooks",
    "helper_files",
    "name_of",
    "parse_notebook",
    "read_notebook",
    "stem_of",
]

FORMAT = 4
"""The notebook format that Jupyter has written since 2015."""
NOTEBOOKS = "[!.]*.[iI][pP][yY][nN][bB]"
# A student's module of such a name would be imported instead, by the notebook and by the code that collects evidence.
PACKAGES = frozenset(
    {
        "netgrader",
        "numpy",
        "tensorflow",
        "keras",
        "matplotlib",
        "google",
        "msgspec",
        "pytest",
        "IPython",
        "ipykernel",
        "ipykernel_launcher",
    }
)
# Ids become file names and database keys, so only texts that look like ids are copied.
ID = re.compile(r"[A-Za-z0-9_.\-]{1,120}\Z")


@dataclass(frozen=True)
class SubmissionLimits:
    """Limits on reading a submission; sizes in bytes."""

    notebook_bytes: int = 50_000_000
    helper_bytes: int = 200_000
    helper_files: int = 100
    cells: int = 5_000
    code_bytes: int = 4_000_000
    brackets: int = 2_000_000
    """Maximum number of JSON lists and objects: two bytes of JSON become sixty in memory."""


LIMITS = SubmissionLimits()


TOO_MANY_HELPERS = Text(
    "The .py files next to the notebook have more than {helper_bytes} kB together, so the grader used none of "
    "them. Keep only the ones that the notebook imports."
)
NAME_OF_A_PACKAGE = Text(
    "{name} has the name of a package that the notebook needs, so the grader did not use it. Rename it."
)
NOT_TEXT = Text("{name} is not text in UTF-8, so the grader did not use it.")
TOO_LARGE = Text(
    "The notebook is {size:.0f} MB; at most {notebook_bytes:.0f} MB are read. Clear its "
    "outputs (Edit, Clear All Outputs), save it and hand it in again."
)
TAKES_TOO_MUCH = Text(
    "Reading the notebook {error}. Clear its outputs (Edit, Clear All Outputs), save it and hand it in again."
)
TOO_NEW = Text(
    "The notebook has format {version}; the newest that can be graded is {newest_format}. "
    "Save it with the version of Jupyter that the course asks for.",
    newest_format=FORMAT,
)
TOO_OLD = Text(
    "The notebook has format {version}, which is too old to be graded. Open it in Jupyter and save it again."
)


class UnreadableError(NetgraderError):
    """A notebook that cannot be graded at all; the message is a sentence for the student."""


@dataclass(frozen=True)
class SubmittedCell:
    """A cell as it was submitted."""

    cell_type: str
    """``code``, ``markdown`` or ``raw``."""
    source: str
    """Its text, with newlines as line ends."""
    grade_id: str = ""
    """nbgrader's id in the submission; empty if there is none."""
    cell_id: str = ""
    """The notebook format's id of the cell (Colab keeps it in the metadata); empty if there is none."""


@dataclass(frozen=True)
class SubmittedNotebook:
    """The cells of a submitted notebook, and notes about the file."""

    cells: tuple[SubmittedCell, ...]
    notes: tuple[Said, ...] = ()


class _Notebook(msgspec.Struct):
    """The keys read from a notebook's JSON; older formats have no such list of cells."""

    nbformat: int
    cells: list[Any] = []


class _Cell(msgspec.Struct):
    """The keys read from a cell; its metadata can be anything."""

    cell_type: Literal["code", "markdown", "raw"]
    source: str | list[str] = ""
    """The notebook format's 'multiline string'."""
    metadata: Any = None
    id: Any = None


def find_notebooks(folder: Path) -> tuple[Path, ...]:
    """Return the notebooks directly in `folder`, by name, without checkpoints and hidden files."""
    # `folder.glob` would hide that a folder cannot be read.
    names = fnmatch.filter((path.name for path in folder.iterdir()), NOTEBOOKS)
    return tuple(sorted(filter(is_regular, map(folder.joinpath, names))))


def name_of(path: Path) -> str:
    """Return a file's name with control, format and unassigned characters replaced by U+FFFD."""
    return printable(path.name.replace("\n", "�").replace("\t", "�"))


def stem_of(path: Path) -> str:
    """Return `name_of` a path, without its suffix."""
    return path.with_name(name_of(path)).stem


def helper_files(folder: Path) -> tuple[dict[str, str], tuple[Said, ...]]:
    """Return the ``.py`` files next to a notebook by name, and notes on those left out.

    They must be UTF-8 text, at most 200 kB and 100 files together, and not links.
    """
    named = (path for path in sorted(folder.glob("*.py")) if re.fullmatch(r"\w{1,100}\.py", path.name))
    paths = [*filter(is_regular, named)]
    if len(paths) > LIMITS.helper_files or sum(path.stat().st_size for path in paths) > LIMITS.helper_bytes:
        return {}, (TOO_MANY_HELPERS.format(helper_bytes=LIMITS.helper_bytes // 1000),)
    texts: dict[str, str] = {}
    notes: list[Said] = []
    for path in paths:
        if path.stem in PACKAGES:
            notes.append(NAME_OF_A_PACKAGE.format(name=path.name))
            continue
        try:
            texts[path.name] = _newlines(path.read_bytes().decode("utf-8-sig"))
        except (UnicodeDecodeError, OSError):
            notes.append(NOT_TEXT.format(name=path.name))
    return texts, tuple(notes)


def read_notebook(path: Path) -> SubmittedNotebook:
    """Read a submitted notebook within time and memory limits.

    Raises
    ------
    UnreadableError
        If it is not a gradable notebook; the message says why and what to do.
    NetgraderError
        If the file cannot be read at all.
    """
    try:
        size = path.stat().st_size
        if size > LIMITS.notebook_bytes:
            raise UnreadableError(TOO_LARGE.format(size=size / 1e6, notebook_bytes=LIMITS.notebook_bytes / 1e6))
        content = path.read_bytes()
    except OSError as error:
        # Not the student's fault, so no result: existing points stay.
        raise NetgraderError(
            f"{path.parent / name_of(path)} cannot be read ({error.strerror}), so it was not graded. "
            "Make it readable for the user who grades, and call again."
        ) from error
    try:
        return within_limits(parse_notebook, content)
    except ExceededError as error:
        raise UnreadableError(TAKES_TOO_MUCH.format(error=error)) from error


def parse_notebook(content: bytes, limits: SubmissionLimits = LIMITS) -> SubmittedNotebook:
    """Parse the bytes of a notebook; raise UnreadableError as `read_notebook` does."""
    found = [*map(_cell, _raw_cells(_json(content, limits), limits.cells))]
    cells = tuple(filter(None, found))
    if sum(len(cell.source) for cell in cells if cell.cell_type == "code") > limits.code_bytes:
        raise UnreadableError(
            Text(
                "The notebook's code is larger than {code_bytes:.0f} MB. Data does not belong in code cells.",
                code_bytes=limits.code_bytes / 1e6,
            )
        )
    skipped = len(found) - len(cells)
    if not skipped:
        return SubmittedNotebook(cells)
    note = Text("{skipped} of the notebook's cells could not be read and are left out.", skipped=skipped)
    return SubmittedNotebook(cells, (note,))


def _raw_cells(raw: Any, most: int) -> Sequence[Any]:
    """Return the list of cells of a notebook in JSON."""
    try:
        notebook = decode(_Notebook, raw)
    except ValueError as error:
        raise UnreadableError(
            Text("The file is JSON but not a notebook. Open it in Jupyter and save it again, or ask for help.")
        ) from error
    if notebook.nbformat != FORMAT:
        raise UnreadableError((TOO_NEW if notebook.nbformat > FORMAT else TOO_OLD).format(version=notebook.nbformat))
    if len(notebook.cells) > most:
        raise UnreadableError(
            Text("The notebook has more than {cells} cells. Delete the ones that are not needed.", cells=most)
        )
    return notebook.cells


def _json(content: bytes, limits: SubmissionLimits) -> Any:
    """Decode and parse JSON; raise UnreadableError with the sentence that fits the problem."""
    if content.count(b"[") + content.count(b"{") > limits.brackets:
        raise UnreadableError(
            Text(
                "The notebook holds more lists and tables than can be read. Clear its outputs (Edit, "
                "Clear All Outputs), save it and hand it in again."
            )
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            Text("The file is not text in UTF-8, as notebooks are. Open it in Jupyter and save it again.")
        ) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            Text(
                "The file is not a notebook: it is not JSON (the error is in line {lineno}). Open it in Jupyter; "
                "if it opens there, save it again, otherwise go back to an earlier copy.",
                lineno=error.lineno,
            )
        ) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableError(
            Text("The file is not a notebook: its JSON is nested too deeply or has impossible values.")
        ) from error


def _cell(raw: Any) -> SubmittedCell | None:
    """Return one cell; None if it is not a valid cell."""
    try:
        cell = decode(_Cell, raw)
    except ValueError:
        return None
    source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    metadata = table_of(cell.metadata)
    grade_id = table_of(metadata.get("nbgrader")).get("grade_id")
    return SubmittedCell(cell.cell_type, _newlines(source), _id(grade_id), _id(cell.id) or _id(metadata.get("id")))


def _id(value: Any) -> str:
    return value if isinstance(value, str) and ID.match(value) else ""


def _newlines(text: str) -> str:
    # A lone surrogate is legal in JSON, but cannot be written to a file.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
