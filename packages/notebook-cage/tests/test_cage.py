"""The sandbox keeps its promises for root and for ordinary users. Nothing here runs outside a sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from notebook_cage import HOME, Limits, Mount, Plan, SandboxError, cgroups, open_sandbox
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.filter import filter_program
from notebook_cage.self_tests import run_self_tests

SMALL = Limits(wall_seconds=30, memory_bytes=400_000_000, disk_bytes=20_000_000)


@pytest.fixture(scope="module", params=[True, False], ids=["control-groups", "watchdog"])
def either(request):
    """A sandbox that uses control groups where they can be had, and one that never does."""
    return BubblewrapSandbox(groups=request.param)


@pytest.fixture(scope="module")
def sandbox():
    return open_sandbox()


def run(sandbox, program, *arguments, **plan):
    """Run a program and give what it prints, and how it ended."""
    plan.setdefault("limits", SMALL)
    caged = sandbox.start(Plan([sys.executable, "-I", "-S", "-c", program, *arguments], **plan), stdout=subprocess.PIPE)
    output = caged.stdout.read().decode()
    caged.wait(40)
    return output, caged.close()


def test_every_promise_is_held(either):
    tried = run_self_tests(either)
    assert [one for one in tried if not one.held] == []
    assert len(tried) >= 15


def test_a_filter_of_system_calls_that_is_missing_is_noticed(monkeypatch):
    allow_all = b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # a program of one instruction: return SECCOMP_RET_ALLOW
    monkeypatch.setattr("notebook_cage.bubblewrap.filter_program", lambda **_: allow_all)
    held = {promise.name: promise for promise in run_self_tests(BubblewrapSandbox())}
    assert not held["a filter of system calls"].held
    assert "socket inet: done" in str(held["a filter of system calls"].detail)
    assert "socket inet6: " in str(held["a filter of system calls"].detail)
    assert held["no network"].held
    assert held["a network of its own"].held


SOCKETS = """
import errno, socket
for family in (2, 10, 16, 17, 33, 38, 40, 1):  # inet, inet6, netlink, packet, rxrpc, alg, vsock; unix
    try: print(socket.socket(family, socket.SOCK_STREAM).family.name)
    except OSError as error: print(errno.errorcode[error.errno])
"""


def test_no_socket_but_a_local_one_can_be_had(either):
    output, _ = run(either, SOCKETS)
    assert output.split() == ["EAFNOSUPPORT", "EAFNOSUPPORT", "ENOTSUP", *["EPERM"] * 4, "AF_UNIX"]


def test_the_command_line_of_the_cage_tells_nothing_of_the_host(sandbox, tmp_path):
    tmp_path.chmod(0o755)
    look = "import glob\nfor name in glob.glob('/proc/[0-9]*/cmdline'): print(open(name).read())"
    output, _ = run(sandbox, look, mounts=[Mount(tmp_path, "/run/given")])
    assert "bwrap" in output
    assert str(tmp_path) not in output


def test_files_are_put_beside_it_and_may_be_changed_there(sandbox):
    program = (
        "open('sub/helper.py', 'a').write('# more'); print(open('sub/helper.py').read(), __import__('os').getcwd())"
    )
    output, _ = run(sandbox, program, files={"work/sub/helper.py": b"y = 5"}, cwd="work")
    assert output.strip() == f"y = 5# more {HOME}/work"


@pytest.mark.parametrize("name", ["/etc/passwd", "../out", "a/../../b", ""])
def test_a_file_outside_the_home_folder_is_refused(sandbox, name):
    with pytest.raises(SandboxError):
        run(sandbox, "", files={name: b""})


def test_what_is_written_into_a_writable_mount_is_ours_to_read(either, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    _, outcome = run(either, "open('/run/out/a', 'w').write('b')", mounts=[Mount(folder, "/run/out", writable=True)])
    assert outcome.code == 0, outcome
    assert (folder / "a").read_text() == "b"


def test_files_that_a_cage_of_roots_cannot_read_are_named(sandbox, tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(0o600)
    if os.geteuid() == 0:
        with pytest.raises(SandboxError, match="chmod"):
            run(sandbox, "", mounts=[Mount(tmp_path / "a", "/run/given")])
    else:  # then the cage's user is ours
        output, _ = run(sandbox, "print(open('/run/given').read())", mounts=[Mount(tmp_path / "a", "/run/given")])
        assert output == "\n"


def test_a_writable_mount_that_is_a_link_is_refused(sandbox, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(SandboxError):
        run(sandbox, "", mounts=[Mount(tmp_path / "link", "/run/out", writable=True)])


def test_a_cage_that_cannot_be_built_says_so(sandbox, tmp_path):
    _, outcome = run(sandbox, "", mounts=[Mount(tmp_path / "missing", "/run/given")])
    assert outcome.limit == "cage"
    assert "missing" in outcome.error_tail


def test_nested_folders_and_many_files_are_a_limit(sandbox, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    mount = Mount(folder, "/run/out", writable=True)
    dig = "import os, time\nos.chdir('/run/out')\nfor _ in range(500): os.mkdir('d'); os.chdir('d')\ntime.sleep(30)"
    _, outcome = run(sandbox, dig, mounts=[mount])
    assert outcome.limit == "files"
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_empty_files_in_memory_are_a_limit(sandbox):
    many = "import time\nfor n in range(5_000): open(f'/tmp/{n}', 'w').close()\ntime.sleep(30)"
    _, outcome = run(sandbox, many, limits=Limits(wall_seconds=30, files=2_000))
    assert outcome.limit == "files"


def test_the_processes_of_one_cage_are_not_counted_in_another(sandbox):
    """Else whoever starts many would keep everybody else from starting any."""
    hold = (
        "import os, time\nn = 0\ntry:\n    while os.fork(): n += 1\n    time.sleep(60)\n"
        "except OSError: print(n, flush=True); time.sleep(60)"
    )
    limits = Limits(wall_seconds=30, processes=24)
    greedy = sandbox.start(Plan([sys.executable, "-I", "-S", "-c", hold], limits=limits), stdout=subprocess.PIPE)
    try:
        assert int(greedy.stdout.readline()) > 10
        modest = "import os\nprint(sum(os.waitpid(os.fork() or os._exit(0), 0)[1] == 0 for _ in range(8)))"
        output, outcome = run(sandbox, modest, limits=limits)
        assert output.strip() == "8", outcome
    finally:
        greedy.close()


def test_a_kernel_thread_that_started_it_may_end_and_the_cage_lives(sandbox):
    """The machine kills a cage with the thread that started it, so that must not be the caller's."""
    started = []
    thread = threading.Thread(
        target=lambda: started.append(sandbox.start(Plan(["/bin/cat"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    )
    thread.start()
    thread.join()
    (caged,) = started
    caged.stdin.write(b"still here\n")
    caged.stdin.flush()
    assert caged.stdout.readline() == b"still here\n"
    assert caged.close().limit == "killed"


def test_what_a_program_leaves_running_ends_with_it(either):
    marker = f"left-behind-{time.monotonic_ns()}"
    program = (
        "import os, sys\nif os.fork() == 0:\n    os.setsid()\n"
        "    os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)', sys.argv[1]])"
    )
    _, outcome = run(either, program, marker)
    assert outcome.limit is None
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(marker.encode() in argument for argument in arguments)


def test_whoever_waits_is_told_of_the_end(sandbox):
    caged = sandbox.start(Plan(["/bin/sleep", "0.2"]))
    assert caged.wait(0.01) is None
    assert caged.wait(20).code == 0
    caged.kill()  # nothing left to kill
    assert caged.close().limit is None


def test_an_exit_code_and_a_signal_are_told_apart(sandbox):
    assert run(sandbox, "import sys; sys.exit(7)")[1].code == 7
    assert run(sandbox, "import os; os.abort()")[1].code == -signal.SIGABRT


def test_the_end_of_a_flood_of_errors_is_kept(sandbox):
    program = "import sys\nfor n in range(20_000): print('x' * 20, file=sys.stderr)\nprint('the last', file=sys.stderr)"
    _, outcome = run(sandbox, program, limits=Limits(wall_seconds=20, output_bytes=1_000))
    assert len(outcome.error_tail) == 1_000
    assert outcome.error_tail.endswith("the last\n")


def test_time_and_memory_are_told(either):
    _, outcome = run(either, "import time; a = bytearray(b'x') * 150_000_000\nsum(range(5_000_000)); time.sleep(0.6)")
    assert 150_000_000 < outcome.usage.peak_memory_bytes < 300_000_000
    assert 0.05 < outcome.usage.cpu_seconds < 20
    assert outcome.usage.wall_seconds > 0.6


def test_nothing_of_a_run_is_left_on_the_machine(sandbox):
    """Control groups, too."""
    _, outcome = run(sandbox, "print('hello')")
    assert outcome.code == 0
    assert list(Path("/sys/fs/cgroup").rglob(f"{cgroups.PREFIX}{os.getpid()}-*")) == []


def test_without_bubblewrap_one_is_told_what_to_type(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda tool, **_: None if tool == "bwrap" else f"/usr/bin/{tool}")
    with pytest.raises(SandboxError, match="apt-get install -y bubblewrap"):
        BubblewrapSandbox()


@pytest.mark.parametrize("name", ["cardboard", "none"])
def test_a_sandbox_that_there_is_not_is_a_sentence_that_says_which_there_are(name):
    with pytest.raises(SandboxError) as raised:
        open_sandbox(name)
    assert str(raised.value) == (
        f"There is no sandbox '{name}'. There is: bubblewrap, bubblewrap-without-control-group, user."
    )


def test_cages_leave_no_descriptors_open(sandbox):
    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    run(sandbox, "")
    before = opened()
    for _ in range(3):
        run(sandbox, "print('hello')")
    assert opened() <= before


@pytest.mark.parametrize("kind", ["setrlimit", "prlimit"])
def test_no_crash_is_handed_to_a_program_of_the_host(either, kind):
    """Such as systemd-coredump, which keeps it on the host's disk: only a limit of 1 byte stops that (core(5))."""
    asked = {"setrlimit": "resource.setrlimit(", "prlimit": "resource.prlimit(0, "}[kind]
    program = (
        "import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))\n"
        f"try: {asked}resource.RLIMIT_CORE, (0, 1))\nexcept (OSError, ValueError): print('refused')\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\nprint(resource.prlimit(0, resource.RLIMIT_NOFILE))\n"
    )
    assert run(either, program)[0].splitlines() == ["(1, 1)", "refused", "(20, 20)"]


def test_a_call_that_is_newer_than_the_list_does_not_exist(sandbox, monkeypatch):
    """As on an older kernel, so that programs go on without it; shown with a call (450) that kernels have long had."""
    ask = (
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.syscall(450, 1, 1, 1, 1), errno.errorcode[ctypes.get_errno()])"
    )
    assert run(sandbox, ask)[0].split() == ["-1", "EINVAL"]
    filter_program.cache_clear()
    monkeypatch.setattr("notebook_cage.filter.Syscalls.NEWEST", 449)
    assert run(sandbox, ask)[0].split() == ["-1", "ENOSYS"]
    filter_program.cache_clear()


@pytest.mark.parametrize("number", [467, 468, 512, 1 << 30 | 39])
def test_calls_that_open_trees_and_those_of_another_layout_do_not_exist(either, number):
    ask = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print(libc.syscall({number}, -1, 1, 1, 1), ctypes.get_errno())"
    )
    assert run(either, ask)[0].split() == ["-1", "38"]


def test_calls_of_32_bits_end_the_program(sandbox):
    """The filter knows the numbers of this machine's calls only."""
    if os.uname().machine != "x86_64":
        return
    program = (
        "import ctypes, mmap\nflags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS\n"
        "code = mmap.mmap(-1, 4096, flags=flags, prot=7)\ncode.write(bytes.fromhex('b814000000cd80c3'))\n"  # getpid
        "print(ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))())"
    )
    output, outcome = run(sandbox, program)
    assert output == ""
    assert outcome.code == -signal.SIGSYS


IN_A_CONTAINER = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin") if os.geteuid() == 0 else ()
WRITES = "import os; open('/out/a', 'w').write('b'); print(os.getuid(), open('/proc/self/uid_map').read().split()[0])"
RUNS = """
import subprocess, sys
from pathlib import Path
from notebook_cage import Limits, Mount, Plan
from notebook_cage.bubblewrap import BubblewrapSandbox

program, folder = sys.argv[1:]
mounts = [Mount(Path(folder), "/out", writable=True)]
plan = Plan([sys.executable, "-I", "-S", "-c", program], mounts, limits=Limits(wall_seconds=30))
caged = BubblewrapSandbox(groups=False).start(plan, stdout=subprocess.PIPE)
print(caged.stdout.read().decode(), caged.wait(40), caged.close())
"""


def test_root_that_a_container_lets_make_no_namespaces_has_cages_as_any_other_user(tmp_path):
    command = [*IN_A_CONTAINER, sys.executable, "-c", RUNS, WRITES, str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert process.stdout.split()[:2] == ["1000", "1000"], process.stderr
    assert (tmp_path / "a").read_text() == "b"
    assert (tmp_path / "a").stat().st_uid == os.geteuid()


OPENS_SETTINGS = """
import os
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        try:
            os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
        except OSError:
            continue
        print(os.path.join(folder, name))
print("done")
"""


@pytest.mark.parametrize("before", [(), IN_A_CONTAINER])
def test_no_setting_of_the_kernel_can_be_written_whoever_begins_the_cage(tmp_path, before):
    command = [*before, sys.executable, "-c", RUNS, OPENS_SETTINGS, str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert process.stdout.split()[:1] == ["done"], process.stderr or process.stdout
