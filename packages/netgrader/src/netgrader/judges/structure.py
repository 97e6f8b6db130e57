"""Requirements on a network, independent of its faults; used together with the reader's faults.

A reader that finds no fault in a network without a loss has not found a right loss. These functions require the parts
themselves. If the reader could not decide, the test is ungradable: the instructor looks at it, and no student is charged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphread import Exercise, LabError
from graphread.open_questions import WHICH_RATE
from graphread.text import Text, plain
from netgrader.checks.diagnose import remedy
from netgrader.checks.language import fail, fail_all, require_decided, ungradable
from netgrader.faults import Severity, kind_of
from netgrader.judges.answers import random_of, require_fed, run_alone, shaped, started
from netgrader.judges.dense import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from graphread import Lab, LabSession, Network, Optimizer
    from graphread.model import Loss
    from netgrader.checks.context import CellEvidence
    from netgrader.evidence import GraphEvidence

    Array = npt.NDArray[Any]

__all__ = [
    "note_form",
    "note_parts",
    "note_reduction",
    "note_switches",
    "require_alike",
    "require_evaluable",
    "require_feedable",
    "require_finished",
    "require_graph",
    "require_loss",
    "require_optimizer",
    "require_probabilities",
    "require_rate",
    "require_role",
    "require_share",
    "require_step",
    "require_weights",
]

STEP = "net.train_op"
NOT_BY_NAME = Text("Parts are not returned by name: this check uses those in the graph, but train cannot find them.")
A_DICT = Text("a dict, which has no {names}", names="net.X")
BY_NAME = Text("SimpleNamespace(graph=graph, X=X, …), with the parts that the exercise lists")
PARTS = ("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy")
"""Names by which cells, and `train`, use a network's parts."""


class _Trials(NamedTuple):
    """Constants of trials of networks."""

    half: float = 0.5
    """The probability above which the second of two classes is the likelier one."""
    spread: float = 0.1
    """Standard deviation of the random weights."""
    close: float = 6e-4
    """Tolerance of an accuracy: leaving out or adding a row changes it by more."""
    inked: float = 0.1
    """Fraction of inked pixels: for similar images, a network of random weights would predict one class."""
    rows: int = 7
    """A number of rows that no placeholder has by accident."""
    same_rate: float = 1e-4
    """Relative tolerance of a rate; one stored in half precision differs by more."""
    judged: tuple[int, int] = (300, 400)
    """Rows of an accuracy's trial, more than a usual minibatch; the graph's hash decides how many, and which are right."""
    batches: tuple[int, ...] = (8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1)
    """Batch sizes to try for a network that accepts only one."""


LIMITS = _Trials()
APART = Text("both values that a layer returns unpacked: h, W = fully_connected_layer(…)")
ONE_NUMBER = Text("one, whose value is a number")


def require_graph(graph: GraphEvidence) -> None:
    """End the test unless the parts belong to the graph that is returned with them."""
    returned = graph.about.get("returned")
    if returned == "none":
        expected = Text("net.graph, as in SimpleNamespace(graph=graph, X=X, …)")
        fail("missing-tensor", found=Text("no attribute graph"), expected=expected)
    if returned is not None or graph.about.get("elsewhere"):
        found = Text("parts in another graph than net.graph")
        fail("built-in-default-graph", found=found, expected=Text("all parts in net.graph"))


def require_finished(evidence: CellEvidence, name: str) -> None:
    """End the test if the cell that makes or trains `name` stopped with an error, also inside `fit`."""
    stopped = evidence.stopped(name)
    if stopped is not None:
        fail("error-in-code", found=stopped.sentence, expected=remedy(stopped.kind, stopped.message))


def require_step(graph: GraphEvidence, network: Network) -> None:
    """End the test if the training step is not an operation, and no other one exists."""
    other = graph.about.get("no_step")
    if network.optimizer is None and isinstance(other, str):
        minimised = Text("optimizer.minimize(loss), which is the training step")
        found = Text("an object of type {other}", other=plain(other))
        fail("missing-tensor", found=found, expected=minimised, place=STEP, severity=Severity.FATAL)


class _FedShape(NamedTuple):
    """The placeholders of images and labels, sizes of their rows, and the required input shape, or None."""

    images: str
    labels: str
    pixels: int
    classes: int
    width: int
    asked: tuple[int, ...] | None


def _fed(network: Network, names: Mapping[str, str | None]) -> _FedShape | None:
    """Return the feeds of a network, from the `names` of its parts; None if a part or a size is unknown."""
    exercise = _asked(network)
    known = (names.get("X"), names.get("Y"), exercise.inputs, exercise.classes, exercise.label_width)
    return None if None in known else _FedShape._make((*known, exercise.input_shape))


def _asked(network: Network) -> Exercise:
    """Return a network's exercise; one without requirements if it has none."""
    return network.exercise or Exercise("", loss=None)


def _names(network: Network) -> dict[str, str | None]:
    """Return the tensor or op that plays each role; None if it is undecided or absent."""
    return {role: played.name for role, played in network.roles.items()}


def require_feedable(lab: Lab, graph: GraphEvidence, network: Network) -> None:
    """End the test unless loss and accuracy can be computed for any number of rows and one-hot labels."""
    names = _names(network)
    fed_with = _fed(network, names)
    if fed_with is None or "fixed-batch-size" in network.codes:
        return
    rows = LIMITS.rows + (fed_with.classes == LIMITS.rows)
    with started(lab.load(graph.meta_graph)) as session:
        for name in filter(None, (names.get("loss"), names.get("accuracy"))):
            error = _stops(session, graph, fed_with, name, rows)
            if error is None:
                continue
            _require_single(graph)
            fail_all([fault for fault in network.faults if fault.code == "accuracy-over-wrong-axis"])
            for size in LIMITS.batches:
                if _stops(session, graph, fed_with, name, size) is None:
                    found, expected = Text("batches of {size}", size=size), Text("any number of {images}")
                    fail("fixed-batch-size", found=found, expected=expected)
            _fail_unfed(fed_with, error, of_accuracy=name == names.get("accuracy"))


def _fail_unfed(fed: _FedShape, error: LabError, *, of_accuracy: bool) -> None:
    """End the test for a loss that ends in an error, or an accuracy that does although the loss does not."""
    if of_accuracy:
        found = Text("an accuracy that cannot be computed ({sentence})", sentence=error.sentence)
        fail("accuracy-wrong", found=found, expected=Text("the fraction of {images} whose class is predicted rightly"))
    sizes = ", ".join(map(str, fed.asked or (fed.pixels,)))
    expected = Text("X of shape (n, {sizes}) and Y of shape (n, {classes})", sizes=sizes, classes=fed.width)
    found = Text("a network that cannot be fed this way ({sentence})", sentence=error.sentence)
    fail("wrong-placeholder", found=found, expected=expected)


def _stops(session: LabSession, graph: GraphEvidence, fed: _FedShape, name: str, rows: int) -> LabError | None:
    """Run a part of the network on `rows` rows; return the error if it fails, else None."""
    value = run_alone(session, name, _feeds(graph, fed, np.full((rows, fed.pixels), 0.5), np.arange(rows)))
    return value if isinstance(value, LabError) else None


def _feeds(graph: GraphEvidence, fed: _FedShape, rows: Array, classes: Array) -> dict[str, Array]:
    """Return feeds for rows (n, pixels), with labels of these `classes` (n,), modulo their number."""
    # Only a required input shape may differ from flat rows.
    shown = rows if fed.asked is None else shaped(graph, rows)
    labels = np.eye(fed.classes)[classes % fed.classes][:, -fed.width :]
    return {**graph.eval_feed, fed.images: shown, fed.labels: shaped(graph, labels, "Y")}


def _require_single(graph: GraphEvidence) -> None:
    """End the test if the logits, the loss or the accuracy are several tensors."""
    lists = graph.about.get("lists")
    listed = lists if isinstance(lists, list) else []
    for part, expected in (("logits", APART), ("loss", ONE_NUMBER), ("accuracy", ONE_NUMBER)):
        if part in listed:
            fail("wrong-return", found=Text("several tensors"), expected=expected, place=f"net.{part}")


def require_loss(network: Network) -> Loss:
    """Return the loss; end the test unless it exists and is of a known kind. Its faults judge it."""
    if network.loss is None:
        expected = _asked(network).loss or Text("a loss")
        fail("missing-tensor", found=Text("no loss"), expected=expected, severity=Severity.FATAL)
    require_decided(network, ("wrong-loss",))
    return network.loss


MEAN = Text("their mean, by tf.reduce_mean: one number that does not grow with the batch")
REDUCTIONS = {"sum": Text("their sum"), "none": Text("a number for each {image}")}
OTHER_FORM = Text("The loss is a different form of the cross-entropy from the one that the exercise asks for.")


def note_reduction(network: Network, remark: Callable[..., None]) -> None:
    """Remark that a loss is not the required mean; it is free, since Adam's steps do not depend on scale."""
    remark("loss-not-mean", found=REDUCTIONS.get(require_loss(network).reduction, MEAN), expected=MEAN)


def note_form(network: Network, remark: Callable[..., None]) -> None:
    """Remark on label smoothing, weight decay or class weights, if an exercise requires the plain loss."""
    remark(OTHER_FORM, found=require_loss(network).detail, expected="")


def require_optimizer(network: Network) -> Optimizer:
    """Return the optimizer; end the test unless it moves variables. Its faults judge it."""
    if network.optimizer is None:
        fail(
            "missing-tensor",
            found=Text("no training operation"),
            expected=_asked(network).optimizer or "train_op",
            place=STEP,
            severity=Severity.FATAL,
        )
    if not network.optimizer.variables:
        fail_all([cause for cause in network.faults if "layers-not-trained" in kind_of(cause.code).brings])
        fail("layers-not-trained", found=Text("an optimizer that changes no variable"))
    return network.optimizer


def require_rate(network: Network, rate: float, *, severity: Severity | None = None) -> None:
    """End the test unless the optimizer uses the required rate; `severity` replaces the usual one."""
    found = require_optimizer(network).learning_rate
    if found is None:
        ungradable(WHICH_RATE)
    if not math.isclose(found, rate, rel_tol=LIMITS.same_rate):
        fail("learning-rate-not-as-stated", found=f"{found:.4g}", expected=f"{rate:.4g}", severity=severity)


def require_alike(network: Network, rate: float, other: Network) -> None:
    """End the test if the same network built with another `rate` has faults of its own, or a wrong rate."""
    known = {fault.code for fault in network.faults}
    fail_all([fault for fault in other.faults if fault.code not in known])
    require_rate(other, rate)


def require_role(network: Network, role: str) -> None:
    """End the test unless some tensor or op plays the `role`."""
    played = network.roles.get(role)
    if played is None or (played.name is None and not played.candidates):
        fail("missing-tensor", found=Text("nothing that could be the {role}", role=role), expected=role)
    if played.name is None:
        ungradable(Text("Several parts of the graph could be the {role}; your instructor will look at it.", role=role))


PREDICTIONS = {
    "none": Text("the logits themselves"),
    "classes": Text("the predicted classes"),
    "distribution": Text("other probabilities, such as a softmax of a softmax"),
}
"""Predictions other than the softmax of the logits, by `Network.prediction_is`."""
PROBABILITIES = {False: Text("the softmax of the logits"), True: Text("the sigmoid of the logit")}
"""The required prediction, by whether networks have one output."""


def require_probabilities(network: Network) -> None:
    """End the test unless the prediction is the softmax of the logits; other faults come first."""
    made = network.prediction_is or "softmax"
    if made != "softmax" and not network.faults:
        found = PREDICTIONS.get(made, Text("other numbers"))
        fail(
            "prediction-wrong", found=found, expected=PROBABILITIES[_asked(network).one_output], place="net.prediction"
        )


def require_share(lab: Lab, graph: GraphEvidence, network: Network, *, free: bool = False) -> None:
    """End the test unless the accuracy is the fraction of rows whose largest logit matches the label.

    If something else is wrong, other tests report it. A `free` network may also base it on its prediction, such as the mean
    of several outputs.
    """
    names = _names(network)
    fed_with, accuracy = _fed(network, names), names.get("accuracy")
    of = list(filter(None, map(names.get, ("logits", "prediction")[: 1 + free])))
    cuts = {
        names.get("prediction"): LIMITS.half
    }  # a single number above this means the second class; for logits, above 0
    if fed_with is None or accuracy is None or network.faults:
        return
    random, loaded = random_of(graph), lab.load(graph.meta_graph)
    with started(loaded) as session:
        values = session.values(loaded.trainable)
        session.assign({name: random.normal(0, LIMITS.spread, value.shape) for name, value in values.items()})
        # In one session, to reveal values that accumulate from one evaluation to the next.
        for count in random.integers(*LIMITS.judged, 2).tolist():
            right = random.permutation(count) < random.integers(1 + count // 4, count // 2)
            trial = _ShareTrial(session, graph, fed_with, _rows(random, count, fed_with.pixels), random)
            shares = [trial.share(accuracy, name, right, cuts.get(name, 0.0)) for name in of]
            _require_right_share([share for share in shares if share is not None], right)


def _rows(random: np.random.Generator, count: int, pixels: int) -> Array:
    """Draw rows (count, pixels) with a few inked pixels."""
    inked: Array = random.uniform(size=(count, pixels)) * (random.uniform(size=(count, pixels)) < LIMITS.inked)
    return inked


class _ShareTrial(NamedTuple):
    """Our own rows for a trial of a network's accuracy."""

    session: LabSession
    graph: GraphEvidence
    fed: _FedShape
    rows: Array
    random: np.random.Generator

    def _run(self, tensor: str, classes: Array) -> Array:
        """Run a tensor on the rows with labels of these `classes` (n,); ungradable if it fails."""
        value = run_alone(self.session, tensor, _feeds(self.graph, self.fed, self.rows, classes))
        if isinstance(value, LabError):
            ungradable(
                Text("The grader cannot compute the accuracy on its own {images}; your instructor will look at it.")
            )
        return value

    def share(self, accuracy: str, tensor: str, right: Array, cut: float) -> Array | None:
        """Return the accuracy if exactly the `right` rows (n,) have the predicted class as their label.

        The prediction comes from a `tensor`, logits or prediction; None if it does not have scores for each row. A single
        score above `cut` means the second class.
        """
        scores = self._run(tensor, np.zeros(len(self.rows), int))
        if scores.shape not in {(len(right), self.fed.width), (len(right),)}:
            return None
        before = ((0, 0), (int(self.fed.width == 1), 0))
        best = np.pad(scores.reshape(len(right), -1), before, constant_values=cut)
        classes = (best.argmax(axis=1) if best.shape[1] > 1 else best[:, 0]).astype(int)
        others = self.random.integers(1, self.fed.classes, len(right))
        return self._run(accuracy, np.where(right, classes, classes + others))


def _require_right_share(shares: Sequence[Array], right: Array) -> None:
    """End the test unless one of the `shares` is the fraction of rows that are `right`."""
    true = float(np.mean(right))
    if not shares or any(one.size == 1 and math.isclose(one.item(), true, abs_tol=LIMITS.close) for one in shares):
        return
    told = f"{shares[0].item():.4g}" if shares[0].size == 1 else Text("shape {shape}", shape=shares[0].shape)
    expected = Text(
        "{true:.4g}: the class of {right} of {count} {images} is that of their {label}",
        true=true,
        right=int(right.sum()),
        count=len(right),
    )
    fail("accuracy-wrong", found=told, expected=expected, place="net.accuracy")


def note_parts(graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark that parts are not returned by name: grading finds them in the graph, `train` does not."""
    missing = [f"net.{part}" for part in PARTS if part not in graph.parts]
    if missing:
        remark(NOT_BY_NAME, found=Text("no part {names}", names=", ".join(missing)), expected=BY_NAME)
    elif graph.about.get("keys") is True:
        remark(NOT_BY_NAME, found=A_DICT, expected=BY_NAME)


def note_switches(graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark that training steps left a switch at its default, so dropout, for example, was off."""
    left = graph.about.get("left_at_default")
    if isinstance(left, list) and left:
        name = plain(left[0])
        remark(
            Text(
                "A switch was left at its default in training, too: what it switches on, such as dropout, was never on."
            ),
            found=Text("no run in which {name} is anything else", name=name),
            expected=Text("another value for it, such as True, in the feed_dict of training steps, and only there"),
        )


def require_evaluable(lab: Lab, graph: GraphEvidence, network: Network) -> None:
    """End the test if the accuracy needs more feeds than images, labels and those of ``eval_feed``."""
    fed_with, accuracy = _fed(network, graph.parts), graph.parts.get("accuracy")
    if fed_with is None or accuracy is None:
        return
    with started(lab.load(graph.meta_graph)) as session:
        error = _stops(session, graph, fed_with, accuracy, LIMITS.rows)
    if error is not None:
        require_fed(graph, error, "net.accuracy")


def require_weights(lab: Lab, graph: GraphEvidence, network: Network, part: str, layer: int = 0) -> None:
    """End the test unless the `part` is a layer's weights: its variable, or a tensor with its value.

    A layer may keep weights and bias in one variable, or build its weights from parts. So if the part is not the variable
    itself, it must have the weights' shape and change with the layer's variables.
    """
    name, own = graph.parts.get(part), network.layers[layer]
    if name is None:
        found = Text("no attribute {part} that is a tensor or variable", part=part)
        fail("missing-tensor", found=found, expected=Text("net.{part}", part=part))
    if name.partition(":")[0] in own.variables:
        return
    loaded = lab.load(graph.meta_graph)
    with started(loaded) as session:
        before = fetch(loaded, session, name)
        values = session.values(sorted({*own.variables} & {*loaded.variables}))
        session.assign({variable: value + 1.0 for variable, value in values.items()})
        after = fetch(loaded, session, name)
    if isinstance(before, LabError) or isinstance(after, LabError):
        found = Text("{part} that is not made from variables alone", part=part)
        fail("missing-tensor", found=found, expected=Text("the layer's weights"))
    if after.shape not in {(own.inputs, own.outputs), (own.outputs, own.inputs)} or np.array_equal(before, after):
        found = Text(
            "{part} of shape {shape}, which is not the one that layer {layer} multiplies by",
            part=part,
            shape=after.shape,
            layer=layer + 1,
        )
        fail("missing-tensor", found=found, expected=Text("its weights, {shape}", shape=(own.inputs, own.outputs)))
