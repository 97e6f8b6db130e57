"""Work that may take long is done in a process that ends where it meets a limit, and goes on with the next piece of work."""

import json
import os
import re
import signal
import threading
import time

import psutil
import pytest

from netgrader.grading.submission import UnreadableError, parse_notebook
from netgrader.limited import ExceededError, together, within_limits

FOR_EVER = (re.match, "(a*)*b", "a" * 60)  # no library hears of Ctrl-C, or of a timer of Python's, in there
ALL_MEMORY = (bytearray, 3_000_000_000)


def test_what_is_returned_and_raised_comes_back():
    assert within_limits(json.loads, '{"a": [1]}') == {"a": [1]}
    with pytest.raises(UnreadableError, match="The file is empty"):
        within_limits(parse_notebook, b"")
    with pytest.raises(json.JSONDecodeError):
        within_limits(json.loads, "{")


@pytest.mark.parametrize(
    ("work", "said"), [(FOR_EVER, "took more than 0.5 seconds"), (ALL_MEMORY, "took more memory than there is")]
)
def test_what_meets_a_limit_is_ended_and_the_next_work_is_done(work, said):
    with pytest.raises(ExceededError, match=said):
        within_limits(*work, seconds=0.5)
    assert within_limits(len, "abc") == 3


def test_a_process_lasts_and_threads_do_not_wait_for_one_another():
    first = within_limits(os.getpid)
    assert within_limits(os.getpid) == first != os.getpid()
    waiting = threading.Thread(target=within_limits, args=(time.sleep, 5.0))
    waiting.start()
    assert within_limits(os.getpid) not in {0, os.getpid()}
    assert waiting.is_alive()
    waiting.join()


def test_all_work_on_a_submission_has_the_time_of_one(monkeypatch):
    monkeypatch.setattr("netgrader.limited.LEAST_SECONDS", 0.5)
    with together(1.0):
        within_limits(time.sleep, 0.8)
        with pytest.raises(ExceededError, match="took more than"):
            within_limits(time.sleep, 0.9)
        with together(60.0), pytest.raises(ExceededError):
            within_limits(time.sleep, 0.9)
    within_limits(time.sleep, 0.9)


def test_work_within_limits_is_not_sent_on():
    assert within_limits(within_limits, os.getppid) == os.getpid()


@pytest.fixture
def interrupt_soon():
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    # What a shell begins in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield timer.start
    timer.cancel()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_work_at_once(interrupt_soon):
    pid = within_limits(os.getpid)  # which may take longer than Ctrl-C
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        within_limits(*FOR_EVER, seconds=60)
    assert not psutil.pid_exists(pid)
