"""Whenever ``netgrader autograde`` is killed, the next call resumes and ends like an undisturbed one.

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

import pytest
from nbgrader.api import Gradebook

# With all that the command imports late, so that forks have it.
import netgrader.commands.autograde  # noqa: F401
from netgrader.cli import main
from netgrader.commands.progress import log_path
from netgrader.grading.graded_notebook import load_last_result
from netgrader.nbgrader_plugin.gradebook import sync_cells
from tests.conftest import TinyCourse, build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
SAVING_SECONDS = 0.1
CLASS = {
    "ada": {},
    "bela": {"add": "def add(a, b):\n    return a - b"},
    "chloe": {"squares": "squares = 1 / 0"},
    "dora": {"why": "Because two and two are four."},
    "emil": {"squares": "squares = [k ** 2 for k in range(10)]"},
    "hana": {"content": b"{ not json"},
}


class Call:
    """``netgrader autograde`` in a process of its own, which leads a group."""

    def __init__(self, course):
        self._course, self._journal = course, log_path(course.assignment)
        self._log, self._code, self._begun = course.root / "call.log", None, time.time()
        sys.stdout.flush()
        self._pid = os.fork()
        if not self._pid:
            self._become_the_command()

    def _become_the_command(self):
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
            code = main() or 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            sys.stdout.flush()
            os._exit(code)

    def wait_for(self, condition, seconds=math.inf):
        """Wait until `condition` holds or `seconds` have passed; whether the call ended by itself before."""
        until = time.monotonic() + seconds
        while not self._has_ended() and not condition():
            if time.monotonic() >= until:
                return False
            time.sleep(0.002)
        return self._code is not None

    def has_begun(self):
        """Whether it grades a notebook."""
        if not self._journal.is_file():
            return False
        _, begun, rest = self._journal.read_text(encoding="utf-8").rpartition(f'"pid": {self._pid},')
        return bool(begun) and '"event": "running"' in rest

    def saves(self):
        """Whether it has a transaction open in the gradebook: a journal of its own, not one that a killed call left."""
        try:
            opened = (self._course.root / "gradebook.db-journal").stat().st_mtime
        except FileNotFoundError:
            return False
        return opened > self._begun and self.has_begun()

    def kill(self, *, group):
        (os.killpg if group else os.kill)(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def require_end(self):
        """See that it ended as it should: with 1, since Hana's file is no notebook."""
        assert self._code == 1, self._log.read_text(encoding="utf-8")

    def _has_ended(self):
        if self._code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None


def state_of(course):
    """All that grading leaves and that is not a time: marks, comments, pages, what is kept; by student."""
    found = {}
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


def killed_until_one_ends(course, chance, seconds):
    """Kill one call after the other, until one has ended by itself; what was going on at each kill.

    A moment lies within twice of the `seconds` that a notebook takes, about.
    """
    struck, done, in_vain = [], 0, 0
    while True:
        call = Call(course)
        saving = len(struck) % 3 == 1
        # On a busy machine a call may get nowhere in that time; then the next one is given longer.
        moment = chance.uniform(0.0, SAVING_SECONDS if saving else 2 * seconds * (1 + in_vain))
        # Now and then the whole group, as when a machine loses power; else the command alone.
        group = chance.random() < 1 / 3
        if call.wait_for(call.saves if saving else call.has_begun) or call.wait_for(lambda: False, moment):
            call.require_end()
            return struck
        call.kill(group=group)
        before, done = done, len(list((course.root / "autograded").glob("*/*/*.ipynb")))
        in_vain = 0 if done > before else in_vain + 1
        struck.append("saving" if saving else "grading")


def test_kills_until_a_call_ends_by_itself_change_nothing_of_what_comes_out(tmp_path):
    template = build(tmp_path / "template")
    sync_cells(template.assignment, {"1_sums"})
    for student, answers in CLASS.items():
        template.submit(student, **answers)

    def copied(name):
        return TinyCourse(shutil.copytree(template.root, tmp_path / name))

    undisturbed = copied("alone")
    call = Call(undisturbed)
    call.wait_for(call.has_begun)
    begun = time.monotonic()
    call.wait_for(lambda: False)
    call.require_end()
    seconds = (time.monotonic() - begun) / len(CLASS)
    assert set(state_of(undisturbed)) == {f"{student}/1_sums" for student in CLASS}
    struck = set()
    # How many kills a series takes depends on the machine; a call that is quick to end may leave one kind out.
    for seed in range(1, 6):
        course = copied(f"killed{seed}")
        struck |= {*killed_until_one_ends(course, random.Random(seed), seconds)}  # noqa: S311  (moments, no secrets)
        assert state_of(course) == state_of(undisturbed)
        if len(struck) == 2:
            break
    assert struck == {"grading", "saving"}
