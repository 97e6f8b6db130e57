"""Files that enter and leave a run's sandbox: given data, and evidence.

Half of the test inputs are replaced, and some training images marked. Evidence is copied byte by byte from a folder that the
untrusted process can write to, into one of ours.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from graphread.text import Text
from netgrader.checks.context import dataset_in
from netgrader.checks.held_out import mark
from netgrader.checks.held_out_rows import held_out_inputs
from netgrader.data import DATA, DATA_HASH
from netgrader.evidence import LIMITS, MANIFEST, BadEvidence, EvidenceLimits
from notebook_cage import HOME, Mount, remove_tree, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from netgrader.data import DataSpec
    from netgrader.grading.execution import ExecutionRequest

__all__ = ["FOLDER", "TooMuchEvidence", "copy_evidence", "data_environment", "given_data"]

FOLDER = "course"
DATA_INSIDE = f"{HOME}/{FOLDER}/data"
_ZEROS = bytes(1 << 20)
NOT_REGULAR = Text("The evidence holds something that is not a regular file.")
TOO_LARGE = Text("The evidence is too large.")
# File names in a manifest, in any position: each match is a valid evidence name and becomes a path of ours.
_NAMED = re.compile(rb'"([0-9]{1,6}\.(?:pb|npy))"')


@contextmanager
def given_data(request: ExecutionRequest) -> Iterator[tuple[Mount, ...]]:
    """Mount the data for the notebook during the body; yield no mount if the course has none.

    The originals of replaced test inputs are in no file that the sandbox can read.
    """
    if request.data is None or request.spec is None:
        yield ()
        return
    folder = scratch_folder("data")
    try:
        folder.chmod(0o755)
        file = _redrawn(request.data, request.spec, request.held_out, folder) if request.held_out else request.data
        yield (Mount(file.resolve(), f"{DATA_INSIDE}/{request.spec.file}"),)
    finally:
        remove_tree(folder)


def data_environment(mounts: tuple[Mount, ...]) -> dict[str, str]:
    """Return the environment variables for the students' package: the data's path and SHA-256."""
    found: dict[str, str] = {}
    for mount in mounts:
        found = {DATA: mount.inside, DATA_HASH: hashlib.sha256(mount.host.read_bytes()).hexdigest()}
    return found


def _redrawn(data: Path, spec: DataSpec, seed: str, folder: Path) -> Path:
    known = dataset_in(data, spec)
    given = held_out_inputs(seed, (known.x_train, known.y_train), (known.x_test, known.y_test), spec)
    x_train = known.x_train
    if spec.learned is not None:
        x_train = mark(seed, x_train, known.y_train, spec.largest).images
    file = folder / data.name
    arrays = {
        spec.train.inputs: x_train,
        spec.train.targets: known.y_train,
        spec.test.inputs: given.images,
        spec.test.targets: known.y_test,
    }
    np.savez(file, allow_pickle=False, **arrays)
    file.chmod(0o644)
    return file


class TooMuchEvidence(BadEvidence):
    """All evidence of a notebook exceeds its limit."""


def copy_evidence(source: Path, target: Path, limits: EvidenceLimits = LIMITS, most: int = sys.maxsize) -> int:
    """Copy the manifest of the flat folder `source`, and the files it names, into the new `target`.

    No links are followed, unnamed files are ignored, and bytes are copied: a process that still has a file open cannot change
    our copy. Blocks of zeros, such as a file's holes, become holes in the copy.

    Parameters
    ----------
    source, target
        The folders.
    limits
        The limits for one check cell.
    most
        The bytes left for the notebook.

    Returns
    -------
    int
        The bytes to read, including holes; 0 if there is no manifest.

    Raises
    ------
    TooMuchEvidence
        If it exceeds `most`.
    BadEvidence
        If one of the files is not regular, or they exceed `limits`.
    """
    try:
        folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise BadEvidence(Text("The evidence's folder is gone.")) from error
    try:
        target.mkdir()
        if not _sizes(folder, [MANIFEST]):
            return 0
        # The total size is known before any file is copied.
        total = _copy_file(folder, MANIFEST, target, min(limits.manifest_bytes, most))
        names = sorted({name.decode("ascii") for name in _NAMED.findall((target / MANIFEST).read_bytes())})
        if len(names) > limits.files:
            raise BadEvidence(Text("The evidence has more than {most} files.", most=limits.files))
        # Any text may look like a name; the evidence reader reports missing files.
        sizes = _sizes(folder, names)
        size = total + sum(sizes.values())
        if size > limits.total_bytes:
            raise BadEvidence(TOO_LARGE)
        if size > most:
            raise TooMuchEvidence(TOO_LARGE)
        for name in sizes:
            total += _copy_file(folder, name, target, min(limits.total_bytes, most) - total)
    finally:
        os.close(folder)
    return total


def _sizes(folder: int, names: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those files that exist, in bytes."""
    sizes = {}
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                sizes[name] = os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
    except OSError as error:
        raise BadEvidence(NOT_REGULAR) from error
    return sizes


def _copy_file(folder: int, name: str, target: Path, most: int) -> int:
    """Copy one file; return its size in bytes."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise BadEvidence(NOT_REGULAR) from error
    copied = 0
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadEvidence(NOT_REGULAR)
        with (target / name).open("wb", buffering=0) as writing:
            while content := os.read(descriptor, len(_ZEROS)):
                copied += len(content)
                if copied > most:
                    raise BadEvidence(TOO_LARGE)
                if content == _ZEROS:
                    writing.seek(copied)
                else:
                    writing.write(content)
            writing.truncate(copied)
    finally:
        os.close(descriptor)
    return copied
