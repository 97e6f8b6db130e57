"""What a student may send back on one verdict, and what of it has reached the instructor."""

from __future__ import annotations

import email
import email.policy
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.pages import safe, words
from netgrader.pages.shell import points as written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from netgrader.results import CellResult

__all__ = ["FOLDER", "Objection", "objection_to", "read_objections", "result_of"]

FOLDER = "objections"
"""Where in a course's folder the files lie that an instructor has got."""
BEGIN, BECAUSE = "netgrader: this verdict seems wrong", "because:"
FORM = f"""\
{BEGIN}
student: {{student}}
notebook: {{assignment}}/{{notebook}}
cell: {{cell}}
result: {{result}}
{BECAUSE} """
# As mail programs leave it: quoted, with blanks at the ends of lines, the long last line broken, and more around it.
BLOCK = re.compile(
    rf"{re.escape(BEGIN)}[ \t]*\n"
    + "".join(rf"[> \t]*{key}: ([^\n]{{1,200}})\n" for key in ("student", "notebook", "cell"))
    + rf"[> \t]*result: ([^:]{{1,400}}?)\n[> \t]*{BECAUSE}"
)
MOST_FILES, LONGEST_FILE, LONGEST_REASON = 1_000, 100_000, 1_000


@dataclass(frozen=True)
class Objection:
    """What a student says of a verdict: in which cell, what the result was, and why it seems wrong."""

    student: str
    notebook: str
    cell: str
    result: str
    reason: str


def result_of(cell: CellResult, points: float | None) -> str:
    """Return a cell's result in short: points, and the codes of what was found."""
    codes = sorted({code for check in cell.checks for code in check.faults})
    score = words.POINTS_ALTOGETHER.format(
        points="–" if points is None else written(points), most=written(cell.max_points)
    )
    return ", ".join([score, *codes])


def objection_to(cell: CellResult, points: float | None, *, student: str, assignment: str, notebook: str) -> str:
    """Return the text that a student sends, up to the reason, which is for the student to write."""
    about = {"student": student, "assignment": assignment, "notebook": notebook, "cell": cell.cell}
    return FORM.format(**{key: safe.line(value, 120) for key, value in about.items()}, result=result_of(cell, points))


def read_objections(folder: Path, assignment: str) -> tuple[Objection, ...]:
    """Return what the files ``*.txt`` and ``*.eml`` of a folder say of an assignment, in the order of their names."""
    found: dict[Objection, None] = {}
    for path in sorted([*folder.glob("*.txt"), *folder.glob("*.eml")])[:MOST_FILES]:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE)
        found |= dict.fromkeys(_objections(_text(content, path.suffix), assignment))
    return tuple(found)


def _text(content: bytes, suffix: str) -> str:
    if suffix == ".eml":
        body = email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",))
        plain = body.get_payload(decode=True) if body is not None else b""
        content = plain if isinstance(plain, bytes) else b""
    return content.decode("utf-8", errors="replace").replace("\r\n", "\n")


def _objections(text: str, assignment: str) -> Iterator[Objection]:
    blocks = list(BLOCK.finditer(text))
    for block, after in itertools.zip_longest(blocks, blocks[1:]):
        end = len(text) if after is None else after.start()
        student, notebook, cell, result = (
            safe.line(re.sub(r"\s*\n[> \t]*", " ", part).strip(), 400) for part in block.groups()
        )
        if notebook.partition("/")[0] == assignment:
            reason = safe.text(text[block.end() : end].strip(" >\t\n"), LONGEST_REASON)
            yield Objection(student, notebook.partition("/")[2], cell, result, reason)
