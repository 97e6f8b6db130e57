"""Ctrl-C on a terminal, with two workers or on a cluster: it ends within seconds, says how to go on, and that goes on."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.commands.test_cluster import Cluster

BIN = Path(sys.executable).parent
LIMIT_SECONDS = 5.0
SLOW = "import time\ntime.sleep(100)"


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "dask").mkdir()
    with contextlib.ExitStack() as stack:
        yield Cluster(tmp_path / "dask", stack)


class Terminal:
    """A command in a terminal of its own, to which keys can be sent."""

    def __init__(self, folder, *command):
        self.said = ""
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            # Where tests run in the background, Ctrl-C is ignored by all that they start.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(folder)
            for name in [name for name in os.environ if name.startswith(("NETGRADER_", "PYTEST_"))]:
                del os.environ[name]
            os.environ |= {"COLUMNS": "200", "LINES": "50", "TERM": "xterm"}
            os.execv(command[0], [str(part) for part in command])  # noqa: S606

    def read_until(self, wanted, seconds=180):
        """Read what it says until `wanted` of that holds."""
        deadline = time.monotonic() + seconds
        while not wanted(self.said):
            assert time.monotonic() < deadline, self.said[-2000:]
            try:
                self.said += os.read(self._terminal, 65536).decode(errors="replace")
            except OSError:  # it ended
                assert wanted(self.said), self.said[-2000:]
        return self.said

    def press_ctrl_c(self):
        """Its exit code, and how many seconds of its machine's time it took: a busy machine has fewer for it."""
        before, begun = _busy_share(), time.monotonic()
        os.write(self._terminal, b"\x03")
        with contextlib.suppress(OSError):
            while more := os.read(self._terminal, 65536):
                self.said += more.decode(errors="replace")
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - begun
        return os.waitstatus_to_exitcode(status), seconds, seconds / max(1.0, before)


def _busy_share():
    """How many runnable processes there are for each core."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def below(pid):
    return {one.pid for one in psutil.Process(pid).children(recursive=True)}


def until_gone(pids, seconds=30):
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def class_with_two_slow(booked):
    booked.submit("ada")
    for student in ("bela", "chloe"):
        booked.submit(student, squares=f"# {student}\n{SLOW}")


def mend(booked):
    for student in ("bela", "chloe"):
        booked.submit(student, squares=f"# {student}\nsquares = [k * k for k in range(10)]")


def test_with_two_workers_it_ends_within_seconds_and_the_next_call_goes_on(netgrader, booked):
    class_with_two_slow(booked)
    run = Terminal(booked.root, BIN / "netgrader", "autograde", "numbers", "--workers", "2")
    run.read_until(lambda said: "bela 1_sums" in said and "chloe 1_sums" in said and "1/3 students" in said)
    family = below(run.pid)
    code, seconds, share = run.press_ctrl_c()
    assert code == 1
    assert "Stopped. What was graded is kept; call again to go on: netgrader autograde numbers" in " ".join(
        run.said.split()
    )
    assert share < LIMIT_SECONDS, f"{seconds:.1f} s"
    until_gone(family)
    mend(booked)
    assert "2 graded now, 1 unchanged" in netgrader("autograde", "numbers").stdout


@pytest.mark.all
def test_on_a_cluster_it_ends_within_seconds_and_the_next_call_goes_on(netgrader, booked, cluster):
    class_with_two_slow(booked)
    cluster.add_worker()
    cluster.add_worker()
    run = Terminal(booked.root, BIN / "netgrader", "autograde", "numbers", "--scheduler", cluster.address)
    run.read_until(lambda said: "bela 1_sums" in said and "chloe 1_sums" in said and "1/3 students" in said)
    code, seconds, share = run.press_ctrl_c()
    assert code == 1
    assert "call again to go on: netgrader autograde numbers" in " ".join(run.said.split())
    assert share < LIMIT_SECONDS, f"{seconds:.1f} s"
    mend(booked)
    assert "2 graded now, 1 unchanged" in netgrader("autograde", "numbers", "--workers", 1).stdout
