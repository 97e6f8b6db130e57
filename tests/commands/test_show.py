"""What a terminal shows of a graded notebook: the reasons in full, and what only waits for them as a number."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from netgrader.checks.wording import WAITS
from netgrader.commands.show import notebook_lines
from netgrader.results import CellResult, CheckResult, NotebookResult, Outcome, Status, Visibility


def check(name: str, outcome: Outcome, message: str | None) -> CheckResult:
    return CheckResult(f"test_x.py::{name}", f"Sentence of {name}", Visibility.PUBLIC, outcome, 0.0, 1.0, (), message)


@pytest.mark.parametrize(
    ("failed", "waiting", "says"),
    [(1, 1, "and 1 more that waits for it"), (1, 3, "and 3 more that wait for it"), (2, 1, "that waits for these")],
)
def test_checks_that_wait_for_others_are_counted_and_not_told_one_by_one(failed: int, waiting: int, says: str) -> None:
    wrong = [check(f"wrong{number}", Outcome.FAILED, "Found 3; expected 4.") for number in range(failed)]
    waits = [check(f"later{number}", Outcome.FAILED, WAITS.format(sentence="Sentence")) for number in range(waiting)]
    cell = CellResult("check_train", 0.0, 3.0, manual=False, checks=(*wrong, *waits))
    out = io.StringIO()
    notebook_lines(Console(file=out, width=200), NotebookResult("x.ipynb", 0.0, 3.0, (cell,), (), Status.GRADED))
    assert says in out.getvalue()
    assert out.getvalue().count("Found 3; expected 4.") == failed
    assert "later0" not in out.getvalue()
