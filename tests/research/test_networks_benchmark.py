"""The benchmark of beginners' mistakes is what it says: its files, its labels, its split, its scorer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from research.benchmark.__main__ import PAGE, page
from research.benchmark.load import HERE, Case, lines, load
from research.benchmark.score import catalogue, predictions, score

CASES = load()
SCHEMA = json.loads((HERE / "schema.json").read_text(encoding="utf-8"))


def checked(kind, line):
    jsonschema.validate(line, {**SCHEMA, "$ref": f"#/$defs/{kind}"})


def test_labels_are_as_the_schema_says_and_their_files_are_those_that_were_labelled():
    for case in CASES:
        checked("label", case.label)
        assert case.source()
    assert {case.id for case in CASES} == {path.stem for path in (HERE / "programs").glob("*.py")}
    assert len({case.id for case in CASES}) == len(CASES)


def test_a_file_that_was_changed_is_refused(tmp_path):
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / f"{CASES[0].id}.py").write_text("changed", encoding="utf-8")
    with pytest.raises(ValueError, match="not the file that was labelled"):
        Case(tmp_path, CASES[0].label).source()


def test_no_program_of_dev_stands_in_test_not_even_one_of_the_same_style():
    stems = {
        part: {c.label["made_from"].partition("+")[0].rpartition("/")[2] for c in load(part)}
        for part in ("dev", "test")
    }
    assert stems["dev"]
    assert stems["test"]
    assert not stems["dev"] & stems["test"]


def test_a_third_of_the_programs_is_right_and_each_mistake_says_where_it_comes_from():
    assert sum(not case.causes for case in CASES) * 3 >= len(CASES)
    named = {code for case in CASES for code in case.causes}
    assert named <= set(catalogue())
    assert all(catalogue()[code]["sources"] and catalogue()[code]["sentence"] for code in named)
    tasks = json.loads((HERE / "tasks.json").read_text(encoding="utf-8"))
    assert {case.label["task"] for case in CASES} <= set(tasks)


def test_each_mistake_was_confirmed_by_a_measurement_and_has_a_place_in_its_file():
    for case in CASES:
        evidence, causes = case.label["evidence"], [one for one in case.label["faults"] if one["kind"] == "cause"]
        assert causes or not evidence.get("unlike_the_right_one")
        last = len(case.source().splitlines())
        for one in causes:
            assert one["place"]["lines"], case.id
            assert all(1 <= first <= end <= last for first, end in one["place"]["lines"])


def test_no_name_of_a_file_and_no_comment_tells_the_label():
    for case in CASES:
        assert not any(code in case.source() for code in case.causes)


def case(name, *causes, follows=(), also=()):
    faults = [{"code": code, "kind": "cause", "place": {"part": "loss", "lines": [[4, 5]]}} for code in causes]
    faults += [{"code": code, "kind": "consequence"} for code in follows]
    return Case(HERE, {"id": name, "faults": faults, "also": list(also)})


KNOWN = dict.fromkeys(("missing-bias", "wrong-width", "rows-mixed", "zero-initialisation"))
BY_HAND = [
    case("a"),
    case("b"),
    case("c", "missing-bias", follows=["rows-mixed"]),
    case("d", "missing-bias", "wrong-width"),
]


def scored(said, codes=None):
    return score(BY_HAND, {line["id"]: line for line in said}, codes or {}, KNOWN)


def test_the_scorer_counts_what_is_found_what_is_false_and_what_is_lacking():
    place = {"code": "missing-bias", "place": {"lines": [5, 9]}}
    found = scored(
        [
            {"id": "a", "faults": ["wrong-width"]},
            {"id": "c", "faults": [place, "rows-mixed", "zero-initialisation"]},
            {"id": "d", "faults": ["missing-bias", "missing-bias"], "error": ""},
        ]
    )
    count = found["count"]
    assert (found["recall"], found["precision"], found["false alarms"]) == (round(2 / 3, 4), 0.5, 1.0)
    assert (count["right"], count["right not read"], count["right without a line"], count["right named something"]) == (
        2,
        1,
        1,
        1,
    )
    assert (count["claims, mistakes"], count["claims, consequences"], count["claims, false"]) == (2, 1, 2)
    assert (count["found, with lines"], count["found at the place"]) == (1, 1)
    assert found["by_fault"]["missing-bias"] == {"mistakes": 2, "mistakes read": 2, "found": 2}
    assert found["by_fault"]["wrong-width"]["named falsely"] == 1


def test_a_program_that_could_not_be_read_finds_nothing_and_accuses_nobody():
    found = scored(
        [{"id": "b", "faults": ["wrong-width"], "error": "raised"}, {"id": "c", "faults": [], "error": "raised"}]
    )
    assert (found["recall"], found["recall of what was read"], found["precision"], found["false alarms"]) == (
        0.0,
        None,
        None,
        None,
    )


def test_a_tools_own_codes_may_mean_one_of_several_or_no_mistake_and_must_be_known():
    codes = {"T1": ["zero-initialisation", "missing-bias"], "T2": []}
    found = scored([{"id": "c", "faults": ["T1", "T2"]}, {"id": "b", "faults": ["T2"]}], codes)
    assert (found["count"]["found"], found["precision"], found["false alarms"]) == (1, 1.0, 0.0)
    with pytest.raises(ValueError, match="in no catalogue"):
        scored([{"id": "c", "faults": ["T3"]}], codes)


def test_predictions_of_no_program_or_of_one_twice_are_refused(tmp_path):
    line = json.dumps({"id": CASES[0].id, "faults": []}) + "\n"
    for content, said in ((line + line, "there twice"), (line.replace(CASES[0].id, "nobody"), "no program")):
        (tmp_path / "said.jsonl").write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            predictions(tmp_path / "said.jsonl", CASES)


@pytest.mark.parametrize("path", sorted((HERE / "results").glob("*.jsonl")), ids=lambda path: path.stem)
def test_rows_are_predictions_of_these_programs_with_a_commit(path):
    codes = json.loads((HERE / "codes" / path.name).with_suffix(".json").read_text(encoding="utf-8"))
    said = predictions(path, CASES)
    for line in lines(path):
        checked("prediction", line)
        assert line["commit"]
    score(CASES, said, codes, catalogue())


def test_the_page_says_what_the_rows_say():
    assert PAGE.read_text(encoding="utf-8") == "\n".join(page()) + "\n", "make benchmark-report writes it"


def test_the_scorer_works_where_only_the_folder_is():
    path = min((HERE / "results").glob("*.jsonl"))
    codes = HERE / "codes" / f"{path.stem}.json"
    command = [sys.executable, "-E", str(HERE / "score.py"), str(path), "--codes", str(codes), "--split", "test"]
    done = subprocess.run(command, cwd=Path(HERE).anchor, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "recall: " in done.stdout
