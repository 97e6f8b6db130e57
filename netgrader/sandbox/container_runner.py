"""Starts a container on the host, holds on to its first process, and tells what comes of it.

For `netgrader.sandbox.caged` it behaves as bubblewrap does: it dies with the thread that started it, tells the first
process's id and the exit code as lines of JSON, and its own exit code is the program's. When it ends, the socket that it
holds closes, and the container ends (see `container_first`).

It is run by its path with nothing but the standard library (``python -I -S``), since each container waits for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

PARENTS_DEATH, CHILD_SUBREAPER = 1, 36  # prctl's numbers
START_SECONDS = 60.0
END_SECONDS = 20.0
BROKEN = 125


def main(folder: Path, status: int, parent: int) -> int:
    """Run what ``run.json`` in `folder` says; the exit code."""
    libc = ctypes.CDLL(None)
    libc.prctl(PARENTS_DEATH, signal.SIGKILL, 0, 0, 0)
    # What runs the container is ours, so that what it uses can be counted as long as nothing counts it for us.
    libc.prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.getppid() != parent:
        return BROKEN
    asked = json.loads((folder / "run.json").read_text())
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(asked["socket"])
    os.chmod(asked["socket"], 0o666)  # noqa: PTH101, S103 - its folder is seen by us and the container alone
    listening.listen(1)
    errors = folder / "errors"
    with errors.open("wb") as file:
        runtime = subprocess.Popen(
            asked["command"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file, cwd="/"
        )
    line = accepted(listening, runtime)
    listening.close()
    if line is None:
        os.write(2, errors.read_bytes()[-2000:])
        if runtime.poll() is None:
            runtime.kill()
        return BROKEN
    credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    first = struct.unpack("3i", credentials)[0]
    groups = control_groups(first, asked["roots"])
    limit_sockets(groups, *asked["sockets"])  # the program starts when it is told below
    told: dict[str, object] = {"first": first, "groups": groups}
    note(folder, told)
    os.write(status, json.dumps({"child-pid": first}).encode() + b"\n")
    content = json.dumps(asked["program"]).encode()
    try:
        socket.send_fds(line, [len(content).to_bytes(8, "big")], [0, 1, 2])
        line.sendall(content)
    except OSError:  # it was killed already
        pass
    # Whoever reads the program's output waits for every copy of its end to be closed.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    code = answer(line, groups)
    note(folder, {**told, "out_of_memory": out_of_memory(groups)})
    os.write(status, json.dumps({"exit-code": code}).encode() + b"\n")
    line.close()
    try:
        runtime.wait(END_SECONDS)
        (folder / "gone").touch()
    except subprocess.TimeoutExpired:
        runtime.kill()
    return code


def accepted(listening: socket.socket, runtime: subprocess.Popen[bytes]) -> socket.socket | None:
    """The first process's connection; None if there will be none."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if select.select([listening], [], [], 0.02)[0]:
            return listening.accept()[0]
        if runtime.poll() is not None:
            return None
    return None


def answer(line: socket.socket, groups: dict[str, str]) -> int:
    """Wait for the program's end; its exit code, that of a kill if the first process ended without a word."""
    content = b""
    while not content.endswith(b"\n"):
        if select.select([line], [], [], 0.5)[0]:
            try:
                part = line.recv(4096)
            except OSError:
                part = b""
            if not part:
                return 128 + signal.SIGKILL
            content += part
        elif out_of_memory(groups):
            return 128 + signal.SIGKILL
    try:
        code = json.loads(content)["exit-code"]
    except (ValueError, KeyError, TypeError):
        return BROKEN
    return code if isinstance(code, int) and 0 <= code < 256 else BROKEN


def control_groups(process: int, roots: dict[str, str]) -> dict[str, str]:
    """Folders of the control groups that `process` is in, by kind of limit; version 2's under the empty name."""
    found = {}
    for row in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, kinds, path = row.split(":", 2)
        for kind in kinds.split(","):
            if kind in roots and path != "/":
                found[kind] = roots[kind] + path
    return found


def limit_sockets(groups: dict[str, str], name: str, value: int) -> None:
    """Limit the buffers of network sockets in a group of version 1, which no option of the runtime's does."""
    if "memory" in groups:
        with contextlib.suppress(OSError):  # not every kernel counts them; that they are counted is tried as a promise
            Path(groups["memory"], name).write_text(f"{value}\n")


def out_of_memory(groups: dict[str, str]) -> bool:
    """Whether the kernel killed a process in it for want of memory."""
    kind, name = ("memory", "memory.oom_control") if "memory" in groups else ("", "memory.events")
    try:
        rows = Path(groups[kind], name).read_text().splitlines()
    except (KeyError, OSError):
        return False
    return any(row.startswith("oom_kill ") and row.split()[1] != "0" for row in rows)


def note(folder: Path, told: dict[str, object]) -> None:
    """Write down what is known, in one move."""
    part = folder / "told.part"
    part.write_text(json.dumps(told))
    part.replace(folder / "told.json")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
