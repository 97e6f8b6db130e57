"""Whenever the command is killed, the next call goes on and ends where an undisturbed one ends."""

from __future__ import annotations

import pytest

from studies.kills import copy_of, finished, series, template_class

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


def test_five_kills_in_a_row_change_nothing_of_what_comes_out(tmp_path):
    template = template_class(tmp_path / "template")
    undisturbed, seconds = finished(copy_of(template, tmp_path / "alone"))
    assert set(undisturbed) == {f"{student}/1_sums" for student in ("ada", "bela", "chloe", "hana")}
    moments, _, state = series(copy_of(template, tmp_path / "killed"), seed=3, seconds=seconds)
    assert len(moments) == 5
    assert state == undisturbed
