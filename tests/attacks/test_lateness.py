"""Times of handing in that students write themselves: where the exchange knows better, it is the one that counts."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from nbgrader.api import Gradebook

from netgrader.errors import NetgraderError
from netgrader.grading.jobs import jobs_of
from netgrader.nbgrader_plugin.converters import autograde_one
from netgrader.nbgrader_plugin.handing_in import handed_in, put_right

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import TinyCourse

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW - timedelta(days=1)
EARLY, LATE = NOW - timedelta(days=2), NOW


def written(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC"


def hand_in(course: TinyCourse, time: datetime, student: str = "eve", **answers: str) -> tuple[Path, Path]:
    """Hand in through the exchange, and collect: the folder in the exchange, and the one in the course."""
    submitted = course.submit(student, **answers).parent
    for name, text in (("timestamp.txt", written(time)), ("submission_secret.txt", "secret")):
        (submitted / name).write_text(text)
    inbound = (
        course.root.parent / "exchange" / "tiny" / "inbound" / f"{student}+numbers+{written(time)}+x{len(answers)}"
    )
    shutil.copytree(submitted, inbound)
    return inbound, submitted


@pytest.fixture
def due(booked: TinyCourse) -> TinyCourse:
    """A course with an exchange and a due date, and half of the points for who is late."""
    booked.write("late.py", """
        from nbgrader.plugins import LateSubmissionPlugin


        class HalfOff(LateSubmissionPlugin):
            def late_submission_penalty(self, student_id, score, total_seconds_late):
                return score / 2
        """)  # fmt: skip
    config = booked.root / "nbgrader_config.py"
    exchange = booked.root.parent / "exchange"
    config.write_text(
        f"{config.read_text()}c.AssignLatePenalties.plugin_class = 'late.HalfOff'\nc.Exchange.root = {str(exchange)!r}\n"
    )
    with Gradebook(booked.course.db_url) as gradebook:
        gradebook.update_or_create_assignment("numbers", duedate=written(DUE))
    return booked


def score(course: TinyCourse, student: str = "eve") -> tuple[float, datetime | None]:
    """Points less the penalty, and the time that the gradebook has."""
    autograde_one(course.course, "numbers", student)
    with Gradebook(course.course.db_url) as gradebook:
        submission = gradebook.find_submission("numbers", student)
        (notebook,) = submission.notebooks
        return notebook.score - (notebook.late_submission_penalty or 0.0), submission.timestamp


def earlier(_inbound: Path, submitted: Path) -> None:
    (submitted / "timestamp.txt").write_text(written(EARLY))


def earlier_in_the_exchange_too(inbound: Path, submitted: Path) -> None:
    for folder in (inbound, submitted):
        (folder / "timestamp.txt").write_text(written(EARLY))


def none(_inbound: Path, submitted: Path) -> None:
    (submitted / "timestamp.txt").unlink()


def empty(_inbound: Path, submitted: Path) -> None:
    (submitted / "timestamp.txt").write_text("")


def no_time(_inbound: Path, submitted: Path) -> None:
    (submitted / "timestamp.txt").write_text("yesterday")


def a_link(_inbound: Path, submitted: Path) -> None:
    (submitted / "mine.txt").write_text(written(EARLY))
    (submitted / "timestamp.txt").unlink()
    (submitted / "timestamp.txt").symlink_to("mine.txt")


def read_only(_inbound: Path, submitted: Path) -> None:
    (submitted / "timestamp.txt").write_text(written(EARLY))
    (submitted / "timestamp.txt").chmod(0o444)


def of_other_work(inbound: Path, submitted: Path) -> None:
    """An earlier handing in, of other work, whose time is claimed for this one."""
    other = inbound.with_name(f"eve+numbers+{written(EARLY)}+y")
    other.mkdir()
    (other / "1_sums.ipynb").write_text("{}")
    (submitted / "timestamp.txt").write_text(written(EARLY))


def of_a_part_of_the_work(inbound: Path, submitted: Path) -> None:
    """An earlier handing in of one of two notebooks that is the same still."""
    other = inbound.with_name(f"eve+numbers+{written(EARLY)}+y")
    other.mkdir()
    for folder in (inbound, submitted, other):
        (folder / "2_unchanged.ipynb").write_text("{}")
    (submitted / "timestamp.txt").write_text(written(EARLY))


def of_a_part_and_no_later_one(inbound: Path, submitted: Path) -> None:
    """As before, with the later one renamed to somebody else's as soon as it had been collected: nobody knows when it came."""
    of_a_part_of_the_work(inbound, submitted)
    inbound.rename(inbound.with_name(inbound.name.replace("eve+", "adam+")))


def with_other_modules(inbound: Path, submitted: Path) -> None:
    """An earlier handing in of the same notebook, beside a module in which there was nothing yet."""
    other = inbound.with_name(f"eve+numbers+{written(EARLY)}+y")
    shutil.copytree(inbound, other)
    (other / "work.py").write_text("")
    for folder in (inbound, submitted):
        (folder / "work.py").write_text("def add(a, b): return a + b")
    (submitted / "timestamp.txt").write_text(written(EARLY))


def in_a_folder(inbound: Path, submitted: Path) -> None:
    """An earlier handing in of a folder with another notebook in it; the later one has the right one beside it."""
    other = inbound.with_name(f"eve+numbers+{written(EARLY)}+y")
    for folder in (inbound, submitted, other):
        (folder / "work").mkdir(parents=True)
        (folder / "work" / "1_sums.ipynb").write_text("{}")
    (submitted / "timestamp.txt").write_text(written(EARLY))


def of_nothing(inbound: Path, submitted: Path) -> None:
    """An earlier handing in without any work."""
    inbound.with_name(f"eve+numbers+{written(EARLY)}+y").mkdir()
    (submitted / "timestamp.txt").write_text(written(EARLY))


def of_links_and_pipes(inbound: Path, submitted: Path) -> None:
    """An earlier handing in whose work is a link to this one, or a pipe that nobody ever writes to."""
    for number, make in enumerate((lambda path: path.symlink_to(submitted / "1_sums.ipynb"), os.mkfifo)):
        other = inbound.with_name(f"eve+numbers+{written(EARLY)}+y{number}")
        other.mkdir()
        make(other / "1_sums.ipynb")
    (submitted / "timestamp.txt").write_text(written(EARLY))


TIMES: dict[str, Callable[[Path, Path], None]] = {
    "an earlier time in the file": earlier,
    "an earlier time in the exchange's file too": earlier_in_the_exchange_too,
    "no file": none,
    "an empty file": empty,
    "a file that holds no time": no_time,
    "a link to a time of one's own": a_link,
    "an earlier time in a file that is read only": read_only,
    "the time of an earlier handing in of other work": of_other_work,
    "the time of an earlier handing in of a part": of_a_part_of_the_work,
    "the time of an earlier handing in with other modules": with_other_modules,
    "the time of an earlier handing in of a folder": in_a_folder,
    "the time of an earlier handing in of nothing": of_nothing,
    "the time of an earlier handing in of links and pipes": of_links_and_pipes,
}


@pytest.mark.parametrize("write", TIMES.values(), ids=TIMES)
def test_who_came_late_by_the_exchange_is_late(due: TinyCourse, write: Callable[[Path, Path], None]) -> None:
    write(*hand_in(due, LATE))
    assert score(due) == (2.5, LATE.replace(tzinfo=None))


@pytest.mark.parametrize("write", TIMES.values(), ids=TIMES)
def test_where_nobody_asks_the_exchange_it_is_the_students_word(
    due: TinyCourse, write: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netgrader.nbgrader_plugin.handing_in._records", lambda *_: {})
    write(*hand_in(due, LATE))
    if write is no_time:
        (due.root / "submitted" / "eve" / "numbers" / "timestamp.txt").unlink()
    assert score(due)[0] == 5.0


def test_a_part_that_was_in_time_says_nothing_of_the_whole(due: TinyCourse) -> None:
    of_a_part_and_no_later_one(*hand_in(due, LATE))
    assert put_right(due.assignment, ("eve",)).unconfirmed == ("eve",)


def test_what_was_brought_up_out_of_a_folder_came_with_it(due: TinyCourse) -> None:
    inbound, submitted = hand_in(due, EARLY)
    for folder in (inbound, submitted):
        (folder / "eve").mkdir()
        (folder / "1_sums.ipynb").rename(folder / "eve" / "1_sums.ipynb")
        (folder / "eve" / "work.py").write_text("")
    assert [job.problem for job in jobs_of(due.assignment, "eve")] == [None]
    assert (submitted / "work.py").is_file()
    found = put_right(due.assignment, ("eve",))
    assert found.unconfirmed == ()
    assert "which counts" not in "".join(found.warnings)


def test_nobody_waits_for_a_file_in_the_exchange_that_is_leased_to_a_students_process(due: TinyCourse) -> None:
    inbound, _ = hand_in(due, LATE)
    begun = time.monotonic()
    with (inbound / "1_sums.ipynb").open("rb+") as held:
        fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG)  # which nobody hears
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        assert put_right(due.assignment, ("eve",)).unconfirmed == ("eve",)
    assert time.monotonic() - begun < 10


def test_who_was_in_time_stays_in_time(due: TinyCourse) -> None:
    hand_in(due, EARLY)
    assert score(due) == (5.0, EARLY.replace(tzinfo=None))
    hand_in(due, LATE, "bob", squares="squares = []")  # a late one, of which the earlier one was collected
    _, submitted = hand_in(due, EARLY, "bob")
    assert score(due, "bob") == (5.0, EARLY.replace(tzinfo=None))
    assert (submitted / "timestamp.txt").read_text() == written(EARLY)


def test_what_is_known_of_times_is_told(due: TinyCourse) -> None:
    just_now = datetime.now(UTC)  # not when this file was imported: the exchange's folders are made now
    hand_in(due, just_now, "ada")
    _, submitted = hand_in(due, just_now, "bob")
    (submitted / "timestamp.txt").write_text(written(EARLY))
    due.submit("zoe").with_name("timestamp.txt").write_text(written(EARLY))  # and was in no exchange
    due.submit("max")
    found = put_right(due.assignment, ("ada", "bob", "max", "zoe"))
    assert [said.partition(":")[0] for said in found.warnings] == ["bob"]
    assert "which counts" in found.warnings[0]
    assert found.unconfirmed == ("zoe",)
    assert put_right(due.assignment, ("ada", "bob")).warnings == ()


@pytest.mark.parametrize(
    ("text", "when"),
    [
        (written(EARLY), EARLY),
        (f"{EARLY:%Y-%m-%d %H:%M:%S}\n", EARLY),
        (f"{EARLY:%Y-%m-%dT%H:%M:%S}+01:30", EARLY - timedelta(minutes=90)),
        (f"{EARLY.astimezone():%Y-%m-%d %H:%M:%S %Z}", EARLY),
        ("", None),
    ],
    ids=["as it does", "without parts of seconds", "with an offset", "in the zone of this machine", "none"],
)
def test_a_time_is_read_in_the_forms_that_nbgrader_writes(tmp_path: Path, text: str, when: datetime | None) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    assert handed_in(tmp_path) == (when and when.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text",
    ["3 Nov 2026", "2026 " * 40, written(EARLY) + 100 * " " + "x", "0001-01-01 00:00+14:00"],
    ids=["words", "long", "much", "far away"],
)
def test_no_other_form_of_a_time_is_parsed(tmp_path: Path, text: str) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    with pytest.raises(NetgraderError, match="holds no time"):
        handed_in(tmp_path)


def test_names_in_the_exchange_that_are_none_harm_nobody(due: TinyCourse) -> None:
    inbound, _ = hand_in(due, LATE)
    for name in ("x", "eve+numbers", "eve+numbers+never+x", "+numbers++", "eve+other+2020-01-01 00:00:00 UTC+x"):
        (inbound.parent / name).mkdir()
    (inbound.parent / f"eve+numbers+{written(EARLY)}+f").touch()
    (inbound.parent / f"eve+numbers+{written(EARLY)}+l").symlink_to(inbound)
    assert score(due)[0] == 2.5
