"""Archives of a platform: entries are placed by file name only and within limits. An archive in a submission stays packed."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from netgrader.errors import UsageError
from netgrader.grading.archives import LIMITS, ArchiveLimits, unpack
from netgrader.grading.folders import KINDS, bring_up, choose
from netgrader.grading.jobs import find_jobs, jobs_of
from netgrader.grading.submission import UnreadableError
from netgrader.limited import within_limits

if TYPE_CHECKING:
    from pathlib import Path


def archive(path: Path, entries: dict[str, bytes | str], **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    return path


def unpacked(path: Path, folder: Path, limits: ArchiveLimits = LIMITS) -> Path:
    """What `netgrader collect` does with an archive of a platform's: its notebooks and modules, copied into a folder."""
    with zipfile.ZipFile(path) as opened:
        entries = [(one.filename, place) for place, one in enumerate(opened.infolist()) if not one.is_dir()]
    folder.mkdir()
    within_limits(unpack, path, choose(entries, KINDS), folder, path.name, limits)
    return folder


def test_an_archive_in_a_submission_is_named_and_what_to_do_is_said(tiny) -> None:
    folder = tiny.root / "submitted" / "ada" / tiny.assignment_id
    archive(folder / "work.zip", {"1_sums.ipynb": json.dumps(tiny.filled())})
    with pytest.raises(UnreadableError, match=r"work\.zip is an archive\. Unpack it and hand in the notebooks in it\."):
        jobs_of(tiny.assignment, "ada")
    assert list(folder.glob("*.ipynb")) == []


def test_an_archive_is_nothing_to_grade(tiny, tmp_path) -> None:
    archive(tmp_path / "work.zip", {"1_sums.ipynb": json.dumps(tiny.filled())})
    with pytest.raises(UsageError, match="is not a notebook"):
        find_jobs(tmp_path / "work.zip", tiny.course)


def locked(path: Path) -> None:
    archive(path, {"1_sums.ipynb": "{}"})
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    path.write_bytes(content)


def bomb(path: Path) -> None:
    archive(path, {"1_sums.ipynb": bytes(60_000_000)})


def bomb_that_lies(path: Path) -> None:
    """It says that it is small."""
    bomb(path)
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(signature) + at, 10)
    path.write_bytes(content)


def overlapping(path: Path) -> None:
    """Many names for one compressed stream."""
    archive(path, {"0.ipynb": bytes(1_000_000)})
    raw = path.read_bytes()
    start = raw.index(b"PK\x01\x02")
    entry, end = raw[start : raw.index(b"PK\x05\x06")], bytearray(raw[raw.index(b"PK\x05\x06") :])
    entries = b"".join(entry.replace(b"0.ipynb", f"{n}.ipynb".encode()) for n in range(10))
    struct.pack_into("<HHI", end, 8, 10, 10, len(entries))
    path.write_bytes(raw[:start] + entries + bytes(end))


def cut_off(path: Path) -> None:
    archive(path, {"1_sums.ipynb": "{}" * 1000})
    path.write_bytes(path.read_bytes()[:-40])


BAD = (locked, bomb, bomb_that_lies, overlapping, cut_off)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_what_cannot_be_unpacked_is_said_in_a_sentence(tmp_path, make) -> None:
    make(tmp_path / "work.zip")
    with pytest.raises((UnreadableError, zipfile.BadZipFile)) as raised:
        unpacked(tmp_path / "work.zip", tmp_path / "there", ArchiveLimits(total=5_000_000))
    assert make is cut_off or "work.zip" in str(raised.value)
    assert not any((tmp_path / "there").glob("*")) or make is overlapping


def test_a_link_in_an_archive_is_a_file_with_a_path_in_it(tmp_path) -> None:
    link = zipfile.ZipInfo("1_sums.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as out:
        out.writestr(link, "/etc/passwd")
    folder = unpacked(tmp_path / "work.zip", tmp_path / "there")
    assert not (folder / "1_sums.ipynb").is_symlink()
    assert (folder / "1_sums.ipynb").read_text() == "/etc/passwd"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_data_of_any_compression_is_a_sentence(tmp_path, method) -> None:
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w", method) as out:
        out.writestr("1_sums.ipynb", json.dumps([list(range(4000))]))
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="is damaged"):
        unpacked(path, tmp_path / "there")


def test_nothing_gets_out_of_an_archive(tmp_path) -> None:
    names = [
        "../../out.ipynb",
        "/etc/out.ipynb",
        "C:\\out.ipynb",
        "a/\x1b[2J.ipynb",
        "..ipynb",
        ".hidden.ipynb",
        "x" * 300 + ".ipynb",
    ]
    folder = unpacked(archive(tmp_path / "work.zip", dict.fromkeys(names, "{}")), tmp_path / "there")
    assert {path.parent for path in tmp_path.rglob("*.ipynb")} == {folder}
    assert all(path.name.isprintable() and len(path.name) < 80 for path in folder.iterdir())


def test_folders_bring_up_no_more_than_a_submission_may_hold(tmp_path, monkeypatch) -> None:
    """Each is small, and what is in it is as much as one submission may be."""
    monkeypatch.setattr("netgrader.grading.folders.FolderLimits.MOST_BYTES", 2_000_000)
    for number in range(10):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / f"{number}.ipynb").write_bytes(b" " * 900_000)
    bring_up(tmp_path)
    bring_up(tmp_path)
    assert [path.name for path in sorted(tmp_path.glob("*.ipynb"))] == ["0.ipynb", "1.ipynb"]


def test_folders_deep_in_one_another_and_links_are_not_looked_through(tmp_path) -> None:
    deep = tmp_path / "handed in" / "/".join("a" * 50)
    deep.mkdir(parents=True)
    (deep / "1_sums.ipynb").write_text("{}")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2_words.ipynb").write_text("{}")
    (tmp_path / "handed in" / "link").symlink_to(tmp_path / "elsewhere")
    bring_up(tmp_path / "handed in")
    assert not [*(tmp_path / "handed in").glob("*.ipynb")]
