"""The mark of a notebook is what its honest part deserves, whatever the notebook does and whatever has become of it.

`forging` and `hooks` forge marks, `resources` takes more than its share, and `honest` is what broke or is odd. All run the whole
way, two at a time; afterwards an honest notebook is graded as ever, and nothing outside has changed.
"""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import jsonschema
import pytest

from netgrader.errors import UsageError
from netgrader.files import decode
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs, jobs_in
from netgrader.results import NotebookResult, Outcome, Status
from tests.attacks import changes
from tests.attacks.attacked import RIGHT, WRONG, Attack, notebook_of
from tests.attacks.conftest import MARK, Attacked, assert_in_vain
from tests.attacks.table import cells, notebooks
from tests.texts import english

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json").read_text("utf-8"))
HOOKS = Attack("sets every hook that there is", squares=WRONG, cells=list(cells("hooks").values()))
ATTACKS = [*notebooks("forging", "resources", "honest"), HOOKS]
UNSEEN = {"ends the process", "takes all memory", "sleeps forever"}
"""Those after which nothing of the squares could be looked at."""


@pytest.fixture(scope="module")
def graded(attacked: Attacked, asked, module_monkeypatch) -> Attacked:
    # How long a kernel may stay silent, and an interrupted cell go on: what stalls on purpose should not stall these tests.
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.SILENCE", 5.0)
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.GIVE_WAY", 2.0)
    attacked.run(asked("attack"))
    return attacked


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_mark_is_what_the_honest_part_deserves_and_what_broke_is_said(graded: Attacked, attack: Attack) -> None:
    assert_in_vain(graded, attack)
    result = graded.results[attack.name].result
    checks = {cell.cell: cell.checks for cell in result.cells}
    messages = [str(check.message) for of in checks.values() for check in of if check.message]
    said = " ".join([str(result.problem or ""), *messages, *map(str, result.notes)])
    assert all(piece in said for piece in attack.says), said
    assert "Traceback" not in said
    assert attack.says or bool(messages or result.problem) == (result.score < 5), said
    if attack.name in UNSEEN:
        assert ({check.outcome for check in checks["check_squares"]}, result.status) == (
            {Outcome.UNGRADABLE},
            Status.PARTLY,
        )
    noticed = [f"{one.cell}: {one.limit}" for one in result.integrity]
    assert set(attack.noticed) <= set(noticed) if attack.noticed or said.strip() else noticed == [], noticed


def test_their_json_has_the_form_that_is_promised_and_is_read_back(graded: Attacked) -> None:
    results = [one.result for one in graded.results.values()]
    jsonschema.validate(json.loads(json.dumps([result.as_json() for result in results])), SCHEMA)
    for result in results:
        read = decode(NotebookResult, json.loads(json.dumps(result.as_json())))
        assert read.integrity == english(result.integrity)


def test_nothing_lives_on(graded: Attacked) -> None:
    alive = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                alive += [entry.name] if b"a-process-that-should-be-gone" in (entry / "cmdline").read_bytes() else []
            except OSError:
                continue
    assert alive == []


# ---- files of strange kinds ----------------------------------------------------------------------------------------------


def written(attacked: Attacked, path: Path, **attack) -> None:
    skeleton = attacked.course.assignment("numbers").skeleton("1_sums")
    path.write_text(json.dumps(notebook_of(skeleton, Attack("written", **attack))))


def test_a_helper_that_is_a_link_stays_behind(attacked: Attacked, tmp_path: Path) -> None:
    written(attacked, tmp_path / "1_sums.ipynb", cells=["import helper"])
    (tmp_path / "helper.py").symlink_to(attacked.root / "grader_tests" / "test_sums.py")
    (job,) = find_jobs(tmp_path, attacked.course)
    graded = grade_job(job)
    shown = json.dumps([graded.result.as_json(), [outputs for _, outputs in graded.cells]], default=str)
    assert MARK not in shown
    assert "No module named 'helper'" in shown


def test_a_notebook_that_is_a_link_is_not_followed_and_a_folder_with_its_name_is_left_aside(
    attacked: Attacked, tmp_path: Path
) -> None:
    (tmp_path / "1_sums.ipynb").symlink_to(attacked.root / "submitted" / "bertha" / "numbers" / "1_sums.ipynb")
    with pytest.raises(UsageError, match="no notebooks"):
        find_jobs(tmp_path, attacked.course)
    (tmp_path / "1_sums.ipynb").unlink()
    (tmp_path / "1_sums.ipynb").mkdir()
    written(attacked, tmp_path / "1_sums (1).ipynb", squares=RIGHT)
    (job,) = find_jobs(tmp_path, attacked.course)
    assert grade_job(job).result.score == 5.0


def test_all_oddities_of_a_file_at_once_cost_nothing(attacked: Attacked, tmp_path: Path) -> None:
    """Saved by Colab, with Windows line ends and a byte order mark, in a folder, under a name in Japanese."""
    content = notebook_of(attacked.course.assignment("numbers").skeleton("1_sums"), Attack("odd", squares=RIGHT))
    changes.windows_lines(content)
    changes.of_colab(content)
    text = json.dumps(content, ensure_ascii=False, indent=1).replace("\n", "\r\n")
    (tmp_path / "第3週").mkdir()
    (tmp_path / "第3週" / "数字 (1).ipynb").write_bytes(codecs.BOM_UTF8 + text.encode())
    (job,) = jobs_in(tmp_path, attacked.course.assignment("numbers"))
    result = grade_job(job).result
    assert (result.notebook, result.score, result.problem) == ("1_sums.ipynb", 5.0, None)
    assert any("数字 (1).ipynb" in note for note in english(result.notes))
