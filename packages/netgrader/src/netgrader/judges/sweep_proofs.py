"""Whether training gave the results of a sweep: each needs weights of its own that reach it.

Only weights can show that nothing was trained: weights that training never moved, and copies of one network. A result that
the student's own rows, labels or accuracy reproduce is honest; their faults are charged where they were made.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.text import Said, Text
from netgrader.checks.exercises import NET, trained_at
from netgrader.checks.language import Failed, Ungradable, fail_all
from netgrader.checks.wording import percent
from netgrader.faults import Severity, fault
from netgrader.judges.accuracy import Doubt
from netgrader.judges.answers import fixed_starts, opened
from netgrader.judges.arrays import data_for
from netgrader.judges.as_handed import own_accuracy, test_rows_as_handed, train_rows_as_handed
from netgrader.judges.aspects import Charge
from netgrader.judges.learning_rate import accuracy_on
from netgrader.judges.sweeps import BEST, claimed, odd_shapes, student_sweep, sweep_cell, swept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from graphread import LabSession
    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence
    from netgrader.faults import Fault
    from netgrader.judges.as_handed import HandedRows
    from netgrader.judges.sweeps import StudentSweep

__all__ = [
    "DEFAULT",
    "Enough",
    "Proof",
    "TrainedNetwork",
    "charge_for",
    "consequence",
    "distinct",
    "doubts",
    "judge_evaluated_rows",
    "judge_proof",
    "lacking",
    "proof_of",
    "prove",
    "sample",
]

Array = npt.NDArray[Any]


class Enough:
    """Limits on the proof of a sweep, and tolerances."""

    MOST_TRAINED = 24  # networks submitted with their weights, 5 MB each
    MOST_PROVEN = 12  # results that must be proven, of any number: half of the submitted networks
    TEST_ROWS = 2_000  # test images: chance moves an accuracy on this many by half a percent
    NEAR, DEVIATIONS = 0.03, 4.0  # tolerance of honest measurements: accuracy, and standard deviations
    MEASURES = 3  # accuracies of a network: ours, by the student's rows, by the student's accuracy
    SAME = 1e-3  # relative to training's change: noisy copies differ by less, networks trained at two rates by more than a tenth


DEFAULT = "default"
"""The value of a network that was built without a named one."""
NOT_REPRODUCED, OF_ONE = "sweep-result-not-reproduced", "sweep-of-one-network"
BEGUN_ANEW = ("reinitialised-each-epoch",)
"""The fault of a loop after which weights of some results are gone."""
OF_ITS_OWN = Text("for each value a network of its own, built with it and trained in a session of this notebook")


@dataclass(frozen=True)
class TrainedNetwork:
    """A network trained by a session of the notebook."""

    value: object
    """The value that its graph was built with, or `DEFAULT`; None if it may be any."""
    accuracies: tuple[float, ...]
    """On our test images; on the student's rows with their labels; by the network's own accuracy on these.
    The last two are omitted if the first proves enough."""
    run: object = None
    """The training run it comes from (one per set of initial weights); None if unknown."""
    graph: GraphEvidence | None = None
    """Its graph with the trained values."""


@dataclass(frozen=True)
class Proof:
    """The results of a sweep that its networks reach."""

    networks: Sequence[TrainedNetwork]
    by: Mapping[float, tuple[int, int]]
    """By rate, the index of the network that reaches the result, and of the accuracy that shows it."""
    makers: Sequence[str] = ("", "", "")
    """The exercise that made the basis of each accuracy, in words; empty for ours."""

    @property
    def as_handed(self) -> list[float]:
        """The rates whose results only the student's own rows, labels or accuracy reproduce."""
        return [rate for rate, (_, measure) in self.by.items() if measure]

    @property
    def of_one(self) -> bool:
        """Whether all networks were built with one value, or come from one continued training."""
        values, runs = {one.value for one in self.networks}, {one.run for one in self.networks}
        return any(len(known - {None}) == len(known) == 1 for known in (values, runs))


def proof_of(bench: TestContext) -> Proof:
    """Return which results are proven by the weights that the notebook's sessions trained.

    Raises
    ------
    LabError
        If the weights cannot be evaluated.
    """
    proof: Proof = bench.once("proof_of_the_sweep", lambda: _look(bench))
    return proof


def _look(bench: TestContext) -> Proof:
    sweep, evidence = student_sweep(bench), bench.evidence(sweep_cell(bench))
    known = evidence.raw.graphs
    handed = [known[name] for name in map(trained_at, range(Enough.MOST_TRAINED)) if name in known]
    if not handed:
        evidence.graph(BEST)  # if no network could be built, that is the fault
    # Training may not move a faulty network, which is charged where it is built.
    graphs = distinct(handed, lambda graph: {} if _is_faulty(bench) else _starts(bench, graph))
    proof = prove(sweep, [_measured(bench, graph) for graph in graphs])
    if lacking(sweep, proof) <= 0:
        return proof
    data, network = (name.removeprefix("check_") for name in (_rows_made_in(bench), sweep.asked.network))
    networks = [_measured(bench, graph, scale=sweep.reported_per_share) for graph in graphs]
    return replace(prove(sweep, networks), makers=("", data, network))


def _rows_made_in(bench: TestContext) -> str:
    return next(iter(test_rows_as_handed(bench).made_in), "")


def _needed(sweep: StudentSweep) -> int:
    return min(len(np.unique(sweep.rates)), Enough.MOST_PROVEN)


def lacking(sweep: StudentSweep, proof: Proof) -> int:
    """Return how many more results must be proven."""
    return _needed(sweep) - len(proof.by)


def _is_faulty(bench: TestContext) -> bool:
    cell = f"check_{swept(bench.exercises).network}"
    return bench.evidence(cell).has(NET) and bool(bench.network(cell).faults)


def _starts(bench: TestContext, graph: GraphEvidence) -> Mapping[str, Array]:
    """Return the variables with fixed initial values, mostly biases."""
    shapes = tuple(sorted((name, value.shape) for name, value in graph.values.items()))
    found: Mapping[str, Array] = bench.once(("starts", shapes), lambda: fixed_starts(bench.lab, graph))
    return found


def distinct(
    graphs: Sequence[GraphEvidence], starts: Callable[[GraphEvidence], Mapping[str, Array]]
) -> list[GraphEvidence]:
    """Return the networks that training moved, each once; noisy copies count as one.

    Weights that are nan cannot be compared, so each network with some counts.
    """
    kept: list[tuple[GraphEvidence, float]] = []
    for graph in graphs:
        moved = _distance(starts(graph), graph.values)
        # Without fixed initial values, it is unknown how far training moved them.
        known = np.nan_to_num(moved, posinf=0.0)
        near = [_distance(graph.values, other.values) <= Enough.SAME * max(known, far) for other, far in kept]
        if moved != 0 and not any(near):
            kept.append((graph, known))
    return [graph for graph, _ in kept]


def _distance(one: Mapping[str, Array], other: Mapping[str, Array]) -> float:
    """Return the root mean square difference of two networks' variables; infinite if none is shared."""
    names = sorted(one.keys() & other.keys())
    if not names or any(one[name].shape != other[name].shape for name in names):
        return math.inf
    apart = [(one[name] - other[name]).astype(np.float64).reshape(-1) for name in names]
    return float(np.sqrt(np.mean(np.square(np.concatenate(apart)))))


def _measured(bench: TestContext, graph: GraphEvidence, *, scale: float = 0.0) -> TrainedNetwork:
    """Return a network's accuracies; those by the student's own evidence if it is in units of 1 / `scale`."""
    with opened(bench.lab, graph) as session:
        accuracies = [accuracy_on(session, graph, *sample(bench))]
        accuracies += _as_handed(bench, session, graph, scale) if scale else []
    return TrainedNetwork(graph.about.get("value"), tuple(accuracies), graph.about.get("run"), graph)


def sample(bench: TestContext) -> tuple[Array, Array]:
    """Return test images as the notebook received and scaled them, and their classes by its labels."""
    data = data_for(bench)
    rows = slice(None, None, max(1, len(data.x_test) // Enough.TEST_ROWS))
    return data.prepared(bench.given.images[rows]), data.called(data.y_test[rows])


def _as_handed(bench: TestContext, session: LabSession, graph: GraphEvidence, scale: float) -> list[float]:
    handed = test_rows_as_handed(bench)
    found = [accuracy_on(session, graph, handed.rows, handed.targets)]
    own = own_accuracy(session, graph, handed)
    return found if own is None else [*found, own / scale]


def prove(sweep: StudentSweep, networks: Sequence[TrainedNetwork]) -> Proof:
    """Return the results that networks reach, at most one each, by their first matching accuracy.

    Results are matched in ascending order with the lowest accuracy near them, which proves the most.
    """
    by: dict[float, tuple[int, int]] = {}
    left = set(range(len(networks)))
    for measure in range(Enough.MEASURES):
        for rate in sorted({*sweep.rates.tolist()} - by.keys(), key=lambda rate: claimed(sweep, rate)):
            fits = [
                (networks[number].value is None, networks[number].accuracies[measure], number)
                for number in left
                if _reaches(networks[number], rate, measure, claimed(sweep, rate))
            ]
            for _, _, number in sorted(fits)[:1]:
                by[rate] = number, measure
                left.remove(number)
    return Proof(networks, by)


def _reaches(network: TrainedNetwork, rate: float, measure: int, reported: float) -> bool:
    """Whether a network can have given the reported result at a rate."""
    if network.value not in {rate, None} or len(network.accuracies) <= measure:
        return False
    accuracy = network.accuracies[measure]
    by_chance = Enough.DEVIATIONS * math.sqrt(max(accuracy * (1 - accuracy), 0.0) / Enough.TEST_ROWS)
    return abs(reported - accuracy) <= max(Enough.NEAR, by_chance)


def judge_proof(sweep: StudentSweep, proof: Proof) -> Charge | None:
    """Return a charge if training supports too few results of a sweep; None if it supports enough."""
    number = _needed(sweep)
    by_any = prove(sweep, [replace(network, value=None) for network in proof.networks])
    if proof.of_one and lacking(sweep, by_any) <= 0 < number - 1:
        one = Text("one network, or equal ones, for {count} results", count=len(sweep.rates))
        return Charge(fault(OF_ONE, found=one, expected=OF_ITS_OWN))
    missing = lacking(sweep, proof)
    if missing <= 0:
        return None
    trained = len(proof.networks) >= number
    found, expected = _not_reached(sweep, proof) if trained else _not_trained(sweep, proof)
    charge = charge_for(fault(NOT_REPRODUCED, found=found, expected=expected, causes=BEGUN_ANEW), missing, number)
    return replace(charge, fault=replace(charge.fault, severity=Severity.SERIOUS)) if trained else charge


def judge_evaluated_rows(bench: TestContext, sweep: StudentSweep, proof: Proof) -> Charge | None:
    """Return a charge if the results are accuracies on the training rows; else None.

    The better half must be exactly those. The worse half says little: a network that has hardly learned knows both sets of
    rows alike.
    """
    rates = sorted({*sweep.rates.tolist()}, key=lambda rate: -claimed(sweep, rate))
    better = rates[: max(2, len(rates) // 2)]
    if not all(_is_of_training(bench, proof, rate, claimed(sweep, rate)) for rate in better):
        return None
    found = Text("{claimed:.4f} at {rate:.3g}, which is the accuracy on the training {images}")
    wrong = fault(
        "reports-train-accuracy",
        found=found.format(claimed=claimed(sweep, better[0]), rate=better[0]),
        expected=Text("accuracies on the test {images}"),
        severity=Severity.SERIOUS,
    )
    return Charge(wrong, 0.5)


def _is_of_training(bench: TestContext, proof: Proof, rate: float, reported: float) -> bool:
    """Whether a network at a rate has the result on all training rows, and none has it on the test rows."""
    graphs = [one.graph for one in proof.networks if one.graph and one.value in {rate, None}]
    if _is_on(bench, graphs, test_rows_as_handed(bench), reported):
        return False
    return _is_on(bench, graphs, train_rows_as_handed(bench), reported)


def _is_on(bench: TestContext, graphs: Sequence[GraphEvidence], handed: HandedRows, reported: float) -> bool:
    """Whether one of the networks has the reported accuracy on all these rows."""
    for graph in graphs:
        with opened(bench.lab, graph) as session:
            if abs(reported - _accuracy_on_all(session, graph, handed)) <= Doubt.ROUNDED:
                return True
    return False


def _accuracy_on_all(session: LabSession, graph: GraphEvidence, handed: HandedRows) -> float:
    """Return a network's accuracy on all these rows, fed in pieces, since their activations may be large."""
    pieces = [slice(first, first + Enough.TEST_ROWS) for first in range(0, len(handed.rows), Enough.TEST_ROWS)]
    shares = [accuracy_on(session, graph, handed.rows[piece], handed.targets[piece]) for piece in pieces]
    return float(np.average(shares, weights=[len(handed.rows[piece]) for piece in pieces]))


def charge_for(wrong: Fault, count: int, of: int) -> Charge:
    """Return the charge for `count` of `of` examined results that are not reproduced; a few cost less."""
    few = 2 * count < of
    return Charge(replace(wrong, severity=Severity.SERIOUS), 0.5) if few else Charge(wrong)


def _unproven(sweep: StudentSweep, proof: Proof) -> float:
    return float(min({*sweep.rates.tolist()} - proof.by.keys()))


def _not_trained(sweep: StudentSweep, proof: Proof) -> tuple[Said, Said]:
    rate = _unproven(sweep, proof)
    found = Text(
        "results at {count} values, but no trained network for {lacking} of them, such as {claimed:.4f} at {rate:.3g}"
    )
    lack = lacking(sweep, proof)
    return found.format(count=len(sweep.rates), lacking=lack, claimed=claimed(sweep, rate), rate=rate), OF_ITS_OWN


def _not_reached(sweep: StudentSweep, proof: Proof) -> tuple[Said, Said]:
    rate = _unproven(sweep, proof)
    reached = [network.accuracies[0] for network in proof.networks if network.value in {rate, None}]
    if not reached:
        return _not_trained(sweep, proof)
    nearest = min(reached, key=lambda accuracy: abs(accuracy - claimed(sweep, rate)))
    found = Text("{claimed:.4f} at {rate:.3g}, where your network gets {share} of test {images} right")
    expected = Text("accuracies on the test {images}, computed after the training, not losses")
    return found.format(claimed=claimed(sweep, rate), rate=rate, share=percent(nearest, 0)), expected


def consequence(sweep: StudentSweep, proof: Proof) -> tuple[Said, Said] | None:
    """Return found and expected if results are right only with the student's own evidence; else None."""
    for rate in proof.as_handed[:1]:
        number, measure = proof.by[rate]
        ours = percent(proof.networks[number].accuracies[0], 0)
        found = Text(
            "{claimed:.4f} at {rate:.3g}, where the accuracy measured is {ours}",
            claimed=claimed(sweep, rate) * sweep.reported_per_share,
            rate=rate,
            ours=ours,
        )
        return found, Text("the measured accuracy, once {makers} is right", makers=proof.makers[measure])
    return None


def doubts(bench: TestContext) -> Iterator[tuple[Said, Said]]:
    """Yield reasons to doubt a sweep that is otherwise in order: what was found and expected.

    One network for all values shows in the student's own notebook too, and ends the test.
    """
    sweep, charge = student_sweep(bench), None
    with suppress(LabError, Failed, Ungradable):
        proof = proof_of(bench)
        charge = judge_evaluated_rows(bench, sweep, proof) or judge_proof(sweep, proof)
    if charge is None:
        yield from odd_shapes(sweep)
        return
    if charge.fault.code == OF_ONE:
        fail_all([charge.fault], charge.share)
    yield charge.fault.found, charge.fault.expected
    if charge.fault.severity is not Severity.SERIOUS:
        yield from odd_shapes(sweep)
