"""The store reports its size and stale part, and prunes; useful entries stay."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from netgrader.commands import store as command
from netgrader.grading.result_store import Key, Store, open_store
from netgrader.nbgrader_plugin.handing_in import set_aside

pytestmark = pytest.mark.usefixtures("uncaged")


@pytest.fixture
def graded(tiny):
    """Grade Ada's notebook as it is now."""

    def run(**answers):
        tiny.submit("ada", **answers)
        return tiny.grade()

    return run


def said(capsys):
    return " ".join(capsys.readouterr().out.split())


def harder(tiny):
    path = tiny.root / "grader_tests" / "test_sums.py"
    path.write_text(path.read_text().replace("range(10)]", "range(11)]"))


def test_after_a_changed_test_the_old_verdicts_are_stale_and_the_run_is_not(tiny, graded, capsys):
    graded()
    harder(tiny)
    graded()
    command.run("bubblewrap")
    assert re.search(r"runs of notebooks │ 1 │ \d+ │ 0 │.*verdicts │ 2 │ \d+ │ 1 │.*--prune removes it", said(capsys))
    command.run("bubblewrap", prune=True)
    assert "1 of 3 entries removed" in said(capsys)
    assert graded().made == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        lambda tiny: (tiny.root / "grader_tests" / "seed.txt").write_text("7"),
        lambda tiny: tiny.write("source/numbers/checks/exercises.toml", "[add]\n"),
        lambda tiny: tiny.write("source/numbers/checks/exercises.toml", "[limits]\ncores = 1.0\n"),
    ],
)
def test_a_run_that_the_course_asks_for_no_more_goes_with_its_verdicts(tiny, graded, capsys, change):
    graded()
    change(tiny)
    command.run("bubblewrap", prune=True)
    assert "2 of 2 entries removed" in said(capsys)
    assert graded().made == {"execute", "verify"}


def test_an_older_netgraders_entry_is_stale(tiny, graded, capsys):
    graded()
    (about,) = (tiny.root / ".netgrader/store/execute").glob("*/*/entry.json")
    about.write_text(json.dumps({**json.loads(about.read_text()), "format": 0}))
    command.run("bubblewrap")
    assert re.search(r"runs of notebooks │ 1 │ \d+ │ 1 │", said(capsys))


def test_runs_that_were_killed_and_submissions_that_newer_ones_replaced_are_listed_and_pruned(tiny, graded, capsys):
    def killed(folder):
        (folder / "evidence.npy").write_bytes(bytes(3_000_000))
        command.run("bubblewrap", prune=True)  # while it is under way
        shutil.copytree(folder.parent, folder.parents[1] / "0123456789ab-another-99999999-00000000")

    open_store(tiny.course).get_or_make(Key("execute", {"code": "x"}), killed)
    tiny.submit("ada", squares="squares = [1]\n" + 2_000_000 * "#")
    set_aside(tiny.assignment, "ada")
    capsys.readouterr()
    command.run("bubblewrap")
    text = said(capsys)
    assert re.search(r"runs under way, or killed │ 1 │ 3 │ 1 │ 3", text)
    assert re.search(r"submissions that newer ones replaced │ 1 │ 2 │ 1 │ 2", text)
    command.run("bubblewrap", prune=True)
    assert "3 of 3 entries removed, 8 MB" in said(capsys)


def test_what_lives_keeps_its_part_however_the_clock_jumps(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")

    def make(folder):
        (folder / "half").write_text("half")
        monkeypatch.setattr("netgrader.grading.result_store.time.time", lambda: 4e9)  # decades later
        Store(store.root).clean()
        (folder / "whole").write_text("whole")

    entry, _ = store.get_or_make(Key("execute", {"code": "x"}), make)
    assert {path.name for path in entry.content.iterdir()} == {"half", "whole"}
