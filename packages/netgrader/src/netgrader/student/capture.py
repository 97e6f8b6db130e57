"""Evidence for a check cell, collected in the student's own process: `take`."""

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
    """Facts about a capture, in addition to the evidence; visible to the student, not used for grading."""

    asked: frozenset[str]
    """The student's names that the probe requested."""
    printed: str
    """The beginning of the text printed meanwhile, at most `MOST_PRINTED` characters."""


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
    """Collect the evidence for one check cell.

    Parameters
    ----------
    cell_id
        ``grade_id`` of the check cell.
    namespace
        The student's global names.
    out_dir
        An existing empty folder for the evidence.
    probes_dir
        The folder with ``probes_*.py`` and ``exercises.toml``.
    seed
        The seed of the probes' random arguments.
    challenge
        A number that depends on the whole submission, so that it cannot be known in advance.
    quick
        Whether a student waits for the answer; endless code is then stopped soon.

    Raises
    ------
    LookupError
        If no probe exists for the cell.
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
    except Exception as error:  # noqa: BLE001  (evidence collected before counts; the rest is reported as missing)
        out.error("probe", describe(error, namespace))
    finally:
        out.close()
    return Taken(frozenset(student.asked), printed.text)


@contextmanager
def _undisturbed(sink: _Sink) -> Iterator[None]:
    """Leave the notebook undisturbed: output goes to `sink`, new figures close, generators are restored."""
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
    """Return the numbers of the open figures."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


class _Sink(io.TextIOBase):
    """Keeps the beginning of printed text, and discards the rest."""

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
    """Keep IPython from showing rich output in the body."""
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
