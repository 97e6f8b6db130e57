"""The attacked course: each attack is a real notebook, graded by the complete pipeline and judged by four questions.

Is the mark what the honest part deserves? Did anything outside change? Did a secret leak? Is the next submission graded as
usual? The attacked course has small limits of its own, so that attacks end within seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sysconfig
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from netgrader.course import Course
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from netgrader.grading.stages import Options
from notebook_cage import require_self_tests
from tests.attacks.attacked import RIGHT, Attack, course_of_sums, notebook_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netgrader.grading.graded_notebook import GradedNotebook

MARK = "c0ffee-the-grader-alone-knows"
LIMITS = """
[limits]
cell_seconds = 5
notebook_seconds = 20
capture_seconds = 6
memory_bytes = 700_000_000
processes = 40
disk_bytes = 30_000_000
received_bytes = 30_000_000
"""
HONEST = 5.0
AT_ONCE = 2


@dataclass
class Attacked:
    """The course, and what came of the attacks on it."""

    root: Path
    results: dict[str, GradedNotebook] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)

    @property
    def course(self) -> Course:
        return Course(self.root)

    def run(self, attacks: Iterable[Attack]) -> None:
        """Hand in a notebook for each attack and grade them, some at a time."""
        self.before = self.everything()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for name, graded in pool.map(self.grade, attacks):
                self.results[name] = graded

    def grade(self, attack: Attack) -> tuple[str, GradedNotebook]:
        content = notebook_of(self.course.assignment("numbers").skeleton("1_sums"), attack)
        return attack.name, self.grade_as(attack.name, content, attack.files)

    def grade_as(self, name: str, content: Mapping[str, Any], files: Mapping[str, str] | None = None) -> GradedNotebook:
        """Hand in `content` as a notebook of somebody's own, and grade it."""
        folder = self.root.parent / "handed-in" / name.replace(" ", "-")
        folder.mkdir(parents=True)
        (folder / "1_sums.ipynb").write_text(json.dumps(content))
        for file, text in (files or {}).items():
            (folder / file).write_bytes(text.encode())
        (job,) = find_jobs(folder, self.course)
        return grade_job(job, self.options)

    def everything(self) -> dict[str, str]:
        """All that an attack might change: the course with its gradebook, what Python runs at its start, the home."""
        found = _hashes(self.root, leave_out={".netgrader"})
        packages = Path(sysconfig.get_path("purelib"))
        found |= {str(path): "there" for path in (*packages.glob("*.pth"), *packages.glob("*customize.py"))}
        home = Path.home()
        for folder in (home, home / ".ipython", home / ".jupyter", home / ".config", home / ".local/share/jupyter"):
            found |= {str(path): "there" for path in folder.iterdir()} if folder.is_dir() else {}
        return found

    def shown(self, name: str) -> str:
        """All that anybody gets to see of a graded notebook."""
        graded = self.results[name]
        told: Any = [graded.result.as_json(), [outputs for _, outputs in graded.cells], repr(graded.observations)]
        return json.dumps(told, default=str)


def _hashes(folder: Path, leave_out: set[str]) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not leave_out & set(path.relative_to(folder).parts)
    }


@pytest.fixture(scope="module")
def module_monkeypatch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def attacked_course(root: Path) -> Path:
    """Build a course with what attacks are after: tests, a gradebook, somebody else's work."""
    course = course_of_sums(root, LIMITS, MARK)
    (course.root / "gradebook.db").write_text(MARK)
    (course.root / "grader_tests" / "seed.txt").write_text("731\n")
    course.submit("bertha", add=f"def add(a, b):\n    return a + b  # {MARK}")
    return course.root


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = attacked_course(tmp_path_factory.mktemp("attacked") / "course")
    require_self_tests()
    return root


@pytest.fixture
def course(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attacked:
    """The course that is attacked, in a folder of this test's own: nothing of it is looked after afterwards."""
    monkeypatch.setenv("INSTRUCTORS_SECRET", MARK)
    shutil.copytree(template, tmp_path / "course")
    return Attacked(tmp_path / "course")


@pytest.fixture(scope="module")
def attacked(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A course of this family's own. Afterwards an honest notebook is graded as ever, and nothing has changed."""
    root = tmp_path_factory.mktemp("family") / "course"
    shutil.copytree(template, root)
    os.environ["INSTRUCTORS_SECRET"] = MARK
    made = Attacked(root)
    made.before = made.everything()
    try:
        yield made
    finally:
        del os.environ["INSTRUCTORS_SECRET"]
    _, honest = made.grade(Attack("an honest one", squares="squares = [k * k for k in range(10)]"))
    assert honest.result.score == HONEST
    assert honest.result.problem is None
    assert made.everything() == made.before


ATTEMPT = """
MARK, COURSE = {mark!r}[::-1].encode(), {course!r}
def attempt():
{body}
try:
    got = attempt()
    print('GOT ' + repr(got)[:300] if got else 'NOTHING')
except BaseException as error:
    print('NOTHING: ' + type(error).__name__)
"""


def tries(attacked: Attacked, attempts: Mapping[str, str], *, secret: bool = True) -> dict[str, str]:
    """Let one kernel try all of `attempts`, each a function's body that returns what it got; what each one printed."""
    cells = [
        ATTEMPT.format(mark=MARK[::-1], course=str(attacked.root), body=textwrap.indent(textwrap.dedent(body), "    "))
        for body in attempts.values()
    ]
    attack = Attack("tries them all", squares=RIGHT, cells=cells, squares_deserves=3.0)
    attacked.run([attack])
    if secret:
        assert_in_vain(attacked, attack)
    printed = [
        "".join(output.get("text", "") for output in outputs) for _, outputs in attacked.results[attack.name].cells
    ]
    found = [text for text in printed if text.startswith(("GOT", "NOTHING"))]
    assert len(found) == len(attempts)
    return dict(zip(attempts, found, strict=True))


def assert_in_vain(attacked: Attacked, attack: Attack) -> None:
    """The mark is what the honest part deserves, and nothing secret came out."""
    result = attacked.results[attack.name].result
    points = {cell.cell: cell.points for cell in result.cells}
    assert points == {"check_add": attack.add_deserves, "check_squares": attack.squares_deserves, "why": None}, (
        result.problem,
        [check.message for cell in result.cells for check in cell.checks],
    )
    shown = attacked.shown(attack.name)
    assert MARK not in shown
    assert str(attacked.root) not in shown
