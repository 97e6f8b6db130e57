import json

import pytest

from netgrader.errors import UsageError
from netgrader.grading.execution import Execution
from netgrader.grading.grade_submission import grade, grade_job
from netgrader.grading.jobs import find_jobs, jobs_of
from netgrader.results import Outcome, Status
from tests.texts import english

pytestmark = pytest.mark.usefixtures("uncaged")


def only(result):
    (notebook,) = result.notebooks
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.cell == name)


def test_a_right_notebook_earns_everything_but_what_a_person_grades(tiny):
    notebook = only(grade(tiny.submit("ada")))
    assert (notebook.notebook, notebook.score, notebook.max_score) == ("1_sums.ipynb", 5.0, 5.0)
    assert (notebook.status, notebook.problem, notebook.faults) == (Status.GRADED, None, ())
    assert cell_of(notebook, "why").points is None
    assert cell_of(notebook, "why").manual


def test_public_and_hidden_credit_share_a_cells_points(tiny):
    notebook = only(grade(tiny.submit("bob", add="def add(a, b):\n    return a + b if a < 500 else 0")))
    cell = cell_of(notebook, "check_add")
    assert {check.check: check.outcome for check in cell.checks}[
        "test_sums.py::test_all_sums_are_right"
    ] is Outcome.FAILED
    assert cell.points in {0.0, 0.5}  # the first three numbers are chosen at random
    assert cell_of(notebook, "check_squares").points == 3.0


def test_a_folder_is_graded_notebook_by_notebook_in_order(tiny):
    tiny.submit("ada", "2_words")
    tiny.submit("ada", "1_sums")
    result = grade(tiny.root / "submitted" / "ada" / "numbers")
    assert [notebook.notebook for notebook in result.notebooks] == ["1_sums.ipynb", "2_words.ipynb"]
    assert (result.score, result.max_score) == (9.0, 9.0)


def test_of_two_copies_the_one_with_the_right_name_is_graded(tiny):
    path = tiny.submit("ada")
    wrong = json.dumps(tiny.filled(add="pass")).encode()
    path.with_name("1_sums-Copy1.ipynb").write_bytes(wrong)
    (job,) = jobs_of(tiny.assignment, "ada")
    assert job.path == path
    assert english(job.notes) == ("1_sums-Copy1.ipynb is the same notebook; 1_sums.ipynb was graded.",)


def test_helper_modules_travel_but_not_the_courses_own(tiny, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        "netgrader.grading.stages.run_request",
        lambda request, _options, folder: seen.update(request.helpers) or write_nothing(folder),
    )
    tiny.write("source/numbers/given.py", "def add(a, b): return a + b\n")
    folder = tiny.submit("ada").parent
    (folder / "tools.py").write_text("x = 1\n")
    (folder / "given.py").write_text("x = 2\n")
    (folder / "renamed.py").write_text("def add(a, b): return a + b\n")
    grade(folder)
    assert seen == {"tools.py": "x = 1\n"}


def write_nothing(folder):
    died = "The kernel died."
    run = Execution((), problem=died, problems={"check_add": died, "check_squares": died})
    run.save(folder)


def test_a_notebook_that_hands_over_nothing_is_not_gradable_and_says_why(tiny, monkeypatch):
    monkeypatch.setattr("netgrader.grading.stages.run_request", lambda _r, _o, folder: write_nothing(folder))
    notebook = only(grade(tiny.submit("ada")))
    assert (notebook.status, str(notebook.problem), notebook.score) == (Status.NOT, "The kernel died.", 0.0)
    assert {check.outcome for cell in notebook.cells for check in cell.checks} == {Outcome.UNGRADABLE}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda root: root / "nothing", "There is no file or folder"),
        (lambda root: root / "grader_tests", "There are no notebooks"),
        (lambda root: root / "nbgrader_config.py", "is not a notebook"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused_in_a_sentence(tiny, make, sentence):
    with pytest.raises(UsageError, match=sentence):
        grade(make(tiny.root))


def test_a_folder_above_that_of_the_notebooks_is_refused(tiny):
    tiny.submit("ada")
    with pytest.raises(UsageError, match="Name the folder that holds them"):
        grade(tiny.root / "submitted" / "ada")


def test_changed_text_costs_no_run_and_changed_code_does(tiny, uncaged):
    (job,) = find_jobs(tiny.submit("ada"), tiny.course)
    first = grade_job(job)
    tiny.submit("ada", why="Another answer.")
    second = grade_job(job)
    assert second.made == frozenset()
    assert second.digest != first.digest
    tiny.submit("ada", add="def add(a, b):\n    return b + a")
    assert "execute" in grade_job(job).made


@pytest.fixture
def asked(monkeypatch):
    """The cells of a run, which goes no further."""
    cells = []

    def run(request, _options, _folder):
        cells.extend(request.cells)
        raise KeyboardInterrupt

    monkeypatch.setattr("netgrader.grading.stages.run_request", run)
    return cells


def test_what_came_with_the_notebook_is_told_from_what_a_student_added(tiny, asked):
    """Processor time of given cells is not the student's, whether they are tracked or not."""
    content = tiny.filled()
    content["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": "mine = 1", "outputs": []})
    with pytest.raises(KeyboardInterrupt):
        grade(tiny.submit("ada", content=content))
    told = {cell.name or cell.source: cell.given for cell in asked}
    assert told == {
        "setup": True,
        "add": False,
        "mine = 1": False,
        "check_add": True,
        "squares": False,
        "check_squares": True,
    }


def test_a_copy_of_a_given_cell_with_blanks_around_it_is_the_students_own(tiny, asked):
    """Blanks may be data, of any size."""
    content = tiny.filled()
    copies = ["import math", "import math \t \t\t", "  \nimport math"]
    content["cells"] += [{"cell_type": "code", "metadata": {}, "source": copy, "outputs": []} for copy in copies]
    with pytest.raises(KeyboardInterrupt):
        grade(tiny.submit("ada", content=content))
    assert [cell.given for cell in asked[-3:]] == [True, False, False]
