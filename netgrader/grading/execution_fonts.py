"""Matplotlib's list of fonts, made once and put into each kernel's home, which would take a second to find them.

It is made in a cage, since fonts that only the host sees would be missing in it later.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from typing import TYPE_CHECKING

from netgrader.cage import Limits, Mount, Plan, Sandbox, remove_tree, scratch_folder
from netgrader.cage_contents import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["font_files"]

INSIDE = "/run/fonts"
HOME_FOLDER = ".cache/matplotlib"
SECONDS = 60.0
LARGEST = 5_000_000


def font_files(sandbox: Sandbox) -> Mapping[str, bytes]:
    """Files for the home folder of a kernel; none where there is no Matplotlib or no list could be made."""
    try:
        version = importlib.metadata.version("matplotlib")
    except importlib.metadata.PackageNotFoundError:
        return {}
    key = hashlib.sha256(f"{version} {sys.prefix} {sys.version} {sandbox.name}".encode()).hexdigest()[:16]
    folder = _list(sandbox, key) if sandbox.caged else None
    if folder is None:
        return {}
    return {f"{HOME_FOLDER}/{path.name}": path.read_bytes() for path in folder.glob("fontlist-*.json")}


def _list(sandbox: Sandbox, key: str) -> Path | None:
    """The folder with the list."""
    folder = cache_folder() / f"fonts-{key}"
    if not folder.is_dir():
        made = scratch_folder("fonts")
        try:
            plan = Plan(
                [sys.executable, "-c", "import matplotlib.font_manager"],
                mounts=[Mount(made, INSIDE, writable=True)],
                env={"MPLCONFIGDIR": INSIDE},
                limits=Limits(wall_seconds=SECONDS),
            )
            sandbox.start(plan).wait()
            found = [path for path in made.glob("fontlist-*.json") if path.stat().st_size < LARGEST]
            if not found:
                return None
            part = scratch_folder("fonts", folder.parent)
            for path in found:
                (part / path.name).write_bytes(path.read_bytes())
            try:
                part.rename(folder)
            except OSError:
                remove_tree(part)  # another process was quicker
        finally:
            remove_tree(made)
    return folder
