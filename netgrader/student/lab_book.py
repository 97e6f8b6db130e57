"""`LabBook`: a student's own runs, kept beside the notebook and drawn side by side. Nothing of it is sent, read or counted."""

from __future__ import annotations

import html
import math
import os
import statistics
import textwrap
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from netgrader.data import DATA_HASH
from netgrader.files import write_bytes
from netgrader.phrases import Verbatim, say
from netgrader.student.cell_runs import cell_runs
from netgrader.student.course_data import spoken
from netgrader.student.notebook_cells import as_png, image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from matplotlib.figure import Figure

__all__ = ["FILE", "LARGEST", "LabBook", "Run"]

FILE = Path(".ipynb_checkpoints", "netgrader-lab-book.json")
"""Beside the notebook, in the folder that Jupyter keeps for itself: nbgrader hands in nothing of it."""
LARGEST, MOST, WORDS, PICTURED = 1_000_000, 300, 200, 10
"""Bytes of the file, runs in it (the oldest go), characters of a description, networks that are drawn (the last)."""

UNDESCRIBED = "Say what you try in your own words, in place of the dots, and run the cell."
NO_EPOCH = "Nothing is kept of seed {1}: `run.epoch(…)` was never called."
KEPT = "{1}, seed {2}: {3:.2f} % of the test images in {4:.0f} seconds."
REPLACED = (
    "That takes the place of what was noted before of “{1}” with seed {2} ({3:.2f} % of the test images). If the network is "
    "another one now, give it other words, so that runs of two networks do not stand under one."
)
NOT_KEPT = "This run could not be written down beside the notebook, so it is forgotten ({1})."
DAMAGED = "Your lab book, {1}, cannot be read and counts as empty. The next run begins a new one; the old file is then {1}.old."
NO_SHARE = "An accuracy is a share between 0 and 1, and not {1:g}."
NOTHING = "Your lab book is empty so far."
OPENS = (
    "This opens when your lab book has runs of {1} different networks; so far it has {2}. Copy the cell that compares, change "
    "one thing in the copy, describe it in your own words, and run it. Then run this cell again."
)
HEADS = ("what was tried", "runs (seeds)", "epochs each", "seconds each", "training, %", "test, %", "deviation of test")
TITLES = ("test accuracy and deviation, %", "accuracy, %: test; dotted: training", "training loss")
ALT = "Your runs side by side: test accuracies with mean and deviation, and curves over the epochs. The table has the numbers."
TO_CITE = "The table as text, for an answer of yours"

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Loss = Annotated[float, msgspec.Meta(ge=-1e30, le=1e30)]


class Run(msgspec.Struct):
    """One training of one network: what it was, in the student's words, and how it went."""

    what: Annotated[str, msgspec.Meta(min_length=1, max_length=WORDS)]
    seed: int
    seconds: Annotated[float, msgspec.Meta(ge=0, le=1e9)] = 0.0
    test: Annotated[list[Share], msgspec.Meta(min_length=1)] = []
    """The accuracy on test images after each epoch; there is one in all that is kept."""
    training: list[Share | None] = []
    loss: list[Loss | None] = []

    def epoch(self, test: float, training: float | None = None, loss: float | None = None) -> None:
        """Note how the network does after one more epoch: its accuracies, as shares of test and training images, and its loss."""
        for share in (test, 0 if training is None else training):
            if not 0 <= share <= 1:
                raise ValueError(say(NO_SHARE, float(share)))
        self.test.append(round(float(test), 6))
        self.training.append(None if training is None else round(float(training), 6))
        self.loss.append(None if loss is None or not abs(loss) < 1e30 else round(float(loss), 6))  # nan is not less


class LabBook:
    """The student's own runs, kept over a restart of the kernel.

    ::

        for run in lab_book.runs("one hidden layer of 256", seeds=(1, 2, 3)):
            ...  # build and train from the random numbers of run.seed, and after each epoch:
            run.epoch(test=0.95, training=0.99, loss=0.05)

    Where the notebook is graded there are no runs: nothing is read, written or shown, and nothing takes time.
    """

    def __init__(self, path: Path = FILE) -> None:
        self._path = path
        self._off = DATA_HASH in os.environ

    def runs(self, what: str | Mapping[str, object], seeds: Iterable[int] = (1, 2, 3)) -> Iterator[Run]:
        """Yield a run for each seed, keep it once it has ended, and show all runs in the end.

        A run that was interrupted is not kept; one of the same words and seed takes the place of a former one.

        Parameters
        ----------
        what
            What is tried: words, or a dict such as ``{"hidden": (256, 256), "dropout": 0.5}``. Nothing is run for ``...``.
        seeds
            A run for each.
        """
        if self._off:
            return
        words = _words(what)
        if not words:
            _tell(UNDESCRIBED)
            return
        told = False
        for seed in seeds:
            run, begun, computed = Run(words, int(seed)), time.perf_counter(), time.process_time()
            yield run
            run.seconds = round(time.perf_counter() - begun, 1)
            cell_runs().leave_out(run.seconds, time.process_time() - computed)
            if run.test:
                _tell(KEPT, Verbatim(words), run.seed, 100 * run.test[-1], run.seconds)
                runs = self.kept()
                before = [one for one in runs if (one.what, one.seed) == (words, run.seed)]
                self._keep([*(one for one in runs if one not in before), run])
                if not told and before and before[-1].test != run.test:  # at once: the next run may be interrupted
                    told = True
                    _tell(REPLACED, Verbatim(words), run.seed, 100 * before[-1].test[-1])
            else:
                _tell(NO_EPOCH, run.seed)
        self.show()

    def kept(self) -> list[Run]:
        """Return all runs, those kept last at the end; none if the file is missing, or cannot be trusted, which is said."""
        found = self._read()
        if found is None:
            _tell(DAMAGED, Verbatim(self._path))
        return found or []

    def forget(self, what: str | Mapping[str, object]) -> None:
        """Strike out all runs that were so described."""
        if not self._off:
            self._keep([run for run in self.kept() if run.what != _words(what)])

    def has(self, networks: int = 3) -> bool:
        """Whether there are runs of so many different networks; says what to do if not."""
        found = 0 if self._off else len({run.what for run in self.kept()})
        if found < networks and not self._off:
            _tell(OPENS, networks, found)
        return found >= networks

    def show(self) -> None:
        """Show all runs side by side: a picture, and a table to cite."""
        if self._off:
            return
        kept = self.kept()
        by = {run.what: [one for one in kept if one.what == run.what] for run in kept}
        if not by:
            _tell(NOTHING)
            return
        from IPython.display import display  # noqa: PLC0415 (reading the data should not wait for it)

        with spoken(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a letter that the picture's font lacks stands in the table
            rows = [[say(head) for head in HEADS], *(_row(what, runs) for what, runs in by.items())]
            drawn = image(as_png(_picture(dict([*by.items()][-PICTURED:]))), say(ALT))
            display({"text/html": drawn + _table(rows), "text/plain": _as_text(rows)}, raw=True)

    def _read(self) -> list[Run] | None:
        """Return what the file holds; None if it is too large or no lab book."""
        try:
            with self._path.open("rb") as file:
                content = file.read(LARGEST + 1)
            runs = msgspec.json.decode(content, type=list[Run])[-MOST:] if len(content) <= LARGEST else None
            return runs if runs is None else [run for run in runs if run.test]
        except FileNotFoundError:
            return []
        except (OSError, ValueError):  # msgspec's errors are of the latter kind
            return None

    def _keep(self, runs: list[Run]) -> None:
        while len(content := msgspec.json.encode(runs)) > LARGEST or len(runs) > MOST:
            del runs[0]
        try:
            if self._read() is None:
                self._path.replace(self._path.with_name(f"{self._path.name}.old"))
            write_bytes(self._path, content)
        except OSError as error:
            _tell(NOT_KEPT, Verbatim(error))


def _tell(text: str, *values: object) -> None:
    with spoken():
        print(say(text, *values))  # noqa: T201 (a notebook cell's own output)


def _words(what: object) -> str:
    """Return a description on one line; empty if there is none yet."""
    if isinstance(what, Mapping):
        what = ", ".join(f"{name}: {value}" for name, value in what.items())
    return "" if what is ... else " ".join(str(what).split())[:WORDS]


def _row(what: str, runs: Sequence[Run]) -> list[str]:
    test = [100 * run.test[-1] for run in runs]
    training = [100 * last for run in runs for last in run.training[-1:] if last is not None]
    return [
        what,
        f"{len(runs)}",
        f"{max(len(run.test) for run in runs)}",
        f"{statistics.mean(run.seconds for run in runs):.0f}",
        f"{statistics.mean(training):.2f}" if training else "",
        f"{statistics.mean(test):.2f}",
        f"{statistics.stdev(test):.2f}" if len(test) > 1 else "",
    ]


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ([html.escape(cell) for cell in row] for row in rows)
    lines = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in body)
    text = f"<summary>{html.escape(say(TO_CITE))}</summary><pre>{html.escape(_as_text(rows))}</pre>"
    return f"<table><tr><th>{'</th><th>'.join(head)}</th></tr>{lines}</table><details>{text}</details>"


def _as_text(rows: Sequence[Sequence[str]]) -> str:
    """Return the table as Markdown."""
    head, *body = (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    return "\n".join([head, "|---" * len(HEADS) + "|", *body])


def _picture(by: Mapping[str, Sequence[Run]]) -> Figure:
    """Draw final accuracies with mean and deviation, and all curves; a colour for each network."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (whoever only reads the data should not wait for it)
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 (likewise)

    figure = Figure(figsize=(10, 2.4 + 0.25 * len(by)), layout="constrained")
    final, accuracy, loss = figure.subplots(1, 3)
    for row, runs in enumerate(by.values()):
        colour = f"C{row % 10}"
        reached = [100 * run.test[-1] for run in runs]
        deviation = statistics.stdev(reached) if len(reached) > 1 else None
        final.plot(reached, [row] * len(reached), "|", color=colour)
        final.errorbar(statistics.mean(reached), row, xerr=deviation, fmt="o", capsize=4, color=colour)
        for run in runs:
            for panel, values, line in (
                (accuracy, run.test, "-"),
                (accuracy, run.training, ":"),
                (loss, run.loss, "-"),
            ):
                heights = [math.nan if value is None else value * (1 if panel is loss else 100) for value in values]
                panel.plot(range(1, len(heights) + 1), heights, f".{line}", color=colour, lw=1, ms=2, alpha=0.6)
    names = [textwrap.shorten(what, 34, placeholder="…") for what in by]
    final.set_yticks(range(len(by)), names, parse_math=False)
    final.set_ylim(len(by) - 0.5, -0.5)
    final.grid(axis="x", color="gainsboro")
    for panel, title in zip((final, accuracy, loss), TITLES, strict=True):
        panel.set_title(say(title), fontsize=10)
    for panel in (accuracy, loss):
        panel.set_xlabel(say("epoch"))
        panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure
