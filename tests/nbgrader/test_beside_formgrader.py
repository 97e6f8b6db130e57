"""SQLite: marks of 32 workers are saved while formgrader reads and writes marks; nothing is locked or lost."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import pytest
from nbgrader.api import Gradebook

from netgrader.commands.saving import Saver
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Done, Task
from netgrader.grading.stages import Options
from tests.browser.jupyter import jupyter

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
WORKERS = 32
PATIENCE = 120


def ask(address, path, body=None):
    """What formgrader answers; an error of its own is an exception."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{address}/formgrader/api/{path}", data, method="PUT" if data else "GET")  # noqa: S310
    with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return json.loads(answer.read())


def results(booked, students):
    """What workers would send: all run once, since only the answers in words differ."""
    for student in students:
        booked.submit(student, why=f"I am {student}.")
    tasks = [Task(student, *jobs_of(booked.assignment, student)) for student in students]
    graded = [(task, grade_job(task.job)) for task in tasks]
    return [Done(task, one.result, digest=one.digest) for task, one in graded]


def save(booked, done):
    """Save what 32 workers hand over at once."""
    saver = Saver(booked.assignment, [one.task for one in done], Options())
    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(saver.end, done))
    saver.finish()
    assert saver.failed == {}


def test_nothing_is_locked_and_no_mark_is_lost(booked, tmp_path):
    students = [f"s{number:02}" for number in range(WORKERS)]
    done = results(booked, students)
    save(booked, done)
    with Gradebook(booked.course.db_url) as gradebook:
        whys = {name: gradebook.find_grade("why", "1_sums", "numbers", name).id for name in students}
    over, listed, given, trouble = threading.Event(), [], {}, []

    def beside(work):
        try:
            while not over.is_set():
                work()
        except Exception as error:  # noqa: BLE001  (told by the test, in its own thread)
            trouble.append(error)

    def look():
        listed.append(len(ask(address, "submissions/numbers")))

    def give():
        name = students[len(given) % len(students)]
        points = round(0.1 + len(given) % 19 / 10, 1)
        ask(address, f"grade/{whys[name]}", {"manual_score": points, "extra_credit": None})
        given.setdefault(name, []).append(points)

    with jupyter(booked.root, tmp_path / "home") as address:
        others = [threading.Thread(target=beside, args=(work,)) for work in (look, look, give)]
        for one in others:
            one.start()
        try:
            for _ in range(3):
                save(booked, done)
        finally:
            over.set()
            for one in others:
                one.join()
    assert trouble == []
    assert listed
    assert set(listed) == {WORKERS}
    assert given
    with Gradebook(booked.course.db_url) as gradebook:
        for name in students:
            mark = gradebook.find_grade("why", "1_sums", "numbers", name)
            assert mark.manual_score == (given[name][-1] if name in given else None)
            assert gradebook.find_grade("check_add", "1_sums", "numbers", name).auto_score == 2
    assert "database is locked" not in (tmp_path / "home" / "server.log").read_text()
