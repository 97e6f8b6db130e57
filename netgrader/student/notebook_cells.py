"""What cells of a notebook call beside `check`: `ready`, `going_on`, `quietly` and `show_figure`."""

from __future__ import annotations

import base64
import dis
import html
import inspect
import io
import os
import sys
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any

from netgrader.checks.diagnose import without_prelude
from netgrader.phrases import Verbatim, say
from netgrader.student.course_data import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matplotlib.figure import Figure

__all__ = ["as_png", "going_on", "image", "is_stub", "quietly", "ready", "show_figure"]

CANNOT = "This cell shows what the cells above made, and cannot: {kind}: {text} What is wrong there says their check."
NOT_DONE = "Not yet: {names} still to be done. Then run this cell again."

# What a body of `pass`, of `...` or of a docstring compiles to.
_IDLE = frozenset({"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"})
_STDERR = 2
# A figure is rendered finer than it is shown, so that it stays sharp on a dense screen.
OVERSAMPLING = 1.75
DPI = 72 * OVERSAMPLING


def ready(*names: str, namespace: Mapping[str, Any] | None = None) -> bool:
    """Whether each of `names` exists and is more than the stub that the notebook came with; says which is not.

    Parameters
    ----------
    names
        Names that the notebook's cells define.
    namespace
        Where to look; the globals of the caller, which is the notebook, if None.
    """
    if namespace is None:
        namespace = sys._getframe(1).f_globals  # noqa: SLF001 (what inspect.currentframe gives, where it exists)
    missing = [name for name in names if name not in namespace or is_stub(namespace[name])]
    if missing:
        with spoken():
            print(say(NOT_DONE, names=_listed(missing)))  # noqa: T201 (a notebook cell's own output)
    return not missing


def is_stub(value: object) -> bool:
    """Whether `value` is a function whose body still does nothing, or nothing but raise NotImplementedError."""
    function = inspect.unwrap(value) if callable(value) else value
    if not isinstance(function, FunctionType):
        return False
    code = function.__code__
    n_arguments = code.co_argcount + code.co_kwonlyargcount
    if code.co_names == ("NotImplementedError",) and code.co_nlocals == n_arguments:
        return True
    instructions = list(dis.get_instructions(code))
    loaded = [each.argval for each in instructions if each.opname in {"LOAD_CONST", "RETURN_CONST"}]
    return {each.opname for each in instructions} <= _IDLE and loaded == [None]


@contextmanager
def going_on() -> Iterator[None]:
    """Within it, an error is told in a sentence and the notebook goes on: given cells work with whatever was made above."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (what was made above may be anything)
        first = without_prelude(str(error)).strip().partition("\n")[0]
        text = first if first.endswith(".") else f"{first}."
        with spoken():
            print(say(CANNOT, kind=Verbatim(type(error).__name__), text=Verbatim(text)))  # noqa: T201


def _listed(names: list[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return say("{1} and {2}", ", ".join(first), last) if first else last


@contextmanager
def quietly() -> Iterator[None]:
    """Within it, what native code writes to standard error is lost; exceptions are not.

    TensorFlow 2.21 writes lines on import that ``TF_CPP_MIN_LOG_LEVEL`` does not govern, past Python's ``sys.stderr``.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a process without standard error has nothing to keep quiet
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (os.devnull is no path on Windows)
            os.dup2(nowhere.fileno(), _STDERR)
        yield
        _say_all_now()
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def _say_all_now() -> None:
    """Have a TensorFlow that greets once more at its first session do so; 2.21 no longer does."""
    tf = sys.modules.get("tensorflow")
    if tf is None or tuple(map(int, tf.__version__.split(".")[:2])) >= (2, 21):
        return
    graph = tf.Graph()
    with graph.as_default():
        one = tf.constant(1)
    with tf.compat.v1.Session(graph=graph) as session:
        session.run(one)


def show_figure(figure: Figure, alt: str) -> None:
    """Show `figure` as an image with the alternative text `alt`, and close it.

    Jupyter's own way of showing a figure gives it no alternative text: a screen reader then says 'image', and nothing
    else. The colours are the figure's own, on its own background, in light and in dark mode.
    """
    import matplotlib.pyplot as plt  # noqa: PLC0415 (whoever only reads the data should not wait for it)
    from IPython.display import display  # noqa: PLC0415 (likewise)

    png = as_png(figure)
    plt.close(figure)
    display({"text/html": image(png, alt), "text/plain": alt}, raw=True)


def as_png(figure: Figure, colours: int = 0) -> str:
    """Return `figure` as a PNG file in base64; of so many colours and with its own margins, if there are to be few."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, bbox_inches=None if colours else "tight")
    if colours:
        from PIL import Image  # noqa: PLC0415 (comes with Matplotlib, which is not waited for, either)

        with Image.open(png) as drawn:
            few = drawn.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        png = io.BytesIO()
        few.save(png, "png", optimize=True)
    return base64.b64encode(png.getvalue()).decode("ascii")


def image(png: str, alt: str) -> str:
    """Return what `as_png` gives as an element of HTML."""
    # A PNG file has its width in bytes 16 to 20, big-endian.
    width = round(int.from_bytes(base64.b64decode(png[:32])[16:20], "big") / OVERSAMPLING)
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{png}">'
    )
