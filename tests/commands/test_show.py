"""The terminal's view of a graded notebook: reasons in full, consequences only as a number."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from netgrader.commands.show import TerminalConsole, class_table, notebook_lines, trouble_lines
from netgrader.results import CellResult, CheckResult, NotebookResult, Outcome, Status, Visibility


def check(name: str, outcome: Outcome, message: str | None, *follows: str) -> CheckResult:
    sentence = f"Sentence of {name}"
    return CheckResult(
        f"test_x.py::{name}", sentence, Visibility.PUBLIC, outcome, 0.0, 1.0, (), message, follows=follows
    )


NAME = "op\x1b]0;mine\x07\x1b[2J\u202efed\u2066\u2028[9/9] zoe 1_sums: 0 of 5\r\x9b"
COMMANDS = "\x1b\x07\r\x9b\u202e\u2066\u2028"


@pytest.mark.parametrize("terminal", [False, True])
def test_no_name_of_a_students_says_anything_to_the_terminal(terminal: bool) -> None:
    """Names of ops, variables, files and cells, texts of exceptions: all that is printed of them is one line of signs."""
    out = io.StringIO()
    console = TerminalConsole(file=out, width=2000, force_terminal=terminal, color_system=None, highlight=False)
    checks = (check(NAME, Outcome.FAILED, NAME), check("later", Outcome.UNGRADABLE, f"KeyError: {NAME}"))
    cells = (CellResult(NAME, 0.0, 3.0, manual=False, checks=checks),)
    result = NotebookResult(NAME, 0.0, 3.0, cells, (NAME,), Status.PARTLY, NAME, {"notes": [NAME]})
    notebook_lines(console, result.notebook, result)
    class_table(console, [("eve", result, None), (NAME, None, NAME)])
    trouble_lines(console, [(NAME, [f"Traceback\n{NAME}\nKeyError: {NAME}"])])
    console.print(f"eve: {NAME}", markup=False)
    assert not set(COMMANDS) & set(out.getvalue())
    assert not [line for line in out.getvalue().splitlines() if line.strip(" │").startswith("[9/9]")]


def test_what_does_not_work_is_said_before_the_points_and_what_follows_from_it_is_counted() -> None:
    def found(name: str, *faults: str, follows: tuple[str, ...] = ()) -> CheckResult:
        sentence = f"Sentence of {name}"
        return CheckResult(
            f"test_x.py::{name}",
            sentence,
            Visibility.HIDDEN,
            Outcome.FAILED,
            0.0,
            1.0,
            faults,
            "Said.",
            follows=follows,
        )

    checks = found("slow", "no-shuffling"), found("later", follows=("maximises-loss",)), found("up", "maximises-loss")
    cell = CellResult("check_train", 0.5, 3.0, manual=False, checks=checks)
    result = NotebookResult("x.ipynb", 0.5, 3.0, (cell,), ("no-shuffling", "maximises-loss"), Status.GRADED)
    out = io.StringIO()
    notebook_lines(Console(file=out, width=200), result.notebook, result)
    text = out.getvalue()
    assert "x.ipynb: check_train: does not work; 0.5 of 3 points" in text
    assert (
        text.index("fatal Sentence of up")
        < text.index("serious Sentence of slow")
        < text.index("consequences, which cost nothing: 1")
    )
    assert "Sentence of later" not in text
    class_table(Console(file=out, width=200), [("ada", result, None)])
    assert "fatal: maximises-loss; serious: no-shuffling: Said." in out.getvalue()
