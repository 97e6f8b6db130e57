"""Attacks by a notebook's code on its own evidence, on other runs, and on its outputs."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from netgrader.evidence import BadEvidence, EvidenceLimits, read_evidence
from netgrader.grading import kernel_link
from netgrader.grading.cage_files import copy_evidence
from netgrader.grading.cell_outputs import Collector
from netgrader.grading.execution import ExecutionLimits
from tests.attacks.test_evidence import directory, endless, link, pipe

from .conftest import check


@pytest.fixture
def folders(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "manifest.json").write_text('{"items": [{"file": "0.npy"}]}')
    return source, tmp_path / "target"


def listening(path):
    with (
        socket.socket(socket.AF_UNIX) as server,
        contextlib.chdir(path.parent),
    ):  # the path may be too long for a socket
        server.bind(path.name)


def many(path):
    names = [f"{number}.npy" for number in range(30)]
    for name in names:
        (path.parent / name).touch()
    (path.parent / "manifest.json").write_text(json.dumps(names))


@pytest.mark.parametrize("make", [link, pipe, directory, endless, listening, many], ids=lambda make: make.__name__)
def test_what_is_no_plain_file_of_evidence_is_not_copied(folders, make):
    source, target = folders
    make(source / "0.npy")
    with pytest.raises(BadEvidence):
        copy_evidence(source, target, EvidenceLimits(files=20, total_bytes=10_000_000))


@pytest.mark.parametrize(("make", "name"), [(endless, "1.npy"), (link, "1.npy"), (Path.touch, "0\n.npy")])
def test_what_the_manifest_does_not_name_is_not_looked_at(folders, make, name):
    source, target = folders
    (source / "0.npy").write_bytes(b"named")
    make(source / name)
    assert copy_evidence(source, target) == len("named") + (source / "manifest.json").stat().st_size
    assert sorted(path.name for path in target.iterdir()) == ["0.npy", "manifest.json"]


def test_a_text_that_looks_like_the_name_of_a_file_is_none(folders):
    source, target = folders
    item = {"name": "said", "kind": "fact", "value": "7.npy"}
    (source / "manifest.json").write_text(json.dumps({"format": 1, "cell": "c", "items": [item]}))
    copy_evidence(source, target)
    assert read_evidence(target).facts == {"said": "7.npy"}


def test_a_file_that_is_named_and_has_holes_takes_no_more_room_than_it_had(folders):
    source, target = folders
    with (source / "0.npy").open("wb") as file:
        file.write(b"begin")
        file.seek(50_000_000)
        file.write(b"end")
    assert copy_evidence(source, target) > 50_000_000
    assert (target / "0.npy").read_bytes() == (source / "0.npy").read_bytes()
    assert (target / "0.npy").stat().st_blocks * 512 < 5_000_000


def test_a_folder_that_became_a_link_is_not_followed(folders, tmp_path):
    (tmp_path / "link").symlink_to(folders[0])
    with pytest.raises(BadEvidence):
        copy_evidence(tmp_path / "link", folders[1])


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {}),
        ("stream", {"name": "stdlog", "text": "a"}),
        ("stream", {"name": "stdout", "text": ["a"]}),
        ("unheard-of", {"text": "a"}),
        ("update_display_data", {"data": {"text/plain": "a"}, "transient": {"display_id": "never seen"}}),
        ("update_display_data", {"transient": []}),
        ("update_display_data", {"data": {"text/plain": "a"}}),
    ],
)
def test_a_message_that_makes_no_sense_shows_nothing(kind, content):
    collector = Collector(ExecutionLimits())
    collector.take(kind, content)
    assert collector.outputs() == ()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"status": "ok"}, (None, None)),
        ({}, ("Error", "")),
        ({"status": "error", "ename": "", "evalue": "boom"}, ("Error", "boom")),
        ({"status": "error", "ename": None, "evalue": None}, ("Error", "")),
        ({"status": "error", "ename": "E" * 1000, "evalue": "boom"}, ("E" * 199 + "…", "boom")),
    ],
)
def test_an_error_has_a_name_whatever_the_kernel_says(reply, error):
    assert kernel_link._error_in(reply) == error


def test_an_error_of_no_texts_is_shown_as_one():
    collector = Collector(ExecutionLimits())
    collector.take("error", {"ename": None, "evalue": None, "traceback": None})
    assert collector.outputs() == ({"output_type": "error", "ename": "", "evalue": "", "traceback": [""]},)


def test_of_a_bundle_only_text_is_taken_over():
    collector = Collector(ExecutionLimits())
    data = {"text/plain": "ab", "text/html": 5, "application/json": {"a": 1}, "image/png": {"a": 1}}
    collector.take("display_data", {"data": data, "metadata": {"evil": "<script>"}})
    collector.take("display_data", {"data": "no bundle"})
    first, second = collector.outputs()
    assert first["data"] == {"text/plain": "ab"}
    assert first["metadata"] == {}
    assert second["data"] == {}


def test_an_error_without_end_is_cut():
    collector = Collector(ExecutionLimits())
    collector.take("error", {"ename": "E" * 1000, "evalue": "v" * 10_000, "traceback": ["t" * 10_000] * 20 + [5]})
    (error,) = collector.outputs()
    assert len(error["ename"]) == 200
    assert len(error["evalue"]) == 4_000
    assert sum(map(len, error["traceback"])) <= 40_001


def test_pictures_are_kept_up_to_a_size():
    collector = Collector(ExecutionLimits(output_bytes=10_000))
    for size in (6_000, 6_000, 2_000):
        collector.take("display_data", {"data": {"image/png": "x" * size}, "transient": {"display_id": "d"}})
    collector.take("update_display_data", {"data": {"image/png": "x" * 50_000}, "transient": {"display_id": "d"}})
    *pictures, said = collector.outputs()
    assert "1 more outputs" in said["text"]
    assert sum(len(output["data"].get("image/png", "")) for output in pictures) <= 10_000


def test_a_kernel_that_code_made_unable_to_answer_ends_the_run_and_not_the_grading(run, monkeypatch):
    monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.SILENCE", 4.0)
    execution, folder = run(
        "number = 7",
        check("check_number"),
        "get_ipython().displayhook = lambda value=None: print(100)",
        "number = 8",
        check("check_call"),
    )
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 7}
    assert "The kernel stopped responding" in str(execution.problem)
    assert execution.problems["check_call"] == execution.problem
