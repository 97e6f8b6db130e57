"""Runs that miss the target by less than chance explains are repeated with other seeds."""

import pytest

from netgrader.checks.exercises import exercises_of
from netgrader.evidence import EvidenceWriter
from netgrader.grading.again import RetryRule, best_of_runs, retry_rule_of
from netgrader.grading.execution import CellRun, CellStatus, Execution
from netgrader.grading.verify import Verification
from netgrader.results import CheckResult, Outcome, Visibility

RULE = RetryRule("check_accuracy", full=0.9842, none=0.975)


def verified(accuracy, code="", **measured):
    outcome, credit, codes = (Outcome.FAILED, 0.0, (code,)) if code else (Outcome.PASSED, 1.0, ())
    check = CheckResult("t.py::t", f"{accuracy}", Visibility.HIDDEN, outcome, credit, 1.0, codes)
    checks = {"check_accuracy": (check,), "check_network": (check,)}
    noted = {"check_accuracy": {"test_accuracy": accuracy, **measured}}
    return Verification(checks, noted, digest=str(accuracy), seconds=1.0, reading=0.5)


def runs_of(*verdicts):
    """The run that counts of a first one and those that may follow, its verdicts, and how many were run in all."""
    begun = [0]

    def again(run):
        assert run == len(begun)
        begun.append(run)
        return f"run {run}", verdicts[run]

    return *best_of_runs(("run 0", verdicts[0]), RULE, again), len(begun)


def test_of_errors_the_smallest_counts():
    part = {"inputs": "x", "targets": "y", "rows": 9}
    data = {"file": "d.npz", "sha256": "0" * 64, "train": part, "test": part, "shape": [3], "scaling": "standard"}
    rule = retry_rule_of(exercises_of({"data": data, "error": {"full": 2.0, "none": 6.0}}), ("check_error",))
    verdicts = [verified(None, test_error=error) for error in (2.6, 2.9, 2.1)]
    _, found = best_of_runs(("run 0", verdicts[0]), rule, lambda run: (f"run {run}", verdicts[run]))
    assert found.measured["test_error"] == 2.1
    assert found.measured_by_cell["check_error"] == {"errors_of_runs": [2.6, 2.9, 2.1]}
    assert not rule.asks_again(verified(None, test_error=1.9))
    assert not rule.asks_again(verified(None, test_error=3.1))


@pytest.mark.parametrize(
    ("accuracies", "counts", "runs"),
    [
        ((0.9850, None, None), 0.9850, 1),
        ((0.9842, None, None), 0.9842, 1),
        ((0.9817, 0.99, 0.99), 0.9817, 1),
        ((0.9841, 0.9850, 0.99), 0.9850, 2),
        ((0.9830, 0.9820, 0.9845), 0.9845, 3),
        ((0.9830, 0.9700, 0.9800), 0.9830, 3),
        ((0.9819, None, 0.9820), 0.9820, 3),
        ((None, 0.99, 0.99), None, 1),
    ],
)
def test_the_best_of_up_to_three_runs_counts_where_chance_might_decide(accuracies, counts, runs):
    ran, found, begun = runs_of(*(verified(accuracy, of=number) for number, accuracy in enumerate(accuracies)))
    assert begun == runs
    assert found.measured["test_accuracy"] == counts
    assert found.checks["check_accuracy"][0].sentence == str(counts)
    # Everything is of the run that counts: the verdicts of all cells, every figure, and what the run itself showed.
    assert found.checks["check_network"][0].sentence == str(counts)
    assert ran == f"run {found.measured['of']}" == f"run {accuracies.index(counts)}"
    assert (found.seconds, found.experiments) == (runs, runs / 2)
    assert found.measured.get("accuracies_of_runs", [accuracies[0]]) == list(accuracies[:runs])


def test_who_is_named_is_not_run_again():
    _, found, begun = runs_of(verified(0.983, "trained-on-test"), None, None)
    assert (begun, found.checks["check_accuracy"][0].credit) == (1, 0.0)


def test_a_further_run_that_cheats_is_the_one_that_counts_and_is_named():
    """Its seeds tell a notebook which run it is; what was seen of the first one excuses nothing."""
    ran, found, begun = runs_of(verified(0.983), verified(0.999, "trained-on-test"), None)
    assert (ran, begun) == ("run 1", 2)
    assert found.checks["check_accuracy"][0].faults == ("trained-on-test",)


def test_a_notebook_has_the_rule_of_its_own_check_cells():
    tables = {"accuracy": {"none": 0.98, "full": 0.984, "runs": 2}, "train": {"seconds": 60}}
    asked = exercises_of(tables)
    assert retry_rule_of(asked, ("check_train", "check_accuracy")) == RetryRule("check_accuracy", 0.984, 0.98, 2)
    del tables["accuracy"]["runs"]  # no key asks for it: any course's target has it
    assert retry_rule_of(exercises_of(tables), ("check_accuracy",)).runs == 3
    assert retry_rule_of(asked, ("check_train",)) is None


def test_further_runs_have_other_seeds_and_are_kept(tiny, monkeypatch):
    """A notebook whose figure depends on the kernel's seed alone."""
    seeds = []

    def run(request, options, folder):
        seeds.append((request.seed, request.respect_seeds))
        evidence = folder / "evidence" / "check_squares"
        evidence.mkdir(parents=True)
        out = EvidenceWriter(evidence, "check_squares")
        out.fact("figure", 0.5 + request.seed / 10)
        out.close()
        execution = Execution(tuple(CellRun(cell.name, CellStatus.OK) for cell in request.cells))
        execution.save(folder)

    monkeypatch.setattr("netgrader.grading.stages.run_request", run)
    tiny.write("source/numbers/checks/exercises.toml", "[squares]\nnone = 0.05\nfull = 0.65\n")
    tiny.write(
        "grader_tests/test_sums.py",
        """
        from netgrader.checks.language import fail, grades


        @grades("check_squares")
        def test_the_figure_is_high(cell_evidence, measured):
            \"\"\"The figure is high\"\"\"
            measured["test_accuracy"] = cell_evidence.fact("figure")
            if measured["test_accuracy"] < 0.55:
                fail("It is low.")
        """,
    )
    tiny.write("source/numbers/checks/test_sums_public.py", "")
    tiny.submit("ada")
    graded = tiny.grade()
    assert seeds == [(0, True), (1, False), (2, False)]
    assert graded.result.measured["accuracies_of_runs"] == [0.5, 0.6, 0.7]
    assert graded.result.measured["test_accuracy"] == 0.7
    assert next(cell.points for cell in graded.result.cells if cell.cell == "check_squares") == 3
    assert tiny.grade().result.measured == graded.result.measured
    assert len(seeds) == 3
