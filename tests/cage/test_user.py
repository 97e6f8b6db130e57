"""The sandbox for containers without namespaces keeps its promises, and discloses those that it does not make."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from netgrader.cage_contents import cage_warning
from netgrader.commands import doctor
from netgrader.grading.grade_submission import grade
from netgrader.grading.stages import Options
from notebook_cage import Limits, Mount, Plan, SandboxError, open_sandbox
from notebook_cage import user as users
from notebook_cage.host import remove_tree, scratch_folder, unlisted
from notebook_cage.self_tests import run_self_tests
from notebook_cage.types import TMP
from notebook_cage.user import OPEN_TO_ALL, USERS, UserSandbox
from tests.attacks.conftest import Attacked, attacked_course, tries
from tests.attacks.test_attempts import ATTEMPTS
from tests.texts import english

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOW_ALL = b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # a filter of one instruction: return SECCOMP_RET_ALLOW
SMALL = Limits(wall_seconds=30, memory_bytes=400_000_000, disk_bytes=20_000_000, processes=40)
LONG = "searches every file that it can open"
"""Takes longer than a cell may where it sees the machine's."""
OPEN = {
    "counts the machine's processes",
    "lists the host's temporary files",
    "lists other processes' shared memory",
    "lists disks",
    "looks for the machine's Unix sockets",
    "looks for other kernels' sockets",  # in /tmp, where other programs leave theirs; not in our unlisted folder
    "imports the grader's modules",  # where everybody can read the checkout; a course that everybody can read is refused
    "reads the instructor's keys",  # /etc/ssh, of which everybody may read the public part
}
"""Attempts that may come to something: what every user of a machine may see."""


@pytest.fixture(scope="module")
def sandbox() -> UserSandbox:
    return UserSandbox()


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder("test")
    yield made
    remove_tree(made)


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", program, *arguments]


def run(sandbox: UserSandbox, program: str, *arguments: str, mounts: tuple[Mount, ...] = ()) -> str:
    caged = sandbox.start(Plan(python(program, *arguments), mounts=mounts, limits=SMALL), stdout=subprocess.PIPE)
    assert caged.stdout is not None
    output = caged.stdout.read().decode()
    caged.wait(40)
    caged.close()
    return output.strip()


def of_runs() -> list[psutil.Process]:
    """All processes that run under an id of a run's."""
    return [one for one in psutil.process_iter() if one.is_running() and one.uids().real in USERS]


@pytest.mark.parametrize("groups", [True, False], ids=["control-groups", "watchdog"])
def test_every_promise_is_held_but_for_those_that_it_does_not_make(groups: bool) -> None:
    sandbox = UserSandbox(groups=groups)
    tried = run_self_tests(sandbox)
    assert [one for one in tried if one.needed and not one.held] == []
    assert sandbox.not_promised.keys() <= {one.name for one in tried}
    assert len([one for one in tried if one.held]) >= 15


def test_doctor_and_grading_say_what_is_not_promised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("notebook_cage.self_tests._SelfTests.memory_of_the_kernels", lambda _: [])
    said = {one.what: one for one in doctor.findings("user") if one.what.startswith("cage")}
    for promise, sentence in UserSandbox.not_promised.items():
        assert (said[f"cage: {promise}"].found, said[f"cage: {promise}"].needed) == (sentence, False)
        assert sentence in cage_warning("user")
    assert cage_warning("user").endswith("netgrader doctor --sandbox user")


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SandboxError, match="needs root"):
        open_sandbox("user")


def test_two_runs_at_once_cannot_touch_each_other(sandbox: UserSandbox) -> None:
    mine = (
        "import os, time\nopen('mine', 'w').write('x')\nos.chmod('mine', 0o666)\n"
        "print(os.getpid(), os.getuid(), os.getcwd(), flush=True)\ntime.sleep(60)"
    )
    theirs = """
import os, sys
found = []
def attempt(name, act):
    try: act(); found.append(name)
    except OSError: pass
process, folder = sys.argv[1:]
attempt("kill", lambda: os.kill(int(process), 9))
attempt("environ", lambda: open(f"/proc/{process}/environ").read())
attempt("memory", lambda: open(f"/proc/{process}/mem", "rb"))
attempt("list", lambda: os.listdir(folder))
attempt("read", lambda: open(folder + "/mine").read())
attempt("names", lambda: os.listdir(os.path.dirname(os.path.dirname(folder))))
print(os.getuid(), found)
"""
    first = sandbox.start(Plan(python(mine), limits=SMALL), stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        process, user, folder = first.stdout.readline().decode().split()
        said = run(sandbox, theirs, process, folder)
        assert first.outcome is None
    finally:
        first.close()
    other, _, found = said.partition(" ")
    assert found == "[]"
    assert other != user


@pytest.mark.parametrize("ended", ["by itself", "by us"])
def test_nothing_is_left_of_a_run(sandbox: UserSandbox, ended: str) -> None:
    places = [str(place) for place in OPEN_TO_ALL if place.is_dir()]
    program = """
import os, signal, sys, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
name = f"left-by-{os.getuid()}"
for place in sys.argv[2:]:
    try: os.makedirs(f"{place}/{name}/deeper"); open(f"{place}/{name}/deeper/file", "w").close(); print(f"{place}/{name}")
    except OSError: pass
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.close(1)
            time.sleep(600)
        os._exit(0)
print(os.getcwd(), flush=True)
if sys.argv[1] == "by us": time.sleep(600)
"""
    before = {one.pid for one in of_runs()}
    caged = sandbox.start(Plan(python(program, ended, *places), limits=SMALL), stdout=subprocess.PIPE)
    assert caged.stdout is not None
    made = [Path(caged.stdout.readline().decode().strip())]
    while not str(made[-1]).endswith("home"):
        made.append(Path(caged.stdout.readline().decode().strip()))
    assert len(made) > 1
    outcome = caged.close() if ended == "by us" else caged.wait(20)
    caged.close()
    assert outcome is not None
    assert outcome.limit == ("killed" if ended == "by us" else None)
    assert {one.pid for one in of_runs()} <= before
    assert [path for path in made if path.exists()] == []


def test_of_a_run_that_forks_without_end_nothing_is_left(sandbox: UserSandbox) -> None:
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    limits = Limits(wall_seconds=2, memory_bytes=400_000_000, processes=40)
    outcome = sandbox.start(Plan(python(bomb), limits=limits)).wait(60)
    assert outcome is not None
    assert outcome.limit == "wall"
    assert of_runs() == []


def test_what_was_not_seen_to_its_end_is_ended_before_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the grader and the guard were both killed."""
    monkeypatch.setattr(users, "USERS", USERS[7:8])
    with users._own_user() as user, pytest.raises(SandboxError, match="in use"), users._own_user():
        pass
    left = subprocess.Popen(python("import time; time.sleep(600)"), user=user, group=user, extra_groups=[])
    lock = unlisted(Path(TMP)) / f"user-{user}"
    assert lock.read_text() == ""
    lock.write_text("in use")
    with users._own_user():
        assert left.wait(5) == -signal.SIGKILL


def test_what_is_closed_to_others_is_given_as_a_copy_and_else_where_it_lies(
    sandbox: UserSandbox, tmp_path: Path, folder: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "a").write_text("one")
    (closed / "a").chmod(0o600)
    folder.chmod(0o755)
    (folder / "b").write_text("two")
    mounts = (Mount(closed, "/run/closed"), Mount(folder / "b", "/run/open"))
    program = (
        "import sys\nprint(open(sys.argv[1]).read(), open(sys.argv[2]).read(), sys.argv[2])\n"
        "for name in sys.argv[1:3]:\n    try: open(name, 'a'); print('written')\n    except OSError: pass\n"
        "try: print(open(sys.argv[3]).read())\nexcept OSError: print('closed')"
    )
    said = run(sandbox, program, "/run/closed/a", "/run/open", str(closed / "a"), mounts=mounts)
    assert said.splitlines() == [f"one two {folder / 'b'}", "closed"]


def test_a_folder_to_write_to_that_nobody_else_can_reach_is_refused(sandbox: UserSandbox, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "out").mkdir()
    with pytest.raises(SandboxError, match="TMPDIR"):
        run(sandbox, "", mounts=(Mount(tmp_path / "out", "/run/out", writable=True),))


def test_an_interpreter_that_nobody_else_can_read_is_told(sandbox: UserSandbox, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "lib").mkdir()
    tmp_path.chmod(0o700)
    monkeypatch.setattr(users, "interpreter", lambda: [Mount(tmp_path / "lib", str(tmp_path / "lib"))])
    with pytest.raises(SandboxError, match="/opt"):
        run(sandbox, "")


CONNECT = "import socket, sys\nsocket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)\nprint('GOT')"


def test_the_network_is_reached_without_the_filter_of_system_calls(
    sandbox: UserSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert run(sandbox, CONNECT, port) == ""
        monkeypatch.setattr(users, "filter_program", lambda **_: ALLOW_ALL)
        assert run(sandbox, CONNECT, port) == "GOT"


def test_attacks_come_to_nothing_but_for_what_everybody_may_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTRUCTORS_SECRET", "x")
    course = Attacked(attacked_course(tmp_path / "course"), options=Options(sandbox="user"))
    attempts = {name: body for name, body in ATTEMPTS.items() if name != LONG}
    said = tries(course, attempts)
    got = {name for name, text in said.items() if text.startswith("GOT")}
    assert got <= OPEN
    assert "counts the machine's processes" in got
    assert "root" not in said["reads the instructor's keys"]
    assert course.everything() == course.before


def test_marks_are_the_same_and_the_result_says_where_it_was_run(tiny) -> None:
    path = tiny.submit("ada", squares="squares = [k for k in range(10)]")
    caged, (result,) = grade(path), grade(path, options=Options(sandbox="user")).notebooks
    assert [cell.points for cell in result.cells] == [cell.points for cell in caged.notebooks[0].cells]
    assert result.environment["sandbox"] == "user"
    assert UserSandbox.note in english(result.notes)


def course_findings(sandbox: str) -> list[doctor.Finding]:
    """What doctor says of the course, before it tries the cage."""
    before = itertools.takewhile(lambda one: not one.what.startswith("cage"), doctor.findings(sandbox))
    return [one for one in before if one.what == "course"]


def test_a_course_that_every_user_can_read_is_not_graded(tiny, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.submit("ada")
    folder.chmod(0o755)
    monkeypatch.setenv("NETGRADER_STORE", str(folder))
    with pytest.raises(Exception, match=f"chmod o= {folder}"):
        grade(path, options=Options(sandbox="user"))
    monkeypatch.chdir(tiny.root)
    assert f"chmod o= {folder}" in {one.remedy for one in course_findings("user")}
    assert f"chmod o= {folder}" not in {one.remedy for one in course_findings("bubblewrap")}
    folder.chmod(0o750)
    assert all(one.good for one in course_findings("user"))
    (result,) = grade(path, options=Options(sandbox="user")).notebooks
    assert result.score == 5.0


@pytest.mark.parametrize(
    ("program", "code"), [("import sys; sys.exit(7)", 7), ("import os; os.abort()", -signal.SIGABRT)]
)
def test_how_a_program_ends_is_told_by_its_guard(sandbox: UserSandbox, program: str, code: int) -> None:
    outcome = sandbox.start(Plan(python(program), limits=SMALL)).wait(20)
    assert outcome is not None
    assert (outcome.code, outcome.limit) == (code, None)
