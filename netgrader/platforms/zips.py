"""Zip files of a platform: submissions read by the names that it gives to files, feedback pages packed under such names.

What stands in such a file is strangers' work: a name is split where only the platform can have put it together, an entry's
path is never one of ours, and all is read within limits.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from netgrader.errors import UsageError
from netgrader.grading.folders import KINDS
from netgrader.platforms.people import CANVAS, MOODLE, name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Download", "DownloadedSubmission", "opened_download", "write_feedback"]

MOST_ENTRIES = 200_000
LONGEST = 1_000
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# A name has no underscore, so the first place that fits is Moodle's; a file may be called as if it were somebody else's.
# Team assignments have no number for who is in no group, and before 4.1 folders ended in an underscore.
MOODLES = re.compile(
    r"(?P<name>[^/]*?)(?:_(?P<number>\d+))?_(?:assignsubmission|assignfeedback)_(?P<kind>[a-z]+)(?:_?/|_)(?P<path>.+)",
    re.DOTALL,
)
# In a name, too, there may be an underscore and digits, so there may be several places that fit.
CANVASES = re.compile(r"_(?P<number>\d+)_(?P<attachment>\d{1,18})_(?=.)")
ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_[^_]+)_(?P<attachment>\d{1,18})_(?P<path>.+)", re.DOTALL)
TYPED = re.compile(r"(?P<name>.*?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<path>(?:text|link)\.html)", re.DOTALL)
AGAIN = re.compile(r"-\d+(?=\.\w+$)")
UNNAMED = re.compile(r"""[\x00-\x1f\x7f&<>"`|':\\/]""")  # what Moodle takes out of the names of files


@dataclass(frozen=True)
class _Split:
    """How a platform may have put the name of a file together."""

    number: str
    name: str
    path: str
    """What the student called the file."""
    late: bool = False
    newness: int = 0


@dataclass
class DownloadedSubmission:
    """What somebody handed in, by the platform's names."""

    number: str
    """Empty where there is none."""
    name: str
    late: bool = False
    files: list[tuple[str, zipfile.ZipInfo]] = field(default_factory=list)
    """What can be graded, by the names that it was handed in with; of several of one name the newest first."""
    others: list[str] = field(default_factory=list)
    """Names of all else, text that was typed into the platform among it."""


@dataclass
class Download:
    """A file of submissions, open."""

    platform: str
    archive: zipfile.ZipFile
    entries: list[tuple[str, zipfile.ZipInfo]]
    """Paths and entries."""

    def submissions(
        self, belongs: Callable[[str, str], bool], notebooks: Collection[str]
    ) -> list[DownloadedSubmission]:
        """Return what was handed in, in order of names.

        `belongs` says whether somebody is known by this number and this name; `notebooks` are names without suffix.
        """
        found: dict[tuple[str, str], DownloadedSubmission] = {}
        files: list[tuple[int, DownloadedSubmission, str, zipfile.ZipInfo]] = []
        for path, entry in self.entries:
            splits = list(SPLITS[self.platform](path))
            if not splits:
                continue
            split = next((one for one in splits if belongs(one.number, one.name)), splits[0])
            one = found.setdefault((split.number, split.name), DownloadedSubmission(split.number, split.name))
            one.late |= split.late
            name = _first_name(split.path, notebooks) if self.platform == CANVAS else split.path
            files.append((-split.newness, one, name, entry))
        for _, one, name, entry in sorted(files, key=lambda file: file[0]):
            if name.lower().endswith(KINDS):
                one.files.append((name, entry))
            else:
                one.others.append(PurePosixPath(name).name)
        return sorted(found.values(), key=lambda one: (name_key(one.name), one.number))


def _moodles(path: str) -> Iterator[_Split]:
    if found := MOODLES.fullmatch(path):
        yield _Split(found["number"] or "", found["name"], found["path"])


def _canvases(path: str) -> Iterator[_Split]:
    file, place = PurePosixPath(path).name, 0
    if found := ANONYMOUS.fullmatch(file):
        yield _Split("", found["name"], found["path"], bool(found["late"]), int(found["attachment"]))
    while found := CANVASES.search(file, place):
        name, place = file[: found.start()], found.start() + 1
        yield _Split(
            *(found["number"], name.removesuffix("_LATE"), file[found.end() :]),
            late=name.endswith("_LATE"),
            newness=int(found["attachment"]),
        )
    if found := TYPED.fullmatch(file):
        yield _Split(found["number"], found["name"], found["path"], late=bool(found["late"]))


SPLITS = {MOODLE: _moodles, CANVAS: _canvases}


def _first_name(file: str, notebooks: Collection[str]) -> str:
    """Return a file's name without the number that Canvas adds where one of its name was handed in before."""
    plain = AGAIN.sub("", file)
    return plain if plain.removesuffix(".ipynb") in notebooks or plain.endswith(".py") else file


@contextmanager
def opened_download(path: Path) -> Iterator[Download]:
    """Open a file of submissions, and tell whose it is by the names in it.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read as a zip archive: {reason}.") from error
    with archive:
        entries = [(_name(entry), entry) for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_ENTRIES:
            raise UsageError(f"{path} holds {len(entries):,} files, which is more than a class can hand in.")
        if any(entry.compress_type not in METHODS or entry.flag_bits & 1 for _, entry in entries):
            raise UsageError(f"{path} is packed or locked as no platform does it. Give it as it was downloaded.")
        # No platform keeps names that long; of a longer one each way to split it would be tried.
        named = [(name, entry) for name, entry in entries if len(name) <= LONGEST and not name.startswith("__MACOSX/")]
        yield _download(path, archive, named)


def _download(path: Path, archive: zipfile.ZipFile, entries: list[tuple[str, zipfile.ZipInfo]]) -> Download:
    """Tell a platform by what most names look like: a single one may be made to look like anything."""
    tops = {name.partition("/")[0] for name, _ in entries if "/" in name}
    wrapped = len(tops) == 1 and all("/" in name for name, _ in entries)
    if wrapped and not any(MOODLES.fullmatch(name) for name, _ in entries):  # unpacked, and packed again in a folder
        entries = [(name.partition("/")[2], entry) for name, entry in entries]
    found = {one: sum(next(split(name), None) is not None for name, _ in entries) for one, split in SPLITS.items()}
    if not any(found.values()):
        raise UsageError(
            f"{path} is no file of submissions of Moodle's or Canvas's: no file in it is called as they call them. Give it as it "
            "was downloaded (Moodle: Download all submissions; Canvas: Download Submissions)."
        )
    return Download(max(found, key=lambda one: found[one]), archive, entries)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's path; Canvas writes UTF-8 without saying so, which is then read as something else."""
    name = entry.filename.replace("\\", "/")
    if not entry.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def write_feedback(target: Path, pages: Mapping[tuple[str, str], Iterable[Path]]) -> int:
    """Pack feedback pages for Moodle's *Upload multiple feedback files in a zip*; how many there were.

    `pages` are by number and name of the participant.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    count = 0
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for (number, name), files in sorted(pages.items()):
                plain = UNNAMED.sub("", name.replace("_", " ")).strip() or "Participant"
                for file in files:
                    archive.write(file, f"{plain}_{number}_assignfeedback_file/{file.name}")
                    count += 1
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return count
