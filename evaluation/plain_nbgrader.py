"""What nbgrader alone gives a submission when the tests of notebook 1 run in the student's own kernel.

Puts asserts into the check cells as hidden tests, which is how nbgrader is used without netgrader, makes a course of that in a
folder of its own, fills it with students of the sample class, and grades it with nbgrader's own `Execute`.

    .venv/bin/python evaluation/plain_nbgrader.py goran ada
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "sample_class"))

from make import fill  # noqa: E402  (a script beside the sample class, not a package)

NOTEBOOK = "1_one_layer"
TESTS = {
    "check_prepare_data": """
for x, y, n in ((x_train, y_train_1_hot, 60000), (x_test, y_test_1_hot, 10000)):
    assert x.shape == (n, 784) and y.shape == (n, 10)
    assert x.min() == 0 and x.max() == 1
    assert (y.sum(axis=1) == 1).all()
""",
    "check_fully_connected_layer": """
with tf.Graph().as_default(), tf.Session() as s:
    h, W = fully_connected_layer(tf.placeholder(tf.float32, [None, 784]), 10, activation=tf.nn.relu)
    assert W.shape == (784, 10) and h.shape[1] == 10
    s.run(tf.global_variables_initializer())
    assert abs(s.run(W)).max() <= (6 / 794) ** 0.5
""",
    "check_one_layer_network": """
tried = one_layer_network()
assert tried.logits.shape[1] == 10
assert tried.graph is tried.W1.graph
""",
    "check_train": """
tried = one_layer_network()
with tf.Session(graph=tried.graph) as s:
    trn, val = train(s, tried, 1)
    assert len(trn) == len(val) == 1
    assert 0.88 < s.run(tried.accuracy, {tried.X: x_test, tried.Y: y_test_1_hot}) < 0.95
""",
}


def course(folder: Path, students: list[str]) -> None:
    """Write a course with tests in the notebook to `folder`, and what `students` wrote into its submissions."""
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "plain"\nc.Execute.timeout = 600\n'
        'c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}\n',
        encoding="utf-8",
    )
    source = nbformat.read(ROOT / "source" / "digits" / f"{NOTEBOOK}.ipynb", as_version=4)
    for cell in source.cells:
        tests = TESTS.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if tests:
            first = cell.source.splitlines()[-1]
            cell.source = f"print({first!r})\n### BEGIN HIDDEN TESTS{tests}### END HIDDEN TESTS"
    (folder / "source" / "digits").mkdir(parents=True)
    nbformat.write(source, folder / "source" / "digits" / f"{NOTEBOOK}.ipynb")
    shutil.copy(ROOT / "data" / "mnist.npz", folder / "source" / "digits")
    nbgrader(folder, "generate_assignment", "digits")
    released = nbformat.read(folder / "release" / "digits" / f"{NOTEBOOK}.ipynb", as_version=4)
    for student in students:
        text = (ROOT / "tests" / "sample_class" / "students" / student / f"{NOTEBOOK}.py").read_text(encoding="utf-8")
        target = folder / "submitted" / student / "digits"
        target.mkdir(parents=True)
        nbformat.write(fill(released, text), target / f"{NOTEBOOK}.ipynb")


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run nbgrader in the course at `folder`; its log is shown if it fails."""
    # nbgrader calls alembic by its name.
    paths = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)


def marks(folder: Path, student: str) -> tuple[float, dict[str, float]]:
    """The marks that nbgrader booked: in all, and by cell."""
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        found = gradebook.find_submission_notebook(NOTEBOOK, "digits", student)
        return found.score, {grade.name: grade.score for grade in found.grades}


def main() -> None:
    """Grade the students named and print what nbgrader alone gives them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", nargs="+")
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory(prefix="plain-nbgrader-") as made:
        folder = Path(made)
        course(folder, students)
        for student in students:
            nbgrader(folder, "autograde", "digits", "--student", student)
            total, cells = marks(folder, student)
            sys.stdout.write(f"{student}: {total:g} of 10 {cells}\n")


if __name__ == "__main__":
    main()
