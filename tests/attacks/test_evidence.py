"""Evidence that no probe would write: bombs, pickles, links, false sizes, types and names. It is read as untrusted."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netgrader.evidence import BadEvidence, EvidenceLimits, read_evidence, read_npy

SMALL = EvidenceLimits(
    manifest_bytes=50_000, graph_bytes=10_000, array_bytes=100_000, total_bytes=200_000, items=50, files=60
)


def npy(array: np.ndarray, **options) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def header(text: str, body: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    raw = text.encode("latin1") + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(raw))
    return b"\x93NUMPY" + bytes(version) + length + raw + body


MARKER = "a-file-that-unpickling-makes"


class Run:
    """What would be run by whoever unpickles it."""

    def __reduce__(self):
        return (Path(MARKER).touch, ())


ARRAYS = {
    "a pickle": pickle.dumps(Run()),
    "an array of objects": npy(np.array([Run()], dtype=object), allow_pickle=True),
    "an array whose header claims objects": header(
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", pickle.dumps(Run())
    ),
    "text": npy(np.array(["a"])),
    "a structured array": npy(np.zeros(2, dtype=[("a", "i4"), ("b", "f8")])),
    "complex numbers": npy(np.zeros(2, complex)),
    "128-bit floats": header("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", bytes(16)),
    "code as the type": header("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': ()}"),
    "a shape of terabytes": header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}", bytes(8)),
    "a negative shape": header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 8)}", bytes(8)),
    "booleans as the shape": header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", bytes(9)),
    "a shape of zero by a huge number": header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10**99)}"),
    "an unterminated header": header("{'descr': '" + "[" * 9000),
    "a header that claims a gigabyte": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**30) + b"{",
    "nested brackets in the header": header("(" * 3000 + ")" * 3000),
    "an unknown version": b"\x93NUMPY\x09\x00" + bytes(100),
    "no magic number": bytes(100),
    "an empty file": b"",
    "a truncated array": npy(np.zeros(100))[:-8],
    "trailing bytes": npy(np.zeros(100)) + b"more",
    "an extra key in the header": header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", bytes(8)),
    "a subarray type": header("{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,)}", bytes(16)),
}


@pytest.mark.parametrize("content", ARRAYS.values(), ids=ARRAYS)
def test_an_array_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BadEvidence):
        read_npy(content)
    assert not Path(MARKER).exists()


def item(**more) -> dict:
    return {"name": "n", "kind": "array", "file": "0.npy", **more}


def fact(value: object = 1) -> dict:
    return {"name": "n", "kind": "fact", "value": value}


def error(told: object) -> dict:
    return {"name": "n", "kind": "error", "error": told}


def graph(**more) -> dict:
    plain = {"name": "n", "kind": "graph", "file": "0.pb", "parts": {}, "eval_feed": {}, "values": {}, "about": {}}
    return {**plain, **more}


def table(reference: str, *shape: object) -> dict:
    return item(kind="lookup", reference=reference, shape=list(shape))


def manifest(*items: object, **more) -> dict:
    return {"format": 1, "cell": "c", "items": list(items), **more}


DEEP: object = []
for _ in range(60):
    DEEP = [DEEP]
MANIFESTS: dict[str, object] = {
    "a list": [],
    "an empty object": {},
    "an unknown format": manifest(format=2),
    "a format as text": manifest(format="1"),
    "no cell": {"format": 1, "items": []},
    "a list as the cell": manifest(cell=["c"]),
    "a cell name of 10,000 characters": manifest(cell="c" * 10_000),
    "items as an object": manifest(items={"a": 1}),
    "text as an item": manifest("a"),
    "an item without a kind": manifest({"name": "n"}),
    "an item of an unknown kind": manifest({"name": "n", "kind": "verdict", "value": "passed"}),
    "an item without a name": manifest({"kind": "fact", "value": 1}),
    "too many items": manifest(*[fact()] * 60),
    "a fact nested too deep": manifest(fact(DEEP)),
    "a path out of the folder": manifest(item(file="../0.npy")),
    "an absolute path": manifest(item(file="/etc/passwd")),
    "the manifest as an array": manifest(item(file="manifest.json")),
    "a file with the wrong suffix": manifest(item(file="0.pkl")),
    "a missing file": manifest(item(file="7.npy")),
    "a number as the file": manifest(item(file=0)),
    "a file name in Arabic digits": manifest(item(file="\u0660.npy")),
    "an unknown reference": manifest(table("y_test", 10)),
    "a table of the wrong shape": manifest(table("x", 3)),
    "a shape of terabytes": manifest(table("x", 10**9, 10**9)),
    "booleans as the shape": manifest(table("x", True, 256)),
    "a graph without parts": manifest(graph(parts=None)),
    "numbers as parts": manifest(graph(parts={"X": 1})),
    "a list as values": manifest(graph(values=["0.npy"])),
    "an array as the graph": manifest(graph(file="0.npy")),
    "an error without a message": manifest(error({})),
    "a verdict as the error": manifest(error("passed")),
    "an error of 10,000 characters": manifest(error({"kind": "E", "message": "m" * 10_000})),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0.npy").write_bytes(npy(np.arange(256)))
    (tmp_path / "0.pb").write_bytes(b"")
    return tmp_path


def read(folder: Path):
    return read_evidence(folder, {"x": np.arange(256, dtype=np.uint8)}, SMALL)


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_contradicts_itself_is_refused(folder: Path, manifest: object) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadEvidence) as raised:
        read(folder)
    assert len(str(raised.value)) < 200


NO_JSON = {
    "empty": b"",
    "a truncated file": b"{",
    "invalid UTF-8": b"\xff\xfe",
    "nested brackets": b"[" * 30_000,
    "nested objects": b'{"a":' * 9_000,
    "NaN": b"NaN",
    "a long number": b"9" * 6_000,
    "too long": b" " * 60_000,
}


@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_a_manifest_that_is_no_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(BadEvidence):
        read(folder)


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def hard_link(path: Path) -> None:
    """A link to a file outside that cannot be told from a file: its content is an array or it is not."""
    (path.parent / "outside").write_text("root:x:0:0")
    os.link(path.parent / "outside", path)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def directory(path: Path) -> None:
    path.mkdir()


def endless(path: Path) -> None:
    with path.open("wb") as out:
        out.truncate(10**12)


NO_FILES = (link, hard_link, pipe, device, directory, endless)


@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["0.npy", "manifest.json"])
def test_what_is_no_file_of_evidence_is_refused_at_once(folder: Path, make, name: str) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest(item())))
    (folder / name).unlink()
    make(folder / name)
    with pytest.raises(BadEvidence):
        read(folder)


def test_together_no_more_is_read_than_the_limit(folder: Path) -> None:
    for number in range(1, 5):
        (folder / f"{number}.npy").write_bytes(npy(np.zeros(90_000, np.uint8)))
    items = [item(name=f"n{number}", file=f"{number}.npy") for number in range(1, 5)]
    (folder / "manifest.json").write_text(json.dumps(manifest(*items)))
    with pytest.raises(BadEvidence, match="too large"):
        read(folder)


def test_one_file_read_again_and_again_is_counted_each_time(folder: Path) -> None:
    values = {f"v{number}": "0.npy" for number in range(100)}
    (folder / "manifest.json").write_text(json.dumps(manifest(graph(values=values))))
    with pytest.raises(BadEvidence):
        read(folder)


def test_a_table_counts_with_what_it_becomes(folder: Path) -> None:
    """A manifest of lines that name one table of 256 numbers again and again: 400 of them would be 150 GB."""
    one = table("x", 1_000)
    reference = {"x": np.zeros(1_000, np.uint8)}
    for times, refused in ((10, False), (40, True)):
        items = [{**one, "name": f"n{number}"} for number in range(times)]
        (folder / "manifest.json").write_text(json.dumps(manifest(*items)))
        if refused:
            with pytest.raises(BadEvidence, match="too large"):
                read_evidence(folder, reference, SMALL)
        else:
            assert len(read_evidence(folder, reference, SMALL).arrays) == times


def test_half_a_character_is_a_question_mark_so_that_what_is_told_can_be_written(folder: Path) -> None:
    items = [{"name": "\ud800", "kind": "error", "error": {"kind": "E", "message": "\udfff", "line": "\U0001f600"}}]
    (folder / "manifest.json").write_text(json.dumps(manifest(*items, cell="\udead")))
    found = read(folder)
    assert (found.cell, str(found.errors["?"].message), found.errors["?"].line) == ("?", "?", "\U0001f600")


def test_of_two_items_with_one_name_the_later_one_counts(folder: Path) -> None:
    reference = {"x": np.zeros(1_000, np.uint8)}
    looked_up, array = table("x", 1_000), item()
    for items, shape in (([array, looked_up], (1_000,)), ([looked_up, array], (256,))):
        (folder / "manifest.json").write_text(json.dumps(manifest(*items)))
        found = read_evidence(folder, reference, SMALL)
        (only,) = found.arrays
        assert found.arrays[only].shape == shape
        assert list(found.tables) == ([only] if len(shape) and shape[0] == 1_000 else [])


def test_a_table_is_laid_out_only_when_it_is_asked_for(folder: Path) -> None:
    items = [table("x", 1_000)]
    (folder / "manifest.json").write_text(json.dumps(manifest(*items)))
    known: dict[object, Any] = {}
    found = read_evidence(folder, {"x": np.zeros(1_000, np.uint8)}, SMALL, looked_up=known)
    (name,) = found.arrays
    assert (name in found.arrays, len(found.arrays), known) == (True, 1, {})
    assert found.arrays[name] is not None
    assert len(known) == 1
