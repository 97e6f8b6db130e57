"""The fuzzer's tally resumes, and the page on attacks agrees with its rows."""

from __future__ import annotations

from typing import Any

from evaluation import elsewhere_report, fuzzing
from evaluation.elsewhere import ATTACKS, ROWS
from evaluation.rows import rows_of
from tests.attacks.fuzzing import Fuzzed


def test_a_road_that_ends_in_an_exception_is_noticed(tmp_path, monkeypatch) -> None:
    def breaks(job: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tests.attacks.whole_road.grade_job", breaks)
    report = fuzzing.walk_roads(0, 0.5)
    assert report.tried > 0
    assert all("ZeroDivisionError" in trace for trace in report.wrong.values())
    assert report.wrong


def test_the_tally_goes_on_where_it_was(tmp_path, monkeypatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(fuzzing, "TARGETS", {"one": Fuzzed(lambda content, _: seen.append(content), lambda: (b"x",))})
    monkeypatch.setattr(fuzzing, "measured_commit", lambda *_: "aaaaaaa")
    path = tmp_path / "tally.csv"
    assert fuzzing.main(0.002, "one", path) == 0
    (first,) = fuzzing.load(path)
    assert (first.first_seed, first.inputs, first.wrong) == (0, len(seen), 0)
    assert first.inputs > 0
    monkeypatch.setattr(fuzzing, "measured_commit", lambda *_: "bbbbbbb")
    fuzzing.main(0.002, "one", path)
    first_again, second = fuzzing.load(path)
    assert first_again == first
    assert (second.commit, second.first_seed) == ("bbbbbbb", first.inputs)


def test_the_page_of_attacks_is_what_its_figures_make() -> None:
    assert elsewhere_report.PAGE.read_text(encoding="utf-8") == elsewhere_report.page()
    assert {row["attack"] for row in rows_of(ROWS)} == {attack.name for attack in ATTACKS}
