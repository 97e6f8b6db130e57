"""Whenever the command is killed, the next call goes on and ends where an undisturbed one ends."""

from __future__ import annotations

import pytest

from studies.kills import CLASS, copy_of, finished, series, template_class

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


def test_kills_until_a_call_ends_by_itself_change_nothing_of_what_comes_out(tmp_path):
    template = template_class(tmp_path / "template")
    undisturbed, seconds = finished(copy_of(template, tmp_path / "alone"))
    assert set(undisturbed) == {f"{student}/1_sums" for student in CLASS}
    kills, state = series(copy_of(template, tmp_path / "killed"), seed=1, seconds=seconds / len(CLASS))
    assert {kill.during for kill in kills} == {"grading", "saving"}
    assert state == undisturbed
