"""The requests and answers of a sandbox: mounts, limits, plan, usage, outcome."""

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
"""Home folder inside: in memory, and gone with the run."""
TMP = "/tmp"  # noqa: S108 - the cage's own, also in memory
SHM = "/dev/shm"  # noqa: S108 - likewise


class SandboxError(Exception):
    """A cage cannot be built or started here; the message is a sentence that says what to do."""


class BrokenPromiseError(SandboxError):
    """A self-test failed: the cage does not keep a promise on this machine."""


@dataclass(frozen=True)
class Mount:
    """A file or folder of the host and its path inside the cage.

    A writable one must be a folder that belongs to this run alone: its owner becomes the cage's user, and its content
    afterwards is untrusted.
    """

    host: Path
    inside: str
    writable: bool = False


@dataclass(frozen=True)
class Limits:
    """What a run may use, all its processes together unless said otherwise."""

    wall_seconds: float = 3600.0
    """Time until everything is killed."""
    cpu_cores: float = 2.0
    """Processor time a second, in cores."""
    memory_bytes: int = 4_000_000_000
    """Memory, files in memory (/tmp, /dev/shm, home) included where a control group counts them."""
    processes: int = 256
    """Processes and threads."""
    file_bytes: int = 1_200_000_000
    """Size of each file written."""
    disk_bytes: int = 1_200_000_000
    """Size of the home folder, of /tmp, and of each writable mount; /dev/shm has a quarter of it."""
    files: int = 20_000
    """Number of files and folders in each of them."""
    open_files: int = 1_024
    """Descriptors of each process."""
    output_bytes: int = 16_000
    """How much of the end of standard error is kept."""


@dataclass(frozen=True)
class Plan:
    """One run: what to start, and all that it sees."""

    argv: Sequence[str]
    """Program and arguments, with paths as they are inside."""
    mounts: Sequence[Mount] = ()
    """The mounts in addition to the system's libraries and our interpreter."""
    hidden: Sequence[Path] = ()
    """Folders of the host that look empty, where they lie among the packages that every run sees; not in the sandbox
    ``user``, which has no file system of its own."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The whole environment but for what the sandbox itself sets (HOME, PATH, LANG and the like)."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Small files put into the home folder before the start, by relative path."""
    cwd: str = "."
    """Working folder, relative to the home folder."""
    limits: Limits = field(default_factory=Limits)
    """What it may use."""
    warm: bool = False
    """Whether it is a program of our interpreter's (``python -P -c`` or ``-I -c``) that may begin as a fork of a zygote,
    if the sandbox has one. What it sees and may do is the same."""


@dataclass(frozen=True)
class Usage:
    """What a run has used until now."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    peak_memory_bytes: int = 0
    disk_bytes: int = 0


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended."""

    code: int
    """Exit code of the program, negative for the signal that killed it."""
    limit: str | None
    """The limit that ended it (``wall``, ``memory``, ``disk``, ``files``), ``killed`` if we stopped it on purpose,
    ``cage`` if the cage could not be built, or None if it ended by itself."""
    usage: Usage
    """What it used."""
    error_tail: str = ""
    """The end of its standard error; untrusted."""


class Sandbox(Protocol):
    """Starts programs that it keeps from everything but what their plan names."""

    @property
    def name(self) -> str:
        """Name on the command line: ``bubblewrap``, ``bubblewrap-without-control-group`` or ``user``."""

    @property
    def not_promised(self) -> Mapping[str, str]:
        """Return the promises that it does not make, by self-test, each with what stays open."""

    @property
    def note(self) -> str:
        """Return the sentence that each result says of it; empty for a cage that makes all promises."""

    @property
    def memory_gap(self) -> str:
        """Return a sentence on the memory of a run that is not limited on this machine; empty if all is."""

    def with_zygote(self, zygote: Zygote) -> Self:
        """Return the same sandbox with runs that begin as forks of `zygote`, if they can."""

    def seen(self, mount: Mount) -> str:
        """Return the path at which a program sees `mount`."""

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan`; `stdin` and `stdout` are as for subprocess.Popen, nothing if None.

        Raises
        ------
        SandboxError
            If the cage cannot be built.
        """
