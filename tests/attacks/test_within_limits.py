"""Submitted bytes that exhaust a command's memory or time: each ends with a sentence, in its own process."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from graphread.graph.nodes import message
from netgrader.checks.diagnose import said_of, without_prelude
from netgrader.commands import read
from netgrader.errors import UsageError
from netgrader.limited import within_limits
from netgrader.new_course import NewAssignment, make_assignment
from netgrader_platforms import collect
from netgrader_platforms.received import canvas_sheet, moodle_sheet
from tests.platforms.exporters import canvas_sheet as canvas_sheet_of

SENTENCE = "cannot be read: that took more than 2 seconds. Look at what is in it."


@pytest.fixture
def two_seconds(monkeypatch):
    monkeypatch.setattr("netgrader.limited.ReadLimits.SECONDS", 2.0)


@pytest.mark.parametrize("read_sheet", [moodle_sheet, lambda path: canvas_sheet(path, None, "digits")])
@pytest.mark.parametrize("columns", [1_000_000, 20_000_000])
def test_a_sheet_of_columns_without_end_is_a_sentence(tmp_path, two_seconds, read_sheet, columns):
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"Identifier" + b"," * columns + b"\n")
    with pytest.raises(UsageError, match=r"is not (Moodle|Canvas)|took more than 2 seconds"):
        read_sheet(path)


def test_a_download_whose_names_take_long_to_tell_apart_is_a_sentence(booked, tmp_path, two_seconds):
    path = tmp_path / "digits.zip"
    with zipfile.ZipFile(path, "w") as out:
        for number in range(3_000):
            out.writestr("_1_2" * 230 + f"_{number}_3_x.ipynb", b"")
    with pytest.raises(UsageError, match=SENTENCE):
        collect.run(path, None, canvas_sheet_of(tmp_path / "x.csv", [], {"numbers": 6}), enter=False)
    assert not (booked.root / "submitted").exists()


def test_data_that_are_larger_than_they_look_are_a_sentence(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (3_000_000, 1_000)})
    path = tmp_path / "flowers.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
        out.open("x.npy", "w", force_zip64=True) as x,
    ):
        x.write(header.getvalue())
        for _ in range(3_000):
            x.write(bytes(1_000_000))
    assert path.stat().st_size < 30_000_000
    with pytest.raises(UsageError, match=r"flowers.npz cannot be read: that took more memory than there is\."):
        make_assignment(tmp_path / "course", NewAssignment("flowers", path))


@pytest.mark.parametrize(
    "message",
    [
        " " * 3_000_000 + "x",
        "\n\u00a0" * 1_000_000 + "Exception encountered when calling",
        "Exception encountered when calling a(). " * 50_000 + " " * 1_000_000 + "x",
        "Graph execution error:\n" + "Node: \n" * 500_000,
        "\x1b[" * 500_000 + "1" * 1_000_000,
        " (" * 500_000 + ", line 1" * 100_000 + " " * 1_000_000 + "x",
    ],
    ids=["blanks", "other blanks", "forewords", "nodes", "colours", "places"],
)
def test_an_error_is_read_in_a_time_that_grows_as_it_does(two_seconds, message):
    assert within_limits(without_prelude, message)
    assert within_limits(said_of, "ValueError", message)


def test_a_graph_is_read_in_a_process_that_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "SECONDS", 0.05)
    graph = message("GraphDef")()
    graph.node.add(name="link0", op="Placeholder")
    for number in range(1, 60_000):
        graph.node.add(name=f"link{number}", op="AddN", input=["link0", f"link{number - 1}"])
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(UsageError, match=SENTENCE.replace("2 seconds", "0.05 seconds")):
        read.run(path, None, None, static=True)


def test_a_graph_is_said_and_written_as_it_was(tmp_path, capsys):
    graph = message("GraphDef")()
    graph.node.add(name="x", op="Placeholder")
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    with (tmp_path / "network.json").open("w") as file:
        assert read.run(path, None, file, static=True) == 0
    assert capsys.readouterr().out.strip()
    assert '"layers": []' in (tmp_path / "network.json").read_text()
