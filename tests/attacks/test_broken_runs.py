"""What broke while a notebook ran, by the whole road: points for what was right, and a sentence with the cell and what to do."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

import pytest

from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import jobs_in
from netgrader.results import Outcome, Status
from tests.attacks.attacked import RIGHT, Attack, code_cell, notebook_of
from tests.attacks.conftest import Attacked, assert_in_vain
from tests.attacks.test_broken import of_colab, windows_lines
from tests.texts import english

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def without_squares(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if (cell["metadata"].get("nbgrader") or {}).get("grade_id") not in ("squares", "check_squares")
    ]


def squares_elsewhere(notebook: dict[str, Any]) -> None:
    for number, cell in enumerate(notebook["cells"]):
        if (cell["metadata"].get("nbgrader") or {}).get("grade_id") == "squares":
            notebook["cells"][number] = code_cell(RIGHT)


def twice(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [one for cell in notebook["cells"] for one in (cell, {**cell, "id": f"{cell['id']}-again"})]


def in_another_order(notebook: dict[str, Any]) -> None:
    """The solution of the sums behind all else, as when somebody drags cells about."""
    cells = notebook["cells"]
    moved = [cell for cell in cells if (cell["metadata"].get("nbgrader") or {}).get("grade_id") == "add"]
    notebook["cells"] = [cell for cell in cells if cell not in moved] + moved


# Each with what is said: what broke and in which cell, and how to mend it.
ENDED = [
    (
        Attack("an endless cell", squares=f"{RIGHT}\nwhile True: pass", squares_deserves=3),
        ("Running the cell squares took longer than 4 s and was stopped.", "Does a loop there end?"),
    ),
    (
        Attack("a loop that never begins to answer", squares="while True: pass"),
        ("Running the cell squares took longer than 4 s and was stopped.", "“squares” is not finished"),
    ),
    (
        Attack("a dead kernel", squares="import os\nos._exit(1)"),
        ("The kernel died in the cell squares.", "Does the cell end the process, or use a library that crashes?"),
    ),
    (
        Attack("memory that runs out", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
        ("The run ended in the cell squares, where more than 0.7 GB of memory were needed.", "Use smaller layers"),
    ),
    (
        Attack(
            "too much on the disk", squares="with open('/tmp/x', 'wb') as out:\n    while True: out.write(bytes(10**6))"
        ),
        ("the cell squares stopped at OSError", "less that is written to files"),
    ),
]
ORDER = [
    (Attack("a deleted cell", change=without_squares), "The cell squares was missing"),
    (Attack("a deleted cell whose work stands elsewhere", change=squares_elsewhere, squares_deserves=3), ""),
    (Attack("all cells twice", squares=RIGHT, change=twice, squares_deserves=3), "was there twice"),
    (Attack("cells out of order", squares=RIGHT, change=in_another_order, squares_deserves=3), ""),
]


@pytest.fixture(scope="module")
def ran(attacked: Attacked, asked: Callable[[str], list[Any]]) -> Attacked:
    limits = attacked.root / "source" / "numbers" / "checks" / "exercises.toml"
    limits.write_text(limits.read_text().replace("cell_seconds = 5", "cell_seconds = 4"))
    named = [attack for attack, _ in ENDED if attack.name in asked("name")]
    attacked.run({attack.name: attack for attack in (*asked("attack"), *named)}.values())
    return attacked


def said_of(ran: Attacked, attack: Attack) -> str:
    result = ran.results[attack.name].result
    messages = [check.message for cell in result.cells for check in cell.checks if check.message]
    return " ".join(map(str, [result.problem or "", *messages, *result.notes]))


@pytest.mark.parametrize(("attack", "says"), ENDED, ids=lambda value: getattr(value, "name", ""))
def test_what_ended_is_named_with_its_cell_and_what_to_do(ran: Attacked, attack: Attack, says: tuple[str, str]) -> None:
    assert_in_vain(ran, attack)
    said = said_of(ran, attack)
    assert all(part in said for part in says), said


@pytest.mark.parametrize(("attack", "says"), ORDER, ids=lambda value: getattr(value, "name", ""))
def test_cells_that_are_not_where_they_were_cost_nothing_but_what_is_missing(
    ran: Attacked, attack: Attack, says: str
) -> None:
    assert_in_vain(ran, attack)
    assert says in said_of(ran, attack), said_of(ran, attack)


@pytest.mark.parametrize("name", ["a dead kernel", "memory that runs out", "a loop that never begins to answer"])
def test_what_could_not_be_looked_at_is_ungradable_and_not_failed(ran: Attacked, name: str) -> None:
    result = ran.results[name].result
    outcomes = {cell.cell: {check.outcome for check in cell.checks} for cell in result.cells if not cell.manual}
    assert outcomes == {"check_add": {Outcome.PASSED}, "check_squares": {Outcome.UNGRADABLE}}
    assert result.status is Status.PARTLY


def test_all_oddities_of_a_file_at_once_cost_nothing(attacked: Attacked, tmp_path: Path) -> None:
    """Saved by Colab, with Windows line ends and a byte order mark, in a folder, under a name in Japanese."""
    attack = Attack("odd", squares=RIGHT)
    content = notebook_of(attacked.course.assignment("numbers").skeleton("1_sums"), attack)
    text = json.dumps(of_colab(windows_lines(content)), ensure_ascii=False, indent=1).replace("\n", "\r\n")
    folder = tmp_path / "handed in" / "第3週"
    folder.mkdir(parents=True)
    (folder / "数字 (1).ipynb").write_bytes(codecs.BOM_UTF8 + text.encode())
    (job,) = jobs_in(tmp_path / "handed in", attacked.course.assignment("numbers"))
    result = grade_job(job).result
    assert (result.notebook, result.score, result.problem) == ("1_sums.ipynb", 5.0, None)
    assert any("数字 (1).ipynb" in note for note in english(result.notes))
