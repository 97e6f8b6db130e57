"""The usage of a run, from outside: memory and processor time of processes, size of folders.

The processes and files are untrusted and change meanwhile: what vanishes while being looked at counts as
nothing, and no walk is longer than the limit that it is there to find.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "folder_use",
    "process_cpu_seconds",
    "process_memory",
    "process_tree",
    "resident_bytes",
    "socket_memory",
    "tmpfs_use",
]

DEEPEST = 64
PAGE = os.sysconf("SC_PAGESIZE")


def process_tree(root: int) -> list[int]:
    """Return the ids of `root` and its descendants, with orphans of its process namespace."""
    try:
        return [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    except psutil.Error:
        return [root]


def process_cpu_seconds(processes: Iterable[int]) -> float:
    """Return the processor time, in seconds, of `processes` and of their children that have ended."""
    seconds = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            seconds += sum(psutil.Process(process).cpu_times()[:4])  # user, system, and both of children
    return seconds


def process_memory(processes: Iterable[int], enough: int, in_folders: int = 0) -> int:
    """Return the bytes of memory that `processes` use together, what they share counted once.

    Resident sizes are quick to read and count shared pages several times; only where their sum is above `enough` is
    the proportional size taken instead. Tables of pages, what is swapped out and a page for each open file (half of
    what a pipe holds at least) count, too.

    Parameters
    ----------
    processes
        Their ids.
    enough
        What need not be known more precisely.
    in_folders
        Bytes in their folders in memory, mapped or not; what is mapped of them counts once.
    """
    processes = list(processes)
    sizes = {process: _sizes(Path(f"/proc/{process}/status")) for process in processes}
    by_kernel = sum(table.get("VmPTE", 0) + table.get("VmSwap", 0) for table in sizes.values())
    by_kernel += sum(map(_open_files, processes)) * PAGE
    total = sum(table.get("VmRSS", 0) for table in sizes.values()) + by_kernel + in_folders
    if total <= enough:
        return total
    # Where the kernel does not tell proportions, what is resident stands for them.
    rollups = [
        _sizes(Path(f"/proc/{process}/smaps_rollup")) or {"Pss": sizes[process].get("VmRSS", 0)}
        for process in processes
    ]
    mapped = sum(table.get("Pss_Shmem", 0) for table in rollups)
    return sum(table.get("Pss", 0) for table in rollups) + by_kernel + max(0, in_folders - mapped)


def _sizes(path: Path) -> dict[str, int]:
    """Return the sizes, in bytes, in a table of the kernel that gives them in kB."""
    with contextlib.suppress(OSError):
        lines = re.findall(r"^(\w+):\s*([0-9]+) kB$", path.read_text(errors="replace"), re.MULTILINE)
        return {name: int(number) * 1024 for name, number in lines}
    return {}


def _open_files(process: int) -> int:
    with contextlib.suppress(OSError):
        # Since Linux 6.2 the folder's size is how many there are.
        return Path(f"/proc/{process}/fd").stat().st_size or sum(1 for _ in os.scandir(f"/proc/{process}/fd"))
    return 0


def socket_memory(process: int) -> int:
    """Return the bytes that all sockets in the network of `process` may hold; 0 if that network is ours.

    The content of a unix socket is invisible, but the number of sockets is known, and a socket whose owner cannot enlarge
    it takes messages until it holds more than the machine's default, the last of which is at most that large.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        if Path(f"/proc/{process}/ns/net").stat().st_ino == Path("/proc/self/ns/net").stat().st_ino:
            return 0
        used = int(Path(f"/proc/{process}/net/sockstat").read_text().split()[2])
        default = max(int(Path(f"/proc/sys/net/core/{name}").read_text()) for name in ("wmem_default", "rmem_default"))
        return used * 2 * default
    return 0


def resident_bytes(process: int) -> int:
    """Return the bytes of memory that a process holds, what it shares included; 0 if it is gone."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(process).memory_info().rss)
    return 0


def folder_use(folder: Path, most_files: int) -> tuple[int, int]:
    """Return bytes on disk and entries below `folder`; stop counting beyond `most_files` entries.

    A tree nested deeper than anybody needs counts as having too many.
    """
    size = files = 0
    todo = [(os.fspath(folder), 0)]
    while todo:
        path, depth = todo.pop()
        if depth > DEEPEST:
            return size, most_files + 1
        try:
            entries = os.scandir(path)
        except OSError:
            continue
        with entries:
            for entry in entries:
                files += 1
                if files > most_files:
                    return size, files
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    size += status.st_blocks * 512
                    if stat.S_ISDIR(status.st_mode):
                        todo.append((entry.path, depth + 1))
    return size, files


def tmpfs_use(process: int, inside: str, largest: int) -> tuple[int, int]:
    """Return bytes and entries of the tmpfs that `process` sees at `inside`; zeros if unreachable.

    `inside` must be a mount that only we made, of at most `largest` bytes, so that its path cannot lead elsewhere. While
    the cage is still being built the path leads to folders of the host, which are larger and are not counted.
    """
    with contextlib.suppress(OSError):
        device = Path(f"/proc/{process}/root{inside}").stat().st_dev
        with contextlib.suppress(FileNotFoundError):
            if device == Path(inside).stat().st_dev:
                return 0, 0
        use = os.statvfs(f"/proc/{process}/root{inside}")
        if use.f_blocks * use.f_frsize > largest + PAGE:
            return 0, 0
        return (use.f_blocks - use.f_bfree) * use.f_frsize, use.f_files - use.f_ffree
    return 0, 0
