"""Folders that last as long as a run; those of a process that was killed are removed by a later one."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import tempfile
import time
from pathlib import Path

__all__ = ["remove_tree", "scratch_folder"]

PREFIX = "ng-"
OLD = 24 * 3600.0


def scratch_folder(kind: str, root: Path | None = None) -> Path:
    """A fresh folder, for us alone; the caller removes it with `remove_tree`."""
    root = root or Path(tempfile.gettempdir())
    _sweep(root)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-{os.getpid()}-", dir=root))


def remove_tree(folder: Path) -> None:
    """Remove a folder that a stranger may have filled, nested more deeply than Python's own removal can follow."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], check=False, capture_output=True)


@functools.cache
def _sweep(root: Path) -> None:
    """Remove our folders of processes that are gone, once for each process of ours.

    Only old ones: another machine or container that shares the folder has processes that we do not see.
    """
    for folder in root.glob(f"{PREFIX}*-*-*"):
        owner = folder.name.split("-")[-2]
        with contextlib.suppress(OSError):
            status = folder.lstat()
            old = time.time() - status.st_mtime > OLD
            if old and status.st_uid == os.geteuid() and owner.isdigit() and not Path("/proc", owner).exists():
                remove_tree(folder)
