"""Problems of a class: damage, concurrent commands, clocks, submissions during grading, a server."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from netgrader.commands.progress import log_path

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
BIN = Path(sys.executable).parent
WRONG = "def add(a, b):\n    return a - b"


def words(process):
    return " ".join((process.stdout + process.stderr).split())


@pytest.mark.all
def test_a_second_command_is_refused_and_who_hands_in_meanwhile_is_graded_next_time(netgrader, booked):
    booked.submit("ada", squares="import time\ntime.sleep(20)\nsquares = [k * k for k in range(10)]")
    command = [BIN / "netgrader", "autograde", "numbers", "--workers", "1"]
    with subprocess.Popen(command, cwd=booked.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        until_it_runs(booked, first)
        second = netgrader("autograde", "numbers")
        assert second.returncode == 1
        assert "Another netgrader is grading the course" in words(second)
        assert "Traceback" not in second.stderr
        booked.submit("ada", add=WRONG)
        said, trouble = first.communicate(timeout=300)
    assert "ada handed in while grading ran: what is newest is graded next time." in " ".join(said.split()), trouble
    assert netgrader("autograde", "numbers").returncode == 0
    assert booked.marks()["ada", "check_add"][0] == 0


def until_it_runs(booked, process):
    """Wait until a notebook is being graded."""
    path, deadline = log_path(booked.assignment), time.monotonic() + 120
    while not (path.is_file() and '"event": "running"' in path.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_db_url_that_does_not_answer_is_a_sentence_before_anything_is_graded(typed, booked):
    booked.submit("ada")
    config = booked.root / "nbgrader_config.py"
    url = "postgresql+psycopg://grader:secret@127.0.0.1:9/gradebook"
    config.write_text(f"{config.read_text()}\nc.CourseDirectory.db_url = {url!r}\n")
    process = typed("autograde", "numbers")
    assert process.returncode == 1
    assert "cannot be written" in words(process)
    assert "nothing was graded" in words(process)
    assert "secret" not in words(process)
    assert not (booked.root / ".netgrader" / "store").exists()


def test_only_what_was_ungradable_is_graded_again(netgrader, booked):
    booked.submit("ada")
    path = booked.submit("hana", content=b"{ not json")
    assert netgrader("autograde", "numbers").returncode == 1
    path.write_bytes(booked.submit("bela").read_bytes())
    again = netgrader("autograde", "numbers", "--only", "ungradable")
    assert "hana 1_sums: 5 of 5" in words(again)
    assert "ada 1_sums" not in words(again)
    assert "bela 1_sums" in words(again)  # who was never graded is not graded in full
