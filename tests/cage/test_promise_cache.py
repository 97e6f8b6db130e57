"""Grading runs the sandbox's self-tests before it starts, and does not start if one fails."""

from __future__ import annotations

import os

import pytest

from netgrader.cage_contents import require_cage
from netgrader.errors import CageError
from notebook_cage import sandboxes
from notebook_cage.cgroups import ControlGroup
from notebook_cage.self_tests import SelfTest


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """Gives what the trials say in turn, and the list of trials made; each call is as one of a new process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    trials, answers = [], []

    def run_self_tests(sandbox, _hidden):
        trials.append(sandbox.name)
        held = answers.pop(0) if answers else True
        return [
            SelfTest("no network", held=True, detail="EPERM"),
            SelfTest("a limit on memory", held=held, detail="none"),
        ]

    monkeypatch.setattr(sandboxes, "run_self_tests", run_self_tests)

    def require(name="bubblewrap", *said):
        answers[:] = said
        sandboxes.require_self_tests.cache_clear()
        require_cage(name)

    require.trials = trials
    yield require
    sandboxes.require_self_tests.cache_clear()


def test_promises_that_were_held_are_tried_once_a_boot(tried, monkeypatch, tmp_path):
    tried()
    tried()
    assert len(tried.trials) == 1
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    monkeypatch.setattr(sandboxes, "BOOT", boot)
    tried()
    assert len(tried.trials) == 2


def test_a_broken_promise_is_named_with_what_to_type(tried):
    for _ in range(2):  # it is not noted as held, nor as broken
        with pytest.raises(CageError) as raised:
            tried("bubblewrap", False, False)
        assert "“a limit on memory”" in str(raised.value)
        assert str(raised.value).endswith("Type: netgrader doctor")
    tried()


def test_a_machine_that_was_too_busy_once_is_asked_again(tried):
    tried("bubblewrap", False, True)
    assert len(tried.trials) == 2


def test_without_a_place_for_notes_each_process_tries(tried, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    tried()
    tried()
    assert len(tried.trials) == 2


def test_grading_refuses_a_cage_that_does_not_keep_its_promises(tried, tiny, monkeypatch):
    from netgrader.grading.grade_submission import grade

    path = tiny.submit("ada")
    monkeypatch.setattr(
        sandboxes, "run_self_tests", lambda *_: [SelfTest("a filter of system calls", held=False, detail="mount: done")]
    )
    sandboxes.require_self_tests.cache_clear()
    with pytest.raises(CageError, match="a filter of system calls"):
        grade(path)


@pytest.fixture
def groupless(monkeypatch):
    """A machine on which no control group can be had."""
    monkeypatch.setattr("notebook_cage.limiting.make_group", lambda *_: ControlGroup())
    monkeypatch.setattr("notebook_cage.cgroups.make_group", lambda *_: ControlGroup())


def test_root_grades_nothing_where_memory_is_not_limited_unless_told_to(tried, groupless, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(CageError, match="not limited by a control group") as raised:
        tried()
    assert "the sandbox bubblewrap-without-control-group" in str(raised.value)
    assert tried.trials == []
    tried("bubblewrap-without-control-group")
    assert tried.trials == ["bubblewrap-without-control-group"]


def test_an_ordinary_user_grades_where_memory_is_watched_only(tried, groupless, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    tried()
    assert tried.trials == ["bubblewrap"]


def test_promises_that_were_held_with_a_control_group_are_tried_again_without_one(tried, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    tried()
    monkeypatch.setattr("notebook_cage.limiting.memory_gap", lambda: "the memory is not limited")
    tried()
    assert len(tried.trials) == 2


def test_each_grading_without_a_control_group_says_so(tiny, groupless, tmp_path, capsys):
    """On the terminal, and in the result."""
    from netgrader.commands.grade import run

    path = tiny.submit("ada")
    result = tmp_path / "result.json"
    with result.open("w", encoding="utf-8") as file:
        run([path], file, "bubblewrap-without-control-group")
    assert capsys.readouterr().out.count("is not limited by a control group") == 1
    assert '"memory": "watched from outside, no control group"' in result.read_text(encoding="utf-8")


def test_doctor_says_what_is_not_limited_and_what_to_type(groupless, monkeypatch):
    from netgrader.commands import doctor

    monkeypatch.setattr("notebook_cage.self_tests.run_self_tests", lambda *_: [])
    monkeypatch.setattr("notebook_cage.zygote.Zygote.problem", lambda: None)
    for sandbox, needed in (("bubblewrap", os.geteuid() == 0), ("bubblewrap-without-control-group", False)):
        (said,) = (one for one in doctor.findings(sandbox) if "control group" in one.what)
        assert not said.good
        assert said.needed == needed
        assert "shared pages, pipes and socket buffers" in str(said.found)
        assert "systemd-run" in said.remedy
