"""Operators on the accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.corpus.formulas import Array
from tests.corpus.source import NotApplicable, expression

from .base import Change, Job, labels, operator


def accuracy(job: Job, variant: str, text: str, formula: Callable[[Array, Array], float] | None) -> Change:
    source = job.source.copy()
    z = source.target_text("logits")
    if job.program.axis == 0:
        z = f"tf.transpose({z})"
    if job.program.copies is not None or "lazy" in job.program.name:
        raise NotApplicable("the logits are out of sight there")
    source.set_value("accuracy", expression(text.format(z=z, y=labels(job))))
    return Change(variant, source, lambda e: replace(e, accuracy=formula, optimizer=None))


def hits(z: Array, y: Array) -> float:
    return float((z.argmax(1) == y.argmax(1)).mean())


@operator("accuracy-over-wrong-axis", "accuracy-over-wrong-axis")
def wrong_axis(job: Job) -> Iterator[Change]:
    text = "tf.reduce_mean(tf.cast(tf.equal(tf.argmax({z}, 0), tf.argmax({y}, 0)), tf.float32))"
    yield accuracy(job, "argmax over the batch", text, lambda z, y: float((z.argmax(0) == y.argmax(0)).mean()))


@operator("accuracy-without-argmax", "accuracy-without-argmax")
def without_argmax(job: Job) -> Iterator[Change]:
    equal = "tf.reduce_mean(tf.cast(tf.equal({z}, {y}), tf.float32))"
    yield accuracy(job, "floats compared", equal, lambda z, y: float((z == y).mean()))
    soft = "tf.reduce_mean(tf.cast(tf.equal(tf.nn.softmax({z}), {y}), tf.float32))"
    yield accuracy(job, "probabilities compared", soft, lambda z, y: 0.0)


@operator("accuracy-not-mean", "accuracy-not-mean")
def not_mean(job: Job) -> Iterator[Change]:
    equal = "tf.cast(tf.equal(tf.argmax({z}, 1), tf.argmax({y}, 1)), tf.float32)"
    yield accuracy(job, "count", f"tf.reduce_sum({equal})", lambda z, y: hits(z, y) * len(z))
    yield accuracy(job, "percent", f"100 * tf.reduce_mean({equal})", lambda z, y: 100 * hits(z, y))
