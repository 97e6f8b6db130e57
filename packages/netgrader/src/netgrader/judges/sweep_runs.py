"""Whether a sweep is plausible: proofs from training, and short reruns of a few rates."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread.text import Text
from netgrader.checks.exercises import BadExerciseError, value_at
from netgrader.checks.language import Failed, Ungradable, fail_all
from netgrader.faults import fault
from netgrader.judges.arrays import data_for
from netgrader.judges.as_handed import test_rows_as_handed
from netgrader.judges.learning_rate import (
    RunImages,
    Runs,
    ShortRun,
    is_settled,
    judge_rate,
    runs_around,
    short_run,
)
from netgrader.judges.sweep_proofs import (
    NOT_REPRODUCED,
    OF_ONE,
    charge_for,
    consequence,
    judge_evaluated_rows,
    judge_proof,
    proof_of,
    sample,
)
from netgrader.judges.sweeps import BEST, claimed, drawn_of, require_best, student_sweep, sweep_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.faults import Fault
    from netgrader.judges.aspects import Charge
    from netgrader.judges.sweeps import StudentSweep

__all__ = [
    "fault_of_best",
    "found_by_sweep",
    "is_best_of_sweep",
    "rate_runs",
    "require_good_rate",
    "require_run",
    "require_trained",
    "run_images",
    "trial_runs",
    "untrue",
]

Array = npt.NDArray[Any]

FEWER_STEPS = 1 / 3  # of the accuracy after 100 steps; 20 steps reach more at all rates tried, guessing mostly less
FEWER_ERRORS = 7  # times fewer errors than the rerun: eight epochs at the best rate leave a fifth


def require_run(bench: TestContext, remark: Callable[..., None]) -> None:
    """End the test unless training supports the sweep and reruns agree; one disagreement costs half.

    If only the student's own rows, labels or accuracy reproduce results, that is a `remark`: their faults are charged
    elsewhere.
    """
    sweep, charge = student_sweep(bench), _charge(bench)
    if charge is not None:
        fail_all([charge.fault], share=charge.share)
    follows = consequence(sweep, proof_of(bench))
    if follows is not None:
        remark(NOT_REPRODUCED, found=follows[0], expected=follows[1])
    fail_all(sweep.odd, share=0.5)


def require_trained(bench: TestContext) -> None:
    """End the test in grading if the notebook ran no such sweep: no other test could judge it."""
    charge = _charge(bench) if bench.outside else None
    if charge is not None and charge.fault.code != OF_ONE and charge.fault.severity is None:
        fail_all([charge.fault])


def _charge(bench: TestContext) -> Charge | None:
    """Return the charge for the results of a sweep; None if they are all plausible."""
    charge: Charge | None = bench.once("sweep-charge", lambda: _judge(bench))
    return charge


def _judge(bench: TestContext) -> Charge | None:
    sweep, proof = student_sweep(bench), proof_of(bench)
    charge = judge_evaluated_rows(bench, sweep, proof) or (judge_proof(sweep, proof) if bench.outside else None)
    if charge is not None:
        return charge
    wrong = untrue(sweep, list(trial_runs(bench).values()), _believed(bench))
    if not wrong:
        return None
    # Reruns use our rows.
    explained = replace(wrong[0], causes=test_rows_as_handed(bench).made_in)
    return charge_for(explained, len(wrong), len(_rerun(bench)))


def require_good_rate(bench: TestContext, remark: Callable[..., None]) -> None:
    """End the test if a rate around the best one, smaller or larger, trains much better.

    A rate chosen by the accuracies of a faulty part is a `remark`. One chosen wrongly, or by false results, is charged as
    such.
    """
    sweep, charge = student_sweep(bench), _charge(bench)
    wrong = fault_of_best(bench)
    if wrong is None:
        return
    if consequence(sweep, proof_of(bench)):
        remark(wrong.code, found=wrong.found, expected=wrong.expected)
        return
    require_best(sweep)
    fail_all([charge.fault if charge else wrong])


def fault_of_best(bench: TestContext) -> Fault | None:
    """Return the fault of the chosen rate, by short runs around it."""
    return judge_rate(*rate_runs(bench), found=found_by_sweep(bench))


def is_best_of_sweep(bench: TestContext, rate: float) -> bool:
    """Whether a learning rate is the value that the notebook's sweep, if there is one, chose."""
    with suppress(Failed, Ungradable, BadExerciseError):
        return math.isclose(student_sweep(bench).best, rate, rel_tol=1e-3)
    return False


def found_by_sweep(bench: TestContext) -> bool:
    """Whether the chosen rate is the best of a plausible sweep, by short runs at some rates."""
    sweep = student_sweep(bench)
    best = claimed(sweep, sweep.best) >= float(np.max(sweep.accuracies)) - sweep.tie
    return best and not untrue(sweep, list(trial_runs(bench).values()), _believed(bench))


def rate_runs(bench: TestContext) -> tuple[ShortRun, ShortRun, ShortRun, ShortRun]:
    """Return short runs at a third of the best rate, at it, and at three and ten times it."""
    runs = trial_runs(bench)
    return runs["third"], runs[BEST], runs["triple"], runs["tenfold"]


def untrue(sweep: StudentSweep, runs: Sequence[ShortRun], believed: Collection[float] = ()) -> list[Fault]:
    """Return a fault for each result that no honest run can have, by short runs at some of the rates.

    The student's sweep may have run for twenty steps or for many epochs; diverging training may end anywhere.
    """
    wrong: list[Fault] = []
    for run in sorted(runs, key=lambda run: run.rate):
        reported = claimed(sweep, run.rate)
        least, most = _likely(run)
        if run.rate not in believed and reported > -math.inf and not least <= reported <= most:
            found = Text("{reported:.4f} at the value {rate:.3g}", reported=reported, rate=run.rate)
            expected = Text(
                "between {least:.2f} and {most:.3f}, by a rerun of {count} steps",
                least=least,
                most=most,
                count=len(run.losses),
            )
            wrong.append(fault(NOT_REPRODUCED, found=found, expected=expected))
    return wrong


def _likely(run: ShortRun) -> tuple[float, float]:
    return run.early * FEWER_STEPS * (not run.diverges), 1 - (1 - run.late) / FEWER_ERRORS


def _rerun(bench: TestContext) -> dict[str, float]:
    """Return the sweep's values to rerun, by reason: best, drawn, lowest, highest; without proven ones."""
    sweep, believed = student_sweep(bench), _believed(bench)
    values = {BEST: sweep.best, "drawn": _drawn(bench), "lowest": sweep.rates[0], "highest": sweep.rates[-1]}
    return {name: float(value) for name, value in values.items() if value in sweep.rates and value not in believed}


def _believed(bench: TestContext) -> frozenset[float]:
    """Return the rates whose results need no rerun.

    For a learning rate, they are the proven ones except the best and the drawn one. For other hyperparameters a proof is
    enough: the network may have been trained at a learning rate of its own.
    """
    sweep, proof = student_sweep(bench), proof_of(bench)
    if proof.as_handed:
        return frozenset(sweep.rates.tolist())
    return frozenset(proof.by.keys() - ({sweep.best, _drawn(bench)} if sweep.asked.is_rate else set()))


def _drawn(bench: TestContext) -> float:
    return drawn_of(bench, student_sweep(bench).rates.tolist())


def trial_runs(bench: TestContext) -> Mapping[str, ShortRun]:
    """Return short runs at some values of the sweep, and around the best learning rate, cached."""
    runs: Mapping[str, ShortRun] = bench.once("trial runs", lambda: _trial_runs(bench))
    return runs


def _trial_runs(bench: TestContext) -> dict[str, ShortRun]:
    sweep, evidence, images = student_sweep(bench), bench.evidence(sweep_cell(bench)), run_images(bench)
    runs: dict[str, ShortRun] = {}
    if sweep.asked.is_rate:
        runs = runs_around(bench.lab, evidence.graph, sweep.best, images, enough=partial(_is_enough, sweep))
    values, known = np.unique(sweep.rates).tolist(), {run.rate: run for run in runs.values()}
    for name, value in _rerun(bench).items():
        graph = evidence.graph(value_at(values.index(value)))
        if value not in known:
            known[value] = short_run(bench.lab, graph, value, images, enough=lambda run: not untrue(sweep, [run]))
        runs[name] = known[value]
    return runs


def _is_enough(sweep: StudentSweep, *around: ShortRun) -> bool:
    """Whether short runs at a third of the best rate, at it, and at three times it need not go on."""
    return is_settled(*around, found=True) and not untrue(sweep, around)


def run_images(bench: TestContext) -> RunImages:
    """Return the images for short runs, scaled as in the notebook."""

    def make() -> RunImages:
        data = data_for(bench)
        few = np.arange(Runs.STEPS * Runs.BATCH) % len(data.x_train)
        return RunImages((data.prepared(data.x_train[few]), data.called(data.y_train[few])), sample(bench), bench.spec)

    images: RunImages = bench.once("images of short runs", make)
    return images
