"""Readers, graphs and messages with one protection off at a time, as `test_unprotected.py` does for marks and sandboxes."""

from __future__ import annotations

import json
import shutil
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest

import netgrader
from graphread.lab import LabError, allow
from graphread.lab.local import LocalLab
from graphread.text import SentenceError
from netgrader.caged_lab import CagedLab
from netgrader.evidence import BadEvidence
from netgrader.grading.archives import ArchiveLimits
from netgrader.grading.cage_files import copy_evidence
from netgrader.grading.submission import SubmittedCell, SubmittedNotebook
from netgrader.student.probes import describe
from tests.attacks import test_archives, test_broken, test_evidence, test_graphs, test_kernel, unprotected
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked
from tests.attacks.table import seen
from tests.attacks.unprotected import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- what is read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", test_evidence.ARRAYS.values(), ids=test_evidence.ARRAYS)
def test_numpys_own_reader_accepts_or_breaks_on_hostile_arrays(
    content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # what a pickle makes is made here
    monkeypatch.setattr(test_evidence, "read_npy", unprotected.unpickled)
    assert_fails(lambda: test_evidence.test_an_array_that_is_none_is_refused(content))


def assert_fails(test: Callable[[], None], name: str = "the attack") -> None:
    """Whatever is off, what is read is taken for good, or ends in an exception that nobody expects."""
    try:
        test()
    except (Exception, pytest.fail.Exception):  # noqa: BLE001  (a test may fail in any way)
        return
    pytest.fail(f"Without this protection {name} is held off all the same.")


def test_readers_that_trust_read_what_is_honest(tmp_path: Path) -> None:
    honest = test_evidence.npy(np.arange(256))
    assert unprotected.unpickled(honest).tolist() == list(range(256))
    (tmp_path / "0.npy").write_bytes(honest)
    item = {"name": "n", "kind": "array", "file": "0.npy"}
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1, "cell": "c", "items": [item]}))
    assert unprotected.at_its_word(tmp_path).arrays["n"].tolist() == list(range(256))


@pytest.mark.parametrize("manifest", test_evidence.MANIFESTS.values(), ids=test_evidence.MANIFESTS)
def test_a_reader_that_trusts_manifests_is_fooled_or_breaks(
    manifest: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0.npy").write_bytes(test_evidence.npy(np.arange(256)))
    monkeypatch.setattr(test_evidence, "read", unprotected.at_its_word)
    assert_fails(lambda: test_evidence.test_a_manifest_that_contradicts_itself_is_refused(tmp_path, manifest))


def test_a_reader_without_checks_follows_a_link(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    np.save(secret.with_suffix(".npy"), np.arange(7))
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "0.npy").symlink_to(secret.with_suffix(".npy"))
    item = {"name": "n", "kind": "array", "file": "0.npy"}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "cell": "c", "items": [item]}))
    with pytest.raises(BadEvidence):
        copy_evidence(folder, tmp_path / "copied")
    shutil.copytree(folder, tmp_path / "followed")
    assert unprotected.at_its_word(tmp_path / "followed").arrays["n"].tolist() == list(range(7))


def test_unchecked_messages_cannot_be_saved(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "netgrader.grading.kernel_link.read_finite_json", lambda content, *_: json.loads(content.decode())
    )
    for name in seen("messages"):
        attack = Attack(name, squares=RIGHT, cells=[test_kernel.MESSAGES[name]], squares_deserves=3.0)
        assert_fails(lambda attack=attack: _graded_and_written_down(course, attack))


def _graded_and_written_down(course: Attacked, attack: Attack) -> None:
    course.run([attack])
    outputs = [list(outputs) for _, outputs in course.results[attack.name].cells]
    json.dumps(outputs, ensure_ascii=False, allow_nan=False).encode()


def test_a_broken_file_breaks_a_reader_that_trusts_files(
    tiny: Any, uncaged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, *_: Any) -> Any:
        notebook = nbformat.reads(path.read_text(), as_version=4)
        nbformat.validate(notebook)
        return SubmittedNotebook(tuple(SubmittedCell(cell.cell_type, cell.source) for cell in notebook.cells))

    for module in ("grade_submission", "jobs"):
        monkeypatch.setattr(f"netgrader.grading.{module}.read_notebook", read)
    refused = test_broken.test_what_is_no_notebook_is_said_in_a_sentence
    for name in seen("notebooks"):
        assert_fails(partial(refused, tiny, uncaged, tmp_path, name), name)


def test_an_archive_unpacked_without_limits_fills_the_disk(tmp_path: Path) -> None:
    limits = ArchiveLimits()
    test_archives.bomb(tmp_path / "bomb.zip")
    for name in seen("archives"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            archive.extractall(tmp_path / name)
    assert (tmp_path / "bomb" / "1_sums.ipynb").stat().st_size > limits.file


# ---- graphs --------------------------------------------------------------------------------------------------------------


def test_a_graph_reads_a_file_if_the_op_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("seventeen letters")
    graph = test_graphs.exported(test_graphs.files_in_names)
    feeds = {"name:0": np.array(str(tmp_path / "secret"), dtype=object)}
    lab = LocalLab()
    with pytest.raises(LabError):
        lab.load(graph).session(1).run(["out:0"], feeds)
    monkeypatch.setattr(allow, "ALLOWED", allow.ALLOWED | {"ReadFile", "StringLength"})
    assert lab.load(graph).session(1).run(["out:0"], feeds) == [17]
    lab.close()


def test_a_giant_tensor_is_made_if_the_lab_may_take_the_memory() -> None:
    tf = test_graphs.tf

    def smaller() -> None:
        tf.identity(tf.reduce_sum(tf.fill([20_000, 20_000], tf.placeholder(tf.float32, [], name="x"))), name="out")

    graph = test_graphs.exported(smaller)
    tight, roomy = CagedLab(memory_bytes=1_200_000_000, lives=1), CagedLab(memory_bytes=4_000_000_000, lives=1)
    with pytest.raises(LabError):
        tight.load(graph).session(1).run(["out:0"], {"x:0": np.float32(1)})
    assert roomy.load(graph).session(1).run(["out:0"], {"x:0": np.float32(0)}) == [0.0]
    tight.close()
    roomy.close()


def test_functions_are_inlined_without_end_if_nothing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = test_graphs.laughing(12)
    assert len(graph) < 20_000
    with monkeypatch.context() as patch:
        patch.setattr("graphread.graph.functions.LargestGraph.MAX_NODES", 2_000)
        with pytest.raises(SentenceError, match="over 2,000 operations"):
            netgrader.read_network(graph, {"X": "x:0", "logits": "out:0"}, lab=None)
    assert netgrader.read_network(graph, {"X": "x:0", "logits": "out:0"}, lab=None)


# ---- what is told --------------------------------------------------------------------------------------------------------


def test_an_exception_that_cannot_be_printed_breaks_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {}
    (name,) = seen("exceptions")
    exec(BY_NAME[name].add, names)  # noqa: S102  (an attack of our own writing, which raises)

    def telling() -> str:
        """What is told of it, or that telling raises: pytest's own ways to look at exceptions break on this one."""
        try:
            names["add"](1, 2)
        except Exception as error:  # noqa: BLE001
            try:
                return describe(error, names).message
            except Exception:  # noqa: BLE001
                return "broken"
        return "nothing was raised"

    assert telling() == "(E while printing it)"
    monkeypatch.setattr("netgrader.student.probes.text_of", str)
    assert telling() == "broken"
