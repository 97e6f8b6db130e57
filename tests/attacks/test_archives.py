"""Archives as they are handed in: a notebook in a folder in an archive is graded, and nothing gets out of an archive."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from netgrader.grading.archives import ArchiveLimits, unpack, unpack_beside
from netgrader.grading.grade_submission import grade
from netgrader.grading.jobs import find_jobs, jobs_of
from netgrader.grading.submission import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path


def archive(path: Path, entries: dict[str, bytes | str], **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "inside",
    [
        "1_sums.ipynb",
        "digits/1_sums.ipynb",
        "My work\\final\\1_sums.ipynb",
        "Übung/数字/1_sums (1).ipynb",
        "a/../../1_sums.ipynb",
    ],
)
def test_a_notebook_in_an_archive_is_graded(tiny, uncaged, tmp_path, inside) -> None:
    path = archive(tmp_path / "work.zip", {inside: json.dumps(tiny.filled()), "__MACOSX/._1_sums.ipynb": b"\0"})
    (result,) = grade(path).notebooks
    assert (result.notebook, result.score) == ("1_sums.ipynb", 5.0)
    assert any("work.zip" in note for note in result.measured["notes"])


def test_an_archive_in_a_folder_in_a_folder_is_found(tiny, uncaged, tmp_path) -> None:
    archive(tmp_path / "hand in" / "week 3" / "work.zip", {"x/1_sums.ipynb": json.dumps(tiny.filled())})
    (result,) = grade(tmp_path / "hand in").notebooks
    assert result.score == 5.0


def test_modules_travel_with_the_notebook(tiny, uncaged, tmp_path) -> None:
    source = "from helper import add"
    path = archive(
        tmp_path / "work.zip",
        {"x/1_sums.ipynb": json.dumps(tiny.filled(add=source)), "x/helper.py": "def add(a, b): return a + b"},
    )
    (job,) = find_jobs(path, tiny.course)
    assert (job.path.parent / "helper.py").is_file()


@pytest.mark.parametrize("where", ["work.zip", "sums/1_sums.ipynb"])
def test_what_a_student_of_the_class_packed_is_brought_up(tiny, where) -> None:
    folder = tiny.root / "submitted" / "ada" / tiny.assignment_id
    text = json.dumps(tiny.filled())
    if where.endswith(".zip"):
        archive(folder / where, {"deep/down/1_sums.ipynb": text})
    else:
        (folder / "sums").mkdir(parents=True)
        (folder / where).write_text(text)
    (job,) = jobs_of(tiny.assignment, "ada")
    assert job.path == folder / "1_sums.ipynb"
    assert job.problem is None


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


def no_archive(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 and then nothing")


def empty(path: Path) -> None:
    archive(path, {"readme.txt": "I had no time."})


def many(path: Path) -> None:
    archive(path, {f"{n}.txt": "" for n in range(6_000)})


BAD = (locked, bomb, bomb_that_lies, overlapping, cut_off, no_archive, empty, many)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_what_cannot_be_unpacked_is_said_in_a_sentence(tiny, uncaged, tmp_path, make) -> None:
    make(tmp_path / "work.zip")
    for result in grade(tmp_path / "work.zip").notebooks:
        assert result.score == 0
        assert result.problem


def test_a_link_in_an_archive_is_a_file_with_a_path_in_it(tiny, tmp_path) -> None:
    link = zipfile.ZipInfo("1_sums.ipynb")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        out.writestr(link, "/etc/passwd")
    (tmp_path / "work.zip").write_bytes(stream.getvalue())
    folder = unpack(tmp_path / "work.zip", tmp_path / "scratch")
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
        unpack(path, tmp_path / "scratch")


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
    folder = unpack(archive(tmp_path / "work.zip", dict.fromkeys(names, "{}")), tmp_path / "scratch")
    assert {path.parent for path in (tmp_path / "scratch").rglob("*.ipynb")} == {folder}
    assert all(path.name.isprintable() and len(path.name) < 80 for path in folder.iterdir())


def test_a_bomb_is_left_where_it_is_found(tmp_path) -> None:
    bomb_that_lies(tmp_path / "work.zip")
    with pytest.raises(UnreadableError):
        unpack(tmp_path / "work.zip", tmp_path / "scratch", ArchiveLimits(file=1_000_000))
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["archives", "folders"])
def test_many_hold_no_more_than_one_may(tmp_path, kind) -> None:
    """Each is small, and what is in it is as much as one submission may be."""
    notebook = b" " * 900_000
    for number in range(10):
        if kind == "archives":
            archive(tmp_path / f"{number}.zip", {f"{number}.ipynb": notebook})
        else:
            (tmp_path / f"{number}").mkdir()
            (tmp_path / f"{number}" / f"{number}.ipynb").write_bytes(notebook)
    unpack_beside(tmp_path, ArchiveLimits(total=2_000_000))
    assert [path.name for path in sorted(tmp_path.glob("*.ipynb"))] == ["0.ipynb", "1.ipynb"]
    assert list(tmp_path.glob(".*")) == []
