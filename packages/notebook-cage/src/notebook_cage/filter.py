"""The seccomp filter of a cage: system calls that no numerical program needs fail with an error.

libseccomp (through pyseccomp) compiles it to a BPF program that the kernel runs at each call. A denied call fails with EPERM,
as if for lack of privilege, so that a program that merely tries it continues; nothing is killed. Calls numbered above the
newest one known to this list fail as on an older kernel, so that new calls stay closed until someone has reviewed them.
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
    # namespaces (clone has its own rule below)
    "setns unshare "
    # keys
    "add_key request_key keyctl "
    # code that runs in the kernel, and subsystems with a history of vulnerabilities
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init lookup_dcookie "
    "vmsplice modify_ldt uselib personality lsm_get_self_attr lsm_set_self_attr lsm_list_modules "
    # modules, clocks, machine settings
    "init_module finit_module delete_module create_module kexec_load kexec_file_load reboot swapon swapoff acct "
    "clock_settime clock_settime64 clock_adjtime clock_adjtime64 settimeofday stime adjtimex syslog iopl ioperm "
    "sethostname setdomainname vhangup nfsservctl "
    # memory that no process maps, which a watchdog could not count
    "memfd_create memfd_secret shmget shmat shmctl msgget msgsnd semget mq_open "
    # scheduling and placement, which we control
    "sched_setaffinity ioprio_set migrate_pages move_pages "
)
DENIED: Sequence[str] = tuple(_NAMES.split())


class Syscalls:
    """Constants of Linux headers: seccomp, sockets, terminals, and the namespace flags of clone."""

    NEWEST = 466
    """The newest reviewed call (``removexattrat``); numbers from 424 are the same on all architectures."""
    # Flags of clone that request a new namespace (linux/sched.h).
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
    # Only local sockets are allowed: a kernel's channels and a program's communication with itself use them. All other
    # families are denied with or without a network namespace: they expose subsystems with a history of vulnerabilities
    # (RxRPC, netlink, packet), and some ignore namespaces (vsock reaches the machine's host).
    LOCAL = 1  # AF_UNIX, the only allowed family (linux/socket.h)
    LAST_FAMILY = 64
    SHARED_WITHOUT_FILE = 0x21  # mmap's MAP_SHARED with MAP_ANONYMOUS
    LOW, CORES = 0xFFFFFFFF, 4  # mask of a C int in a register; RLIMIT_CORE
    SOCKET_LEVEL, SEND_BUFFER, RECEIVE_BUFFER = 1, 7, 8
    # ioctl requests that inject characters into a terminal's input.
    TERMINAL_REQUESTS = (0x5412, 0x541C)
    LOAD, GREATER, RETURN = 0x20, 0x25, 0x06
    SECCOMP_ERROR = 0x00050000


# The answers of a kernel without these families; libzmq aborts on any other error when it lists interfaces.
_MISSING = {2: errno.EAFNOSUPPORT, 10: errno.EAFNOSUPPORT, 16: errno.EOPNOTSUPP}


@functools.cache
def filter_program(*, watched: bool = False) -> bytes:
    """Return the filter as an array of ``struct sock_filter``, as ``--seccomp`` expects it.

    Parameters
    ----------
    watched
        Whether a watchdog, not a control group, limits memory: then memory that a watchdog cannot count
        is denied, too.

    Raises
    ------
    SandboxError
        If libseccomp cannot be loaded or produces no filter.
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
    """Calls that fail with `answer`: always, or if all conditions (index, comparison, mask, value) hold."""

    names: Sequence[str]
    answer: int = errno.EPERM
    conditions: tuple[tuple[int, str, int, int], ...] = ()


def _rules() -> Iterator[_Rule]:
    yield _Rule(DENIED)
    for flag in Syscalls.NAMESPACES:
        yield _Rule(("clone",), conditions=((0, "MASKED_EQ", flag, flag),))
    # clone3 passes its flags by pointer, where no filter sees them. Without it the C library falls back to clone.
    yield _Rule(("clone3",), errno.ENOSYS)
    # fallocate reserves disk space without writing, past every file-size limit: a terabyte in a second. When it is reported
    # as unsupported, programs write instead.
    yield _Rule(("fallocate",), errno.EOPNOTSUPP)
    # A core dump may be piped to a program of the host (`notebook_cage.limiting`), so the limit cannot be raised again.
    yield _Rule(("setrlimit",), conditions=((0, "MASKED_EQ", Syscalls.LOW, Syscalls.CORES),))
    yield _Rule(("prlimit64",), conditions=((1, "MASKED_EQ", Syscalls.LOW, Syscalls.CORES), (2, "NE", 0, 0)))
    for family in sorted({*range(Syscalls.LAST_FAMILY)} - {Syscalls.LOCAL}):
        yield _Rule(("socket",), _MISSING.get(family, errno.EPERM), ((0, "EQ", family, 0),))
    yield _Rule(("socket",), conditions=((0, "GE", Syscalls.LAST_FAMILY, 0),))
    for request in Syscalls.TERMINAL_REQUESTS:
        yield _Rule(("ioctl",), conditions=((1, "MASKED_EQ", Syscalls.LOW, request),))


def _rules_where_watched() -> Iterator[_Rule]:
    # Shared anonymous pages outlive their mappings, and are then invisible to the watchdog.
    yield _Rule(("mmap",), conditions=((3, "MASKED_EQ", Syscalls.SHARED_WITHOUT_FILE, Syscalls.SHARED_WITHOUT_FILE),))
    # A socket's content cannot be measured, only its capacity: requests to change the default capacity are silently ignored.
    for option in (Syscalls.SEND_BUFFER, Syscalls.RECEIVE_BUFFER):
        asked = ((1, "MASKED_EQ", Syscalls.LOW, Syscalls.SOCKET_LEVEL), (2, "MASKED_EQ", Syscalls.LOW, option))
        yield _Rule(("setsockopt",), 0, asked)


# A BPF instruction: operation, jump if true, jump if false, operand (linux/filter.h).
_INSTRUCTION = struct.Struct("=HBBI")


def _newer_than_known() -> bytes:
    """Return BPF instructions that reject calls above `Syscalls.NEWEST`, including those of x32 (bit 30).

    A C library takes the answer (ENOSYS) for an older kernel and falls back.
    """
    return b"".join(
        _INSTRUCTION.pack(*fields)
        for fields in (
            (Syscalls.LOAD, 0, 0, 0),  # the system call's number
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
        # This libseccomp or architecture does not know the name, so no program can make the call by name.
        if error.errno not in (errno.EINVAL, errno.EFAULT, errno.EDOM, errno.ENOENT):
            raise
