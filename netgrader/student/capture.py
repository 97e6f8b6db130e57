"""Evidence for a check cell, taken in the student's own process: `take`."""

from __future__ import annotations

import io
import random
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.checks.exercises import load_exercises
from netgrader.evidence import EvidenceWriter
from netgrader.student.cell_runs import notebook_shell
from netgrader.student.probes import Student, describe, load_probes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Taken", "take"]

MOST_PRINTED = 10_000


@dataclass(frozen=True)
class Taken:
    """Facts on a capture in addition to the evidence: the student may see them, and they decide nothing."""

    asked: frozenset[str]
    """The student's names that were asked for."""
    printed: str
    """What was printed meanwhile, the beginning of it."""


def take(
    cell_id: str,
    namespace: Mapping[str, Any],
    out_dir: Path | str,
    probes_dir: Path | str,
    *,
    seed: int = 0,
    challenge: int = 0,
    quick: bool = False,
) -> Taken:
    """Take the evidence for one check cell.

    Parameters
    ----------
    cell_id
        ``grade_id`` of the check cell.
    namespace
        The student's global names.
    out_dir
        An empty folder that exists.
    probes_dir
        The folder with ``probes_*.py`` and ``exercises.toml``.
    seed
        What the arguments that probes choose at random depend on.
    challenge
        A number that follows from all that was handed in, so that nobody could know it beforehand.
    quick
        Whether somebody waits for the answer: what does not end is then stopped soon.

    Raises
    ------
    LookupError
        If no probe belongs to the cell.
    """
    probes = load_probes(Path(probes_dir))
    if cell_id not in probes:
        raise LookupError(f"No probe takes evidence for {cell_id}.")
    exercises = load_exercises(Path(probes_dir))
    student = Student(namespace, exercises, seed, challenge, cell_id.removeprefix("check_"), quick=quick)
    out = EvidenceWriter(out_dir, cell_id)
    printed = _Sink()
    try:
        with _undisturbed(printed):
            probes[cell_id](student, out)
    except Exception as error:  # noqa: BLE001  (what was taken before counts; the rest is said to be missing)
        out.error("probe", describe(error, namespace))
    finally:
        out.close()
    return Taken(frozenset(student.asked), printed.text)


@contextmanager
def _undisturbed(sink: _Sink) -> Iterator[None]:
    """Leave the notebook undisturbed: output only to `sink`, no figures, generators restored."""
    python, numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002  (the one that students use)
    figures = _figures()
    try:
        with redirect_stdout(sink), redirect_stderr(_Sink()), _no_display():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        for number in _figures() - figures:
            sys.modules["matplotlib.pyplot"].close(number)


def _figures() -> set[int]:
    """Return the numbers of the figures that are open."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


class _Sink(io.TextIOBase):
    """Keeps the beginning of what is printed, and swallows the rest, however much it is."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: max(0, MOST_PRINTED - len(self.text))]
        return len(text)


@contextmanager
def _no_display() -> Iterator[None]:
    """Keep IPython from showing rich output meanwhile."""
    shell = notebook_shell()
    if shell is None:
        yield
        return
    from IPython.core.displaypub import DisplayPublisher  # noqa: PLC0415  (not needed outside a notebook)

    class Silent(DisplayPublisher):  # type: ignore[misc]
        def publish(self, *_: Any, **__: Any) -> None:
            return

        def clear_output(self, *_: Any, **__: Any) -> None:
            return

    publisher, shell.display_pub = shell.display_pub, Silent(parent=shell)
    try:
        yield
    finally:
        shell.display_pub = publisher
