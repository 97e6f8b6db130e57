"""Operators on the loss and the output."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from tests.corpus.catalogue import LossReference, Program, Values
from tests.corpus.formulas import Array, log_softmax, sigmoid, sigmoid_cross_entropy, softmax
from tests.corpus.oracle import Expect
from tests.corpus.source import NotApplicable, expression

from .base import ASKED, Change, Job, labels, logits_in_loss, operator

Two = Callable[[Array, Array], Array]


def after_logits(job: Job, variant: str, text: str, change: Two, also: frozenset[str] = frozenset()) -> Change:
    """A statement behind the logits: ``{z}`` is what they are called."""
    source = job.source.copy()
    source.insert_after(source.role("logits"), text.format(z=source.target_text("logits"), axis=job.program.axis))
    return Change(variant, source, lambda e: replace(e, after=(*e.after, change), optimizer=None), also=also)


def in_loss(job: Job, variant: str, text: str, change: Callable[[Array], Array]) -> Change:
    """The logits in the statement of the loss replaced: ``{z}`` is what they are called."""
    source = job.source.copy()
    z = logits_in_loss(job)
    if not source.replace_text(source.role("loss"), z, text.format(z=z, axis=job.program.axis)):
        raise NotApplicable("the loss does not name the logits")
    return Change(variant, source, lambda e: _with_loss(e, lambda f: lambda z, y, v: f(change(z), y, v)))


def whole_loss(
    job: Job,
    variant: str,
    text: str,
    formula: Callable[[Array, Array], float],
    rows: tuple[str, Callable[[Array, Array], Array]] | None = None,
    also: frozenset[str] = frozenset(),
) -> Change:
    """Another loss: ``{z}`` and ``{y}`` are logits and one-hot labels as rows; `rows` where one for each row is due."""
    if job.program.loss_form == "other" or (job.program.loss_form == "rows" and rows is None):
        raise NotApplicable("the statement of the loss computes something else")
    source = job.source.copy()
    z, y = logits_in_loss(job), labels(job)
    if job.program.axis == 0:
        z = f"tf.transpose({z})"
    if job.program.loss_form == "rows" and rows is not None:
        source.set_value("loss", expression(rows[0].format(z=z, y=y)))
        per_row = rows[1]
        return Change(variant, source, lambda e: _with_rows(e, job.program, per_row), also=also)
    source.set_value("loss", expression(text.format(z=z, y=y)))
    return Change(variant, source, lambda e: _with_loss(e, lambda f: _plus_rest(f, formula)), also=also)


def _with_loss(expect: Expect, change: Callable[[LossReference], LossReference]) -> Expect:
    return expect if expect.loss is None else replace(expect, loss=change(expect.loss))


def _plus_rest(old: LossReference, formula: Callable[[Array, Array], float]) -> LossReference:
    """The formula with what the program adds to its loss besides (weight decay)."""

    def loss(z: Array, y: Array, v: Values) -> float:
        # At uniform labels and equal logits every cross-entropy here is ln 10 for each row.
        flat = np.zeros_like(z)
        rest = np.asarray(old(flat, np.full_like(z, 0.1), v))
        known = (np.log(10), np.log(10) * len(z), 100 * np.log(10))
        decay = float(rest - min(known, key=lambda k: abs(k - rest))) if rest.ndim == 0 else 0.0
        return formula(z, y) + decay

    return loss


def _with_rows(expect: Expect, program: Program, per_row: Callable[[Array, Array], Array]) -> Expect:
    if expect.loss is None:
        return expect
    vector = program.name.endswith("unreduced_loss")
    return replace(expect, loss=lambda z, y, v: per_row(z, y) if vector else float(per_row(z, y).mean()))


@operator("softmax-before-loss", "softmax-before-loss")
def softmax_before_loss(job: Job) -> Iterator[Change]:
    axis = job.program.axis
    yield in_loss(job, "in the loss", "tf.nn.softmax({z}, {axis})", softmax)
    yield in_loss(job, "by hand", "(tf.exp({z}) / tf.reduce_sum(tf.exp({z}), {axis}, keepdims=True))", softmax)
    also = frozenset({"logits-are-probabilities"})
    yield after_logits(job, "as the logits", "{z} = tf.nn.softmax({z}, axis={axis})", lambda z, y: softmax(z), also)
    del axis


@operator("sigmoid-before-loss", "sigmoid-before-loss")
def sigmoid_before_loss(job: Job) -> Iterator[Change]:
    yield in_loss(job, "in the loss", "tf.nn.sigmoid({z})", sigmoid)
    yield in_loss(job, "by hand", "(1.0 / (1.0 + tf.exp(-{z})))", sigmoid)
    also = frozenset({"logits-are-probabilities", "relu-on-logits", "wrong-activation"})
    yield after_logits(job, "as the logits", "{z} = tf.sigmoid({z})", lambda z, y: sigmoid(z), also)


@operator("relu-on-logits", "relu-on-logits")
def relu_on_logits(job: Job) -> Iterator[Change]:
    yield after_logits(job, "nn.relu", "{z} = tf.nn.relu({z})", lambda z, y: np.maximum(z, 0))
    yield after_logits(job, "maximum", "{z} = tf.maximum({z}, 0)", lambda z, y: np.maximum(z, 0))
    yield after_logits(job, "mask", "{z} = {z} * tf.cast({z} > 0, {z}.dtype)", lambda z, y: np.maximum(z, 0))


@operator("mse-on-softmax", "mse-on-softmax", exercises=ASKED)
def mse_on_softmax(job: Job) -> Iterator[Change]:
    rows = (
        "tf.reduce_mean(tf.square({y} - tf.nn.softmax({z})), axis=1)",
        lambda z, y: ((y - softmax(z)) ** 2).mean(axis=1),
    )
    mean = lambda z, y: float(((y - softmax(z)) ** 2).mean())  # noqa: E731
    yield whole_loss(job, "mean of squares", "tf.reduce_mean(tf.square({y} - tf.nn.softmax({z})))", mean, rows)
    yield whole_loss(job, "library", "tf.losses.mean_squared_error({y}, tf.nn.softmax({z}))", mean)
    yield whole_loss(
        job,
        "half the sum",
        "0.5 * tf.reduce_mean(tf.reduce_sum((tf.nn.softmax({z}) - {y}) ** 2, axis=1))",
        lambda z, y: float(0.5 * ((softmax(z) - y) ** 2).sum(axis=1).mean()),
    )


@operator("mse-on-logits", "mse-on-logits", exercises=ASKED)
def mse_on_logits(job: Job) -> Iterator[Change]:
    rows = ("tf.reduce_mean(tf.square({y} - {z}), axis=1)", lambda z, y: ((y - z) ** 2).mean(axis=1))
    mean = lambda z, y: float(((y - z) ** 2).mean())  # noqa: E731
    yield whole_loss(job, "mean of squares", "tf.reduce_mean(tf.square({z} - {y}))", mean, rows)
    yield whole_loss(job, "difference squared", "tf.reduce_mean(tf.squared_difference({y}, {z}))", mean)
    yield whole_loss(job, "sum", "tf.nn.l2_loss({z} - {y})", lambda z, y: float(0.5 * ((z - y) ** 2).sum()))


@operator("sigmoid-cross-entropy", "sigmoid-cross-entropy", exercises=ASKED)
def sigmoid_loss(job: Job) -> Iterator[Change]:
    call = "tf.nn.sigmoid_cross_entropy_with_logits(labels={y}, logits={z})"
    rows = (f"tf.reduce_mean({call}, axis=1)", lambda z, y: sigmoid_cross_entropy(z, y).mean(axis=1))
    mean = lambda z, y: float(sigmoid_cross_entropy(z, y).mean())  # noqa: E731
    yield whole_loss(job, "mean", f"tf.reduce_mean({call})", mean, rows)
    yield whole_loss(job, "library", "tf.losses.sigmoid_cross_entropy({y}, {z})", mean)
    yield whole_loss(
        job,
        "by hand",
        "-tf.reduce_mean({y} * tf.log(tf.sigmoid({z}) + 1e-9) + (1 - {y}) * tf.log(1 - tf.sigmoid({z}) + 1e-9))",
        mean,
    )


@operator("unclipped-log", "unclipped-log", remark=True)
def unclipped_log(job: Job) -> Iterator[Change]:
    if job.program.name.endswith(("smoothing_and_decay", "focal_loss", "temperature")):
        raise NotApplicable("the loss has a form of its own")
    rows = (
        "-tf.reduce_sum({y} * tf.log(tf.nn.softmax({z})), axis=1)",
        lambda z, y: -(y * log_softmax(z)).sum(axis=1),
    )
    mean = lambda z, y: float(-(y * log_softmax(z)).sum(axis=1).mean())  # noqa: E731
    total = lambda z, y: float(-(y * log_softmax(z)).sum())  # noqa: E731
    yield whole_loss(
        job,
        "mean",
        "tf.reduce_mean(-tf.reduce_sum({y} * tf.log(tf.nn.softmax({z})), reduction_indices=[1]))",
        mean,
        rows,
    )
    yield whole_loss(job, "sum", "-tf.reduce_sum({y} * tf.log(tf.nn.softmax({z})))", total)


@operator("loss-over-wrong-axis", "loss-over-wrong-axis")
def wrong_axis(job: Job) -> Iterator[Change]:
    def over_batch(z: Array, y: Array) -> float:
        return float(-(y * log_softmax(z, 0)).sum(axis=0).mean())

    across = 1 - job.program.axis
    yield after_logits(job, "as the logits", f"{{z}} = tf.nn.softmax({{z}}, axis={across})", lambda z, y: softmax(z, 0))
    yield whole_loss(
        job,
        "axis 0",
        "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels={y}, logits={z}, axis=0))",
        over_batch,
    )
    yield whole_loss(
        job,
        "softmax over the batch",
        "-tf.reduce_mean(tf.reduce_sum({y} * tf.log(tf.nn.softmax({z}, axis=0) + 1e-10), axis=1))",
        lambda z, y: float(-(y * np.log(softmax(z, 0) + 1e-10)).sum(axis=1).mean()),
    )
    yield whole_loss(
        job,
        "log of a sum over the batch",
        "tf.reduce_mean(tf.reduce_logsumexp({z}, axis=0)) - tf.reduce_mean(tf.reduce_sum({y} * {z}, axis=1))",
        lambda z, y: float(np.log(np.exp(z).sum(axis=0)).mean() - (y * z).sum(axis=1).mean()),
    )


@operator("labels-logits-swapped", "labels-logits-swapped")
def swapped(job: Job) -> Iterator[Change]:
    rows = (
        "tf.nn.softmax_cross_entropy_with_logits_v2(labels={z}, logits={y})",
        lambda z, y: -(z * log_softmax(y)).sum(axis=1),
    )
    mean = lambda z, y: float(-(z * log_softmax(y)).sum(axis=1).mean())  # noqa: E731
    yield whole_loss(
        job, "library", "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels={z}, logits={y}))", mean, rows
    )
    yield whole_loss(
        job,
        "Keras",
        "tf.reduce_mean(tf.keras.losses.categorical_crossentropy({z}, {y}, from_logits=True))",
        mean,
    )
    yield whole_loss(
        job,
        "by hand",
        "-tf.reduce_mean(tf.reduce_sum(tf.nn.softmax({z}) * tf.log({y} + 1e-7), axis=1))",
        lambda z, y: float(-(softmax(z) * np.log(y + 1e-7)).sum(axis=1).mean()),
    )


@operator("maximises-loss", "maximises-loss", trains=True)
def maximises(job: Job) -> Iterator[Change]:
    flipped = lambda e: replace(e, optimizer=None if e.optimizer is None else (*e.optimizer[:2], -1.0))  # noqa: E731
    source = job.source.copy()
    for node in ast.walk(source.role("train")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "minimize":
            node.args[0] = ast.UnaryOp(ast.USub(), node.args[0])
            yield Change("minimize(-loss)", source, flipped)
            break
    if job.program.loss_form == "scalar":
        source = job.source.copy()
        loss = source.target_text("loss")
        source.insert_after(source.role("loss"), f"{loss} = -{loss}")
        if job.program.name.endswith(("smoothing_and_decay", "sgd_with_decay")):
            raise NotApplicable("the loss has a second term")
        yield Change("-loss", source, lambda e: _with_loss(e, lambda f: lambda z, y, v: -np.asarray(f(z, y, v))))
    positive = "tf.reduce_mean(tf.reduce_sum({y} * tf.log(tf.clip_by_value(tf.nn.softmax({z}), 1e-10, 1.0)), axis=1))"
    yield whole_loss(job, "minus forgotten", positive, lambda z, y: float((y * log_softmax(z)).sum(axis=1).mean()))


@operator("minimises-wrong-tensor", "minimises-wrong-tensor", trains=True)
def wrong_tensor(job: Job) -> Iterator[Change]:
    from tests.corpus.operators.training import not_descending  # noqa: PLC0415 - they share a property

    z = logits_in_loss(job)
    for variant, text in (
        ("mean of the logits", f"tf.reduce_mean({z})"),
        ("mean of the probabilities", f"tf.reduce_mean(tf.square(tf.nn.softmax({z})))"),
        ("largest logit", f"tf.reduce_mean(tf.reduce_max({z}, axis={job.program.axis}))"),
    ):
        source = job.source.copy()
        calls = [
            node
            for node in ast.walk(source.role("train"))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"minimize", "compute_gradients"}
        ]
        if not calls:
            raise NotApplicable("no call of minimize")
        calls[0].args[0] = expression(text)
        yield Change(variant, source, lambda e: replace(e, optimizer=None).also(not_descending))


@operator("labels-off-by-one", "labels-off-by-one")
def off_by_one(job: Job) -> Iterator[Change]:
    def shifted(z: Array, y: Array) -> Array:
        return -(np.roll(y, 1, axis=1) * log_softmax(z)).sum(axis=1)

    call = "tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.roll({y}, 1, axis=1), logits={z})"
    yield whole_loss(
        job, "rolled", f"tf.reduce_mean({call})", lambda z, y: float(shifted(z, y).mean()), (call, shifted)
    )
    digits = "tf.mod(tf.argmax({y}, 1) + 1, 10)"
    yield whole_loss(
        job,
        "next digit",
        f"tf.losses.sparse_softmax_cross_entropy({digits}, {{z}})",
        lambda z, y: float(shifted(z, y).mean()),
    )


@operator("logits-are-probabilities", "logits-are-probabilities")
def probabilities(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    returned = [node for node in ast.walk(source.tree) if isinstance(node, ast.keyword) and node.arg == "logits"]
    named = [k for k in returned if ast.unparse(k.value) == source.target_text("logits")]
    places = [k for k in named if not _inside(source.role("loss"), k)]
    if not places:
        raise NotApplicable("logits are not handed over by name")
    name = ast.unparse(places[0].value)
    source.insert_after(source.role("accuracy"), f"handed_over = tf.nn.softmax({name})")
    places[0].value = expression("handed_over")
    yield Change("softmax handed over", source, lambda e: replace(e, shown=(*e.shown, lambda z, y: softmax(z))))


def _inside(root: ast.AST, node: ast.AST) -> bool:
    return any(inner is node for inner in ast.walk(root))


@operator("prediction-uses-labels", "prediction-uses-labels")
def uses_labels(job: Job) -> Iterator[Change]:
    if job.program.axis == 0 or job.program.in_loss is not None:
        raise NotApplicable("logits and labels do not meet as rows")
    for variant, text, change in (
        ("added", "{z} = {z} + 0.5 * {y}", lambda z, y: z + 0.5 * y),
        ("replaced", "{z} = {z} * 0.01 + {y}", lambda z, y: 0.01 * z + y),
    ):
        source = job.source.copy()
        statement = source.later("logits", "labels")
        z, y = source.target_text("logits"), labels(job)
        source.insert_after(statement, text.format(z=z, y=y))
        yield Change(variant, source, lambda e, c=change: replace(e, after=(*e.after, c), optimizer=None))
