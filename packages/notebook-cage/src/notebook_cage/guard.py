"""A supervisor program that runs a command for another user, then kills all of that user's processes.

Arguments: DESCRIPTOR USER OTHER COMMAND…; without a command it only kills what is left. It needs root and the standard
library. Its starter holds the other end of a pipe: when that closes, on purpose or because the starter was killed, everything
is killed. It is a subreaper: orphans of the run become its children, so that none leaves its process tree.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LOOK_MILLISECONDS = 200
PRIVATE = 0o077


def main() -> int:
    """Run the command; return its exit code in the shell's convention (128 + signal)."""
    alive, user, other = map(int, sys.argv[1:4])
    command = sys.argv[4:]
    if not command:
        end_all(user, other)
        return 0
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.set_inheritable(alive, False)
    child = os.fork()
    if child == 0:
        os.umask(PRIVATE)
        os.execv(command[0], command)  # noqa: S606 - it is ours
    status = _wait(child, alive)
    if status is None:
        os.kill(child, signal.SIGKILL)  # it may not have changed its user yet
    with contextlib.suppress(ChildProcessError):
        while True:
            end_all(user, other)
            os.wait()
    code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _wait(child: int, alive: int) -> int | None:
    """Return the child's wait status once it exits; None if our starter's end of the pipe closed first."""
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(alive, select.POLLIN)
    while True:
        ready = {number for number, _ in poll.poll(LOOK_MILLISECONDS)}
        ended, status = os.waitpid(-1, os.WNOHANG)
        while ended not in {0, child}:  # orphans
            ended, status = os.waitpid(-1, os.WNOHANG)
        if ended:
            return status
        if alive in ready:
            return None


def end_all(user: int, other: int) -> None:
    """Kill all processes of `user` at once; the kernel lets none of them fork meanwhile.

    The killer has the user's id only as its effective id, not as real or saved id, so that none of them can kill it first.
    The id `other` must be unused.
    """
    killer = os.fork()
    if killer == 0:
        with contextlib.suppress(OSError):  # there are none
            os.setgroups([])
            os.setresgid(other, other, other)
            os.setresuid(other, user, other)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(killer, 0)


if __name__ == "__main__":
    sys.exit(main())
