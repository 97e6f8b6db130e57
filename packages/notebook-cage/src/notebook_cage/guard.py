"""A program that watches another user's run, and then ends all of that user's processes.

It is started with the arguments DESCRIPTOR USER OTHER COMMAND…, or without a command to end what is left. It needs root and
the standard library. Its starter holds the other end of a pipe: when that closes, on purpose or since its process was
killed, all is ended. Orphans of the run become this process's children, so that none leaves its tree.
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
    """Run the command; the exit code is the command's, as a shell has it."""
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
        os.kill(child, signal.SIGKILL)  # it may not have become the other user yet
    with contextlib.suppress(ChildProcessError):
        while True:
            end_all(user, other)
            os.wait()
    code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _wait(child: int, alive: int) -> int | None:
    """Wait until the child has ended, and return how; None if it must be ended before."""
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
    """Kill all processes of `user` at once: the kernel lets none of them fork meanwhile.

    Who kills has the effective user id of those processes and no real or saved one, so that none of them can kill it first.
    The id `other` must be nobody's.
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
