"""Grading tries what the cage promises before it starts, and does not start where a promise is broken."""

from __future__ import annotations

import time

import pytest

from netgrader.sandbox import SandboxError, kept
from netgrader.sandbox.promises import Promise


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """Gives what the trials say in turn, and the list of trials made; each call is as one of a new process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    trials, answers = [], []

    def promises(sandbox):
        trials.append(sandbox.name)
        held = answers.pop(0) if answers else True
        return [
            Promise("no network", held=True, detail="EPERM"),
            Promise("a limit on memory", held=held, detail="none"),
        ]

    monkeypatch.setattr(kept, "promises", promises)

    def require(name="bubblewrap", *said):
        answers[:] = said
        kept.require_promises.cache_clear()
        kept.require_promises(name)

    require.trials = trials
    yield require
    kept.require_promises.cache_clear()


def test_promises_that_were_held_are_tried_once_a_boot(tried, monkeypatch, tmp_path):
    tried()
    start = time.perf_counter()
    tried()
    assert time.perf_counter() - start < 1
    assert len(tried.trials) == 1
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    monkeypatch.setattr(kept, "BOOT", boot)
    tried()
    assert len(tried.trials) == 2


def test_a_broken_promise_is_named_with_what_to_type(tried):
    for _ in range(2):  # it is not noted as held, nor as broken
        with pytest.raises(SandboxError) as raised:
            tried("bubblewrap", False, False)
        assert "“a limit on memory”" in str(raised.value)
        assert str(raised.value).endswith("Type: netgrader doctor")
    tried()


def test_a_machine_that_was_too_busy_once_is_asked_again(tried):
    tried("bubblewrap", False, True)
    assert len(tried.trials) == 2


def test_what_was_asked_for_as_no_cage_is_not_tried(tried):
    tried("none")
    assert tried.trials == []


def test_without_a_place_for_notes_each_process_tries(tried, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    tried()
    tried()
    assert len(tried.trials) == 2


def test_grading_refuses_a_cage_that_does_not_keep_its_promises(tried, tiny, monkeypatch):
    from netgrader.grading.grade import grade

    path = tiny.submit("ada")
    monkeypatch.setattr(
        kept, "promises", lambda _: [Promise("a filter of system calls", held=False, detail="mount: done")]
    )
    kept.require_promises.cache_clear()
    with pytest.raises(SandboxError, match="a filter of system calls"):
        grade(path)
