"""What hidden checks of sweeps share: short runs and proven rates; each made once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.exercises import trained_at, value_at
from netgrader.checks.language import Failed, Ungradable, fail
from netgrader.checks.provenance import idle
from netgrader.judges.answers import digest
from netgrader.judges.arrays import data_as_handed
from netgrader.judges.learning_rate import (
    BATCH,
    STEPS,
    RunImages,
    ShortRun,
    is_settled,
    may_be_far_too_low,
    short_run,
    short_runs,
    trained_accuracies,
)
from netgrader.judges.sweeps import (
    MOST_TRAINED,
    StudentSweep,
    drawn_rate,
    is_hilltop,
    is_of_fewer_steps,
    is_value,
    learned_nowhere,
    likely,
    proven,
    require_trained,
    student_sweep,
    sweep_cell,
)
from netgrader.judges.swept import swept
from netgrader.reader import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netgrader.checks.context import TestContext

__all__ = ["decided", "proven_rates", "require_run", "trial_runs"]

Array = npt.NDArray[Any]

TEST_ROWS = 2_000  # of the test images, for accuracies in short runs: chance moves them by half a percent


def require_run(bench: TestContext, cell: str) -> None:
    """End the test if the sweep that a check cell handed over cannot have been run by the notebook."""
    reason = idle(bench.outside, cell, swept(bench.exercises).network)
    if reason is not None:
        fail("sweep-result-not-reproduced", found=reason, expected="a sweep that this notebook runs")
    if bench.outside:  # in a notebook of one's own a sweep may be of yesterday
        told = bench.evidence(sweep_cell(bench)).raw.facts.get("sessions")
        lost = told.get("lost") if isinstance(told, dict) else None
        trained = _trained(bench).by_rate
        require_trained(student_sweep(bench), proven_rates(bench), trained, lost=lost if isinstance(lost, int) else 0)


@dataclass(frozen=True)
class _Trained:
    """Accuracies of what sessions trained: by the rate of the sweep, and of what may have been trained at any rate."""

    by_rate: Mapping[float, float]
    unnamed: Sequence[float]


def proven_rates(bench: TestContext) -> frozenset[float]:
    """Return rates of the sweep whose results are those of weights that training ended with."""
    trained = _trained(bench)
    return proven(student_sweep(bench), trained.by_rate, len(_images(bench).test[1]), trained.unnamed)


def _trained(bench: TestContext) -> _Trained:
    """Accuracies that the handed-over weights reach."""
    made: _Trained = bench.once("trained rates", lambda: _trained_now(bench))
    return made


def _trained_now(bench: TestContext) -> _Trained:
    handed_over = bench.evidence(sweep_cell(bench)).raw.graphs
    sweep, known, graphs = student_sweep(bench), set(), []
    for graph in (handed_over[name] for name in map(trained_at, range(MOST_TRAINED)) if name in handed_over):
        weights = digest(graph)
        # The same weights prove one result, whatever rates they are said to belong to; those that are none prove any.
        if weights not in known or not all(np.isfinite(value).all() for value in graph.values.values()):
            known.add(weights)
            graphs.append(graph)
    try:
        reached = trained_accuracies(bench.lab, graphs, _images(bench).test)
    except LabError:
        return _Trained({}, ())  # what cannot be looked at proves nothing
    by_rate: dict[float, float] = {}
    unnamed: list[float] = []
    for graph, accuracy in zip(graphs, reached, strict=True):
        said = graph.about.get("learning_rate" if sweep.asked.is_rate else "value")
        rate = _rate_among(sweep, said)
        if rate is not None and rate not in by_rate:
            by_rate[rate] = accuracy
        elif not is_value(said, sweep.asked) or (sweep.asked.is_rate and _ignores_its_rate(bench)):
            unnamed.append(accuracy)
        elif rate is not None and abs(accuracy - _said(sweep, rate)) < abs(by_rate[rate] - _said(sweep, rate)):
            by_rate[rate] = accuracy  # trained there several times
    return _Trained(by_rate, unnamed)


def _rate_among(sweep: StudentSweep, rate: object) -> float | None:
    known = is_value(rate, sweep.asked)
    near = np.isclose(sweep.rates, rate, rtol=1e-4, atol=0) if known else np.zeros(len(sweep.rates), bool)
    return float(sweep.rates[near][0]) if near.any() else None


def _said(sweep: StudentSweep, rate: float) -> float:
    return float(sweep.accuracies[sweep.rates == rate][0])


def _ignores_its_rate(bench: TestContext) -> bool:
    """Whether the student's network has another rate than the one it is asked for, which is charged where it is built."""

    def look() -> bool:
        try:
            networks = bench.networks(f"check_{swept(bench.exercises).network}")
            return any(fault.code == "learning-rate-not-as-stated" for one in networks.values() for fault in one.faults)
        except (Failed, Ungradable, LabError):
            return False

    ignores: bool = bench.once("ignores its rate", look)
    return ignores


def _images(bench: TestContext) -> RunImages:
    """Return the images of short runs, scaled as the notebook's are.

    Of the test images they are a sample, of which chance moves an accuracy by half a percent.
    """
    data = data_as_handed(bench) or bench.dataset
    rows = slice(None, None, max(1, len(data.x_test) // TEST_ROWS))
    few = np.arange(STEPS * BATCH) % len(data.x_train)
    scaled = data.prepared
    train = scaled(data.x_train[few]), data.y_train[few]
    images: RunImages = bench.once(
        "images of short runs",
        lambda: RunImages(train, (scaled(bench.given.images[rows]), data.y_test[rows]), bench.spec.classes),
    )
    return images


def trial_runs(bench: TestContext) -> Mapping[str, ShortRun]:
    """Short runs at the best rate, a third, three and ten times of it, and at the ends of the sweep.

    Three times stands for ten times where that can tell nothing. None is longer than is needed, and what the ends of the
    sweep came to is not run again where that is proven. Of another hyperparameter than the rate nothing is run again that
    is proven, and nothing around the best.
    """
    make = _trial_runs if swept(bench.exercises).is_rate else _runs_at_values
    runs: Mapping[str, ShortRun] = bench.once("trial runs", lambda: make(bench))
    return runs


def _runs_at_values(bench: TestContext) -> Mapping[str, ShortRun]:
    """Train the network shortly at the ends of the sweep, its best value and one that is drawn, where weights prove nothing."""
    sweep, true, images = student_sweep(bench), proven_rates(bench), _images(bench)
    evidence, known = bench.evidence(sweep_cell(bench)), np.unique(sweep.rates).tolist()
    runs: dict[str, ShortRun] = {}
    places = {"lowest": known[0], "highest": known[-1], "best": sweep.best, "drawn": _drawn(bench)}
    for name, value in places.items():
        if value not in known or value in true or not sweep.asked.argument:
            continue
        graph = evidence.graph(value_at(known.index(value)))
        runs[name] = short_run(bench.lab, graph, value, images, enough=_already_likely(sweep, value))
    return runs


def _trial_runs(bench: TestContext) -> Mapping[str, ShortRun]:
    sweep, true, images = student_sweep(bench), proven_rates(bench), _images(bench)
    evidence = bench.evidence(sweep_cell(bench))
    around = {"third": sweep.best / 3, "best": sweep.best, "triple": sweep.best * 3}
    graphs = {name: (evidence.graph(name), rate) for name, rate in around.items()}
    hilltop = is_hilltop(sweep, true)

    def enough(early: Mapping[str, ShortRun]) -> bool:
        decided = any(math.isclose(rate, sweep.best, rel_tol=1e-3) for rate in true)
        return decided and is_settled(early["third"], early["best"], early["triple"], hilltop=hilltop)

    runs = short_runs(bench.lab, graphs, images, enough=enough)
    runs["tenfold"] = runs["triple"]
    if len(runs["best"].losses) == STEPS and may_be_far_too_low(runs["best"], runs["triple"]):
        runs["tenfold"] = short_run(bench.lab, evidence.graph("tenfold"), sweep.best * 10, images)
    drawn = _drawn(bench)
    for name, rate in (("drawn", drawn), ("lowest", float(sweep.rates[0])), ("highest", float(sweep.rates[-1]))):
        known = [made for made in runs.values() if math.isclose(made.rate, rate, rel_tol=1e-9)]
        if known:
            runs[name] = known[0]
        elif rate not in true or name == "drawn":
            likely_early = _already_likely(sweep, rate)
            runs[name] = short_run(bench.lab, evidence.graph(name), rate, images, enough=likely_early)
    return runs


def _drawn(bench: TestContext) -> float:
    """Return the rate that is tried whatever is proven; the student's process did not know it while the sweep was made."""
    return drawn_rate(student_sweep(bench).rates.tolist(), bench.challenge(sweep_cell(bench)) or 0)


def decided(bench: TestContext) -> frozenset[float]:
    """Return rates whose results need no run of ours: those that are proven, but for the one that is drawn.

    Where training diverges, or was shorter than ours, it may end anywhere, so that a result that is proven there is not
    doubted. Guessing is proven by weights that nobody trained: where no network of a sweep learned, all that can be run is.
    """
    drawn, runs = _drawn(bench), trial_runs(bench)
    true = proven_rates(bench)
    if not swept(bench.exercises).is_rate:
        return true
    if learned_nowhere(student_sweep(bench)):
        return frozenset()
    believed = runs["drawn"].diverges or is_of_fewer_steps(student_sweep(bench), drawn, runs["drawn"])
    return true if believed else true - {drawn}


def _already_likely(sweep: StudentSweep, rate: float) -> Callable[[float], bool]:
    """Whether what the sweep claims at a rate is likely by an early accuracy, and so by a later one too."""
    claimed = sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-6, atol=0)]
    return lambda early: bool(likely(claimed, early, early, sweep.ceiling).all())
