"""A Python process that has imported slow packages, and forks a child into each requested cage.

`notebook_cage.zygote` runs it as a program in its own cage; it imports the standard library and the requested packages.
Nothing untrusted ever enters it: it reads only our requests and runs no threads. A child joins the namespaces that bubblewrap
has created for one run, drops all rights, installs the same seccomp filter, verifies all that, and only then becomes ``python
-P -c …``.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import types
from typing import Any, NoReturn


class LinuxHeaders:
    """Constants of Linux headers, and limits on what a zygote reads."""

    LARGEST_MESSAGE = 100_000
    MOST_DESCRIPTORS = 24
    MOST_NUMBER = 1 << 20  # of descriptors (fs.nr_open); the final check would report any above it
    CAGE_FAILED = 126
    # linux/prctl.h, linux/seccomp.h, linux/sched.h
    PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 15, 22, 24
    PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
    SECCOMP_MODE_FILTER = 2
    CAPABILITY_VERSION = 0x20080522
    LAST_CAPABILITY = 63


NAMESPACES = {
    "user": 0x10000000,
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
NOTHING_LEFT = {
    **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0000000000000000"),
    "NoNewPrivs": "1",
    "Seccomp": str(LinuxHeaders.SECCOMP_MODE_FILTER),
    "Threads": "1",
}
"""Fields of /proc/self/status for a process without rights (proc_pid_status(5))."""
_libc = ctypes.CDLL(None, use_errno=True)


class _SockFprog(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]


def main() -> None:
    """Import packages, report, and serve until our starter is gone; in a child, run the program."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    del sys.path[0]  # the folder of this program
    before = dict(os.environ)
    at_start = set(sys.modules)
    sys.ps1 = ">>> "  # as in a notebook's kernel: some packages check for an interactive session
    for name in json.loads(control.recv(LinuxHeaders.LARGEST_MESSAGE)):
        importlib.import_module(name)
    del sys.ps1
    added = {name: value for name, value in os.environ.items() if name not in before}
    imported = sorted({name.partition(".")[0] for name in sys.modules if name not in at_start})
    # Freeze the objects, so that garbage collection in a child does not copy their pages.
    gc.collect()
    gc.freeze()
    _rehearse()
    report = {"ready": os.getpid(), "threads": _threads(), "shared": _shared_memory(), "imported": imported}
    control.send(json.dumps(report).encode())
    request = _serve(control, socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        _run(request["argv"], {**added, **request["env"]}, request["cwd"])


def _rehearse() -> None:
    """Fork once: BLAS threads end before a fork, and restart when they are needed."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - only the standard library's light parts here


def _shared_memory() -> list[str]:
    """Return the shared writable mappings, which a child would share with this process and its siblings."""
    with open("/proc/self/maps") as maps:  # noqa: PTH123
        return [line.strip() for line in maps if "w" in line.split()[1] and "s" in line.split()[1]]


def _serve(control: socket.socket, listening: socket.socket) -> dict[str, Any] | None:
    """Answer requests; return None when our starter is gone, or in a child the program to run.

    Other allowed clients connect to `listening`.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # reap the waiting processes automatically
    clients = {control.fileno(): control, listening.fileno(): listening}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(listening, select.POLLIN)
    while True:
        for number, _ in poll.poll():
            client = clients[number]
            if client is listening:
                other, _ = listening.accept()
                clients[other.fileno()] = other
                poll.register(other, select.POLLIN)
                continue
            message, descriptors = _receive(client)
            if not message:
                if client is control:
                    return None
                poll.unregister(number)
                clients.pop(number).close()
            else:
                child = os.fork()
                if child == 0:
                    for one in clients.values():
                        one.detach()  # these are closed by number below; prevent a second close
                    return _enter(descriptors)
                _close(descriptors)
                with contextlib.suppress(OSError):
                    client.send(str(child).encode())


def _receive(client: socket.socket) -> tuple[bytes, list[int]]:
    try:
        message, descriptors, flags, _ = socket.recv_fds(
            client, LinuxHeaders.LARGEST_MESSAGE, LinuxHeaders.MOST_DESCRIPTORS
        )
    except OSError:
        return b"", []
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        _close(descriptors)
        return b"", []
    return message, descriptors


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _enter(received: list[int]) -> dict[str, Any]:
    """Join the cage and fork into its PID namespace; return only in the process inside.

    The parent waits outside that namespace, where the cage cannot see or signal it, and passes on the child's exit code.
    """
    try:
        os.setsid()
        # Renumber our descriptors first, then close all others: no socket of ours or of other runs stays open.
        payload, *rest = _renumbered(received)
        request = _payload(payload)
        stdin, stdout, stderr, answer, *rest = rest
        cgroup_procs, namespaces = rest[: request["cgroup_procs"]], rest[request["cgroup_procs"] :]
        for procs in cgroup_procs:
            os.write(procs, b"0\n")
        os.sched_setaffinity(0, request["processors"])
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
        outer, inner = namespaces[: len(request["namespaces"])], namespaces[len(request["namespaces"]) :]
        for kind, descriptor in zip(request["namespaces"], outer, strict=True):
            _check(_libc.setns(descriptor, NAMESPACES[kind]), f"setns {kind}")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child = os.fork()
    except BaseException as error:  # noqa: BLE001 - whatever it was, the run is refused and this process ends
        _refuse(error)
    if child:
        _hand_on(child, answer)
    try:
        for descriptor in inner:
            _check(_libc.setns(descriptor, NAMESPACES["user"]), "setns user")
        os.closerange(3, LinuxHeaders.MOST_NUMBER)
        _give_up(request)
        _require_nothing_left()
        _reseed()
    except BaseException as error:  # noqa: BLE001 - whatever it was, the run is refused and this process ends
        _refuse(error)
    return request


def _renumbered(received: list[int]) -> list[int]:
    """Return duplicates of the descriptors above all used numbers; close all others above 2."""
    first = max(received) + 1
    for offset, descriptor in enumerate(received):
        os.dup2(descriptor, first + offset, inheritable=False)
    os.closerange(3, first)
    os.closerange(first + len(received), LinuxHeaders.MOST_NUMBER)
    return [first + offset for offset in range(len(received))]


def _payload(descriptor: int) -> dict[str, Any]:
    with os.fdopen(descriptor, "rb") as file:
        found: dict[str, Any] = json.loads(file.read())
    return found


def _hand_on(child: int, answer: int) -> NoReturn:
    """Wait for the child, and send its exit code, as a shell would report it, to the stand-in in the cage."""
    _prctl(LinuxHeaders.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.closerange(0, answer)
    os.closerange(answer + 1, LinuxHeaders.MOST_NUMBER)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    with contextlib.suppress(OSError):
        os.write(answer, f"{code if code >= 0 else 128 - code}\n".encode())
    os._exit(0)


def _refuse(error: BaseException) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, f"The cage could not be entered: {error}\n".encode())
    os._exit(LinuxHeaders.CAGE_FAILED)


def _give_up(request: dict[str, Any]) -> None:
    """Become the cage's user with its limits and without capabilities; install the filter last."""
    os.setsid()
    os.chdir(request["cwd"])
    for name, most in request["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(kind, (most, most))
    for capability in range(LinuxHeaders.LAST_CAPABILITY + 1):
        # Stop at the first capability that the kernel does not know.
        if _libc.prctl(LinuxHeaders.PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    if request["user"] is not None:
        os.setgroups([])
        os.setresgid(*[request["user"]] * 3)
        os.setresuid(*[request["user"]] * 3)
    _prctl(LinuxHeaders.PR_CAP_AMBIENT, LinuxHeaders.PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("<Ii", LinuxHeaders.CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, bytes(24)), "capset")
    # Changing the user makes /proc/self unreadable; a program that is executed can read its own.
    _prctl(LinuxHeaders.PR_SET_DUMPABLE, 1)
    _prctl(LinuxHeaders.PR_SET_NAME, ctypes.cast(ctypes.c_char_p(b"python"), ctypes.c_void_p).value or 0)
    _prctl(LinuxHeaders.PR_SET_NO_NEW_PRIVS, 1)
    program = bytes.fromhex(request["filter"])
    rules = _SockFprog(len(program) // 8, program)
    _check(
        _libc.prctl(LinuxHeaders.PR_SET_SECCOMP, LinuxHeaders.SECCOMP_MODE_FILTER, ctypes.byref(rules), 0, 0), "seccomp"
    )


def _require_nothing_left() -> None:
    """Verify, when nothing can be regained any more, that every right has been dropped.

    Raises
    ------
    PermissionError
        If a right is left.
    """
    with open("/proc/self/status") as lines:  # noqa: PTH123
        status = dict(line.split(":", 1) for line in lines)
    found = {name: status[name].strip() for name in NOTHING_LEFT}
    found["descriptors"] = str(sorted(filter(_is_open, map(int, os.listdir("/proc/self/fd")))))  # noqa: PTH208
    found["shared memory"] = str(_shared_memory())
    if found != {**NOTHING_LEFT, "descriptors": "[0, 1, 2]", "shared memory": "[]"} or "0" in status["Uid"].split():
        raise PermissionError(f"something is left: {found}")


def _is_open(number: int) -> bool:
    """Whether a descriptor is still open: listing them opens one temporarily."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _reseed() -> None:
    """Reseed generators so that siblings draw different numbers; Python's own reseeds at fork."""
    anew: dict[str, Any] = {
        "numpy.random": lambda module: module.seed(),
        "tempfile": lambda module: setattr(module, "_name_sequence", None),
        "multiprocessing.process": lambda module: setattr(module.current_process(), "authkey", os.urandom(32)),
        "uuid": lambda module: setattr(module, "_last_timestamp", None),
    }
    for name in anew.keys() & sys.modules.keys():
        anew[name](sys.modules[name])


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)), "prctl")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _run(argv: list[str], env: dict[str, str], working: str) -> None:
    """Do what ``python -P -c`` does at its start, then execute the code."""
    os.environ.clear()
    os.environ.update(env)
    code, *arguments = argv[argv.index("-c") + 1 :]
    added = list(filter(None, env.get("PYTHONPATH", "").split(os.pathsep)))
    sys.path[:0] = added
    for entry in ("", working, *added):
        sys.path_importer_cache.pop(entry, None)
    sys.argv = ["-c", *arguments]
    module = types.ModuleType("__main__")
    module.__dict__.update(__annotations__={}, __builtins__=builtins)
    sys.modules["__main__"] = module
    exec(compile(code, "<string>", "exec"), module.__dict__)  # noqa: S102 - it is what was asked to be run


if __name__ == "__main__":
    main()
