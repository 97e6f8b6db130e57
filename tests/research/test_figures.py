"""Figures about verdicts are what their rows say, and none is older than the code that it measures but as `figures.toml` tells.

That `docs/reference/measured.md` is what `make reference` writes is tested with its other pages.
"""

import json
import subprocess
from dataclasses import replace

import pytest

from netgrader.faults import CATALOGUE
from research import benchmark_training, benchmarks_report, clean_report, fairness_report, rates_report, training_report
from research.figures import COUNTED, FIGURES, HERE, code_at, code_now, locked
from research.rows import ROOT
from tests.corpus import reading
from tests.corpus.products import Entry

PAGES = {
    "benchmarks.md": benchmarks_report,
    "clean.md": clean_report,
    "fairness.md": fairness_report,
    "rates.md": rates_report,
    "training.md": training_report,
}
LOOPS = replace(
    FIGURES["loops"],
    changed=({"at": ["b0", "c0"], "files": ["judges/old.py", "reader"], "why": "Moved."},),
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_research_is_what_its_rows_say(name):
    assert (HERE / name).read_text(encoding="utf-8") == PAGES[name].page()


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_is_older_than_its_code_but_for_the_files_that_are_named(name):
    figure, then = FIGURES[name], locked().get(name, {})
    _, commits = figure.found()
    assert set(then) == commits, "make reference"
    now = code_now(figure.code)
    assert now
    older = {commit: files for commit in commits if (files := figure.older_than(commit, then[commit], now))}
    assert not older, (
        f"The figure '{name}' of docs/reference/measured.md is older than this code: {older}. Measure again ({figure.target}), "
        "then make reference; or name the files, and why the figure stands, in research/figures.toml."
    )


def test_what_is_declared_is_counted_and_is_there():
    assert set(FIGURES) <= set(COUNTED)
    for figure in FIGURES.values():
        assert [path for path in figure.code if not (ROOT / path).exists()] == []
        assert [entry for entry in figure.changed if not (entry["at"] and entry["files"] and entry["why"])] == []


def test_a_file_that_is_changed_new_or_gone_makes_a_figure_old():
    then = {"judges/same.py": "1", "judges/changed.py": "1", "judges/gone.py": "1"}
    now = {"judges/same.py": "1", "judges/changed.py": "2", "judges/new.py": "1"}
    assert LOOPS.older_than("a0", then, now) == ["judges/changed.py", "judges/gone.py", "judges/new.py"]


def test_files_are_named_for_the_rows_of_one_commit_and_with_what_lies_in_a_folder():
    then, now = {}, {"judges/old.py": "2", "reader/find/roles.py": "2", "readers.py": "2"}
    assert LOOPS.older_than("b0", then, now) == ["readers.py"]
    assert LOOPS.older_than("a0", then, now) == sorted(now)
    assert LOOPS.reasons({"a0", "c0"}) == ["Moved."]
    assert LOOPS.reasons({"a0"}) == []


def test_code_is_hashed_as_git_does_with_no_history_at_hand(tmp_path):
    folder = tmp_path / "code"
    (folder / ".hidden").mkdir(parents=True)
    for name in ("one.py", "two.toml", "said.md", ".hidden/three.py"):
        (folder / name).write_text(name, encoding="utf-8")
    asked = ["git", "hash-object", "--no-filters", str(folder / "one.py")]
    hashed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    found = code_now(["code", "code/one.py"], tmp_path)
    assert list(found) == ["code/one.py", "code/two.toml"]
    assert hashed.startswith(found["code/one.py"])


def test_of_changes_that_were_in_no_commit_nothing_is_known():
    assert code_at("146183d+", ["research"]) == {}


def test_a_row_of_the_corpus_says_what_it_comes_to_and_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "KEPT", {"graphs": tmp_path / "kept.jsonl"})
    monkeypatch.setattr(reading, "CACHE", tmp_path)
    row = reading.Row("one+bad(a)", "d", "lab", "r", "c", ("missing-bias",), (), (), "", 0.1)
    entry = Entry(row.name, "one", ("bad",), "one_layer", 0.1, ("missing-bias",), (), False, {}, "good", (), row.digest)
    reading.keep(row)
    reading.export([entry, replace(entry, digest="of another")], "graphs")
    (told,) = map(json.loads, reading.KEPT["graphs"].read_text(encoding="utf-8").splitlines())
    assert (told["right"], told["verdict"]) == (False, "right")
    assert set(reading.rows()) == {row}
    said, _ = COUNTED["corpus"](reading.KEPT["graphs"])
    assert said.endswith("1 with faults: 1 named exactly, with no other")


def test_what_others_claim_of_data_and_rates_is_told_in_codes_that_there_are_and_each_program_has_a_row():
    codes = {code for text in benchmark_training.CODES.values() for code in text.split("|")}
    assert codes <= CATALOGUE.keys()
    judged = {(claim.program, kind) for claim, kind in benchmark_training.wanted()}
    assert {(row["program"], row["judged"]) for row in benchmark_training.rows()} == judged
    assert {claim.claim for claim, _ in benchmark_training.wanted() if claim.version != "clean"} == set(
        benchmark_training.CODES
    )
