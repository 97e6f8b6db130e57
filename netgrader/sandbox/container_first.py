"""The first process of a container: it starts the plan's program, and ends with whoever started the container.

A container outlives the command that started it. So this process holds on to a socket whose other end is held by
`container_runner` on the host: when that end closes, for whatever reason, it exits, and the kernel kills all that is
left in the container. Over the socket come the program's descriptors and all that it is to start with.

It runs by its text alone, with nothing but the standard library (``python -I -S -c``), as the user that the student's
code runs as: hence it cannot be debugged, and being first it takes no signals from inside.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
from typing import Any

SET_DUMPABLE, SET_SECCOMP, FILTER = 4, 22, 2  # prctl's numbers
SPARED = 300  # what the program adds to its readiness to be killed when memory is out, so that this process is not
LIMITS = {"as": resource.RLIMIT_AS}


def main(path: str) -> None:
    """Connect to the socket at `path`, start the program that is told there, and stay until it ends."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(path)
    libc = ctypes.CDLL(None)
    libc.prctl(SET_DUMPABLE, 0, 0, 0, 0)
    told, descriptors = receive(line)
    # A child's end wakes us up.
    waking, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child == 0:
        libc.prctl(SET_DUMPABLE, 1, 0, 0, 0)
        start(told, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    while True:
        ready, _, _ = select.select([line.fileno(), waking], [], [])
        if line.fileno() in ready:
            os._exit(0)
        os.read(waking, 4096)
        code = ended(child)
        if code is not None:
            line.sendall(json.dumps({"exit-code": code}).encode() + b"\n")
            select.select([line], [], [], 10.0)  # what was used is looked up before all is gone
            os._exit(0)


def receive(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What is told: eight bytes of length with three descriptors, then JSON."""
    head, descriptors, _, _ = socket.recv_fds(line, 8, 3)
    length, content = int.from_bytes(head, "big"), b""
    while len(content) < length:
        part = line.recv(min(65536, length - len(content)))
        if not part:
            os._exit(0)
        content += part
    return json.loads(content), list(descriptors)


def ended(child: int) -> int | None:
    """Reap what has ended; the exit code of `child` if it has, as a shell tells it."""
    code = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if process == 0:
            return code
        if process == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code


def start(told: dict[str, Any], descriptors: list[int]) -> None:
    """Become the program."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - nothing but the standard library's core
            file.write(str(SPARED))
        for name, limit in told["limits"].items():
            resource.setrlimit(LIMITS[name], (limit, limit))
        os.chdir(told["cwd"])
        take_filter(bytes.fromhex(told["filter"]))
        argv = told["argv"]
        os.execve(argv[0], argv, told["env"])  # noqa: S606
    except BaseException as error:  # noqa: BLE001 - a child must not come back
        os.write(2, f"{error}\n".encode())
    os._exit(127)


class Program(ctypes.Structure):
    """A filter as the kernel takes it (``struct sock_fprog``)."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def take_filter(program: bytes) -> None:
    """Take a filter of system calls beside the runtime's, which knows calls by names alone."""
    if ctypes.CDLL(None).prctl(SET_SECCOMP, FILTER, ctypes.byref(Program(len(program) // 8, program)), 0, 0) != 0:
        raise PermissionError("the filter of system calls was refused")


if __name__ == "__main__":
    main(sys.argv[1])
