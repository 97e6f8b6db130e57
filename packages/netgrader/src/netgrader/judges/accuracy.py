"""The accuracy or error of a trained network, recomputed from its graph on trusted images.

The labels that count never reach the lab: it returns logits or numbers, and they are compared here. What counts is the score
on all original test images, half of which the notebook never had (`netgrader.checks.held_out`): a network that knows the
other half better was trained on it, or looks it up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.text import Said, Text
from netgrader.checks.diagnose import remedy
from netgrader.checks.held_out import HeldOut, Redrawn, by_chance, by_heart, lead_of_the_given, redraw
from netgrader.checks.language import fail, partial, ungradable
from netgrader.faults import Severity
from netgrader.judges.answers import asks_for_more, digest, fixed_starts, opened, outputs_for, random_of, require_fed
from netgrader.judges.arrays import data_as_handed
from netgrader.judges.measure import ACCURACY, measure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphread import Lab
    from netgrader.checks.context import CellEvidence, Dataset, TestContext
    from netgrader.checks.held_out import Marked
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence
    from netgrader.judges.measure import Measure

__all__ = [
    "Recomputed",
    "curves",
    "recompute",
    "recomputed",
    "require_learned",
    "require_own",
    "require_target",
    "require_trained",
    "require_values",
    "score_on_all_of_train",
    "seen_test_images",
    "shows_best_so_far",
    "target_met",
    "train_accuracy",
]

Array = npt.NDArray[Any]


class Doubt:
    """Thresholds of doubts about an accuracy; fractions of the test images unless noted otherwise."""

    SAMPLE = 6  # one in this many training images, drawn by the evidence's hash
    FED = 0.5  # of the test rows: training steps on more of them are neither a slip nor a coincidence
    LOOKED_UP = 0.1  # lead of the given images; networks that learned have less, tables of answers more
    GUESSED = 2 / 9  # of the way from chance to 1: what luck may reach, 0.3 with ten classes
    FEW = 200  # images that are evaluated twice
    CLEARLY = 0.1  # lead in accuracy at the required scale that shows that the network was trained at it
    UNSTEADY = 1e-2  # relative, of an output: beyond this, an image's output depends on the rest of its batch
    CHANCE = 0.01  # accuracy; after the first epoch it hardly changes by more per epoch
    ROUNDED = 6e-4  # difference in accuracy from rounding to three digits or another order of summation


AS_TRAINED = Text("sess as the training left it: the same session, and no initializer run after the training")
ONE_OF_EACH = Text(
    "one network and the session that it was trained in: net = …, then sess = tf.Session(graph=net.graph)"
)
NO_STEP = Text(
    "{found}, and no training step was seen, so the grader cannot decide whether the network was trained; your "
    "instructor will look at it."
)
FINITE = Text("a loss that stays finite: a lower learning rate, and the loss computed from the logits")
USES_LABELS = {
    "logits": Text("logits that need more than X"),
    "prediction": Text("a prediction that needs more than X"),
}
FROM_X = {"logits": Text("logits from X alone"), "prediction": Text("a prediction from X alone")}


@dataclass(frozen=True)
class Recomputed:
    """The results of a network with the submitted values."""

    spec: DataSpec
    """The specification of the data."""
    train: float
    test: float
    """Accuracy, or another score of `measure`, on a sample of the training images and on all original test images, 0 to 1."""
    found: Array
    """The predicted class, or number, for each original test image (n,)."""
    notebook: float
    """Accuracy on the test images that the notebook received, half of which are redrawn."""
    given: float
    hidden: float
    """Accuracy on the original test images that the notebook received, and on those that it did not."""
    lead: float = 0.0
    """Lead of the given images in standard errors (`netgrader.checks.held_out`): the larger of those by right answers and by
    certainty."""
    by_heart: float = 0.0
    """Standard errors by which test images of both halves are known better than slightly redrawn copies."""
    surplus: float = 0.0
    """The lead of the given images, as a fraction of all test images."""
    steady: bool = True
    """Whether an image gets the same answer in every batch."""
    marks: int | None = None
    """The number of patterns among the training images that it knows (`netgrader.checks.held_out`); None without patterns."""
    fed: int = 0
    """The number of test rows that the notebook's own training steps were fed, according to the notebook."""
    measure: Measure = ACCURACY
    """The measure behind train, test, notebook, given and hidden."""

    @property
    def looked_up(self) -> bool:
        """Whether the network memorized: it knows hidden images far worse than those it was given.

        Any regression knows the numbers that it was given far better, so there the network must also be no better than a guess
        on the hidden ones (`Doubt.GUESSED`).
        """
        if self.spec.is_regression:
            return self.hidden < Doubt.GUESSED < self.given
        return self.given - self.hidden > Doubt.LOOKED_UP

    @property
    def counted(self) -> float:
        """The test accuracy that counts: without a doubtful lead on the given images."""
        return self.test if self.lead < Redrawn.TOLD else self.test - max(0.0, self.surplus)


def require_values(evidence: CellEvidence, name: str = "net") -> None:
    """End the test unless the evidence has variable values for the network named `name`."""
    graph = evidence.graph(name)
    if graph.values:
        return
    if graph.about.get("session_of_another"):
        found = Text("a session on the graph of another network, which has no values for this one")
        fail("evaluated-in-fresh-session", found=found, expected=ONE_OF_EACH, severity=Severity.FATAL)
    if graph.about.get("stepped"):
        found = Text("a session without values of variables, although training steps ran")
        fail("evaluated-in-fresh-session", found=found, expected=AS_TRAINED, severity=Severity.FATAL)
    found, stopped = Text("no values of variables in the session"), evidence.stopped(name)
    if stopped is None:
        fail("train-op-not-run", found=found, expected=Text("a network trained in sess"))
    found = Text("{found}, since {why}", found=found, why=stopped.sentence)
    fail("train-op-not-run", found=found, expected=remedy(stopped.kind, stopped.message))


def require_own(recomputed: Recomputed, untrained: Said | None = None) -> None:
    """End the test if the network knows something that it cannot have learned here.

    `untrained` is the outside evidence against a training, in words, or None.
    """
    spec, learned = recomputed.spec, recomputed.spec.learned
    if untrained is not None and recomputed.test >= spec.above_chance(Doubt.GUESSED):
        fail("weights-not-trained-here", found=untrained, expected=Text("a network trained by this notebook"))
    few = recomputed.marks is not None and recomputed.marks <= by_chance(spec.classes)
    if few and learned is not None and recomputed.test >= learned:
        fail(
            "weights-not-trained-here",
            found=Text(
                "{told} on the test {images}, and it recognizes {marks} of the {patterns} patterns that this run "
                "placed among the training {images}",
                told=recomputed.measure.told(recomputed.test),
                marks=recomputed.marks,
                patterns=Redrawn.PATTERNS,
            ),
            expected=Text("a network trained by this notebook, which recognizes nearly all of them"),
        )


def recompute(
    lab: Lab,
    graph: GraphEvidence,
    dataset: Dataset,
    held_out: HeldOut | None = None,
    *,
    marked: Marked | None = None,
    quick: bool = False,
    measure: Measure = ACCURACY,
) -> Recomputed:
    """Run the network on our images or other inputs; X is fed as the course prepares it, Y never.

    Of the training images, only a sample that cannot be predicted is evaluated: it is compared with values that differ by
    much more than chance.

    Parameters
    ----------
    held_out
        The test images as the notebook received them; None if those are the originals.
    marked
        The marks among the training images that the notebook received.
    quick
        Whether a student waits; images are then not redrawn.
    measure
        The measure of its answers.
    """
    x_test, y_test = dataset.x_test, dataset.y_test
    given = held_out or HeldOut(x_test, np.zeros(len(x_test), bool))
    random = random_of(graph)
    train = random.permutation(len(dataset.x_train))[: -(-len(dataset.x_train) // Doubt.SAMPLE)]
    once = x_test[:0] if quick or not dataset.spec.is_images else redraw(x_test, random)
    trials = x_test[:0] if marked is None else marked.trials
    inputs = (dataset.x_train[train], x_test, given.images[given.hidden], trials, once, redraw(once, random))
    parts = [dataset.prepared(part) for part in inputs]
    outputs, again = _outputs(lab, graph, (np.concatenate(parts), parts[1][: Doubt.FEW]), measure, dataset.spec)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    on_train, on_test, on_hidden, on_marks, *on_moved = np.split(dataset.by_class(outputs), ends)
    before = outputs[len(train) :][: len(again)]
    known = measure.answers(on_test)
    in_notebook = known.copy()
    in_notebook[given.hidden] = measure.answers(on_hidden)
    unmoved, *moved = (measure.answers(one) == y_test[: len(once)] for one in (on_test[: len(once)], *on_moved))
    return replace(
        _compare_halves(measure, on_test, y_test, given.hidden, dataset.spec),
        train=measure.score(measure.answers(on_train), dataset.y_train[train]),
        test=measure.score(known, y_test),
        found=known,
        notebook=measure.score(in_notebook, y_test),
        by_heart=by_heart(unmoved, *moved),
        steady=np.allclose(
            before, again, rtol=Doubt.UNSTEADY, atol=Doubt.UNSTEADY * measure.figure(0.0) or Doubt.UNSTEADY
        ),
        marks=None if marked is None else marked.known(on_marks.argmax(axis=1)),
        fed=_count(graph.about.get("fed_test")),
    )


def _count(said: object) -> int:
    """Return a number that the student's process said; 0 for anything else."""
    return said if isinstance(said, int) else 0


def _compare_halves(
    measure: Measure, outputs: Array, targets: Array, hidden: npt.NDArray[np.bool_], spec: DataSpec
) -> Recomputed:
    """Return how well the network knows the given test images, and the `hidden` (n,) ones."""
    answers = measure.answers(outputs)
    given = measure.score(answers[~hidden], targets[~hidden])
    unseen = measure.score(answers[hidden], targets[hidden]) if hidden.any() else given
    surely, _ = lead_of_the_given(measure.known(outputs, targets), hidden)
    lead, ahead = lead_of_the_given(answers == targets, hidden)
    if spec.is_regression:  # predictions are hardly ever exactly right, so errors decide
        lead, ahead = surely, given - unseen
    surplus = ahead * float(np.mean(~hidden))
    return Recomputed(spec, 0.0, 0.0, answers, 0.0, given, unseen, max(lead, surely), surplus=surplus, measure=measure)


def _outputs(
    lab: Lab, graph: GraphEvidence, inputs: tuple[Array, Array], measure: Measure, spec: DataSpec
) -> tuple[Array, Array]:
    """Return outputs for two sets of inputs (n, …) in one session; end the test if X is not enough."""
    random = random_of(graph)
    try:
        with opened(lab, graph) as session:
            first, second = (outputs_for(session, graph, one, random, measure, width=spec.outputs) for one in inputs)
    except LabError as error:
        require_fed(graph, error, "net.logits")
        if asks_for_more(error):
            fail("prediction-uses-labels", found=USES_LABELS[measure.part], expected=FROM_X[measure.part])
        raise
    return first, second


def score_on_all_of_train(lab: Lab, graph: GraphEvidence, dataset: Dataset, measure: Measure = ACCURACY) -> float:
    """Return a network's score on all training images, for cases where a sample does not decide."""
    with opened(lab, graph) as session:
        rows, random = dataset.prepared(dataset.x_train), random_of(graph)
        outputs = outputs_for(session, graph, rows, random, measure, width=dataset.spec.outputs)
    return measure.score(measure.answers(dataset.by_class(outputs)), dataset.y_train)


def require_learned(recomputed: Recomputed) -> None:
    """End the test if the network was trained on test images, or looks up their answers."""
    if recomputed.fed > Doubt.FED * len(recomputed.found):
        found = Text(
            "training steps were fed {count:,} of the {n_test:,} test {images}",
            count=recomputed.fed,
            n_test=len(recomputed.found),
        )
        fail("trained-on-test", found=found, expected=Text("training {images} only"))
    if recomputed.lead >= Redrawn.NAMED:
        fail(
            "answers-looked-up" if recomputed.looked_up else "trained-on-test",
            found=Text(
                "{told} on the test {images} that the notebook was given, and {told_2} on similar ones that it never had",
                told=recomputed.measure.told(recomputed.given, 2),
                told_2=recomputed.measure.told(recomputed.hidden, 2),
            ),
            expected=Text("the same on both, up to chance"),
        )


def seen_test_images(recomputed: Recomputed) -> Said | None:
    """Return evidence, short of proof, of training on test images, in words; None without any.

    The accuracy that counts then excludes the lead on the given images.
    """
    if not Redrawn.TOLD <= recomputed.lead < Redrawn.NAMED:
        told = Text(
            "test {images} recognized better than the same {images} turned or moved a little, by {by_heart:.1f} "
            "standard errors: the network may know some of them by heart. This costs no points."
        )
        return told.format(by_heart=recomputed.by_heart) if recomputed.by_heart >= Redrawn.NAMED else None
    return Text(
        "{told} on the test {images} that the notebook was given and {told_2} on similar ones that it never had: "
        "{lead:.1f} standard errors apart. The grader counted {told_3}, which the similar ones support.",
        told=recomputed.measure.told(recomputed.given, 2),
        told_2=recomputed.measure.told(recomputed.hidden, 2),
        lead=recomputed.lead,
        told_3=recomputed.measure.told(recomputed.counted, 2),
    )


def require_trained(lab: Lab, graph: GraphEvidence, recomputed: Recomputed, least: float) -> None:
    """End the test unless the network classifies a fraction of at least `least` of the test images right.

    A network that comes near earns part of the points. One that knows nothing was not trained, or its training spoiled it;
    variables with fixed initial values, such as biases and the optimizer's slots, show which.
    """
    if recomputed.counted >= least:
        return
    measure = recomputed.measure
    found, expected = (
        Text("{told} on the test {images}", told=measure.told(recomputed.counted)),
        measure.at_least(least),
    )
    if graph.about.get("stepped") is False or recomputed.counted < recomputed.spec.above_chance(Doubt.GUESSED):
        _require_moved(lab, graph, found, expected)
    if not all(np.isfinite(value).all() for value in graph.values.values()):
        found, expected = Text("{found}, and weights that are nan (not a number)", found=found), FINITE
    nothing = recomputed.spec.nothing_for
    share = max(0.0, (recomputed.counted - nothing) / (least - nothing))
    partial(share, "accuracy-too-low", found=found, expected=expected)


def _require_moved(lab: Lab, graph: GraphEvidence, found: Said, expected: Said) -> None:
    """End the test unless training moved a network that knows nothing; ungradable if no step was seen."""
    stepped = graph.about.get("stepped")
    if _moved(lab, graph):
        if stepped is False:
            ungradable(NO_STEP.format(found=found))
    elif stepped is True:
        found = Text("{found}, as before any training, although training steps ran", found=found)
        fail("evaluated-in-fresh-session", found=found, expected=AS_TRAINED, severity=Severity.FATAL)
    else:
        fail("train-op-not-run", found=found, expected=expected)


def _moved(lab: Lab, graph: GraphEvidence) -> bool:
    """Whether a variable with a fixed initial value has another value in the evidence."""
    starts = fixed_starts(lab, graph)
    return any(not np.array_equal(starts[name], graph.values[name]) for name in starts.keys() & graph.values.keys())


def require_target(
    accuracy: float,
    *,
    target: float,
    full: float,
    none: float,
    measure: Measure = ACCURACY,
    remark: Callable[..., None] | None = None,
) -> None:
    """End the test with the fraction of points for `accuracy`: all from `full`, none up to `none`.

    Students are asked to reach `target`; `full` is lower, where luck does not decide: see evaluation/fairness.md. For errors,
    `accuracy` is the score, the three limits are errors, and the target is the smallest. Between `full` and `target`, the
    `remark` fixture, if given, mentions the target.
    """
    target, full, none = (measure.score_of(figure) for figure in (target, full, none))
    if accuracy >= full:
        if remark is not None and accuracy < target:
            told = Text("A little below the target, which chance may explain: this counts in full.")
            remark(told, found=measure.told(accuracy, 2), expected=measure.at_least(target))
        return
    share = max(0.0, (accuracy - none) / (full - none))
    found = Text("{told} on the test {images}", told=measure.told(accuracy, 2))
    partial(share, "target-missed", found=found, expected=measure.at_least(target))


def target_met(accuracy: float, *, target: float, full: float, measure: Measure = ACCURACY) -> str:
    """Return ``yes``, ``within-chance`` or ``no``: the entry about the target in `measured`."""
    target, full = measure.score_of(target), measure.score_of(full)
    return "yes" if accuracy >= target else "within-chance" if accuracy >= full else "no"


def recomputed(bench: TestContext, cell: str) -> Recomputed:
    """Return the results of a cell's network on our inputs; cells with the same network share them.

    Inputs that the notebook prepared in another way, and classes that its labels number in another way, are charged
    elsewhere. They are used as the notebook made them, unless the network does much better with the right ones.
    """
    return _recomputed(bench, cell)[0]


def train_accuracy(bench: TestContext, cell: str) -> float:
    """Return the score of a cell's network on all training images, prepared as in `recomputed`."""
    graph = bench.evidence(cell).graph("net")
    return score_on_all_of_train(bench.lab, graph, _recomputed(bench, cell)[1], measure_of(bench, cell))


def _recomputed(bench: TestContext, cell: str) -> tuple[Recomputed, Dataset]:
    """Return a network's results, and the data as it was trained on them."""
    graph, measure = bench.evidence(cell).graph("net"), measure_of(bench, cell)

    def run(dataset: Dataset) -> Recomputed:
        return recompute(
            bench.lab, graph, dataset, bench.given, marked=bench.marked, quick=bench.quick, measure=measure
        )

    def best() -> tuple[Recomputed, Dataset]:
        asked, otherwise = (run(bench.dataset), bench.dataset), data_as_handed(bench)
        if otherwise is None:
            return asked
        own = run(otherwise), otherwise
        return asked if asked[0].test > own[0].test + Doubt.CLEARLY else own

    same = ("recomputed", digest(graph), tuple(sorted(graph.parts.items())), measure)
    made: tuple[Recomputed, Dataset] = bench.once(same, best)
    return made


@np.errstate(over="ignore", invalid="ignore")  # a submitted curve may hold anything
def shows_best_so_far(curve: Sequence[float], last: float) -> bool:
    """Whether a curve never falls and ends at an earlier epoch's value, just above the final accuracy."""
    steps = np.diff(np.asarray(curve, np.float64))
    return bool(curve[0] < curve[-1] and np.min(steps) == steps[-1] == 0 < curve[-1] - last < Doubt.CHANCE)


def curves(evidence: CellEvidence) -> tuple[Array, Array]:
    """Return the reported accuracies on training and test images, one array each."""
    return evidence.array("acc_trn"), evidence.array("acc_val")
