"""Functions for notebook cells: `your_work`, `quietly`, `show_figure`, `skipped_in_grading`."""

from __future__ import annotations

import base64
import dis
import functools
import html
import inspect
import io
import os
import sys
import time
import traceback
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from graphread.text import Said, Text, joined
from netgrader.checks.advice import advice
from netgrader.checks.diagnose import without_prelude
from netgrader.data import DATA_HASH
from netgrader.student.cell_runs import cell_runs
from netgrader.student.course_data import own_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from matplotlib.figure import Figure

__all__ = ["functions_in", "is_stub", "quietly", "show_figure", "skipped_in_grading", "your_work"]

CANNOT = Text("This cell cannot show what you made above. {text}")
NOT_DONE = Text("Not yet: {name} is still missing. Make it, then run this cell again.")

UNFINISHED = {(NameError, True, True), (NotImplementedError, False, False)}
"""Errors that mean an exercise is not done: the type, whether the cell itself raises it, and whether it has a message."""
_STDERR = 2
# Figures are rendered at a higher resolution than shown, to stay sharp on dense screens.
OVERSAMPLING = 1.75
DPI = 72 * OVERSAMPLING


def functions_in(namespace: Mapping[str, Any]) -> dict[str, FunctionType]:
    """Return the Python functions among the global names of a notebook."""
    return {name: value for name, value in list(namespace.items()) if isinstance(value, FunctionType)}


def is_stub(value: object) -> bool:
    """Whether `value` is a function whose body is empty or only raises NotImplementedError."""
    function = inspect.unwrap(value) if callable(value) else value
    if not isinstance(function, FunctionType):
        return False
    code = function.__code__
    n_arguments = code.co_argcount + code.co_kwonlyargcount
    if code.co_names == ("NotImplementedError",) and code.co_nlocals == n_arguments:
        return True
    return _instructions(code) == _instructions(_idle.__code__)


def _idle() -> None:
    """Do nothing, like a body of `pass`, of `...` or of a docstring."""


def _instructions(code: CodeType) -> list[tuple[str, object]]:
    return [(each.opname, each.argval) for each in dis.get_instructions(code) if each.opname != "NOP"]


@contextmanager
def your_work() -> Iterator[None]:
    """Report an error of the body in a sentence and go on, for given cells that use the students' work."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (the student's work may be anything)
        import matplotlib.pyplot as plt  # noqa: PLC0415 (not needed where nothing is drawn)

        plt.close("all")  # an unfinished picture would be shown empty
        print(own_texts().say(_why_not(error)))  # noqa: T201 (a notebook cell's own output)


def _why_not(error: Exception) -> Said:
    """Return why a given cell cannot show the student's work: what is missing or wrong, and advice."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    in_cell = not frame.f_code.co_flags & inspect.CO_OPTIMIZED  # the code of functions has this flag
    if (type(error), in_cell, bool(str(error))) in UNFINISHED:
        return NOT_DONE.format(name=f"`{getattr(error, 'name', frame.f_code.co_name)}`")
    message = without_prelude(str(error)).strip()
    first = message.partition("\n")[0].rstrip(".")
    return joined(filter(None, (CANNOT.format(text=f"{type(error).__name__}: {first}."), advice(message, None))))


@contextmanager
def quietly() -> Iterator[None]:
    """Discard what native code writes to standard error in the body; exceptions still propagate.

    TensorFlow 2.21 writes lines on import that ``TF_CPP_MIN_LOG_LEVEL`` does not control, bypassing Python's ``sys.stderr``.
    That variable controls later output; TensorFlow reads it once, on import.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a process without standard error is already quiet
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (os.devnull is not a path on Windows)
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def show_figure(figure: Figure, alt: str) -> None:
    """Show `figure` as an image with the alternative text `alt`, and close it.

    Jupyter's own display of figures has no alternative text: a screen reader then only says 'image'. The colors are the
    figure's own, on its own background, in light and in dark mode.
    """
    import matplotlib.pyplot as plt  # noqa: PLC0415 (reading the data should not wait for it)
    from IPython.display import display  # noqa: PLC0415 (likewise)

    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, bbox_inches="tight")
    plt.close(figure)
    display({"text/html": _image(png.getvalue(), alt), "text/plain": alt}, raw=True)


def _image(png: bytes, alt: str) -> str:
    """Return a PNG file as an HTML element."""
    width = round(int.from_bytes(png[16:20], "big") / OVERSAMPLING)  # bytes 16 to 20 of a PNG file are its width
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'
    )


def skipped_in_grading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that only you run, such as an experiment: grading skips its calls.

    Skipped calls return None. The estimate of grading time leaves out their time.
    """

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if DATA_HASH in os.environ:
            return None
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            cell_runs().leave_out(time.perf_counter() - wall, time.process_time() - processor)

    return call
