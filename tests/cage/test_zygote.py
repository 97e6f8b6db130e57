"""A run that starts as a fork of a zygote is isolated like any other, and from the zygote, too."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notebook_cage import HOME, Limits, Mount, Plan, SandboxError, remove_tree
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.host import unlisted
from notebook_cage.self_tests import run_self_tests
from notebook_cage.types import TMP
from notebook_cage.watch import process_tree
from notebook_cage.zygote import OFF, Preload, Zygote
from tests.programs import programs

SMALL = Limits(wall_seconds=20, memory_bytes=400_000_000, disk_bytes=20_000_000)
TOLD = "what-only-the-zygote-was-told"
TRIES = programs("attacks/zygote")


@pytest.fixture(scope="module")
def zygote():
    with started(["random", "tempfile", "uuid"], {"NETGRADER_TOLD": TOLD}, ["OPENBLAS_NUM_THREADS"]) as zygote:
        zygote.wait()
        yield zygote


@pytest.fixture(scope="module")
def warm(zygote):
    return BubblewrapSandbox(zygote=zygote)


def started(*packages, **more):
    return Zygote.start(BubblewrapSandbox(), Preload(*packages, **more))


def plan(program, *arguments, **more):
    more.setdefault("limits", SMALL)
    return Plan([sys.executable, "-I", "-S", "-c", program, *arguments], warm=True, **more)


BEGUN_BY = "print(open('/proc/self/cmdline').read().split(chr(0))[1])"
"""Prints the zygote's program for a run that begins as a fork of it, and -I otherwise."""


def run(sandbox, program, *arguments, **more):
    """Run a program and give what it prints, and how it ended."""
    caged = sandbox.start(plan(program, *arguments, **more), stdout=subprocess.PIPE)
    output = caged.stdout.read().decode()
    caged.wait(40)
    return output, caged.close()


@contextlib.contextmanager
def sibling(warm, before="", **more):
    """A program that goes on beside another run."""
    caged = warm.start(
        plan(f"{before}\nimport time; print('up', flush=True); time.sleep(60)", **more), stdout=subprocess.PIPE
    )
    try:
        assert caged.stdout.readline() == b"up\n"
        yield caged
    finally:
        caged.close()


def number(zygote):
    return zygote.process.number


# -- it is what it is without ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [True, False], ids=["control-groups", "watchdog"])
def test_every_promise_is_held(zygote, groups):
    tried = run_self_tests(BubblewrapSandbox(groups=groups, zygote=zygote))
    assert [one for one in tried if not one.held] == []
    assert len(tried) >= 15
    assert zygote.alive


def test_it_really_begins_as_a_fork(warm):
    """Else nothing here would have been tried."""
    look = "import sys; print('uuid' in sys.modules, open('/proc/self/cmdline').read().split(chr(0))[1])"
    assert run(warm, look)[0].split() == ["True", "/run/zygote.py"]
    assert run(BubblewrapSandbox(), look)[0].split()[0] == "False"


LOOK = TRIES["all that it sees"].source


def test_what_a_program_is_and_sees_is_the_same_as_of_one_that_began_from_nothing(warm, tmp_path):
    tmp_path.chmod(0o755)
    options = {"mounts": [Mount(tmp_path, "/run/given")], "files": {"work/a.py": b"1"}, "cwd": "work"}
    begun = json.loads(run(BubblewrapSandbox(), LOOK, "x", "-c", **options)[0])
    forked = json.loads(run(warm, LOOK, "x", "-c", **options)[0])
    assert forked["where"][2:] != []
    begun["where"][2] = forked["where"][2]  # an option of the interpreter's that is read at its start
    assert forked == begun


def test_a_program_finds_modules_where_its_environment_says(warm):
    files = {"work/said.py": b"import sys, other; print(__name__, sys.argv[1:], other.x)", "work/other.py": b"x = 7"}
    options = {"files": files, "cwd": "work", "env": {"PYTHONPATH": f"{HOME}/work"}, "limits": SMALL}
    caged = warm.start(
        Plan([sys.executable, "-P", "-c", "import said", "a"], warm=True, **options), stdout=subprocess.PIPE
    )
    assert caged.stdout.read().decode().strip() == "said ['a'] 7"
    assert caged.wait(20).code == 0
    caged.close()


def test_exit_codes_and_signals_are_told(warm):
    assert run(warm, "import sys; sys.exit(7)")[1].code == 7
    assert run(warm, "raise ValueError('so it is')")[1].error_tail.endswith("ValueError: so it is\n")
    assert run(warm, "import os; os.abort()")[1].code == -signal.SIGABRT
    assert run(warm, "import atexit; atexit.register(print, 'the end')")[0] == "the end\n"


def test_a_cage_that_cannot_be_built_says_so_and_nothing_enters_it(warm, tmp_path):
    _, outcome = run(warm, "", mounts=[Mount(tmp_path / "missing", "/run/given")])
    assert outcome.limit == "cage"
    assert "missing" in outcome.error_tail


# -- attacks -----------------------------------------------------------------------------------------------------------


def test_no_memory_of_the_zygote_is_in_reach(warm, zygote):
    """Not through /proc by any number that it could have, and not by a name among the processes that are seen."""
    read = TRIES["memory of the zygote"].source
    waiting = process_tree(number(zygote))
    output, outcome = run(warm, read, *map(str, waiting))
    assert output.strip() == "[]", outcome


def test_no_descriptor_of_the_zygote_is_left(warm, zygote):
    Zygote.at(zygote.address).close()
    with_another = Zygote.at(zygote.address)  # a connection that a child must not have
    try:
        look = TRIES["descriptors of all processes"].source
        opened = [line.split(" ", 2) for line in run(warm, look)[0].splitlines()]
    finally:
        with_another.close()
    assert sorted(n for process, n, _ in opened if process == "self") == ["0", "1", "2"]
    # Of the shell that stands in for it there are two pipes more, and nothing else.
    assert len({process for process, _, _ in opened}) >= 3
    targets = [(n, target) for _, n, target in opened if target != "anon_inode:[eventfd]"]  # bubblewrap's own
    assert {n for n, _ in targets} == {"0", "1", "2"}
    assert all(target == "/dev/null" or target.startswith("pipe:") for _, target in targets)


def test_no_folder_is_shared_with_the_zygote_or_with_a_sibling(warm):
    write = "import os\nfor folder in ('/tmp', '/dev/shm', os.environ['HOME']): open(folder + '/left', 'w').close()"
    look = "import os; print('left' in sum(map(os.listdir, ('/tmp', '/dev/shm', os.environ['HOME'])), []))"
    with sibling(warm, write):
        assert run(warm, look)[0].strip() == "False"


def test_no_signal_reaches_the_zygote_or_a_sibling(warm, zygote):
    """By number, by group, or to all."""
    kill = TRIES["signals to the zygote"].source
    with sibling(warm) as other:
        targets = [number(zygote), *process_tree(number(zygote))]
        output, outcome = run(warm, kill, *map(str, targets))
        assert output.split() == ["nobody"] * len(targets) + ["True", "0"]
        assert outcome.code == -signal.SIGKILL
        run(warm, "import os; os.kill(-1, 9)")
        assert zygote.alive
        assert other.outcome is None


def test_neither_the_one_that_waits_nor_anybody_can_be_traced(warm, zygote):
    trace = TRIES["traces of others"].source
    said = set(run(warm, trace, *map(str, process_tree(number(zygote))))[0].splitlines())
    assert said == {"-1 EPERM"}


def test_sockets_of_the_machine_are_out_of_reach_by_name_and_by_path(warm, zygote):
    """The zygote listens on a path, and others of the machine on abstract names."""
    reach = TRIES["sockets of the machine"].source
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(f"\0netgrader-{os.getpid()}")
        listening.listen()
        output, _ = run(warm, reach, f"netgrader-{os.getpid()}", zygote.address["socket"])
    assert output.split() == ["ConnectionRefusedError"] * 2 + ["FileNotFoundError"] * 2 + ["1"]


def test_names_of_another_submission_are_in_none_of_the_mounts(warm, tmp_path):
    mine, other = tmp_path / "submission-of-mine", tmp_path / "submission-of-another"
    for folder in (mine, other):
        folder.mkdir()
        folder.chmod(0o755)
    look = TRIES["names of mounts"].source
    with sibling(warm, mounts=[Mount(other, "/run/other")]):
        output, _ = run(warm, look, mounts=[Mount(mine, "/run/given")])
    assert "submission-of-mine" in output  # else nothing was looked at
    assert "submission-of-another" not in output
    assert output.endswith("False False\n")


def test_siblings_draw_other_numbers_and_have_other_secrets(warm):
    draw = TRIES["draws numbers"].source
    first, second = (run(warm, draw)[0].split() for _ in range(2))
    assert len(first) == 8
    assert [one for one, other in zip(first, second, strict=True) if one == other] == []


def test_memory_that_siblings_would_share_keeps_a_process_from_being_used(tmp_path):
    """What a package maps for its children, all children of the zygote would have in common."""
    with started(["sharing"], {"PYTHONPATH": HOME}, files={"sharing.py": SHARING}) as zygote:
        with pytest.raises(SandboxError, match="memory that its children would share"):
            zygote.wait()
        assert not zygote.serves(Plan((), warm=True))


def test_threads_keep_a_process_from_being_used():
    with (
        started(["threads"], {"PYTHONPATH": HOME}, files={"threads.py": THREADS}) as zygote,
        pytest.raises(SandboxError, match="threads"),
    ):
        zygote.wait()


SHARING = b"import mmap\nheld = mmap.mmap(-1, 4096)\n"
THREADS = b"import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"


def test_a_child_that_has_kept_a_right_is_not_let_in(warm, monkeypatch):
    """Before it is anybody's it looks at itself."""
    request = BubblewrapSandbox._request

    def rooted(self, *arguments, **options):
        return {**request(self, *arguments, **options), "user": 0}

    monkeypatch.setattr(BubblewrapSandbox, "_request", rooted)
    output, outcome = run(warm, "print('inside')")
    assert "inside" not in output
    assert "could not be entered" in outcome.error_tail
    assert outcome.code == 126


HOARD = TRIES["keeps descriptors underway"].source


def test_who_keeps_as_many_descriptors_underway_as_may_be_stops_nobody_elses_run(warm):
    """They count for a user, and an ordinary user's cages have the same; root may send as many as it likes."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SMALL.open_files, before[1]))
    hoarder = warm.start(plan(HOARD), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert hoarder.stdout.readline() == b"full\n"
        assert run(warm, "print('fine')")[0] == "fine\n"
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        hoarder.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# -- its end -----------------------------------------------------------------------------------------------------------


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_everything_ends_with_the_cage(warm, zygote):
    spread = TRIES["ignores signals and forks"].source
    before = process_tree(number(zygote))
    caged = warm.start(plan(spread), stdout=subprocess.PIPE)
    assert caged.stdout.readline() == b"up\n"
    inside = [int(one) for one in process_tree(caged._process.pid)]
    assert len(process_tree(number(zygote))) > len(before)
    caged.close()
    assert until(lambda: process_tree(number(zygote)) == before)
    assert until(lambda: not any(Path(f"/proc/{one}").exists() for one in inside))


@pytest.mark.parametrize("victim", ["starter", "zygote"])
def test_nothing_lives_on(victim, tmp_path):
    marker = f"netgrader-{os.getpid()}-{time.monotonic_ns()}"
    starter = (
        "import subprocess, sys\nfrom notebook_cage.bubblewrap import BubblewrapSandbox\n"
        "from notebook_cage import Plan\nfrom notebook_cage.zygote import Preload, Zygote\n"
        "zygote = Zygote.start(BubblewrapSandbox(), Preload())\n"
        "plan = Plan([sys.executable, '-I', '-S', '-c', sys.argv[1]], warm=True)\n"
        "caged = BubblewrapSandbox(zygote=zygote).start(plan, stdout=subprocess.PIPE)\n"
        "caged.stdout.readline()\nprint(zygote.process.number, *__import__('notebook_cage.watch', fromlist=['x'])"
        ".process_tree(zygote.process.number), flush=True)\nprint(caged.wait(), flush=True)"
    )
    lasting = f"import time; print({marker!r}, flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", starter, lasting], stdout=subprocess.PIPE)
    try:
        forking, *all_below = map(int, process.stdout.readline().split())
        assert len(all_below) >= 3  # it, the one that waits, and the program
        if victim == "starter":
            process.kill()
        else:
            os.kill(forking, signal.SIGKILL)
            assert b"code=137" in process.stdout.readline() or process.wait(10) is not None
        assert until(lambda: not any(Path(f"/proc/{one}").exists() for one in all_below))
    finally:
        process.kill()
        process.communicate()
        for folder in unlisted(Path(TMP)).glob(f"ng-z-{process.pid}-*"):  # a later process would remove it in a day
            remove_tree(folder)


def test_without_a_zygote_or_where_its_imports_would_have_been_others_runs_begin_from_nothing(warm, zygote):
    assert zygote.serves(plan(""))
    assert not zygote.serves(plan("", env={"OPENBLAS_NUM_THREADS": "7"}))
    assert not zygote.serves(Plan([sys.executable, "-c", ""]))
    assert run(warm, BEGUN_BY, env={"PYTHONHASHSEED": "1"})[0].strip() == "-I"
    with started() as other:
        other.wait()
        os.kill(number(other), signal.SIGKILL)
        assert until(lambda: not other.alive)
        assert run(BubblewrapSandbox(zygote=other), BEGUN_BY)[0].strip() == "-I"


def test_with_the_setting_off_each_run_begins_from_nothing(monkeypatch):
    preload = Preload(at_import=["NOBODYS"])
    assert run(Zygote.open_sandbox("bubblewrap", preload), BEGUN_BY)[0].strip() == "/run/zygote.py"
    assert Zygote.address_for("bubblewrap", preload) is not None
    monkeypatch.setenv(OFF, "1")
    assert run(Zygote.open_sandbox("bubblewrap", preload), BEGUN_BY)[0].strip() == "-I"
    assert Zygote.address_for("bubblewrap", preload) is None


def test_cages_leave_no_descriptors_open(warm):
    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    run(warm, "")
    before = opened()
    for _ in range(3):
        run(warm, "print('hello')")
    assert opened() <= before
