"""Operators that keep a program right: other spellings, additional ops, fewer hints. Their products must be accepted."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tests.corpus.catalogue import Reference, Values
from tests.corpus.formulas import Array, Function, cross_entropy
from tests.corpus.oracle import EXTRA, Expect
from tests.corpus.source import NotApplicable, expression

from .architecture import _start
from .base import HIDDEN, Change, Job, activation_sites, computing, operator, optimizer_call

ONE = frozenset({"one_layer_network"})
TWO = frozenset({"two_layer_network"})
DEEP = frozenset({"deep_network"})


def same(e: Expect) -> Expect:
    """Nothing changes."""
    return e


@operator("no-parts")
def no_parts(job: Job) -> Iterator[Change]:
    yield Change("none", job.source.copy(), parts="none")
    yield Change("X and Y only", job.source.copy(), parts="X Y")


@operator("other-variables", trains=True)
def other_variables(job: Job) -> Iterator[Change]:
    yield Change("resource", job.source.copy(), switches=frozenset({"resource"}))
    yield Change("control flow 2", job.source.copy(), switches=frozenset({"resource", "control-flow-v2"}))


@operator("unused-ops")
def unused(job: Job) -> Iterator[Change]:
    if not isinstance(job.source.target("logits"), ast.Name) or "keras_step" in job.program.name:
        raise NotApplicable("the graph is made elsewhere")
    if job.program.copies is not None:
        raise NotApplicable("every trained variable has an average there")
    source = job.source.copy()
    source.insert_after(
        source.role("train"),
        f"tf.nn.sigmoid(tf.get_variable('{EXTRA}_old', [5, 5]), name='softmax')\n"
        "tf.random_uniform([3], name='X')\n"
        f"tf.train.Saver([tf.get_variable('{EXTRA}_kept', [2, 3])])\n"
        "tf.summary.scalar('accuracy', tf.constant(0.99))",
    )
    yield Change("left over", source)


@operator("another-network")
def another(job: Job) -> Iterator[Change]:
    """A second, unrelated network with a loss and a train op of its own stands in the graph."""
    if not isinstance(job.source.target("logits"), ast.Name) or job.program.copies is not None:
        raise NotApplicable("the graph is made elsewhere")
    if any(c for c in optimizer_call(job.source)) and not _has_var_list_or_wait(job):
        raise NotApplicable("the first optimizer would move the second network")
    source = job.source.copy()
    source.insert_after(
        source.role("accuracy"),
        f"{EXTRA}_x = tf.placeholder(tf.float32, [None, 20], name='{EXTRA}_x')\n"
        f"{EXTRA}_w = tf.get_variable('{EXTRA}_w', [20, 3])\n"
        f"{EXTRA}_loss = tf.reduce_mean(tf.square(tf.sigmoid(tf.matmul({EXTRA}_x, {EXTRA}_w))))\n"
        f"{EXTRA}_step = tf.train.GradientDescentOptimizer(0.5).minimize({EXTRA}_loss, var_list=[{EXTRA}_w])",
    )
    yield Change("behind", source)


def _has_var_list_or_wait(job: Job) -> bool:
    return job.source.role("accuracy").lineno > job.source.role("train").lineno


@operator("relu-respelled", exercises=HIDDEN)
def respelled(job: Job) -> Iterator[Change]:
    spellings = {
        "maximum": "(lambda t: tf.maximum(t, 0))",
        "mask": "(lambda t: t * tf.cast(t > 0, t.dtype))",
        "where": "(lambda t: tf.where(tf.greater(t, 0), t, tf.zeros_like(t)))",
        "half sum": "(lambda t: (t + tf.abs(t)) / 2)",
        "minus minimum": "(lambda t: t - tf.minimum(t, 0))",
        "clip": "(lambda t: tf.clip_by_value(t, 0, t.dtype.max))",
        "leaky 0": "(lambda t: tf.nn.leaky_relu(t, alpha=0.0))",
        "root": "(lambda t: 0.5 * (t + tf.sqrt(t * t)))",
        "sign": "(lambda t: t * (tf.sign(t) + 1) * 0.5)",
        "stacked maximum": "(lambda t: tf.reduce_max(tf.stack([t, tf.zeros_like(t)]), axis=0))",
        "Keras": "tf.keras.activations.relu",
        "layer": "tf.keras.layers.ReLU()",
    }
    if set(job.program.acts) != {"relu"} or "keras" in job.program.name:
        raise NotApplicable("no ReLU of its own")
    for variant, spelling in spellings.items():
        source = job.source.copy()
        for site in activation_sites(job):
            site(source, spelling)
        # Where ReLU is spelled as x * f(x), its gradient at 0 is another; the first steps stay the same.
        yield Change(variant, source, same)


@operator("hidden-extras", exercises=HIDDEN)
def hidden_extras(job: Job) -> Iterator[Change]:
    """Ops behind a hidden layer that do nothing when evaluated: dropout that is off, identity, reshapes, checks."""
    h = job.source.target_text("hidden")
    off = "tf.placeholder_with_default(0.0, [])"
    for variant, text in (
        ("dropout off by default", f"{h} = tf.nn.dropout({h}, rate=tf.cast({off}, {h}.dtype))"),
        ("identity and check", f"{h} = tf.check_numerics(tf.identity({h}, name='sigmoid'), 'not finite')"),
        ("there and back", f"{h} = tf.transpose(tf.transpose({h}))"),
        (
            "noise by a switch",
            f"{h} = tf.cond(tf.placeholder_with_default(False, []), "
            f"lambda t={h}: t + tf.random_normal(tf.shape(t), dtype=t.dtype), lambda t={h}: tf.identity(t))",
        ),
        ("added and taken away", f"{h} = {h} * 2.0 - {h}"),
    ):
        if "convolution" in job.program.name and "there and back" in variant:
            continue
        source = job.source.copy()
        source.insert_after(source.role("hidden"), text)
        yield Change(variant, source, same)


@operator("loss-extras", trains=True)
def loss_extras(job: Job) -> Iterator[Change]:
    """Terms and factors of the loss that the text does not forbid."""
    if job.program.loss_form != "scalar":
        raise NotApplicable("the marked statement is no scalar loss")
    loss = job.source.target_text("loss")
    smooth = job.program.name.endswith(("smoothing_and_decay", "sgd_with_decay", "temperature"))
    adam = job.program.optimizer is not None and job.program.optimizer[0] == "adam"

    def times(factor: float):
        def expect(e: Expect) -> Expect:
            if e.loss is None:
                return e
            old = e.loss
            return replace(e, loss=lambda z, y, v: factor * np.asarray(old(z, y, v)))

        return expect

    if adam and not smooth:
        source = job.source.copy()
        source.insert_after(source.role("loss"), f"{loss} = {loss} * 10.0")
        yield Change("times ten", source, times(10.0))
        source = job.source.copy()
        source.insert_after(source.role("loss"), f"{loss} = {loss} / tf.log(tf.constant(2.0, {loss}.dtype))")
        yield Change("in bits", source, times(1 / np.log(2)))
    if adam or job.program.optimizer is None:
        source = job.source.copy()
        source.insert_after(
            source.role("loss"),
            f"{loss} = {loss} + 1e-5 * tf.add_n([tf.cast(tf.nn.l2_loss(v), {loss}.dtype) for v in tf.trainable_variables()])",
        )
        if job.program.loss is not None and "beside" not in job.program.name:
            yield Change("weight decay", source, _decayed)


def _decayed(e: Expect) -> Expect:
    if e.loss is None:
        return e
    old = e.loss

    def loss(z: Array, y: Array, v: Values) -> Array:
        total = sum(0.5 * float((p**2).sum()) for p in v.trained)
        return np.asarray(old(z, y, v)) + 1e-5 * total

    return replace(e, loss=loss)


@operator("loss-respelled")
def loss_respelled(job: Job) -> Iterator[Change]:
    from .losses import whole_loss

    if job.program.name.endswith(("smoothing_and_decay", "focal_loss", "temperature", "sgd_with_decay")):
        raise NotApplicable("the loss has a form of its own")
    mean = lambda z, y: float(cross_entropy(z, y).mean())  # noqa: E731
    total = lambda z, y: float(cross_entropy(z, y).sum())  # noqa: E731
    adam = job.program.optimizer is not None and job.program.optimizer[0] == "adam"
    for variant, text, formula in (
        ("log softmax", "-tf.reduce_mean(tf.reduce_sum({y} * tf.nn.log_softmax({z}), axis=1))", mean),
        ("clipped", "-tf.reduce_mean(tf.reduce_sum({y} * tf.log(tf.maximum(tf.nn.softmax({z}), 1e-12)), 1))", mean),
        ("small number added", "tf.reduce_mean(-tf.reduce_sum({y} * tf.log(tf.nn.softmax({z}) + 1e-10), 1))", mean),
        ("mean of all times ten", "-10.0 * tf.reduce_mean({y} * tf.nn.log_softmax({z}))", mean),
        ("sparse", "tf.losses.sparse_softmax_cross_entropy(tf.argmax({y}, 1), {z})", mean),
        (
            "Keras sparse",
            "tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(tf.argmax({y}, 1), {z}, from_logits=True))",
            mean,
        ),
        (
            "Keras on probabilities",
            "tf.reduce_mean(tf.keras.losses.categorical_crossentropy({y}, tf.nn.softmax({z})))",
            mean,
        ),
        ("true class gathered", "-tf.reduce_mean(tf.log(tf.reduce_max({y} * tf.nn.softmax({z}), axis=1)))", mean),
        ("boolean mask", "-tf.reduce_mean(tf.boolean_mask(tf.nn.log_softmax({z}), tf.greater({y}, 0.5)))", mean),
        ("sum", "tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels={y}, logits={z}))", total),
        (
            "difference of logits",
            "tf.reduce_mean(tf.reduce_logsumexp({z} - tf.reduce_sum({y} * {z}, 1, keepdims=True), 1))",
            mean,
        ),
    ):
        if variant in {"sum"} and not adam:
            continue
        if "doubles" in job.program.name and variant.startswith("Keras"):
            continue
        try:
            yield whole_loss(job, variant, text, formula)
        except NotApplicable:
            continue


@operator("zero-start-of-one-layer", exercises=ONE)
def zero_start(job: Job) -> Iterator[Change]:
    if "normalisation" in job.program.name or "packed" in job.program.name or "row_of_ones" in job.program.name:
        raise NotApplicable("its weights start otherwise")
    yield Change("zeros", _start(job, "tf.zeros_initializer()", "tf.zeros({shape})"), same)
    if "by_hand" not in job.program.name:  # where it takes no care, the exponentials of such scores are infinite
        yield Change("twos", _start(job, "tf.constant_initializer(2.0)", "tf.fill({shape}, 2.0)"), same)


@operator("other-start", exercises=HIDDEN)
def other_start(job: Job) -> Iterator[Change]:
    for variant, maker, tensor in (
        ("He normal", "tf.initializers.he_normal()", "tf.initializers.he_normal()({shape})"),
        ("N(0, 0.05)", "tf.random_normal_initializer(stddev=0.05)", "tf.random_normal({shape}, stddev=0.05)"),
        ("orthogonal", "tf.orthogonal_initializer()", "tf.orthogonal_initializer()({shape})"),
    ):
        if variant == "orthogonal" and job.program.name.endswith(
            ("fully_convolutional", "vector", "columns_all_the_way", "packed_layers")
        ):
            continue
        yield Change(variant, _start(job, maker, tensor), same)


@operator("train-op-extras", trains=True)
def train_op_extras(job: Job) -> Iterator[Change]:
    """Averages, counters and clipping around the step."""
    train = job.source.target("train")
    if not isinstance(train, ast.Name) or train.id in {"pairs", "adam", "step_w"} or job.program.copies is not None:
        raise NotApplicable("the step has no name of its own")
    name = train.id
    if "kept_aside" in job.program.name or not optimizer_call(job.source):
        raise NotApplicable("it has averages already")
    source = job.source.copy()
    source.insert_after(
        source.role("train"),
        f"with tf.control_dependencies([{name}]):\n"
        f"    {name} = tf.train.ExponentialMovingAverage(0.99).apply(tf.trainable_variables())",
    )
    yield Change("averages", source, same)
    source = job.source.copy()
    source.insert_after(
        source.role("train"),
        f"{name} = tf.group({name}, tf.assign_add(tf.Variable(0, trainable=False, name='seen'), 1))",
    )
    yield Change("counter", source, same)
    source = job.source.copy()
    for node in ast.walk(source.role("train")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "minimize":
            if len(node.args) != 1 or node.keywords:
                return
            made = ast.unparse(node.func.value)
            value = (
                f"(lambda opt: opt.apply_gradients([(tf.clip_by_norm(g, 100.0), v) "
                f"for g, v in opt.compute_gradients({ast.unparse(node.args[0])}) if g is not None]))({made})"
            )
            source.set_value("train", expression(value))
            yield Change("clipped by norm", source, same)
            return


@operator("scaled-images")
def scaled(job: Job) -> Iterator[Change]:
    """The images are scaled or centred inside the graph."""
    x = job.source.target("images")
    if not isinstance(x, ast.Name):
        raise NotApplicable("images are no plain name")
    if "keras_step" in job.program.name:
        raise NotApplicable("its step takes the placeholder")
    for variant, text, formula in (
        ("centred", "{x} - 0.5", lambda x: x - 0.5),
        ("-1 to 1", "2.0 * {x} - 1.0", lambda x: 2 * x - 1),
        ("there and back", "tf.reshape(tf.reshape({x}, [-1, 28, 28, 1]) * 255.0 / 255.0, [-1, 784])", lambda x: x),
    ):
        source = job.source.copy()
        kept = {id(k.value) for k in ast.walk(source.tree) if isinstance(k, ast.keyword) and k.arg == "X"}
        if not kept:
            raise NotApplicable("X is not handed over by name")

        def renamed(node: ast.AST, kept: set[int] = kept) -> ast.AST | None:
            if (
                isinstance(node, ast.Name)
                and node.id == x.id
                and isinstance(node.ctx, ast.Load)
                and id(node) not in kept
            ):
                return ast.Name(x.id + "_scaled", ast.Load())
            return None

        source.replace(source.tree, renamed)
        source.insert_after(source.role("images"), f"{x.id}_scaled = {text.format(x=x.id)}")

        def scaled_first(old: Reference, v: Values, x: Array, acts: Sequence[Function], formula=formula) -> Array:
            return old(v, formula(x), acts)

        yield Change(variant, source, computing(scaled_first))
