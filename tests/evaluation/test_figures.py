"""Figures about verdicts agree with their rows.

That `docs/reference/verdicts.md` is what `make reference` writes is tested with its other pages.
"""

import json
from dataclasses import replace

import pytest

from evaluation import (
    benchmark_training,
    benchmarks_report,
    clean_report,
    fairness_report,
    rates_report,
    training_report,
)
from evaluation.rows import ROOT
from evaluation.verdicts import corpus
from netgrader.faults import CATALOGUE
from tests.corpus import reading
from tests.corpus.products import Entry

PAGES = {
    "benchmarks.md": benchmarks_report,
    "clean.md": clean_report,
    "fairness.md": fairness_report,
    "rates.md": rates_report,
    "training.md": training_report,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_research_is_what_its_rows_say(name):
    assert (ROOT / "evaluation" / name).read_text(encoding="utf-8") == PAGES[name].page()


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
    (named,) = (line for line in corpus(reading.KEPT["graphs"], "one") if line.question == "named")
    assert named.share == (1, 1, (1, 1))


def test_what_others_claim_of_data_and_rates_is_told_in_codes_that_there_are_and_each_program_has_a_row():
    codes = {code for text in benchmark_training.CODES.values() for code in text.split("|")}
    assert codes <= CATALOGUE.keys()
    judged = {(claim.program, kind) for claim, kind in benchmark_training.wanted()}
    assert {(row["program"], row["judged"]) for row in benchmark_training.rows()} == judged
    assert {claim.claim for claim, _ in benchmark_training.wanted() if claim.version != "clean"} == set(
        benchmark_training.CODES
    )
