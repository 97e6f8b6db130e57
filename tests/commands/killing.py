"""Kill ``netgrader autograde`` at random moments and let the next call go on, until one ends by itself.

Notebooks that train nothing, in real cages, into a real gradebook. A series is killed again and again, in turns of three: at
a random moment after its first notebook has begun, within a tenth of a second after a transaction was opened in the
gradebook, and at a random moment once more. Calls are forks of a process that has made their imports, so that no kill is
spent on those.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import signal
import sys
import time
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from nbgrader.api import Gradebook

# With all that the command imports late, so that forks have it.
import netgrader.commands.autograde  # noqa: F401
from netgrader.cli import main as cli_main
from netgrader.commands.progress import log_path
from netgrader.grading.graded_notebook import load_last_result
from netgrader.nbgrader_plugin.gradebook import sync_cells
from tests.conftest import TinyCourse, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAVING_SECONDS = 0.1
CLASS: dict[str, dict[str, Any]] = {
    "ada": {},
    "bela": {"add": "def add(a, b):\n    return a - b"},
    "chloe": {"squares": "squares = 1 / 0"},
    "dora": {"why": "Because two and two are four."},
    "emil": {"squares": "squares = [k ** 2 for k in range(10)]"},
    "hana": {"content": b"{ not json"},
}


@dataclass(frozen=True)
class Kill:
    """One kill: what was going on, how many seconds after that had begun, and how many notebooks were saved by then."""

    during: str
    moment: float
    done: int


def template_class(root: Path) -> TinyCourse:
    """A class that has handed in, with a gradebook that knows the notebook."""
    course = build(root)
    sync_cells(course.assignment, {"1_sums"})
    for student, answers in CLASS.items():
        course.submit(student, **answers)
    return course


def copy_of(course: TinyCourse, target: Path) -> TinyCourse:
    """The same class elsewhere."""
    shutil.copytree(course.root, target)
    return TinyCourse(target)


def finished(course: TinyCourse) -> tuple[dict[str, Any], float]:
    """What a call that is left alone ends with, and how many seconds passed after its first notebook had begun."""
    call = Call(course)
    call.wait_for(call.has_begun)
    begun = time.monotonic()
    call.wait_for(lambda: False)
    call.require_end()
    return state_of(course), time.monotonic() - begun


def series(course: TinyCourse, seed: int, seconds: float) -> tuple[list[Kill], dict[str, Any]]:
    """Kill one call after the other, each at a random moment, until one has ended by itself.

    Parameters
    ----------
    course
        A class of which nothing is graded.
    seed
        Of the moments.
    seconds
        How long a notebook takes, about: a moment lies within twice of it.

    Returns
    -------
    The kills, and what it ended with.
    """
    chance = random.Random(seed)  # noqa: S311  (moments, no secrets)
    kills: list[Kill] = []
    in_vain = 0
    while True:
        call = Call(course)
        saving = len(kills) % 3 == 1
        # On a busy machine a call may get nowhere in that time; then the next one is given longer.
        moment = chance.uniform(0.0, SAVING_SECONDS if saving else 2 * seconds * (1 + in_vain))
        # Now and then the whole group, as when a machine loses power; else the command alone.
        group = chance.random() < 1 / 3
        if call.wait_for(call.saves if saving else call.has_begun) or call.wait_for(lambda: False, moment):
            call.require_end()
            return kills, state_of(course)
        call.kill(group=group)
        done = _done(course)
        in_vain = 0 if done > (kills[-1].done if kills else 0) else in_vain + 1
        kills.append(Kill("saving" if saving else "grading", moment, done))


class Call:
    """``netgrader autograde`` in a process of its own, which leads a group."""

    def __init__(self, course: TinyCourse) -> None:
        self._course = course
        self._journal = log_path(course.assignment)
        self._log = course.root / "call.log"
        self._code: int | None = None
        self._begun = time.time()
        sys.stdout.flush()
        self._pid = os.fork()
        if not self._pid:
            self._become_the_command()

    def _become_the_command(self) -> NoReturn:
        os.setsid()
        os.chdir(self._course.root)
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for name in [name for name in os.environ if name.startswith("NETGRADER_")]:
            del os.environ[name]
        # Workers import what the main module is, and this is not it.
        sys.modules["__main__"] = types.ModuleType("__main__")
        sys.argv = ["netgrader", "autograde", self._course.assignment_id, "--workers", "2"]
        code = 1
        try:
            code = cli_main() or 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stdout.flush()
            os._exit(code)

    def wait_for(self, condition: Callable[[], bool], seconds: float = math.inf) -> bool:
        """Wait until `condition` holds or `seconds` have passed; whether the call ended by itself before."""
        until = time.monotonic() + seconds
        while not self._has_ended() and not condition():
            if time.monotonic() >= until:
                return False
            time.sleep(0.002)
        return self._code is not None

    def has_begun(self) -> bool:
        """Whether it grades a notebook."""
        try:
            text = self._journal.read_text(encoding="utf-8")
        except OSError:
            return False
        _, begun, rest = text.rpartition(f'"pid": {self._pid},')
        return bool(begun) and '"event": "running"' in rest

    def saves(self) -> bool:
        """Whether it has a transaction open in the gradebook: a journal of its own, not one that a killed call left."""
        try:
            opened = (self._course.root / "gradebook.db-journal").stat().st_mtime
        except FileNotFoundError:
            return False
        return opened > self._begun and self.has_begun()

    def kill(self, *, group: bool) -> None:
        """Without notice."""
        (os.killpg if group else os.kill)(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def require_end(self) -> None:
        """See that it ended as it should: with 1, since Hana's file is no notebook."""
        if self._code != 1:
            raise SystemExit(f"grading ended with {self._code}:\n{self._log.read_text(encoding='utf-8')}")

    def _has_ended(self) -> bool:
        if self._code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None


def state_of(course: TinyCourse) -> dict[str, Any]:
    """All that grading leaves and that is not a time: marks, comments, pages, what is kept; by student."""
    found: dict[str, Any] = {}
    with Gradebook(course.course.db_url) as gradebook:
        for submission in gradebook.find_assignment(course.assignment_id).submissions:
            student = submission.student_id
            for notebook in submission.notebooks:
                marks = {
                    one.name: (one.auto_score, one.manual_score, one.needs_manual_grade) for one in notebook.grades
                }
                comments = {one.name: one.auto_comment for one in notebook.comments}
                folder = course.course.folder("autograded", student, course.assignment_id)
                page = json.loads((folder / f"{notebook.name}.ipynb").read_text(encoding="utf-8"))
                last = load_last_result(course.assignment, student, notebook.name)
                result = {**last.result.as_json(), "seconds": {}, "environment": {}} if last else None
                found[f"{student}/{notebook.name}"] = (marks, comments, page["cells"], result)
    return found


def _done(course: TinyCourse) -> int:
    return len(list((course.root / "autograded").glob("*/*/*.ipynb")))
