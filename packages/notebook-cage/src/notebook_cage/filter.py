"""The system-call filter of a cage: calls that no numerical program needs fail with an error.

Made by libseccomp (through pyseccomp) as a program that the kernel runs at each call. A denied call fails with EPERM,
as for want of a privilege, so that a program which only tries goes on; nothing is killed. A call with a number above those
that this list was made from does not exist, as on an older kernel: what a kernel learns later is closed until it is read.
"""

from __future__ import annotations

import errno
import functools
import struct
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from notebook_cage.types import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "Syscalls",
    "filter_program",
]

_NAMES = (
    # reading and writing other processes
    "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd "
    # mounts and roots
    "mount umount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick pivot_root chroot "
    "name_to_handle_at open_by_handle_at quotactl quotactl_fd statmount listmount listns file_setattr "
    # namespaces (clone has a rule of its own below)
    "setns unshare "
    # keys
    "add_key request_key keyctl "
    # programs in the kernel, and the parts of it with a history of holes
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init lookup_dcookie "
    "vmsplice modify_ldt uselib personality lsm_get_self_attr lsm_set_self_attr lsm_list_modules "
    # modules, clocks, the machine
    "init_module finit_module delete_module create_module kexec_load kexec_file_load reboot swapon swapoff acct "
    "clock_settime clock_settime64 clock_adjtime clock_adjtime64 settimeofday stime adjtimex syslog iopl ioperm "
    "sethostname setdomainname vhangup nfsservctl "
    # memory that no process maps, so that a watchdog could not count it
    "memfd_create memfd_secret shmget shmat shmctl msgget msgsnd semget mq_open "
    # where and how it is scheduled is ours to say
    "sched_setaffinity ioprio_set migrate_pages move_pages "
)
DENIED: Sequence[str] = tuple(_NAMES.split())


class Syscalls:
    """Numbers of Linux's headers: seccomp, sockets, terminals, and namespaces of clone."""

    NEWEST = 466
    """The last call that was read about (``removexattrat``); 424 and above are the same on all processors."""
    # Bits of clone's flags that ask for a namespace of one's own (linux/sched.h).
    NAMESPACES = (
        0x00020000,  # mount
        0x02000000,  # control group
        0x04000000,  # host name
        0x08000000,  # IPC
        0x10000000,  # user
        0x20000000,  # process
        0x40000000,  # network
        0x00000080,  # time
    )
    # Sockets are local ones alone: a kernel's channels are, and what a program talks to itself with. All other families are
    # denied whether or not there is a network namespace: parts of the kernel with a history of holes can be reached by them
    # (RxRPC, netlink, packets), and namespaces do not hold some of them back (vsock reaches the machine's host).
    LOCAL = 1  # a family: AF_UNIX (linux/socket.h)
    LAST_FAMILY = 64
    SHARED_WITHOUT_FILE = 0x21  # mmap's MAP_SHARED with MAP_ANONYMOUS
    LOW, CORES = 0xFFFFFFFF, 4  # a C int of a register; RLIMIT_CORE
    SOCKET_LEVEL, SEND_BUFFER, RECEIVE_BUFFER = 1, 7, 8
    # Requests that put characters into a terminal's input.
    TERMINAL_REQUESTS = (0x5412, 0x541C)
    LOAD, GREATER, RETURN = 0x20, 0x25, 0x06
    SECCOMP_ERROR = 0x00050000


# As a kernel without them answers; libzmq ends the process at any other answer to what lists interfaces.
_MISSING = {2: errno.EAFNOSUPPORT, 10: errno.EAFNOSUPPORT, 16: errno.EOPNOTSUPP}


@functools.cache
def filter_program(*, watched: bool = False) -> bytes:
    """Return the filter as the kernel takes it, an array of ``struct sock_filter`` for ``--seccomp``.

    Parameters
    ----------
    watched
        Whether memory is watched from outside and not limited by a control group: then what no watchdog could count is
        denied, too.

    Raises
    ------
    SandboxError
        If libseccomp cannot be loaded or makes no filter.
    """
    try:
        import pyseccomp  # noqa: PLC0415 - fails where libseccomp is missing, and that is a sentence of ours
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError(
            "The system-call filter needs libseccomp, which is missing. Type: sudo apt-get install -y libseccomp2"
        ) from error
    try:
        return _build(pyseccomp, watched=watched)
    except OSError as error:
        raise SandboxError(f"libseccomp could not make the system-call filter: {error.strerror}.") from error


class _Rule(NamedTuple):
    """Calls that fail with `answer`: always, or if all arguments (index, comparison, mask, rest) match."""

    names: Sequence[str]
    answer: int = errno.EPERM
    conditions: tuple[tuple[int, str, int, int], ...] = ()


def _rules() -> Iterator[_Rule]:
    yield _Rule(DENIED)
    for flag in Syscalls.NAMESPACES:
        yield _Rule(("clone",), conditions=((0, "MASKED_EQ", flag, flag),))
    # clone3 hides its flags behind a pointer. Without it the C library falls back to clone.
    yield _Rule(("clone3",), errno.ENOSYS)
    # Room on a disk can be taken without writing, past every limit on the size of files: a terabyte in a second. Told
    # that the file system cannot do it, programs write instead.
    yield _Rule(("fallocate",), errno.EOPNOTSUPP)
    # A core may be handed to a program of the host's (`notebook_cage.limiting`), so nobody turns them on again.
    yield _Rule(("setrlimit",), conditions=((0, "MASKED_EQ", Syscalls.LOW, Syscalls.CORES),))
    yield _Rule(("prlimit64",), conditions=((1, "MASKED_EQ", Syscalls.LOW, Syscalls.CORES), (2, "NE", 0, 0)))
    for family in sorted({*range(Syscalls.LAST_FAMILY)} - {Syscalls.LOCAL}):
        yield _Rule(("socket",), _MISSING.get(family, errno.EPERM), ((0, "EQ", family, 0),))
    yield _Rule(("socket",), conditions=((0, "GE", Syscalls.LAST_FAMILY, 0),))
    for request in Syscalls.TERMINAL_REQUESTS:
        yield _Rule(("ioctl",), conditions=((1, "MASKED_EQ", Syscalls.LOW, request),))


def _rules_where_watched() -> Iterator[_Rule]:
    # Pages that are shared without a file stay when nobody maps them any more, and are seen nowhere then.
    yield _Rule(("mmap",), conditions=((3, "MASKED_EQ", Syscalls.SHARED_WITHOUT_FILE, Syscalls.SHARED_WITHOUT_FILE),))
    # How much is in a socket is not told, but how much fits: by default, so that is how it stays, as if nothing were asked.
    for option in (Syscalls.SEND_BUFFER, Syscalls.RECEIVE_BUFFER):
        asked = ((1, "MASKED_EQ", Syscalls.LOW, Syscalls.SOCKET_LEVEL), (2, "MASKED_EQ", Syscalls.LOW, option))
        yield _Rule(("setsockopt",), 0, asked)


# An instruction of the kernel's filters: what it does, where to go if so and if not, and its number (linux/filter.h).
_INSTRUCTION = struct.Struct("=HBBI")


def _newer_than_known() -> bytes:
    """Return instructions that reject calls above `Syscalls.NEWEST`, and those of x32 (bit 30).

    A C library takes that for an older kernel and does without.
    """
    return b"".join(
        _INSTRUCTION.pack(*fields)
        for fields in (
            (Syscalls.LOAD, 0, 0, 0),  # the call's number
            (Syscalls.GREATER, 0, 1, Syscalls.NEWEST),
            (Syscalls.RETURN, 0, 0, Syscalls.SECCOMP_ERROR | errno.ENOSYS),
        )
    )


def _build(seccomp: Any, *, watched: bool) -> bytes:
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for rule in (*_rules(), *(_rules_where_watched() if watched else ())):
        conditions = [
            seccomp.Arg(index, getattr(seccomp, kind), value, other) for index, kind, value, other in rule.conditions
        ]
        for name in rule.names:
            _deny(rules, seccomp.ERRNO(rule.answer), name, *conditions)
    with tempfile.TemporaryFile() as out:
        rules.export_bpf(out)
        out.seek(0)
        return _newer_than_known() + out.read()


def _deny(rules: Any, action: int, name: str, *conditions: Any) -> None:
    try:
        rules.add_rule(action, name, *conditions)
    except OSError as error:
        # A name that this libseccomp or this processor does not know is a call that nobody can make by name.
        if error.errno not in (errno.EINVAL, errno.EFAULT, errno.EDOM, errno.ENOENT):
            raise
