"""The language of probes: the `probe` decorator, the `Student` it queries, and `export_graph`.

A probe runs next to the student's code, in the same process. It knows no answers: it calls the student's functions with
chosen arguments and hands over the results. All of it may be forged; only recomputable evidence counts.
"""

from __future__ import annotations

import difflib
import inspect
import linecache
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from netgrader.checks.diagnose import without_prelude
from netgrader.checks.exercises import NET, net_at, unfinished_of
from netgrader.evidence import PLACEHOLDER, EvidenceWriter, ProbeError
from netgrader.student.graphs import export_graph
from netgrader.student.notebook_cells import functions_in, is_stub
from netgrader.student.patience import SOON, OutOfPatience, patience

if TYPE_CHECKING:
    from netgrader.checks.exercises import Exercises

__all__ = [
    "Missing",
    "Probe",
    "Student",
    "WrongReturn",
    "describe",
    "export_graph",
    "is_own",
    "load_probes",
    "probe",
    "text_of",
]

ATTRIBUTE = "__netgrader_probe__"
OURS = "netgrader"
LINE = 300
LIKE = 0.75  # least similarity of two names, as a `difflib` ratio

Probe = Callable[["Student", EvidenceWriter], None]
Function = TypeVar("Function", bound=Probe)


class Missing(NameError):
    """A required name is not defined."""

    def __init__(self, name: str) -> None:
        super().__init__(f"name '{name}' is not defined")


class NotDone(NotImplementedError):
    """The exercise has not been written yet."""


class WrongReturn(TypeError):
    """A student's function returned an object of another kind than required."""

    def __init__(self, returned: object, expected: str, what: str = "") -> None:
        kind = "None, as without a return" if returned is None else f"an object of the kind {type(returned).__name__}"
        super().__init__(f"{what or kind}, and not {expected}")


class DoesNotReturn(RuntimeError):
    """A student's function takes longer than a student waits."""


def probe(cell: str) -> Callable[[Function], Function]:
    """Declare that a function collects the evidence for the check cell with this ``grade_id``."""

    def decorate(function: Function) -> Function:
        setattr(function, ATTRIBUTE, cell)
        return function

    return decorate


def load_probes(folder: Path) -> dict[str, Probe]:
    """Return the probes by check cell, from every ``probes_*.py`` in `folder`.

    Each call runs the files again, in new modules, and writes no bytecode next to them.

    Raises
    ------
    ValueError
        If two probes claim the same cell.
    """
    found: dict[str, Probe] = {}
    for path in sorted(folder.glob("probes_*.py")):
        module = types.ModuleType(f"{OURS}.{path.stem}")
        module.__file__ = str(path)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)  # noqa: S102  (the course's own file)
        for value in list(vars(module).values()):
            cell = getattr(value, ATTRIBUTE, None)
            if isinstance(cell, str) and found.setdefault(cell, value) is not value:
                raise ValueError(f"Two probes take the evidence for {cell}; the second is in {path.name}.")
    return found


class Student:
    """The student's work as a probe sees it: names, and functions to call with chosen arguments.

    Attributes
    ----------
    exercises
        The parameters of the exercises.
    seed
        The seed of all random choices.
    challenge
        A number that could not be known when the notebook was written; evidence must depend on it.
    exercise
        Id of the solution cell to examine: if its function is still the release's stub, missing results of that function
        count as not done.
    asked
        The names requested so far.
    quick
        Whether a student waits for the answer in their own notebook.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        exercises: Exercises,
        seed: int = 0,
        challenge: int = 0,
        exercise: str = "",
        *,
        quick: bool = False,
    ) -> None:
        self._namespace = namespace
        self.asked: set[str] = set()
        self.exercise = exercise
        self.exercises = exercises
        self.seed = seed
        self.challenge = challenge
        self.quick = quick
        self._endless: DoesNotReturn | None = None

    def value(self, name: str) -> Any:
        """Return the value of the student's `name`.

        Raises
        ------
        Missing
            If the name is not defined.
        NotDone
            If it is not defined because the exercise has not been done.
        TypeError
            If it is a coroutine function (``async def``), which cannot be called as the exercise requires.
        """
        self.asked.add(name)
        try:
            made = self._namespace[name]
        except KeyError:
            if self._not_done(name):
                raise NotDone(f"{name} is still to be made") from None
            raise Missing(name) from None
        if inspect.iscoroutinefunction(made):
            raise TypeError(f"{name} gives a coroutine, since it is made by async def")
        return made

    def _not_done(self, name: str) -> bool:
        """Whether `name` waits for the exercise's function, which is a stub; any stub, if that is undefined."""
        functions = functions_in(self._namespace)
        own = functions.get(self.exercise)
        if own is not None:
            return is_stub(own)
        return self.exercise not in {"", name} and any(is_stub(function) for function in functions.values())

    def has(self, name: str) -> bool:
        """Whether the student's `name` is defined."""
        return name in self._namespace

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call the student's `function` by name; if a student waits, stop it after `SOON`, then all others.

        Raises
        ------
        DoesNotReturn
            If it was stopped.
        """
        made = self.value(function)
        if not self.quick:
            return made(*args, **kwargs)
        if self._endless is not None:
            raise self._endless
        begun = time.process_time()
        try:
            with patience(lambda: time.process_time() - begun > SOON):
                return made(*args, **kwargs)
        except OutOfPatience as stopped:
            self._endless = DoesNotReturn(f"{function} was still computing after {SOON:g} seconds")
            raise self._endless.with_traceback(stopped.__traceback__) from None

    @contextmanager
    def lending(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Bind names of the student's to other `values` during the body."""
        names = cast("MutableMapping[str, Any]", self._namespace)
        before = {name: names[name] for name in values if name in names}
        names.update(values)
        try:
            yield
        finally:
            for name in values:
                names.pop(name, None)
            names.update(before)

    def networks(self, out: EvidenceWriter, name: str) -> None:
        """Hand over the network that `name` builds, by default and at the exercise's further rates.

        If building it raises, its unfinished part is handed over as ``unfinished_of(NET)``.
        """
        with self.capturing(out, NET, unfinished=True):
            out.graph(NET, export_graph(self.call(name)))
        for number, rate in enumerate(self.exercises.asked_rates(name, self.seed)):
            with self.capturing(out, net_at(number)):
                out.graph(net_at(number), export_graph(self.call(name, learning_rate=rate)))

    def random(self, purpose: str) -> np.random.Generator:
        """Return a separate random generator for each `purpose`."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    @contextmanager
    def capturing(self, out: EvidenceWriter, name: str, *, unfinished: bool = False) -> Iterator[None]:
        """Record an exception in the body as an error item for `name`, with the student's line.

        ``exit()`` in student code is an exception like any other; only an interrupt propagates. With `unfinished`, the
        unfinished part of a network is handed over.
        """
        try:
            yield
        except (Exception, SystemExit) as error:  # noqa: BLE001  (a student's code may raise anything)
            out.error(name, describe(error, self._namespace))
            if unfinished:
                self._hand_over_unfinished(out, name, error)

    def _hand_over_unfinished(self, out: EvidenceWriter, name: str, error: BaseException) -> None:
        """Hand over the graph among the local names of the student's function that raised, if there is one."""
        frames = [frame for frame in _frames(error) if frame.f_globals is self._namespace]
        for frame in reversed(frames):
            # Without a usable network, only the error is handed over.
            with suppress(Exception):
                out.graph(unfinished_of(name), export_graph(dict(frame.f_locals)))
                return


def describe(error: BaseException, namespace: Mapping[str, Any]) -> ProbeError:
    """Return an exception as evidence: kind, text, and the last student line it passed."""
    # Not `isinstance`, which asks the exception for its class: a student's exception may raise there.
    kind = "NameError" if issubclass(type(error), Missing) else type(error).__name__
    if issubclass(type(error), NotImplementedError) and _is_placeholder(error, namespace):
        kind = PLACEHOLDER
    return ProbeError(kind[:200], text_of(error) + _meant(error), _line(error, namespace))


def _is_placeholder(error: BaseException, namespace: Mapping[str, Any]) -> bool:
    """Whether a student line raised NotImplementedError as a placeholder.

    TensorFlow raises it too, if a NumPy function gets a tensor; and a student's own line may, with a message.
    """
    if issubclass(type(error), NotDone):
        return True
    if error.args:
        return False
    frames = _frames(error)
    return bool(frames) and is_own(frames[-1], namespace) and "NotImplementedError" in frames[-1].f_code.co_names


def text_of(error: BaseException) -> str:
    """Return an exception's text, at most 2,000 characters, without TensorFlow's preamble."""
    try:
        return without_prelude(str(error))[:2000]  # the preamble alone may be longer: it lists all the kernel's files
    except Exception as broken:  # noqa: BLE001  (a student's exception class may fail to print)
        return f"({type(broken).__name__} while printing it)"


def _meant(error: BaseException) -> str:
    """Return the most similar known name as an addition to a NameError's text; empty if there is none."""
    frames = _frames(error)
    if type(error) is not NameError or not frames:
        return ""
    known = [name for name in (*frames[-1].f_locals, *frames[-1].f_globals) if isinstance(name, str)]
    return "".join(f" (there is {name})" for name in difflib.get_close_matches(str(error.name), known, 1, LIKE))


def _frames(error: BaseException) -> list[types.FrameType]:
    """Return the frames that an exception passed, outermost first."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _line(error: BaseException, namespace: Mapping[str, Any]) -> str | None:
    """Return the last notebook line that `error` passed; a module's line only if there is none."""
    own = [step for step in traceback.walk_tb(error.__traceback__) if is_own(step[0], namespace)]
    if not own:
        return None
    frame, number = max(reversed(own), key=lambda step: step[0].f_globals is namespace)
    line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
    return line[:LINE] or f"line {number}"


def is_own(frame: types.FrameType, namespace: Mapping[str, Any]) -> bool:
    """Whether a frame runs code of the notebook with this namespace, or of a module next to it."""
    if frame.f_globals is namespace:
        return True
    file = Path(frame.f_code.co_filename)
    beside = file.is_relative_to(Path.cwd()) and "site-packages" not in file.parts
    return beside and str(frame.f_globals.get("__name__")).partition(".")[0] != OURS
