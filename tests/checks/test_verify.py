"""Verification in a separate process: recorded verdicts count, even if it is killed afterwards."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from netgrader.evidence import EvidenceWriter
from netgrader.grading import verify as verify_module
from netgrader.grading.verify import VerificationError, VerificationRequest, verify
from netgrader.results import Outcome, Visibility
from tests.checks.authored import by_name, graded, write_tests
from tests.datasets import CHECKS, DATA, DIGITS

ROOT = Path(__file__).parents[2]
SUMMED = 'measured["sum"] = cell_evidence.array("numbers").sum(); measured["ratio"] = float("nan")'
FINE = graded("test_first(cell_evidence, measured)", SUMMED)


@pytest.fixture
def ask(tmp_path):
    """Verify public and hidden tests, given as text, on evidence of one array."""
    evidence = tmp_path / "evidence"
    (evidence / "check_a").mkdir(parents=True)
    out = EvidenceWriter(evidence / "check_a", "check_a")
    out.array("numbers", np.arange(4))
    out.close()
    exercises = tmp_path / "exercises.toml"
    exercises.write_text("[a]\n")

    def run(public: str, hidden: str = "", **more):
        files = write_tests(tmp_path / "test_t_public.py", public), write_tests(tmp_path / "test_t.py", hidden)
        terms = {"exercises": exercises, **more}
        return verify(VerificationRequest(evidence, files[:1], files[1:], **terms))

    return run


def test_verdicts_and_figures_come_back(ask):
    grades = '"check_a", credit=2, faults=("missing-bias",)'
    verification = ask(FINE, graded("test_second()", 'fail("missing-bias")', grades))
    verdicts = by_name(verification.checks)
    assert verdicts["test_first"].outcome is Outcome.PASSED
    assert verdicts["test_second"].visibility is Visibility.HIDDEN
    assert verdicts["test_second"].faults == ("missing-bias",)
    assert verification.measured == {"sum": 6, "ratio": None}
    assert verification.problem is None
    assert verification.log == ()
    assert verification.seconds > 0
    assert verification.reading == 0


def test_the_verifier_sees_nothing_of_our_environment_and_imports_no_tensorflow(ask, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_INSTRUCTOR", "42")
    body = """
        cell_evidence.array("numbers")
        assert "SECRET_OF_THE_INSTRUCTOR" not in os.environ, "The environment came along."
        assert "tensorflow" not in sys.modules, "TensorFlow was imported."
        assert not [path for path in sys.path if path in ("", os.getcwd())], "The working folder can be imported."
        assert os.listdir(os.environ["HOME"]), "No home of its own."
    """
    verification = ask(graded("test_alone(cell_evidence)", body))
    assert by_name(verification.checks)["test_alone"].message is None


def test_verdicts_given_before_a_crash_count_and_the_rest_is_ungradable(ask):
    verification = ask(FINE, graded("test_second()", "os._exit(9)") + graded("test_third()"))
    verdicts = by_name(verification.checks)
    assert verdicts["test_first"].outcome is Outcome.PASSED
    assert {verdicts["test_second"].outcome, verdicts["test_third"].outcome} == {Outcome.UNGRADABLE}
    assert "not reached" in str(verdicts["test_third"].message)
    assert "exit code 9" in str(verification.problem)


def test_a_verifier_that_hangs_is_stopped_with_all_that_it_started(ask, tmp_path):
    body = f"""
        import ctypes, pathlib, subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child.pid))
        ctypes.CDLL(None).sleep(100)
    """
    verification = ask(FINE, graded("test_second()", body), seconds=12.0, test_seconds=1.0)
    assert by_name(verification.checks)["test_first"].outcome is Outcome.PASSED
    assert by_name(verification.checks)["test_second"].outcome is Outcome.UNGRADABLE
    assert "12 seconds" in str(verification.problem)
    assert verification.reading == 0  # it did not come to say so
    child = int((tmp_path / "child").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(timeout=30)  # raises if it lives on


def test_a_verifier_that_takes_too_much_memory_is_stopped_and_keeps_its_verdicts(ask):
    takes = graded("test_second()", 'held = bytearray(b"x") * 1_500_000_000\ntime.sleep(100)')
    verification = ask(FINE, takes, memory_bytes=1_000_000_000)
    assert by_name(verification.checks)["test_first"].outcome is Outcome.PASSED
    assert by_name(verification.checks)["test_second"].outcome is Outcome.UNGRADABLE
    assert str(verification.problem) == "The verification was stopped: it needed more than 1 GB of memory."


def test_a_verifier_dies_with_the_process_that_asked_for_it(ask, tmp_path):
    asks = f"""
from pathlib import Path
from netgrader.grading.verify import VerificationRequest, verify
folder = Path({str(tmp_path)!r})
verify(VerificationRequest(folder / "evidence", (folder / "test_s.py",), (), folder / "exercises.toml"))
"""
    file = tmp_path / "pid"
    sleeps = f"import pathlib\npathlib.Path({str(file)!r}).write_text(str(os.getpid()))\ntime.sleep(100)"
    write_tests(tmp_path / "test_s.py", graded("test_first()", sleeps))
    with subprocess.Popen([sys.executable, "-c", asks]) as asking:
        deadline = time.monotonic() + 60
        while not (file.is_file() and file.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        asking.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(file.read_text())).wait(timeout=30)  # raises if it lives on


def test_where_verifiers_are_forked_is_begun_again_when_it_was_killed(ask):
    ask(FINE)
    for worker in verify_module._workers()._idle:
        worker.process.kill()
        worker.process.wait()
    assert by_name(ask(FINE).checks)["test_first"].outcome is Outcome.PASSED


def test_what_ends_the_verifier_when_all_is_judged_costs_no_figure(ask):
    body = """
        measured["figure"] = 1
        sys.modules["netgrader.grading.verifier"].TestContext.close = lambda *_: os._exit(7)
    """
    verification = ask(graded("test_first(measured)", body))
    assert by_name(verification.checks)["test_first"].outcome is Outcome.PASSED
    assert verification.measured == {"figure": 1}
    assert verification.problem is None


def test_the_check_cells_of_a_notebook_share_one_lab_and_one_that_is_lost_begins_again(ask):
    body = 'measured["{}"] = [lab.alive(), id(lab)]'
    lost = "\nlab._server.caged.kill()\nlab._server.caged.wait()"
    verification = ask(
        graded("test_of_one_cell(lab, measured)", body.format("one"))
        + graded("test_of_another(lab, measured)", body.format("another") + lost, '"check_b"')
        + graded("test_after_it_was_lost(lab, measured)", body.format("third"), '"check_c"')
    )
    assert {check.outcome for check in by_name(verification.checks).values()} == {Outcome.PASSED}
    servers, labs = zip(*(verification.measured[name] for name in ("one", "another", "third")), strict=True)
    assert servers == (1, 1, 2)
    assert len(set(labs)) == 1


def test_the_data_are_read_once_for_all_verifiers(ask, tmp_path):
    data = tmp_path / DIGITS.file
    data.write_bytes(DATA.read_bytes())
    reads = 'measured["digits"] = [int(dataset.y_train[0]), len(dataset.x_test)]\ndataset.x_test[0] = 0'
    tests = graded("test_first(dataset, measured)", reads)
    for _ in range(2):
        verification = ask(tests, data=data, exercises=CHECKS / "exercises.toml")
        assert verification.measured == {"digits": [5, 10_000]}
        assert "read-only" in verification.log[0]
        data.unlink(missing_ok=True)


def test_broken_tests_are_an_error_for_the_instructor_and_no_mark(ask):
    with pytest.raises(VerificationError, match=r"test_t\.py cannot be loaded") as caught:
        ask(FINE, "import nothing_of_that_name")
    assert "nothing_of_that_name" in caught.value.details


def test_parameters_that_make_no_sense_are_an_error_for_the_instructor(ask, tmp_path):
    (tmp_path / "exercises.toml").write_text("[a]\nlearning_rate = 0\n")
    with pytest.raises(VerificationError, match="learning_rate"):
        ask(FINE)


def test_a_verifier_that_dies_before_it_begins_is_an_error_and_no_mark(ask):
    with pytest.raises(VerificationError, match="before it began"):
        ask("os._exit(5)")


def test_what_a_broken_test_raised_is_kept_for_the_instructor(ask):
    verification = ask(graded("test_first()", 'print("seen by the instructor")\n{}["key"]'))
    assert by_name(verification.checks)["test_first"].outcome is Outcome.UNGRADABLE
    log = "\n".join(verification.log)
    assert "KeyError" in log
    assert "seen by the instructor" in log


def test_a_request_means_the_same_in_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = VerificationRequest(Path("e"), (Path("p.py"),), (), Path("x.toml"), cells=("check_a",), seed=3)
    sent = request.absolute()
    assert (sent.evidence, sent.public_tests, sent.cells) == (tmp_path / "e", (tmp_path / "p.py",), ("check_a",))
    assert (sent.exercises, sent.hidden, sent.data, sent.seed) == (tmp_path / "x.toml", None, None, 3)
