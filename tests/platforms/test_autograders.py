"""Results and autograders for Gradescope and PrairieLearn: valid by their schemas, with the marks of grading."""

import io
import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from netgrader.results import CellResult, CheckResult, NotebookResult, Outcome, Status, Visibility
from netgrader_platforms import autograder_words, export
from netgrader_platforms.autograder_files import write_gradescope, write_prairielearn
from netgrader_platforms.autograders import LARGEST, NotebookStanding, Sentences, Standing, gradescope, prairielearn

SCHEMAS = Path(__file__).parent / "schemas"


def fits(platform: str, results: dict) -> dict:
    """Check results by the platform's schema, as the file that it would get; return them."""
    text = json.dumps(results)
    schema = json.loads((SCHEMAS / f"{platform}.json").read_text())
    jsonschema.validate(json.loads(text), schema)
    assert len(text) <= LARGEST
    return results


def check(name, outcome=Outcome.PASSED, credit=1.0, most=1.0, **more):
    return CheckResult(f"test.py::{name}", f"The {name} is right", Visibility.HIDDEN, outcome, credit, most, **more)


def notebook(*cells, name="1_sums", status=Status.GRADED, problem=None):
    points = [(cell.points, cell.max_points) for cell in cells if not cell.manual]
    return NotebookStanding(
        name,
        NotebookResult(
            f"{name}.ipynb", sum(one for one, _ in points), sum(most for _, most in points), cells, (), status, problem
        ),
    )


MANUAL = CellResult("why", None, 2.0, manual=True)
WRONG = check("sum", Outcome.FAILED, 0.0, 3.0, faults=("wrong-sum",))
REMARK = check("remark", credit=0.0, most=0.0)
CELLS = [
    CellResult("check_add", 2.0, 2.0, False, (check("sum"), check("rest"))),
    CellResult("check_add", 0.5, 2.0, False, (check("rest"), WRONG)),
    CellResult("check_add", 0.6, 2.0, False, (check("rest", most=3.0, credit=3.0), WRONG)),  # a fatal fault
    CellResult("check_add", 1.8, 2.0, False, (check("rest"), WRONG)),  # a slight one
    CellResult(
        "check_add", 0.0, 2.0, False, (check("a", Outcome.UNGRADABLE, 0.0), check("b", Outcome.UNGRADABLE, 0.0))
    ),
    CellResult(
        "check_add", 0.33, 1.0, False, (check("a", Outcome.PARTIAL, 0.33), check("remark", most=0.0, credit=0.0))
    ),
    CellResult("check_add", 0.0, 3.0, False),
]


@pytest.mark.parametrize("cell", CELLS, ids=range(len(CELLS)))
def test_the_tests_of_a_cell_add_up_to_its_points_and_none_has_more_than_it_may(cell):
    results = fits("gradescope", gradescope(Standing((notebook(cell, MANUAL),), over=True)))
    counted = [one for one in results["tests"] if "score" in one]
    assert round(sum(one["score"] for one in counted), 2) == results["score"] == cell.points
    assert round(sum(one["max_score"] for one in counted), 2) == cell.max_points
    assert all(0 <= one["score"] <= one["max_score"] and one["max_score"] > 0 for one in counted)
    theirs = fits("prairielearn", prairielearn(Standing((notebook(cell, MANUAL),), over=True)))
    assert theirs["score"] == pytest.approx(cell.points / cell.max_points)
    assert [one["points"] for one in theirs["tests"] if one["max_points"]] == [
        one["score"] for one in counted if one["max_score"]
    ]


@pytest.mark.parametrize(
    ("points", "checks", "scores"),
    [
        (0.8, (check("a", Outcome.PARTIAL, 0.8), check("b", Outcome.FAILED, 0.0)), [0.8, 0.0]),
        (0.5, (check("a", Outcome.PARTIAL, 0.8), check("b")), [0.0, 0.5]),
        (0.5, (check("rest"), WRONG), [0.5, 0.0]),
        (0.6, (check("rest", most=3.0, credit=3.0), WRONG), [0.6, 0.0]),
        (2.0, (check("a", credit=2.0, most=2.0), check("b")), [1.33, 0.67]),
        (2.0, (check("a", credit=5.0, most=5.0), REMARK, check("b", credit=395.0, most=395.0)), [0.02, 1.98]),
    ],
    ids=["by what they miss", "graver", "lost", "fatal", "what is left of rounding", "a weight of nothing"],
)
def test_points_of_a_cell_are_shared_by_what_its_checks_miss_and_then_by_the_others(points, checks, scores):
    tests = gradescope(Standing((notebook(CellResult("check_add", points, 2.0, False, checks)),)))["tests"]
    assert [one["score"] for one in tests if "score" in one] == scores
    if WRONG in checks:
        assert (tests[1]["status"], tests[1]["tags"], "tags" in tests[0]) == ("failed", ["wrong-sum"], False)
        assert (str(autograder_words.LOST_ELSEWHERE) in tests[0].get("output", "")) == (points == 0.6)


def test_a_written_answer_waits_and_has_no_points():
    (test,) = gradescope(Standing((notebook(MANUAL),)))["tests"]
    assert test["tags"] == ["manual"]
    assert "waits for a person (2 points)" in test["name"]
    assert "score" not in test
    (theirs,) = prairielearn(Standing((notebook(MANUAL),)))["tests"]
    assert (theirs["points"], theirs["max_points"]) == (0.0, 0.0)


def test_what_broke_on_our_side_is_no_zero():
    broken = Standing((NotebookStanding("1_sums", broke=True),), over=True)
    results = fits("gradescope", gradescope(broken))
    assert "score" not in results
    assert results["extra_data"]["autograder_error"]
    assert results["extra_data"]["notebooks"] == {"1_sums": "autograder-error"}
    assert "no fault of yours" in results["output"]
    theirs = fits("prairielearn", prairielearn(broken))
    assert theirs["gradable"] is False


def test_that_nothing_was_graded_is_an_error_of_ours_once_nothing_more_comes():
    def is_error(**more):
        return gradescope(Standing((NotebookStanding("1_sums"),), **more))["extra_data"]["autograder_error"]

    assert (is_error(), is_error(over=True)) == (False, True)


def test_what_is_not_gradable_costs_no_attempt_on_prairielearn_and_says_why():
    problem = Sentences(("This notebook could not be graded. It is damaged.",))
    answer = notebook(CellResult("check_add", 0.0, 2.0, False), status=Status.NOT, problem="It is damaged.")
    theirs = fits(
        "prairielearn", prairielearn(Standing((NotebookStanding(answer.notebook, answer.result, problem),), over=True))
    )
    assert theirs == {"gradable": False, "format_errors": [f"1_sums: {one}" for one in problem.summary]}
    results = fits("gradescope", gradescope(Standing((answer,), over=True)))
    assert (results["score"], results["tests"][0]["tags"]) == (0.0, ["ungradable"])
    assert "It is damaged." in results["tests"][0]["output"]


def test_before_anything_is_graded_it_is_said_and_what_is_graded_counts_at_once():
    fits("gradescope", gradescope(Standing(())))
    begun = Standing((NotebookStanding("1_sums"), NotebookStanding("2_words")))
    results = fits("gradescope", gradescope(begun))
    assert ("score" in results, "Grading has begun" in results["output"]) == (False, True)
    assert "Grading has begun" not in gradescope(replace(begun, over=True))["output"]
    assert fits("prairielearn", prairielearn(begun))["gradable"] is False
    half = fits("gradescope", gradescope(Standing((notebook(CELLS[0]), NotebookStanding("2_words")))))
    assert half["score"] == 2.0
    assert half["tests"][-1]["name"] == "2_words: not graded yet"
    assert half["extra_data"] | {"complete": False} == half["extra_data"]


def test_what_students_wrote_is_text_and_too_much_of_it_is_cut():
    evil = "<script>alert(1)</script>\n" + "x" * 400_000
    cells = [CellResult(f"check_{k}", 0.0, 1.0, False, (check("a", Outcome.FAILED, 0.0),)) for k in range(20)]
    answer = notebook(*cells)
    said = Sentences((evil,), {(cell.cell, "test.py::a"): (evil,) for cell in cells})
    standing = Standing((NotebookStanding(answer.notebook, answer.result, said),))
    results = fits("gradescope", gradescope(standing))
    assert "<script" not in json.dumps(results)
    assert "The rest is left out here." in results["tests"][0]["output"]
    fits("prairielearn", prairielearn(standing))


def exported(**what):
    return export.run(None, **what)


def test_the_zip_holds_what_grading_needs_and_opens_it_to_nobody(tiny, monkeypatch, capsys):
    monkeypatch.chdir(tiny.root)
    tiny.submit("ada")
    assert exported(gradescope=True, image="uni/netgrader:1") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "9 autograder points" in told
    assert "docker build -t uni/netgrader:1" in told
    with zipfile.ZipFile(tiny.root / "exports" / "numbers-gradescope.zip") as archive:
        names = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        assert {name for name, mode in names.items() if mode != 0o600} == {"setup.sh", "run_autograder"}
        assert archive.read("course/.netgrader/secret") == tiny.course.secret
        (wheel,) = (name for name in names if name.endswith(".whl"))
        modules = zipfile.ZipFile(io.BytesIO(archive.read(wheel))).namelist()
        pinned = archive.read("constraints.txt").decode()
    assert {
        "course/nbgrader_config.py",
        "course/source/numbers/1_sums.ipynb",
        "course/grader_tests/test_sums.py",
    } <= names.keys()
    assert not any("submitted" in name or "gradebook" in name for name in names)
    assert {
        "netgrader/cli.py",
        "netgrader_platforms/templates/setup.sh.j2",
        "notebook_cage/guard.py",
    } <= set(modules)
    assert not any(name.endswith(".pyc") for name in modules)
    assert "\ntensorflow==" in pinned
    assert exported(gradescope=True, notebook="2_words") == 0
    assert "4 autograder points" in " ".join(capsys.readouterr().out.split())
    with zipfile.ZipFile(tiny.root / "exports" / "2_words-gradescope.zip") as archive:
        assert b"grade-on gradescope numbers --notebook 2_words" in archive.read("run_autograder")
    with zipfile.ZipFile(tiny.root / "exports" / "numbers-prairielearn.zip") as archive:
        info = json.loads(archive.read("questions/netgrader/numbers/2_words/info.json"))
        jsonschema.validate(info, json.loads((SCHEMAS / "prairielearn-info.json").read_text()))
        run, notebook = info["externalGradingOptions"]["entrypoint"]
        assert (notebook, run.replace("/grade/", "", 1) in archive.namelist()) == ("2_words", True)
        assert {Path(name).name for name in archive.namelist() if name.startswith("image/")} == {
            "Dockerfile",
            "constraints.txt",
            wheel,
        }


def test_scripts_are_what_bash_takes(tiny):
    write_gradescope(tiny.root / "g.zip", tiny.assignment, 10)
    write_prairielearn(tiny.root / "p.zip", tiny.assignment, 10, "image")
    scripts = [
        archive.read(name)
        for archive in map(zipfile.ZipFile, (tiny.root / "g.zip", tiny.root / "p.zip"))
        for name in archive.namelist()
        if archive.read(name).startswith(b"#!")
    ]
    assert len(scripts) == 3
    for script in scripts:
        assert subprocess.run(["bash", "-n"], check=False, input=script, capture_output=True).stderr == b""
        assert b"\r" not in script
    assert (tiny.root / "g.zip").stat().st_mode & 0o077 == 0
