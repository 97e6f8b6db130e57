"""Work that may take long runs in a child process that ends at its limits; the next piece of work continues."""

import os
import signal
import threading
from datetime import datetime

import psutil
import pytest

from netgrader.errors import UsageError
from netgrader.grading.submission import UnreadableError, parse_notebook
from netgrader.limited import ExceededError, together, within_limits
from tests.course import limited_side as side


def test_what_is_returned_comes_back_as_it_was_declared(tmp_path):
    first, second = within_limits(side.found, tmp_path)
    assert first == side.Found(tmp_path / "a", datetime(2026, 1, 2), frozenset({"ada"}))  # noqa: DTZ001
    assert second == side.Found(tmp_path / "b")


def test_what_is_raised_comes_back_where_it_is_ours_and_by_its_name_where_not():
    with pytest.raises(UnreadableError, match="it is not JSON"):
        within_limits(parse_notebook, b"")
    with pytest.raises(UsageError, match="no such course"):
        within_limits(side.raises, UsageError, "no such course")
    with pytest.raises(OSError, match="no room"):
        within_limits(side.raises, PermissionError, "no room")
    with pytest.raises(RuntimeError, match=r"builtins\.LookupError: of a library"):
        within_limits(side.raises, LookupError, "of a library")


@pytest.mark.parametrize("value", ["one", [1], None, 2**70, b"\x80\x04.", {"a": 1}], ids=str)
def test_what_is_not_what_was_declared_is_no_answer(value):
    with pytest.raises(ExceededError, match="gave no answer that can be read"):
        within_limits(side.says, value)


def test_nothing_that_comes_back_is_unpickled(tmp_path):
    with pytest.raises(ExceededError, match="gave no answer that can be read"):
        within_limits(side.says_pickled, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_is_too_large_is_not_taken(monkeypatch):
    monkeypatch.setattr("netgrader.limited.ReadLimits.ANSWER_BYTES", 1_000)
    with pytest.raises(ExceededError):
        within_limits(side.says_too_much)
    assert within_limits(side.length, "abc") == 3


@pytest.mark.parametrize(
    ("work", "said"),
    [(side.for_ever, "took more than 0.5 seconds"), (side.all_memory, "took more memory than there is")],
)
def test_work_over_a_limit_is_ended_and_the_next_work_is_done(work, said):
    with pytest.raises(ExceededError, match=said):
        within_limits(work, seconds=0.5)
    assert within_limits(side.length, "abc") == 3


def test_a_process_lasts_and_threads_do_not_wait_for_one_another():
    first = within_limits(side.process)
    assert within_limits(side.process) == first != os.getpid()
    waiting = threading.Thread(target=within_limits, args=(side.wait, 5.0))
    waiting.start()
    assert within_limits(side.process) not in {0, os.getpid()}
    assert waiting.is_alive()
    waiting.join()


def test_all_work_on_a_submission_has_the_time_of_one(monkeypatch):
    monkeypatch.setattr("netgrader.limited.ReadLimits.LEAST_SECONDS", 0.5)
    monkeypatch.setattr("netgrader.limited.ReadLimits.SECONDS", 1.0)
    with together():
        within_limits(side.wait, 0.8)
        with pytest.raises(ExceededError, match="took more than"):
            within_limits(side.wait, 0.9)
        with together(), pytest.raises(ExceededError):
            within_limits(side.wait, 0.9)
    within_limits(side.wait, 0.6)


def test_work_within_limits_is_not_sent_on():
    assert within_limits(side.process_by_way_of_another) == within_limits(side.process)


@pytest.fixture
def interrupt_soon():
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    # What a shell begins in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield timer.start
    timer.cancel()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_work_at_once(interrupt_soon):
    pid = within_limits(side.process)  # which may take longer than Ctrl-C
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        within_limits(side.for_ever, seconds=60)
    assert not psutil.pid_exists(pid)
