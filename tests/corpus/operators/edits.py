"""Faults that require an edit of one program's text: normalization, dropout, shared weights, handwritten Adam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tests.corpus.oracle import Run, rows
from tests.corpus.source import NotApplicable, Source, program_text

from .architecture import _rows_mix, _two_evaluations_differ
from .base import Change, Job, blank, operator
from .training import _not_adam, _some_unmoved, not_descending

Edits = Mapping[str, Sequence[tuple[str, str, str]]]


def edited(job: Job, edits: Edits) -> Iterator[tuple[str, Source]]:
    """The program with a piece of its text replaced: (variant, old, new)."""
    if job.program.name not in edits:
        raise NotApplicable("no edit of this program")
    for variant, old, new in edits[job.program.name]:
        yield variant, Source.of(program_text(job.program.name, (old, new)))


def _constant_or_random(run: Run) -> str | None:
    x, _, digits = rows()
    z = run.fetch("logits", x, digits)
    again = run.fetch("logits", x, digits)
    if z is None or again is None:
        return "no logits"
    dead = np.ptp(z, axis=0).max() < 1e-6 or not np.isfinite(z).all()
    return None if dead or not np.allclose(z, again) else "evaluation is as it should be"


KEEP_RATE: Edits = {
    "deep/dropout_keep_prob": [
        ("as rate", "keep_prob=keep_prob)", "rate=keep_prob)"),
        ("evaluated at zero", "{keep_prob: 1.0}", "{keep_prob: 0.0001}"),
    ],
    "two_layers/dropout_with_default": [("as rate", "rate=1 - keep_prob", "rate=keep_prob")],
    "deep/own_dropout_mask": [("mask turned", "tf.floor(keep + ", "tf.floor(1 - keep + ")],
}


@operator("keep-rate-swapped", "keep-rate-swapped")
def keep_rate(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, KEEP_RATE):
        yield Change(
            variant, source, lambda e: blank(e).also(_constant_or_random), also=frozenset({"dropout-at-evaluation"})
        )


def _averages_stay(run: Run) -> str | None:
    names = [n for n in run.initial if any(n.endswith(ending) for ending in run.program.also)]
    x, _, digits = rows()
    before = {n: run.values()[n] for n in names}
    feeds = run.feeds(x, digits)
    for tensor in list(feeds):
        if tensor.dtype.base_dtype.name == "bool":
            feeds[tensor] = np.asarray(True)
    run.session.run(run.part("train_op"), feeds)
    after = run.values()
    return None if all(np.array_equal(before[n], after[n]) for n in names) else "the averages move"


NOT_UPDATED: Edits = {
    "deep/batchnorm_by_hand": [
        ("no control dependency", "tf.control_dependencies([up_mean, up_var])", "tf.control_dependencies([])"),
        (
            "never assigned",
            "        up_mean = tf.assign(mean_avg, MOMENTUM * mean_avg + (1 - MOMENTUM) * mean)\n"
            "        up_var = tf.assign(var_avg, MOMENTUM * var_avg + (1 - MOMENTUM) * var)\n"
            "        with tf.control_dependencies([up_mean, up_var]):\n            return",
            "        return",
        ),
    ],
    "deep/batchnorm_moving_average_object": [
        ("updates not run", "tf.control_dependencies(updates)", "tf.control_dependencies([])"),
    ],
    "deep/keras_step_with_tape": [
        ("inference mode in the step", "model(x, training=True)", "model(x, training=False)")
    ],
}


@operator("batchnorm-not-updated", "batchnorm-not-updated")
def not_updated(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, NOT_UPDATED):
        yield Change(variant, source, lambda e: replace(e, optimizer=None).also(_averages_stay))


BATCH_STATISTICS: Edits = {
    "deep/batchnorm_by_hand": [
        ("evaluated on the batch", "eval_feed={is_training: False}", "eval_feed={is_training: True}"),
    ],
    "deep/batchnorm_moving_average_object": [
        ("always the batch", "tf.placeholder_with_default(False, [])", "tf.placeholder_with_default(True, [])"),
    ],
    "deep/keras_step_with_tape": [
        ("training mode", "logits = model(X, training=False)  # logits", "logits = model(X, training=True)  # logits"),
    ],
}


@operator("batchnorm-at-evaluation", "rows-mixed")
def batch_statistics(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, BATCH_STATISTICS):
        yield Change(variant, source, lambda e: blank(e).also(_rows_mix))


DROPOUT: Edits = {
    "deep/dropout_keep_prob": [("still half", "eval_feed={keep_prob: 1.0}", "eval_feed={keep_prob: 0.5}")],
    "deep/keras_training_flag": [
        ("training mode", "logits = model(X, training=False)  # logits", "logits = model(X, training=True)  # logits"),
        ("logits of the loss", "logits = model(X, training=False)  # logits", "logits = noisy  # logits"),
    ],
    "two_layers/switch_around_the_layer": [
        ("noise by default", "tf.placeholder_with_default(False, [],", "tf.placeholder_with_default(True, [],"),
    ],
    "deep/stochastic_depth": [("in training", "eval_feed={train: False}", "eval_feed={train: True}")],
    "deep/polyak_average_evaluated": [("rate kept", "logits = run(averages, None)", "logits = run(averages, 0.2)")],
}


@operator("dropout-left-on", "dropout-at-evaluation")
def left_on(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, DROPOUT):
        yield Change(variant, source, lambda e: blank(e).also(_two_evaluations_differ))


SHARED: Edits = {
    "deep/two_optimizers": [("W2 twice", "logits = h2 @ W3", "h3 = tf.nn.softplus(h2 @ W2 + b2)\nlogits = h3 @ W3")],
    "deep/batchnorm_by_hand": [
        (
            "W2 for two layers",
            "logits = tf.matmul(h2, W3)",
            'h3 = tf.nn.relu(batch_norm(tf.matmul(h2, W2), is_training, "bn3"))\nlogits = tf.matmul(h3, W3)',
        )
    ],
    "deep/own_dropout_mask": [
        (
            "weights reused, biases not",
            "a1 = tf.nn.relu(dense(X, 600))  # hidden\na2 = tf.nn.relu(dense(drop(a1), 600))  # hidden\n",
            "a1 = tf.nn.relu(dense(X, 600))\n"
            "V = tf.Variable(tf.glorot_uniform_initializer()([600, 600]))\n"
            "a2 = tf.nn.relu(tf.matmul(drop(a1), V) + tf.Variable(tf.zeros([600])))\n"
            "a2 = tf.nn.relu(tf.matmul(a2, V) + tf.Variable(tf.zeros([600])))\n",
        )
    ],
    "deep/layer_norm_keras": [
        (
            "one layer called twice",
            "t = layers.Dense(400)(t)\n",
            "again = layers.Dense(400)\nt = again(t)\nt = tf.nn.swish(t)\nt = again(t)\n",
        )
    ],
}


@operator("shared-weights", "shared-weights")
def shared(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, SHARED):
        yield Change(variant, source, blank)


NOT_ADAM: Edits = {
    "one_layer/adam_written_out": [
        ("no second moment", "learning_rate * m_hat / (tf.sqrt(s_hat) + eps)", "learning_rate * m_hat"),
        ("gradient only", "learning_rate * m_hat / (tf.sqrt(s_hat) + eps)", "learning_rate * grad"),
        (
            "no momentum",
            "learning_rate * m_hat / (tf.sqrt(s_hat) + eps)",
            "learning_rate * grad / (tf.sqrt(s_new) + eps)",
        ),
    ],
    "two_layers/adam_by_assign": [
        ("no second moment", "alpha_t * m_t / (tf.sqrt(v_t) + epsilon)", "alpha * m_t"),
        ("gradient only", "alpha_t * m_t / (tf.sqrt(v_t) + epsilon)", "alpha * g"),
    ],
}


@operator("adam-written-wrong", "wrong-optimizer", trains=True)
def not_adam(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, NOT_ADAM):
        yield Change(variant, source, lambda e: replace(e, optimizer=None).also(_not_adam(job.rate)))


ASCENT: Edits = {
    "one_layer/adam_written_out": [("added", "tf.assign_sub(v,", "tf.assign_add(v,")],
    "two_layers/adam_by_assign": [("added", "w.assign(w - alpha_t", "w.assign(w + alpha_t")],
    "one_layer/softmax_by_hand": [("minus forgotten", "loss = -tf.reduce_mean(", "loss = tf.reduce_mean(")],
    "two_layers/picked_log_probability": [
        ("minus forgotten", "tf.reduce_mean(-tf.gather_nd", "tf.reduce_mean(tf.gather_nd")
    ],
}


@operator("maximises-by-hand", "maximises-loss", trains=True)
def ascent(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, ASCENT):
        loss = variant == "minus forgotten"
        check = () if loss else (not_descending,)
        yield Change(variant, source, lambda e, check=check: replace(e, loss=None, optimizer=None).also(*check))


NOT_MOVED: Edits = {
    "one_layer/adam_written_out": [
        ("bias left out", "zip([W, b], tf.gradients(loss, [W, b]))", "zip([W], tf.gradients(loss, [W]))")
    ],
    "two_layers/adam_by_assign": [
        ("last layer only", "adam(loss, [W1, b1, W2, b2], learning_rate)", "adam(loss, [W2, b2], learning_rate)"),
        ("first layer only", "adam(loss, [W1, b1, W2, b2], learning_rate)", "adam(loss, [W1, b1], learning_rate)"),
    ],
    "deep/two_optimizers": [
        ("one step left out", "tf.group(step_w, step_b)", "tf.group(step_b)"),
        ("W1 left out", "var_list=[W1, W2, W3]", "var_list=[W2, W3]"),
    ],
    "two_layers/keras_model_and_adam": [
        (
            "last layer only",
            "optimizer.apply_gradients(zip(grads, model.trainable_variables))",
            "optimizer.build(model.trainable_variables[2:])\n    "
            "optimizer.apply_gradients(zip(grads[2:], model.trainable_variables[2:]))",
        )
    ],
    "two_layers/plain_class": [
        ("last layer only", "variables = [self.W1, self.b1, self.W2, self.b2]", "variables = [self.W2, self.b2]"),
    ],
}


@operator("layers-left-out-of-the-step", "layers-not-trained", trains=True)
def not_moved(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, NOT_MOVED):
        yield Change(variant, source, lambda e: replace(e, optimizer=None).also(_some_unmoved))


DEEP_DEPTH: Edits = {
    "deep/dropout_keep_prob": [
        (
            "second layer taken out",
            'h2, _ = fully_connected_layer(h1, 512, "layer2", tf.nn.relu)  # hidden\n'
            "h2 = tf.nn.dropout(h2, keep_prob=keep_prob)\n",
            "h2 = h1\n",
        )
    ],
    "deep/residual_blocks": [("no blocks", "for i in range(3):", "for i in range(0):")],
    "deep/adamw_by_hand": [("one layer less", "for n in (512, 512):", "for n in (512,):")],
    "deep/densely_connected": [("one layer", "for k in range(3):", "for k in range(1):")],
}


@operator("deep-too-shallow", "too-few-layers")
def shallow(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, DEEP_DEPTH):
        yield Change(variant, source, blank)


DEEP_OFF_PATH: Edits = {
    "deep/sgd_with_decay": [("h2 from X", "h2 = tf.nn.relu(h1 @ W2 + b2)", "h2 = h1")],
    "deep/augmented_images": [
        ("second layer reads x", 'W2 = tf.get_variable("W2", [800, 400]', 'W2 = tf.get_variable("W2", [784, 400]'),
    ],
    "deep/batchnorm_by_hand": [
        ("output reads h1", "logits = tf.matmul(h2, W3) + b3  # logits", "logits = tf.matmul(h1, W3) + b3  # logits")
    ],
    "deep/own_dropout_mask": [
        ("output reads a1", "logits = dense(drop(a2), 10)  # logits", "logits = dense(drop(a1), 10)  # logits")
    ],
}


@operator("deep-layer-not-connected", "layer-not-connected")
def off_path(job: Job) -> Iterator[Change]:
    for variant, source in edited(job, DEEP_OFF_PATH):
        if "augmented" in job.program.name:
            source.replace_text(source.tree, "h1 @ W2", "x @ W2")
        yield Change(variant, source, blank, also=frozenset({"too-few-layers", "layers-not-trained"}))
