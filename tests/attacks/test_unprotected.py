"""Each protection holds off attacks that succeed without it: the very attacks, with one protection off at a time.

What belongs together stands in `protections.py`. Whatever is off, an attack still runs in a cage, and gets at what a test
put there for it; what would have no end without a limit is made finite.
"""

from __future__ import annotations

import inspect
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest

import netgrader
from netgrader.errors import NetgraderError
from netgrader.evidence import BadEvidence
from netgrader.grading import execute as execution
from netgrader.grading import integrity
from netgrader.grading.execution_evidence import copy_evidence
from netgrader.grading.execution_types import CellRun, CellStatus, Execution
from netgrader.grading.parcels import ParcelLimits
from netgrader.grading.restore import RestoredCell
from netgrader.grading.submission import SubmittedCell, SubmittedNotebook
from netgrader.lab import allow
from netgrader.lab.api import LabError
from netgrader.lab.caged import CagedLab
from netgrader.lab.local import LocalLab
from netgrader.sandbox import HOME, Mount
from netgrader.student.probes import describe
from tests.attacks import (
    protections,
    test_broken,
    test_evidence,
    test_forging,
    test_graphs,
    test_integrity,
    test_kernel,
    test_parcels,
    test_resources,
    test_untried,
    unprotected,
)
from tests.attacks.attacked import PROBES, RIGHT, TESTS, Attack, notebook_of
from tests.attacks.conftest import MARK, Attacked, tries
from tests.attacks.protections import PROTECTIONS
from tests.attacks.test_reading import READING
from tests.attacks.test_writing import WRITING
from tests.sandbox.test_protections import Unfiltered, Weakened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.sandbox import Sandbox

BY_NAME = {attack.name: attack for attack in (*test_forging.ATTACKS, *test_resources.ATTACKS, *test_untried.HOSTILE)}


def seen(*those: protections.Protection) -> list[str]:
    """The names of the attacks that are seen to succeed without one of these."""
    return [name.partition(": ")[2] for one in those for name in one.seen]


def deserved(attack: Attack) -> dict[str, float | None]:
    return {"check_add": attack.add_deserves, "check_squares": attack.squares_deserves}


def points(attacked: Attacked, attack: Attack) -> dict[str, float | None]:
    result = attacked.results[attack.name].result
    return {cell.cell: cell.points for cell in result.cells if not cell.manual}


@pytest.fixture
def course(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attacked:
    """The course that is attacked, in a folder of this test's own: nothing of it is looked after afterwards."""
    monkeypatch.setenv("INSTRUCTORS_SECRET", MARK)
    shutil.copytree(template, tmp_path / "course")
    return Attacked(tmp_path / "course")


def assert_all_succeed(course: Attacked, attacks: list[Attack]) -> None:
    """None of them gets the mark that its honest part deserves."""
    course.run(attacks)
    held = [attack.name for attack in attacks if points(course, attack) == deserved(attack)]
    assert held == []


# ---- the mark ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", seen(protections.ELSEWHERE, protections.PLAIN))
def test_whoever_believes_the_process_is_fooled(course: Attacked, tmp_path: Path, name: str) -> None:
    got = unprotected.believed(course, BY_NAME[name], tmp_path / "run")
    assert got == {"check_add": 2.0, "check_squares": 3.0}
    assert got != deserved(BY_NAME[name])


def test_whoever_believes_the_process_is_right_of_honest_work(course: Attacked, tmp_path: Path) -> None:
    right = Attack("right", squares=RIGHT)
    assert unprotected.believed(course, right, tmp_path / "right") == {"check_add": 2.0, "check_squares": 3.0}
    wrong = Attack("wrong")
    assert unprotected.believed(course, wrong, tmp_path / "wrong") == {"check_add": 2.0, "check_squares": 0.0}


def test_a_verdict_that_is_handed_over_is_forged(course: Attacked) -> None:
    probes = PROBES.replace(
        'out.array("squares", np.asarray(student.value("squares")))',
        'passed = np.array_equal(student.value("squares"), [k * k for k in range(10)])\n'
        '            out.fact("passed", bool(passed))',
    ).replace('out.array("sums"', 'out.array("numbers", numbers)\n            out.array("sums"')
    tests = TESTS.replace(
        'cell_evidence.array("squares").tolist() != [k * k for k in range(10)]', 'not cell_evidence.fact("passed")'
    ).replace(
        'np.random.default_rng([bench.seed, *b"add"]).integers(0, 1000, (20, 2))', 'cell_evidence.array("numbers")'
    )
    (course.root / "source/numbers/checks/probes_sums.py").write_text(inspect.cleandoc(probes))
    (course.root / "grader_tests/test_sums.py").write_text(inspect.cleandoc(tests))
    assert_all_succeed(course, [BY_NAME[name] for name in seen(protections.KNOWS)])
    course.run([Attack("wrong")])
    assert points(course, Attack("wrong")) == {"check_add": 2.0, "check_squares": 0.0}


def test_evidence_that_is_copied_late_is_written_over(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_Run", unprotected.CopiedLate)
    assert_all_succeed(course, [BY_NAME[name] for name in seen(protections.AT_ONCE)])
    course.run([Attack("honest")])
    assert points(course, Attack("honest")) == {"check_add": 2.0, "check_squares": 0.0}


def test_who_ends_the_kernel_loses_what_was_right_before(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_Run", unprotected.TakenLate)
    assert_all_succeed(course, [BY_NAME[name] for name in seen(protections.DEATH)])


def test_a_notebook_that_brings_its_own_points_gets_them(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in seen(protections.RELEASED):
        attack = BY_NAME[name]
        content = notebook_of(course.course.assignment("numbers").skeleton("1_sums"), attack)
        with monkeypatch.context() as patch:
            handed_in = unprotected.as_handed_in("1_sums", content)
            patch.setattr("netgrader.course.Assignment.skeleton", lambda *_, one=handed_in: one)
            result = course.grade_as(name, content).result
        got = {cell.cell: cell.points for cell in result.cells if not cell.manual}
        assert got != deserved(attack), name


def test_a_module_with_the_name_of_a_package_takes_its_place(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netgrader.grading.submission.PACKAGES", frozenset())
    given(monkeypatch, env={"PYTHONPATH": f"{HOME}/{execution.FOLDER}:{execution.PACKAGE_FOLDER}"})
    assert_all_succeed(course, [BY_NAME[name] for name in seen(protections.STAY)])


# ---- the cage ------------------------------------------------------------------------------------------------------------


def given(patch: pytest.MonkeyPatch, *mounts: Mount, env: dict[str, str] | None = None) -> None:
    """Put more into the cage than belongs there."""

    class Leaky(execution.Plan):
        def __init__(self, **options: Any) -> None:
            options["mounts"] = [*options["mounts"], *mounts]
            options["env"] = {**options["env"], **(env or {})}
            super().__init__(**options)

    patch.setattr(execution, "Plan", Leaky)


def in_cage(patch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    patch.setattr("netgrader.sandbox.warmth.warm_sandbox", lambda *_, **__: sandbox)


@contextmanager
def whole_course(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = unprotected.opened(course.root.parent)
    (folder / "handed-in").mkdir(exist_ok=True)
    given(patch, Mount(folder, str(folder), writable=True))
    yield


@contextmanager
def graders_environment(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    given(patch, env={"INSTRUCTORS_SECRET": MARK, "NBGRADER_COURSE": course.root.name})
    yield


@contextmanager
def machines_processes(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    in_cage(patch, Weakened("--unshare-pid"))
    argv = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", str(course.root)]
    with subprocess.Popen(argv) as somebody:
        try:
            yield
        finally:
            somebody.kill()


@contextmanager
def machines_network(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    in_cage(patch, Weakened("--unshare-net"))
    with _listening_where_attacks_look():
        yield


def _listening_where_attacks_look() -> socket.socket:
    for port in (8888, 5432):
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            continue  # something of the machine's listens there, which is found as well
    return socket.create_server(("127.0.0.1", 0))


@contextmanager
def whole_repository(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    mount = unprotected.whole_package(course.root.parent / "package")
    patch.setattr(execution, "kernel_package", lambda: mount)
    yield


@contextmanager
def probes_beside_tests(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    tests = sorted((course.root / "grader_tests").glob("test_*.py"))
    checks = partial(unprotected.writable_checks, folder=course.root.parent / "checks", beside=tests)
    patch.setattr(execution, "_checks", checks)
    yield


@contextmanager
def written_to(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    mount = unprotected.writable_package(course.root.parent / "package")
    patch.setattr(execution, "kernel_package", lambda: mount)
    yield


@contextmanager
def every_call(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    in_cage(patch, Unfiltered())
    yield


CAGES = {
    protections.FILES: whole_course,
    protections.ENVIRONMENT: graders_environment,
    protections.PROCESSES: machines_processes,
    protections.NETWORK: machines_network,
    protections.SHIPPED: whole_repository,
    protections.PROBES: probes_beside_tests,
    protections.READ_ONLY: written_to,
    protections.CALLS: every_call,
}


@pytest.mark.parametrize("protection", CAGES, ids=lambda protection: protection.name)
def test_attempts_succeed_in_a_cage_that_lacks_a_part(
    course: Attacked, monkeypatch: pytest.MonkeyPatch, protection: protections.Protection
) -> None:
    attempts = {name: {**READING, **WRITING}[name] for name in seen(protection)}
    with CAGES[protection](course, monkeypatch):
        got = tries(course, attempts, secret=False)
    assert {name for name, text in got.items() if not text.startswith("GOT")} == set(), got


# ---- limits --------------------------------------------------------------------------------------------------------------

FINITE = {
    "sleeps for ever": ("10_000", "6"),
    "takes all memory": ("while True:", "for _ in range(50):"),
    "fills the disk with one file": ("while True:", "for _ in range(60):"),
    "prints for ever": ("while True:", "for _ in range(40_000):"),
    "forks without end": ("except OSError: pass", "except OSError: pass\nassert made < 60"),
}
ROOMY = """
[limits]
cell_seconds = 60
notebook_seconds = 90
memory_bytes = 3_000_000_000
processes = 250
disk_bytes = 400_000_000
received_bytes = 400_000_000
"""


def finite(name: str) -> Attack:
    """An attack that ends by itself where nothing else ends it."""
    attack = BY_NAME[name]
    before, after = FINITE[name]
    assert before in attack.squares
    return replace(attack, squares=attack.squares.replace(before, after).replace("made < 200", "made < 60"))


def test_a_greedy_notebook_takes_what_no_limit_holds_back(course: Attacked) -> None:
    limits = (protections.TIME, protections.MEMORY, protections.DISK, protections.OUTPUT, protections.MANY)
    attacks = [finite(name) for name in seen(*limits)]
    assert {attack.name for attack in attacks} == FINITE.keys()
    (course.root / "source/numbers/checks/exercises.toml").write_text(ROOMY)
    assert_all_succeed(course, attacks)


def test_a_greedy_notebook_that_is_finite_is_held_back_all_the_same(course: Attacked) -> None:
    attacks = [finite(name) for name in FINITE]
    course.run(attacks)
    assert [points(course, attack) for attack in attacks] == [deserved(attack) for attack in attacks]


# ---- what is read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", test_evidence.ARRAYS.values(), ids=test_evidence.ARRAYS)
def test_numpys_own_reader_refuses_no_array_as_evidence(
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


@pytest.mark.parametrize("manifest", test_evidence.MANIFESTS.values(), ids=test_evidence.MANIFESTS)
def test_a_manifest_that_is_taken_at_its_word_is_believed_or_breaks_the_reader(
    manifest: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0.npy").write_bytes(test_evidence.npy(np.arange(256)))
    monkeypatch.setattr(test_evidence, "read", unprotected.at_its_word)
    assert_fails(lambda: test_evidence.test_a_manifest_that_contradicts_itself_is_refused(tmp_path, manifest))


def test_a_link_is_followed_by_whoever_does_not_look(tmp_path: Path) -> None:
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


def test_messages_that_are_read_as_they_come_cannot_be_written_down(
    course: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "netgrader.grading.execution_link.read_json", lambda content, _depth, **_: json.loads(content.decode())
    )
    for name in seen(protections.MESSAGES):
        attack = Attack(name, squares=RIGHT, cells=[inspect.cleandoc(test_kernel.MESSAGES[name])], squares_deserves=3.0)
        assert_fails(lambda attack=attack: _graded_and_written_down(course, attack))


def _graded_and_written_down(course: Attacked, attack: Attack) -> None:
    course.run([attack])
    outputs = [list(outputs) for _, outputs in course.results[attack.name].cells]
    json.dumps(outputs, ensure_ascii=False, allow_nan=False).encode()


def test_what_is_no_notebook_breaks_a_reader_that_knows_only_notebooks(
    tiny: Any, uncaged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, *_: Any) -> Any:
        notebook = nbformat.reads(path.read_text(), as_version=4)
        nbformat.validate(notebook)
        return SubmittedNotebook(tuple(SubmittedCell(cell.cell_type, cell.source) for cell in notebook.cells))

    monkeypatch.setattr("netgrader.grading.grade.read_notebook", read)
    refused = test_broken.test_what_is_no_notebook_is_said_in_a_sentence
    for name in seen(protections.NOTEBOOKS):
        assert_fails(partial(refused, tiny, uncaged, tmp_path, test_broken.UNREADABLE[name]), name)


def test_an_archive_that_is_unpacked_as_it_comes_fills_the_disk(tmp_path: Path) -> None:
    limits = ParcelLimits()
    test_parcels.bomb(tmp_path / "bomb.zip")
    test_parcels.many(tmp_path / "many.zip")
    for name in seen(protections.ARCHIVES):
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            archive.extractall(tmp_path / name)
    assert (tmp_path / "bomb" / "1_sums.ipynb").stat().st_size > limits.file
    assert len(list((tmp_path / "many").iterdir())) > limits.entries


# ---- graphs --------------------------------------------------------------------------------------------------------------


def test_a_graph_reads_a_file_where_the_op_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("seventeen letters")
    graph = test_graphs.exported(test_graphs.files_in_names)
    feeds = {"name:0": np.array(str(tmp_path / "secret"), dtype=object)}
    lab = LocalLab()
    with pytest.raises(LabError):
        lab.load(graph).session(1).run(["out:0"], feeds)
    monkeypatch.setattr(allow, "ALLOWED", allow.ALLOWED | {"ReadFile", "StringLength"})
    assert lab.load(graph).session(1).run(["out:0"], feeds) == [17]
    lab.close()


def test_a_giant_tensor_is_made_where_the_lab_may_take_the_memory() -> None:
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


def test_functions_are_written_out_without_end_where_nothing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = test_graphs.laughing(12)
    assert len(graph) < 20_000
    with monkeypatch.context() as patch:
        patch.setattr("netgrader.network.functions.MAX_NODES", 2_000)
        with pytest.raises(NetgraderError, match="over 2,000 operations"):
            netgrader.read_network(graph, {"X": "x:0", "logits": "out:0"}, lab=None)
    assert netgrader.read_network(graph, {"X": "x:0", "logits": "out:0"}, lab=None)


# ---- what is told --------------------------------------------------------------------------------------------------------


def test_a_check_of_ones_own_is_not_told_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(attack: Attack) -> list[str]:
        cells = [RestoredCell("code", source) for source in attack.cells]
        ran = Execution(tuple(CellRun("", CellStatus.OK) for _ in cells))
        return [one.seen for one in integrity.observed(cells, ran, {}, attack.files)]

    attacks = [one for one in test_integrity.ATTACKS if one.name in seen(protections.TOLD)]
    assert [told(attack) for attack in attacks] == [[integrity.REPLACED], [integrity.REPLACED_BY_HELPER]]
    monkeypatch.setattr(integrity, "replaces", lambda *_: False)
    assert [told(attack) for attack in attacks] == [[], []]


def test_what_is_changed_for_whoever_asks_is_not_told_where_nothing_is_noted(
    course: Attacked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing.py").write_text("def install(shell):\n    pass\n")
    monkeypatch.setattr("netgrader.grading.execution_noted.__file__", str(tmp_path / "nothing.py"))
    attacks = [attack for attack in test_integrity.ATTACKS if attack.name in seen(protections.NOTED)]
    course.run(attacks)
    assert [course.results[attack.name].result.integrity for attack in attacks] == [(), ()]
    assert [course.results[attack.name].result.score for attack in attacks] == [5.0, 5.0]


def test_an_exception_that_cannot_be_told_breaks_whoever_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {}
    (name,) = seen(protections.EXCEPTIONS)
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
    monkeypatch.setattr("netgrader.student.probes._text", str)
    assert telling() == "broken"


# ---- the table -----------------------------------------------------------------------------------------------------------


def test_each_attack_belongs_to_one_protection_and_each_protection_is_seen_to_matter() -> None:
    assert len(protections.attacks()) >= 300
    for protection in PROTECTIONS:
        assert protections.held_off(protection), protection.name
        assert set(protection.seen) <= set(protections.held_off(protection)), protection.name
        file, _, function = protection.where.partition("::")
        assert re.search(rf"^def {function}\(", (protections.ROOT / file).read_text(), re.MULTILINE), protection.where
        assert protection.seen or not protection.where.startswith(protections.HERE), protection.name


def test_each_family_of_attacks_is_seen_to_succeed_without_a_protection() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    families = {name.partition(": ")[0] for name in protections.attacks()}
    assert files - families == {"test_security_table", "test_fuzzing", "test_unprotected", "test_broken_runs"}
    succeed = {name.partition(": ")[0] for one in PROTECTIONS for name in one.seen}
    assert families - succeed == {"test_container", "test_neighbours"}  # of which each part is tried in `tests/sandbox`


def test_the_page_of_protections_is_what_the_table_makes() -> None:
    assert protections.PAGE.read_text() == protections.page()
