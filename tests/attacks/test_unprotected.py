"""Each protection stops attacks that succeed without it: the same attacks, with one protection off at a time.

What belongs together stands in ``table/``. Whatever is off, an attack still runs in a cage, and gets at what a test
put there for it; what would have no end without a limit is made finite.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from netgrader.grading import execute as execution
from notebook_cage import HOME, Mount
from tests.attacks import table, unprotected
from tests.attacks.attacked import RIGHT, Attack, notebook_of
from tests.attacks.conftest import MARK, Attacked, tries
from tests.attacks.table import PROTECTIONS, seen
from tests.attacks.test_attempts import ATTEMPTS
from tests.attacks.unprotected import BY_NAME, deserved, points
from tests.cage.test_protections import Online, Unfiltered, Weakened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_cage import Sandbox


def assert_all_succeed(course: Attacked, attacks: list[Attack]) -> None:
    """None of them gets the mark that its honest part deserves."""
    course.run(attacks)
    held = [attack.name for attack in attacks if points(course, attack) == deserved(attack)]
    assert held == []


# ---- the mark ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", seen("elsewhere", "plain"))
def test_a_grader_that_believes_the_process_is_fooled(course: Attacked, tmp_path: Path, name: str) -> None:
    got = unprotected.believed(course, BY_NAME[name], tmp_path / "run")
    assert got == {"check_add": 2.0, "check_squares": 3.0}
    assert got != deserved(BY_NAME[name])


def test_a_grader_that_believes_the_process_is_right_about_honest_work(course: Attacked, tmp_path: Path) -> None:
    right = Attack("right", squares=RIGHT)
    assert unprotected.believed(course, right, tmp_path / "right") == {"check_add": 2.0, "check_squares": 3.0}
    wrong = Attack("wrong")
    assert unprotected.believed(course, wrong, tmp_path / "wrong") == {"check_add": 2.0, "check_squares": 0.0}


def test_a_verdict_in_the_evidence_is_forged(course: Attacked) -> None:
    probes, tests = course.root / "source/numbers/checks/probes_sums.py", course.root / "grader_tests/test_sums.py"
    compared = (
        'passed = np.array_equal(student.value("squares"), [k * k for k in range(10)])\n'
        '        out.fact("passed", bool(passed))'
    )
    text = probes.read_text().replace('out.array("squares", np.asarray(student.value("squares")))', compared)
    text = text.replace('out.array("sums"', 'out.array("numbers", numbers)\n        out.array("sums"')
    probes.write_text(text)
    text = tests.read_text().replace(
        '.array("squares").tolist() != [k * k for k in range(10)]', '.fact("passed") is False'
    )
    drawn = 'np.random.default_rng([bench.seed, *b"add"]).integers(0, 1000, (20, 2))'
    tests.write_text(text.replace(drawn, 'cell_evidence.array("numbers")'))
    assert_all_succeed(course, [BY_NAME[name] for name in seen("knows")])
    course.run([Attack("wrong")])
    assert points(course, Attack("wrong")) == {"check_add": 2.0, "check_squares": 0.0}


def test_evidence_copied_late_is_overwritten(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_Run", unprotected.CopiedLate)
    assert_all_succeed(course, [BY_NAME[name] for name in seen("at_once")])
    course.run([Attack("honest")])
    assert points(course, Attack("honest")) == {"check_add": 2.0, "check_squares": 0.0}


def test_a_kernel_that_ends_loses_evidence_that_is_taken_late(
    course: Attacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "_Run", unprotected.TakenLate)
    assert_all_succeed(course, [BY_NAME[name] for name in seen("death")])


def test_a_notebook_that_brings_its_own_points_gets_them(course: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in seen("released"):
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
    assert_all_succeed(course, [BY_NAME[name] for name in seen("stay")])


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
    patch.setattr("notebook_cage.zygote.Zygote.open_sandbox", lambda *_, **__: sandbox)


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
    in_cage(patch, Online("--unshare-net"))
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
    patch.setattr(execution, "our_package", lambda: mount)
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
    patch.setattr(execution, "our_package", lambda: mount)
    yield


@contextmanager
def every_call(course: Attacked, patch: pytest.MonkeyPatch) -> Iterator[None]:
    in_cage(patch, Unfiltered())
    yield


CAGES = {
    "files": whole_course,
    "environment": graders_environment,
    "processes": machines_processes,
    "network": machines_network,
    "shipped": whole_repository,
    "probes": probes_beside_tests,
    "read_only": written_to,
    "calls": every_call,
}


@pytest.mark.parametrize("protection", CAGES)
def test_attempts_succeed_in_a_cage_that_lacks_a_part(
    course: Attacked, monkeypatch: pytest.MonkeyPatch, protection: str
) -> None:
    attempts = {name: ATTEMPTS[name] for name in seen(protection)}
    with CAGES[protection](course, monkeypatch):
        got = tries(course, attempts, secret=False)
    assert {name for name, text in got.items() if not text.startswith("GOT")} == set(), got


# ---- limits --------------------------------------------------------------------------------------------------------------

FINITE = {
    "sleeps forever": ("10_000", "6"),
    "takes all memory": ("while True:", "for _ in range(50):"),
    "fills the disk with one file": ("while True:", "for _ in range(60):"),
    "prints forever": ("while True:", "for _ in range(40_000):"),
    "forks without limit": ("except OSError: pass", "except OSError: pass\nassert made < 60"),
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


def test_a_greedy_notebook_succeeds_without_limits(course: Attacked) -> None:
    limits = ("time", "memory", "disk", "output", "many")
    attacks = [finite(name) for name in seen(*limits)]
    assert {attack.name for attack in attacks} == FINITE.keys()
    (course.root / "source/numbers/checks/exercises.toml").write_text(ROOMY)
    assert_all_succeed(course, attacks)


def test_a_greedy_notebook_that_is_finite_is_held_back_all_the_same(course: Attacked) -> None:
    attacks = [finite(name) for name in FINITE]
    course.run(attacks)
    assert [points(course, attack) for attack in attacks] == [deserved(attack) for attack in attacks]


# ---- the table -----------------------------------------------------------------------------------------------------------


def test_each_protection_is_named_where_it_is_seen_to_matter() -> None:
    attacks = table.listed()
    assert {one.protection for one in attacks} == PROTECTIONS.keys()
    for key, protection in PROTECTIONS.items():
        file, _, function = protection["where"].partition("::")
        place = table.ROOT / file if "/" in file else table.HERE / file
        assert re.search(rf"^def {function}\(", place.read_text(), re.MULTILINE), protection["where"]
        assert seen(key) or not file.startswith("test_unprotected"), key
    families = {one.family for one in attacks}
    # Of hooks each alone does what an attack of `forging` does.
    assert families - {one.family for one in attacks if one.seen} == {"hooks"}


def test_the_page_of_protections_is_what_the_table_makes() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page()
