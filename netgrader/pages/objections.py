"""What a student may send back on one verdict, and what of it has reached the instructor."""

from __future__ import annotations

import codecs
import email
import email.utils
import html
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nh3

from netgrader.limited import ExceededError, together, within_limits
from netgrader.pages import safe, words
from netgrader.pages.shell import points as written
from netgrader.strangers import printable
from netgrader.text import Said  # noqa: TC001  (decoded by what fields say)

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
    + rf"[> \t]*result: ([^:]{{1,2000}}?)\n[> \t]*{BECAUSE}"
)
BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^<>]{0,1000}>", re.IGNORECASE)
TEXT, MAIL = ".txt", ".eml"
UNKNOWN = "?"
"""The sender of a mail that names none, or that no library can read."""
MOST_FILES, LONGEST_FILE, LONGEST_REASON = 1_000, 100_000, 1_000


@dataclass(frozen=True)
class Objection:
    """What a student says of a verdict: in which cell, what the result was, and why it seems wrong."""

    student: str
    """The id that the text claims, with a replacement character for each sign in it that nobody can see."""
    notebook: str
    cell: str
    result: str
    reason: Said
    file: str = ""
    """The name of the file that it came in."""
    sender: str | None = None
    """The address that a mail says it comes from, in lower case; None for what is no mail."""


def result_of(cell: CellResult, points: float | None) -> str:
    """Return a cell's result in short: points, and the codes of what was found."""
    codes = sorted({code for check in cell.checks for code in check.faults})
    score = f"{'–' if points is None else written(points)} of {written(cell.max_points)}"
    return ", ".join([score, *codes])


def objection_to(cell: CellResult, points: float | None, *, student: str, assignment: str, notebook: str) -> str:
    """Return the text that a student sends, up to the reason, which is for the student to write."""
    about = {"student": student, "assignment": assignment, "notebook": notebook, "cell": cell.cell}
    return FORM.format(**{key: safe.line(value, 120) for key, value in about.items()}, result=result_of(cell, points))


def read_objections(folder: Path, assignment: str) -> tuple[Objection, ...]:
    """Return what the files ``*.txt`` and ``*.eml`` of a folder say of an assignment, in the order of their names."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    sent = [one for one in files if one.suffix.lower() in {TEXT, MAIL} and one.is_file()]
    found: dict[Objection, None] = {}
    with together():
        for path in sent[:MOST_FILES]:
            with path.open("rb") as file:
                content = file.read(LONGEST_FILE)
            file_name = safe.line(path.name, 120)
            try:
                said = within_limits(objections_in, content, path.suffix.lower() == MAIL, assignment, file_name)
            except ExceededError as error:
                said = [_unread(file_name, words.OBJECTIONS_UNREAD.format(limit=error.said))]
            if path.stat().st_size > LONGEST_FILE:
                said = [*said, _unread(file_name, words.OBJECTIONS_LONG.format(size=LONGEST_FILE // 1000))]
            found |= dict.fromkeys(said)
    rest = [_unread(safe.line(path.name, 120), words.OBJECTIONS_MANY) for path in sent[MOST_FILES : MOST_FILES + 1]]
    return (*found, *rest)


def _unread(file: str, reason: Said) -> Objection:
    return Objection("", "", "", "", reason, file)


def objections_in(content: bytes, is_mail: bool, assignment: str, file: str) -> list[Objection]:
    """Return what a file says of an assignment, for `read_objections` alone, which does it within limits."""
    text, sender = _of_mail(content) if is_mail else (_decoded(content), None)
    plain = re.sub(r"\r\n?", "\n", text.replace("\xa0", " "))
    return list(_objections(plain, assignment, file, sender))


def _of_mail(content: bytes) -> tuple[str, str]:
    """Return the text of a mail, all of its file where that has none or no library can read it, and the sender's address."""
    try:
        texts, sender = _texts_of(content)
    except Exception:  # noqa: BLE001  (a stranger made it to be read by nobody)
        texts, sender = [], UNKNOWN
    return next((text for text in texts if BEGIN in text), _decoded(content)), safe.line(sender, 120)


def _texts_of(content: bytes) -> tuple[list[str], str]:
    """Return the plain text of a mail and of mails within it, the text of what is HTML, and the sender's address."""
    found: dict[str, list[str]] = {"plain": [], "html": []}
    message = email.message_from_bytes(content)
    _, sender = email.utils.parseaddr(str(message.get("From", "")).encode("ascii", "replace").decode())
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(payload, bytes):
            text = _decoded(payload, part.get_content_charset())
            found.setdefault(part.get_content_subtype(), []).append(text)
    marked = BREAKS.sub("\n", " ".join(found["html"]).replace("\n", " "))
    lines = html.unescape(nh3.clean(marked, tags=set())).split("\n")
    return ["\n".join(found["plain"]), "\n".join(line.strip() for line in lines)], sender.casefold() or UNKNOWN


def _decoded(content: bytes, charset: str | None = None) -> str:
    """Return text in the encoding that it says, or is likely to be in: what Windows calls Unicode, UTF-8, or of old."""
    likely = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        return content.decode(charset or likely)
    except (LookupError, ValueError):
        return content.decode("utf-8" if charset else "cp1252", errors="replace")


def _objections(text: str, assignment: str, file: str, sender: str | None) -> Iterator[Objection]:
    blocks = list(BLOCK.finditer(text))
    for block, after in itertools.zip_longest(blocks, blocks[1:]):
        end = len(text) if after is None else after.start()
        student, *others = (re.sub(r"\s*\n[> \t]*", " ", part).strip() for part in block.groups())
        notebook, cell, result = (safe.line(part, 2_000) for part in others)
        if notebook.partition("/")[0] == assignment:
            reason = safe.text(text[block.end() : end].strip(" >\t\n"), LONGEST_REASON)
            yield Objection(printable(student), notebook.partition("/")[2], cell, result, reason, file, sender)
