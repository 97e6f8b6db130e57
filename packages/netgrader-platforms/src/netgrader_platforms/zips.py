"""Read a platform's zip file of submissions by the names that it gives to files.

The first part of a path, behind a folder that wraps the whole file, is the platform's; everything after it is what the
student called the file, and may look like anything. An entry's path is never one of ours, and all is read within limits.
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

LONGEST = 1_000  # characters of a path: no platform keeps longer names, and each way to split one is tried

# What a platform writes before the student's own name for the file, by its exporter: `mod/assign` of moodle/moodle and
# `lib/content_zipper.rb` of instructure/canvas-lms. [0-9], since \d and int() take digits of every script.
# A name has no underscore in Moodle, so the first place that fits is its own; teams have no number for students in no group,
# and before 4.1 folders ended in an underscore. In Canvas a name may hold underscores and digits, so several places may fit.
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
"""Names of folders, and of what a Mac adds."""
AGAIN = re.compile(r"-[0-9]+(?=\.\w+$)")


@dataclass(frozen=True)
class NameReading:
    """One way in which a platform may have put the path of a file together."""

    number: str
    """Empty where there is none."""
    name: str
    path: str
    """What the student called the file."""
    late: bool = False
    attachment: str = ""
    """The file's own number, where there is one, which grows with time."""

    @property
    def shown(self) -> str:
        """The student by the platform's name and number."""
        return f"{self.name} ({self.number})" if self.number else self.name


def readings(platform: str, path: str) -> tuple[NameReading, ...]:
    """Return each way in which a platform may have built a path, shortest name first."""
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
    """What somebody handed in, by the platform's names."""

    owner: NameReading
    people: tuple[Person, ...] = ()
    """Those of the sheet who handed it in: one, or the members of a team. Empty where nobody fits, or several do."""
    late: bool = False
    files: tuple[tuple[str, int], ...] = ()
    """By the names that they were handed in with, of several of one name the newest first."""
    begins: tuple[tuple[str, str], ...] = ()
    """How the platform's name of each file begins, by the file's own name without suffix; the newest first."""
    problem: str = ""
    """Why nobody can tell who handed it in, or what."""


@dataclass(frozen=True)
class Download:
    """The names in a file of submissions."""

    platform: str
    entries: tuple[tuple[str, int], ...]
    """Paths, without a folder that wraps all of them, and places in the archive."""

    def submissions(
        self, sheet: Sheet, notebooks: Collection[str], known: Collection[str]
    ) -> tuple[DownloadedSubmission, ...]:
        """Return what people of the sheet handed in, in order of names; `notebooks` are names without suffix.

        `known` are numbers of people who need not be in the sheet. A path that may be several people's is a submission of its
        own, with a problem.
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
    """Return the first reading that fits the sheet, and each longer one whose number is another known one.

    The platform writes the number, and its owner chooses the name before it: it may be the beginning of another one's files.
    Where no reading fits it is the first one; where there is none the whole path is the name.
    """
    fitting = [*itertools.dropwhile(lambda one: not sheet.who(one.number, one.name), read)]
    claims = [one for one in fitting[1:] if one.number in numbers and one.number != fitting[0].number]
    return (*fitting[:1], *claims) or (*read[:1], NameReading("", path, path))[:1]


@dataclass(frozen=True)
class _Named:
    """An entry of the archive by its place, and whose it may be."""

    path: str
    place: int
    owners: tuple[NameReading, ...]


def _submission(those: Sequence[_Named], sheet: Sheet, notebooks: Collection[str]) -> DownloadedSubmission:
    """Return the submission of one number and name, or a file with several possible owners."""
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
    """Return a file's name without the number that Canvas adds where one of its name was handed in before."""
    plain = AGAIN.sub("", file)
    return plain if plain.removesuffix(".ipynb") in notebooks or plain.endswith(".py") else file


def read_download(path: Path) -> Download:
    """Read the names in a file of submissions, and tell whose platform's it is by them.

    Raises
    ------
    UsageError
        If it is not a download.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UsageError(f"{path} cannot be read as a zip archive: {error.args[-1]}.") from error
    names = ((_name(entry)[:LONGEST], place) for place, entry in enumerate(found))
    named = [(name, place) for name, place in names if not NO_FILE.match(name)]
    # A folder around what the platform made is there where a file was unpacked, and packed again.
    inside = [(name.split("/", 1)[-1], place) for name, place in named]
    fitting, download = max(_likely(named), _likely(inside), key=lambda one: one[0])
    if not fitting:
        raise UsageError(
            f"{path} is not a download of submissions from Moodle or Canvas: no file in it has a name that they write. Give the "
            "file as you downloaded it (Moodle: Download all submissions; Canvas: Download Submissions)."
        )
    return download


def _likely(entries: Sequence[tuple[str, int]]) -> tuple[int, Download]:
    """Return the platform that most names fit, and how many: a single name may imitate another."""
    found = {platform: sum(bool(readings(platform, name)) for name, _ in entries) for platform in NAMES}
    platform = max(found, key=lambda one: found[one])
    return found[platform], Download(platform, tuple(entries))


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's path; Canvas writes UTF-8 without saying so, which is then read as something else."""
    name = entry.filename.replace("\\", "/")
    if not entry.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)
