"""What was handed in: notebooks and helper files found and read, as the text of strangers that they are.

A notebook from outside is JSON of which only what is needed is taken over (cells, their text and ids), value by value.
So whatever else stands in it, outputs and widgets and other tools' metadata, goes no further than this module.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.files import decode
from netgrader.grading.result_store import Key, hash_bytes, hash_json
from netgrader.imports import code_hash
from netgrader.limited import ExceededError, within_limits
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgrader.grading.result_store import Store

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

PARSED = "parsed"
MOST_KEPT = 1_000_000  # characters of a notebook that is kept as it was read; the course's have 20,000
NEWEST_FORMAT = 4
OLDEST_FORMAT = 3
CELL_TYPES = frozenset({"code", "markdown", "raw"})
# In the place of these a module of a student's would be imported, by the notebook and by what takes evidence.
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
# What no name is shown with: control and format characters, bytes that are no text, ends of lines.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Ids end in file names and database rows of ours, so they are taken over only where they look like ids.
ID = re.compile(r"[A-Za-z0-9_.\-]{1,120}\Z")


@dataclass(frozen=True)
class SubmissionLimits:
    """How much is read of a submission. Sizes are in bytes."""

    notebook_bytes: int = 50_000_000
    helper_bytes: int = 200_000
    helper_files: int = 100
    cells: int = 5_000
    code_bytes: int = 4_000_000
    brackets: int = 2_000_000
    """Lists and objects of JSON: two bytes there take sixty when read."""


LIMITS = SubmissionLimits()


class UnreadableError(NetgraderError):
    """A notebook that cannot be graded at all; the message is a sentence for the student."""


@dataclass(frozen=True)
class SubmittedCell:
    """A cell as it was handed in."""

    cell_type: str
    """``code``, ``markdown`` or ``raw``."""
    source: str
    """Its text, with line ends made one newline."""
    grade_id: str = ""
    """nbgrader's id as the submission has it, empty if there is none."""
    cell_id: str = ""
    """The notebook format's id of the cell (Colab keeps it in the metadata), empty if there is none."""


@dataclass(frozen=True)
class SubmittedNotebook:
    """The cells of a notebook as it was handed in, and what was remarkable about the file."""

    cells: tuple[SubmittedCell, ...]
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True)
class _Parsed:
    """What was read of a notebook, with its hash."""

    hash: str
    notebook: SubmittedNotebook


def find_notebooks(folder: Path) -> tuple[Path, ...]:
    """Return the notebooks directly in `folder`, in order of their names; checkpoints and hidden files are none."""
    return tuple(
        sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() == ".ipynb"
            and not path.name.startswith(".")
            and path.is_file()
            and not path.is_symlink()
        )
    )


def name_of(path: Path) -> str:
    """Return a file's name with control, format and unassigned characters replaced by U+FFFD."""
    return "".join("�" if unicodedata.category(sign) in UNSEEN else sign for sign in path.name)


def stem_of(path: Path) -> str:
    """Return what `name_of` does, without its suffix."""
    return path.with_name(name_of(path)).stem


def helper_files(folder: Path, notebook: SubmittedNotebook | None = None) -> tuple[dict[str, str], tuple[Said, ...]]:
    """Return the ``.py`` files beside a notebook, which travel with it, by name; and a sentence where they do not.

    Text in UTF-8, 200 kB together, no links. Where there are more, those whose names the notebook and they themselves
    speak of are tried; if these are too many as well, none travels.
    """
    paths = {
        path.stem: path
        for path in sorted(folder.glob("*.py"))
        if path.is_file() and not path.is_symlink() and re.fullmatch(r"\w{1,100}\.py", path.name)
    }
    if _too_many(paths) and notebook is not None:
        paths = _spoken_of(paths, notebook)
    if _too_many(paths):
        sentence = Text(
            "The .py files beside the notebook are more than {helper_bytes} kB together, so none of "
            "them was taken along. Keep only the ones that the notebook imports.",
            helper_bytes=LIMITS.helper_bytes // 1000,
        )
        return {}, (sentence,)
    texts: dict[str, str] = {}
    notes: list[Said] = []
    for path in paths.values():
        if path.stem in PACKAGES:
            notes.append(
                Text(
                    "{name} has the name of a package that the notebook needs, and was not taken along. Rename it.",
                    name=path.name,
                )
            )
            continue
        try:
            texts[path.name] = _newlines(path.read_bytes().decode("utf-8-sig"))
        except (UnicodeDecodeError, OSError):
            notes.append(Text("{name} is not text in UTF-8 and was not taken along.", name=path.name))
    return texts, tuple(notes)


def _too_many(paths: Mapping[str, Path]) -> bool:
    return len(paths) > LIMITS.helper_files or sum(path.stat().st_size for path in paths.values()) > LIMITS.helper_bytes


def _spoken_of(paths: Mapping[str, Path], notebook: SubmittedNotebook) -> dict[str, Path]:
    """Return the modules that the notebook's code names, and those that they name in turn."""
    todo = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found: dict[str, Path] = {}
    while todo:
        for word in set(re.findall(r"\w+", todo.pop())) & (paths.keys() - found.keys()):
            found[word] = paths[word]
            if _too_many(found):
                return found
            todo.append(paths[word].read_bytes().decode("utf-8", "replace"))
    return dict(sorted(found.items()))


def read_notebook(path: Path, store: Store | None = None) -> SubmittedNotebook:
    """Read a notebook that was handed in, or take what was read of the same bytes before from `store`.

    Several processes ask for one on its way to the gradebook: whoever says which notebook it is, whoever runs it, and
    whoever saves it.

    Raises
    ------
    UnreadableError
        If it is no notebook that can be graded, with the sentence that says why and what to do.
    NetgraderError
        If the file cannot be read at all.
    """
    try:
        size = path.stat().st_size
        if size > LIMITS.notebook_bytes:
            raise UnreadableError(
                Text(
                    "The notebook is {size:.0f} MB; at most {notebook_bytes:.0f} MB are read. Clear its "
                    "outputs (Edit, Clear All Outputs), save it and hand it in again.",
                    size=size / 1e6,
                    notebook_bytes=LIMITS.notebook_bytes / 1e6,
                )
            )
        content = path.read_bytes()
    except OSError as error:
        # Not the student's doing, so no result: a mark that is there stays.
        raise NetgraderError(
            f"{path.parent / name_of(path)} cannot be read ({error.strerror or error}), so it was not graded. "
            "Make it readable for the user who grades, and call again."
        ) from error
    read = {"limits": asdict(LIMITS), "reader": code_hash()}
    key = Key(PARSED, {"content": hash_bytes(content), **read})
    found = store.get_record(key) if store else None
    try:
        kept = decode(_Parsed, found)
        if kept.hash == hash_json(asdict(kept.notebook)):
            return kept.notebook
    except ValueError:
        pass  # nothing is kept of it, or it is damaged
    try:
        notebook = within_limits(parse_notebook, content)
    except ExceededError as error:
        raise UnreadableError(
            Text(
                "Reading the notebook {error}. Clear its outputs (Edit, Clear All Outputs), save it and hand it in again.",
                error=error,
            )
        ) from error
    if store and sum(len(cell.source) for cell in notebook.cells) <= MOST_KEPT:
        with contextlib.suppress(OSError):  # it saves time and nothing else
            store.put_record(key, _Parsed(hash_json(asdict(notebook)), notebook))
    return notebook


def parse_notebook(content: bytes, limits: SubmissionLimits = LIMITS) -> SubmittedNotebook:
    """Parse the bytes of a notebook, as `read_notebook` does."""
    raw = _json(content, limits)
    if not isinstance(raw, dict) or "nbformat" not in raw:
        raise UnreadableError(
            Text("The file is JSON but not a notebook. Open it in Jupyter and save it again, or ask for help.")
        )
    version = raw["nbformat"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise UnreadableError(
            Text("The file does not say which notebook format it has. Open it in Jupyter and save it again.")
        )
    if version > NEWEST_FORMAT:
        raise UnreadableError(
            Text(
                "The notebook has format {version}; the newest that can be graded is {newest_format}. "
                "Save it with the version of Jupyter that the course asks for.",
                version=version,
                newest_format=NEWEST_FORMAT,
            )
        )
    if version < OLDEST_FORMAT:
        raise UnreadableError(
            Text(
                "The notebook has format {version}, which is too old to be graded. Open it in Jupyter and save it again.",
                version=version,
            )
        )
    notes: list[Said] = (
        [Text("The notebook has the old format {version} and was upgraded.", version=version)]
        if version < NEWEST_FORMAT
        else []
    )
    notes += _other_kernel(raw)
    cells: list[SubmittedCell] = []
    skipped = 0
    for raw_cell in _raw_cells(raw, version):
        if len(cells) >= limits.cells:
            raise UnreadableError(
                Text(
                    "The notebook has more than {cells} cells. Delete the ones that are not needed.", cells=limits.cells
                )
            )
        cell = _cell(raw_cell)
        if cell is None:
            skipped += 1
        else:
            cells.append(cell)
    if skipped:
        notes.append(Text("Of the notebook's cells {skipped} could not be read and are left out.", skipped=skipped))
    if sum(len(cell.source) for cell in cells if cell.cell_type == "code") > limits.code_bytes:
        raise UnreadableError(
            Text(
                "The notebook's code is larger than {code_bytes:.0f} MB. Data does not belong in code cells.",
                code_bytes=limits.code_bytes / 1e6,
            )
        )
    return SubmittedNotebook(tuple(cells), tuple(notes))


def _json(content: bytes, limits: SubmissionLimits) -> Any:
    """Decode and parse, with the sentence that fits what is wrong."""
    if not content.strip():
        raise UnreadableError(Text("The file is empty. Save the notebook in Jupyter and hand it in again."))
    if content.count(b"[") + content.count(b"{") > limits.brackets:
        raise UnreadableError(
            Text(
                "The notebook holds more lists and tables than can be read. Clear its outputs (Edit, "
                "Clear All Outputs), save it and hand it in again."
            )
        )
    if content[:4] == b"PK\x03\x04":
        raise UnreadableError(
            Text(
                "The file is a zip archive that was given the name of a notebook. Unpack it and hand in what is inside."
            )
        )
    encoding = "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            Text("The file is not text in UTF-8, as notebooks are. Open it in Jupyter and save it again.")
        ) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            Text(
                "The file is not a notebook: it is not JSON (line {lineno}: {msg}). Open it in Jupyter; "
                "if it opens there, save it again, otherwise go back to an earlier copy.",
                lineno=error.lineno,
                msg=error.msg,
            )
        ) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableError(
            Text("The file is not a notebook: its JSON is nested too deeply or has impossible values.")
        ) from error


def _other_kernel(raw: Mapping[str, Any]) -> list[Said]:
    """Return a note if the notebook asks for another kernel than the course's: it is run with the course's all the same."""
    metadata = raw.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    name = spec.get("name") if isinstance(spec, dict) else None
    if not isinstance(name, str) or name in {"python3", "python", ""}:
        return []
    shown = name if ID.match(name) else Text("another one")
    return [
        Text(
            "The notebook asks for the kernel {shown}, which the grader does not have; it was run with the course's.",
            shown=shown,
        )
    ]


def _raw_cells(raw: Mapping[str, Any], version: int) -> Iterator[Any]:
    """Yield the list of cells, wherever the format keeps it."""
    if version >= NEWEST_FORMAT:
        cells = raw.get("cells")
        if not isinstance(cells, list):
            raise UnreadableError(Text("The notebook has no list of cells. Open it in Jupyter and save it again."))
        yield from cells
        return
    worksheets = raw.get("worksheets")
    if not isinstance(worksheets, list):
        raise UnreadableError(
            Text(
                "The notebook says that it has the format {version}, and is not laid out like that. Open "
                "it in Jupyter and save it again.",
                version=version,
            )
        )
    for sheet in worksheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            yield from sheet["cells"]


def _cell(raw: Any) -> SubmittedCell | None:
    """Return one cell of format 3 or 4; None if it is none."""
    if not isinstance(raw, dict):
        return None
    cell_type = raw.get("cell_type")
    source = _text(raw.get("source", raw.get("input", "")))
    if cell_type == "heading" and source is not None:  # format 3
        level = raw.get("level")
        cell_type, source = "markdown", f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {source}"
    if not isinstance(cell_type, str) or cell_type not in CELL_TYPES or source is None:
        return None
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return SubmittedCell(cell_type, _newlines(source), _id(grade_id), _id(raw.get("id")) or _id(metadata.get("id")))


def _text(value: Any) -> str | None:
    """Return the format's 'multiline string': a string or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return None


def _id(value: Any) -> str:
    return value if isinstance(value, str) and ID.match(value) else ""


def _newlines(text: str) -> str:
    # A lone surrogate is legal in JSON and cannot be written to a file.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
