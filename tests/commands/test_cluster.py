"""A class graded by a real Dask scheduler with worker processes on this machine."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netgrader.commands.progress import log_path
from tests.commands.test_commands import started, until

BIN = Path(sys.executable).parent
WRONG = "def add(a, b):\n    return a - b"


class Cluster:
    """Dask's own programs, as they are started by hand."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack
        self.workers = []
        file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", file, "--no-dashboard")
        self._until(file.is_file)
        self._until(lambda: json.loads(file.read_text() or "{}").get("address"))
        self.address = json.loads(file.read_text())["address"]

    def add_worker(self, **environment):
        """A process that grades one notebook at a time."""
        name = f"w{len(self.workers)}"
        local = self._folder / name
        self.workers.append(
            self._start(
                *("worker", self.address, "--name", name, "--host", "127.0.0.1", "--nthreads", 1, "--no-dashboard"),
                *("--no-nanny", "--local-directory", local),
                **environment,
            )
        )
        with self.client() as client:
            self._until(lambda: name in self._names(client))
        return name

    @contextlib.contextmanager
    def client(self):
        import distributed

        with distributed.Client(self.address, set_as_default=False) as client:
            yield client

    def kill_when_busy(self, number, command):
        """Kill a worker as soon as `command` has given it work."""
        with self.client() as client:
            found = client.scheduler_info()["workers"].items()
            address = next(address for address, one in found if one["name"] == f"w{number}")
            self._until(lambda: client.processing().get(address) or command.poll() is not None)
            self.workers[number].kill()

    def _start(self, program, *arguments, **environment):
        log = self._stack.enter_context((self._folder / "dask.log").open("ab"))
        process = subprocess.Popen(
            [BIN / "dask", program, *map(str, arguments)],
            cwd=self._folder,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    @staticmethod
    def _names(client):
        return [one["name"] for one in client.scheduler_info()["workers"].values()]

    @staticmethod
    def _until(condition, seconds=120):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "Dask did not answer"
            time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "dask").mkdir()
    with contextlib.ExitStack() as stack:
        yield Cluster(tmp_path / "dask", stack)


@pytest.mark.all
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
def test_a_worker_that_is_killed_loses_nothing_and_marks_are_those_of_one_machine(netgrader, booked, cluster):
    students = {f"student{number}": WRONG if number % 2 else None for number in range(5)}
    for student, add in students.items():
        booked.submit(student, **({"add": add} if add else {}))
    cluster.add_worker()
    cluster.add_worker()
    command = [BIN / "netgrader", "autograde", "numbers", "--scheduler", cluster.address]
    with subprocess.Popen(command, cwd=booked.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        cluster.kill_when_busy(0, run)
        said, trouble = run.communicate(timeout=300)
    assert run.returncode == 0, said + trouble
    assert "5 students, 5 notebooks" in said
    far = booked.marks()
    assert [far[student, "check_add"][0] for student in students] == [2, 0, 2, 0, 2]
    again = netgrader("autograde", "numbers", "--workers", 1)
    assert "0 graded now, 5 unchanged" in again.stdout
    assert booked.marks() == far


@pytest.mark.all
def test_a_command_that_is_stopped_goes_on_at_the_next_call(netgrader, booked, cluster):
    booked.submit("ada")
    booked.submit("bela", squares="import time\ntime.sleep(100)")
    cluster.add_worker()
    cluster.add_worker()  # or whichever is first would keep the other waiting
    log = log_path(booked.assignment)
    with started(booked.root, "--scheduler", cluster.address) as run:
        until(lambda: log.is_file() and '"event": "graded"' in log.read_text(), seconds=180)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=60)
    assert (run.returncode, "call again to go on" in said) == (1, True)
    booked.submit("bela", squares="squares = [k * k for k in range(10)]  # mended")
    assert "1 graded now, 1 unchanged" in netgrader("autograde", "numbers", "--workers", 1).stdout


def test_a_cluster_that_would_grade_otherwise_is_refused_in_a_sentence(netgrader, booked, cluster):
    booked.submit("ada")
    said = netgrader("autograde", "numbers", "--scheduler", cluster.address)
    assert (said.returncode, "The cluster has no workers" in said.stderr) == (1, True)
    cluster.add_worker(NETGRADER_STORE=str(booked.root / "elsewhere"))
    said = netgrader("autograde", "numbers", "--scheduler", cluster.address)
    assert said.returncode == 1
    assert "does not see the store" in " ".join(said.stderr.split())


def test_workers_with_another_version_are_refused_with_both_named(netgrader, booked, cluster, tmp_path):
    booked.submit("ada")
    # What an older installation would say of itself.
    old = tmp_path / "old" / "netgrader-0.0.9.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: netgrader\nVersion: 0.0.9\n")
    cluster.add_worker(PYTHONPATH=str(old.parent))
    said = netgrader("autograde", "numbers", "--scheduler", cluster.address)
    assert said.returncode == 1
    assert "has netgrader 0.0.9, tensorflow " in " ".join(said.stderr.split())
    assert "and this machine netgrader 0.1.0, tensorflow " in " ".join(said.stderr.split())


def test_a_scheduler_that_is_not_there_and_two_ways_at_once_are_sentences(netgrader, booked):
    booked.submit("ada")
    said = netgrader("autograde", "numbers", "--scheduler", "tcp://127.0.0.1:9")
    assert said.returncode == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in " ".join(said.stderr.split())
    assert "Traceback" not in said.stderr
    both = netgrader("autograde", "numbers", "--scheduler", "tcp://127.0.0.1:9", "--workers", 2)
    assert both.returncode == 2
