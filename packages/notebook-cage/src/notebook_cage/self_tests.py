"""Self-tests of a sandbox: programs in a cage attempt what must fail, and we check that it failed.

A promise that cannot be tested counts as broken.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import psutil

from notebook_cage.filter import Syscalls
from notebook_cage.host import basic_environment, interpreter, makes_namespaces, remove_tree, scratch_folder
from notebook_cage.types import Limits, Mount, Plan, RunOutcome, Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["HOARDS", "SelfTest", "run_self_tests"]

OUR_IDS = Path("/proc/self/uid_map")
REFUSED = frozenset({"EPERM", "EAFNOSUPPORT", "ENOTSUP"})
"""Expected errors of the filter: for calls, for internet sockets, and for netlink sockets."""
SMALL = Limits(wall_seconds=20, memory_bytes=300_000_000, processes=32, disk_bytes=20_000_000, files=2_000)

# Runs inside. Prints in JSON what it could do; needs nothing but the standard library.
_EXPLORER = r"""
import ctypes, errno, json, os, socket, sys
said = {}
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    return "done" if result != -1 else errno.errorcode.get(ctypes.get_errno(), "?")
def attempt(name, act):
    try:
        said[name] = act()
    except OSError as error:
        said[name] = errno.errorcode.get(error.errno, "?")
def connect():
    with socket.create_connection(("192.0.2.1", 80), timeout=2):
        return "done"
def write(folder):
    path = os.path.join(folder, "written-by-a-cage")
    with open(path, "w"):
        pass
    os.unlink(path)
    return "done"
def opens(path):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
    except OSError:
        return False
    return True
def owner(process):
    try:
        return os.stat("/proc/" + process).st_uid
    except OSError:
        return os.getuid()
def reaches(process):
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
def forks():
    children = []
    try:
        for _ in range(200):
            child = os.fork()
            if child == 0:
                import time
                time.sleep(60)
                os._exit(0)
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
    return len(children)
def fill(folder):
    path = os.path.join(folder, "big")
    written = 0
    try:
        with open(path, "wb", buffering=0) as out:
            while written < 100_000_000:
                written += out.write(bytes(1_000_000))
    except OSError:
        pass
    if os.path.exists(path):
        os.unlink(path)
    return written
secrets, folders = json.loads(sys.argv[1])
attempt("network", connect)
said["interfaces"] = sorted(line.partition(":")[0].strip() for line in open("/proc/self/net/dev").readlines()[2:])
said["secrets"] = [path for path in secrets if os.path.exists(path)]
said["opened"] = [path for path in secrets if opens(path)]
others = [int(name) for name in os.listdir("/proc") if name.isdigit() and owner(name) != os.getuid()]
said["reached"] = [process for process in others if reaches(process)]
said["environment"] = sorted(os.environ)
said["processes"] = sum(name.isdigit() for name in os.listdir("/proc"))
for folder in folders:
    attempt("write " + folder, lambda folder=folder: write(folder))
said["written"] = [folder for folder in folders if said["write " + folder] == "done"]
status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
said["status"] = {key: status.get(key, "") for key in ("Uid", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}
said["uid_map"] = open("/proc/self/uid_map").read().split()
libc.syscall.argtypes = [ctypes.c_long] * 7
numbers, newest = json.loads(sys.argv[2])
# No argument here could do anything if the call were let through: it would fail too, but not with EPERM.
said["calls"] = {name: call("syscall", number, -1, 1, 1, 1, 1, 1) for name, number in numbers.items()}
# A kernel knows these or not: EINVAL, EFAULT or EBADF would say that it was asked.
said["newer"] = [number for number in range(newest + 1, newest + 60) if call("syscall", number, -1, 1, 1, 1, 1, 1) != "ENOSYS"]
for name, family in (("inet", 2), ("inet6", 10), ("netlink", 16), ("packet", 17), ("rxrpc", 33), ("alg", 38), ("vsock", 40)):
    said["calls"]["socket " + name] = call("socket", family, 1, 0)
said["forks"] = forks()
said["tmp"] = fill("/tmp")
said["shm"] = fill("/dev/shm")
print(json.dumps(said))
"""
_HUNGRY = "hold = []\nwhile True: hold.append(bytearray(b'x') * 5_000_000)"
# The processes exhaust memory together; none of them uses much.
_HUNGRY_TOGETHER = (
    "import os, time\nhold = None\nfor _ in range(8):\n    if os.fork() == 0:\n        break\n"
    "hold = bytearray(b'x') * 60_000_000\ntime.sleep(30)"
)
HOARD = Limits(wall_seconds=20, memory_bytes=120_000_000, processes=32, disk_bytes=200_000_000)
"""Limits for kernel memory outside processes: each of `HOARDS` tries to hold twice this memory and prints how much it got."""
_HOARDER = r"""
import ctypes, os, socket, time
WANTED = 250_000_000
held, kept = 0, []
def fill(write, block=65536):
    global held
    try:
        while held < WANTED: held += write(bytes(block))
    except OSError: pass
def stay():
    time.sleep(0.6)
    print(held, flush=True)
"""
HOARDS = {
    "pages that are shared and that nobody maps": r"""
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
for flags, file in ((0x21, -1), (0x01, os.open("/dev/zero", os.O_RDWR))):
    for _ in range(25):
        place = libc.mmap(None, 10_000_000, 3, flags, file, 0)
        if place in (None, 2**64 - 1): break
        ctypes.memset(place, 1, 10_000_000)
        libc.munmap(place + 4096, 9_990_000)
        held += 10_000_000
stay()
""",
    "files in memory": r"""
for number, folder in enumerate((os.environ["TMPDIR"], os.environ["HOME"], "/dev/shm")):
    WANTED = 125_000_000 * (number + 1)
    with open(f"{folder}/big", "wb", buffering=0) as out: fill(out.write, 1_000_000)
stay()
""",
    "unix sockets": r"""
try:
    while held < WANTED:
        ends = socket.socketpair()
        kept.extend(ends)
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 28)
            end.setblocking(False)
            fill(end.send)
except OSError: pass
stay()
""",
    "pipes": r"""
first, started = os.getpid(), 1
told, tell = os.pipe()
os.set_blocking(told, False)
try:
    for _ in range(29):
        if os.fork() == 0: break
        started += 1
except OSError: pass
try:
    while True:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        fill(lambda content: os.write(writer, content))
except OSError: pass
os.write(tell, b"%d " % held)
sums, end = b"", time.monotonic() + 8
while os.getpid() == first and sums.count(b" ") < started and time.monotonic() < end:
    time.sleep(0.05)
    try: sums += os.read(told, 4096)
    except BlockingIOError: pass
time.sleep(1.5 if os.getpid() == first else 12)
if os.getpid() == first: print(sum(map(int, sums.split())))
""",
}
_LASTING = (
    "import os, signal, sys, time\nfor number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        print('up', flush=True)\n"
    "        time.sleep(600)\n    os._exit(0)\ntime.sleep(600)"
)
_FILLING = "import sys\nn = 0\nwhile True:\n    open(f'{sys.argv[1]}/{n}', 'wb').write(bytes(1_000_000)); n += 1"


@dataclass(frozen=True)
class SelfTest:
    """The result of one self-test."""

    name: str
    """The promise that was tested."""
    held: bool
    """Whether it was kept."""
    detail: str
    """What was observed."""
    needed: bool = True
    """False for what the sandbox does not promise at all (`Sandbox.not_promised`) or not on this machine (`memory_gap`)."""

    @property
    def broken(self) -> bool:
        """Whether a promise that the sandbox makes was broken."""
        return self.needed and not self.held


def run_self_tests(sandbox: Sandbox, hidden: Sequence[Path] = ()) -> list[SelfTest]:
    """Test each promise and return the results, in a few seconds; `hidden` is as in the plans to run."""
    with tempfile.TemporaryDirectory(prefix="notebook-cage-") as name:
        tests = _SelfTests(sandbox, Path(name), hidden)
        found: list[SelfTest] = []
        limits = (tests.memory, tests.memory_of_the_kernels, tests.time, tests.disk, tests.nothing_lives_on)
        for check in (tests.explore, *limits):
            try:
                found.extend(check())
            except (SandboxError, OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
                found.append(SelfTest(check.__name__.replace("_", " "), held=False, detail=str(error)))
        open_here = sandbox.not_promised
        return [
            replace(one, needed=False, detail=open_here[one.name]) if one.name in open_here and not one.held else one
            for one in found
        ]


class _SelfTests:
    def __init__(self, sandbox: Sandbox, folder: Path, hidden: Sequence[Path] = ()) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._hidden = hidden
        given = folder / "given"
        given.mkdir(exist_ok=True)
        given.chmod(0o777)  # so that only the mount can make it read-only
        self._given = Mount(given, "/opt/given")

    def _run(
        self, program: str, *arguments: str, mounts: Sequence[Mount] = (), limits: Limits = SMALL
    ) -> tuple[bytes, RunOutcome]:
        plan = Plan(
            argv=[sys.executable, "-I", "-S", "-c", program, *arguments],
            mounts=[self._given, *mounts],
            hidden=self._hidden,
            limits=limits,
            warm=True,
        )
        caged = self._sandbox.start(plan, stdout=subprocess.PIPE)
        with contextlib.closing(caged):
            output = cast("IO[bytes]", caged.stdout).read(1_000_000)
            caged.wait(limits.wall_seconds + 5)
        return output, caged.close()

    def explore(self) -> list[SelfTest]:
        """Test everything that a single run inside can observe."""
        secret = self._folder / "secret"
        secret.write_text("secret")
        closed = [str(secret), str(Path.home() / ".ssh"), "/root/.ssh", "/etc/shadow"]
        parts = [str(path) for folder in self._hidden for path in folder.iterdir()]
        secrets = [*closed, "/var/lib", "/sys/class", *parts]
        folders = [mount.inside for mount in interpreter() if mount.host.is_dir()][:4]
        folders += ["/usr/lib", self._sandbox.seen(self._given), "/etc", "/dev", "/", str(self._folder)]
        output, outcome = self._run(
            _EXPLORER, json.dumps([secrets, folders]), json.dumps([_call_numbers(), Syscalls.NEWEST])
        )
        if not output:
            raise SandboxError(f"The cage did not start: {outcome.error_tail.strip()[-300:] or outcome.code}.")
        said = json.loads(output)
        status, calls = said["status"], said["calls"]
        allowed = [f"{name}: {answer}" for name, answer in calls.items() if answer not in REFUSED]
        allowed += [f"number {number}" for number in said["newer"]]
        if status["Seccomp"].strip() != "2":  # SECCOMP_MODE_FILTER of linux/seccomp.h
            allowed.append("there is none")
        own_user = status["Uid"].split()[0] != "0" and (
            not makes_namespaces() or said["uid_map"] == OUR_IDS.read_text().split()
        )
        rights = {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "NoNewPrivs")}
        full = max(said["tmp"], said["shm"])
        return [
            _result("no network", said["network"] != "done", said["network"]),
            _nothing("a network of its own", set(said["interfaces"]) - {"lo"}, "no interface but its own"),
            _nothing("only its own files are seen", said["secrets"], "no other path exists inside"),
            _nothing("what is closed to others cannot be read", {*said["opened"]} & {*closed}, f"{len(closed)} tried"),
            _nothing("packages are read-only", said["written"], f"{len(folders)} folders tried"),
            _nothing("a clean environment", set(said["environment"]) - _OURS, f"{len(said['environment'])} variables"),
            _result("its own processes only", said["processes"] <= 4, f"{said['processes']} processes seen"),
            _result("no signals to others", not said["reached"], f"{len(said['reached'])} processes reached"),
            _result("an unprivileged user", own_user, f"user id {status['Uid'].split()[0]}"),
            _result(
                "no capabilities, no new privileges",
                rights == {"CapEff": 0, "CapPrm": 0, "NoNewPrivs": 1},
                f"effective {status['CapEff'].strip()}",
            ),
            _nothing(
                "a filter of system calls",
                allowed,
                f"{len(calls)} calls refused",
            ),
            _result("a limit on processes", said["forks"] < SMALL.processes, f"stopped at {said['forks'] + 1}"),
            _result(
                "a limit on /tmp and /dev/shm",
                full <= SMALL.disk_bytes + 65_536,  # tmpfs sizes are whole pages
                f"{full // 1_000_000} MB at most",
            ),
        ]

    def memory(self) -> list[SelfTest]:
        """Exhaust memory in one process, and in several together."""
        _, alone = self._run(_HUNGRY)
        _, together = self._run(_HUNGRY_TOGETHER)
        held = alone.limit == "memory" or (alone.code != 0 and "MemoryError" in alone.error_tail)
        return [
            _result("a limit on memory", held, _said(alone)),
            _result("a limit on the memory of all processes together", together.limit == "memory", _said(together)),
        ]

    def memory_of_the_kernels(self) -> list[SelfTest]:
        """Exhaust each kind of kernel memory outside processes."""
        return list(map(self.memory_in, HOARDS))

    def memory_in(self, what: str) -> SelfTest:
        """Exhaust the kind of memory `what`, one of `HOARDS`."""
        output, outcome = self._run(_HOARDER + HOARDS[what], limits=HOARD)
        held = outcome.limit == "memory" or (outcome.code == 0 and int(output) <= HOARD.memory_bytes)
        detail = _said(outcome) if outcome.limit or not output else f"came to {int(output) // 1_000_000} MB"
        needed = not self._sandbox.memory_gap
        return SelfTest(f"a limit on memory in {what}", held=held, detail=detail, needed=needed)

    def time(self) -> list[SelfTest]:
        """Run a program that ignores all signals that can be ignored."""
        _, outcome = self._run(_LASTING, limits=Limits(wall_seconds=0.5))
        return [_result("a limit on time", outcome.limit == "wall", _said(outcome))]

    def disk(self) -> list[SelfTest]:
        """Fill a writable folder."""
        folder = scratch_folder("filled")
        mount = Mount(folder, "/run/filled", writable=True)
        try:
            _, outcome = self._run(_FILLING, self._sandbox.seen(mount), mounts=[mount])
        finally:
            remove_tree(folder)
        return [_result("a limit on disk", outcome.limit in ("disk", "files"), _said(outcome))]

    def nothing_lives_on(self) -> list[SelfTest]:
        """Kill the process that started a cage, like the OOM killer, and check that the cage dies with it."""
        marker = f"notebook-cage-{os.getpid()}-{time.monotonic_ns()}"
        starter = (
            "import subprocess, sys\nfrom notebook_cage import Limits, Plan, open_sandbox\n"
            "plan = Plan([sys.executable, '-I', '-S', '-c', *sys.argv[2:]])\n"
            "caged = open_sandbox(sys.argv[1]).start(plan, stdout=subprocess.PIPE)\n"
            "print(caged.stdout.readline().decode(), flush=True)\ncaged.wait()"
        )
        command = [sys.executable, "-P", "-c", starter, self._sandbox.name, _LASTING, marker]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            up = cast("IO[bytes]", process.stdout).readline().strip() == b"up"
        finally:
            process.kill()
            process.communicate()
        gone = up and _until(lambda: not _with_argument(marker), seconds=3)
        return [_result("nothing lives on", gone, "killed with its starter" if gone else "something still runs")]


_TRIED = (
    "ptrace process_vm_readv mount umount2 pivot_root chroot unshare setns keyctl add_key bpf perf_event_open "
    "userfaultfd io_uring_setup init_module kexec_load clock_settime memfd_create sched_setaffinity"
)


def _call_numbers() -> dict[str, int]:
    """Return the numbers of the system calls that the explorer tries, on this architecture."""
    import pyseccomp  # noqa: PLC0415 - fails where libseccomp is missing, which is a promise not kept

    found = {name: pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in _TRIED.split()}
    return {name: number for name, number in found.items() if number >= 0}


_OURS = frozenset(basic_environment()) | {"PWD", "LC_CTYPE"}


def _result(name: str, held: bool, detail: object) -> SelfTest:
    return SelfTest(name, held=held, detail=str(detail))


def _nothing(name: str, found: Iterable[object], otherwise: str) -> SelfTest:
    """Return the result of a search that should find nothing."""
    listed = ", ".join(map(str, sorted(found, key=str)))
    return _result(name, not listed, listed or otherwise)


def _said(outcome: RunOutcome) -> str:
    ended = f"ended by the limit on {outcome.limit}" if outcome.limit else f"exit code {outcome.code}"
    return f"{ended} after {outcome.usage.wall_seconds:.1f} s"


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _with_argument(marker: str) -> list[int]:
    """Return the ids of all processes on the machine with `marker` among their arguments."""
    processes = psutil.process_iter(["cmdline"])
    return [process.pid for process in processes if marker in (process.info["cmdline"] or ())]
