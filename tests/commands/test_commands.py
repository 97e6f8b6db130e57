import contextlib
import errno
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import psutil
import pytest

from graphread.fault_kinds import of_any_data, sections, text_of
from netgrader.commands import autograde, doctor
from netgrader.commands.progress import log_path
from netgrader.faults import CATALOGUE
from tests.conftest import RIGHT
from tests.datasets import DIGITS, toml_of

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
ROOT = Path(__file__).parents[2]
COMMANDS = ["grade", "autograde", "release", "read", "explain", "doctor", "demo"]


def one_sentence(process, code):
    assert process.returncode == code, process.stderr
    assert process.stderr.startswith("netgrader: ")
    assert "Traceback" not in process.stderr
    assert len(process.stderr.strip().splitlines()) == 1
    return process.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(typed, command):
    said = typed(command, "--help", COLUMNS="140").stdout
    assert f"Example: netgrader {command}" in said


def test_the_help_waits_for_no_large_library(netgrader):
    imports = netgrader("--help", PYTHONPROFILEIMPORTTIME="1").stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in imports.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"tensorflow", "numpy", "nbgrader", "nbconvert", "sqlalchemy", "matplotlib", "altair", "pytest"}


def test_explain_prints_the_page_of_a_code_and_lists_all_codes(typed):
    said = typed("explain", "labels-off-by-one").stdout
    heading, _, page = said.partition("\n")
    assert heading == "labels-off-by-one: fatal"
    assert page.strip().startswith(of_any_data(CATALOGUE["labels-off-by-one"].sentence))
    assert all(heading in said for heading in sections(text_of(CATALOGUE["labels-off-by-one"].page)))
    listed = typed("explain").stdout.splitlines()
    assert {*CATALOGUE} <= {line.split()[0] for line in listed}


def test_a_code_that_no_fault_has_is_usage(typed):
    assert "Similar: labels-off-by-one" in one_sentence(typed("explain", "label-off-by-one"), 2)


def test_a_folder_without_notebooks_is_usage(typed, tiny):
    assert "no notebooks (.ipynb) in the folder grader_tests" in one_sentence(typed("grade", "grader_tests"), 2)


def test_json_into_a_folder_that_there_is_not_is_said_before_grading(typed, tiny):
    path = tiny.submit("ada")
    process = typed("grade", path, "--json", "nowhere/x.json")
    assert process.returncode == 2
    assert "No such file or directory" in process.stderr


def test_json_overwrites_no_submission(typed, tiny):
    path = tiny.submit("ada")
    written = path.read_bytes()
    for rest in ([], [tiny.submit("bob")]):
        assert "not overwritten" in one_sentence(typed("grade", "--json", path, *rest), 2)
    assert path.read_bytes() == written


def test_a_student_with_a_slash_and_one_who_handed_in_nothing_are_usage(typed, booked):
    booked.submit("ada")
    assert "There is no submission of a/b for 'numbers'" in one_sentence(
        typed("autograde", "numbers", "--student", "a/b"), 2
    )
    assert "no submission of bob" in one_sentence(typed("autograde", "numbers", "--student", "bob"), 2)


def test_a_locked_gradebook_is_said_before_grading(typed, booked):
    booked.submit("ada")
    other = sqlite3.connect(booked.root / "gradebook.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        said = one_sentence(typed("autograde", "numbers"), 1)
    finally:
        other.close()
    assert "database is locked" in said


def test_outside_of_any_course_the_sentence_says_what_to_do(typed, tiny):
    said = one_sentence(typed("grade", tiny.submit("ada"), NETGRADER_COURSE="/nowhere"), 2)
    assert "NETGRADER_COURSE names /nowhere" in said


def test_debug_shows_the_traceback_wherever_it_stands(netgrader, tiny):
    for arguments in (("--debug", "grade", "grader_tests"), ("grade", "grader_tests", "--debug")):
        process = netgrader(*arguments)
        assert process.returncode != 0
        assert "Traceback (most recent call last)" in process.stderr


def test_a_right_notebook_is_graded_in_the_cage_and_ends_with_0(netgrader, tiny):
    path = tiny.submit("ada")
    process = netgrader("grade", path, "--json", "ada.json")
    assert process.returncode == 0, process.stderr
    assert "1_sums.ipynb: 5 of 5 points" in process.stdout
    (entry,) = json.loads((tiny.root / "ada.json").read_text())
    schema = json.loads((ROOT / "docs" / "reference" / "results.schema.json").read_text())
    jsonschema.validate([entry], schema)
    assert entry["environment"]["sandbox"] == "bubblewrap"
    assert (Path(entry["path"]).name, entry["student"]) == ("1_sums.ipynb", "ada")
    assert entry["seconds"]["execute"] > 0


def test_what_could_not_be_graded_ends_with_1_and_the_rest_is_graded(netgrader, tiny):
    bad = tiny.submit("hana", content=b"no notebook")
    good = tiny.submit("ada", add="def add(a, b):\n    return a - b")
    process = netgrader("grade", bad, good, "--json", "-")
    assert process.returncode == 1
    results = json.loads(process.stdout)
    jsonschema.validate(results, json.loads((ROOT / "docs" / "reference" / "results.schema.json").read_text()))
    assert [(one["status"], one["score"]) for one in results] == [("not-gradable", 0.0), ("graded", 3.0)]
    assert "the file is not a notebook" in results[0]["problem"].lower()


def test_a_class_is_graded_into_the_gradebook_and_again_for_nothing(netgrader, booked):
    booked.submit("ada")
    booked.submit("bob", add="def add(a, b):\n    return a - b")
    booked.submit("hana", content=b"no notebook")
    booked.submit("noa").unlink()
    process = netgrader("autograde", "numbers", "--workers", "2")
    assert process.returncode == 1, process.stderr
    assert re.search(r"ada\s+│ 1_sums.ipynb\s+│\s+5 / 5", process.stdout)
    assert re.search(r"bob\s+│ 1_sums.ipynb\s+│\s+3 / 5 │ A sum", process.stdout)
    assert "The file is not a notebook" in process.stdout
    assert "No notebook was handed in." in process.stdout
    assert "[3/3]" in process.stdout
    assert "2 graded now, 0 unchanged; 2 not in full." in process.stdout
    found = {who: points for (who, cell), (points, _, _) in booked.marks().items() if cell == "check_add"}
    assert found == {"ada": 2.0, "bob": 0.0, "hana": 0.0}
    stamp = (booked.root / "autograded" / "ada" / "numbers" / "1_sums.ipynb").stat().st_mtime_ns
    again = netgrader("autograde", "numbers", "--student", "ada")
    assert again.returncode == 0
    assert "0 graded now, 1 unchanged" in again.stdout
    assert (booked.root / "autograded" / "ada" / "numbers" / "1_sums.ipynb").stat().st_mtime_ns == stamp


def test_a_submission_that_may_not_be_read_is_that_students_row_and_stops_nobody(booked, monkeypatch, capsys):
    for student in ("ada", "bela", "carl"):
        booked.submit(student)
    really = autograde.jobs_of

    def as_another_user(assignment, student):
        if student == "bela":  # root may read everything, so what others meet is raised here
            raise PermissionError(errno.EACCES, "Permission denied", str(booked.root / "submitted" / "bela"))
        return really(assignment, student)

    monkeypatch.setattr(autograde, "jobs_of", as_another_user)
    tasks, unread = autograde.tasks_of(booked.assignment, ["ada", "bela", "carl"])
    assert [task.student for task in tasks] == ["ada", "carl"]
    assert "submitted/bela cannot be read (Permission denied), so it was not graded" in unread["bela"]


def test_data_that_is_missing_or_damaged_costs_nobody_a_mark(netgrader, booked):
    notebook = booked.root / "source" / "numbers" / "1_sums.ipynb"
    notebook.write_text(notebook.read_text().replace("import math", "from netgrader.student import load_mnist"))
    booked.write("source/numbers/checks/exercises.toml", toml_of(DIGITS))
    booked.submit("ada")
    data = booked.root / "data" / "mnist.npz"
    data.parent.mkdir()
    for content in (None, b"cut off"):
        if content:
            data.write_bytes(content)
        process = netgrader("autograde", "numbers")
        assert process.returncode == 1
        assert f"The training data {data}" in " ".join(process.stdout.split()).replace("│ ", "").replace(" │", "")
        assert "no mark was changed" in " ".join(process.stdout.replace("│", " ").split())
        assert booked.marks() == {}


def test_what_breaks_in_a_check_is_said_to_the_instructor(netgrader, tiny):
    tests = tiny.root / "grader_tests" / "test_sums.py"
    tests.write_text(tests.read_text().replace("k * k for k", "k // 0 for k"))
    process = netgrader("grade", tiny.submit("ada"))
    assert process.returncode == 1
    said = " ".join(process.stdout.split())
    assert "For the instructor, a check broke on 1_sums.ipynb: test_sums.py::test_squares_are_right" in said
    assert "ZeroDivisionError" in said
    assert "Traceback" not in process.stdout


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_or_killed_leaves_nothing_running_and_the_next_call_goes_on(netgrader, booked, end):
    booked.submit("ada")
    booked.submit("bela", add="import time\ntime.sleep(100)")
    log = log_path(booked.assignment)
    with started(booked.root, "--workers", "2") as process:
        until(lambda: log.is_file() and '"event": "graded"' in log.read_text() and has_a_kernel(process.pid))
        family = {one.pid for one in psutil.Process(process.pid).children(recursive=True)}
        # Ctrl-C goes to the whole group of a terminal, kill -9 to the one process.
        (os.killpg if end == signal.SIGINT else os.kill)(process.pid, end)
        _, said = process.communicate(timeout=60)
    if end == signal.SIGINT:
        assert process.returncode == 1
        assert "What was graded is kept; call again to go on: netgrader autograde numbers" in " ".join(said.split())
    until(lambda: not any(alive(pid) for pid in family))
    booked.submit("bela", add=f"{RIGHT['add']}\n# mended")
    assert "1 graded now, 1 unchanged" in netgrader("autograde", "numbers").stdout


def started(folder, *arguments):
    """Start `netgrader autograde numbers`, which leads a group as on a terminal."""
    # Where tests run in the background, Ctrl-C is ignored by all that they start.
    program = ["env", "--default-signal=INT", Path(sys.executable).parent / "netgrader", "autograde", "numbers"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*program, *arguments], cwd=folder, start_new_session=True, **pipes)


def has_a_kernel(pid):
    """Whether one was started below a process, or forked: then there are two more than bubblewrap and the zygote."""
    lines = [" ".join(line) for line in below(pid)]
    return any("ipykernel" in line for line in lines) or sum("/run/zygote.py" in line for line in lines) >= 4


def below(pid):
    """Command lines of a process's descendants."""
    lines = []
    for one in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            lines.append(one.cmdline())
    return lines


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition, seconds=60):
    """Wait for something that must come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_doctor_goes_on_behind_a_config_that_cannot_be_read(netgrader, tiny):
    (tiny.root / "nbgrader_config.py").write_text("c = get_config(\n")
    process = netgrader("doctor")
    assert process.returncode == 1
    assert "MISSING course" in process.stdout
    assert "nbgrader_config.py cannot be read: SyntaxError" in process.stdout
    assert "cage: " in process.stdout


@pytest.mark.parametrize(
    ("missing", "said"),
    [(0, "Grading works here."), (2, "Grading works here only once the 2 lines marked MISSING are fixed.")],
)
def test_doctor_ends_with_what_is_to_be_mended(monkeypatch, capsys, missing, said):
    lines = [
        doctor.Finding("Python", good=True, found=""),
        doctor.Finding("pyarrow", good=False, found="", needed=False),
    ]
    lines += [doctor.Finding("course", good=False, found="")] * missing
    monkeypatch.setattr(doctor, "findings", lambda _: iter(lines))
    assert doctor.run() == (1 if missing else 0)
    assert capsys.readouterr().out.splitlines()[-1] == said
