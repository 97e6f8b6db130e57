"""Wheels of the whole package and of the students' part, built by hatchling.

The students' wheel has another name than the package that grades, and its version ends with a content hash: pip installs a
fixed version over an earlier one, and skips an unchanged one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from graphread.fault_kinds import PAGES, without_answers
from netgrader import __version__
from netgrader.errors import NetgraderError
from netgrader.files import write_bytes
from netgrader.own_files import CAGE, GRAPHREAD, PACKAGE, files_of, is_part_of, package_files
from netgrader.python_sources import imported_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "FORM",
    "REQUIRED",
    "build_own_wheel",
    "build_wheel",
    "content_hash",
    "pins",
    "requirements",
    "student_files",
    "tried",
]

NAME = "netgrader-student"
EPOCH = "315532800"
"""1980-01-01 in seconds since 1970, the earliest time in a zip archive."""
FORM = "netgrader_student-*.whl"
"""The file name pattern of the students' wheel."""

WITHHELD = (
    "belonging",
    "cage_contents",
    "caged_lab",
    "checks.cell_points",
    "checks.provenance",
    "cli",
    "commands",
    "course",
    "files",
    "formgrader",
    "grading",
    "judges.own_run",
    "judges.replay",
    "limited",
    "nbgrader_plugin",
    "new_course",
    "own_files",
    "pages",
    "python_sources",
    "releases",
    "skeleton",
    "web_release",
    "wheels",
    "which_course",
    "workers",
)
"""The grader's modules: POSIX, nbgrader, sandboxes, and those that only hidden verdicts use.

Students' modules import them only inside functions: a test imports each module of the wheel without our other packages.
"""
NOT_FOR_STUDENTS = ("netgrader_platforms", "notebook_cage")
"""Packages that students do not have."""
REQUIRED = ("numpy", "tensorflow", "matplotlib", "pytest", "ipython", "protobuf", "msgspec")
"""Dependencies of the students' package, in the versions that this package requires."""
TRIED = {
    "numpy": "2.5.5",
    "tensorflow": "2.21.0",
    "matplotlib": "3.11.2",
    "pytest": "9.2.0",
    "ipython": "9.18.1",
    "protobuf": "7.36.2",
    "msgspec": "0.23.0",
    "jupyterlab": "4.6.6",
    "tensorboard": "2.21.0",
}
"""A student's packages next to the wheel, with their newest tested version: the digits notebooks ran with it.

``evaluation/environments.csv`` has the runs.
"""


def build_wheel(target: Path, released: Iterable[Path] = ()) -> Path:
    """Write the students' wheel to the folder `target`, as `_build` does.

    `released` are the course's own Python files in the release, public tests and probes.

    Raises
    ------
    NetgraderError
        If one of these files needs a withheld module.
    """
    for test in released:
        _refuse_withheld(test)
    files, needed = student_files(), requirements(REQUIRED)
    # The prefix h keeps a hash of digits alone from being read as a number.
    version = f"{__version__}+h{content_hash(str(needed), files)[:12]}"
    project = {
        "name": NAME,
        "version": version,
        "description": "What the notebooks of a neural-network course import.",
        "license": "MIT",
        "requires-python": ">=3.11",
        "dependencies": [*needed],
    }
    return _build(target, project, files)


def build_own_wheel(target: Path, plugin: Mapping[str, Path]) -> Path:
    """Write the wheel of this package, reader, sandbox and a plug-in's files, as installed here."""
    about = importlib.metadata.distribution(PACKAGE.name)
    groups: dict[str, dict[str, str]] = {}
    for point in about.entry_points:
        groups.setdefault(point.group, {})[point.name] = point.value
    project = {
        "name": PACKAGE.name,
        "version": about.version,
        "description": about.metadata["Summary"],
        "license": "MIT",
        "requires-python": about.metadata["Requires-Python"],
        "dependencies": about.requires,
        "scripts": groups.pop("console_scripts"),
        "entry-points": groups,
    }
    files = {**files_of(PACKAGE), **files_of(GRAPHREAD), **files_of(CAGE), **plugin}
    return _build(target, project, {name: path.read_bytes() for name, path in files.items()})


def _build(target: Path, project: Mapping[str, object], files: Mapping[str, bytes]) -> Path:
    """Write a wheel of `files` by path; `project` is as in ``pyproject.toml``.

    With one version of hatchling, equal input gives equal bytes.
    """
    from hatchling.builders.wheel import WheelBuilder  # noqa: PLC0415  (slow, and only two commands build)

    with tempfile.TemporaryDirectory() as root:
        for name, content in files.items():
            write_bytes(Path(root, name), content)
        packages = sorted({name.partition("/")[0] for name in files})
        hatch = {"build": {"ignore-vcs": True, "targets": {"wheel": {"packages": packages}}}}
        builder = WheelBuilder(root, config={"project": project, "tool": {"hatch": hatch}})
        # Nothing in the environment may change what is built, or when it says that it was.
        flags = {"hooks_only": False, "clean": False, "clean_hooks_after": False}
        with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": EPOCH}):
            (wheel,) = builder.build(directory=str(target), versions=["standard"], **flags)
        return Path(wheel)


def pins() -> tuple[str, ...]:
    """Return pip requirements that pin all of this package's dependencies to the installed versions."""
    found: dict[str, str] = {}
    left = [PACKAGE.name]
    while left:
        for one in _needs(left.pop()):
            name = canonicalize_name(one.name)
            if name not in found:
                found[name] = Version(importlib.metadata.version(name)).public
                left.append(name)
    return tuple(f"{name}=={version}" for name, version in sorted(found.items()))


def _needs(package: str) -> Iterator[Requirement]:
    """Yield the requirements of an installed package that apply here, without its extras."""
    for one in map(Requirement, importlib.metadata.requires(package) or ()):
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            yield one


def requirements(names: Iterable[str]) -> tuple[str, ...]:
    """Return requirements for the packages `names`, in the versions that this package requires."""
    found = {one.name: f"{one.name}{one.specifier}" for one in _needs(PACKAGE.name)}
    return tuple(found[name] for name in names)


def tried() -> tuple[str, ...]:
    """Return requirements for students' packages: our lower bounds, and no newer version than tested.

    The wheel itself sets no upper bounds, so pip leaves the packages of a platform like Colab unchanged.
    """
    return tuple(f"{asked},<={newest}" for asked, newest in zip(requirements(TRIED), TRIED.values(), strict=True))


def content_hash(about: str, files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of a text and of files with their paths, as 64 hex digits."""
    total = hashlib.sha256(about.encode())
    for path, content in files.items():
        total.update(f"{path} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def student_files() -> dict[str, bytes]:
    """Return the students' files by path in the wheel: the reader, and our modules not withheld."""
    return {name: _student_part(path) for name, path in {**package_files(WITHHELD), **files_of(GRAPHREAD)}.items()}


def _student_part(path: Path) -> bytes:
    """Return a file as students get it: fault pages lose their programs."""
    content = path.read_bytes()
    return without_answers(content.decode()).encode() if path.parent.name == PAGES else content


def _refuse_withheld(path: Path) -> None:
    """Raise an error if a course's file for students imports a module that they do not have."""
    for name in imported_names(path.read_text(encoding="utf-8")):
        if is_part_of(name.removeprefix("netgrader."), (*WITHHELD, *NOT_FOR_STUDENTS)):
            raise NetgraderError(f"{path.name} is for students and imports {name}, which is not.")
