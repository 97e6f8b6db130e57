"""Tests that grade: every way a test can end, order, isolation, limits, and broken tests."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest

from graphread.model import Layer, Network
from netgrader.checks.cell_points import cell_points
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.plugin import BrokenTests
from netgrader.checks.run import run_tests
from netgrader.evidence import EvidenceWriter, ProbeError
from netgrader.faults import CATALOGUE, fault
from netgrader.results import Outcome, Visibility
from tests.checks.authored import by_name, graded, write_tests


class Course:
    """Files of tests and evidence in a folder, run when asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence = folder / "evidence"
        self.evidence.mkdir()
        self.exercises = folder / "exercises.toml"
        self.exercises.write_text("[a]\nwidths = [10]\n")
        self.labs = 0

    def writer(self, cell: str) -> EvidenceWriter:
        (self.evidence / cell).mkdir()
        return EvidenceWriter(self.evidence / cell, cell)

    def _lab(self):
        self.labs += 1
        raise AssertionError("No test here asks for the lab.")

    def bench(self, **more) -> TestContext:
        return TestContext(self.evidence, load_exercises(self.exercises), self._lab, **more)

    def run(self, text: str, hidden: str | None = None, *, bench: TestContext | None = None, **more):
        public = [write_tests(self.folder / "test_some_public.py", text)]
        private = [write_tests(self.folder / "test_some.py", hidden)] if hidden else []
        return run_tests(bench or self.bench(), public, private, **more)

    def verdicts(self, *args, **more):
        return by_name(self.run(*args, **more).checks)


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


TOO_NARROW = f"{CATALOGUE['wrong-width'].sentence} Found 15; expected 1500. Where: layer 1."
SEVERAL = 'fail_all([]); fail_all([fault("missing-bias"), fault("wrong-width"), fault("missing-bias")], share=0.25)'
# How a test of four credits ends, and its verdict: outcome, credit, faults and message.
ENDS = {
    "return": (Outcome.PASSED, 4.0, (), None),
    'fail("wrong-width", found=15, expected=1500, place="layer 1")': (
        Outcome.FAILED,
        0.0,
        ("wrong-width",),
        TOO_NARROW,
    ),
    'fail("There are 3 of them.", expected=4)': (Outcome.FAILED, 0.0, (), "There are 3 of them. Expected 4."),
    SEVERAL: (Outcome.PARTIAL, 1.0, ("missing-bias", "wrong-width"), ANY),
    'partial(0.75, "no-shuffling")': (Outcome.PARTIAL, 3.0, ("no-shuffling",), str(fault("no-shuffling").said)),
    'assert 1 == 2, "One is not two."': (Outcome.FAILED, 0.0, (), "One is not two."),
    "assert 1 == 2": (Outcome.FAILED, 0.0, (), "Not so."),
    'ungradable("The session was closed.")': (Outcome.UNGRADABLE, 0.0, (), "The session was closed."),
    'raise GraphError("The graph is too large.")': (Outcome.UNGRADABLE, 0.0, (), "The graph is too large."),
}


@pytest.mark.parametrize("ends", ENDS)
def test_a_verdict_is_what_a_test_ends_with_and_its_docstring_is_the_sentence(course, ends):
    says = "It is fine\n\n    Nobody reads this.\n    "
    verdict = course.verdicts(graded("test_it()", ends, '"check_a", credit=4', says))["test_it"]
    message = None if verdict.message is None else str(verdict.message)
    assert (verdict.outcome, verdict.credit, verdict.faults, message) == ENDS[ends]
    assert (verdict.check, str(verdict.sentence)) == ("test_some_public.py::test_it", "It is fine")
    assert (verdict.visibility, verdict.max_credit) == (Visibility.PUBLIC, 4.0)
    assert (verdict.hint is None) is (not verdict.faults)


def test_a_remark_costs_nothing_and_is_not_carried_over_to_the_next_test(course):
    first = graded("test_first(remark)", 'remark("unclipped-log", place="loss")')
    verdicts = course.verdicts(first + graded("test_second()"))
    assert verdicts["test_first"].outcome is Outcome.PASSED
    assert verdicts["test_first"].faults == ("unclipped-log",)
    assert "Where: loss." in str(verdicts["test_first"].message)
    assert verdicts["test_second"].faults == ()


def test_a_broken_test_is_ungradable_for_the_student_and_told_to_the_instructor(course):
    run = course.run(graded("test_broken()", "[][1]", '"check_a", credit=3') + graded("test_after()"))
    broken, after = run.checks["check_a"]
    assert (broken.outcome, broken.credit, broken.max_credit) == (Outcome.UNGRADABLE, 0.0, 3.0)
    assert "IndexError" not in str(broken.message)
    assert "Traceback" not in str(broken.message)
    assert "IndexError" in run.log[0]
    assert "test_broken" in run.log[0]
    assert after.outcome is Outcome.PASSED


def test_a_test_that_takes_too_long_is_stopped_and_the_next_one_runs(course):
    endless = "while True:\n    try: time.sleep(0.01)\n    except Exception: continue"
    run = course.run(graded("test_endless()", endless) + graded("test_after()"), seconds=2.0)
    endless, after = run.checks["check_a"]
    assert endless.outcome is Outcome.UNGRADABLE
    assert "2 seconds" in str(endless.message)
    assert after.outcome is Outcome.PASSED


MISSING = 'fail("missing-bias", found="no bias at all")'
FOUND = "".join(
    [
        "def basis():\n    {ends}\n",
        graded("test_basis()", "basis()", '"check_a", credit=0'),
        graded("test_more()", "basis()"),
        graded("test_else()", MISSING),
    ]
)


def test_what_ends_with_the_fault_of_an_earlier_test_could_judge_nothing_and_is_neither_earned_nor_to_be_had(course):
    verdicts = course.verdicts(FOUND.format(ends='fail("wrong-width", found="12")'))
    assert [verdict.faults for verdict in verdicts.values()] == [("wrong-width",), (), ("missing-bias",)]
    more = verdicts["test_more"]
    assert (more.outcome, more.follows) == (Outcome.FAILED, ("wrong-width",))
    assert str(more.message).startswith("This follows from another fault: “A layer does not have the number of neurons")
    assert cell_points(list(verdicts.values()), 3) == 0  # nothing else was shown


@pytest.mark.parametrize("ends", ['fail("missing-bias", found="one for all")', 'fail("A sentence of one\'s own.")'])
def test_the_same_code_elsewhere_and_a_fault_without_a_code_stand_for_themselves(course, ends):
    verdicts = course.verdicts(FOUND.format(ends=ends))
    assert verdicts["test_else"].faults == ("missing-bias",)
    assert verdicts["test_more"].follows == (("missing-bias",) if "missing" in ends else ())


def test_a_part_of_the_credit_that_an_earlier_test_gave_is_not_given_again(course):
    verdicts = course.verdicts(FOUND.format(ends='partial(0.5, "wrong-width")'))
    assert verdicts["test_more"].follows == ("wrong-width",)


def test_what_builds_on_something_ungradable_is_ungradable(course):
    verdicts = course.verdicts(FOUND.format(ends='ungradable("Nothing there.")'))
    assert [verdict.outcome for verdict in verdicts.values()][:2] == [Outcome.UNGRADABLE] * 2
    assert str(verdicts["test_more"].message) == "Nothing there."


def test_only_the_cells_that_are_asked_for_are_run(course):
    text = graded("test_a()") + graded("test_b()", grades='"check_b"')
    assert set(course.verdicts(text, cells=["check_b"])) == {"test_b"}
    assert set(course.verdicts(text)) == {"test_a", "test_b"}
    assert course.run(text, cells=["check_c"]).checks == {}


def test_each_verdict_is_told_as_soon_as_it_is_known(course):
    told = []
    course.run(
        graded("test_a()") + graded("test_b()"),
        on_plan=lambda plan: told.append([entry.check for entry in plan]),
        on_verdict=lambda verdict: told.append(verdict.check),
    )
    first, second = "test_some_public.py::test_a", "test_some_public.py::test_b"
    assert told == [[first, second], first, second]


def test_evidence_is_read_by_cell_and_what_is_missing_ends_the_test(course):
    out = course.writer("check_a")
    out.array("numbers", np.arange(3.0))
    out.fact("count", 3)
    out.error("train", ProbeError("ValueError", "No gradients provided for any variable", "minimize(accuracy)"))
    out.close()
    there = """
        assert cell_evidence.array("numbers").tolist() == [0, 1, 2]
        assert cell_evidence.fact("count") == 3
        assert evidence["check_a"] is cell_evidence
        assert list(evidence) == ["check_a"]
    """
    verdicts = course.verdicts(
        graded("test_there(cell_evidence, evidence)", there)
        + graded("test_raised(cell_evidence)", 'cell_evidence.graph("train")')
        + graded("test_not_there(cell_evidence)", 'cell_evidence.array("others")')
        + graded("test_no_cell(cell_evidence)", 'cell_evidence.array("numbers")', '"check_b"')
    )
    assert verdicts["test_there"].outcome is Outcome.PASSED
    assert verdicts["test_raised"].faults == ("minimises-wrong-tensor",)
    assert "train: minimize(accuracy)" in str(verdicts["test_raised"].message)
    assert verdicts["test_not_there"].outcome is Outcome.UNGRADABLE
    assert "“others”" in str(verdicts["test_not_there"].message)
    assert "did not reach" in str(verdicts["test_no_cell"].message)


def test_the_reason_for_missing_evidence_is_what_the_student_reads(course):
    text = graded("test_it(cell_evidence)", 'cell_evidence.array("numbers")', '"check_b"')
    bench = course.bench(problems={"check_b": "The kernel died in the cell before."})
    assert str(course.verdicts(text, bench=bench)["test_it"].message) == "The kernel died in the cell before."


def test_evidence_that_cannot_be_read_is_ungradable(course):
    (course.evidence / "check_a").mkdir()
    (course.evidence / "check_a" / "manifest.json").write_text("{")
    verdict = course.verdicts(graded("test_it(cell_evidence)", 'cell_evidence.array("numbers")'))["test_it"]
    assert verdict.outcome is Outcome.UNGRADABLE
    assert "not JSON" in str(verdict.message)


def test_what_tests_measure_and_show_comes_out(course):
    body = """
        from netgrader.observations import Comparison
        measured["test_accuracy"] = 0.5
        measured["widths"] = exercise["widths"]
        show(Comparison("Accuracy", 0.9, 0.5))
    """
    run = course.run(graded("test_it(measured, show, exercise)", body))
    assert [*run.measured_by_cell.values()] == [{"test_accuracy": 0.5, "widths": [10]}]
    assert run.observations["check_a"][0].recomputed == 0.5


def test_costly_work_is_done_once_and_its_failure_is_not_repeated(course):
    work = "calls = []\ndef work():\n    calls.append(1)\n    fail('missing-bias')\n"
    first, second = (graded(f"test_{name}(bench)", 'bench.once("work", work)') for name in ("first", "second"))
    verdicts = course.verdicts(work + first + second + graded("test_third()", "assert len(calls) == 1"))
    assert verdicts["test_first"].faults == verdicts["test_second"].follows == ("missing-bias",)
    assert verdicts["test_third"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def test_it():\n    pass", "does not say what it grades"),
        ("import nothing_of_that_name", "cannot be loaded"),
        ("@grades('check_a')\ndef test_it():\n    pass", "no docstring"),
        ("@grades('check_a', faults=('no-such-code',))\ndef test_it():\n    'S'", "no-such-code"),
        ("@grades('check_a', credit=-1)\ndef test_it():\n    'S'", "negative"),
    ],
)
def test_a_mistake_of_the_author_is_refused_with_a_sentence(course, text, words):
    with pytest.raises(BrokenTests, match=words):
        course.run(text)


def test_two_tests_of_one_name_are_refused(course):
    text = "@grades('check_a')\ndef test_it():\n    'S'"
    with pytest.raises(BrokenTests, match="test_it"):
        course.run(text, text)


def test_a_missing_file_of_tests_is_refused(course):
    with pytest.raises(BrokenTests, match=r"test_none\.py"):
        run_tests(course.bench(), [course.folder / "test_none.py"])


def test_the_process_is_left_as_it_was_and_edited_tests_are_run_anew(course, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    (course.folder / "conftest.py").write_text("raise SystemExit(1)")
    (course.folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    text = graded("test_it()", says="It is {}")
    modules, environment, flag = set(sys.modules), dict(os.environ), sys.dont_write_bytecode
    assert str(course.verdicts(text.format("old"))["test_it"].sentence) == "It is old"
    assert str(course.verdicts(text.format("new"))["test_it"].sentence) == "It is new"
    ours = {name for name in set(sys.modules) - modules if "test_some" in name}
    assert ours == set()
    assert dict(os.environ) == environment
    assert sys.dont_write_bytecode == flag
    assert not list(course.folder.rglob("__pycache__"))
    assert not list(course.folder.rglob(".pytest_cache"))


def test_nothing_is_printed(course, capfd):
    course.run(graded("test_it()", 'fail("missing-bias")'))
    assert capfd.readouterr() == ("", "")


def test_a_number_that_overflows_in_a_formula_of_ours_is_nothing_that_a_student_is_told_of(course, recwarn):
    course.run(graded("test_it()", "import numpy as np\nassert np.exp(np.float64(1e4)) > 0"))
    assert [str(one.message) for one in recwarn] == []


def having_read(course: Course, **networks: Network) -> TestContext:
    """A bench on which the reader said, for each cell, what is given here."""

    class Given(TestContext):
        def network(self, cell, *_):
            return networks[cell]

    return Given(course.evidence, load_exercises(course.exercises), course._lab)


def network(*codes: str, remarks: tuple[str, ...] = (), left_open: tuple[str, ...] = ()) -> Network:
    layers = (Layer("dense", 784, 10, "none", bias=True, variables=("W",)),)
    unknown = dict.fromkeys(left_open, "Nobody knows.")
    return Network(layers, faults=tuple(map(fault, codes)), remarks=tuple(map(fault, remarks)), left_open=unknown)


READING = (
    graded("test_bias(network, refuse)", "refuse(network)", '"check_a", faults=("missing-bias", "unclipped-log")')
    + graded("test_width(network, refuse)", "refuse(network)", '"check_a", faults=("wrong-width",)')
    + graded("test_others(network, refuse_others)", "refuse_others(network)")
)


def test_each_test_charges_the_faults_that_it_looks_for_and_one_charges_all_others(course):
    read = network("missing-bias", "rows-mixed", "schedule-not-fed", remarks=("unclipped-log", "built-twice"))
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=read))
    assert verdicts["test_bias"].faults == ("missing-bias", "unclipped-log")
    assert verdicts["test_bias"].outcome is Outcome.FAILED
    assert verdicts["test_width"].outcome is Outcome.PASSED
    assert verdicts["test_width"].faults == ()
    assert verdicts["test_others"].faults == ("rows-mixed", "schedule-not-fed", "built-twice")
    assert verdicts["test_others"].outcome is Outcome.FAILED


def test_remarks_of_the_reader_cost_nothing(course):
    read = network(remarks=("unclipped-log", "built-twice"))
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=read))
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.PASSED}
    assert verdicts["test_bias"].faults == ("unclipped-log",)
    assert verdicts["test_others"].faults == ("built-twice",)


def test_what_the_reader_left_open_earns_nothing_and_is_nobodys_fault(course):
    read = network(left_open=("missing-bias", "rows-mixed"))
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=read))
    assert {name: (found.outcome, found.credit) for name, found in verdicts.items()} == {
        "test_bias": (Outcome.UNGRADABLE, 0.0),
        "test_width": (Outcome.PASSED, 1.0),
        "test_others": (Outcome.UNGRADABLE, 0.0),
    }
    assert (str(verdicts["test_bias"].message), verdicts["test_bias"].faults) == ("Nobody knows.", ())


def test_a_fault_that_was_found_is_told_whatever_else_was_left_open(course):
    read = network("missing-bias", left_open=("missing-bias", "unclipped-log"))
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=read))
    assert (verdicts["test_bias"].outcome, verdicts["test_bias"].faults) == (Outcome.FAILED, ("missing-bias",))


def test_what_is_found_in_a_network_may_come_from_the_function_that_built_its_layer(course):
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=network("missing-bias", "relu-on-logits")))
    assert verdicts["test_bias"].causes == {"missing-bias": ("missing-bias",)}
    assert verdicts["test_others"].causes == {"relu-on-logits": ("relu-on-logits", "wrong-activation")}


def test_a_network_without_trained_layers_is_judged_no_further(course):
    read = replace(network("missing-bias"), layers=())
    verdicts = course.verdicts(READING, bench=having_read(course, check_a=read))
    assert [verdict.faults for verdict in verdicts.values()] == [("layers-not-trained",), (), ()]
    assert {verdict.follows for verdict in verdicts.values()} == {(), ("layers-not-trained",)}


def test_a_network_is_drawn_with_its_cell_once(course):
    run = course.run(READING, bench=having_read(course, check_a=network("wrong-width")))
    (seen,) = run.observations["check_a"]
    assert [str(box.name) for box in seen.boxes if box.faults]
    assert tuple(map(str, seen.marked)) == (CATALOGUE["wrong-width"].sentence,)
    assert run.log == ()
