"""Submissions graded in containers like those of Gradescope and PrairieLearn: from export to results."""

import shutil
import time
from html import unescape
from pathlib import Path

import psutil
import pytest

from netgrader.grading.grade_submission import grade
from netgrader_platforms.autograder_files import write_gradescope, write_prairielearn
from notebook_cage.user import UserSandbox
from tests.conftest import build
from tests.platforms import containers
from tests.platforms.test_autograders import fits

MARK = "c0ffee-the-grader-alone-knows"
DUE = {
    "created_at": "2026-03-02T12:30:00.5+00:00",
    "assignment": {"due_date": "2026-03-02T09:00:00+00:00", "total_points": "11.0"},
}
PRYING = """
def add(a, b):
    return a + b
import os, pathlib, subprocess
root = pathlib.Path(PLACE)
def attempt(act):
    try: print("GOT", act())
    except BaseException as error: print("refused", type(error).__name__)
attempt(lambda: [path.read_text() for path in root.rglob("test_*.py")][0])
attempt(lambda: os.listdir(root))
attempt(lambda: (root / "source/course/grader_tests/test_sums.py").read_text())
attempt(lambda: (root / "serverFilesCourse/netgrader/numbers/course/grader_tests/test_sums.py").read_text())
attempt(lambda: [path.read_bytes() for path in pathlib.Path("/proc").glob("*/environ")])
attempt(lambda: (root / "results/results.json").write_text('{"score": 5}'))
attempt(lambda: (root / "results/other.json").write_text("{}"))
attempt(lambda: os.kill(os.getppid(), 9))
attempt(lambda: subprocess.run(["chmod", "-R", "a+rwX", str(root)], check=True))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The tiny course, what it exports, and root's home in all containers."""
    root = tmp_path_factory.mktemp("platforms")
    course = build(root / "course")
    with (course.root / "grader_tests" / "test_sums.py").open("a") as tests:
        tests.write(f"# {MARK}\n")
    write_gradescope(root / "gradescope.zip", course.assignment, 2000)
    write_prairielearn(root / "prairielearn.zip", course.assignment, 500, "uni/netgrader:1")
    (root / "home").mkdir()
    return course


class Ways:
    """A way into each platform's container for a submission of the course."""

    def __init__(self, made, folder: Path) -> None:
        self.made, self.folder, self.exports = made, folder, made.root.parent

    def gradescope(self, *files: Path, metadata=None, memory=None):
        target = self.folder / "autograder"
        target.mkdir()
        container = containers.gradescope(
            target, self.exports / "gradescope.zip", self.exports / "home", files, metadata
        )
        container.memory = memory
        code, printed = container.run("/autograder/run_autograder")
        assert code == 0, printed
        return fits("gradescope", container.results), printed, container

    def prairielearn(self, notebook: str, *files: Path):
        target = self.folder / "grade"
        target.mkdir()
        container, command = containers.prairielearn(
            target, self.exports / "prairielearn.zip", self.exports / "home", f"netgrader/numbers/{notebook}", files
        )
        code, printed = container.run(*command)
        assert code == 0, printed
        return fits("prairielearn", container.results), printed, container


@pytest.fixture
def ways(made, tmp_path):
    return Ways(made, tmp_path)


def scores(results):
    return {one["name"]: (one["score"], one["max_score"]) for one in results["tests"] if "score" in one}


def test_two_files_one_right_and_one_wrong_handed_in_late_have_the_mark_that_they_have_at_home(made, ways):
    right = made.submit("ada")
    wrong = made.submit("ada", "2_words", greet="def greet(name):\n    return '<b>Servus</b> ' + name")
    mark = grade(right.parent, course=made.course)
    results, printed, container = ways.gradescope(right, wrong, metadata=DUE, memory=1_500_000_000)
    assert results.get("score") == mark.score == 7.0, printed
    found = scores(results)
    assert sum(points for points, _ in found.values()) == 7.0
    assert sum(most for _, most in found.values()) == mark.max_score == 9.0
    assert found["greet: The greeting is polite"] == (0.0, 2.0)
    (lost,) = (one for one in results["tests"] if one["name"] == "greet: The greeting is polite")
    assert lost["output"] == "<p>The greeting does not begin with Hello.</p>"
    assert any(one["name"] == "why: your written answer waits for a person (2 points)" for one in results["tests"])
    # The container has no namespaces, which is said and never passed over; what is the instructor's to know is printed.
    assert unescape(results["output"]).count(UserSandbox.note) == 1
    assert "Take care:" in printed
    assert "1.5 GB of memory, and grading needs 3 GB" in printed
    assert "GB" not in results["output"]
    assert results["stdout_visibility"] == "hidden"
    assert (container.place / "source").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("platform", ["gradescope", "prairielearn"])
def test_who_reads_the_hidden_part_or_writes_the_results_gets_nothing(made, ways, platform):
    place = {"gradescope": "/autograder", "prairielearn": "/grade"}[platform]
    path = made.submit(f"prying-{platform}", add=PRYING.replace("PLACE", repr(place)))
    results, printed, container = (
        ways.gradescope(path) if platform == "gradescope" else ways.prairielearn("1_sums", path)
    )
    assert results["score"] == (5.0 if platform == "gradescope" else 1.0)
    kept = [file.read_bytes() for file in container.place.rglob(".netgrader/**/*") if file.is_file()]
    assert any(b"refused PermissionError" in text for text in kept)
    assert not any(b"GOT" in text and MARK.encode() in text for text in kept)
    assert MARK not in printed
    assert not (container.place / "results" / "other.json").exists()


def test_prairielearn_grades_one_notebook_and_gives_a_share_of_its_points(made, ways):
    path = made.submit("bela", squares="squares = [k for k in range(10)]")
    mark = grade(path, course=made.course)
    results, _, _ = ways.prairielearn("1_sums", path)
    assert results["score"] == mark.score / mark.max_score == 0.4
    assert round(sum(one["points"] for one in results["tests"]), 2) == mark.score
    assert "The squares are not those of 0 to 9." in next(
        one["message"] for one in results["tests"] if "squares" in one["name"]
    )


def test_a_run_that_is_ended_leaves_what_was_graded_until_then(made, ways):
    right = made.submit("chloe")
    endless = made.submit("chloe", "2_words", greet="while True:\n    pass")
    target = ways.folder / "autograder"
    target.mkdir()
    container = containers.gradescope(target, ways.exports / "gradescope.zip", ways.exports / "home", (right, endless))
    seen = []
    with container.started("/autograder/run_autograder") as process:
        while process.poll() is None and not (seen and "score" in seen[-1]):
            time.sleep(0.1)
            if (target / "results" / "results.json").exists():
                seen.append(fits("gradescope", container.results))
        assert "Grading has begun" in seen[0]["output"]
        (ours,) = (one for one in psutil.Process(process.pid).children(recursive=True) if one.name() == "timeout")
        ours.terminate()  # as it does itself when the time is over
        printed, _ = process.communicate()
    results = fits("gradescope", container.results)
    assert results["score"] == 5.0
    assert "Grading ran out of time and was stopped" in results["output"]
    assert "took all the time" in printed
    assert results["tests"][-1]["name"] == "2_words: not graded yet"
    shutil.rmtree(target)
