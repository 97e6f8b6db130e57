"""Measure a run from outside: memory and CPU time of its processes, size of its folders.

The processes and files are untrusted and change during measurement: what vanishes counts as zero, and no walk is longer than
the limit that it checks.
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
    """Return the ids of `root` and its descendants, including orphans of its PID namespace."""
    try:
        return [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    except psutil.Error:
        return [root]


def process_cpu_seconds(processes: Iterable[int]) -> float:
    """Return the CPU time, in seconds, of `processes` and of their children that have ended."""
    seconds = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            seconds += sum(psutil.Process(process).cpu_times()[:4])  # user and system time, own and children's
    return seconds


def process_memory(processes: Iterable[int], enough: int, in_folders: int = 0) -> int:
    """Return the bytes of memory that `processes` use together, with shared pages counted once.

    Resident sizes are quick to read but count shared pages several times; only if their sum exceeds `enough` are proportional
    sizes read instead. Page tables, swap and one page for each open file (half the smallest capacity of a pipe) count.

    Parameters
    ----------
    processes
        Process ids.
    enough
        Below this number of bytes the coarse sum suffices.
    in_folders
        Bytes in their tmpfs folders, mapped or not; mapped pages count once.
    """
    processes = list(processes)
    sizes = {process: _sizes(Path(f"/proc/{process}/status")) for process in processes}
    by_kernel = sum(table.get("VmPTE", 0) + table.get("VmSwap", 0) for table in sizes.values())
    by_kernel += sum(map(_open_files, processes)) * PAGE
    total = sum(table.get("VmRSS", 0) for table in sizes.values()) + by_kernel + in_folders
    if total <= enough:
        return total
    # If the kernel does not report proportional sizes, resident sizes replace them.
    rollups = [
        _sizes(Path(f"/proc/{process}/smaps_rollup")) or {"Pss": sizes[process].get("VmRSS", 0)}
        for process in processes
    ]
    mapped = sum(table.get("Pss_Shmem", 0) for table in rollups)
    return sum(table.get("Pss", 0) for table in rollups) + by_kernel + max(0, in_folders - mapped)


def _sizes(path: Path) -> dict[str, int]:
    """Return the sizes, in bytes, in a kernel table that lists them in kB."""
    with contextlib.suppress(OSError):
        lines = re.findall(r"^(\w+):\s*([0-9]+) kB$", path.read_text(errors="replace"), re.MULTILINE)
        return {name: int(number) * 1024 for name, number in lines}
    return {}


def _open_files(process: int) -> int:
    with contextlib.suppress(OSError):
        # Since Linux 6.2, the size of this folder is the number of open descriptors.
        return Path(f"/proc/{process}/fd").stat().st_size or sum(1 for _ in os.scandir(f"/proc/{process}/fd"))
    return 0


def socket_memory(process: int) -> int:
    """Return the capacity, in bytes, of all sockets in a process's network namespace; 0 if it is ours.

    The content of a Unix socket cannot be measured, but the number of sockets can. A socket whose owner cannot enlarge it
    accepts messages until it holds more than the machine's default, and the last message is at most that large.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        if Path(f"/proc/{process}/ns/net").stat().st_ino == Path("/proc/self/ns/net").stat().st_ino:
            return 0
        used = int(Path(f"/proc/{process}/net/sockstat").read_text().split()[2])
        default = max(int(Path(f"/proc/sys/net/core/{name}").read_text()) for name in ("wmem_default", "rmem_default"))
        return used * 2 * default
    return 0


def resident_bytes(process: int) -> int:
    """Return the resident bytes of a process, including shared pages; 0 if it is gone."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(process).memory_info().rss)
    return 0


def folder_use(folder: Path, most_files: int) -> tuple[int, int]:
    """Return bytes on disk and entries below `folder`; stop counting beyond `most_files` entries.

    A tree nested deeper than `DEEPEST` counts as having too many entries.
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

    `inside` must be a mount that only we made, of at most `largest` bytes, so that its path cannot lead elsewhere. While the
    cage is being built, the path leads to folders of the host, which are larger and are not counted.
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
