"""A graded notebook, and how a worker leaves it in the store for whoever saves it: it is graded once."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netgrader.decoding import decode, decode_observations
from netgrader.grading.execution import Execution, Output
from netgrader.grading.restore import RestoredCell
from netgrader.grading.stages import RUN
from netgrader.grading.store import Key, Store, hash_json
from netgrader.observations import Observations, to_json
from netgrader.results import NotebookResult  # noqa: TC001  (a kept one is decoded by what its fields say)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.skeleton import Skeleton

__all__ = ["GradedNotebook", "leave_graded", "take_graded", "with_outputs"]

GRADED = "graded"
ShownCell = tuple[RestoredCell, tuple[Output, ...]]


@dataclass(frozen=True)
class GradedNotebook:
    """A graded notebook.

    Attributes
    ----------
    result
        The marks with their reasons.
    cells
        The cells as they were run, with their outputs.
    observations
        What pages may draw.
    made
        Stages that were not in the store and were run now.
    digest
        Hash of all that the result was made from: equal if nothing changed since.
    run
        The name of its run in the store, empty if it was not run.
    trouble
        What broke in checks of ours, for the instructor.
    warnings
        What was noticed of the store.
    """

    result: NotebookResult
    cells: tuple[ShownCell, ...] = ()
    observations: Observations = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    digest: str = ""
    run: str = ""
    trouble: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _StoredNotebook:
    """A graded notebook in the store. Cells name their release cell by its number; outputs are those of the run."""

    digest: str
    skeleton: str
    run: str
    cells: tuple[tuple[str, str, int | None], ...]
    result: NotebookResult
    observations: Any
    trouble: tuple[str, ...]


def leave_graded(store: Store, notebook: Path, graded: GradedNotebook, skeleton: Skeleton) -> Key | None:
    """Keep what came of the file `notebook`, over what was kept of it before; its key, None if it cannot be written."""
    key = Key(GRADED, {"file": str(notebook), "notebook": skeleton.notebook})
    cells = tuple(
        (cell.cell_type, cell.source, skeleton.cells.index(cell.origin) if cell.origin else None)
        for cell, _ in graded.cells
    )
    kept = _StoredNotebook(
        graded.digest,
        _hash(skeleton),
        graded.run,
        cells,
        graded.result,
        to_json(graded.observations),
        graded.trouble,
    )
    with contextlib.suppress(OSError):  # whoever saves it grades it again then
        store.put_record(key, dataclasses.asdict(kept))
        return key
    return None


def take_graded(store: Store, key: Key, digest: str, skeleton: Skeleton) -> GradedNotebook | None:
    """Return what is kept under `key`; None if it is not what `digest` says, or cannot be read."""
    try:
        kept = decode(_StoredNotebook, store.get_record(key))
        if (kept.digest, kept.skeleton) != (digest, _hash(skeleton)):
            return None
        cells = [
            RestoredCell(kind, source, None if number is None else skeleton.cells[number])
            for kind, source, number in kept.cells
        ]
        outputs = Execution.load(store.content(RUN, kept.run)).outputs if kept.run else ()
        drawn = decode_observations(kept.observations)
    except (OSError, ValueError, IndexError):
        return None
    return GradedNotebook(
        kept.result, with_outputs(cells, outputs), drawn, digest=digest, run=kept.run, trouble=kept.trouble
    )


def with_outputs(cells: Sequence[RestoredCell], outputs: Sequence[tuple[Output, ...]]) -> tuple[ShownCell, ...]:
    """Give outputs to the code cells in order: text between them may change without a new run."""
    left = iter(outputs)
    return tuple((cell, next(left, ()) if cell.cell_type == "code" else ()) for cell in cells)


def _hash(skeleton: Skeleton) -> str:
    return hash_json(skeleton.as_json())
