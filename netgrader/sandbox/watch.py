"""What a run uses as seen from outside: memory and processor time of its processes, size of its folders.

Everything here looks at processes and files of a stranger that change meanwhile: what vanishes while being looked at
counts as nothing, and no walk is longer than the limit that it is there to find.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["folder_use", "process_cpu_seconds", "process_memory", "process_tree", "resident_bytes", "tmpfs_use"]

DEEPEST = 64
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")


def process_tree(root: int) -> list[int]:
    """`root` and all its descendants. In a process namespace orphans stay below the namespace's first process."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            parent = _parent(int(entry.name))
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        process = todo.pop()
        found.append(process)
        todo.extend(children.get(process, ()))
    return found


def _stat(process: int) -> list[str]:
    with contextlib.suppress(OSError):
        # The name in brackets may hold anything, brackets included.
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _parent(process: int) -> int | None:
    fields = _stat(process)
    return int(fields[1]) if fields else None


def process_cpu_seconds(processes: Iterable[int]) -> float:
    """Processor time of `processes` and of their children that have ended."""
    ticks = 0
    for process in processes:
        fields = _stat(process)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def process_memory(processes: Iterable[int], enough: int) -> int:
    """Bytes of memory that `processes` use together, what they share counted once.

    Resident sizes are quick to read and count shared pages several times; only where their sum is above `enough` is
    the proportional size taken instead.
    """
    processes = list(processes)
    resident = {process: resident_bytes(process) for process in processes}
    total = sum(resident.values())
    if total <= enough:
        return total
    return sum(_proportional(process, resident[process]) for process in processes)


def resident_bytes(process: int) -> int:
    """Bytes of memory that a process holds, what it shares included; nothing if it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    return 0


def _proportional(process: int, otherwise: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return otherwise


def folder_use(folder: Path, most_files: int) -> tuple[int, int]:
    """Bytes on disk and number of entries below `folder`; stops counting where there are more than `most_files`.

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
    """Bytes and entries of the folder in memory that `process` sees at `inside`; nothing where that is out of reach.

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
