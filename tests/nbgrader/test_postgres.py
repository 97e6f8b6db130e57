"""The gradebook on a real PostgreSQL server: the marks of SQLite, thirty-two writers, and a server that is not there."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from netgrader.nbgrader_plugin.converters import GradebookError, autograde_one
from netgrader.nbgrader_plugin.gradebook import require_writable, sync_cells

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
WRITERS = 32
WRONG = "def add(a, b):\n    return a - b"


@pytest.fixture(scope="module")
def server():
    """A server of our own on a socket of its own; gives the db_url of an empty database by name."""
    (binaries,) = BINARIES  # scripts/setup installs Debian's postgresql
    folder = Path(tempfile.mkdtemp(prefix="netgrader-postgres-"))
    user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        folder.chmod(0o755)

    def run(program, *arguments):
        subprocess.run([binaries / program, *arguments], user=user, cwd=folder, check=True, capture_output=True)

    data = folder / "data"
    run("initdb", "-D", data, "-A", "trust", "-U", "grader", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=100"
    run("pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:

        def database(name):
            run("createdb", "-h", folder, "-U", "grader", name)
            return f"postgresql+psycopg://grader@/{name}?host={folder}"

        yield database
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def on_server(tiny, server, request):
    """The tiny course with its gradebook on the server."""
    config = tiny.root / "nbgrader_config.py"
    url = server(f"db{abs(hash(request.node.name))}")
    config.write_text(config.read_text() + f"c.CourseDirectory.db_url = {url!r}\n")
    sync_cells(tiny.assignment, {"1_sums"})
    return tiny


def hand_in(course):
    course.submit("ada")
    course.submit("bela", add=WRONG)


def test_marks_are_those_of_sqlite(on_server, tmp_path_factory, with_gradebook):
    from tests.conftest import TinyCourse

    local = tmp_path_factory.mktemp("local") / "course"
    shutil.copytree(with_gradebook, local)
    for course in (on_server, TinyCourse(local)):
        hand_in(course)
        for student in ("ada", "bela"):
            with contextlib.chdir(course.root):
                autograde_one(course.course, "numbers", student)
    assert on_server.course.db_url.startswith("postgresql")
    assert on_server.marks() == TinyCourse(local).marks()
    assert on_server.marks()["bela", "check_add"][0] == 0.0


def test_thirty_two_who_write_beside_the_grading_lose_nothing(on_server):
    hand_in(on_server)
    for student in ("ada", "bela"):
        autograde_one(on_server.course, "numbers", student)
    students = [f"s{number:02}" for number in range(WRITERS)]
    trouble = []
    begin = threading.Barrier(WRITERS + 1, timeout=60)

    def write(student):
        try:
            begin.wait()
            with Gradebook(on_server.course.db_url) as gradebook:
                gradebook.update_or_create_student(student, first_name="Written")
        except Exception as error:  # noqa: BLE001  (asserted to be none)
            trouble.append(error)

    threads = [threading.Thread(target=write, args=(student,)) for student in students]
    for thread in threads:
        thread.start()
    begin.wait()
    on_server.submit("ada", add=WRONG)
    autograde_one(on_server.course, "numbers", "ada")
    for thread in threads:
        thread.join()
    assert trouble == []
    assert on_server.marks()["ada", "check_add"][0] == 0.0
    with Gradebook(on_server.course.db_url) as gradebook:
        assert {student.id: student.first_name for student in gradebook.students if student.id in students} == (
            dict.fromkeys(students, "Written")
        )


@pytest.mark.parametrize(
    ("url", "says"),
    [("nosuchdatabase://x/y", "nosuchdatabase"), ("nonsense", "correct db_url"), ("postgresql+pg8000://x/y", "pg8000")],
)
def test_a_db_url_that_means_nothing_here_is_a_sentence(url, says):
    with pytest.raises(GradebookError, match=says):
        require_writable(url)
