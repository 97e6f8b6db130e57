"""The cage by podman keeps what the one by bubblewrap keeps; where there is no podman, one is told what to type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netgrader.grading.grade import find_jobs, grade_job
from netgrader.grading.stages import Options
from netgrader.sandbox import HOME, Limits, Mount, Plan, SandboxError, container, open_sandbox
from netgrader.sandbox.container import ContainerSandbox, find_runtime
from netgrader.sandbox.filter import DENIED, filter_profile, filter_program
from netgrader.sandbox.kernel import CagedKernel
from netgrader.sandbox.promises import promises
from netgrader.sandbox.staged import kernel_package

SMALL = Limits(wall_seconds=30, memory_bytes=300_000_000, disk_bytes=20_000_000)


def opened() -> ContainerSandbox | None:
    """The sandbox; where it cannot be had, None once its refusal has been seen to say what to type."""
    try:
        return ContainerSandbox()
    except SandboxError:
        with pytest.raises(SandboxError, match="Type: "):
            open_sandbox("container")
        return None


@pytest.fixture(scope="module")
def sandbox():
    return opened()


def run(sandbox, program, *arguments, **plan):
    """Run a program and give what it prints, and how it ended."""
    plan.setdefault("limits", SMALL)
    caged = sandbox.start(Plan([sys.executable, "-I", "-S", "-c", program, *arguments], **plan), stdout=subprocess.PIPE)
    output = caged.stdout.read().decode()
    caged.wait(40)
    return output, caged.close()


def test_every_promise_is_held_by_a_container_too(sandbox):
    if sandbox is None:
        return
    tried = promises(sandbox)
    assert [promise for promise in tried if not promise.held] == []
    assert len(tried) >= 15


# Options of the runtime's command, what stands in their place, and the promise that is broken then.
TURNED_OFF = [
    ("--network=none", "--network=host", "no network"),
    ("--user=", "--user=0:0", "an unprivileged user"),
    ("--security-opt=mask=", None, "only its own files are seen"),
    ("--tmpfs=/tmp:", "--tmpfs=/tmp:rw,mode=1777", "a limit on /tmp and /dev/shm"),
    (("--ulimit=nproc=", "--pids-limit="), None, "a limit on processes"),
]


@pytest.mark.parametrize(("option", "instead", "promise"), TURNED_OFF, ids=[promise for *_, promise in TURNED_OFF])
def test_a_protection_that_is_turned_off_is_a_promise_not_held(monkeypatch, option, instead, promise):
    sandbox = opened()
    if sandbox is None:
        return
    given = sandbox._options

    def options(*asked):
        for one in given(*asked):
            if not one.startswith(option):
                yield one
            elif instead is not None:
                yield instead

    monkeypatch.setattr(sandbox, "_options", options)
    held = {one.name: one.held for one in promises(sandbox, quick=True)}
    assert not held[promise]


NO_FILTER = bytes.fromhex("060000000000ff7f")  # one instruction: every call is allowed


@pytest.mark.parametrize(("own", "held"), [(True, True), (False, False)], ids=["only the runtime's", "both"])
def test_without_the_runtimes_profile_the_programs_own_filter_holds_and_without_both_none(monkeypatch, own, held):
    sandbox = opened()
    if sandbox is None:
        return
    given = sandbox._options

    def options(*asked):
        for one in given(*asked):
            yield "--security-opt=seccomp=unconfined" if one.startswith("--security-opt=seccomp=") else one

    monkeypatch.setattr(sandbox, "_options", options)
    if not own:
        monkeypatch.setattr(container, "filter_program", lambda **_: NO_FILTER)
    (tried,) = (one for one in promises(sandbox, quick=True) if one.name == "a filter of system calls")
    assert tried.held is held, tried.detail


def test_a_program_sees_its_mounts_files_and_folder_and_answers_on_its_own_pipes(sandbox, tmp_path):
    if sandbox is None:
        return
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a, b").write_text("given")
    (tmp_path / "out").mkdir()
    mounts = [
        Mount(tmp_path / "data", "/run/data"),
        Mount(tmp_path / "data" / "a, b", f"{HOME}/work/deep/a, b"),
        Mount(tmp_path / "out", "/run/out", writable=True),
    ]
    program = (
        "import os, sys\nprint(os.getcwd(), open('/run/data/a, b').read(), open('deep/a, b').read(), open('c').read())\n"
        "open('/run/out/made', 'w').write('made'); open('beside', 'w').write('x'); open('deep/beside', 'w').write('x')\n"
        "print('wrong', file=sys.stderr); sys.exit(7)"
    )
    output, outcome = run(sandbox, program, mounts=mounts, files={"work/c": b"own"}, cwd="work")
    assert output.split() == [f"{HOME}/work", "given", "given", "own"], outcome
    assert (outcome.code, outcome.limit, outcome.error_tail) == (7, None, "wrong\n")
    assert (tmp_path / "out" / "made").read_text() == "made"


def test_a_program_cannot_let_its_container_outlive_us(sandbox):
    """The first process runs as the same user, and holds the line that its life hangs on."""
    if sandbox is None:
        return
    program = (
        "import os, signal, socket\nsaid = []\n"
        "def attempt(name, act):\n"
        "    try: act(); said.append(name)\n"
        "    except OSError: pass\n"
        "attempt('memory', lambda: open('/proc/1/mem', 'r+b').close())\n"
        "attempt('environment', lambda: open('/proc/1/environ', 'rb').close())\n"
        "attempt('descriptors', lambda: os.listdir('/proc/1/fd'))\n"
        "attempt('line', lambda: socket.socket(socket.AF_UNIX).connect('/run/cage/s'))\n"
        "attempt('removed', lambda: os.unlink('/run/cage/s'))\n"
        "for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM): os.kill(1, number)\n"
        "print(said, os.getpid() != 1)"
    )
    output, outcome = run(sandbox, program)
    assert output.strip() == "[] True", outcome
    assert outcome.code == 0


def test_what_a_program_leaves_running_ends_with_it(sandbox):
    if sandbox is None:
        return
    marker = f"left-behind-{time.monotonic_ns()}"
    program = (
        "import os, sys\nif os.fork() == 0:\n    os.setsid()\n"
        "    os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)', sys.argv[1]])"
    )
    _, outcome = run(sandbox, program, marker)
    assert outcome.limit is None
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(marker.encode() in argument for argument in arguments)


def test_a_container_that_is_killed_while_it_is_made_leaves_nothing(sandbox):
    if sandbox is None:
        return
    before = {path.name for path in Path("/tmp").glob(f"ng-c-{os.getpid()}-*")}  # noqa: S108 - where scratch folders are
    for seconds in (0.0, 0.1, 0.2, 0.3):
        caged = sandbox.start(Plan(["/usr/bin/sleep", "60"], limits=SMALL))
        caged.wait(seconds)
        assert caged.close().limit == "killed"
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(f"netgrader-{os.getpid()}-".encode() in argument for argument in arguments)
    assert {path.name for path in Path("/tmp").glob(f"ng-c-{os.getpid()}-*")} == before  # noqa: S108


def test_a_kernel_answers_from_a_container(sandbox):
    if sandbox is None:
        return
    with CagedKernel(sandbox, Plan((), mounts=[kernel_package()], limits=Limits(wall_seconds=60))) as kernel:
        assert kernel.caged.outcome is None
        kernel.caged.kill()
        assert kernel.caged.wait(30).limit == "killed"


def test_a_notebook_graded_in_a_container_gets_the_same_points(sandbox, tiny):
    path = tiny.submit("ada")
    (caged,) = (grade_job(job).result for job in find_jobs(path, tiny.course))
    assert caged.score == caged.max_score
    if sandbox is None:
        with pytest.raises(SandboxError, match="Type: "):
            [grade_job(job, Options(sandbox="container")) for job in find_jobs(path, tiny.course)]
        return
    (contained,) = (grade_job(job, Options(sandbox="container")).result for job in find_jobs(path, tiny.course))
    assert contained.environment["sandbox"] == "container"
    assert [cell.points for cell in contained.cells] == [cell.points for cell in caged.cells]


def test_the_profile_denies_what_the_filter_denies():
    profile = json.loads(filter_profile())
    always = [rule for rule in profile["syscalls"] if "args" not in rule]
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    assert {name for rule in always for name in rule["names"]} == {*DENIED, "clone3", "fallocate"}
    families = [rule["args"][0] for rule in profile["syscalls"] if rule["names"] == ["socket"]]
    vsock = {"index": 0, "value": 40, "valueTwo": 0, "op": "SCMP_CMP_EQ"}
    assert vsock in families
    assert not any(rule["value"] == 1 for rule in families if rule["op"] == "SCMP_CMP_EQ")  # unix sockets are needed


def test_without_podman_one_is_told_what_to_type(monkeypatch):
    find_runtime.cache_clear()
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SandboxError, match="apt-get install -y podman"):
        ContainerSandbox()
    find_runtime.cache_clear()


def test_a_podman_that_does_not_work_says_so_itself(monkeypatch, tmp_path):
    broken = tmp_path / "podman"
    broken.write_text("#!/bin/sh\necho 'cannot set up namespaces' >&2\nexit 125\n")
    broken.chmod(0o755)
    monkeypatch.setattr(container.shutil, "which", lambda *_, **__: str(broken))
    find_runtime.cache_clear()
    with pytest.raises(SandboxError, match=r"podman does not work here: cannot set up namespaces\. Type: "):
        ContainerSandbox()
    find_runtime.cache_clear()


def test_a_container_that_cannot_start_is_told_as_a_cage_that_could_not_be_built(sandbox, monkeypatch):
    if sandbox is None:
        return
    monkeypatch.setattr(sandbox, "_runtime", container.Runtime(("/bin/false",), limits=False))
    caged = sandbox.start(Plan(["/bin/true"], limits=SMALL))
    assert caged.wait(20).limit == "cage"


def test_the_program_takes_the_whole_filter_beside_the_runtimes():
    """A runtime's profile knows calls by name alone, and none that is newer than its library."""
    program = (
        "import ctypes, runpy, sys\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.prctl(38, 1, 0, 0, 0)\n"
        "runpy.run_path(sys.argv[1])['take_filter'](bytes.fromhex(sys.argv[2]))\n"
        "for number in (467, 101): print(libc.syscall(number, -1, 1, 1, 1), ctypes.get_errno())"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(container.FIRST), filter_program().hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    newer, traced = done.stdout.splitlines()
    assert newer == "-1 38"
    assert traced == "-1 1" or os.uname().machine != "x86_64"
