"""Read a platform's zip file of submissions from its file names.

The first part of a path, inside a folder that may wrap everything, comes from the platform; the rest is the student's file
name and may be any text. An entry's path is never used as a path of ours, and everything is read within limits.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from netgrader.errors import UsageError
from netgrader_platforms.people import CANVAS, MOODLE, Person, name_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from netgrader_platforms.sheets import Sheet

__all__ = ["Download", "DownloadedSubmission", "read_download", "readings"]

LONGEST = 1_000  # characters of a path; no platform writes longer names, and each possible split is tried

# The platform's prefix of a student's file name, from its exporter: `mod/assign` of moodle/moodle and `lib/content_zipper.rb`
# of instructure/canvas-lms. [0-9], since \d and int() accept digits of every script. Moodle's names contain no underscore, so
# the first match is right; teams have no number for students without a group, and before 4.1 folders ended in an underscore.
# Canvas's names may contain underscores and digits, so several matches are possible.
NAMES: Mapping[str, re.Pattern[str]] = {
    MOODLE: re.compile(
        ""
        "\\A(?P<name>[^/]*?)(?:_(?P<number>[0-9]+))?_assign(?:submission|feedback)_[a-z]+(?P<late>)(?P<attachment>)(?:_?/|_)(?=.)",
        re.DOTALL,
    ),
    CANVAS: re.compile(
        r"(?P<name>)(?P<late>_LATE)?_(?P<number>[0-9]+)_(?:(?P<attachment>[0-9]{1,18})_(?=.)|(?=(?:text|link)\.html\Z))",
        re.DOTALL,
    ),
}
NO_FILE = re.compile(r".*/\Z|__MACOSX/|(?:.*/)?(?:\.DS_Store|\._[^/]*)\Z", re.DOTALL)
"""Matches folders and files that macOS adds."""
AGAIN = re.compile(r"-[0-9]+(?=\.\w+$)")


@dataclass(frozen=True)
class NameReading:
    """One way to split a file's path into the platform's prefix and the student's file name."""

    number: str
    """Empty if there is none."""
    name: str
    path: str
    """The student's own file name."""
    late: bool = False
    attachment: str = ""
    """The attachment's id, if there is one, which grows with time."""

    @property
    def shown(self) -> str:
        """Return the student's name and number on the platform."""
        return f"{self.name} ({self.number})" if self.number else self.name


def readings(platform: str, path: str) -> tuple[NameReading, ...]:
    """Return all ways in which the platform may have built a path, shortest name first."""
    places = sorted({0, *(found.start() for found in re.finditer("_", path.partition("/")[0]))})
    return tuple(_reading(path, found) for place in places if (found := NAMES[platform].match(path, place)))


def _reading(path: str, found: re.Match[str]) -> NameReading:
    parts = found.groupdict("")
    name = path[: found.start()] + parts["name"]
    return NameReading(
        parts["number"], name, path[found.end() :], late=parts["late"] != "", attachment=parts["attachment"]
    )


@dataclass(frozen=True)
class DownloadedSubmission:
    """One submission, identified by the platform's names."""

    owner: NameReading
    people: tuple[Person, ...] = ()
    """Its people in the sheet: one, or the members of a team; empty if nobody or more than one person matches."""
    late: bool = False
    files: tuple[tuple[str, int], ...] = ()
    """File names as submitted, with archive indexes; among equal names the newest comes first."""
    begins: tuple[tuple[str, str], ...] = ()
    """The platform's prefix of each file, by the file's own name without suffix; the newest comes first."""
    problem: str = ""
    """Why its owner or files are unclear; empty if they are clear."""


@dataclass(frozen=True)
class Download:
    """The file names in a download of submissions."""

    platform: str
    entries: tuple[tuple[str, int], ...]
    """Paths, without a folder that wraps all of them, and indexes in the archive."""

    def submissions(
        self, sheet: Sheet, notebooks: Collection[str], known: Collection[str]
    ) -> tuple[DownloadedSubmission, ...]:
        """Return the submissions sorted by name; `notebooks` are names of notebooks without suffix.

        `known` are numbers of people who need not be in the sheet. A path with several possible owners becomes a submission
        of its own, with a problem.
        """
        numbers = {*map(attrgetter("number"), sheet.people), *known}
        found: dict[object, list[_Named]] = {}
        for path, place in self.entries:
            owners = _owners(path, readings(self.platform, path), sheet, numbers)
            key = (owners[0].number, owners[0].name) if len(owners) == 1 else path
            found.setdefault(key, []).append(_Named(path, place, owners))
        made = [_submission(those, sheet, notebooks) for those in found.values()]
        return tuple(sorted(made, key=lambda one: (name_key(one.owner.name), one.owner.number)))


def _owners(path: str, read: Sequence[NameReading], sheet: Sheet, numbers: Collection[str]) -> tuple[NameReading, ...]:
    """Return the first reading that fits the sheet, and longer ones that name another known number.

    The platform writes the number, but its owner chooses the name before it, which may imitate the prefix of another person's
    file. If no reading fits, return the first; if there is none, the whole path is the name.
    """
    fitting = [*itertools.dropwhile(lambda one: not sheet.who(one.number, one.name), read)]
    claims = [one for one in fitting[1:] if one.number in numbers and one.number != fitting[0].number]
    return (*fitting[:1], *claims) or (*read[:1], NameReading("", path, path))[:1]


@dataclass(frozen=True)
class _Named:
    """An archive entry with its index and possible owners."""

    path: str
    place: int
    owners: tuple[NameReading, ...]


def _submission(those: Sequence[_Named], sheet: Sheet, notebooks: Collection[str]) -> DownloadedSubmission:
    """Return the submission of one number and name, or of one file with several possible owners."""
    if len(those[0].owners) > 1:
        claims = " and ".join(one.shown for one in those[0].owners)
        problem = f"it is named as a file of {claims}. Look at it, and put it in place yourself"
        return DownloadedSubmission(NameReading("", those[0].path, ""), problem=problem)
    owners = [one.owners[0] for one in those]
    count = Counter(owner.path.casefold() for owner in owners)
    double = " and ".join(one.path for one in those if count[one.owners[0].path.casefold()] > 1)
    newest = sorted(those, key=lambda one: (len(one.owners[0].attachment), one.owners[0].attachment), reverse=True)
    return DownloadedSubmission(
        owners[0],
        people=tuple(sheet.who(owners[0].number, owners[0].name)),
        late=any(owner.late for owner in owners),
        files=tuple((_first_name(one.owners[0].path, notebooks), one.place) for one in newest),
        begins=tuple(map(functools.partial(_begin, notebooks), newest)),
        problem=double
        and f"one name has several files, {double}. Look at them, and put the right one in place yourself",
    )


def _begin(notebooks: Collection[str], one: _Named) -> tuple[str, str]:
    own = one.owners[0].path
    return _first_name(own, notebooks).removesuffix(".ipynb"), one.path.removesuffix(own)


def _first_name(file: str, notebooks: Collection[str]) -> str:
    """Return a file's name without the number that Canvas appends to resubmitted files."""
    plain = AGAIN.sub("", file)
    return plain if plain.removesuffix(".ipynb") in notebooks or plain.endswith(".py") else file


def read_download(path: Path) -> Download:
    """Read the file names in a download of submissions, and recognize the platform from them.

    Raises
    ------
    UsageError
        If it is not a download of a known platform.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UsageError(f"{path} cannot be read as a zip archive: {error.args[-1]}.") from error
    names = ((_name(entry)[:LONGEST], place) for place, entry in enumerate(found))
    named = [(name, place) for name, place in names if not NO_FILE.match(name)]
    # A file that was unpacked and zipped again has an extra folder around the platform's files.
    inside = [(name.split("/", 1)[-1], place) for name, place in named]
    fitting, download = max(_likely(named), _likely(inside), key=lambda one: one[0])
    if not fitting:
        raise UsageError(
            f"{path} is not a download of submissions from Moodle or Canvas: no file in it has a name that they write. Give the "
            "file as you downloaded it (Moodle: Download all submissions; Canvas: Download Submissions)."
        )
    return download


def _likely(entries: Sequence[tuple[str, int]]) -> tuple[int, Download]:
    """Return the platform that most names fit, and how many: a single name may imitate the other platform."""
    found = {platform: sum(bool(readings(platform, name)) for name, _ in entries) for platform in NAMES}
    platform = max(found, key=lambda one: found[one])
    return found[platform], Download(platform, tuple(entries))


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's path; Canvas writes UTF-8 without its flag, so zipfile decodes it as cp437."""
    name = entry.filename.replace("\\", "/")
    if not entry.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)
