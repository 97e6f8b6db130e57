"""The gradebook on a real PostgreSQL server: the same marks as on SQLite, and a missing server."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from netgrader.nbgrader_plugin.converters import GradebookError, autograde_one
from netgrader.nbgrader_plugin.gradebook import require_writable, sync_cells

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
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


@pytest.mark.parametrize(
    ("url", "says"),
    [("nosuchdatabase://x/y", "nosuchdatabase"), ("nonsense", "correct db_url"), ("postgresql+pg8000://x/y", "pg8000")],
)
def test_a_db_url_that_means_nothing_here_is_a_sentence(url, says):
    with pytest.raises(GradebookError, match=says):
        require_writable(url)
