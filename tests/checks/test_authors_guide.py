"""The example in `docs/guides/write-an-exercise.md` works as printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.results import Outcome
from netgrader.student.capture import take

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "write-an-exercise.md").read_text(encoding="utf-8")


@pytest.fixture
def grade(tmp_path):
    """Take and verify what a student wrote as `ink`, with the files of the guide."""
    for name, text in re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(ink=None):
        out = tmp_path / "evidence" / "check_ink"
        out.mkdir(parents=True)
        take("check_ink", {} if ink is None else {"ink": ink}, out, tmp_path)
        bench = TestContext(out.parent, load_exercises(tmp_path), lambda: pytest.fail("No lab is needed."))
        found = run_tests(bench, [tmp_path / "test_one_layer_ink_public.py"], [tmp_path / "test_one_layer_ink.py"])
        assert found.log == ()
        return found.checks["check_ink"]

    return run


def test_the_right_answer_earns_everything(grade):
    checks = grade(lambda images: images.reshape(len(images), -1).mean(1) / 255)
    assert [check.outcome for check in checks] == [Outcome.PASSED] * 3
    assert cell_points(checks, 2) == 2


def test_grey_levels_that_are_not_scaled_earn_a_part(grade):
    checks = grade(lambda images: images.mean((1, 2)))
    assert [check.outcome for check in checks] == [Outcome.PASSED, Outcome.PARTIAL, Outcome.PASSED]
    assert checks[1].faults == ("not-scaled",)
    assert cell_points(checks, 2) == 1.2  # serious: six tenths of two


def test_form_alone_earns_nothing(grade):
    checks = grade(lambda images: np.zeros(len(images)))
    assert checks[0].outcome is Outcome.PASSED
    assert cell_points(checks, 2) == 0


@pytest.mark.parametrize("ink", [None, lambda images: images.no_such_thing, lambda _: 3.0])
def test_nothing_usable_earns_nothing(grade, ink):
    checks = grade(ink)
    assert {check.outcome for check in checks} == {Outcome.FAILED}
    assert cell_points(checks, 2) == 0
