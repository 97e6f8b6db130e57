"""Inputs and results of a sandbox: mounts, limits, plan, usage, outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from notebook_cage.supervisor import Caged
    from notebook_cage.zygote import Zygote

__all__ = [
    "HOME",
    "SHM",
    "TMP",
    "BrokenPromiseError",
    "Limits",
    "Mount",
    "Plan",
    "RunOutcome",
    "Sandbox",
    "SandboxError",
    "Usage",
]

HOME = "/home/student"
"""Home folder inside the cage: a tmpfs, discarded after the run."""
TMP = "/tmp"  # noqa: S108 - the cage's own, also in memory
SHM = "/dev/shm"  # noqa: S108 - likewise


class SandboxError(Exception):
    """A cage cannot be built or started here; the message says what to do."""


class BrokenPromiseError(SandboxError):
    """A self-test failed: the sandbox breaks a promise on this machine."""


@dataclass(frozen=True)
class Mount:
    """A file or folder of the host and its path inside the cage.

    A writable mount must be a folder that belongs to this run alone: the cage's user becomes its owner, and afterwards its
    content is untrusted.
    """

    host: Path
    inside: str
    writable: bool = False


@dataclass(frozen=True)
class Limits:
    """Resource limits of a run, for all its processes together unless noted."""

    wall_seconds: float = 3600.0
    """Seconds until everything is killed."""
    cpu_cores: float = 2.0
    """CPU time per second, in cores."""
    memory_bytes: int = 4_000_000_000
    """Bytes of memory; includes files in memory (/tmp, /dev/shm, home) where a control group counts them."""
    processes: int = 256
    """Number of processes and threads."""
    file_bytes: int = 1_200_000_000
    """Bytes of each written file."""
    disk_bytes: int = 1_200_000_000
    """Bytes of the home folder, of /tmp, and of each writable mount; /dev/shm gets a quarter."""
    files: int = 20_000
    """Number of files and folders in each of them."""
    open_files: int = 1_024
    """Open descriptors of each process."""
    output_bytes: int = 16_000
    """Bytes kept from the end of standard error."""


@dataclass(frozen=True)
class Plan:
    """One run: the program to start, and everything that it sees."""

    argv: Sequence[str]
    """Program and arguments, with paths inside the cage."""
    mounts: Sequence[Mount] = ()
    """Mounts in addition to the system's libraries and our interpreter."""
    hidden: Sequence[Path] = ()
    """Folders of the host that look empty, even among the packages that every run sees; no effect in the sandbox ``user``,
    which has no file system of its own."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The environment, except for what the sandbox itself sets (HOME, PATH, LANG and the like)."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Small files to put into the home folder before the start, by relative path."""
    cwd: str = "."
    """Working folder, relative to the home folder."""
    limits: Limits = field(default_factory=Limits)
    """Resource limits."""
    warm: bool = False
    """Whether the run is a program for our interpreter (``python -P -c`` or ``-I -c``) that may start as a fork of the
    sandbox's zygote, if it has one. What it sees and may do is the same."""


@dataclass(frozen=True)
class Usage:
    """Resource usage of a run so far: seconds and bytes."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    peak_memory_bytes: int = 0
    disk_bytes: int = 0


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended."""

    code: int
    """Exit code of the program; negative for the signal that killed it."""
    limit: str | None
    """The limit that ended it (``wall``, ``memory``, ``disk``, ``files``), ``killed`` if we stopped it on purpose, ``cage``
    if the cage could not be built, or None if it ended by itself."""
    usage: Usage
    """Its resource usage."""
    error_tail: str = ""
    """The end of its standard error; untrusted."""


class Sandbox(Protocol):
    """A way to start programs isolated from everything that their plan does not name."""

    @property
    def name(self) -> str:
        """Name on the command line: ``bubblewrap``, ``bubblewrap-without-control-group`` or ``user``."""

    @property
    def not_promised(self) -> Mapping[str, str]:
        """Return the promises that it does not make, by self-test, each with what stays open."""

    @property
    def note(self) -> str:
        """Return the sentence for each result that discloses a weaker sandbox; empty if all promises are made."""

    @property
    def memory_gap(self) -> str:
        """Return a sentence on memory of a run that escapes the limit on this machine; empty if none does."""

    def with_zygote(self, zygote: Zygote) -> Self:
        """Return a copy that starts warm runs as forks of `zygote`, if the sandbox supports it."""

    def seen(self, mount: Mount) -> str:
        """Return the path at which a program sees `mount`."""

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan`; `stdin` and `stdout` are as for subprocess.Popen, and empty if None.

        Raises
        ------
        SandboxError
            If the cage cannot be built.
        """
