"""Rounds at first sight agree with their frozen rows, and pages state no other figures of verdicts."""

import re
from collections import Counter
from math import erfc, sqrt

import pytest

from evaluation.fairness_report import LINE, loses
from evaluation.rows import ROOT, rows_of
from evaluation.training_report import lost
from evaluation.verdicts import (
    FIRST_SIGHT,
    HERE,
    QUESTIONS,
    SECTIONS,
    SIGHTS,
    Share,
    deviations,
    measured,
    rounds,
    tally,
)
from netgrader.checks.held_out import Redrawn

FROZEN, EXERCISES = HERE / "first_sight" / "2026-11", HERE / "first_sight" / "2026-12"
PAGE = (ROOT / "docs" / "reference" / "verdicts.md").read_text(encoding="utf-8")
WRITTEN = {"verdicts.md", "protections.md", "commands.md", "faults.md", "checks.md", "result-json.md"}
PROSE = {
    page.relative_to(ROOT).as_posix(): re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    for page in (
        *(ROOT / name for name in ("README.md", "SECURITY.md", "evaluation/README.md")),
        *sorted(ROOT.glob("docs/**/*.md")),
    )
    if page.name not in WRITTEN
}


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_intervals_are_wilsons(k, n, low, high):
    assert Share(k, n).interval() == pytest.approx((low, high), abs=5e-5)


def test_a_program_counts_once():
    found = [("one", True), ("one", False), ("two", True), ("two", True)]
    assert tally(found, any) == (2, 2, (3, 4))
    assert tally(found, all) == (1, 2, (3, 4))


def of_the_exercises():
    """Return what the rows of networks and notebooks for the three exercises come to."""
    read = [row for kind in ("networks", "notebooks") for row in rows_of(EXERCISES / f"{kind}.csv")]
    version = {row["id"]: row["commit"][:8] for row in read}
    for row in read:
        if row["right"] == "True":
            question = "notebook" if row["id"].startswith("notebooks/") else "accused"
            yield question, version[row["id"]], row["id"], bool(row["faults"])
        elif row["id"].startswith("notebooks/"):
            yield "unnoticed", version[row["id"]], row["id"], row["score"] == row["of"]
    for row in rows_of(EXERCISES / "judged.csv"):
        question = "loop_named" if row["id"].startswith("notebooks/") else "named"
        yield question, version[row["id"]], row["id"], row["named"] == "yes"


def counted():
    """Return what the frozen rows come to, by question and commit."""
    yield from of_the_exercises()
    for row in rows_of(FROZEN / "benchmarks.csv"):
        if row["outcome"] in {"accepted", "accused"}:
            yield "accused", row["commit"], row["base"], row["wrong"] == "yes"
        elif row["outcome"] in {"found", "found as a remark", "found in part", "another code", "missed"}:
            yield (
                "named",
                row["commit"],
                row["base"],
                row["outcome"].startswith("found") and "part" not in row["outcome"],
            )
    for row in rows_of(FROZEN / "data_and_rates.csv"):
        named, claimed = set(row["named"].split()), set(row["claimed"].split("|"))
        if row["version"] == "clean":
            yield "training_accused", row["commit"], row["base"], bool(named)
        else:
            yield "training_named", row["commit"], row["base"], bool(named & claimed)
    for row in rows_of(FROZEN / "loops.csv"):
        if row["mistake"]:
            named = f"{row['named']} {row['remarks']}".split()
            yield "loop_named", row["commit"], row["loop"], row["claimed"] in named
        else:
            yield "loop_accused", row["commit"], row["loop"], bool(row["named"] or row["lost"])


def test_rounds_are_what_their_rows_say():
    by_round = {}
    for question, commit, program, holds in counted():
        by_round.setdefault((question, commit), []).append((program, holds))
    stated = {
        (line.question, *line.versions): line.share for line in rounds() if line.rows.parent in {FROZEN, EXERCISES}
    }
    assert set(stated) == set(by_round)
    for (question, commit), found in by_round.items():
        share = tally(found, any if question.endswith(("accused", "notebook")) else all)
        assert stated[question, commit] in (share, (*share[:2], None)), (question, commit)


def test_the_rounds_of_notebooks_are_what_their_rows_say():
    first, marks = {}, {}
    for row in rows_of(ROOT / "evaluation" / "right_notebooks.csv"):
        first.setdefault((row["notebook"], row["style"]), row)
    for row in rows_of(HERE / "ten_gradings.csv"):
        marks.setdefault((row["student"], row["notebook"]), set()).add(row["score"])
    again = {row["network"]: set() for row in rows_of(HERE / "gradings.csv")}
    graded = rows_of(HERE / "gradings.csv")
    for row in graded:
        again[row["network"]].add(row["score"])
    assert {(row["network"], row["grading"]) for row in graded} == {
        (name, str(n)) for name in again for n in range(1, 11)
    }
    written = [row for (_, style), row in first.items() if style != "notebook"]  # the other one is the course's own
    shares = {line.versions[0]: line.share for line in rounds() if line.question in {"notebook", "moved"}}
    assert shares["318b52d6"] == (sum(map(lost, written)), len(written), None)
    assert shares[graded[0]["commit"]] == (sum(len(some) > 1 for some in again.values()), len(again), None)
    assert shares["b1cac8b2"] == (sum(len(some) > 1 for some in marks.values()), len(marks), None)


def test_every_count_is_on_the_page_first_sight_first():
    assert sorted(question for some in SECTIONS.values() for question in some) == sorted(QUESTIONS)
    assert Counter(line.question for line in measured()).keys() == QUESTIONS.keys()
    tables = re.findall(r"(?m)(?:^\|.*\n)+", PAGE)
    for rows in tables:
        cells = [row.split(" | ") for row in rows.splitlines()[2:]]
        seen = {}
        for question, _, sight, *_ in cells:
            seen.setdefault(question, []).append(SIGHTS.index(sight) if sight in SIGHTS else len(SIGHTS))
        assert all(found == sorted(found) for found in seen.values())
    assert sum(f"| {FIRST_SIGHT} |" in row for rows in tables for row in rows.splitlines()) >= 14


def test_the_page_stays_short():
    assert len(re.findall(r"[^\s|]*\w[^\s|]*", PAGE)) <= 1400


def test_the_readme_names_each_script():
    scripts = {path.relative_to(HERE).as_posix() for path in HERE.glob("*.py")} | {
        "bench/grading.py",
        "first_sight/read_round.py",
    }
    linked = set(re.findall(r"\]\(([\w/]+\.py)\)", (HERE / "README.md").read_text(encoding="utf-8")))
    assert linked == scripts


def test_evaluation_stays_small():
    programs = [path for path in HERE.rglob("*.py") if not re.search(r"first_sight/\d{4}-\d\d/", path.as_posix())]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in programs) <= 6000


def test_counts_in_prose_are_on_the_page():
    for name, text in PROSE.items():
        for k, n in re.findall(r"\b(\d[\d,]*) of (\d[\d,]*)\b", text):
            if int(n.replace(",", "")) > 14:  # up to there it may be points of a notebook
                assert f" {k} of {n} " in PAGE, f"{name}: {k} of {n}"


def test_figures_in_prose_are_what_is_measured():
    fair, images, students = (
        PROSE[f"docs/{name}.md"]
        for name in ("explanation/fairness", "explanation/test-images", "guides/students-marks")
    )
    assert float(re.search(r"by less than ([\d.]+) %", fair)[1]) > deviations()[1]
    assert float(re.search(r"loses points in fewer than (\d+) % of gradings", fair)[1]) / 100 > loses(0.985, 0.0008)
    assert "fewer than one of a hundred gradings" in students
    for text in (fair, students):
        assert {f"{100 * share:g}" for share in (LINE.full, LINE.none)} <= set(re.findall(r"\d\d\.\d+", text))
        assert f"{100 * LINE.again_from:.2f}" in text
    for errors, times in ((Redrawn.TOLD, 400), (Redrawn.NAMED, 2_000_000)):
        assert 1 / erfc(errors / sqrt(2)) == pytest.approx(times, rel=0.15)
    assert "once in 400 times" in images
    assert "once in two million times" in images
