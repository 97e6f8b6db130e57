"""One cause costs once in a course that `netgrader new` wrote, none of whose files say what follows from what."""

import nbformat
import pytest

from netgrader.commands.release import release
from netgrader.course import Course
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import ProcessPool, Task, grade_tasks
from netgrader.grading.stages import Options
from netgrader.new_course import NewAssignment, make_assignment, make_config
from tests.commands.test_new import SHAPES, shapes

__all__ = ["shapes"]


ROWS = """x_train, x_test = ({} for x in (x_train, x_test))
y_train_1_hot = """

# What each wrote in place of what the right notebook has, and the faults by cell: these lose points and no others.
STUDENTS = {
    "rows divided by their sum": (
        [("y_train_1_hot = ", ROWS.format("x / x.sum(axis=1, keepdims=True)"))],
        {"prepare_data": {"wrong-range"}},
    ),
    "rows less their mean, over their deviation": (
        [("y_train_1_hot = ", ROWS.format("(x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)"))],
        {"prepare_data": {"wrong-range"}},
    ),
    "classes called by the next one": (
        [("[y_train]", "[(y_train + 1) % 3]"), ("[y_test]", "[(y_test + 1) % 3]")],
        {"prepare_data": {"labels-off-by-one"}},
    ),
    "the largest over the rows": (
        [
            (
                "tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1)",
                "tf.argmax(prediction, axis=0), tf.argmax(Y, axis=0)",
            )
        ],
        {"network": {"accuracy-over-wrong-axis"}},
    ),
    "uphill": (
        [("minimize(loss)", "minimize(-loss)")],
        {"network": {"maximises-loss"}, "accuracy": {"target-missed"}},
    ),
    "uphill, and no step": (
        [("minimize(loss)", "minimize(-loss)"), ("sess.run(net.train_op, {", "sess.run(net.loss, {")],
        {"network": {"maximises-loss"}, "training": {"train-op-not-run"}, "accuracy": {"target-missed"}},
    ),
    "a rate that is too low": (
        [("AdamOptimizer(0.001)", "AdamOptimizer(1e-6)")],
        {"training": {"learning-rate-too-low"}, "accuracy": {"target-missed"}},
    ),
    "numbers that nobody measured": (
        [("return net, sess, acc_trn, acc_val", "return net, sess, acc_trn, [0.5] * len(acc_val)")],
        {"training": {"reported-accuracy-wrong"}},
    ),
}


@pytest.fixture(scope="module")
def graded(shapes, tmp_path_factory):
    """The results by student."""
    root = tmp_path_factory.mktemp("new")
    make_config(root)
    make_assignment(root, NewAssignment("shapes", shapes, "shape", SHAPES, 0.85))
    (assignment,) = Course(root).own_assignments
    release(assignment)
    (right,) = (root / "submitted" / "right").rglob("*.ipynb")
    text = right.read_text(encoding="utf-8")
    tasks = []
    for number, (name, (changes, _)) in enumerate(STUDENTS.items()):
        notebook = nbformat.reads(text, as_version=4)
        for old, new in changes:
            cells = [cell for cell in notebook.cells if old in cell.source]
            assert cells, f"{name} changes nothing with {old!r}"
            for cell in cells:
                cell.source = cell.source.replace(old, new)
        path = root / "submitted" / f"student{number}" / "shapes" / right.name
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        (job,) = jobs_of(assignment, f"student{number}")
        tasks.append(Task(name, job))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(root / "store"))
        return {one.task.student: one.result for one in grade_tasks(tasks, Options(threads=1), ProcessPool(2))}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("student", STUDENTS)
def test_a_mistake_is_charged_in_the_cell_that_made_it_and_in_no_other(graded, student):
    result = graded[student]
    assert (result.status, result.problem) == ("graded", None)
    named = {
        cell.cell.removeprefix("check_"): {
            code for check in cell.checks if check.outcome != "passed" for code in check.faults
        }
        for cell in result.cells
    }
    assert {cell: codes for cell, codes in named.items() if codes} == STUDENTS[student][1]
    for cell in result.cells:
        assert (cell.points == cell.max_points) == (cell.cell.removeprefix("check_") not in STUDENTS[student][1])
