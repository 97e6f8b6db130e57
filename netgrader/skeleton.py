"""A notebook as it was released: its cells as nbgrader's preprocessors make them."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import json
from collections.abc import Mapping  # noqa: TC003  (a kept one is decoded by what its fields say)
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.files import decode, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["Skeleton", "SkeletonCell", "skeleton"]

FORMAT = 2


@dataclass(frozen=True)
class SkeletonCell:
    """One cell of the release."""

    cell_id: str
    """The notebook format's own id of the cell."""
    cell_type: str
    source: str
    """``code``, ``markdown`` or ``raw``, and the text as released."""
    nbgrader: Mapping[str, Any] | None = None
    """Its nbgrader metadata, None where nbgrader does not track it (then it is the student's to change)."""
    frozen: Mapping[str, bool] = field(default_factory=dict)
    """Its ``deletable`` and ``editable`` flags, where they are set."""
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Pictures that the cell's text shows, as the notebook format holds them."""

    def _flag(self, name: str) -> bool:
        return bool(self.nbgrader and self.nbgrader.get(name))

    @property
    def grade_id(self) -> str:
        """The id that nbgrader tracks it by, empty where it does not."""
        return str(self.nbgrader["grade_id"]) if self.nbgrader else ""

    @property
    def is_solution(self) -> bool:
        """Whether it is the student's to fill in."""
        return self._flag("solution") or self._flag("task")

    @property
    def is_graded(self) -> bool:
        """Whether it is worth points."""
        return self._flag("grade") or self._flag("task")

    @property
    def is_check(self) -> bool:
        """Whether its points come from tests."""
        return self.cell_type == "code" and self._flag("grade") and not self._flag("solution")

    @property
    def is_manual(self) -> bool:
        """Whether a person gives its points."""
        return self.is_graded and not self.is_check

    @property
    def locked(self) -> bool:
        """Whether its text is ours and is put back."""
        return self.nbgrader is not None and not self.is_solution and (self._flag("grade") or self._flag("locked"))

    @property
    def points(self) -> float:
        """What it is worth."""
        return float(self.nbgrader.get("points", 0)) if self.nbgrader and self.is_graded else 0.0


@dataclass(frozen=True)
class Skeleton:
    """A released notebook: its cells in order, and its kernel."""

    notebook: str
    cells: tuple[SkeletonCell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def tracked(self) -> tuple[SkeletonCell, ...]:
        """The cells that nbgrader tracks, in order."""
        return tuple(cell for cell in self.cells if cell.nbgrader is not None)

    @cached_property
    def graded(self) -> tuple[SkeletonCell, ...]:
        """The cells worth points, in order."""
        return tuple(cell for cell in self.tracked if cell.is_graded)

    @cached_property
    def ids(self) -> frozenset[str]:
        """Ids of the tracked cells."""
        return frozenset(cell.grade_id for cell in self.tracked)


def skeleton(assignment: Assignment, notebook: str) -> Skeleton:
    """The release version of `notebook`, generated from its source by nbgrader's preprocessors, and kept.

    Raises
    ------
    NetgraderError
        If nbgrader cannot make it.
    """
    source = assignment.source / f"{notebook}.ipynb"
    key = hashlib.sha256()
    # Header, footer and stubs come from the config, hence all of it counts.
    config = b"\0".join(file.read_bytes() for file in assignment.course.config_files)
    for content in (source.read_bytes(), config, str(FORMAT).encode()):
        key.update(hashlib.sha256(content).digest())
    kept = assignment.course.scratch / "skeletons" / f"{notebook}-{key.hexdigest()[:24]}.json"
    with contextlib.suppress(OSError, ValueError):  # not there, or damaged
        return _from_text(kept.read_text(encoding="utf-8"))
    made = _generate(assignment, source)
    write_json(kept, made)
    return made


@functools.lru_cache(maxsize=16)
def _from_text(text: str) -> Skeleton:
    """A kept skeleton, once for each text: a class asks for it at every notebook."""
    return decode(Skeleton, json.loads(text))


def _generate(assignment: Assignment, source: Path) -> Skeleton:
    import nbformat  # noqa: PLC0415  (slow)
    from nbgrader.converters import GenerateAssignment  # noqa: PLC0415  (slow)
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415

    config: Any = copy.deepcopy(assignment.course.config)
    # The skeleton is made without a gradebook: saving the cells is the one step that is left out.
    config.SaveCells.enabled = False
    coursedir = CourseDirectory(config=config, root=str(assignment.course.root))
    converter = GenerateAssignment(coursedir=coursedir, config=config)
    exporter = converter.exporter_class(config=converter.config)
    for preprocessor in converter.preprocessors:
        exporter.register_preprocessor(preprocessor)
    resources = {
        "nbgrader": {"student": ".", "assignment": assignment.name, "notebook": source.stem, "db_url": coursedir.db_url}
    }
    try:
        text, _ = exporter.from_filename(str(source), resources=resources)
    except Exception as error:
        raise NetgraderError(f"nbgrader cannot make a release of {source}: {error}") from error
    notebook = nbformat.reads(text, as_version=4)
    cells = tuple(
        SkeletonCell(
            cell_id=cell.get("id", ""),
            cell_type=cell.cell_type,
            source=cell.source,
            nbgrader=_tracked(cell.metadata.get("nbgrader")),
            frozen={name: cell.metadata[name] for name in ("deletable", "editable") if name in cell.metadata},
            attachments=json.loads(json.dumps(cell.get("attachments", {}))),
        )
        for cell in notebook.cells
    )
    return Skeleton(source.stem, cells, json.loads(json.dumps(notebook.metadata)))


def _tracked(metadata: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return json.loads(json.dumps(metadata)) if metadata and metadata.get("grade_id") else None
