"""The contents of netgrader's sandbox: its package, the fork server's imports, messages on refusal.

The students' files are copied and compiled once per version and mounted read-only; nothing else is. An editable install's
folder is the instructor's whole repository, so that folder itself is never mounted.
"""

from __future__ import annotations

import compileall
import contextlib
import functools
import os
import pkgutil
import secrets
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from netgrader.errors import CageError
from netgrader.own_files import DIGITS, GRAPHREAD, PACKAGE
from netgrader.wheels import content_hash, student_files
from notebook_cage import BrokenPromiseError, Mount, SandboxError, gaps, require_self_tests
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.host import open_to_all
from notebook_cage.zygote import Preload

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "HIDDEN",
    "PACKAGE_FOLDER",
    "cache_folder",
    "cage_warning",
    "our_package",
    "preload",
    "refusals",
    "require_cage",
    "tensorflow_environment",
]

PACKAGE_FOLDER = "/opt/netgrader"
"""The mount point inside the sandbox; it must be on the module path."""
HIDDEN = (PACKAGE, GRAPHREAD, *map(Path, pkgutil.extend_path([], DIGITS.name)))
"""Folders that look empty inside the sandbox: this package, the reader and the course, if they are installed with the others.

An editable install copies the course, too. The sandbox's own package and those of plug-ins contain no answers and stay visible.
"""
UNUSED_SECONDS = 7 * 24 * 3600.0
PRELOADED = ("numpy", "ipykernel.kernelapp", "matplotlib.pyplot", "tensorflow.compat.v1")
"""Imports of the notebook kernel and the lab. Excludes Matplotlib's inline backend, which needs a kernel at import."""
AT_IMPORT = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MPLBACKEND")


def tensorflow_environment(threads: int) -> dict[str, str]:
    """Return environment variables for TensorFlow and NumPy: `threads` threads, no GPU, no import log."""
    count = str(threads)
    names = (
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    )
    return {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **dict.fromkeys(names, count)}


def preload(threads: int) -> Preload:
    """Return the fork server's imports and environment for kernels and labs with `threads` threads."""
    # A kernel sets this before a notebook imports Matplotlib.
    env = {**tensorflow_environment(threads), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    return Preload(PRELOADED, env, AT_IMPORT, hidden=HIDDEN)


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Convert a `SandboxError` to a `CageError`."""
    try:
        yield
    except SandboxError as error:
        raise CageError(str(error)) from error


def require_cage(sandbox: str) -> None:
    """Require that the sandbox `sandbox` keeps its promises on this machine.

    Raises
    ------
    CageError
        If it breaks one: the message names the promise and the command to type.
    """
    with refusals():
        try:
            require_self_tests(sandbox, HIDDEN)
        except BrokenPromiseError as error:
            raise CageError(f"{error} Type: {_doctor(sandbox)}") from error


def cage_warning(sandbox: str) -> str:
    """Return a warning about promises that `sandbox` does not keep, for each grading; empty if none."""
    missing = gaps(sandbox)
    return f"Take care: {missing}. Type: {_doctor(sandbox)}" if missing else ""


def _doctor(sandbox: str) -> str:
    """Return the command that shows what a sandbox promises on this machine."""
    return "netgrader doctor" if sandbox == BubblewrapSandbox.name else f"netgrader doctor --sandbox {sandbox}"


def our_package() -> Mount:
    """Return the mount of our package in a sandbox: the students' wheel with the lab's server."""
    return Mount(_copied(_signature()), PACKAGE_FOLDER)


@functools.cache
def _copied(signature: str) -> Path:
    """Return the folder with the students' copy of the package; create it if it is missing."""
    root = cache_folder()
    folder = root / f"students-{signature}"
    if _is_ours(folder):
        os.utime(folder)
        return folder
    try:
        _forget_old(root)
        return _make(folder)
    except OSError as error:
        raise CageError(f"There is no place for a copy of our package: {error}.") from error


def _make(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    try:
        for name, content in student_files().items():
            target = part / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        compileall.compile_dir(part, quiet=2, stripdir=str(part), prependdir=PACKAGE_FOLDER)
        open_to_all(part)  # the sandbox runs as another user
        with contextlib.suppress(OSError):
            part.rename(folder)
        if not _is_ours(folder):  # made just now, or by a faster process
            raise CageError(f"{folder} cannot be written, or is somebody else's.")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _forget_old(root: Path) -> None:
    """Remove copies unused for a week (`UNUSED_SECONDS`)."""
    for folder in root.glob("*-*"):
        if time.time() - folder.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def cache_folder() -> Path:
    """Return a folder for regenerable files: in the user's cache, or else a temporary one of this process."""
    root = user_cache_path("netgrader") / "packages"
    with contextlib.suppress(OSError):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return root if os.access(root, os.W_OK) else _folder_of_this_process()


@functools.cache
def _folder_of_this_process() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="netgrader-packages-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
"""Keeps temporary folders alive until the process ends."""


def _is_ours(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


@functools.cache
def _signature() -> str:
    """Return a hash of the students' files, the package's location and the Python version."""
    return content_hash(f"{sys.version} {PACKAGE}", student_files())[:24]
