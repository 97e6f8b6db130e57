"""What a network must have, whatever else is wrong with it: used beside the faults that the reader names.

A reader that finds no fault in a network without a loss has not found a right loss. These functions ask for the thing
itself. What the reader could not decide is ungradable: it is put before the instructor, and nobody is blamed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from netgrader.checks.diagnose import remedy
from netgrader.checks.language import fail, fail_all, require_decided, ungradable
from netgrader.faults import Severity
from netgrader.judges.answers import random_of, require_fed, shaped
from netgrader.judges.dense import fetch
from netgrader.reader import Exercise, LabError
from netgrader.reader.graph.source import read_source
from netgrader.reader.open_questions import WHICH_RATE
from netgrader.text import Text, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from netgrader.checks.context import CellEvidence
    from netgrader.evidence import GraphEvidence
    from netgrader.reader import Lab, Network
    from netgrader.reader.model import Optimizer

    Array = npt.NDArray[Any]

__all__ = [
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
    "require_rate",
    "require_role",
    "require_share",
    "require_step",
    "require_weights",
]

STEP = "net.train_op"
PARTS = ("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy")
"""Names by which cells, and `train`, use a network's parts."""
SPREAD, CLOSE = 0.1, 1e-3
# Rows of which the accuracy is taken, more than a usual minibatch; how many, and which are right, follows from the graph.
JUDGED = 300, 400
INKED = 0.1  # part of the pixels: of images that are alike a network of random weights would say one class
ROWS = 7  # no size that a placeholder might have by accident
BATCHES = (8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1)
"""Sizes that a network may have been written for, where it takes one only."""
SAME_RATE = 1e-4  # relative; a rate kept in half precision is another rate
SINGLE = (
    (
        "logits",
        Text("several tensors in place of the logits"),
        Text("both things that a layer returns taken apart: h, W = fully_connected_layer(…)"),
    ),
    ("loss", Text("several tensors"), Text("one, whose value is a number")),
    ("accuracy", Text("several tensors"), Text("one, whose value is a number")),
)
"""Parts that are one tensor: what is found in their place, and what is expected."""


def require_graph(graph: GraphEvidence) -> None:
    """End the test unless the parts lie in the graph that is returned with them."""
    returned = graph.about.get("returned")
    if returned == "none":
        fail(
            "missing-tensor",
            found=Text("no attribute graph"),
            expected=Text("net.graph, as SimpleNamespace(graph=graph, X=X, …) has it"),
        )
    if returned is not None or graph.about.get("elsewhere"):
        found = (
            Text("an empty graph") if returned == "empty" else Text("parts that lie in another graph than net.graph")
        )
        fail("built-in-default-graph", found=found, expected=Text("all parts in net.graph"))


def require_finished(evidence: CellEvidence, name: str) -> None:
    """End the test if the cell that makes or trains `name` stopped with an error, such as one that `fit` raised."""
    stopped = evidence.stopped(name)
    if stopped is not None:
        fail("error-in-code", found=stopped.sentence, expected=remedy(stopped.kind, stopped.message))


def require_step(graph: GraphEvidence, network: Network) -> None:
    """End the test if something else than an operation was handed over as the training step, and there is none."""
    other = graph.about.get("no_step")
    if network.optimizer is None and isinstance(other, str):
        minimised = Text("optimizer.minimize(loss), which is the training step")
        found = Text("an object of the kind {other}", other=plain(other))
        fail("missing-tensor", found=found, expected=minimised, place=STEP, severity=Severity.FATAL)


class _FedShape(NamedTuple):
    """The placeholders of images and labels, and how many numbers a row of each has; in which shape, if one is asked for."""

    images: str
    labels: str
    pixels: int
    classes: int
    asked: tuple[int, ...] | None


def _fed(network: Network, names: Mapping[str, str | None]) -> _FedShape | None:
    """Return what a network is fed, by the `names` of its parts; None where a part or a size is not known."""
    exercise = _asked(network)
    known = (names.get("X"), names.get("Y"), exercise.inputs, exercise.classes)
    return None if None in known else _FedShape._make((*known, exercise.input_shape))


def _asked(network: Network) -> Exercise:
    """Return the exercise that a network is an answer to; one that asks for nothing where there is none."""
    return network.exercise or Exercise("", loss=None)


def _names(network: Network) -> dict[str, str | None]:
    """Return the tensor or op that plays each role; None where it is undecided or absent."""
    return {role: played.name for role, played in network.roles.items()}


def require_feedable(lab: Lab, graph: GraphEvidence, network: Network) -> None:
    """End the test unless loss and accuracy follow from rows and one-hot labels, of any number, which is what training feeds."""
    names = _names(network)
    fed_with = _fed(network, names)
    fetches = [name for name in (names.get("loss"), names.get("accuracy")) if name is not None]
    if fed_with is None or not fetches or "fixed-batch-size" in network.codes:
        return
    images, labels, pixels, classes, asked = fed_with  # only what was asked for may have another shape than rows
    session = lab.load(graph.meta_graph).session(seed=1)

    def stops(parts: list[str], rows: int) -> LabError | None:
        """Run parts of the network on so many rows, and return the error that it stops with."""
        inputs = np.full((rows, pixels), 0.5)
        fed = inputs if asked is None else shaped(graph, inputs)
        feeds = {images: fed, labels: np.eye(classes)[np.arange(rows) % classes]}
        try:
            session.run(parts, {**graph.eval_feed, **feeds})
        except LabError as error:
            if error.kind != "run":
                raise
            return error
        return None

    try:
        session.initialise()
        error = stops(fetches, ROWS + (classes == ROWS))
        if error is None:
            return
        _require_single(graph)
        fail_all([fault for fault in network.faults if fault.code == "accuracy-over-wrong-axis"])
        size = next((size for size in BATCHES if stops(fetches, size) is None), None)
        if size is not None:
            fail(
                "fixed-batch-size", found=Text("batches of {size}", size=size), expected=Text("any number of {images}")
            )
        sizes = ", ".join(map(str, asked or (pixels,)))
        expected = Text("X of shape (n, {sizes}) and Y of shape (n, {classes})", sizes=sizes, classes=classes)
        fail(
            "wrong-placeholder",
            found=Text("a network that cannot be fed so ({sentence})", sentence=error.sentence),
            expected=expected,
        )
    finally:
        session.close()


def _require_single(graph: GraphEvidence) -> None:
    """End the test if the logits, the loss or the accuracy are several tensors."""
    lists = graph.about.get("lists")
    for part, found, expected in SINGLE:
        if isinstance(lists, list) and part in lists:
            fail("wrong-return", found=found, expected=expected, place=f"net.{part}")


def require_loss(network: Network) -> None:
    """End the test unless there is a loss, and it is known which; its faults say whether it is the right one."""
    if network.loss is None:
        expected = _asked(network).loss or Text("a loss")
        fail("missing-tensor", found=Text("no loss"), expected=expected, severity=Severity.FATAL)
    require_decided(network, ("wrong-loss",))


def note_reduction(network: Network, remark: Callable[..., None]) -> None:
    """Remark that a loss is not the average that is asked for. It costs nothing: steps of Adam are as long at any scale of it."""
    found = {"sum": Text("their sum"), "none": Text("a number for each {image}")}.get(
        network.loss.reduction if network.loss else ""
    )
    if found is not None:
        mean = Text("their mean, by tf.reduce_mean: one number, whose size does not depend on that of the batch")
        remark("loss-not-mean", found=found, expected=mean)


def _optimizer(network: Network) -> Optimizer:
    """Return the optimizer; end the test if there is none."""
    if network.optimizer is None:
        expected = _asked(network).optimizer or "train_op"
        found = Text("no operation that trains")
        fail("missing-tensor", found=found, expected=expected, place=STEP, severity=Severity.FATAL)
    return network.optimizer


def require_optimizer(network: Network) -> None:
    """End the test unless an optimizer moves variables; its faults say whether it is the right one."""
    if not _optimizer(network).variables:
        fail("layers-not-trained", found=Text("an optimizer that moves no variable"))


def require_rate(
    network: Network, rate: float, *, severity: Severity | None = None, graph: GraphEvidence | None = None
) -> None:
    """End the test unless the optimizer uses the rate that was asked for; `severity` where another is less grave than usual.

    Parameters
    ----------
    graph
        The network's graph, which tells of a rate that is text.
    """
    found = _optimizer(network).learning_rate
    text = _text_for_a_number(graph) if found is None and graph is not None else ""
    if text:
        said = Text("text, in quotes: {value}", value=f'"{text}"')
        fail("learning-rate-not-as-stated", found=said, expected=f"{rate:.4g}", severity=severity)
    if found is None:
        ungradable(WHICH_RATE)
    if not math.isclose(found, rate, rel_tol=SAME_RATE):
        fail("learning-rate-not-as-stated", found=f"{found:.4g}", expected=f"{rate:.4g}", severity=severity)


def _text_for_a_number(graph: GraphEvidence) -> str:
    """Return text that the graph would make a number of, which no session does; empty if there is none."""
    nodes = {node.name: node for node in read_source(graph.meta_graph).graph_def.node}
    made_of = (nodes.get(node.input[0]) for node in nodes.values() if node.op == "Cast")
    texts = (one.attr["value"].tensor.string_val for one in made_of if one is not None and one.op == "Const")
    return next((plain(text[0].decode("utf-8", "replace"), 20) for text in texts if text), "")


def require_alike(network: Network, rate: float, other: Network) -> None:
    """End the test if the same network made for another `rate` has faults of its own, or another rate."""
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


def require_share(lab: Lab, graph: GraphEvidence, network: Network, *, free: bool = False) -> None:
    """End the test unless the accuracy is the share of rows whose largest logit is where their label is, on rows of ours.

    Where something else is wrong, or the parts cannot be run, other tests say so. A network that is `free` may also take it
    of its prediction, such as the mean of several outputs.
    """
    names = _names(network)
    fed_with, accuracy = _fed(network, names), names.get("accuracy")
    of = [name for name in (names.get("logits"), names.get("prediction") if free else None) if name is not None]
    if fed_with is None or accuracy is None or network.faults:
        return
    images, labels, pixels, classes, asked = fed_with
    random = random_of(graph)
    counts = [int(random.integers(*JUDGED)), int(random.integers(*JUDGED)), ROWS]
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    count = 0
    try:
        session.initialise()
        values = session.values(loaded.trainable)
        session.assign({name: random.normal(0, SPREAD, value.shape) for name, value in values.items()})
        # In one session, for what adds up from one evaluation to the next; few rows, of which each counts.
        for count in counts:
            outputs: list[Array] = []
            right = random.permutation(count) < random.integers(1 + count // 4, count // 2)
            rows = random.uniform(size=(count, pixels)) * (random.uniform(size=(count, pixels)) < INKED)
            others = random.integers(1, classes, count)
            one_hot = np.eye(classes)
            feeds = {**graph.eval_feed, images: shaped(graph, rows) if asked else rows}
            outputs += [np.asarray(session.run([name], {**feeds, labels: one_hot[[0] * count]})[0]) for name in of]
            shares = []
            for scores in (one for one in outputs if one.shape in {(count, classes), (count,)}):
                # The `right` rows have the class of these scores for their label, the others another one.
                best = (scores.argmax(axis=1) if scores.ndim > 1 else scores).astype(int)
                fed = {**feeds, labels: one_hot[np.where(right, best, best + others) % classes]}
                shares.append(np.asarray(session.run([accuracy], fed)[0]))
            _require_right_share(shares, right)
    except LabError as error:
        if error.kind not in {"run", "op"}:
            raise
        if count != ROWS:  # which are few: what is right of many rows is decided
            ungradable(Text("The accuracy cannot be run on {images} of ours; your instructor will look at it."))
    finally:
        session.close()


def _require_right_share(shares: Sequence[Array], right: Array) -> None:
    """End the test unless one of the `shares` is that of the rows that are `right`."""
    true = float(np.mean(right))
    if not shares or any(one.size == 1 and math.isclose(one.item(), true, abs_tol=CLOSE) for one in shares):
        return
    told = f"{shares[0].item():.4g}" if shares[0].size == 1 else Text("shape {shape}", shape=shares[0].shape)
    expected = Text(
        "{true:.4g}: of {count} {images} {right} have their largest logit where their {label} is",
        true=true,
        right=int(right.sum()),
        count=len(right),
    )
    fail("accuracy-wrong", found=told, expected=expected, place="net.accuracy")


def note_parts(graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark that parts are not returned by their names: grading finds them in the graph, and `train` does not."""
    missing = [part for part in PARTS if part not in graph.parts]
    if missing or graph.about.get("keys") is True:
        names = ", ".join(f"net.{part}" for part in missing or PARTS[:1])
        remark(
            Text(
                "Parts are not returned by their names: here those in the graph are looked at, but train cannot find them."
            ),
            found=Text("no part {names}", names=names)
            if missing
            else Text("a dict, which has no {names}", names=names),
            expected=Text("SimpleNamespace(graph=graph, X=X, …), with the parts that the exercise lists"),
        )


def note_switches(graph: GraphEvidence, remark: Callable[..., None]) -> None:
    """Remark that training steps left a switch at its default: what it switches on, such as dropout, was never on."""
    left = graph.about.get("left_at_default")
    if isinstance(left, list) and left:
        name = plain(left[0])
        remark(
            Text(
                "A switch was left at its default in training, too: what it switches on, such as dropout, was never on."
            ),
            found=Text("no run in which {name} is anything else", name=name),
            expected=Text("another value for it, such as True, in the feed_dict of training steps, and in no other"),
        )


def require_evaluable(lab: Lab, graph: GraphEvidence, network: Network) -> None:
    """End the test if the accuracy asks for more than images, labels and what the part ``eval_feed`` adds."""
    fed_with, accuracy = _fed(network, graph.parts), graph.parts.get("accuracy")
    if fed_with is None or accuracy is None:
        return
    images, labels, pixels, classes, _ = fed_with
    rows = shaped(graph, np.zeros((ROWS, pixels)))
    session = lab.load(graph.meta_graph).session(seed=1)
    try:
        session.initialise()
        session.run([accuracy], {**graph.eval_feed, images: rows, labels: np.eye(classes)[np.arange(ROWS)]})
    except LabError as error:
        require_fed(graph, error, "net.accuracy")
        if error.kind not in {"run", "op"}:
            raise
    finally:
        session.close()


def require_weights(lab: Lab, graph: GraphEvidence, network: Network, part: str, layer: int = 0) -> None:
    """End the test unless the `part` is the weights of a layer: its variable, or a tensor that has the value of it.

    A layer may keep weights and bias in one variable, or build its weights from parts. So where the variable itself is
    not what was handed over, it must have the weights' shape and change with the layer's variables.
    """
    name = graph.parts.get(part)
    if name is None:
        fail(
            "missing-tensor",
            found=Text("no attribute {part} that is a tensor or variable", part=part),
            expected=Text("net.{part}", part=part),
        )
    variables = network.layers[layer].variables
    if name.partition(":")[0] in variables:
        return
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        before = fetch(loaded, session, name)
        values = session.values([variable for variable in variables if variable in loaded.variables])
        session.assign({variable: value + 1.0 for variable, value in values.items()})
        after = fetch(loaded, session, name)
    except LabError as error:
        if error.kind != "run":
            raise
        fail(
            "missing-tensor",
            found=Text("{part} that is not made from variables alone", part=part),
            expected=Text("the layer's weights"),
        )
    finally:
        session.close()
    shape = (network.layers[layer].inputs, network.layers[layer].outputs)
    if np.shape(after) not in {shape, shape[::-1]} or np.array_equal(before, after):
        fail(
            "missing-tensor",
            found=Text(
                "{part} of shape {shape}, which is not what layer {layer} multiplies by",
                part=part,
                shape=np.shape(after),
                layer=layer + 1,
            ),
            expected=Text("its weights, {shape}", shape=shape),
        )
